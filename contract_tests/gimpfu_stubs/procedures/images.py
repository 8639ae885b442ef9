"""Procedures about a whole image: making, sizes, undo, guides, resolution, names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from .. import formats
from ..copying import duplicate
from ..model import Channel, Drawable, Failure, Group, Image, Item, Layer, Mask, Selection
from ..pdb import procedure

if TYPE_CHECKING:
    from ..session import Session


def half_up(value: float) -> int:
    """Round as GIMP 2.10 rounds the edges of what it scales: halves go up, also below zero."""
    return int(np.floor(value + 0.5))


@procedure("gimp-image-new")
def new(session: Session, width: int, height: int, base_type: int) -> Image:
    return Image(session, width, height, base_type, formats.U8_GAMMA)


@procedure("gimp-image-new-with-precision")
def new_with_precision(session: Session, width: int, height: int, base_type: int, precision: int) -> Image:
    if base_type == formats.INDEXED and precision != formats.U8_GAMMA:
        raise Failure("execution error")
    return Image(session, width, height, base_type, precision)


@procedure("gimp-image-delete")
def delete(session: Session, image: Image) -> None:
    session.forget(image)


@procedure("gimp-image-duplicate")
def duplicated(session: Session, image: Image) -> Image:
    return duplicate(image)


@procedure("gimp-image-list")
def listed(session: Session) -> tuple[int, list[int]]:
    ids = [image.id for image in session.images()]
    return len(ids), ids


@procedure("gimp-image-width")
def width_of(session: Session, image: Image) -> int:
    return image.width


@procedure("gimp-image-height")
def height_of(session: Session, image: Image) -> int:
    return image.height


@procedure("gimp-image-base-type")
def base_type_of(session: Session, image: Image) -> int:
    return image.base_type


@procedure("gimp-image-get-precision")
def precision_of(session: Session, image: Image) -> int:
    return image.precision


@procedure("gimp-image-is-dirty")
def is_dirty(session: Session, image: Image) -> bool:
    return image.dirty


@procedure("gimp-image-clean-all")
def clean_all(session: Session, image: Image) -> None:
    image.dirty = False


@procedure("gimp-image-get-filename")
def filename_of(session: Session, image: Image) -> str | None:
    return image.filename


@procedure("gimp-image-set-filename")
def set_filename(session: Session, image: Image, filename: str) -> None:
    image.filename = filename


@procedure("gimp-image-get-name")
def name_of(session: Session, image: Image) -> str:
    return image.name


@procedure("gimp-image-get-uri")
def uri_of(session: Session, image: Image) -> str | None:
    return None if image.filename is None else "file://" + quote(image.filename)


@procedure("gimp-image-get-resolution")
def resolution_of(session: Session, image: Image) -> tuple[float, float]:
    return image.resolution


@procedure("gimp-image-set-resolution")
def set_resolution(session: Session, image: Image, x: float, y: float) -> None:
    image.undo.push()
    image.resolution = (x, y)


@procedure("gimp-image-get-unit")
def unit_of(session: Session, image: Image) -> int:
    return image.unit


@procedure("gimp-image-set-unit")
def set_unit(session: Session, image: Image, unit: int) -> None:
    image.undo.push()
    image.unit = unit


# ----- size


@procedure("gimp-image-scale")
def scale(session: Session, image: Image, width: int, height: int) -> None:
    """Scale canvas and items: both edges of each are scaled and rounded, its size is what lies between."""
    image.undo.push()
    across, down = width / image.width, height / image.height
    image.width, image.height = width, height
    interpolation = session.context.interpolation
    plain = [one for one in image.all_layers() if not isinstance(one, Group)]
    masks = set_aside_masks(list(image.all_layers()))
    for one in [*plain, *image.channels]:
        left, top = half_up(one.x * across), half_up(one.y * down)
        right = half_up((one.x + one.width) * across)
        bottom = half_up((one.y + one.height) * down)
        resized_to(one, max(1, right - left), max(1, bottom - top), interpolation)
        one.x, one.y = left, top
    resized_to(image.selection, width, height, interpolation)
    image.guides = {
        number: (way, int(place * (down if way == 0 else across)))
        for number, (way, place) in image.guides.items()
    }
    image.refit_groups()
    put_back_masks(masks, interpolation)


def set_aside_masks(layers: Iterable[Layer]) -> list[tuple[Group, Mask]]:
    """Take the masks off groups that are about to be scaled, where they would be cut instead."""
    found = [(one, one.mask) for one in layers if isinstance(one, Group) and one.mask is not None]
    for group, _ in found:
        group.mask = None
    return found


def put_back_masks(masks: list[tuple[Group, Mask]], interpolation: int) -> None:
    """Give groups their masks again, scaled to what the groups are now."""
    for group, mask in masks:
        mask.scale(group.width, group.height, interpolation)
        group.mask = mask


def resized_to(one: Drawable, width: int, height: int, interpolation: int) -> None:
    """Scale a drawable and its mask."""
    one.scale(width, height, interpolation)
    if isinstance(one, Layer) and one.mask is not None:
        one.mask.scale(width, height, interpolation)


@procedure("gimp-image-resize")
def resize(session: Session, image: Image, width: int, height: int, x: int, y: int) -> None:
    image.undo.push()
    image.width, image.height = width, height
    _moved(image, x, y)
    for one in [*image.channels, image.selection]:
        one.resize(width, height, x, y, fill=one.pixels.dtype.type(0))
    image.guides = {
        number: (way, place + (y if way == 0 else x)) for number, (way, place) in image.guides.items()
    }


def _moved(image: Image, x: int, y: int) -> None:
    for layer in image.all_layers():
        layer.x += x
        layer.y += y


@procedure("gimp-image-resize-to-layers")
def resize_to_layers(session: Session, image: Image) -> None:
    layers = list(image.all_layers())
    if not layers:
        return
    left, top = min(one.x for one in layers), min(one.y for one in layers)
    right, bottom = max(one.x + one.width for one in layers), max(one.y + one.height for one in layers)
    resize(session, image, right - left, bottom - top, -left, -top)


@procedure("gimp-image-crop")
def crop(session: Session, image: Image, width: int, height: int, x: int, y: int) -> None:
    if x < 0 or y < 0 or x + width > image.width or y + height > image.height:
        raise Failure("execution error")
    image.undo.push()
    image.width, image.height = width, height
    _moved(image, -x, -y)
    for one in list(image.all_layers()):
        if isinstance(one, Group):
            continue
        left, top = max(one.x, 0), max(one.y, 0)
        right, bottom = min(one.x + one.width, width), min(one.y + one.height, height)
        if right <= left or bottom <= top:
            one.siblings.remove(one)
            one.removed, one.attached = True, False
            continue
        for part in (one, one.mask) if one.mask is not None else (one,):
            assert part is not None
            part.resize(right - left, bottom - top, one.x - left, one.y - top, fill=part.pixels.dtype.type(0))
        one.x, one.y = left, top
    for channel in [*image.channels, image.selection]:
        channel.resize(width, height, -x, -y, fill=channel.pixels.dtype.type(0))
    image.refit_groups()


# ----- undo


@procedure("gimp-image-undo-group-start")
def undo_group_start(session: Session, image: Image) -> None:
    image.undo.start_group()


@procedure("gimp-image-undo-group-end")
def undo_group_end(session: Session, image: Image) -> None:
    if not image.undo.end_group():
        raise Failure("execution error")


@procedure("gimp-image-undo-disable")
def undo_disable(session: Session, image: Image) -> bool:
    image.undo.disable()
    return True


@procedure("gimp-image-undo-enable", "gimp-image-undo-thaw")
def undo_enable(session: Session, image: Image) -> bool:
    image.undo.thaw()
    return True


@procedure("gimp-image-undo-freeze")
def undo_freeze(session: Session, image: Image) -> bool:
    image.undo.freeze()
    return True


@procedure("gimp-image-undo-is-enabled")
def undo_is_enabled(session: Session, image: Image) -> bool:
    return image.undo.enabled


# ----- guides and palette


@procedure("gimp-image-add-hguide")
def add_hguide(session: Session, image: Image, position: int) -> int:
    return _guide(session, image, 0, position)


@procedure("gimp-image-add-vguide")
def add_vguide(session: Session, image: Image, position: int) -> int:
    return _guide(session, image, 1, position)


def _guide(session: Session, image: Image, way: int, position: int) -> int:
    if not 0 <= position <= (image.height if way == 0 else image.width):
        raise Failure("execution error")
    image.undo.push()
    number = session.next_number()
    image.guides[number] = (way, position)
    return number


@procedure("gimp-image-delete-guide")
def delete_guide(session: Session, image: Image, guide: int) -> None:
    if guide not in image.guides:
        raise Failure("execution error")
    image.undo.push()
    image.guides = {number: value for number, value in image.guides.items() if number != guide}


@procedure("gimp-image-find-next-guide")
def find_next_guide(session: Session, image: Image, guide: int) -> int:
    # the newest comes first
    numbers = sorted(image.guides, reverse=True)
    if guide == 0:
        return numbers[0] if numbers else 0
    if guide not in numbers:
        raise Failure("execution error")
    return (numbers[numbers.index(guide) + 1 :] or [0])[0]


@procedure("gimp-image-get-guide-orientation")
def guide_orientation(session: Session, image: Image, guide: int) -> int:
    return image.guides[guide][0]


@procedure("gimp-image-get-guide-position")
def guide_position(session: Session, image: Image, guide: int) -> int:
    return image.guides[guide][1]


@procedure("gimp-image-get-colormap")
def colormap_of(session: Session, image: Image) -> tuple[int, Iterable[int]]:
    return len(image.colormap), image.colormap


@procedure("gimp-image-set-colormap")
def set_colormap(session: Session, image: Image, count: int, colors: tuple[int, ...]) -> None:
    image.undo.push()
    image.colormap = bytes(value % 256 for value in colors[:count])


def of_kind(image: Image, kind: type[Item]) -> list[Any]:
    """Return the image's items of a kind, without masks and the selection."""
    found = [*image.all_layers(), *image.channels]
    return [one for one in found if isinstance(one, kind) and not isinstance(one, (Mask, Selection))]


@procedure("gimp-image-get-layer-by-tattoo")
def layer_by_tattoo(session: Session, image: Image, tattoo: int) -> Layer | None:
    return next((one for one in image.all_layers() if one.tattoo == tattoo), None)


@procedure("gimp-image-get-channel-by-tattoo")
def channel_by_tattoo(session: Session, image: Image, tattoo: int) -> Channel | None:
    return next((one for one in image.channels if one.tattoo == tattoo), None)


@procedure("gimp-image-get-layer-by-name")
def layer_by_name(session: Session, image: Image, name: str) -> Layer | None:
    return next((one for one in image.all_layers() if one.name == name), None)
