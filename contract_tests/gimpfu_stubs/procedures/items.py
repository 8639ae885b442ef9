"""Procedures every item has: kind, name, flags, locks, parasites, tattoo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import Channel, Drawable, Failure, Group, Image, Item, Layer, Mask, Selection, Vectors
from ..pdb import procedure
from ..undo_probe import answer

if TYPE_CHECKING:
    from ..objects import Parasite
    from ..session import Session

UNDOABLE = 2


def _kind(name: str, test: Any) -> None:
    @procedure(name)
    def is_kind(session: Session, item: Item) -> bool:
        return bool(test(item))


_kind("gimp-item-is-layer", lambda item: isinstance(item, Layer))
_kind("gimp-item-is-channel", lambda item: isinstance(item, Channel))
_kind("gimp-item-is-drawable", lambda item: isinstance(item, Drawable))
_kind("gimp-item-is-group", lambda item: isinstance(item, Group))
_kind("gimp-item-is-layer-mask", lambda item: isinstance(item, Mask))
_kind("gimp-item-is-selection", lambda item: isinstance(item, Selection))
_kind("gimp-item-is-vectors", lambda item: isinstance(item, Vectors))
_kind("gimp-item-is-text-layer", lambda item: "gimp-text-layer" in item.parasites)
_kind("gimp-layer-is-floating-sel", lambda item: item.floating_on is not None)


@procedure("gimp-item-get-image")
def image_of(session: Session, item: Item) -> Image:
    return item.image


@procedure("gimp-item-get-parent")
def parent_of(session: Session, item: Item) -> Item | None:
    return item.parent


@procedure("gimp-item-get-children")
def children_of(session: Session, item: Item) -> tuple[int, list[int]]:
    if not isinstance(item, Group):
        raise Failure(f"Item '{item.name}' ({item.id}) cannot be used because it is not a group item")
    return len(item.children), [child.id for child in item.children]


@procedure("gimp-item-get-name")
def name_of(session: Session, item: Item) -> str:
    return item.name


@procedure("gimp-item-set-name")
def set_name(session: Session, item: Item, name: str) -> None:
    if name == item.name:
        return
    if item.attached:
        item.image.undo.push()
    item.name = item.image.unique_name(name, item) if item.attached else name
    if isinstance(item, Layer) and item.mask is not None:
        item.mask.name = item.name + " mask"


def _flag(part: str, attribute: str, kind: Any = bool) -> None:
    @procedure(f"gimp-item-get-{part}")
    def get(session: Session, item: Item) -> Any:
        return getattr(item, attribute)

    @procedure(f"gimp-item-set-{part}")
    def put(session: Session, item: Item, value: Any) -> None:
        if attribute == "lock_position" and isinstance(item, Group):
            raise Failure("execution error")
        if getattr(item, attribute) != kind(value):
            if item.attached:
                item.image.undo.push()
            setattr(item, attribute, kind(value))


_flag("visible", "visible")
_flag("linked", "linked")
_flag("lock-content", "lock_content")
_flag("lock-position", "lock_position")
_flag("color-tag", "color_tag", int)


@procedure("gimp-item-get-tattoo")
def tattoo_of(session: Session, item: Item) -> int:
    return item.tattoo


@procedure("gimp-item-set-tattoo")
def set_tattoo(session: Session, item: Item, tattoo: int) -> None:
    item.tattoo = tattoo


@procedure("gimp-item-delete")
def delete(session: Session, item: Item) -> None:
    if not item.attached:
        session.forget(item)


# ----- parasites; they arrive as (name, flags, data) from the objects


def attach(owner: Any, image: Image | None, parasite: Parasite) -> None:
    """Attach a parasite to an item, an image or (``image`` None) GIMP itself."""
    if image is not None and parasite.flags & UNDOABLE:
        image.undo.push()
    owner.parasites = {**owner.parasites, parasite.name: (parasite.flags, parasite.raw)}
    if isinstance(owner, Image):
        answer(owner, parasite.name)


def detach(owner: Any, image: Image | None, name: str) -> None:
    """Detach a parasite; nothing happens when there is none of that name."""
    if name in owner.parasites:
        if image is not None and owner.parasites[name][0] & UNDOABLE:
            image.undo.push()
        owner.parasites = {key: value for key, value in owner.parasites.items() if key != name}


@procedure("gimp-item-get-parasite-list")
def item_parasites(session: Session, item: Item) -> tuple[int, list[str]]:
    return len(item.parasites), list(item.parasites)


@procedure("gimp-image-get-parasite-list")
def image_parasites(session: Session, image: Image) -> tuple[int, list[str]]:
    return len(image.parasites), list(image.parasites)


def _found(owner: Any, name: str) -> Parasite:
    from ..objects import Parasite

    if name not in owner.parasites:
        raise Failure("execution error")
    return Parasite(name, *owner.parasites[name])


@procedure("gimp-item-get-parasite")
def item_parasite(session: Session, item: Item, name: str) -> Parasite:
    return _found(item, name)


@procedure("gimp-image-get-parasite")
def image_parasite(session: Session, image: Image, name: str) -> Parasite:
    return _found(image, name)


@procedure("gimp-item-detach-parasite")
def detach_item_parasite(session: Session, item: Item, name: str) -> None:
    detach(item, item.image, name)


@procedure("gimp-image-detach-parasite")
def detach_image_parasite(session: Session, image: Image, name: str) -> None:
    detach(image, image, name)
