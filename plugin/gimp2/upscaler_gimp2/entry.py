"""What GIMP calls: each function catches everything, tells the user, and never claims a success it had not.

gimpfu does not hand the run mode on. Only its dialog calls ``dialog_opens`` first, and only there an
exception would leave a window that cannot be closed; everybody else, a script above all, gets the exception
after the message, so that the call fails for the caller too.
"""

from __future__ import absolute_import

from gimpfu import gimp
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.language import Catalog

from .errors import Failed, Refused, show_trace
from .text import native

_state = {"dialog": False}
translate = Catalog()


def dialog_opens():
    """Note that a person looks at gimpfu's dialog, and see to it that there is a key before they fill it in."""
    from . import dialog

    _state["dialog"] = True
    dialog.prepare(translate("Precision Upscale"))
    _guarded(_ask_for_missing_key)


def upscale(image, drawable, *values):
    """Enlarge ``drawable``; ``values`` are the other arguments in the order of ``options.ALL``."""
    from . import dialog, run

    dialog.step_aside()
    chosen = dict(zip([option.name for option in options.ALL], values))
    _guarded(run.upscale, image, drawable, chosen, translate)


def resume():
    """Fetch what was paid for and never reached its image."""
    from . import resuming

    _guarded(resuming.resume_all, translate)


def key():
    """Ask for the key and store it."""
    from . import key_window

    _state["dialog"] = True
    _guarded(key_window.ask, translate)


def _ask_for_missing_key():
    from . import key_window

    return key_window.ask_if_missing(translate)


def _guarded(function, *args):
    from . import working

    try:
        working.use_own_formats()
        text = function(*args)
    except Refused as refused:
        _failed(refused.text)
    except Failed as failed:
        _failed(texts.error(failed.event, translate))
    except Exception as problem:
        show_trace()
        # what goes wrong once a worker has been asked to upscale arrives here as Failed
        _failed(texts.error(texts.local_error(problem, "no", translate), translate))
    else:
        if text:
            gimp.message(native(text))


def _failed(text):
    gimp.message(native(text))
    if not _state["dialog"]:
        raise RuntimeError(native(text))
