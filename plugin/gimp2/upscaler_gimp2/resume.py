"""Fetch what was paid for and never reached its image: back into it while it is open, else as a new image."""

from __future__ import absolute_import

from gimpfu import gimp, pdb
from precision_upscaler.frontend import layer_rules, origin, texts
from precision_upscaler.frontend.options import AREA_SELECTION
from precision_upscaler.protocol import Command

from . import delivery, export, layers
from .errors import Failed, show_trace
from .upscale import session
from .worker import WorkerRun, call_and_wait
from .encoding import native, readable


def resume_all(translate):
    """Fetch every undelivered job and return what became of each, as text; :class:`Failed` when none arrived.

    A job that another run is working on is left to it.
    """
    listed = call_and_wait({"command": Command.JOBS}, translate)
    jobs = listed["jobs"]
    names = dict((job["job_id"], origin.name_of(job, translate)) for job in jobs)
    left = [texts.working_on(names[job["job_id"]], translate) for job in jobs if job.get("running")]
    left += [texts.problems([event], translate) for event in listed["damaged"]]
    jobs = [job for job in jobs if not job.get("running")]
    if not jobs:
        nothing = translate("There is nothing to resume: every result has reached its image.")
        return "\n".join(left) or nothing
    succeeded, failed = [], []
    for job in jobs:
        try:
            succeeded.append(resume_one(job, translate))
        except Failed as failure:
            failed.append((names[job["job_id"]], failure.event))
    if not succeeded and len(failed) == 1:
        raise Failed(failed[0][1])
    lines = [texts.failure(name, event, translate) for name, event in failed]
    if not succeeded:
        raise Failed(dict(failed[0][1], what="\n".join(lines), charge=" ", advice=""))
    return "\n".join([texts.summary(succeeded, lines, translate)] + left)


def resume_one(job, translate):
    """Go on with one job of the journal and return the line that says what became of it.

    :class:`Failed` for whatever goes wrong, so that the other jobs get their turn.
    """
    try:
        with WorkerRun(translate) as worker:
            event = worker.result({"command": Command.RESUME, "job_id": job["job_id"]})
            notes = worker.warnings + _delivered(job, event, translate).notes
            worker.delivered()
    except Failed:
        raise
    except Exception as problem:
        show_trace()
        raise Failed(texts.local_error(problem, job.get("charged") or "unknown", translate))
    name = origin.name_of(job, translate)
    return " ".join([texts.done(name, event["width"], event["height"], translate)] + notes)


def _delivered(job, event, translate):
    """Put a fetched result where it belongs; returns the :class:`delivery.Delivery`."""
    try:
        known = origin.read(job)
    except origin.InvalidOrigin:
        known = None
    input_layer = None if known is None else find_layer(known)
    if input_layer is None:
        notes = [origin.elsewhere_note(job, origin.GIMP2)]
    elif known.options["area"] == AREA_SELECTION:
        # the selection it was to be composed through is not kept
        notes = [layer_rules.Note("selection-unknown", {})]
    else:
        exported = export.Exported(known.opaque, known.fingerprint)
        values = dict(job["parameters"], **known.options)
        pending = delivery.PendingResult(event, input_layer, exported, values, None)
        return delivery.deliver(pending, translate)
    if known is not None:
        notes += layer_rules.bare_notes(known.opaque, known.masked, known.options["colors"])
    return delivery.deliver_as_new_image(event, origin.name_of(job, translate), notes, translate)


def find_layer(known):
    """Return the open :class:`layers.InputLayer` that an origin describes, or None.

    Within the run of GIMP that sent it the IDs decide. Later file and tattoo, which an XCF keeps, or the names,
    lead to layers that could be meant, and the pixels tell which one is.
    """
    if known.application != origin.GIMP2:
        return None
    if known.session == session():
        layer = gimp._id2drawable(known.layer_id)
        if layer is not None and pdb.gimp_item_is_layer(layer):
            return _input_layer(layer, known)
    for image in gimp.image_list():
        layer = _layer_like(known, image)
        if layer is not None:
            found = layers.at_present(_input_layer(layer, known))
            same_size = (found.box.width, found.box.height) == tuple(known.size)
            if same_size and export.as_it_is(found).fingerprint == known.fingerprint:
                return found
    return None


def _layer_like(known, image):
    """Return the layer of ``image`` that the origin describes, or None."""
    if (readable(image.filename) or None, readable(image.name)) != (known.file or None, known.image):
        return None
    layer = pdb.gimp_image_get_layer_by_tattoo(image, known.tattoo)
    return layer or pdb.gimp_image_get_layer_by_name(image, native(known.layer))


def _input_layer(layer, known):
    """Return ``layer`` as it was sent."""
    kind = layers.kind_of(layer)
    return layers.InputLayer(layer.image, layer, readable(layer.name), known.box, known.area, kind)
