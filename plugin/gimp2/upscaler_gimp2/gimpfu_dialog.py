"""gimpfu's automatic dialog, made to step aside while the work is done.

While the function runs, gimpfu disables the dialog's buttons, Cancel as well, and the progress bar it puts there
takes the progress away from GIMP's own bar, whose Cancel works. So the dialog gets no progress bar, and it is
hidden as soon as the values are known.
"""

from __future__ import absolute_import

from .encoding import native

_opened = []


def prepare(title):
    """Change what gimpfu is about to build: it makes its dialog right after calling ``on_run``."""
    try:
        import gimpui
        import gtk
    except ImportError:
        # without them gimpfu has no dialog either
        return
    original = gimpui.Dialog

    def opened(*words):
        dialog = original(*words)
        dialog.set_title(native(title))
        _opened.append(dialog)
        return dialog

    gimpui.Dialog = opened
    gimpui.ProgressBar = gtk.VBox


def step_aside():
    """Hide the dialog, if there is one, so that GIMP's own windows and their progress bar are what one sees."""
    if not _opened:
        return
    import gtk

    while _opened:
        _opened.pop().hide()
    # nobody serves the windows while the work is done
    while gtk.events_pending():
        gtk.main_iteration(False)
