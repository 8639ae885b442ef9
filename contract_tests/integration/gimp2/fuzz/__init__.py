"""Random images in GIMP 2.10 and its stubs: upscaled, undone, redone, compared with our expectation."""
