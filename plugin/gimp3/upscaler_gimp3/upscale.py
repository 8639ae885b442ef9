"""One run, from the procedure's call to the changed image: refuse, export, wait, deliver, sum up."""

from __future__ import annotations

import os
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.frontend import layer_rules, origin, texts
from precision_upscaler.frontend.i18n import warning_messages
from precision_upscaler.frontend.options import AREA_SELECTION
from precision_upscaler.frontend.worker_process import StoredSettings

from upscaler_gimp3.image.export import Exported, export, jpeg_copy
from upscaler_gimp3.image.inputs import collect_inputs, pack_selection
from upscaler_gimp3.image.rendering import rendered
from upscaler_gimp3.result.delivery import deliver_or_fail
from upscaler_gimp3.result.models import Delivery, PendingResult
from upscaler_gimp3.worker.pool import CANCELLED_BEFORE_START, WorkerPool

from .errors import Cancelled, Failed, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from precision_upscaler.frontend.layer_rules import Refusal

    from upscaler_gimp3.image.inputs import InputLayer

    from .arguments import Options
    from .progress import Progress

    Event = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a run gave: the delivery, the notes about the whole run, and a line for each failed layer.

    A run with failures is not reported as a success, though what worked is in the image.
    """

    delivery: Delivery
    notes: Sequence[str]
    failures: Sequence[str]
    translate: Callable[[str], str]

    @property
    def message(self) -> str:
        """The summary, when several layers took part or something failed, and the notes."""
        lines = []
        if self.failures or len(self.delivery.lines) > 1:
            lines.append(texts.summary(self.delivery.lines, self.failures, self.translate))
        return "\n".join([*lines, *self.notes])


def message_for_scripts(message: str, delivery: Delivery, translate: Callable[[str], str]) -> str:
    """Return ``message`` with a last line that lists the new images' IDs: a script sees no windows."""
    numbers = [image.get_id() for image in delivery.images]
    lines = [message, texts.new_images(numbers, translate) if numbers else ""]
    return "\n".join(line for line in lines if line)


def upscale(
    image: Any,
    drawables: Sequence[Any],
    options: Options,
    progress: Progress,
    translate: Callable[[str], str] = texts.same,
    displays: Sequence[Any] = (),
    *,
    over_budget: bool = False,
) -> Outcome:
    """Upscale ``drawables`` of ``image`` and return what became of them.

    ``displays`` are watched where GIMP does not tell that an image was closed. ``over_budget``: the user
    allows this run to pass the monthly budget.

    :class:`Refused` before anything is sent, :class:`Failed` and :class:`Cancelled` when no layer
    came through; in all three cases the image is as it was and no undo step is left.
    """
    with nothing_sent_yet(translate):
        inputs = collect_inputs(image, drawables, options, translate, displays)
        pool = WorkerPool(len(inputs), progress.event, translate)
        progress.start([one.name for one in inputs], pool.cancel)
    exports: list[tuple[Path, Exported]] = []
    try:
        with nothing_sent_yet(translate):
            upload = StoredSettings(pool.workers[0])
            for one in inputs:
                pool.prepare()
                # say runs the window's main loop, so that Cancel can be pressed
                progress.say(texts.exporting(one.name, translate))
                if pool.cancelled:
                    raise Cancelled(CANCELLED_BEFORE_START)
                exports.append(_exported(one, upload, translate))
            commands = [
                command(image, one, options, path, exported)
                for one, (path, exported) in zip(inputs, exports, strict=True)
            ]
            of_run: Event = {"over_budget": over_budget}
            if len(inputs) > 1 and upload.get("monthly_budget"):
                of_run["run"] = _reserved(pool, image, inputs, options, over_budget=over_budget)
            commands = [{**one, **of_run} for one in commands]
        events = pool.run(commands)
        results = [
            _pending(one, exported, event, options)
            for one, (_, exported), event in zip(inputs, exports, events, strict=True)
        ]
        return _delivered(image, inputs, results, events, pool, options, progress, translate)
    finally:
        pool.close()
        progress.finish()
        for path, exported in exports:
            # normally the workers have taken the files
            for file in (path, exported.smaller):
                if file is not None:
                    file.unlink(missing_ok=True)


@contextmanager
def nothing_sent_yet(translate: Callable[[str], str]) -> Iterator[None]:
    """Turn every unexpected error inside into a :class:`Failed` that cost nothing."""
    try:
        yield
    except (Refused, Cancelled, Failed):
        raise
    except Exception as problem:
        if not isinstance(problem, OSError):  # a full disk is not a fault of the plug-in
            traceback.print_exc()
        raise Failed(texts.local_error(problem, "no", translate)) from problem


