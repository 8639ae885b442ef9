"""A small rotating log of what happened, without bodies, keys or link tokens."""

from __future__ import annotations

import contextlib
import logging
import os
import re
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


class _Handler(logging.Handler):
    """Opens, appends and closes for every record, so that many processes can share and rotate one file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.secret: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = scrub(self.format(record), self.secret) + "\n"
            self._rotate()
            descriptor = open_private(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            try:
                os.write(descriptor, line.encode("utf-8", "replace"))
            finally:
                os.close(descriptor)
        except OSError:
            pass  # a full disk must not turn a finished job into a failed one

    def _rotate(self) -> None:
        with contextlib.suppress(OSError):
            if self.path.stat().st_size > _LARGEST:
                for number in range(_GENERATIONS - 1, 0, -1):
                    older = self.path.with_suffix(f".{number}.log")
                    if older.exists():
                        older.replace(self.path.with_suffix(f".{number + 1}.log"))
                self.path.replace(self.path.with_suffix(".1.log"))


def open_log(folder: Path, secret: str | None = None) -> Path:
    """Send this package's log records to ``folder/log/precision-upscaler.log``; return its path.

    ``secret`` is the API key, which is removed should it ever turn up in a record.
    """
    path = folder / "log" / "precision-upscaler.log"
    with contextlib.suppress(OSError):
        private_folder(path.parent)
    handler = _Handler(path)
    handler.secret = secret
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    for old in LOGGER.handlers[:]:
        LOGGER.removeHandler(old)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    return path


def log_path() -> str | None:
    """Return the path of the log in use, None when none has been opened."""
    return next((str(handler.path) for handler in LOGGER.handlers if isinstance(handler, _Handler)), None)
