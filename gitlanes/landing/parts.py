"""Promotion of some of a lane's changes: those of a stack, or named ones; all or none.

What is to land is brought to the front of its lane, which keeps its tree, and lands from there
by the ordinary rules. So what stays behind stands on what landed, and counts from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, GateFailed
from gitlanes.gates.clearance import Clearance
from gitlanes.gates.recording import record
from gitlanes.landing import strictness
from gitlanes.landing.legs import Legs, Source
from gitlanes.landing.picking import Parts, concerned, picked
from gitlanes.landing.promote import Order, checked, event
from gitlanes.models.plain import replace
from gitlanes.models.records import LaneState
from gitlanes.models.results import Promotion
from gitlanes.plugins import around
from gitlanes.review import decide
from gitlanes.store.transaction import Transaction, settled, transaction
from gitlanes.workspaces import binding, capture, finding, intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def promote_parts(
    repo: LaneRepo, lane: str | None, order: Order | None, parts: Parts, *, dry_run: bool = False
) -> Promotion:
    """Land some changes on their target, in order, all or none; the rest stays in its lane.

    The order of a lane's commits changes if need be, its tree does not. Raises what `promote`
    raises, Collision where a change stands on one that is to stay, and Refused where a block is
    not approved. With ``dry_run`` nothing moves.
    """
    order = checked(order)
    if (parts.stack is None) == (not parts.changes):
        raise BadValue("name either a stack or changes to promote")
    if order.strict:
        raise BadValue("a part of a lane leaves the rest behind", hint="leave --strict out")
    if dry_run:
        return _preview(repo, lane, order, parts)
    with around(event(repo, "promote", lane, order), repo.state_directory, repo.warn) as told:
        told.result = made = _promote(repo, lane, order, parts)
    repo.landed(made.into)
    return made


class _Preview(Exception):
    """What would have landed: raised so that nothing does."""

    def __init__(self, made: Promotion):
        super().__init__()
        self.made = made


def _preview(repo: LaneRepo, lane: str | None, order: Order, parts: Parts) -> Promotion:
    try:
        with transaction(repo, "promote") as tx:
            made = Legs(tx, picked(repo, lane, order, parts), order).made()
            raise _Preview(replace(made, dry_run=True, head=None, commits=(), landed=()))
    except _Preview as told:
        return told.made


def _promote(repo: LaneRepo, lane: str | None, order: Order, parts: Parts) -> Promotion:
    seen = concerned(repo, lane, order, parts)
    if seen.target.record.bound:
        intake.catch_up(repo, seen.target.record.name)
    for source in seen.sources:
        settled(repo, source.record.name)
    unsaved = [strictness.Unsaved(repo, x.record) for x in seen.sources]
    clearance = Clearance(repo, order.waiver)

    def land() -> Promotion:
        with _held(repo, seen.sources) as holds:
            with transaction(repo, "promote", actor=order.intent.agent) as tx:
                legs = Legs(tx, picked(repo, lane, order, parts), order)
                made = legs.land(clearance)
                moved = [x for source in legs.sources for x in _marked(tx, source, holds)]
            for hold, base, along in moved:
                with capture.afterwards(repo):
                    hold.rebase(base, with_head=along)
        return made

    try:
        made = clearance.settle(land)
    except GateFailed as error:
        heads = [str(x.record.head) for x in seen.sources]
        record(repo, heads, clearance.failed, order.intent.agent)
        error.hint = "nothing landed: mend it in the lane, or see what landed beside it meanwhile"
        raise
    target = repo.view.lane(made.into).record
    following = binding.follow(repo, target.name) if target.bound else None
    left = tuple(path for one in unsaved for path in one.told(repo))
    return replace(made, following=following, unsaved=left)


@contextmanager
def _held(repo: LaneRepo, sources: Sequence[LaneState]) -> Iterator[dict[str, capture.Held | None]]:
    """Hold the workspaces of lanes whose commits may change places, always in one order."""
    with ExitStack() as stack:
        holds = {}
        for lane in sorted((x.record for x in sources), key=lambda x: x.uuid):
            workspace = finding.workspace_of(repo, lane)
            holds[lane.uuid] = stack.enter_context(decide.holding(repo, workspace))
        yield holds


def _marked(
    tx: Transaction, source: Source, holds: Mapping[str, capture.Held | None]
) -> Iterator[tuple[capture.Held, str, bool]]:
    """Note in a workspace that is at its lane's head where that goes; the content is the same."""
    old, new = str(source.state.record.head), str(source.record.head)
    hold = holds.get(source.record.uuid)
    if hold is None or old == new or hold.state.base != old:
        return
    along = hold.is_at(old)
    heads = (old, new) if along else (None, None)
    hold.mark(tx, source.state.tip, base=new, old=heads[0], new=heads[1])
    yield hold, new, along
