"""All wrong subjects: of the contract, of the plug-in's core, of the mock, in that order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .wrong_contract import CONTRACT
from .wrong_core import CORE
from .wrong_mock import MOCK

if TYPE_CHECKING:
    from .wrong_subject import WrongSubject

CATALOGUE: tuple[WrongSubject, ...] = (*CONTRACT, *CORE, *MOCK)
