"""The spending ledger: what every job may cost, has cost, and what is left of the month's budget.

One line of JSON for each change, in one file a month (``spending/2026-11.jsonl``, months in UTC), appended
under a lock and synced. Only :meth:`SpendingLedger.forget` deletes, whole months. A damaged line costs that
line. The ledger is apart from the job journal, because jobs are pruned and charges must not be.

An entry begins as RESERVED, before anything is sent. It becomes CHARGED when the task's id is known, UNKNOWN
when the create call had no clear end, RELEASED when nothing was created. Hand-written: it is tied to money.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from precision_upscaler.clock import Clock
from precision_upscaler.errors import BudgetExceeded, DiskFull, LedgerBroken
from precision_upscaler.messages import said

from .files import FileLock, open_private, private_folder, sync, sync_folder, write_atomically
from .log import LOGGER

Unit = Literal["money", "credits"]
Kind = Literal["layer", "file", "tile", "try"]

_VERSION = 1
_NO_ROOM = (28, 122, 112)  # ENOSPC, EDQUOT on Linux, ERROR_DISK_FULL on Windows


class EntryState(StrEnum):
    """What is known of an entry's charge."""

    RESERVED = "reserved"  # set aside; nothing is known to be charged
    CHARGED = "charged"  # the service has created the task
    RELEASED = "released"  # certainly not charged
    UNKNOWN = "unknown"  # the create call had no clear end

    @property
    def counts(self) -> bool:
        """Whether the entry's price is gone from the budget, for good or for now."""
        return self is not EntryState.RELEASED


@dataclass(frozen=True)
class Price:
    """The estimated price of one task: the service's ``credits``, ``amount`` in ``currency`` (ISO 4217)."""

    credits: int
    amount: float
    currency: str
    dated: str
    megapixels: float

    def in_unit(self, unit: Unit) -> float:
        """Return the price in the budget's unit."""
        return self.amount if unit == "money" else float(self.credits)


@dataclass(frozen=True)
class Purpose:
    """What a task is for: ``kind``, the layer's or file's ``name`` (no folder), the ``image`` it is in."""

    kind: Kind
    name: str = ""
    image: str = ""


@dataclass(frozen=True)
class Payer:
    """Who pays: a keyed fingerprint of the API key (:func:`fingerprint`) and the service's address.

    ``practice``: the service is a mock on this computer; it costs nothing and has numbers of its own.
    """

    account: str
    service: str
    practice: bool


@dataclass(frozen=True)
class Entry:
    """One reservation and what became of it; ``time`` and ``changed`` are unix seconds."""

    entry_id: str
    state: EntryState
    time: float
    changed: float
    payer: Payer
    purpose: Purpose
    price: Price
    job_id: str
    task_id: str | None = None


@dataclass(frozen=True)
class Budget:
    """What may be spent in one calendar month (UTC) in ``unit``; ``limit`` None: no budget."""

    limit: float | None = None
    unit: Unit = "money"


@dataclass(frozen=True)
class Balance:
    """A month's numbers in the budget's unit; ``reserved`` holds unknown ones too; ``ends``: unix seconds."""

    spent: float
    reserved: float
    limit: float | None
    unit: Unit
    ends: float

    @property
    def left(self) -> float | None:
        """What may still be spent, None without a budget; never negative."""
        return None if self.limit is None else max(0.0, round(self.limit - self.spent - self.reserved, 6))

    def allows(self, price: float) -> bool:
        """Whether ``price`` more fits into the budget."""
        # money has cents: a sum of binary fractions must not refuse the last one
        return self.limit is None or self.spent + self.reserved + price <= self.limit + 1e-6


