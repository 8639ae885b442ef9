"""Show and write down what a live service answered, without anything secret or personal in it."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TOKEN = re.compile(r"(token=)[^&\s\"]*")
_EXPIRES = re.compile(r"exp=(\d+)")
# the headers that say something about the service; the rest may say something about us
_HEADERS = re.compile(
    r"content-(type|length)|retry-after|(x-)?ratelimit.*|allow|accept-ranges|etag|cache-control"
)


class Scrubber:
    """Takes out of a text what is nobody's business.

    Task ids become ``task-1``, ``task-2``, … in the order they are met, keys ``KEY``, link tokens ``TOKEN``.
    """

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets
        self._tasks: dict[str, str] = {}

    def scrubbed(self, text: str) -> str:
        """Return ``text`` without keys, tokens and task ids."""
        for secret in self._secrets:
            text = text.replace(secret, "KEY")
        text = _TOKEN.sub(r"\1TOKEN", text)
        return _UUID.sub(
            lambda match: self._tasks.setdefault(match[0].lower(), f"task-{len(self._tasks) + 1}"), text
        )


class Recorder:
    """Appends one JSON object a line to ``path``: request and answer, scrubbed, and when and how long.

    ``at`` is in seconds since the recorder was made, ``took`` is how long the answer took, ``link_lives``
    how many seconds the links in an answer had to live. Of pictures only the size and the first bytes stay.
    """

    def __init__(self, path: Path | str, scrubber: Scrubber, now: Callable[[], float] = time.time) -> None:
        self._path = Path(path)
        self._scrubbed = scrubber.scrubbed
        self._now = now
        self._began = now()

    def write(
        self, method: str, path: str, body: str | bytes | None, response: httpx2.Response, took: float
    ) -> None:
        """Append one exchange, right after it."""
        now = self._now()
        entry = {
            "at": round(now - self._began, 1),
            "took": round(took, 3),
            "link_lives": [round(int(ends) - now) for ends in _EXPIRES.findall(response.text)]
            if _is_text(response)
            else [],
            "request": {"method": method, "path": self._scrubbed(path), "body": self._sent(body)},
            "answer": {
                "status": response.status_code,
                "headers": {
                    name: self._scrubbed(value)
                    for name, value in sorted(response.headers.items())
                    if _HEADERS.fullmatch(name.lower())
                },
                "body": self._received(response),
            },
        }
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def _received(self, response: httpx2.Response) -> str:
        if _is_text(response):
            return self._scrubbed(response.text)
        return f"({len(response.content)} bytes that begin with {response.content[:12]!r})"

    def _sent(self, body: str | bytes | None) -> Any:
        if body is None:
            return None
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        shortened = re.sub(
            r'("image": *")([^"]{100,})', lambda match: f"{match[1]}({len(match[2])} characters)", text
        )
        return self._scrubbed(shortened)


def _is_text(response: httpx2.Response) -> bool:
    return not response.headers.get("content-type", "").startswith(("image/", "application/octet-stream"))
