"""Stand-ins for GIMP 2.10's Python-Fu, to test plug-ins without GIMP: images with real pixels, undo, the PDB.

The modules ``gimp``, ``gimpfu``, ``gimpenums``, ``gimpshelf`` and ``gimpcolor`` become importable inside a
:class:`Session`, for plug-ins that are valid Python 3. How far they agree with the real ones is no matter of
belief: ``contract_tests/gimpfu_stubs/conformance`` asks both the same questions. See README.md.
"""

from __future__ import annotations

from .session import RUN_INTERACTIVE, RUN_NONINTERACTIVE, RUN_WITH_LAST_VALS, Session, current

__all__ = ["RUN_INTERACTIVE", "RUN_NONINTERACTIVE", "RUN_WITH_LAST_VALS", "Session", "current"]
