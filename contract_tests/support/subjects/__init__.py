"""Five subjects that are held to the one table of cases: each says whether it takes a create call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contract_tests.support.cases import Case


@dataclass(frozen=True)
class Verdict:
    """What a subject made of a case.

    ``said`` is its own words; ``named`` the parameters that its refusal names (empty when it names
    none); ``sent`` the parameters it would hand on, when it took the case; ``broken`` the keywords of the
    schema that it says are broken (empty when it speaks of none).
    """

    accepted: bool
    said: str
    named: frozenset[str] = frozenset()
    sent: dict[str, Any] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()


class Subject(Protocol):
    """Something that takes or refuses a create call."""

    name: str

    def judge(self, case: Case) -> Verdict:
        """Return what the subject makes of ``case``."""


def beyond_json(case: Case) -> str:
    """Say why a subject that is given JSON values cannot be told this case; empty when it can."""
    return "it is about the text on the wire" if case.raw is not None else ""


def beyond_parameters(case: Case) -> str:
    """Say why a subject that knows only the parameters cannot be told this case; empty when it can."""
    if case.raw is not None:
        return "it is about the text on the wire"
    if "" in case.members:
        return "it is about a body that is no object"
    if set(case.members) & {"image", "webhook_url"}:
        return "it is about the picture or the webhook"
    return ""
