"""What a benchmark found: tables, claims held against a target, growth curves, and words; all of it JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Claim:
    """One figure with the bound it is to keep: ``at_most`` or at least ``target``."""

    what: str
    figure: float
    target: float
    unit: str = "×"
    at_most: bool = True

    @property
    def reached(self) -> bool:
        """Whether the figure keeps its bound."""
        return self.figure <= self.target if self.at_most else self.figure >= self.target

    def shown(self) -> str:
        """Return the claim as a line: what, figure, bound, and whether it is kept."""
        bound = "at most" if self.at_most else "at least"
        verdict = "reached" if self.reached else "NOT reached"
        return f"{self.what}: {self.figure:.3g} {self.unit}, to reach {bound} {self.target:g}: {verdict}"


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
        """Return that a pixel of the largest picture costs no more than one of the second smallest.

        A tenth is left for what one run differs from another; the smallest shows fixed costs.
        """
        costs = self.per_pixel(name)
        compared = 1 if len(costs) > 2 else 0
        largest, smaller = self.lines[name][-1][0], self.lines[name][compared][0]
        what = f"a pixel's cost at {largest:g} MP, against {smaller:g} MP"
        return Claim(what, round(costs[-1] / costs[compared], 2), 1.1)


@dataclass
class Result:
    """Everything one benchmark found; ``notes`` are paragraphs: the floor, and where the rest goes."""

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
