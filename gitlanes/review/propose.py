"""Offering a workspace's content as an attempt, and committing it at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import BadValue, NothingToPropose
from gitlanes.git.trailers import (
    add_change_id,
    add_trailer,
    change_id_of,
    set_change_id,
    subject_of,
)
from gitlanes.models.notes import NO_COST, NO_INTENT, Cost, Intent
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import PROPOSED, SUPERSEDED, Attempt, LaneState
from gitlanes.models.results import Proposed
from gitlanes.models.workspaces import Capture
from gitlanes.review import decide, lineage
from gitlanes.store import codec, records
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import binding, finding, intake
from gitlanes.workspaces import capture as capturing

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

NEW_CHANGE = "new"


class Offer(Model):
    """What a proposal is made with.

    ``change`` is a Change-Id to carry on, or 'new'; ``paths`` limits the proposal to files and
    directories of the workspace; ``expect`` is the head that the lane must have.
    """

    message: str | None = None
    intent: Intent = NO_INTENT
    cost: Cost = NO_COST
    change: str | None = None
    paths: Sequence[bytes] = ()
    expect: str | None = None


def propose(repo: LaneRepo, lane: str | None = None, offer: Offer | None = None) -> Proposed:
    """Offer a workspace's content as an attempt of its lane; the files stay as they are.

    A whole proposal supersedes the lane's open ones and carries their Change-Id on. Raises
    NothingToPropose, Refused in the middle of a merge, Raced if ``expect`` does not hold,
    BadValue for a part of the offer that could not be read back.
    """
    return _offer(repo, lane, offer or Offer(), accept=False)


def commit(repo: LaneRepo, lane: str | None = None, offer: Offer | None = None) -> Proposed:
    """Propose and accept in one operation; raises Collision as `accept` does."""
    return _offer(repo, lane, offer or Offer(), accept=True)


def _offer(repo: LaneRepo, name: str | None, offer: Offer, *, accept: bool) -> Proposed:
    _check(offer)
    lane = finding.lane_or_present(repo, name).record
    workspace = finding.require_workspace(repo, lane)
    following = None
    with capturing.held(repo, workspace) as hold:
        if workspace.root:
            capturing.require_branch(hold, str(lane.branch))
            intake.require_agreement(repo, lane.name)
            binding.follow(repo, lane.name, hold)
        captured = capturing.capture(repo, hold, offer.paths)
        if captured.moved or captured.merging:
            _know_branches(repo)
        with transaction(repo, "commit" if accept else "propose", actor=offer.intent.agent) as tx:
            made = _attempt(tx, lane.name, captured, offer, accept=accept)
            new = made.attempt.commit
            base = new if accept else hold.state.base
            if not workspace.root:
                tip = tx.repo.view.lane(lane.name).tip
                hold.mark(tx, tip, base=base, old=captured.head, new=new)
        if not workspace.root:
            with capturing.afterwards(repo):
                if not captured.whole:  # beside what is staged of other paths
                    hold.drop_index()
                    hold.stage_more(_touched(repo, captured))
                hold.move(new, base=base)
        elif accept:
            if not captured.whole:
                hold.drop_index()  # it lacks what is staged of other paths
            following = binding.follow(repo, lane.name, hold)
    return replace(made, following=following)


def _attempt(
    tx: Transaction, name: str, captured: Capture, offer: Offer, *, accept: bool
) -> Proposed:
    """Write the attempt and its records, and decide it at once if asked to."""
    state = tx.repo.view.lane(name)
    decide.require_open_lane(state.record)
    require_commit(f"lane '{name}'", state.record.head, offer.expect)
    _require_news(tx.repo, state, captured, accept=accept)
    superseded = _superseded(state, captured, offer)
    message = _message(tx, state, captured, offer, superseded)
    merged = lineage.merged_heads(tx.repo, state.record, captured, superseded)
    attempt = _written(tx, state, captured, offer, message, merged)
    details = {"commits": list(captured.own)} if captured.own else {}
    records.add_intent(tx, attempt, offer.intent, details)
    records.add_cost(tx, attempt, offer.cost)
    gone = [replace(x, status=SUPERSEDED, decided=tx.time) for x in superseded]
    still_open = tuple(x for x in state.record.open if x not in superseded)
    carried = state.record.change if state.record.change != attempt.change_id else None
    record = replace(
        state.record,
        next=attempt.number + 1,
        open=(*still_open, attempt),
        change=carried,
    )
    parents = [attempt.commit, *captured.own[-1:]]
    names = tuple(x.id for x in gone)
    if not accept:
        tx.description = f"propose {attempt.id}: {attempt.title}"
        tx.lane(state, record, parents=parents, attempts=[attempt, *gone])
        return Proposed(attempt, names)
    landing = decide.land(tx, record, attempt)
    tx.description = f"commit {attempt.id}: {attempt.title}"
    changed = [landing.attempt, *gone, *landing.superseded]
    tx.lane(state, landing.record, parents=[*parents, landing.head], attempts=changed)
    names += tuple(x.id for x in landing.superseded)
    return Proposed(landing.attempt, names, landing.convergent)


def _know_branches(repo: LaneRepo) -> None:
    """Take in what people committed: the agent may have merged it before its lane knew."""
    for lane in repo.view.lanes():
        if lane.record.bound:
            intake.catch_up(repo, lane.record.name)


def _touched(repo: LaneRepo, captured: Capture) -> list[bytes]:
    """Return the paths in which a capture differs from its base."""
    from gitlanes.git.trees import changed_paths

    base = repo.objects.commit(captured.base).tree
    return list(changed_paths(repo.objects, repo.git, base, captured.tree))


def _check(offer: Offer) -> None:
    change = offer.change
    if change is not None and change != NEW_CHANGE and not ids.CHANGE_ID.fullmatch(change):
        raise BadValue(
            f"bad change id '{codec.one_line(change, 60)}'",
            hint="use I and 40 hex digits, or 'new'",
        )
    records.check(offer.intent, offer.cost)
    check_expected(offer.expect)


def _require_news(repo: LaneRepo, state: LaneState, captured: Capture, *, accept: bool) -> None:
    """Raise NothingToPropose where the content is the base's, or an open attempt's already."""
    name = state.record.name
    if repo.objects.commit(captured.base).tree == captured.tree:
        raise NothingToPropose(
            f"nothing to propose: workspace of lane '{name}' has no changes",
            hint="edit files there first",
        )
    same = next((x for x in state.record.open if x.tree == captured.tree), None)
    if same is not None and not accept:
        raise NothingToPropose(
            f"nothing to propose: {same.id} has this content already",
            hint=f"accept or reject it: git lanes accept {same.id}",
        )


def _superseded(state: LaneState, captured: Capture, offer: Offer) -> list[Attempt]:
    """Return the open attempts that this proposal replaces: earlier whole ones, by a whole one."""
    if not captured.whole or offer.change == NEW_CHANGE:
        return []
    return [x for x in state.record.open if x.kind == "work"]


def _message(
    tx: Transaction,
    state: LaneState,
    captured: Capture,
    offer: Offer,
    superseded: Sequence[Attempt],
) -> str:
    """Return the commit message, with its Change-Id.

    The text is the given message, else the prompt's first line, else the agent's last subject.
    """
    repo, text = tx.repo, offer.message
    if text is None and offer.intent.prompt:
        text = next((x for x in offer.intent.prompt.splitlines() if x.strip()), None)
    if text is None and captured.own:
        text = repo.objects.commit(captured.own[-1]).message.decode("utf-8", "replace")
    text = (text or "").strip() or f"Work in lane {state.record.name}"
    carried = superseded[-1].change_id if superseded else state.record.change
    named = offer.change or change_id_of(text)
    change = named or carried or ids.new_change_id()
    if offer.change == NEW_CHANGE:
        change = ids.new_change_id()
    elif named and lineage.has_change(repo, state.record, named):
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
    oid = repo.objects.write_commit(
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
