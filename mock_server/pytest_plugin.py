"""The pytest plug-in: the fixture ``precision_mock``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .testing import PrecisionMock


@pytest.fixture
def precision_mock() -> Iterator[PrecisionMock]:
    """Serve a mock for one test, with a clock that stands still: see ``PrecisionMock``."""
    from .testing import PrecisionMock  # noqa: PLC0415 - the plug-in is loaded in every run of pytest

    with PrecisionMock() as mock:
        yield mock
