"""``UpscaleRequest`` as a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.errors import InvalidParameter

from . import Verdict

if TYPE_CHECKING:
    from contract_tests.support.cases import Case


class Request:
    name = "request"

    def judge(self, case: Case) -> Verdict:
        try:
            request = UpscaleRequest(**case.members)
        except InvalidParameter as error:
            return Verdict(False, str(error), frozenset({str(error.details["parameter"])}))
        return Verdict(True, "taken", sent=request.to_json())
