"""What the service says when it does not do what was asked, read from all its shapes into named errors."""

from __future__ import annotations

from typing import Any

from precision_upscaler.errors import (
    Forbidden,
    InvalidKey,
    NoCredits,
    NotReachable,
    RateLimited,
    Refused,
    ServiceConfused,
    ServiceUnavailable,
    TlsFailed,
    UpscaleError,
)
from precision_upscaler.messages import joined, said
from precision_upscaler.protocol import Charged

from .retry import Failure

_LONGEST = 500
_WORTH_SAYING = 60.0


class ApiError(Exception):
    """One HTTP call did not succeed; ``failure`` is for the policy, ``what`` for people."""

    def __init__(
        self,
        failure: Failure,
        what: str,
        *,
        reasons: list[dict[str, str]] | None = None,
        tls: bool = False,
    ) -> None:
        super().__init__(what)
        self.failure = failure
        self.what = what
        self.reasons = reasons or []
        self.tls = tls


def _line(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def read_error_body(body: Any) -> tuple[str, list[dict[str, str]]]:
    """Return (message, reasons) of a refusal's JSON body.

    Three shapes are in use: flat ``{"message"}``, problem+json wrapped in ``problem``, and a flat one
    with ``invalid_params`` whose items say ``field`` instead of ``name``; the message may also be
    called ``detail`` or ``error``. Unknown shapes give an empty message.
    """
    if not isinstance(body, dict):
        return "", []
    if isinstance(body.get("problem"), dict):
        body = body["problem"]
    message = ""
    for name in ("message", "detail", "error", "title"):
        value = body.get(name)
        if isinstance(value, dict):
            value = value.get("message")
        if isinstance(value, str) and value.strip():
            message = _line(value)
            break
    reasons = []
    items = body.get("invalid_params")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            field = item.get("name", item.get("field", "?"))
            reasons.append({"name": _line(field), "reason": _line(item.get("reason", ""))})
    return message, reasons


def user_error(failed: ApiError, charged: Charged) -> UpscaleError:
    """Turn a call that no repetition will help into the error a user reads."""
    status = failed.failure.status
    details: dict[str, Any] = {"status": status}
    what = failed.what
    if failed.reasons:
        details["reasons"] = failed.reasons
        reasons = "; ".join(f"{item['name']}: {item['reason']}" for item in failed.reasons)
        what = joined(what, f"{reasons}.")
    if wish := failed.failure.retry_after:
        details["retry_after"] = wish
        if wish >= _WORTH_SAYING:
            alone = said("It wants to be left alone for {minutes} minutes.", minutes=round(wish / 60))
            what = joined(what, alone)
    kind: type[UpscaleError]
    if status is None:
        kind = TlsFailed if failed.tls else NotReachable
    elif status in (401, 402, 403):
        kind = {401: InvalidKey, 402: NoCredits, 403: Forbidden}[status]
    elif status == 429:  # noqa: PLR2004 - HTTP's number
        kind = RateLimited
    elif status >= 500:  # noqa: PLR2004 - HTTP's class
        kind = ServiceUnavailable
    elif status >= 400 and status not in (404, 405):  # noqa: PLR2004 - HTTP's class
        kind = Refused
    else:
        kind = ServiceConfused
    return kind(what, charged=charged, **details)