def month_of(time: float) -> str:
    """Return the calendar month (UTC) of the unix time ``time``, such as ``2026-11``."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m")


def month_end(month: str) -> float:
    """Return the unix time at which ``month`` ends."""
    year, number = map(int, month.split("-"))
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC).timestamp()


def balance(entries: Iterable[Entry], budget: Budget, now: float, *, practice: bool) -> Balance:
    """Return the numbers of the month of ``now``.

    Entries dated later than ``now`` count too: a clock that is set back must not open a second budget.
    """
    month = month_of(now)
    mine = [
        entry
        for entry in entries
        if entry.payer.practice is practice and month_of(entry.time) >= month and entry.state.counts
    ]
    charged = [entry.price.in_unit(budget.unit) for entry in mine if entry.state is EntryState.CHARGED]
    total = sum(entry.price.in_unit(budget.unit) for entry in mine)
    spent = sum(charged)
    return Balance(round(spent, 6), round(total - spent, 6), budget.limit, budget.unit, month_end(month))


@dataclass(frozen=True)
class Total:
    """What the entries of one group come to; ``tasks`` are charged, ``open`` ones reserved or unknown."""

    group: str
    tasks: int
    open: int
    megapixels: float
    credits: int
    amount: float
    currency: str


Grouping = Literal["month", "day", "image", "kind"]


def totals(entries: Iterable[Entry], by: Grouping) -> list[Total]:
    """Return what was spent, group by group, sorted by the group's name.

    Released reservations cost nothing and are left out. Amounts in different currencies are never added up:
    each currency is a row of its own.
    """
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.state.counts:
            key = (_group(entry, by), entry.price.currency)
            groups.setdefault(key, []).append(entry)
    return [
        Total(
            group,
            sum(entry.state is EntryState.CHARGED for entry in found),
            sum(entry.state is not EntryState.CHARGED for entry in found),
            round(sum(entry.price.megapixels for entry in found), 2),
            sum(entry.price.credits for entry in found),
            round(sum(entry.price.amount for entry in found), 2),
            currency,
        )
        for (group, currency), found in sorted(groups.items())
    ]


def _group(entry: Entry, by: Grouping) -> str:
    if by == "month":
        return month_of(entry.time)
    if by == "day":
        return datetime.fromtimestamp(entry.time, UTC).strftime("%Y-%m-%d")
    return entry.purpose.kind if by == "kind" else entry.purpose.image or entry.purpose.name


@dataclass(frozen=True)
class Wanted:
    """One task that a run is going to create."""

    purpose: Purpose
    price: Price
    job_id: str


class SpendingLedger:
    """The ledger in ``folder``, for any number of processes."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        try:
            self.folder = private_folder(folder)
        except OSError as error:
            raise _not_written(error) from error
        self._clock = clock
        self._read: dict[Path, _MonthFile] = {}

    # what the past holds -----------------------------------------------------------------------

    def months(self) -> list[str]:
        """Return the months that have entries, the oldest first."""
        return sorted(path.stem for path in self.folder.glob("????-??.jsonl"))

    def entries(self, since: str = "") -> list[Entry]:
        """Return the entries of the months from ``since`` (``2026-11``, default: all) on, oldest first."""
        found: list[Entry] = []
        for month in self.months():
            if month >= since:
                path = self.folder / f"{month}.jsonl"
                try:
                    found += self._read.setdefault(path, _MonthFile(path)).entries()
                except OSError as error:
                    raise _not_written(error) from error
        return sorted(found, key=lambda entry: entry.time)

    def balance(self, budget: Budget, *, practice: bool = False) -> Balance:
        """Return this month's numbers."""
        now = self._clock.time()
        return balance(self.entries(month_of(now)), budget, now, practice=practice)

    # what a run does ---------------------------------------------------------------------------

    def reserve(
        self,
        payer: Payer,
        wanted: Sequence[Wanted],
        budget: Budget,
        *,
        over_budget: bool = False,
        run_id: str | None = None,
    ) -> list[Entry]:
        """Reserve the price of all of ``wanted``, or of none.

        BudgetExceeded, with nothing reserved, when the budget does not hold them all and the user has not
        said ``over_budget``. The lock is held from reading to writing: no two processes spend the same rest.
        A reservation of the run ``run_id`` for the same price and payer is taken over.
        """
        with self._locked():
            if run_id is not None:
                found = _reservations_of(run_id, self.entries(), payer, wanted)
                if found is not None:
                    self._append(found)
                    return found
            now = self._clock.time()
            entries = self.entries(month_of(now))
            numbers = balance(entries, budget, now, practice=payer.practice)
            price = sum(one.price.in_unit(budget.unit) for one in wanted)
            if not over_budget and not numbers.allows(price):
                raise _exceeded(numbers, price, wanted)
            # the ledger's time never goes back: a clock set back and forward must not open a second budget
            time = round(max([now, *(entry.time for entry in entries)]), 3)
            made = [
                Entry(
                    f"{month_of(time)}-{secrets.token_hex(8)}",
                    EntryState.RESERVED,
                    time,
                    time,
                    payer,
                    one.purpose,
                    one.price,
                    one.job_id,
                )
                for one in wanted
            ]
            self._append(made)
        return made

    def settle(self, job_id: str, state: EntryState, task_id: str | None = None) -> None:
        """Note what became of a job's reservation; what is charged stays charged."""
        with self._locked():
            changed = [
                replace(entry, state=state, task_id=task_id, changed=round(self._clock.time(), 3))
                for entry in self.entries()
                if entry.job_id == job_id
                and entry.state in (EntryState.RESERVED, EntryState.UNKNOWN)
                and entry.state is not state
            ]
            self._append(changed)

    def of_job(self, job_id: str) -> Entry | None:
        """Return the job's entry that counts, None when it has none."""
        return next((one for one in self.entries() if one.job_id == job_id and one.state.counts), None)

    def reconcile(self, outcome_of: Callable[[str], tuple[EntryState, str | None] | None]) -> None:
        """Settle what processes that died left open.

        ``outcome_of(job_id)`` is the state and the task's id, from the job journal; None leaves the entry as
        it is.
        """
        for entry in self.entries():
            if entry.state in (EntryState.RESERVED, EntryState.UNKNOWN):
                outcome = outcome_of(entry.job_id)
                if outcome is not None and outcome[0] is not entry.state:
                    self.settle(entry.job_id, *outcome)

    def forget(self, before: str) -> int:
        """Delete the entries of all months before ``before`` (``2026-11``); return how many they were.

        This month and later ones stay: their budget is still running.
        """
        limit = min(before, month_of(self._clock.time()))
        count = 0
        with self._locked():
            for month in self.months():
                if month < limit:
                    path = self.folder / f"{month}.jsonl"
                    count += len(_MonthFile(path).entries())
                    path.unlink()
                    self._read.pop(path, None)
            sync_folder(self.folder)
        return count

    # files -------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with FileLock(self.folder / "lock"):
                yield
        except OSError as error:
            raise _not_written(error) from error

    def lock_run(self, run_id: str) -> FileLock | None:
        """Return the lock of a run, held: as long as its process lives. None when another holds it."""
        lock = FileLock(self.folder / f"{run_id}.lock")
        try:
            return lock if lock.acquire(wait=False) else None
        except OSError as error:
            raise _not_written(error) from error

    def unlock_run(self, run_id: str, lock: FileLock) -> None:
        """Give the lock of a run back that has nothing reserved."""
        lock.release()
        with contextlib.suppress(OSError):
            (self.folder / f"{run_id}.lock").unlink()

    def _append(self, entries: Sequence[Entry]) -> None:
        by_month: dict[str, list[Entry]] = {}
        for entry in entries:
            by_month.setdefault(entry.entry_id[:7], []).append(entry)
        for month, lines in by_month.items():
            _append(self.folder / f"{month}.jsonl", b"".join(_line(entry) for entry in lines))


