"""A service made of scripts: it keeps its own truth about tasks and charges, and misbehaves on request.

Every misbehaviour is one that the service's document lists, that was recorded of it or of its sisters,
or that a network does. Whether a create was accepted, and so charged, is part of each script.
"""

from __future__ import annotations

import email.utils
import hashlib
import uuid
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import httpx2

from contract_tests.support.pictures import png
from contract_tests.support.png_size import size_of

from .scripted_network import RESULT_HOST, task_body

if TYPE_CHECKING:
    from contract_tests.support.jobs.job_environment import FakeClock

    from .scripted_network import SentRequest

QUEUED, LASTS = 4.0, 15.0
TOKEN = "exp=1800003600~hmac=0123456789abcdef"

REFUSALS: dict[str, tuple[int, dict[str, str], Any]] = {
    "400 flat": (400, {}, {"message": "Parameter 'sharpen' is not valid"}),
    "400 problem": (
        400,
        {},
        {"problem": {"message": "No", "invalid_params": [{"name": "a", "reason": "b"}]}},
    ),
    "400 recorded": (400, {}, {"message": "No", "invalid_params": [{"field": "body.a", "reason": "b"}]}),
    "401": (401, {}, {"message": "Invalid API key"}),
    "402": (402, {}, {"message": "No credits"}),
    "403": (403, {}, {"message": "Forbidden"}),
    "404": (404, {}, {"message": "Not found"}),
    "429": (429, {}, None),
    "429 in 3 seconds": (429, {"Retry-After": "3"}, {"message": "Too many requests"}),
    "429 in an hour": (429, {"Retry-After": "3600"}, {"message": "Too many requests"}),
    "503 in an hour": (503, {"Retry-After": "3600"}, {"message": "Service Unavailable."}),
    "500": (500, {}, {"message": "Internal Server Error"}),
    "502 page": (502, {"Content-Type": "text/html"}, "<html><h1>502 Bad Gateway</h1></html>"),
    "503": (503, {}, {"message": "Service Unavailable. Please try again later."}),
    "302": (302, {"Location": "https://example.com/"}, None),
}
BREAKS: dict[str, Exception] = {
    "no connection": httpx2.ConnectError("refused"),
    "no route": httpx2.ConnectTimeout("no route"),
    "silence": httpx2.ReadTimeout("late"),
    "reset": httpx2.ReadError("reset by peer"),
    "broken pipe": httpx2.WriteError("broken pipe"),
    "garbage": httpx2.RemoteProtocolError("illegal status line"),
}
_ANYTIME = (
    "429",
    "429 in 3 seconds",
    "429 in an hour",
    "503 in an hour",
    "500",
    "502 page",
    "503",
    *BREAKS,
    "200 empty",
    "200 page",
)
_REFUSED = ("400 flat", "400 problem", "400 recorded", "401", "402", "403")
KINDS: dict[str, tuple[str, ...]] = {
    "create": (
        *_ANYTIME,
        "302",
        *_REFUSED,
        "accepted, then silence",
        "accepted, then reset",
        "accepted, then 500",
        "accepted, then 200 empty",
        "not wrapped",
        "error null",
        "completed at once",
    ),
    "list": (*_ANYTIME, "302", "400 flat", "401", "402", "403", "404"),
    "status": (
        *_ANYTIME,
        *_REFUSED,
        "404",
        "unknown status",
        "empty",
        "two links",
        "has_nsfw",
        "not wrapped",
        "backwards",
    ),
    "download": (
        *BREAKS,
        "403",
        "404",
        "500",
        "503",
        "cut",
        "spoilt",
        "page",
        "moved",
        "moved to a stranger",
    ),
}
FATES = ("fine", "fails", "never starts", "takes for ever", "half as large")
NEVER_ENDING = ("never starts", "takes for ever")


@dataclass
class ServedTask:
    """A task as the service itself knows it."""

    task_id: str
    wish: str
    fate: str
    made_at: float
    result: bytes


