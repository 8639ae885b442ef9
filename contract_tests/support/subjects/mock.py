"""The mock over HTTP as a subject: it takes a create call by making and charging a task."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from contract_tests.support.failure import curl, explain
from contract_tests.support.service import targets

from . import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from contract_tests.support.cases import Case


class Mock:
    """One mock for many cases. ``limits`` are off: a case is about the contract, not about sizes."""

    name = "mock"

    def __init__(self, target: targets.Target) -> None:
        self.target = target

    @classmethod
    @contextlib.contextmanager
    def opened(cls, **options: Any) -> Iterator[Mock]:
        """Open the chosen target for cases."""
        with targets.opened(limits=False, **options) as target:
            yield cls(target)

    def judge(self, case: Case) -> Verdict:
        return self.judge_text(case.text)

    def judge_text(self, text: str) -> Verdict:
        """Send ``text`` as a create call. A refusal must be a 400 and free; a task must be charged once."""
        before = self.target.charges
        response = self.target.call("POST", body=text)
        charged = self.target.charges - before
        accepted = response.status_code == 200
        assert response.status_code in (200, 400), explain(
            "a create call is taken (200) or refused (400)",
            wanted="200 or 400",
            said=f"{response.status_code} {response.text[:200]}",
            request=curl("POST", body=text),
            example=text,
        )
        assert charged == int(accepted), explain(
            "what is taken is charged once, what is refused is not charged",
            wanted=f"{int(accepted)} charges",
            said=f"{charged} charges after {response.status_code}",
            request=curl("POST", body=text),
            example=text,
        )
        return Verdict(accepted, response.text[:300], named_in(response), sent={})


def named_in(response: httpx2.Response) -> frozenset[str]:
    """Return the members of the body that a 400 names, in any of the three shapes."""
    if response.status_code != 400:
        return frozenset()
    body = response.json()
    body = body.get("problem", body)
    names = [str(item.get("field", item.get("name"))) for item in body.get("invalid_params", ())]
    return frozenset(name.removeprefix("body").removeprefix(".").partition(".")[0] for name in names)
