"""The table, carried out once in each GIMP, both at the same time."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from dev.mock_process import running_mock
from gimp_sandbox.gimp import Gimp
from PIL import Image

from .running import NOWHERE, Session, run_inside
from .sessions import Sessions
from .table import beginnings, rows_for

VERSIONS = ("3.0", "3.2")
# a task that is done before it is looked at for the first time, and none refused for coming too often
_MOCK = ("--speed", "1000000", "--no-rate-limit")

_TABLE = """
import json, perform
rows = json.loads({rows!r})
for row in rows:
    for layer in row["layers"]:
        if layer.get("kind") == "link":
            layer["file"] = folder + "/linked.png"
perform.main(folder, {mock!r}, data, rows)
"""
_REFUSALS = "import refusing\nrefusing.main(folder, {mock!r}, {nowhere!r}, data)"
_RESUMING = "import resuming\nresuming.main(folder, {mock!r}, data)"
_MEANWHILE = "import meanwhile\nmeanwhile.main(folder, {mock!r}, data, {beginnings!r})"


def linked_picture() -> bytes:
    """Return a PNG for the link layer: noise, so that nothing about it is smooth by luck."""
    stream = io.BytesIO()
    Image.effect_noise((200, 180), 60).convert("RGB").save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="session")
def sessions(request: pytest.FixtureRequest, plugin_gimp3: Path) -> Iterator[Sessions]:
    """Start every GIMP's table at once and give what will come of each."""
    gimps = {}
    for version in VERSIONS:
        try:
            gimps[version] = request.getfixturevalue("gimp" + version.replace(".", ""))
        except pytest.skip.Exception:
            continue
    with ExitStack() as stack:
        mock = stack.enter_context(running_mock(*_MOCK))
        pool = stack.enter_context(ThreadPoolExecutor(len(VERSIONS)))
        found = Sessions()

        def carry_out(version: str) -> Session:
            code = _TABLE.format(rows=json.dumps(rows_for(version)), mock=mock)
            run = run_inside(
                gimps[version], plugin_gimp3, code, window=True, files={"linked.png": linked_picture()}
            )
            begun = time.monotonic()
            try:
                return stack.enter_context(run)
            finally:
                found.spans[version] = (begun, time.monotonic())

        found.runs.update((version, pool.submit(carry_out, version)) for version in gimps)
        yield found


@pytest.fixture(scope="session")
def table30(gimp30: object, sessions: Sessions) -> Session:
    """Carry out the table in GIMP 3.0."""
    return sessions.of("3.0")


@pytest.fixture(scope="session")
def table32(gimp32: object, sessions: Sessions) -> Session:
    """Carry out the table in GIMP 3.2."""
    return sessions.of("3.2")


@pytest.fixture(scope="session")
def refusals(gimp3: Gimp, plugin_gimp3: Path) -> Iterator[tuple[Session, str]]:
    """Everything that is refused or fails, in a GIMP without a window; and the mock's address."""
    with running_mock(*_MOCK) as mock:
        code = _REFUSALS.format(mock=mock, nowhere=NOWHERE)
        with run_inside(gimp3, plugin_gimp3, code, window=False) as session:
            yield session, mock


@pytest.fixture(scope="session")
def meanwhile(gimp3: Gimp, plugin_gimp3: Path) -> Iterator[Session]:
    """Do what users do while a task is under way."""
    with running_mock("--speed", "0", "--no-rate-limit") as mock:
        code = _MEANWHILE.format(mock=mock, beginnings=beginnings())
        with run_inside(gimp3, plugin_gimp3, code, window=True) as session:
            yield session


@pytest.fixture(scope="session")
def resuming(gimp3: Gimp, plugin_gimp3: Path) -> Iterator[Session]:
    """Bring back what was paid for, in a GIMP without a window."""
    with running_mock(*_MOCK) as mock:
        code = _RESUMING.format(mock=mock)
        with run_inside(gimp3, plugin_gimp3, code, window=False) as session:
            yield session
