"""A scripted network under the client: every request is recorded, held to the contract, and answered.

The client runs whole, down to its HTTP library; respx stands where the sockets would be.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

import httpx
import pytest_httpx2  # noqa: F401 - teaches respx the mocker "httpcore2"
import respx
from precision_upscaler.contract import AUTH_HEADERS, CREATE_PATH, SERVERS

from contract_tests.support.failure import curl, explain
from mock_server.api.validation import request_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


API, NEW_API = SERVERS
KEY = "secret-key-0123456789"
_NEW_HOST = urlsplit(NEW_API).hostname
_VENDORS = (".freepik.com", ".magnific.com")
RESULT_HOST = "ai-statics.freepik.com"


@dataclass(frozen=True)
class SentRequest:
    """One request as it was sent; ``call`` is one of create, list, status and download."""

    call: str
    method: str
    url: str
    headers: dict[str, str]
    content: bytes

    @functools.cached_property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        return self._parts.hostname or ""

    @property
    def path(self) -> str:
        return self._parts.path

    @property
    def query(self) -> str:
        return self._parts.query

    @property
    def task_id(self) -> str:
        """The task a status call asks for."""
        return self.path.removeprefix(CREATE_PATH + "/")

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def picture(self) -> bytes:
        """The picture that a create call carries."""
        return base64.b64decode(self.body["image"], validate=True)


def check_request(sent: SentRequest) -> None:
    """Fail unless a request is one the document allows, with the key where it belongs and nowhere else."""
    headers = sent.headers
    keys = [name for name in AUTH_HEADERS if name in headers]
    problem = ""
    if sent.call == "download":
        if keys or KEY in str(headers) or KEY in sent.url:
            problem = "the key goes to the API alone, and a result link is no part of it"
        elif sent.method != "GET" or sent.content:
            problem = "a result is fetched by a plain GET"
        elif not sent.url.startswith("https://") or not sent.host.endswith(_VENDORS):
            problem = f"a result is fetched over https from the vendor's hosts, not from {sent.url}"
    else:
        expected = [AUTH_HEADERS[1 if sent.host == _NEW_HOST else 0]]
        if keys != expected or headers[keys[0]] != KEY:
            problem = f"the key is in {keys}, not in {expected}"
        elif KEY in sent.url or KEY.encode() in sent.content:
            problem = "the key is in the address or the body"
        elif sent.query:
            problem = "the API takes no query"
        elif sent.call == "create":
            problem = _create_problem(sent)
        elif sent.content or sent.method != "GET":
            problem = "only the create call carries a body"
    assert not problem, explain(
        "what the document allows a client to send",
        wanted=f"an allowed {sent.call} call",
        said=problem,
        request=curl(sent.method, sent.url, sent.content.decode("utf-8", "replace") or None, "KEY"),
    )


def _create_problem(sent: SentRequest) -> str:
    headers = sent.headers
    if headers.get("content-type") != "application/json":
        return f"Content-Type is {headers.get('content-type')}; without application/json the body is ignored"
    if headers.get("content-length") != str(len(sent.content)) or "transfer-encoding" in headers:
        return f"Content-Length is {headers.get('content-length')} for {len(sent.content)} bytes"
    members = json.loads(sent.content, object_pairs_hook=list)
    if len({name for name, _ in members}) != len(members):
        return "a member is there twice"
    return "; ".join(f"{field} {reason}" for field, reason in request_faults(sent.body))


@contextlib.contextmanager
def scripted_network(answer: Callable[[SentRequest], httpx.Response]) -> Iterator[list[SentRequest]]:
    """Let ``answer`` answer every request, or raise an httpx2 error; yields what was sent so far."""
    sent: list[SentRequest] = []

    def respond(call: str, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        one = SentRequest(call, request.method, str(request.url), headers, request.content)
        sent.append(one)
        check_request(one)
        return answer(one)

    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        routes = {
            "create": router.post(path=CREATE_PATH),
            "list": router.get(path=CREATE_PATH),
            "status": router.get(path__startswith=CREATE_PATH + "/"),
            # result links may have any host and path; check_request says which are allowed
            "download": router.route(),
        }
        for call, route in routes.items():
            route.mock(side_effect=functools.partial(respond, call))
        yield sent


def task_body(task_id: str, status: str, *links: str) -> dict[str, Any]:
    """Return the body of a create or status answer as documented."""
    return {"data": {"task_id": task_id, "status": status, "generated": list(links)}}
