"""Safety snapshots: a workspace's content, held by a ref of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import Raced, Refused
from gitlanes.git.refs import list_refs
from gitlanes.models.plain import Model, replace
from gitlanes.models.workspaces import Snapshot, Workspace
from gitlanes.store import layout
from gitlanes.store.expectation import require_expected
from gitlanes.store.transaction import locked
from gitlanes.store.unrecorded import save_ref
from gitlanes.workspaces import binding, capture, edits, finding, moving
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.git.raw import CommitObject
    from gitlanes.store.lane_repo import LaneRepo

# The ref of a snapshot: its number, name, commit, and that one's tree ('' for another object).
_Row = tuple[int, str, str, str]


class _Content(Model):
    """What a snapshot is to hold: ``staged`` is what only the index has, and the reason for it."""

    tree: str
    head: str | None
    staged: str | None = None
    reason: str | None = None


def snapshot(repo: LaneRepo, name: str | None = None, *, reason: str | None = None) -> Snapshot:
    """Save a workspace's content and return the world state's id with the ref that holds it.

    The same content gives the same id, and no second ref while the newest has it already, unless
    for another ``reason``. What an interrupted command left half done in the repository's own
    directory is finished first. Raises BadValue for a reason that is no text.
    """
    with _held(repo, name) as hold:
        return save(repo, hold, reason=reason)


def save_unsaved(
    repo: LaneRepo, name: str | None = None, *, reason: str | None = None
) -> tuple[Workspace, Snapshot | None]:
    """Save what a workspace has and its HEAD has not; return it with the snapshot, if any.

    Commits of the agent's own count as such.
    """
    with _held(repo, name) as hold:
        head = moving.head_of(repo, hold)
        stray = not hold.workspace.root and head not in (hold.state.head, hold.state.base)
        if not stray and not edits.unsaved(repo, hold.workspace):
            return hold.workspace, None
        return hold.workspace, save(repo, hold, reason=reason)


@contextmanager
def _held(repo: LaneRepo, name: str | None) -> Iterator[capture.Held]:
    with capture.held(repo, finding.named(repo, name)) as hold:
        if hold.workspace.root and hold.state.step is not None:
            binding.follow(repo, hold.workspace.lane, hold)
        yield hold


def save(
    repo: LaneRepo, hold: capture.Held, also: Sequence[bytes] = (), *, reason: str | None = None
) -> Snapshot:
    """Save the content of a workspace that is held; the snapshot's parent is its HEAD.

    With `also`, some files count, too, that are ignored, or that git was told not to look at.
    """
    tree = hold.stage(())
    capture.tell_of_repositories(repo, hold)
    if also:
        hold.stage_more(also)
        tree = hold.staged_tree()
    staged = hold.own_tree() if hold.apart else None
    return keep(repo, hold, tree, staged, reason=reason)


def keep(
    repo: LaneRepo,
    hold: capture.Held,
    tree: str,
    staged: str | None = None,
    *,
    reason: str | None = None,
) -> Snapshot:
    """Save the content of a workspace, given as a tree; `staged` is what only its index has."""
    name = hold.workspace.lane
    head = hold.git.run("rev-parse", "--verify", "--quiet", "HEAD", check=False).text
    why = repo.redactor.text(reason).strip() if reason else ""
    content = _Content(tree, head or None, staged, why or None)
    with locked(repo) as lock:
        require_expected(repo)
        rows = _rows(repo, name)
        saved = _saved_already(repo, hold, rows, content)
        saved = saved or _written(repo, name, rows, lock, content)
    if reason:
        repo.tell_redacted()
    return replace(saved, skipped=hold.skipped, secret=hold.secret)


def _saved_already(
    repo: LaneRepo, hold: capture.Held, rows: Sequence[_Row], content: _Content
) -> Snapshot | None:
    """Return the newest snapshot if it has all of this."""
    saved = next(reversed(_snapshots(hold.workspace.lane, rows)), None)
    if saved is None or saved.tree != content.tree or not _keeps(repo, saved, hold, content.head):
        return None
    staged, reason = content.staged, reason_of(repo.refs.commit(saved.commit))
    if staged is not None and repo.refs.target(f"{saved.commit}^2^{{tree}}") != staged:
        return None
    return replace(saved, reason=reason) if content.reason in (None, reason) else None


def reason_of(commit: CommitObject) -> str | None:
    """Return why a snapshot was taken, from its commit."""
    said = commit.message.partition(b"\n\n")[2].decode("utf-8", "replace").strip()
    return said or None


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
        return _written(repo, workspace.lane, rows, lock, _Content(tree, head))


def _has_index(workspace: Workspace) -> bool:
    return os.path.isfile(os.path.join(workspace.git_dir, "index"))


def _written(
    repo: LaneRepo, name: str, rows: Sequence[_Row], lock: int, content: _Content
) -> Snapshot:
    """Write a snapshot and the ref that holds it, beside those that there are."""
    number = _next_number(name, rows)
    parents = [content.head] if content.head else []
    if content.staged is not None:
        parents += [_commit(repo, content.staged, parents, f"index of lane {name}\n")]
    why = f"\n{content.reason}\n" if content.reason else ""
    commit = _commit(repo, content.tree, parents, f"snapshot of lane {name}\n{why}")
    ref = layout.snapshot(name, number)
    save_ref(repo, ref, commit, lock)
    if repo.refs.target(ref) != commit:
        raise Raced(f"snapshot ref '{ref}' was moved by someone else")
    where = (ids.snapshot_id(name, number), name, content.tree, ref, commit)
    return Snapshot(*where, reason=content.reason)


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


def _keeps(repo: LaneRepo, saved: Snapshot, hold: capture.Held, head: str | None) -> bool:
    """Say whether HEAD is safe with a snapshot: commits of the agent's own hang on nothing else."""
    if hold.workspace.root or head in (None, hold.state.head, hold.state.base):
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
