"""The benchmarks' code runs, at sizes that take no time, and computes what it says; nothing is timed here."""

from __future__ import annotations

import itertools
import os
import random
from typing import TYPE_CHECKING

import pytest

from . import __main__ as bench
from . import (
    arrival,
    catalogue,
    gimp_query,
    gimps,
    layers,
    machine,
    measure,
    photograph,
    polling,
    report,
    suite,
    upscaling,
    worker_memory,
)
from .measure import Samples, in_turn, ratio, seconds_of
from .mock_speed import WrongAnswerError, broken, check_load, checked
from .peers import GET, LIST, POST, ours
from .processes import free_port, python, running
from .result import Claim, Growth, Result, Setting, Table
from .workers import STAGES, spent, upscale

if TYPE_CHECKING:
    from pathlib import Path


def test_a_ratio_is_that_of_the_rounds() -> None:
    # a disturbance of one round (the third) on both sides leaves the ratio alone
    assert ratio(Samples((2.0, 2.2, 20.0)), Samples((1.0, 1.1, 10.0))).values == pytest.approx((2, 2, 2))


def test_a_ratio_of_different_rounds_is_refused() -> None:
    with pytest.raises(ValueError, match="same rounds"):
        ratio(Samples((1.0, 2.0)), Samples((1.0,)))


def test_subjects_take_turns_in_being_first() -> None:
    order: list[str] = []

    def subject(name: str) -> float:
        order.append(name)
        return float(len(order))

    # mypy cannot tell the type of a default
    found = in_turn({name: lambda name=name: subject(name) for name in "abc"}, 3)
    assert "".join(order) == "abcbcacab"
    assert found["a"].values == (1.0, 6.0, 8.0)


def test_seconds_are_those_of_the_clock() -> None:
    ticks = itertools.count(10, 3)
    assert seconds_of(lambda: None, lambda: float(next(ticks)))() == 3.0


@pytest.mark.parametrize(
    ("figure", "target", "at_most", "reached"),
    [(1.0, 1.0, True, True), (1.1, 1.0, True, False), (0.9, 1.0, False, False), (1.0, 1.0, False, True)],
)
def test_a_claim_is_reached_at_its_bound(figure: float, target: float, at_most: bool, reached: bool) -> None:
    claim = Claim("it", figure, target, at_most=at_most)
    assert claim.reached is reached
    assert ("NOT reached" in claim.shown()) is not reached


@pytest.mark.parametrize(("figure", "shown"), [(1.1049, "1.105"), (1.1, "1.1"), (0.98765, "0.988")])
def test_a_figure_is_shown_on_its_side_of_the_bound(figure: float, shown: str) -> None:
    claim = Claim("it", figure, 1.1)
    assert claim.figure_shown == shown
    assert claim.reached is (float(shown) <= 1.1)


def test_growth_is_judged_for_each_pixel() -> None:
    growth = Growth("cost", "s", {"ours": [(1, 2.0), (4, 6.0)]})
    assert growth.per_pixel("ours") == [2.0, 1.5]
    assert growth.claim("ours").reached
    assert Growth("cost", "s", {"ours": [(1, 9.0), (4, 4.0), (8, 10.0)]}).claim("ours").figure == 1.25


@pytest.mark.parametrize("bump", [24, 96])
def test_growth_anywhere_is_seen(bump: int) -> None:
    points = [(float(size), size * (1.67 if size == bump else 1.0)) for size in photograph.SIZES]
    claim = Growth("cost", "s", {"ours": points}).claim("ours")
    assert claim.figure == pytest.approx(1.67)
    assert f"at {bump} MP, against 6 MP" in claim.what


def test_what_is_flat_is_the_same_at_every_size() -> None:
    growth = Growth("memory", "MB", {"ours": [(1, 40.0), (6, 50.0), (24, 42.0)]})
    assert growth.flatness("ours").figure == 1.25
    assert not growth.flatness("ours").reached


def entry() -> report.Entry:
    result = Result(
        [Table("Speed", ["who", "s"], [["ours", "1.0"], ["theirs | other", "2.0"]])],
        [Claim("ours, against theirs", 0.5, 0.6), Claim("start", 0.3, 0.25, "s")],
        ["The floor is 0.2 s."],
        [Growth("Speed", "s", {"ours": [(1, 0.1), (6, 0.5)]})],
    )
    facts = {"processor": "a processor, 2 cores"}
    return report.Entry(
        "speed", "How fast", "2026-11-22", "bench.py --only speed", facts, (0.01, None), result
    )


def test_the_record_gives_back_what_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    report.save({"speed": entry()}, path)
    assert report.load(path) == {"speed": entry()}
    assert report.load(tmp_path / "none.json") == {}


