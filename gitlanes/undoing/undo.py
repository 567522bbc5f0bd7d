"""Undo, redo, rollback: each is an operation of its own that takes others' effect back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from gitlanes import clock
from gitlanes.errors import BadValue, Raced
from gitlanes.lanes import renaming
from gitlanes.models.events import Event
from gitlanes.models.notes import NO_INTENT
from gitlanes.models.plain import replace
from gitlanes.models.records import DELETED, Attempt, Lane
from gitlanes.models.undoing import Undone, UndoneLane
from gitlanes.plugins import around
from gitlanes.review import decide
from gitlanes.store import layout, records
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.undoing import choosing, heads, planning
from gitlanes.undoing.choosing import REDO, ROLLBACK, UNDO, Step
from gitlanes.undoing.following import Along
from gitlanes.undoing.planning import Part
from gitlanes.workspaces import finding, intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def undo(
    repo: LaneRepo,
    operation: str | None = None,
    *,
    lane: str | None = None,
    cascade: bool = False,
    expect: str | None = None,
) -> Undone:
    """Take back one operation, by default the last of this clone that stands, or of ``lane``.

    It is taken back in all lanes that it touched, or not at all. Heads go back, and forward by a
    new commit on bound lanes and where others built on it; workspaces go along. With ``cascade``
    later operations on its lanes are taken back, too. Undoing an undo is a redo. Raises Negative
    without one, Refused where later work or an unsaved edit is in the way, or that operation is
    never taken back, Collision, NotFound, Raced if the lane is not at `expect`.
    """
    check_expected(expect)
    about = repo.view.lane(lane).record if lane else _present(repo)
    about = _ready(repo, about, expect)
    if operation is None:
        steps = [choosing.last(repo, about)]
    else:
        steps = choosing.named(repo, operation, cascade=cascade)
    again = steps[-1].cancels and steps[-1].verb != REDO
    return _taken_back(repo, REDO if again else UNDO, steps)


def redo(repo: LaneRepo, *, lane: str | None = None, expect: str | None = None) -> Undone:
    """Do again what the last undo or rollback took back, if nothing else was done since.

    Raises Negative where there is none, and what `undo` raises.
    """
    check_expected(expect)
    about = repo.view.lane(lane).record if lane else _present(repo)
    about = _ready(repo, about, expect)
    return _taken_back(repo, REDO, [choosing.last_undone(repo, about)])


def rollback(
    repo: LaneRepo,
    lane: str | None = None,
    *,
    steps: int | None = None,
    to: str | None = None,
    to_fork: bool = False,
    expect: str | None = None,
) -> Undone:
    """Take back the last operations that moved a lane's head, as one.

    They are so many ``steps``, those since operation ``to``, or all since the lane's fork. Raises
    BadValue unless exactly one is given, Refused for too many steps and for another lane's
    operation, and what `undo` raises.
    """
    check_expected(expect)
    if (steps is not None) + (to is not None) + to_fork != 1:
        raise BadValue("say how far to roll back", hint="one of -n N, --to OP, --to-fork")
    if steps is not None and steps < 1:
        raise BadValue(f"cannot roll back {steps} steps", hint="give a number above 0")
    about = _ready(repo, finding.lane_or_present(repo, lane).record, expect)
    assert about is not None
    return _taken_back(repo, ROLLBACK, choosing.newest(repo, about, steps, to))


def _ready(repo: LaneRepo, lane: Lane | None, expect: str | None) -> Lane | None:
    """Return the lane once what an interrupted command left in its directory is finished.

    What people committed on its branch is taken in. Raises Raced if it is not at `expect`.
    """
    if lane is None:
        if expect is not None:
            raise BadValue("no lane to expect that of", hint="name the lane, too")
        return None
    require_commit(f"lane '{lane.name}'", lane.head, expect)
    with decide.holding(repo, finding.workspace_of(repo, lane)):
        return intake.catch_up(repo, lane.name).record


def _present(repo: LaneRepo) -> Lane | None:
    """Return the lane in whose workspace one stands; None at the top of the repository."""
    if repo.place.git_dir == repo.place.common_dir:
        return None
    found = finding.present_lane(repo)
    return found.record if found else None


def _taken_back(repo: LaneRepo, verb: str, steps: Sequence[Step]) -> Undone:
    with around(Event(verb, repo.place.common_dir), repo.state_directory, repo.warn) as told:
        told.result = made = _carried_out(repo, verb, steps)
    return made


def _carried_out(repo: LaneRepo, verb: str, steps: Sequence[Step]) -> Undone:
    planning.require_possible(steps)
    if planning.renames(steps[0]):
        return _renamed_back(repo, verb, steps[0])
    for name in {x.record.name for step in steps for x in step.entries if x.record.bound}:
        intake.catch_up(repo, name)
    parts = planning.planned(repo, steps, clock.utc_text(clock.now()))
    with ExitStack() as stack:
        along = [Along(repo, part, stack) for part in parts]
        with transaction(repo, verb) as tx:
            tx.description = _told(verb, steps)
            _require_unmoved(repo, parts)
            made = [_write(tx, part, parts, steps) for part in parts]
            for one, lane in zip(along, made, strict=True):
                one.mark(tx, str(lane.head))
        after = [one.go() for one in along]
    for part in parts:
        _tell_of_workspace(repo, part)
    lanes = [
        replace(lane, workspace=moved, following=following)
        for lane, (moved, following) in zip(made, after, strict=True)
    ]
    changed = tuple(x.id for part in parts for x in part.attempts)
    return _undone(tx, steps, lanes, changed)


def _tell_of_workspace(repo: LaneRepo, part: Part) -> None:
    """Say how a lane that is back gets a workspace: its directory went when it was put away."""
    was, lane = part.state.record, part.record
    back = lane.live and not lane.away and (was.away or not was.live)
    if back and finding.workspace_of(repo, lane) is None:
        repo.warn(
            f"lane '{lane.name}' is back without a workspace: "
            f"git lanes workspace create {lane.name} makes one"
        )


def _undone(
    tx: Transaction, steps: Sequence[Step], lanes: Iterable[UndoneLane], changed: tuple[str, ...]
) -> Undone:
    told = tuple(_about(tx.verb, x) for x in steps)
    return Undone(tx.verb, tx.operation, tuple(x.id for x in steps), told, tuple(lanes), changed)


def _require_unmoved(repo: LaneRepo, parts: Sequence[Part]) -> None:
    for part in parts:
        name = part.state.record.name
        now = repo.view.find(name)
        if now is None or now.tip != part.state.tip:
            raise Raced(
                f"lane '{name}' moved on meanwhile", hint="nothing changed; repeat the command"
            )


def _told(verb: str, steps: Sequence[Step]) -> str:
    more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
    return f"{verb}: {_about(verb, steps[0])}{more}"


def _about(verb: str, step: Step) -> str:
    """Return what an operation did; of one that is done again, what it took back."""
    what = step.entries[0].description
    return what.removeprefix(f"{step.verb}: ") if verb == REDO else what


def _details(steps: Sequence[Step]) -> dict[str, object]:
    return {UNDO: {"of": [x.id for x in steps]}}


def _write(tx: Transaction, part: Part, parts: Sequence[Part], steps: Sequence[Step]) -> UndoneLane:
    """Set a lane's record, with a new commit on top of its head where that cannot go back."""
    now, place, record = part.state.record, part.place, part.record
    attempts = list[Attempt](part.attempts)
    head, forward = place.commit, False
    if part.moves and not _may_move(tx.repo, part, parts):
        head = now.head
        if place.tree != tx.repo.objects.commit(str(now.head)).tree:
            made = heads.written(tx, now, place.tree, tx.description)
            entries = [x for step in steps for x in step.entries if x.record.uuid == now.uuid]
            if ways := heads.ways(tx.repo, entries):
                records.add_intent(tx, made, NO_INTENT, {"restores": ways[-1][0]})
            attempts.append(made)
            head, forward = made.commit, True
            record = _taken_from(tx, record, head, steps)
    record = replace(record, head=head, next=now.next + forward)
    kept = [x for x in (now.head, head) if x]
    tx.lane(part.state, record, parents=kept, attempts=attempts, details=_details(steps))
    if record.status == DELETED:
        tx.drop(layout.head(now.name))
    return UndoneLane(now.name, record.status, now.head, head, forward)


