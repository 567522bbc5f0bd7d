"""What becomes of colliding paths, by strategy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gitlanes.graph import contents
from gitlanes.graph.laying import Case, Edits, Settle, Settled
from gitlanes.models.sync import AGENT, LANE, MERGED, PARENT, Resolution

if TYPE_CHECKING:
    from gitlanes.combine.changes import Clash
    from gitlanes.git.trees import Item
    from gitlanes.store.lane_repo import LaneRepo

# Asks somebody about one path.
Ask = Callable[[Case, "Clash", int, int], Resolution]


def settle_by(repo: LaneRepo, strategy: str, ask: Ask | None = None) -> Settle:
    """Return what is asked about each commit that collides."""

    def settle(case: Case) -> Settled:
        edits: Edits = {}
        how: dict[bytes, str] = {}
        left: list[Clash] = []
        clashes = case.plan.collisions
        sides = contents.displaced(clashes) if strategy not in (LANE, PARENT) else frozenset()
        for number, clash in enumerate(clashes, start=1):
            known = clash.path not in sides
            found = _one(repo, strategy, ask, case, clash, number, len(clashes)) if known else None
            if found is None:
                left.append(clash)
            else:
                edits |= found
                how[clash.path] = strategy
        return Settled(edits, tuple(left), how)

    return settle


def _one(
    repo: LaneRepo,
    strategy: str,
    ask: Ask | None,
    case: Case,
    clash: Clash,
    index: int,
    total: int,
) -> Edits | None:
    """Return the edits that settle a path, None where it is left to people."""
    if strategy in (LANE, PARENT):
        return _taken(clash, strategy)
    if strategy == MERGED:
        merged = contents.merged(repo, clash)
        return None if merged is None else {clash.path: merged}
    if strategy == AGENT and ask is not None and contents.is_text(repo, clash, missing=True):
        return _answered(repo, clash, ask(case, clash, index, total))
    return None


def _taken(clash: Clash, side: str) -> Edits:
    """Return what it takes that one side has its way as a whole."""
    if side == PARENT:
        return {}
    mine = clash.source[1] if clash.source else None
    return {clash.path: mine, **({clash.other: None} if clash.other else {})}


def _answered(repo: LaneRepo, clash: Clash, answer: Resolution) -> Edits | None:
    if answer.take is not None:
        return _taken(clash, answer.take)
    if answer.content is None:
        return None
    item: Item = (contents.mode_of(clash), repo.objects.write("blob", answer.content))
    return {clash.path: item}
