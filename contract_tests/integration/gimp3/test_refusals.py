"""Bad input is refused before anything is sent, failures say what they cost, and neither leaves a trace."""

from __future__ import annotations

import json
import urllib.request

import pytest

from .running import Session
from .table import CANVAS, SIZE

pytestmark = [pytest.mark.gimp3, pytest.mark.slow]

REFUSED = {
    "one-pixel": ("1 × 1", "160"),
    "too-small": ("159 × 300", "160"),
    "strip": ("30000 × 200", "3 times", "10000"),
    "too-narrow": ("500 × 160", "3 times", "167"),
    "too-large": ("19200 × 9600", "10060", "nearest factor that fits is 8"),
    "too-large-for-any": ("5040 × 1700", "5030"),
    "transparent": ("fully transparent",),
    "transparent-area": ("fully transparent inside the selection",),
    "locked-content": ("pixels", "locked", "Unlock"),
    "locked-position": ("position", "locked", "Unlock"),
    "locked-group": ("locked group", "Group 0"),
    "floating": ("floating selection", "Anchor"),
    "mask": ("layer mask", "Select the layer itself"),
    "channel": ("is a channel", "Select a layer"),
    "empty-group": ("holds nothing",),
    "nested-empty-group": ("holds nothing",),
    "layer-and-its-group": ("inside the group", "only one"),
    "nothing-selected": ("No layer is selected",),
    "no-selection": ("nothing is selected",),
    "outside-selection": ("does not touch",),
    "other-image": ("does not belong to this image",),
}
FAILED = {
    "failed": ("could not upscale", "check your credits"),
    "completed-empty": ("offers no picture", "has been charged", "Resume"),
    "corrupt-image": ("no whole picture", "has been charged", "Resume"),
    "not-an-image": ("no whole picture", "has been charged", "Resume"),
    "wrong-key": ("Invalid API key", "Nothing was charged", "Check the API key"),
    "no-key": ("no API key", "Nothing was charged", "Store a key"),
    "unreachable": ("could not be reached", "Nothing was charged", "connection"),
    "written-nowhere": ("Not a directory", "Nothing was charged", "Try again"),
    "no-temporary-folder": ("temporary files", "Nothing was charged", "Try again"),
}

Refusals = tuple[Session, str]


def _result(refusals: Refusals, name: str) -> dict[str, object]:
    results = refusals[0].lines("refusals.jsonl")
    assert name in results, refusals[0].end()
    assert "crash" not in results[name], results[name]["crash"]
    return results[name]


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_with_a_way_out(refusals: Refusals, name: str) -> None:
    result = _result(refusals, name)
    assert result["status"] == "calling-error"
    for words in (*REFUSED[name], "Nothing was sent and nothing was charged."):
        assert words in str(result["message"])


@pytest.mark.parametrize("name", FAILED)
def test_a_failure_says_what_happened_what_it_cost_and_what_to_do(refusals: Refusals, name: str) -> None:
    result = _result(refusals, name)
    assert result["status"] == "execution-error"
    for words in FAILED[name]:
        assert words in str(result["message"])


@pytest.mark.parametrize("name", [*REFUSED, *FAILED])
def test_the_image_is_as_it_was_and_no_undo_step_is_left(refusals: Refusals, name: str) -> None:
    result = _result(refusals, name)
    assert result["changed"] == []
    assert result["dirty"] is False


def test_every_case_inside_is_judged_here(refusals: Refusals) -> None:
    results = refusals[0].lines("refusals.jsonl")
    refused = {name for name, one in results.items() if one["kind"] == "refusal"}
    assert refused == {*REFUSED, "no-image"}  # which GIMP refuses by itself, in words of its own
    assert {name for name, one in results.items() if one["kind"] == "failure"} == set(FAILED)


@pytest.mark.parametrize(("name", "factor"), [("with-last-values", 2), ("non-interactive", 3)])
def test_it_runs_without_a_window(refusals: Refusals, name: str, factor: int) -> None:
    result = _result(refusals, name)
    assert (result["status"], result["size"]) == ("success", [factor * side for side in SIZE])


def test_one_of_two_layers_fails_for_itself_and_the_other_arrives(refusals: Refusals) -> None:
    result = _result(refusals, "one-of-two")
    message = str(result["message"])
    assert result["status"] == "execution-error", "what failed in part is no success"
    assert message.startswith("1 of 2 layers were upscaled.")
    size = f"{2 * SIZE[0]} × {2 * SIZE[1]}"
    assert (f"“One” is now {size}" in message) != (f"“Two” is now {size}" in message)
    assert "Nothing was charged." in message
    assert f"/size/0: {CANVAS[0]} is now {2 * CANVAS[0]}" in str(result["changed"])


def test_a_script_is_told_of_every_new_image_even_when_another_layer_failed(refusals: Refusals) -> None:
    result = _result(refusals, "one-of-two-new-images")
    assert result["status"] == "execution-error"
    opened = result["new_images"]
    assert isinstance(opened, list)
    assert len(opened) == 1
    assert str(result["message"]).splitlines()[-1] == f"New images: {opened[0]}"


def test_what_cost_nothing_is_said_of_the_layer_it_is_true_of(refusals: Refusals) -> None:
    result = _result(refusals, "half-reused")
    message = str(result["message"])
    assert result["status"] == "success", message
    assert "“One” had been upscaled" in message
    assert "“Two” had been upscaled" not in message
    assert "The same picture" not in message
    numbers = message.splitlines()[-1].removeprefix("New images: ").split()
    # JSON: a list of numbers
    assert sorted(map(int, numbers)) == sorted(result["new_images"])  # type: ignore[call-overload]  # JSON
    assert len(numbers) == 2


def test_a_new_layer_takes_over_every_layer_mode(refusals: Refusals) -> None:
    result = _result(refusals, "every-mode")
    assert result["lost"] == []
    assert int(str(result["count"])) > 50


def test_no_run_leaves_a_picture_in_the_folder_for_temporary_files(refusals: Refusals) -> None:
    assert _result(refusals, "left-behind")["files"] == []


def test_without_an_image_nothing_runs(refusals: Refusals) -> None:
    assert _result(refusals, "no-image")["status"] == "calling-error"


def test_nothing_that_was_refused_reached_the_service(refusals: Refusals) -> None:
    session, mock = refusals
    assert session.complete, session.end()
    with urllib.request.urlopen(f"{mock}/__mock__/requests") as answer:
        journal = json.load(answer)
    created = [one for one in journal["requests"] if one["method"] == "POST"]
    # four failures of the service, twice two layers of which one is refused, two layers of which one
    # was done before, and the two that work; a wrong key is found out by the free list call, and
    # nothing else was ever sent
    assert len(created) == 12


def test_gimp_has_nothing_to_complain_about(refusals: Refusals) -> None:
    assert refusals[0].complaints() == []
