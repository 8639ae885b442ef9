"""From COMPLETED on the service to the result in the image: our polling against a fixed interval, simulated.

No clock and no network: tasks whose durations are drawn once, around the service's estimate, are polled by
each policy over a line with a round trip. A request counts against 50 a minute, over all tasks that run at
the same time. What comes after the last poll (download, check, loading) is measured in :mod:`.arrival`.
"""

from __future__ import annotations

import bisect
import heapq
import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from precision_upscaler.api.rate_limiter import next_slot
from precision_upscaler.contract.estimates import expected_seconds
from precision_upscaler.jobs.context import JobContext
from precision_upscaler.storage.settings import Settings

from . import arrival
from .result import Claim, Result, Setting, Table

PER_MINUTE = 50
SPREAD = 0.35
"""Standard deviation of the logarithm of real over expected duration: most tasks take 0.7 to 1.4 of it."""
ROUND_TRIP = 0.2
"""Seconds from sending a request to its answer; half of it each way."""
TRIPS = (0.1, 0.2, 0.3, 0.5)
WRONG_BY = (0.5, 1.0, 2.0, 4.0)
_KNOWN_TARGET = 1.0


@dataclass(frozen=True)
class Simulated:
    """A task: how long the service is expected to take and does take, in seconds; its result's megapixels."""

    expected: float
    takes: float
    megapixels: float = 1.0


def plain_window(taken: Sequence[float], now: float, per_minute: int) -> float:
    """Return the next slot of a client that merely keeps the limit: at once until the minute is used up."""
    recent = [at for at in taken if at > now - 60]
    return now if len(recent) < per_minute else max(now, recent[-per_minute] + 60 + 1e-6)


@dataclass(frozen=True)
class Poller:
    """A client: its pause before each poll, and how its jobs share the requests of a minute.

    ``from_start`` says that the pause counts from the start of the poll before, not from its answer.
    """

    interval: Callable[[int, float, float, float], float]
    slot: Callable[[Sequence[float], float, int], float] = plain_window
    from_start: bool = False


def lags(
    tasks: Sequence[Simulated], poller: Poller, chance: random.Random, trip: float = 0.0
) -> tuple[list[float], int]:
    """Return seconds from COMPLETED to known of tasks that start together, and a minute's most requests.

    ``trip`` is the round trip of a poll in seconds.
    """
    # (time, task, attempt, when the poll was wanted; None until it has its slot)
    due: list[tuple[float, int, int, float | None]] = [
        (0.1 * number, number, 0, None) for number in range(len(tasks))
    ]
    heapq.heapify(due)
    found = [0.0] * len(tasks)
    sent: list[float] = []
    while due:
        at, number, attempt, wanted = heapq.heappop(due)
        if wanted is None:
            wanted = at
            slot = poller.slot([one for one in sent if one > at - 60], at, PER_MINUTE)
            bisect.insort(sent, slot)
            if slot > at:
                heapq.heappush(due, (slot, number, attempt, wanted))
                continue
        task = tasks[number]
        answered = at + trip
        if at + trip / 2 >= task.takes:
            found[number] = answered - task.takes
        else:
            pause = poller.interval(attempt, wanted, task.expected, chance.random())
            begin = max(answered, wanted + pause) if poller.from_start else answered + pause
            heapq.heappush(due, (begin, number, attempt + 1, None))
    return found, most_in_a_minute(sent)


def most_in_a_minute(times: Sequence[float]) -> int:
    """Return the most of the sorted ``times`` that lie within any 60 seconds."""
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - 60:
            first += 1
        most = max(most, last - first + 1)
    return most


def drawn(count: int, seed: int = 9) -> list[Simulated]:
    """Return tasks of many sizes; the same ones every time."""
    source = random.Random(seed)
    tasks = []
    for _ in range(count):
        megapixels = math.exp(source.uniform(math.log(1), math.log(96)))
        side = round(math.sqrt(megapixels * 1e6))
        expected = expected_seconds(side, side)
        tasks.append(Simulated(expected, expected * math.exp(source.gauss(0, SPREAD)), megapixels))
    return tasks


def fixed(seconds: float) -> Callable[[int, float, float, float], float]:
    """Return the policy of a poller that asks every ``seconds``."""
    return lambda _attempt, _elapsed, _expected, _chance: seconds


# the policy as a job really gets it, made of the default settings; nothing else of its surroundings is used
_POLICY = JobContext(journal=Any, client=Any, settings=Settings(), emit=print).polling  # type: ignore[arg-type]  # unused
_OURS = "ours"

POLLERS = {
    _OURS: Poller(_POLICY.interval, next_slot, from_start=True),
    "every 10 s (ComfyUI's node)": Poller(fixed(10.0)),
    "every 3 s (SCUMBLE)": Poller(fixed(3.0)),
}


