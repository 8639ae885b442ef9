from __future__ import annotations

import io
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from precision_upscaler.contract import CREATE_PATH

from contract_tests.support.mock_calls import Caller, encoded, picture
from mock_server.state.clock import ClockState
from mock_server.state.database import Database
from mock_server.state.request_log import RecordedRequest, RequestLog
from mock_server.state.settings import Settings

Make = Callable[..., Caller]
SETTINGS = Settings(
    clock=ClockState(1.0, 2.0, 3.0), link_secret="a", webhook_secret="b", upcoming=("failed",), seed=4
)


def test_settings_survive_being_written() -> None:
    assert Settings.from_json(SETTINGS.to_json()) == SETTINGS


def test_a_state_file_remembers(make: Make, tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    first = make(state=path, seed=3)
    done, waiting = first.new_task(), first.new_task(key="mock-stuck_created")
    first.advance(50)
    first.close()
    second = make(state=path)
    assert second.service.settings().seed == 3
    assert second.data(waiting, key="mock-stuck_created")["status"] == "CREATED"
    assert second.data(done)["status"] == "IN_PROGRESS"
    second.advance(1000)
    assert second.result(done).status_code == 200
    assert second.service.tasks.charges() == {"mock-key": (1, 0.128), "mock-stuck_created": (1, 0.128)}


def test_two_processes_agree(make: Make, tmp_path: Path) -> None:
    one, two = (make(state=str(tmp_path / "state")) for _ in range(2))
    task_id = one.new_task()
    assert two.data(task_id)["status"] == "CREATED"
    one.advance(1000)
    assert two.data(task_id)["status"] == "COMPLETED"
    link = one.data(task_id)["generated"][0]
    assert two.client.get(link).data == one.client.get(link).data
    two.control("PUT", "/scenarios", json={"upcoming": ["failed"]})
    failed = one.new_task()
    two.advance(1000)
    assert one.data(failed)["status"] == "FAILED"
    one.app.request_log.flush()  # a moment later it would have done so by itself
    assert two.app.request_log.read()["total"] == one.app.request_log.read()["total"] == 8


def test_a_forgotten_result_is_forgotten_in_every_process(make: Make, tmp_path: Path) -> None:
    one, two = (make(state=str(tmp_path / "state"), seed=3, limits=False) for _ in range(2))

    def results(width: int) -> tuple[str, set[bytes]]:
        task_id = one.new_task(image=encoded(picture(width, 20)))
        one.advance(1000)
        return task_id, {caller.result(task_id).data for caller in (one, two)}

    first, (before,) = results(20)
    snapshot = one.control("GET", "/snapshot").data
    one.control("POST", "/reset")
    second, (after,) = results(40)
    assert first == second, "with a seed the ids begin again"
    assert before != after
    one.control("PUT", "/snapshot", data=snapshot)
    assert {caller.result(first).data for caller in (one, two)} == {before}
    one.control("PUT", "/seed", json={"seed": 4})
    (grain,) = {caller.result(first).data for caller in (one, two)}
    assert grain != before


def test_a_link_keeps_its_format_whatever_the_next_run_makes(make: Make, tmp_path: Path) -> None:
    first = make(state=str(tmp_path / "state"))
    (link,) = first.finish(first.new_task())["generated"]
    first.close()
    second = make(state=str(tmp_path / "state"), result_format="jpeg")
    second.clock.now = first.clock.now
    answer = second.client.get(link)
    assert answer.mimetype == "image/png"
    assert Image.open(io.BytesIO(answer.data)).format == "PNG"


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    Database(path, SETTINGS).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(sqlite3.DatabaseError, match="another version"):
        Database(path, SETTINGS)


@pytest.mark.parametrize("file", [False, True])
def test_an_error_undoes_a_transaction(tmp_path: Path, file: bool) -> None:
    database = Database(str(tmp_path / "state") if file else "", SETTINGS)

    def fail() -> None:
        with database.writing() as connection:
            connection.execute("INSERT INTO counters VALUES ('x', 1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as connection:
        assert connection.execute("SELECT COUNT(*) FROM counters").fetchone() == (0,)
    database.close()


@pytest.mark.parametrize("file", [False, True])
def test_threads_count_correctly(tmp_path: Path, file: bool) -> None:
    database = Database(str(tmp_path / "state") if file else "", SETTINGS)

    def work() -> None:
        for _ in range(50):
            database.change_settings(lambda settings: settings._replace(seed=(settings.seed or 0) + 1))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.settings().seed == 4 + 400
    database.close()


def test_settings_are_read_again_when_anyone_changed_them_and_only_then(tmp_path: Path) -> None:
    one, two = (Database(str(tmp_path / "state"), SETTINGS) for _ in range(2))
    asked: list[str] = []
    with two.reading() as connection:
        connection.set_trace_callback(asked.append)
    two.settings()
    asked.clear()
    assert (two.settings().seed, asked) == (4, [])
    one.change_settings(lambda settings: settings._replace(seed=5))
    assert two.settings().seed == 5
    assert asked
    one.restore(two.snapshot())
    one.change_settings(lambda settings: settings._replace(seed=6))
    assert two.settings().seed == two.known.seed == 6
    for database in (one, two):
        database.close()


def test_one_writes_after_the_other(tmp_path: Path) -> None:
    one, two = (Database(str(tmp_path / "state"), SETTINGS) for _ in range(2))
    asked, done = threading.Event(), threading.Event()

    def write() -> None:
        asked.set()
        with two.writing() as connection:
            connection.execute("INSERT INTO counters VALUES ('two', 1)")
        done.set()

    thread = threading.Thread(target=write)
    with one.writing() as connection:
        thread.start()
        assert asked.wait(10)
        connection.execute("INSERT INTO counters VALUES ('one', 1)")
        assert not done.is_set()
    assert done.wait(10)
    thread.join()
    with one.reading() as connection:
        rows = connection.execute("SELECT name FROM counters ORDER BY rowid").fetchall()
    assert rows == [("one",), ("two",)]
    for database in (one, two):
        database.close()


def test_who_cannot_begin_gives_the_turn_back() -> None:
    database = Database("", SETTINGS)
    with database.reading() as connection:
        connection.execute("BEGIN")
        with pytest.raises(sqlite3.OperationalError, match="within a transaction"), database.writing():
            pass
        connection.execute("ROLLBACK")
    assert database.change_settings(lambda settings: settings._replace(seed=5)).seed == 5
    database.close()


def test_the_sizes_of_pictures_are_remembered_within_bounds(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.state.task_store._SIZES", 2)
    caller = make()
    for width in (200, 201, 202, 200, 201, 202):
        task = caller.service.tasks.task(caller.new_task(image=encoded(picture(width, 160))))
        assert task is not None
        assert task.width == width
    assert len(caller.service.tasks._sizes) <= 2


def test_a_closed_database_can_still_be_written_to(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "state"), SETTINGS)
    database.close()  # such as by a log whose writer comes late
    database.change_settings(lambda settings: settings._replace(seed=5))
    assert database.settings().seed == 5


def test_all_that_is_too_much_is_looked_through_when_there_may_be_something_to_forget(make: Make) -> None:
    caller = make(max_tasks=64)
    looked: list[str] = []
    with caller.service.database.reading() as connection:
        connection.set_trace_callback(
            lambda statement: looked.append(statement) if "WHERE ends_at <= " in statement else None
        )
    for _ in range(64 * 17):
        caller.service.create("mock-key", {"image": encoded(picture())}, "", {}, "http://x")
    assert len(looked) == 16, "at every sixty-fourth as long as that is a sixteenth of them"
    for _ in range(64 * 3):
        caller.service.create("mock-key", {"image": encoded(picture())}, "", {}, "http://x")
    assert len(looked) == 17
    caller.advance(1000)
    for _ in range(64 * 3):
        caller.service.create("mock-key", {"image": encoded(picture())}, "", {}, "http://x")
    counters = caller.service.tasks.counters()
    assert counters["tasks"] - counters["forgotten tasks"] < 64 * 4
    caller.service.reset()
    for _ in range(64 * 2):
        caller.service.create("mock-key", {"image": encoded(picture())}, "", {"seconds": 0.0}, "http://x")
    assert caller.service.tasks.counters()["forgotten tasks"] == 64, "a reset begins anew"


def test_a_connection_in_use_outlives_the_close(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "state"), SETTINGS)
    with database.reading() as connection:
        database.close()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def recorded(number: int) -> RecordedRequest:
    return RecordedRequest(0.0, "GET", "http://x", f"/{number}", "", "list", {})


def test_a_shared_log_is_bounded_and_counts_what_it_never_wrote(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "state"), SETTINGS)
    log, other = RequestLog(5, database), RequestLog(5, database)
    log.add(recorded(0))
    log.flush()
    for number in range(1, 20):
        log.add(recorded(number))
    read = log.read()
    assert (read["total"], read["forgotten"]) == (20, 15)
    assert [entry["path"] for entry in read["requests"]] == ["/15", "/16", "/17", "/18", "/19"]
    assert other.read() == read
    other.clear()
    assert log.read() == {"total": 0, "forgotten": 0, "requests": []}
    database.close()


