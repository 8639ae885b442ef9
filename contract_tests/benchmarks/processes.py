"""Start a server or a script for a benchmark, find a free port, and end what was started."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

REPOSITORY = Path(__file__).resolve().parents[2]
_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.002


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, eq=False)
class Asking:
    """One HTTP request as a benchmark sends it, again and again."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def raw(self, port: int) -> bytes:
        """Return the request as it goes over the wire."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body

    def once(self, port: int, timeout: float = 10.0) -> tuple[int, bytes]:
        """Ask once; return the status and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        try:
            connection.request(self.method, self.path, self.body or None, self.headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@contextlib.contextmanager
def running(
    argv: Sequence[str | Path],
    port: int,
    first: Asking,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = REPOSITORY,
) -> Iterator[float]:
    """Run a server that listens on ``port``; give the seconds from its start to its first good answer.

    What it prints goes to a file, as in real use; its last lines are shown if it does not answer.
    """
    with tempfile.TemporaryFile() as log:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**plain_environment(), **(env or {})},
            start_new_session=True,
        )
        try:
            yield _first_answer(process, port, first, begin, log)
        finally:
            _end(process)


def _first_answer(
    process: subprocess.Popen[bytes], port: int, first: Asking, begin: float, log: Any
) -> float:
    while True:
        try:
            status, _ = first.once(port)
            if 200 <= status < 300:
                return time.perf_counter() - begin
        except OSError:
            pass
        except http.client.HTTPException:
            pass
        if process.poll() is not None or time.perf_counter() - begin > _PATIENCE_SECONDS:
            log.seek(0)
            tail = log.read()[-2000:].decode("utf-8", "replace")
            raise RuntimeError(f"{process.args!r} does not answer on port {port}:\n{tail}")
        time.sleep(_LOOK_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it started itself: it has a process group of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 15)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


def plain_environment() -> dict[str, str]:
    """Return this process's environment as a user's would be: without proxies and without settings of Python.

    ``PYTHONDONTWRITEBYTECODE``, for one, would let every start compile every module anew.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") and not name.lower().endswith("_proxy")
    }


def python(*arguments: str) -> list[str]:
    """Return the words that run this environment's Python."""
    return [sys.executable, *arguments]
