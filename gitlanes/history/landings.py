"""The promotions that brought an attempt's work on, lane after lane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitlanes.history.chains import Chain, Chains
from gitlanes.models.plain import replace
from gitlanes.models.records import ACCEPTED, Attempt, Entry
from gitlanes.store import journal
from gitlanes.store.validity import promotion_of

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Lanes that work passes through on its way.
_FARTHEST = 50


def landings(repo: LaneRepo, attempt: Attempt) -> list[Attempt]:
    """Return the attempts that landed one on other lanes: the nearest first, each lane once."""
    chains = Chains(repo)
    first = chains.of(repo.view.attempt_in(attempt.id)[1].record.uuid)
    todo: list[tuple[Chain, Attempt]] = [(first, attempt)] if first else []
    been = {first.record.uuid} if first else set()
    found: list[Attempt] = []
    while todo and len(found) < _FARTHEST:
        chain, here = todo.pop(0)
        for operation, into in _left_by(repo, chain, here).items():
            target = chains.of(into)
            if target is None or into in been:
                continue
            been.add(into)
            landed = _landed(repo, target, operation, attempt.change_id)
            if landed is not None:
                found.append(landed)
                todo.append((target, landed))
    return found


def _left_by(repo: LaneRepo, chain: Chain, attempt: Attempt) -> dict[str, str]:
    """Return {operation: lane's uuid} of the first promotion to each lane since an acceptance."""
    first: dict[str, str] = {}
    if attempt.status != ACCEPTED:
        return first
    for entry in _entries(repo, chain):
        told = promotion_of(entry.details)
        if told and told["lane_uuid"] == chain.record.uuid and entry.verb != "propose":
            first[str(told.get("into_uuid"))] = entry.operation
        if any(x.uuid == attempt.uuid and x.status == ACCEPTED for x in entry.attempts):
            break
    return {operation: into for into, operation in reversed(first.items())}


def _landed(repo: LaneRepo, target: Chain, operation: str, change: str | None) -> Attempt | None:
    """Return the target's attempt that an operation landed, that of the change if it has one."""
    now: dict[str, Attempt] = {}
    for entry in _entries(repo, target):
        for attempt in entry.attempts:
            now.setdefault(attempt.uuid, attempt)
        if entry.operation == operation:
            same = [x for x in entry.attempts if x.change_id == change and change]
            landed = [x for x in entry.attempts if x.status == ACCEPTED]
            found = next(iter(same), None) or next(iter(landed[::-1]), None)
            # Where journals were joined since, it may be called otherwise.
            return found and replace(found, id=now[found.uuid].id, number=now[found.uuid].number)
    return None


def _entries(repo: LaneRepo, chain: Chain) -> Iterator[Entry]:
    return journal.walk_all(repo.git, [chain.tip], repo.warn)
