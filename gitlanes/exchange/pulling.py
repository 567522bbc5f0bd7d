"""Pull: what a remote has becomes part of this clone's lanes and notes, in one operation."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import CorruptRecord, LanesError, Locked, NotAdopted, Raced, Unsupported
from gitlanes.exchange import planning, sides
from gitlanes.exchange.planning import Step
from gitlanes.exchange.sides import Side
from gitlanes.git.refs import RefMove
from gitlanes.models.plain import replace
from gitlanes.models.records import Attempt, Lane, LaneState
from gitlanes.models.remotes import DIVERGED, PURGED, Left, Pulled, Taken
from gitlanes.models.workspaces import Following
from gitlanes.store import codec, journal, layout, merging, purged, records
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.transaction import Transaction, locked, transaction
from gitlanes.store.unrecorded import repair_refs
from gitlanes.workspaces import binding, branches, finding, intake, mending
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_TRIES = 5


def pull(repo: LaneRepo, remote: str | None = None) -> Pulled:
    """Fetch from a remote and take in what is new there: lanes, their records, notes.

    A lane that went on on both sides is joined where no path is touched by both; else it is
    ``left`` as it is on either side, as are lanes that cannot be believed. Again, it changes
    nothing. Raises NotAdopted, NotFound, Refused, GitFailed, Raced.
    """
    name = sides.choose(repo, remote)
    if not repo.view.has_lanes():
        raise NotAdopted(
            "this repository has no lanes yet", hint="run 'git lanes init --from-remote'"
        )
    sides.fetch(repo, name)
    made = take(repo, name)
    diverged = {x.lane for x in made.left if x.kind == DIVERGED}
    merged = [
        x.name
        for x in (bound_lanes(repo) if diverged else ())
        if x.name in diverged and branches.relation(repo, x) == branches.IMPORTED
    ]
    for lane in merged:  # people may have merged it there, as they were told to
        intake.catch_up(repo, lane)
    return together(made, take(repo, name)) if merged else made


def together(before: Pulled | None, after: Pulled) -> Pulled:
    """Return what came in several rounds."""
    if before is None:
        return after
    return Pulled(
        after.remote,
        tuple({x.lane: x for x in (*before.lanes, *after.lanes)}.values()),
        tuple(sorted({*before.notes, *after.notes})),
        after.left,
        {**before.following, **after.following},
    )


def take(repo: LaneRepo, remote: str) -> Pulled:
    """Take in what was last fetched from a remote; bound branches follow."""
    found = sides.read(repo, remote)
    notes, held = _new_notes(repo, remote, found.ours, found.theirs)
    plans, left = _planned(repo, remote, found.ours, found.theirs)
    left += held
    if plans or notes:
        taken, more = _take(repo, remote, plans, notes)
        left = [_told_anew(repo, remote, found.theirs, x) for x in (*left, *more)]
    else:
        taken = []
    _forget(repo, remote, [x.lane for x in left if x.kind == PURGED])
    _own_root(repo)
    _name_workspaces(repo, taken)
    following: dict[str, Following] = {}
    for lane in bound_lanes(repo):
        new = any(x.lane == lane.name for x in taken)
        # An earlier pull may have been stopped before its branch followed.
        if new or branches.relation(repo, lane) == branches.LAGS:
            followed = follow(repo, lane.name)
            following |= {lane.name: followed} if followed is not None else {}
    told = tuple(sorted(left, key=lambda x: x.lane))
    return Pulled(remote, tuple(taken), tuple(sorted(notes)), told, following)


def bound_lanes(repo: LaneRepo) -> list[Lane]:
    """Return the lanes that are bound to a branch, the other ones undecoded."""
    found = repo.view.lanes(where=lambda text: b'"branch":' in text)
    return [x.record for x in found if x.record.bound]


def _new_notes(
    repo: LaneRepo, remote: str, ours: Side, theirs: Side
) -> tuple[dict[str, str], list[Left]]:
    """Return {kind: commit} of a remote's notes that may have what is not here, and those left."""
    found: dict[str, str] = {}
    left = []
    for kind, tip in theirs.notes.items():
        own = ours.notes.get(kind)
        if own == tip or (own and is_ancestor(repo, tip, own)):
            continue
        if own and (held := purged.in_notes(repo, own, tip)).any:
            left.append(planning.left_to_purge(remote, f"notes/{kind}", held))
        else:
            found[kind] = tip
    return found, left


