"""One file on its way to disk: what to ask for when part of it is there, and what each answer means."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path

from precision_upscaler.cancel import CancelToken
from precision_upscaler.errors import ResultTooLarge
from precision_upscaler.messages import translatable
from precision_upscaler.storage.files import open_private, sync
from precision_upscaler.storage.job_record import PartialDownload

from .responses import ApiError
from .retry import Failure

BytesDone = Callable[[int, int | None], None]
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONTENT_RANGE = re.compile(r"\s*bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)\s*", re.ASCII)
_WHOLE, _PART, _NOT_SATISFIABLE = 200, 206, 416


class Step(Enum):
    """What to do with an answer."""

    STORE = "write its body"
    COMPLETE = "nothing is missing"
    AGAIN = "ask for the whole file"
    REDIRECT = "follow its Location"
    REFUSED = "it is no file"


class Download:
    """The download of ``link`` into ``target``, of at most ``cap`` bytes.

    Goes on where ``partial`` says that ``target`` holds the beginning of the same file. ``started``
    hears what the file belongs to before its first byte is written.
    """

    def __init__(
        self,
        link: str,
        target: Path,
        *,
        cap: int,
        partial: PartialDownload | None,
        started: Callable[[PartialDownload], None],
        progress: BytesDone,
    ) -> None:
        self._source = link.partition("?")[0]
        self._target = target
        self._cap = cap
        self._known = partial if partial is not None and partial.source == self._source else None
        self._started = started
        self._progress = progress
        self._have = target.stat().st_size if self._known is not None and target.exists() else 0
        self._total: int | None = None

    def headers(self) -> dict[str, str]:
        """Return the request headers that ask for what is missing."""
        if not self._have:
            return {}
        headers = {"Range": f"bytes={self._have}-"}
        if self._known is not None and self._known.etag:
            headers["If-Range"] = self._known.etag
        return headers

    def judge(self, status: int, headers: Mapping[str, str]) -> Step:
        """Decide what an answer with ``status`` and ``headers`` (lower-case names) means."""
        if status in _REDIRECTS and "location" in headers:
            return Step.REDIRECT
        first, total = content_range(headers.get("content-range", ""))
        if status == _NOT_SATISFIABLE and self._have:
            return Step.COMPLETE if total == self._have else self._again()
        if status == _PART and self._have and first == self._have:
            return self._begin(headers)
        if status == _PART and self._have:
            return self._again()
        if status != _WHOLE:
            return Step.REFUSED
        self._have = 0
        return self._begin(headers)

    def _again(self) -> Step:
        self._have = 0
        return Step.AGAIN

    def _begin(self, headers: Mapping[str, str]) -> Step:
        length = headers.get("content-length", "")
        self._total = self._have + int(length) if length.isascii() and length.isdigit() else None
        if self._have and self._known is not None and self._known.total not in (None, self._total):
            return self._again()
        if self._total is not None and self._total > self._cap:
            raise self._too_large()
        etag = headers.get("etag")
        strong = etag if etag and not etag.startswith("W/") else None
        self._started(PartialDownload(self._source, strong, self._total))
        return Step.STORE

    def store(self, pieces: Iterable[bytes], cancel: CancelToken) -> None:
        """Append the answer's body to the file and make it durable."""
        flags = os.O_WRONLY | os.O_CREAT | (0 if self._have else os.O_TRUNC)
        with os.fdopen(open_private(self._target, flags), "wb", buffering=0) as stream:
            stream.seek(self._have)
            stream.truncate()
            done = self._have
            for piece in pieces:
                cancel.check()
                done += len(piece)
                if done > self._cap:
                    raise self._too_large()
                view = memoryview(piece)
                while view:
                    view = view[stream.write(view) :]
                self._progress(done, self._total)
            sync(stream.fileno())
        if self._total is not None and done != self._total:
            ended = translatable(
                "The download ended after {done} of {total} bytes.", done=done, total=self._total
            )
            raise ApiError(Failure("download"), ended)

    def _too_large(self) -> ResultTooLarge:
        return ResultTooLarge(
            translatable(
                "The service sends more than {mebibytes} MiB, far more than this picture can have.",
                mebibytes=self._cap >> 20,
            ),
            cap=self._cap,
        )


def content_range(header: str) -> tuple[int | None, int | None]:
    """Return (first byte, total) of a Content-Range header, None for what it does not say."""
    match = _CONTENT_RANGE.fullmatch(header)
    if match is None:
        return None, None
    first, total = match.groups()
    return (int(first) if first else None, int(total) if total else None)
