"""The command as a program: its help, its exit codes, interrupts, and what it says without its packages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from precision_upscaler.cli import batch, main

from contract_tests.support.shell import Shell

ROOT = Path(__file__).resolve().parents[4]


def program(*words: str, blocked: str = "", interrupt: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program of ours in a Python without ``blocked``, or interrupted on importing ``interrupt``."""
    code = f"""
import runpy, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {blocked!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
        if name == {interrupt!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.argv = {list(words)!r}
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "plugin"), str(ROOT)))},
        cwd=ROOT,
    )


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [
        ("precision_upscaler.cli", "click", "cli"),
        ("precision_upscaler.cli", "httpx2", "cli"),
        ("precision_upscaler.cli", "imagesize", "cli"),
        ("precision_upscaler.cli", "platformdirs", "cli"),
        ("mock_server", "click", "mock"),
        ("mock_server", "flask", "mock"),
        ("mock_server", "jsonschema_rs", "mock"),
    ],
)
def test_a_program_without_its_extra_says_which_to_install(module: str, package: str, extra: str) -> None:
    done = program(module, *(["--port", "0"] if extra == "mock" else ["--version"]), blocked=package)
    assert done.returncode == 1
    assert done.stderr.endswith(f"pip install 'precision-upscaler[{extra}]'\n")
    assert "Traceback" not in done.stderr


def test_a_fault_of_our_own_is_not_taken_for_a_missing_package() -> None:
    assert "Traceback" in program("precision_upscaler.cli", blocked="precision_upscaler.app").stderr


@pytest.mark.parametrize(
    "module", ["precision_upscaler.cli.main", "click", "httpx2", "precision_upscaler.jobs"]
)
def test_an_interrupt_while_the_program_starts_leaves_no_traceback(module: str) -> None:
    done = program("precision_upscaler.cli", "sky.png", "out.png", interrupt=module)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "Interrupted. Nothing was sent and nothing was charged.\n"


def test_an_interrupt_in_a_callback_of_the_imports_is_not_lost() -> None:
    """Python prints what a callback raises, and goes on."""
    code = """
import signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            Callback()
class Callback:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder())
from precision_upscaler.cli.__main__ import main
main()
"""
    argv = [sys.executable, "-c", code, "--version"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "plugin")}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "Interrupted. Nothing was sent and nothing was charged.\n"


def test_before_the_entry_point_takes_ctrl_c_next_to_nothing_is_imported() -> None:
    code = (
        "import signal, sys; before = set(sys.modules)\n"
        "from precision_upscaler.cli.__main__ import main; print(*sorted(set(sys.modules) - before))"
    )
    # the measurement of coverage imports modules of its own
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    env["PYTHONPATH"] = str(ROOT / "plugin")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    ours = {"precision_upscaler", "precision_upscaler.cli", "precision_upscaler.cli.__main__"}
    assert set(done.stdout.split()) == {*ours, "__future__"}


def test_ctrl_c_while_the_mock_starts_leaves_no_traceback() -> None:
    done = program("mock_server", "--port", "0", interrupt="flask")
    assert (done.stdout, done.stderr) == ("", "")
    assert done.returncode != 0


@pytest.mark.parametrize("step", ["plan", "_app", "Batch"])
def test_an_interrupt_before_the_first_job_leaves_no_traceback(
    step: str, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, step, lambda *_, **__: signal.raise_signal(signal.SIGINT))
    found = shell.run("sky.png", "out.png", code=130)
    assert found.output == f"{main.INTERRUPTED}\n"
    assert shell.mock.requests == []


@pytest.mark.parametrize("command", ["", "upscale", "resume", "jobs", "forget", "settings", "store-key"])
def test_help_reads_well_at_80_columns(command: str) -> None:
    found = CliRunner().invoke(main.main, [*filter(None, [command]), "--help"], terminal_width=80)
    assert found.exit_code == 0
    assert "\\b" not in found.output
    assert "\b" not in found.output
    assert max(map(len, found.output.splitlines())) <= 80


def test_examples_and_exit_codes_stand_on_lines_of_their_own() -> None:
    lines = [line.strip() for line in CliRunner().invoke(main.main, ["--help"]).output.splitlines()]
    assert "precision-upscale IN OUT --scale-factor 4 --flavor photo" in lines
    assert "precision-upscale *.jpg -o out/ --scale-factor 2" in lines
    for code in (0, 1, 2, 3, 4, 5, 130):
        assert sum(line.startswith(f"{code} ") for line in lines) == 1


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ({main.CANCELLED, main.UNFINISHED}, main.UNFINISHED),
        ({main.CANCELLED, main.ACCOUNT, main.DONE}, main.CANCELLED),
        ({main.UNFINISHED, main.ACCOUNT, main.USAGE}, main.UNFINISHED),
        ({main.FAILED, main.DONE}, main.FAILED),
        (set(), main.DONE),
    ],
)
def test_a_lost_payment_is_never_hidden_by_another_exit_code(codes: set[int], worst: int) -> None:
    assert main._worst(codes) == worst


@pytest.mark.parametrize(("charged", "code"), [("no", 130), ("unknown", 5), ("yes", 5)])
def test_a_cancelled_picture_that_may_be_paid_for_waits(charged: str, code: int) -> None:
    outcome = batch.Outcome("sky.png", cancelled="", charged=charged)  # type: ignore[arg-type]  # a row
    assert outcome.code(main.exit_code) == code
