"""Write a result to the user's target: named by its format, whole or not at all, over no file unasked.

A result's format is known only when it has arrived, so a target is compared by its name without ending.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path

from precision_upscaler.errors import DiskFull, InvalidParameter, OutputFailed
from precision_upscaler.imaging.base import EXTENSIONS, Chunk, ImageFile, file_blocks
from precision_upscaler.imaging.metadata import embed
from precision_upscaler.messages import translatable
from precision_upscaler.storage.files import FileLock, rename, sync
from precision_upscaler.storage.journal import Job

from .context import Result

_ENDINGS = (".png", ".jpg", ".jpeg", ".jpe", ".webp")
_OF_JPEG = (".jpg", ".jpeg", ".jpe")
_LONGEST_ENDING = ".webp"
_TEMPORARY = ".precision-upscale-"
_ELSEWHERE = "Name another output."
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


def check_target(target: Path, needed: int = 0) -> None:
    """Try what :func:`deliver` will do, before anything is paid; what is impossible is an error.

    A file with a name as long as the target's longest is made, renamed and removed again, and ``needed``
    bytes must be free. Raises InvalidParameter or DiskFull.
    """
    folder = existing_folder(target.parent)
    stem = bare(target).name
    # another name of the same length: were the run killed here, the target would seem to be there already
    rehearsed = folder / ("~" * len(os.fsencode(stem[:1])) + stem[1:] + _LONGEST_ENDING)
    temporary = _temporary(folder)
    try:
        with FileLock(temporary):
            pass
        rename(temporary, rehearsed)
        rehearsed.unlink()
        free = shutil.disk_usage(folder).free
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError, ValueError):
            temporary.unlink()
        problem = error.strerror if isinstance(error, OSError) else error
        raise InvalidParameter(
            translatable("{target} cannot be written: {problem}.", target=target, problem=problem),
            parameter="output",
            advice=_ELSEWHERE,
        ) from error
    if free < needed:
        raise DiskFull(
            translatable(
                "The disk of {target} has {free} MiB free; the results may need {need} MiB.",
                target=target,
                free=free >> 20,
                need=needed >> 20,
            )
        )


def existing_folder(folder: Path) -> Path:
    """Return ``folder``, or the nearest folder above it that exists; InvalidParameter when that is a file."""
    above = folder.absolute()
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        what = translatable("{path} is a file, not a folder.", path=above)
        raise InvalidParameter(what, parameter="output", advice=_ELSEWHERE)
    return above


def _temporary(folder: Path) -> Path:
    """Return a new name for a file that becomes a result, short whatever the result's name."""
    return folder / f"{_TEMPORARY}{secrets.token_hex(6)}.tmp"


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that killed runs have left in ``folder``: nobody holds their lock."""
    for path in folder.glob(f"{_TEMPORARY}*.tmp"):
        lock = FileLock(path)
        with contextlib.suppress(OSError):
            if lock.acquire(wait=False):
                lock.release()
                path.unlink()


def deliver(job: Job, result: Result, target: Path, carried: Iterable[Chunk], *, overwrite: bool) -> Path:
    """Write a job's result as :func:`write` does, and note that the user has it."""
    target = write(job, result, target, carried, overwrite=overwrite)
    job.deliver()
    return target


def write(job: Job, result: Result, target: Path, carried: Iterable[Chunk], *, overwrite: bool) -> Path:
    """Write a job's result to ``target`` and return the file's path, which has the result's ending.

    What the source ``carried`` is embedded. OutputFailed when the target exists or cannot be written; it
    says what the job cost, and names the command that writes the kept result elsewhere.
    """
    target = named_for(target, result)
    temporary = _temporary(target.parent)
    picture = ImageFile(result.path, result.format, result.width, result.height)
    try:
        pieces = embed(picture, list(carried)) or [(0, result.path.stat().st_size)]
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()  # first, because a lock's file is the owner's alone, and a result is not
        with FileLock(temporary), temporary.open("r+b") as stream:
            for block in file_blocks(result.path, pieces):
                stream.write(block)
            stream.flush()
            sync(stream.fileno())
        with _naming:
            if not overwrite and (present := existing(target)) is not None:
                raise _failed(job, result, translatable("{present} exists.", present=present))
            rename(temporary, target)
    except OSError as error:
        what = translatable("{target} cannot be written: {problem}.", target=target, problem=error.strerror)
        raise _failed(job, result, what) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return target


def _failed(job: Job, result: Result, what: str) -> OutputFailed:
    # by its id: a result that was reused, or that a simultaneous run has delivered, is not listed
    advice = translatable(
        "The result is kept: 'precision-upscale resume {job} -o OUTPUT' writes it to another output, or over "
        "a file that exists with --overwrite. Nothing is charged again.",
        job=job.job_id,
    )
    charged = job.state.charged if job.state.undelivered else result.charged
    error = OutputFailed(what, charged=charged, advice=advice)
    error.job_id = job.job_id
    return error
