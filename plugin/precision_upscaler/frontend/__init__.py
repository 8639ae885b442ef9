"""What all editor front ends share: placement, layer rules, texts, the PNG writer, the worker process.

Uses the standard library and the contract only, and is valid in Python 2.7 and 3: GIMP 2.10 runs plug-ins in
the one, GIMP 3 in the other. Nothing here depends on an editor.
"""
