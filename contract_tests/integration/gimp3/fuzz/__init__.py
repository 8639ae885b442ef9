"""Random images in the real GIMPs: built, upscaled, undone and redone, each item against an expectation."""
