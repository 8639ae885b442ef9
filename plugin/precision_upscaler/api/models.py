"""What is asked of the service and what it answers, as checked, immutable values: a request and a task."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from precision_upscaler.contract import PARAMETERS, TERMINAL_STATUSES, TRANSITIONS, Parameter, parameter
from precision_upscaler.contract.limits import check
from precision_upscaler.errors import InvalidParameter
from precision_upscaler.messages import translatable


def _checked(known: Parameter, value: Any) -> Any:
    """Return ``value`` as the parameter has it; InvalidParameter, with the range, when it cannot have it."""
    if known.name == "scale_factor" and value in map(str, range(known.minimum, known.maximum + 1)):
        value = int(value)  # the contract also takes the decimal string
    refusal = check(known, value)
    if refusal is None:
        return value
    title = translatable(known.title)
    if refusal.code == "not-a-choice":
        allowed = refusal.values["choices"]
        raise InvalidParameter(
            translatable(
                "{title} must be one of {choices}, not {value}.",
                title=title,
                choices=", ".join(allowed),
                value=repr(value),
            ),
            parameter=known.name,
            choices=allowed,
        )
    if refusal.code == "not-boolean":
        raise InvalidParameter(
            translatable("{title} must be true or false, not {value}.", title=title, value=repr(value)),
            parameter=known.name,
        )
    bounds = {"minimum": known.minimum, "maximum": known.maximum}
    if refusal.code == "not-whole":
        message = translatable(
            "{title} must be a whole number from {minimum} to {maximum}, not {value}.",
            title=title,
            value=repr(value),
            minimum=known.minimum,
            maximum=known.maximum,
        )
    else:
        message = translatable(
            "{title} must be between {minimum} and {maximum}, not {value}.",
            title=title,
            value=value,
            minimum=known.minimum,
            maximum=known.maximum,
        )
    raise InvalidParameter(message, parameter=known.name, **bounds)


@dataclass(frozen=True, init=False)
class UpscaleRequest:
    """What the create call is told besides the picture.

    Made from the contract's names (``scale_factor``, ``flavor``, ``sharpen``, ...); what is left out
    has the contract's default, and front-end defaults where the contract has none. Raises
    :class:`~precision_upscaler.errors.InvalidParameter` that names the allowed range.

    >>> UpscaleRequest(scale_factor=4).scale_factor
    4
    """

    parameters: Mapping[str, Any]

    def __init__(self, **parameters: Any) -> None:
        for name in parameters:
            try:
                parameter(name)
            except KeyError:
                raise InvalidParameter(
                    translatable(
                        "There is no parameter called {name}; there are {names}.",
                        name=repr(name),
                        names=", ".join(known.name for known in PARAMETERS),
                    ),
                    parameter=name,
                ) from None
        values = {
            known.name: _checked(known, parameters.get(known.name, known.default)) for known in PARAMETERS
        }
        object.__setattr__(self, "parameters", MappingProxyType(values))

    def __hash__(self) -> int:
        return hash(tuple(self.parameters.items()))

    @property
    def scale_factor(self) -> int:
        """How many times wider and higher the result is."""
        return int(self.parameters["scale_factor"])

    def to_json(self) -> dict[str, Any]:
        """Return the JSON members of the create call, all but ``image``.

        ``filter_nsfw`` is sent only when it is on: the first published document does not know it.
        """
        return {
            name: value
            for name, value in self.parameters.items()
            if not (name == "filter_nsfw" and value is False)
        }

    def digest(self, pixels: str, account: str) -> str:
        """Return the hex name of "these pixels, these parameters, this account".

        ``pixels`` is :func:`precision_upscaler.imaging.metadata.sent_digest` of the source; ``account``
        :func:`precision_upscaler.urls.account` of the address, because a mock's picture must
        never answer for the real service, whose two addresses are one.
        """
        text = json.dumps([dict(self.parameters), pixels, account], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class TaskStatus(StrEnum):
    """Where a task stands.

    UNKNOWN is any word that is not understood and means "keep waiting". CANCELLED is not in the contract,
    but the vendor's own client takes it for an end.
    """

    CREATED = "CREATED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def read(cls, word: object) -> TaskStatus:
        """Return the status for the service's ``word``; never raises."""
        name = str(word).strip().upper()
        try:
            return cls("CANCELLED" if name == "CANCELED" else name)
        except ValueError:
            return cls.UNKNOWN

    @property
    def terminal(self) -> bool:
        """Whether nothing follows any more."""
        return self is TaskStatus.CANCELLED or self.value in TERMINAL_STATUSES

    def may_become(self, other: TaskStatus) -> bool:
        """Whether the contract lets ``other`` be seen after this status."""
        if self is other or TaskStatus.UNKNOWN in (self, other):
            return True
        if TaskStatus.CANCELLED in (self, other):
            return not self.terminal
        return other.value in TRANSITIONS[self.value]


@dataclass(frozen=True)
class Task:
    """What one answer of the service says about a task.

    ``links`` are the picture's addresses, empty unless COMPLETED; several of them are one picture.
    """

    task_id: str
    status: TaskStatus
    links: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, body: Any) -> Task:
        """Read a create, status or list item; ValueError when there is no task in it.

        Takes the documented ``{"data": {...}}``, the same without ``data`` and with ``task_status``
        (older sister calls and webhooks), and ignores members it does not know.
        """
        data = body.get("data", body) if isinstance(body, dict) else None
        if not isinstance(data, dict):
            raise ValueError("the answer holds no task")  # noqa: TRY004 - a wrong answer, not a wrong call
        task_id = data.get("task_id")
        if not isinstance(task_id, str) or not task_id.strip():
            raise ValueError("the answer names no task_id")
        links = data.get("generated")
        return cls(
            task_id,
            TaskStatus.read(data.get("status", data.get("task_status"))),
            tuple(link for link in map(_link, links) if link) if isinstance(links, list) else (),
        )


def _link(item: Any) -> str:
    """Return the address in an item of ``generated``: a text, or an object with a ``url`` (sister calls)."""
    if isinstance(item, dict):
        item = item.get("url")
    return item if isinstance(item, str) else ""


def read_list(body: Any) -> list[Task]:
    """Read the list call's answer; items that are no task are left out, ValueError if it is no list."""
    items = body.get("data") if isinstance(body, dict) else body
    if not isinstance(items, list):
        raise ValueError("the answer holds no list of tasks")  # noqa: TRY004 - a wrong answer, not a wrong call
    tasks = []
    for item in items:
        try:
            tasks.append(Task.from_json(item))
        except ValueError:
            continue
    return tasks
