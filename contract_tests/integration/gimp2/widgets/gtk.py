"""A PyGTK of no windows, as far as gimpfu's dialog and the key window ask for it, with somebody before them.

In the dialog OK is pressed at once, or Cancel while a file ends in ``.cancel``; in windows that are run,
``answers`` says what is typed and pressed.

The private GIMP 2.10 has none. With this one the real gimpfu goes its real way through its dialog; what
happens to the windows is written to the file that ``PROBE_WINDOWS`` names, a word a line.
"""

import os
import sys
import types


def note(word):
    """Write down that something happened."""
    with open(os.environ.get("PROBE_WINDOWS", os.devnull), "a") as stream:
        stream.write(word + "\n")


class Widget(object):
    """Takes every call; knows the value it was made with."""

    def __init__(self, *values, **named):
        self.values = values

    def __getattr__(self, name):
        # "res" is gimpfu's own, which a cancelled dialog does not have
        if name.startswith("__") or name == "res":
            raise AttributeError(name)
        return lambda *values, **named: None


class _Adjustment(Widget):
    @property
    def value(self):
        return self.values[0]


class _SpinButton(Widget):
    def get_value(self):
        return self.values[0].value


class _ToggleButton(Widget):
    def set_active(self, active):
        self.active = active

    def get_active(self):
        return self.active


class _Label(Widget):
    def __init__(self, text=""):
        Widget.__init__(self, text)
        _Module.said.append(text)


class _Entry(Widget):
    def get_text(self):
        return _Module.typed


class Dialog(Widget):
    """``gimpui.Dialog``, whose response comes from ``main``, and ``gtk.Dialog``: there ``answers`` has it."""

    opened = []

    def __init__(self, *values):
        Widget.__init__(self, *values)
        self.vbox, self.handler = Widget(), None
        Dialog.opened.append(self)

    def connect(self, signal, handler):
        self.handler = handler

    def set_title(self, title):
        note("title " + title)

    def show(self):
        note("show")

    def hide(self):
        note("hide")

    def destroy(self):
        note("destroy")

    def run(self):
        _Module.typed, response = _Module.answers.pop(0)
        return response


class _Module(types.ModuleType):
    Adjustment, Widget, Dialog, SpinButton, ToggleButton = (
        _Adjustment,
        Widget,
        Dialog,
        _SpinButton,
        _ToggleButton,
    )
    Label, Entry = _Label, _Entry
    answers, said, typed = [], [], ""
    RESPONSE_OK, RESPONSE_CANCEL = -5, -6
    note = staticmethod(note)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        setattr(self, name, -1 if name.isupper() else type(name, (Widget,), {}))
        return getattr(self, name)

    @staticmethod
    def main():
        cancelled = os.path.exists(os.environ["PROBE_WINDOWS"] + ".cancel")
        for dialog in Dialog.opened:
            note("Cancel" if cancelled else "OK")
            dialog.handler(dialog, _Module.RESPONSE_CANCEL if cancelled else _Module.RESPONSE_OK)

    @staticmethod
    def main_quit():
        note("quit")

    @staticmethod
    def events_pending():
        return False


_Module.behind = sys.modules[__name__]  # Python 2 empties a module that nobody holds
sys.modules[__name__] = _Module(__name__)
