"""The functions that GIMP calls: each catches every exception, shows it to the user, and reports no false success.

gimpfu does not hand the run mode on. Only its dialog calls ``dialog_opens`` first, and only there an
exception would leave a window that cannot be closed. Any other caller, a script above all, gets the exception
after the message, so that the call fails for it too.
"""

from __future__ import absolute_import

from gimpfu import gimp
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.i18n import Catalog, preferred

from .errors import Failed, Refused, show_trace
from .encoding import native

NOTHING = (None, None, "")
"""The values of an upscale that was refused, failed or cancelled with a person watching."""

_state = {"dialog": False}
translate = Catalog(preferred())


def dialog_opens():
    """Note that gimpfu's dialog opens, and ask for a key first if there is none."""
    from . import gimpfu_dialog

    _state["dialog"] = True
    gimpfu_dialog.prepare(translate("Precision Upscale"))
    _guarded(_ask_for_missing_key)


def run_upscale(image, drawable, *values):
    """Enlarge ``drawable``; ``values`` are the other arguments in the order of ``options.ALL``.

    Returns the image and the layer of the result and what there is to know about it, or :data:`NOTHING`.
    """
    from . import gimpfu_dialog, upscale

    gimpfu_dialog.hide()
    given = dict(zip([option.name for option in options.ALL], values))
    done = []

    def upscaled():
        done.append(upscale.upscale(image, drawable, given, translate))
        return "\n".join(done[0].notes)

    text = _guarded(upscaled)
    return (done[0].layer.image, done[0].layer, native(text)) if done else NOTHING


def run_resume():
    """Fetch every paid result that never reached its image."""
    from . import resume

    _guarded(resume.resume_all, translate)


def run_key():
    """Ask for the key and store it."""
    from . import key_dialog

    _state["dialog"] = True
    _guarded(key_dialog.ask, translate)


def _ask_for_missing_key():
    from . import key_dialog

    return key_dialog.ask_if_missing(translate)


def _guarded(function, *args):
    """Show what ``function`` returns, or why it failed; returns the text, an empty one after a failure."""
    from . import private_images

    try:
        private_images.use_own_formats()
        text = function(*args)
    except Refused as refused:
        _failed(refused.text)
    except Failed as failed:
        _failed(texts.error(failed.event, translate))
    except Exception as problem:
        show_trace()
        # nothing was paid: once a worker has the command, every exception is made a Failed
        _failed(texts.error(texts.local_error(problem, "no", translate), translate))
    else:
        if text:
            gimp.message(native(text))
        return text
    return ""


def _failed(text):
    gimp.message(native(text))
    if not _state["dialog"]:
        raise RuntimeError(native(text))
