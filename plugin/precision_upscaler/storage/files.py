"""Writing that survives a crash: owner-only folders, atomic synced files, locks that die with the holder."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

Value = TypeVar("Value")

_OWNER_FOLDER = 0o700
_OWNER_FILE = 0o600
_ATTEMPTS = 100 if os.name == "nt" else 1
_PAUSE = 0.02


def private_folder(path: Path) -> Path:
    """Make ``path`` and what is missing above it, readable by its owner only; return it."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=_OWNER_FOLDER, exist_ok=True)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        path.chmod(_OWNER_FOLDER)
    return path


def open_private(path: Path, flags: int) -> int:
    """Open ``path`` so that a new file is readable by its owner only; return the descriptor."""
    return os.open(path, flags | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0), _OWNER_FILE)


def when_unused(use: Callable[[], Value]) -> Value:
    """Return ``use()``; on Windows wait up to two seconds while another program holds its file.

    A virus scanner or an indexer opens each new file for a moment. Windows refuses to rename, replace or
    open it during that time.
    """
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(PermissionError):
            return use()
        time.sleep(_PAUSE)
    return use()


def rename(source: Path, target: Path) -> None:
    """Give ``source`` the name ``target``, in place of a file of that name; see :func:`when_unused`."""
    when_unused(lambda: source.replace(target))


def sync_folder(path: Path) -> None:
    """Make the names in ``path`` durable where the system can (Windows does so by itself)."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # some network and user-space file systems cannot sync a folder; the file itself is synced
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES):
            raise
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``: whole and durable, or not at all; readable by the owner only."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            sync(stream.fileno())
        rename(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON with :func:`write_atomically`."""
    # a file name that is not UTF-8 has lone surrogates, which JSON can only escape
    content = json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")
    write_atomically(path, content + b"\n")


def read_json(path: Path) -> Any:
    """Return the JSON in ``path``, None when there is no such file; ValueError when it is damaged."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None


def copy_durably(source: Path, target: Path, *, take: bool) -> None:
    """Bring ``source`` to ``target``, durable; with ``take`` it is moved where the file system can."""
    if take:
        try:
            rename(source, target)
        except OSError:
            pass  # another file system, or another's folder: copy
        else:
            with when_unused(lambda: target.open("r+b")) as moved:
                sync(moved.fileno())
            if os.name == "posix":
                target.chmod(_OWNER_FILE)
            sync_folder(target.parent)
            return
    with when_unused(lambda: source.open("rb")) as reader:
        write_durably(target, iter(lambda: reader.read(1 << 20), b""))
    if take:
        with contextlib.suppress(OSError):
            source.unlink()


def write_durably(target: Path, blocks: Iterable[bytes]) -> None:
    """Write ``blocks`` to ``target``, durable, readable by its owner only; it never has its name half."""
    temporary = target.with_name(f".{target.name}.tmp")
    descriptor = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(descriptor, "wb") as writer:
        for block in blocks:
            writer.write(block)
        writer.flush()
        sync(writer.fileno())
    rename(temporary, target)
    sync_folder(target.parent)


class FileLock:
    """An exclusive lock on a file that the system drops when its holder dies, however it dies.

    Not re-entrant; two locks of one process on one file exclude each other too.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self, *, wait: bool) -> bool:
        """Take the lock; without ``wait`` return False at once when another holds it."""
        if self._descriptor is not None:
            raise RuntimeError("the lock is held already")
        descriptor = open_private(self._path, os.O_RDWR | os.O_CREAT)
        try:
            locked = _lock(descriptor, wait=wait)
        except BaseException:
            os.close(descriptor)
            raise
        if not locked:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            _unlock(descriptor)
            os.close(descriptor)

    def __enter__(self) -> Self:
        self.acquire(wait=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


if sys.platform == "win32":  # pragma: no cover - the tests run on POSIX
    import msvcrt

    # Windows forbids others to write a locked byte: one that no file of ours reaches is locked
    _LOCKED_BYTE = 0x7FFFFFF0

    def sync(descriptor: int) -> None:
        """Make what was written to ``descriptor`` durable."""
        os.fsync(descriptor)

    def _lock(descriptor: int, *, wait: bool) -> bool:
        while True:
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EDEADLK):
                    raise
                if not wait:
                    return False
                time.sleep(0.02)  # Windows has no blocking byte lock without its own ten-second limit
            else:
                return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def sync(descriptor: int) -> None:
        """Make what was written to ``descriptor`` durable."""
        # a Mac's fsync leaves the data in the drive's cache
        full = getattr(fcntl, "F_FULLFSYNC", None)
        if full is not None:
            with contextlib.suppress(OSError):
                fcntl.fcntl(descriptor, full)
                return
        os.fsync(descriptor)

    def _lock(descriptor: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
