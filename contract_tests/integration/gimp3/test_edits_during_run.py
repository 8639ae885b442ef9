"""While a run is under way the user goes on working: nothing is corrupted, and what was paid for arrives."""

from __future__ import annotations

from typing import Any

import pytest

from . import table
from .running import Session

pytestmark = [pytest.mark.gimp3, pytest.mark.slow]

RESULT = [2 * side for side in table.SIZE]
CANVAS = list(table.CANVAS)
LARGE, LARGE_CANVAS = [1000, 800], [1100, 900]
"""What the images are like whose results take seconds to be fitted."""

AS_IT_CAME = {
    "paint": "changed meanwhile",
    "paint-tables": "changed meanwhile",
    "paint-masked-original": "changed meanwhile",
    "delete-layer": "deleted meanwhile",
    "scale-layer": "changed meanwhile",
    "convert": "changed meanwhile",
    "undo": "changed meanwhile",
}
COMPOSED = {"lock": "locked meanwhile", "lock-tables": "locked meanwhile", "float": "floating selection"}
CLOSED = ("close-display", "close-display-fit-layer")
UNSEEN = ("close-last-display", "close-image")
"""Closed while a script's call with them runs, for which GIMP keeps both the image and its last display."""
IN_PLACE = ("move", "rename", "restack", "select-another", "paint-on-another", "add-mask")
FITTING = ("fitting-crop", "fitting-move", "fitting-paint-mask", "fitting-add-mask", "fitting-precision")
EXACT = 1.5
"""Largest mean difference, of 255, of replicated colours: the rounding of a profile there and back."""


def _result(meanwhile: Session, name: str) -> dict[str, Any]:
    if not name.startswith(table.beginnings()):
        pytest.skip("not among the rows asked for")
    results = meanwhile.lines("meanwhile.jsonl")
    assert name in results, meanwhile.end()
    assert "crash" not in results[name], results[name]["crash"]
    return results[name]


@pytest.mark.parametrize("name", AS_IT_CAME)
def test_a_result_without_its_layer_is_the_services_picture_as_a_new_image(
    meanwhile: Session, name: str
) -> None:
    result = _result(meanwhile, name)
    assert result["status"] == "success", result["message"]
    assert AS_IT_CAME[name] in result["message"]
    assert result["size"] == CANVAS, "the image itself must be left alone"
    new = result["new_images"][0]
    assert (new["size"], new["base"], new["precision"]) == (RESULT, "rgb", "u8-non-linear")
    assert (new["profile"], new["alpha"], new["mask"]) == (False, False, None)
    assert new["resolution"] == [144.0, 120.0]
    assert new["off"] <= EXACT


@pytest.mark.parametrize("name", AS_IT_CAME)
def test_what_such_an_image_lacks_is_said(meanwhile: Session, name: str) -> None:
    lacks = name not in ("paint-tables", "convert", "undo")
    assert ("without the layer's transparency and mask" in _result(meanwhile, name)["message"]) is lacks


@pytest.mark.parametrize("name", COMPOSED)
def test_a_layer_that_may_not_be_changed_gets_a_counterpart_in_a_new_image(
    meanwhile: Session, name: str
) -> None:
    result = _result(meanwhile, name)
    assert result["status"] == "success", result["message"]
    assert COMPOSED[name] in result["message"]
    assert result["size"] == CANVAS, "the image itself must be left alone"
    new = result["new_images"][0]
    assert (new["size"], new["alpha"], new["resolution"]) == (RESULT, True, [144.0, 120.0])
    assert new["profile"] is (name == "lock-tables")
    if name != "lock-tables":
        assert new["mask"] == [0, 255], "the mask of the layer, scaled"
    assert new["off"] <= EXACT


@pytest.mark.parametrize("name", IN_PLACE)
def test_what_harms_nothing_keeps_the_result_in_its_place(meanwhile: Session, name: str) -> None:
    result = _result(meanwhile, name)
    assert result["status"] == "success", result["message"]
    assert result["in_place"]
    assert result["new_images"] == []
    assert result["size"] == [2 * side for side in CANVAS]
    assert result["off"] <= EXACT


def test_a_layer_that_moved_is_scaled_where_it_is(meanwhile: Session) -> None:
    layers = {name: box for name, *box in _result(meanwhile, "move")["layers"]}
    assert layers["Subject"] == [110, 88, *RESULT]


def test_a_layer_that_was_renamed_and_restacked_keeps_that(meanwhile: Session) -> None:
    assert [name for name, *_ in _result(meanwhile, "rename")["layers"]] == ["Over", "Renamed", "Ground"]
    assert [name for name, *_ in _result(meanwhile, "restack")["layers"]] == ["Subject", "Over", "Ground"]


