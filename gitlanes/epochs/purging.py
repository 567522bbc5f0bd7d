"""Purge: a secret that leaked goes from journals, notes, work, snapshots and what keeps them.

What holds it is written anew and takes the place of what was, in one operation. Branches, tags and
other clones are people's to see to: they are told how.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.cache import asking
from gitlanes.epochs import by_hand, runs, scanning
from gitlanes.epochs.rewriting import Rewriting
from gitlanes.epochs.secret import Secret
from gitlanes.errors import Negative, Raced, Refused
from gitlanes.gates import verdicts
from gitlanes.git.reflogs import forget
from gitlanes.models.epochs import Purged
from gitlanes.store import epochs, journal, layout, pending
from gitlanes.store.transaction import Transaction, settled, transaction
from gitlanes.workspaces import capture, claims, edits, finding, moving, pool, updating
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.models.workspaces import Workspace
    from gitlanes.store.lane_repo import LaneRepo

_TRIES = 3
_DONE = "nothing to purge: the secret is in no object, and in no agent's log"


class Plan(NamedTuple):
    """What is where, and what becomes of it."""

    found: scanning.Found
    now: dict[str, str]
    entries: int
    workspaces: tuple[Workspace, ...]
    runs: list[str]

    def changed(self, *prefixes: str) -> dict[str, str]:
        """Return {ref: new id} of refs of ours below prefixes that go elsewhere."""
        refs = self.found.refs.items()
        return {x: self.now[oid] for x, oid in refs if x.startswith(prefixes) and oid in self.now}


def preview(repo: LaneRepo, text: str) -> Purged:
    """Return what a purge would do; nothing moves. Raises as `purge`."""
    return _told(repo, _planned(repo, Secret(text)), dry_run=True)


def purge(repo: LaneRepo, text: str) -> Purged:
    """Write all that holds a secret anew, in one operation, with a mark in its place.

    Raises BadValue for a text that is too short, Negative where it is nowhere, Refused where it is
    part of a name, and for unsaved work in a workspace that has to go along, Raced.
    """
    secret = Secret(text)
    for tries_left in reversed(range(_TRIES)):
        plan = _planned(repo, secret)
        try:
            _carry_out(repo, plan)
            break
        except Raced:
            if not tries_left:
                raise
    _clean(repo, secret, plan)
    return _told(repo, plan)


def _planned(repo: LaneRepo, secret: Secret) -> Plan:
    repo.view.require_adopted()
    for state in repo.view.lanes():
        settled(repo, state.record.name)
    for place in finding.every(repo):
        known = None if place.root else states.read(place.git_dir)
        if known and known.step and Path(place.path).is_dir():
            with capture.held(repo, place):  # which ends what was interrupted there
                pass
    found = scanning.scan(repo, secret)
    agents = runs.holding(repo, secret)
    if not found.holding and not agents:
        raise Negative(_DONE, hint="give it exactly as it was written, on standard input")
    made = Rewriting(repo, secret, found)
    made.run()
    places = tuple(x for x in finding.every(repo) if not x.root and _is_at(repo, x) in made.now)
    for place in places:
        _require_saved(repo, place)
    return Plan(found, made.now, made.entries, places, agents)


def _is_at(repo: LaneRepo, place: Workspace) -> str | None:
    """Return the commit of a workspace's HEAD."""
    return repo.refs.target(layout.worktree_head(os.path.basename(place.git_dir)))


def _require_saved(repo: LaneRepo, place: Workspace) -> None:
    if not Path(place.path).is_dir():
        raise Refused(
            f"the directory of workspace '{place.id}' is gone, and its HEAD holds the secret",
            hint=f"git lanes workspace remove {place.id}",
        )
    if edits.unsaved(repo, place):
        raise Refused(
            f"workspace '{place.id}' has unsaved work, and has to go along",
            hint=f"propose it, or resolve the lane's conflict, or set it aside: "
            f"git lanes restore {place.lane} {place.id} --force",
        )


