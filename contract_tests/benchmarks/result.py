"""What a benchmark found: tables, figures with their bounds, growth curves and notes."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Claim:
    """One figure and its bound: ``target`` is the upper bound if ``at_most``, else the lower one."""

    what: str
    figure: float
    target: float
    unit: str = "×"
    at_most: bool = True

    @property
    def reached(self) -> bool:
        """Whether the figure keeps its bound."""
        return self.figure <= self.target if self.at_most else self.figure >= self.target

    @property
    def figure_shown(self) -> str:
        """The figure with three digits; more where rounding would move it across its bound."""
        for digits in range(3, 18):
            text = f"{self.figure:.{digits}g}"
            if replace(self, figure=float(text)).reached is self.reached:
                return text
        return repr(self.figure)

    def shown(self) -> str:
        """Return the claim as a line: what, figure, bound, and whether it is kept."""
        bound = "at most" if self.at_most else "at least"
        verdict = "reached" if self.reached else "NOT reached"
        return f"{self.what}: {self.figure_shown} {self.unit}, to reach {bound} {self.target:g}: {verdict}"


@dataclass(frozen=True)
class Table:
    """Rows of text under their columns; the first column says what, the others hold figures."""

    title: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Growth:
    """How a cost grows with the picture: for each subject its points (megapixels, cost)."""

    title: str
    unit: str
    lines: dict[str, list[tuple[float, float]]]

    def per_pixel(self, name: str) -> list[float]:
        """Return the cost for each megapixel, smallest picture first."""
        return [cost / size for size, cost in self.lines[name]]

    def claim(self, name: str) -> Claim:
        """Return the claim that the cost per pixel does not rise with the size.

        The smallest picture is left out: it shows fixed costs. 10 % is allowed for variation between runs.
        The figure is that of the worst pair.
        """
        costs = list(zip(self.per_pixel(name), (size for size, _ in self.lines[name]), strict=True))
        judged = costs[1:] if len(costs) > 2 else costs
        (smaller, from_size), (larger, to_size) = max(
            itertools.combinations(judged, 2), key=lambda pair: pair[1][0] / pair[0][0]
        )
        what = f"{name}, a pixel's cost at {to_size:g} MP, against {from_size:g} MP"
        return Claim(what, larger / smaller, 1.1)

    def flatness(self, name: str) -> Claim:
        """Return the claim that the cost does not depend on the size: the highest against the lowest."""
        costs = [cost for _, cost in self.lines[name]]
        return Claim(f"{name}, the highest against the lowest", max(costs) / min(costs), 1.1)


@dataclass
class Result:
    """Everything one benchmark found; ``notes`` say the least possible time and what the rest is spent on."""

    tables: list[Table] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    growth: list[Growth] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the result as a JSON value."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Result:
        """Return the result that :meth:`to_json` wrote."""
        return cls(
            [Table(**table) for table in value["tables"]],
            [Claim(**claim) for claim in value["claims"]],
            list(value["notes"]),
            [
                Growth(
                    one["title"],
                    one["unit"],
                    {name: [(x, y) for x, y in points] for name, points in one["lines"].items()},
                )
                for one in value["growth"]
            ],
        )


class Unavailable(Exception):
    """The benchmark cannot run here; the text says what is missing."""


@dataclass(frozen=True)
class Setting:
    """How thoroughly to measure: ``quick`` is for trying, its figures are not for quoting."""

    quick: bool = False

    @property
    def rounds(self) -> int:
        """How often each subject is measured."""
        return 1 if self.quick else 3
