"""Finding lanes' work in a branch to which it came by a host's squash or rebase, or by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.errors import NotFound, Raced, Refused
from gitlanes.exchange.matching import Branch, Commit, Found
from gitlanes.git.raw import CommitObject
from gitlanes.git.trailers import change_id_of, subject_of
from gitlanes.history import log
from gitlanes.history.chains import Chains
from gitlanes.landing import ledger
from gitlanes.landing.bases import bases_for
from gitlanes.landing.landed_commits import brought
from gitlanes.models.notes import Notes
from gitlanes.models.plain import Model, plain
from gitlanes.models.reconciled import Match, Reconciled, ReconciledLane
from gitlanes.models.records import Lane, LaneState
from gitlanes.store import codec, histories, layout, records
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class _Plan(Model):
    """A lane with its own commits that are not known to have landed, and what was found of them.

    ``passed`` are commits that only brought the branch's own work.
    """

    state: LaneState
    own: tuple[Commit, ...]
    passed: tuple[str, ...]
    found: Mapping[str, Found]

    @property
    def landed(self) -> int:
        """How many of the first commits landed, without a gap: the next landing counts on."""
        settled = {*self.found, *self.passed}
        gap = next((n for n, (oid, _) in enumerate(self.own) if oid not in settled), len(self.own))
        return gap if any(oid in self.found for oid, _ in self.own[:gap]) else 0


def reconcile(repo: LaneRepo, branch: str | None = None, *, dry_run: bool = False) -> Reconciled:
    """Find which work of lanes came to a branch without promotion, and record it.

    The branch is one that a lane is bound to; without a name, that of the adopted lane. Its
    commits are taken in first. Each commit found gets the intents, costs and evaluations of what
    it has; the lanes' next promotions carry only what is new since. With ``dry_run`` nothing is
    recorded. Raises NotFound, and Refused where branch and lane have to be joined first.
    """
    target = target_for(repo, branch)
    if dry_run:
        target = intake.foreseen(repo, target)
    else:
        intake.require_agreement(repo, target.record.name)
        target = repo.view.lane(target.record.name)
    found = [x for x in _plans(repo, target) if x.found]
    notes = records.read(repo, {x for one in found for x in _commits(one)})
    lanes = tuple(_told(repo, one, notes) for one in found)
    news = [x for x in zip(found, lanes, strict=True) if _is_news(*x)]
    if news and not dry_run:
        _record(repo, target, news)
    record = target.record
    name = layout.short_branch(record.branch) if record.branch else None
    return Reconciled(record.name, name, str(record.head), lanes, dry_run)


def target_for(repo: LaneRepo, branch: str | None) -> LaneState:
    """Return the lane of a branch, the adopted one without a name; raises NotFound."""
    if branch is None:
        return require_adopted_lane(repo)
    lanes = repo.view.lanes()
    short = branch.removeprefix(layout.BRANCHES)
    for state in lanes:
        if state.record.branch == layout.branch(short):
            return state
    named = next((x for x in lanes if x.record.name == branch), None)
    if named is not None:
        return named
    raise NotFound(
        "bound branch",
        codec.one_line(branch, 60),
        hint="name one that a lane is bound to: bring a remote's work to it first ('git pull')",
    )


def _plans(repo: LaneRepo, target: LaneState) -> Iterator[_Plan]:
    """Yield each other lane with what is found of its work; the branch is read once."""
    every = repo.view.lanes(deleted=True)
    others = [x for x in every if x.record.live and x.record.head]
    waiting: list[tuple[LaneState, tuple[Commit, ...], tuple[str, ...]]] = []
    known: set[str] = set()
    for state in repo.counted("looking at lanes", others):
        if state.record.uuid == target.record.uuid:
            continue
        try:
            bases = bases_for(repo, state, target, lambda: every)
        except Refused:  # it has no history in common with the branch
            continue
        own = tuple(brought(repo, state.record, target.record, bases))
        if own:
            waiting.append((state, own, bases))
            known.update(bases)
    if not waiting:
        return
    head = str(target.record.head)
    gone = histories.gone(repo, head, (x.record for x in every))
    branch = Branch(repo, (x for x in _since(repo, head, known) if x[0] not in gone))
    for state, own, bases in waiting:
        passed = tuple(oid for oid, x in own if _only_brings(repo, x, target))
        found = branch.of(own, passed, bases, partial(_versions, repo))
        yield _Plan(state, own, passed, found)
    for oid, there in branch.outdated.items():
        repo.warn(f"{there[:12]} has another version of {oid[:12]}, which is not there as it is")


def _versions(repo: LaneRepo, change: str) -> Iterator[CommitObject]:
    """Yield the commits that a change was and is, in whatever lane."""
    for attempt in log.attempts(repo):
        if attempt.change_id == change and attempt.kind == "work":
            yield repo.objects.commit(attempt.landed or attempt.commit)


def _since(repo: LaneRepo, head: str, known: set[str]) -> list[Commit]:
    """Return the commits of a branch that none of the known ones has, oldest first."""
    asked = "".join(f"{x}\n" for x in (head, *(f"^{x}" for x in sorted(known)))).encode()
    rows = repo.git.run("rev-list", "--topo-order", "--reverse", "--stdin", input=asked)
    return [(oid, repo.objects.commit(oid)) for oid in rows.text.split()]


def _only_brings(repo: LaneRepo, commit: CommitObject, target: LaneState) -> bool:
    """Say whether a commit only merges what the branch had already."""
    _, *merged = commit.parents or ("",)
    return bool(merged) and all(is_ancestor(repo, x, str(target.record.head)) for x in merged)


def _commits(plan: _Plan) -> set[str]:
    return {*plan.found, *(x.commit for x in plan.found.values())}


def _told(repo: LaneRepo, plan: _Plan, notes: Mapping[str, Notes]) -> ReconciledLane:
    chain = Chains(repo).of(plan.state.record.uuid, plan.state.record.name)
    times = Counter(x.commit for x in plan.found.values())
    matches = []
    for oid, commit in plan.own:
        found = plan.found.get(oid)
        if found is None:
            continue
        made = chain.maker_of(oid) if chain else None
        matches.append(
            Match(
                attempt=made.attempt.id if made else None,
                change_id=change_id_of(commit.message),
                title=codec.one_line(repo.redactor.text(subject_of(commit.message))),
                source=oid,
                commit=found.commit,
                by=found.by,
                squash=times[found.commit] > 1,
                known=_has(notes[found.commit], notes[oid]),
            )
        )
    left = [oid for oid, _ in plan.own if oid not in plan.found and oid not in plan.passed]
    name = plan.state.record.name
    return ReconciledLane(name, plan.landed == len(plan.own), tuple(matches), tuple(left))


def _has(there: Notes, own: Notes) -> bool:
    """Say whether a commit has all records of another."""
    kinds = ((there.intents, own.intents), (there.costs, own.costs))
    return all({x["id"] for x in mine} <= {x["id"] for x in others} for others, mine in kinds)


def _is_news(plan: _Plan, lane: ReconciledLane) -> bool:
    return plan.landed > 0 or not all(x.known for x in lane.matches)


def _record(
    repo: LaneRepo, target: LaneState, found: Sequence[tuple[_Plan, ReconciledLane]]
) -> None:
    """Copy the records, and write down how far each lane has landed, as one operation."""
    with transaction(repo, "reconcile") as tx:
        states = (target, *(x.state for x, _ in found))
        now = repo.view.again(*states)
        if [x.tip for x in now] != [x.tip for x in states]:
            raise Raced("lanes moved meanwhile", hint="nothing changed; repeat the command")
        into = now[0].record
        after = into
        for plan, lane in found:
            after = _landed(tx, plan, after, lane)
        names = ", ".join(lane.lane for _, lane in found)
        tx.description = f"reconcile {codec.one_line(names, 100)} with {into.name}"
        if after != into:
            tx.lane(now[0], after)


def _landed(tx: Transaction, plan: _Plan, into: Lane, lane: ReconciledLane) -> Lane:
    """Write down what was found of a lane's work; return the record of the lane that has it."""
    source = plan.state.record
    for match in lane.matches:
        tx.carry_notes(match.source, match.commit)
    details = {
        "reconciled": {
            "lane": source.name,
            "into": into.name,
            "into_uuid": into.uuid,
            "matches": plain(lane.matches),
        }
    }
    if not plan.landed:
        tx.lane(plan.state, source, details=details)
        return into
    head = plan.own[plan.landed - 1][0]
    tx.lane(plan.state, ledger.landed_on(source, into, head, str(into.head)), details=details)
    return ledger.received(source, into, head)
