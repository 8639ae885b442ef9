"""Where each picture of a run goes: decided, priced and refused before anything is sent, written at the end.

A result's format is known only once it is here, so a target is claimed by its name without ending.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.contract.estimates import Estimate, estimate, text
from precision_upscaler.errors import DiskFull, InvalidParameter, OutputFailed, SourceUnreadable, UpscaleError
from precision_upscaler.imaging.base import EXTENSIONS, Chunk, ImageFile, file_blocks
from precision_upscaler.imaging.metadata import embed
from precision_upscaler.jobs.context import Result
from precision_upscaler.jobs.service import check_source
from precision_upscaler.protocol import Charged
from precision_upscaler.storage.files import FileLock, rename, sync

_IN_A_FOLDER = "{stem}-x{scale}"
_ENDINGS = (".png", ".jpg", ".jpeg", ".jpe", ".webp")
_OF_JPEG = (".jpg", ".jpeg", ".jpe")
_LONGEST_ENDING = ".webp"
_TEMPORARY = ".precision-upscale-"
_BYTES_PER_PIXEL = 4
_numbers = itertools.count()
_naming = threading.Lock()


@dataclass(frozen=True)
class Planned:
    """One picture of a run: where it comes from and goes to, what it will cost, or what forbids it.

    ``present`` is a result that is there already, so that there is nothing to do; ``changed`` says what is
    different since it was made.
    """

    source: Path
    target: Path
    request: UpscaleRequest
    picture: ImageFile | None
    problem: UpscaleError | None
    present: Path | None = None
    changed: str = ""
    prices: Mapping[str, Any] | None = None

    @property
    def price(self) -> Estimate | None:
        """The estimated price, None where nothing will be sent."""
        if self.picture is None or self.problem is not None or self.present is not None:
            return None
        table = None if self.prices is None else dict(self.prices)
        return estimate(self.picture.width, self.picture.height, self.request.scale_factor, table)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a JSON object."""
        value: dict[str, Any] = {"source": shown(self.source), "target": shown(self.target)}
        if self.problem is not None:
            return {**value, "problem": self.problem.what}
        if self.present is not None:
            return {**value, "target": shown(self.present), "present": True, "changed": self.changed}
        price, picture = self.price, self.picture
        assert price is not None
        assert picture is not None
        scale = self.request.scale_factor
        return {
            **value,
            "width": picture.width * scale,
            "height": picture.height * scale,
            "price_estimate": price.amount,
            "currency": price.currency,
            "prices_of": price.dated,
        }

    def line(self) -> str:
        """Return the plan as a line for people."""
        if self.problem is not None:
            return f"{shown(self.source)}: {shown(self.problem.what)}"
        if self.present is not None:
            return f"{shown(self.source)}: {present_line(self.present, self.changed)}"
        price, picture = self.price, self.picture
        assert price is not None
        assert picture is not None
        scale = self.request.scale_factor
        return (
            f"{shown(self.source)}: {picture.width} x {picture.height} -> "
            f"{picture.width * scale} x {picture.height * scale} "
            f"({price.megapixels:.1f} megapixels), {text(price)} -> {shown(self.target)}"
        )


def plan(
    pictures: Sequence[str],
    output: str | None,
    request: UpscaleRequest,
    *,
    overwrite: bool,
    prices: Mapping[str, Any] | None = None,
    made_with: Callable[[Path], Mapping[str, Any] | None] = lambda _source: None,
) -> list[Planned]:
    """Decide where each picture goes; InvalidParameter when the arguments make no sense together.

    Two paths without ``output`` are IN and OUT; otherwise ``output`` is a file for one picture and a
    folder for many, or where it is one, or ends as one. In a folder the result is called like its
    source, with the factor added, and one that is there already is not made again: a run that broke
    off goes on when it is started once more. ``made_with`` returns the parameters of the last job of a
    source, None when they are not known.
    """
    names = list(pictures)
    if output is None:
        if len(names) != 2:  # noqa: PLR2004 - IN and OUT
            raise InvalidParameter(
                "Give IN and OUT, or several pictures and a folder with -o.", parameter="output"
            )
        output = names.pop()
    folder = len(names) > 1 or is_folder(output)
    place = Path(output) if folder else Path(output).parent
    check_place(place)
    planner = _Planner(request, overwrite=overwrite, folder=folder)
    planned = []
    for source in map(Path, names):
        stem = _IN_A_FOLDER.format(stem=source.stem, scale=request.scale_factor)
        target = place / f"{stem}.png" if folder else Path(output)
        picture, present, problem, changed = None, None, None, ""
        try:
            present = planner.present(target)
            if present is None:
                picture = planner.check(source, target)
            else:
                changed = what_changed(source, present, request, made_with(source))
            planner.taken.add(bare(target))
        except UpscaleError as error:
            present, problem = None, error
        planned.append(Planned(source, target, request, picture, problem, present, changed, prices))
    return planned


