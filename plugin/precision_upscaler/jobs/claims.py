"""Which of the tasks that show a picture a job may take for its own while other jobs look for theirs too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """A task that shows our picture, and what speaks against its being ours.

    ``exact``: it has the size we asked for. ``rivals``: how many other jobs that do not know their
    task may have made it just as well. ``anothers``: one of them asked for exactly its size, and we
    did not. ``awaited``: one of them is running and may yet hear that it is its own.
    """

    task_id: str
    exact: bool
    rivals: int = 0
    anothers: bool = False
    awaited: bool = False


def choose(claims: Iterable[Claim], doubtful: Iterable[int] = (), *, last: bool) -> Claim | None:
    """Return the claim to adopt, None while it is better to wait or to ask the user.

    A task that nobody else can have made is adopted at once. One that others may have made too is
    adopted in the ``last`` look only, the least contested first: whoever could have made the fewest
    tasks must not find its only one taken. ``doubtful`` holds the rivals of each task that could not
    be looked at: while one of those is more likely ours, nothing that is less likely is taken.
    """
    open_claims = [claim for claim in claims if not claim.anothers and not claim.awaited]
    best = min(open_claims, key=lambda claim: (not claim.exact, claim.rivals, claim.task_id), default=None)
    if best is None or best.rivals == 0:
        return best
    if not last or any(rivals < best.rivals for rivals in doubtful):
        return None
    return best
