"""The requests that every implementation is asked: every case of the table, and others around them."""

from __future__ import annotations

from dataclasses import dataclass, field

from precision_upscaler.contract import AUTH_HEADERS, CREATE_PATH

from contract_tests.support.cases import CASES, IMAGE
from contract_tests.support.failure import MOCK_KEY

KEY = {AUTH_HEADERS[0]: MOCK_KEY}
JSON = {"Content-Type": "application/json"}
UNKNOWN = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"
BODY = f'{{"image": "{IMAGE}"}}'


@dataclass(frozen=True)
class RequestCase:
    """One request. ``headers`` are all it has besides what HTTP itself needs."""

    name: str
    method: str
    path: str = CREATE_PATH
    headers: dict[str, str] = field(default_factory=lambda: dict(KEY))
    body: str | None = None


REQUESTS: tuple[RequestCase, ...] = (
    *(RequestCase(case.name, "POST", headers={**KEY, **JSON}, body=case.text) for case in CASES),
    RequestCase("list", "GET"),
    RequestCase("list, new header", "GET", headers={AUTH_HEADERS[1]: MOCK_KEY}),
    RequestCase("list without a key", "GET", headers={}),
    RequestCase("list with an unknown key", "GET", headers={AUTH_HEADERS[0]: "unknown"}),
    RequestCase("list with a query nobody asked for", "GET", CREATE_PATH + "?page=0"),
    RequestCase("status of an unknown task", "GET", f"{CREATE_PATH}/{UNKNOWN}"),
    RequestCase("status without a key", "GET", f"{CREATE_PATH}/{UNKNOWN}", headers={}),
    RequestCase("status of an upper-case id", "GET", f"{CREATE_PATH}/{UNKNOWN.upper()}"),
    RequestCase("status of no uuid", "GET", f"{CREATE_PATH}/1"),
    RequestCase("status of a uuid without dashes", "GET", f"{CREATE_PATH}/{UNKNOWN.replace('-', '')}"),
    RequestCase("status of a uuid in braces", "GET", f"{CREATE_PATH}/%7B{UNKNOWN}%7D"),
    RequestCase("create without a key", "POST", headers=JSON, body=BODY),
    RequestCase("create as plain text", "POST", headers={**KEY, "Content-Type": "text/plain"}, body=BODY),
    RequestCase(
        "create as a form",
        "POST",
        headers={**KEY, "Content-Type": "application/x-www-form-urlencoded"},
        body="image=a",
    ),
    RequestCase(
        "create with a charset",
        "POST",
        headers={**KEY, "Content-Type": "application/json; charset=utf-8"},
        body=BODY,
    ),
    RequestCase(
        "create in upper case", "POST", headers={**KEY, "Content-Type": "APPLICATION/JSON"}, body=BODY
    ),
    RequestCase("delete a task", "DELETE", f"{CREATE_PATH}/{UNKNOWN}"),
    RequestCase("put a task", "PUT", headers={**KEY, **JSON}, body=BODY),
    RequestCase("another path", "GET", "/v1/ai/image-upscaler"),
)
