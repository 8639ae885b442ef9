"""What the front end for GIMP 2.10 refuses: nothing is sent, nothing is changed, and the message says why."""

from __future__ import annotations

from typing import Any

import pytest

from .front_end import FrontEnd

LAYER_GROUP, MASK_WHITE = "gimp_layer_group_new", 0


def _too_small(end: FrontEnd) -> tuple[Any, Any]:
    return end.image(1, 1)


def _too_narrow(end: FrontEnd) -> tuple[Any, Any]:
    return end.image(200, 900)


def _strip(end: FrontEnd) -> tuple[Any, Any]:
    return end.image(30000, 160)


def _too_large(end: FrontEnd) -> tuple[Any, Any]:
    return end.image(6000, 2100)


def _transparent(end: FrontEnd) -> tuple[Any, Any]:
    image, layer = end.image(alpha=True)
    layer.fill(3)
    return image, layer


def _locked(end: FrontEnd) -> tuple[Any, Any]:
    image, layer = end.image()
    end.session.pdb.gimp_item_set_lock_content(layer, True)
    return image, layer


def _pinned(end: FrontEnd) -> tuple[Any, Any]:
    image, layer = end.image()
    end.session.pdb.gimp_item_set_lock_position(layer, True)
    return image, layer


def _in_a_locked_group(end: FrontEnd) -> tuple[Any, Any]:
    image, layer = end.image()
    pdb = end.session.pdb
    group = pdb.gimp_layer_group_new(image)
    pdb.gimp_image_insert_layer(image, group, None, 0)
    pdb.gimp_image_reorder_item(image, layer, group, 0)
    pdb.gimp_item_set_lock_content(group, True)
    return image, layer


def _empty_group(end: FrontEnd) -> tuple[Any, Any]:
    image, _ = end.image()
    group = end.session.pdb.gimp_layer_group_new(image)
    end.session.pdb.gimp_image_insert_layer(image, group, None, 0)
    return image, group


def _mask(end: FrontEnd) -> tuple[Any, Any]:
    image, layer = end.image()
    layer.add_mask(layer.create_mask(MASK_WHITE))
    return image, layer.mask


def _channel(end: FrontEnd) -> tuple[Any, Any]:
    image, _ = end.image()
    return image, end.session.pdb.gimp_selection_save(image)


def _floating(end: FrontEnd) -> tuple[Any, Any]:
    image, layer = end.image()
    pdb = end.session.pdb
    pdb.gimp_image_select_rectangle(image, 2, 5, 5, 60, 60)
    pdb.gimp_selection_float(layer, 0, 0)
    return image, layer


def _of_another_image(end: FrontEnd) -> tuple[Any, Any]:
    return end.image()[0], end.image()[1]


def _pinned_group(end: FrontEnd) -> tuple[Any, Any]:
    image, _, group = _in_a_pinned_group(end)
    return image, group


def _in_a_pinned_group(end: FrontEnd) -> tuple[Any, Any, Any]:
    image, layer = end.image()
    pdb = end.session.pdb
    group = pdb.gimp_layer_group_new(image)
    pdb.gimp_image_insert_layer(image, group, None, 0)
    pdb.gimp_image_reorder_item(image, layer, group, 0)
    # GIMP 2.10 sets this lock on no group; another program's file may
    end.session.core(group).lock_position = True
    return image, layer, group


CASES = {
    "one pixel": (_too_small, "none with a side under 160"),
    "too narrow": (_too_narrow, "at least 300 pixels"),
    "a strip of 30,000 pixels": (_strip, "at least 10000 pixels"),
    "too large": (_too_large, "makes at most 10060 a side"),
    "transparent": (_transparent, "fully transparent"),
    "locked": (_locked, "are locked. Unlock them"),
    "pinned": (_pinned, "or choose the placement “Keep the layer's size”"),
    "a pinned group": (_pinned_group, "The position and size of “Layer Group” are locked."),
    "in a locked group": (_in_a_locked_group, "in the locked group “Layer Group”"),
    "empty group": (_empty_group, "holds nothing that could be upscaled"),
    "mask": (_mask, "is a layer mask"),
    "channel": (_channel, "is a channel"),
    "floating selection": (_floating, "Anchor it or make it a layer"),
    "of another image": (_of_another_image, "does not belong to this image"),
}


