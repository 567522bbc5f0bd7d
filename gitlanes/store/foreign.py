"""Heads that somebody moved or deleted with plain git: seen, and seen to.

The journal says where a lane's head is. What lies beyond that head becomes part of the lane, as
commits on a bound branch do; what lies beside it is kept, and the head goes back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import CorruptRecord
from gitlanes.git.refs import list_refs
from gitlanes.models.plain import replace
from gitlanes.models.records import Attempt, Lane, LaneState
from gitlanes.store import imports, layout, records
from gitlanes.store.ancestry import is_ancestor, merge_base

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction

AGREED = "agreed"
FORWARD = "forward"
BACK = "back"
DIVERGED = "diverged"
DELETED = "deleted"
# It is where an attempt put it that the journal does not know: the journal was moved back.
JOURNAL_BACK = "journal-back"
# It points to an object that is missing, or to no commit.
NO_COMMIT = "no-commit"


def relation(repo: LaneRepo, lane: Lane, actual: str | None) -> str:
    """Return how a head ref that is at `actual` (None: not there) stands to the lane's record."""
    if actual == lane.head:
        return AGREED
    if actual is None:
        return DELETED
    found = repo.refs.kind(actual)
    if found != "commit":
        return NO_COMMIT
    if is_ancestor(repo, actual, str(lane.head)):
        return BACK
    if unknown_attempt(repo, lane, actual):
        return JOURNAL_BACK
    return FORWARD if is_ancestor(repo, str(lane.head), actual) else DIVERGED


def unknown_attempt(repo: LaneRepo, lane: Lane, commit: str) -> str | None:
    """Return the id of an attempt of the lane that a commit's notes tell of, its journal not."""
    lines = records.read(repo, [commit])[commit].intents
    for line in lines:
        match = ids.ATTEMPT_ID.fullmatch(line.get("attempt", ""))
        if match and match["lane"] == lane.name and int(match["number"]) >= lane.next:
            return match[0]
    return None


def where(repo: LaneRepo, name: str) -> str | None:
    """Return where a lane's head ref is, even if there is no such object; None without one."""
    ref = layout.head(name)
    found = repo.refs.target(ref)
    if found is not None:
        return found
    return next((row[0].decode() for row in list_refs(repo.git, [ref], "objectname")), None)


def settle(repo: LaneRepo, state: LaneState, begin: Callable[[str], Transaction]) -> LaneState:
    """Return a live lane whose head ref is where its record says, after seeing to it.

    Under the repository's lock; `begin` starts an operation there. Nothing is lost: a head goes
    back only from what a ref keeps. Raises CorruptRecord where the journal was moved back.
    """
    lane = state.record
    actual = where(repo, lane.name)
    how = relation(repo, lane, actual)
    if how == AGREED:
        return state
    if how == JOURNAL_BACK:
        raise journal_moved_back(repo, lane, str(actual))
    tx = begin("import")
    if how == FORWARD:
        said = _take(tx, state, str(actual))
    else:
        said = _put_back(tx, state, actual, how)
    tx.commit()
    repo.warn(f"head of lane '{lane.name}' was {said}")
    return repo.view.lane(lane.name)


def journal_moved_back(repo: LaneRepo, lane: Lane, actual: str) -> CorruptRecord:
    """Return the error for a journal that is older than its lane's head."""
    attempt = unknown_attempt(repo, lane, actual)
    return CorruptRecord(
        f"journal of lane '{lane.name}' was moved back outside gitlanes: "
        f"its head is {attempt}, which the journal does not know",
        hint=layout.how_to_find_journal(lane.name),
    )


def _take(tx: Transaction, state: LaneState, tip: str) -> str:
    """Make commits on top of a lane's head part of it; return what is said of the head."""
    lane = state.record
    offered = next((x for x in lane.open if x.commit == tip), None)
    if offered is not None:
        attempt = imports.accepted(tx, offered, tip)
        after = replace(lane, head=tip, open=tuple(x for x in lane.open if x is not offered))
    else:
        attempt = imports.imported(tx, lane, tip, lane.head, landed=tip)
        after = replace(lane, head=tip, next=lane.next + 1)
    tx.description = f"import commits made on {lane.name} with plain git: {attempt.title}"
    met = imports.bring_along(tx, lane, tip, tip)
    after = replace(after, mingled=lane.mingled or met)
    tx.lane(state, after, parents=[tip], attempts=[attempt], actual=tip)
    done = "accepted" if offered else "imported"
    return f"moved forward outside gitlanes: what it has is {done} as {attempt.id}"


def _put_back(tx: Transaction, state: LaneState, actual: str | None, how: str) -> str:
    """Put a head to where its journal says, once a ref keeps what it was at."""
    lane = state.record
    ref, at = layout.head(lane.name), f"it is at {str(lane.head)[:12]} again"
    if how == DIVERGED and not _journal_keeps(tx.repo, lane, str(actual)):
        if (base := merge_base(tx.repo, str(lane.head), str(actual))) is not None:
            attempt = _offer(tx, state, str(actual), base)
            return f"moved elsewhere outside gitlanes; {at}, and that waits as {attempt.id}"
        how = NO_COMMIT
    tx.move(ref, actual, str(lane.head))
    if how == NO_COMMIT and tx.repo.refs.kind(str(actual)) is not None:
        number = _free_number(tx.repo, lane.name)
        tx.move(layout.snapshot(lane.name, number), None, str(actual))
        kept = ids.snapshot_id(lane.name, number)
        return f"moved elsewhere outside gitlanes; {at}, and that is kept in snapshot {kept}"
    said = {DELETED: "deleted", BACK: "moved back"}.get(how, "moved elsewhere")
    return f"{said} outside gitlanes; {at}"


def _offer(tx: Transaction, state: LaneState, tip: str, base: str) -> Attempt:
    """Keep a commit beside the lane's head as an attempt that waits for a decision."""
    lane = state.record
    attempt = imports.imported(tx, lane, tip, base)
    tx.description = f"keep what head of {lane.name} was moved to as {attempt.id}: {attempt.title}"
    after = replace(lane, next=lane.next + 1, open=(*lane.open, attempt))
    tx.lane(state, after, parents=[tip], attempts=[attempt], actual=tip)
    return attempt


def _journal_keeps(repo: LaneRepo, lane: Lane, commit: str) -> bool:
    return is_ancestor(repo, commit, str(repo.refs.target(layout.journal(lane.name))))


def _free_number(repo: LaneRepo, name: str) -> int:
    prefix = f"{layout.SNAPSHOTS}{name}/"
    rows = list_refs(repo.git, [prefix], "refname")
    ends = (row[0].decode("utf-8", "replace").removeprefix(prefix) for row in rows)
    return max((int(x) for x in ends if x.isascii() and x.isdigit()), default=0) + 1
