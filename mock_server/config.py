"""Every option of the mock, stated once: the command line and the environment are made from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

AUTHORITY = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
"""A host with an optional port, as in ``Host``; names of Docker services may have underscores."""
_LARGE = 1 << 50


class OptionError(ValueError):
    """An option has a value the mock cannot use; the message names the option."""


def option(
    default: Any,
    group: str,
    text: str,
    metavar: str = "",
    choices: tuple[str, ...] = (),
    bounds: tuple[float, float] | None = None,
) -> Any:
    """Declare an option: its default, the group it is shown in, its help, what values it may have."""
    metadata = {"group": group, "help": text, "metavar": metavar, "choices": choices, "bounds": bounds}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How one mock behaves. Times in seconds, sizes in bytes; ``None`` means "decide by the contract"."""

    # server
    host: str = option("127.0.0.1", "Server", "Address to listen on.")
    port: int = option(8000, "Server", "Port to listen on; 0 takes a free one.", bounds=(0, 65535))
    public_url: str = option(
        "", "Server", "Address clients reach the mock at, for its links (default: as they called it).", "URL"
    )
    state: str = option("", "Server", "Keep everything in this SQLite file (default: in memory).", "FILE")
    verbose: bool = option(False, "Server", "Log every request to standard error.")

    # time
    speed: float = option(
        1.0, "Time", "Task time runs this many times as fast; 0 stands until advanced.", bounds=(0, 1e6)
    )
    progress: str = option(
        "time", "Time", "How tasks get on: time, immediate, or polls:N (done at the Nth status call).", "HOW"
    )
    queue_seconds: float = option(5.0, "Time", "How long a task stays CREATED.", bounds=(0, 1e9))
    seconds: float | None = option(
        None,
        "Time",
        "How long a task takes in all (default: grows with the picture, as recorded).",
        bounds=(0, 1e9),
    )
    link_seconds: float = option(3600.0, "Time", "How long a result link works.", bounds=(0, 1e9))

    # behaviour
    api_key: tuple[str, ...] = option((), "Behaviour", "A further key to accept; mock-key always is.", "KEY")
    scenario: str = option("", "Behaviour", "Scenario for every request; ? lists them.", "NAME")
    strict: bool = option(False, "Behaviour", "Refuse what the document does not promise (see DIFFERENCES).")
    limits: bool = option(True, "Behaviour", "Enforce the limits of picture size and aspect.")
    rate_limit: bool = option(False, "Behaviour", "Enforce 50 requests a minute for a key, 10 a second.")
    punish: bool = option(
        False,
        "Behaviour",
        "Who comes before Retry-After is over must wait again (always noted in the request log).",
    )
    error_shape: str = option(
        "recorded", "Behaviour", "Shape of a 400's body.", choices=("recorded", "message", "problem")
    )
    links: int = option(
        1, "Behaviour", "Links in a COMPLETED answer; the service was seen to send 1 and 2.", bounds=(1, 2)
    )
    result_format: str = option(
        "png", "Behaviour", "File format of the result.", choices=("png", "jpeg", "webp")
    )
    seed: int | None = option(
        None,
        "Behaviour",
        "Makes task ids the same in every run, and the grain another than without.",
        bounds=(-_LARGE, _LARGE),
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
    webhook_attempts: int = option(5, "Webhooks", "How often a delivery is tried.", bounds=(1, 100))

    # bounds
    max_body: int = option(256 << 20, "Bounds", "Largest request body.", "BYTES", bounds=(1, _LARGE))
    max_tasks: int = option(
        20_000, "Bounds", "Tasks kept; the oldest finished ones are forgotten.", bounds=(1, _LARGE)
    )
    max_picture_bytes: int = option(
        2 << 30, "Bounds", "Pictures kept, together.", "BYTES", bounds=(1, _LARGE)
    )
    max_result_bytes: int = option(
        256 << 20, "Bounds", "Finished results kept in memory.", "BYTES", bounds=(0, _LARGE)
    )
    request_log_size: int = option(
        1000, "Bounds", "Requests the request log remembers.", bounds=(0, 1_000_000)
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            _check(item, getattr(self, item.name))
        if not self.host or not self.host.isprintable() or " " in self.host:
            raise OptionError(f"host must be the name or address of this machine, not {self.host!r}")
        if "\0" in self.state:
            raise OptionError("state must be the name of a file")
        if self.public_url and not _is_base_url(self.public_url):
            raise OptionError(
                f"public_url must be like http://host:8000, without a query, not {self.public_url!r}"
            )
        self.polls  # noqa: B018 - raises when progress is malformed

    @property
    def polls(self) -> int | None:
        """The number of status calls after which a task is done, or None when time decides."""
        how, _, count = self.progress.partition(":")
        if how in ("time", "immediate") and not count:
            return None
        if how == "polls" and count.isascii() and count.isdecimal() and int(count[:10]) > 0:
            return int(count[:10])
        raise OptionError(f"progress must be time, immediate or polls:N, not {self.progress!r}")


def kind_of(name: str) -> type:
    """Return the plain type of an option: str, int, float, bool or tuple (several values)."""
    annotation = str(Options.__annotations__[name]).split(" ", maxsplit=1)[0].split("[")[0]
    return {"str": str, "int": int, "float": float, "bool": bool, "tuple": tuple}[annotation]


def _check(item: Any, value: Any) -> None:
    """Raise :class:`OptionError` unless ``value`` is one the option ``item`` may have."""
    if value is None and item.default is None:
        return
    kind = kind_of(item.name)
    right = isinstance(value, (int, float) if kind is float else kind)
    if not right or (isinstance(value, bool) and kind is not bool):
        raise OptionError(f"{item.name} must be of the type {kind.__name__}, not {value!r}")
    if kind is tuple and not all(isinstance(one, str) and one for one in value):
        raise OptionError(f"{item.name} must hold texts that are not empty, not {value!r}")
    bounds, choices = item.metadata["bounds"], item.metadata["choices"]
    if bounds and not bounds[0] <= value <= bounds[1]:
        raise OptionError(f"{item.name} must be from {bounds[0]:.16g} to {bounds[1]:.16g}, not {value}")
    if choices and value not in choices:
        raise OptionError(f"{item.name} must be one of {', '.join(choices)}, not {value!r}")


def _is_base_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises when it is no port
    except ValueError:
        return False
    named = parts.scheme in ("http", "https") and AUTHORITY.fullmatch(parts.netloc) is not None
    return named and not re.search(r"[?#\s\\]", text) and text.isascii()
