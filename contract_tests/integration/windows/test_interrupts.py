"""Ctrl+C on Windows: an idle mock ends at once, the command line says what was paid for.

Wine's console hands no Ctrl+C on from its terminal. A thread of the program does what Python's own handler of
Ctrl+C does on Windows: it notes the signal and wakes nothing, so that a blocked main thread would not see it.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from typing import TYPE_CHECKING

from mock_server import PrecisionMock

if TYPE_CHECKING:
    import subprocess

    from contract_tests.support.windows_plugin import Shell

PROMPT = 15
"""Seconds within which something counts as happening at once, on a busy machine."""
_INTERRUPTIBLE = """
import _thread, os, runpy, sys, threading
threading.Thread(target=lambda: (os.read(0, 1), _thread.interrupt_main()), daemon=True).start()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def start(shell: Shell, *words: str, **more: str) -> subprocess.Popen[bytes]:
    """Start a program that is interrupted by :func:`interrupt`."""
    env = {**shell.environment, **more}
    argv = ["-c", _INTERRUPTIBLE, *words]
    return shell.windows.start(argv, env=env, modules=shell.modules, cwd=shell.folder)


def interrupt(program: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Interrupt the program; return what it wrote until its end, which must come at once."""
    begin = time.monotonic()
    outputs = program.communicate(b"x", timeout=60)
    assert time.monotonic() - begin < PROMPT
    return outputs


def test_the_mock_serves_shows_its_state_and_ends_at_once_when_idle(shell: Shell) -> None:
    serving = start(shell, "mock_server", "--port", "0")
    try:
        assert serving.stdout is not None
        address = serving.stdout.readline().decode().removeprefix("Listening on ").strip()
        with urllib.request.urlopen(f"{address}/__mock__/charges", timeout=60) as answer:
            assert json.load(answer)["count"] == 0
        _, errors = interrupt(serving)
        assert (serving.returncode, errors) == (0, b"")
    finally:
        serving.kill()
        serving.wait()


def test_the_command_line_cancels_and_says_what_was_paid_for(shell: Shell) -> None:
    pause = threading.Event()
    with PrecisionMock(speed=0.0) as slow:
        argv = ("precision_upscaler.cli", "照片.png", "out.png")
        running = start(shell, *argv, PRECISION_UPSCALER_BASE_URL=slow.url)
        try:
            while not slow.charges:
                assert running.poll() is None
                pause.wait(0.1)
            output, errors = interrupt(running)
        finally:
            running.kill()
            running.wait()
        assert (running.returncode, slow.charges) == (5, 1), errors
    assert b"Traceback" not in errors
    assert b"resume" in output + errors
