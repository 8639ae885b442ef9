"""The sessions of several GIMPs that run at the same time."""

from __future__ import annotations

from concurrent.futures import Future, wait
from dataclasses import dataclass, field

import pytest

from .running import Session


@dataclass
class Sessions:
    """What will come of the table in each GIMP, and from when to when (monotonic seconds) it took."""

    runs: dict[str, Future[Session]] = field(default_factory=dict)
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)

    def of(self, version: str) -> Session:
        """Wait for one GIMP; skips the test where there is none."""
        if version not in self.runs:
            pytest.skip(f"there is no GIMP {version} here")
        return self.runs[version].result()

    def all_spans(self) -> list[tuple[float, float]]:
        """Wait for every GIMP."""
        wait(self.runs.values())
        return list(self.spans.values())
