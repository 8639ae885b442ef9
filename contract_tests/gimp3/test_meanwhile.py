"""While the service works the user goes on working: nothing is corrupted, and what was paid for arrives."""

from __future__ import annotations

from typing import Any

import pytest

from . import table
from .running import Session

pytestmark = [pytest.mark.gimp3, pytest.mark.slow]

RESULT = [2 * side for side in table.SIZE]
CANVAS = list(table.CANVAS)
ELSEWHERE = {
    "paint": "changed meanwhile",
    "delete-layer": "deleted meanwhile",
    "scale-layer": "changed meanwhile",
    "lock": "locked meanwhile",
    "convert": "changed meanwhile",
}
IN_PLACE = ("move", "rename", "restack", "select-another", "paint-on-another", "add-mask")


def _result(meanwhile: Session, name: str) -> dict[str, Any]:
    results = meanwhile.lines("meanwhile.jsonl")
    assert name in results, meanwhile.end()
    assert "crash" not in results[name], results[name]["crash"]
    return results[name]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_result_without_its_layer_is_offered_as_a_new_image(meanwhile: Session, name: str) -> None:
    result = _result(meanwhile, name)
    assert result["status"] == "success", result["message"]
    assert ELSEWHERE[name] in result["message"]
    assert result["new_images"] == [RESULT]
    assert result["size"] == CANVAS, "the image itself must be left alone"


@pytest.mark.parametrize("name", IN_PLACE)
def test_what_harms_nothing_keeps_the_result_in_its_place(meanwhile: Session, name: str) -> None:
    result = _result(meanwhile, name)
    assert result["status"] == "success", result["message"]
    assert result["in_place"]
    assert result["new_images"] == []
    assert result["size"] == [2 * side for side in CANVAS]


def test_a_layer_that_moved_is_scaled_where_it_is(meanwhile: Session) -> None:
    layers = {name: box for name, *box in _result(meanwhile, "move")["layers"]}
    assert layers["Subject"] == [110, 88, *RESULT]


def test_a_layer_that_was_renamed_and_restacked_keeps_that(meanwhile: Session) -> None:
    assert [name for name, *_ in _result(meanwhile, "rename")["layers"]] == ["Over", "Renamed", "Ground"]
    assert [name for name, *_ in _result(meanwhile, "restack")["layers"]] == ["Subject", "Over", "Ground"]


def test_a_mask_added_meanwhile_is_scaled_along(meanwhile: Session) -> None:
    assert _result(meanwhile, "add-mask")["mask"]


def test_gimp_has_nothing_to_complain_about(meanwhile: Session) -> None:
    assert meanwhile.complete, meanwhile.end()
    assert meanwhile.complaints() == []