def test_a_shared_log_counts_from_the_first_entry_on(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "state"), SETTINGS)
    log = RequestLog(5, database)
    for _ in range(2):  # on a fresh file, and after everything was forgotten
        for number in range(20):
            log.add(recorded(number))
        read = log.read()
        assert (read["total"], read["forgotten"]) == (20, 15)
        assert [entry["number"] for entry in read["requests"]] == [16, 17, 18, 19, 20]
        assert [entry["number"] for entry in log.read(after=18)["requests"]] == [19, 20]
        log.clear()
    database.close()


def test_a_shared_log_shows_what_one_in_memory_shows(make: Make, tmp_path: Path) -> None:
    shown = []
    for state in ("", str(tmp_path / "state")):
        caller = make(state=state, seed=3)
        task_id = caller.new_task()
        caller.create(scale_factor=99)
        caller.client.post(CREATE_PATH, data=b"\xff\0{", headers={"x-freepik-api-key": "\xfc"})
        caller.finish(task_id)
        caller.listed()
        caller.client.get("/n\u00f6where?a=%00")
        requests = caller.app.request_log.read()["requests"]
        shown.append([{**entry, "seconds": 0} for entry in requests])
    assert shown[0] == shown[1]
    assert shown[0][0]["request"]["body"]["image"]
    assert shown[0][0]["answer"]["data"]["status"] == "CREATED"
    assert [entry["request"]["malformed"] is None for entry in shown[0][:3]] == [True, True, False]


def test_a_shared_log_is_written_without_being_asked(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "state"), SETTINGS)
    log = RequestLog(5, database)
    log.add(recorded(0))
    writer = log._writer
    assert writer is not None
    writer.join()
    with database.reading() as connection:
        assert connection.execute("SELECT COUNT(*) FROM requests").fetchone() == (1,)
    log.flush()
    database.close()
