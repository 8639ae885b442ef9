"""The command line, ``precision-upscale``."""
