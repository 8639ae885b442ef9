"""Every lie there is: the contract's, the request's, the client's, the mock's, in that order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract_tests.planted.lies_contract import CONTRACT

if TYPE_CHECKING:
    from contract_tests.planted.plant import Plant

CATALOGUE: tuple[Plant, ...] = (*CONTRACT,)
