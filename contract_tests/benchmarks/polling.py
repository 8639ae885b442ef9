"""From COMPLETED on the service until the client knows: our polling against a fixed interval, simulated.

No clock and no network: tasks whose durations are drawn once, around the service's estimate, are polled by
each policy. A request counts against 50 a minute, over all tasks that run at the same time.
"""

from __future__ import annotations

import bisect
import heapq
import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from precision_upscaler.contract.duration import expected_seconds
from precision_upscaler.ledger import next_slot
from precision_upscaler.settings import Settings
from precision_upscaler.walk import Surroundings

from .result import Claim, Result, Setting, Table

PER_MINUTE = 50
SPREAD = 0.35
"""Standard deviation of the logarithm of real over expected duration: most tasks take 0.7 to 1.4 of it."""


@dataclass(frozen=True)
class Simulated:
    """A task: how long the service is expected to take and how long it does take, in seconds."""

    expected: float
    takes: float


def plain_window(taken: Sequence[float], now: float, per_minute: int) -> float:
    """Return the next slot of a client that merely keeps the limit: at once until the minute is used up."""
    recent = [at for at in taken if at > now - 60]
    return now if len(recent) < per_minute else max(now, recent[-per_minute] + 60 + 1e-6)


@dataclass(frozen=True)
class Poller:
    """A client: its pause before each poll, and how its jobs share the requests of a minute."""

    interval: Callable[[int, float, float, float], float]
    slot: Callable[[Sequence[float], float, int], float] = plain_window


def lags(tasks: Sequence[Simulated], poller: Poller, chance: random.Random) -> tuple[list[float], int]:
    """Return seconds from COMPLETED to known of tasks that start together, and a minute's most requests."""
    due = [(0.1 * number, number, 0, False) for number in range(len(tasks))]
    heapq.heapify(due)
    found = [0.0] * len(tasks)
    sent: list[float] = []
    while due:
        at, number, attempt, has_slot = heapq.heappop(due)
        if not has_slot:
            slot = poller.slot([one for one in sent if one > at - 60], at, PER_MINUTE)
            bisect.insort(sent, slot)
            if slot > at:
                heapq.heappush(due, (slot, number, attempt, True))
                continue
        task = tasks[number]
        if at >= task.takes:
            found[number] = at - task.takes
        else:
            pause = poller.interval(attempt, at, task.expected, chance.random())
            heapq.heappush(due, (at + pause, number, attempt + 1, False))
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
        tasks.append(Simulated(expected, expected * math.exp(source.gauss(0, SPREAD))))
    return tasks


def fixed(seconds: float) -> Callable[[int, float, float, float], float]:
    """Return the policy of a poller that asks every ``seconds``."""
    return lambda _attempt, _elapsed, _expected, _chance: seconds


# the policy as a job really gets it, made of the default settings; nothing else of its surroundings is used
_OURS = Surroundings(journal=Any, client=Any, settings=Settings(), emit=print).polling  # type: ignore[arg-type]

POLLERS = {
    "ours": Poller(_OURS.interval, next_slot),
    "every 10 s (ComfyUI's node)": Poller(fixed(10.0)),
    "every 3 s (SCUMBLE)": Poller(fixed(3.0)),
}


def run(setting: Setting) -> Result:
    """Simulate one task at a time, and 4 and 8 at once."""
    tasks = drawn(80 if setting.quick else 800)
    tables, medians = [], {}
    for together in (1, 4, 8):
        rows = []
        for name, poller in POLLERS.items():
            chance = random.Random(5)
            late: list[float] = []
            most = 0
            for start in range(0, len(tasks), together):
                found, requests = lags(tasks[start : start + together], poller, chance)
                late += found
                most = max(most, requests)
            medians[together, name] = statistics.median(late)
            ninety = statistics.quantiles(late, n=10)[-1]
            rows.append(
                [name, f"{medians[together, name]:.2f}", f"{ninety:.2f}", f"{max(late):.1f}", str(most)]
            )
        columns = ["polled", "median, s", "90 %, s", "worst, s", "most requests in a minute"]
        title = "One task at a time" if together == 1 else f"{together} tasks at once"
        tables.append(Table(title, columns, rows))
    return Result(
        tables,
        [
            Claim("median from COMPLETED to known, one task", round(medians[1, "ours"], 2), 1.0, "s"),
        ],
        [
            (
                f"{len(tasks)} tasks of 1 to 96 MP; durations are the service's estimate times a log-normal "
                f"factor (sigma {SPREAD}). With several at once the limit of {PER_MINUTE} requests a minute "
                "decides: while n of them are near their ends, each can be asked every 1.2 n seconds only."
            )
        ],
    )
