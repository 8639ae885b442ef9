"""The catalogue of scenarios: everything the service was seen to do wrong, and what networks do to it.

A scenario is data: what it changes in a task's fate, in its picture, in an answer, or on the wire, at
which calls and how often. It is written ``name``, ``name@step`` (apply to another call) or ``name*times``
(apply so often, then behave), also ``name@step*times``.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

CREATE: Final = "create"
STATUS: Final = "status"
LIST: Final = "list"
DOWNLOAD: Final = "download"
STEPS = (CREATE, STATUS, LIST, DOWNLOAD)
_API = (CREATE, STATUS, LIST)


class Scenario(NamedTuple):
    """One entry of the catalogue.

    ``steps``: the calls that ``answer``, ``change``, ``expired``, ``wire`` or ``download`` applies to;
    ``times``: how often for each task (create and list: for each key, over and over), None means always.
    ``outcome``, ``stuck`` and ``at_once`` decide the task's fate, ``trick`` its picture. ``answer`` replaces
    the answer, ``change`` alters it, ``expired`` makes its links (and counts no answer without one), ``wire``
    damages its transport, ``download`` the file's; ``webhook`` is what happens to the call back.
    """

    name: str
    summary: str
    steps: tuple[str, ...] = ()
    times: int | None = None
    outcome: str = ""
    stuck: str = ""
    at_once: bool = False
    trick: str = ""
    answer: str = ""
    change: str = ""
    expired: bool = False
    wire: str = ""
    download: str = ""
    webhook: str = ""

    @property
    def fate(self) -> bool:
        """Whether the scenario is about the task itself, so that no step applies to it."""
        return bool(self.outcome or self.stuck or self.at_once or self.trick)

    @property
    def possible(self) -> tuple[str, ...]:
        """The calls that it can be made to apply to."""
        if self.fate or not self.steps:
            return ()
        if self.download:
            return (DOWNLOAD,)
        if self.expired:
            return (STATUS,)
        if self.change:
            return (CREATE, STATUS)  # the list's items are not the task object that is changed
        return STEPS if self.wire else _API


_CATALOGUE = (
    Scenario(
        "failed", "The task ends FAILED, without a reason, as the service never gives one.", outcome="FAILED"
    ),
    Scenario(
        "cancelled",
        "The task ends CANCELLED, which no document names, without a picture.",
        outcome="CANCELLED",
    ),
    Scenario("stuck_created", "The task stays CREATED for ever.", stuck="CREATED"),
    Scenario("stuck_in_progress", "The task stays IN_PROGRESS for ever.", stuck="IN_PROGRESS"),
    Scenario(
        "completed_empty", "COMPLETED without any link, and charged.", (STATUS,), change="completed_empty"
    ),
    Scenario("completed_at_once", "The create call already answers COMPLETED.", at_once=True),
    Scenario("two_results", "COMPLETED with two links for the one picture.", (STATUS,), change="two_results"),
    Scenario(
        "generated_objects",
        'generated holds objects such as {"url": …} instead of links.',
        (STATUS,),
        change="generated_objects",
    ),
    Scenario(
        "has_nsfw", "COMPLETED with the sister endpoint's has_nsfw member.", (STATUS,), change="has_nsfw"
    ),
    Scenario("error_null", 'data carries "error": null.', (CREATE, STATUS), change="error_null"),
    Scenario(
        "unwrapped_body",
        "The body is not wrapped in data and says task_status.",
        (CREATE, STATUS),
        change="unwrapped_body",
    ),
    Scenario(
        "unknown_status", "A status no document knows, at two polls.", (STATUS,), 2, change="unknown_status"
    ),
    Scenario(
        "wrong_scale",
        "The result is twice as large as the input, whatever was asked for.",
        trick="wrong_scale",
    ),
    Scenario("nearest", "The result replicates pixels exactly: no sliders, PNG.", trick="nearest"),
    Scenario("tinted", "The result's colors are clearly shifted.", trick="tinted"),
    Scenario(
        "expired_link",
        "The first link has expired; the next status call gives one that works.",
        (STATUS,),
        1,
        expired=True,
    ),
    Scenario("corrupt_image", "The download is a damaged PNG.", (DOWNLOAD,), download="corrupt"),
    Scenario(
        "not_an_image",
        "The download is a page of HTML that calls itself image/png.",
        (DOWNLOAD,),
        download="not_an_image",
    ),
    Scenario(
        "truncated_download", "The first download breaks off half way.", (DOWNLOAD,), 1, download="truncated"
    ),
    Scenario("slow_download", "The download takes some ten seconds.", (DOWNLOAD,), download="slow"),
    Scenario("webhook_lost", "The webhook never comes.", webhook="lost"),
    Scenario("webhook_twice", "The webhook comes twice, with one id.", webhook="twice"),
    Scenario(
        "reset",
        "The connection is reset instead of answered; nothing is accepted.",
        (STATUS,),
        2,
        wire="reset",
    ),
    Scenario(
        "empty_reply",
        "The connection is closed without an answer; nothing is accepted.",
        (STATUS,),
        2,
        wire="empty_reply",
    ),
    Scenario("garbage", "The answer is no HTTP; nothing is accepted.", (STATUS,), 2, wire="garbage"),
    Scenario(
        "short_body", "The answer's body is shorter than its Content-Length.", (STATUS,), 2, wire="short_body"
    ),
    Scenario(
        "bad_chunk",
        "The answer is chunked and the second chunk is malformed.",
        (STATUS,),
        2,
        wire="bad_chunk",
    ),
    Scenario("dribble", "The answer arrives a byte at a time, for a minute.", (STATUS,), 1, wire="dribble"),
    Scenario(
        "drop_after_accept",
        "The task is created and charged, and the connection closed without an answer.",
        (CREATE,),
        wire="empty_reply_accepted",
    ),
    Scenario("http_500", "Every call is answered 500; nothing is accepted.", _API, answer="http_500"),
    Scenario("http_503_then_ok", "503 twice, then all is well.", _API, 2, answer="http_503"),
    Scenario("http_429", "429 with Retry-After twice, then all is well.", _API, 2, answer="http_429"),
    Scenario(
        "http_429_no_retry_after",
        "429 without Retry-After twice, then all is well.",
        _API,
        2,
        answer="http_429_no_retry_after",
    ),
    Scenario(
        "plan_exhausted_429",
        "The plan is used up: 429 that speaks of the free trial, at every create call.",
        (CREATE,),
        answer="plan_exhausted_429",
    ),
    Scenario(
        "html_error_page",
        "A gateway's HTML page with 502; nothing is accepted.",
        _API,
        answer="html_error_page",
    ),
    Scenario("unknown_task_404", "The status call says 404.", (STATUS,), answer="unknown_task_404"),
    Scenario("invalid_key_401", "A good key is called invalid.", _API, answer="invalid_key_401"),
    Scenario("no_credits_402", "The account has no credits: 402.", (CREATE,), answer="no_credits_402"),
    Scenario(
        "structured_401",
        "A good key is called invalid, in an object with a link.",
        _API,
        answer="structured_401",
    ),
    Scenario(
        "asset_expired_403", "The picture's address has expired: 403.", (CREATE,), answer="asset_expired_403"
    ),
    Scenario("not_in_plan_403", "The plan does not include this: 403.", (CREATE,), answer="not_in_plan_403"),
    Scenario("forbidden_403", "The key may not do this: 403.", (CREATE,), answer="forbidden_403"),
    Scenario(
        "bad_request_message", "400 with nothing but a message.", (CREATE,), answer="bad_request_message"
    ),
    Scenario(
        "bad_request_problem",
        "400 as problem+json, wrapped as the document's schema says.",
        (CREATE,),
        answer="bad_request_problem",
    ),
    Scenario(
        "bad_request_example",
        "400 as problem+json, flat as the document's example says.",
        (CREATE,),
        answer="bad_request_example",
    ),
    Scenario(
        "bad_request_recorded",
        "400 flat, with field instead of name, as recorded.",
        (CREATE,),
        answer="bad_request_recorded",
    ),
)

CATALOGUE: Final = {scenario.name: scenario for scenario in _CATALOGUE}
"""Every :class:`Scenario` by its name, in the order they are listed."""

_WRITTEN = re.compile(r"([a-z0-9_]+)(?:@([a-z]+))?(?:\*([1-9][0-9]{0,5}))?")


class UnknownScenarioError(ValueError):
    """The text names no scenario; the message says which there are."""


def parse(text: str) -> Scenario:
    """Return the scenario that ``text`` stands for, with its steps and times changed as written.

    :class:`UnknownScenarioError` when there is none, or when it cannot apply to the step.
    """
    match = _WRITTEN.fullmatch(text)
    if match is None or match[1] not in CATALOGUE:
        raise UnknownScenarioError(f"There is no scenario {text!r}. There are:\n{listing()}")
    scenario = CATALOGUE[match[1]]
    if match[2]:
        if match[2] not in scenario.possible:
            raise UnknownScenarioError(f"The scenario {scenario.name} cannot apply to {match[2]!r}.")
        scenario = scenario._replace(steps=(match[2],))
    if match[3]:
        if not scenario.possible:
            raise UnknownScenarioError(f"The scenario {scenario.name} is not counted.")
        scenario = scenario._replace(times=int(match[3]))
    return scenario


def listing() -> str:
    """Return the catalogue as text, one line each."""
    width = max(map(len, CATALOGUE))
    return "\n".join(f"{scenario.name:<{width}}  {scenario.summary}" for scenario in _CATALOGUE)
