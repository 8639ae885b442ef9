"""The four HTTP calls of the service, streamed both ways; the only module that imports the HTTP library.

The key goes to the API host only. Redirects of API calls are not followed; those of a download only
to hosts on the list. Every call has a total deadline, because a peer that sends a byte now and then
never trips a read timeout, and a cap on the size of its answer.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, Self, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import httpx2

from precision_upscaler import __version__
from precision_upscaler.cancel import CancelToken
from precision_upscaler.clock import Clock, SystemClock
from precision_upscaler.contract import CREATE_PATH
from precision_upscaler.errors import AddressNotAllowed, PlanUsedUp, ResultHost, TlsFailed
from precision_upscaler.messages import translatable
from precision_upscaler.storage.job_record import PartialDownload
from precision_upscaler.urls import auth_header, is_loopback, link_problem

from .connection import ConnectionTimeout
from .download import BytesDone, Download, Step
from .models import Task, UpscaleRequest, read_list
from .responses import ApiError, help_link, plan_used_up, read_error_body
from .retry import Call, Failure, RateLimitStatus, parse_retry_after, read_rate_limit

_BLOCK = 3 << 16  # a multiple of three, so that base64 blocks join without padding
_ANSWER_CAP = 8 << 20
_ROUNDS = 8
_GOOD = frozenset({200, 201, 202})
"""Documented is 200; gateways answer 201 or 202 to a create."""
_USER_AGENT = f"precision-upscaler/{__version__}"

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


class UpscalerClient:
    """The service at ``base_url``, spoken to with ``key``.

    Every method makes one attempt and raises ApiError when it does not succeed; deciding about
    repetition is the policy's and the job's business. ``before_request`` is called before each call
    to the API, with its name, and may wait: it is the rate limit. ``observe`` takes what each answer
    says about that limit. ``transport`` replaces the network in tests.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeouts: Timeouts | None = None,
        clock: Clock | None = None,
        cancel: CancelToken | None = None,
        before_request: Callable[[Call], None] = lambda _call: None,
        observe: Callable[[RateLimitStatus], None] = lambda _status: None,
        result_hosts: tuple[str, ...] = (),
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        try:
            httpx2.URL(base_url)
            host = urlsplit(base_url).hostname
        except (httpx2.InvalidURL, ValueError) as error:
            raise AddressNotAllowed("The service address cannot be read.", setting="base_url") from error
        self.base_url = base_url
        self._timeouts = timeouts or Timeouts()
        self._clock = clock or SystemClock()
        self._cancel = cancel or CancelToken()
        self._before_request = before_request
        self._observe = observe
        self._result_hosts = result_hosts
        self._headers = {auth_header(base_url): key}
        # nothing on this computer is reached through a proxy
        trust_env = transport is None and not is_loopback(host)
        limits = self._timeouts
        self._http = httpx2.Client(
            trust_env=trust_env,
            verify=_certificates(trust_env=trust_env),
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # the API -----------------------------------------------------------------------------------

    def list(self) -> list[Task]:
        """Return the key's tasks; free of charge."""
        return self._read("list", CREATE_PATH, read_list)

    def status(self, task_id: str) -> Task:
        """Return one task as it stands now; free of charge."""
        task = self._read("status", f"{CREATE_PATH}/{quote(task_id, safe='')}", Task.from_json)
        if task.task_id.strip().lower() != task_id.strip().lower():
            raise ApiError(
                Failure("status", 200, hopeless=True),
                translatable("The service answered about another task ({task}).", task=task.task_id),
            )
        return replace(task, task_id=task_id)

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
        timeout = ConnectionTimeout(self._timeouts.upload)

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
            timeout.allow(self._timeouts.after_cancel if self._cancel.is_set else self._timeouts.answer)
            yield b'"}'
            progress(total, total)

        def cancelled() -> None:
            if committed:
                timeout.allow(self._timeouts.after_cancel)
            else:
                timeout.cut("it was cancelled")

        self._before_request("create")
        with self._cancel.watch(cancelled):
            try:
                with self._stream(
                    "POST",
                    self.base_url + CREATE_PATH,
                    timeout,
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
                self._failed("create", error, timeout, reached=committed)
            finally:
                timeout.done()

    def _read(self, call: Call, path: str, parse: Callable[[Any], T]) -> T:
        self._cancel.check()
        self._before_request(call)
        timeout = ConnectionTimeout(self._timeouts.call)
        with self._cancel.watch(lambda: timeout.cut("it was cancelled")):
            try:
                with self._stream("GET", self.base_url + path, timeout, headers=self._headers) as response:
                    return self._parse(call, response, parse)
            except httpx2.HTTPError as error:
                self._cancel.check()
                self._failed(call, error, timeout, reached=True)
            finally:
                timeout.done()

    def _stream(
        self, method: str, url: str, timeout: ConnectionTimeout, **options: Any
    ) -> contextlib.AbstractContextManager[httpx2.Response]:
        return self._http.stream(method, url, extensions={"trace": timeout.trace}, **options)

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
                raise ApiError(
                    Failure(call, response.status_code, reached()), "The service's answer is far too long."
                )
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = None
        self._observe(read_rate_limit(response.status_code, response.headers, self._clock.time()))
        if response.status_code in _GOOD:
            try:
                return parse(body)
            except ValueError as problem:
                raise ApiError(
                    Failure(call, response.status_code, reached()),
                    translatable("The service's answer makes no sense: {problem}.", problem=problem),
                ) from None
        raise self._refused(call, response, body, reached=reached())

    def _refused(self, call: Call, response: httpx2.Response, body: Any, *, reached: bool) -> ApiError:
        message, reasons = read_error_body(body)
        status = response.status_code
        answered = translatable("The service answered {status}.", status=status)
        if message:
            message = message.rstrip(".")
            answered = translatable(
                "The service answered {status}: {message}.", status=status, message=message
            )
        wish = parse_retry_after(response.headers.get("retry-after"), self._clock.time())
        used_up = plan_used_up(status, message, wish)
        return ApiError(
            Failure(call, status, reached, wish, hopeless=used_up),
            answered,
            reasons=reasons,
            kind=PlanUsedUp if used_up else None,
            link=help_link(body),
        )

    def _failed(
        self, call: Call, error: httpx2.HTTPError, timeout: ConnectionTimeout, *, reached: bool
    ) -> NoReturn:
        """Say what a broken connection means; whatever fails before there is one has sent nothing."""
        host = urlsplit(self.base_url).hostname
        before = isinstance(
            error,
            (
                httpx2.ConnectError,
                httpx2.ConnectTimeout,
                httpx2.PoolTimeout,
                httpx2.ProxyError,
                httpx2.UnsupportedProtocol,
            ),
        )
        reason = timeout.reason or str(error) or type(error).__name__
        tls = before and _is_certificate_problem(error)
        what = translatable("The connection to {host} broke ({reason}).", host=host, reason=reason)
        if tls:
            what = translatable(
                "The identity of {host} could not be verified ({reason}).", host=host, reason=reason
            )
        elif before:
            what = translatable("{host} could not be reached ({reason}).", host=host, reason=reason)
        raise ApiError(
            Failure(call, None, reached and not before, hopeless=tls), what, kind=TlsFailed if tls else None
        ) from error

    # the result --------------------------------------------------------------------------------

    def download(
        self,
        link: str,
        target: Path,
        *,
        cap: int,
        partial: PartialDownload | None = None,
        started: Callable[[PartialDownload], None] = lambda _partial: None,
        progress: BytesDone = lambda _done, _total: None,
    ) -> None:
        """Fetch ``link`` into ``target``, at most ``cap`` bytes, without the key.

        When ``partial`` says that ``target`` holds the beginning of the same file, only the rest is
        asked for. ``started`` hears what the file belongs to before its first byte is written.
        """
        fetch = Download(link, target, cap=cap, partial=partial, started=started, progress=progress)
        timeout = ConnectionTimeout(self._timeouts.download)
        with self._cancel.watch(lambda: timeout.cut("it was cancelled")):
            try:
                self._fetch(link, fetch, timeout)
            except httpx2.InvalidURL as error:
                raise ApiError(
                    Failure("download", hopeless=True), "The link to the picture is no address."
                ) from error
            except httpx2.HTTPError as error:
                self._cancel.check()
                reason = timeout.reason or str(error) or type(error).__name__
                raise ApiError(
                    Failure("download"),
                    translatable("The download of the picture broke off ({reason}).", reason=reason),
                ) from error
            finally:
                timeout.done()

    def _fetch(self, url: str, fetch: Download, timeout: ConnectionTimeout) -> None:
        for _ in range(_ROUNDS):
            if problem := link_problem(url, self.base_url, self._result_hosts):
                raise ResultHost(
                    translatable(
                        "The service's link to the picture was not followed: {problem}.", problem=problem
                    ),
                    host=urlsplit(url).hostname,
                )
            with self._stream("GET", url, timeout, headers=fetch.headers()) as response:
                step = fetch.judge(response.status_code, response.headers)
                if step is Step.COMPLETE:
                    return
                if step is Step.STORE:
                    # as they come: pieces of a fixed size would lose the last one when the line breaks
                    fetch.store(response.iter_bytes(), self._cancel)
                    return
                if step is Step.REDIRECT:
                    url = urljoin(url, response.headers["location"])
                elif step is Step.REFUSED:
                    raise self._refused("download", response, None, reached=True)
        raise ApiError(Failure("download"), "Too many redirects on the way to the picture.")


@functools.cache
def _certificates(*, trust_env: bool) -> ssl.SSLContext:
    """Return what verifies a server's identity; read once, as that takes longer than most calls."""
    return httpx2.create_ssl_context(trust_env=trust_env)


def _is_certificate_problem(error: BaseException | None) -> bool:
    seen = set()
    while error is not None and id(error) not in seen:  # causes may lead round in a circle
        # other troubles of a handshake may pass; a wrong identity does not
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False
