"""The service behind the three calls, free of HTTP: keys, tasks, time, results and charges."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from precision_upscaler import contract

from . import answers
from .clock import Clock, ClockState, steady_unix_time
from .pictures import PictureError, Source, check_picture, check_size, digest_of, read_image
from .results import Results
from .scenarios import Scenario, UnknownScenarioError, parse
from .settings import Settings
from .store import Store
from .tasks import CREATED, IN_PROGRESS, Schedule, Task, expected_seconds
from .validation import request_faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from .options import Options

GOOD_KEY = "mock-key"
_SCENARIO_KEY = "mock-"
_PARAMETERS = tuple(contract.PARAMETERS)


class Service:
    """One mock: its options, its clock and its memory. Thread-safe."""

    def __init__(self, options: Options, real_time: Callable[[], float] | None = None) -> None:
        self.options = options
        self.sleep: Callable[[float], None] = time.sleep
        real_time = real_time or steady_unix_time()
        started = ClockState(real_time(), real_time(), options.speed)
        seeded = options.seed is not None
        first = Settings(
            clock=started,
            link_secret=f"seed-{options.seed}" if seeded else secrets.token_hex(32),
            webhook_secret=options.webhook_secret,
            scenario=options.scenario,
            seed=options.seed,
        )
        if options.scenario:
            parse(options.scenario)
        self.store = Store(options.state, first)
        self.clock = Clock(self.store.settings().clock, real_time)
        self.results = Results(self.store, options)
        if self.clock.state.speed != options.speed:  # a state file of a run at another speed
            self.change_clock(lambda state, real: state.at_speed(real, options.speed))

    # settings

    def settings(self) -> Settings:
        """Return the settings in force; the clock follows them, whichever process changed them."""
        settings = self.store.settings()
        if settings.clock is not self.clock.state:
            self.clock.state = settings.clock
        return settings

    def change_clock(self, change: Callable[[ClockState, float], ClockState]) -> None:
        """Replace the clock's state by ``change(state, real time)``."""
        self.store.change_settings(
            lambda settings: replace(settings, clock=change(settings.clock, self.clock.real()))
        )
        self.settings()

    # keys and scenarios

    def authenticate(self, key: str | None) -> str:
        """Return the key when it is accepted; :class:`RefusedError` with the documented 401 when not."""
        if not key:
            raise answers.RefusedError(answers.message(401, answers.MISSING_KEY))
        if key == GOOD_KEY or key in self.options.api_key or self.scenario_of_key(key) is not None:
            return key
        raise answers.RefusedError(answers.message(401, answers.INVALID_KEY))

    @staticmethod
    def scenario_of_key(key: str) -> Scenario | None:
        """Return the scenario that a key ``mock-<scenario>`` plays, or None."""
        if not key.startswith(_SCENARIO_KEY) or key == GOOD_KEY:
            return None
        try:
            return parse(key.removeprefix(_SCENARIO_KEY))
        except UnknownScenarioError:
            return None

    def next_scenario(self) -> str:
        """Take the scenario that was set for the next create call; empty when none was."""
        if not self.settings().upcoming:
            return ""
        taken = ""

        def take(settings: Settings) -> Settings:
            nonlocal taken
            taken = settings.upcoming[0] if settings.upcoming else ""
            return replace(settings, upcoming=settings.upcoming[1:])

        self.store.change_settings(take)
        return taken

    def strikes(self, scenario: Scenario | None, step: str, subject: str) -> bool:
        """Return whether a scenario strikes at this call; counts the call when the scenario is counted.

        ``subject`` is what the count belongs to: a task's id, or the key, where the count starts over
        after the call that was spared.
        """
        if scenario is None or step not in scenario.steps:
            return False
        if scenario.times is None:
            return True
        count = self.store.count(f"{scenario.name}@{step}:{subject}")
        if step in ("create", "list"):
            count %= scenario.times + 1
        return count < scenario.times

    # the three calls

    def create(self, owner: str, body: Any, written: str, hints: dict[str, float]) -> Task:
        """Create a task from a create call's JSON body and charge it to ``owner``.

        ``written`` is the scenario as it was written, ``hints`` may hold ``seconds``, ``queue`` and
        ``polls`` for this task alone. :class:`RefusedError` when the body is refused.
        """
        faults = request_faults(body)
        if faults:
            raise answers.RefusedError(
                answers.bad_request(answers.NOT_VALIDATED, faults, self.options.error_shape)
            )
        parameters = {item.name: body.get(item.name, item.default) for item in _PARAMETERS}
        factor = int(parameters["scale_factor"])
        try:
            digest, width, height, source = self._picture(body["image"], factor)
        except PictureError as error:
            raise answers.RefusedError(
                answers.bad_request(
                    answers.IMAGE_REFUSED, [("body.image", str(error))], self.options.error_shape
                )
            ) from None
        settings = self.settings()
        now = self.clock.now()
        scenario = parse(written) if written else None
        task = Task(
            0, "", owner, now, self._schedule(now, width, height, scenario, hints), parameters, digest,
            width, height, written, body.get("webhook_url", ""),
        )  # fmt: skip
        return self.store.add_task(task, source, lambda number: _task_id(settings.seed, number))

    def _picture(self, text: str, factor: int) -> tuple[str, int, int, Source | None]:
        """Return digest, width, height, and the picture unless the store has it already."""
        digest = digest_of(text.encode())
        known = self.store.picture_header(digest)
        if known is not None:
            check_size(*known, factor, limits=self.options.limits)
            return digest, *known, None
        fetch = None
        if self.options.fetch_images:
            from .fetching import fetch  # noqa: PLC0415 - rarely used, and brings an HTTP client
        data = read_image(text, strict=self.options.strict, fetch=fetch)
        source = check_picture(data, digest, factor, limits=self.options.limits)
        return digest, source.width, source.height, source

    def _schedule(
        self, now: float, width: int, height: int, scenario: Scenario | None, hints: dict[str, float]
    ) -> Schedule:
        options = self.options
        outcome = scenario.outcome if scenario and scenario.outcome else "COMPLETED"
        queue = hints.get("queue", options.queue_seconds)
        seconds = hints.get("seconds", options.seconds)
        polls = int(hints["polls"]) if "polls" in hints else options.polls
        if options.progress == "immediate" and not hints:
            queue = seconds = 0.0
        if seconds is None:
            seconds = expected_seconds(width, height)
        starts_at: float | None = now + min(queue, seconds)
        ends_at: float | None = now + seconds
        if scenario and scenario.at_once:
            starts_at = ends_at = now
        elif scenario and scenario.stuck:
            starts_at, ends_at = (None if scenario.stuck == CREATED else starts_at), None
            polls = None
        elif polls is not None:
            starts_at = ends_at = None
        return Schedule(starts_at, ends_at, outcome, polls)

    def read(self, owner: str, task_id: str) -> Task:
        """Return a task of ``owner`` after one more status call; :class:`RefusedError` when there is none."""
        task = self.store.task(task_id.lower())
        if task is None or task.owner != owner:
            raise answers.RefusedError(unknown_task(strict=self.options.strict))
        self.settings()
        if task.schedule.polls_to_end is not None and task.schedule.ends_at is None:
            task = self._polled(task)
        return task

    def extension_of(self, task: Task) -> str:
        """Return the extension of a task's result file, without a dot."""
        nearest = task.scenario and parse(task.scenario).trick == "nearest"
        return "png" if nearest else self.options.result_format.replace("jpeg", "jpg")

    def _polled(self, task: Task) -> Task:
        counted = self.store.count_poll(task.task_id) or task
        now = self.clock.now()
        if counted.status(now) not in (CREATED, IN_PROGRESS):
            # from here on time knows the end too: webhooks and the list go by it
            schedule = replace(counted.schedule, ends_at=now)
            self.store.set_schedule(task.task_id, schedule)
            counted = replace(counted, schedule=schedule)
        return counted


def unknown_task(*, strict: bool) -> answers.Answer:
    """Return the answer for a task id that is not the key's; 404 is not in the document."""
    if strict:
        return answers.message(400, "Parameter 'task-id' is not valid")
    return answers.message(404, "Task not found")


def _task_id(seed: int | None, number: int) -> str:
    if seed is None:
        return str(uuid.uuid4())
    return str(uuid.UUID(bytes=hashlib.sha256(f"{seed}:{number}".encode()).digest()[:16], version=4))
