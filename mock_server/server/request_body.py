"""The body of an HTTP/1.1 request as a stream: of a stated length, in chunks, or here already."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedReader, BytesIO

_PIECE = 256 << 10
_SMALL = 1 << 20  # unread rests up to this size are read away to keep a connection


class BodyError(ValueError):
    """The body is malformed or broke off."""


class _Body:
    """What both kinds of body share: Python's reading methods on top of ``_some``."""

    def __init__(self, go_on: Callable[[], None] | None) -> None:
        self._go_on = go_on
        self.exhausted = False
        self.broken = False

    def _some(self, most: int) -> bytes:
        raise NotImplementedError

    def _piece(self, most: int) -> bytes:
        if self.broken:
            raise BodyError("the request's body was malformed or broke off")
        try:
            return self._some(most)
        except (BodyError, OSError):
            self.broken = True
            raise

    def _begin(self) -> None:
        # "Expect: 100-continue": the client sends nothing before it is told that the body is wanted
        if self._go_on is not None:
            self._go_on()
            self._go_on = None

    def read(self, size: int | None = -1) -> bytes:
        """Return ``size`` bytes, fewer at the end; everything when size is negative or None."""
        self._begin()
        pieces = []
        left = size if size is not None and size >= 0 else -1
        while left and not self.exhausted:
            piece = self._piece(_PIECE if left < 0 else min(left, _PIECE))
            pieces.append(piece)
            if left > 0:
                left -= len(piece)
        return b"".join(pieces)

    def readline(self, size: int | None = -1) -> bytes:
        """Return one line. Nothing in the mock reads lines; PEP 3333 asks for it."""
        line = b""
        while not line.endswith(b"\n") and (size is None or size < 0 or len(line) < size):
            byte = self.read(1)
            if not byte:
                break
            line += byte
        return line

    def readlines(self, _hint: int = -1) -> list[bytes]:
        """Return the lines that are left."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def drain(self, most: int) -> None:
        """Read away at most ``most`` bytes of what is left."""
        if self._go_on is not None:
            return  # never asked for, so never sent
        while not self.exhausted and most > 0:
            most -= len(self._piece(_PIECE))


class SizedBody(_Body):
    """A body of ``length`` bytes (its ``Content-Length``)."""

    def __init__(
        self, reader: BufferedReader | BytesIO, length: int, go_on: Callable[[], None] | None = None
    ) -> None:
        super().__init__(go_on)
        self._reader = reader
        self._left = length
        self.exhausted = not length

    @property
    def left_is_small(self) -> bool:
        """Whether what was not read is worth reading away to keep the connection."""
        return self.exhausted or (self._left <= _SMALL and self._go_on is None and not self.broken)

    def _some(self, most: int) -> bytes:
        piece = self._reader.read(min(most, self._left))
        if not piece:
            raise BodyError("the request's body broke off")
        self._left -= len(piece)
        self.exhausted = not self._left
        return piece


class WholeBody(io.BytesIO):
    """A body that has arrived already: nothing of it is left in the socket."""

    exhausted = left_is_small = True

    def drain(self, _most: int) -> None:
        """Read away nothing."""


class ChunkedBody(_Body):
    """A body in chunks (``Transfer-Encoding: chunked``); its trailer is read and dropped."""

    def __init__(self, reader: BufferedReader | BytesIO, go_on: Callable[[], None] | None = None) -> None:
        super().__init__(go_on)
        self._reader = reader
        self._left = 0

    @property
    def left_is_small(self) -> bool:
        """Whether all of it was read: what is left of a chunked body has no known size."""
        return self.exhausted

    def _some(self, most: int) -> bytes:
        if not self._left:
            self._next_chunk()
            if self.exhausted:
                return b""
        piece = self._reader.read(min(most, self._left))
        if not piece:
            raise BodyError("the request's body broke off")
        self._left -= len(piece)
        if not self._left and self._reader.readline(3) not in (b"\r\n", b"\n"):
            raise BodyError("a chunk does not end where it says")
        return piece

    def _next_chunk(self) -> None:
        text = self._reader.readline(1024).split(b";")[0].strip()
        try:
            self._left = int(text, 16) if text.isalnum() else -1
        except ValueError:
            self._left = -1
        if self._left < 0:
            raise BodyError("the size of a chunk is malformed")
        if self._left == 0:
            for _ in range(100):
                if self._reader.readline(16 << 10) in (b"\r\n", b"\n", b""):
                    self.exhausted = True
                    return
            raise BodyError("the trailer is too long")
