"""A small window that asks for the service's API key, so that the key is no argument of any procedure.

gimpfu keeps arguments where they are not safe. Here the key goes straight to the worker, which tests it with a
call that costs nothing and stores it in the system's keyring or a private file. Needs PyGTK, as gimpfu's own
dialog does.
"""

from __future__ import absolute_import

from collections import namedtuple

from precision_upscaler.frontend import texts
from precision_upscaler.contract import KEY_PAGE, host_of

from precision_upscaler.protocol import Command

from .errors import Failed, Refused
from .worker import call_and_wait
from .encoding import native, readable

_STORE_UNTESTED = 1

_Shown = namedtuple("_Shown", "host message untested")
"""What the window shows: the service, what is wrong with the last key or the settings, and more.

``untested``: whether the key may be stored untested.
"""


def ask_if_missing(translate):
    """Ask for a key unless the worker knows one; returns a text about what happened, often empty."""
    status = call_and_wait({"command": Command.STATUS}, translate)
    return "" if status["key"] else _ask_for(status, translate)


def ask(translate):
    """Ask for a key, whether there is one or not; returns a text about what happened, empty when cancelled."""
    return _ask_for(call_and_wait({"command": Command.STATUS}, translate), translate)


def _ask_for(status, translate):
    """Show the window until a key is stored or the user gives up."""
    host = host_of(status["base_url"])
    shown = _Shown(host, texts.problems(status["problems"], translate), False)
    while True:
        key, tested = typed_key(shown, translate)
        if not key:
            return ""
        problem = _problem_with(key, translate) if tested else None
        if problem is None:
            answer = call_and_wait({"command": Command.STORE_KEY}, translate, key=key)
            return texts.key_stored(answer["where"], translate)
        shown = _Shown(host, *problem)


def _problem_with(key, translate):
    """Return what is wrong with a key and whether only the test failed, or None when the key works."""
    try:
        answer = call_and_wait({"command": Command.TEST_KEY, "key_follows": True}, translate, key=key)
    except Failed as failed:
        return texts.error(failed.event, translate), True
    return None if answer["valid"] else (translate("The service does not accept this key."), False)


def typed_key(shown, translate):
    """Return what the user typed (empty when cancelled) and whether to test it.

    :class:`Refused` where no window can be opened.
    """
    gtk = _gtk(translate)
    dialog = gtk.Dialog(native(translate("API Key")), None, gtk.DIALOG_MODAL)
    dialog.add_button(gtk.STOCK_CANCEL, gtk.RESPONSE_CANCEL)
    if shown.untested:
        dialog.add_button(native(translate("Store _Untested")), _STORE_UNTESTED)
    dialog.add_button(native(translate("_Test and Store")), gtk.RESPONSE_OK)
    dialog.set_default_response(gtk.RESPONSE_OK)
    entry = gtk.Entry()
    entry.set_visibility(False)
    entry.set_width_chars(48)
    entry.set_activates_default(True)
    link = gtk.LinkButton(KEY_PAGE, native(translate("Get a key from the service")))
    before, after = _words(shown, translate)
    for widget in [_line(gtk, words) for words in before] + [link, entry] + [_line(gtk, after)]:
        dialog.vbox.pack_start(widget, False, False, 6)
    dialog.show_all()
    entry.grab_focus()
    try:
        answer = dialog.run()
        wanted = answer in (gtk.RESPONSE_OK, _STORE_UNTESTED)
        return readable(entry.get_text()).strip() if wanted else "", answer == gtk.RESPONSE_OK
    finally:
        dialog.destroy()


def _words(shown, translate):
    """Return the texts above the entry, and the one below it."""
    about = translate(
        "The pictures are made by a paid service at {host}. It needs the API key of your own "
        "account there, and charges that account."
    ).format(host=shown.host)
    kept = translate(
        "Testing costs nothing. The key is kept in the system's keyring or, where there is none, "
        "in a file only you can read; never in images, settings or logs."
    )
    return [words for words in (about, shown.message) if words], kept


def _line(gtk, words):
    label = gtk.Label(native(words))
    label.set_line_wrap(True)
    label.set_alignment(0.0, 0.5)
    return label


def _gtk(translate):
    try:
        import pygtk

        pygtk.require("2.0")
        import gtk

        return gtk
    except (ImportError, AssertionError, RuntimeError):
        raise Refused(
            translate(
                "No window can be opened to ask for the API key. Put it into the environment variable "
                "FREEPIK_API_KEY, or store it with the command precision-upscale store-key, and start again."
            )
        )
