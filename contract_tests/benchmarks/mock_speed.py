"""The mock against other mocks: start to first answer, requests a second, start and stop in a test."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from typing import TYPE_CHECKING

from precision_upscaler import contract

from mock_server import PrecisionMock

from . import peers
from .measure import Samples, in_turn, ratio, turning
from .processes import Asking, free_port, running
from .result import Claim, Result, Setting, Table, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CONNECTIONS = (1, 16)
METHODS = ("GET", "POST")
_OURS = "ours"
_SECONDS = 2.0


class WrongAnswerError(AssertionError):
    """A server did not answer what it should have: its speed would mean nothing."""


def checked(server: peers.Server, port: int) -> str:
    """Prepare a server, check one answer of each kind, and return the task id that GET asks for."""
    task_id = server.prepare(port)
    for method in METHODS:
        status, body = server.asking(method, task_id).once(port)
        if not 200 <= status < 300:
            raise WrongAnswerError(f"{server.name}: {method} answers {status}: {body[:300]!r}")
        if server.serves_document or method == "GET":
            problem = broken(json.loads(body))
            if problem:
                raise WrongAnswerError(f"{server.name}: {method} answers {body[:300]!r}: {problem}")
    if server.validates != "no":
        bad = peers.POST.headers
        status, body = Asking("POST", contract.CREATE_PATH, bad, b'{"scale_factor": 99}').once(port)
        if status < 400:
            raise WrongAnswerError(
                f"{server.name} is said to validate but takes a bad request: {body[:300]!r}"
            )
    return task_id


def broken(answer: object) -> str | None:
    """Return why an answer is no task of the contract, or None when it is one."""
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), dict):
        return "there is no object in data"
    missing = {"task_id", "status", "generated"} - set(answer["data"])
    return f"data lacks {', '.join(sorted(missing))}" if missing else None


def all_servers() -> list[peers.Server]:
    """Return ours and every peer; :class:`Unavailable` without Node.js."""
    if shutil.which("npm") is None:
        raise Unavailable("Node.js with npm is not installed: it runs the load client")
    return [peers.ours(), peers.empty(), peers.moto(), peers.httpserver()]


def run(setting: Setting, servers: Sequence[peers.Server] | None = None) -> Result:
    """Measure of each server: start to first answer; requests a second on 1 and 16 connections."""
    servers = all_servers() if servers is None else servers
    starts = in_turn({server.name: _start(server) for server in servers}, 2 if setting.quick else 15)
    loads = _loads(servers, CONNECTIONS, setting.rounds, 1.0 if setting.quick else _SECONDS)
    cells = [(method, count) for method in METHODS for count in CONNECTIONS]
    rows = [
        [
            server.name,
            starts[server.name].shown(".3f"),
            *(loads[server.name, *cell].shown(".0f") for cell in cells),
        ]
        for server in servers
    ]
    columns = ["server", "start to first answer, s (spread)"]
    columns += [f"{method} c = {count}: requests/s (spread)" for method, count in cells]
    names = {server.name for server in servers}
    claims = [
        Claim(
            f"{method} at c = {count}, against {peer}",
            ratio(loads[_OURS, method, count], loads[peer, method, count]).median,
            1.0,
            at_most=False,
        )
        for peer in ("moto_server", "pytest-httpserver")
        if peer in names
        for method, count in cells
    ]
    if peers.EMPTY in names:
        figure = ratio(starts[_OURS], starts[peers.EMPTY]).median
        claims.append(Claim(f"start to first answer, against {peers.EMPTY}", figure, 1.15))
    claims.append(Claim("fixture, start and stop, median of 200", _fixture_milliseconds(), 5.0, "ms"))
    return Result([Table("The mock and its peers", columns, rows)], claims, [_peers()])


def _start(server: peers.Server) -> Callable[[], float]:
    # the first start compiles, and reads from the disk, what later ones find there and in memory
    keeps_bytecode = {"PYTHONDONTWRITEBYTECODE": ""}

    def subject() -> float:
        port = free_port()
        with running(server.argv(port), port, server.first, env=keeps_bytecode) as seconds:
            return seconds

    subject()
    return subject


def _fixture_milliseconds() -> float:
    """Return the median of 200 starts and stops of :class:`PrecisionMock`, in milliseconds."""
    seconds = []
    for _ in range(200):
        begin = time.perf_counter()
        with PrecisionMock():
            pass
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds) * 1000


def _loads(
    servers: Sequence[peers.Server], connections: Sequence[int], rounds: int, seconds: float
) -> dict[tuple[str, str, int], Samples]:
    """Return requests a second for each server, method and number of connections."""
    speed: dict[tuple[str, str, int], list[float]] = {}
    by_name = {server.name: server for server in servers}
    for names in turning(list(by_name), rounds):
        for name in names:
            server = by_name[name]
            port = free_port()
            with running(server.argv(port), port, server.first):
                task_id = checked(server, port)
                for method in METHODS:
                    asking = server.asking(method, task_id)
                    for count in connections:
                        seen = peers.load(port, asking, count, seconds)
                        check_load(seen, f"{name}, {method}, c={count}", ours=server.ours)
                        speed.setdefault((name, method, count), []).append(seen["perSecond"])
    return {key: Samples(tuple(values)) for key, values in speed.items()}


def check_load(seen: Mapping[str, float], what: str, *, ours: bool) -> None:
    """Refuse figures of a load in which an answer was not 2xx, or in which one of our connections broke.

    A peer's broken connections are told: what they cost is in its figures.
    """
    if seen["refused"] or not seen["answers"] or (ours and seen["errors"]):
        raise WrongAnswerError(f"{what}: not every answer was 2xx: {dict(seen)}")
    if seen["errors"]:
        print(f"    {what}: {seen['errors']:.0f} connections broke", flush=True)


def _peers() -> str:
    return "Versions: " + ", ".join(f"{name} {version}" for name, version in peers.versions().items()) + "."
