"""How a bound lane and its branch stand to each other; reads only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import BadValue, Refused, line
from gitlanes.git import worktrees
from gitlanes.git.refs import list_refs
from gitlanes.models.lanes import LaneFinding
from gitlanes.models.records import Lane
from gitlanes.store import layout
from gitlanes.store.ancestry import is_ancestor, merge_base
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

AGREED = "agreed"
LAGS = "lags"
IMPORTED = "imported"
COLLIDES = "collides"
DIVERGED = "diverged"
RESET = "reset"
MISSING = "missing"

# File names have up to 255 bytes, and git makes one with '.lock' behind a ref's.
_LONGEST_PART = 255 - len(".lock")

# What only a person can decide.
TO_DECIDE = (COLLIDES, DIVERGED, RESET, MISSING)


def relation(repo: LaneRepo, lane: Lane) -> str:
    """Return how a lane's branch stands to its head.

    'lags': it is where it was last agreed on, or further, and the head is ahead. 'imported': it
    has commits to be taken in. 'reset': it went back from where it was agreed on. 'diverged':
    it was rewritten. An unbound lane is 'agreed'.
    """
    if lane.branch is None:
        return AGREED
    tip, seen = repo.refs.targets([lane.branch, layout.seen(lane.name)])
    return _relation(repo, str(lane.head), tip, seen)


def is_elsewhere(repo: LaneRepo, lane: Lane) -> bool:
    """Say whether a lane is bound to a branch that this clone has never had."""
    return not any(repo.refs.targets([str(lane.branch), layout.seen(lane.name)]))


def _relation(repo: LaneRepo, head: str, tip: str | None, seen: str | None) -> str:
    if tip is None:
        # A lane may be bound to a branch that only another clone has.
        return MISSING if seen else AGREED
    if tip == head:
        return AGREED
    if is_ancestor(repo, tip, head):
        return LAGS if seen is None or is_ancestor(repo, seen, tip) else RESET
    base = seen or merge_base(repo, tip, head)
    return IMPORTED if base is not None and is_ancestor(repo, base, tip) else DIVERGED


def checked(repo: LaneRepo, name: str) -> str:
    """Return the full ref of a branch to be made; raises BadValue for a name that cannot be one.

    Git would take a full ref's name as that of a branch, and names for whose lock files a file
    system has no room.
    """
    done = repo.git.run("check-ref-format", "--branch", name, check=False)
    reason = "see 'git help check-ref-format'" if done.code or done.text != name else ""
    if any(len(os.fsencode(part)) > _LONGEST_PART for part in name.split("/")):
        reason = f"use at most {_LONGEST_PART} bytes between slashes"
    if name.startswith(layout.BRANCHES):
        reason = f"leave out '{layout.BRANCHES}'"
    if reason:
        raise BadValue(f"bad branch name '{line(name, 60)}'", hint=reason)
    return layout.branch(name)


def require_unowned(repo: LaneRepo, branch: str, own: str | None = None) -> None:
    """Raise Refused for a branch that is another one's other name, or that of a lane.

    What is put on a lane's branch is taken in as people's commits, which no gate has judged. That
    it is the branch of the lane of uuid `own` does not count. ``branch`` is the full ref.
    """
    short = layout.short_branch(branch)
    meant = repo.git.run("symbolic-ref", "--quiet", branch, check=False).text
    if meant:
        other = layout.short_branch(meant)
        raise Refused(f"branch '{short}' is another name of '{other}'", hint="choose another")
    lanes = (x.record for x in repo.view.lanes(where=lambda text: b'"branch":' in text))
    bound = next((x for x in lanes if x.branch == branch and x.uuid != own), None)
    if bound is not None:
        raise Refused(
            f"lane '{bound.name}' is bound to branch '{short}'",
            hint=f"choose another branch with --branch; work comes there by promotion into "
            f"'{bound.name}', or as it is from that lane",
        )


def agreed_on(repo: LaneRepo, lane: Lane, tip: str) -> str | None:
    """Return the branch's tip last agreed on in this clone; a new clone has agreed on none yet."""
    return repo.refs.target(layout.seen(lane.name)) or merge_base(repo, tip, str(lane.head))