class ScriptedService:
    """Answers requests; ``scripts`` holds the misbehaviours to come, for each call."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.tasks: dict[str, ServedTask] = {}
        self.scripts: dict[str, deque[str]] = {call: deque() for call in KINDS}
        self.fate = "fine"
        self.played: set[str] = set()
        self.charges: dict[str, list[str]] = defaultdict(list)

    def answer(self, sent: SentRequest) -> httpx.Response:
        """Answer one request as the script, or good manners, have it."""
        script = self.scripts[sent.call]
        kind = script.popleft() if script else "fine"
        self.played.add(f"{sent.call}: {kind}")
        if kind in BREAKS:
            raise BREAKS[kind]
        if kind in REFUSALS and not (sent.call == "download" and kind == "404"):
            return _refusal(*REFUSALS[kind])
        if kind == "200 empty":
            return httpx.Response(200)
        if kind == "200 page":
            return httpx.Response(200, html="<html>Please log in to this hotel's network</html>")
        answer: httpx.Response = getattr(self, f"_{sent.call}")(sent, kind)
        return answer

    # the four calls

    def _create(self, sent: SentRequest, kind: str) -> httpx.Response:
        body = sent.body
        picture = sent.picture
        width, height = size_of(picture)
        factor = body["scale_factor"] if self.fate != "half as large" else 1
        wish = wish_of(picture, body["scale_factor"])
        result = png(width * factor, height * factor, _colour_of(picture))
        task = ServedTask(_task_id(len(self.tasks)), wish, self.fate, self.clock.monotonic(), result)
        self.fate = "fine"
        self.tasks[task.task_id] = task
        self.charges[wish].append(task.task_id)
        after = kind.removeprefix("accepted, then ")
        if after == "silence":
            raise BREAKS["silence"]
        if after == "reset":
            raise BREAKS["reset"]
        if after == "500":
            return _refusal(*REFUSALS["500"])
        if after == "200 empty":
            return httpx.Response(200)
        if kind == "completed at once":
            task.made_at -= LASTS
        return self._told(task, kind)

    def _list(self, _: SentRequest, kind: str) -> httpx.Response:
        assert kind == "fine", kind
        items = [{"task_id": task.task_id, "status": self.status_of(task)} for task in self.tasks.values()]
        return httpx.Response(200, json={"data": items})

    def _status(self, sent: SentRequest, kind: str) -> httpx.Response:
        task = self.tasks.get(sent.task_id)
        return _refusal(*REFUSALS["404"]) if task is None else self._told(task, kind)

    def _download(self, sent: SentRequest, kind: str) -> httpx.Response:
        if kind == "moved":
            return httpx.Response(
                302, headers={"Location": f"https://cdn-magnific.freepik.com{sent.path}?a=b"}
            )
        if kind == "moved to a stranger":
            return httpx.Response(302, headers={"Location": "https://example.com/picture.png"})
        task = self.tasks.get(sent.path.rpartition("_")[2].removesuffix(".png"))
        if task is None or kind == "404":
            return httpx.Response(404, text="not found")
        if kind == "page":
            return httpx.Response(200, html="<html></html>", headers={"Content-Type": "image/png"})
        content = task.result
        if kind == "spoilt":
            content = content[: len(content) // 2] + bytes(len(content) - len(content) // 2)
        if kind == "cut":
            headers = {"Content-Length": str(len(content))}
            return httpx.Response(200, content=content[: len(content) // 2], headers=headers)
        return httpx.Response(200, content=content, headers={"Content-Type": "image/png"})

    # what it says of a task

    def granted(self, wish: str) -> list[ServedTask]:
        """Return every task that was paid for ``wish``."""
        return [self.tasks[task_id] for task_id in self.charges[wish]]

    def status_of(self, task: ServedTask) -> str:
        """Return the true status."""
        age = self.clock.monotonic() - task.made_at
        if age < QUEUED or task.fate == "never starts":
            return "CREATED"
        if age < LASTS or task.fate in NEVER_ENDING:
            return "IN_PROGRESS"
        return "FAILED" if task.fate == "fails" else "COMPLETED"

    def _told(self, task: ServedTask, kind: str) -> httpx.Response:
        status = self.status_of(task)
        link = f"https://{RESULT_HOST}/content/upscaler_result_{task.task_id}.png?token={TOKEN}"
        links = [link] if status == "COMPLETED" else []
        if kind == "unknown status":
            status, links = "POST_PROCESSING", []
        elif kind == "empty":
            links = []
        elif kind == "two links":
            links += [f"{link}&size=stable"] * len(links)
        elif kind == "backwards":
            status, links = "CREATED", []
        body = task_body(task.task_id, status, *links)
        if kind == "error null":
            body["data"]["error"] = None
        elif kind == "has_nsfw":
            body["data"]["has_nsfw"] = [False] * len(links)
        elif kind == "not wrapped":
            body = {"task_id": task.task_id, "task_status": status, "generated": links}
        return httpx.Response(200, json=body)


def wish_of(picture: bytes, scale_factor: int) -> str:
    """Return the name of "this picture, so many times larger"."""
    return f"{hashlib.sha256(picture).hexdigest()[:8]} x{scale_factor}"


def _task_id(number: int) -> str:
    # in no order, as the service's are, and yet the same in every run
    return str(uuid.UUID(bytes=hashlib.sha256(b"%d" % number).digest()[:16], version=4))


COLOURS = ((200, 40, 40), (40, 180, 60), (50, 60, 210))


def _colour_of(picture: bytes) -> tuple[int, int, int]:
    return next(colour for colour in COLOURS if png(*size_of(picture), colour) == picture)


def _refusal(status: int, headers: dict[str, str], body: Any) -> httpx.Response:
    headers = {"Date": email.utils.formatdate(usegmt=True), **headers}
    if isinstance(body, str):
        return httpx.Response(status, content=body.encode(), headers=headers)
    return (
        httpx.Response(status, json=body, headers=headers)
        if body
        else httpx.Response(status, headers=headers)
    )
