"""What can be changed while the mock runs and must be the same in all its processes."""

from __future__ import annotations

import json
from typing import NamedTuple

from .clock import ClockState


class Settings(NamedTuple):
    """The clock, the scenarios in force, the seed, and the secrets that sign links and webhooks.

    ``scenario`` holds for every request that names none; ``upcoming`` are for the next create calls.
    """

    clock: ClockState
    link_secret: str
    webhook_secret: str
    scenario: str = ""
    upcoming: tuple[str, ...] = ()
    seed: int | None = None

    def to_json(self) -> str:
        """Return the settings as JSON text."""
        return json.dumps({**self._asdict(), "clock": self.clock._asdict()})

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Return the settings that :meth:`to_json` wrote."""
        body = json.loads(text)
        return cls(**{**body, "clock": ClockState(**body["clock"]), "upcoming": tuple(body["upcoming"])})
