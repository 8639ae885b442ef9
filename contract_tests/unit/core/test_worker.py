"""The worker keeps its protocol to the letter, and the key appears nowhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from precision_upscaler import protocol
from precision_upscaler import worker as worker_module
from precision_upscaler.cancel import CancelToken
from precision_upscaler.frontend import texts
from precision_upscaler.jobs.budget import COUNT_PRACTICE_VARIABLE

from contract_tests.support.jobs.worker_environment import (
    TIMEOUT,
    Answer,
    WorkerEnvironment,
    events_until,
    send_bytes,
    worker_environment,
)

PLUGIN = Path(worker_module.__file__).parents[1]
SECRET = "secret-key-that-nobody-may-see-0815"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[WorkerEnvironment]:
    with worker_environment(tmp_path, api_key=(SECRET,)) as found:
        yield found


def started(here: WorkerEnvironment, **environment: str) -> subprocess.Popen[bytes]:
    """Start a worker as front ends do."""
    return subprocess.Popen(
        [sys.executable, "-m", "precision_upscaler.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**here.environment(**environment), "PYTHONPATH": str(PLUGIN)},
    )


def program(here: WorkerEnvironment, content: bytes, **environment: str) -> Answer:
    """Give exactly these bytes to a worker that is started as front ends start it."""
    worker = started(here, **environment)
    events, stderr = worker.communicate(content, TIMEOUT)
    return [json.loads(line) for line in events.splitlines()], worker.returncode, stderr


def ask(
    here: WorkerEnvironment,
    command: dict[str, Any],
    worker: Callable[..., Answer] = send_bytes,
    **environment: str,
) -> dict[str, Any]:
    events, code, stderr = worker(here, json.dumps(command).encode() + b"\n", **environment)
    assert (len(events), code, stderr) == (1, 0, b""), (events, stderr)
    return events[0]


def test_every_event_has_exactly_the_members_the_protocol_states(here: WorkerEnvironment) -> None:
    process = here.start({"command": "prepare"})
    assert process.stdout is not None
    events = [json.loads(process.stdout.readline())]
    here.say(process, here.upscale)
    events += here.finish(process)
    events += [
        *here.run({"command": "jobs"}),
        ask(here, {"command": "status"}),
        ask(here, {"command": "settings"}),
        ask(here, {"command": "find-mock"}),
    ]
    documented = documented_members()
    for event in events:
        assert set(event) == documented[event["event"]], event["event"]
    kinds = {event["event"] for event in events}
    assert kinds == {"ready", "stage", "progress", "result", "jobs", "status", "settings", "mock"}


def test_a_mock_at_the_service_address_is_found(here: WorkerEnvironment) -> None:
    found = ask(here, {"command": "find-mock"})
    assert found["is_mock"]
    port = found["base_url"].rsplit(":", 1)[1]
    found = ask(here, {"command": "find-mock"}, PRECISION_MOCK_PORT=port)
    assert (found["address"], found["key"]) == (f"http://127.0.0.1:{port}", "mock-key")
    elsewhere = ask(
        here,
        {"command": "find-mock", "base_url": "https://api.freepik.com"},
        PRECISION_UPSCALER_BASE_URL="",
    )
    assert (elsewhere["base_url"], elsewhere["is_mock"]) == ("https://api.freepik.com", False)


def test_a_resumed_file_comes_back_with_its_metadata(here: WorkerEnvironment) -> None:
    description = 0x010E
    exif = Image.Exif()
    exif[description] = "A photograph"
    source = here.folder / "photo.png"
    with Image.open(source) as photo:
        photo.save(source, exif=exif)
    process = here.start(here.upscale)
    assert events_until(process, "result")
    process.kill()
    process.communicate()
    (jobs,) = here.run({"command": "jobs"})
    (job,) = jobs["jobs"]
    *_, result = here.run({"command": "resume", "job_id": job["job_id"]})
    assert (result["event"], result["charged"]) == ("result", "yes")
    with Image.open(result["path"]) as found, Image.open(job["result"]) as bare:
        assert found.getexif()[description] == "A photograph"
        assert description not in bare.getexif()
        assert found.tobytes() == bare.tobytes()


def documented_members() -> dict[str, set[str]]:
    """Read each event's members from the protocol's docstring."""
    text = protocol.__doc__
    assert text is not None
    events = text[text.index("Events (") : text.index("Every run ends")]
    found = {}
    for start in (match.start() for match in re.finditer(r'\{"event": "', events)):
        depth, end = 1, start + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(events[end], 0)
            end += 1
        members = events[start + 1 : end - 1]
        while (flat := re.sub(r"\{[^{}]*\}", "", members)) != members:
            members = flat
        name = re.match(r'"event": "([a-z]+)"', members)
        assert name is not None
        found[name[1]] = set(re.findall(r'"([a-z_]+)":', members))
    return found


def test_the_listed_jobs_have_the_members_the_protocol_states(here: WorkerEnvironment) -> None:
    process = here.start(here.upscale)
    assert events_until(process, "result")
    process.kill()
    process.communicate()
    (jobs,) = here.run({"command": "jobs"})
    (job,) = jobs["jobs"]
    text = protocol.__doc__ or ""
    for name in job:
        assert f'"{name}"' in text, name
    assert (job["state"], job["charged"], job["width"], job["running"]) == ("stored", "yes", 800, False)
    assert Path(job["source"]).exists()
    assert Path(job["result"]).exists()
    assert ask(here, {"command": "forget", "job_id": job["job_id"]}) == {
        "event": "forgotten",
        "job_id": job["job_id"],
    }
    assert here.run({"command": "jobs"})[0]["jobs"] == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\n", "bad-command"),
        (b"nonsense\n", "bad-command"),
        (b"[]\n", "bad-command"),
        (b'{"command": 3}\n', "bad-command"),
        (b'{"command": "dance"}\n', "bad-command"),
        (b'{"command": "upscale"}\n', "bad-command"),
        (b'{"command": "upscale", "source": "/nowhere.png", "parameters": []}\n', "bad-command"),
        (
            b'{"command": "upscale", "source": "/nowhere.png", "parameters": {"sharpen": 101}}\n',
            "invalid-parameter",
        ),
        (
            b'{"command": "upscale", "source": "/nowhere.png", "parameters": {"shape": 1}}\n',
            "invalid-parameter",
        ),
        (b'{"command": "upscale", "source": "/nowhere.png"}\n', "source-unreadable"),
        (b'{"command": "resume", "job_id": "../.."}\n', "job-unknown"),
        (b'{"command": "resume", "job_id": "x", "adopt": 3}\n', "bad-command"),
        (b'{"command": "forget", "job_id": "20260101-000000-00000000"}\n', "job-unknown"),
        (b'{"command": "settings", "set": {"deadline_minutes": 0}}\n', "invalid-setting"),
    ],
)
def test_a_wrong_command_is_a_named_error_and_costs_nothing(
    content: bytes, code: str, here: WorkerEnvironment
) -> None:
    events, exit_code, stderr = send_bytes(here, content, FREEPIK_API_KEY=here.mock.key)
    assert events[-1]["event"] == "error"
    assert (events[-1]["code"], events[-1]["charged"], exit_code, stderr) == (code, "no", 0, b"")
    assert here.mock.charges == 0


@pytest.mark.parametrize("content", [b"", b'{"command": "prepare"}\n'], ids=["nothing", "prepare"])
def test_a_worker_that_gets_no_command_ends_without_a_word(content: bytes, here: WorkerEnvironment) -> None:
    events, exit_code, stderr = send_bytes(here, content)
    assert [event["event"] for event in events] == ["ready"] * bool(content)
    assert (exit_code, stderr) == (0, b"")
    assert here.mock.requests == []


@pytest.mark.parametrize("content", [b"nonsense\n", b'{"command": "prepare"}\n', b'{"command": "cancel"}\n'])
def test_a_wrong_command_after_the_preparation_is_a_named_error(
    content: bytes, here: WorkerEnvironment
) -> None:
    events, exit_code, stderr = send_bytes(here, b'{"command": "prepare"}\n' + content)
    assert [event["event"] for event in events] == ["ready", "error"]
    assert (events[-1]["code"], events[-1]["charged"], exit_code, stderr) == ("bad-command", "no", 0, b"")


def test_a_prepared_worker_tells_the_settings_as_they_are(here: WorkerEnvironment) -> None:
    changed = ask(here, {"command": "settings", "set": {"upload_format": "jpeg"}})
    events, _, _ = send_bytes(here, b'{"command": "prepare"}\n{"command": "settings"}\n')
    assert [event["settings"] for event in events] == [changed["settings"]] * 2
    assert changed["settings"]["upload_format"] == "jpeg"


def test_without_a_key_nothing_is_sent(here: WorkerEnvironment) -> None:
    events, _, _ = send_bytes(here, json.dumps(here.upscale).encode() + b"\n")
    assert events[-1]["code"] == "no-key"
    assert here.mock.requests == []


def test_a_key_is_stored_tested_and_used(here: WorkerEnvironment) -> None:
    stored = b'{"command": "store-key"}\n' + SECRET.encode() + b"\n"
    assert program(here, stored) == ([{"event": "stored", "where": "file"}], 0, b"")
    assert ask(here, {"command": "status"}, program)["key"] == "file"
    found = ask(here, {"command": "test-key"}, program)
    text = "The key works."
    sentences = {"message": [{"text": text, "values": {}}]}
    assert found == {"event": "key", "valid": True, "message": text, "sentences": sentences}
    wrong = ask(here, {"command": "test-key"}, program, FREEPIK_API_KEY="wrong-key")
    assert wrong["valid"] is False
    assert "Invalid API key" in wrong["message"]
    assert here.mock.charges == 0


@pytest.mark.parametrize(
    ("key", "valid", "words"),
    [
        ("mock-key", True, "The key works."),
        ("wrong-key", False, "Invalid API key"),
        ("a key", False, "no API key"),
    ],
)
def test_a_key_is_tested_before_it_is_stored(
    key: str, valid: bool, words: str, here: WorkerEnvironment
) -> None:
    ((told,), code, _) = send_bytes(
        here, b'{"command": "test-key", "key_follows": true}\n' + key.encode() + b"\n"
    )
    assert (told["event"], told["valid"], code) == ("key", valid, 0)
    assert words in told["message"]
    assert ask(here, {"command": "status"})["key"] is None


def test_settings_are_changed_and_kept(here: WorkerEnvironment) -> None:
    changed = ask(here, {"command": "settings", "set": {"deadline_minutes": 7}})
    assert changed["settings"]["deadline_minutes"] == 7
    assert ask(here, {"command": "status"})["settings"]["deadline_minutes"] == 7


def test_a_cancel_before_the_payment_ends_with_one_event(here: WorkerEnvironment) -> None:
    process = here.start(here.upscale, {"command": "cancel"})
    endings = [event for event in here.finish(process) if event["event"] not in ("stage", "progress")]
    assert [event["event"] for event in endings] == ["cancelled"]
    assert endings[0]["charged"] == "no"
    assert "Nothing was charged" in texts.cancelled(endings[0]["charged"])


def test_the_key_appears_nowhere(here: WorkerEnvironment) -> None:
    """In no file but the key file, no log, no error, no protocol line, no process list; nor do tokens."""
    send_bytes(here, b'{"command": "store-key"}\n' + SECRET.encode() + b"\n")
    here.mock.play("http_429")
    process = started(here, FREEPIK_API_KEY=SECRET)
    here.say(process, {"command": "upscale"})
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, check=True).stdout.decode()
    assert "precision_upscaler.worker" in listing
    assert SECRET not in listing
    process.communicate()
    said = json.dumps(here.run(here.upscale))
    for scenario in ("invalid_key_401", "bad_request_recorded", "expired_link", "corrupt_image"):
        here.mock.play(scenario)
        events, _, stderr = send_bytes(here, json.dumps({**here.upscale, "reuse": False}).encode() + b"\n")
        said += json.dumps(events) + stderr.decode()
    assert SECRET not in said
    assert "hmac=" not in said
    for path in (here.folder / "data").rglob("*"):
        if path.is_file() and path.name != "credentials.json":
            content = path.read_bytes()
            assert SECRET.encode() not in content, path
            assert b"hmac=" not in content, path
    assert (here.folder / "data" / "log" / "precision-upscaler.log").stat().st_size


def test_the_worker_starts_without_what_only_programs_for_people_need() -> None:
    """GIMP's Python has none of these, and a quick start is felt at every upscale."""
    program = (
        "import sys; import precision_upscaler.worker;"
        "print(sorted({'click', 'rich', 'PIL', 'keyring', 'numpy'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(PLUGIN)},
    )
    assert found.stdout.strip() == b"[]"