def command(image: Any, one: InputLayer, options: Options, path: Path, exported: Exported) -> Event:
    """Return the worker's command for one layer."""
    file = image.get_file()
    selection = None if one.selection is None else pack_selection(one.selection, one.area_in_layer)
    known = origin.Origin(
        application=origin.GIMP3,
        session=session(),
        image=image.get_name(),
        image_id=image.get_id(),
        file=file.get_uri() if file is not None else None,
        layer=one.name,
        layer_id=one.layer.get_id(),
        tattoo=one.layer.get_tattoo(),
        size=one.own_size,
        box=one.box,
        area=one.area,
        fingerprint=exported.fingerprint,
        opaque=exported.opaque,
        masked=one.masked,
        resolution=one.resolution,
        selection=selection,
        options={"placement": options.placement, "area": options.area, "colors": options.colors},
    )
    smaller = {} if exported.smaller is None else {"upload": str(exported.smaller)}
    return {
        "command": "upscale",
        "source": str(path),
        **smaller,
        "take_source": True,
        "reuse": True,
        "parameters": options.parameters,
        "origin": origin.record(known),
    }


def _reserved(
    pool: WorkerPool, image: Any, inputs: Sequence[InputLayer], options: Options, *, over_budget: bool
) -> str | None:
    """Reserve the whole run's price in the monthly budget; the run's ID for its commands."""
    tasks = [
        {
            "width": one.area.width,
            "height": one.area.height,
            "scale_factor": options.factor,
            "layer": one.name,
            "image": image.get_name(),
        }
        for one in inputs
    ]
    answer = pool.reserve({"command": "reserve", "tasks": tasks, "over_budget": over_budget})
    if answer["event"] != "reserved":
        raise Failed(answer)
    run: str | None = answer["run"]
    return run


def session() -> str:
    """Return what tells this run of GIMP from all others: its process ID."""
    return str(os.getppid())


def _exported(
    one: InputLayer, upload: StoredSettings, translate: Callable[[str], str]
) -> tuple[Path, Exported]:
    """Write one layer to a file of its own, and a smaller copy where the setting or a limit needs one.

    :class:`Refused` when it cannot be sent, OSError when it cannot be written; no file is left then.
    """
    path = _temporary_file("png")
    try:
        with rendered(one.layer) as (drawable, _):
            exported = export(drawable, one.area_in_layer, str(path))
        _refuse(layer_rules.visibility_refusal(one.name, exported.visible, one.whole), translate)
        if upload.is_jpeg or layer_rules.upload_refusal(one.name, exported.bytes) is not None:
            smaller = jpeg_copy(path)
            exported = replace(exported, smaller=smaller, bytes=smaller.stat().st_size)
        _refuse(layer_rules.upload_refusal(one.name, exported.bytes), translate)
    except BaseException:
        path.unlink(missing_ok=True)
        path.with_suffix(".jpg").unlink(missing_ok=True)
        raise
    return path, exported


def _temporary_file(suffix: str) -> Path:
    """Return the path of a new temporary file; OSError when GIMP cannot make its folder for them."""
    file = Gimp.temp_file(suffix)
    folder = Path(Gimp.temp_directory() if file is None else file.get_path()).parent
    try:
        os.scandir(folder).close()  # GIMP 3.0 names a file even where it cannot make the folder
    except OSError as error:
        raise OSError(f"no folder for temporary files: {error}") from error
    if file is None:
        raise OSError(f"no folder for temporary files: {Gimp.temp_directory()}")
    return Path(file.get_path())


def _refuse(refusal: Refusal | None, translate: Callable[[str], str]) -> None:
    if refusal is not None:
        raise Refused(layer_rules.refusal_text(refusal, translate))


def _pending(one: InputLayer, exported: Exported, event: Event, options: Options) -> PendingResult | None:
    """Return the result to deliver, None when the worker ended without one."""
    if event["event"] != "result":
        return None
    lost = options.area == AREA_SELECTION and one.selection is None
    return PendingResult(one, exported, event["path"], lost)


def _delivered(
    image: Any,
    inputs: list[InputLayer],
    results: list[PendingResult | None],
    events: list[Event],
    pool: WorkerPool,
    options: Options,
    progress: Progress,
    translate: Callable[[str], str],
) -> Outcome:
    """Deliver the results and tell the workers; raise when there are none."""
    came = [one for one in results if one is not None]
    if not came:
        _raise(events)
    delivery = deliver_or_fail(image, came, options, progress.say, translate)
    failed = {failure.pending: failure.event for failure in delivery.failures}
    failures = []
    for one, result, event, worker in zip(inputs, results, events, pool.workers, strict=True):
        problem = event if result is None else failed.get(result)
        if problem is None:
            worker.delivered()
        else:
            worker.close()
            failures.append(texts.failure(one.name, problem, translate))
    notes = [*delivery.notes]
    for event in events:
        notes += warning_messages(event.get("warnings", ()), translate)
    free = [one.name for one, event in zip(inputs, events, strict=True) if event.get("reused")]
    if len(free) == len(inputs):
        notes.append(texts.note("reused", translate))
    else:
        notes += [texts.note("reused-one", translate, name=name) for name in free]
    return Outcome(delivery, list(dict.fromkeys(notes)), failures, translate)


def _raise(events: list[Event]) -> None:
    """Raise what stopped the run: the first error, or the cancel if there was none."""
    errors = [event for event in events if event["event"] == "error"]
    if not errors:
        raise Cancelled(events[0])
    raise Failed(errors[0])
