"""Laying a lane's commits on another ground, one after the other: trees in, trees out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.combine.assembly import plan_landing
from gitlanes.combine.changes import Clash, Plan

if TYPE_CHECKING:
    from gitlanes.git.trees import Change, Item
    from gitlanes.store.lane_repo import LaneRepo

Changes = dict[bytes, "Change"]
Edits = dict[bytes, "Item | None"]


class Laid(NamedTuple):
    """A commit, the tree that it comes to, and the commit that has it, '' if it changes nothing.

    That one is None until it is written. ``decided`` says whether it collided, and somebody or a
    strategy chose what became of that.
    """

    old: str
    tree: str
    commit: str | None = None
    decided: bool = False


class Case(NamedTuple):
    """A commit that collides with what is below it now: its number, of how many, and the plan.

    ``target`` is the tree below.
    """

    commit: str
    number: int
    total: int
    plan: Plan
    target: str


class Settled(NamedTuple):
    """What becomes of colliding paths: their edits, those that are left, and how the rest went."""

    edits: Edits
    left: tuple[Clash, ...]
    how: dict[bytes, str]


class Stop(NamedTuple):
    """Where laying stopped; ``tree`` has all but the paths that are left."""

    case: Case
    tree: str
    left: tuple[Clash, ...]


class Course(NamedTuple):
    """How far it went: what is laid, the tree at its end, where it stopped, how paths went."""

    laid: tuple[Laid, ...]
    tree: str
    stop: Stop | None
    how: dict[bytes, str]


Settle = Callable[[Case], Settled]


def lay(
    repo: LaneRepo,
    commits: Sequence[str],
    tree: str,
    settle: Settle,
    *,
    done: Sequence[Laid] = (),
    total: int = 0,
) -> Course:
    """Lay commits, oldest first, on a tree; ``settle`` is asked about what collides.

    ``done`` of ``total`` were laid before.
    """
    store = repo.objects
    laid, how = list(done), dict[bytes, str]()
    total = total or len(commits)
    last, left = "", None
    for commit in commits:
        found = store.commit(commit)
        before = store.tree_before(found)
        theirs = left if before == last else None
        plan = plan_landing(
            store, repo.git, bases=[before], source=found.tree, target=tree, theirs=theirs
        )
        after = plan.tree
        last, left = found.tree, _left(plan) if after is not None else None
        if after is None:
            case = Case(commit, len(laid) + 1, total, plan, tree)
            store.settle()  # an agent may look with git
            settled = settle(case)
            how |= settled.how
            after = _overlaid(repo, case, settled)
            if settled.left:
                return Course(tuple(laid), tree, Stop(case, after, settled.left), how)
        same = "" if after == tree else None
        laid.append(Laid(commit, after, same, decided=plan.tree is None))
        tree = after
    return Course(tuple(laid), tree, None, how)


def _left(plan: Plan) -> Changes:
    """Return what the trees differ in once the plan is carried out: its source and its target."""
    return {path: change for path, change in plan.target.items() if path not in plan.source}


def _overlaid(repo: LaneRepo, case: Case, settled: Settled) -> str:
    """Return the tree below with what does not collide, and what was settled."""
    from gitlanes.git.trees import overlay

    plan = case.plan
    colliding = {x.path for x in plan.collisions}
    edits: Edits = {
        path: after
        for path, (_, after) in plan.source.items()
        if path not in plan.target and path not in colliding
    }
    return overlay(repo.objects, case.target, {**edits, **settled.edits})
