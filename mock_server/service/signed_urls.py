"""Result links that are signed and expire, in the form the service's links were seen to have."""

from __future__ import annotations

import hashlib
import hmac
import re

RESULTS = "/results/"
_TOKEN = re.compile(r"exp=(\d{1,12})~hmac=([0-9a-f]{64})")


def result_path(task_id: str, extension: str) -> str:
    """Return the path of a task's result; the extension is the file's, without a dot."""
    return f"{RESULTS}upscaler_result_{task_id}.{extension}"


def _signature(path: str, expires: int, secret: bytes) -> str:
    return hmac.new(secret, f"exp={expires}~path={path}".encode(), hashlib.sha256).hexdigest()


def token(path: str, expires: int, secret: bytes) -> str:
    """Return the token that opens ``path`` until ``expires`` (Unix seconds)."""
    return f"exp={expires}~hmac={_signature(path, expires, secret)}"


def opens(path: str, text: str, now: float, secret: bytes) -> bool:
    """Return whether the token ``text`` opens ``path`` at ``now`` (Unix seconds)."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return False
    expires = int(match[1])
    return hmac.compare_digest(match[2], _signature(path, expires, secret)) and now < expires