def test_a_later_line_that_is_no_command_is_passed_over() -> None:
    reader, writer = os.pipe()
    os.write(writer, b'nonsense\n{"command": "delivered"}\n')
    os.close(writer)
    app: Any = SimpleNamespace(cancel=CancelToken())
    worker = worker_module.Worker(worker_module.Pipe(reader, writer), app)
    worker._listen()
    os.close(reader)
    assert [worker._later.get(timeout=10) for _ in range(2)] == ["delivered", "gone"]


def names_of(kind: type) -> set[str]:
    return {value for name, value in vars(kind).items() if name.isupper()}


def test_the_protocol_documents_every_command_and_event_it_names() -> None:
    text = protocol.__doc__ or ""
    commands = set(re.findall(r'{"command": "([a-z-]+)"', text)) | set(re.findall(r"``(test-key)``", text))
    assert commands == names_of(protocol.Command)
    assert set(re.findall(r'{"event": "([a-z-]+)"', text)) == names_of(protocol.Event)
    assert names_of(protocol.Event) > protocol.FINAL_EVENTS
    assert set(protocol.STAGES) == names_of(protocol.Stage)
    assert set(protocol.CHARGES) == names_of(protocol.Charge)


@pytest.mark.parametrize("content", ["{", "[]", '{"base_url": "ftp://x"}'])
def test_damaged_settings_are_named_and_only_what_is_paid_is_refused(
    content: str, here: WorkerEnvironment
) -> None:
    (here.folder / "data").mkdir(exist_ok=True)
    path = here.folder / "data/settings.json"
    path.write_text(content)
    no_address = {"PRECISION_UPSCALER_BASE_URL": "", "FREEPIK_API_KEY": SECRET}
    status = ask(here, {"command": "status"}, send_bytes, **no_address)
    assert [problem["code"] for problem in status["problems"]] == ["settings-damaged"]
    assert ask(here, {"command": "jobs"}, send_bytes, **no_address)["event"] == "jobs"
    for command in (here.upscale, {"command": "test-key"}):
        events, _, _ = send_bytes(here, json.dumps(command).encode() + b"\n", **no_address)
        assert (events[-1]["code"], events[-1]["charged"]) == ("settings-damaged", "no")
    saved = ask(here, {"command": "settings", "set": {"base_url": here.url}}, send_bytes, **no_address)
    assert saved["settings"]["base_url"] == here.url
    assert ask(here, {"command": "status"}, send_bytes, **no_address)["problems"] == []
    assert here.mock.charges == 0