def test_the_report_says_what_where_when_and_how() -> None:
    text = report.markdown([entry()], ["growth-speed.png"])
    for part in (
        "a processor, 2 cores",
        "2026-11-22",
        "`bench.py --only speed`",
        "0.5 ×",
        "**not reached**",
        "The floor is 0.2 s.",
        "images/growth-speed.png",
        "1% of the machine",
        "theirs \\| other",
    ):
        assert part in text


def test_the_terminal_sees_tables_and_verdicts() -> None:
    text = report.printed(entry().result)
    assert "ours            1.0" in text
    assert "start: 0.3 s, to reach at most 0.25: NOT reached" in text


def test_benchmarks_are_chosen_by_name() -> None:
    assert [one.name for one in catalogue.named(["polling"])] == ["polling"]
    assert catalogue.named([]) == list(catalogue.BENCHMARKS)
    with pytest.raises(ValueError, match="there is no benchmark 'speed'"):
        catalogue.named(["speed"])


def test_every_growth_plot_has_a_file_of_its_own() -> None:
    assert len({report.image_name("a", 0), report.image_name("a", 1), report.image_name("b", 0)}) == 3


def test_the_machine_is_waited_for() -> None:
    shares = iter((0.9, 0.4, 0.1, 0.9))
    told: list[str] = []
    assert machine.wait_until_quiet(look=lambda _s: next(shares), say=told.append) == 0.1
    assert len(told) == 1


def test_waiting_for_the_machine_ends() -> None:
    assert machine.wait_until_quiet(patience=10, look=lambda _s: 0.9, say=lambda _t: None) == 0.9


def test_all_benchmarks_share_one_patience() -> None:
    now = itertools.count(0, 100)
    asked: list[float] = []

    def wait(patience: float) -> float:
        asked.append(patience)
        return 0.5

    patience = machine.Patience(150.0, wait, lambda: float(next(now)))
    assert [patience.wait() for _ in range(3)] == [0.5, 0.5, 0.5]
    assert asked == [150.0, 50.0, 0.0]


