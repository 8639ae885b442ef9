"""A mock inside a test: a context manager that serves it from a thread of this process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from mock_server.scenarios.catalogue import parse
from mock_server.server.cheroot_server import Server

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
    that nothing happens until :meth:`advance`. Whatever is asked of a mock that is not running raises
    RuntimeError.
    """

    key = "mock-key"

    def __init__(self, *, real_time: Callable[[], float] | None = None, **options: Any) -> None:
        self.options = Options(**{"speed": 0.0, "port": 0, **options})
        self._real_time = real_time
        self._running: tuple[MockApp, Server, threading.Thread] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start serving; ``url`` is the address. RuntimeError when it is running already."""
        if self._running is not None:
            raise RuntimeError("the mock is running already")
        app = create_app(self.options, real_time=self._real_time)
        server = Server(app, self.options.host, self.options.port)
        try:
            server.prepare()
        except BaseException:
            app.close()
            raise
        thread = threading.Thread(target=server.serve, daemon=True)
        self._running = app, server, thread
        thread.start()

    def stop(self) -> None:
        """Stop serving and forget everything. Does nothing when the mock is not running."""
        if self._running is None:
            return
        (app, server, thread), self._running = self._running, None
        server.request_stop()
        thread.join()
        server.stop()
        app.close()

    @property
    def app(self) -> MockApp:
        """The WSGI application that is served, with the mock's service and its request log."""
        if self._running is None:
            raise RuntimeError("the mock is not running: start() it, or use it as a context manager")
        return self._running[0]

    @property
    def url(self) -> str:
        """The address that clients are given as the service's, without a last slash."""
        self.app  # noqa: B018 - raises when it is not running
        assert self._running is not None
        return self._running[1].url

    def advance(self, seconds: float) -> None:
        """Move the clock forward; webhooks that become due are delivered before this returns."""
        self.app.service.change_clock(lambda state, real: state.moved(real, seconds))

    def play(self, scenario: str) -> None:
        """Let every request that names no scenario play this one; empty ends it.

        :class:`~mock_server.scenarios.catalogue.UnknownScenarioError` when there is none of this name.
        """
        service = self.app.service
        if scenario:
            parse(scenario)
        service.change_settings(lambda settings: settings._replace(scenario=scenario))

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The recorded requests, the oldest first."""
        found: list[dict[str, Any]] = self.app.request_log.read()["requests"]
        return found

    @property
    def charges(self) -> int:
        """How many tasks were charged."""
        return sum(count for count, _ in self.app.service.tasks.charges().values())

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the webhooks, the oldest first: their state, and every attempt to deliver them.

        ``state`` is waiting, delivered, given_up or refused. An attempt has ``at`` (Unix seconds),
        ``status``, ``error`` and ``seconds``.
        """
        return self.app.service.webhooks.described()
