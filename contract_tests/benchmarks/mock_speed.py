"""The mock against other mocks on the same document: start to first answer, and requests a second."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from precision_upscaler import contract

from . import peers
from .measure import Samples, in_turn, ratio, turning
from .processes import Asking, free_port, python, running
from .result import Claim, Result, Setting, Table, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CONNECTIONS = (1, 16, 64)
METHODS = ("GET", "POST")
_OURS = "ours"
_SILENT = "Prism, silent"
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


def all_peers() -> list[peers.Server]:
    """Return ours and every peer that can be had here; :class:`Unavailable` without Node.js."""
    if shutil.which("npm") is None:
        raise Unavailable("Node.js with npm is not installed: it runs the load client and two of the peers")
    return [
        peers.ours(),
        peers.prism("silent"),
        peers.prism("info"),
        peers.steady(),
        peers.moto(),
        peers.httpserver(),
    ]


# start to first answer


def start(setting: Setting, servers: Sequence[peers.Server] | None = None) -> Result:
    """Measure each server from its process's start to its first answered request."""
    servers = all_peers() if servers is None else servers

    def begin(server: peers.Server) -> Callable[[], float]:
        def subject() -> float:
            port = free_port()
            with running(server.argv(port), port, server.first) as seconds:
                return seconds

        return subject

    rounds = 2 if setting.quick else 7
    subjects = {server.name: begin(server) for server in servers}
    for subject in subjects.values():
        subject()  # the first start compiles, and reads from the disk, what later ones find in memory
    found = in_turn(subjects, rounds)
    floor = in_turn(
        {
            "python -c pass": _timed_python("pass"),
            "import flask, jsonschema_rs": _timed_python("import flask, jsonschema_rs"),
        },
        rounds,
    )
    rows = [[name, samples.shown(".3f")] for name, samples in (found | floor).items()]
    limit = 0.25
    return Result(
        [Table("Start to first answer", ["server", "seconds: median (spread)"], rows)],
        [Claim("from start to first answer", found[_OURS].median, limit, "s")],
        [
            (
                f"The floor is Python itself ({floor['python -c pass'].median:.3f} s) and the import "
                "of Flask and "
                f"jsonschema-rs ({floor['import flask, jsonschema_rs'].median:.3f} s in all)."
            )
        ],
    )


def _timed_python(code: str) -> Callable[[], float]:
    import subprocess  # noqa: PLC0415 - for this alone
    import time  # noqa: PLC0415 - as above

    def subject() -> float:
        begin = time.perf_counter()
        subprocess.run(python("-c", code), check=True)
        return time.perf_counter() - begin

    return subject


# requests a second


def requests(
    setting: Setting, servers: Sequence[peers.Server] | None = None, connections: Sequence[int] = CONNECTIONS
) -> Result:
    """Measure requests a second of every server, for GET and POST and each number of connections."""
    servers = all_peers() if servers is None else servers
    seconds = 1.0 if setting.quick else _SECONDS
    found = _loads(servers, connections, setting.rounds, seconds)
    tables = []
    for method in METHODS:
        columns = ["server", "validates", "keeps state"]
        columns += [f"c = {count}: requests/s (spread), p99 ms" for count in connections]
        rows = []
        for server in servers:
            row = [server.name, server.validates, server.keeps]
            for count in connections:
                speed, late = found[server.name, method, count]
                row.append(f"{speed.shown('.0f')}, {late.median:.1f}")
            rows.append(row)
        tables.append(Table(f"{method}, requests a second", columns, rows))
    tables.append(_wsgi_servers(setting))
    claims = _claims(found, {server.name for server in servers}, connections)
    return Result(tables, claims, [*_floors(setting), _peers()])


def _wsgi_servers(setting: Setting) -> Table:
    """Measure the mock's application under its own server and under others: why it has one of its own."""
    servers = [peers.ours(name="ours under its own server"), *map(peers.under, peers.WSGI_SERVERS)]
    found = _loads(servers, (16,), setting.rounds, 1.0 if setting.quick else _SECONDS)
    rows = []
    for server in servers:
        cells = [found[server.name, method, 16] for method in METHODS]
        rows.append([server.name, *(f"{speed.shown('.0f')}, {late.median:.1f}" for speed, late in cells)])
    columns = ["server", *(f"{method} c = 16: requests/s (spread), p99 ms" for method in METHODS)]
    return Table("The mock's application under other WSGI servers", columns, rows)


