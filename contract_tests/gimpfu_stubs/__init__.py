"""Stand-ins for GIMP 2.10's Python-Fu, to test plug-ins without GIMP: images with real pixels, undo, the PDB.

The modules ``gimp``, ``gimpfu``, ``gimpenums``, ``gimpshelf`` and ``gimpcolor`` become importable inside a
:class:`Session`, for plug-ins that are valid Python 3. The subpackage ``conformance`` asks them and the
real ones the same questions, and keeps the real answers. See README.md.
"""

from __future__ import annotations

from .session import RUN_INTERACTIVE, RUN_NONINTERACTIVE, RUN_WITH_LAST_VALS, Session, current

__all__ = ["RUN_INTERACTIVE", "RUN_NONINTERACTIVE", "RUN_WITH_LAST_VALS", "Session", "current"]
