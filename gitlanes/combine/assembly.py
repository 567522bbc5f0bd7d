"""One side's changes laid on the other's tree: by paths, never by contents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from gitlanes.combine.changes import Clash, Plan, changes_since
from gitlanes.combine.collisions import (
    case_clashes,
    content_clashes,
    convergent_paths,
    directory_clashes,
)
from gitlanes.git.process import Git
from gitlanes.git.raw import EMPTY_TREE
from gitlanes.git.trees import Change, overlay

if TYPE_CHECKING:
    from gitlanes.git.objects import ObjectStore

Changes = dict[bytes, Change]


def plan_landing(
    store: ObjectStore,
    git: Git,
    *,
    bases: Sequence[str],
    source: str,
    target: str,
    force: Collection[bytes] = (),
    force_all: bool = False,
    theirs: Changes | None = None,
) -> Plan:
    """Return what laying the source's changes since the bases on the target comes to.

    All ids are of trees. A path counts as changed if it differs from any base. Where a clash
    names a path in `force` (``force_all``: any path), the source wins: its result is taken, or
    the target's path that stands in its way is removed. ``theirs`` is what the target did, for
    who knows it. Nothing but objects is written. Raises BadValue without a base, NotFound for a
    tree that is not stored.
    """
    ours = changes_since(store, git, bases, source)
    theirs = changes_since(store, git, bases, target) if theirs is None else theirs
    wanted = None if force_all else frozenset(force)
    clashes = content_clashes(ours, theirs) + directory_clashes(ours, theirs)
    forced, refused = _divided(clashes, wanted)
    won, lost = _divided(_case_clashes(store, source, target, ours, theirs, forced), wanted)
    forced, refused = _in_order(forced + won), _in_order(refused + lost)
    applied = {} if refused else _applied(ours, theirs, forced)
    return Plan(
        tree=None if refused else _assembled(store, bases, source, target, applied),
        applied=applied,
        convergent=tuple(convergent_paths(ours, theirs)),
        collisions=tuple(refused),
        forced=tuple(forced),
        source=ours,
        target=theirs,
    )


def _divided(
    clashes: Collection[Clash], wanted: frozenset[bytes] | None
) -> tuple[list[Clash], list[Clash]]:
    """Return the clashes that the source wins, and those that stay; None wants all."""
    named = {c for c in clashes if wanted is None or c.path in wanted or c.other in wanted}
    # Several of the source's paths may need the same one out of the way.
    gone = {clash.other for clash in named if clash.other is not None}
    won = [clash for clash in clashes if clash in named or clash.other in gone]
    return won, [clash for clash in clashes if clash not in named and clash.other not in gone]


def _case_clashes(
    store: ObjectStore,
    source: str,
    target: str,
    ours: Changes,
    theirs: Changes,
    forced: Iterable[Clash],
) -> list[Clash]:
    """Return the case clashes among what the other clashes leave of both sides."""
    taken = {clash.path for clash in forced if clash.kind == "content"}
    gone = {clash.other for clash in forced}
    return case_clashes(
        {path: ours[path] for path in ours if path not in theirs or path in taken},
        {path: theirs[path] for path in theirs if path not in ours and path not in gone},
        lambda path: store.entry(source, path) is not None,
        lambda path: store.entry(target, path) is not None,
    )


def _applied(ours: Changes, theirs: Changes, forced: Iterable[Clash]) -> Changes:
    """Return what happens to the target's tree, where nothing collides any more."""
    applied = {path: ours[path] for path in ours if path not in theirs}
    for clash in forced:
        after = ours[clash.path][1] if clash.other is None else None
        applied[clash.overwritten] = theirs[clash.overwritten][1], after
    return dict(sorted(applied.items()))


def _assembled(
    store: ObjectStore, bases: Sequence[str], source: str, target: str, applied: Changes
) -> str:
    if set(bases) == {target} and source != EMPTY_TREE:
        return source
    return overlay(store, target, {path: after for path, (_, after) in applied.items()})


def _in_order(clashes: list[Clash]) -> list[Clash]:
    return sorted(clashes, key=lambda clash: (clash.path, clash.kind, clash.other or b""))
