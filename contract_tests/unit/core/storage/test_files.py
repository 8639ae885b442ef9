"""Files are replaced whole or not at all, belong to their owner alone, and locks end with their holder."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from precision_upscaler.storage import files
from precision_upscaler.storage.files import (
    FileLock,
    copy_durably,
    private_folder,
    read_json,
    rename,
    write_atomically,
    write_durably,
    write_json,
)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_only_the_owner_can_read_what_is_written(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "one" / "two")
    write_json(folder / "file.json", {"a": 1})
    assert (mode(folder), mode(folder / "file.json")) == (0o700, 0o600)
    assert read_json(folder / "file.json") == {"a": 1}


def test_an_open_folder_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    assert mode(private_folder(tmp_path / "open")) == 0o700


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomically(tmp_path / "file", b"old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_content_is_on_the_disk_before_the_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (order.append("sync"), sync(descriptor))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (order.append("name"), replace(self, to))[1])
    write_atomically(tmp_path / "file", b"content")
    assert order == ["sync", "name", "sync"]


@pytest.mark.parametrize("take", [True, False])
def test_a_source_is_taken_or_copied(take: bool, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"pixels")
    copy_durably(tmp_path / "source", tmp_path / "target", take=take)
    assert (tmp_path / "target").read_bytes() == b"pixels"
    assert (tmp_path / "source").exists() is not take
    assert mode(tmp_path / "target") == 0o600


def test_taking_across_file_systems_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "source").write_bytes(b"pixels")
    replace = Path.replace

    def across(self: Path, target: Path) -> Path:
        if self.name == "source":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", across)
    copy_durably(tmp_path / "source", tmp_path / "target", take=True)
    assert (tmp_path / "target").read_bytes() == b"pixels"
    assert not (tmp_path / "source").exists()


def test_a_lock_keeps_everybody_else_out(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert one.acquire(wait=False)
    assert not two.acquire(wait=False)
    one.release()
    with two:
        assert two.held
        assert not one.acquire(wait=False)
    assert not two.held


def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from precision_upscaler.storage.files import FileLock;"
        "FileLock(pathlib.Path(sys.argv[1])).acquire(wait=True); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        lock = FileLock(tmp_path / "lock")
        assert not lock.acquire(wait=False)
        holder.kill()
        holder.wait()
        assert lock.acquire(wait=False)
        lock.release()


def test_a_damaged_file_is_told_from_a_missing_one(tmp_path: Path) -> None:
    assert read_json(tmp_path / "nothing") is None
    (tmp_path / "damaged").write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        read_json(tmp_path / "damaged")


class Holder:
    """Another program that holds every file for the first uses, as a virus scanner does on Windows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, uses: int) -> None:
        self.left = uses
        monkeypatch.setattr(files, "_ATTEMPTS", 4)
        monkeypatch.setattr(files, "_PAUSE", 0)
        for name in ("replace", "open"):
            monkeypatch.setattr(Path, name, self._held(getattr(Path, name)))

    def _held(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def use(path: Path, *arguments: Any, **options: Any) -> Any:
            if self.left:
                self.left -= 1
                raise PermissionError(13, "The process cannot access the file")
            return real(path, *arguments, **options)

        return use


USES: list[Callable[[Path, Path], object]] = [
    lambda _, target: write_atomically(target, b"content"),
    lambda _, target: write_durably(target, [b"content"]),
    rename,
    lambda source, target: copy_durably(source, target, take=True),
    lambda source, target: copy_durably(source, target, take=False),
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("uses", [1, 3])
def test_a_file_that_another_program_holds_for_a_moment_is_waited_for(
    use: Callable[[Path, Path], object], uses: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"content")
    Holder(monkeypatch, uses)
    use(source, target)
    monkeypatch.undo()
    assert target.read_bytes() == b"content"


def test_a_file_that_stays_held_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = Holder(monkeypatch, 4)
    with pytest.raises(PermissionError):
        write_atomically(tmp_path / "target", b"content")
    assert (holder.left, list(tmp_path.iterdir())) == (0, [])
