"""Real worker processes, forked from one that has imported everything: that is most of what a job takes.

A worker forked here is a process like any other: it has its own environment and its own pipes, can be
killed, and runs :func:`precision_upscaler.worker.main`; only what Python does before and after is left out.
The process it comes from forks a keeper for each, whose child the worker is: somebody has to wait for it.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import precision_upscaler

_MOST_BYTES = 1 << 20
_BEGUN = 1_800_000_000.0


class FastClock:
    """A clock that runs ``speed`` times as fast as the world's, the same for every process."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def time(self) -> float:
        return _BEGUN + self.monotonic()

    def monotonic(self) -> float:
        return time.monotonic() * self._speed

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        (wake or threading.Event()).wait(max(0.0, seconds) / self._speed)


class ForkedWorker:
    """A worker's process, as :class:`subprocess.Popen` shows one."""

    def __init__(self, origin: socket.socket, environment: Mapping[str, str], speed: float) -> None:
        pipes = [os.pipe() for _ in range(4)]
        (theirs_in, ours_in), (ours_out, theirs_out), (ours_err, theirs_err), (told, tell) = pipes
        order = json.dumps({"environment": dict(environment), "speed": speed}).encode()
        socket.send_fds(origin, [order], [theirs_in, theirs_out, theirs_err, tell])
        for descriptor in (theirs_in, theirs_out, theirs_err, tell):
            os.close(descriptor)
        self.stdin: IO[bytes] = os.fdopen(ours_in, "wb")
        self.stdout: IO[bytes] = os.fdopen(ours_out, "rb")
        self.stderr: IO[bytes] = os.fdopen(ours_err, "rb")
        self._told = os.fdopen(told, "rb")
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def kill(self) -> None:
        """Kill the process as ``kill -9`` does."""
        # its keeper has waited for one that has ended: then the number may be another's
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float = 60.0) -> int:
        """Return the exit code when the process has ended; TimeoutError when it does not in time."""
        if self.returncode is None:
            alarm = threading.Timer(timeout, self.kill)
            alarm.start()
            begun = time.monotonic()
            self.returncode = int(self._told.readline())
            alarm.cancel()
            self._told.close()
            self.stderr.close()
            if time.monotonic() - begun >= timeout:
                raise TimeoutError("the worker does not end")
        return self.returncode

    def communicate(self, content: bytes = b"", timeout: float = 60.0) -> tuple[bytes, bytes]:
        """Say ``content`` and nothing more; return what the process said and complained until its end."""
        with contextlib.suppress(BrokenPipeError), self.stdin:
            self.stdin.write(content)
        with self.stdout, self.stderr:
            heard = self.stdout.read(), self.stderr.read()
        self.wait(timeout)
        return heard

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.communicate()


@functools.cache
def _origin() -> socket.socket:
    """Start the process that the workers are forked from; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    plugin = Path(precision_upscaler.__file__).parents[1]
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(plugin), str(plugin / "vendor")])},
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def fork_worker(environment: Mapping[str, str], *, speed: float = 1.0) -> ForkedWorker:
    """Return a new worker with this environment, whose clock runs ``speed`` times as fast as the world's."""
    return ForkedWorker(_origin(), environment, speed)


def _serve(orders: socket.socket) -> None:
    from precision_upscaler import worker  # noqa: F401, PLC0415 - what all this is for
    from precision_upscaler.api.client import UpscalerClient  # noqa: PLC0415 - as above

    UpscalerClient("http://127.0.0.1", "key").close()  # reads the certificates
    os.fsync = os.fstat  # type: ignore[assignment]  # see no_disk_sync in conftest.py
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, _MOST_BYTES, 4)
        if not order:
            return
        if os.fork() == 0:
            orders.close()
            _keep(json.loads(order), *descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)


def _keep(order: dict[str, object], stdin: int, stdout: int, stderr: int, tell: int) -> None:
    """Fork the worker, and tell its number and its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(tell)
        for number, descriptor in enumerate((stdin, stdout, stderr)):
            os.dup2(descriptor, number)
            os.close(descriptor)
        _be_worker(**order)  # type: ignore[arg-type]  # made by ForkedWorker
    for descriptor in (stdin, stdout, stderr):
        os.close(descriptor)
    os.write(tell, b"%d\n" % child)
    _, status = os.waitpid(child, 0)
    os.write(tell, b"%d\n" % os.waitstatus_to_exitcode(status))
    # nothing of it is worth an orderly end
    os.kill(os.getpid(), signal.SIGKILL)


def _be_worker(environment: dict[str, str], speed: float) -> None:
    from precision_upscaler import app, worker  # noqa: PLC0415 - imported long ago, by the origin

    os.environ.clear()
    os.environ.update(environment)
    if speed != 1.0:
        # a clock in the place of its class: the app only calls it
        app.SystemClock = lambda: FastClock(speed)  # type: ignore[assignment,attr-defined,return-value]  # see above
    # an orderly end takes apart all that was imported: longer than most workers live
    os._exit(worker.main())


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
