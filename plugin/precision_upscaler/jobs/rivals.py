"""The other jobs of this computer that lost the answer to their create, and the tasks each may have made."""

from __future__ import annotations

from collections.abc import Callable

from precision_upscaler.imaging.base import NotAPicture, Picture
from precision_upscaler.imaging.similarity import CannotCompare, Likeness, likeness, resembles
from precision_upscaler.storage.files import read_json
from precision_upscaler.storage.journal import Job, Journal, State
from precision_upscaler.urls import account

from .claims import Claim

KNOWN = "known.json"
"""Where a job keeps the ids of the tasks that were there before its create."""


def known_tasks(job: Job) -> set[str] | None:
    """Return the tasks there were before the job's create, None when they could not be read."""
    try:
        before = read_json(job.folder / KNOWN)
    except (OSError, ValueError):
        return None
    return set(before) if isinstance(before, list) else None


def same_shape(job: Job, picture: Picture) -> bool:
    """Whether ``picture`` can be the job's result: another size may be a mistake, another shape cannot."""
    width, height = job.record["expected"]
    difference = abs(picture.width * height - picture.height * width)
    return bool(difference <= 2 * max(width, height) + width * height // 50)


def _asked_for(job: Job, picture: Picture) -> bool:
    # a service that applies the EXIF rotation returns the sides exchanged
    return sorted(job.record["expected"]) == sorted((picture.width, picture.height))


class Rivals:
    """What the journal's other jobs without an answer mean for the search of ``job``."""

    def __init__(self, job: Job, journal: Journal) -> None:
        self._job = job
        self._journal = journal
        self._sources: dict[str, Likeness] = {}
        self._others: list[tuple[Job, set[str]]] = []
        self.refresh()

    def refresh(self) -> None:
        """Look again which other jobs do not know their task; to be called before each decision."""
        own = account(self._job.record["service"])
        self._others = [
            (job, known_tasks(job) or set())
            for job in self._journal
            if job.state is State.COMMITTED
            and job.job_id != self._job.job_id
            and account(job.record["service"]) == own
        ]

    def number(self, task_id: str) -> int:
        """Return how many others may have made the task, as far as the time of its making tells."""
        return len(self._of(task_id))

    def claim(self, task_id: str, picture: Picture, shown: Likeness) -> Claim:
        """Return what the others mean for our claim to a task whose picture is ``shown``."""
        rivals = [job for job in self._of(task_id) if self._may_show(job, picture, shown)]
        exact = _asked_for(self._job, picture)
        return Claim(
            task_id,
            exact,
            len(rivals),
            anothers=not exact and any(_asked_for(job, picture) for job in rivals),
            # whoever has no doubt yet and is at work is still listening for its answer
            awaited=any("doubt" not in job.record and job.is_running() for job in rivals),
        )

    def given_up(self, before: set[str], ours: Callable[[], Likeness]) -> set[str]:
        """Return which of the tasks ``before`` our create another job of our picture has left to us.

        That job lost its answer too, and adopted a task made after ours was sent, for its own was
        not on the list yet: so one of those before may be free for us in exchange.
        """
        free: set[str] = set()
        for job in self._journal:
            if job.record.get("adopted") and job.record["size"] == self._job.record["size"]:
                known = known_tasks(job)
                if known is not None and job.task_id not in before and self._shows(job, ours):
                    free |= before - known
        return free

    def source(self, job: Job) -> Likeness:
        """Return the likeness of a job's source; CannotCompare or NotAPicture when there is none."""
        if job.job_id not in self._sources:
            self._sources[job.job_id] = likeness(job.source)
        return self._sources[job.job_id]

    def _of(self, task_id: str) -> list[Job]:
        return [job for job, known in self._others if task_id not in known]

    def _may_show(self, job: Job, picture: Picture, shown: Likeness) -> bool:
        if not same_shape(job, picture):
            return False
        try:
            return resembles(self.source(job), shown)
        except (CannotCompare, NotAPicture, OSError):
            return True

    @staticmethod
    def _shows(job: Job, ours: Callable[[], Likeness]) -> bool:
        try:
            return job.result is not None and resembles(ours(), likeness(job.result))
        except (CannotCompare, NotAPicture, OSError):
            return False