def test_a_malformed_variable_is_named_by_the_status_and_refused_by_the_rest(here: WorkerEnvironment) -> None:
    broken = {"FREEPIK_API_KEY": "secret key"}
    status = ask(here, {"command": "status"}, send_bytes, **broken)
    assert status["key"] is None
    assert [problem["code"] for problem in status["problems"]] == ["malformed-key"]
    assert "FREEPIK_API_KEY" in status["problems"][0]["what"]
    events, _, _ = send_bytes(here, json.dumps(here.upscale).encode() + b"\n", **broken)
    assert (events[-1]["code"], events[-1]["charged"]) == ("malformed-key", "no")
    assert here.mock.charges == 0


def test_a_damaged_key_file_is_named_by_the_status_and_refused_by_the_rest(here: WorkerEnvironment) -> None:
    (here.folder / "data").mkdir(exist_ok=True)
    (here.folder / "data/credentials.json").write_text("{")
    none = {"FREEPIK_API_KEY": "", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    (problem,) = ask(here, {"command": "status"}, send_bytes, **none)["problems"]
    assert (problem["code"], "credentials.json" in problem["what"]) == ("key-file-damaged", True)
    events, _, _ = send_bytes(here, json.dumps(here.upscale).encode() + b"\n", **none)
    assert (events[-1]["code"], events[-1]["charged"]) == ("key-file-damaged", "no")


def test_a_damaged_record_is_listed_and_the_other_jobs_too(here: WorkerEnvironment) -> None:
    journal = here.folder / "data/jobs"
    for name in ("20260101-000000-00000000", "20260101-000000-00000001"):
        (journal / name).mkdir(parents=True)
    (journal / "20260101-000000-00000000/job.json").write_text('{"task_id": "t-1", "state": ')
    (journal / "20260101-000000-00000001/job.json").write_text('{"state": "created", "created": "x"}')
    listed = ask(here, {"command": "jobs"})
    assert listed["jobs"] == []
    assert [event["details"]["task_id"] for event in listed["damaged"]] == ["t-1", None]
    assert [event["job_id"][-1] for event in listed["damaged"]] == ["0", "1"]
    assert all("is damaged" in event["what"] for event in listed["damaged"])
    assert ask(here, {"command": "status"})["unfinished"] == 0
    resumed = ask(here, {"command": "resume", "job_id": "20260101-000000-00000001"}, FREEPIK_API_KEY=SECRET)
    assert (resumed["code"], resumed["charged"]) == ("record-damaged", "unknown")
    assert ask(here, {"command": "forget", "job_id": "20260101-000000-00000000"})["event"] == "forgotten"
    assert len(ask(here, {"command": "jobs"})["damaged"]) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' file names are Unicode")
def test_a_name_that_is_not_utf_8_is_upscaled(here: WorkerEnvironment) -> None:
    name = os.fsdecode(b"photo-\xff.png")
    source = here.folder / name
    source.write_bytes((here.folder / "photo.png").read_bytes())
    command = {**here.upscale, "source": str(source), "origin": {"layer": name}}
    assert here.run(command)[-1]["event"] == "result"
    missing = {**here.upscale, "source": str(source) + "x"}
    ended = here.run(missing)[-1]
    assert (ended["code"], ended["charged"]) == ("source-unreadable", "no")


def test_a_fault_of_the_worker_before_any_job_says_that_nothing_was_charged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    reader, writer = os.pipe()
    answers, answer = os.pipe()
    os.write(writer, b'{"command": "status"}\n')
    os.close(writer)
    streams = SimpleNamespace(
        stdin=SimpleNamespace(fileno=lambda: reader), stdout=SimpleNamespace(fileno=lambda: answer)
    )
    monkeypatch.setattr(worker_module, "sys", streams)
    monkeypatch.setattr(worker_module, "read_settings", broken)
    monkeypatch.setenv("PRECISION_UPSCALER_DATA", str(tmp_path))
    assert worker_module.main() == 1
    event = json.loads(os.read(answers, 1 << 16))
    assert (event["code"], event["charged"]) == ("unexpected", "no")


# the monthly budget ------------------------------------------------------------------------------

ONE_TASK = {"width": 400, "height": 300, "scale_factor": 2, "layer": "Sky", "image": "photo.xcf"}
"""A task of 0.10 EUR."""


@pytest.fixture
def saver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerEnvironment]:
    """Yield a user with a budget that is enough for two tasks."""
    monkeypatch.setenv(COUNT_PRACTICE_VARIABLE, "1")
    with worker_environment(tmp_path, settings={"monthly_budget": 0.25}) as found:
        yield found


