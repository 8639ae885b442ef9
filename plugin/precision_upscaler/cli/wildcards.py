"""Wildcards in arguments, for Windows, whose shells leave them to the program."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator


def expand(arguments: Iterable[str]) -> Iterator[str]:
    """Replace each argument with ``*`` or ``?`` in it by the files that match, if any do.

    The name of an existing file stays as it is, and so do options, ``[``, ``~`` and ``%``: any other
    reading could send another file than the one named, and pay for it.
    """
    for argument in arguments:
        wild = not argument.startswith("-") and ("*" in argument or "?" in argument)
        matches = []
        if wild and not os.path.lexists(argument):
            matches = glob.glob(argument.replace("[", "[[]"))  # noqa: PTH207 - Path.glob takes no absolute pattern
        yield from sorted(matches) or [argument]