def test_a_benchmark_that_breaks_does_not_keep_the_others_from_running(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(_setting: Setting) -> Result:
        raise RuntimeError("the server died")

    chosen = [
        catalogue.Benchmark("bad", "Bad", breaks),
        catalogue.Benchmark("good", "Good", lambda _: Result()),
    ]
    monkeypatch.setattr(bench, "named", lambda _names: chosen)
    monkeypatch.setattr(machine, "busy_share", lambda: 0.0)
    assert bench.main(["--quick"]) == 1
    told = capsys.readouterr()
    assert "the server died" in told.err
    assert "==> good: Good" in told.out
    assert "FAILED: bad" in told.out
    chosen.pop(0)
    assert bench.main(["--quick"]) == 0


def test_a_suite_that_is_not_green_has_no_figure(tmp_path: Path) -> None:
    red = tmp_path / "test_red.py"
    red.write_text("def test_contract():\n    assert False, 'red'\n", "utf-8")
    with pytest.raises(suite.RedError, match="red"):
        suite.run(Setting(quick=True), str(red))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not let cores be chosen")
def test_cores_are_lent_for_a_while() -> None:
    before = os.sched_getaffinity(0)
    with suite.on_cores(1):
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


def test_the_machine_is_described() -> None:
    assert "cores" in machine.described()["processor"]


def test_photographs_have_the_size_and_the_weight_of_photographs() -> None:
    assert photograph.sides(24) == (6000, 4000)
    picture = photograph.photograph(300, 200)
    assert picture.size == (300, 200)
    # a photograph shrinks to between a third and nine tenths
    assert 0.33 < len(photograph.encoded(picture)) / (300 * 200 * 3) < 0.9


def test_ours_and_bare_pillow_make_the_same_size() -> None:
    found = upscaling.compare(0.01, 1)
    assert all(samples.median > 0 for samples in found.values())


# polling


def test_a_fixed_poller_knows_an_end_at_its_next_look() -> None:
    tasks = [polling.Simulated(100, 95)]
    assert polling.lags(tasks, polling.Poller(polling.fixed(10)), random.Random(1)) == ([5.0], 6)


def test_a_minute_holds_no_more_than_it_may() -> None:
    tasks = [polling.Simulated(100, 300)] * 8
    for poller in polling.POLLERS.values():
        _, most = polling.lags(tasks, poller, random.Random(1))
        assert most <= polling.PER_MINUTE
    assert polling.most_in_a_minute([0, 1, 59, 60, 61, 200]) == 3


def test_a_round_trip_counts_once_on_the_way_back_and_is_no_pause_for_ours() -> None:
    chance = random.Random(1)
    tasks = [polling.Simulated(100, 95.1)]
    # asked at 0, 12, 24, …, 96, and answered two seconds later; the service was asked at 97
    after_answers = polling.Poller(polling.fixed(10))
    assert polling.lags(tasks, after_answers, chance, 2.0)[0] == [pytest.approx(98 - 95.1)]
    # asked at 0, 10, 20, …, 100
    from_starts = polling.Poller(polling.fixed(10), from_start=True)
    assert polling.lags(tasks, from_starts, chance, 2.0)[0] == [pytest.approx(102 - 95.1)]
    # a poll is never begun before the last one is answered: at 0, 12, 24, …, 96
    impatient = polling.Poller(polling.fixed(1), from_start=True)
    assert polling.lags(tasks, impatient, chance, 12.0)[0] == [pytest.approx(108 - 95.1)]


def test_the_same_tasks_are_drawn_every_time() -> None:
    assert polling.drawn(5) == polling.drawn(5)


# processes


def test_a_started_mock_answers_what_is_timed() -> None:
    port = free_port()
    server = ours()
    with running(server.argv(port), port, LIST) as seconds:
        assert seconds > 0
        task_id = checked(server, port)
        status, body = server.asking("GET", task_id).once(port)
        assert (status, task_id.encode() in body) == (200, True)
        assert server.asking("POST", task_id) is POST
    assert broken({"data": {"task_id": "x"}}) == "data lacks generated, status"


def test_a_load_with_bad_answers_has_no_figure(capsys: pytest.CaptureFixture[str]) -> None:
    good = {"answers": 10, "refused": 0, "errors": 0}
    check_load(good, "it", ours=True)
    for bad in ({"refused": 1}, {"answers": 0}, {"errors": 1}):
        with pytest.raises(WrongAnswerError, match="it"):
            check_load({**good, **bad}, "it", ours=True)
    assert capsys.readouterr().out == ""
    check_load({**good, "errors": 2}, "a peer", ours=False)
    assert "a peer: 2 connections broke" in capsys.readouterr().out


def test_a_server_that_does_not_start_is_told() -> None:
    with (
        pytest.raises(RuntimeError, match="No such thing"),
        running(python("-c", "raise SystemExit('No such thing')"), free_port(), GET),
    ):
        pass


def test_a_worker_is_measured_against_the_instant_service(tmp_path: Path) -> None:
    source, result = worker_memory.prepared(tmp_path, 0.16)
    port = free_port()
    argv = python("-m", "contract_tests.benchmarks.instant_service", str(port), str(result))
    with running(argv, port, LIST):
        ran = upscale(source, f"http://127.0.0.1:{port}", tmp_path / "data")
    assert (ran.result["width"], ran.result["height"]) == (400, 400)
    assert ran.peak_megabytes > 5
    assert list(ran.stages) == list(STAGES)
    assert sum(ran.stages.values()) == pytest.approx(ran.seconds)


def test_a_stage_lasts_until_the_next_and_may_come_again() -> None:
    moments = [("starting", 1.0), ("sending", 3.0), ("waiting", 4.0), ("sending", 8.0), ("", 10.0)]
    assert spent(moments) == {"starting": 2.0, "sending": 3.0, "waiting": 4.0}


def test_what_comes_after_the_last_poll_grows_with_the_picture() -> None:
    parts: dict[str, dict[float, Samples]] = {
        part: {1: Samples((0.1,)), 6: Samples((0.6,))} for part in ("download", "check", "load")
    }
    found = arrival.Arrival({**parts, arrival.THEIRS: {1: Samples((0.2,)), 6: Samples((0.2,))}})
    assert found.seconds(10) == pytest.approx(3.0)
    assert found.loading(10) == pytest.approx(0.2)
    assert found.table.rows[0] == ["downloading, over loopback", "0.10 (0.10 to 0.10)", "0.60 (0.60 to 0.60)"]


def test_the_gimp_half_runs(gimp32: object) -> None:
    del gimp32
    with gimps.bench() as bench:
        source, result = worker_memory.prepared(bench.folder, 0.16)
        told = bench.run("load", pictures={"one": (str(source), str(result), None)}, rounds=1)
        assert set(told["one"]) == {"ours", "Gimp.file_load_layer", "ours, decoding alone"}
        found = layers.compare(bench, 0.04, 1, 1.0, at_once=2)
        assert set(found) == {1, 2}


def test_names_turn() -> None:
    assert list(measure.turning(["a", "b"], 3)) == [["a", "b"], ["b", "a"], ["a", "b"]]


def test_two_plug_ins_exchange_their_directories_and_nothing_else(tmp_path: Path) -> None:
    plug_ins = tmp_path / "plug-ins"
    folders = [plug_ins / "ours", plug_ins / "empty"]
    for folder in folders:
        (folder / "part").mkdir(parents=True)
        (folder / "part/name").write_text(folder.name, "utf-8")
    numbers = [folder.stat().st_ino for folder in folders]
    gimp_query.exchange_places(*folders)
    assert [folder.stat().st_ino for folder in folders] == numbers[::-1]
    assert [(folder / "part/name").read_text("utf-8") for folder in folders] == ["ours", "empty"]
    assert [one.name for one in tmp_path.iterdir()] == ["plug-ins"]