def _forget(repo: LaneRepo, remote: str, names: Sequence[str]) -> None:
    """Let go of what was fetched of these: what was purged here must not stay."""
    refs = [layout.NOTES[x.removeprefix("notes/")] for x in names if "/" in x]
    refs += [ref(x) for x in names if "/" not in x for ref in (layout.journal, layout.head)]
    fetched = [layout.fetched(remote, x) for x in refs]
    there = zip(fetched, repo.refs.targets(fetched), strict=True) if fetched else ()
    moves = [RefMove(ref, oid, None) for ref, oid in there if oid is not None]
    if moves:
        with locked(repo) as lock:
            repair_refs(repo, moves, lock)


def _planned(
    repo: LaneRepo, remote: str, ours: Side, theirs: Side
) -> tuple[dict[str, Step], list[Left]]:
    """Return what can be taken in, by lane, and what cannot."""
    changed = [x for x, tip in theirs.journals.items() if ours.journals.get(x) != tip]
    steps: list[Step] = []
    left: list[Left] = []
    for name in repo.counted("reading journals", changed):
        found = _plan(repo, remote, name, theirs.journals[name])
        if isinstance(found, Left):
            left.append(found)
        elif found is not None:
            steps.append(found)
    good, more = planning.checked(repo, remote, steps)
    return {x.name: x for x in good}, left + more


def _plan(repo: LaneRepo, remote: str, name: str, tip: str) -> Step | Left | None:
    try:
        ours = repo.view.find(name)
    except (CorruptRecord, Unsupported) as error:
        return planning.damaged(remote, name, None, error)
    return planning.plan(repo, remote, name, ours, tip)


def _told_anew(repo: LaneRepo, remote: str, theirs: Side, left: Left) -> Left:
    """Return what is said of a lane that diverged, with the other side's records known now."""
    if left.kind != DIVERGED:
        return left
    found = _plan(repo, remote, left.lane, theirs.journals[left.lane])
    return found if isinstance(found, Left) else left


def _take(
    repo: LaneRepo, remote: str, plans: dict[str, Step], notes: dict[str, str]
) -> tuple[list[Taken], list[Left]]:
    """Do it, in one operation; what went on here meanwhile is planned anew."""
    for tries_left in reversed(range(_TRIES)):
        try:
            with transaction(repo, "merge") as tx:
                steps, left = _present(repo, remote, plans)
                _begin(tx, remote, notes)
                return [_carry_out(tx, remote, x) for x in steps], left
        except Raced:
            if not tries_left:
                raise
    raise AssertionError("the last try returns or raises")


def _present(repo: LaneRepo, remote: str, plans: dict[str, Step]) -> tuple[list[Step], list[Left]]:
    """Return the steps as they are under the lock."""
    steps: list[Step] = []
    left: list[Left] = []
    for name, planned in plans.items():
        state = repo.view.find(name)
        found: Step | Left | None = planned
        if (state and state.tip) != (planned.ours and planned.ours.tip):
            found = planning.plan(repo, remote, name, state, planned.theirs.tip)
        if isinstance(found, Step):
            found = _stray(repo, remote, found) or found
        if isinstance(found, Left):
            left.append(found)
        elif found is not None:
            steps.append(found)
    return steps, left


def _stray(repo: LaneRepo, remote: str, step: Step) -> Left | None:
    """Return what is said where the lane's head ref was made by somebody else."""
    if step.ours is not None and step.ours.record.live:
        return None
    ref = layout.head(step.name)
    actual = repo.refs.target(ref)
    known = (step.record.head, step.ours.record.head if step.ours else None)
    if actual is None or actual in known:
        return None
    said = CorruptRecord(
        f"'{ref}' was made outside gitlanes",
        hint=f"keep it as a branch (git branch NAME {actual[:12]}), then: git update-ref -d {ref}",
    )
    return planning.damaged(remote, step.name, step.ours, said)


def _begin(tx: Transaction, remote: str, notes: dict[str, str]) -> None:
    """Say what the operation is, and let it join the notes."""
    tx.repo.objects.write("tree", b"")
    tx.description = f"merge what {codec.one_line(remote, 60)} has"
    for kind, tip in notes.items():
        tx.join_notes(kind, tip)


def _carry_out(tx: Transaction, remote: str, step: Step) -> Taken:
    """Let one lane go forward, or join both sides of it."""
    repo, name, record = tx.repo, step.name, step.record
    if step.joint is None:
        tx.take(layout.journal(name), step.ours.tip if step.ours else None, step.theirs.tip)
        if record.live:
            ref = layout.head(name)
            tx.take(ref, repo.refs.target(ref), str(record.head))
    else:
        _join(tx, remote, step)
    was_live = step.ours is not None and step.ours.record.live
    if not record.live:
        tx.drop(layout.head(name))
        _move_seen(tx, step)
        return Taken(name, "gone", None)
    how = "merged" if step.joint else "forward" if was_live else "new"
    return Taken(name, how, record.head, step.joint.renumbered if step.joint else {})