def all_lags(
    tasks: Sequence[Simulated], poller: Poller, together: int = 1, trip: float = ROUND_TRIP
) -> tuple[list[float], int]:
    """Return what :func:`lags` does for all ``tasks``, so many of them at a time."""
    chance = random.Random(5)
    late: list[float] = []
    most = 0
    for start in range(0, len(tasks), together):
        found, requests = lags(tasks[start : start + together], poller, chance, trip)
        late += found
        most = max(most, requests)
    return late, most


def run(setting: Setting) -> Result:
    """Simulate one task at a time, and 4 and 8 at once; then durations and round trips other than assumed."""
    tasks = drawn(80 if setting.quick else 800)
    rest = arrival.measured(setting)
    after = [0.0 if rest is None else ROUND_TRIP + rest.seconds(task.megapixels) for task in tasks]
    tables = [_together(tasks, after, together, measured=rest is not None) for together in (1, 4, 8)]
    tables += [_wrong_durations(tasks), _trips(tasks)]
    late, _ = all_lags(tasks, POLLERS[_OURS])
    assumed = f"one task, round trip {ROUND_TRIP:g} s, durations the estimate times a log-normal factor"
    claims = [
        Claim(
            f"median from COMPLETED to known; {assumed} (sigma {SPREAD})",
            statistics.median(late),
            _KNOWN_TARGET,
            "s",
        )
    ]
    notes = [
        (
            f"{len(tasks)} tasks of 1 to 96 MP. With several at once the limit of {PER_MINUTE} requests a "
            "minute decides: while n of them are near their ends, each can be asked every 1.2 n seconds only."
        )
    ]
    if rest is not None:
        total = [one + more for one, more in zip(late, after, strict=True)]
        claims.append(
            Claim(
                f"median from COMPLETED to the result in the image; {assumed} (sigma {SPREAD})",
                statistics.median(total),
                _KNOWN_TARGET,
                "s",
            )
        )
        tables.append(rest.table)
        notes.append(_floor(tasks, rest))
    return Result(tables, claims, notes)


def _together(tasks: Sequence[Simulated], after: Sequence[float], together: int, *, measured: bool) -> Table:
    rows = []
    for name, poller in POLLERS.items():
        late, most = all_lags(tasks, poller, together)
        total = [one + more for one, more in zip(late, after, strict=True)]
        ninety = statistics.quantiles(late, n=10)[-1]
        in_image = f"{statistics.median(total):.2f}" if measured else "-"
        rows.append(
            [name, f"{statistics.median(late):.2f}", f"{ninety:.2f}", f"{max(late):.1f}", in_image, str(most)]
        )
    columns = [
        "polled",
        "known: median, s",
        "90 %, s",
        "worst, s",
        "in the image: median, s",
        "most requests in a minute",
    ]
    return Table("One task at a time" if together == 1 else f"{together} tasks at once", columns, rows)


def _median(tasks: Sequence[Simulated], poller: Poller, trip: float = ROUND_TRIP) -> str:
    return f"{statistics.median(all_lags(tasks, poller, trip=trip)[0]):.2f}"


def _wrong_durations(tasks: Sequence[Simulated]) -> Table:
    """Return how late each poller is when all tasks take other times than the estimate says."""
    worlds = [[replace(task, takes=task.takes * factor) for task in tasks] for factor in WRONG_BY]
    rows = [[name, *(_median(world, poller) for world in worlds)] for name, poller in POLLERS.items()]
    columns = ["polled", *(f"durations × {factor:g}" for factor in WRONG_BY)]
    return Table("One task, known: median in seconds, where the estimate is wrong", columns, rows)


def _trips(tasks: Sequence[Simulated]) -> Table:
    rows = [[name, *(_median(tasks, poller, trip) for trip in TRIPS)] for name, poller in POLLERS.items()]
    columns = ["polled", *(f"round trip {trip:g} s" for trip in TRIPS)]
    return Table("One task, known: median in seconds, by the line", columns, rows)


def _floor(tasks: Sequence[Simulated], rest: arrival.Arrival) -> str:
    middle = statistics.median(task.megapixels for task in tasks)
    polling = 30 / PER_MINUTE + ROUND_TRIP / 2
    return (
        f"The floor: a poll every {60 / PER_MINUTE:g} s, all that the limit allows, knows an end "
        f"{polling:.2f} s late in the median; the round trip of the download takes {ROUND_TRIP:g} s. The "
        f"rest is this machine's work on the median result of {middle:.0f} MP: {rest.seconds(middle):.2f} s, "
        f"of which GIMP's own loading of the file takes {rest.loading(middle):.2f} s. How long the bytes "
        "take on the user's line is left out."
    )