@pytest.mark.parametrize("case", CASES)
def test_refused_before_anything_is_sent(front_end: FrontEnd, case: str) -> None:
    make, words = CASES[case]
    image, drawable = make(front_end)
    depth, pixels = (
        front_end.session.undo_depth(image),
        [one.pixels.copy() for one in front_end.session.core(image).drawables()],
    )
    message = front_end.refusal(image, drawable)
    assert words in message
    assert "Nothing was sent and nothing was charged." in message
    assert front_end.session.undo_depth(image) == depth
    assert all(
        (one.pixels == old).all()
        for one, old in zip(front_end.session.core(image).drawables(), pixels, strict=True)
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scale_factor": 1}, "Scale factor is 1; it can be 2 to 16."),
        ({"scale_factor": 17}, "it can be 2 to 16"),
        ({"sharpen": 101}, "Sharpen is 101; it can be 0 to 100."),
        ({"smart_grain": -1}, "Smart grain is -1"),
        ({"flavor": "vanilla"}, "Flavor is “vanilla”; it can be sublime, photo, photo_denoiser."),
        ({"placement": "elsewhere"}, "is “elsewhere”; it can be scale-image"),
        ({"area": "canvas"}, "is “canvas”; it can be layer, selection."),
        ({"colors": "none"}, "is “none”; it can be service, original."),
    ],
)
def test_values_out_of_range(front_end: FrontEnd, options: dict[str, Any], words: str) -> None:
    assert words in front_end.refusal(*front_end.image(), **options)


@pytest.mark.parametrize("placement", ["scale-image", "grow-canvas", "fit-layer", "new-layer"])
def test_a_pinned_parent_forbids_every_change_below_it(front_end: FrontEnd, placement: str) -> None:
    image, layer, _ = _in_a_pinned_group(front_end)
    message = front_end.refusal(image, layer, placement=placement)
    assert "“Sky” is in the locked group “Layer Group”." in message


def test_the_nearest_factor_is_named(front_end: FrontEnd) -> None:
    message = front_end.refusal(*front_end.image(1000, 500), scale_factor=16)
    assert "The nearest factor that fits is 10." in message


def test_nothing_selected(front_end: FrontEnd) -> None:
    assert "nothing is selected" in front_end.refusal(*front_end.image(), area="selection")


def test_a_selection_beside_the_layer(front_end: FrontEnd) -> None:
    image, layer = front_end.image(canvas=(600, 300))
    front_end.session.pdb.gimp_image_select_rectangle(image, 2, 300, 10, 200, 200)
    assert "does not touch “Sky”" in front_end.refusal(image, layer, area="selection")


def test_a_transparent_part(front_end: FrontEnd) -> None:
    image, layer = front_end.image(600, 300, alpha=True)
    pdb = front_end.session.pdb
    pdb.gimp_image_select_rectangle(image, 2, 300, 0, 300, 300)
    pdb.gimp_drawable_edit_clear(layer)
    pdb.gimp_image_select_rectangle(image, 2, 380, 50, 180, 180)
    assert "fully transparent inside the selection" in front_end.refusal(image, layer, area="selection")


def test_locks_matter_only_where_the_layer_changes(front_end: FrontEnd) -> None:
    image, layer = _locked(front_end)
    front_end.upscale(image, layer, placement="new-image")
    image, layer = _pinned(front_end)
    front_end.upscale(image, layer, placement="fit-layer")
    assert front_end.session.messages == []
