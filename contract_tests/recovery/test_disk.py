"""A disk that fills up at any write: before the payment nothing is paid, after it nothing is forgotten."""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from precision_upscaler.api import download, rate_limiter
from precision_upscaler.errors import DiskFull, UpscaleError
from precision_upscaler.storage import files

from contract_tests.support.jobs.job_environment import JobEnvironment
from contract_tests.support.jobs.recovery_check import RecoveryCheck

WRITES = 24


class FullDisk:
    """From file number ``since`` on, nothing more can be opened for writing (None: there is room again)."""

    def __init__(self, since: int) -> None:
        self.since: int | None = since
        self.opened = 0
        self.struck = 0

    def open(self, path: Path, flags: int) -> int:
        if flags & os.O_CREAT and not path.name.endswith("lock"):
            if path.name.startswith("requests"):
                # the job goes on without them
                if self.since is not None and self.opened >= self.since:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return self.plain(path, flags)
            self.opened += 1
            if self.since is not None and self.opened >= self.since:
                self.struck += 1
                raise OSError(errno.ENOSPC, "No space left on device")
        return self.plain(path, flags)

    plain: Callable[[Path, int], int] = staticmethod(files.open_private)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> FullDisk:
    full = FullDisk(request.param)
    monkeypatch.setattr(files, "open_private", full.open)
    monkeypatch.setattr(download, "open_private", full.open)
    monkeypatch.setattr(rate_limiter, "open_private", full.open)
    return full


@pytest.mark.parametrize("disk", range(1, WRITES), indirect=True, ids=lambda number: f"write {number}")
@pytest.mark.parametrize("scenario", ["", "drop_after_accept", "expired_link"])
def test_a_disk_that_fills_up_costs_nobody_anything(scenario: str, disk: FullDisk, tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, scenario=scenario, wsgi=scenario != "drop_after_accept") as env:
        check = RecoveryCheck(f"disk full, {scenario or 'first run'}", env)
        first = check.record("upscale", env.attempt(env.upscale))
        if disk.struck:
            assert isinstance(first, UpscaleError)
            assert first.code == "disk-full"
            assert "disk" in first.advice

        def free() -> None:
            disk.since = None
            env.mock.play("")

        check.finish(first, free).verify()


class Narrow(io.FileIO):
    """A file on a disk with room for ``room`` more bytes, of which a last write takes what fits."""

    room = 0

    def write(self, data: Any) -> int:
        if not Narrow.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = super().write(memoryview(data)[: Narrow.room])
        Narrow.room -= written
        return written


@pytest.mark.parametrize("scenario", ["", "drop_after_accept"])
@pytest.mark.parametrize("room", [0, 1, 300, "all but one", "the sync"])
def test_a_disk_that_fills_up_in_the_middle_of_a_download_costs_nobody_anything(
    room: int | str, scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "before").mkdir()
    with JobEnvironment(tmp_path / "before", wsgi=True) as env:
        whole = env.upscale().path.stat().st_size
    with (
        JobEnvironment(tmp_path, scenario=scenario, wsgi=not scenario) as env,
        monkeypatch.context() as patched,
    ):
        check = RecoveryCheck(f"disk full after {room} bytes of the result, {scenario or 'first run'}", env)
        if isinstance(room, int) or room == "all but one":
            patched.setattr(Narrow, "room", whole - 1 if room == "all but one" else room)
            narrow = {"fdopen": lambda descriptor, *_, **__: Narrow(descriptor, "wb")}
            patched.setattr(download, "os", SimpleNamespace(**{**vars(os), **narrow}))
        else:

            def full(_descriptor: int) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

            patched.setattr(download, "sync", full)
        first = check.record("upscale", env.attempt(env.upscale))
        assert isinstance(first, DiskFull), first
        assert first.charged == ("unknown" if scenario else "yes")

        def free() -> None:
            patched.undo()
            env.mock.play("")

        check.finish(first, free).verify()


@pytest.mark.parametrize("scenario", ["", "drop_after_accept", "expired_link"])
def test_the_writes_of_a_job_are_all_tried(
    scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = FullDisk(10_000)
    monkeypatch.setattr(files, "open_private", counting.open)
    monkeypatch.setattr(download, "open_private", counting.open)
    with JobEnvironment(tmp_path, scenario=scenario, wsgi=scenario != "drop_after_accept") as env:
        env.upscale()
    assert 6 < counting.opened < WRITES


def test_the_id_of_a_paid_task_finds_room_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reserve is given up for it: only one more write is possible, and it is the one that matters."""
    with JobEnvironment(tmp_path, wsgi=True) as env:

        def full_until_the_reserve_is_gone(path: Path, content: bytes) -> None:
            if b'"task_id": "' in content and (path.parent / "reserve").exists():
                raise OSError(errno.ENOSPC, "No space left on device")
            plain(path, content)

        plain = files.write_atomically
        monkeypatch.setattr(files, "write_atomically", full_until_the_reserve_is_gone)
        env.upscale()
        assert env.mock.charges == 1
        assert not list(env.journal.folder.glob("2*/reserve"))


def test_no_room_for_the_result_is_noticed_before_anything_is_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage: Any = type("usage", (), {"free": 1 << 20})
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    with JobEnvironment(tmp_path, wsgi=True) as env:
        with pytest.raises(DiskFull, match="1 MiB free") as caught:
            env.upscale()
        assert caught.value.charged == "no"
        assert env.mock.charges == 0
        assert not list(env.journal)
