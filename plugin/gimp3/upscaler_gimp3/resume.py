"""Bring results that were paid for home: into their layer if its image is open, else into a new image."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.contract import PARAMETERS
from precision_upscaler.frontend import options as described
from precision_upscaler.frontend import texts
from precision_upscaler.frontend.i18n import warning_messages
from precision_upscaler.frontend.placement import Box, Size

from upscaler_gimp3.image.export import Exported
from upscaler_gimp3.image.inputs import Subject
from upscaler_gimp3.image.layers import has_effects, is_in, kind_of
from upscaler_gimp3.image.rendering import rendered
from upscaler_gimp3.image.selection import unpacked
from upscaler_gimp3.result.models import Delivery, finished
from upscaler_gimp3.worker.pool import Crew

from .arguments import Options
from .errors import Failed
from .upscale import deliver_or_fail

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .progress import Progress

    Event = dict[str, Any]
    Job = dict[str, Any]


@dataclass
class Home:
    """Where a job's result belongs among the open images."""

    image: Any
    layer: Any


def find_home(job: Job) -> Home | None:
    """Return the open image and layer a job was started on, or None when they are not there.

    Within the same run of GIMP its own numbers decide; later the file and the layer's tattoo, which
    live in the XCF, or the names. A wrong guess does no harm: the pixels are compared before the
    layer is changed.
    """
    origin = job.get("origin") or {}
    if origin.get("application") != "gimp3":
        return None
    for image in Gimp.get_images():
        if _is_image_of(origin, image):
            layer = _layer_of(origin, image)
            if layer is not None:
                return Home(image, layer)
    return None


def _is_image_of(origin: Job, image: Any) -> bool:
    if origin.get("process") == os.getppid():
        return bool(image.get_id() == origin.get("image_id"))
    file = image.get_file()
    if origin.get("file"):
        return file is not None and file.get_uri() == origin["file"]
    return bool(image.get_name() == origin.get("image"))


def _layer_of(origin: Job, image: Any) -> Any:
    if origin.get("process") == os.getppid():
        layer = Gimp.Layer.get_by_id(origin.get("layer_id") or 0)
        return layer if layer is not None and is_in(image, layer) else None
    layer = image.get_layer_by_tattoo(origin.get("tattoo") or 0)
    return layer if layer is not None else image.get_layer_by_name(origin.get("layer") or "")


def fetch(
    jobs: Sequence[Job], progress: Progress, translate: Callable[[str], str]
) -> tuple[list[Event], list[Any]]:
    """Let workers finish ``jobs``; return their last events and the workers, which wait for ``delivered``."""
    crew = Crew(len(jobs), progress.event, translate)
    progress.start([name_of(job, translate) for job in jobs], crew.cancel)
    try:
        return crew.run([{"command": "resume", "job_id": job["job_id"]} for job in jobs]), crew.workers
    finally:
        progress.finish()


def place(
    job: Job, event: Event, home: Home | None, say: Callable[[str], None], translate: Callable[[str], str]
) -> Delivery:
    """Put a fetched result (``event`` is the worker's ``result``) into ``home``, or into a new image.

    :class:`Failed` when that goes wrong; the result is kept then.
    """
    options = _options(job)
    if home is not None:
        one = finished(_subject(job, home), _exported(job), event["path"], options)
        return _told(deliver_or_fail(home.image, [one], options, say, translate), event, translate)
    one = finished(_nowhere(job, translate), _exported(job), event["path"], options)
    one.selection_unknown = False  # where there is no layer, it does not matter
    delivery = deliver_or_fail(None, [one], options, say, translate)
    # that the image is not open needs no telling: the user has just been told, and chose it
    delivery.notes = [
        note
        for note in delivery.notes
        if note != texts.note("image-gone", translate, name=name_of(job, translate))
    ]
    return _told(delivery, event, translate)


def _told(delivery: Delivery, event: Event, translate: Callable[[str], str]) -> Delivery:
    """Return ``delivery`` with what the worker warned of on the way to ``event``."""
    delivery.notes += warning_messages(event.get("warnings", ()), translate)
    return delivery


def bring_all(
    progress: Progress, jobs: Sequence[Job], translate: Callable[[str], str]
) -> tuple[Delivery, list[str]]:
    """Fetch and place ``jobs``; return everything delivered, and a line for each one that failed."""
    endings, workers = fetch(jobs, progress, translate)
    total, failures = Delivery(), []
    for job, ending, worker in zip(jobs, endings, workers, strict=True):
        name = name_of(job, translate)
        if ending["event"] != "result":
            failures.append(texts.failure(name, ending, translate))
            continue
        try:
            one = place(job, ending, find_home(job), lambda _text: None, translate)
        except Failed as failed:
            failures.append(texts.failure(name, failed.event, translate))
            worker.close()
            continue
        worker.delivered()
        total.layers += one.layers
        total.images += one.images
        total.lines += one.lines
        for note in one.notes:
            total.note(note)
    return total, failures


def name_of(job: Job, translate: Callable[[str], str]) -> str:
    """Return what a job's picture is called: the layer, else the file it came from."""
    origin = job.get("origin") or {}
    name = origin.get("layer") or origin.get("file") or origin.get("image") or ""
    return PurePath(str(name)).name or translate("Picture")


# ----- a run's values, rebuilt from what the journal kept


def _options(job: Job) -> Options:
    origin = job.get("origin") or {}
    asked = job.get("parameters") or {}
    parameters = {one.name: asked.get(one.name, one.default) for one in PARAMETERS}
    own: dict[str, Any] = {
        one.name: value
        if (value := origin.get(one.name)) in {choice.value for choice in one.choices}
        else one.default
        for one in described.OWN
    }
    return Options(parameters, **own)


def _source_size(job: Job) -> Size:
    factor = int((job.get("parameters") or {}).get("scale_factor") or 1)
    return Size(max(1, job["width"] // factor), max(1, job["height"] // factor))


def _exported(job: Job) -> Exported:
    origin = job.get("origin") or {}
    size = _source_size(job)
    fingerprint, opaque = origin.get("fingerprint") or 0, bool(origin.get("opaque", True))
    return Exported(size.width, size.height, fingerprint, opaque, visible=True)


def _subject(job: Job, home: Home) -> Subject:
    origin = job["origin"]
    with rendered(home.layer) as (_, box):
        pass
    then, area = Box(*origin["box"]), Box(*origin["area_box"])
    # the layer may have been moved meanwhile, and its part moves along
    area = area._replace(x=area.x + box.x - then.x, y=area.y + box.y - then.y)
    layer = home.layer
    subject = Subject(
        layer, layer.get_name(), Size(*origin["own_size"]), box, area, kind_of(layer), has_effects(layer)
    )
    if origin.get("selection"):
        subject.selection = unpacked(origin["selection"], box, subject.area_in_layer)
    return _with_looks(subject, origin)


def _nowhere(job: Job, translate: Callable[[str], str]) -> Subject:
    size = _source_size(job)
    box = Box(0, 0, size.width, size.height)
    subject = Subject(None, name_of(job, translate), size, box, box, "pixels", effects=False)
    return _with_looks(subject, job.get("origin") or {})


def _with_looks(subject: Subject, origin: Job) -> Subject:
    """Give a subject what the journal knows about it for the case that its layer is gone."""
    subject.masked = bool(origin.get("masked"))
    resolution = origin.get("resolution")
    if isinstance(resolution, list) and len(resolution) == 2:  # noqa: PLR2004 - across and down
        subject.resolution = (float(resolution[0]), float(resolution[1]))
    return subject
