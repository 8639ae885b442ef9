"""Install, upgrade, check and uninstall: in a fabricated home, and in a real Debian with a real GIMP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dev.bootstrap import CLONE
from dev.mock_process import KEY, running_mock
from installer import doctor, plugin_bundle
from installer.gimp_locations import Location

from contract_tests.integration.docs.blocks import run_by
from contract_tests.support.homes import plugin_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gimp_sandbox.gimp import Gimp

SCRIPT = CLONE / "install_scripts/install.py"


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def mock_address() -> Iterator[str]:
    """Run a mock of the service."""
    with running_mock() as address:
        yield address


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Lay out a home with settings of GIMP 3.2 and 2.10, and another plug-in in one of them."""
    home = tmp_path / "ana"
    (home / ".config/GIMP/3.2/plug-ins/somebody-elses").mkdir(parents=True)
    (home / ".config/GIMP/2.10/plug-ins").mkdir(parents=True)
    return home


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the plug-in into a home with GIMP 3.2 alone; for tests that leave it as it is."""
    home = tmp_path_factory.mktemp("installed")
    (home / ".config/GIMP/3.2").mkdir(parents=True)
    assert install(home).returncode == 0
    return home


def install(home: Path, *options: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    names = ("PATH", "TMPDIR", "PIP_CERT", "SSL_CERT_FILE")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    cache = os.environ.get("PRECISION_UPSCALER_CACHE") or str(Path.home() / ".cache/precision-upscaler-dev")
    env = {**kept, "HOME": str(home), "PRECISION_UPSCALER_CACHE": cache, **environ}
    argv = [sys.executable, SCRIPT, *options]
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=180)


def test_it_goes_into_every_gimp_with_the_right_front_end(home: Path) -> None:
    done = install(home)
    assert (done.returncode, done.stderr) == (0, "")
    for version, front_end in (("3.2", "upscaler_gimp3"), ("2.10", "upscaler_gimp2")):
        folder = home / ".config/GIMP" / version / "plug-ins" / plugin_bundle.NAME
        assert plugin_bundle.damage(folder) == []
        assert (folder / front_end).is_dir()
        assert str(folder) in done.stdout


def test_names_that_the_output_cannot_show_are_escaped(tmp_path: Path, mock_address: str) -> None:
    home = tmp_path / "Jürgen 李雷"
    (home / ".config/GIMP/3.2").mkdir(parents=True)
    data = home / ".local/share/precision-upscaler"
    environ = {"PYTHONIOENCODING": "ascii", "PRECISION_UPSCALER_BASE_URL": mock_address}
    for options in ((), ("--check",), ("--uninstall",)):
        done = install(home, *options, **environ)
        assert "Traceback" not in done.stderr
        assert "J\\xfcrgen \\u674e\\u96f7" in done.stdout
    assert not data.exists()


def test_an_upgrade_says_from_what(home: Path) -> None:
    older = plugin_folder(home / ".config/GIMP/3.2/plug-ins", "old")
    (older / "VERSION").write_text("0.0.1\n", encoding="ascii")
    done = install(home)
    assert f"Upgraded from 0.0.1 to Precision Upscaler {plugin_bundle.version()} for GIMP 3.2" in done.stdout
    assert "Installed Precision Upscaler" in done.stdout


def test_uninstall_leaves_no_trace(home: Path, mock_address: str) -> None:
    before = tree(home)
    environ = {"PRECISION_UPSCALER_BASE_URL": mock_address, "FREEPIK_API_KEY": KEY}
    assert install(home).returncode == 0
    done = install(home, "--check", **environ)
    assert (done.returncode, "!!" in done.stdout) == (0, False)
    assert done.stdout.count(f"the service answers at {mock_address}") == 2
    remembered = home / ".config/GIMP/3.2/plug-in-settings/plug-in-precision-upscale.last"
    remembered.parent.mkdir()
    remembered.write_text("", encoding="ascii")
    done = install(home, "--uninstall")
    assert (done.returncode, done.stderr) == (0, "")
    # what is left over is folders that others use, empty
    left = {name for name in tree(home) - before if not (home / name).is_dir()}
    assert left == set()
    assert not (home / ".local/share/precision-upscaler").exists()
    assert before <= tree(home)
    assert "is not installed" in install(home, "--uninstall").stdout


def test_without_a_gimp_it_says_what_to_do(tmp_path: Path) -> None:
    done = install(tmp_path, PATH=str(tmp_path))
    assert done.returncode == 1
    assert "no GIMP" in done.stderr
    assert "--plug-ins" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_zip_for_another_gimp_is_refused(home: Path, plugin_gimp2: Path) -> None:
    (archive,) = plugin_gimp2.parent.glob("*.zip")
    done = install(home, "--zip", archive)
    assert done.returncode == 1
    assert "none of the given zips is for GIMP 3" in done.stderr
    assert not (home / ".config/GIMP/3.2/plug-ins" / plugin_bundle.NAME).exists()


def test_the_shell_script_finds_a_python_and_hands_its_options_on(home: Path) -> None:
    env = {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    argv = ["sh", str(CLONE / "install_scripts/install.sh"), "--check"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "the plug-in is not installed here" in done.stdout


def test_the_shell_script_says_what_to_do_without_a_python(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "cat", "sh"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    old.chmod(0o755)
    argv = ["/bin/sh", str(CLONE / "install_scripts/install.sh")]
    env = {"HOME": str(tmp_path), "PATH": str(tools)}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "Python 3.11 or newer was not found" in done.stderr


def test_the_doctor_finds_all_well(installed: Path, mock_address: str) -> None:
    done = install(installed, "--check", PRECISION_UPSCALER_BASE_URL=mock_address, FREEPIK_API_KEY=KEY)
    assert (done.returncode, done.stderr) == (0, "")
    assert "!!" not in done.stdout
    assert f"the service answers at {mock_address}" in done.stdout
    assert KEY not in done.stdout


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "no API key is stored"),
        ({"FREEPIK_API_KEY": "no-such-key"}, "is refused"),
        ({"PRECISION_UPSCALER_BASE_URL": "http://127.0.0.1:9"}, "is not reachable"),
        ({"PRECISION_UPSCALER_BASE_URL": "https://127.0.0.1:{port}"}, "the secure connection"),
    ],
)
def test_the_doctor_names_what_is_wrong_and_what_to_do(
    environ: dict[str, str], expected: str, installed: Path, mock_address: str
) -> None:
    port = mock_address.rpartition(":")[2]
    given = {name: value.format(port=port) for name, value in environ.items()}
    done = install(installed, "--check", **{"PRECISION_UPSCALER_BASE_URL": mock_address, **given})
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    (found,) = [index for index, line in enumerate(lines) if expected in line]
    assert lines[found].startswith("  !!")
    assert lines[found + 1].strip().startswith("What to do: ")
    assert "Traceback" not in done.stdout + done.stderr
    assert "no-such-key" not in done.stdout


def test_the_doctor_sees_damage_and_a_lost_mode(tmp_path: Path) -> None:
    plug_ins = tmp_path / "plug-ins"
    plugin = plugin_folder(plug_ins, "any")
    (plugin / "VERSION").write_text("1.0\n", encoding="ascii")
    (plugin / plugin_bundle.EXECUTABLE).write_text("changed", encoding="ascii")
    (plugin / plugin_bundle.EXECUTABLE).chmod(0o644)
    told = {"core_problem": "it answered nothing"}
    lines = [str(each) for each in doctor.findings(Location("installed", "3.2", plug_ins), lambda *_: told)]
    assert [line.split("\n")[0].startswith("  !!") for line in lines] == [True, True, False, True]
    assert "was changed" in lines[0]
    assert "chmod +x" in lines[1]
    assert "it answered nothing" in lines[3]


@pytest.mark.parametrize("command", run_by(__file__))
def test_the_documented_repair_repairs(command: str, home: Path, mock_address: str) -> None:
    assert install(home, "--plug-ins", home / ".config/GIMP/3.2/plug-ins").returncode == 0
    program = home / ".config/GIMP/3.2/plug-ins" / plugin_bundle.NAME / plugin_bundle.EXECUTABLE
    program.chmod(0o644)
    environ = {"PRECISION_UPSCALER_BASE_URL": mock_address, "FREEPIK_API_KEY": KEY}
    options = ("--check", "--plug-ins", home / ".config/GIMP/3.2/plug-ins")
    assert "may not be executed" in install(home, *options, **environ).stdout
    subprocess.run(["bash", "-c", command], env={"HOME": str(home), "PATH": os.environ["PATH"]}, check=True)
    assert "!!" not in install(home, *options, **environ).stdout


WORKER = """
import json, os, sys
if json.loads(sys.stdin.readline())["command"] != "status":
    sys.exit("the worker fell over")
