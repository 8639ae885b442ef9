"""What of the journal nobody needs any more, by age and size, and its removal."""

from __future__ import annotations

import shutil

from .journal import Job, Journal, State

_UNPAID_DAYS = 1.0
_DAY = 86400.0
_REST = 600.0
"""Seconds in which a front end loads what it was given, and another run sees how the job it awaits ended."""


def prune(journal: Journal, days: float, megabytes: float) -> None:
    """Remove old or too bulky deliveries and remains of jobs that cost nothing.

    A job that somebody works on, that was delivered, reused or ended only minutes ago, or on which
    money was or may have been spent without a result in the user's hands, is never removed. To be
    called under the journal's lock.
    """
    kept: list[Job] = []
    for job in journal:
        if not _is_idle(job):
            continue
        limit = days if job.state is State.DELIVERED else min(days, _UNPAID_DAYS)
        if _age(journal, job) > max(limit * _DAY, _REST):
            journal.remove(job)
        elif job.state is State.DELIVERED:
            kept.append(job)
    _shrink(journal, kept, megabytes)
    _sweep(journal)


def _is_idle(job: Job) -> bool:
    if job.state.undelivered or not job.lock.acquire(wait=False):
        return False
    # Windows removes no file that is open; nobody can take the lock while the journal's is held
    job.lock.release()
    return True


def _age(journal: Journal, job: Job) -> float:
    return journal.clock.time() - job.touched


def _shrink(journal: Journal, deliveries: list[Job], megabytes: float) -> None:
    """Remove deliveries, the longest untouched first, until the others fit."""
    total = sum(job.size() for job in deliveries)
    for job in sorted(deliveries, key=lambda item: item.touched):
        if total <= megabytes * (1 << 20) or _age(journal, job) <= _REST:
            break
        total -= job.size()
        journal.remove(job)


def _sweep(journal: Journal) -> None:
    """Remove what a crash in the middle of creating or removing left; a day is longer than either takes."""
    for folder in journal.folder.glob(".*-*"):
        if journal.clock.time() - folder.stat().st_mtime > _DAY:
            shutil.rmtree(folder, ignore_errors=True)
