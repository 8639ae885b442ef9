"""Pictures: decoding the input, the mock's own upscale."""
