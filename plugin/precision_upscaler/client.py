"""The four HTTP calls of the service, streamed both ways; the only module that imports the HTTP library.

The key goes to the API host only. Redirects of API calls are not followed; those of a download only
to hosts on the list. Every call has a total deadline, because a peer that sends a byte now and then
never trips a read timeout, and a cap on the size of its answer.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import httpx2

from . import __version__
from .answers import CallFailed, read_refusal
from .cancel import CancelToken
from .clock import Clock, SystemClock
from .contract import CREATE_PATH
from .credentials import auth_header
from .errors import ResultHost, ResultTooLarge
from .files import open_private
from .policy import Call, Failure, parse_retry_after
from .request import UpscaleRequest
from .settings import is_loopback
from .task import Task, read_list

_BLOCK = 3 << 16  # a multiple of three, so that base64 blocks join without padding
_ANSWER_CAP = 8 << 20
_REDIRECTS = 5
_VENDOR_DOMAINS = ("freepik.com", "magnific.com")
_USER_AGENT = f"precision-upscaler/{__version__}"

BytesDone = Callable[[int, int | None], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, between two bytes, and in total for a small call, an upload, a download.

    ``answer`` bounds what follows an upload; ``after_cancel`` how long the answer to a create that
    may have been accepted is still awaited once the user cancelled.
    """

    connect: float = 15.0
    stall: float = 45.0
    call: float = 60.0
    upload: float = 1800.0
    answer: float = 120.0
    download: float = 3600.0
    after_cancel: float = 10.0


@dataclass(frozen=True)
class Partial:
    """What a partly downloaded file belongs to: the link without its token, its tag and its length."""

    source: str
    etag: str | None = None
    total: int | None = None


def link_problem(link: str, base_url: str, extra_hosts: tuple[str, ...] = ()) -> str | None:
    """Say why a result must not be fetched from ``link``, None when it may.

    https from the vendor's domains, the API host itself or ``extra_hosts``; plain http only from this
    computer, and only when the service is on this computer too.
    """
    try:
        parts = urlsplit(link)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "it is no address"
    if not host or parts.scheme not in ("http", "https"):
        return "it is no web address"
    if parts.username or parts.password:
        return "it carries a name or password"
    own = urlsplit(base_url)
    if is_loopback(host) and is_loopback(own.hostname):
        return None
    if parts.scheme != "https":
        return "it is not https"
    if host in extra_hosts or (host == own.hostname and port == own.port):
        return None
    if any(host == domain or host.endswith("." + domain) for domain in _VENDOR_DOMAINS):
        return None if port in (None, 443) else "it has an unusual port"
    return f"the host {host} is not on the list"


class _Wire:
    """Watches one call's socket and cuts it when the total deadline passes or the user cancels.

    A blocking read in another thread notices only the shutdown of its socket; closing it would not
    wake the reader and could hit a reused descriptor.
    """

    def __init__(self, seconds: float) -> None:
        self.reason = ""
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = self._start(seconds)

    def _start(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self.cut, ("it took longer than allowed in total",))
        timer.daemon = True
        timer.start()
        return timer

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Note the socket when the HTTP library has connected or encrypted it."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            found = info["return_value"].get_extra_info("socket")
            with self._lock:
                self._socket = found
                reason = self.reason
            if reason:
                self.cut(reason)

    def cut(self, reason: str) -> None:
        """End the connection now; what waits on it fails."""
        with self._lock:
            self.reason = self.reason or reason
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    # the plain method: SSLSocket's own would pull the TLS state from under the reader
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def allow(self, seconds: float) -> None:
        """Set the total deadline anew, counted from now."""
        self._timer.cancel()
        self._timer = self._start(seconds)

    def done(self) -> None:
        """The call has ended."""
        self._timer.cancel()
        with self._lock:
            self._socket = None


