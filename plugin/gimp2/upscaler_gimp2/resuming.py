"""Fetch what was paid for and never reached its image: back into it while it is open, else as a new image."""

from __future__ import absolute_import

from gimpfu import gimp, pdb
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.placement import Box

from . import delivery
from . import subject as subjects
from .errors import Failed
from .run import APPLICATION, session
from .talking import Conversation, ask
from .text import readable


def resume_all(translate):
    """Fetch every undelivered job and return what became of each, as text; :class:`Failed` when none arrived."""
    jobs = ask({"command": "jobs"}, translate)["jobs"]
    if not jobs:
        return translate("There is nothing to resume: every result has reached its image.")
    succeeded, failed = [], []
    for job in jobs:
        name = job["origin"].get("layer") or job["job_id"]
        try:
            succeeded.append(resume_one(job, name, translate))
        except Failed as failure:
            failed.append(failure)
    if not succeeded and len(failed) == 1:
        raise failed[0]
    lines = [texts.failure(job_name, failure.event, translate) for job_name, failure in _named(jobs, failed)]
    if not succeeded:
        raise Failed(dict(failed[0].event, what="\n".join(lines), charge=" ", advice=""))
    return texts.summary(succeeded, lines, translate)


def _named(jobs, failed):
    names = dict((job["job_id"], job["origin"].get("layer") or job["job_id"]) for job in jobs)
    return [(names.get(failure.event.get("job_id"), "?"), failure) for failure in failed]


def resume_one(job, name, translate):
    """Go on with one job of the journal and return the line that says what became of it."""
    conversation = Conversation({"command": "resume", "job_id": job["job_id"]}, translate)
    try:
        event = conversation.result()
        subject = subject_of(job)
        if subject is None:
            delivery.as_new_image(event["path"], name, translate)
        else:
            values = dict(job["parameters"], **job["origin"]["options"])
            found = delivery.Job(event, subject, job["origin"]["opaque"], values, None)
            delivery.deliver(found, translate)
    except Failed as failure:
        conversation.close()
        failure.event.setdefault("job_id", job["job_id"])
        raise
    conversation.delivered()
    return texts.done(name, event["width"], event["height"], translate)


def subject_of(job):
    """Return the :class:`subject.Subject` a job was made for, or None when it is not there any more as it was.

    A part of a layer is not put back: the selection it was composed through is no longer known.
    """
    origin = job["origin"]
    if origin.get("application") != APPLICATION or origin.get("session") != session():
        return None
    own = origin.get("options") or {}
    if own.get("area") != options.AREA_LAYER or "box" not in origin:
        return None
    image = gimp._id2image(origin["image_id"])
    layer = gimp._id2drawable(origin["layer_id"])
    if image is None or layer is None or not pdb.gimp_item_is_layer(layer) or layer.image != image:
        return None
    box = Box(*origin["box"])
    if subjects.box_of(layer) != box:
        return None
    return subjects.Subject(image, layer, readable(layer.name), box, box, subjects.kind_of(layer))