def _reservations_of(
    run_id: str, entries: Sequence[Entry], payer: Payer, wanted: Sequence[Wanted]
) -> list[Entry] | None:
    """Return reservations of a run, made over to ``wanted``; None when there are not enough of them."""
    free = [one for one in entries if one.job_id == run_id and one.state is EntryState.RESERVED]
    found = []
    for one in wanted:
        entry = next((entry for entry in free if (entry.price, entry.payer) == (one.price, payer)), None)
        if entry is None:
            return None
        free.remove(entry)
        found.append(replace(entry, job_id=one.job_id, purpose=one.purpose))
    return found


class _MonthFile:
    """The entries of one month's file; reads only what was appended since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._entries: dict[str, Entry] = {}
        self._lock = threading.Lock()

    def entries(self) -> list[Entry]:
        with self._lock:  # several jobs of one process read side by side
            return self._read()

    def _read(self) -> list[Entry]:
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                data = stream.read()
        except FileNotFoundError:
            return []
        # the last line may be half: it is read again when it is whole, or when the next one has ended it
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            if line.strip():
                entry = _parsed(line)
                if entry is None:
                    LOGGER.warning("a damaged line of %s is left out", self._path.name)
                else:
                    self._entries[entry.entry_id] = entry
        return list(self._entries.values())


def _line(entry: Entry) -> bytes:
    return (
        json.dumps({"version": _VERSION, **asdict(entry)}, ensure_ascii=False).encode("utf-8", "replace")
        + b"\n"
    )


def _parsed(line: bytes) -> Entry | None:
    """Return the line's entry, None when the line is damaged."""
    try:
        item = json.loads(line)
        told, payer = item["price"], item["payer"]
        month_of(item["time"])
        return Entry(
            str(item["entry_id"]),
            EntryState(item["state"]),
            float(item["time"]),
            float(item["changed"]),
            Payer(str(payer["account"]), str(payer["service"]), payer["practice"] is True),
            Purpose(**item["purpose"]),
            Price(
                int(told["credits"]),
                float(told["amount"]),
                str(told["currency"]),
                str(told["dated"]),
                float(told["megapixels"]),
            ),
            str(item["job_id"]),
            item["task_id"],
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
        return None


def _append(path: Path, data: bytes) -> None:
    """Append whole lines, durable; what a killed process left half is ended first."""
    new = not path.exists()
    descriptor = open_private(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    with os.fdopen(descriptor, "r+b", buffering=0) as stream:
        end = stream.seek(0, os.SEEK_END)
        if end:
            stream.seek(end - 1)
            if stream.read(1) != b"\n":
                data = b"\n" + data
        stream.write(data)
        sync(stream.fileno())
    if new:
        sync_folder(path.parent)


def fingerprint(folder: Path, api_key: str) -> str:
    """Return a short name for the account of ``api_key`` that nobody can turn back into the key.

    It is keyed with a secret of this computer, made at the first use, so keys cannot be tried out elsewhere.
    """
    path = private_folder(folder) / "secret"
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        with FileLock(folder / "lock"):
            if not path.exists():
                write_atomically(path, secrets.token_bytes(32))
            secret = path.read_bytes()
    return hmac.new(secret, api_key.encode(), hashlib.sha256).hexdigest()[:12]


def _exceeded(numbers: Balance, price: float, wanted: Sequence[Wanted]) -> BudgetExceeded:
    assert numbers.limit is not None
    currency = wanted[0].price.currency if numbers.unit == "money" else "credits"
    return BudgetExceeded(
        said(
            "This would pass your monthly budget of {limit}: {spent} are spent, {reserved} are reserved, "
            "{left} are left, and this costs about {price}. The month ends on {ends} (UTC).",
            limit=amount_text(numbers.limit, currency),
            spent=amount_text(numbers.spent, currency),
            reserved=amount_text(numbers.reserved, currency),
            left=amount_text(numbers.left or 0.0, currency),
            price=amount_text(price, currency),
            ends=datetime.fromtimestamp(numbers.ends - 1, UTC).strftime("%Y-%m-%d"),
        ),
        price=round(price, 6),
        unit=numbers.unit,
        currency=currency,
        spent=numbers.spent,
        reserved=numbers.reserved,
        left=numbers.left,
        limit=numbers.limit,
        ends=numbers.ends,
    )


def amount_text(amount: float, currency: str) -> str:
    """Return an amount as people read it: ``3.40 EUR``, ``36 credits``."""
    return f"{round(amount)} {currency}" if currency == "credits" else f"{amount:.2f} {currency}"


def _not_written(error: OSError) -> DiskFull | LedgerBroken:
    if error.errno in _NO_ROOM:
        return DiskFull("The disk is full: the spending ledger cannot be written.")
    return LedgerBroken(
        said("The spending ledger cannot be used: {problem}.", problem=error.strerror or str(error))
    )
