"""Words for a failed contract test: the rule, the smallest example, a curl line, how to replay it."""

from __future__ import annotations

import os
import re
import shlex

from precision_upscaler.contract import AUTH_HEADERS, CREATE_PATH

MOCK_KEY = "mock-key"
_ADDRESS = "http://127.0.0.1:8000"


def curl(
    method: str,
    path: str = CREATE_PATH,
    body: str | None = None,
    key: str | None = MOCK_KEY,
    header: str = AUTH_HEADERS[0],
) -> str:
    """Return a command line that sends the same request.

    It goes to a mock started with ``--port 8000`` unless ``path`` is a whole address. A ``key`` like
    $FREEPIK_API_KEY is left to the shell.
    """
    words = ["curl", "-sS", "-i"]
    if method != "GET":
        words += ["-X", method]
    words.append(path if path.startswith("http") else _ADDRESS + path)
    if key is not None:
        words += ["-H", f"{header}: {key}"]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "--data-raw", body]
    for_shell = f"{header}: {key}" if key and key.startswith("$") else None
    line = " ".join(f'"{word}"' if word == for_shell else shlex.quote(word) for word in words)
    # a body of thousands of brackets helps nobody
    return line if len(line) < 4000 else line[:300] + f"… ({len(line)} characters)"


def explain(rule: str, *, wanted: str, said: str, request: str, example: str = "") -> str:
    """Return the four things a reader of a failed test needs, a line each.

    ``rule`` is what the contract says; ``wanted`` and ``said`` what the subject should have done and
    did; ``request`` a line that repeats it outside the tests (:func:`curl`, or Python).
    """
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rsplit(" ", 1)[0]
    lines = [
        f"rule:     {rule}",
        f"expected: {wanted}",
        f"but:      {said}",
    ]
    if example:
        example = re.sub(r"[A-Za-z0-9+/=]{80,}", "(a picture)", example)
        lines.append(f"smallest: {example if len(example) < 400 else example[:400] + '…'}")
    lines += [f"by hand:  {request}", f"replay:   python -m pytest {shlex.quote(test)}"]
    return "\n" + "\n".join(lines)
