"""What may be laid anew: a lane's own attempts that nobody else has yet, and those on top."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitlanes.errors import NotFound, Refused
from gitlanes.git.refs import list_refs
from gitlanes.models.records import ACCEPTED, Attempt, Lane, LaneState
from gitlanes.review import standing
from gitlanes.store import journal, layout
from gitlanes.store.ancestry import is_ancestor

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_INSTEAD = "commit the edits as a new change instead"


def to_amend(repo: LaneRepo, state: LaneState, name: str | None) -> Attempt:
    """Return the attempt to be amended: the one named, the last open one, or that of the head.

    Raises Refused where there is none, or it was decided otherwise, and NotFound.
    """
    lane = state.record
    if name is not None:
        known, of = repo.view.attempt_in(name)
        if of.record.uuid != lane.uuid:
            raise Refused(
                f"{name} is an attempt of lane '{of.record.name}', not of '{lane.name}'",
                hint="name an attempt of the lane itself",
            )
        return known if known.status == ACCEPTED else standing.require_open(repo, state, known.id)
    waiting = [x for x in lane.open if x.kind == "work"]
    if waiting:
        return waiting[-1]
    if lane.head in lane.begins:
        raise Refused(f"lane '{lane.name}' has no attempt to amend", hint="commit a first one")
    return _accepted(repo, state, [str(lane.head)])[0]


def to_lay_again(repo: LaneRepo, state: LaneState, amended: Attempt) -> list[Attempt]:
    """Return the attempts that stand on an amended one, in an order to lay them again.

    Raises Refused where the amended one is accepted and has gone where it cannot be changed.
    """
    lane = state.record
    later: list[Attempt] = []
    if not amended.open:
        later = _since(repo, state, amended)
        _require_own(repo, lane, amended)
    known = {x for a in (amended, *later) for x in (a.commit, a.landed)}
    for attempt in lane.open:
        if attempt.kind == "work" and attempt.base in known and attempt.uuid != amended.uuid:
            later.append(attempt)
            known.add(attempt.commit)
    _require_plain(repo, (amended, *later))
    return later


def to_reorder(repo: LaneRepo, state: LaneState, commits: Sequence[str]) -> list[Attempt]:
    """Return the attempts that stand in commits which are to be laid in another order.

    The first one is the oldest. Raises Refused where they have gone where they cannot be
    changed, NotFound for a commit that no attempt made.
    """
    found = _accepted(repo, state, list(commits))
    _require_own(repo, state.record, found[0])
    _require_plain(repo, found)
    return found


def _require_plain(repo: LaneRepo, attempts: Sequence[Attempt]) -> None:
    """Raise Refused for an attempt that is no single commit of the lane's own work."""
    for attempt in attempts:
        if attempt.kind != "work" or len(repo.refs.commit(stands_at(attempt)).parents) != 1:
            raise Refused(
                f"{attempt.id} is no work of the lane's own but came by {attempt.kind}, "
                "and cannot be laid anew",
                hint=_INSTEAD,
                data={"attempt": attempt.id},
            )


def stands_at(attempt: Attempt) -> str:
    """Return the commit in which an attempt stands: the landed one once it is accepted."""
    return attempt.landed or attempt.commit


def _since(repo: LaneRepo, state: LaneState, amended: Attempt) -> list[Attempt]:
    """Return the attempts accepted after another one, oldest first."""
    lane, commits = state.record, []
    commit = lane.head
    while commit != amended.landed:
        if commit is None or commit in lane.begins:
            raise Refused(
                f"{amended.id} is not part of lane '{lane.name}' any more",
                hint=f"see what is: git lanes history {lane.name}",
            )
        commits.append(commit)
        parents = repo.refs.commit(commit).parents
        commit = parents[0] if parents else None
    return _accepted(repo, state, commits[::-1])


def _accepted(repo: LaneRepo, state: LaneState, commits: list[str]) -> list[Attempt]:
    found = standing_in(repo, state, commits)
    missing = next((x for x in commits if x not in found), None)
    if missing is not None:
        raise NotFound("attempt of commit", missing[:12], hint=_INSTEAD)
    return [found[x] for x in commits]


def standing_in(repo: LaneRepo, state: LaneState, commits: Collection[str]) -> dict[str, Attempt]:
    """Return {commit: attempt} of those that stand in these commits of the lane's history.

    A commit that came by git alone has none.
    """
    found: dict[str, Attempt] = {}
    told: set[str] = set()
    for entry in journal.walk(repo.refs, state.tip):
        if found.keys() >= set(commits):
            break
        for attempt in (x for x in entry.attempts if x.uuid not in told):
            told.add(attempt.uuid)
            if attempt.status == ACCEPTED:
                found[stands_at(attempt)] = attempt
    return found


def _require_own(repo: LaneRepo, lane: Lane, amended: Attempt) -> None:
    """Raise Refused where an accepted attempt has gone to other lanes, or to branches."""
    where = where_gone(repo, lane, stands_at(amended))
    if where is not None:
        raise _gone(amended, where)


def where_gone(repo: LaneRepo, lane: Lane, commit: str) -> str | None:
    """Return who has a commit of a lane, so that it cannot be laid anew; None if nobody has."""
    with looking(repo, lane, commit) as where:
        return where()


@contextmanager
def looking(repo: LaneRepo, lane: Lane, commit: str) -> Iterator[Callable[[], str | None]]:
    """Yield what returns the same: git looks in all branches, tags and remotes meanwhile."""
    unseen = ("rev-list", "--max-count=1", commit, "--not", "--branches", "--tags", "--remotes")
    with repo.git.beside(*unseen) as found:

        def where() -> str | None:
            known = _known_to_be_gone(repo, lane, commit)
            return known or (None if found().text else _public(repo, commit))

        yield where


def _known_to_be_gone(repo: LaneRepo, lane: Lane, commit: str) -> str | None:
    if lane.branch is not None:
        return f"lane '{lane.name}' is bound to branch '{layout.short_branch(lane.branch)}'"
    for uuid, landed in lane.landed.items():
        if landed.source is not None and is_ancestor(repo, commit, landed.source):
            target = repo.view.by_uuid(uuid)
            return f"it landed on lane '{target.record.name if target else uuid}'"
    return None


def _public(repo: LaneRepo, commit: str) -> str | None:
    containing = [f"--contains={commit}", "--count=1", *layout.PUBLIC]
    for (name,) in list_refs(repo.git, containing, "refname"):
        return f"{layout.called(name.decode('utf-8', 'replace'))} has it, and others may have that"
    return None


def _gone(amended: Attempt, why: str) -> Refused:
    return Refused(
        f"{amended.id} cannot be changed any more: {why}",
        hint=_INSTEAD,
        data={"attempt": amended.id},
    )
