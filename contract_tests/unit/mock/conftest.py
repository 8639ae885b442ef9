"""Fixtures of the mock's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.support.mock_calls import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def make() -> Iterator[Callable[..., Caller]]:
    """Make mocks with options of the test's choice; they are closed at its end."""
    made: list[Caller] = []

    def make_one(**options: Any) -> Caller:
        made.append(Caller(**options))
        return made[-1]

    yield make_one
    for caller in made:
        caller.close()


@pytest.fixture
def caller(make: Callable[..., Caller]) -> Caller:
    """Give a mock that behaves well, and its client."""
    return make()
