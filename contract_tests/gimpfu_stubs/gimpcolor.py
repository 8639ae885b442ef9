"""``gimpcolor``: colours as Python-Fu has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_CHANNELS = 4


class RGB:
    """A colour; numbers of 0 to 255 when whole, 0.0 to 1.0 when not. As a sequence it shows 0 to 255."""

    def __init__(self, r: float, g: float, b: float, a: float = 1.0) -> None:
        if isinstance(a, int) and not isinstance(a, bool) and a > 1:
            a = a / 255.0
        self.r, self.g, self.b = (self._unit(value) for value in (r, g, b))
        self.a = float(a)

    @staticmethod
    def _unit(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError("can't convert to float")
        return value / 255.0 if isinstance(value, int) else value

    @classmethod
    def from_any(cls, value: Any) -> RGB:
        """Return a colour, or what a tuple of three or four numbers says; TypeError for anything else."""
        if isinstance(value, RGB):
            return cls(value.r, value.g, value.b, value.a)
        if isinstance(value, (tuple, list)) and len(value) in (3, _CHANNELS):
            return cls(*value)
        raise TypeError("could not convert to GimpRGB")

    @property
    def unit(self) -> tuple[float, float, float, float]:
        """The four numbers, 0.0 to 1.0."""
        return self.r, self.g, self.b, self.a

    def __len__(self) -> int:
        return _CHANNELS

    def __getitem__(self, index: Any) -> Any:
        return tuple(self)[index]

    def __iter__(self) -> Iterator[int]:
        return iter([min(max(round(value * 255.0), 0), 255) for value in self.unit])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RGB) and self.unit == other.unit

    def __hash__(self) -> int:
        return hash(self.unit)

    def __repr__(self) -> str:
        return "gimpcolor.RGB({})".format(", ".join(repr(value) for value in self.unit))
