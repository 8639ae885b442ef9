"""One upscale's parameters as a checked, immutable value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from precision_upscaler.contract import PARAMETERS, Parameter, parameter
from precision_upscaler.contract.limits import check
from precision_upscaler.errors import InvalidParameter
from precision_upscaler.messages import said


def _checked(known: Parameter, value: Any) -> Any:
    """Return ``value`` as the parameter has it; InvalidParameter, with the range, when it cannot have it."""
    if known.name == "scale_factor" and value in map(str, range(known.minimum, known.maximum + 1)):
        value = int(value)  # the contract also takes the decimal string
    refusal = check(known, value)
    if refusal is None:
        return value
    title = said(known.title)
    if refusal.code == "not-a-choice":
        allowed = refusal.values["choices"]
        raise InvalidParameter(
            said(
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
            said("{title} must be true or false, not {value}.", title=title, value=repr(value)),
            parameter=known.name,
        )
    bounds = {"minimum": known.minimum, "maximum": known.maximum}
    if refusal.code == "not-whole":
        message = said(
            "{title} must be a whole number from {minimum} to {maximum}, not {value}.",
            title=title,
            value=repr(value),
            **bounds,
        )
    else:
        message = said(
            "{title} must be between {minimum} and {maximum}, not {value}.",
            title=title,
            value=value,
            **bounds,
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
                    said(
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
        :func:`precision_upscaler.storage.credentials.account` of the address, because a mock's picture must
        never answer for the real service, whose two addresses are one.
        """
        text = json.dumps([dict(self.parameters), pixels, account], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
