"""Every lie there is: the contract's, the client's side, the mock's, in that order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lies_contract import CONTRACT
from .lies_core import CORE
from .lies_mock import MOCK

if TYPE_CHECKING:
    from .plant import Plant

CATALOGUE: tuple[Plant, ...] = (*CONTRACT, *CORE, *MOCK)
