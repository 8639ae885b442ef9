"""The ways a run ends without a result: refused, failed, cancelled, changed partly."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """Nothing was sent: the text says why and what would work."""


class Failed(Exception):
    """The run failed; ``event`` is the ``error`` event with its three answers."""

    def __init__(self, event: dict[str, Any]) -> None:
        super().__init__(event.get("what", ""))
        self.event = event


class Cancelled(Exception):
    """The user cancelled; ``event`` says what that meant for the money."""

    def __init__(self, event: dict[str, Any]) -> None:
        super().__init__(event.get("message", ""))
        self.event = event


class ChangedPartly(Exception):
    """The swap broke off inside its undo step: one undo gives the image back."""
