"""Offering a workspace's content as an attempt, and committing it at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import BadValue, Raced, Refused, line
from gitlanes.gates.clearance import Clearance, Unjudged
from gitlanes.git.trailers import (
    add_change_id,
    add_trailer,
    change_id_of,
    set_change_id,
    subject_of,
)
from gitlanes.models.events import Event
from gitlanes.models.gates import NO_WAIVER, Waiver
from gitlanes.models.notes import NO_COST, NO_INTENT, Cost, Intent, Judgement
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import ACCEPTED, PROPOSED, REJECTED, Attempt, Lane, LaneState
from gitlanes.models.results import Proposed
from gitlanes.models.workspaces import Capture
from gitlanes.plugins import around
from gitlanes.review import costs, decide, gated, lineage, own_commits, standing
from gitlanes.store import codec, records
from gitlanes.store.expectation import check_expected, require_active, require_commit
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import binding, claims, finding, intake, underway
from gitlanes.workspaces import capture as capturing
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

NEW_CHANGE = "new"


class Offer(Model):
    """What a proposal is made with.

    ``change`` is a Change-Id to carry on, or 'new'; ``paths`` limits the proposal to files and
    directories of the workspace; ``expect`` is the head that the lane must have; ``on`` is the
    open attempt that it is made on top of, of which it takes only what changed since. ``waiver``
    is what a commit lets pass. With ``rejected`` it is turned down in the same operation: what
    broke off is on record, was never open, and takes nobody's place.
    """

    message: str | None = None
    intent: Intent = NO_INTENT
    cost: Cost = NO_COST
    change: str | None = None
    paths: Sequence[bytes] = ()
    expect: str | None = None
    on: str | None = None
    waiver: Waiver = NO_WAIVER
    rejected: Judgement | None = None


def propose(repo: LaneRepo, lane: str | None = None, offer: Offer | None = None) -> Proposed:
    """Offer a workspace's content as an attempt of its lane; the files stay as they are.

    A whole proposal supersedes the lane's open ones, but for those that it stands on, and
    carries their Change-Id on. Raises NothingToPropose, Refused in the middle of a merge and
    where the workspace does not hold what it is to stand on, Raced if ``expect`` does not hold,
    BadValue for a part of the offer that could not be read back.
    """
    offer = offer or Offer()
    with around(_event(repo, "propose", lane, offer), repo.state_directory, repo.warn) as told:
        told.result = made = _offer(repo, lane, offer, None)
    return made


def commit(repo: LaneRepo, lane: str | None = None, offer: Offer | None = None) -> Proposed:
    """Propose and accept in one operation; raises Collision as `accept` does.

    Where gates have to judge it there are two: it is proposed, judged without any lock, and
    then accepted, or rejected, for which GateFailed is raised.
    """
    offer = offer or Offer()
    clearance = Clearance(repo, offer.waiver)
    events = (_event(repo, verb, lane, offer) for verb in ("propose", "accept"))
    proposing, accepting = (around(x, repo.state_directory, repo.warn) for x in events)
    with proposing as proposed, accepting as accepted:
        made = judged(repo, _offer(repo, lane, offer, clearance), clearance)
        proposed.result = accepted.result = made
    repo.landed(made.attempt.lane)
    return made


def judged(repo: LaneRepo, made: Proposed, clearance: Clearance) -> Proposed:
    """Accept what is only proposed yet, if its gates let it."""
    if not made.attempt.open:
        return made
    try:
        decided = gated.accept(repo, made.attempt.id, clearance)
    except (Refused, Raced) as error:  # what was to be done is half done
        error.hint = f"mend that, then: git lanes accept {made.attempt.id}; it stays open"
        raise
    return replace(
        made,
        attempt=decided.attempt,
        superseded=(*made.superseded, *decided.superseded),
        convergent=decided.convergent,
        following=decided.following,
    )


def _event(repo: LaneRepo, verb: str, lane: str | None, offer: Offer) -> Event:
    return Event(verb, repo.place.common_dir, lane, agent=offer.intent.agent)


def _offer(repo: LaneRepo, name: str | None, offer: Offer, clearance: Clearance | None) -> Proposed:
    """Make the attempt, and accept it at once if there is a clearance and that asks no gate."""
    check(offer)
    lane = finding.lane_or_present(repo, name).record
    workspace = finding.require_workspace(repo, lane)
    following = None
    with capturing.held(repo, workspace) as hold:
        bring_up(repo, lane, hold, offer)
        captured = _captured(repo, hold, offer)
        own_commits.save(repo, hold, captured)
        if captured.moved or captured.merging:
            know_branches(repo)
        verb = "commit" if clearance else "propose"
        with transaction(repo, verb, actor=offer.intent.agent) as tx:
            made = make(tx, lane.name, captured, offer, clearance)
            accepted = made.attempt.status == ACCEPTED
            new = _head_after(hold, made.attempt)
            base = new if accepted else hold.state.base
            stays = workspace.root or new == captured.head
            if not stays:
                tip = tx.repo.view.lane(lane.name).tip
                kind = states.SHIFT if made.attempt.status == REJECTED else states.MOVE
                hold.mark(tx, tip, base=base, kind=kind, old=captured.head, new=new)
        if made.attempt.status == REJECTED and not stays:
            with capturing.afterwards(repo):
                hold.move_back(new)
        elif not stays:
            with capturing.afterwards(repo):
                if not captured.whole:  # beside what is staged of other paths
                    hold.drop_index()
                    hold.stage_more(_touched(repo, captured))
                hold.move(new, base=base)
        elif accepted:
            if not captured.whole:
                hold.drop_index()  # it lacks what is staged of other paths
            following = binding.follow(repo, lane.name, hold)
    if accepted and lane.bound and not workspace.root:
        following = binding.follow(repo, lane.name)
    return replace(made, following=following, skipped=captured.skipped, secret=captured.secret)


def _head_after(hold: capturing.Held, made: Attempt) -> str:
    """Return where HEAD belongs: to the attempt, or where it was put before one that broke off."""
    before = hold.state.head or hold.state.base
    return before if made.status == REJECTED and before else made.commit


def make(
    tx: Transaction, name: str, captured: Capture, offer: Offer, clearance: Clearance | None
) -> Proposed:
    """Write the attempt and its records, and decide it at once if that can be."""
    accept = clearance is not None
    state = tx.repo.view.lane(name)
    require_active(state.record)
    require_commit(f"lane '{name}'", state.record.head, offer.expect)
    books = costs.opened(tx, state.record, offer.intent.agent)
    under = standing.chain(state.record, _under(tx.repo, state, captured, offer, accept=accept))
    beside = [x for x in state.record.open if x not in under]
    standing.require_news(tx.repo, name, captured, () if accept else beside)
    superseded = _superseded(state, captured, offer, under)
    message = _message(tx, state, captured, offer, superseded, under)
    merged = lineage.merged_heads(tx.repo, state.record, captured, superseded)
    attempt = _written(tx, state, captured, offer, message, merged)
    if under:
        attempt = replace(attempt, on=under[0].id)
    lineage.note_met(tx, merged, state.record.uuid)
    details = {"commits": list(captured.own)} if captured.own else {}
    records.add_intent(tx, attempt, offer.intent, details)
    gone = standing.replaced(superseded, attempt, tx.time)
    still_open = tuple(x for x in state.record.open if x not in superseded)
    carried = state.record.change if state.record.change != attempt.change_id else None
    record = replace(
        state.record,
        next=attempt.number + 1,
        open=(*still_open, attempt),
        change=carried,
    )
    if not costs.again(tx, superseded, attempt, offer.cost):
        record = costs.charge(tx, books, record, attempt, offer.cost, offer.intent)
    parents = [attempt.commit, *own_commits.kept(tx.repo, captured)]
    names = tuple(x.id for x in gone)
    if offer.rejected is not None:
        standing.require_other(tx.repo, state.record, attempt)
        record, attempt = decide.turned_down(tx, record, attempt, offer.rejected)
        tx.lane(state, record, parents=parents, attempts=[attempt])
        return Proposed(attempt)
    landing = _landing(tx, record, attempt, clearance)
    if landing is None:
        tx.description = f"propose {attempt.id}: {attempt.title}"
        tx.lane(state, record, parents=parents, attempts=[attempt, *gone])
        return Proposed(attempt, names)
    tx.description = f"commit {attempt.id}: {attempt.title}"
    changed = [landing.attempt, *gone, *landing.superseded]
    tx.lane(state, landing.record, parents=[*parents, landing.head], attempts=changed)
    names += tuple(x.id for x in landing.superseded)
    return Proposed(landing.attempt, names, landing.convergent)


def _landing(
    tx: Transaction, record: Lane, attempt: Attempt, clearance: Clearance | None
) -> decide.Landing | None:
    """Accept the attempt, or return None where it is only proposed: gates have to judge it."""
    if clearance is None:
        return None
    try:
        return decide.land(tx, record, attempt, clearance)
    except Unjudged:
        tx.verb = "propose"
        return None


def _captured(repo: LaneRepo, hold: capturing.Held, offer: Offer) -> Capture:
    """Return the workspace's content, to be compared with what the offer is made on top of."""
    if offer.on is None:
        return capturing.capture(repo, hold, offer.paths)
    state = repo.view.lane(hold.workspace.lane)
    found = standing.below(repo, state, offer.on, None)
    captured = capturing.capture(repo, hold, offer.paths, base=found.commit if found else None)
    if found is not None:
        base = captured.head if hold.workspace.root else str(hold.state.base)
        standing.require_held(repo, state.record, found, base, captured)
    return captured


