"""What this clone and a remote have, as it was last fetched: from one listing of refs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import BadValue, GitFailed, NotFound, Refused
from gitlanes.git import remotes
from gitlanes.git.process import Git
from gitlanes.git.refs import list_refs
from gitlanes.store import layout
from gitlanes.store.adopt import adopted_record
from gitlanes.store.recovery import remove_abandoned_locks
from gitlanes.store.view import nearest, shown

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_USUAL = "origin"


class Side(NamedTuple):
    """One side's refs: journals and heads by lane, notes by kind."""

    journals: dict[str, str]
    heads: dict[str, str]
    notes: dict[str, str]


class Sides(NamedTuple):
    """Both sides."""

    ours: Side
    theirs: Side


def read(repo: LaneRepo, remote: str) -> Sides:
    """Return what is here and what was last fetched from a remote; nothing is read but refs."""
    prefixes = [*layout.TRAVELLING, layout.remote(remote)]
    found = Sides(Side({}, {}, {}), Side({}, {}, {}))
    kinds = {ref: kind for kind, ref in layout.NOTES.items()}
    for row in list_refs(repo.git, prefixes, "refname objectname"):
        name, oid = os.fsdecode(row[0]), row[1].decode()
        side = found.ours
        if name.startswith(layout.remote(remote)):
            name, side = layout.on_remote(remote, name), found.theirs
        if name.startswith(layout.JOURNALS):
            side.journals[name.removeprefix(layout.JOURNALS)] = oid
        elif name.startswith(layout.HEADS):
            side.heads[name.removeprefix(layout.HEADS)] = oid
        elif name in kinds:
            side.notes[kinds[name]] = oid
    return found


def choose(repo: LaneRepo, name: str | None) -> str:
    """Return the remote that is meant: the one named, or as `lanes.remote` says, or the usual.

    That is the remote of the adopted lane's branch, else 'origin', else the only one. Raises
    BadValue for an empty name, NotFound, Refused where none can be told.
    """
    if name == "":  # a variable that is not set: the usual remote is not meant
        raise BadValue("empty remote name", hint="name the remote, or leave the name out")
    there = remotes.names(repo.git)
    wanted = name or repo.settings.text("lanes.remote")
    if wanted:
        if wanted not in there:
            near = nearest(wanted, there)
            raise NotFound("remote", shown(wanted), nearest=near, hint="see 'git remote'")
        return wanted
    lane = adopted_record(repo)
    branch = layout.short_branch(lane.branch) if lane and lane.branch else ""
    tracked = repo.settings.text(f"branch.{branch}.remote") if branch else ""
    usual = [x for x in (tracked, _USUAL) if x in there]
    if usual or len(there) == 1:
        return (usual or there)[0]
    if there:
        raise Refused(
            f"there are {len(there)} remotes, and none of them is the usual one",
            hint=f"name one: {', '.join(there)}; 'git lanes config lanes.remote NAME' keeps it",
        )
    raise Refused("this repository has no remote", hint="add one: git remote add origin URL")


def network(repo: LaneRepo) -> Git:
    """Return the git that talks to remotes: where the user would call it, and as he has set it.

    It may ask him for a password, as his own git does.
    """
    root = repo.root()
    git = repo.git.at(repo.place.common_dir, root[1] if root else None)
    if "GIT_TERMINAL_PROMPT" in repo.environ:
        git.environ["GIT_TERMINAL_PROMPT"] = repo.environ["GIT_TERMINAL_PROMPT"]
    else:
        git.environ.pop("GIT_TERMINAL_PROMPT", None)
    return git


def fetch(repo: LaneRepo, remote: str) -> None:
    """Bring what a remote has to the refs that are kept for it; nothing else changes."""

    def tell(done: int, total: int) -> None:
        repo.progress(f"fetching from {remote}", done, total)

    git, refspecs = network(repo), layout.refspecs(remote)
    try:
        remotes.fetch(git, remote, refspecs, tell)
    except GitFailed:  # one that was killed may have left locks
        if not remove_abandoned_locks(repo, layout.remote(remote)):
            raise
        remotes.fetch(git, remote, refspecs, tell)