status = {"key": "file", "base_url": "https://api.example", "data_folder": os.getcwd(), "log": "log"}
print(json.dumps({"event": "status", **status}))
"""


def test_a_worker_that_falls_over_later_is_not_one_that_does_not_start(tmp_path: Path) -> None:
    core = plugin_folder(tmp_path / "plug-ins", "any") / "precision_upscaler"
    core.mkdir()
    (core / "__init__.py").write_text("", encoding="ascii")
    (core / "worker.py").write_text(WORKER, encoding="ascii")
    told = doctor.ask(Location("installed", "3.2", tmp_path / "plug-ins"), "check")
    assert "core_problem" not in told
    assert "the worker fell over" in told["answer"]["what"]
    # whatever else it is, it is said in words
    (core / "worker.py").write_text("import nothing_of_this_name", encoding="ascii")
    told = doctor.ask(Location("installed", "3.2", tmp_path / "plug-ins"), "state")
    assert "nothing_of_this_name" in told["core_problem"]


def test_the_doctor_names_the_menu_as_gimp_does() -> None:
    refused = {"key": "file", "answer": {"event": "key", "valid": False, "message": "no"}}
    assert "Enhance, Precision Upscale Settings" in str(doctor._key(refused))


def test_the_script_for_windows_only_finds_a_python_for_install_py() -> None:
    """No PowerShell runs here: its grammar reads the script, and install.py does everything else."""
    text = (CLONE / "install_scripts/install.ps1").read_bytes()
    reader, grammar = (pytest.importorskip(name) for name in ("tree_sitter", "tree_sitter_powershell"))
    tree = reader.Parser(reader.Language(grammar.language())).parse(text)
    assert not tree.root_node.has_error
    commands = [node.text.decode() for node in _descendants(tree.root_node) if node.type == "command"]
    looks, asks, starts = commands
    assert looks.startswith("Get-Item ")
    assert asks.startswith("& $python -c 'import sys; sys.exit(sys.version_info < (3, 11))'")
    assert starts == '& $python "$PSScriptRoot\\install.py" @args'
    known = subprocess.run(
        [sys.executable, SCRIPT, "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(rb"--[a-z-]+", text)) == {b"--check", b"--uninstall"}
    assert "[--check | --uninstall]" in known


def _descendants(node: Any) -> Iterator[Any]:
    yield node
    for child in node.children:
        yield from _descendants(child)


def test_a_real_gimp_takes_it_up_and_gives_it_back(
    gimp3: Gimp, plugin_gimp3: Path, mock_address: str
) -> None:
    (archive,) = plugin_gimp3.parent.glob("*.zip")
    binds = [CLONE / "install_scripts", CLONE / "plugin", archive.parent]
    environ = {"PRECISION_UPSCALER_BASE_URL": mock_address, "FREEPIK_API_KEY": KEY}
    ask = (
        "import os; from gi.repository import Gimp; "
        "found = Gimp.get_pdb().lookup_procedure('plug-in-precision-upscale'); "
        "open(os.environ['HOME'] + '/answer', 'w').write(str(found is not None))"
    )

    with gimp3.fresh_home() as home:

        def run(*options: str) -> str:
            argv = ["python3", str(SCRIPT), *options]
            done = gimp3.run(argv, home=home, binds=binds, env=environ, timeout=120)
            assert (done.returncode, done.stderr) == (0, ""), done.stdout
            return done.stdout

        def known() -> str:
            done = gimp3.batch(ask, home=home, timeout=120)
            assert (home / "answer").exists(), done.stderr
            return (home / "answer").read_text(encoding="ascii")

        before = tree(home)
        assert f"for GIMP {gimp3.version} (installed)" in run("--zip", str(archive))
        assert known() == "True"
        told = run("--check")
        assert "GIMP's Python 3." in told
        assert "!!" not in told
        run("--uninstall")
        assert known() == "False"
        assert {name for name in tree(home) - before if "precision" in name} == set()
