"""``gimpenums``: every constant of GIMP 2.10.34, with the real one's values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_VALUES = json.loads(Path(__file__).with_name("enums.json").read_text(encoding="utf-8"))
globals().update(_VALUES)

TRUE, FALSE = True, False
MIN_RESOLUTION, MAX_RESOLUTION = 5e-3, 65536.0
MAX_MEMSIZE = (1 << 42) - 1

__all__ = [*_VALUES, "FALSE", "MAX_MEMSIZE", "MAX_RESOLUTION", "MIN_RESOLUTION", "TRUE"]  # noqa: PLE0604 - names read from the file


def __getattr__(name: str) -> Any:
    raise AttributeError(f"GIMP 2.10 has no constant {name}")
