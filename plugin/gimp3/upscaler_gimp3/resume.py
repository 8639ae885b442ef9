"""Place paid results that never reached their image: in the layer if it is open, else in a new image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.contract import PARAMETERS
from precision_upscaler.frontend import layer_rules, origin, texts
from precision_upscaler.frontend.i18n import warning_messages
from precision_upscaler.frontend.options import AREA_SELECTION, OWN
from precision_upscaler.frontend.placement import Box, Size

from upscaler_gimp3.image.export import Exported
from upscaler_gimp3.image.inputs import InputLayer, unpack_selection
from upscaler_gimp3.image.layers import has_effects, is_in, kind_of
from upscaler_gimp3.image.rendering import rendered
from upscaler_gimp3.result.delivery import deliver_or_fail
from upscaler_gimp3.result.models import Delivery, PendingResult
from upscaler_gimp3.worker.pool import WorkerPool

from .arguments import Options
from .errors import Failed
from .upscale import session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from precision_upscaler.frontend.origin import Origin

    from .progress import Progress

    Event = dict[str, Any]
    Job = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """The open image and layer a job was started on, and what the job remembers of the layer."""

    image: Any
    layer: Any
    origin: Origin


def find_layer(job: Job) -> Found | None:
    """Return the open image and layer a job was started on, or None when they are not there.

    Within the run of GIMP that sent it the IDs decide; later the file and the layer's tattoo, which an XCF
    keeps, or the names. A wrong guess does no harm: the pixels are compared before the layer is changed.
    """
    known = _origin(job)
    if known is None or known.application != origin.GIMP3:
        return None
    for image in Gimp.get_images():
        if _is_image_of(known, image):
            layer = _layer_of(known, image)
            if layer is not None:
                return Found(image, layer, known)
    return None


def _origin(job: Job) -> Origin | None:
    try:
        return origin.read(job)
    except origin.InvalidOrigin:
        return None


def _is_image_of(known: Origin, image: Any) -> bool:
    if known.session == session():
        return bool(image.get_id() == known.image_id)
    file = image.get_file()
    if known.file:
        return file is not None and file.get_uri() == known.file
    return bool(image.get_name() == known.image)


def _layer_of(known: Origin, image: Any) -> Any:
    if known.session == session():
        layer = Gimp.Layer.get_by_id(known.layer_id)
        return layer if layer is not None and is_in(image, layer) else None
    layer = image.get_layer_by_tattoo(known.tattoo)
    return layer if layer is not None else image.get_layer_by_name(known.layer)


def fetch(
    jobs: Sequence[Job], progress: Progress, translate: Callable[[str], str]
) -> tuple[list[Event], list[Any]]:
    """Let workers finish ``jobs``; return final events, and the workers, still open for ``delivered``."""
    pool = WorkerPool(len(jobs), progress.event, translate)
    progress.start([origin.name_of(job, translate) for job in jobs], pool.cancel)
    try:
        return pool.run([{"command": "resume", "job_id": job["job_id"]} for job in jobs]), pool.workers
    finally:
        progress.finish()


def place(
    job: Job, event: Event, found: Found | None, say: Callable[[str], None], translate: Callable[[str], str]
) -> Delivery:
    """Put a fetched result (``event`` is the worker's ``result``) into ``found``, or into a new image.

    :class:`Failed` when that goes wrong; the result is kept then.
    """
    options = _options(job)
    if found is not None:
        one = _input_layer(found)
        lost = options.area == AREA_SELECTION and one.selection is None
        pending = PendingResult(one, _exported(job), event["path"], lost)
        delivery = deliver_or_fail(found.image, [pending], options, say, translate)
        notes = [*delivery.notes]
    else:
        one = _input_without_layer(job, translate)
        from_command_line = origin.started_in(job) == origin.COMMAND_LINE
        pending = PendingResult(one, _exported(job), event["path"], whole_file=from_command_line)
        delivery = deliver_or_fail(None, [pending], options, say, translate)
        # the list says already that the image is not open; other reasons are news
        closed = texts.note("image-gone", translate, name=one.name)
        reason = origin.elsewhere_note(job, origin.GIMP3)
        why = texts.note(reason.code, translate, name=one.name, **reason.values)
        notes = [note for note in [why, *delivery.notes] if note != closed]
    notes += warning_messages(event.get("warnings", ()), translate)
    return replace(delivery, notes=notes)


def bring_all(
    progress: Progress, jobs: Sequence[Job], translate: Callable[[str], str]
) -> tuple[Delivery, list[str]]:
    """Fetch and place ``jobs``; return everything delivered, and a line for each one that failed."""
    events, workers = fetch(jobs, progress, translate)
    delivered, failures = [], []
    for job, event, worker in zip(jobs, events, workers, strict=True):
        name = origin.name_of(job, translate)
        if event["event"] != "result":
            failures.append(texts.failure(name, event, translate))
            continue
        try:
            delivered.append(place(job, event, find_layer(job), lambda _text: None, translate))
        except Failed as failed:
            failures.append(texts.failure(name, failed.event, translate))
            worker.close()
            continue
        worker.delivered()
    return Delivery(
        [layer for one in delivered for layer in one.layers],
        [image for one in delivered for image in one.images],
        [line for one in delivered for line in one.lines],
        list(dict.fromkeys(note for one in delivered for note in one.notes)),
    ), failures


# ----- a run's values, read back from what the journal kept


def _options(job: Job) -> Options:
    known = _origin(job)
    asked = job.get("parameters") or {}
    parameters = {one.name: asked.get(one.name, one.default) for one in PARAMETERS}
    own = {one.name: one.default for one in OWN} if known is None else known.options
    return Options(parameters, **{one.name: own[one.name] for one in OWN})


def _source_size(job: Job) -> Size:
    factor = int((job.get("parameters") or {}).get("scale_factor") or 1)
    return Size(max(1, job["width"] // factor), max(1, job["height"] // factor))


def _exported(job: Job) -> Exported:
    size, known = _source_size(job), _origin(job)
    if known is None:
        return Exported(size.width, size.height, visible=True)
    return Exported(size.width, size.height, known.fingerprint, known.opaque, visible=True)


def _input_layer(found: Found) -> InputLayer:
    known, layer = found.origin, found.layer
    with rendered(layer) as (_, box):
        pass
    # the layer may have been moved meanwhile, and its part moves along
    area = known.area._replace(x=known.area.x + box.x - known.box.x, y=known.area.y + box.y - known.box.y)
    return InputLayer(
        layer,
        layer.get_name(),
        known.size,
        box,
        area,
        kind_of(layer),
        effects=has_effects(layer),
        selection=_selection(known, box, area),
        masked=known.masked,
        resolution=known.resolution,
    )


def _selection(known: Origin, box: Box, area: Box) -> Any:
    if not known.selection:
        return None
    inside = area._replace(x=area.x - box.x, y=area.y - box.y)
    return unpack_selection(known.selection, box, inside)


def _input_without_layer(job: Job, translate: Callable[[str], str]) -> InputLayer:
    """Return an input that stands for a layer which is not there."""
    size, known = _source_size(job), _origin(job)
    box = Box(0, 0, size.width, size.height)
    return InputLayer(
        None,
        origin.name_of(job, translate),
        size,
        box,
        box,
        layer_rules.PIXELS,
        effects=False,
        masked=known is not None and known.masked,
        resolution=None if known is None else known.resolution,
    )
