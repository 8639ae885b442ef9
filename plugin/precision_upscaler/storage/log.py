"""The log: small, rotated when a program starts, without bodies, keys or link tokens."""

from __future__ import annotations

import contextlib
import logging
import re
from io import TextIOWrapper
from pathlib import Path

from .files import open_private, private_folder

LOGGER = logging.getLogger("precision_upscaler")
LOGGER.addHandler(logging.NullHandler())
_LARGEST = 1 << 20
_GENERATIONS = 3
_SECRETS = re.compile(r"(?i)(token|key|hmac|signature|authorization)([=:]\s*)[^\s\"'&]+|\?[^\s\"']+")


def scrub(text: str, secret: str | None = None) -> str:
    """Return ``text`` without ``secret``, without the query of any address and without tokens."""
    if secret:
        text = text.replace(secret, "(key)")
    return _SECRETS.sub(lambda match: f"{match[1]}{match[2]}(removed)" if match[1] else "?(removed)", text)


class _Formatter(logging.Formatter):
    """Formats a record, exceptions included, without ``secret`` and tokens."""

    def __init__(self, secret: str | None) -> None:
        super().__init__("%(asctime)s %(process)d %(levelname)s %(message)s")
        self._secret = secret

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record), self._secret)


class _Handler(logging.FileHandler):
    """Appends to a file that only its owner can read; a failure to write is ignored."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", errors="replace", opener=_private)

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            super().emit(record)

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        pass  # a full disk must not turn a finished job into a failed one


def _private(path: str, flags: int) -> int:
    return open_private(Path(path), flags)


def _rotate(path: Path) -> None:
    """Rename a large log and its older generations; another process goes on writing to the renamed file."""
    # on Windows a file that another process has open keeps its name until the next start
    with contextlib.suppress(OSError):
        if path.stat().st_size > _LARGEST:
            for number in range(_GENERATIONS - 1, 0, -1):
                older = path.with_suffix(f".{number}.log")
                if older.exists():
                    older.replace(path.with_suffix(f".{number + 1}.log"))
            path.replace(path.with_suffix(".1.log"))


def open_log(folder: Path, secret: str | None = None) -> Path:
    """Send this package's log records to ``folder/log/precision-upscaler.log``; return its path.

    A log that has become large is rotated now. ``secret`` is the API key, which is removed should it ever
    turn up in a record.
    """
    path = folder / "log" / "precision-upscaler.log"
    with contextlib.suppress(OSError):
        private_folder(path.parent)
    _rotate(path)
    handler = _Handler(path, delay=True)
    handler.setFormatter(_Formatter(secret))
    for old in LOGGER.handlers[:]:
        LOGGER.removeHandler(old)
        old.close()
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    return path


def log_path() -> str | None:
    """Return the path of the log in use, None when none has been opened."""
    return next((handler.baseFilename for handler in LOGGER.handlers if isinstance(handler, _Handler)), None)