def _carry_out(repo: LaneRepo, plan: Plan) -> None:
    """Move all refs of ours that hold it, and the workspaces that stand there."""
    pool.drain(repo)  # what is kept for other lanes may have it, too
    with ExitStack() as stack:
        holds = [stack.enter_context(capture.held(repo, x)) for x in plan.workspaces]
        along = [x for x in holds if moving.head_of(repo, x) in plan.now]
        for hold in along:
            claims.require_own(repo, hold.state)
            updating.require_settled(hold)
            updating.require_no_commits(repo, hold)
        if not along and not plan.changed(*layout.OURS):
            return
        with transaction(repo, "purge") as tx:
            if scanning.all_refs(repo) != plan.found.refs:
                raise Raced("lanes moved on meanwhile", hint="nothing changed; repeat the command")
            tx.description = "purge a secret"
            _take(tx, plan, {x.state.lane for x in along})
            for hold in along:
                _mark(repo, hold, tx, plan)
        for hold in along:
            with capture.afterwards(repo):
                updating.go(repo, hold)


def _take(tx: Transaction, plan: Plan, beside: set[str]) -> None:
    """Let every ref go where it is to; the purge is told of in the journals of its lanes."""
    repo, told = tx.repo, {"purge": {"entries": plan.entries, "objects": len(plan.now)}}
    moved = plan.changed(*layout.OURS)
    for state in repo.view.lanes():
        record = state.record
        new = moved.pop(layout.journal(record.name), None)
        moved.pop(layout.head(record.name), None)  # it goes with the record
        if new is not None:
            after = journal.read_entry(repo.refs, new).record
            tx.lane(state, after, details=told, stands_on=new)
        elif record.uuid in beside or record.extra.get("adopted"):
            tx.lane(state, record, details=told)
    for ref, new in moved.items():
        if ref.startswith(layout.REMOTES):
            tx.drop(ref)
        else:
            tx.take(ref, plan.found.refs[ref], new)


def _mark(repo: LaneRepo, hold: capture.Held, tx: Transaction, plan: Plan) -> None:
    lane = repo.view.by_uuid(hold.state.lane, hold.state.name)
    old, base = str(moving.head_of(repo, hold)), str(hold.state.base)
    tip = lane.tip if lane else ""
    updating.mark(hold, tx, tip, old=old, new=plan.now[old], base=plan.now.get(base, base))


def _clean(repo: LaneRepo, secret: Secret, plan: Plan) -> None:
    """Take it out of reflogs of ours, of files that are made anew, and of what agents left."""
    runs.clean(repo, secret)
    for ref in layout.NOTES.values():
        forget(repo.git, ref, plan.now)
    for place in finding.every(repo):
        if not place.root:
            forget(repo.git.at(place.git_dir, None), "HEAD", plan.now)
    with suppress(OSError):
        asking.drop(repo)
    for file in (*verdicts.files(repo), pending.set_aside_at(repo.state_directory)):
        with suppress(OSError):
            if secret.within(file.read_bytes()):
                file.unlink()


def _told(repo: LaneRepo, plan: Plan, *, dry_run: bool = False) -> Purged:
    moved = plan.changed(layout.JOURNALS)
    attempts: dict[str, None] = {}
    for ref, new in moved.items():
        before = {x.uuid: x for x in epochs.present(repo, plan.found.refs[ref]).attempts}
        after = epochs.present(repo, new).attempts
        attempts |= dict.fromkeys(x.id for x in after if before[x.uuid] != x)
    forgotten = tuple(sorted(plan.changed(layout.REMOTES)))
    snapshots = (x.removeprefix(layout.SNAPSHOTS) for x in plan.changed(layout.SNAPSHOTS))
    work = plan.now.keys() & {*plan.found.commits} - plan.found.notes
    return Purged(
        lanes=tuple(sorted(x.removeprefix(layout.JOURNALS) for x in moved)),
        entries=plan.entries,
        commits=len(work) - plan.entries,
        attempts=tuple(attempts),
        files=tuple(sorted({x.encode("utf-8", "surrogateescape") for x in _files(plan)})),
        notes=tuple(k for k, ref in layout.NOTES.items() if ref in plan.changed(ref)),
        snapshots=tuple(sorted("/s".join(x.rsplit("/", 1)) for x in snapshots)),
        workspaces=tuple(x.id for x in plan.workspaces),
        forgotten=forgotten,
        remains=(
            *by_hand.remains(repo, plan.found, plan.now, forgotten),
            *runs.remains(repo, plan.runs),
        ),
        runs=tuple(plan.runs),
        dry_run=dry_run,
    )


def _files(plan: Plan) -> Iterator[str]:
    """Yield paths of files that hold the secret; notes are none."""
    yield from (x for oid, x in plan.found.paths.items() if oid in plan.now)
