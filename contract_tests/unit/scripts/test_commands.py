"""The two commands set up what they need, are quick the second time, and tell the truth at the end."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lock
import pytest
from dev import bootstrap, debian
from dev.bootstrap import CLONE, Environment
from dev.console import Failure, exit_on_failure, step
from gimp_sandbox.gimp import GimpUnavailable
from gimp_sandbox.windows import WindowsUnavailable

if TYPE_CHECKING:
    from types import ModuleType

SCRIPTS = sorted((CLONE / "install_scripts").glob("*.py"))


@pytest.fixture
def test_script() -> ModuleType:
    """Load test.py under another name: the standard library has a package called test."""
    spec = importlib.util.spec_from_file_location("run_every_check", CLONE / "install_scripts/test.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Recorder:
    """Stands in for ``console.command``: remembers what would have been run."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def __call__(self, argv: list[Any], **_: object) -> str:
        self.ran.append(" ".join(map(str, argv)))
        return ""


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorder:
    """Record the commands of an environment, in a clone with nothing but the lock and the project file."""
    recorder = Recorder()
    monkeypatch.setattr(bootstrap, "command", recorder)
    monkeypatch.setattr(debian, "command", recorder)
    monkeypatch.setattr(bootstrap, "CLONE", tmp_path)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text(name, encoding="ascii")
    return recorder


def environment_with_python(tmp_path: Path) -> Environment:
    made = Environment(tmp_path / ".venv")
    made.python.parent.mkdir(parents=True)
    made.python.symlink_to(sys.executable)
    return made


def test_the_second_start_installs_nothing(recorder: Recorder, tmp_path: Path) -> None:
    made = environment_with_python(tmp_path)
    made.ensure()
    assert any("--require-hashes" in line and "requirements.lock" in line for line in recorder.ran)
    assert any("--no-build-isolation --no-deps --editable" in line for line in recorder.ran)
    recorder.ran.clear()
    made.ensure()
    assert recorder.ran == []


@pytest.mark.parametrize(
    ("changed", "installs"), [("requirements.lock", "requirements.lock"), ("pyproject.toml", "--editable")]
)
def test_a_change_installs_what_it_concerns(
    changed: str, installs: str, recorder: Recorder, tmp_path: Path
) -> None:
    made = environment_with_python(tmp_path)
    made.ensure()
    recorder.ran.clear()
    (tmp_path / changed).write_text("changed", encoding="ascii")
    made.ensure()
    assert any(installs in line for line in recorder.ran)
    assert ("requirements.lock" in "".join(recorder.ran)) is (changed == "requirements.lock")


def test_an_environment_of_another_python_is_replaced(recorder: Recorder, tmp_path: Path) -> None:
    made = environment_with_python(tmp_path)
    made.python.unlink()
    made.python.write_text("#!/bin/sh\necho 2.7.18\n", encoding="ascii")
    made.python.chmod(0o755)
    made.ensure()
    assert any("venv --clear" in line for line in recorder.ran)


def test_a_python_without_venv_is_completed_or_the_user_told(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    Environment(tmp_path / ".venv").pip()
    made = Environment(tmp_path / ".venv")
    made._make()
    assert any("apt-get install" in line and package in line for line in recorder.ran)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Failure) as caught:
        made._make()
    assert caught.value.advice.startswith(f"sudo apt-get install {package}")


