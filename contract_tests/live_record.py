"""Write down what a live service answered, without anything secret or personal in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TOKEN = re.compile(r"(token=)[^&\s\"]*")
# the headers that say something about the service; the rest may say something about us
_HEADERS = re.compile(r"content-(type|length)|retry-after|(x-)?ratelimit.*|allow|accept-ranges|etag")


class Recorder:
    """Appends one JSON object a line to ``path``: request and answer, scrubbed.

    Task ids become ``task-1``, ``task-2``, … in the order they are met, keys ``KEY``, link tokens
    ``TOKEN``, pictures their length.
    """

    def __init__(self, path: Path | str, secrets: tuple[str, ...]) -> None:
        self._path = Path(path)
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

    def write(self, method: str, path: str, body: str | bytes | None, response: httpx2.Response) -> None:
        """Append one exchange."""
        entry = {
            "request": {"method": method, "path": self.scrubbed(path), "body": self._body(body)},
            "answer": {
                "status": response.status_code,
                "headers": {
                    name: self.scrubbed(value)
                    for name, value in sorted(response.headers.items())
                    if _HEADERS.fullmatch(name.lower())
                },
                "body": self.scrubbed(response.text),
            },
        }
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def _body(self, body: str | bytes | None) -> Any:
        if body is None:
            return None
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        shortened = re.sub(
            r'("image": *")([^"]{100,})', lambda match: f"{match[1]}({len(match[2])} characters)", text
        )
        return self.scrubbed(shortened)