def test_a_run_is_reserved_as_a_whole_or_not_at_all(saver: WorkerEnvironment) -> None:
    (refused,) = saver.run({"command": "reserve", "tasks": [ONE_TASK] * 3})
    assert (refused["code"], refused["charged"]) == ("budget-exceeded", "no")
    (allowed,) = saver.run({"command": "reserve", "tasks": [ONE_TASK] * 3, "over_budget": True})
    assert allowed["event"] == "reserved"


def test_a_reservation_lives_as_long_as_its_worker(saver: WorkerEnvironment) -> None:
    run = {"command": "reserve", "tasks": [ONE_TASK] * 2}
    with saver.start(run) as holder:
        reserved = json.loads(holder.stdout.readline())
        assert saver.run(saver.upscale)[-1]["code"] == "budget-exceeded"
        assert saver.run({**saver.upscale, "run": reserved["run"]})[-1]["event"] == "result"
        budget = saver.run({"command": "status"})[-1]["budget"]
        assert (budget["spent"], budget["reserved"], budget["left"]) == (0.1, 0.1, 0.05)
    assert saver.run({"command": "status"})[-1]["budget"]["reserved"] == 0.0
    assert saver.mock.charges == 1


def test_what_a_killed_worker_reserved_is_given_back(saver: WorkerEnvironment) -> None:
    holder = saver.start({"command": "reserve", "tasks": [ONE_TASK] * 2})
    assert json.loads(holder.stdout.readline())["event"] == "reserved"
    assert saver.run({"command": "status"})[-1]["budget"]["reserved"] == 0.2
    holder.kill()
    holder.communicate()
    assert saver.run({"command": "status"})[-1]["budget"]["reserved"] == 0.0
    assert list((saver.folder / "data/spending").glob("run-*")) == []