def _join(tx: Transaction, remote: str, step: Step) -> None:
    joint, head = step.joint, step.head
    assert joint is not None
    assert head is not None
    told = {"remote": remote, "base": step.base, "renumbered": joint.renumbered}
    details = {**joint.details, "joined": {key: value for key, value in told.items() if value}}
    tx.lane(
        step.ours,
        joint.record,
        parents=[head.commit] if head.made and head.commit else (),
        attempts=joint.attempts,
        details=details,
        continues=step.theirs,
    )
    for old, attempt in joint.moved.items():
        _correct_notes(tx, old, attempt)
    if step.ours is not None and merging.lives_elsewhere(step.ours.record, step.theirs.record):
        _rename_along(tx, remote, step)


def _rename_along(tx: Transaction, remote: str, step: Step) -> None:
    """Let attempts that are called by a name which is another lane's now be called by their own."""
    assert step.ours is not None
    repo, uuid = tx.repo, step.ours.record.uuid
    base = journal.read_entry(repo.refs, step.base).record if step.base else None
    first = base.next if base else 1
    state = repo.view.by_uuid(uuid) if step.theirs.record.next > first else None
    if state is None:
        return
    entries = journal.walk(repo.refs, state.tip)
    record, attempts, ids = merging.renamed_along(step.name, first, state.record, entries)
    if ids:
        details = {"joined": {"remote": remote, "renumbered": ids}}
        tx.lane(state, record, attempts=attempts, details=details)
        for attempt in attempts:
            _correct_notes(tx, f"{step.name}/{attempt.number}", attempt)


def _correct_notes(tx: Transaction, old: str, attempt: Attempt) -> None:
    """Let the records on an attempt's commits name it as it is called now."""
    commits = {attempt.commit, attempt.landed or attempt.commit}
    renewed: dict[str, str] = {}
    for kind, notes in records.read_lines(tx.repo, commits).items():
        for commit, lines in notes.items():
            for record in codec.decode_lines(b"\n".join(lines)):
                if (record.get("attempt"), record.get("attempt_uuid")) != (old, attempt.uuid):
                    continue
                name = renewed.setdefault(record["id"], ids.new_id(clock.now()))
                earlier = [*record.get("replaced", ()), record.get("replaces")]
                body = {**record, "attempt": attempt.id, "replaces": record["id"]}
                body |= {"replaced": [x for x in earlier if x]} if any(earlier) else {}
                tx.note(kind, commit, codec.encode_line(records.schema_of(kind), name, body))


def _move_seen(tx: Transaction, step: Step) -> None:
    """Let what a bound lane's branch was agreed on go along with its renaming."""
    seen = layout.seen(step.name)
    agreed = tx.repo.refs.target(seen)
    told = step.entries[0].details.get("renamed") if step.entries else None
    new = told.get("to") if isinstance(told, dict) else None
    if agreed is None:
        return
    if isinstance(new, str) and layout.is_lane_name(new):
        tx.take(layout.seen(new), tx.repo.refs.target(layout.seen(new)), agreed)
    tx.drop(seen)


def _own_root(repo: LaneRepo) -> None:
    """Let the repository's own directory belong to the adopted lane that its own gave way to."""
    from gitlanes.store.adopt import adopted_record

    root = repo.root()
    state = states.read(root[0]) if root else None
    if root is None or state is None or repo.view.by_uuid(state.lane, state.name):
        return
    lane = adopted_record(repo)
    if lane is not None:
        with states.hold(root[0], lane.name):
            now = replace(state, lane=lane.uuid, name=lane.name)
            states.write(root[0], now, durable=repo.durable())


def _name_workspaces(repo: LaneRepo, taken: Sequence[Taken]) -> None:
    """Note in workspaces what their lanes are called now; who works in one just now does so."""
    if not any(x.how == "gone" for x in taken):
        return
    for workspace in finding.linked(repo):
        with suppress(Locked), states.hold(workspace.git_dir, workspace.lane, timeout=0):
            mending.named(repo, workspace)


def follow(repo: LaneRepo, name: str) -> Following | None:
    """Let a bound lane's branch follow, after what it has itself is taken in.

    Not one that this clone has never agreed on with the lane: another clone may bind a lane to
    any name, and this clone's branch of that name may be for something else.
    """
    state: LaneState = repo.view.lane(name)
    known = state.record.extra.get("adopted") or repo.refs.target(layout.seen(name))
    if not known or state.record.branch is None or branches.is_elsewhere(repo, state.record):
        return None
    try:
        intake.catch_up(repo, name)
        return binding.follow(repo, name)
    except LanesError as error:  # the lanes came all the same
        short = layout.short_branch(state.record.branch)
        return Following(False, short, f"{error.message}; the next command follows")
