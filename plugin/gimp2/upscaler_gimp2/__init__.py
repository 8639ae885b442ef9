"""The front end for GIMP 2.10: moves a layer out and back with Python-Fu, and talks to the worker.

Python 2.7, and valid Python 3 for the tests. Bounds, choices, arithmetic, texts and the pipe to the worker
are ``precision_upscaler.contract``'s and ``precision_upscaler.frontend``'s; what is here knows GIMP 2.10.
"""
