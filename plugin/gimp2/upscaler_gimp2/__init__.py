"""The front end for GIMP 2.10: exports a layer with Python-Fu, has the worker upscale it, and swaps it in.

Python 2.7, and valid Python 3 for the tests. Bounds, choices, arithmetic, texts and the pipe to the worker
are in ``precision_upscaler.contract`` and ``precision_upscaler.frontend``; here is what needs GIMP 2.10.
"""
