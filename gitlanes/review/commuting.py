"""Which changes can change places: those that touch no path in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from gitlanes.models.results import CollidingPath, Touch
from gitlanes.store.attribution import action, collision

if TYPE_CHECKING:
    from gitlanes.git.trees import Change
    from gitlanes.store.lane_repo import LaneRepo

# Whose a commit is: the id of its attempt and of its agent, as far as is known.
Who = tuple[str | None, str | None]
Side = tuple[str | None, str | None, str]


def changes_of(repo: LaneRepo, commit: str) -> dict[bytes, Change]:
    """Return what a commit changed on its first parent, by path."""
    from gitlanes.git.trees import changed_paths

    found = repo.objects.commit(commit)
    before = repo.objects.tree_before(found)
    return changed_paths(repo.objects, repo.git, before, found.tree)


def inverted(history: Sequence[str], wanted: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs (older, newer) of commits that are wanted the other way round."""
    place = {commit: at for at, commit in enumerate(history)}
    return [
        (older, newer)
        for at, newer in enumerate(wanted)
        for older in wanted[at + 1 :]
        if place[older] < place[newer]
    ]


def require_commuting(
    repo: LaneRepo,
    history: Sequence[str],
    wanted: Sequence[str],
    who: Mapping[str, Who],
) -> None:
    """Raise Collision where commits touch the same path and are wanted in another order.

    `wanted` are commits of the history, `who` has {commit: (attempt, agent)}. With no path in
    common they come to the same tree in any order.
    """
    changes = cache(lambda commit: changes_of(repo, commit))
    found: list[CollidingPath] = []
    for older, newer in inverted(history, wanted):
        sides = ((*who.get(x, (None, None)), x) for x in (newer, older))
        found += _shared(changes(newer), changes(older), *sides)
    if not found:
        return
    paths = dict.fromkeys(str(x.path, "utf-8", "surrogateescape") for x in found)
    first = found[0]
    newer, older = (_name(x) for x in (first.source, first.target))
    more = "" if len(paths) == 1 else f" and {len(paths) - 1} more"
    raise collision(
        f"{newer} cannot come before {older}: both touch '{next(iter(paths))}'{more}",
        tuple(found),
        "keep them in this order, or in one block",
    )


def _shared(
    ours: Mapping[bytes, Change],
    theirs: Mapping[bytes, Change],
    our: Side,
    their: Side,
) -> list[CollidingPath]:
    """Return the paths that two commits touched, one of them being below the other included."""
    found = []
    for path in ours:
        for other in _meeting(path, theirs):
            kind = "content" if other == path else "directory"
            touched = _touch(ours[path], *our), _touch(theirs[other], *their)
            found.append(CollidingPath(path, kind, *touched, None if other == path else other))
    return found


def _meeting(path: bytes, others: Mapping[bytes, Change]) -> list[bytes]:
    """Return what of the others is this path, a directory above it, or below it."""
    parts = path.split(b"/")
    above = (b"/".join(parts[:end]) for end in range(1, len(parts) + 1))
    below = (x for x in others if x.startswith(path + b"/"))
    return [*(x for x in above if x in others), *below]


def _touch(change: Change, attempt: str | None, agent: str | None, commit: str) -> Touch:
    mode, oid = change[1] or (None, None)
    return Touch(action(change), mode, oid, attempt, agent, commit)


def _name(touch: Touch | None) -> str:
    return (touch.attempt or str(touch.commit)[:12]) if touch else ""
