# coding: utf-8
"""The procedures and their arguments, as ``gimpfu.register`` takes them, built from the contract.

Choices are PF_RADIO, whose value is the contract's name, and not PF_OPTION, whose value would be a position: a
script that says "photo" keeps working when a choice is added.
"""

from __future__ import absolute_import

import gimpfu
from gimpfu import (
    PF_DRAWABLE,
    PF_IMAGE,
    PF_LAYER,
    PF_RADIO,
    PF_SLIDER,
    PF_SPINNER,
    PF_STRING,
    PF_TOGGLE,
    register,
)
from precision_upscaler import __version__
from precision_upscaler.frontend import options

from . import handlers
from .handlers import translate
from .encoding import native

AUTHOR = "Precision Upscaler"
COPYRIGHT = "MIT licence"
MENU = "<Image>/Filters/Enhance"
UPSCALE = "python-fu-precision-upscale"
RESUME = "python-fu-precision-upscale-resume"
KEY = "python-fu-precision-upscale-key"

# a number with more steps than this is easier to set with a slider than to count up
_FEW_STEPS = 20


def argument(option):
    """Return the gimpfu tuple for one option of a run (a ``contract.Parameter``)."""
    name, title, default = (
        native(option.name.replace("_", "-")),
        native(translate(option.title)),
        option.default,
    )
    if option.kind == "boolean":
        return PF_TOGGLE, name, title, bool(default)
    if option.kind == "choice":
        choices = tuple((native(translate(choice.title)), native(choice.value)) for choice in option.choices)
        return PF_RADIO, name, title, native(default), choices
    bounds = (option.minimum, option.maximum, 1)
    kind = PF_SPINNER if option.maximum - option.minimum <= _FEW_STEPS else PF_SLIDER
    return kind, name, title, default, bounds


def arguments():
    """Return every argument of the upscale procedure: image, layer, the contract's parameters, ours."""
    given = [(PF_IMAGE, "image", "Image", None), (PF_DRAWABLE, "drawable", "Layer to upscale", None)]
    return given + [argument(option) for option in options.ALL]


def register_all():
    """Register every procedure with gimpfu, in the user's language and with GIMP 3's texts."""
    _fix_default_values()
    _fix_cancelled_dialog()
    _register(
        UPSCALE,
        translate("Enlarge layers 2 to 16 times with a cloud service"),
        translate(
            "Sends each selected layer to a paid service and puts the result in its place. "
            "Everything else about the layer is kept, and one undo takes it back."
        ),
        translate("Precision Upscale…"),
        "*",
        arguments(),
        handlers.run_upscale,
        results=[
            (PF_IMAGE, "image", "The image with the result"),
            (PF_LAYER, "layer", "The layer with the result"),
            (PF_STRING, "message", "What there is to know about the result"),
        ],
        on_run=handlers.dialog_opens,
    )
    _register(
        RESUME,
        translate("Bring the results of paid upscales that never reached their image"),
        translate("These upscales never reached an image. Taking them up again costs nothing."),
        translate("Resume Precision Upscales…"),
        "",
        [],
        handlers.run_resume,
    )
    _register(
        KEY,
        translate("Store the service's API key"),
        translate("Asks for the key in a window of its own, so that it is no argument of any procedure."),
        translate("Precision Upscaler Key…"),
        "",
        [],
        handlers.run_key,
    )


def _register(name, blurb, help_text, label, types, parameters, function, results=(), **more):
    # GIMP 2.10 writes three dots
    texts = [native(text) for text in (blurb, help_text, AUTHOR, COPYRIGHT, __version__)]
    about = [name] + texts + [native(label.replace("…", "..."))]
    register(*(about + [types, parameters, list(results), function]), menu=MENU, **more)


def _fix_default_values():
    # gimpfu adds its defaults, a list, to a tuple when the last values are asked for before the dialog was ever
    # confirmed, which fails; a tuple of the same values works
    original = gimpfu._get_defaults
    if getattr(original, "gives_tuple", False):
        return

    def defaults(name):
        return tuple(original(name))

    defaults.gives_tuple = True
    gimpfu._get_defaults = defaults


def _fix_cancelled_dialog():
    # gimpfu returns None from a cancelled dialog, which GIMP takes for an error where values are expected
    original = gimpfu._run
    if getattr(original, "answers", False):
        return

    def run(*args):
        answer = original(*args)
        # the procedure's name and its arguments come last
        return handlers.NOTHING if answer is None and args[-2].replace("_", "-") == UPSCALE else answer

    run.answers = True
    gimpfu._run = run
