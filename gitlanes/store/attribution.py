"""Whose work a colliding path is: the last attempt and agent on each side."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gitlanes.combine.changes import Clash, Plan, moved_to
from gitlanes.errors import Collision, LanesError
from gitlanes.git.trees import Change
from gitlanes.models.plain import plain
from gitlanes.models.results import CollidingPath, Touch
from gitlanes.store import records

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Beyond this many paths the names alone are reported: nobody reads further.
_MOST = 200


def colliding_paths(
    repo: LaneRepo, plan: Plan, clashes: Sequence[Clash], bases: Sequence[str], ends: Sequence[str]
) -> tuple[CollidingPath, ...]:
    """Return the clashes with both sides' last attempts and agents.

    `bases` and `ends` (source, target) are commits.
    """
    paths = [x for clash in clashes[:_MOST] for x in (clash.path, clash.other) if x is not None]
    source, target = (_last_touches(repo, paths, bases, end) for end in ends)
    about = records.read(repo, {*source.values(), *target.values()})
    who = {commit: _author(repo, commit, notes.intents) for commit, notes in about.items()}

    def touch(change: Change | None, commit: str | None, moved: bytes | None) -> Touch | None:
        if change is None:
            return None
        attempt, agent = who.get(commit or "", (None, None))
        mode, oid = change[1] or (None, None)
        return Touch(action(change), mode, oid, attempt, agent, commit, moved)

    return tuple(
        CollidingPath(
            path=clash.path,
            kind=clash.kind,
            source=touch(clash.source, source.get(clash.path), None),
            target=touch(
                clash.target,
                target.get(clash.other or clash.path) or target.get(clash.path),
                moved_to(plan, clash.path),
            ),
            other=clash.other,
        )
        for clash in clashes
    )


def collision(
    message: str, collisions: tuple[CollidingPath, ...], hint: str, **data: object
) -> Collision:
    """Return the error for paths that both sides touched."""
    return Collision(message, hint=hint, data={"collisions": plain(collisions), **plain(data)})


def action(change: Change) -> str:
    """Return what a side did to a path: 'added', 'modified' or 'deleted' it."""
    old, new = change
    if old is None:
        return "added"
    return "deleted" if new is None else "modified"


def _author(
    repo: LaneRepo, commit: str, intents: Iterable[dict[str, Any]]
) -> tuple[str | None, str | None]:
    """Return (attempt, agent) of the work itself rather than of a landing of it."""
    known = list(intents)
    work = [x for x in known if x.get("kind") not in ("promotion", "replay")] or known
    if not work:
        return None, None
    agent = work[-1].get("agent") or {}
    return _at(repo, commit, work[-1].get("attempt")), agent.get("id")


def _at(repo: LaneRepo, commit: str, name: Any) -> str | None:
    """Return the id of the attempt that a commit is, where its records name an earlier one."""
    known: list[str] = []
    found = name if isinstance(name, str) else None
    while found is not None and found not in known:
        known.append(found)
        with suppress(LanesError):
            attempt = repo.view.attempt(found)
            found = attempt.superseded_by
            if commit in (attempt.commit, attempt.landed):
                break
    return known[-1] if known else None


def _last_touches(
    repo: LaneRepo, paths: Sequence[bytes], bases: Sequence[str], end: str
) -> dict[bytes, str]:
    """Return the newest commit since the bases that touched each path.

    Git's own history simplification leads through merges to the commit that did the work.
    """
    if not paths:
        return {}
    # A name with a line break cannot come by stdin; there are few of those.
    odd = [os.fsdecode(path) for path in paths if b"\n" in path]
    usual = [path for path in paths if b"\n" not in path]
    order = [x.encode() for x in (end, *(f"^{base}" for base in bases), "--")]
    shape = ("--format=%x00%H", "--name-only", "-z", "--no-renames", "--no-show-signature")
    done = repo.git.run(
        "log", *shape, "--stdin", "--", *odd, input=b"\n".join([*order, *usual, b""])
    )
    found: dict[bytes, str] = {}
    for record in done.out.strip(b"\0").split(b"\0\0"):
        commit, _, names = record.partition(b"\0\n")
        for name in filter(None, names.split(b"\0")):
            found.setdefault(name, commit.decode())
    return found
