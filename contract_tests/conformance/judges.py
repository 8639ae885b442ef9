"""Three judges of a request: our mock, openapi-core with the document, and Prism serving the document."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import httpx2
import pytest
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import OperationNotFound, PathError, PathNotFound
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.request.exceptions import SecurityValidationError
from precision_upscaler.contract import DOCUMENT, SERVERS

from contract_tests.benchmarks.peers import DOCUMENT as DOCUMENT_FILE
from contract_tests.benchmarks.peers import node, node_folder
from contract_tests.benchmarks.processes import free_port
from contract_tests.benchmarks.result import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_tests.support.service.targets import Target

    from .asks import Ask

_TAKEN = 200
_REFUSED = frozenset({400, 401, 404, 405, 413, 415, 422})
_STATUS_OF = {SecurityValidationError: 401, PathNotFound: 404, OperationNotFound: 405}
"""The statuses that the document lists for openapi-core's refusals, by their class; all others are 400."""
_PATIENCE_SECONDS = 300.0
_SILENCE_SECONDS = 1.5


@dataclass(frozen=True)
class Opinion:
    """What a judge thinks of a request: the HTTP status, None where it refuses in silence, and its words."""

    status: int | None
    said: str

    @property
    def takes(self) -> bool:
        """Whether the request is one the service takes."""
        return self.status == _TAKEN


class Judge(Protocol):
    """Somebody with an opinion on requests, of whom so many things can be asked at once."""

    name: str
    at_once: int

    def opinion(self, ask: Ask) -> Opinion:
        """Return what the judge thinks of a request."""


class OurMock:
    """The mock, as any client meets it."""

    name = "mock"

    def __init__(self, target: Target) -> None:
        self._target = target

    def answer(self, ask: Ask) -> httpx2.Response:
        return self._target.call(ask.method, ask.path, ask.body, key=None, headers=dict(ask.headers))

    def opinion(self, ask: Ask) -> Opinion:
        return _read(self.answer(ask))


class OpenapiCore:
    """openapi-core reading the document: requests, and our mock's answers too."""

    name = "openapi-core"
    at_once = 1

    def __init__(self) -> None:
        config = Config(extra_media_type_deserializers={"application/problem+json": json.loads})
        self._api = OpenAPI.from_dict(json.loads(json.dumps(DOCUMENT)), config=config)

    def _request(self, ask: Ask) -> MockRequest:
        parts = urlsplit(ask.path)
        return MockRequest(
            SERVERS[0],
            ask.method.lower(),
            parts.path,
            args=dict(pair.split("=") for pair in parts.query.split("&") if pair),
            headers={name: value for name, value in ask.headers.items() if name != "Content-Type"},
            data=None if ask.body is None else ask.body.encode(),
            content_type=ask.headers.get("Content-Type", ""),
        )

    def opinion(self, ask: Ask) -> Opinion:
        try:
            self._api.validate_request(self._request(ask))
        except (OpenAPIError, ValueError, RecursionError) as refusal:
            status = next((status for kind, status in _STATUS_OF.items() if isinstance(refusal, kind)), 400)
            return Opinion(status, f"{type(refusal).__name__}: {refusal}"[:300])
        return Opinion(_TAKEN, "valid")

    def objection(self, ask: Ask, answer: httpx2.Response) -> str:
        """Say what is wrong with an answer; empty when nothing is, or the document does not list it."""
        media_type = answer.headers["content-type"].partition(";")[0]
        response = MockResponse(answer.content, status_code=answer.status_code, content_type=media_type)
        try:
            self._api.validate_response(self._request(ask), response)
        except (PathError, ResponseNotFound):
            return ""
        except OpenAPIError as refusal:
            return f"{type(refusal).__name__}: {refusal.__cause__ or refusal}"[:300]
        return ""


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

    def opinion(self, ask: Ask) -> Opinion:
        content = None if ask.body is None else ask.body.encode()
        # Prism 5.16 never answers a body that is no JSON
        silent = ask.body is not None and not _is_json(ask.body)
        patience = _SILENCE_SECONDS if silent else _PATIENCE_SECONDS
        try:
            answer = self._client.request(
                ask.method, ask.path, content=content, headers=dict(ask.headers), timeout=patience
            )
        except httpx2.ReadTimeout:
            if not silent:
                raise
            return Opinion(None, "no answer at all, as to every body that is no JSON")
        return _read(answer)


def _is_json(text: str) -> bool:
    def refused(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    try:
        json.loads(text, parse_constant=refused)
    except (ValueError, RecursionError):
        return False
    return True


def _read(answer: httpx2.Response) -> Opinion:
    said = f"{answer.status_code} {answer.text[:300]}"
    assert answer.status_code in _REFUSED | {_TAKEN}, said
    return Opinion(answer.status_code, said)
