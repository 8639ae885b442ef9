"""One upscale from the user's layer to the user's layer: check, export, send, and hand over the result."""

from __future__ import absolute_import

import os
import shutil
import tempfile
import uuid
from contextlib import contextmanager

from gimpfu import gimp
from precision_upscaler.contract import PARAMETERS
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.worker_process import UploadFormat

from . import compose, delivery, export, jpeg, private_images
from . import layers as subjects
from .worker import Conversation
from .encoding import native, path_text, readable

APPLICATION = "gimp2"
_SESSION = "precision-upscaler-session"


def upscale(image, drawable, given, translate):
    """Enlarge ``drawable`` of ``image`` by the options in ``given``; returns the :class:`delivery.Delivered`.

    :class:`Refused` before anything is sent, :class:`Failed` afterwards.
    """
    values = subjects.checked_options(given, translate)
    subject = subjects.chosen(image, drawable, values, translate)
    with _selection_of(subject, values) as selection, Conversation(translate) as conversation:
        event, sent = _sent(subject, values, conversation, translate)
        job = delivery.Job(event, subject, sent, values, selection)
        done = delivery.deliver(job, translate)
        conversation.delivered()
    return done._replace(notes=conversation.warnings + done.notes)


@contextmanager
def _selection_of(subject, values):
    """Give the selection as it is now, because the user may select something else while the service works."""
    if values["area"] != options.AREA_SELECTION:
        yield None
        return
    with private_images.deleted_after(compose.selection_image(subject)) as selection:
        yield selection


def _sent(subject, values, conversation, translate):
    """Export and send the subject; return the worker's ``result`` event and the :class:`Exported`."""
    folder = tempfile.mkdtemp(prefix="precision-upscaler-")
    try:
        path = os.path.join(folder, "layer.png")
        gimp.progress_init(native(texts.exporting(subject.name, translate)))
        with private_images.context():
            sent = export.export(subject, path, translate)
            order = command(path, subject, sent, values)
            if UploadFormat(conversation.worker).is_jpeg:
                order["upload"] = path_text(jpeg.jpeg_of(path))
        return conversation.result(order), sent
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def command(path, subject, sent, values):
    """Return the worker's command; ``origin`` holds what Resume needs to go on where this run stopped."""
    image = subject.image
    return {
        "command": "upscale",
        "source": path_text(path),
        "take_source": True,
        "parameters": dict((option.name, values[option.name]) for option in PARAMETERS),
        "origin": {
            "application": APPLICATION,
            "session": session(),
            "image": readable(image.name),
            "image_id": image.ID,
            "file": readable(image.filename),
            "layer": subject.name,
            "layer_id": subject.layer.ID,
            "tattoo": subject.layer.tattoo,
            "box": list(subject.box),
            "opaque": sent.opaque,
            "fingerprint": sent.fingerprint,
            "options": dict((option.name, values[option.name]) for option in options.OWN),
        },
        "reuse": True,
    }


def session():
    """Return a text that tells this run of GIMP from all others: only within it an item's ID means something.

    GIMP itself keeps it, so that it is the same for every run of the plug-in and ends with GIMP.
    """
    try:
        return readable(gimp.get_data(_SESSION))
    except gimp.error:
        name = uuid.uuid4().hex
        gimp.set_data(_SESSION, name)
        return name
