"""Whatever can be known of a result's file is tried before anything is sent, and each picture for itself."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.cli import batch, main
from precision_upscaler.jobs import delivery
from precision_upscaler.jobs.service import upscale
from precision_upscaler.storage.files import FileLock

from contract_tests.support.pictures import png
from contract_tests.support.shell import Shell


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith((".", "~"))]


# name, room, right to write, the rename -------------------------------------------------------------


@pytest.mark.parametrize("length", [240, 244, 247])
def test_a_long_name_that_fits_is_written(length: int, shell: Shell) -> None:
    (shell.folder / ("s" * (length - 4) + ".png")).write_bytes(png(160, 170))
    found = shell.run("s" * (length - 4) + ".png", "sky.png", "-o", "out/")
    assert found.output.count("(charged)") == 2


@pytest.mark.parametrize("name", ["s" * 250 + ".png", "ä" * 125 + ".png"])
def test_a_name_that_is_too_long_with_its_factor_is_refused_unpaid(name: str, shell: Shell) -> None:
    (shell.folder / name).write_bytes(png(160, 170))
    found = shell.run(name, "sky.png", "-o", "out/", code=2)
    assert "cannot be written" in found.output
    assert "sky-x2.png" in found.output, "the other picture is upscaled"
    assert shell.mock.charges == 1


@pytest.mark.parametrize("name", ["o" * 251 + ".png", "o" * 300, "x/" + "o" * 251 + ".png"])
def test_an_output_name_that_is_too_long_is_refused_unpaid(name: str, shell: Shell) -> None:
    assert "cannot be written" in shell.run("sky.png", name, code=2).output
    assert shell.mock.requests == []


def test_a_folder_under_the_results_name_is_refused_unpaid(shell: Shell) -> None:
    (shell.folder / "out" / "sky-x2.png").mkdir(parents=True)
    assert "it is no file" in shell.run("sky.png", "-o", "out/", code=2).output
    assert "it is no file" in shell.run("sky.png", "-o", "out/", "--overwrite", code=2).output
    assert shell.mock.requests == []


def test_results_that_do_not_fit_on_the_disk_are_refused_unpaid(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    need = 4 * 320 * 320
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=need + 1))
    found = shell.run("sky.png", "sea.png", "-o", "out", "--dry-run", code=1)
    assert "sky.png: 160 x 160 -> 320 x 320" in found.output
    assert "sea.png: The disk of out" in found.output, "the room that the first one needs is gone"


def test_a_folder_that_forbids_the_rename_is_refused_unpaid(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_path: Path, _target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(delivery, "rename", forbidden)
    assert "Operation not permitted" in shell.run("sky.png", "out.png", code=2).output
    assert shell.mock.requests == []
    assert leftovers(shell.folder) == []


def test_trying_leaves_nothing_behind(shell: Shell) -> None:
    shell.run("sky.png", "sea.png", "-o", "out", "--dry-run")
    assert leftovers(shell.folder) == []
    assert not (shell.folder / "out").exists()


# each picture for itself ----------------------------------------------------------------------------


def test_a_file_that_cannot_be_used_does_not_take_its_name(shell: Shell) -> None:
    (shell.folder / "pair").mkdir()
    (shell.folder / "pair" / "DSC001.ARW").write_bytes(b"II*\x00 raw data of a camera")
    Image.linear_gradient("L").resize((200, 160)).save(shell.folder / "pair" / "DSC001.JPG", "JPEG")
    found = shell.run("pair/DSC001.ARW", "pair/DSC001.JPG", "-o", "out", code=1)
    assert "DSC001.ARW: DSC001.ARW cannot be sent" in found.output
    assert (shell.folder / "out" / "DSC001-x2.png").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sky.xmp", b"<x:xmpmeta/>"),
        ("sky.txt", b""),
        ("sky.tif", b"II*\x00"),
        ("sky.jpg", b"\xff\xd8\xff\xe0"),
    ],
)
def test_what_lies_beside_a_picture_does_not_stop_it(name: str, content: bytes, shell: Shell) -> None:
    (shell.folder / name).write_bytes(content)
    shell.run(name, "sky.png", "-o", "out/", code=1)
    assert (shell.folder / "out" / "sky-x2.png").exists()


def test_the_reason_is_the_files_own_and_not_its_name(shell: Shell) -> None:
    (shell.folder / "sky.arw").write_bytes(b"raw")
    found = shell.run("sky.png", "sky.arw", "-o", "out", "--dry-run", code=1)
    assert "sky.arw cannot be sent" in found.output


def test_one_unreadable_file_does_not_stop_the_others(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    usual, access = Path.open, os.access

    def guarded(path: Path, *words: Any, **options: Any) -> Any:
        if path.name == "sea.png":
            raise PermissionError(errno.EACCES, "Permission denied")
        return usual(path, *words, **options)

    monkeypatch.setattr(Path, "open", guarded)
    monkeypatch.setattr(os, "access", lambda path, *rest: "sea" not in str(path) and access(path, *rest))
    found = shell.run("sky.png", "sea.png", "-o", "out", code=1)
    assert "sea.png cannot be read: Permission denied" in found.output
    assert (shell.folder / "out" / "sky-x2.png").exists()


@pytest.mark.parametrize("kind", ["folder", "pipe", "missing", "loop"])
def test_what_is_no_file_does_not_stop_the_others(kind: str, shell: Shell) -> None:
    odd = shell.folder / "odd.png"
    if kind == "folder":
        odd.mkdir()
    elif kind == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("this system has no named pipes")
        os.mkfifo(odd)
    elif kind == "loop":
        odd.symlink_to(odd)
    found = shell.run("odd.png", "sky.png", "-o", "out/", code=1)
    assert "odd.png: odd.png" in found.output
    assert (shell.folder / "out" / "sky-x2.png").exists()


# names that are no UTF-8 ----------------------------------------------------------------------------


@pytest.fixture
def latin(shell: Shell) -> str:
    """Return the name of a picture that an older system has written in Latin-1."""
    name = os.fsdecode(b"b\xfccher.png")
    try:
        shutil.copy(shell.folder / "sky.png", shell.folder / name)
    except (OSError, UnicodeError):
        pytest.skip("this file system takes UTF-8 alone")
    return name


def test_a_name_that_is_no_utf_8_is_upscaled(latin: str, shell: Shell) -> None:
    assert "(charged)" in shell.run(latin, "-o", "out/").output
    assert (shell.folder / "out" / os.fsdecode(b"b\xfccher-x2.png")).exists()
    assert "already there" in shell.run(latin, "-o", "out/").output
    assert "already there" in shell.run(latin, "-o", "out/", "--dry-run").output


def test_such_a_name_can_be_an_output_and_printed_as_json(latin: str, shell: Shell) -> None:
    (event,) = map(json.loads, shell.run("sky.png", f"new-{latin}", "--json").output.splitlines())
    assert event["path"].endswith("new-b\\xfccher.png")
    assert (shell.folder / f"new-{latin}").exists()


def test_such_a_name_is_shown_in_errors_and_lists(latin: str, shell: Shell) -> None:
    (shell.folder / latin).write_bytes(b"no picture")
    assert "b\\xfccher.png" in shell.run(latin, "-o", "out/", code=1).output
    assert "b\\xfccher.png" in shell.run(latin, "-o", "out/", "--dry-run", code=1).output


@pytest.mark.parametrize("sent", [False, True])
def test_what_nobody_thought_of_speaks_of_a_charge_only_after_sending(
    sent: bool, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = upscale

    def fall_over(*words: Any, **options: Any) -> Any:
        if sent:
            usual(*words, **options)
        raise RuntimeError("odd")

    monkeypatch.setattr(batch, "upscale", fall_over)
    (line,) = shell.run("sky.png", "out.png", "--json", code=5 if sent else 1).output.splitlines()
    assert (json.loads(line)["charged"] == "no") == (not sent)


# left-overs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("sky.png", "-o", "out/"), ("sky.png", "out/new.png")])
def test_what_a_killed_run_has_left_is_removed_by_the_next(words: tuple[str, ...], shell: Shell) -> None:
    (shell.folder / "out").mkdir()
    (shell.folder / "out" / ".precision-upscale-99-0.tmp").write_bytes(b"half a picture")
    (shell.folder / "out" / ".precious.tmp").write_bytes(b"somebody else's")
    shell.run(*words)
    assert leftovers(shell.folder / "out") == [".precious.tmp"]


def test_what_another_run_is_writing_is_kept(shell: Shell) -> None:
    busy = shell.folder / ".precision-upscale-99-0.tmp"
    with FileLock(busy):
        shell.run("sky.png", "out.png")
        assert busy.exists()
    shell.run("sea.png", "out2.png")
    assert not busy.exists()


def test_resume_removes_left_overs_too(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    left_undelivered(shell, monkeypatch)
    (shell.folder / ".precision-upscale-99-0.tmp").write_bytes(b"half a picture")
    shell.run("resume")
    assert leftovers(shell.folder) == []


# resume without -o ----------------------------------------------------------------------------------


def left_undelivered(shell: Shell, monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """Pay for sky.png's result, and fail to write it to out.png."""

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(delivery, "sync", full)
        shell.run("sky.png", "out.png", *words, code=5)


