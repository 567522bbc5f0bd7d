"""Folding a workspace's edits into an earlier attempt, and laying the later ones on it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, NoReturn

from gitlanes import clock, ids
from gitlanes.combine.assembly import plan_landing
from gitlanes.errors import BadValue, LanesError, NothingToPropose, Refused
from gitlanes.gates.clearance import Clearance
from gitlanes.git.trailers import set_change_id, subject_of
from gitlanes.models.events import Event
from gitlanes.models.notes import NO_COST, NO_INTENT
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import Attempt, Lane, LaneState
from gitlanes.models.results import Proposed
from gitlanes.models.workspaces import Capture
from gitlanes.plugins import Told, around
from gitlanes.review import (
    costs,
    decide,
    folding,
    lineage,
    own_commits,
    propose,
    rewriting,
    standing,
)
from gitlanes.review.propose import Offer
from gitlanes.store import codec, records
from gitlanes.store.expectation import require_active, require_commit
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import capture as capturing
from gitlanes.workspaces import finding
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Anew(Model):
    """Attempts laid anew: the old ones, the new ones in the same order, and {old: new commit}."""

    old: tuple[Attempt, ...]
    new: tuple[Attempt, ...]
    commits: dict[str, str]


def amend(
    repo: LaneRepo, lane: str | None = None, offer: Offer | None = None, *, of: str | None = None
) -> Proposed:
    """Fold a workspace's edits into an attempt, and lay the later ones on that again.

    ``of`` names it; by default it is the last open one, else that of the lane's head. What is
    amended keeps its Change-Id, its records and, unless the offer has one, its message, and
    stays open or accepted as it was; each attempt concerned is replaced by a new one. Without
    edits only message and records change. Raises Collision where an edit touches what a later
    attempt touched, Refused for an attempt that others may have already, and in a workspace
    that is behind its lane, NothingToPropose. What becomes of an accepted one has to pass the
    lane's gates: GateFailed is raised, and nothing moved.
    """
    offer = offer or Offer()
    propose.check(offer)
    if offer.on is not None or offer.change is not None:
        raise BadValue("an amended attempt keeps its change and its place", hint="leave them out")
    clearance = Clearance(repo, offer.waiver)
    with ExitStack() as stack:
        told = [stack.enter_context(x) for x in _listened(repo, lane, offer, of)]
        made = clearance.settle(lambda: _amend(repo, lane, offer, of, clearance))
        for one in told:
            one.result = made
    if not made.attempt.open:
        repo.landed(made.attempt.lane)
    return made


def _listened(
    repo: LaneRepo, name: str | None, offer: Offer, of: str | None
) -> Iterator[AbstractContextManager[Told]]:
    """Yield what listeners are told: an attempt is proposed anew, and accepted if it was that."""
    state = repo.view.lane(finding.lane_or_present(repo, name).record.name)
    try:
        amended = rewriting.to_amend(repo, state, of)
    except LanesError:
        return  # amending says so itself, once it has seen to the workspace
    for verb in ("propose",) if amended.open else ("propose", "accept"):
        about = Event(verb, repo.place.common_dir, name, amended.id, agent=offer.intent.agent)
        yield around(about, repo.state_directory, repo.warn)


def _amend(
    repo: LaneRepo, lane: str | None, offer: Offer, of: str | None, clearance: Clearance
) -> Proposed:
    record = finding.lane_or_present(repo, lane).record
    workspace = finding.require_workspace(repo, record)
    with capturing.held(repo, workspace) as hold:
        propose.bring_up(repo, record, hold, offer)
        captured = capturing.capture(repo, hold)
        own_commits.save(repo, hold, captured)
        if captured.moved or captured.merging:
            propose.know_branches(repo)
        base = captured.head if workspace.root else str(hold.state.base)
        with transaction(repo, "amend", actor=offer.intent.agent) as tx:
            state = repo.view.lane(hold.workspace.lane)
            anew = _amended(tx, state, captured, base, offer, of, clearance)
            head = anew.commits.get(str(hold.state.head), anew.new[0].commit)
            base = anew.commits.get(base, base)
            if not workspace.root:
                hold.mark(tx, state.tip, base=base, kind=states.MOVE, old=captured.head, new=head)
        if not workspace.root:
            with capturing.afterwards(repo):
                _stage_for(repo, hold, captured, head)
                hold.move(head, base=base)
    again = {old.id: new.id for old, new in zip(anew.old[1:], anew.new[1:], strict=True)}
    gone = tuple(x.id for x in anew.old)
    made = Proposed(anew.new[0], gone, laid_again=again)
    return replace(made, skipped=captured.skipped, secret=captured.secret)


def _amended(
    tx: Transaction,
    state: LaneState,
    captured: Capture,
    base: str,
    offer: Offer,
    of: str | None,
    clearance: Clearance,
) -> Anew:
    """Write the attempts anew, with their records, and the lane's record after it."""
    repo, lane = tx.repo, state.record
    require_active(lane)
    require_commit(f"lane '{lane.name}'", lane.head, offer.expect)
    amended = rewriting.to_amend(repo, state, of)
    agent = offer.intent.agent or amended.agent
    books = costs.opened(tx, lane, agent)
    later = rewriting.to_lay_again(repo, state, amended)
    if amended.open:
        standing.require_held(repo, lane, amended, base, captured)
    elif base != lane.head:
        _refuse_behind(lane)
    tree = folding.folded(repo, lane, (amended, *later), captured, base, offer)
    _require_news(repo, lane, amended, tree, offer)
    merged = lineage.merged_heads(repo, lane, captured)
    lineage.note_met(tx, merged, state.record.uuid)
    anew = _laid_anew(tx, lane, (amended, *later), tree, offer)
    first = replace(
        anew.new[0],
        agent=agent,
        merged={**amended.merged, **merged},
    )
    anew = _cleared(tx, lane, replace(anew, new=(first, *anew.new[1:])), clearance)
    _record(tx, anew, captured, offer)
    charged = costs.charge(tx, books, lane, first, offer.cost, offer.intent)
    _set_lane(tx, replace(state, record=charged), anew, captured, merged)
    return anew


