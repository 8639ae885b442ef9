"""Printing what a script does while it does it, and ending it with a sentence instead of a traceback."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

Result = TypeVar("Result")
_TAIL = 25


class Failure(Exception):
    """A step that could not be done; ``str()`` is for people, ``advice`` says what to do about it."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.advice = advice


def say(text: str) -> None:
    """Print one line at once, so that a person who waits sees what is waited for."""
    print(text, flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Print ``text`` before the work and how long the work took after it.

    Steps may overlap (see :func:`in_background`), so the second line names its step again.
    """
    say(f"==> {text}")
    begin = time.monotonic()
    yield
    seconds = time.monotonic() - begin
    if seconds >= 1:
        say(f"    {seconds:.0f} s: {text}")


def command(
    argv: Sequence[str | Path],
    *,
    log: Path | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    advice: str = "",
) -> str:
    """Run ``argv`` and return what it printed (both streams); :class:`Failure` unless it exits with 0.

    With ``log`` the output also ends up at the end of that file. The failure quotes the last lines.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise Failure(
            f"{words[0]} is not installed", advice or f"install {words[0]} and start again"
        ) from None
    if log is not None:
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"$ {' '.join(words)}\n{done.stdout}\n")
    if done.returncode:
        tail = "\n".join("    " + line for line in done.stdout.splitlines()[-_TAIL:])
        where = f"\n    the whole output is in {log}" if log is not None else ""
        raise Failure(f"{' '.join(words)} ended with exit code {done.returncode}:\n{tail}{where}", advice)
    return done.stdout


@contextlib.contextmanager
def in_background(work: Callable[[], Result]) -> Iterator[Future[Result]]:
    """Do ``work`` in a thread while the block runs; the block asks for its ``result()`` when it needs it."""
    with ThreadPoolExecutor(max_workers=1) as threads:
        yield threads.submit(work)


@contextlib.contextmanager
def exit_on_failure() -> Iterator[None]:
    """Turn a :class:`Failure` or Ctrl+C inside into a message on standard error and exit code 1 or 130.

    Characters that the output cannot show are escaped: none of them ends the script half way.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except Failure as failure:
        sys.stdout.flush()
        advice = f"\nWhat to do: {failure.advice}" if failure.advice else ""
        print(f"FAILED: {failure}{advice}", file=sys.stderr, flush=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr, flush=True)
        raise SystemExit(130) from None