def _loads(
    servers: Sequence[peers.Server], connections: Sequence[int], rounds: int, seconds: float
) -> dict[tuple[str, str, int], tuple[Samples, Samples]]:
    """Return (requests a second, 99th percentile in ms) for each server, method and number of connections."""
    speed: dict[tuple[str, str, int], list[float]] = {}
    late: dict[tuple[str, str, int], list[float]] = {}
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
                        late.setdefault((name, method, count), []).append(seen["p99"])
    return {key: (Samples(tuple(values)), Samples(tuple(late[key]))) for key, values in speed.items()}


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


def _claims(
    found: dict[tuple[str, str, int], tuple[Samples, Samples]], names: set[str], connections: Sequence[int]
) -> list[Claim]:
    def against(peer: str, method: str, count: int) -> Claim:
        figure = ratio(found[_OURS, method, count][0], found[peer, method, count][0]).median
        return Claim(f"{method} at c = {count}, against {peer}", figure, 1.0, at_most=False)

    claims = []
    if _SILENT in names and 16 in connections:
        claims += [against(_SILENT, method, 16) for method in METHODS]
    for peer in ("moto_server", "pytest-httpserver"):
        if peer in names:
            claims += [against(peer, method, count) for method in METHODS for count in connections]
    return claims


def _floors(setting: Setting) -> list[str]:
    """Return what the parts alone reach: our server, an empty Flask view, a view that only checks."""
    seconds = 1.0 if setting.quick else 3.0
    found = {}
    for name, askings in (
        ("wsgi", [peers.GET]),
        ("flask", [peers.GET]),
        ("checked", [peers.GET, peers.POST]),
    ):
        port = free_port()
        with running(python("-m", "contract_tests.benchmarks.floors", name, str(port)), port, peers.LIST):
            for asking in askings:
                loads = [peers.load(port, asking, count, seconds) for count in (1, 16)]
                for seen in loads:
                    check_load(seen, f"floor {name}, {asking.method}", ours=True)
                found[name, asking.method] = "{:.0f} and {:.0f}".format(
                    *(seen["perSecond"] for seen in loads)
                )
    note = (
        "The floor, in requests a second at c = 1 and at c = 16: the mock's server with a WSGI application "
        f"that does nothing, {found['wsgi', 'GET']}; with one empty view of Flask's own, "
        f"{found['flask', 'GET']}; with one view of the leaner Flask that the mock uses, which reads and "
        "checks the request and builds, checks and encodes an answer, "
        f"GET {found['checked', 'GET']}, POST {found['checked', 'POST']}. What the mock gives less than the "
        "last is its state, keys, scenarios, clock and journal. The load client has the other core."
    )
    return [note]


# shared state


def shared_state(setting: Setting) -> Result:
    """Measure the mock with state in SQLite and two processes against one process with state in memory."""
    seconds = 1.0 if setting.quick else _SECONDS
    with tempfile.TemporaryDirectory(prefix="bench-state-") as folder:
        servers = [
            peers.ours(name="in memory, 1 process"),
            peers.ours("--state", str(Path(folder, "one.sqlite")), name="SQLite, 1 process"),
            peers.ours(
                "--state", str(Path(folder, "two.sqlite")), "--processes", "2", name="SQLite, 2 processes"
            ),
        ]
        found = _loads(servers, (1, 16), setting.rounds, seconds)
    rows = []
    for server in servers:
        cells = [found[server.name, method, count] for method in METHODS for count in (1, 16)]
        rows.append([server.name, *(f"{speed.shown('.0f')}, {late.median:.1f}" for speed, late in cells)])
    columns = [
        "state",
        *(f"{method} c = {count}: requests/s (spread), p99 ms" for method in METHODS for count in (1, 16)),
    ]
    shared, single = "SQLite, 2 processes", "in memory, 1 process"
    claims = [
        Claim(
            f"{method} at c = {count}, {shared} against {single}",
            ratio(found[shared, method, count][0], found[single, method, count][0]).median,
            0.8,
            at_most=False,
        )
        for method in METHODS
        for count in (1, 16)
    ]
    note = (
        "The load client has one of the two cores for as long as it needs it, so two processes cannot give "
        "twice what one gives. A create call in a file costs more than one in memory by what SQLite's log "
        "costs: five pages are written, and what another process has written is read again. At c = 1 the "
        "second process has nothing to do, and the ratio shows that cost alone."
    )
    return Result([Table("State in a file, shared by processes", columns, rows)], claims, [note])
