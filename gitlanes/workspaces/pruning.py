"""What snapshots there are, what is in them, and letting old ones go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import BadValue, NotFound
from gitlanes.git.refs import RefMove
from gitlanes.models.plain import replace
from gitlanes.models.workspaces import Kept, Pruned, Snapshot
from gitlanes.store.transaction import locked
from gitlanes.store.unrecorded import repair_refs
from gitlanes.store.view import nearest, shown
from gitlanes.workspaces import moving, snapshots

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

DAY = 86400.0


def list_snapshots(repo: LaneRepo, name: str | None = None) -> list[Kept]:
    """Return a lane's snapshots, deleted lanes' too, or all there are; oldest of a lane first."""
    names = [name] if name is not None else _lanes(repo)
    found = [_kept(repo, x) for lane in names for x in snapshots.listing(repo, lane)]
    if name is not None and not found and repo.view.find(name) is None:
        repo.view.lane(name)
    return found


def show_snapshot(repo: LaneRepo, snapshot_id: str) -> Kept:
    """Return a snapshot with the paths in which it differs from its base; raises NotFound."""
    kept = _kept(repo, _named(repo, snapshot_id))
    empty = repo.objects.write("tree", b"")
    changes = moving.changes_between(repo, kept.base or empty, kept.tree)
    files = tuple(
        ("modified" if old and new else "added" if new else "deleted", path)
        for path, (old, new) in changes.items()
    )
    return replace(kept, files=files)


def select(
    repo: LaneRepo,
    names: Sequence[str] = (),
    *,
    older_than: float | None = None,
    keep: int | None = None,
) -> list[Snapshot]:
    """Return the snapshots that `prune` would remove; nothing is changed.

    ``names`` are lanes (all by default) and ids of snapshots, which are taken whatever their
    age. Of a lane go those older than ``older_than`` seconds, or all but the newest ``keep``; none
    younger than a day. Raises BadValue where lanes come without a limit, or a limit makes no
    sense, and NotFound.
    """
    picked = {x: _named(repo, x) for x in names if ids.SNAPSHOT_ID.fullmatch(x)}
    lanes = [x for x in names if x not in picked] or ([] if names else _lanes(repo))
    if (older_than is None) == (keep is None) and (lanes or not names):
        raise BadValue(
            "say which snapshots go", hint="use --older-than 30d, --keep N, or their ids"
        )
    if min(older_than or 0, keep or 0) < 0:
        raise BadValue("a limit cannot be negative")
    found: dict[str, Snapshot] = dict(picked)
    for lane in lanes:
        rows = list_snapshots(repo, lane)
        rows = rows[: max(len(rows) - keep, 0)] if keep is not None else rows
        limit = clock.now() - max(older_than or 0, DAY)
        old = (x for x in rows if clock.from_utc_text(x.time) < limit)
        found |= {x.id: Snapshot(x.id, x.lane, x.tree, x.ref, x.commit) for x in old}
    return list(found.values())


def prune(
    repo: LaneRepo, chosen: Iterable[Snapshot], still: Callable[[], None] = lambda: None
) -> Pruned:
    """Remove snapshots; git drops what only they held. Raises Raced if one was moved meanwhile.

    ``still`` is called under the lock, and raises where they are to stay after all.
    """
    gone = tuple(chosen)
    with locked(repo) as lock:
        still()
        if gone:
            repair_refs(repo, [RefMove(x.ref, x.commit, None) for x in gone], lock)
    return Pruned(gone)


def _named(repo: LaneRepo, snapshot_id: str) -> Snapshot:
    match = ids.SNAPSHOT_ID.fullmatch(snapshot_id)
    there = snapshots.listing(repo, match["lane"]) if match else []
    found = next((x for x in there if x.id == snapshot_id), None)
    if found is None:
        raise NotFound(
            "snapshot",
            shown(snapshot_id),
            nearest=nearest(snapshot_id, [x.id for x in there]),
            hint="see 'git lanes snapshot list'",
        )
    return found


def _lanes(repo: LaneRepo) -> list[str]:
    """Return the lanes, deleted ones included, that have a journal."""
    repo.view.require_adopted()
    return [x.record.name for x in repo.view.lanes(deleted=True)]


def _kept(repo: LaneRepo, saved: Snapshot) -> Kept:
    commit = repo.refs.commit(saved.commit)
    base, staged = (*commit.parents, None, None)[:2]
    when = float(commit.committer.rpartition(b">")[2].split()[0])
    place = (saved.id, saved.lane, saved.tree, saved.ref, saved.commit)
    return Kept(*place, clock.utc_text(when), base, staged, reason=snapshots.reason_of(commit))