def explain(lane: Lane, how: str) -> tuple[str, str]:
    """Return a line, and a hint, for a branch that cannot be taken in."""
    branch, head = layout.short_branch(str(lane.branch)), layout.head(lane.name)
    part = f"or let them part (git lanes bind {lane.name} --unset)"
    if how == COLLIDES:
        return (
            f"branch '{branch}' and lane '{lane.name}' both touched the same paths",
            (
                f"rebase the branch (git rebase {head} {branch}), merge by hand "
                f"(git merge {head}), or drop its commits (git reset --keep {head})"
            ),
        )
    if how == MISSING:
        return (
            f"branch '{branch}' of lane '{lane.name}' was deleted",
            f"make it again (git branch {branch} {head}), {part}",
        )
    if how == RESET:
        return (
            f"branch '{branch}' was moved back: it has lost commits that lane '{lane.name}' has",
            (
                f"bring them back (git reset --keep {head}), drop them from the lane, too "
                "(the same, then 'git revert' each, with '-m 1' where it is a merge), " + part
            ),
        )
    return (
        f"branch '{branch}' was rewritten: it has lost commits that lane '{lane.name}' has",
        (
            f"lay its own on them again (git rebase {head} {branch}), drop its own "
            f"(git reset --keep {head}), {part}"
        ),
    )


class Known(NamedTuple):
    """What is known of the branch that the repository's own directory is on.

    ``refs`` has {ref: id} of that branch and of all tips agreed on.
    """

    branch: str
    refs: Mapping[str, str]


def findings(
    repo: LaneRepo, lanes: Sequence[Lane], known: Known | None = None
) -> Iterator[LaneFinding]:
    """Yield what a person should know of bound lanes: from few git processes, or none."""
    bound = [lane for lane in lanes if lane.branch]
    there = {ref: (oid, "") for ref, oid in known.refs.items()} if known else {}
    unknown = [lane for lane in bound if known is None or lane.branch != known.branch]
    if unknown:
        names = [x for lane in unknown for x in (str(lane.branch), layout.seen(lane.name))]
        rows = list_refs(repo.git, names, "refname objectname worktreepath")
        texts = ([os.fsdecode(cell) for cell in row] for row in rows)
        there |= {ref: (oid, place) for ref, oid, place in texts}
    if not bound:
        return
    root = repo.root()
    owner = finding.owner_of_root(root[0]) if root else None
    for lane in bound:
        tip, directory = there.get(str(lane.branch), (None, ""))
        seen, _ = there.get(layout.seen(lane.name), (None, ""))
        yield from _of_branch(lane, _stands(repo, str(lane.head), tip, seen))
        if root and owner == lane.uuid:
            yield from _of_root(repo, root, lane)
        # Without an owner that can be read, it may be this lane's.
        own = root[1] if root and owner in (lane.uuid, None) else ""
        if directory not in ("", repo.place.common_dir, own):
            yield _in_worktree(lane, directory)


def _stands(repo: LaneRepo, head: str, tip: str | None, seen: str | None) -> str:
    """Return the relation, and 'ahead' where the branch alone went on."""
    how = _relation(repo, head, tip, seen)
    return "ahead" if how == IMPORTED and is_ancestor(repo, head, str(tip)) else how


def _of_branch(lane: Lane, how: str) -> Iterator[LaneFinding]:
    branch = layout.short_branch(str(lane.branch))
    lines = {
        LAGS: (
            "behind",
            f"branch '{branch}' is behind lane '{lane.name}'",
            "the next command that works on the lane brings it along",
        ),
        "ahead": (
            "ahead",
            f"branch '{branch}' has commits that lane '{lane.name}' has not",
            "the next command that works on the lane takes them in",
        ),
        IMPORTED: (
            "parted",
            f"branch '{branch}' and lane '{lane.name}' both went on",
            "the next command that works on the lane joins them, unless both touched a path",
        ),
    }
    if how in lines:
        kind, message, hint = lines[how]
        yield LaneFinding(f"branch-{kind}", lane.name, message, hint)
    elif how != AGREED:
        kind = {DIVERGED: "rewritten"}.get(how, how)
        yield LaneFinding(f"branch-{kind}", lane.name, *explain(lane, how))


def _of_root(repo: LaneRepo, root: tuple[str, str], lane: Lane) -> Iterator[LaneFinding]:
    """Yield what keeps the repository's own directory from going along with its lane."""
    branch = layout.short_branch(str(lane.branch))
    doing = worktrees.in_progress(root[0])
    if doing:
        yield LaneFinding(
            "root-busy",
            lane.name,
            f"the repository's directory is in the middle of a {doing}",
            f"finish it, or run '{worktrees.way_out(doing)}'",
        )
    elif (present := worktrees.attached_branch(repo.git.at(*root))) != lane.branch:
        on = f"on branch '{layout.short_branch(present)}'" if present else "on no branch"
        yield LaneFinding(
            "root-elsewhere",
            lane.name,
            f"the repository's directory is {on}, not on '{branch}'",
            f"'git switch {branch}' lets its files go along with lane '{lane.name}' again",
        )


def _in_worktree(lane: Lane, place: str) -> LaneFinding:
    return LaneFinding(
        "branch-in-worktree",
        lane.name,
        f"branch '{layout.short_branch(str(lane.branch))}' is checked out in '{place}'",
        f"it waits there: bring it along with 'git merge --ff-only {layout.head(lane.name)}'",
    )
