"""What a workspace has beyond its attempts, and whether that can become part of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from gitlanes.combine.assembly import plan_landing
from gitlanes.combine.changes import Clash, Plan
from gitlanes.errors import Collision
from gitlanes.models.plain import replace
from gitlanes.models.records import Attempt, Lane
from gitlanes.models.results import CollidingPath, Touch
from gitlanes.models.workspaces import Capture
from gitlanes.review import rewriting, standing
from gitlanes.review.propose import Offer
from gitlanes.store.attribution import action, colliding_paths, collision

if TYPE_CHECKING:
    from gitlanes.git.trees import Change
    from gitlanes.store.lane_repo import LaneRepo


def folded(
    repo: LaneRepo,
    lane: Lane,
    attempts: Sequence[Attempt],
    captured: Capture,
    base: str,
    offer: Offer,
) -> str:
    """Return the tree of the first of these attempts with the workspace's edits laid on it.

    Edits are what the workspace, based on `base`, has beyond the open attempts that it holds.
    Raises Collision where one touches a path that another attempt, laid on the first or beside
    it, touched too.
    """
    from gitlanes.git.trees import changed_paths, overlay

    store, amended = repo.objects, attempts[0]
    known = _known(repo, lane, captured, base)
    tree = captured.tree
    if offer.paths:
        changes = changed_paths(store, repo.git, known, tree)
        wanted = {path: new for path, (_, new) in changes.items() if _inside(path, offer.paths)}
        tree = overlay(store, known, wanted)
    target = store.commit(rewriting.stands_at(amended)).tree
    plan = plan_landing(store, repo.git, bases=[known], source=tree, target=target)
    later = _touched(repo, attempts[1:])
    clashes = _clashes(plan, later)
    if clashes:
        beside = _touched(repo, [x for x in lane.open if x not in attempts])
        raise _refused(amended, {**beside, **later}, clashes, offer)
    return str(plan.tree)


def refusal(
    repo: LaneRepo,
    plan: Plan,
    attempt: Attempt,
    amended: Attempt,
    ends: tuple[str, str],
    commits: Mapping[str, str],
) -> Collision:
    """Return the error for a later attempt that collides with what those below it became.

    `ends` are the commit that it stood on and the one that it is laid on now.
    """
    below, parent = ends
    found = colliding_paths(
        repo, plan, plan.collisions, [below], [rewriting.stands_at(attempt), parent]
    )
    new = set(commits.values())
    paths = tuple(
        replace(x, target=replace(x.target, attempt=amended.id, commit=None))
        if x.target is not None and x.target.commit in new
        else x
        for x in found
    )
    return _collision(f"{attempt.id} collides with the amended {amended.id}", paths, amended)


def _known(repo: LaneRepo, lane: Lane, captured: Capture, base: str) -> str:
    """Return the tree of what a workspace has from its base and from open attempts.

    The newest stack that it holds comes first; an older one that cannot stand beside it is
    left out.
    """
    store = repo.objects
    tree = store.commit(base).tree
    laid: set[str] = set()
    for attempt in reversed(lane.open):
        stack = standing.chain(lane, attempt)
        if attempt.kind != "work" or attempt.uuid in laid:
            continue
        if not standing.holds(repo, lane, attempt, captured):
            continue
        under = store.commit(str(stack[-1].base)).tree
        plan = plan_landing(store, repo.git, bases=[under], source=attempt.tree, target=tree)
        if plan.tree is not None:
            tree = plan.tree
            laid.update(x.uuid for x in stack)
    return tree


def _inside(path: bytes, wanted: Sequence[bytes]) -> bool:
    """Say whether a path is one of those wanted, or below one of them."""
    tops = {x.rstrip(b"/") for x in wanted}
    return bool(tops & {b"", b".", path}) or any(path.startswith(x + b"/") for x in tops)


def _clashes(plan: Plan, later: Iterable[bytes]) -> tuple[Clash, ...]:
    """Return where edits touch what others touched, even where that comes to the same.

    A later attempt laid again would do again what an edit takes back.
    """
    told = {clash.path for clash in plan.collisions}
    touched = plan.source.keys() & {*plan.convergent, *later} - told
    same = (
        Clash(path, "content", plan.source[path], plan.target.get(path), None)
        for path in sorted(touched)
    )
    return (*plan.collisions, *same)


def _refused(
    amended: Attempt,
    owners: Mapping[bytes, tuple[Change, str, str | None]],
    clashes: Sequence[Clash],
    offer: Offer,
) -> Collision:
    paths = tuple(
        CollidingPath(
            path=clash.path,
            kind=clash.kind,
            source=_touch(clash.source, None, offer.intent.agent),
            target=_touch(*owners.get(clash.overwritten, (clash.target, None, None))),
            other=clash.other,
        )
        for clash in clashes
    )
    return _collision(f"the edits collide with work beside {amended.id}", paths, amended)


def _touched(
    repo: LaneRepo, attempts: Sequence[Attempt]
) -> dict[bytes, tuple[Change, str, str | None]]:
    """Return what was done to each path last, in which of the attempts, and by whom."""
    from gitlanes.git.trees import changed_paths

    found: dict[bytes, tuple[Change, str, str | None]] = {}
    for attempt in attempts:
        commit = repo.objects.commit(rewriting.stands_at(attempt))
        before = repo.objects.tree_before(commit)
        changes = changed_paths(repo.objects, repo.git, before, commit.tree)
        found |= {path: (change, attempt.id, attempt.agent) for path, change in changes.items()}
    return found


def _touch(change: Change | None, attempt: str | None, agent: str | None) -> Touch | None:
    if change is None:
        return None
    mode, oid = change[1] or (None, None)
    return Touch(action(change), mode, oid, attempt, agent)


def _collision(what: str, paths: tuple[CollidingPath, ...], amended: Attempt) -> Collision:
    count = f"{len(paths)} path{'' if len(paths) == 1 else 's'}"
    return collision(
        f"{what} on {count}",
        paths,
        "amend the attempt that touched them last, or commit the edits as a new change",
        attempt=amended.id,
    )