@pytest.mark.parametrize("tasks", [None, 3, [{}], ["Sky"], [{**ONE_TASK, "width": "wide"}]])
def test_a_reserve_command_without_sizes_is_refused(saver: WorkerEnvironment, tasks: Any) -> None:
    assert saver.run({"command": "reserve", "tasks": tasks})[-1]["code"] == "bad-command"
    assert saver.run({"command": "reserve"})[-1]["code"] == "bad-command"


def test_a_ledger_that_cannot_be_read_is_a_problem_of_the_status(saver: WorkerEnvironment) -> None:
    (saver.folder / "data/spending").mkdir()
    (saver.folder / "data/spending/2027-01.jsonl").mkdir()
    status = saver.run({"command": "status"})[-1]
    assert status["budget"] is None
    assert [problem["code"] for problem in status["problems"]] == ["spending-ledger"]


def test_four_limits_are_four_errors_with_four_pieces_of_advice(saver: WorkerEnvironment) -> None:
    errors = {}
    for scenario in ("plan_exhausted_429", "no_credits_402", "http_429*99", ""):
        saver.mock.play(scenario)
        command = {**saver.upscale, "run": None}
        if not scenario:
            command["parameters"] = {"scale_factor": 16}
        event = saver.run(command)[-1]
        errors[event["code"]] = event
        assert event["charged"] == "no"
        assert event["advice"] in texts.error(event)
    assert set(errors) == {"plan-used-up", "no-credits", "rate-limited", "budget-exceeded"}
    assert len({event["advice"] for event in errors.values()}) == 4
    assert saver.mock.charges == 0
