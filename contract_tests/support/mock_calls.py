"""A mock without a socket, called through Werkzeug's test client: what most of these tests use."""

from __future__ import annotations

import base64
import io
import json
import urllib.request
from functools import cache
from typing import Any, cast

from PIL import Image
from precision_upscaler.contract import CREATE_PATH
from werkzeug.test import TestResponse

from mock_server import Options, create_app

START = 1_700_000_000.0  # Unix seconds at which the tests begin


@cache
def picture(width: int = 200, height: int = 160, file_format: str = "PNG") -> bytes:
    """Return the file of a picture with edges, gradients and colors."""
    ramp = Image.linear_gradient("L").resize((width, height))
    disc = Image.radial_gradient("L").resize((width, height))
    stream = io.BytesIO()
    Image.merge("RGB", (ramp, disc, ramp.rotate(180))).save(stream, file_format)
    return stream.getvalue()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def fetch(url: str, body: Any = None, key: str = "mock-key") -> Any:
    """Call a mock over HTTP and return the JSON of its answer."""
    headers = {"x-freepik-api-key": key, "Content-Type": "application/json", "Connection": "close"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)


class Answer(TestResponse):
    """An answer whose JSON the tests read without asking whether there is any: there must be."""

    @property
    def json(self) -> Any:
        return super().json


class FakeTime:
    """A real time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class Caller:
    """One mock and a client of it. The clock stands still unless ``speed`` says otherwise."""

    def __init__(self, *, key: str = "mock-key", **options: Any) -> None:
        self.clock = FakeTime()
        self.key = key
        self.app = create_app(Options(**{"speed": 0.0, **options}), real_time=self.clock, testing=True)
        self.client = self.app.test_client(Answer)
        self.service = self.app.service

    def open(self, path: str, **more: Any) -> Answer:
        """Send a request as it is given, with no key but one that is in ``more``."""
        return cast("Answer", self.client.open(path, **more))

    def call(self, method: str, path: str, *, key: str | None = "", **more: Any) -> Answer:
        headers = dict(more.pop("headers", {}))
        key = self.key if key == "" else key
        if key is not None:
            headers.setdefault("x-freepik-api-key", key)
        return self.open(path, method=method, headers=headers, **more)

    def create(self, *, key: str | None = "", headers: dict[str, str] | None = None, **body: Any) -> Answer:
        body = {"image": encoded(picture()), **body}
        return self.call("POST", CREATE_PATH, key=key, headers=headers or {}, json=body)

    def new_task(self, **more: Any) -> str:
        """Create a task that is accepted and return its id."""
        answer = self.create(**more)
        assert answer.status_code == 200, answer.json
        task_id: str = answer.json["data"]["task_id"]
        return task_id

    def status(self, task_id: str, **more: Any) -> Answer:
        return self.call("GET", f"{CREATE_PATH}/{task_id}", **more)

    def listed(self, **more: Any) -> Answer:
        return self.call("GET", CREATE_PATH, **more)

    def data(self, task_id: str, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.status(task_id, **more).json["data"]
        return found

    def result(self, task_id: str, **more: Any) -> Answer:
        """Download the first link of a task that is COMPLETED."""
        return self.open(self.data(task_id)["generated"][0], **more)

    def control(self, method: str, path: str, **more: Any) -> Answer:
        return self.open(f"/__mock__{path}", method=method, **more)

    def advance(self, seconds: float) -> None:
        """Move task time and real time forward."""
        self.clock.now += seconds
        if self.service.clock.manual:
            self.service.change_clock(lambda state, real: state.moved(real, seconds))

    def finish(self, task_id: str) -> dict[str, Any]:
        """Let time pass until a task has ended, and return what the status call says then."""
        self.advance(1000)
        return self.data(task_id)

    def close(self) -> None:
        self.app.close()
