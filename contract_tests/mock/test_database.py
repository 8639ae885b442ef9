from __future__ import annotations

import io
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from contract_tests.mock.calling import Caller, encoded, picture
from mock_server.clock import ClockState
from mock_server.database import Database
from mock_server.journal import Exchange, Journal
from mock_server.settings import Settings

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
    one.app.journal.flush()  # a moment later it would have done so by itself
    assert two.app.journal.read()["total"] == one.app.journal.read()["total"] == 8


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
    second.world.now = first.world.now
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
            database.change_settings(lambda settings: replace(settings, seed=(settings.seed or 0) + 1))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.settings().seed == 4 + 400
    database.close()


def test_a_connection_in_use_outlives_the_close(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "state"), SETTINGS)
    with database.reading() as connection:
        database.close()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def exchange(number: int) -> Exchange:
    return Exchange(0.0, "GET", "http://x", f"/{number}", "", "list", {})


def test_a_shared_journal_is_bounded_and_counts_what_it_never_wrote(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "state"), SETTINGS)
    journal, other = Journal(5, database), Journal(5, database)
    journal.add(exchange(0))
    journal.flush()
    for number in range(1, 20):
        journal.add(exchange(number))
    read = journal.read()
    assert (read["total"], read["forgotten"]) == (20, 15)
    assert [entry["path"] for entry in read["requests"]] == ["/15", "/16", "/17", "/18", "/19"]
    assert other.read() == read
    other.clear()
    assert journal.read() == {"total": 0, "forgotten": 0, "requests": []}
    database.close()


def test_a_shared_journal_counts_from_the_first_entry_on(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "state"), SETTINGS)
    journal = Journal(5, database)
    for _ in range(2):  # on a fresh file, and after everything was forgotten
        for number in range(20):
            journal.add(exchange(number))
        read = journal.read()
        assert (read["total"], read["forgotten"]) == (20, 15)
        assert [entry["number"] for entry in read["requests"]] == [16, 17, 18, 19, 20]
        assert [entry["number"] for entry in journal.read(after=18)["requests"]] == [19, 20]
        journal.clear()
    database.close()


def test_a_shared_journal_is_written_without_being_asked(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "state"), SETTINGS)
    journal = Journal(5, database)
    journal.add(exchange(0))
    writer = journal._writer
    assert writer is not None
    writer.join()
    with database.reading() as connection:
        assert connection.execute("SELECT COUNT(*) FROM journal").fetchone() == (1,)
    journal.flush()
    database.close()
