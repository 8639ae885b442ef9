"""A smaller copy may be sent in the source's place; everything else goes by the source."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.errors import SourceFormat, SourceUnreadable
from precision_upscaler.jobs.service import upscale
from precision_upscaler.storage.job_record import State

from contract_tests.support.jobs.job_environment import JobEnvironment
from contract_tests.support.jobs.worker_environment import worker_environment

SIZE = (160, 200)


def jpeg(path: Path, size: tuple[int, int] = SIZE) -> Path:
    Image.linear_gradient("L").resize(size).convert("RGB").save(path, "JPEG", quality=90)
    return path


def bodies(environment: JobEnvironment) -> list[dict[str, Any]]:
    return [item["request"]["body"] for item in environment.mock.requests if item["step"] == "create"]


def run(environment: JobEnvironment, upload: Path, **options: Any) -> Any:
    with environment.client() as client:
        return upscale(
            environment.source, UpscaleRequest(), environment.context(client), upload=upload, **options
        )


def test_the_copy_is_sent_and_the_source_stays_what_is_compared(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        upload = jpeg(tmp_path / "copy.jpg")
        digests = {
            name: hashlib.sha256(base64.b64encode(path.read_bytes())).hexdigest()
            for name, path in {"copy": upload, "source": environment.source}.items()
        }
        result = run(environment, upload, take_source=True)
        assert (result.width, result.height) == (320, 400)
        received = {
            name: environment.mock.app.service.tasks.picture(digest) for name, digest in digests.items()
        }
        assert received["source"] is None
        assert received["copy"] is not None
        assert received["copy"][1] == "image/jpeg"
        assert not upload.exists()
        assert not environment.source.exists()


def test_the_same_pixels_answer_whatever_format_they_were_sent_in(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        first = environment.upscale()
        again = run(environment, jpeg(tmp_path / "copy.jpg"))
        assert (first.charged, again.charged, again.reused) == ("yes", "no", True)
        assert len(bodies(environment)) == 1


@pytest.mark.parametrize("kind", ["missing", "text", "size"])
def test_a_copy_that_is_not_the_picture_is_refused_before_anything_is_sent(tmp_path: Path, kind: str) -> None:
    with JobEnvironment(tmp_path) as environment:
        upload = tmp_path / "copy.jpg"
        if kind == "text":
            upload.write_text("no picture")
        elif kind == "size":
            jpeg(upload, (200, 160))
        with pytest.raises((SourceUnreadable, SourceFormat)) as caught:
            run(environment, upload)
        assert caught.value.charged == "no"
        assert environment.mock.requests == []
        assert list(environment.journal) == []


def test_a_delivered_job_keeps_neither_source_nor_copy(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        result = run(environment, jpeg(tmp_path / "copy.jpg"))
        job = environment.journal.open(result.job_id)
        assert job.upload.name == "upload.jpg"
        job.deliver()
        assert job.state is State.DELIVERED
        assert not [path for path in job.folder.iterdir() if path.name.startswith(("upload", "source"))]


def test_the_worker_takes_the_copy(tmp_path: Path) -> None:
    with worker_environment(tmp_path) as here:
        copy = jpeg(tmp_path / "copy.jpg", (400, 300))
        events = here.run({**here.upscale, "upload": str(copy), "take_source": True})
        assert events[-1]["event"] == "result"
        assert not copy.exists()
        stages = [event.get("stage") for event in events if event["event"] == "progress"]
        assert "sending" in stages