def _refuse_behind(lane: Lane) -> NoReturn:
    """Refuse a workspace without all of the lane's work: what is made of its content lacks that."""
    raise Refused(
        f"workspace of lane '{lane.name}' is behind its lane",
        hint=f"bring it there first: git lanes workspace update {lane.name}",
    )


def _cleared(tx: Transaction, lane: Lane, anew: Anew, clearance: Clearance) -> Anew:
    """Return the attempts with what was waived for the one that the lane's head will be.

    Where only open ones are amended there is none.
    """
    head = anew.commits.get(str(lane.head))
    if head is None or anew.new[0].open:
        return anew
    cleared = clearance.within(lane, tx.repo.objects.commit(head).tree)
    top = next(x for x in anew.new if x.commit == head)
    records.add_evaluations(tx, head, cleared.evaluations, top)
    made = (replace(x, waived=cleared.waived or None) if x is top else x for x in anew.new)
    return replace(anew, new=tuple(made))


def _require_news(repo: LaneRepo, lane: Lane, amended: Attempt, tree: str, offer: Offer) -> None:
    said = offer.message is not None or offer.intent != NO_INTENT or offer.cost != NO_COST
    if said or tree != repo.objects.commit(rewriting.stands_at(amended)).tree:
        return
    raise NothingToPropose(
        f"nothing to amend: workspace of lane '{lane.name}' has no changes beyond its attempts",
        hint="edit files there first, or reword it with -m",
    )


def _laid_anew(
    tx: Transaction, lane: Lane, attempts: Sequence[Attempt], tree: str, offer: Offer
) -> Anew:
    """Write each attempt's commit on what the one below it became; raises Collision."""
    store, who = tx.repo.objects, tx.repo.identity()
    commits: dict[str, str] = {}
    made: list[Attempt] = []
    for attempt in attempts:
        old = rewriting.stands_at(attempt)
        was = store.commit(old)
        parent = commits.get(was.parents[0], was.parents[0])
        message = was.message
        if attempt is attempts[0]:
            message = _message(tx.repo, attempt, message, offer)
        else:
            tree = _again(tx.repo, attempt, parent, attempts, commits)
        oid = store.write_own_commit(
            tree, [parent], message, author=was.author, committer=who.committer
        )
        commits |= dict.fromkeys((attempt.commit, old), oid)
        title = codec.one_line(subject_of(message))
        changes = {"commit": oid, "base": parent, "tree": tree, "title": title}
        made.append(successor(tx, lane, attempt, lane.next + len(made), changes))
    named = {old.id: new.id for old, new in zip(attempts, made, strict=True)}
    made = [replace(x, on=named.get(str(x.on), x.on)) for x in made]
    return Anew(tuple(attempts), tuple(made), commits)


