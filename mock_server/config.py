"""Every option of the mock, stated once: the command line and the environment are made from it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT_PREFIX = "PRECISION_MOCK_"
_TRUE = frozenset(("1", "true", "yes", "on"))
_FALSE = frozenset(("0", "false", "no", "off", ""))


class OptionError(ValueError):
    """An option has a value the mock cannot use; the message names the option."""


def option(default: Any, group: str, text: str, metavar: str = "", choices: tuple[str, ...] = ()) -> Any:
    """Declare an option: its default, the group it is shown in, and its help."""
    return field(
        default=default, metadata={"group": group, "help": text, "metavar": metavar, "choices": choices}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How one mock behaves. Times in seconds, sizes in bytes; ``None`` means "decide by the contract"."""

    # server
    host: str = option("127.0.0.1", "Server", "Address to listen on.")
    port: int = option(8000, "Server", "Port to listen on; 0 takes a free one.")
    processes: int = option(1, "Server", "Worker processes; more than one needs --state.")
    public_url: str = option(
        "", "Server", "Address clients reach the mock at, for its links (default: as they called it).", "URL"
    )
    state: str = option("", "Server", "Keep everything in this SQLite file (default: in memory).", "FILE")
    verbose: bool = option(False, "Server", "Log every request to standard error.")

    # time
    speed: float = option(1.0, "Time", "Task time runs this many times as fast; 0 stands until advanced.")
    progress: str = option(
        "time", "Time", "How tasks get on: time, immediate, or polls:N (done at the Nth status call).", "HOW"
    )
    queue_seconds: float = option(5.0, "Time", "How long a task stays CREATED.")
    seconds: float | None = option(
        None, "Time", "How long a task takes in all (default: grows with the picture, as recorded)."
    )
    link_seconds: float = option(3600.0, "Time", "How long a result link works.")

    # behaviour
    api_key: tuple[str, ...] = option((), "Behaviour", "A further key to accept; mock-key always is.", "KEY")
    scenario: str = option("", "Behaviour", "Scenario for every request; ? lists them.", "NAME")
    strict: bool = option(False, "Behaviour", "Refuse what the document does not promise (see DIFFERENCES).")
    limits: bool = option(True, "Behaviour", "Enforce the limits of picture size and aspect.")
    rate_limit: bool = option(False, "Behaviour", "Enforce 50 requests a minute for a key, 10 a second.")
    punish: bool = option(
        False,
        "Behaviour",
        "Who comes before Retry-After is over must wait again (always noted in the journal).",
    )
    error_shape: str = option(
        "recorded", "Behaviour", "Shape of a 400's body.", choices=("recorded", "message", "problem")
    )
    links: int = option(1, "Behaviour", "Links in a COMPLETED answer; the service was seen to send 1 and 2.")
    result_format: str = option(
        "png", "Behaviour", "File format of the result.", choices=("png", "jpeg", "webp")
    )
    seed: int | None = option(
        None, "Behaviour", "Makes task ids the same in every run, and the grain another than without."
    )
    fetch_images: bool = option(
        False, "Behaviour", "Really fetch https pictures (default: draw one from the address)."
    )

    # webhooks
    webhook_secret: str = option("mock-webhook-secret", "Webhooks", "Secret that signs webhooks.", "SECRET")
    webhook_events: str = option(
        "end", "Webhooks", "Call back at a task's end, or on every change.", choices=("end", "all")
    )
    webhook_anywhere: bool = option(False, "Webhooks", "Call addresses beyond this machine too.")
    webhook_attempts: int = option(5, "Webhooks", "How often a delivery is tried.")

    # bounds
    max_body: int = option(256 << 20, "Bounds", "Largest request body.", "BYTES")
    max_tasks: int = option(20_000, "Bounds", "Tasks kept; the oldest finished ones are forgotten.")
    max_picture_bytes: int = option(2 << 30, "Bounds", "Pictures kept, together.", "BYTES")
    max_result_bytes: int = option(256 << 20, "Bounds", "Finished results kept in memory.", "BYTES")
    journal_size: int = option(1000, "Bounds", "Requests the journal remembers.")

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and not least <= value < float("inf"):
                raise OptionError(f"{name} must be {least} or more, not {value}")
        for item in fields(self):
            choices = item.metadata["choices"]
            if choices and getattr(self, item.name) not in choices:
                raise OptionError(f"{item.name} must be one of {', '.join(choices)}")
        if self.links not in (1, 2):
            raise OptionError("links must be 1 or 2")
        if self.processes > 1 and not self.state:
            raise OptionError("processes share their state in a file: more than one needs state=FILE")
        self.polls  # noqa: B018 - raises when progress is malformed

    @property
    def polls(self) -> int | None:
        """The number of status calls after which a task is done, or None when time decides."""
        how, _, count = self.progress.partition(":")
        if how in ("time", "immediate") and not count:
            return None
        if how == "polls" and count.isdecimal() and int(count) > 0:
            return int(count)
        raise OptionError(f"progress must be time, immediate or polls:N, not {self.progress!r}")


_LEAST = {
    "port": 0,
    "processes": 1,
    "speed": 0,
    "queue_seconds": 0,
    "seconds": 0,
    "link_seconds": 0,
    "webhook_attempts": 1,
    "max_body": 1,
    "max_tasks": 1,
    "max_picture_bytes": 1,
    "max_result_bytes": 0,
    "journal_size": 0,
}


def kind_of(name: str) -> type:
    """Return the plain type of an option: str, int, float, bool or tuple (several values)."""
    annotation = str(Options.__annotations__[name]).split(" ", maxsplit=1)[0].split("[")[0]
    return {"str": str, "int": int, "float": float, "bool": bool, "tuple": tuple}[annotation]


def environment_name(name: str) -> str:
    """Return the environment variable that sets the option ``name``."""
    return ENVIRONMENT_PREFIX + name.upper()


def _parse(name: str, text: str) -> Any:
    kind = kind_of(name)
    if kind is bool:
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise OptionError(f"{environment_name(name)} must be yes or no, not {text!r}")
    if kind is tuple:
        return tuple(text.split())
    try:
        return kind(text)
    except ValueError:
        raise OptionError(f"{environment_name(name)} must be a number, not {text!r}") from None


def from_environment(environment: Mapping[str, str] = os.environ) -> Options:
    """Return the options that ``PRECISION_MOCK_*`` variables set, or raise :class:`OptionError`."""
    values = {
        item.name: _parse(item.name, environment[environment_name(item.name)])
        for item in fields(Options)
        if environment_name(item.name) in environment
    }
    return Options(**values)
