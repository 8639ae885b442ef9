"""One upscale from the user's layer to the user's layer: check, export, send, deliver."""

from __future__ import absolute_import

import os
import shutil
import tempfile
import uuid
from contextlib import contextmanager

from gimpfu import gimp
from precision_upscaler.contract import PARAMETERS
from precision_upscaler.frontend import options, origin, texts
from precision_upscaler.frontend.placement import Size
from precision_upscaler.frontend.worker_process import StoredSettings
from precision_upscaler.protocol import Command

from . import compose, delivery, export, layers, private_images
from .worker import WorkerRun
from .encoding import native, path_text, readable

_SESSION = "precision-upscaler-session"


def upscale(image, drawable, given, translate):
    """Enlarge ``drawable`` of ``image`` by the options in ``given``; returns the :class:`delivery.Delivery`.

    :class:`Refused` before anything is sent, :class:`Failed` afterwards.
    """
    values = layers.checked_options(given, translate)
    input_layer = layers.collect_input(image, drawable, values, translate)
    with _selection_of(input_layer, values) as selection, WorkerRun(translate) as worker:
        event, exported = _upscaled(input_layer, values, worker, translate)
        pending = delivery.PendingResult(event, input_layer, exported, values, selection)
        done = delivery.deliver(pending, translate)
        worker.delivered()
    return done._replace(notes=worker.warnings + done.notes)


@contextmanager
def _selection_of(input_layer, values):
    """Give the selection as it is now, because the user may select something else while the service works."""
    if values["area"] != options.AREA_SELECTION:
        yield None
        return
    with private_images.deleted_after(compose.selection_image(input_layer)) as selection:
        yield selection


def _upscaled(input_layer, values, worker, translate):
    """Export the layer and have it upscaled; return the ``result`` event and the :class:`export.Exported`."""
    folder = tempfile.mkdtemp(prefix="precision-upscaler-")
    try:
        path = os.path.join(folder, "layer.png")
        gimp.progress_init(native(texts.exporting(input_layer.name, translate)))
        with private_images.context():
            exported = export.export(input_layer, path, translate)
            message = command(path, input_layer, exported, values)
            if StoredSettings(worker.process).is_jpeg:
                message["upload"] = path_text(export.jpeg_copy(path))
        return worker.result(message), exported
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def command(path, input_layer, exported, values):
    """Return the worker's command; its origin is what Resume needs to place the result."""
    image, layer = input_layer.image, input_layer.layer
    described = origin.Origin(
        application=origin.GIMP2,
        session=session(),
        image=readable(image.name),
        image_id=image.ID,
        file=readable(image.filename) or None,
        layer=input_layer.name,
        layer_id=layer.ID,
        tattoo=layer.tattoo,
        size=Size(layer.width, layer.height),
        box=input_layer.box,
        area=input_layer.area,
        fingerprint=exported.fingerprint,
        opaque=exported.opaque,
        masked=layer.mask is not None,
        resolution=tuple(image.resolution),
        selection=None,
        options=dict((option.name, values[option.name]) for option in options.OWN),
    )
    return {
        "command": Command.UPSCALE,
        "source": path_text(path),
        "take_source": True,
        "parameters": dict((option.name, values[option.name]) for option in PARAMETERS),
        "origin": origin.record(described),
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
