"""Five subjects that are held to the one table of cases: each says whether it takes a create call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contract_tests.cases import Case


class Inexpressible(Exception):
    """The subject cannot be told this case at all; the message says why."""


@dataclass(frozen=True)
class Verdict:
    """What a subject made of a case.

    ``said`` is its own words; ``named`` the parameters that its refusal names; ``sent`` the parameters
    it would hand on, when it took the case.
    """

    accepted: bool
    said: str
    named: frozenset[str] = frozenset()
    sent: dict[str, Any] = field(default_factory=dict)


class Subject(Protocol):
    """Something that takes or refuses a create call."""

    name: str

    def judge(self, case: Case) -> Verdict:
        """Return what the subject makes of ``case``; :class:`Inexpressible` when it cannot be told it."""


def parameters_of(case: Case) -> dict[str, Any]:
    """Return the case's parameters for a subject that knows neither picture, body nor wire."""
    if case.raw is not None:
        raise Inexpressible("it is about the text on the wire")
    if "" in case.members:
        raise Inexpressible("it is about a body that is no object")
    if set(case.members) & {"image", "webhook_url"}:
        raise Inexpressible("it is about the picture or the webhook")
    return dict(case.members)
