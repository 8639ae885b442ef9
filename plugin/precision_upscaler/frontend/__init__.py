"""What every editor front end shares: arithmetic, refusals, texts, the PNG writer, the pipe to the worker.

Standard library and the contract alone, valid in Python 2.7 and 3, because GIMP 2.10 runs its
plug-ins in the one and GIMP 3 in the other. Nothing here knows an editor.
"""