def _under(
    repo: LaneRepo, state: LaneState, captured: Capture, offer: Offer, *, accept: bool
) -> Attempt | None:
    """Return the open attempt that the offer is made on top of, if it is on one."""
    found = standing.below(repo, state, offer.on, captured.base)
    if found is None:
        return None
    if accept:
        raise Refused(
            f"{found.id} is not accepted yet, so nothing on top of it can be",
            hint=f"accept it first: git lanes accept {found.id}; or leave both open: --no-accept",
            data={"on": found.id},
        )
    return found


def bring_up(repo: LaneRepo, lane: Lane, hold: capturing.Held, offer: Offer) -> None:
    """Make sure that a workspace's content may be taken now.

    The repository's own directory agrees with its lane first. Raises Refused where somebody
    else has claimed the workspace, or it is not in a state to be taken.
    """
    claims.require_own(repo, hold.state, agent=offer.intent.agent)
    if hold.workspace.root:
        underway.require_branch(hold, str(lane.branch))
        intake.require_agreement(repo, lane.name)
        binding.follow(repo, lane.name, hold)
    elif lane.bound:
        intake.catch_up(repo, lane.name)


def know_branches(repo: LaneRepo) -> None:
    """Take in what people committed: the agent may have merged it before its lane knew."""
    for lane in repo.view.lanes():
        if lane.record.bound:
            intake.catch_up(repo, lane.record.name)


