"""The procedures and their arguments, as ``gimpfu.register`` wants them, built from the contract.

Choices are PF_RADIO, whose value is the contract's own word, and not PF_OPTION, whose value would be a
position: a script that says "photo" keeps working when a choice is added.
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
from precision_upscaler.contract import LIMITS
from precision_upscaler.frontend import options

from . import entry
from .text import native

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
    name, title, default = native(option.name.replace("_", "-")), native(option.title), option.default
    if option.kind == "boolean":
        return PF_TOGGLE, name, title, bool(default)
    if option.kind == "choice":
        choices = tuple((native(choice.title), native(choice.value)) for choice in option.choices)
        return PF_RADIO, name, title, native(default), choices
    bounds = (option.minimum, option.maximum, 1)
    kind = PF_SPINNER if option.maximum - option.minimum <= _FEW_STEPS else PF_SLIDER
    return kind, name, title, default, bounds


def arguments():
    """Return every argument of the upscale procedure: image, layer, the contract's parameters, ours."""
    given = [(PF_IMAGE, "image", "Image", None), (PF_DRAWABLE, "drawable", "Layer to upscale", None)]
    return given + [argument(option) for option in options.ALL]


def register_all():
    """Tell gimpfu about every procedure."""
    _make_last_values_work_at_once()
    _answer_when_cancelled()
    _register(
        UPSCALE,
        "Enlarge a layer with the Precision Upscaler service and put it back in its place",
        "Sends the layer to a paid cloud service and replaces it, larger, with everything else about it kept. "
        "Sides of %(minimum_input_side)d pixels and more are taken; results reach %(maximum_output_side)d pixels."
        % LIMITS,
        "_Precision Upscale...",
        "*",
        arguments(),
        entry.upscale,
        results=[
            (PF_IMAGE, "image", "The image with the result"),
            (PF_LAYER, "layer", "The layer with the result"),
            (PF_STRING, "message", "What there is to know about the result"),
        ],
        on_run=entry.dialog_opens,
    )
    _register(
        RESUME,
        "Fetch every upscale that was paid for and never reached its image",
        "Results go back into their image while it is open and unchanged, else they become new images.",
        "_Resume Precision Upscales...",
        "",
        [],
        entry.resume,
    )
    _register(
        KEY,
        "Store the service's API key",
        "Asks for the key in a window of its own, so that it is no argument of any procedure.",
        "Precision Upscaler _Key...",
        "",
        [],
        entry.key,
    )


def _register(name, blurb, help_text, label, types, parameters, function, results=(), **more):
    about = [name, blurb, help_text, AUTHOR, COPYRIGHT, native(__version__)]
    register(*(about + [label, types, parameters, list(results), function]), menu=MENU, **more)


def _make_last_values_work_at_once():
    # gimpfu adds its defaults, a list, to a tuple when the last values are asked for before the dialog was ever
    # confirmed, which fails; a tuple of the same values works
    original = gimpfu._get_defaults
    if getattr(original, "gives_tuple", False):
        return

    def defaults(name):
        return tuple(original(name))

    defaults.gives_tuple = True
    gimpfu._get_defaults = defaults


def _answer_when_cancelled():
    # gimpfu answers a cancelled dialog with None, which GIMP takes for an error where values are expected
    original = gimpfu._run
    if getattr(original, "answers", False):
        return

    def run(*args):
        answer = original(*args)
        # the procedure's name and its arguments come last
        return entry.NOTHING if answer is None and args[-2].replace("_", "-") == UPSCALE else answer

    run.answers = True
    gimpfu._run = run
