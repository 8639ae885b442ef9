"""Write a result to a file of the user, with the metadata of its source.

The result's format decides the file name's ending, so a target is claimed by its name without ending.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from precision_upscaler.errors import OutputFailed
from precision_upscaler.imaging.base import EXTENSIONS, Chunk, ImageFile, file_blocks
from precision_upscaler.imaging.metadata import embed
from precision_upscaler.protocol import Charged
from precision_upscaler.storage.files import rename, sync

from .context import Result

_ENDINGS = (".png", ".jpg", ".jpeg", ".jpe", ".webp")
_OF_JPEG = (".jpg", ".jpeg", ".jpe")
_naming = threading.Lock()


def bare(target: Path) -> Path:
    """Return a target without the ending that its result decides on."""
    return target.with_suffix("") if target.suffix.lower() in _ENDINGS else target


def existing(target: Path) -> Path | None:
    """Return the file that a result for ``target`` would replace or repeat, None without one."""
    name = bare(target).name
    candidates = [target, *(target.with_name(name + ending) for ending in _ENDINGS)]
    return next((path for path in candidates if path.exists()), None)


def named_for(target: Path, result: Result) -> Path:
    """Return ``target`` with the result's ending: a PNG is never left under a name that says JPEG."""
    wanted = EXTENSIONS[result.format]
    if target.suffix.lower() in (_OF_JPEG if result.format == "jpeg" else (wanted,)):
        return target
    return target.with_name(bare(target).name + wanted)


def deliver(
    result: Result, target: Path, metadata: Iterable[Chunk], *, overwrite: bool, charged: Charged
) -> Path:
    """Write a result to ``target``, whole or not at all, and return the file's path.

    ``metadata`` is embedded. ``charged`` is that of the failure: OutputFailed when the
    target exists or cannot be written.
    """
    target = named_for(target, result)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    picture = ImageFile(result.path, result.format, result.width, result.height)
    try:
        pieces = embed(picture, list(metadata)) or [(0, result.path.stat().st_size)]
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            for block in file_blocks(result.path, pieces):
                stream.write(block)
            stream.flush()
            sync(stream.fileno())
        with _naming:
            if not overwrite and (present := existing(target)) is not None:
                raise OutputFailed(f"{present} exists.", charged=charged)
            rename(temporary, target)
    except OSError as error:
        raise OutputFailed(f"{target} cannot be written: {error.strerror}.", charged=charged) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return target
