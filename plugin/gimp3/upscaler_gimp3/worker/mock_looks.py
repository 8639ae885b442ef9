"""Look for the offline mock without holding the windows up."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from precision_upscaler.frontend import practice

from . import background

if TYPE_CHECKING:
    from collections.abc import Callable


def find(heard: Callable[[str | None], None]) -> None:
    """Tell ``heard`` the address of a mock on this computer, or None."""
    background.ask(practice.find_mock, heard)


def is_mock(address: str, heard: Callable[[bool], None]) -> None:
    """Tell ``heard`` whether a mock answers at a service address; no other computer is asked."""
    if practice.leads_here(address):
        background.ask(functools.partial(practice.is_mocks_address, address), heard)
    else:
        heard(False)
