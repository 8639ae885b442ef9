"""Fetch what was paid for and never reached its image: back into it while it is open, else as a new image."""

from __future__ import absolute_import

from gimpfu import gimp, pdb
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.placement import Box

from . import delivery, export
from . import layers as subjects
from .errors import Failed, show_trace
from .upscale import APPLICATION, session
from .worker import Conversation, ask
from .encoding import native, readable


def resume_all(translate):
    """Fetch every undelivered job and return what became of each, as text; :class:`Failed` when none arrived.

    A job that another run is working on is left to it.
    """
    jobs = ask({"command": "jobs"}, translate)["jobs"]
    working_on = [texts.working_on(name_of(job), translate) for job in jobs if job.get("running")]
    jobs = [job for job in jobs if not job.get("running")]
    if not jobs:
        nothing = translate("There is nothing to resume: every result has reached its image.")
        return "\n".join(working_on) or nothing
    succeeded, failed = [], []
    for job in jobs:
        try:
            succeeded.append(resume_one(job, translate))
        except Failed as failure:
            failed.append((job, failure.event))
    if not succeeded and len(failed) == 1:
        raise Failed(failed[0][1])
    lines = [texts.failure(name_of(job), event, translate) for job, event in failed]
    if not succeeded:
        raise Failed(dict(failed[0][1], what="\n".join(lines), charge=" ", advice=""))
    return "\n".join([texts.summary(succeeded, lines, translate)] + working_on)


def name_of(job):
    """Return what a job's picture is called."""
    return (job.get("origin") or {}).get("layer") or job["job_id"]


def resume_one(job, translate):
    """Go on with one job of the journal and return the line that says what became of it.

    :class:`Failed` for whatever goes wrong, so that the other jobs get their turn.
    """
    try:
        with Conversation(translate) as conversation:
            event = conversation.result({"command": "resume", "job_id": job["job_id"]})
            notes = conversation.warnings + _delivered(job, event, translate).notes
            conversation.delivered()
    except Failed:
        raise
    except Exception as problem:
        show_trace()
        raise Failed(texts.local_error(problem, job.get("charged") or "unknown", translate))
    return " ".join([texts.done(name_of(job), event["width"], event["height"], translate)] + notes)


def _delivered(job, event, translate):
    """Put a fetched result where it belongs; returns the :class:`delivery.Delivered`."""
    subject = home_of(job)
    if subject is None:
        return delivery.deliver_elsewhere(event, name_of(job), translate)
    values = dict(job["parameters"], **job["origin"]["options"])
    return delivery.deliver(delivery.Job(event, subject, _sent(job), values, None), translate)


def _sent(job):
    return export.Exported(bool(job["origin"]["opaque"]), job["origin"]["fingerprint"])


def home_of(job):
    """Return the :class:`subject.Subject` a job was made for, or None when it is not open.

    Within the run of GIMP that sent it the IDs decide. Later file and tattoo, which an XCF keeps, or the names,
    lead to layers that could be meant, and the pixels tell which one is. A part of a layer is not put back: the
    selection it was composed through is no longer known.
    """
    origin = job.get("origin") or {}
    own = origin.get("options") or {}
    known = all(name in origin for name in ("box", "opaque", "fingerprint", "tattoo"))
    if origin.get("application") != APPLICATION or own.get("area") != options.AREA_LAYER or not known:
        return None
    if origin.get("session") == session():
        layer = gimp._id2drawable(origin["layer_id"])
        if layer is not None and pdb.gimp_item_is_layer(layer):
            return _subject(layer, Box(*origin["box"]))
    for image in gimp.image_list():
        layer = _layer_like(origin, image)
        if layer is not None and _looks_as_sent(layer, origin):
            return _subject(layer, subjects.box_of(layer))
    return None


def _layer_like(origin, image):
    """Return the layer of ``image`` that the origin describes, or None."""
    if (readable(image.filename), readable(image.name)) != (origin.get("file") or "", origin.get("image")):
        return None
    layer = pdb.gimp_image_get_layer_by_tattoo(image, origin["tattoo"])
    return layer or pdb.gimp_image_get_layer_by_name(image, native(origin.get("layer") or ""))


def _looks_as_sent(layer, origin):
    box = subjects.box_of(layer)
    same_size = (box.width, box.height) == tuple(origin["box"][2:])
    return same_size and export.as_it_is(_subject(layer, box)).fingerprint == origin["fingerprint"]


def _subject(layer, box):
    return subjects.Subject(layer.image, layer, readable(layer.name), box, box, subjects.kind_of(layer))
