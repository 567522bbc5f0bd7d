"""Safety snapshots: a workspace's content, held by a ref of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import Raced, Refused
from gitlanes.git.refs import list_refs
from gitlanes.models.plain import replace
from gitlanes.models.workspaces import Snapshot, Workspace
from gitlanes.store import layout
from gitlanes.store.transaction import locked, save_ref
from gitlanes.workspaces import binding, capture, finding
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# The ref of a snapshot: its number, name, commit, and that one's tree ('' for another object).
_Row = tuple[int, str, str, str]


def snapshot(repo: LaneRepo, name: str | None = None) -> Snapshot:
    """Save a workspace's content and return the world state's id with the ref that holds it.

    The same content gives the same id, and no second ref while the newest has it already. What
    an interrupted command left half done in the repository's own directory is finished first.
    """
    with capture.held(repo, finding.named(repo, name)) as hold:
        if hold.workspace.root and hold.state.step is not None:
            binding.follow(repo, hold.workspace.lane, hold)
        return save(repo, hold)


def save(repo: LaneRepo, hold: capture.Held, also: Sequence[bytes] = ()) -> Snapshot:
    """Save the content of a workspace that is held; the snapshot's parent is its HEAD.

    With `also`, some ignored files count, too.
    """
    tree = hold.stage(())
    if also:
        hold.stage_more(also)
        tree = hold.staged_tree()
    return keep(repo, hold, tree)


def keep(repo: LaneRepo, hold: capture.Held, tree: str, staged: str | None = None) -> Snapshot:
    """Save the content of a workspace, given as a tree; `staged` is what only its index has."""
    name = hold.workspace.lane
    head = hold.git.run("rev-parse", "--verify", "--quiet", "HEAD", check=False).text
    with locked(repo) as lock:
        rows = _rows(repo, name)
        saved = next(reversed(_snapshots(name, rows)), None)
        same = saved is not None and saved.tree == tree and _keeps(repo, saved, hold, head)
        if saved is None or not same or not _has_staged(repo, saved, staged):
            saved = _written(repo, name, rows, lock, tree, head or None, staged)
    return replace(saved, skipped=hold.skipped, secret=hold.secret)


def save_remains(repo: LaneRepo, workspace: Workspace) -> Snapshot | None:
    """Save what index and HEAD of a workspace hold whose directory is gone, if that is news.

    The files are lost already; commits and staged content would go with the git directory.
    """
    state = states.read(workspace.git_dir)
    name = os.path.basename(workspace.git_dir)
    head = repo.refs.target(layout.worktree_head(name))
    content = repo.refs.target(f"{head}^{{tree}}") if head else None
    git = repo.git.at(workspace.git_dir, None)
    staged = git.run("write-tree", check=False) if _has_index(workspace) else None
    tree = content if staged is None or staged.code else staged.text
    if tree is None or (state and head in (state.head, state.base) and tree == content):
        return None
    with locked(repo) as lock:
        rows = _rows(repo, workspace.lane)
        return _written(repo, workspace.lane, rows, lock, tree, head)


def _has_index(workspace: Workspace) -> bool:
    return os.path.isfile(os.path.join(workspace.git_dir, "index"))


def _written(
    repo: LaneRepo,
    name: str,
    rows: Sequence[_Row],
    lock: int,
    tree: str,
    head: str | None,
    staged: str | None = None,
) -> Snapshot:
    """Write a snapshot and the ref that holds it, beside those that there are."""
    number = _next_number(name, rows)
    parents = [head] if head else []
    if staged is not None:
        parents += [_commit(repo, staged, parents, f"index of lane {name}\n")]
    commit = _commit(repo, tree, parents, f"snapshot of lane {name}\n")
    ref = layout.snapshot(name, number)
    save_ref(repo, ref, commit, lock)
    if repo.refs.target(ref) != commit:
        raise Raced(f"snapshot ref '{ref}' was moved by someone else")
    return Snapshot(ids.snapshot_id(name, number), name, tree, ref, commit)


def _has_staged(repo: LaneRepo, saved: Snapshot, staged: str | None) -> bool:
    return staged is None or repo.refs.target(f"{saved.commit}^2^{{tree}}") == staged


def _commit(repo: LaneRepo, tree: str, parents: Sequence[str], message: str) -> str:
    who = repo.identity()
    return repo.objects.write_commit(
        tree, parents, message, author=who.author, committer=who.committer
    )


def listing(repo: LaneRepo, name: str) -> list[Snapshot]:
    """Return a lane's snapshots, oldest first."""
    return _snapshots(name, _rows(repo, name))


def _snapshots(name: str, rows: Sequence[_Row]) -> list[Snapshot]:
    return [
        Snapshot(ids.snapshot_id(name, number), name, tree, ref, commit)
        for number, ref, commit, tree in rows
        if tree
    ]


def _rows(repo: LaneRepo, name: str) -> list[_Row]:
    """Return (number, ref, object, tree) of every ref that has a snapshot's name, in order.

    What a snapshot's id cannot name is somebody else's. Without a tree it is no snapshot, yet
    no other can have that name.
    """
    found = []
    prefix = layout.SNAPSHOTS + name + "/"
    for row in list_refs(repo.git, [prefix], "refname objectname tree"):
        ref, oid, tree = (os.fsdecode(cell) for cell in row)
        match = ids.SNAPSHOT_ID.fullmatch(f"{name}/s{ref.removeprefix(prefix)}")
        if match:
            found.append((int(match["number"]), ref, oid, tree))
    return sorted(found)


def _keeps(repo: LaneRepo, saved: Snapshot, hold: capture.Held, head: str) -> bool:
    """Say whether HEAD is safe with a snapshot: commits of the agent's own hang on nothing else."""
    if hold.workspace.root or head in ("", hold.state.head, hold.state.base):
        return True
    return repo.refs.target(f"{saved.commit}^") == head


def _next_number(name: str, rows: Sequence[_Row]) -> int:
    taken = {row[0] for row in rows}
    number = max((row[0] for row in rows if row[3]), default=0) + 1
    while number in taken:
        number += 1
    if not ids.SNAPSHOT_ID.fullmatch(ids.snapshot_id(name, number)):
        raise Refused(
            f"lane '{name}' has no number left for a snapshot",
            hint=f"remove the last one with: git update-ref -d {rows[-1][1]}",
        )
    return number
