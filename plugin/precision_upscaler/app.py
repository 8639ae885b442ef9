"""Put a job's surroundings together from the user's folder, settings, key and the environment."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from precision_upscaler.api.client import Timeouts, UpscalerClient
from precision_upscaler.api.rate_limiter import RateLimiter
from precision_upscaler.api.responses import ApiError, user_error
from precision_upscaler.api.retry import goes_first
from precision_upscaler.contract.estimates import TABLE, own_table
from precision_upscaler.jobs.budget import Spending, price_of
from precision_upscaler.jobs.context import Emit, JobContext
from precision_upscaler.storage.credentials import Key, clean_key, find_key, require_key
from precision_upscaler.storage.journal import Job, Journal
from precision_upscaler.storage.log import open_log
from precision_upscaler.storage.settings import Settings
from precision_upscaler.storage.spending import (
    Balance,
    Budget,
    Entry,
    Payer,
    Purpose,
    SpendingLedger,
    Unit,
    fingerprint,
    month_of,
)

from .cancel import CancelToken
from .clock import Clock, SystemClock
from .errors import InvalidKey, SettingsDamaged, UpscaleError
from .messages import joined, translatable
from .urls import check_address, is_loopback


@dataclass(frozen=True)
class RunTask:
    """One task of a run: what it is for, and its picture's size in pixels."""

    purpose: Purpose
    width: int
    height: int
    scale_factor: int


