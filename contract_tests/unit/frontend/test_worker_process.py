"""The pipe to the worker: events without waiting, nothing secret outside of it, and no death unnoticed."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from precision_upscaler import protocol
from precision_upscaler.frontend import interpreter, worker_process

FAKE = """
import json, os, sys, time
def say(**event): print(json.dumps(event), flush=True)
line = sys.stdin.readline()
prepared = json.loads(line) == {"command": "prepare"}
if prepared:
    say(event="ready", settings={"upload_format": "png"})
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
command = json.loads(line)
mode = command["command"]
if mode == "echo":
    say(event="status", command=command, prepared=prepared, argv=sys.argv, environment=dict(os.environ))
elif mode == "die":
    say(event="stage", stage="waiting", charged="yes", job_id="j1", task_id="t1")
    print("not json", flush=True); sys.stderr.write("it hurts"); sys.stderr.flush()
    os._exit(7)
elif mode == "die-at-once":
    os._exit(3)
elif mode == "wait":
    say(event="stage", stage="sending", charged="no", job_id="j2", task_id=None)
    for line in sys.stdin:
        if json.loads(line)["command"] == "cancel":
            say(event="cancelled", charged="no", job_id="j2", message="Cancelled.")
            break
    else:
        open(command["note"], "w").write("input closed")
elif mode == "mute":
    sys.stdin.readline()
    say(event="cancelled", charged="no", job_id=None, message="Cancelled.")
elif mode == "store-key":
    say(event="stored", where="file", length=len(sys.stdin.readline().strip()))
elif mode == "result":
    say(event="result", job_id="j3", task_id="t3", path="x.png", charged="yes")
    line = sys.stdin.readline()
    open(command["note"], "w").write(line.strip())
"""


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put a worker of ours where the real one would be found."""
    package = tmp_path / "precision_upscaler"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "worker.py").write_text(FAKE)
    monkeypatch.setattr(worker_process, "PLUGIN_FOLDER", str(tmp_path))
    return [sys.executable]


def final(worker: worker_process.Worker) -> dict[str, Any]:
    while True:
        event = worker.next_event(20)
        assert event is not None, "the worker said nothing for 20 seconds"
        if event["event"] in protocol.FINAL_EVENTS:
            return event


def test_the_command_arrives_and_the_answer_comes_back(python: list[str]) -> None:
    notified: list[bool] = []
    worker = worker_process.Worker({"command": "echo", "name": "Šaty"}, notify=lambda: notified.append(True))
    event = final(worker.start(python))
    assert event["command"] == {"command": "echo", "name": "Šaty"}
    assert not event["prepared"]
    assert notified
    assert worker.finished
    assert worker.wait(20)


def test_reading_never_waits(python: list[str]) -> None:
    # this worker says nothing before it is cancelled, so whoever waits for it waits for ever
    worker = worker_process.Worker({"command": "mute"}).start(python)
    heard: list[list[dict[str, Any]]] = []
    reading = threading.Thread(target=lambda: heard.append(list(worker.events())), daemon=True)
    reading.start()
    reading.join(20)
    assert heard == [[]]
    worker.cancel()
    assert final(worker)["event"] == "cancelled"


def test_a_worker_that_dies_says_what_it_cost(python: list[str]) -> None:
    event = final(worker_process.Worker({"command": "die"}).start(python))
    assert (event["event"], event["code"], event["charged"], event["job_id"]) == (
        "error",
        "worker-died",
        "yes",
        "j1",
    )
    assert event["details"]["exit_code"] == 7
    assert "it hurts" in event["details"]["output"]
    assert "not json" in event["details"]["output"]
    assert "Resume" in event["advice"]


def test_a_worker_that_dies_before_anything_cost_nothing(python: list[str]) -> None:
    event = final(worker_process.Worker({"command": "die-at-once"}).start(python))
    assert (event["code"], event["charged"]) == ("worker-died", "no")


def test_a_worker_that_cannot_be_started_is_an_error_event(python: list[str], tmp_path: Path) -> None:
    event = final(worker_process.Worker({"command": "echo"}).start([str(tmp_path / "no-such-python")]))
    assert (event["code"], event["charged"]) == ("worker-missing", "no")


def test_without_a_python_the_user_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "find", lambda: None)
    event = final(worker_process.Worker({"command": "echo"}).start())
    assert event["code"] == "no-python"
    assert "3.11" in event["what"]