class UpscalerClient:
    """The service at ``base_url``, spoken to with ``key``.

    Every method makes one attempt and raises CallFailed when it does not succeed; deciding about
    repetition is the policy's and the job's business. ``before_request`` is called before each call
    to the API, and may wait: it is the rate limit. ``transport`` replaces the network in tests.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeouts: Timeouts | None = None,
        clock: Clock | None = None,
        cancel: CancelToken | None = None,
        before_request: Callable[[], None] = lambda: None,
        result_hosts: tuple[str, ...] = (),
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url
        self._timeouts = timeouts or Timeouts()
        self._clock = clock or SystemClock()
        self._cancel = cancel or CancelToken()
        self._before_request = before_request
        self._result_hosts = result_hosts
        self._headers = {auth_header(base_url): key}
        local = is_loopback(urlsplit(base_url).hostname)
        limits = self._timeouts
        self._http = httpx2.Client(
            # nothing on this computer is reached through a proxy
            trust_env=not local and transport is None,
            transport=transport,
            timeout=httpx2.Timeout(limits.stall, connect=limits.connect),
            # a kept connection that the peer has dropped makes a create ambiguous: a new one each time
            limits=httpx2.Limits(max_keepalive_connections=0),
            headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"},
            follow_redirects=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> UpscalerClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # the API -----------------------------------------------------------------------------------

    def list(self) -> list[Task]:
        """Return the key's tasks; free of charge."""
        return self._read("list", CREATE_PATH, read_list)

    def status(self, task_id: str) -> Task:
        """Return one task as it stands now; free of charge."""
        return self._read("status", f"{CREATE_PATH}/{quote(task_id, safe='')}", Task.from_json)

    def create(
        self,
        request: UpscaleRequest,
        picture: Path,
        *,
        progress: BytesDone = lambda _done, _total: None,
        commit: Callable[[], None] = lambda: None,
    ) -> Task:
        """Start a task: this is the call that costs money.

        The body is streamed with its length announced. ``commit`` is called when all but the last two
        bytes have been handed over: a failure before that certainly created nothing (the JSON is not
        closed yet, and the announced length not reached), a failure after it leaves the question open.
        """
        head = json.dumps(request.to_json())[:-1].encode() + b', "image": "'
        size = picture.stat().st_size
        total = len(head) + (size + 2) // 3 * 4 + 2
        committed = False
        wire = _Wire(self._timeouts.upload)

        def body() -> Iterator[bytes]:
            nonlocal committed
            done = len(head)
            yield head
            with picture.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    self._cancel.check()
                    encoded = base64.b64encode(block)
                    done += len(encoded)
                    yield encoded
                    progress(done, total)
            self._cancel.check()
            commit()
            committed = True
            wire.allow(self._timeouts.after_cancel if self._cancel.is_set else self._timeouts.answer)
            yield b'"}'
            progress(total, total)

        def cancelled() -> None:
            if committed:
                wire.allow(self._timeouts.after_cancel)
            else:
                wire.cut("it was cancelled")

        self._before_request()
        with self._cancel.watch(cancelled):
            try:
                with self._stream(
                    "POST",
                    self.base_url + CREATE_PATH,
                    wire,
                    content=body(),
                    headers={
                        **self._headers,
                        "Content-Type": "application/json",
                        "Content-Length": str(total),
                    },
                ) as response:
                    return self._parse("create", response, Task.from_json, reached=lambda: committed)
            except httpx2.HTTPError as error:
                if not committed:
                    self._cancel.check()
                self._failed("create", error, wire, reached=committed)
            finally:
                wire.done()

    def _read(self, call: Call, path: str, parse: Callable[[Any], T]) -> T:
        self._cancel.check()
        self._before_request()
        wire = _Wire(self._timeouts.call)
        with self._cancel.watch(lambda: wire.cut("it was cancelled")):
            try:
                with self._stream("GET", self.base_url + path, wire, headers=self._headers) as response:
                    return self._parse(call, response, parse)
            except httpx2.HTTPError as error:
                self._cancel.check()
                self._failed(call, error, wire, reached=True)
            finally:
                wire.done()

    def _stream(
        self, method: str, url: str, wire: _Wire, **options: Any
    ) -> contextlib.AbstractContextManager[httpx2.Response]:
        return self._http.stream(method, url, extensions={"trace": wire.trace}, **options)

    def _parse(
        self,
        call: Call,
        response: httpx2.Response,
        parse: Callable[[Any], T],
        reached: Callable[[], bool] = lambda: True,
    ) -> T:
        content = bytearray()
        for piece in response.iter_bytes():
            content += piece
            if len(content) > _ANSWER_CAP:
                raise CallFailed(
                    Failure(call, response.status_code, reached()), "The service's answer is far too long."
                )
        try:
            body = json.loads(content)
        except ValueError:
            body = None
        if response.status_code == 200:  # noqa: PLR2004 - HTTP's number
            try:
                return parse(body)
            except ValueError as problem:
                raise CallFailed(
                    Failure(call, 200, reached()), f"The service's answer makes no sense: {problem}."
                ) from None
        raise self._refused(call, response, body, reached=reached())

    def _refused(self, call: Call, response: httpx2.Response, body: Any, *, reached: bool) -> CallFailed:
        message, reasons = read_refusal(body)
        status = response.status_code
        said = f": {message}" if message else ""
        wish = parse_retry_after(response.headers.get("retry-after"), self._clock.time())
        return CallFailed(
            Failure(call, status, reached, wish),
            f"The service answered {status}{said.rstrip('.')}.",
            reasons=reasons,
        )

    def _failed(self, call: Call, error: httpx2.HTTPError, wire: _Wire, *, reached: bool) -> NoReturn:
        """Say what a broken connection means; whatever fails before there is one has sent nothing."""
        host = urlsplit(self.base_url).hostname
        before = isinstance(
            error,
            (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
            + (httpx2.UnsupportedProtocol,),
        )
        reason = wire.reason or str(error) or type(error).__name__
        tls = before and _is_certificate_problem(error)
        what = (
            f"The identity of {host} could not be verified ({reason})."
            if tls
            else f"{host} could not be reached ({reason})."
            if before
            else f"The connection to {host} broke ({reason})."
        )
        raise CallFailed(Failure(call, None, reached and not before, hopeless=tls), what, tls=tls) from error

    # the result --------------------------------------------------------------------------------

    def download(
        self,
        link: str,
        target: Path,
        *,
        cap: int,
        partial: Partial | None = None,
        started: Callable[[Partial], None] = lambda _partial: None,
        progress: BytesDone = lambda _done, _total: None,
    ) -> None:
        """Fetch ``link`` into ``target``, at most ``cap`` bytes, without the key.

        When ``partial`` says that ``target`` holds the beginning of the same file, only the rest is
        asked for. ``started`` hears what the file belongs to before its first byte is written.
        """
        source = link.partition("?")[0]
        have = target.stat().st_size if target.exists() else 0
        if partial is None or partial.source != source:
            have, partial = 0, None
        wire = _Wire(self._timeouts.download)
        with self._cancel.watch(lambda: wire.cut("it was cancelled")):
            try:
                self._fetch(link, target, have, partial, cap, started, progress, wire)
            except httpx2.HTTPError as error:
                self._cancel.check()
                reason = wire.reason or str(error) or type(error).__name__
                raise CallFailed(
                    Failure("download"), f"The download of the picture broke off ({reason})."
                ) from error
            finally:
                wire.done()

    def _fetch(
        self,
        link: str,
        target: Path,
        have: int,
        partial: Partial | None,
        cap: int,
        started: Callable[[Partial], None],
        progress: BytesDone,
        wire: _Wire,
    ) -> None:
        source = link.partition("?")[0]
        url = link
        redirects = 0
        while True:
            if problem := link_problem(url, self.base_url, self._result_hosts):
                raise ResultHost(
                    f"The service's link to the picture was not followed: {problem}.",
                    host=urlsplit(url).hostname,
                )
            headers = {}
            if have:
                headers["Range"] = f"bytes={have}-"
                if partial is not None and partial.etag:
                    headers["If-Range"] = partial.etag
            with self._stream("GET", url, wire, headers=headers) as response:
                status = response.status_code
                if status in (301, 302, 303, 307, 308) and "location" in response.headers:
                    redirects += 1
                    if redirects > _REDIRECTS:
                        raise CallFailed(Failure("download", status), "The link leads round in circles.")
                    url = urljoin(url, response.headers["location"])
                    continue
                place = _content_range(response)
                if status == 416 and have:  # noqa: PLR2004 - HTTP's number
                    if place == (None, have):
                        return
                    have = 0
                    continue
                if status == 206 and (not have or place is None or place[0] != have):  # noqa: PLR2004 - HTTP's number
                    if not have:
                        raise CallFailed(Failure("download", status), "The service sent a part unasked.")
                    have = 0
                    continue
                if status not in (200, 206):
                    raise self._refused("download", response, None, reached=True)
                if status == 200:  # noqa: PLR2004 - HTTP's number
                    have = 0
                length = response.headers.get("content-length", "")
                total = have + int(length) if length.isascii() and length.isdigit() else None
                if partial is not None and have and partial.total not in (None, total):
                    have = 0
                    continue
                if total is not None and total > cap:
                    raise _too_large(cap)
                etag = response.headers.get("etag")
                strong = etag if etag and not etag.startswith("W/") else None
                started(Partial(source, strong, total))
                self._store(response, target, have, total, cap, progress)
                return

    def _store(
        self,
        response: httpx2.Response,
        target: Path,
        have: int,
        total: int | None,
        cap: int,
        progress: BytesDone,
    ) -> None:
        descriptor = open_private(target, os.O_WRONLY | os.O_CREAT | (0 if have else os.O_TRUNC))
        with os.fdopen(descriptor, "wb", buffering=0) as stream:
            stream.seek(have)
            stream.truncate()
            done = have
            for piece in response.iter_bytes(1 << 16):
                self._cancel.check()
                done += len(piece)
                if done > cap:
                    raise _too_large(cap)
                view = memoryview(piece)
                while view:
                    view = view[stream.write(view) :]
                progress(done, total)
            os.fsync(stream.fileno())
        if total is not None and done != total:
            raise CallFailed(Failure("download"), f"The download ended after {done} of {total} bytes.")


def _too_large(cap: int) -> ResultTooLarge:
    return ResultTooLarge(
        f"The service sends more than {cap >> 20} MiB, far more than this picture can have.", cap=cap
    )


def _content_range(response: httpx2.Response) -> tuple[int | None, int | None] | None:
    """Return (first byte, total) of a Content-Range header, None when there is none to read."""
    match = re.fullmatch(
        r"\s*bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)\s*", response.headers.get("content-range", ""), re.ASCII
    )
    if match is None:
        return None
    first, total = match.groups()
    return (int(first) if first else None, int(total) if total else None)


def _is_certificate_problem(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


__all__ = ["BytesDone", "Partial", "Timeouts", "UpscalerClient", "link_problem"]
