"""Procedures that load and save: PNG and JPEG for real, XCF in a format of the stubs' own."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import formats, icc, pngfile
from ..copying import copied_layer
from ..model import Channel, Drawable, Failure, Group, Image, Layer, Mask, Vectors
from ..pdb import procedure

if TYPE_CHECKING:
    from ..session import Session

_XCF = b"gimp xcf stub\0"
PERSISTENT = 1


@procedure("gimp-file-load", "file-png-load", "gimp-xcf-load")
def load(session: Session, run_mode: int, filename: str, raw_filename: str) -> Image:
    try:
        data = Path(filename).read_bytes()
    except OSError as problem:
        raise Failure(f"Could not open '{filename}' for reading: {problem.strerror}") from None
    if data.startswith(_XCF):
        image = _image_from(session, pickle.loads(data[len(_XCF) :]))
    else:
        image = _from_picture(session, filename)
    image.filename, image.dirty = filename, True
    return image


def _from_picture(session: Session, filename: str) -> Image:
    try:
        picture = pngfile.read(filename)
    except pngfile.BadPicture:
        picture = _from_pillow(filename)
    height, width, channels = picture.pixels.shape
    base = formats.INDEXED if picture.palette else formats.GRAY if channels <= 2 else formats.RGB
    precision = 250 if picture.pixels.dtype == np.uint16 else formats.U8_GAMMA
    image = Image(session, width, height, base, precision)
    image.colormap = picture.palette
    space = "GRAY" if base == formats.GRAY else "RGB "
    image.profile = b"" if picture.profile == icc.built_in(space) else picture.profile
    kind = base * 2 + (1 if channels in (2, 4) else 0)
    layer = Layer(image, "Background", np.array(picture.pixels), kind)
    layer.attached = True
    image.layers, image.active_layer = [layer], layer
    return image


def _from_pillow(filename: str) -> pngfile.Picture:
    try:
        from PIL import Image as Pictures

        with Pictures.open(filename) as opened:
            mode = "RGBA" if "A" in opened.getbands() else "L" if opened.mode == "L" else "RGB"
            pixels = np.asarray(opened.convert(mode))
            profile = opened.info.get("icc_profile") or b""
    except (ImportError, OSError) as problem:
        raise Failure(f"Opening '{filename}' failed: {problem}") from None
    return pngfile.Picture(pixels.reshape(*pixels.shape[:2], -1), b"", profile)


@procedure("gimp-file-load-layer")
def load_layer(session: Session, run_mode: int, image: Image, filename: str) -> Layer:
    loaded = load(session, run_mode, filename, filename)
    layer = copied_layer(loaded.layers[0], image, filename.rsplit("/", 1)[-1])
    if not layer.alpha:
        top = np.full((layer.height, layer.width, 1), image.format.top, dtype=layer.pixels.dtype)
        layer.pixels = np.concatenate([layer.pixels, top], axis=2)
        layer.type += 1
    session.forget(loaded)
    return layer


@procedure("file-png-save", "file-png-save2", "file-png-save-defaults")
def save_png(
    session: Session, run_mode: int, image: Image, drawable: Drawable, filename: str, *more: Any
) -> None:
    pixels = drawable.pixels
    if pixels.dtype not in (np.uint8, np.uint16):
        values = drawable.values()
        if image.format.linear:
            colors = slice(None, -1) if drawable.alpha else slice(None)
            values[:, :, colors] = formats.linear_to_srgb(values[:, :, colors])
        pixels = formats.from_unit(values, formats.PRECISIONS[250])
    palette = image.colormap if image.base_type == formats.INDEXED else b""
    try:
        pngfile.write(filename, pngfile.Picture(np.ascontiguousarray(pixels), palette, image.profile))
    except OSError as problem:
        raise Failure(f"Could not open '{filename}' for writing: {problem.strerror}") from None


@procedure("file-jpeg-save")
def save_jpeg(
    session: Session,
    run_mode: int,
    image: Image,
    drawable: Drawable,
    filename: str,
    raw: str,
    quality: float,
    smoothing: float,
    optimize: int,
    progressive: int,
    comment: str,
    subsmp: int,
    *more: Any,
) -> None:
    try:
        from PIL import Image as Pictures
    except ImportError:
        raise NotImplementedError("the gimpfu stubs save JPEG with Pillow, which is not installed") from None
    values = formats.from_unit(drawable.values(), formats.PRECISIONS[formats.U8_GAMMA])
    colors = np.ascontiguousarray(values[:, :, :-1] if drawable.alpha else values)
    picture = Pictures.fromarray(colors.squeeze())
    options = {"optimize": bool(optimize), "progressive": bool(progressive), "comment": comment.encode()}
    # GIMP's numbers: 4:2:0, 4:2:2, 4:4:4, and 4:4:0, which Pillow does not know
    subsampling = {0: "4:2:0", 1: "4:2:2", 2: "4:4:4"}.get(subsmp, "4:2:0")
    try:
        picture.save(filename, "JPEG", quality=round(quality * 100), subsampling=subsampling, **options)
    except OSError as problem:
        raise Failure(f"Could not open '{filename}' for writing: {problem.strerror}") from None


@procedure("gimp-file-save", "gimp-xcf-save")
def save(session: Session, run_mode: int, image: Image, drawable: Drawable, filename: str, raw: str) -> None:
    if filename.lower().endswith(".png"):
        save_png(session, run_mode, image, drawable, filename)
        return
    if not filename.lower().endswith(".xcf"):
        raise NotImplementedError(f"the gimpfu stubs save PNG and XCF only, not {filename}")
    try:
        Path(filename).write_bytes(_XCF + pickle.dumps(_image_to(image)))
    except OSError as problem:
        raise Failure(f"Could not open '{filename}' for writing: {problem.strerror}") from None
    image.filename, image.dirty = filename, False


_IMAGE = ("width", "height", "base_type", "precision", "colormap", "resolution", "unit", "guides")
_ITEM = ("name", "visible", "linked", "lock_content", "lock_position", "color_tag", "tattoo")
_LAYER = (
    "x", "y", "type", "pixels", "opacity", "mode", "blend_space", "composite_space", "composite_mode",
    "lock_alpha", "apply_mask", "edit_mask", "show_mask",
)  # fmt: skip


def _lasting(parasites: dict[str, tuple[int, bytes]]) -> dict[str, tuple[int, bytes]]:
    return {name: value for name, value in parasites.items() if value[0] & PERSISTENT}


def _image_to(image: Image) -> dict[str, Any]:
    active = list(image.all_layers()).index(image.active_layer) if image.active_layer else None
    return {
        **{name: getattr(image, name) for name in _IMAGE},
        "parasites": _lasting(image.parasites),
        "selection": image.selection.pixels,
        "layers": [_layer_to(layer) for layer in image.layers],
        "channels": [
            {**_item_to(one), "pixels": one.pixels, "opacity": one.opacity, "color": one.color}
            for one in image.channels
        ],
        "vectors": [_item_to(one) for one in image.vectors],
        "active": active,
    }


def _item_to(item: Any) -> dict[str, Any]:
    return {**{name: getattr(item, name) for name in _ITEM}, "parasites": _lasting(item.parasites)}


def _layer_to(layer: Layer) -> dict[str, Any]:
    return {
        **_item_to(layer),
        **{name: getattr(layer, name) for name in _LAYER},
        "mask": None if layer.mask is None else layer.mask.pixels,
        "children": [_layer_to(child) for child in layer.children] if isinstance(layer, Group) else None,
    }


def _image_from(session: Session, data: dict[str, Any]) -> Image:
    image = Image(session, data["width"], data["height"], data["base_type"], data["precision"])
    for name in (*_IMAGE, "parasites"):
        setattr(image, name, data[name])
    image.selection.pixels = data["selection"]
    image.layers = [_layer_from(image, one, None) for one in data["layers"]]
    for one in data["channels"]:
        channel = Channel(image, one["name"], one["pixels"])
        vars(channel).update(one)
        channel.attached = True
        image.channels.append(channel)
    for one in data["vectors"]:
        path = Vectors(image, one["name"])
        vars(path).update(one)
        path.attached = True
        image.vectors.append(path)
    if data["active"] is not None:
        image.active_layer = list(image.all_layers())[data["active"]]
    return image


def _layer_from(image: Image, data: dict[str, Any], parent: Group | None) -> Layer:
    layer: Layer
    if data["children"] is None:
        layer = Layer(image, data["name"], data["pixels"], data["type"])
    else:
        layer = Group(image, data["name"])
        layer.children = [_layer_from(image, one, layer) for one in data["children"]]
    vars(layer).update({name: value for name, value in data.items() if name not in ("mask", "children")})
    if data["mask"] is not None:
        layer.mask = Mask(layer, data["mask"])
        layer.mask.attached = True
    layer.parent, layer.attached = parent, True
    return layer
