"""The worker on Windows: from the zip, in any folder, killed, cancelled, left alone, twice at once."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from precision_upscaler.imaging.base import inspect

from contract_tests.support.jobs.faulty_proxy import FaultyProxy, Plan

if TYPE_CHECKING:
    import subprocess

    from contract_tests.support.windows_plugin import Plugin

BETWEEN = ("stage", "progress", "warning")
PROMPT = 15
"""Seconds within which something counts as happening at once, on a busy machine."""


def say(worker: subprocess.Popen[bytes], command: dict[str, Any]) -> None:
    assert worker.stdin is not None
    worker.stdin.write(json.dumps(command).encode() + b"\n")
    worker.stdin.flush()


def until(worker: subprocess.Popen[bytes], stage: str = "") -> dict[str, Any]:
    """Read events until ``stage`` has begun, or the last one."""
    assert worker.stdout is not None
    for line in worker.stdout:
        event: dict[str, Any] = json.loads(line)
        if event["event"] not in BETWEEN or (stage and event.get("stage") == stage):
            return event
    raise AssertionError("the worker ended without a last event")


def finish(worker: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return the last event, take the result, and see that nothing was complained about."""
    last = until(worker)
    if last["event"] == "result":
        say(worker, {"command": "delivered"})
    _, stderr = worker.communicate(timeout=60)
    assert (worker.returncode, stderr) == (0, b"")
    return last


def ask(plugin: Plugin, command: dict[str, Any], **more: str) -> dict[str, Any]:
    worker = plugin.worker(**more)
    say(worker, command)
    return finish(worker)


def upscale(plugin: Plugin) -> dict[str, Any]:
    return {"command": "upscale", "source": plugin.source, "parameters": {"scale_factor": 2}}


def host_path(plugin: Plugin, path: str) -> Path:
    assert path.startswith("Z:")
    return Path(path[2:].replace("\\", "/"))


def test_it_upscales_out_of_the_zip(plugin: Plugin) -> None:
    worker = plugin.worker()
    say(worker, upscale(plugin))
    last = until(worker)
    assert last["event"] == "result", last
    found = inspect(host_path(plugin, last["path"]))
    assert (found.width, found.height) == (800, 600)
    say(worker, {"command": "delivered"})
    _, stderr = worker.communicate(timeout=60)
    assert (worker.returncode, stderr, plugin.mock.charges) == (0, b"", 1)
    done = plugin.windows.run(
        ["-m", "precision_upscaler.worker"],
        given=b'{"command": "jobs"}\n',
        env=plugin.environment(),
        modules=plugin.modules,
        gimp=True,
    )
    assert json.loads(done.stdout)["jobs"] == []


def test_after_a_kill_the_paid_job_is_resumed(plugin: Plugin) -> None:
    worker = plugin.worker()
    say(worker, upscale(plugin))
    assert until(worker, "waiting")["stage"] == "waiting"
    worker.kill()
    worker.communicate()
    (job,) = ask(plugin, {"command": "jobs"})["jobs"]
    assert (job["charged"], job["source"].startswith(plugin.windows.path(plugin.data))) == ("yes", True)
    last = ask(plugin, {"command": "resume", "job_id": job["job_id"]})
    assert (last["event"], last["width"], plugin.mock.charges) == ("result", 800, 1)


def test_two_at_once_on_one_journal_pay_once(plugin: Plugin) -> None:
    workers = [plugin.worker(), plugin.worker()]
    for worker in workers:
        say(worker, {**upscale(plugin), "reuse": True})
    with ThreadPoolExecutor() as front_ends:
        ends = list(front_ends.map(finish, workers))
    assert [end["event"] for end in ends] == ["result", "result"]
    assert sorted(end["charged"] for end in ends) == ["no", "yes"]
    assert plugin.mock.charges == 1


