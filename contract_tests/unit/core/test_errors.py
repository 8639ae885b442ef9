"""Every error a user can meet answers three questions, and says nothing it must not say."""

from __future__ import annotations

import inspect

import pytest
from precision_upscaler import errors
from precision_upscaler.errors import Cancelled, TaskFailed, UpscaleError

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, UpscaleError) and kind is not UpscaleError
]


@pytest.mark.parametrize("kind", CLASSES)
def test_it_says_what_happened_what_it_cost_and_what_to_do(kind: type[UpscaleError]) -> None:
    error = kind("Something happened.", detail=1)
    event = error.to_event("/log", "20260101-000000-00000000")
    assert event["event"] == "error"
    assert event["what"] == "Something happened."
    assert event["charged"] in ("no", "unknown", "yes")
    assert event["charge"].endswith(".")
    assert event["advice"].endswith(".")
    assert (event["log"], event["details"]) == ("/log", {"detail": 1})
    assert str(error) == f"{event['what']} {event['charge']} {event['advice']}"


def test_what_is_known_of_log_and_job_is_said() -> None:
    error = UpscaleError("Something happened.")
    error.log, error.job_id = "/log", "20260101-000000-00000000"
    assert str(error).endswith(" Log: /log")
    assert (error.to_event()["log"], error.to_event()["job_id"]) == (error.log, error.job_id)
    assert error.to_event("/other")["log"] == "/other"


def test_codes_are_different() -> None:
    codes = [kind.code for kind in CLASSES]
    assert len(codes) == len(set(codes))


def test_a_failed_task_promises_nothing_about_its_charge() -> None:
    assert "does not say whether" in TaskFailed("It failed.").charge


def test_a_cancel_is_no_error() -> None:
    assert not issubclass(Cancelled, UpscaleError)
