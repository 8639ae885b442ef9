"""Many pictures at once, concurrently within the key's rate limit, each its own job."""

from __future__ import annotations

import contextlib
import functools
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.app import App, RunTask
from precision_upscaler.errors import Cancelled, InvalidParameter, UnexpectedError, UpscaleError
from precision_upscaler.imaging.base import Chunk, InvalidImage
from precision_upscaler.imaging.metadata import essential, extract
from precision_upscaler.jobs.context import JobContext, JobEvent, Result, StageEvent, WarningEvent
from precision_upscaler.jobs.delivery import deliver
from precision_upscaler.jobs.service import pruned, resume, upscale
from precision_upscaler.protocol import Charge, Charged, Stage
from precision_upscaler.storage.journal import Job
from precision_upscaler.storage.log import LOGGER
from precision_upscaler.storage.spending import Purpose

from .outputs import Planned, check_place, is_folder, present_line, shown
from .progress_bars import Watch, bars, silent


@dataclass(frozen=True)
class Outcome:
    """How one picture of a run ended: with a target, an error, or a cancel's message.

    A target without a result was there before, and nothing was done.
    """

    source: str
    target: Path | None = None
    result: Result | None = None
    error: UpscaleError | None = None
    cancelled: str | None = None
    charged: Charged = "no"
    warnings: tuple[str, ...] = ()
    changed: str = ""

    def code(self, of_error: Callable[[UpscaleError], int]) -> int:
        """Return the exit code of this picture alone."""
        if self.error is not None:
            return of_error(self.error)
        if self.cancelled is None:
            return 0
        return 130 if self.charged == Charge.NO else 5

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as a JSON object."""
        value: dict[str, Any] = {"source": self.source, "warnings": list(self.warnings)}
        path = shown(self.target)
        if self.error is not None:
            return {**value, **self.error.to_event()}
        if self.cancelled is not None:
            return {**value, "event": "cancelled", "charged": self.charged, "message": self.cancelled}
        if self.result is None:
            return {**value, "event": "present", "charged": "no", "path": path, "changed": self.changed}
        return {**value, **self.result.to_event(), "path": path}

    def line(self) -> str:
        """Return the outcome as a line for people."""
        if self.result is None:
            return present_line(Path(self.target or ""), self.changed)
        paid = "charged" if self.result.charged == "yes" else "already paid for, nothing charged"
        return f"{shown(self.target)}: {self.result.width} x {self.result.height} pixels ({paid})"


@dataclass(frozen=True)
class _Item:
    """One picture of a run: its name for people, where it goes, and how to come by its result.

    ``carried`` is what belongs into the result; it may be known only once ``start`` has returned.
    """

    name: str
    target: Path
    start: Callable[[JobContext], Result]
    carried: list[Chunk]
    job_id: str | None = None


class Batch:
    """Runs several jobs of one app at the same time."""

    def __init__(
        self,
        app: App,
        request: UpscaleRequest,
        *,
        reuse: bool,
        concurrent: int,
        over_budget: bool = False,
        metadata: bool = True,
    ) -> None:
        self._app = app
        self._request = request
        self._reuse = reuse
        self._concurrent = concurrent
        self._metadata = metadata
        self._over_budget = over_budget
        self._run_id: str | None = None

    def run(self, tasks: Sequence[Planned], *, overwrite: bool, show: bool) -> list[Outcome]:
        """Upscale every picture of a plan; the outcomes come in the plan's order.

        BudgetExceeded, with nothing sent, when the monthly budget does not hold them all.
        """
        todo = [task for task in tasks if task.problem is None and task.present is None]
        wanted = [
            RunTask(
                Purpose("file", task.source.name),
                task.picture.width,
                task.picture.height,
                task.request.scale_factor,
            )
            for task in todo
            if task.picture is not None
        ]
        with self._app.run(wanted, over_budget=self._over_budget) as self._run_id:
            outcomes = self._all(list(map(self._item, todo)), overwrite, show)
        done = dict(zip(map(id, todo), outcomes, strict=True))
        return [done.get(id(task)) or _without_doing(task) for task in tasks]

    def _item(self, task: Planned) -> _Item:
        origin = {
            "application": "precision-upscale",
            "file": shown(task.source.absolute()),
            "output": shown(task.target.absolute()),
            "metadata": self._metadata,
        }
        picture = task.picture
        assert picture is not None
        chunks: list[Chunk] = []

        def start(context: JobContext) -> Result:
            # before the wait: the file may be gone or another one when its result comes
            with contextlib.suppress(OSError, InvalidImage):
                chunks.extend(extract(picture) if self._metadata else essential(extract(picture)))
            return upscale(task.source, self._request, context, origin=origin, reuse=self._reuse)

        return _Item(shown(task.source), task.target, start, chunks)

    def resume(
        self,
        job_ids: Sequence[str],
        output: str | None,
        *,
        adopt: str | None = None,
        overwrite: bool,
        show: bool,
    ) -> list[Outcome]:
        """Take up jobs of the journal; results go to ``output`` (a file or a folder).

        Without ``output`` each goes where it was to go first; a job of GIMP's has no such place.
        """
        outcomes: dict[str, Outcome] = {}
        items = []
        for job_id in job_ids:
            job = self._app.journal.open(job_id)
            try:
                target = _target_of(job, output, several=len(job_ids) > 1)
                check_place(target.parent)
            except UpscaleError as error:
                outcomes[job_id] = Outcome(job_id, error=error)
                continue
            start = functools.partial(_resumed, job_id, adopt)
            kept = self._metadata and job.record.origin.get("metadata", True)
            items.append(
                _Item(job_id, target, start, job.carried if kept else essential(job.carried), job_id)
            )
        done = self._all(items, overwrite, show)
        outcomes.update((outcome.source, outcome) for outcome in done)
        return [outcomes[job_id] for job_id in job_ids]

    def _all(self, items: Sequence[_Item], overwrite: bool, show: bool) -> list[Outcome]:
        app = self._app
        with (
            pruned(app.journal, app.settings),
            _interruptible(app),
            _display(len(items), show=show) as watch,
            ThreadPoolExecutor(max_workers=self._concurrent) as pool,
        ):
            futures = [pool.submit(self._one, item, watch, overwrite=overwrite) for item in items]
            unfinished: set[Future[Outcome]] = set(futures)
            while unfinished:
                # a short wait keeps the main thread open for Ctrl+C on every system
                _, unfinished = wait(unfinished, timeout=0.5, return_when=FIRST_COMPLETED)
            return [future.result() for future in futures]

    def _one(self, item: _Item, watch: Watch, *, overwrite: bool) -> Outcome:
        warnings: list[str] = []
        app = self._app
        charged: Charged = Charge.NO if item.job_id is None else Charge.UNKNOWN
        try:
            with watch(item.name) as show:

                def emit(event: JobEvent) -> None:
                    nonlocal charged
                    if isinstance(event, StageEvent) and event.stage != Stage.PREPARING:
                        charged = event.charged if event.charged != Charge.NO else Charge.UNKNOWN
                    if isinstance(event, WarningEvent):
                        warnings.append(event.message)
                    show(event)

                with app.job_context(
                    emit, job_id=item.job_id, over_budget=self._over_budget, run_id=self._run_id
                ) as context:
                    result = item.start(context)
                job = app.journal.open(result.job_id)
                written = deliver(job, result, item.target, item.carried, overwrite=overwrite)
        except UpscaleError as error:
            return Outcome(item.name, error=error, warnings=tuple(warnings))
        except Cancelled as cancelled:
            return Outcome(item.name, cancelled=_CANCELLED[cancelled.charged], charged=cancelled.charged)
        except Exception as error:  # noqa: BLE001 - one picture must not end the others
            LOGGER.exception("unexpected")
            what = f"Something unexpected happened ({type(error).__name__}: {error})."
            unexpected = UnexpectedError(what, log=str(app.log), charged=charged)
            return Outcome(item.name, error=unexpected, warnings=tuple(warnings))
        if item.job_id is not None:
            result = replace(result, charged="no")  # whoever resumes has paid before
        return Outcome(item.name, written, result, warnings=tuple(warnings))


_CANCELLED: dict[Charged, str] = {
    "no": "Nothing was charged.",
    "unknown": "It may have been charged: run 'precision-upscale resume' later.",
    "yes": "It is paid for: 'precision-upscale resume' fetches it.",
}


def _without_doing(task: Planned) -> Outcome:
    return Outcome(shown(task.source), task.present, error=task.problem, changed=task.changed)


def _resumed(job_id: str, adopt: str | None, context: JobContext) -> Result:
    return resume(job_id, context, adopt=adopt)


def _target_of(job: Job, output: str | None, *, several: bool) -> Path:
    """Return where a resumed job's result goes; InvalidParameter when nobody has said it."""
    if output is not None:
        folder = several or is_folder(output)
        return Path(output) / f"{_stem(job)}-{job.job_id[-8:]}.png" if folder else Path(output)
    if "output" not in job.record.origin:
        raise InvalidParameter(
            f"Say with -o where the result of {job.job_id} is to go: it was not made from a file.",
            parameter="output",
            charged=job.state.charged,
        )
    return Path(job.record.origin["output"])


def _stem(job: Job) -> str:
    """Return a name for a resumed job's picture that any file system takes."""
    origin = job.record.origin
    stem = Path(str(origin.get("file") or origin.get("layer") or job.job_id)).stem or job.job_id
    return "".join(letter if letter.isalnum() or letter in " -_." else "_" for letter in stem)


@contextlib.contextmanager
def _interruptible(app: App) -> Iterator[None]:
    """Let Ctrl+C cancel the jobs in an orderly way inside the block; a second one as usual."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.getsignal(signal.SIGINT)

    def interrupt(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, previous)
        # not from within the handler: setting the flag takes a lock the main thread may hold
        threading.Thread(target=app.cancel.set, daemon=True).start()

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextlib.contextmanager
def _display(count: int, *, show: bool) -> Iterator[Watch]:
    """Yield what opens the display of a picture; nothing is shown unless asked for and in a terminal."""
    if not show or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console  # noqa: PLC0415 - slow, and of no use without a terminal

    with bars(Console(stderr=True), count) as watch:
        yield watch


__all__ = ["Batch", "Outcome"]
