"""The decisions about layers that both GIMP front ends share."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.contract import LIMITS
from precision_upscaler.frontend import layer_rules, texts
from precision_upscaler.frontend.layer_rules import Item, Note, Parent, Target
from precision_upscaler.frontend.options import (
    AREA_LAYER,
    AREA_SELECTION,
    COLORS_ORIGINAL,
    COLORS_SERVICE,
    FIT_LAYER,
    GROW_CANVAS,
    NEW_IMAGE,
    NEW_LAYER,
    PLACEMENTS,
    SCALE_IMAGE,
)
from precision_upscaler.frontend.placement import Box, Size

IN_PLACE = (SCALE_IMAGE, GROW_CANVAS, FIT_LAYER)
SPECIAL = ("text", "vector", "link")
KINDS = ("pixels", *SPECIAL, "group")
LAYER = Item("Sky", "pixels", True, False, False, [])
OUTER, INNER = Parent("Outer", False, False), Parent("Inner", False, False)


def code(refusal: Any) -> str | None:
    return None if refusal is None else str(refusal.code)


# ----- refusals


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((False, 0, True), "no-image"),
        ((True, 0, True), "no-layer"),
        ((True, 1, True), "floating"),
        ((True, 1, False), None),
    ],
)
def test_an_image_is_refused_for_the_first_reason(
    facts: tuple[bool, int, bool], expected: str | None
) -> None:
    assert code(layer_rules.image_refusal(*facts)) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (None, "no-layer"),
        (LAYER._replace(kind="mask", in_image=False), "mask"),
        (LAYER._replace(kind="channel", in_image=False), "channel"),
        (LAYER._replace(kind="empty-group", in_image=False), "other-image"),
        (LAYER._replace(kind="empty-group", content_locked=True), "empty-group"),
        (
            LAYER._replace(content_locked=True, parents=[INNER, OUTER._replace(content_locked=True)]),
            "locked-parent",
        ),
        (LAYER._replace(content_locked=True, position_locked=True), "locked-content"),
        (LAYER._replace(position_locked=True), "locked-position"),
        (LAYER, None),
    ],
)
def test_a_drawable_is_refused_for_the_first_reason(item: Item | None, expected: str | None) -> None:
    assert code(layer_rules.item_refusal(item, SCALE_IMAGE)) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_locks_mean_the_same_for_every_kind_of_layer(kind: str) -> None:
    locks = product((False, True), repeat=2)
    for placement, (content, position) in product(PLACEMENTS, locks):
        item = LAYER._replace(kind=kind, content_locked=content, position_locked=position)
        plain = item._replace(kind="pixels")
        assert layer_rules.lock_refusal(item, placement) == layer_rules.lock_refusal(plain, placement)


@pytest.mark.parametrize("kind", ["pixels", "group"])
def test_the_own_locks_of_a_layer_forbid_what_changes_it(kind: str) -> None:
    locked = LAYER._replace(kind=kind, content_locked=True)
    fixed = LAYER._replace(kind=kind, position_locked=True)
    by_content = {place: code(layer_rules.lock_refusal(locked, place)) for place in PLACEMENTS}
    by_position = {place: code(layer_rules.lock_refusal(fixed, place)) for place in PLACEMENTS}
    assert by_content == dict.fromkeys(IN_PLACE, "locked-content") | dict.fromkeys((NEW_LAYER, NEW_IMAGE))
    assert by_position == dict.fromkeys((SCALE_IMAGE, GROW_CANVAS), "locked-position") | dict.fromkeys(
        (FIT_LAYER, NEW_LAYER, NEW_IMAGE)
    )


@pytest.mark.parametrize("lock", ["content_locked", "position_locked"])
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_any_lock_of_any_parent_forbids_all_but_a_new_image(lock: str, placement: str) -> None:
    item = LAYER._replace(parents=[INNER, OUTER._replace(**{lock: True})])
    refusal = layer_rules.lock_refusal(item, placement)
    if placement == NEW_IMAGE:
        assert refusal is None
    else:
        assert refusal == ("locked-parent", {"name": "Sky", "parent": "Outer"})


def test_the_area_is_the_layer_unless_the_selection_is_asked_for() -> None:
    box = Box(10, 20, 400, 300)
    assert layer_rules.area_to_send("Sky", box, AREA_LAYER, None) == (box, None)
    assert layer_rules.area_to_send("Sky", box, AREA_SELECTION, None)[1] == ("no-selection", {})
    beside = layer_rules.area_to_send("Sky", box, AREA_SELECTION, Box(0, 0, 5, 5))
    assert beside[1] == ("outside-selection", {"name": "Sky"})
    part, refusal = layer_rules.area_to_send("Sky", box, AREA_SELECTION, Box(0, 0, 210, 220))
    assert (part, refusal) == (Box(10, 20, 200, 200), None)


def test_a_limit_is_said_with_the_layers_name() -> None:
    refusal = layer_rules.size_refusal("Sky", Box(0, 0, 1, 1), 2)
    assert refusal is not None
    assert layer_rules.refusal_text(refusal).startswith("“Sky”: The picture is 1 × 1 pixels")
    assert layer_rules.size_refusal("Sky", Box(0, 0, 300, 300), 2) is None


def test_no_upload_is_too_large_while_the_contract_states_no_limit() -> None:
    assert layer_rules.upload_refusal("Sky", 10**12) is None


def test_an_upload_over_the_contracts_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, "maximum_upload_bytes", 100)
    refusal = layer_rules.upload_refusal("Sky", 101)
    assert refusal is not None
    assert "has 101 bytes" in layer_rules.refusal_text(refusal)


@pytest.mark.parametrize(
    ("visible", "whole", "expected"),
    [
        (True, True, None),
        (True, False, None),
        (False, True, "transparent"),
        (False, False, "transparent-area"),
    ],
)
def test_what_is_wholly_transparent_is_refused(visible: bool, whole: bool, expected: str | None) -> None:
    assert code(layer_rules.visibility_refusal("Sky", visible, whole)) == expected


def test_a_layer_inside_another_one_of_the_run_is_refused_once() -> None:
    chosen = [(1, "Outer", []), (2, "Inner", [(1, "Outer")]), (3, "Sky", [(2, "Inner"), (1, "Outer")])]
    refusals = layer_rules.nested_refusals(chosen)
    assert [(one.values["name"], one.values["parent"]) for one in refusals] == [
        ("Inner", "Outer"),
        ("Sky", "Inner"),
    ]
    assert layer_rules.nested_refusals(chosen[2:]) == []


def test_gimps_largest_canvas_is_the_limit() -> None:
    largest = layer_rules.LARGEST_CANVAS
    box = Box(0, 0, 200, 200)
    assert layer_rules.canvas_refusal(SCALE_IMAGE, Size(largest // 2, 10), [box], 2) is None
    refusal = layer_rules.canvas_refusal(SCALE_IMAGE, Size(largest // 2 + 1, 10), [box], 2)
    assert refusal == ("canvas", {"width": largest + 2, "height": 20, "maximum": largest})
    assert layer_rules.canvas_refusal(FIT_LAYER, Size(largest, largest), [box], 16) is None


def test_every_refusal_has_its_text() -> None:
    refusals = [
        layer_rules.image_refusal(False, 0, False),
        layer_rules.item_refusal(LAYER._replace(kind="mask"), SCALE_IMAGE),
        layer_rules.item_refusal(LAYER._replace(parents=[INNER._replace(position_locked=True)]), FIT_LAYER),
        layer_rules.visibility_refusal("Sky", False, True),
        layer_rules.canvas_refusal(SCALE_IMAGE, Size(500_000, 1), [Box(0, 0, 1, 1)], 16),
    ]
    assert all(refusal is not None and layer_rules.refusal_text(refusal) for refusal in refusals)


# ----- stale targets

QUESTIONS = ("image_open", "window_open", "layer_there", "floating", "locked", "unchanged")
GOOD = {
    "image_open": True,
    "window_open": True,
    "layer_there": True,
    "floating": False,
    "locked": False,
    "unchanged": True,
}
REASONS = ("image-gone", "window-gone", "layer-gone", "floating", "layer-locked", "layer-changed")


@given(st.fixed_dictionaries({name: st.booleans() for name in QUESTIONS}), st.sampled_from(PLACEMENTS))
def test_the_first_reason_decides_and_nothing_is_asked_after_it(
    facts: dict[str, bool], placement: str
) -> None:
    asked: list[str] = []

    def question(name: str) -> Any:
        def answer() -> bool:
            asked.append(name)
            return facts[name]

        return answer

    reason = layer_rules.stale_target(Target(*map(question, QUESTIONS)), placement)
    relevant = [name for name in QUESTIONS if not (name == "floating" and placement == NEW_IMAGE)]
    wrong = [name for name in relevant if facts[name] != GOOD[name]]
    assert reason == (REASONS[QUESTIONS.index(wrong[0])] if wrong else None)
    assert asked == (relevant[: relevant.index(wrong[0]) + 1] if wrong else relevant)


@given(st.fixed_dictionaries({name: st.booleans() for name in QUESTIONS}), st.sampled_from(PLACEMENTS))
def test_a_result_becomes_a_new_image_of_its_layer_where_only_the_image_may_not_be_changed(
    facts: dict[str, bool], placement: str
) -> None:
    target = Target(*(lambda name=name: facts[name] for name in QUESTIONS))
    reason = layer_rules.stale_target(target, placement)
    expected: str | None = placement
    if reason is not None:
        composable = reason in ("floating", "layer-locked") and facts["unchanged"]
        expected = NEW_IMAGE if composable else None
    assert layer_rules.destination(target, placement) == (expected, reason)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_its_text(reason: str) -> None:
    assert "Sky" in texts.note(reason, name="Sky")


# ----- notes


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_an_ordinary_layer_needs_no_note(placement: str) -> None:
    assert layer_rules.layer_notes("pixels", placement) == []


@pytest.mark.parametrize("kind", SPECIAL)
def test_a_layer_is_said_to_be_turned_into_pixels_only_where_it_is(kind: str) -> None:
    notes = {placement: layer_rules.conversion_note(kind, placement) for placement in PLACEMENTS}
    assert notes == dict.fromkeys(IN_PLACE, kind) | dict.fromkeys((NEW_LAYER, NEW_IMAGE), "rendered")


def test_a_group_is_kept_hidden_unless_its_image_is_left_alone() -> None:
    notes = {placement: layer_rules.conversion_note("group", placement) for placement in PLACEMENTS}
    assert notes == dict.fromkeys((*IN_PLACE, NEW_LAYER), "group") | {NEW_IMAGE: "rendered"}


def test_only_new_layers_and_groups_leave_the_layer_beside_its_result() -> None:
    keeping = {pair for pair in product(KINDS, PLACEMENTS) if layer_rules.keeps_layer(*pair)}
    assert keeping == {(kind, NEW_LAYER) for kind in KINDS} | {("group", placement) for placement in IN_PLACE}


@pytest.mark.parametrize(
    ("kind", "placement", "hidden", "expected"),
    [
        ("pixels", SCALE_IMAGE, False, ["effects"]),
        ("pixels", FIT_LAYER, True, ["effects", "effects-hidden"]),
        ("pixels", NEW_LAYER, True, ["effects-rendered"]),
        ("text", NEW_IMAGE, False, ["rendered", "effects-rendered"]),
        ("group", SCALE_IMAGE, True, ["group"]),
    ],
)
def test_effects_are_said_to_be_part_of_the_pixels_only_where_they_are(
    kind: str, placement: str, hidden: bool, expected: list[str]
) -> None:
    notes = layer_rules.layer_notes(kind, placement, effects=True, hidden_effects=hidden)
    assert [note.code for note in notes] == expected


def test_a_group_that_passes_through_is_said_to_lose_that() -> None:
    notes = layer_rules.layer_notes("group", SCALE_IMAGE, pass_through=True)
    assert [note.code for note in notes] == ["group", "pass-through"]


@pytest.mark.parametrize("kind", [*SPECIAL, "group"])
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_note_about_a_layer_has_its_text(kind: str, placement: str) -> None:
    for note in layer_rules.layer_notes(
        kind, placement, pass_through=True, effects=True, hidden_effects=True
    ):
        assert texts.note(note.code, name="Sky", **note.values)


@pytest.mark.parametrize("colors", [COLORS_SERVICE, COLORS_ORIGINAL])
def test_what_the_image_holds_more_or_less_than_the_service_is_noted(colors: str) -> None:
    service = colors == COLORS_SERVICE

    def codes(eight_bit: bool, grey: bool, palette: int | None, wide: bool) -> list[str]:
        return [one.code for one in layer_rules.image_notes(colors, eight_bit, grey, palette, lambda: wide)]

    assert codes(True, False, None, False) == []
    assert codes(False, False, None, True) == (["eight-bit", "gamut"] if service else ["eight-bit-original"])
    assert codes(True, True, None, True) == ["grey"]
    assert codes(True, False, 7, False) == ["indexed"]
    assert layer_rules.image_notes(colors, True, False, 7, lambda: False)[0].values == {"colors": 7}


@pytest.mark.parametrize(
    "facts", list(product((True, False), (True, False), (COLORS_SERVICE, COLORS_ORIGINAL)))
)
def test_a_bare_result_is_noted_if_it_lacks_anything(facts: tuple[bool, bool, str]) -> None:
    complete = facts == (True, False, COLORS_SERVICE)
    assert layer_rules.bare_notes(*facts) == ([] if complete else [Note("bare", {})])


# ----- the scale of a run


def test_results_of_the_asked_size_need_no_note() -> None:
    sizes = [(Size(100, 50), Size(400, 200)), (Size(7, 9), Size(29, 35))]
    assert layer_rules.agreed_scale(4, sizes) == (Fraction(4), [None, None])


def test_results_that_agree_on_another_scale_are_placed_at_it() -> None:
    scale, notes = layer_rules.agreed_scale(4, [(Size(100, 50), Size(200, 100))])
    assert scale == 2
    assert notes == [
        Note("wrong-size", {"width": 200, "height": 100, "asked_width": 400, "asked_height": 200})
    ]


def test_a_result_that_disagrees_with_the_others_is_stretched() -> None:
    sizes = [(Size(100, 50), Size(200, 100)), (Size(100, 50), Size(400, 200))]
    scale, notes = layer_rules.agreed_scale(4, sizes)
    assert scale == 4
    assert [note and note.code for note in notes] == ["stretched", None]


def test_a_distorted_result_is_stretched_to_the_right_proportions() -> None:
    scale, (note,) = layer_rules.agreed_scale(4, [(Size(100, 50), Size(400, 400))])
    assert note is not None
    assert note.code == "distorted"
    assert scale == 4


# ----- what a cancel costs


@pytest.mark.parametrize(
    ("charges", "expected"),
    [
        (["no", "no"], "costs nothing"),
        (["yes", "unknown", "no"], "just being decided"),
        (["yes", "yes"], "Already charged"),
        (["yes", "no"], "1 layer is charged already"),
        (["yes", "yes", "no"], "2 layers are charged already"),
    ],
)
def test_a_cancel_is_said_to_cost_what_it_costs(charges: list[str], expected: str) -> None:
    assert expected in texts.cancel_cost(charges)


def test_what_gimp_leaves_unscaled_of_other_layers_is_named_once_for_each_thing() -> None:
    neighbours = [
        layer_rules.Neighbour("Glow", "pixels", True, False, False),
        layer_rules.Neighbour("Words", "text", True, False, False),
        layer_rules.Neighbour("Outline", "vector", False, True, False),
        layer_rules.Neighbour("Linked", "link", False, False, True),
        layer_rules.Neighbour("Plain", "pixels", False, False, False),
    ]
    assert layer_rules.neighbour_notes(SCALE_IMAGE, neighbours) == [
        Note("effects-unscaled", {"layers": "“Glow”, “Words”"}),
        Note("outlines-unscaled", {"layers": "“Outline”"}),
        Note("text-unscaled", {"layers": "“Words”"}),
        Note("miscolored", {"layers": "“Linked”"}),
    ]
    assert layer_rules.neighbour_notes(SCALE_IMAGE, neighbours[4:]) == []
    for placement in set(PLACEMENTS) - {SCALE_IMAGE}:
        assert layer_rules.neighbour_notes(placement, neighbours) == []


def test_a_mask_that_hides_part_of_a_growing_layer_is_named() -> None:
    for placement in PLACEMENTS:
        grows = placement in (GROW_CANVAS, NEW_LAYER)
        expected = [Note("mask-not-enlarged", {"group": "Group"})] if grows else []
        assert layer_rules.masked_parent_notes(placement, ["Group"]) == expected
        assert layer_rules.masked_parent_notes(placement, []) == []
