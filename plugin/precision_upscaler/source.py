"""What may be sent: the checks of a source picture before anything is sent or paid."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from .contract import LIMITS, parameter
from .errors import DiskFull, SourceFormat, SourceSize, SourceUnreadable
from .images import NotAPicture, Picture, inspect, verify
from .request import UpscaleRequest

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
            f"{path.name} is {picture.width} x {picture.height} pixels, and the picture it stands for "
            f"{source.width} x {source.height}."
        )
    return picture


def _whole_picture(path: Path, pixels: hashlib._Hash | None = None) -> Picture:
    try:
        return verify(path, pixels)
    except NotAPicture as problem:
        raise _unusable(path, problem) from problem
    except OSError as error:
        raise SourceUnreadable(f"{path.name} cannot be read: {error.strerror}.") from error


def _unusable(path: Path, problem: NotAPicture) -> SourceFormat | SourceUnreadable:
    if path.stat().st_size == 0:
        return SourceUnreadable(f"{path.name} is empty.")
    try:
        inspect(path)
    except NotAPicture:
        return SourceFormat(f"{path.name} cannot be sent: {problem}.")
    return SourceUnreadable(f"{path.name} is damaged: {problem}.")


def size_problem(width: int, height: int, scale_factor: int) -> str | None:
    """Say what forbids enlarging ``width`` x ``height`` pixels ``scale_factor`` times, None if nothing."""
    least, most, aspect = (
        LIMITS["minimum_input_side"],
        LIMITS["maximum_output_side"],
        LIMITS["maximum_aspect"],
    )
    size = f"The picture is {width} x {height} pixels"
    if min(width, height) < least:
        return f"{size}; the service takes at least {least} on each side."
    if max(width, height) > aspect * min(width, height):
        return f"{size}; the service takes shapes from 1:{aspect} to {aspect}:1."
    if max(width, height) * scale_factor <= most:
        return None
    smallest = parameter("scale_factor").minimum
    fits = most // max(width, height)
    hint = (
        f"the largest factor for this picture is {fits}"
        if fits >= smallest
        else f"even with factor {smallest} the longer side may have at most {most // smallest} pixels"
    )
    return (
        f"The result would be {width * scale_factor} x {height * scale_factor} pixels; the service makes "
        f"at most {most} on each side: {hint}."
    )


def check_room(folder: Path, picture: Picture, request: UpscaleRequest) -> None:
    """Refuse a job whose result would not fit on the disk of ``folder``, while that still costs nothing."""
    pixels = picture.width * picture.height * request.scale_factor**2
    need = picture.path.stat().st_size + _ROOM_BYTES_PER_PIXEL * pixels + _ROOM_FLOOR
    free = shutil.disk_usage(folder).free
    if free < need:
        raise DiskFull(
            f"The disk with the data folder has {free >> 20} MiB free; this job may need {need >> 20} MiB.",
            free=free,
            needed=need,
        )
