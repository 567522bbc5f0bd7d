"""What each side of a landing did, and the outcome of laying one on the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from gitlanes.errors import BadValue
from gitlanes.git.process import Git
from gitlanes.git.trees import Change, changed_paths

if TYPE_CHECKING:
    from gitlanes.git.objects import ObjectStore

Kind = Literal["content", "directory", "case"]


class Clash(NamedTuple):
    """Two sides that cannot both have their way.

    ``content``: both gave ``path`` different results, and ``other`` is None. ``directory``: one
    side has a file where the other needs a directory. ``case``: both paths are new and equal
    but for case or Unicode form, in themselves or in a directory on the way. In the last two
    ``path`` is what the source has and ``other`` what the target has; where several paths are
    below one directory, there is a clash for each. ``source`` is what the source did to
    ``path``, ``target`` what the target did to ``other``, or to ``path`` where that is None.
    """

    path: bytes
    kind: Kind
    source: Change | None
    target: Change | None
    other: bytes | None

    @property
    def overwritten(self) -> bytes:
        """Return the target's path that gives way if the source wins."""
        return self.path if self.other is None else self.other


class Plan(NamedTuple):
    """What a landing would do; changes are ``{path: (before, after)}``, sorted by path.

    ``tree`` is the combined tree, None while ``collisions`` remain. ``applied`` is exactly what
    differs between the target's tree and ``tree``, empty without one. ``convergent`` are the
    paths that both sides brought to the same result, ``forced`` the clashes that the source won
    because the caller said so. ``source`` and ``target`` are what each side did since the base.
    """

    tree: str | None
    applied: dict[bytes, Change]
    convergent: tuple[bytes, ...]
    collisions: tuple[Clash, ...]
    forced: tuple[Clash, ...]
    source: dict[bytes, Change]
    target: dict[bytes, Change]


def changes_since(
    store: ObjectStore, git: Git, bases: Sequence[str], tree: str
) -> dict[bytes, Change]:
    """Return every path in which `tree` differs from any of the bases, all ids of trees.

    ``before`` is what the first base that differs has. Raises BadValue without a base: nothing
    would count as changed, and the landing would silently do nothing.
    """
    if not bases:
        raise BadValue("a landing needs at least one base")
    changes: dict[bytes, Change] = {}
    for base in reversed(dict.fromkeys(bases)):
        changes.update(changed_paths(store, git, base, tree))
    return dict(sorted(changes.items())) if len(bases) > 1 else changes


def moved_to(plan: Plan, path: bytes) -> bytes | None:
    """Return where the target moved `path` to, or None if it did not move it away unchanged.

    Among several identical additions, one that kept the file's name comes first.
    """
    before, after = plan.target.get(path, (None, None))
    if before is None or after is not None:
        return None
    name = path.rpartition(b"/")[2]
    places = [other for other, change in plan.target.items() if change == (None, before)]
    return min(places, key=lambda x: (x.rpartition(b"/")[2] != name, x), default=None)
