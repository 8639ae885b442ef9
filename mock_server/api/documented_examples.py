"""The document's calls, and its own examples as answers, for ``Prefer: code=…, example=…``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from precision_upscaler import contract

from mock_server import answers
from mock_server.answers import Answer, RefusedError
from mock_server.scenarios.catalogue import CREATE, LIST, STATUS

if TYPE_CHECKING:
    from .prefer_header import Preferences

CALLS = {
    CREATE: (contract.CREATE_PATH, "POST"),
    LIST: (contract.CREATE_PATH, "GET"),
    STATUS: (contract.CREATE_PATH + "/{task-id}", "GET"),
}
"""Path in the document and method of each call."""


def documented(step: str, wanted: Preferences) -> Answer:
    """Return an example of the document, chosen by its status or its name as ``Prefer`` asked."""
    for code, content_type, name, value in _examples(*CALLS[step]):
        if wanted.code in (0, code) and wanted.example in ("", name):
            return Answer(code, value, content_type)
    known = sorted({f"code={code}, example={name!r}" for code, _, name, _ in _examples(*CALLS[step])})
    raise RefusedError(answers.message(400, "The document has no such example. It has: " + "; ".join(known)))


def _examples(template: str, method: str) -> list[tuple[int, str, str, Any]]:
    found = []
    responses = contract.DOCUMENT["paths"][template][method.lower()]["responses"]
    for code, response in responses.items():
        content = contract.resolve(response).get("content", {})
        for media_type, media in content.items():
            for name, example in media.get("examples", {}).items():
                found.append((int(code), media_type, name, contract.resolve(example)["value"]))
            if not media.get("examples"):
                schema = contract.resolve(media["schema"])
                found.append((int(code), media_type, "", schema["example"]))
    return found
