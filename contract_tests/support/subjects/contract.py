"""The contract's document, as the mock validates requests by it, as a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mock_server.api.validation import request_violations

from . import Verdict

if TYPE_CHECKING:
    from contract_tests.support.cases import Case


class Contract:
    name = "contract"

    def judge(self, case: Case) -> Verdict:
        found = request_violations(case.body)
        named = frozenset(str(each.path[0]) for each in found if each.path)
        said = "; ".join(f"{'/'.join(map(str, each.path))} {each.message}" for each in found)
        broken = frozenset(each.keyword for each in found)
        return Verdict(not found, said or "no violation", named, broken=broken)
