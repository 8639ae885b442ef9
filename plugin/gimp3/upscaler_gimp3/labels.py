"""Labels with mnemonics, grouped by the window they appear in.

No GTK here, so that a test can check the mnemonics of every window in every language without a display.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Translate = Callable[[str], str]

_IN_BRACKETS = re.compile(r"\s*\(_[A-Za-z]\)")


def without_mnemonic(label: str) -> str:
    """Return a label without its underscore, or without the letter in brackets of Chinese and Japanese."""
    return _IN_BRACKETS.sub("", label).replace("_", "")


def upscale_dialog(_: Translate) -> dict[str, str]:
    """Return the labels of the upscale dialog: ``upscale``, ``over_budget``, and those of the options.

    The dialog also has GIMP's own buttons (OK, Cancel, Reset, Help, Load and Save Settings) and those of
    :func:`service_panel`. An option without a label here is shown with its title, without a mnemonic.
    """
    return {
        "upscale": _("_Upscale"),
        "scale_factor": _("Scale _factor"),
        "flavor": _("Fla_vor"),
        "sharpen": _("Shar_pen"),
        "smart_grain": _("Smart _grain"),
        "ultra_detail": _("Ultra _detail"),
        "filter_nsfw": _("Filter _NSFW content"),
        "placement": _("Plac_ement"),
        "area": _("_Area"),
        "colors": _("Colors fro_m"),
        "over_budget": _("Pass the _budget this once"),
    }


def service_panel(_: Translate) -> dict[str, str]:
    """Return the labels of the buttons in the upscale dialog's last line.

    ``practice`` and ``real`` are one button, so they may share a letter.
    """
    return {
        "practice": _("Prac_tice for Free"),
        "real": _("Use _the Real Service"),
        "key": _("API _Key…"),
        "settings": _("Sett_ings…"),
    }


def key_dialog(_: Translate) -> dict[str, str]:
    """Return the labels of the dialog that asks for the API key."""
    return {
        "help": _("_Help"),
        "cancel": _("_Cancel"),
        "untested": _("Store _Untested"),
        "test": _("_Test and Store"),
        "key": _("API _key:"),
    }


def settings_dialog(_: Translate) -> dict[str, str]:
    """Return the labels of the settings dialog; the label of a setting has the setting's name."""
    return {
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
        "monthly_budget": _("Monthly _budget (0: none):"),
        "budget_unit": _("Budget _in:"),
        "result_hosts": _("_Further hosts of results:"),
    }


def resume_dialog(_: Translate) -> dict[str, str]:
    """Return the labels of the list of unfinished upscales."""
    return {
        "help": _("_Help"),
        "close": _("_Close"),
        "bring-back": _("_Bring Back"),
        "new-image": _("Open as _New Image"),
        "save": _("_Save As…"),
        "forget": _("_Forget…"),
    }


def file_chooser(_: Translate) -> dict[str, str]:
    """Return the labels of the dialog that asks where to save."""
    return {"cancel": _("_Cancel"), "save": _("_Save")}


def forget_dialog(_: Translate) -> dict[str, str]:
    """Return the labels of the question before a result is forgotten."""
    return {"cancel": _("_Cancel"), "forget": _("_Forget")}


def error_dialog(_: Translate) -> dict[str, str]:
    """Return the labels of the dialog that shows an error."""
    return {"copy": _("C_opy"), "close": _("_Close")}
