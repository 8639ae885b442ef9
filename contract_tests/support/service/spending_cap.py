"""Money that a live run may spend, reserved before it is spent."""

from __future__ import annotations

import pytest
from precision_upscaler.contract.estimates import estimate

from contract_tests.support.pictures import SIDE


class SpendingCap:
    """At most ``limit`` euros. What has been reserved and not given back counts as spent."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.spent = 0.0

    def reserve(self, width: int = SIDE, height: int = SIDE, scale_factor: int = 16) -> None:
        """Count the estimated price of an upscale; skips the test when the cap does not allow it.

        The largest factor is assumed unless told otherwise: a wrong body may be taken for one.
        """
        price = estimate(width, height, scale_factor).amount
        if self.spent + price > self.limit:
            pytest.skip(f"the spending cap of {self.limit:.2f} is reached ({self.spent:.2f} spent)")
        self.spent += price

    def release(self, width: int = SIDE, height: int = SIDE, scale_factor: int = 16) -> None:
        """Return the price of an upscale that was refused."""
        self.spent -= estimate(width, height, scale_factor).amount
