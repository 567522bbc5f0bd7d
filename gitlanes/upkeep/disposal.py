"""Taking one thing away that `gc` planned to; each is asked anew whether it still may go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.errors import Raced
from gitlanes.exchange import retiring
from gitlanes.gates import scratch, verdicts
from gitlanes.lanes import archiving
from gitlanes.models.plain import replace
from gitlanes.models.records import ABANDONED, PRUNED
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import pool, pruning, removal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlanes.exchange.retiring import Branch
    from gitlanes.fleet import places
    from gitlanes.lanes.resting import Known
    from gitlanes.models.records import Entry, Lane
    from gitlanes.models.workspaces import Snapshot, Workspace
    from gitlanes.store.lane_repo import LaneRepo


def archive(repo: LaneRepo, known: Known, entry: Entry) -> str:
    """Archive a lane; only what was given up has its unsaved work in a snapshot."""
    saving = entry.record.status == ABANDONED
    how = archiving.Unasked(known.require(entry), saving=saving)
    made = archiving.archive(repo, entry.record.name, unasked=how)
    return "archived it" + _saved(made.snapshot)


def remove(repo: LaneRepo, known: Known, entry: Entry, place: Workspace) -> str:
    """Remove an archived lane's workspace, unsaved work in a snapshot."""
    with removal.removing(repo, place, force=False, saving=True, careful=True) as saved:
        known.require(entry, away=True)(repo.view.lane(entry.record.name))
    return "removed it" + _saved(saved.id if saved else None)


def retire(repo: LaneRepo, known: Known, entry: Entry, branch: Branch) -> str:
    """Delete a branch that an archived lane was exported to; the journal keeps its commits."""
    still = known.require(entry, away=True)
    retiring.retire(repo, entry.record.name, branch, known, still)
    return f"deleted it; it was at {branch.tip[:12]}"


def forget(repo: LaneRepo, lane: Lane, snapshots: Sequence[Snapshot]) -> str:
    """Remove snapshots of a lane that is archived or gone."""

    def require_away() -> None:
        known = repo.view.by_uuid(lane.uuid, lane.name)
        if known is not None and known.record.live and not known.record.away:
            raise Raced(f"lane '{lane.name}' was brought back meanwhile", hint="look at it anew")

    pruning.prune(repo, snapshots, require_away)
    return "removed them" if len(snapshots) > 1 else "removed it"


def prune(repo: LaneRepo, known: Known, entry: Entry) -> str:
    """Record that an archived lane is pruned, for all else of it is gone."""
    with transaction(repo, "prune") as tx:
        state = repo.view.lane(entry.record.name)
        known.require(entry, away=True)(state)
        tx.description = f"prune lane {state.record.name}"
        tx.lane(state, replace(state.record, status=PRUNED))
    return "pruned it; its records and commits stay"


def empty(repo: LaneRepo, path: str) -> str:
    """Remove a scratch workspace of gates."""
    scratch.drop(repo, path)
    return "removed it"


def drain(repo: LaneRepo, path: str) -> str:
    """Remove a directory that is kept for another lane."""
    pool.drop(repo, path)
    return "removed it"


def unlearn(files: Sequence[Path]) -> str:
    """Forget what gates said of trees; notes have what was recorded of it."""
    verdicts.forget(files)
    return "forgot them"


def forget_run(place: places.Place) -> str:
    """Remove what only this machine knows of an agent's run; the journal tells of it still."""
    place.drop()
    return "removed its log"


def _saved(snapshot: str | None) -> str:
    return f"; what was unsaved is in snapshot {snapshot}" if snapshot else ""
