"""Where source and target stand towards each other after a landing, and what records say of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gitlanes.models.plain import plain, replace
from gitlanes.models.records import Attempt, Landed, Lane
from gitlanes.models.results import CollidingPath
from gitlanes.store.ancestry import is_ancestor

if TYPE_CHECKING:
    from gitlanes.landing.plans import Landing
    from gitlanes.store.lane_repo import LaneRepo


def told(
    landing: Landing, mode: str, forced: tuple[CollidingPath, ...], head: str | None = None
) -> dict[str, Any]:
    """Return what records say of a promotion; `head` is the target's after it, once it landed."""
    source, target = landing.source.record, landing.target.record
    said = {
        "lane": source.name,
        "lane_uuid": source.uuid,
        "into": target.name,
        "into_uuid": target.uuid,
        "mode": mode,
        "base": list(landing.bases),
        "source": landing.ends[0],
        "target": landing.ends[1],
        "forced": plain(forced),
    }
    return said if head is None else {**said, "head": head}


def landed_on(source: Lane, target: Lane, head: str, at: str, keep: Iterable[str] = ()) -> Lane:
    """Return the source's record, whose next landing on this target counts from `head`.

    ``at`` is the target's head after the landing. ``keep`` are further bases.
    """
    landed = Landed((head, *keep), at, head)
    return replace(source, landed={**source.landed, target.uuid: landed})


def learnt_since(
    repo: LaneRepo, source: Lane, target: Lane, head: str, bases: Iterable[str]
) -> tuple[str, ...]:
    """Return what the source took in of the target after `head`, which lands with these bases.

    Its agent may have merged the target while the promotion waited. Without those bases its
    next landing would take that for work of its own.
    """
    known = source.landed.get(target.uuid)
    old = (head, *bases)
    since = known.bases if known is not None and source.head != head else ()
    return tuple(x for x in since if not any(is_ancestor(repo, x, one) for one in old))


def received(source: Lane, target: Lane, head: str) -> Lane:
    """Return the target's record, now that it has the source's work to `head`.

    Where that stands towards the source is only for who has its fork point from there on
    record: main must not remember every lane that it received.
    """
    known = target.landed.get(source.uuid)
    if known is None:
        return replace(target, mingled=True)
    landed = {**target.landed, source.uuid: Landed((head,), head, known.source)}
    return replace(target, landed=landed, mingled=True)


def overtaken(target: Lane, source: Lane) -> list[Attempt]:
    """Return the target's open promotions of the source, which a newer one replaces."""
    return [x for x in target.open if x.promotion and x.promotion["lane_uuid"] == source.uuid]


def without(open_: Iterable[Attempt], gone: Iterable[Attempt]) -> tuple[Attempt, ...]:
    """Return the open attempts that are left."""
    ids = {x.uuid for x in gone}
    return tuple(x for x in open_ if x.uuid not in ids)
