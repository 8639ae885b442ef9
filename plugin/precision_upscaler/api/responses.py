"""What the service says when it does not do what was asked, read from all its shapes into named errors."""

from __future__ import annotations

import re
from typing import Any

from precision_upscaler.errors import (
    Forbidden,
    InvalidKey,
    NoCredits,
    NotReachable,
    RateLimited,
    Refused,
    ServiceUnavailable,
    UnexpectedResponse,
    UpscaleError,
)
from precision_upscaler.messages import joined, translatable
from precision_upscaler.protocol import Charged

from .retry import Failure

_LONGEST = 500
_WORTH_SAYING = 60.0
_TOO_MANY = 429
_SOON = 300.0
_PLAN_WORDS = re.compile(
    r"(?i)\b(trial|quota|upgrade|(usage|monthly|daily|plan) limit|limit of (the|your) plan)\b"
)
_LINKS = ("link", "url", "documentation_url", "help_url", "docs")


class ApiError(Exception):
    """One HTTP call did not succeed; ``failure`` is for the policy, ``what`` for people.

    ``kind`` is the user's error where more is known than the status; ``link`` the page that the service
    names for help.
    """

    def __init__(
        self,
        failure: Failure,
        what: str,
        *,
        reasons: list[dict[str, str]] | None = None,
        kind: type[UpscaleError] | None = None,
        link: str | None = None,
    ) -> None:
        super().__init__(what)
        self.failure = failure
        self.what = what
        self.reasons = reasons or []
        self.kind = kind
        self.link = link


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


def help_link(body: Any) -> str | None:
    """Return the https link to help (where keys or plans come from) in a refusal, None without one."""
    parts = (body, body.get("error"), body.get("problem")) if isinstance(body, dict) else ()
    for part in (item for item in parts if isinstance(item, dict)):
        for name in _LINKS:
            value = part.get(name)
            if isinstance(value, str) and re.fullmatch(r"https://[!-~]{1,300}", value):
                return value
    return None


def plan_used_up(status: int, message: str, retry_after: float | None) -> bool:
    """Whether a 429 means that the plan's allowance is used up, not that requests came too fast.

    Source: public clients match the words "free trial usage"; the other words are a guess. An answer that
    asks to come back within minutes speaks of the rate.
    """
    soon = retry_after is not None and retry_after <= _SOON
    return status == _TOO_MANY and not soon and _PLAN_WORDS.search(message) is not None


def user_error(failed: ApiError, charged: Charged) -> UpscaleError:
    """Turn a call that no repetition will help into the error a user reads."""
    status = failed.failure.status
    details: dict[str, Any] = {"status": status}
    what = failed.what
    if failed.reasons:
        details["reasons"] = failed.reasons
        reasons = "; ".join(f"{item['name']}: {item['reason']}" for item in failed.reasons)
        what = joined(what, translatable("{reasons}.", reasons=reasons))
    if wish := failed.failure.retry_after:
        details["retry_after"] = wish
        if wish >= _WORTH_SAYING:
            alone = translatable("It wants to be left alone for {minutes} minutes.", minutes=round(wish / 60))
            what = joined(what, alone)
    if failed.link:
        details["link"] = failed.link
        if failed.link not in what:
            what = joined(what, translatable("See {link}.", link=failed.link))
    return _kind_of(failed)(what, charged=charged, **details)


def _kind_of(failed: ApiError) -> type[UpscaleError]:
    status = failed.failure.status
    if failed.kind is not None:
        return failed.kind
    if status is None:
        return NotReachable
    if status in _KINDS:
        return _KINDS[status]
    if status >= 500:  # noqa: PLR2004 - HTTP's class
        return ServiceUnavailable
    return Refused if status >= 400 else UnexpectedResponse  # noqa: PLR2004 - HTTP's class


_KINDS: dict[int, type[UpscaleError]] = {
    401: InvalidKey,
    402: NoCredits,
    403: Forbidden,
    404: UnexpectedResponse,
    405: UnexpectedResponse,
    _TOO_MANY: RateLimited,
}
