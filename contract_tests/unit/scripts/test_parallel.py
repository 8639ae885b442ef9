"""A whole run keeps the cores busy and its temporary files in memory, but only where that can be."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from dev import parallel


@pytest.mark.parametrize(("cores", "processes"), [(1, 2), (2, 3), (4, 6), (7, 11)])
def test_without_real_gimps_tests_go_wherever_a_process_is_idle(
    cores: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "cores", lambda: cores)
    assert parallel.spread(real_gimps=False) == [f"--numprocesses={processes}", "--dist=worksteal"]
    assert parallel.spread(real_gimps=True) == [f"--numprocesses={cores}", "--dist=loadfile"]


def test_the_cores_are_those_this_process_may_use() -> None:
    assert 1 <= parallel.cores() <= (os.cpu_count() or 1)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Pretend that a folder is in memory; return its facts, to change them."""
    facts = SimpleNamespace(f_flag=0, f_bavail=parallel._ROOM // 4096, f_frsize=4096)
    monkeypatch.setattr(parallel, "_MEMORY", tmp_path)
    monkeypatch.setattr(os, "statvfs", lambda _: facts)
    return facts


def test_temporary_files_are_in_memory_for_as_long_as_the_run(
    memory: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    with parallel.environment(real_gimps=False) as env:
        assert Path(env["TMPDIR"]).parent == tmp_path
        Path(env["TMPDIR"], "left over").touch()
        assert "PYTHONDONTWRITEBYTECODE" not in env
        assert env["PATH"] == os.environ["PATH"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lacks", ["room", "programs", "memory", "nothing, but there are real GIMPs"])
def test_they_stay_where_they_are_where_memory_will_not_do(
    lacks: str, memory: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/as-it-was")
    memory.f_bavail -= lacks == "room"
    memory.f_flag |= os.ST_NOEXEC if lacks == "programs" else 0
    if lacks == "memory":
        monkeypatch.setattr(parallel, "_MEMORY", tmp_path / "none")
    with parallel.environment(real_gimps=lacks.startswith("nothing")) as env:
        assert env["TMPDIR"] == "/as-it-was"
