"""One upscale: refused before it costs, shared when it is the same, cancelled honestly, resumed for free."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pytest
from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.api.responses import ApiError
from precision_upscaler.api.retry import Failure, PollingPolicy
from precision_upscaler.cancel import CancelToken
from precision_upscaler.errors import (
    Cancelled,
    DownloadFailed,
    InvalidParameter,
    JobUnknown,
    NotReachable,
    SourceFormat,
    SourceSize,
    SourceUnreadable,
    StillRunning,
)
from precision_upscaler.imaging import png as png_format
from precision_upscaler.imaging.metadata import verify
from precision_upscaler.jobs.context import JobEvent, ProgressEvent, StageEvent
from precision_upscaler.storage.job_record import State

from contract_tests.support.jobs.faulty_proxy import FaultyProxy, Plan
from contract_tests.support.jobs.job_environment import PATIENT, JobEnvironment
from contract_tests.support.pictures import png

if TYPE_CHECKING:
    from collections.abc import Iterator

    from precision_upscaler.api.models import Task


def test_a_job_tells_its_stages_in_order_and_when_it_costs(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        result = environment.upscale(scale_factor=3, flavor="sublime", sharpen=11)
        stages = [
            (event.stage, event.charged) for event in environment.events if isinstance(event, StageEvent)
        ]
        assert stages == [
            ("preparing", "no"),
            ("sending", "no"),
            ("waiting", "yes"),
            ("downloading", "yes"),
            ("checking", "yes"),
        ]
        assert (result.width, result.height, result.charged, result.reused) == (480, 600, "yes", False)
        create = next(item for item in environment.mock.requests if item["step"] == "create")
        sent = create["request"]["body"]
        assert {name: value for name, value in sent.items() if name != "image"} == {
            "scale_factor": 3, "flavor": "sublime", "sharpen": 11, "smart_grain": 7, "ultra_detail": 30,
        }  # fmt: skip


@pytest.mark.parametrize("trip", [0.0, 0.5, 4.0])
def test_the_way_to_the_service_is_no_pause(
    trip: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    polled: list[float] = []
    ask = UpscalerClient.status

    with JobEnvironment(tmp_path, wsgi=True, seconds=90) as environment:

        def slow(client: UpscalerClient, task_id: str) -> Task:
            polled.append(environment.clock.monotonic())
            environment.clock.sleep(trip)
            return ask(client, task_id)

        monkeypatch.setattr(UpscalerClient, "status", slow)
        environment.upscale()
    pauses = [later - before for before, later in pairwise(polled) if before - polled[0] > 50]
    longest = PollingPolicy.steady * (1 + PollingPolicy.jitter)
    assert len(pauses) > 5
    # a poll is never begun while the last one is under way
    assert all(trip <= pause <= max(longest, trip) + 1e-6 for pause in pauses)


def test_each_picture_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[str] = []
    chunks_of = png_format.chunks

    def counted(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
        unpacked.append(Path(stream.name).name)
        return chunks_of(stream)

    monkeypatch.setattr(png_format, "chunks", counted)
    with JobEnvironment(tmp_path) as environment:
        environment.upscale()
        assert unpacked == [environment.source.name, "result.part"]


def test_progress_is_never_backwards_and_reaches_the_end(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        environment.upscale()
        for stage in ("sending", "downloading"):
            steps = [
                event
                for event in environment.events
                if isinstance(event, ProgressEvent) and event.stage == stage
            ]
            done = [event.done for event in steps]
            assert done == sorted(done)
            assert done[-1] == steps[-1].total


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", SourceUnreadable, "empty"),
        (b"GIF89a" + bytes(40), SourceFormat, "none of PNG, JPEG and WebP"),
        (png(200, 200)[:-20], SourceUnreadable, "damaged"),
        (png(159, 200), SourceSize, "at least 160"),
        (png(160, 481), SourceSize, "1:3 to 3:1"),
        (None, SourceUnreadable, "No such file"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is_sent(
    content: bytes | None, error: type[Exception], words: str, tmp_path: Path
) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        environment.source.unlink()
        if content is not None:
            environment.source.write_bytes(content)
        with pytest.raises(error, match=words):
            environment.upscale()
        assert environment.mock.requests == []
        assert list(environment.journal) == []


def test_too_large_a_result_names_the_factor_that_fits(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        environment.source.write_bytes(png(1200, 400))
        with pytest.raises(SourceSize, match="10060 on each side: the largest factor for this picture is 8"):
            environment.upscale(scale_factor=16)
        with pytest.raises(InvalidParameter, match="between 2 and 16"):
            environment.upscale(scale_factor=17)
        assert environment.mock.requests == []


def test_the_same_again_is_free(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        first = environment.upscale()
        environment.journal.open(first.job_id).deliver()
        again = environment.upscale()
        assert (again.reused, again.charged, again.task_id) == (True, "no", first.task_id)
        assert environment.mock.charges == 1


@pytest.mark.parametrize("change", ["pixels", "parameters", "insisting"])
def test_something_else_is_not_the_same(change: str, tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        environment.upscale()
        if change == "pixels":
            environment.source.write_bytes(png(160, 200, (1, 2, 3)))
        again = environment.upscale(sharpen=8 if change == "parameters" else 7, reuse=change != "insisting")
        assert not again.reused
        assert environment.mock.charges == 2


def test_a_stored_result_that_was_removed_is_fetched_again_and_not_paid_again(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        first = environment.upscale()
        first.path.unlink()
        again = environment.resume(first.job_id)
        assert verify(again.path).width == 320
        assert environment.mock.charges == 1


@pytest.mark.parametrize(
    ("stage", "charged", "state"),
    [
        ("preparing", "no", None),
        ("sending", "no", State.CANCELLED),
        ("waiting", "yes", State.CREATED),
        ("downloading", "yes", State.CREATED),
        ("checking", "yes", State.STORED),
    ],
)
def test_a_cancel_says_what_it_cost(stage: str, charged: str, state: State | None, tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:

        def cancel(event: JobEvent) -> None:
            if isinstance(event, StageEvent) and event.stage == stage:
                environment.cancel.set()

        environment.on_event = cancel
        ending = environment.attempt(environment.upscale)
        if stage == "checking":
            assert ending is environment.result, "it is here: there is nothing left to cancel"
        else:
            assert isinstance(ending, Cancelled)
            assert ending.charged == charged
        assert environment.mock.charges == (charged == "yes")
        assert [job.state for job in environment.journal] == ([] if state is None else [state])


def test_a_cancel_cuts_a_stalled_upload_at_once(tmp_path: Path) -> None:
    with (
        JobEnvironment(tmp_path) as environment,
        FaultyProxy(environment.mock.url, Plan("list", "stalled", times=None)) as line,
    ):
        environment.base_url = line.url
        environment.on_event = lambda event: (
            threading.Timer(0.2, environment.cancel.set).start()
            if getattr(event, "stage", "") == "sending"
            else None
        )
        with pytest.raises(Cancelled) as caught:
            environment.upscale()
        assert caught.value.charged == "no"


def test_a_cancel_after_the_paid_request_waits_for_its_answer_only_a_moment(tmp_path: Path) -> None:
    """The request is out and may be accepted: its answer is awaited a little, then it stays a question."""
    with (
        JobEnvironment(tmp_path, timeouts=replace(PATIENT, after_cancel=0.3)) as environment,
        FaultyProxy(environment.mock.url, Plan("create", "stalled", reached=True)) as line,
    ):
        environment.base_url = line.url
        environment.on_event = lambda event: (
            environment.cancel.set()
            if isinstance(event, ProgressEvent) and event.stage == "sending" and event.done == event.total
            else None
        )
        with pytest.raises(Cancelled) as caught:
            environment.upscale()
        assert caught.value.charged == "unknown"
        (job,) = environment.journal.undelivered()
        environment.cancel, environment.on_event = CancelToken(), lambda _event: None
        environment.resume(job.job_id)
        assert environment.mock.charges == 1


def test_the_deadline_stops_the_waiting_and_forgets_nothing(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True, scenario="stuck_created") as environment:
        environment.settings = replace(environment.settings, deadline_minutes=1.0)
        with pytest.raises(StillRunning, match="1 minutes") as caught:
            environment.upscale()
        assert caught.value.charged == "yes"
        assert sum(environment.clock.slept) == pytest.approx(60, abs=2)
        (job,) = environment.journal.undelivered()
        assert job.task_id == caught.value.details["task_id"]


def test_a_service_that_is_not_there_is_said_soon_and_costs_nothing(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        environment.base_url = "http://127.0.0.1:9"
        with pytest.raises(NotReachable, match="could not be reached") as caught:
            environment.upscale()
        assert caught.value.charged == "no"
        assert sum(environment.clock.slept) < 5


def test_what_has_ended_cannot_be_resumed(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True, scenario="failed") as environment:
        environment.attempt(environment.upscale)
        (job,) = environment.journal
        with pytest.raises(JobUnknown, match="ended as failed"):
            environment.resume(job.job_id)
        with pytest.raises(JobUnknown):
            environment.resume("20260101-000000-00000000")


def test_a_taken_source_is_gone_and_a_lent_one_is_not(tmp_path: Path) -> None:
    from precision_upscaler.api.models import UpscaleRequest  # noqa: PLC0415 - as above
    from precision_upscaler.jobs.service import upscale  # noqa: PLC0415 - the JobEnvironment lends its source

    with JobEnvironment(tmp_path, wsgi=True) as environment:
        environment.upscale()
        assert environment.source.exists()
        with environment.client() as client:
            result = upscale(
                environment.source, UpscaleRequest(), environment.context(client), take_source=True
            )
        assert result.reused
        assert not environment.source.exists()


def test_the_rate_limit_is_kept_by_a_crowd_of_jobs(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True, seconds=90) as environment:
        for factor in range(2, 8):
            environment.upscale(scale_factor=factor)
        times = [item["at"] for item in environment.mock.requests if item["step"] != "download"]
        assert len(times) > 100
        assert all(later - earlier >= 59.9 for earlier, later in zip(times, times[50:], strict=False))


def test_a_download_that_never_ends_is_left_to_resume_at_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gains a little with every attempt of nearly an hour; the part that came is kept."""
    with JobEnvironment(tmp_path, wsgi=True) as environment:

        def crawl(_client: UpscalerClient, _link: str, target: Path, **_options: object) -> None:
            environment.clock.sleep(3000)
            with target.open("ab") as stream:
                stream.write(bytes(70 << 10))
            raise ApiError(Failure("download"), "The download of the picture broke off.")

        with monkeypatch.context() as patched:
            patched.setattr(UpscalerClient, "download", crawl)
            with pytest.raises(DownloadFailed, match="broke off") as caught:
                environment.upscale()
        assert caught.value.charged == "yes"
        assert sum(environment.clock.slept) < 3 * 3600
        (job,) = environment.journal.undelivered()
        assert job.part.stat().st_size == 2 * (70 << 10)
        environment.resume(job.job_id)
        assert environment.mock.charges == 1