def _touched(repo: LaneRepo, captured: Capture) -> list[bytes]:
    """Return the paths in which a capture differs from its base."""
    from gitlanes.git.trees import changed_paths

    base = repo.objects.commit(captured.base).tree
    return list(changed_paths(repo.objects, repo.git, base, captured.tree))


def check(offer: Offer) -> None:
    """Raise BadValue for a part of an offer that could not be read back."""
    change = offer.change
    if change is not None and change != NEW_CHANGE and not ids.CHANGE_ID.fullmatch(change):
        raise BadValue(
            f"bad change id '{line(change, 60)}'",
            hint="use I and 40 hex digits, or 'new'",
        )
    records.check(offer.intent, offer.cost)
    check_expected(offer.expect)


def _superseded(
    state: LaneState, captured: Capture, offer: Offer, under: Sequence[Attempt]
) -> list[Attempt]:
    """Return the open attempts that this proposal replaces: earlier ones, by a whole one.

    Those that it stands on stay.
    """
    if not captured.whole or offer.change == NEW_CHANGE or offer.rejected is not None:
        return []
    return [x for x in state.record.open if x.kind == "work" and x not in under]


def _message(
    tx: Transaction,
    state: LaneState,
    captured: Capture,
    offer: Offer,
    superseded: Sequence[Attempt],
    under: Sequence[Attempt],
) -> str:
    """Return the commit message, with its Change-Id.

    The text is the given message, else the prompt's first line, else the agent's last subject.
    """
    repo, text = tx.repo, offer.message
    if text is None and offer.intent.prompt and repo.prompts in ("full", "redacted"):
        text = next((x for x in offer.intent.prompt.splitlines() if x.strip()), None)
    if text is None and captured.own:
        text = repo.objects.commit(captured.own[-1]).message.decode("utf-8", "surrogateescape")
    text = repo.redactor.text((text or "").strip()) or f"Work in lane {state.record.name}"
    carried = superseded[-1].change_id if superseded else state.record.change
    taken = {x.change_id for x in under}
    named = offer.change or change_id_of(text)
    change = named or (carried not in taken and carried) or ids.new_change_id()
    if offer.change == NEW_CHANGE:
        change = ids.new_change_id()
    elif named and (named in taken or lineage.has_change(repo, state.record, named)):
        # In this order: without a block the paragraph before it would pass for one.
        text = lineage.without_change_id(add_trailer(text, "Follows", named))
        change = ids.new_change_id()
    message = add_change_id(text, change)
    return message if change_id_of(message) == change else set_change_id(text, change)


def _written(
    tx: Transaction,
    state: LaneState,
    captured: Capture,
    offer: Offer,
    message: str,
    merged: dict[str, str],
) -> Attempt:
    """Store the attempt's commit: one, on the commit that the workspace was based on."""
    repo, lane = tx.repo, state.record
    who = repo.identity()
    oid = repo.objects.write_own_commit(
        captured.tree, [captured.base], message, author=who.author, committer=who.committer
    )
    return Attempt(
        id=ids.attempt_id(lane.name, lane.next),
        lane=lane.name,
        number=lane.next,
        uuid=ids.new_id(clock.now()),
        kind="work",
        status=PROPOSED,
        commit=oid,
        base=captured.base,
        tree=captured.tree,
        change_id=change_id_of(message),
        title=codec.one_line(subject_of(message)),
        agent=offer.intent.agent,
        time=tx.time,
        whole=captured.whole,
        merged=merged,
    )
