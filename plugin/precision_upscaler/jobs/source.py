"""What may be sent: the checks of a source picture before anything is sent or paid."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.contract import limits
from precision_upscaler.errors import DiskFull, SourceFormat, SourceSize, SourceUnreadable
from precision_upscaler.imaging.base import NotAPicture, Picture, inspect, verify
from precision_upscaler.messages import said

if TYPE_CHECKING:
    import hashlib

_ROOM_BYTES_PER_PIXEL = 4
_ROOM_FLOOR = 16 << 20


def check_source(path: Path, request: UpscaleRequest, pixels: hashlib._Hash | None = None) -> Picture:
    """Return what ``path`` holds; refuse what the service would not take, before anything is sent.

    ``pixels`` is fed what tells these pixels from others, see :func:`.images.verify`.
    """
    picture = _whole_picture(path, pixels)
    if trouble := size_problem(picture.width, picture.height, request.scale_factor):
        raise SourceSize(
            trouble, width=picture.width, height=picture.height, scale_factor=request.scale_factor
        )
    return picture


def check_upload(path: Path, source: Picture) -> Picture:
    """Return what ``path`` holds; SourceUnreadable unless it is a whole picture of the source's size."""
    picture = _whole_picture(path)
    if (picture.width, picture.height) != (source.width, source.height):
        raise SourceUnreadable(
            said(
                "{name} is {width} x {height} pixels, and the picture it stands for {own_width} x "
                "{own_height}.",
                name=path.name,
                width=picture.width,
                height=picture.height,
                own_width=source.width,
                own_height=source.height,
            )
        )
    return picture


def _whole_picture(path: Path, pixels: hashlib._Hash | None = None) -> Picture:
    try:
        return verify(path, pixels)
    except NotAPicture as problem:
        raise _unusable(path, problem) from problem
    except OSError as error:
        raise SourceUnreadable(
            said("{name} cannot be read: {problem}.", name=path.name, problem=error.strerror)
        ) from error


def _unusable(path: Path, problem: NotAPicture) -> SourceFormat | SourceUnreadable:
    if path.stat().st_size == 0:
        return SourceUnreadable(said("{name} is empty.", name=path.name))
    try:
        inspect(path)
    except NotAPicture:
        return SourceFormat(said("{name} cannot be sent: {problem}.", name=path.name, problem=problem))
    return SourceUnreadable(said("{name} is damaged: {problem}.", name=path.name, problem=problem))


def size_problem(width: int, height: int, scale_factor: int) -> str | None:
    """Say what forbids enlarging ``width`` x ``height`` pixels ``scale_factor`` times, None if nothing."""
    refusal = limits.refusal(width, height, scale_factor)
    if refusal is None:
        return None
    values = refusal.values
    if refusal.code in ("empty", "too-small"):
        return said(
            "The picture is {width} x {height} pixels; the service takes at least {least} on each side.",
            width=width,
            height=height,
            least=values["minimum_side"],
        )
    if refusal.code == "aspect":
        return said(
            "The picture is {width} x {height} pixels; the service takes shapes from 1:{aspect} to "
            "{aspect}:1.",
            width=width,
            height=height,
            aspect=values["maximum_aspect"],
        )
    if refusal.code == "too-large":
        hint = said("the largest factor for this picture is {factor}", factor=values["factors"][-1])
    else:
        hint = said(
            "even with factor {factor} the longer side may have at most {pixels} pixels",
            factor=values["smallest_factor"],
            pixels=values["largest_input_side"],
        )
    return said(
        "The result would be {width} x {height} pixels; the service makes at most {most} on each side: "
        "{hint}.",
        width=width * scale_factor,
        height=height * scale_factor,
        most=values["maximum_output_side"],
        hint=hint,
    )


def check_room(folder: Path, picture: Picture, request: UpscaleRequest) -> None:
    """Refuse a job whose result would not fit on the disk of ``folder``, while that still costs nothing."""
    pixels = picture.width * picture.height * request.scale_factor**2
    need = picture.path.stat().st_size + _ROOM_BYTES_PER_PIXEL * pixels + _ROOM_FLOOR
    free = shutil.disk_usage(folder).free
    if free < need:
        raise DiskFull(
            said(
                "The disk with the data folder has {free} MiB free; this job may need {need} MiB.",
                free=free >> 20,
                need=need >> 20,
            ),
            free=free,
            needed=need,
        )
