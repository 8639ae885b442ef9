"""A mock inside a test: a context manager that serves it from a thread of this process."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from mock_server.scenarios.catalogue import parse
from mock_server.server.server import Server, address_of, listen

from .app import MockApp, create_app
from .config import Options

if TYPE_CHECKING:
    from collections.abc import Callable


class PrecisionMock:
    """A mock on a free port of the loopback interface, with its clock standing still.

    >>> with PrecisionMock() as mock:
    ...     client = UpscalerClient(mock.url, mock.key)
    ...     ...
    ...     mock.advance(100)

    Options are those of :class:`~mock_server.config.Options`, by name; ``speed`` is 0 unless given, so
    that nothing happens until :meth:`advance`.
    """

    key = "mock-key"

    def __init__(self, *, real_time: Callable[[], float] | None = None, **options: Any) -> None:
        self.options = Options(**{"speed": 0.0, "port": 0, **options})
        self._real_time = real_time
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self.app: MockApp
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start serving; ``url`` is the address."""
        self.app = create_app(self.options, real_time=self._real_time)
        try:
            listener = listen(self.options.host, self.options.port)
        except OSError:
            self.app.service.close()
            raise
        self._server = Server(self.app.wsgi_app, listener, quick=self.app.answers_quickly)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = address_of(listener)

    def stop(self) -> None:
        """Stop serving and forget everything."""
        if self._server is None or self._thread is None:
            return
        self._server.stop()
        self._thread.join()
        self.app.journal.flush()
        self.app.service.close()
        self._server = self._thread = None

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.app.service.change_clock(lambda state, real: state.moved(real, seconds))

    def play(self, scenario: str) -> None:
        """Let every request that names no scenario play this one; empty ends it.

        :class:`~mock_server.scenarios.catalogue.UnknownScenarioError` when there is none of this name.
        """
        if scenario:
            parse(scenario)
        self.app.service.change_settings(lambda settings: replace(settings, scenario=scenario))

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The request journal, the oldest request first."""
        found: list[dict[str, Any]] = self.app.journal.read()["requests"]
        return found

    @property
    def charges(self) -> int:
        """How many tasks were charged."""
        return sum(count for count, _ in self.app.service.tasks.charges().values())
