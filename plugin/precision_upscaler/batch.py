"""Many pictures at once: which go where, concurrently within the key's rate limit, each its own job."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .contract.price import Estimate, estimate, text
from .errors import Cancelled, Charged, InvalidParameter, UnexpectedError, UpscaleError
from .events import Emit, Event, Progress, Result, Stage, Warned
from .images import EXTENSIONS, Picture
from .job import pruned, resume, upscale
from .log import LOGGER
from .request import UpscaleRequest
from .source import check_source
from .walk import Surroundings
from .workshop import Workshop

_FOLDER_SUFFIX = "-x{scale}"


@dataclass(frozen=True)
class Planned:
    """One picture of a run: where it comes from and goes to, what it will cost, or what forbids it."""

    source: Path
    target: Path
    request: UpscaleRequest
    picture: Picture | None
    problem: UpscaleError | None

    @property
    def price(self) -> Estimate:
        """The estimated price."""
        assert self.picture is not None
        return estimate(self.picture.width, self.picture.height, self.request.scale_factor)

    @property
    def currency(self) -> str:
        """The currency of the estimate."""
        return str(estimate(1, 1, 2).currency)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a JSON object."""
        value: dict[str, Any] = {"source": str(self.source), "target": str(self.target)}
        if self.picture is None or self.problem is not None:
            return {**value, "problem": None if self.problem is None else self.problem.what}
        scale = self.request.scale_factor
        price = self.price
        return {
            **value,
            "width": self.picture.width * scale,
            "height": self.picture.height * scale,
            "price_estimate": price.amount,
            "currency": price.currency,
            "prices_of": price.dated,
        }

    def line(self) -> str:
        """Return the plan as a line for people."""
        if self.picture is None or self.problem is not None:
            return f"{self.source}: {self.problem.what if self.problem else 'cannot be read'}"
        scale = self.request.scale_factor
        width, height = self.picture.width, self.picture.height
        return (
            f"{self.source}: {width} x {height} -> {width * scale} x {height * scale} "
            f"({self.price.megapixels:.1f} megapixels), {text(self.price)} -> {self.target}"
        )


