"""Numbers, prices and months as the user's system writes them."""

from __future__ import annotations

import locale

from upscaler_gimp3.i18n import _


def number(value: float, digits: int = 2) -> str:
    """Return a number with the decimal point and the groups of the user's locale, which GTK has set."""
    return locale.format_string(f"%.{digits}f", value, grouping=True)


def amount_text(value: float, currency: str) -> str:
    """Return an amount of money, ``3.40 EUR``, or of the service's credits, where ``currency`` is empty."""
    if not currency:
        return _("{count} credits").format(count=number(value, 0))
    return f"{number(value)} {currency}"