class _Planner:
    """What is known of one run's targets while it is planned."""

    def __init__(self, request: UpscaleRequest, *, overwrite: bool, folder: bool) -> None:
        self.taken: set[Path] = set()
        self._request = request
        self._overwrite = overwrite
        self._folder = folder
        self._needed = 0

    def present(self, target: Path) -> Path | None:
        """Return the result that is there already and is skipped; InvalidParameter where that is an error."""
        try:
            found = existing(target)
        except OSError as error:
            raise _impossible(target, error.strerror) from error
        if found is not None and not found.is_file():
            raise _impossible(target, "it is no file", found)
        if found is not None and not self._folder and not self._overwrite:
            raise InvalidParameter(
                f"{shown(found)} exists.", parameter="output", advice="Give --overwrite, or another output."
            )
        return None if self._overwrite else found

    def check(self, source: Path, target: Path) -> ImageFile:
        """Return what ``source`` is; an error when it cannot be sent or its result not be written."""
        if source.exists() and not source.is_file():
            raise SourceUnreadable(f"{shown(source.name)} is no file.")
        picture = check_source(source, self._request)
        if bare(target) in self.taken:
            raise InvalidParameter(f"Two pictures would be written to {shown(target)}.", parameter="output")
        pixels = picture.width * picture.height * self._request.scale_factor**2
        self._needed += _BYTES_PER_PIXEL * pixels
        try_target(target, self._needed)
        return picture


def try_target(target: Path, needed: int) -> None:
    """Refuse a target that a result of ``needed`` bytes could not be written to; that costs nothing yet.

    A file of the longest name that the result may get is made, renamed and removed.
    """
    folder = _existing_folder(target.parent)
    stem = bare(target).name
    # another name of the same length: the target itself must never be there empty
    rehearsed = folder / ("~" * len(os.fsencode(stem[:1])) + stem[1:] + _LONGEST_ENDING)
    temporary = _temporary(folder)
    try:
        with _locked(temporary):
            temporary.replace(rehearsed)
        rehearsed.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise _impossible(target, error.strerror) from error
    if free < needed:
        raise DiskFull(
            f"The disk of {shown(target)} has {free >> 20} MiB free; the results may need {needed >> 20} MiB."
        )


def _impossible(target: Path, problem: str | None, place: Path | None = None) -> InvalidParameter:
    return InvalidParameter(
        f"{shown(place or target)} cannot be written to: {problem}.", parameter="output", advice=_ELSEWHERE
    )


def what_changed(
    source: Path, present: Path, request: UpscaleRequest, made_with: Mapping[str, Any] | None
) -> str:
    """Return what is different since ``present`` was made from ``source``: "source", "options" or ""."""
    with contextlib.suppress(OSError):
        if source.stat().st_mtime > present.stat().st_mtime:
            return "source"
    return "options" if made_with is not None and dict(made_with) != dict(request.parameters) else ""


def present_line(present: Path, changed: str) -> str:
    """Return the line about a result that is there already."""
    what = {"source": "the picture has changed since", "options": "it was made with other options"}
    note = f" ({what[changed]}; --overwrite makes it again)" if changed else ""
    return f"{shown(present)}: already there, skipped{note}"


def shown(path: object) -> str:
    """Return a path as text that can always be printed and stored: bytes that are no UTF-8 are escaped."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_folder(output: str) -> bool:
    """Return whether ``output`` is a folder, or is written as one."""
    separators = tuple(filter(None, (os.sep, os.altsep)))
    with contextlib.suppress(OSError):  # a name that is too long
        return output.endswith(separators) or Path(output).is_dir()
    return False


def check_place(folder: Path) -> None:
    """Refuse a folder that results could not be written to, while that still costs nothing."""
    try:
        above = _existing_folder(folder)
        remove_leftovers(above)
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        raise _impossible(folder, error.strerror) from error


_ELSEWHERE = "Name another output."


def _existing_folder(folder: Path) -> Path:
    """Return ``folder``, or the nearest folder above it that exists."""
    above = folder.absolute()
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise InvalidParameter(
            f"{shown(above)} is a file, not a folder.", parameter="output", advice=_ELSEWHERE
        )
    return above


def _temporary(folder: Path) -> Path:
    """Return a new name for a file in ``folder`` that becomes a result, short whatever the result's name."""
    return folder / f"{_TEMPORARY}{os.getpid()}-{next(_numbers)}.tmp"


@contextlib.contextmanager
def _locked(temporary: Path) -> Iterator[None]:
    """Hold a lock on a temporary file, so that another run does not take it for left over."""
    with FileLock(temporary):
        yield


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that killed runs have left in ``folder``: nobody holds their lock."""
    for path in folder.glob(f"{_TEMPORARY}*.tmp"):
        lock = FileLock(path)
        with contextlib.suppress(OSError):
            if lock.acquire(wait=False):
                lock.release()
                path.unlink()


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
    result: Result, target: Path, carried: Iterable[Chunk], *, overwrite: bool, charged: Charged
) -> Path:
    """Write a result to ``target``, whole or not at all, and return where it went.

    What the source ``carried`` is put in. ``charged`` is what a failure says: OutputFailed when the
    target exists or cannot be written.
    """
    target = named_for(target, result)
    temporary = _temporary(target.parent)
    picture = ImageFile(result.path, result.format, result.width, result.height)
    try:
        pieces = embed(picture, list(carried)) or [(0, result.path.stat().st_size)]
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(temporary), temporary.open("r+b") as stream:
            for block in file_blocks(result.path, pieces):
                stream.write(block)
            stream.flush()
            sync(stream.fileno())
        with _naming:
            if not overwrite and (present := existing(target)) is not None:
                raise OutputFailed(f"{shown(present)} exists.", charged=charged)
            rename(temporary, target)
    except OSError as error:
        raise OutputFailed(
            f"{shown(target)} cannot be written: {error.strerror}.", charged=charged
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return target