class App:
    """What the worker and the command line share: folder, journal, settings, address and key."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        base_url: str,
        *,
        log: Path,
        cancel: CancelToken,
        random: Callable[[], float],
        clock: Clock | None = None,
        address_problem: SettingsDamaged | None = None,
        budget_problem: SettingsDamaged | None = None,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.base_url = base_url
        self.log = log
        self.cancel = cancel
        self.clock = clock or SystemClock()
        self.journal = Journal(folder / "jobs", self.clock)
        limit = settings.monthly_budget or None
        unit: Unit = "credits" if settings.budget_unit == "credits" else "money"
        ledger = SpendingLedger(folder / "spending", self.clock)
        self.spending = Spending(ledger, self.journal, Budget(limit, unit))
        self.journal.on_state = self.spending.note
        self.prices = own_table(str(folder))
        self.timeouts = Timeouts()
        self.last_job_id: str | None = None
        self._keys: dict[str, Key] = {}
        self._address_problem = address_problem
        self._budget_problem = budget_problem
        self._random = random

    def check_address_known(self) -> None:
        """Raise SettingsDamaged if it is not known which address the user chose.

        To be called before anything is sent to ``base_url``, or a key is stored for it: the default address
        instead of the user's mock would be paid for.
        """
        if self._address_problem is not None:
            raise self._address_problem

    def find_key(self) -> Key | None:
        """Return the key in use, None when there is none."""
        return find_key(self.folder, self.base_url)

    @contextlib.contextmanager
    def client(
        self, cancel: CancelToken | None = None, key: Key | None = None, address: str | None = None
    ) -> Iterator[UpscalerClient]:
        """Open a client for the address and key in use, within the key's rate limit; NoKey without one.

        ``key`` is used instead of the stored one, ``address`` instead of the one in use.
        """
        address = address or self.base_url
        key = key or self._key(address)
        open_log(self.folder, key.value)
        cancel = cancel or self.cancel
        own = self.settings.requests_per_minute
        start = Settings.requests_per_minute
        limiter = RateLimiter(self.folder, key.value, own, self.clock, at_most=None if own == start else own)
        with UpscalerClient(
            address,
            key.value,
            timeouts=self.timeouts,
            clock=self.clock,
            cancel=cancel,
            before_request=lambda call: limiter.wait_for_slot(cancel.event, first=goes_first(call)),
            observe=limiter.observe,
            result_hosts=self.settings.result_hosts,
        ) as client:
            yield client

    def _key(self, address: str) -> Key:
        """Return the key for ``address``, asked for once: a keyring may want a password every time."""
        if address not in self._keys:
            self._keys[address] = require_key(self.folder, address)
        return self._keys[address]

    @contextlib.contextmanager
    def job_context(
        self,
        emit: Emit,
        cancel: CancelToken | None = None,
        job_id: str | None = None,
        *,
        over_budget: bool = False,
        run_id: str | None = None,
    ) -> Iterator[JobContext]:
        """Open everything one job needs; the job ``job_id`` is taken up where it was created.

        ``over_budget``: the user allows it to pass the monthly budget. ``run_id``: see :meth:`run`.

        An error of the block says where the log is, and which job it is about.
        """
        try:
            if job_id is None:
                self.check_address_known()
            address = None if job_id is None else self._address_of(self.journal.open(job_id))
            payer = self.payer(address or self.base_url)

            def reserve(job: Job) -> None:
                if self._budget_problem is not None and not (over_budget or payer.practice):
                    raise self._budget_problem
                price = price_of(*job.record.size, int(job.record.parameters["scale_factor"]), self.prices)
                self.spending.reserve(job, payer, price, over_budget=over_budget, run_id=run_id)

            with self.client(cancel, address=address) as client:
                yield JobContext(
                    self.journal,
                    client,
                    self.settings,
                    emit,
                    cancel or self.cancel,
                    self.clock,
                    self._random,
                    reserve=reserve,
                )
        except UpscaleError as error:
            error.log = str(self.log)
            error.job_id = error.job_id or job_id
            raise

    @contextlib.contextmanager
    def run(self, tasks: Sequence[RunTask], *, over_budget: bool = False) -> Iterator[str | None]:
        """Reserve the price of all of a run's tasks before the first is sent, or raise BudgetExceeded.

        Yield the run's id for :meth:`job_context`, None where there is nothing to hold: without a budget, or
        for one task, which reserves its own price. So that every task reports its own error, none is raised
        here for a missing key or a damaged setting: no task is sent then.
        """
        try:
            self.check_address_known()
            payer = self.payer()
        except UpscaleError:
            payer = None
        if payer is None or self.spending.budget.limit is None or len(tasks) < 2:  # noqa: PLR2004 - as above
            yield None
            return
        priced = [
            (one.purpose, price_of(one.width, one.height, one.scale_factor, self.prices)) for one in tasks
        ]
        with self.spending.run(payer, priced, over_budget=over_budget) as run_id:
            yield run_id

    def payer(self, address: str | None = None) -> Payer:
        """Return who pays for tasks at ``address`` (default: the one in use); NoKey without a key."""
        address = address or self.base_url
        account = fingerprint(self.spending.ledger.folder, self._key(address).value)
        return Payer(account, address, is_loopback(urlsplit(address).hostname))

    def budget(self) -> dict[str, Any] | None:
        """Return this month's numbers as ``protocol.py`` shows them, None without a budget."""
        numbers = self.spending.balance(self._payer_without_key())
        if numbers.limit is None:
            return None
        currency = str((self.prices or TABLE)["currency"])
        return {**asdict(numbers), "left": numbers.left, "currency": currency}

    def _payer_without_key(self) -> Payer:
        return Payer("", self.base_url, is_loopback(urlsplit(self.base_url).hostname))

    def spending_of_service(self, month: str | None = None) -> tuple[list[Entry], Balance]:
        """Return the ledger's entries (of one ``month``, as ``2026-11``) and this month's numbers.

        Practice with a mock and the real service are told apart by the address in use.
        """
        payer = self._payer_without_key()
        numbers = self.spending.balance(payer)
        entries = [one for one in self.spending.ledger.entries() if one.payer.practice is payer.practice]
        return [one for one in entries if month is None or month_of(one.time) == month], numbers

    def _address_of(self, job: Job) -> str:
        """Return where the job was created; what keeps it from being taken up says what it has cost."""
        try:
            address = check_address(job.record.service)
            self._key(address)
        except UpscaleError as error:
            error.charged = job.state.charged
            raise
        return address

    def test_key(self, given: str | None = None) -> tuple[bool, str]:
        """Ask the service, with the free list call, whether the key works; (valid, message).

        ``given`` is tested instead of the stored key, and not stored. Raises a named error when the
        service could not be asked at all.
        """
        self.check_address_known()
        key = None
        if given is not None:
            value = clean_key(given)
            if value is None:
                return False, translatable(
                    "That is no API key: it is empty, or holds spaces or unusual characters."
                )
            key = Key(value, "given")
        with self.client(key=key) as client:
            try:
                client.list()
            except ApiError as failed:
                error = user_error(failed, "no")
                if isinstance(error, InvalidKey):
                    return False, joined(error.what, error.advice)
                raise error from failed
        return True, translatable("The key works.")