def test_a_prepared_worker_tells_the_settings_and_serves_the_command_later(python: list[str]) -> None:
    notified: list[bool] = []
    worker = worker_process.Worker(notify=lambda: notified.append(True)).prepare(python)
    assert worker.settings(20) == {"upload_format": "png"}
    assert (worker.events(), notified) == ([], []), "the answer to a command comes after the command"
    worker.command = {"command": "echo", "name": "later"}
    event = final(worker.start())
    assert (event["command"]["name"], event["prepared"]) == ("later", True)
    assert worker.wait(20)


def test_a_prepared_worker_that_is_let_go_of_ends(python: list[str]) -> None:
    worker = worker_process.Worker().prepare(python)
    worker.close()
    assert worker.wait(20)
    assert worker._process.returncode == 0


def test_a_prepared_worker_that_dies_is_heard_of_at_the_start(
    python: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "precision_upscaler" / "worker.py").write_text("import os; os._exit(9)")
    worker = worker_process.Worker().prepare(python)
    assert worker.settings(20) is None
    worker.command = {"command": "echo"}
    event = final(worker.start())
    assert (event["code"], event["charged"], event["details"]["exit_code"]) == ("worker-died", "no", 9)


def test_what_keeps_a_worker_from_being_prepared_is_said_once(python: list[str], tmp_path: Path) -> None:
    worker = worker_process.Worker().prepare([str(tmp_path / "no-such-python")])
    assert worker.settings(20) is None
    worker.command = {"command": "echo"}
    worker.start()
    assert [event["code"] for event in worker.events()] == ["worker-missing"]


def test_the_key_goes_over_the_pipe_and_nowhere_else(python: list[str]) -> None:
    worker = worker_process.Worker({"command": "store-key"}, key="  s3cret-key\nsecond line")
    event = final(worker.start(python))
    assert event["length"] == len("s3cret-key")
    assert "s3cret" not in json.dumps(event)
    assert "s3cret" not in repr(vars(worker))


def test_closing_the_input_is_noticed(python: list[str], tmp_path: Path) -> None:
    note = tmp_path / "note"
    worker = worker_process.Worker({"command": "wait", "note": str(note)}).start(python)
    assert worker.next_event(20) is not None
    worker.close()
    worker.close()
    assert worker.wait(20)
    assert note.read_text() == "input closed"
    assert not worker.cancel()


def test_delivered_is_told_and_ends_the_conversation(python: list[str], tmp_path: Path) -> None:
    note = tmp_path / "note"
    worker = worker_process.Worker({"command": "result", "note": str(note)}).start(python)
    assert final(worker)["path"] == "x.png"
    assert worker.delivered()
    assert worker.wait(20)
    assert json.loads(note.read_text()) == {"command": "delivered"}


def test_the_running_interpreter_keeps_its_variables_and_others_do_not(tmp_path: Path) -> None:
    environ = {"PYTHONHOME": "/bundle", "PATH": "/bin", "PYTHONPATH": "/theirs"}
    own = interpreter.environment_for([sys.executable], "/plug-in", environ)
    assert own["PYTHONHOME"] == "/bundle"
    assert own["PYTHONPATH"].split(os.pathsep) == [
        "/plug-in",
        str(Path("/plug-in/vendor")),
        "/theirs",
    ]
    other = interpreter.environment_for(["python3.12"], "/plug-in", environ)
    assert "PYTHONHOME" not in other
    assert other["PYTHONPATH"].split(os.pathsep) == ["/plug-in", str(Path("/plug-in/vendor"))]
    assert other["PATH"] == "/bin"


def test_the_user_chooses_the_interpreter_first() -> None:
    words = interpreter.candidates({interpreter.OVERRIDE: "/opt/python"}, windows=False)
    assert words[0] == ["/opt/python"]


def test_an_interpreter_is_tried_before_it_is_taken() -> None:
    tried: list[list[str]] = []

    def runs(words: list[str]) -> bool:
        tried.append(words)
        return words == ["python3.12"]

    found = interpreter.find({interpreter.OVERRIDE: "/opt/old-python"}, runs=runs)
    assert tried == [["/opt/old-python"]]
    assert found == [sys.executable], "the running one is new enough and needs no trial"


def test_windows_looks_in_windows_places() -> None:
    assert ["py", "-3"] in interpreter.candidates({}, windows=True)
    assert ["py", "-3"] not in interpreter.candidates({}, windows=False)


def test_a_real_python_is_recognised_and_a_missing_one_is_not() -> None:
    assert interpreter.is_new_enough([sys.executable])
    assert not interpreter.is_new_enough(["/nowhere/python"])


def test_without_a_python_that_is_new_enough_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "is_running", lambda _: False)
    assert interpreter.find({}, runs=lambda _: False) is None


def test_who_waits_in_vain_hears_nothing() -> None:
    assert worker_process.Worker({"command": "status"}).next_event(0.001) is None
