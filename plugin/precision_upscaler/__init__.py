"""Precision Upscaler's core: the paid upscaling job, free of GIMP and of any window system.

This file imports nothing, because GIMP 2.10's Python 2.7 reads it on the way to
``precision_upscaler.contract`` and ``precision_upscaler.frontend``.
"""

__version__ = "0.1.0"
