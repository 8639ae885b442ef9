"""What can be pressed in our own windows, each with a key that nothing else in its window has.

No GTK here, so that every window is checked in every language without a display. A translation's own
underscore is heeded where it clashes with nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from precision_upscaler.frontend import mnemonics, options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Translate = Callable[[str], str]


def _keyed(words: dict[str, str], taken: Iterable[str] = ()) -> dict[str, str]:
    return dict(zip(words, mnemonics.with_keys(list(words.values()), taken), strict=True))


def main_window(_: Translate, theirs: Iterable[str]) -> dict[str, str]:
    """Return the labels of the dialog: ``upscale``, and every option's title under the option's name.

    ``theirs`` are the labels of GIMP's own buttons in it.
    """
    words = {"upscale": _("_Upscale")} | {one.name: _(one.title) for one in options.ALL}
    return _keyed(words, keys_of(theirs))


def keys_of(labels: Iterable[str]) -> set[str]:
    """Return the letters that ``labels`` have."""
    return {mnemonics.key_of(label) for label in labels} - {""}


def key_window(_: Translate) -> dict[str, str]:
    """Return the labels of the window that asks for the API key."""
    return _keyed(
        {
            "help": _("_Help"),
            "cancel": _("_Cancel"),
            "untested": _("Store _Untested"),
            "test": _("_Test and Store"),
            "key": _("API _key:"),
        }
    )


def settings_window(_: Translate) -> dict[str, str]:
    """Return the labels of the settings window; a setting's own has the setting's name."""
    return _keyed(
        {
            "help": _("_Help"),
            "cancel": _("_Cancel"),
            "save": _("Sa_ve"),
            "change-key": _("Change _Key…"),
            "test-key": _("_Test the Key"),
            "base_url": _("Service _address:"),
            "upload_format": _("_Send layers as:"),
            "deadline_minutes": _("_Wait for a result (minutes):"),
            "journal_days": _("Keep delivered results (_days):"),
            "journal_megabytes": _("… up to this _much (MB):"),
            "requests_per_minute": _("Requests per minute (_limit of the key):"),
            "result_hosts": _("_Further hosts of results:"),
        }
    )


def resume_window(_: Translate) -> dict[str, str]:
    """Return the labels of the list of unfinished upscales."""
    return _keyed(
        {
            "help": _("_Help"),
            "close": _("_Close"),
            "bring-back": _("_Bring Back"),
            "new-image": _("Open as _New Image"),
            "save": _("_Save As…"),
            "forget": _("_Forget…"),
        }
    )


def file_window(_: Translate) -> dict[str, str]:
    """Return the labels of the window that asks where to save."""
    return _keyed({"cancel": _("_Cancel"), "save": _("_Save")})


def forget_window(_: Translate) -> dict[str, str]:
    """Return the labels of the question before something is forgotten."""
    return _keyed({"cancel": _("_Cancel"), "forget": _("_Forget")})


def error_window(_: Translate) -> dict[str, str]:
    """Return the labels of the window that shows an error."""
    return _keyed({"copy": _("C_opy"), "close": _("_Close")})


def service_part(_: Translate, taken: Iterable[str]) -> dict[str, str]:
    """Return the labels of the dialog's last line, without the keys ``taken`` by the dialog around it.

    ``practice`` and ``real`` are one button, so they may share a key.
    """
    forbidden = set(taken)
    words = {"practice": _("Practice for Free"), "key": _("API Key…"), "settings": _("Settings…")}
    # a small dialog has no room for letters in brackets
    labels = dict(zip(words, mnemonics.with_keys(list(words.values()), forbidden, spare=False), strict=True))
    others = forbidden | {mnemonics.key_of(labels[name]) for name in ("key", "settings")}
    (labels["real"],) = mnemonics.with_keys([_("Use the Real Service")], others, spare=False)
    return labels
