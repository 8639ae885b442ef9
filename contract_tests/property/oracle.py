"""What the service's document says of create calls and tasks, once more, in plain Python.

The second opinion that the contract's reader and everything built on it are compared with. It imports
nothing of ours: a mistake in ``openapi.json`` or in its reader cannot hide here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Callable

SLIDERS = {"sharpen": 7, "smart_grain": 7, "ultra_detail": 30}
FLAVORS = ("sublime", "photo", "photo_denoiser")
SCALE_STRINGS = ("2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16")
STATUSES = ("CREATED", "IN_PROGRESS", "COMPLETED", "FAILED")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_URI = jsonschema_rs.Draft4Validator({"type": "string", "format": "uri"}, validate_formats=True)


def _slider(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 100


def _scale_factor(value: Any) -> bool:
    return (type(value) is int and 2 <= value <= 16) or (type(value) is str and value in SCALE_STRINGS)


_RIGHT: dict[str, Callable[[Any], bool]] = {
    "image": lambda value: type(value) is str,
    "webhook_url": _URI.is_valid,
    "scale_factor": _scale_factor,
    "flavor": lambda value: type(value) is str and value in FLAVORS,
    **dict.fromkeys(SLIDERS, _slider),
    "filter_nsfw": lambda value: type(value) is bool,
}


def wrong_members(body: Any) -> set[str]:
    """Return the members that break the document; ``{""}`` when the body is no object."""
    if type(body) is not dict:
        return {""}
    wrong = {name for name, right in _RIGHT.items() if name in body and not right(body[name])}
    return wrong if "image" in body else wrong | {"image"}


def filled(body: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters the service works with: what the body says, else what is documented.

    The document has no default for the scale factor and the flavor; 2 and photo are ours.
    """
    defaults = {"scale_factor": 2, "flavor": "photo", **SLIDERS, "filter_nsfw": False}
    taken = {name: body.get(name, default) for name, default in defaults.items()}
    taken["scale_factor"] = int(taken["scale_factor"])
    return taken


def wrong_task_members(body: Any, *, listed: bool = False) -> set[str]:
    """Return the members of an answer about a task that break the document; ``listed``: one of a list.

    ``{"data"}`` when they are not in an object of that name.
    """
    data = body if listed else body.get("data") if type(body) is dict else None
    if type(data) is not dict:
        return {"data"}
    right: dict[str, Callable[[Any], bool]] = {
        "task_id": lambda value: type(value) is str and _UUID.fullmatch(value) is not None,
        "status": lambda value: value in STATUSES,
    }
    if not listed:
        right["generated"] = lambda value: type(value) is list and all(map(_URI.is_valid, value))
    return {name for name, valid in right.items() if name not in data or not valid(data[name])}