@pytest.mark.parametrize(
    ("call", "stage", "charged"), [("create", "sending", "unknown"), ("status", "waiting", "yes")]
)
def test_cancel_ends_a_silent_call_at_once(plugin: Plugin, call: str, stage: str, charged: str) -> None:
    with FaultyProxy(plugin.mock.url, Plan(call, "stalled", times=None)) as proxy:
        worker = plugin.worker(PRECISION_UPSCALER_BASE_URL=proxy.url)
        say(worker, upscale(plugin))
        until(worker, stage)
        pause = threading.Event()
        while not (proxy.struck and plugin.mock.charges):
            pause.wait(0.05)
        begin = time.monotonic()
        say(worker, {"command": "cancel"})
        last = until(worker)
        assert time.monotonic() - begin < PROMPT
        assert (last["event"], last["charged"]) == ("cancelled", charged)
        worker.communicate(timeout=60)
    assert plugin.mock.charges == 1


def test_when_the_front_end_exits_the_paid_job_is_finished_and_kept(plugin: Plugin) -> None:
    worker = plugin.worker()
    say(worker, upscale(plugin))
    assert until(worker, "waiting")["charged"] == "yes"
    assert worker.stdout is not None
    worker.stdout.close()
    worker.stdout = None
    worker.communicate(timeout=60)
    (job,) = ask(plugin, {"command": "jobs"})["jobs"]
    assert (job["state"], plugin.mock.charges) == ("stored", 1)


@pytest.mark.parametrize(
    ("backend", "where"),
    [({}, "keyring"), ({"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}, "file")],
)
def test_the_key_is_kept_in_the_credential_store_or_in_a_file(
    plugin: Plugin, backend: dict[str, str], where: str
) -> None:
    own = {**backend, "FREEPIK_API_KEY": ""}
    worker = plugin.worker(**own)
    assert worker.stdin is not None
    say(worker, {"command": "store-key"})
    worker.stdin.write(plugin.mock.key.encode() + b"\n")
    worker.stdin.flush()
    assert finish(worker) == {"event": "stored", "where": where}
    assert ask(plugin, {"command": "status"}, **own)["key"] == where
    assert ask(plugin, {"command": "test-key"}, **own)["valid"] is True
    assert (plugin.data / "credentials.json").exists() == (where == "file")


def test_looking_for_a_keyring_starts_no_program(plugin: Plugin) -> None:
    code = (
        "import sys; started = []\n"
        "sys.addaudithook(lambda event, what: started.append(what) "
        "if event in ('subprocess.Popen', 'os.system', '_winapi.CreateProcess') else None)\n"
        "from precision_upscaler.storage import credentials\n"
        "print(type(credentials.system_keyring()).__name__, started)"
    )
    done = plugin.python(code)
    assert done.stdout.split() == [b"WinVaultKeyring", b"[]"], done.stderr


def test_a_fresh_download_that_another_program_holds_is_waited_for(plugin: Plugin) -> None:
    """Windows neither renames nor replaces a file that is open elsewhere, and virus scanners open each."""
    code = """
import ctypes, pathlib, sys, threading
from precision_upscaler.storage import files
folder = pathlib.Path("held"); folder.mkdir()
(folder / "part").write_bytes(b"paid for")
create = ctypes.windll.kernel32.CreateFileW
create.restype = ctypes.c_void_p
handle = create(str(folder / "part"), 0x80000000, 0, None, 3, 0, None)  # read, shared with nobody
threading.Timer(0.5, ctypes.windll.kernel32.CloseHandle, (ctypes.c_void_p(handle),)).start()
try:
    (folder / "part").replace(folder / "refused")
except PermissionError:
    print("held", flush=True)
files.copy_durably(folder / "part", folder / "result", take=True)
print((folder / "result").read_bytes().decode(), sorted(path.name for path in folder.iterdir()))
"""
    done = plugin.python(code)
    assert done.stdout.decode().splitlines() == ["held", "paid for ['result']"], done.stderr
