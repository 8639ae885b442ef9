"""What a job costs and whether the budget allows it: between the job journal and the spending ledger.

A price is reserved before the create call, and the ledger follows every change of the job's state. Should a
process die in between, :meth:`Spending.reconcile` reads what became of the job from the journal.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from precision_upscaler.contract import estimates
from precision_upscaler.errors import JobUnknown, UpscaleError
from precision_upscaler.storage.job_record import State
from precision_upscaler.storage.journal import Job, Journal
from precision_upscaler.storage.log import LOGGER
from precision_upscaler.storage.spending import (
    Balance,
    Budget,
    EntryState,
    Payer,
    Price,
    Purpose,
    SpendingLedger,
    Wanted,
)

_SETTLED = {
    State.COMMITTED: EntryState.UNKNOWN,
    State.CREATED: EntryState.CHARGED,
    State.STORED: EntryState.CHARGED,
    State.DELIVERED: EntryState.CHARGED,
    # the service does not say whether a failed task is charged: a budget has to expect it
    State.FAILED: EntryState.CHARGED,
    State.REFUSED: EntryState.RELEASED,
    State.CANCELLED: EntryState.RELEASED,
}

_RUN = "run-"

COUNT_PRACTICE_VARIABLE = "PRECISION_UPSCALER_COUNT_PRACTICE"


def price_of(width: int, height: int, scale_factor: int, table: Mapping[str, Any] | None = None) -> Price:
    """Return the estimated price of enlarging ``width`` x ``height`` pixels ``scale_factor`` times."""
    found = estimates.estimate(width, height, scale_factor, None if table is None else dict(table))
    return Price(found.credits, found.amount, found.currency, found.dated, round(found.megapixels, 4))


def purpose_of(origin: Mapping[str, Any]) -> Purpose:
    """Return what a job with this ``origin`` is for; a file's folder is left out."""
    file = str(origin.get("file") or "").replace("\\", "/").rpartition("/")[2]
    image = str(origin.get("image") or "") or file
    layer = origin.get("layer")
    return Purpose("layer", str(layer), image) if layer else Purpose("file", file, image)


class Spending:
    """The ledger of the jobs in ``journal``: follows their states, and holds the budget."""

    def __init__(self, ledger: SpendingLedger, journal: Journal, budget: Budget) -> None:
        self.ledger = ledger
        self.budget = budget
        self._journal = journal

    def note(self, job: Job) -> None:
        """Write down what the job's new state says about its charge.

        What cannot be written is left to :meth:`reconcile`: the picture that was paid for comes first.
        """
        state = _SETTLED.get(job.state)
        if state is not None:
            try:
                self.ledger.settle(job.job_id, state, job.task_id)
            except UpscaleError as error:
                LOGGER.warning("job %s: the spending ledger cannot be written: %s", job.job_id, error.what)

    @contextlib.contextmanager
    def run(
        self, payer: Payer, tasks: Sequence[tuple[Purpose, Price]], *, over_budget: bool = False
    ) -> Iterator[str]:
        """Reserve the price of all of a run's tasks or of none (BudgetExceeded); yield the run's id.

        The run's jobs take the reservations over. What none of them has taken at the end was certainly not
        charged and is released; if the process dies, :meth:`reconcile` does that.
        """
        run_id = _RUN + secrets.token_hex(8)
        lock = self.ledger.lock_run(run_id)
        assert lock is not None  # nobody else knows the name
        try:
            self.reconcile()
            wanted = [Wanted(purpose, price, run_id) for purpose, price in tasks]
            self.ledger.reserve(payer, wanted, self._limits(payer), over_budget=over_budget)
            yield run_id
        finally:
            with contextlib.suppress(UpscaleError):
                self.ledger.settle(run_id, EntryState.RELEASED)
            self.ledger.unlock_run(run_id, lock)

    def reserve(
        self,
        job: Job,
        payer: Payer,
        price: Price,
        *,
        over_budget: bool = False,
        run_id: str | None = None,
    ) -> None:
        """Reserve the price of ``job`` before it is sent; BudgetExceeded when it is too much.

        A job that has a reservation keeps it; one of the run ``run_id`` takes over one of the run's.
        """
        if self.ledger.of_job(job.job_id) is None:
            self.reconcile()
            wanted = Wanted(purpose_of(job.record.origin), price, job.job_id)
            self.ledger.reserve(payer, [wanted], self._limits(payer), over_budget=over_budget, run_id=run_id)

    def balance(self, payer: Payer) -> Balance:
        """Return this month's numbers, with what dead processes left open settled."""
        self.reconcile()
        return self.ledger.balance(self._limits(payer), practice=payer.practice)

    def reconcile(self) -> None:
        """Settle the entries of jobs whose process has died."""
        self.ledger.reconcile(self._outcome)

    def _limits(self, payer: Payer) -> Budget:
        # practice costs nothing; who tests a budget against a mock says so in the environment
        counted = not payer.practice or os.environ.get(COUNT_PRACTICE_VARIABLE) == "1"
        return self.budget if counted else Budget(None, self.budget.unit)

    def _outcome(self, job_id: str) -> tuple[EntryState, str | None] | None:
        if job_id.startswith(_RUN):
            lock = self.ledger.lock_run(job_id)
            if lock is None:
                return None
            self.ledger.unlock_run(job_id, lock)
            return EntryState.RELEASED, None
        try:
            job = self._journal.open(job_id)
        except JobUnknown:
            # dead unpaid jobs are settled here long before they are pruned: this one may have been paid for
            return EntryState.UNKNOWN, None
        except UpscaleError:
            return None
        if job.state.unpaid:
            return None if job.is_running() else (EntryState.RELEASED, None)
        return _SETTLED[job.state], job.task_id
