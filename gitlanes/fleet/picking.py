"""Picking one lane of a batch: judged side by side, the best one lands, the others are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import Negative, NotFound, Refused
from gitlanes.fleet import entrants, judging, limits, ranking
from gitlanes.fleet.entrants import Contender, Field
from gitlanes.fleet.turning import (
    PICKED,
    WHY,
    Won,
    finish_steps,
    merits,
    picked_before,
    told_if_interrupted,
    turn_down,
)
from gitlanes.gates.clearance import JudgedAsItLands
from gitlanes.git import locks
from gitlanes.landing import accepting
from gitlanes.landing.promote import Order, promote
from gitlanes.models import batches as words
from gitlanes.models.batches import CRITERIA, Entrant, Picked, PickRules
from gitlanes.models.notes import Intent, Judgement
from gitlanes.models.plain import Model, plain, replace
from gitlanes.models.records import Lane
from gitlanes.models.results import Promotion
from gitlanes.store import view
from gitlanes.store.transaction import require_locks
from gitlanes.workspaces import binding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Seconds that one waits for another one who picks for the same lane: gates take their time.
_PATIENCE = 3600


class Wish(Model):
    """How to pick: ``lane`` is the one that is wanted, else it is the best one by ``by``.

    ``rules`` are limits, within which all has to be that is picked; with ``auto`` those of the
    target's ``[pick]``, if there are no others. ``agent`` is who does it.
    """

    lane: str | None = None
    into: str | None = None
    by: tuple[str, ...] | None = None
    mode: str | None = None
    rules: PickRules | None = None
    auto: bool = False
    agent: str | None = None
    dry_run: bool = False


BEST = Wish()


def pick(repo: LaneRepo, batch: str, wish: Wish = BEST) -> Picked:
    """Land the best lane of a batch, and turn the others down with the reason; they are kept.

    Each candidate is judged as it would land. The winner's open attempts are accepted first. Each
    step is an operation of its own: begun again after a kill, it goes on. Raises Negative with each
    lane's reason where none can be picked, or agents are still at work; Refused where the gates'
    text is not trusted, where there are no rules, and where a lane of the batch landed without
    being picked.
    """
    found = entrants.field(repo, batch, wish.into)
    wish = settled(repo, wish, found.target.record)
    _require_member(found, wish.lane)
    if wish.dry_run:
        return _picked(repo, found, wish)
    require_locks(repo)
    target = found.target.record
    path = repo.state_directory / f"pick-{target.uuid}"
    with locks.hold(path, f"picking for lane '{target.name}'", timeout=_PATIENCE):
        found = entrants.field(repo, batch, wish.into)
        finish_steps(repo, found)
        return _picked(repo, found, wish)


def settled(repo: LaneRepo, wish: Wish, target: Lane) -> Wish:
    """Return the wish with the rules that it goes by.

    Raises Refused where the target has none, BadValue for criteria that there are not.
    """
    if wish.auto and wish.rules is None:
        wish = replace(wish, rules=limits.of_lane(repo, target))
    ranking.check(_criteria(wish))
    return wish


def _require_member(found: Field, lane: str | None) -> None:
    names = [x.entrant.lane for x in found.contenders]
    if lane is not None and lane not in names:
        near, hint = view.nearest(lane, names), f"there are: {', '.join(names)}"
        what = f"in batch '{found.batch}', lane"
        raise NotFound(what, view.shown(lane), nearest=near, hint=hint)


def _criteria(wish: Wish) -> tuple[str, ...]:
    return tuple(dict.fromkeys(wish.by or (wish.rules.by if wish.rules else CRITERIA)))


def _picked(repo: LaneRepo, found: Field, wish: Wish) -> Picked:
    won = _won_before(repo, found, wish)
    _require_done(found)
    if won is not None:
        return _gone_on(repo, found, wish, won)
    ready, others = _judged(repo, found, wish)
    if not ready:
        raise _nothing(found, others)
    order = ranking.ranked([x.entrant for x in ready], _criteria(wish))
    best = sorted(ready, key=lambda x: order.index(x.entrant))
    if wish.dry_run:
        return _told(found, wish, best, others)
    return _carried_out(repo, found, wish, best, others)


def _require_done(found: Field) -> None:
    """Raise Negative while agents are at work: what they will offer is not known."""
    busy = [x.entrant.lane for x in found.contenders if x.entrant.running]
    if busy:
        raise Negative(
            f"agents of batch '{found.batch}' are at work in {', '.join(busy)}",
            hint=f"wait for them, or end them with: git lanes kill --batch {found.batch}",
            data={"running": busy},
        )


def _judged(repo: LaneRepo, found: Field, wish: Wish) -> tuple[list[Contender], list[Contender]]:
    """Return the candidates that may win, with what gates say, and the others with the reason."""
    # Gates need not run for what is too large anyway; that they pass is asked once they ran.
    early = replace(wish.rules, gates=()) if wish.rules else None
    wanted = [x for x in found.contenders if wish.lane in (None, x.entrant.lane)]
    fitting = [x for x in wanted if x.candidate and _fault(x.entrant, early) is None]
    judged = judging.judged(repo, fitting)
    if judged and not any(x.gates for x in judged.values()):
        repo.warn("no gate judges this work: only numbers speak for what is picked")
    ready, others = [], []
    for one in found.contenders:
        known = judged.get(one.entrant.lane)
        why = _fault(known.entrant, wish.rules) if known else _fault(one.entrant, early)
        if known is not None and why is None:
            ready.append(known)
        else:
            others.append(_because(known or one, why))
    return ready, others


def _because(one: Contender, why: str | None) -> Contender:
    return replace(one, entrant=replace(one.entrant, why=why))


def _fault(entrant: Entrant, rules: PickRules | None) -> str | None:
    """Return why a candidate cannot win, as far as is known by now."""
    if entrant.standing != words.READY:
        return entrant.why or f"it is {entrant.standing}"
    if entrant.failed:
        names = ", ".join(f"'{x.name}'" for x in entrant.failed)
        return f"gate{'s' if len(entrant.failed) > 1 else ''} {names} failed"
    return ranking.misfit(entrant, rules) if rules else None


def _nothing(found: Field, others: Sequence[Contender]) -> Negative:
    return Negative(
        f"nothing of batch '{found.batch}' can be picked for '{found.target.record.name}'",
        hint=f"see 'git lanes compare {found.batch}'",
        data={"batch": found.batch, "entrants": plain(tuple(x.entrant for x in others))},
    )


def _carried_out(
    repo: LaneRepo, found: Field, wish: Wish, best: list[Contender], others: list[Contender]
) -> Picked:
    """Land the best one that does land, then turn the others down."""
    while best:
        first = best[0]
        won = Won(first.entrant.lane, merits(first.entrant))
        try:
            with told_if_interrupted(repo, found, won, wish.into):
                accepted, made = _land(repo, found, wish, first, won)
                result = _told(found, wish, best, others)
                turned = turn_down(repo, found, won, [*best[1:], *others], wish.agent)
        except Negative as error:  # its lane or the target went on meanwhile
            others.append(_because(best.pop(0), error.message))
        else:
            return replace(result, accepted=accepted, promotion=made, turned=turned)
    raise _nothing(found, others)


def _land(
    repo: LaneRepo, found: Field, wish: Wish, best: Contender, won: Won
) -> tuple[tuple[str, ...], Promotion]:
    assert best.candidate is not None
    accepted = []
    judgement = Judgement(wish.agent, f"picked of batch {found.batch}: {won.why}")
    # Its own lane may lack what it needs, and what counts is how it lands.
    judged = JudgedAsItLands(repo, best.candidate.rules.text, best.evaluations)
    for attempt in entrants.to_accept(repo.view.lane(won.lane).record):
        accepting.accept(repo, attempt.id, judgement, clearance=judged)
        accepted.append(attempt.id)
    intent = Intent(agent=wish.agent, meta={PICKED: found.batch, WHY: won.why})
    order = Order(found.target.record.name, wish.mode, intent=intent)
    return tuple(accepted), promote(repo, won.lane, order)


def _won_before(repo: LaneRepo, found: Field, wish: Wish) -> Won | None:
    """Return what was picked before, None if nothing was.

    Raises Refused where a lane landed without being picked, unless that one is wanted, and
    Negative where another one is.
    """
    landed = [x for x in found.contenders if x.entrant.standing == words.LANDED]
    for one in landed:
        name, why = one.entrant.lane, picked_before(repo, found, one.state.record)
        if why is None and name != wish.lane:
            continue
        return _wanted(found, wish, Won(name, why or "it had landed"))
    if not landed:
        return None
    name = landed[0].entrant.lane
    raise Refused(
        f"lane '{name}' of batch '{found.batch}' has landed without being picked",
        hint=f"to turn the others down: git lanes pick {found.batch} {name}",
    )


def _wanted(found: Field, wish: Wish, won: Won) -> Won:
    if wish.lane not in (None, won.lane):
        raise Negative(
            f"batch '{found.batch}' was picked already: '{won.lane}' has landed",
            hint=f"land it beside that with: git lanes promote {wish.lane}",
        )
    return won


def _gone_on(repo: LaneRepo, found: Field, wish: Wish, won: Won) -> Picked:
    """Turn down what is left, after a winner that landed before."""
    best = [x for x in found.contenders if x.entrant.lane == won.lane]
    # What they collide with now may well be the winner.
    others = [_because(x, None) for x in found.contenders if x.entrant.lane != won.lane]
    result = replace(_told(found, wish, best, others), before=True, why=won.why)
    if wish.dry_run:
        return result
    target = found.target.record
    with told_if_interrupted(repo, found, won, wish.into):
        if target.bound:  # a kill may have come between the landing and this
            binding.follow(repo, target.name)
        repo.landed(target.name)
        return replace(result, turned=turn_down(repo, found, won, others, wish.agent))


def _told(
    found: Field, wish: Wish, best: Sequence[Contender], others: Sequence[Contender]
) -> Picked:
    good = [x.entrant for x in best]
    by = _criteria(wish)
    first = ranking.key(good[0], by, good)
    return Picked(
        found.batch,
        found.target.record.name,
        good[0].lane,
        merits(good[0]),
        by,
        (*good, *(x.entrant for x in others)),
        tied=tuple(x.lane for x in good[1:] if ranking.key(x, by, good) == first),
        dry_run=wish.dry_run,
    )
