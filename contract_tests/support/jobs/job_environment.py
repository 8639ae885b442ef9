"""All that one user's jobs need: a mock of the service, a data folder, and a fake clock.

>>> with JobEnvironment(tmp_path) as env:
...     result = env.upscale()
...     assert env.mock.charges == 1

The mock uses the same clock, and sleeping moves it, so a job of two minutes takes milliseconds.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx2
from precision_upscaler.api.client import Timeouts, UpscalerClient
from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.api.rate_limiter import RateLimiter
from precision_upscaler.api.retry import RetryPolicy, goes_first
from precision_upscaler.cancel import CancelToken
from precision_upscaler.errors import Cancelled, UpscaleError
from precision_upscaler.jobs.context import JobContext, JobEvent, Result, StageEvent, WarningEvent
from precision_upscaler.jobs.service import resume, upscale
from precision_upscaler.storage.journal import Journal
from precision_upscaler.storage.settings import Settings

from contract_tests.support.pictures import png
from mock_server import PrecisionMock

PATIENT = Timeouts()
"""Seconds of real time; nothing in these tests takes long, but a loaded machine may."""
TASK_SECONDS = 12.0
"""How long a task takes: long enough for all its states to be seen, and for a few polls."""


class FakeClock:
    """A clock that moves when somebody sleeps; ``jump`` gives by how many seconds the wall clock jumps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.steady = 1000.0
        self.slept: list[float] = []
        self.jump: Callable[[], float] = lambda: 0.0
        self._lock = threading.Lock()

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.steady

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        if wake is not None and wake.is_set():
            return
        seconds = max(seconds, 0.0)
        with self._lock:
            self.now += seconds + self.jump()
            self.steady += seconds
            self.slept.append(seconds)


_DRAWN: OrderedDict[tuple[str, Any], bytes] = OrderedDict()


def share_results(mock: PrecisionMock) -> None:
    """Let a mock that has been started draw no picture that another one has drawn before it.

    A result is known by what it is made of, so that there is no difference but the time.
    """
    mock.app.service.results._files = _DRAWN


class JobEnvironment:
    """One user with one computer and one key. ``wsgi`` leaves the network out: no sockets, no wire faults."""

    def __init__(
        self,
        folder: Path,
        *,
        scenario: str = "",
        wsgi: bool = False,
        timeouts: Timeouts = PATIENT,
        base_url: str | None = None,
        **options: Any,
    ) -> None:
        self.folder = folder
        self.clock = FakeClock()
        begun = self.clock.time()
        self.mock = PrecisionMock(
            # of the client's clocks the one that never jumps
            real_time=lambda: begun + self.clock.monotonic(),
            scenario=scenario,
            **{"speed": 1.0, "seconds": TASK_SECONDS, **options},
        )
        self.settings = Settings()
        self.timeouts = timeouts
        self.events: list[JobEvent] = []
        self.on_event: Callable[[JobEvent], None] = lambda _event: None
        self.cancel = CancelToken()
        self.retries = RetryPolicy()
        self.source = folder / "photo.png"
        self.result: Result | None = None
        self._wsgi = wsgi
        self.base_url = base_url
        self._chances = itertools.cycle((0.1, 0.9, 0.4, 0.6))

    def __enter__(self) -> Self:
        self.mock.start()
        share_results(self.mock)
        self.source.write_bytes(png(160, 200))
        return self

    def __exit__(self, *_: object) -> None:
        self.mock.stop()

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / "data", self.clock)

    def client(self) -> UpscalerClient:
        ledger = RateLimiter(self.folder, "mock-key", self.settings.requests_per_minute, self.clock)
        transport = httpx2.WSGITransport(app=self.mock.app) if self._wsgi else None
        return UpscalerClient(
            self.base_url or self.mock.url,
            "mock-key",
            timeouts=self.timeouts,
            clock=self.clock,
            cancel=self.cancel,
            before_request=lambda call: ledger.wait_for_slot(self.cancel.event, first=goes_first(call)),
            transport=transport,
        )

    def context(self, client: UpscalerClient) -> JobContext:
        return JobContext(
            self.journal,
            client,
            self.settings,
            self._hear,
            self.cancel,
            self.clock,
            lambda: next(self._chances),
            self.retries,
        )

    def _hear(self, event: JobEvent) -> None:
        self.events.append(event)
        self.on_event(event)

    def upscale(self, source: Path | None = None, *, reuse: bool = True, **parameters: Any) -> Result:
        with self.client() as client:
            self.result = upscale(
                source or self.source, UpscaleRequest(**parameters), self.context(client), reuse=reuse
            )
        return self.result

    def resume(self, job_id: str, **options: Any) -> Result:
        with self.client() as client:
            self.result = resume(job_id, self.context(client), **options)
        return self.result

    def attempt(self, action: Callable[[], Result]) -> Result | UpscaleError | Cancelled:
        """Return how an upscale or resume ended, whichever way."""
        try:
            return action()
        except (UpscaleError, Cancelled) as ending:
            return ending

    @property
    def stages(self) -> list[str]:
        return [event.stage for event in self.events if isinstance(event, StageEvent)]

    @property
    def warnings(self) -> list[str]:
        return [event.code for event in self.events if isinstance(event, WarningEvent)]
