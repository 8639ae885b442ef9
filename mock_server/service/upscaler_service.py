"""The service behind the three calls, free of HTTP: keys, scenarios, tasks, time and charges."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
import uuid
from typing import TYPE_CHECKING, Any

from precision_upscaler import contract
from precision_upscaler.contract.estimates import expected_seconds

from mock_server.imaging.input_image import (
    Source,
    check_picture,
    check_size,
    digest_of,
    is_address,
    read_image,
)
from mock_server.scenarios.catalogue import CREATE, LIST, Scenario, UnknownScenarioError, parse
from mock_server.state.clock import Clock, ClockState, steady_unix_time
from mock_server.state.database import Database
from mock_server.state.rate_limits import RateLimits
from mock_server.state.settings import Settings
from mock_server.state.task_model import (
    COMPLETED,
    CREATED,
    FAILED,
    IN_PROGRESS,
    TERMINAL,
    Schedule,
    Task,
    ended_now,
)
from mock_server.state.task_store import TaskStore
from mock_server.state.webhook_store import Outbox, Webhook
from mock_server.webhooks.delivery import Webhooks

from .result_cache import Results
from .task_payload import LinkSettings, webhook_body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mock_server.config import Options

GOOD_KEY = "mock-key"
SCENARIO_KEY = "mock-"
"""A key that begins so plays the scenario that follows."""


class MissingKeyError(Exception):
    """There is no API key."""


class InvalidKeyError(Exception):
    """The API key is not one the mock accepts."""


class UnknownTaskError(Exception):
    """There is no such task, or it is another key's."""


class TaskEndedError(ValueError):
    """The task has ended; what has ended stays as it is."""