def successor(
    tx: Transaction, lane: Lane, attempt: Attempt, number: int, changes: dict[str, str]
) -> Attempt:
    """Return the attempt that takes another one's place, in the same standing."""
    decided = {} if attempt.open else {"landed": changes["commit"], "decided": tx.time}
    return replace(
        attempt,
        id=ids.attempt_id(lane.name, number),
        lane=lane.name,
        number=number,
        uuid=ids.new_id(clock.now()),
        time=tx.time,
        **changes,
        **decided,
    )


def _message(repo: LaneRepo, amended: Attempt, message: bytes, offer: Offer) -> bytes:
    text = repo.redactor.text((offer.message or "").strip())
    if not text:
        return message
    if amended.change_id is None:
        return text.encode("utf-8", "surrogateescape")
    return set_change_id(text, amended.change_id).encode("utf-8", "surrogateescape")


def _again(
    repo: LaneRepo,
    attempt: Attempt,
    parent: str,
    attempts: Sequence[Attempt],
    commits: dict[str, str],
) -> str:
    """Return the tree of a later attempt laid on what it stands on now; raises Collision."""
    store, old = repo.objects, rewriting.stands_at(attempt)
    below = store.commit(old).parents[0]
    plan = plan_landing(
        store,
        repo.git,
        bases=[store.commit(below).tree],
        source=store.commit(old).tree,
        target=store.commit(parent).tree,
    )
    if plan.tree is None:
        raise folding.refusal(repo, plan, attempt, attempts[0], (below, parent), commits)
    return plan.tree


def _record(tx: Transaction, anew: Anew, captured: Capture, offer: Offer) -> None:
    """Carry the notes on, and add what the offer says of the amended attempt."""
    for old, new in zip(anew.old, anew.new, strict=True):
        tx.carry_notes(rewriting.stands_at(old), new.commit)
    if offer.intent != NO_INTENT or captured.own:
        details = {"commits": list(captured.own)} if captured.own else {}
        records.add_intent(tx, anew.new[0], offer.intent, details)


def _set_lane(
    tx: Transaction, state: LaneState, anew: Anew, captured: Capture, merged: dict[str, str]
) -> None:
    """Let the lane's record, and its entry, say what stands where now."""
    lane, first = state.record, anew.new[0]
    gone = [
        x
        for old, new in zip(anew.old, anew.new, strict=True)
        for x in standing.replaced([old], new, tx.time)
    ]
    taken = {old.uuid: new for old, new in zip(anew.old, anew.new, strict=True)}
    record = replace(
        lane,
        head=anew.commits.get(str(lane.head), lane.head),
        next=lane.next + len(anew.new),
        open=tuple(taken.get(x.uuid, x) for x in lane.open),
    )
    if not first.open:
        newly = replace(first, merged=merged)
        record = replace(record, landed=decide.with_merged(tx.repo, lane, newly))
    tx.description = f"amend {anew.old[0].id} to {first.id}: {first.title}"
    below = {x.base for x in anew.new}
    tips = [x.commit for x in anew.new if x.commit not in below]
    tx.lane(
        state,
        record,
        parents=[*tips, *own_commits.kept(tx.repo, captured)],
        attempts=[*anew.new, *gone],
    )


def _stage_for(repo: LaneRepo, hold: capturing.Held, captured: Capture, head: str) -> None:
    """Have the index staged that belongs to a HEAD: all of the content, or what HEAD changes."""
    from gitlanes.git.trees import changed_paths

    after = repo.objects.commit(head).tree
    if after == captured.tree:
        return
    before = repo.objects.commit(captured.head).tree
    hold.drop_index()
    hold.stage_more(list(changed_paths(repo.objects, repo.git, before, after)))
