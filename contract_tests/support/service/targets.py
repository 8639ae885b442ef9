"""What the tests of the service's side talk to: the mock in this process, over a socket, or the real one.

``pytest --target=inprocess|http|live``. In process is the default and the quickest. ``live`` is the
real service: it needs ``FREEPIK_API_KEY`` (or ``MAGNIFIC_API_KEY``) and ``--spending-cap=EUROS``, runs
only the tests marked ``live``, reserves the estimated price of every create before sending it, and
writes what it saw, scrubbed, to ``--live-record`` so that the mock can be corrected from it.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from precision_upscaler.contract import AUTH_HEADERS, CREATE_PATH, SERVERS

from contract_tests.support.failure import MOCK_KEY, curl, explain
from mock_server.api.validation import answer_fault

from .live_record import Recorder, Scrubber
from .spending_cap import SpendingCap

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from mock_server import PrecisionMock
    from mock_server.app import MockApp

OTHER_KEY = "mock-nearest"
KEY_VARIABLES = ("FREEPIK_API_KEY", "MAGNIFIC_API_KEY")
STATUS_PATH = CREATE_PATH + "/{task-id}"
_JSON = "application/json"


class Target:
    """A service with an address and a key. Every answer it gives is held to the contract."""

    name = ""

    def __init__(self, base_url: str, key: str, client: httpx2.Client) -> None:
        self.base_url = base_url
        self.key = key
        self._client = client

    def call(
        self,
        method: str,
        path: str = CREATE_PATH,
        body: str | bytes | None = None,
        *,
        key: str | None = "",
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """Send one request; ``key`` None sends none, empty the target's own. Fails on an unlawful answer."""
        sent = dict(headers or {})
        if key is not None:
            sent.setdefault(self.auth_header, key or self.key)
        if body is not None:
            sent.setdefault("Content-Type", _JSON)
        content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        response = self._send(method, self.base_url + path, content, sent)
        self._hold_to_the_contract(method, path, body, response)
        return response

    def _send(self, method: str, url: str, content: bytes | None, headers: dict[str, str]) -> httpx2.Response:
        return self._client.request(method, url, content=content, headers=headers, follow_redirects=False)

    def scrubbed(self, text: str) -> str:
        """Return ``text`` as it may be shown: a mock has no secrets."""
        return text

    def curl(self, method: str, path: str = CREATE_PATH, body: str | None = None) -> str:
        """Return a command line that sends the same request by hand, without the key of a real account."""
        return curl(method, path, body, self.key, self.auth_header)

    @property
    def auth_header(self) -> str:
        """The header the key goes into."""
        return AUTH_HEADERS[SERVERS.index(self.base_url)] if self.base_url in SERVERS else AUTH_HEADERS[0]

    def _hold_to_the_contract(
        self, method: str, path: str, body: str | bytes | None, response: httpx2.Response
    ) -> None:
        media_type = response.headers.get("content-type", "").partition(";")[0]
        template = CREATE_PATH if path.partition("?")[0] == CREATE_PATH else STATUS_PATH
        if not path.startswith(CREATE_PATH) or "json" not in media_type:
            return
        found = answer_fault(template, method, response.status_code, media_type, response.json())
        assert not found, explain(
            f"the answer {response.status_code} to {method} {template}",
            wanted="an answer that fits its schema",
            said=self.scrubbed(str(found)),
            request=self.curl(method, path, body if isinstance(body, str) else None),
            example=self.scrubbed(response.text)[:300],
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def fetch(self, link: str) -> httpx2.Response:
        """Fetch a result link, without the key."""
        return self._send("GET", link, None, {})

    def advance(self, seconds: float) -> None:
        """Let time pass for the service."""
        raise NotImplementedError

    @property
    def charges(self) -> int:
        """How many tasks have been charged since the target was opened."""
        raise NotImplementedError


class Mocked(Target):
    """A mock, driven through its control API."""

    def advance(self, seconds: float) -> None:
        response = self._client.post(f"{self.base_url}/__mock__/clock", json={"advance": seconds})
        assert response.status_code == 200, response.text

    @property
    def charges(self) -> int:
        return int(self._client.get(f"{self.base_url}/__mock__/charges").json()["count"])

    @property
    def tasks(self) -> dict[str, dict[str, Any]]:
        """Every task as the mock itself sees it, by its id."""
        tasks = self._client.get(f"{self.base_url}/__mock__/tasks").json()["tasks"]
        return {task["task_id"]: task for task in tasks}


class InProcess(Mocked):
    """The mock's WSGI application, called without a socket; a defect of the mock is raised."""

    name = "inprocess"

    def __init__(self, app: MockApp) -> None:
        client = httpx2.Client(transport=httpx2.WSGITransport(app=app))
        super().__init__("http://127.0.0.1:8000", MOCK_KEY, client)


class OverHttp(Mocked):
    """The mock behind its own server, reached through a socket."""

    name = "http"

    def __init__(self, mock: PrecisionMock) -> None:
        super().__init__(mock.url, mock.key, httpx2.Client(trust_env=False))


class Live(Target):
    """The real service. Costs money: every create is counted against the spending cap before it is sent."""

    name = "live"

    def __init__(
        self,
        base_url: str,
        key: str,
        spending_cap: SpendingCap,
        scrubber: Scrubber,
        recorder: Recorder | None = None,
    ) -> None:
        super().__init__(base_url, key, httpx2.Client(timeout=120.0))
        self._spending_cap = spending_cap
        self._recorder = recorder
        self._charges = 0
        self.scrubbed = scrubber.scrubbed  # type: ignore[method-assign]  # a run's ids are numbered together

    def call(self, method: str, path: str = CREATE_PATH, *arguments: Any, **options: Any) -> httpx2.Response:
        if method == "POST":
            # also for what should be refused: whether it is refused is the question
            self._spending_cap.reserve()
        response = super().call(method, path, *arguments, **options)
        if method == "POST" and 400 <= response.status_code < 500:
            self._spending_cap.release()
        elif method == "POST":
            self._charges += 1
        return response

    def _send(self, method: str, url: str, content: bytes | None, headers: dict[str, str]) -> httpx2.Response:
        started = time.monotonic()
        response = super()._send(method, url, content, headers)
        if self._recorder is not None:
            took = time.monotonic() - started
            self._recorder.write(method, url.removeprefix(self.base_url), content, response, took)
        return response

    def curl(self, method: str, path: str = CREATE_PATH, body: str | None = None) -> str:
        variable = dict(zip(AUTH_HEADERS, KEY_VARIABLES, strict=True))[self.auth_header]
        return curl(method, self.base_url + path, body, f"${variable}", self.auth_header)

    @property
    def charges(self) -> int:
        return self._charges


class SecretScrubber:
    """A plug-in of pytest that takes keys, tokens and task ids out of every report of a live run.

    A failed test may show any value it held; none of them is to end in a terminal or in a log.
    """

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed and report.longrepr is not None:
            report.longrepr = self._scrubber.scrubbed(str(report.longrepr))
        report.sections = [(name, self._scrubber.scrubbed(text)) for name, text in report.sections]
        return report


class Selection:
    """What the command line asked for."""

    target = "inprocess"
    spending_cap: SpendingCap | None = None
    scrubber: Scrubber = Scrubber(())
    recorder: Recorder | None = None


@contextlib.contextmanager
def opened(**options: Any) -> Iterator[Target]:
    """Open the chosen target; a mock with ``options``, its clock standing still unless they say otherwise."""
    if Selection.target == "live":
        if options:
            pytest.skip("this test sets the mock up in a way the real service cannot be")
        assert Selection.spending_cap is not None
        live = Live(*_live_account(), Selection.spending_cap, Selection.scrubber, Selection.recorder)
        with contextlib.closing(live):
            yield live
    elif Selection.target == "http":
        from mock_server import PrecisionMock  # noqa: PLC0415 - the live target must not need the mock

        with PrecisionMock(**options) as mock, contextlib.closing(OverHttp(mock)) as target:
            yield target
    else:
        from mock_server import Options, create_app  # noqa: PLC0415 - the live target must not need the mock

        app = create_app(Options(**{"speed": 0.0, **options}), testing=True)
        with contextlib.closing(app), contextlib.closing(InProcess(app)) as target:
            yield target


def _live_account() -> tuple[str, str]:
    for server, variable in zip(SERVERS, KEY_VARIABLES, strict=True):
        if os.environ.get(variable):
            return server, os.environ[variable]
    raise pytest.UsageError("--target=live needs FREEPIK_API_KEY or MAGNIFIC_API_KEY")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract tests")
    group.addoption("--target", choices=("inprocess", "http", "live"), default="inprocess", help=__doc__)
    group.addoption(
        "--spending-cap", type=float, metavar="EUROS", help="what --target=live may cost at most, estimated"
    )
    group.addoption("--seeds", type=int, metavar="N", help="so many random images in place of the fixed few")
    group.addoption("--first-seed", type=int, default=1000, help="the first seed of --seeds")
    group.addoption("--live-record", metavar="FILE", help="where --target=live writes what it saw, scrubbed")


def configure(config: pytest.Config) -> None:
    """Read the command line; a live run without a key, without a cap or in several processes is refused."""
    Selection.target = config.getoption("--target")
    if Selection.target != "live":
        return
    cap = config.getoption("--spending-cap")
    if cap is None or cap <= 0:
        raise pytest.UsageError("--target=live spends money: say how much at most with --spending-cap=EUROS")
    if config.getoption("dist", "no") != "no" or hasattr(config, "workerinput"):
        raise pytest.UsageError(
            "--target=live runs in one process: each further one would have a spending cap of its own"
        )
    _, key = _live_account()
    Selection.spending_cap = SpendingCap(cap)
    Selection.scrubber = Scrubber((key,))
    record: Path | str | None = config.getoption("--live-record")
    Selection.recorder = Recorder(record, Selection.scrubber) if record else None
    config.pluginmanager.register(SecretScrubber(Selection.scrubber))


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave only the tests marked ``live`` in a live run."""
    if Selection.target != "live":
        return
    left_out = [item for item in items if item.get_closest_marker("live") is None]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item.get_closest_marker("live") is not None]