@dataclass(frozen=True)
class Outcome:
    """How one picture of a run ended: with a target, an error, or a cancel's message."""

    source: str
    target: Path | None = None
    result: Result | None = None
    error: UpscaleError | None = None
    cancelled: str | None = None
    charged: Charged = "no"
    warnings: tuple[str, ...] = ()

    def code(self, of_error: Callable[[UpscaleError], int]) -> int:
        """Return the exit code of this picture alone."""
        if self.error is not None:
            return of_error(self.error)
        return 130 if self.cancelled is not None else 0

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as a JSON object."""
        value: dict[str, Any] = {"source": self.source, "warnings": list(self.warnings)}
        if self.error is not None:
            return {**value, **self.error.to_event()}
        if self.cancelled is not None:
            return {**value, "event": "cancelled", "charged": self.charged, "message": self.cancelled}
        assert self.result is not None
        return {**value, **self.result.to_event(), "path": str(self.target)}

    def line(self) -> str:
        """Return the outcome as a line for people."""
        assert self.result is not None
        paid = "already paid for, nothing charged" if self.result.reused else "charged"
        return f"{self.target}: {self.result.width} x {self.result.height} pixels ({paid})"


def plan(
    pictures: Sequence[Path], output: Path | None, request: UpscaleRequest, *, overwrite: bool
) -> list[Planned]:
    """Decide where each picture goes; InvalidParameter when the arguments make no sense together.

    Two paths without ``output`` are IN and OUT; otherwise ``output`` is a file for one picture and a
    folder for many. In a folder the result is called like its source, with the factor added.
    """
    sources = list(pictures)
    if output is None:
        if len(sources) != 2:  # noqa: PLR2004 - IN and OUT
            raise InvalidParameter(
                "Give IN and OUT, or several pictures and a folder with -o.", parameter="output"
            )
        output = sources.pop()
    folder = len(sources) > 1 or output.is_dir() or str(output).endswith(("/", os.sep))
    planned: list[Planned] = []
    taken: set[Path] = set()
    for source in sources:
        suffix = _FOLDER_SUFFIX.format(scale=request.scale_factor)
        target = output / f"{source.stem}{suffix}{source.suffix}" if folder else output
        problem: UpscaleError | None = None
        picture = None
        try:
            picture = check_source(source, request)
        except UpscaleError as error:
            problem = error
        if problem is None and target in taken:
            problem = InvalidParameter(f"Two pictures would be written to {target}.", parameter="output")
        if problem is None and target.exists() and not overwrite:
            problem = InvalidParameter(
                f"{target} exists.", parameter="output", advice="Give --overwrite, or another output."
            )
        taken.add(target)
        planned.append(Planned(source, target, request, picture, problem))
    return planned


def deliver(result: Result, target: Path, *, overwrite: bool) -> Path:
    """Copy a result to ``target``, whole or not at all, and return where it went.

    The bytes decide the ending: a PNG is never left under a name that says JPEG.
    """
    wanted = EXTENSIONS[result.format]
    endings = {".jpg", ".jpeg", ".jpe"} if result.format == "jpeg" else {wanted}
    if target.suffix.lower() not in endings:
        target = target.with_suffix(wanted)
    if target.exists() and not overwrite:
        raise InvalidParameter(
            f"{target} exists; the picture is kept in the journal.",
            parameter="output",
            charged=result.charged,
            advice="Give --overwrite, or run 'precision-upscale resume' with another output.",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(result.path, temporary)
        with temporary.open("r+b") as stream:
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return target


class Batch:
    """Runs several jobs of one workshop at the same time."""

    def __init__(self, workshop: Workshop, request: UpscaleRequest, *, reuse: bool, concurrent: int) -> None:
        self._workshop = workshop
        self._request = request
        self._reuse = reuse
        self._concurrent = concurrent

    def run(self, tasks: Sequence[Planned], *, as_json: bool, show: bool) -> list[Outcome]:
        """Upscale every picture of a plan; the outcomes come in the plan's order."""
        del as_json  # the outcomes are printed by the caller, whichever form they take

        def start(task: Planned, around: Surroundings) -> Result:
            if task.problem is not None:
                raise task.problem
            origin = {"application": "precision-upscale", "file": str(task.source.absolute())}
            return upscale(task.source, self._request, around, origin=origin, reuse=self._reuse)

        return self._all(
            [(str(task.source), task, task.target) for task in tasks], start, show=show, overwrite=True
        )

    def resume(
        self,
        job_ids: Sequence[str],
        output: Path | None,
        *,
        adopt: str | None = None,
        overwrite: bool,
        as_json: bool,
        show: bool,
    ) -> list[Outcome]:
        """Take up jobs of the journal; results go to ``output`` (file or folder; default: here)."""
        del as_json
        folder = output is None or len(job_ids) > 1 or output.is_dir()
        items = []
        for job_id in job_ids:
            origin = self._workshop.journal.open(job_id).record.get("origin", {})
            stem = Path(str(origin.get("file") or origin.get("layer") or job_id)).stem or job_id
            stem = "".join(letter if letter.isalnum() or letter in " -_." else "_" for letter in stem)
            target = (output or Path()) / f"{stem}-{job_id[-8:]}.png" if folder or output is None else output
            items.append((job_id, job_id, target))
        return self._all(
            items,
            lambda job_id, around: resume(job_id, around, adopt=adopt),
            show=show,
            overwrite=overwrite,
        )

    def _all(
        self,
        items: Sequence[tuple[str, Any, Path]],
        start: Callable[[Any, Surroundings], Result],
        *,
        show: bool,
        overwrite: bool,
    ) -> list[Outcome]:
        workshop = self._workshop
        with (
            pruned(workshop.journal, workshop.settings),
            _interruptible(workshop),
            _bars(show) as bars,
            ThreadPoolExecutor(max_workers=self._concurrent) as pool,
        ):
            futures: list[Future[Outcome]] = [
                pool.submit(self._one, name, item, target, start, bars(name), overwrite=overwrite)
                for name, item, target in items
            ]
            unfinished = set(futures)
            while unfinished:
                # a short wait keeps the main thread open for Ctrl+C on every system
                _, unfinished = wait(unfinished, timeout=0.5, return_when=FIRST_COMPLETED)
            return [future.result() for future in futures]

    def _one(
        self,
        name: str,
        item: Any,
        target: Path,
        start: Callable[[Any, Surroundings], Result],
        watch: Emit,
        *,
        overwrite: bool,
    ) -> Outcome:
        warnings: list[str] = []

        def emit(event: Event) -> None:
            if isinstance(event, Warned):
                warnings.append(event.message)
            watch(event)

        workshop = self._workshop
        try:
            with workshop.surroundings(emit, job_id=item if isinstance(item, str) else None) as around:
                result = start(item, around)
            written = deliver(result, target, overwrite=overwrite)
            workshop.journal.open(result.job_id).deliver()
        except UpscaleError as error:
            return Outcome(name, error=error, warnings=tuple(warnings))
        except Cancelled as cancelled:
            message = {
                "no": "Nothing was charged.",
                "unknown": "It may have been charged: run 'precision-upscale resume' later.",
                "yes": "It is paid for: 'precision-upscale resume' fetches it.",
            }[cancelled.charged]
            return Outcome(name, cancelled=message, charged=cancelled.charged)
        except Exception as error:  # noqa: BLE001 - one picture must not end the others
            LOGGER.exception("unexpected")
            what = f"Something unexpected happened ({type(error).__name__}: {error})."
            return Outcome(name, error=UnexpectedError(what, log=str(workshop.log)), warnings=tuple(warnings))
        return Outcome(name, written, result, warnings=tuple(warnings))


@contextlib.contextmanager
def _interruptible(workshop: Workshop) -> Iterator[None]:
    """Let Ctrl+C cancel the jobs in an orderly way inside the block; a second one as usual."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.getsignal(signal.SIGINT)

    def interrupt(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, previous)
        # not from within the handler: setting the flag takes a lock the main thread may hold
        threading.Thread(target=workshop.cancel.set, daemon=True).start()

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextlib.contextmanager
def _bars(show: bool) -> Iterator[Callable[[str], Emit]]:
    """Yield a maker of progress displays, one bar a picture; silent ones unless ``show``."""
    if not show or not sys.stderr.isatty():
        yield lambda _name: lambda _event: None
        return
    from rich.console import Console  # noqa: PLC0415 - slow, and of no use without a terminal
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    with Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[stage]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as bars:

        def make(name: str) -> Emit:
            row = bars.add_task(Path(name).name, total=None, stage="queued")

            def show_event(event: Event) -> None:
                if isinstance(event, Stage):
                    bars.update(row, stage=event.stage, completed=0, total=event.expected_seconds)
                elif isinstance(event, Progress):
                    bars.update(row, completed=event.done, total=event.total)
                else:
                    bars.console.print(f"{name}: {event.message}")

            return show_event

        yield make


__all__ = ["Batch", "Outcome", "Planned", "deliver", "plan"]