class Service:
    """One mock: its options, its clock and its memory. Thread-safe."""

    def __init__(self, options: Options, real_time: Callable[[], float] | None = None) -> None:
        if options.scenario:
            parse(options.scenario)
        self.options = options
        self.sleep: Callable[[float], None] = time.sleep
        real_time = real_time or steady_unix_time()
        now = real_time()
        first = Settings(
            clock=ClockState(now, now, options.speed),
            link_secret=secrets.token_hex(32) if options.seed is None else f"seed-{options.seed}",
            webhook_secret=options.webhook_secret,
            scenario=options.scenario,
            seed=options.seed,
        )
        self.database = Database(options.state, first)
        self.tasks = TaskStore(self.database, options.max_tasks, options.max_picture_bytes)
        self.outbox = Outbox(self.database)
        self.limits = RateLimits(self.database)
        self.clock = Clock(self.database.settings().clock, real_time)
        self.results = Results(self.tasks, options.max_result_bytes)
        self.webhooks = Webhooks(
            self.outbox,
            self._current_clock,
            self._webhook_message,
            attempts=options.webhook_attempts,
            anywhere=options.webhook_anywhere,
        )
        if options.state:
            self._take_up(first)
            self._deliver_due()

    def _take_up(self, first: Settings) -> None:
        """Go on with a state file: this run's options count, its tasks, secret links and seed are kept."""
        self.change_settings(
            lambda settings: settings._replace(
                clock=settings.clock.at_speed(self.clock.real(), self.options.speed),
                webhook_secret=first.webhook_secret,
                scenario=first.scenario,
                upcoming=(),
                seed=first.seed if first.seed is not None else settings.seed,
            )
        )

    def close(self) -> None:
        """End what runs in the background and close the memory."""
        self.webhooks.stop()
        self.database.close()

    # settings

    def settings(self) -> Settings:
        """Return the settings in force; the clock follows them, whichever process changed them."""
        settings = self.database.settings()
        if settings.clock is not self.clock.state:
            self.clock.state = settings.clock
        return settings

    def change_settings(self, change: Callable[[Settings], Settings]) -> None:
        """Replace the settings by ``change`` of what they are."""
        self.database.change_settings(change)
        self.settings()

    def change_clock(self, change: Callable[[ClockState, float], ClockState]) -> None:
        """Replace the clock's state by ``change(state, real time)``; what became due happens."""
        self.change_settings(
            lambda settings: settings._replace(clock=change(settings.clock, self.clock.real()))
        )
        self._deliver_due()

    def _deliver_due(self) -> None:
        """Let webhooks that are due be delivered: at once if the clock is moved by hand, else in a thread."""
        self.webhooks.nudge()

    def _current_clock(self) -> Clock:
        self.settings()
        return self.clock

    def _webhook_message(self, task_id: str, status: str) -> tuple[str, bytes, str] | None:
        """Return address, body and secret of a task's webhook; None when the task was forgotten."""
        task = self.tasks.task(task_id)
        if task is None:
            return None
        secret = self.settings().webhook_secret
        body = json.dumps(webhook_body(self.link_settings(), task, status), separators=(",", ":")).encode()
        return task.webhook_url, body, secret

    def link_settings(self) -> LinkSettings:
        """Return what result links are made of at this moment."""
        secret, options = self.database.known.link_secret.encode(), self.options
        return LinkSettings(
            secret, self.clock.wire(), options.link_seconds, options.links, options.result_format
        )

    # keys and scenarios

    def authenticate(self, key: str | None) -> str:
        """Return the key when it is accepted; :class:`MissingKeyError` or :class:`InvalidKeyError` if not."""
        if not key:
            raise MissingKeyError
        if key == GOOD_KEY or key in self.options.api_key or self.scenario_of_key(key) is not None:
            return key
        raise InvalidKeyError

    @staticmethod
    def scenario_of_key(key: str) -> Scenario | None:
        """Return the scenario that a key ``mock-<scenario>`` plays, or None."""
        if not key.startswith(SCENARIO_KEY) or key == GOOD_KEY:
            return None
        try:
            return parse(key.removeprefix(SCENARIO_KEY))
        except UnknownScenarioError:
            return None

    def next_scenario(self) -> str:
        """Take the scenario that was set for the next create call; empty when none was."""
        if not self.database.known.upcoming:
            return ""
        taken = ""

        def take(settings: Settings) -> Settings:
            nonlocal taken
            taken = settings.upcoming[0] if settings.upcoming else ""
            return settings._replace(upcoming=settings.upcoming[1:])

        self.change_settings(take)
        return taken

    def scenario_applies(self, scenario: Scenario | None, step: str, subject: str) -> bool:
        """Return whether a scenario applies to this call; counts the call when the scenario is counted.

        ``subject`` is what the count belongs to: a task's id, or the key, where the count starts over
        after the call that was spared.
        """
        if scenario is None or step not in scenario.steps:
            return False
        if scenario.times is None:
            return True
        count = self.tasks.count_scenario_call(subject, f"{scenario.name}@{step}")
        if step in (CREATE, LIST):
            count %= scenario.times + 1
        return count < scenario.times

    # tasks

    def create(
        self, owner: str, body: dict[str, Any], written: str, pace: Mapping[str, float], base: str
    ) -> Task:
        """Create a task from a create call's JSON body, which keeps to the contract, and charge ``owner``.

        ``written`` is the scenario as it was written; ``pace`` may hold ``seconds``, ``queue`` and
        ``polls`` for this task alone; ``base`` is the address the client called, for links in webhooks.
        :class:`InputImageError` when the image is refused, :class:`StorageFullError` when it has no room.
        """
        parameters = {item.name: body.get(item.name, item.default) for item in contract.PARAMETERS}
        factor = int(parameters["scale_factor"])
        seed = self.database.known.seed
        task_id = str(uuid.uuid4()) if seed is None else ""
        scenario = parse(written) if written else None
        webhook_url = body.get("webhook_url") or ""
        added, known = None, True
        while added is None:
            digest, width, height, source = self._picture(body["image"], factor, known=known)
            now = self.clock.now()  # decoding took its time: the task begins now
            schedule = self._schedule(now, expected_seconds(width * factor, height * factor), scenario, pace)
            task = Task(
                0, task_id, owner, now, schedule, json.dumps(parameters), digest, width, height,
                width * height * factor**2 / 1e6, written, webhook_url, base,
            )  # fmt: skip
            webhooks = self._webhooks(task, scenario) if webhook_url else []
            added = self.tasks.add_task(task, source, lambda number: _seeded_id(seed, number), webhooks)
            known = False  # the picture was forgotten between the look and the write: bring it
        if webhooks:
            self._deliver_due()
        return added

    def _picture(self, text: str, factor: int, *, known: bool) -> tuple[str, int, int, Source | None]:
        """Return digest, width, height, and the picture unless the memory is ``known`` to have it.

        That another run took a picture says nothing where this one would fetch or refuse it.
        """
        options = self.options
        fetch = _fetched if options.fetch_images else None
        digest = digest_of(text.encode())
        judged_anew = options.strict or (fetch and is_address(text))
        size = self.tasks.picture_size(digest) if known and not judged_anew else None
        if size is not None:
            check_size(*size, factor, limits=options.limits)
            return digest, *size, None
        data = read_image(text, strict=options.strict, fetch=fetch)
        if fetch and is_address(text):
            digest = digest_of(data)  # what is at an address may be another picture tomorrow
        source = check_picture(data, digest, factor, limits=options.limits)
        return digest, source.width, source.height, source

    def _schedule(
        self, now: float, expected: float, scenario: Scenario | None, pace: Mapping[str, float]
    ) -> Schedule:
        options = self.options
        outcome = (scenario.outcome if scenario else "") or COMPLETED
        polls = int(pace["polls"]) if "polls" in pace else None if "seconds" in pace else options.polls
        seconds, queue = options.seconds, options.queue_seconds
        if options.progress == "immediate":
            seconds = queue = 0.0
        seconds = pace.get("seconds", expected if seconds is None else seconds)
        starts_at = now + min(pace.get("queue", queue), seconds)
        if scenario and scenario.at_once:
            return Schedule(now, now, outcome)
        if scenario and scenario.stuck:
            return Schedule(None if scenario.stuck == CREATED else starts_at, None, outcome)
        if polls is not None:
            return Schedule(None, None, outcome, polls)
        return Schedule(starts_at, now + seconds, outcome)

    def _webhooks(self, task: Task, scenario: Scenario | None) -> list[Webhook]:
        new_id = f"msg_{uuid.uuid4().hex}"
        found = [Webhook(new_id, task.schedule.outcome, task.schedule.ends_at)]
        if self.options.webhook_events == "all":
            found.insert(0, Webhook(f"msg_{uuid.uuid4().hex}", IN_PROGRESS, task.schedule.starts_at))
        if scenario and scenario.webhook == "lost":
            return []
        if scenario and scenario.webhook == "twice":
            found.append(found[-1])
        return found

    def read(self, owner: str, task_id: str) -> Task:
        """Return a task of ``owner`` after one more status call, or raise :class:`UnknownTaskError`."""
        task = self.tasks.task(task_id.lower())
        if task is None or task.owner != owner:
            raise UnknownTaskError
        if task.schedule.polls_to_end is not None and task.schedule.ends_at is None:
            task = self.tasks.change_task(task.task_id, self._polled) or task
            if task.webhook_url:
                self._deliver_due()
        return task

    def _polled(self, task: Task) -> Task:
        """Return a task after one more status call; from the call that ends it on, time knows the end too."""
        now = self.clock.now()
        task = task._replace(polls=task.polls + 1)
        schedule = task.schedule
        if schedule.starts_at is None:
            schedule = schedule._replace(starts_at=now)
        if task.status(now) in TERMINAL and schedule.ends_at is None:
            schedule = schedule._replace(ends_at=now)
        return task._replace(schedule=schedule)

    def end(self, task_id: str, outcome: str) -> Task | None:
        """Let a task end now; None when there is none. :class:`TaskEndedError` when it has ended already."""
        if outcome not in TERMINAL:
            raise ValueError(f"a task ends {COMPLETED} or {FAILED}, not {outcome!r}")
        self.settings()
        now = self.clock.now()

        def change(task: Task) -> Task:
            if task.status(now) in TERMINAL:
                raise TaskEndedError(f"the task is {task.status(now)}, and what has ended stays as it is")
            return task._replace(schedule=ended_now(task.schedule, now, outcome))

        task = self.tasks.change_task(task_id, change)
        self._deliver_due()
        return task

    def reset(self) -> None:
        """Forget tasks, pictures, charges, counts and scenarios; the clock goes on."""
        self.database.clear()
        self.results.clear()
        self.change_settings(lambda settings: settings._replace(scenario=self.options.scenario, upcoming=()))

    def snapshot(self) -> bytes:
        """Return everything but the request log as the bytes of a SQLite file."""
        # the clock's reading belongs to the snapshot: a restore goes on from it
        self.change_clock(lambda state, real: state.moved(real, 0.0))
        return self.database.snapshot()

    def restore(self, data: bytes) -> None:
        """Go back to a snapshot, its time included; ValueError when it is none."""
        self.database.restore(data)
        self.results.clear()
        self.change_clock(lambda state, real: state._replace(real=real))


def _fetched(address: str) -> bytes:
    from mock_server.imaging.fetch import fetch  # noqa: PLC0415 - a client of HTTP, for an option that few set

    return fetch(address)


def _seeded_id(seed: int | None, number: int) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(f"{seed}:{number}".encode()).digest()[:16], version=4))
