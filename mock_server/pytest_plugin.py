"""The pytest plug-in: fixtures that serve a mock, the marker that sets it up, and its ini options.

Flask and the mock are imported by the fixtures alone: a test run that uses none pays nothing. Every mock has
a free port and a memory of its own, so tests may run side by side.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .testing import PrecisionMock
    from .webhook_receiver import WebhookReceiver

_MARKER = "precision_mock"
_MARKER_HELP = (
    "precision_mock(**options): options of the fixture precision_mock's mock, by name, such as"
    ' scenario="failed" or speed=60; the marker nearest to the test wins.'
)
_INI = (
    ("precision_mock_scenario", "scenario of every mock that a fixture starts", "scenario"),
    ("precision_mock_speed", "speed of the clock of every mock that a fixture starts", "speed"),
    ("precision_mock_strict", "whether every mock that a fixture starts is strict", "strict"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini options."""
    for name, text, option in _INI:
        if option == "strict":
            parser.addini(name, text, type="bool", default=None)
        else:
            parser.addini(name, text, type="string", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER_HELP)


def _ini_options(config: pytest.Config) -> dict[str, Any]:
    values = {option: config.getini(name) for name, _, option in _INI}
    given = {option: value for option, value in values.items() if value not in (None, "")}
    try:
        return {**given, "speed": float(given["speed"])} if "speed" in given else given
    except ValueError:
        raise pytest.UsageError(f"precision_mock_speed must be a number, not {given['speed']!r}") from None


def _marker_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for marker in request.node.iter_markers(_MARKER):  # the nearest first
        if marker.args:
            raise pytest.UsageError("the marker precision_mock takes its options by name")
        options = {**marker.kwargs, **options}
    return options


@pytest.fixture
def precision_mock(request: pytest.FixtureRequest) -> Iterator[PrecisionMock]:
    """Serve a mock of the upscaler for one test; its clock stands still until ``advance(seconds)``.

    Options come from the marker ``@pytest.mark.precision_mock(scenario="failed", speed=60)`` and the ini.
    """
    from .testing import PrecisionMock  # noqa: PLC0415 - the plug-in is loaded in every run of pytest

    with PrecisionMock(**{**_ini_options(request.config), **_marker_options(request)}) as mock:
        yield mock


@pytest.fixture(scope="session")
def precision_mock_factory(pytestconfig: pytest.Config) -> Iterator[Callable[..., PrecisionMock]]:
    """Start mocks of the upscaler service that serve until the end of the session: ``factory(speed=60)``."""
    from .testing import PrecisionMock  # noqa: PLC0415 - as above

    with ExitStack() as stack:

        def start(**options: Any) -> PrecisionMock:
            return stack.enter_context(PrecisionMock(**{**_ini_options(pytestconfig), **options}))

        yield start


@pytest.fixture
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """Receive webhooks at ``webhook_receiver.url``, and check signature, time and body of each."""
    from .webhook_receiver import WebhookReceiver  # noqa: PLC0415 - as above

    with WebhookReceiver() as receiver:
        yield receiver
