"""The fixture ``gimpfu_session``: a fresh pretended GIMP for one test.

In a conftest.py: ``pytest_plugins = ["contract_tests.gimpfu_stubs.pytest_plugin"]``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .session import Session


@pytest.fixture
def gimpfu_session() -> Iterator[Session]:
    """Enter a :class:`Session` for the length of the test."""
    with Session() as session:
        yield session
