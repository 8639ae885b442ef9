"""Write a result to the user's target: named by its format, whole or not at all, over no file unasked.

A result's format is known only when it has arrived, so a target is compared by its name without ending.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterable
from pathlib import Path

from precision_upscaler.errors import InvalidParameter, OutputFailed
from precision_upscaler.imaging.base import EXTENSIONS, Chunk, ImageFile, file_blocks
from precision_upscaler.imaging.metadata import embed
from precision_upscaler.messages import said
from precision_upscaler.storage.files import rename, sync
from precision_upscaler.storage.journal import Job

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


def check_target(target: Path) -> None:
    """Try what :func:`deliver` will do, before anything is paid; InvalidParameter says what is impossible.

    In a folder that exists, a file is made and given the target's longest possible name; it is removed
    again. What exists under that name is left alone.
    """
    if not target.parent.is_dir():
        return
    # the service may send another format than the name says
    longest = target.with_name(bare(target).name + ".webp")
    temporary = _temporary(target)
    try:
        with contextlib.ExitStack() as stack:
            temporary.touch()
            stack.callback(temporary.unlink, missing_ok=True)
            if not longest.exists():
                rename(temporary, longest)
                stack.callback(longest.unlink, missing_ok=True)
    except (OSError, ValueError) as error:
        problem = error.strerror if isinstance(error, OSError) else error
        raise InvalidParameter(
            said("{target} cannot be written: {problem}.", target=target, problem=problem),
            parameter="output",
            advice="Name another output.",
        ) from error


def _temporary(target: Path) -> Path:
    # shorter than any name that is too long, and no other thread's
    return target.with_name(f".{secrets.token_hex(6)}.tmp")


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
    temporary = _temporary(target)
    picture = ImageFile(result.path, result.format, result.width, result.height)
    try:
        pieces = embed(picture, list(carried)) or [(0, result.path.stat().st_size)]
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            for block in file_blocks(result.path, pieces):
                stream.write(block)
            stream.flush()
            sync(stream.fileno())
        with _naming:
            if not overwrite and (present := existing(target)) is not None:
                raise _failed(job, result, said("{present} exists.", present=present))
            rename(temporary, target)
    except OSError as error:
        what = said("{target} cannot be written: {problem}.", target=target, problem=error.strerror)
        raise _failed(job, result, what) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return target


def _failed(job: Job, result: Result, what: str) -> OutputFailed:
    # by its id: a result that was reused, or that a simultaneous run has delivered, is not listed
    advice = said(
        "The result is kept: 'precision-upscale resume {job} -o OUTPUT' writes it to another output, or over "
        "a file that exists with --overwrite. Nothing is charged again.",
        job=job.job_id,
    )
    charged = job.state.charged if job.state.undelivered else result.charged
    error = OutputFailed(what, charged=charged, advice=advice)
    error.job_id = job.job_id
    return error