@pytest.mark.parametrize(
    "name",
    ["demo.py", "test.py", "install.py", "build_zip.py", "private_gimp.py", "lock.py", "windows_python.py"],
)
def test_help_is_help(name: str) -> None:
    argv = [sys.executable, str(CLONE / "install_scripts" / name), "--help"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--help" in done.stdout or f"install_scripts/{name}" in done.stdout


def test_an_old_python_is_told_so() -> None:
    code = (
        "import sys, runpy; sys.version_info = (3, 10, 4); "
        f"sys.argv = ['demo.py']; runpy.run_path({str(CLONE / 'install_scripts/dev/python_version.py')!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Precision Upscaler needs Python 3.11 or newer")
    assert "What to do" in done.stderr


@pytest.mark.parametrize(
    "script", [path for path in SCRIPTS if "python_version" in path.read_text(encoding="utf-8")]
)
def test_the_version_is_looked_at_before_anything_that_needs_it(script: Path) -> None:
    if script.name != "python_version.py":
        imports = [line for line in script.read_text(encoding="utf-8").splitlines() if "import " in line]
        assert imports[0].startswith("from dev import python_version")


def test_a_gimp_that_cannot_be_built_is_left_out_by_name(
    test_script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(version: str) -> None:
        raise GimpUnavailable(f"no private GIMP {version}: no root rights", "be root")

    monkeypatch.setattr(test_script, "find_or_build", refuse)
    monkeypatch.setattr(test_script, "find_native", lambda: None)
    assert sorted(test_script.absent_gimps()) == ["2.10", "3.0", "3.2"]
    assert "no root rights" in capsys.readouterr().out


def test_a_broken_build_is_a_failure_except_of_the_old_gimp(
    test_script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"2.10"}

    class Built:
        folder = Path("/built")

    def build(version: str) -> Built:
        if version in broken:
            raise Failure("the mirror has no Python 2.7")
        return Built()

    monkeypatch.setattr(test_script, "find_or_build", build)
    assert test_script.absent_gimps() == ["2.10"]
    broken.add("3.2")
    with pytest.raises(Failure):
        test_script.absent_gimps()


@pytest.mark.parametrize(
    ("here", "root", "ran"),
    [(True, True, []), (False, True, ["update", "chromium", "update", "appstream"]), (False, False, [])],
)
def test_missing_programs_are_installed_where_that_is_possible(
    here: bool,
    root: bool,
    ran: list[str],
    recorder: Recorder,
    test_script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def no_wine() -> None:
        raise WindowsUnavailable("there is no Wine")

    monkeypatch.setattr(test_script, "absent_gimps", lambda: ["2.10"])
    monkeypatch.setattr(test_script.windows, "find_or_build", no_wine)
    monkeypatch.setattr(test_script.shutil, "which", lambda name: name if here else None)
    monkeypatch.setattr(debian, "can_install", lambda: root)
    assert test_script.prepared() == ["2.10", "windows"]
    assert [line.split()[-1] for line in recorder.ran] == ran
    printed = capsys.readouterr().out
    assert "skipped: there is no Wine" in printed
    for package in ("chromium", "appstream"):
        assert (f"skipped: {package} is not here" in printed) is (not here and not root)


@pytest.mark.parametrize(
    ("lint", "tests", "code"), [(True, 0, 0), (False, 0, 1), (True, 1, 1), (False, 1, 1), (True, 5, 5)]
)
def test_the_exit_code_counts_lint_and_tests(
    lint: bool, tests: int, code: int, test_script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = []

    def run(argv: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        ran.append((argv, options["env"]["PRECISION_UPSCALER_WITHOUT_GIMP"]))
        return subprocess.CompletedProcess(argv, tests)

    monkeypatch.setattr(test_script.Environment, "ensure", lambda _: None)
    monkeypatch.setattr(test_script, "checks", lambda _: lint)
    monkeypatch.setattr(test_script.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["test.py", "--quick", "-k", "journal"])
    assert test_script.main() == code
    ((argv, without),) = ran
    assert argv[-2:] == ["-k", "journal"]
    assert "--quick" not in argv
    assert without == "all"


@pytest.mark.parametrize(
    ("words", "tests", "uncovered", "code", "calls"),
    [
        ([], 0, 0, 0, 2),
        (["--quick"], 0, 1, 1, 2),
        (["--quick"], 1, 0, 1, 1),
        (["-k", "journal"], 0, 1, 0, 1),
    ],
)
def test_a_whole_run_must_cover_enough_and_explain_the_rest(
    words: list[str],
    tests: int,
    uncovered: int,
    code: int,
    calls: int,
    test_script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[list[str]] = []

    def run(argv: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        ran.append(argv)
        return subprocess.CompletedProcess(
            argv, uncovered if "contract_tests.support.uncovered" in argv else tests
        )

    monkeypatch.setattr(test_script.Environment, "ensure", lambda _: None)
    monkeypatch.setattr(test_script, "prepared", list)
    monkeypatch.setattr(test_script, "checks", lambda _: True)
    monkeypatch.setattr(test_script.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["test.py", *words])
    assert test_script.main() == code
    assert len(ran) == calls
    assert ("--cov-fail-under=95" in ran[0]) == (words != ["-k", "journal"])


@pytest.mark.parametrize(
    ("words", "codes", "code"),
    [([], (0, 0), 0), ([], (1, 0), 1), ([], (0, 1), 1), (["--only", "key"], (0,), 0), (["--list"], (2,), 2)],
)
def test_planting_counts_every_lie_and_every_changed_operator(
    words: list[str],
    codes: tuple[int, ...],
    code: int,
    test_script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = list(codes)
    monkeypatch.setattr(test_script.Environment, "ensure", lambda _: None)
    monkeypatch.setattr(
        test_script.subprocess, "run", lambda argv, **_: subprocess.CompletedProcess(argv, left.pop(0))
    )
    monkeypatch.setattr(sys, "argv", ["test.py", "--planted", *words])
    assert test_script.main() == code
    assert not left


@pytest.mark.parametrize("words", [["--target=live"], ["--target", "live"], ["--target=http"]])
def test_a_run_that_spends_money_stays_in_one_process(
    words: list[str], test_script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def run(argv: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        ran.append(argv)
        return subprocess.CompletedProcess(argv, 0)

    monkeypatch.setattr(test_script.Environment, "ensure", lambda _: None)
    monkeypatch.setattr(test_script, "checks", lambda _: True)
    monkeypatch.setattr(test_script.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["test.py", "--quick", *words])
    assert test_script.main() == 0
    several = any(word.startswith("--numprocesses=") for word in ran[-1])
    assert several == ("live" not in " ".join(words))


@pytest.mark.parametrize(
    ("fails", "ran"),
    [
        ("nothing", ["install_scripts/test.py --quick", "install_scripts/test.py --planted"]),
        ("--quick", ["install_scripts/test.py --quick"]),
        ("--planted", ["install_scripts/test.py --quick", "install_scripts/test.py --planted"]),
    ],
)
def test_continuous_integration_runs_every_check_and_plants_every_lie(
    fails: str, ran: list[str], tmp_path: Path
) -> None:
    python, log = tmp_path / "python3", tmp_path / "log"
    python.write_text(f'#!/bin/sh\necho "$@" >> {log}\ncase "$*" in *{fails}*) exit 3;; esac\n', "ascii")
    python.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([CLONE / ".ci/run", "--quick"], env=env, check=False, timeout=60)
    assert done.returncode == (0 if fails == "nothing" else 3)
    assert log.read_text(encoding="ascii").splitlines() == ran


def test_markers_are_taken_out_of_the_vendor_lock() -> None:
    text = (
        "anyio==4.16.0 ; sys_platform != 'emscripten' \\\n    --hash=sha256:00\n"
        "zipp==4.1.2 ; python_full_version < '3.12'\n"
        "idna==3.20 \\\n    --hash=sha256:11\n"
    )
    assert lock.without_markers(text) == (
        "anyio==4.16.0 \\\n    --hash=sha256:00\nzipp==4.1.2\nidna==3.20 \\\n    --hash=sha256:11\n"
    )


def test_a_failure_ends_with_a_sentence_and_not_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught, exit_on_failure(), step("looking"):
        raise Failure("nothing there", "look elsewhere")
    assert caught.value.code == 1
    printed = capsys.readouterr()
    assert "==> looking" in printed.out
    assert printed.err == "FAILED: nothing there\nWhat to do: look elsewhere\n"


def test_the_stamp_is_replaced_whole(recorder: Recorder, tmp_path: Path) -> None:
    made = environment_with_python(tmp_path)
    (made.folder / "precision-upscaler.json").write_text("{half", encoding="ascii")
    made.ensure()
    stamp = json.loads((made.folder / "precision-upscaler.json").read_text(encoding="utf-8"))
    assert set(stamp) == {"requirements.lock", "pyproject.toml", "python"}
