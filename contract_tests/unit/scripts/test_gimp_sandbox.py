"""Private test GIMPs: a run sees what it is given, leaves nothing behind, and ends with all it started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dev.build_lock import building
from dev.console import Failure, command
from gimp_sandbox import gimp as private_gimp
from gimp_sandbox import recipes, root
from gimp_sandbox.root import PrivateRoot

if TYPE_CHECKING:
    from gimp_sandbox.gimp import Gimp


def mounts() -> set[str]:
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return {line.split()[4] for line in lines}


def test_a_run_sees_its_binds_and_a_fresh_home_and_leaves_no_mounts(gimp32: Gimp, tmp_path: Path) -> None:
    before = mounts()
    (tmp_path / "in.txt").write_text("bound", encoding="ascii")
    script = f"cat {tmp_path}/in.txt; echo; pwd; echo $HOME; echo out > {tmp_path}/out.txt"
    done = gimp32.run(["sh", "-c", script], binds=[tmp_path], timeout=60)
    content, folder, home = done.stdout.split()
    assert (done.returncode, content, folder) == (0, "bound", home)
    assert home != os.environ["HOME"]
    assert not Path(home).exists()
    assert (tmp_path / "out.txt").read_text(encoding="ascii") == "out\n"
    assert mounts() == before


def test_a_run_changes_nothing_in_the_system_itself(gimp32: Gimp) -> None:
    gimp32.run(["sh", "-c", "echo litter > /etc/litter; echo litter > /tmp/litter"], timeout=60)
    done = gimp32.run(["ls", "/etc/litter", "/tmp/litter"], timeout=60)
    assert done.stdout == ""
    if isinstance(gimp32, private_gimp.PrivateGimp):
        assert not (gimp32.folder / "etc/litter").exists()


def test_exit_code_and_both_outputs_come_back(gimp32: Gimp) -> None:
    done = gimp32.run(["sh", "-c", "echo one; echo two >&2; exit 7"], timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (7, "one\n", "two\n")


def test_nothing_of_the_hosts_environment_leaks_in(gimp32: Gimp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEPIK_API_KEY", "leaked")
    done = gimp32.run(["env"], env={"GIVEN": "yes"}, timeout=60)
    assert "leaked" not in done.stdout
    assert "GIVEN=yes" in done.stdout.splitlines()


def test_a_timeout_ends_the_grandchildren_too(gimp32: Gimp, tmp_path: Path) -> None:
    (tmp_path / "pid").touch()
    # the sleeper leaves the session and the process group of the command that is killed
    script = f"setsid sleep 4711 & ls /proc > {tmp_path}/pid; wait"
    with pytest.raises(subprocess.TimeoutExpired):
        gimp32.run(["sh", "-c", script], binds=[tmp_path], timeout=2)
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "sleep 4711" not in running


def test_a_run_ends_with_the_process_that_started_it(gimp32: Gimp) -> None:
    code = f"from gimp_sandbox import gimp; gimp.find({gimp32.version!r}).run(['sleep', '4712'])"
    scripts = str(Path(private_gimp.__file__).parents[1])
    starter = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": scripts})

    def sleeping() -> bool:
        running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        return "sleep 4712" in running.splitlines()

    deadline = time.monotonic() + 60
    while not sleeping() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sleeping()
    starter.kill()
    starter.wait()
    while sleeping() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not sleeping()


def test_a_missing_bind_is_named_before_anything_runs(gimp32: Gimp, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        gimp32.run(["true"], binds=[tmp_path / "nowhere"])


@pytest.mark.parametrize(
    "fixture",
    [
        pytest.param("gimp30", marks=pytest.mark.gimp3),
        pytest.param("gimp32", marks=pytest.mark.gimp3),
        pytest.param("gimp210", marks=pytest.mark.gimp2),
    ],
)
def test_each_gimp_is_the_version_it_says_and_runs_python(
    fixture: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    gimp = request.getfixturevalue(fixture)
    if gimp.version == "2.10":
        ask = "import sys, gimpfu; text = '%d.%d.%d python %d' % (gimp.version + sys.version_info[:1])"
    else:
        ask = (
            "import sys; from gi.repository import Gimp; text = '%d.%d.%d python %d' "
            "% (Gimp.MAJOR_VERSION, Gimp.MINOR_VERSION, Gimp.MICRO_VERSION, sys.version_info[0])"
        )
    answer = tmp_path / "answer"
    done = gimp.batch(f"{ask}; open({str(answer)!r}, 'w').write(text)", binds=[tmp_path], timeout=120)
    assert answer.exists(), done.stderr
    version, _, python = answer.read_text(encoding="ascii").split()
    assert version.startswith(gimp.version + ".")
    assert python == ("2" if gimp.version == "2.10" else "3")


def test_starting_again_is_quick_because_the_plug_ins_are_not_asked_again(gimp32: Gimp) -> None:
    with gimp32.fresh_home() as home:
        asked = (home / gimp32.settings / "pluginrc").read_bytes()
        gimp32.batch("pass", home=home)
        assert (home / gimp32.settings / "pluginrc").read_bytes() == asked


def test_a_gimp_of_the_machine_itself_is_found_and_run_alike(gimp3: Gimp) -> None:
    # seen from inside the private system, its GIMP is the machine's own
    code = (
        "import os; from gimp_sandbox import gimp as private_gimp\n"
        "gimp = private_gimp.find_native()\n"
        "write = \"import os; open(os.environ['HOME'] + '/alive', 'w').write(os.environ['GIVEN'])\"\n"
        "with gimp.fresh_home() as home:\n"
        "    done = gimp.batch(write, home=home, env={'GIVEN': 'yes'}, timeout=120)\n"
        "    print(gimp.version, (home / 'alive').read_text(), home != os.environ['HOME'])\n"
    )
    scripts = Path(private_gimp.__file__).parents[1]
    done = gimp3.run(["python3", "-c", code], binds=[scripts], env={"PYTHONPATH": str(scripts)}, timeout=150)
    assert done.stdout == f"{gimp3.version} yes True\n", done.stderr


def test_an_unfinished_system_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRECISION_UPSCALER_CACHE", str(tmp_path))
    half = tmp_path / "gimp-roots/3.0"
    half.mkdir(parents=True)
    assert private_gimp.find("3.0") is None
    (half / private_gimp.STAMP).write_text("{}", encoding="ascii")
    assert private_gimp.find("3.0") == private_gimp.PrivateGimp("3.0", half)


def test_without_the_rights_the_reason_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(private_gimp.GimpUnavailable, match="root rights"):
        private_gimp.find_or_build("3.0")


def test_an_unknown_version_names_the_known_ones() -> None:
    with pytest.raises(private_gimp.GimpUnavailable) as caught:
        private_gimp.find_or_build("1.2")
    assert "3.0" in caught.value.advice


def test_the_mirror_is_debootstraps_own_default() -> None:
    program = '#!/bin/sh\nset -e\nDEF_MIRROR="http://mirror.example/debian"\nDEF_HTTPS_MIRROR="https://x"\n'
    assert recipes.default_mirror(program) == "http://mirror.example/debian"
    with pytest.raises(Failure, match="names no mirror"):
        recipes.default_mirror("#!/bin/sh\n")


def test_two_processes_do_not_build_the_same_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRECISION_UPSCALER_CACHE", str(tmp_path))
    # a file of its own: what they say on their common output may share a line
    seen = tmp_path / "seen"
    code = (
        "import time; from dev.build_lock import building; from gimp_sandbox import gimp\n"
        f"seen = open({str(seen)!r}, 'a', buffering=1)\n"
        "with building(gimp.roots_folder() / '3.0', 'GIMP 3.0'):\n"
        "    seen.write('in\\n'); time.sleep(0.3); seen.write('out\\n')\n"
    )
    folder = str(Path(private_gimp.__file__).parents[1])
    together = ["sh", "-c", 'python3 -c "$0" & python3 -c "$0"; wait', code]
    subprocess.run(
        together, env={**os.environ, "PYTHONPATH": folder}, capture_output=True, check=True, timeout=60
    )
    entered = seen.read_text(encoding="ascii").split()
    assert entered == ["in", "out", "in", "out"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounting needs root rights")
def test_a_folder_with_a_mount_below_it_is_not_removed(tmp_path: Path) -> None:
    place = tmp_path / "root/dev"
    place.mkdir(parents=True)
    inside = (
        f"mount -t tmpfs x {place} && PYTHONPATH={Path(root.__file__).parents[1]} python3 -c '"
        "import sys, pathlib; from gimp_sandbox import root; "
        "root.PrivateRoot(pathlib.Path(sys.argv[1])).remove()' "
        f"{tmp_path}/root"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", inside], capture_output=True, text=True, check=False
    )
    assert "is not removed" in done.stderr
    assert place.exists()
    PrivateRoot(tmp_path / "root").remove()
    assert not (tmp_path / "root").exists()


def test_a_failing_step_quotes_the_last_lines_and_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(Failure, match=r"(?s)exit code 3.*last words.*log"):
        command(["sh", "-c", "echo last words; exit 3"], log=log)
    assert "last words" in log.read_text(encoding="utf-8")


def test_waiting_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRECISION_UPSCALER_CACHE", str(tmp_path))
    begin = time.monotonic()
    with building(tmp_path / "3.0", "GIMP 3.0"):
        pass
    assert "waiting" not in capsys.readouterr().out
    assert time.monotonic() - begin < 5
