"""What a promotion would do: computed from three trees, without a lock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from gitlanes.combine.assembly import plan_landing
from gitlanes.combine.changes import Clash, Plan
from gitlanes.errors import Collision, Negative
from gitlanes.landing.bases import bases_for
from gitlanes.models.plain import Model
from gitlanes.models.records import LaneState
from gitlanes.models.results import CollidingPath, Promotion
from gitlanes.store.attribution import colliding_paths, collision
from gitlanes.store.expectation import require_active

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Force(Model):
    """Where the source wins: the paths named, or every collision."""

    paths: Collection[bytes] = ()
    everything: bool = False


NO_FORCE = Force()


class Landing(Model):
    """A promotion planned for these very heads."""

    source: LaneState
    target: LaneState
    bases: tuple[str, ...]
    plan: Plan

    @property
    def ends(self) -> tuple[str, str]:
        """The heads of source and target that the plan is for."""
        return str(self.source.record.head), str(self.target.record.head)


def plan(repo: LaneRepo, source: LaneState, target: LaneState, force: Force = NO_FORCE) -> Landing:
    """Return what landing the source's head on the target's comes to."""
    for state in (source, target):
        require_active(state.record)
    return plan_from(repo, source, target, bases_for(repo, source, target), force)


def plan_from(
    repo: LaneRepo,
    source: LaneState,
    target: LaneState,
    bases: tuple[str, ...],
    force: Force = NO_FORCE,
) -> Landing:
    """Return the same with bases that are known: of a promotion that was planned before."""
    store = repo.objects
    made = plan_landing(
        store,
        repo.git,
        bases=[store.commit(x).tree for x in bases],
        source=store.commit(str(source.record.head)).tree,
        target=store.commit(str(target.record.head)).tree,
        force=force.paths,
        force_all=force.everything,
    )
    return Landing(source, target, bases, made)


def outcome(
    repo: LaneRepo, landing: Landing, mode: str, unsaved: tuple[bytes, ...] = ()
) -> Promotion:
    """Return the plan as a promotion that has not happened."""
    made, source, target = landing.plan, landing.source.record, landing.target.record
    return Promotion(
        lane=source.name,
        into=target.name,
        mode=mode,
        base=landing.bases,
        source=landing.ends[0],
        target=landing.ends[1],
        head=None,
        commits=(),
        landed=(),
        source_only=tuple(sorted(made.source.keys() - made.target.keys())),
        target_only=tuple(sorted(made.target.keys() - made.source.keys())),
        convergent=made.convergent,
        collisions=_paths(repo, landing, made.collisions),
        forced=_paths(repo, landing, made.forced),
        unsaved=unsaved,
        open_attempts=tuple(x.id for x in source.open),
        dry_run=True,
    )


def refusal(promotion: Promotion) -> Collision:
    """Return the error for a promotion that collides, with its three ways out."""
    lane, into = promotion.lane, promotion.into
    count = len(promotion.collisions)
    return collision(
        f"promoting '{lane}' into '{into}' collides on {count} path{'s' if count > 1 else ''}",
        promotion.collisions,
        (
            f"rerun the work on the new base (git lanes new NAME --from {into}), "
            "resolve by hand, or let the source win with --force PATH"
        ),
        lane=lane,
        into=into,
        base=promotion.base,
        source=promotion.source,
        target=promotion.target,
        source_only=promotion.source_only,
        target_only=promotion.target_only,
        convergent=promotion.convergent,
    )


def require_news(landing: Landing) -> None:
    """Raise Negative where the target has all of the source's work already."""
    source, target = landing.source.record, landing.target.record
    if source.head not in landing.bases:
        return
    names = ", ".join(x.id for x in source.open)
    raise Negative(
        f"nothing to promote: '{target.name}' has all accepted work of '{source.name}'",
        hint=f"accept what is proposed first: {names}"
        if names
        else "commit work in the lane first",
        data={"lane": source.name, "into": target.name},
    )


def _paths(repo: LaneRepo, landing: Landing, clashes: Sequence[Clash]) -> tuple[CollidingPath, ...]:
    if not clashes:
        return ()
    return colliding_paths(repo, landing.plan, clashes, landing.bases, landing.ends)
