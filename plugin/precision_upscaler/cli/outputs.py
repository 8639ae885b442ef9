"""Where each picture of a run goes: decided, priced and refused before anything is sent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.contract.estimates import Estimate, estimate, text
from precision_upscaler.errors import InvalidParameter, UpscaleError
from precision_upscaler.imaging.base import ImageFile
from precision_upscaler.jobs.delivery import bare, check_target, existing
from precision_upscaler.jobs.service import check_source

_IN_A_FOLDER = "{stem}-x{scale}"


@dataclass(frozen=True)
class Planned:
    """One picture of a run: where it comes from and goes to, what it will cost, or what forbids it.

    ``present`` is a result that is there already, so that there is nothing to do.
    """

    source: Path
    target: Path
    request: UpscaleRequest
    picture: ImageFile | None
    problem: UpscaleError | None
    present: Path | None = None
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
        value: dict[str, Any] = {"source": str(self.source), "target": str(self.target)}
        if self.problem is not None:
            return {**value, "problem": self.problem.what}
        if self.present is not None:
            return {**value, "target": str(self.present), "present": True}
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
            return f"{self.source}: {self.problem.what}"
        if self.present is not None:
            return f"{self.source}: already there, skipped: {self.present}"
        price, picture = self.price, self.picture
        assert price is not None
        assert picture is not None
        scale = self.request.scale_factor
        return (
            f"{self.source}: {picture.width} x {picture.height} -> "
            f"{picture.width * scale} x {picture.height * scale} "
            f"({price.megapixels:.1f} megapixels), {text(price)} -> {self.target}"
        )


def plan(
    pictures: Sequence[str],
    output: str | None,
    request: UpscaleRequest,
    *,
    overwrite: bool,
    prices: Mapping[str, Any] | None = None,
) -> list[Planned]:
    """Decide where each picture goes; InvalidParameter when the arguments make no sense together.

    Two paths without ``output`` are IN and OUT; otherwise ``output`` is a file for one picture and a
    folder for many, or where it is one, or ends as one. In a folder the result is called like its
    source, with the factor added, and one that is there already is not made again: a run that broke
    off goes on when it is started once more.
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
    taken: set[Path] = set()
    planned = []
    for source in map(Path, names):
        stem = _IN_A_FOLDER.format(stem=source.stem, scale=request.scale_factor)
        target = place / f"{stem}.png" if folder else Path(output)
        present = None if overwrite else existing(target)
        picture, problem = None, None
        try:
            if bare(target) in taken:
                raise InvalidParameter(f"Two pictures would be written to {target}.", parameter="output")
            if present is not None and not folder:
                raise InvalidParameter(
                    f"{present} exists.", parameter="output", advice="Give --overwrite, or another output."
                )
            if present is None:
                check_target(target)
                picture = check_source(source, request)
        except UpscaleError as error:
            problem = error
        taken.add(bare(target))
        planned.append(Planned(source, target, request, picture, problem, present, prices))
    return planned


def is_folder(output: str) -> bool:
    """Return whether ``output`` is a folder, or is written as one."""
    separators = tuple(filter(None, (os.sep, os.altsep)))
    return output.endswith(separators) or Path(output).is_dir()


def check_place(folder: Path) -> None:
    """Refuse a folder that results could not be written to, while that still costs nothing."""
    above = folder.absolute()
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise InvalidParameter(f"{above} is a file, not a folder.", parameter="output", advice=_ELSEWHERE)
    try:
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        problem = f"{folder} cannot be written to: {error.strerror}."
        raise InvalidParameter(problem, parameter="output", advice=_ELSEWHERE) from error


_ELSEWHERE = "Name another output."