def test_resume_writes_where_the_result_was_to_go(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    left_undelivered(shell, monkeypatch)
    (shell.folder / "elsewhere").mkdir()
    monkeypatch.chdir(shell.folder / "elsewhere")
    shell.run("resume")
    assert (shell.folder / "out.png").exists()
    assert list((shell.folder / "elsewhere").iterdir()) == []


def test_resume_keeps_a_file_that_is_there_by_now(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    left_undelivered(shell, monkeypatch)
    (shell.folder / "out.png").write_text("precious")
    assert "exists" in shell.run("resume", code=5).output
    assert (shell.folder / "out.png").read_text() == "precious"
    shell.run("resume", "--overwrite")
    assert shell.mock.charges == 1


def test_a_job_that_was_not_made_from_a_file_needs_an_output(shell: Shell) -> None:
    with main._app(None).job_context(lambda _event: None) as context:
        upscale(shell.folder / "sky.png", UpscaleRequest(), context, origin={"layer": "Sky"})
    found = shell.run("resume", code=5)
    assert "Say with -o where the result" in found.output
    assert [path.name for path in shell.folder.iterdir() if path.suffix == ".png"].count("Sky.png") == 0
    shell.run("resume", "-o", "rescued.png")
    assert (shell.folder / "rescued.png").exists()


def test_a_job_without_a_place_does_not_stop_the_others(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_undelivered(shell, monkeypatch)
    with main._app(None).job_context(lambda _event: None) as context:
        upscale(shell.folder / "sea.png", UpscaleRequest(), context, origin={"layer": "Sea"})
    shell.run("resume", code=5)
    assert (shell.folder / "out.png").exists()


# already there --------------------------------------------------------------------------------------


def test_a_source_that_has_changed_since_is_named(shell: Shell) -> None:
    shell.run("sky.png", "sea.png", "-o", "out")
    later = (shell.folder / "out" / "sky-x2.png").stat().st_mtime + 10
    os.utime(shell.folder / "sky.png", (later, later))
    found = shell.run("sky.png", "sea.png", "-o", "out").output
    assert "sky-x2.png: already there, skipped (the picture has changed since; --overwrite" in found
    assert "sea-x2.png: already there, skipped\n" in found
    assert "has changed since" in shell.run("sky.png", "-o", "out/", "--dry-run").output
    (event,) = map(json.loads, shell.run("sky.png", "-o", "out/", "--json").output.splitlines())
    assert (event["event"], event["changed"]) == ("present", "source")
    assert shell.mock.charges == 2


@pytest.mark.parametrize("options", [("--flavor", "sublime"), ("--sharpen", "50"), ("--filter-nsfw",)])
def test_other_options_than_those_of_the_result_are_named(options: tuple[str, ...], shell: Shell) -> None:
    shell.run("sky.png", "-o", "out/")
    assert (
        "it was made with other options; --overwrite" in shell.run("sky.png", "-o", "out/", *options).output
    )
    shell.run("sky.png", "-o", "out/", *options, "--overwrite")
    assert "skipped\n" in shell.run("sky.png", "-o", "out/", *options).output
    assert "made with other options" in shell.run("sky.png", "-o", "out/").output


def test_another_factor_is_another_result(shell: Shell) -> None:
    shell.run("sky.png", "-o", "out/")
    shell.run("sky.png", "-o", "out/", "--scale-factor", "4")
    assert "skipped\n" in shell.run("sky.png", "-o", "out/").output


# dry run --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["missing", "a file", "unwritable"])
def test_a_dry_run_needs_no_data_folder(state: str, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    place = shell.folder / "nowhere" / "data"
    if state == "a file":
        (shell.folder / "nowhere").write_text("")
    elif state == "unwritable":
        place.mkdir(parents=True)
        place.chmod(0o500)
    monkeypatch.setenv("PRECISION_UPSCALER_DATA", str(place))
    assert "(0.10 EUR, prices of" in shell.run("sky.png", "out.png", "--dry-run").output
    assert place.exists() == (state == "unwritable")
    assert state != "unwritable" or list(place.iterdir()) == []


# metadata -------------------------------------------------------------------------------------------


def photograph(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Ana's home"
    Image.linear_gradient("L").resize((200, 160)).save(
        folder / "photo.jpg", exif=exif, dpi=(300, 300), xmp=b"<rdf:RDF></rdf:RDF>"
    )


@pytest.mark.parametrize("wanted", [True, False])
def test_metadata_is_put_into_the_result_unless_none_is_wanted(wanted: bool, shell: Shell) -> None:
    photograph(shell.folder)
    shell.run("photo.jpg", "out.png", *(() if wanted else ("--no-metadata",)))
    with Image.open(shell.folder / "out.png") as found:
        assert round(found.info["dpi"][0]) == 300
        assert (0x010E in found.getexif()) == wanted
        assert ("algorithmicallyEnhanced" in str(found.info.get("XML:com.adobe.xmp"))) == wanted


@pytest.mark.parametrize("first", [True, False])
def test_a_resumed_result_has_metadata_only_if_it_was_wanted(
    first: bool, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph(shell.folder)
    (shell.folder / "sky.png").unlink()
    (shell.folder / "photo.jpg").rename(shell.folder / "sky.png")
    left_undelivered(shell, monkeypatch, *(("--no-metadata",) if first else ()))
    shell.run("resume", *(() if first else ("--no-metadata",)))
    with Image.open(shell.folder / "out.png") as found:
        assert 0x010E not in found.getexif()
        assert round(found.info["dpi"][0]) == 300


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_result_has_the_permissions_that_the_user_gives_new_files(shell: Shell) -> None:
    (shell.folder / "usual").touch()
    shell.run("sky.png", "out.png")
    assert (shell.folder / "out.png").stat().st_mode == (shell.folder / "usual").stat().st_mode
