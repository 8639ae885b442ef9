"""A small window that asks for the service's API key, so that the key is no argument of any procedure.

gimpfu keeps arguments in memory and writes them nowhere safe; here the key goes straight to the worker, which
stores it where the system keeps secrets. Needs PyGTK, which gimpfu's own dialog needs as well.
"""

from __future__ import absolute_import

from precision_upscaler.contract import SERVERS
from precision_upscaler.frontend import texts

from .errors import Refused
from .talking import ask as ask_worker
from .text import native, readable

_SERVICES = ("freepik", "magnific")


def is_stored(translate=texts.same):
    """Return whether the worker knows a key already."""
    return bool(ask_worker({"command": "status"}, translate).get("key"))


def ask(translate):
    """Show the window; store the key that was typed. Returns a text about what happened, empty when cancelled."""
    key = typed_key(translate)
    if not key:
        return ""
    answer = ask_worker({"command": "store-key", "service": _SERVICES[0]}, translate, key=readable(key))
    return translate("The key was stored ({where}).").format(where=answer["where"])


def typed_key(translate):
    """Return what the user typed, empty when cancelled; :class:`Refused` where no window can be opened."""
    try:
        import pygtk

        pygtk.require("2.0")
        import gtk
    except (ImportError, AssertionError, RuntimeError):
        raise Refused(
            translate(
                "No window can be opened to ask for the API key. Put it into the environment variable "
                "FREEPIK_API_KEY, or store it with the command precision-upscale store-key, and start again."
            )
        )
    dialog = gtk.Dialog(
        native(translate("Precision Upscaler: API key")),
        None,
        gtk.DIALOG_MODAL,
        (gtk.STOCK_CANCEL, gtk.RESPONSE_CANCEL, gtk.STOCK_OK, gtk.RESPONSE_OK),
    )
    dialog.set_default_response(gtk.RESPONSE_OK)
    label = gtk.Label(
        native(translate("The API key of your account at {address}:").format(address=SERVERS[0]))
    )
    entry = gtk.Entry()
    entry.set_visibility(False)
    entry.set_width_chars(48)
    entry.set_activates_default(True)
    for widget in (label, entry):
        dialog.vbox.pack_start(widget, False, False, 6)
    dialog.show_all()
    try:
        return entry.get_text().strip() if dialog.run() == gtk.RESPONSE_OK else ""
    finally:
        dialog.destroy()
