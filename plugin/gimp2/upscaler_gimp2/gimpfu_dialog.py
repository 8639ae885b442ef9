"""Changes to gimpfu's automatic dialog: no progress bar in it, and hidden while the function runs.

While the function runs, gimpfu disables the dialog's buttons, Cancel as well, and its progress bar takes the
progress away from GIMP's own bar, whose Cancel works.
"""

from __future__ import absolute_import

from .encoding import native

_opened = []


def prepare(title):
    """Change the classes gimpfu builds its dialog from, which it does right after calling ``on_run``."""
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


def hide():
    """Hide the dialog, if there is one, so that GIMP's own windows with their progress bar are visible."""
    if not _opened:
        return
    import gtk

    while _opened:
        _opened.pop().hide()
    # no main loop runs while the function does
    while gtk.events_pending():
        gtk.main_iteration(False)
