"""Two implementations of the document that answer a request: our mock, and Prism."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx2
import pytest

from contract_tests.benchmarks.peers import DOCUMENT as DOCUMENT_FILE
from contract_tests.benchmarks.peers import node, node_folder
from contract_tests.benchmarks.processes import free_port
from contract_tests.benchmarks.result import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_tests.support.service.targets import Target

    from .request_cases import RequestCase

_TAKEN = 200
_REFUSED = frozenset({400, 401, 404, 405, 413, 415, 422})
_PATIENCE_SECONDS = 300.0
_SILENCE_SECONDS = 1.5


@dataclass(frozen=True)
class Decision:
    """What a judge thinks of a request: the HTTP status, None where it refuses in silence, and its words."""

    status: int | None
    said: str

    @property
    def accepted(self) -> bool:
        """Whether the request is one the service takes."""
        return self.status == _TAKEN


class Implementation(Protocol):
    """Somebody with an decide on requests, of whom so many things can be asked at once."""

    name: str
    at_once: int

    def decide(self, case: RequestCase) -> Decision:
        """Return what the judge thinks of a request."""


class OurMock:
    """The mock, as any client meets it."""

    name = "mock"

    def __init__(self, target: Target) -> None:
        self._target = target

    def answer(self, case: RequestCase) -> httpx2.Response:
        return self._target.call(case.method, case.path, case.body, key=None, headers=dict(case.headers))

    def decide(self, case: RequestCase) -> Decision:
        return _read(self.answer(case))


class Prism:
    """Prism from npm, serving the document."""

    name = "prism"
    # as many as it never answers, or each would be waited for by itself
    at_once = 32

    def __init__(self, address: str) -> None:
        self._client = httpx2.Client(trust_env=False, base_url=address, timeout=_PATIENCE_SECONDS)

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator[Prism]:
        """Start Prism; skips with the reason where Node.js or the package cannot be had."""
        try:
            program = node_folder() / "@stoplight/prism-cli/dist/index.js"
            command = [node(), str(program)]
        except Unavailable as reason:
            pytest.skip(f"Prism: {reason}")
        port = free_port()
        command += ["mock", str(DOCUMENT_FILE), "--errors", "--verboseLevel", "silent", "--port", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        judge = cls(f"http://127.0.0.1:{port}")
        try:
            judge.await_start(process)
            yield judge
        finally:
            judge._client.close()
            process.kill()
            process.wait()

    def await_start(self, process: subprocess.Popen[bytes]) -> None:
        """Return when Prism answers."""
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            assert process.poll() is None, "Prism ended at once"
            with contextlib.suppress(httpx2.HTTPError):
                self._client.get("/")
                return
            time.sleep(0.1)
        raise AssertionError("Prism did not start within three minutes")

    def decide(self, case: RequestCase) -> Decision:
        content = None if case.body is None else case.body.encode()
        # Prism 5.16 never answers a body that is no JSON
        silent = case.body is not None and not _is_json(case.body)
        patience = _SILENCE_SECONDS if silent else _PATIENCE_SECONDS
        try:
            answer = self._client.request(
                case.method, case.path, content=content, headers=dict(case.headers), timeout=patience
            )
        except httpx2.ReadTimeout:
            if not silent:
                raise
            return Decision(None, "no answer at all, as to every body that is no JSON")
        return _read(answer)


def _is_json(text: str) -> bool:
    def refused(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    try:
        json.loads(text, parse_constant=refused)
    except (ValueError, RecursionError):
        return False
    return True


def _read(answer: httpx2.Response) -> Decision:
    said = f"{answer.status_code} {answer.text[:300]}"
    assert answer.status_code in _REFUSED | {_TAKEN}, said
    return Decision(answer.status_code, said)
