"""Take samples of several subjects in turn, and compare them as ratios within one run."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Samples:
    """What one subject gave, in the order it was measured; all in one unit."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return min(self.values), max(self.values)

    def shown(self, form: str = ".2f") -> str:
        """Return the median with the spread behind it: ``1.20 (1.10 to 1.40)``."""
        low, high = self.spread
        return f"{self.median:{form}} ({low:{form}} to {high:{form}})"


def ratio(ours: Samples, theirs: Samples) -> Samples:
    """Return ours divided by theirs, round by round: what disturbs one round disturbs both sides of it."""
    if len(ours.values) != len(theirs.values):
        raise ValueError("both sides of a ratio must have been measured in the same rounds")
    return Samples(tuple(mine / other for mine, other in zip(ours.values, theirs.values, strict=True)))


def in_turn(subjects: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Samples]:
    """Measure every subject once in each round; the order turns, so that nobody is always the first.

    A subject is a function that does its work and returns what it measured.
    """
    found: dict[str, list[float]] = {name: [] for name in subjects}
    for names in turning(list(subjects), rounds):
        for name in names:
            found[name].append(subjects[name]())
    return {name: Samples(tuple(values)) for name, values in found.items()}


def turning(names: list[str], rounds: int) -> Iterator[list[str]]:
    """Yield the names once for each round, each time beginning one further along."""
    for start in range(rounds):
        first = start % len(names)
        yield names[first:] + names[:first]


def seconds_of(
    work: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> Callable[[], float]:
    """Return a subject for :func:`in_turn`: does ``work`` and returns how many seconds it took."""

    def subject() -> float:
        begin = clock()
        work()
        return clock() - begin

    return subject
