"""A demo in GIMP fails for what the plug-in made GIMP say, and for nothing GIMP says of itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import demo
import pytest
from dev.console import Failure
from dev.gimp_log_filter import plugin_warnings

FAREWELLS = [
    "precision-upscaler.py: gimp_flush(): error: Broken pipe",
    "(gimp-console-3.2:31): LibGimp-WARNING: precision-upscaler.py: gimp_flush(): error: Broken pipe ",
    "GIMP-Error: Plug-in 'precision-upscaler.py' never exited.",
]
OURS = [
    "Traceback (most recent call last):",
    '  File "/x/plug-ins/precision-upscaler/upscaler_gimp3/run.py", line 5, in run',
    "(precision-upscaler.py:41): Gimp-WARNING **: something was NULL",
    "precision-upscaler.py: gimp_flush(): error: Broken pipe, and more",
]


@pytest.mark.parametrize("line", FAREWELLS)
def test_a_farewell_of_gimp_is_no_complaint(line: str) -> None:
    assert plugin_warnings(f"GIMP is busy\n{line}\n") == []
    assert plugin_warnings(line, ("precision", "python")) == []


@pytest.mark.parametrize("line", OURS)
def test_what_names_us_is_one(line: str) -> None:
    assert plugin_warnings(f"GIMP is busy\n{line}\n{FAREWELLS[0]}") == [line]


class SaysGoodbyeBadly:
    """A GIMP that does the job and then says ``words``."""

    def __init__(self, words: str) -> None:
        self.words = words

    def batch(self, _code: str, *, env: dict[str, str], **_: Any) -> subprocess.CompletedProcess[str]:
        job = json.loads(Path(env["DEMO_JOB"]).read_text(encoding="utf-8"))
        Path(job["answer"]).write_text(json.dumps({"ok": "done"}), encoding="utf-8")
        return subprocess.CompletedProcess([], 0, "", self.words)


def test_the_demo_bears_a_farewell_and_no_complaint(tmp_path: Path) -> None:
    def run(words: str) -> object:
        gimp: Any = SaysGoodbyeBadly(words)
        return demo.run_in_gimp(gimp, tmp_path, tmp_path, {"result": str(tmp_path / "result.xcf")}, {})

    assert run("\n".join(FAREWELLS)) == "done"
    with pytest.raises(Failure, match="something was NULL"):
        run("\n".join([*FAREWELLS, OURS[2]]))