def test_another_selected_layer_stays_selected_and_another_painted_one_painted(meanwhile: Session) -> None:
    assert _result(meanwhile, "select-another")["selected"] == ["Over"]
    assert _result(meanwhile, "paint-on-another")["ground"] == [255, 255]
    assert _result(meanwhile, "move")["ground"] != [255, 255]


def test_a_mask_added_meanwhile_is_scaled_along(meanwhile: Session) -> None:
    assert _result(meanwhile, "add-mask")["mask"] == [255, 255]


# ----- the image is let go of


@pytest.mark.parametrize("name", CLOSED)
def test_a_closed_images_result_is_a_new_image(meanwhile: Session, name: str) -> None:
    result = _result(meanwhile, name)
    assert (result["status"], result["alive"]) == ("success", False), result["message"]
    assert "An image was closed meanwhile, perhaps this one" in result["message"]
    assert "without the layer's transparency and mask" in result["message"]
    (new,) = result["new_images"]
    assert (new["size"], new["alpha"], new["resolution"]) == (RESULT, False, [144.0, 120.0])
    assert new["off"] <= EXACT
    assert result["returned"], "a script gets the layer that holds the result"


def test_an_image_that_may_be_the_closed_one_is_left_alone(meanwhile: Session) -> None:
    result = _result(meanwhile, "close-another")
    assert (result["status"], result["alive"]) == ("success", True), result["message"]
    assert "An image was closed meanwhile, perhaps this one" in result["message"]
    (new,) = result["new_images"]
    assert new["size"] == RESULT
    assert new["off"] <= EXACT


@pytest.mark.parametrize("name", UNSEEN)
def test_an_image_that_gimp_does_not_say_is_gone_goes_with_its_result(meanwhile: Session, name: str) -> None:
    result = _result(meanwhile, name)
    assert (result["status"], result["alive"]) == ("success", False), result["message"]
    assert (result["new_images"], result["returned"]) == ([], False)


@pytest.mark.parametrize("name", [*CLOSED, "close-another", *UNSEEN])
def test_a_result_whose_image_went_is_had_again_at_no_second_charge(meanwhile: Session, name: str) -> None:
    result = _result(meanwhile, name)
    assert result["charges"] == 1
    again = result["again"]
    size = list(table.SIZE) if name.endswith("fit-layer") else RESULT
    assert (again["status"], again["size"], again["charges"]) == ("success", size, 1), again["message"]
    assert "nothing was charged" in again["message"]


# ----- what happens while the result is being fitted


@pytest.mark.parametrize("name", [*FITTING, "fitting-lock"])
def test_it_happened_before_the_image_was_changed(meanwhile: Session, name: str) -> None:
    result = _result(meanwhile, name)
    assert result["status"] == "success", f"{result['message']}\n{meanwhile.end()}"
    assert result["size_at_the_deed"] == LARGE_CANVAS


@pytest.mark.parametrize("name", FITTING)
def test_it_keeps_the_result_in_its_place(meanwhile: Session, name: str) -> None:
    result = _result(meanwhile, name)
    assert result["in_place"]
    assert result["new_images"] == []
    assert result["off"] <= EXACT


def test_a_canvas_cropped_while_fitting_is_scaled_as_it_is_now(meanwhile: Session) -> None:
    result = _result(meanwhile, "fitting-crop")
    assert result["size"] == [1600, 1400]
    layers = {name: box for name, *box in result["layers"]}
    at = [2 * (table.AT[0] - 60), 2 * (table.AT[1] - 50)]
    assert layers["Subject"] == [*at, 2000, 1600]


def test_a_layer_moved_while_fitting_stays_where_it_is_now(meanwhile: Session) -> None:
    layers = {name: box for name, *box in _result(meanwhile, "fitting-move")["layers"]}
    assert layers["Subject"] == [55, 44, *LARGE]


@pytest.mark.parametrize("name", ["fitting-paint-mask", "fitting-add-mask"])
def test_a_mask_that_became_black_while_fitting_is_black(meanwhile: Session, name: str) -> None:
    assert _result(meanwhile, name)["mask"] == [0, 0]


def test_a_layer_locked_while_fitting_is_left_alone(meanwhile: Session) -> None:
    result = _result(meanwhile, "fitting-lock")
    assert "locked meanwhile" in result["message"]
    assert result["size"] == LARGE_CANVAS
    new = result["new_images"][0]
    assert (new["size"], new["alpha"]) == ([2 * side for side in LARGE], True)
    assert new["mask"] == [0, 255]
    assert new["off"] <= EXACT


def test_an_image_made_deep_while_fitting_stays_deep(meanwhile: Session) -> None:
    assert _result(meanwhile, "fitting-precision")["precision"] == "float-linear"


def test_gimp_has_nothing_to_complain_about(meanwhile: Session) -> None:
    assert meanwhile.complete, meanwhile.end()
    assert meanwhile.complaints() == []