def _taken_from(tx: Transaction, record: Lane, by: str, steps: Sequence[Step]) -> Lane:
    """Return a lane's record that tells what a commit of its history takes back."""
    landed = (x for step in steps if not step.cancels for x in step.entries)
    ways = heads.ways(tx.repo, (x for x in landed if x.record.uuid == record.uuid))
    if not ways:
        return record
    told = {"by": by, "ways": [[*x] for x in ways]}
    return replace(record, taken_back={**record.taken_back, tx.operation: told})


def _may_move(repo: LaneRepo, part: Part, parts: Sequence[Part]) -> bool:
    if part.place.commit is None:
        return False
    others = frozenset(x.record.uuid for x in parts)
    now, to = part.state.record, part.place.commit
    return heads.can_move(repo, now, part.record, to, others)


def _renamed_back(repo: LaneRepo, verb: str, step: Step) -> Undone:
    """Give a lane the name back that an operation took from it."""
    told = step.entries[0].details["renamed"]
    old, new = str(told["from"]), str(told["to"])
    workspace = finding.workspace_of(repo, repo.view.lane(new).record)
    with renaming.named(repo, workspace), transaction(repo, verb) as tx:
        state = repo.view.lane(new)
        record = renaming.renamed(tx, state, old, _details([step]))
        tx.description = _told(verb, [step])
    lane = UndoneLane(record.name, record.status, record.head, record.head)
    return _undone(tx, [step], [lane], ())
