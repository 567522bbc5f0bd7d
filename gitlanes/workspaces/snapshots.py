"""Safety snapshots: a workspace's content, held by a ref of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import Raced, Refused
from gitlanes.git.refs import list_refs
from gitlanes.models.workspaces import Snapshot
from gitlanes.store import layout
from gitlanes.store.transaction import locked, save_ref
from gitlanes.workspaces import capture, finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def snapshot(repo: LaneRepo, name: str | None = None) -> Snapshot:
    """Save a workspace's content and return the world state's id with the ref that holds it.

    The same content gives the same id, and no second ref while the newest has it already.
    """
    state = finding.lane_or_present(repo, name)
    workspace = finding.require_workspace(repo, state.record)
    with capture.held(repo, workspace) as hold:
        return save(repo, hold)


def save(repo: LaneRepo, hold: capture.Held) -> Snapshot:
    """Save the content of a workspace that is held; the snapshot's parent is its HEAD."""
    name = hold.workspace.name
    tree = hold.stage(())
    newest = _newest(repo, name)
    head = hold.git.run("rev-parse", "--verify", "--quiet", "HEAD", check=False).text
    if newest is not None and newest.tree == tree and _keeps(repo, newest, hold, head):
        return newest
    who = repo.identity()
    with locked(repo) as lock:
        number = _next_number(repo, name)
        commit = repo.objects.write_commit(
            tree,
            [head] if head else [],
            f"snapshot of lane {name}\n",
            author=who.author,
            committer=who.committer,
        )
        ref = layout.snapshot(name, number)
        save_ref(repo, ref, commit, lock)
    if repo.refs.target(ref) != commit:
        raise Raced(f"snapshot ref '{ref}' was moved by someone else")
    return Snapshot(ids.snapshot_id(name, number), name, tree, ref, commit)


def listing(repo: LaneRepo, name: str) -> list[Snapshot]:
    """Return a lane's snapshots, oldest first."""
    return [
        Snapshot(ids.snapshot_id(name, number), name, tree, ref, commit)
        for number, ref, commit, tree in _rows(repo, name)
        if tree
    ]


def _rows(repo: LaneRepo, name: str) -> list[tuple[int, str, str, str]]:
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


def _newest(repo: LaneRepo, name: str) -> Snapshot | None:
    return next(reversed(listing(repo, name)), None)


def _next_number(repo: LaneRepo, name: str) -> int:
    rows = _rows(repo, name)
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
