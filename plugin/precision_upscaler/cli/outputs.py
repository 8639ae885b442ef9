"""Where each picture of a run goes: decided, priced and refused before anything is sent."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.contract.estimates import Estimate, estimate, text
from precision_upscaler.errors import InvalidParameter, SourceUnreadable, UpscaleError
from precision_upscaler.imaging.base import ImageFile
from precision_upscaler.jobs.delivery import bare, check_target, existing, existing_folder, remove_leftovers
from precision_upscaler.jobs.service import check_source

_IN_A_FOLDER = "{stem}-x{scale}"
_BYTES_PER_PIXEL = 4


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
        check_target(target, self._needed)
        return picture


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
        above = existing_folder(folder)
        remove_leftovers(above)
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        raise _impossible(folder, error.strerror) from error


_ELSEWHERE = "Name another output."
