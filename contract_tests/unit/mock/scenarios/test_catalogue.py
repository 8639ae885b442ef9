from __future__ import annotations

import pytest

from mock_server.imaging.upscale import TRICKS
from mock_server.scenarios import canned_responses
from mock_server.scenarios.catalogue import (
    CATALOGUE,
    STEPS,
    Scenario,
    UnknownScenarioError,
    listing,
    parse,
)
from mock_server.server import socket_faults

PROMISED = [
    "failed",
    "stuck_created",
    "stuck_in_progress",
    "completed_empty",
    "two_results",
    "wrong_scale",
    "error_null",
    "unwrapped_body",
    "expired_link",
    "corrupt_image",
    "truncated_download",
    "slow_download",
    "reset",
    "empty_reply",
    "garbage",
    "bad_chunk",
    "dribble",
    "drop_after_accept",
    "http_500",
    "http_503_then_ok",
    "http_429",
    "http_429_no_retry_after",
    "html_error_page",
    "unknown_task_404",
    "bad_request_message",
    "bad_request_problem",
    "bad_request_recorded",
    "no_credits_402",
    "nearest",
    "tinted",
    "plan_exhausted_429",
    "generated_objects",
    "cancelled",
    "structured_401",
    "asset_expired_403",
    "not_in_plan_403",
]


def test_the_catalogue_has_what_is_promised() -> None:
    assert set(PROMISED) <= set(CATALOGUE)


@pytest.mark.parametrize("scenario", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_scenario_does_something_that_exists(scenario: Scenario) -> None:
    assert scenario.answer in ("", *canned_responses.ANSWERS)
    assert scenario.change in ("", *canned_responses.CHANGES)
    assert scenario.wire in ("", *socket_faults.FAULTS)
    assert scenario.trick in ("", *TRICKS)
    assert set(scenario.steps) <= set(STEPS)
    strikes = scenario.answer or scenario.change or scenario.expired or scenario.wire or scenario.download
    assert bool(strikes) == bool(scenario.steps)
    assert strikes or scenario.fate or scenario.webhook
    assert scenario.summary.endswith(".")


def test_the_listing_has_a_line_for_each() -> None:
    lines = listing().splitlines()
    assert [line.split()[0] for line in lines] == list(CATALOGUE)
    assert all(CATALOGUE[line.split()[0]].summary in line for line in lines)


def test_a_scenario_can_be_moved_and_counted() -> None:
    scenario = parse("reset@create*7")
    assert (scenario.name, scenario.steps, scenario.times) == ("reset", ("create",), 7)
    assert parse("http_429@list").steps == ("list",)
    assert parse("reset@download").steps == ("download",)
    assert parse("truncated_download*3").times == 3
    assert parse("reset") is CATALOGUE["reset"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "nope",
        "RESET",
        "reset@",
        "reset*0",
        "reset*-1",
        "reset@nowhere",
        "failed@status",
        "failed*2",
        "http_500@download",
        "corrupt_image@status",
        "webhook_lost@create",
        "expired_link@download",
        "expired_link@create",
        "error_null@list",
        "reset\n",
        "reset*2*3",
    ],
)
def test_what_is_written_wrongly_is_refused(text: str) -> None:
    with pytest.raises(UnknownScenarioError):
        parse(text)


def test_an_unknown_scenario_is_answered_with_the_list() -> None:
    with pytest.raises(UnknownScenarioError, match="drop_after_accept"):
        parse("?")
