"""``precision-upscale``: one picture or many, honest exit codes, prices before anything is sent, Resume."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner
from PIL import Image, ImageCms
from precision_upscaler import __version__
from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.cancel import CancelToken
from precision_upscaler.cli import batch, main, outputs
from precision_upscaler.cli.progress_bars import silent
from precision_upscaler.clock import SystemClock
from precision_upscaler.contract import PARAMETERS
from precision_upscaler.contract.estimates import TABLE
from precision_upscaler.errors import Cancelled
from precision_upscaler.imaging.metadata import verify
from precision_upscaler.jobs import delivery
from precision_upscaler.jobs.budget import COUNT_PRACTICE_VARIABLE
from precision_upscaler.jobs.service import upscale
from precision_upscaler.protocol import Charged
from precision_upscaler.storage.journal import Journal

from contract_tests.support.shell import Shell


def test_one_picture(shell: Shell) -> None:
    found = shell.run("sky.png", "out.png", "--scale-factor", "3", "--flavor", "sublime")
    assert "out.png: 480 x 480 pixels (charged)" in found.output
    assert verify(shell.folder / "out.png").width == 480
    assert shell.run("jobs").output == "Nothing is waiting.\n"


def test_the_same_again_is_free(shell: Shell) -> None:
    shell.run("sky.png", "one.png")
    assert "nothing charged" in shell.run("sky.png", "two.png").output
    assert (shell.folder / "one.png").read_bytes() == (shell.folder / "two.png").read_bytes()
    assert shell.mock.charges == 1
    shell.run("sky.png", "three.png", "--anew")
    assert shell.mock.charges == 2


def test_many_pictures_into_a_folder(shell: Shell) -> None:
    found = shell.run("sky.png", "sea.png", "city.png", "-o", "out", "--json")
    events = [json.loads(line) for line in found.output.splitlines()]
    assert [event["event"] for event in events] == ["result"] * 3
    assert sorted(path.name for path in (shell.folder / "out").iterdir()) == [
        "city-x2.png", "sea-x2.png", "sky-x2.png",
    ]  # fmt: skip
    assert shell.mock.charges == 3


def test_one_bad_picture_does_not_stop_the_others(shell: Shell) -> None:
    (shell.folder / "sea.png").write_bytes(b"not a picture")
    found = shell.run("sky.png", "sea.png", "-o", "out", code=1)
    assert "sea.png: sea.png cannot be sent" in found.output
    assert (shell.folder / "out" / "sky-x2.png").exists()
    assert shell.mock.charges == 1


def test_a_dry_run_shows_sizes_and_prices_and_sends_nothing(shell: Shell) -> None:
    found = shell.run("sky.png", "sea.png", "-o", "out", "--scale-factor", "4", "--dry-run")
    assert "160 x 160 -> 640 x 640 (0.4 megapixels), about 13 credits (0.10 EUR" in found.output
    assert "Together about 26 credits (0.20 EUR, prices of 2026-11-22); nothing was sent." in found.output
    events = [
        json.loads(line)
        for line in shell.run("sky.png", "-o", "out", "--dry-run", "--json").output.splitlines()
    ]
    assert events[0]["price_estimate"] == 0.1
    assert shell.mock.requests == []


def test_a_file_that_exists_is_kept_unless_told_otherwise(shell: Shell) -> None:
    (shell.folder / "out.png").write_text("precious")
    shell.run("sky.png", "out.png", code=2)
    assert (shell.folder / "out.png").read_text() == "precious"
    assert shell.mock.charges == 0
    shell.run("sky.png", "out.png", "--overwrite")
    assert verify(shell.folder / "out.png")


def test_pictures_of_one_name_are_not_written_over_each_other(shell: Shell) -> None:
    Image.linear_gradient("L").resize((200, 160)).save(shell.folder / "sky.jpg")
    found = shell.run("sky.jpg", "sky.png", "-o", "out", code=2)
    assert "Two pictures would be written to out/sky-x2" in found.output
    assert shell.mock.charges == 1
    assert verify(shell.folder / "out" / "sky-x2.png").width == 400


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_a_run_that_broke_off_goes_on_and_pays_for_the_rest_alone(ending: str, shell: Shell) -> None:
    # no journal remembers what was paid for
    shell.run("settings", "journal_megabytes=0")
    (shell.folder / "out").mkdir()
    (shell.folder / "out" / f"sky-x2.{ending}").write_text("precious")
    assert "already there, skipped" in shell.run("sky.png", "sea.png", "-o", "out", "--dry-run").output
    found = shell.run("sky.png", "sea.png", "-o", "out")
    assert f"sky-x2.{ending}: already there, skipped" in found.output
    assert (shell.folder / "out" / f"sky-x2.{ending}").read_text() == "precious"
    assert shell.mock.charges == 1
    again = shell.run("sky.png", "sea.png", "-o", "out", "--json")
    assert [json.loads(line)["event"] for line in again.output.splitlines()] == ["present"] * 2
    assert shell.mock.charges == 1
    shell.run("sky.png", "-o", "out", "--overwrite")
    assert shell.mock.charges == 2


@pytest.mark.parametrize("words", [["-o", "out/"], ["out/"]])
def test_a_name_that_ends_as_a_folder_is_one(words: list[str], shell: Shell) -> None:
    assert shell.run("sky.png", *words).output.startswith(str(Path("out/sky-x2.png")))
    assert verify(shell.folder / "out" / "sky-x2.png")


def test_an_ending_that_is_none_stays_in_the_name(shell: Shell) -> None:
    assert "large.v2.png: 320" in shell.run("sky.png", "large.v2").output
    assert "large.v2.png exists" in shell.run("sky.png", "large.v2", code=2).output


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("sea.png/", "is a file"),
        ("sea.png/deeper/out.png", "is a file"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_paid(
    output: str, says: str, shell: Shell
) -> None:
    assert says in shell.run("sky.png", "-o", output, code=2).output
    assert shell.mock.charges == 0


def test_a_folder_that_takes_no_file_is_refused_before_anything_is_paid(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def refuse(*, dir: Path) -> None:  # noqa: A002 - its name is Python's
        tried.append(dir)
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    (tmp_path / "sealed").mkdir()
    monkeypatch.setattr(outputs, "tempfile", SimpleNamespace(TemporaryFile=refuse))
    output = f"{tmp_path / 'sealed' / 'not yet there'}{os.sep}"
    told = shell.run("sky.png", "-o", output, code=2).output
    assert f"cannot be written to: {os.strerror(errno.EACCES)}." in " ".join(told.split())
    assert tried == [tmp_path / "sealed"]
    assert shell.mock.charges == 0


def test_an_output_that_breaks_meanwhile_leaves_a_paid_job_and_says_so(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(delivery, "sync", full)
        found = shell.run("sky.png", "-o", "out/", "--json", code=5)
    event = json.loads(found.output)
    assert (event["code"], event["charged"]) == ("output", "yes")
    assert "No space left" in event["what"]
    assert list((shell.folder / "out").iterdir()) == []
    # what is in the way of a resumed result is no usage error either: the job still waits
    assert shell.run("resume", "-o", "sea.png", code=5)
    found = shell.run("resume", "-o", "out/")
    assert "already paid for, nothing charged" in found.output
    assert shell.mock.charges == 1
    assert shell.run("jobs").output == "Nothing is waiting.\n"


def test_a_file_that_appears_meanwhile_is_kept(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    (shell.folder / "out.png").write_text("precious")
    monkeypatch.setattr(main, "plan", functools.partial(_blind, outputs.plan))
    assert "exists" in shell.run("sky.png", "out.png", code=5).output
    assert (shell.folder / "out.png").read_text() == "precious"


def _blind(plan: Callable[..., list[outputs.Planned]], *words: Any, **options: Any) -> list[outputs.Planned]:
    """Plan as if nothing were there yet."""
    return plan(*words, **{**options, "overwrite": True})


def test_metadata_stays_here_and_comes_into_the_result(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "Ana's home", 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"sRGB", b"wide")
    Image.linear_gradient("L").resize((200, 160)).convert("RGB").save(
        shell.folder / "photo.jpg", exif=exif, icc_profile=profile
    )
    sent = []
    create = UpscalerClient.create

    def spied(client: UpscalerClient, request: UpscaleRequest, picture: Path, **options: Any) -> Any:
        sent.append(picture.read_bytes())
        return create(client, request, picture, **options)

    monkeypatch.setattr(UpscalerClient, "create", spied)
    shell.run("photo.jpg", "large.png")
    (image,) = sent
    assert b"Ana" not in image
    assert b"ICC_PROFILE" not in image
    with Image.open(shell.folder / "large.png") as found:
        assert found.size == (400, 320)
        assert dict(found.getexif()) == {0x010E: "Ana's home", 0x0112: 6}
        assert found.info["icc_profile"] == profile


def described_photo(folder: Path) -> Path:
    """Write a photo whose EXIF data describe it."""
    exif = Image.Exif()
    exif[0x010E] = "Ana's home"
    photo = folder / "photo.jpg"
    Image.linear_gradient("L").resize((200, 160)).save(photo, exif=exif)
    return photo


def test_a_webp_result_has_the_sources_metadata_too(shell: Shell) -> None:
    photo = described_photo(shell.folder)
    with main._app(None).job_context(lambda _event: None) as context:
        done = upscale(photo, UpscaleRequest(), context, origin={})
        job = context.journal.open(done.job_id)
        webp = job.folder / "result.webp"
        with Image.open(done.path) as picture:
            picture.save(webp)
        job.update(result=webp.name, result_bytes=webp.stat().st_size)
    assert "large.webp: 400 x 320" in shell.run("photo.jpg", "large.png").output
    with Image.open(shell.folder / "large.webp") as found:
        assert found.getexif()[0x010E] == "Ana's home"


def test_a_resumed_result_has_its_metadata_though_the_source_is_gone(shell: Shell) -> None:
    photo = described_photo(shell.folder)
    with main._app(None).job_context(lambda _event: None) as context:
        upscale(photo, UpscaleRequest(), context, origin={"file": str(photo)})
    photo.unlink()
    shell.run("resume", "-o", "rescued.png")
    with Image.open(shell.folder / "rescued.png") as found:
        assert found.getexif()[0x010E] == "Ana's home"


def test_a_dry_run_uses_the_prices_that_the_user_has(shell: Shell) -> None:
    table = {**TABLE, "steps": [{"up_to_megapixels": 100, "price": 7.5}], "currency": "CHF"}
    (shell.folder / "data" / "prices.json").write_text(json.dumps(table))
    assert "(7.50 CHF" in shell.run("sky.png", "out.png", "--dry-run").output
    (shell.folder / "data" / "prices.json").write_text("damaged")
    assert "(0.10 EUR" in shell.run("sky.png", "out.png", "--dry-run").output


def complete(*words: str) -> list[str]:
    """Return what a shell offers for the last of ``words``."""
    shell = BashComplete(main.main, {}, "precision-upscale", "_PRECISION_UPSCALE_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


def test_a_shell_completes_commands_options_and_choices_with_and_without_a_picture() -> None:
    assert complete("re") == ["resume"]
    assert complete("--sc") == ["--scale-factor"]
    assert complete("sky.png", "--sc") == ["--scale-factor"]
    assert complete("--flavor", "pho") == ["photo", "photo_denoiser"]
    assert complete("resume", "--ad") == ["--adopt"]
    assert {"--help", "--version", "--output", "--flavor"} <= set(complete("--"))
    # a picture: the shell itself lists the files
    assert complete("sk") == ["sk"]


def test_the_bytes_decide_the_ending(shell: Shell) -> None:
    Image.linear_gradient("L").resize((200, 160)).save(shell.folder / "photo.jpg")
    found = shell.run("photo.jpg", "large.jpg")
    assert "large.png" in found.output
    assert verify(shell.folder / "large.png").format == "png"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["sky.png", "out.png", "--scale-factor", "17"], 2, "between 2 and 16"),
        (["sky.png"], 2, "IN and OUT"),
        (["sky.png", "out.png", "--base-url", "http://example.org"], 2, "not secure"),
        (["sky.png", "out.png", "--flavor", "salty"], 2, "salty"),
        (["resume", "20260101-000000-00000000"], 1, "not in the journal"),
        (["forget", ".."], 1, "no name of a job"),
        (["settings", "deadline_minutes=0"], 2, "between 1 and 1440"),
        (["settings", "nonsense"], 2, "NAME=VALUE"),
    ],
)
def test_wrong_usage_is_said_and_costs_nothing(words: list[str], code: int, says: str, shell: Shell) -> None:
    assert says in shell.run(*words, code=code).output
    assert shell.mock.charges == 0


@pytest.mark.parametrize(
    ("scenario", "code", "charged"),
    [
        ("invalid_key_401", 3, 0),
        ("no_credits_402", 3, 0),
        ("bad_request_message", 1, 0),
        ("failed", 1, 1),
        ("not_an_image", 5, 1),
    ],
)
def test_exit_codes_tell_whether_something_paid_is_waiting(
    scenario: str, code: int, charged: int, shell: Shell
) -> None:
    shell.mock.play(scenario)
    shell.run("sky.png", "out.png", code=code)
    assert shell.mock.charges == charged
    assert not (shell.folder / "out.png").exists()


def test_a_paid_job_is_listed_and_resumed_for_free(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    # an editor's plug-in paid for it, and was closed before the picture came
    with main._app(None).job_context(lambda _event: None) as context:
        upscale(shell.folder / "sky.png", UpscaleRequest(), context, origin={"layer": "sky.png"})
        (stored,) = context.journal.undelivered()
        (stored.folder / "result.png").unlink()
    listing = shell.run("jobs").output
    assert "charged: yes" in listing
    assert "sky.png" in listing
    (job,) = json.loads(shell.run("jobs", "--json").output)
    # wherever the settings lead by now: a job is taken up at the service that was paid for it
    monkeypatch.setenv("PRECISION_UPSCALER_BASE_URL", "http://127.0.0.1:9")
    shell.run("resume", job["job_id"], "-o", "rescued.png")
    assert verify(shell.folder / "rescued.png").width == 320
    assert shell.mock.charges == 1
    assert shell.run("resume").output == "Nothing is waiting.\n"


def test_settings_are_shown_and_changed(shell: Shell) -> None:
    shell.run("settings", "deadline_minutes=7", "result_hosts=a.example,b.example")
    output = shell.run("settings").output
    assert "deadline_minutes=7.0" in output
    assert "result_hosts=a.example,b.example" in output


def test_the_key_is_stored_and_tested(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FREEPIK_API_KEY")
    assert shell.run("test-key", code=3)
    found = CliRunner().invoke(main.main, ["store-key"], input="mock-key\n", catch_exceptions=False)
    assert (found.exit_code, "mock-key" in found.output) == (0, False)
    assert shell.run("test-key").output == "The key works.\n"


def test_every_parameter_of_the_contract_is_an_option(shell: Shell) -> None:
    output = shell.run("upscale", "--help").output
    for known in PARAMETERS:
        assert "--" + known.name.replace("_", "-") in output
    assert "Exit codes" in shell.run("-h").output


def test_every_error_says_where_the_log_is_and_which_job_it_is_about(shell: Shell) -> None:
    log = str(shell.folder / "data" / "log" / "precision-upscaler.log")
    shell.mock.play("completed_empty")
    told = json.loads(shell.run("sky.png", "out.png", "--json", code=5).output)
    assert told["log"] == log
    assert told["job_id"] in shell.run("jobs").output
    assert f"Log: {log}" in shell.run("resume", code=5).output
    again = json.loads(shell.run("resume", "--json", code=5).output)
    assert (again["log"], again["job_id"]) == (log, told["job_id"])
    assert f"Log: {log}" in shell.run("forget", "20260101-000000-00000000", code=1).output
    assert f"Log: {log}" in shell.run("resume", "20260101-000000-00000000", code=1).output


@pytest.mark.parametrize("words", [("jobs",), ("forget", "x"), ("store-key",), ("test-key",), ("resume",)])
def test_a_bad_address_is_an_error_and_no_fault_of_the_program(
    words: tuple[str, ...], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRECISION_UPSCALER_BASE_URL", "http://example.org")
    found = shell.run(*words, code=2)
    assert "is not secure" in found.output
    assert "Use an https address" in found.output


def test_a_job_is_forgotten_by_its_name(shell: Shell) -> None:
    shell.run("sky.png", "out.png")
    (job,) = (shell.folder / "data/jobs").glob("*-*-*")
    assert shell.run("forget", job.name).output == f"Forgotten: {job.name}\n"
    assert not job.exists()


def test_only_one_job_can_be_told_its_task(shell: Shell) -> None:
    told = shell.run("resume", "--adopt", "some-task", code=2).output
    assert "--adopt takes exactly one job." in told


def test_an_error_of_a_whole_run_is_an_event_too(shell: Shell) -> None:
    (told,) = shell.run("resume", "--adopt", "some-task", "--json", code=2).output.splitlines()
    assert json.loads(told)["code"] == "invalid-parameter"


def test_a_number_that_is_none_is_refused(shell: Shell) -> None:
    assert "must be a number" in shell.run("settings", "deadline_minutes=soon", code=2).output


def test_a_plan_names_what_forbids_a_picture(shell: Shell) -> None:
    (shell.folder / "sea.png").write_bytes(b"not a picture")
    assert "sea.png: sea.png cannot be sent" in shell.run("sea.png", "-o", "out", "--dry-run", code=1).output
    (line,) = shell.run("sea.png", "-o", "out", "--dry-run", "--json", code=1).output.splitlines()
    assert "cannot be sent" in json.loads(line)["problem"]


def test_a_plan_names_what_is_there_already(shell: Shell) -> None:
    (shell.folder / "out").mkdir()
    (shell.folder / "out/sky-x2.png").write_text("precious")
    (line,) = shell.run("sky.png", "sea.png", "-o", "out", "--dry-run", "--json").output.splitlines()[:1]
    assert json.loads(line)["present"] is True


def test_a_paste_that_is_no_key_is_not_stored(shell: Shell) -> None:
    found = CliRunner().invoke(main.main, ["store-key"], input="two words\n", catch_exceptions=False)
    assert found.exit_code != 0
    assert "no API key" in found.output
    assert not (shell.folder / "data/credentials.json").exists()


def test_a_key_in_the_environment_comes_before_the_stored_one(shell: Shell) -> None:
    found = CliRunner().invoke(main.main, ["store-key"], input="other-key\n", catch_exceptions=False)
    assert found.exit_code == 0
    assert "Note: FREEPIK_API_KEY is set and comes first." in found.output


def test_a_job_that_somebody_works_on_is_not_forgotten(shell: Shell) -> None:
    shell.run("sky.png", "out.png")
    (folder,) = (shell.folder / "data/jobs").glob("*-*-*")
    job = Journal(folder.parent, SystemClock()).open(folder.name)
    assert job.lock.acquire(wait=False)
    try:
        assert "being worked on at this moment" in shell.run("forget", folder.name, code=5).output
    finally:
        job.lock.release()
    assert folder.exists()


def test_what_nobody_thought_of_ends_one_picture_and_keeps_what_was_paid(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_over(*_: object, **__: object) -> None:
        raise RuntimeError("odd")

    with monkeypatch.context() as patched:
        patched.setattr(batch, "deliver", fall_over)
        found = CliRunner().invoke(main.main, ["sky.png", "out.png"], catch_exceptions=False)
    assert found.exit_code != 0
    assert "Something unexpected happened (RuntimeError: odd)." in " ".join(found.output.split())
    shell.run("resume", "-o", "out/")
    assert len(list((shell.folder / "out").iterdir())) == shell.mock.charges == 1


@pytest.mark.parametrize("charged", ["no", "unknown", "yes"])
def test_a_cancelled_picture_says_what_it_has_cost(
    charged: Charged, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(*_: object, **__: object) -> None:
        raise Cancelled(charged)

    monkeypatch.setattr(batch, "upscale", cancelled)
    words = batch._CANCELLED[charged]
    code = 130 if charged == "no" else 5
    assert f"sky.png: cancelled. {words}" in shell.run("sky.png", "out.png", code=code).output
    (line,) = shell.run("sky.png", "out.png", "--json", code=code).output.splitlines()
    told = json.loads(line)
    assert (told["event"], told["charged"], told["message"]) == ("cancelled", charged, words)


def test_control_c_cancels_in_order_and_the_next_one_as_usual() -> None:
    app: Any = SimpleNamespace(cancel=CancelToken())
    usual = signal.getsignal(signal.SIGINT)
    with batch._interruptible(app):
        signal.raise_signal(signal.SIGINT)
        assert app.cancel.event.wait(10)
        assert signal.getsignal(signal.SIGINT) is usual
    assert signal.getsignal(signal.SIGINT) is usual


def test_only_the_main_thread_listens_to_control_c() -> None:
    usual, seen = signal.getsignal(signal.SIGINT), []
    app: Any = SimpleNamespace(cancel=CancelToken())

    def elsewhere() -> None:
        with batch._interruptible(app):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [usual]


def test_bars_are_drawn_in_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    @contextlib.contextmanager
    def bars(_console: object, count: int) -> Iterator[str]:
        drawn.append(count)
        yield "bars"

    monkeypatch.setattr(batch, "bars", bars)
    for is_terminal in (False, True):
        stream = SimpleNamespace(isatty=[False, True][is_terminal].__bool__)
        monkeypatch.setattr(batch, "sys", SimpleNamespace(stderr=stream))
        for show in (False, True):
            with batch._display(3, show=show) as watch:
                assert (watch is silent) is not (show and is_terminal)
    assert drawn == [3]


def test_a_choice_among_settings_is_kept_as_it_is_written(shell: Shell) -> None:
    shell.run("settings", "upload_format=jpeg")
    assert json.loads((shell.folder / "data/settings.json").read_text())["upload_format"] == "jpeg"


def test_a_service_out_of_reach_says_nothing_about_the_key(shell: Shell) -> None:
    words = ["test-key", "--base-url", "http://127.0.0.1:9"]
    found = CliRunner().invoke(main.main, words, catch_exceptions=False)
    assert found.exit_code not in (0, main.ACCOUNT)
    assert "could not be reached" in found.output


def test_a_warning_is_told_beside_the_result(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEPIK_API_KEY", "mock-wrong_scale")
    (line,) = shell.run("sky.png", "out.png", "--scale-factor", "4", "--json").output.splitlines()
    (warning,) = json.loads(line)["warnings"]
    assert "320 x 320" in warning


def test_the_module_is_the_program_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "precision_upscaler.cli.main", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert __version__ in done.stdout


@pytest.mark.parametrize("name", ["照片.png", "Příliš 𝄞.png"])
def test_a_name_outside_the_code_page_ends_nothing(shell: Shell, name: str) -> None:
    found = CliRunner(charset="cp1252").invoke(main.main, ["sky.png", name], catch_exceptions=False)
    assert (found.exit_code, shell.mock.charges) == (0, 1), found.output
    assert name.encode("cp1252", "backslashreplace").decode("cp1252") in found.output
    assert (shell.folder / name).exists()


def test_a_batch_that_passes_the_budget_is_refused_before_anything_is_sent(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COUNT_PRACTICE_VARIABLE, "1")
    shell.run("settings", "monthly_budget=0.25")
    found = shell.run("sky.png", "sea.png", "city.png", "-o", "out", code=1)
    assert "This would pass your monthly budget of 0.25 EUR: 0.00 EUR are spent" in found.output
    assert "this costs about 0.30 EUR. The month ends on" in found.output
    assert "Nothing was charged." in found.output
    assert shell.mock.charges == 0
    shell.run("sky.png", "sea.png", "-o", "out")
    shell.run("sky.png", "sea.png", "city.png", "-o", "out", "--jobs", "1", "--over-budget")
    assert shell.mock.charges == 3
