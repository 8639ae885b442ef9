"""The front end for GIMP 2.10 with a worker and the mock: a result, a cancel, Resume, bad installations."""

from __future__ import annotations

import base64
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract_tests.gimpfu_stubs import Session
from mock_server.testing import PrecisionMock

from .front_end import FrontEnd
from .real_gimp import RealGimp
from .scripted import Script


class Killed(BaseException):
    """GIMP killed the plug-in: nothing of it runs any more."""


@pytest.fixture
def mock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PrecisionMock]:
    """Serve a mock that the workers of a test use, with a data folder of their own."""
    with PrecisionMock(progress="polls:1") as served:
        monkeypatch.setenv("PRECISION_UPSCALER_BASE_URL", served.url)
        monkeypatch.setenv("FREEPIK_API_KEY", "mock-nearest")
        monkeypatch.setenv("PRECISION_UPSCALER_DATA", str(tmp_path / "data"))
        yield served


@pytest.fixture
def end(loaded_session: Session) -> FrontEnd:
    """Give the front end as it is, with true workers."""
    return FrontEnd(loaded_session, Script())


@pytest.mark.slow
def test_one_layer_through_worker_and_mock(end: FrontEnd, mock: PrecisionMock) -> None:
    image, layer = end.image(name="Šaty 层")
    end.session.core(layer).pixels[40:80, 30:90] = (200, 30, 60)
    end.upscale(image, layer)
    assert (layer.width, layer.name) == (400, "Šaty 层")
    pixels = end.session.core(layer).pixels
    assert tuple(pixels[100, 100]) == (200, 30, 60)
    assert tuple(pixels[10, 10]) == (90, 120, 150)
    assert end.session.messages == []


@pytest.mark.slow
def test_a_jpeg_is_sent_where_the_setting_says_so(end: FrontEnd, mock: PrecisionMock, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/settings.json").write_text('{"upload_format": "jpeg"}')
    image, layer = end.image()
    end.upscale(image, layer)
    assert layer.width == 400
    (body,) = (item["request"]["body"] for item in mock.requests if item["step"] == "create")
    assert base64.b64decode(body["image"][:12]).startswith(b"\xff\xd8\xff"), "that is no JPEG"


@pytest.mark.slow
def test_a_failed_task_is_said(end: FrontEnd, mock: PrecisionMock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEPIK_API_KEY", "mock-failed")
    image, layer = end.image()
    with pytest.raises(RuntimeError, match="execution error"):
        end.upscale(image, layer)
    (message,) = end.session.messages
    assert "charged" in message
    assert layer.width == 200


@pytest.mark.slow
def test_a_wrong_key_is_said(end: FrontEnd, mock: PrecisionMock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEPIK_API_KEY", "nobody-knows-this-key")
    image, layer = end.image()
    with pytest.raises(RuntimeError, match="execution error"):
        end.upscale(image, layer)
    assert "Nothing was charged." in end.session.messages[0]
    assert "nobody-knows-this-key" not in end.session.messages[0]


@pytest.mark.slow
def test_a_front_end_that_is_gone_loses_nothing(
    end: FrontEnd, mock: PrecisionMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from upscaler_gimp2 import worker

    original = worker.WorkerRun._show
    workers: list[Any] = []

    def show(self: Any, event: dict[str, Any]) -> None:
        original(self, event)
        if event["event"] == "stage" and event["stage"] == "waiting":
            self.process.close()
            workers.append(self.process)
            raise Killed

    monkeypatch.setattr(worker.WorkerRun, "_show", show)
    image, layer = end.image()
    with pytest.raises(Killed):
        end.upscale(image, layer)
    assert layer.width == 200
    assert workers[0].wait(60), "the worker did not end"
    monkeypatch.setattr(worker.WorkerRun, "_show", original)
    end.session.pdb.python_fu_precision_upscale_resume()
    assert layer.width == 400
    assert "“Sky” is now 400 × 360 pixels." in end.session.messages[-1]
    end.session.messages.clear()
    end.session.pdb.python_fu_precision_upscale_resume()
    assert "nothing to resume" in end.session.messages[0]


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["vendor", "precision_upscaler/worker.py"])
def test_a_damaged_installation_is_said(
    make_real_gimp: Callable[..., RealGimp], plugin_gimp2: Path, tmp_path: Path, missing: str
) -> None:
    damaged = tmp_path / plugin_gimp2.name
    shutil.copytree(plugin_gimp2, damaged)
    gone = damaged / missing
    if gone.is_dir():
        shutil.rmtree(gone)
    else:
        gone.unlink()
    real = make_real_gimp(damaged)
    report = real.folder / "report.json"
    code = (
        "from gimpfu import *; import json; from contract_tests.integration.gimp2 import inside, killed\n"
        "image = killed.picture(1); layer = image.layers[0]; before = inside.whole(image)\n"
        "options = (2, 'photo', 7, 7, 30, 0, 'scale-image', 'layer', 'service')\n"
        "try:\n    pdb.python_fu_precision_upscale(image, layer, *options)\n"
        "except RuntimeError: pass\n"
        "told = [inside.whole(image) == before, killed.Undo(image).depth(), len(gimp.image_list())]\n"
        f"open({str(report)!r}, 'w').write(json.dumps(told))"
    )
    log = real.run(f"exec({code!r})", {"PRECISION_UPSCALER_DATA": str(real.folder / "data")}, timeout=120)
    assert report.exists(), log[-1500:]
    assert real.report(report.name) == [True, 0, 1], "the image is not what it was"
    assert "No module named" in log
    assert "Nothing was charged.\nInstall the plug-in again; its folder must hold precision_upscaler" in log


def test_the_tests_run_where_the_worker_can(end: FrontEnd) -> None:
    from upscaler_gimp2 import worker

    assert worker.find_interpreter() == [sys.executable]
