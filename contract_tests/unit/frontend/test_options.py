"""What is said about a layer that was rendered: that it became pixels only where it did."""

from __future__ import annotations

import pytest
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.options import (
    FIT_LAYER,
    GROW_CANVAS,
    NEW_IMAGE,
    NEW_LAYER,
    PLACEMENTS,
    SCALE_IMAGE,
)

IN_PLACE = (SCALE_IMAGE, GROW_CANVAS, FIT_LAYER)
SPECIAL = ("text", "vector", "link")


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_an_ordinary_layer_needs_no_note(placement: str) -> None:
    assert options.conversion_note("pixels", placement) is None


@pytest.mark.parametrize("kind", SPECIAL)
def test_a_layer_is_said_to_be_turned_into_pixels_only_where_it_is(kind: str) -> None:
    assert [options.conversion_note(kind, placement) for placement in IN_PLACE] == [kind] * 3
    assert [options.conversion_note(kind, placement) for placement in (NEW_LAYER, NEW_IMAGE)] == [
        "rendered"
    ] * 2


def test_a_group_is_kept_hidden_unless_its_image_is_left_alone() -> None:
    assert [options.conversion_note("group", placement) for placement in (*IN_PLACE, NEW_LAYER)] == [
        "group"
    ] * 4
    assert options.conversion_note("group", NEW_IMAGE) == "rendered"


def test_only_new_layers_and_groups_leave_the_layer_beside_its_result() -> None:
    keeping = {
        (kind, placement)
        for kind in ("pixels", *SPECIAL, "group")
        for placement in PLACEMENTS
        if options.keeps_layer(kind, placement)
    }
    assert keeping == {(kind, NEW_LAYER) for kind in ("pixels", *SPECIAL)} | {
        ("group", placement) for placement in (*IN_PLACE, NEW_LAYER)
    }


def test_effects_are_said_to_be_part_of_the_pixels_only_where_they_are() -> None:
    assert [options.effects_note("pixels", placement) for placement in IN_PLACE] == ["effects"] * 3
    assert options.effects_note("pixels", NEW_LAYER) == "effects-rendered"
    assert options.effects_note("text", NEW_IMAGE) == "effects-rendered"
    assert options.effects_note("group", SCALE_IMAGE) == "effects-rendered"


@pytest.mark.parametrize("kind", [*SPECIAL, "group"])
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_note_has_its_sentence(kind: str, placement: str) -> None:
    assert "Sky" in texts.note(str(options.conversion_note(kind, placement)), name="Sky")
    assert "Sky" in texts.note(options.effects_note(kind, placement), name="Sky")
