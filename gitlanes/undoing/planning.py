"""What taking operations back comes to, for every lane that they touched; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import Refused
from gitlanes.models.plain import replace
from gitlanes.models.records import CONFLICTED, Attempt, Entry, Lane, LaneState
from gitlanes.store import journal, namesakes
from gitlanes.undoing import heads, reverting
from gitlanes.undoing.choosing import Step
from gitlanes.undoing.heads import Place

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What is not taken back, and what to do instead.
_FINAL = {
    "init": ("the repository was adopted", "lanes can be deleted one by one"),
    "import": ("people committed that", "take it back with 'git revert' on the branch"),
    "bind": ("a branch of yours took part", "use 'git lanes bind LANE --unset', or bind it again"),
    "export": ("others may have the branch", "delete or move the branch with git"),
    "merge": ("it came from another clone", "undo there what is wrong, or what it brought here"),
    "reconcile": ("a host landed that", "take it back on the branch that it landed on"),
    "rewrite": ("git rewrote these commits", "rewrite them back with git"),
    "evaluate": ("what gates said stays on record", "ask them again: git lanes evaluate"),
    "compact": ("it changed nothing but the journal's form", "undo what came before it"),
    "cascade": ("it only tells that lanes were synced", "undo the syncs one by one"),
    "purge": ("what leaked is gone", "put it back by hand if it was no secret"),
    "cost": ("what was used up stays on record", "correct it: git lanes cost add"),
}


class Part(NamedTuple):
    """A lane's part: as it is, its record to come but for its head, where that goes.

    ``attempts`` are those whose state changes, as they will be.
    """

    state: LaneState
    record: Lane
    place: Place
    attempts: tuple[Attempt, ...]

    @property
    def moves(self) -> bool:
        """Say whether the head goes elsewhere."""
        return self.place.commit != self.state.record.head


def require_possible(steps: Sequence[Step]) -> None:
    """Raise Refused for operations that are never taken back."""
    for step in steps:
        verb = "merge" if any("joined" in x.details for x in step.entries) else step.verb
        made = any(not x.previous for x in step.entries)
        if verb in _FINAL and not (verb == "import" and made):
            why, hint = _FINAL[verb]
            raise Refused(f"'{step.entries[0].description}' cannot be undone: {why}", hint=hint)
        if renames(step) and len(steps) > 1:
            raise Refused(
                f"'{step.entries[0].description}' stands in between",
                hint=f"undo that alone first: git lanes undo {step.id}",
            )


def renames(step: Step) -> bool:
    """Say whether an operation gave a lane another name."""
    return "renamed" in step.entries[0].details


def planned(repo: LaneRepo, steps: Sequence[Step], time: str) -> list[Part]:
    """Return what taking these back, newest first, comes to; raises Refused, Collision."""
    parts: dict[str, Part] = {}
    for step in steps:
        for entry in step.entries:
            uuid = entry.record.uuid
            part = parts.get(uuid) or _untouched(repo, entry)
            parts[uuid] = _without(repo, part, entry, time)
    return sorted(parts.values(), key=lambda x: x.state.record.name)


def _untouched(repo: LaneRepo, entry: Entry) -> Part:
    state = repo.view.by_uuid(entry.record.uuid, entry.record.name)
    state = state or _before_its_namesake(repo, entry.record)
    if state is None:
        raise Refused(
            f"lane '{entry.record.name}' is another one now", hint="see 'git lanes op log'"
        )
    lane = state.record
    if lane.status == CONFLICTED and lane.conflict != entry.record.conflict:
        raise Refused(
            f"lane '{lane.name}' stopped at a conflict",
            hint=f"give that up first: git lanes conflict abandon {lane.name}",
        )
    return Part(state, lane, heads.place_of(repo, lane), ())


def _before_its_namesake(repo: LaneRepo, lane: Lane) -> LaneState | None:
    """Return a lane that is gone as it was last, to go on after another one that had its name.

    None where that one is there still.
    """
    now, was = repo.view.find(lane.name), namesakes.find(repo, lane.uuid)
    if now is None or now.record.live or was is None or was.record.name != lane.name:
        return None
    record = was.record
    following = max(record.next, now.record.next)
    record = replace(record, next=following, namesakes=(*record.namesakes, now.tip))
    return LaneState(record, now.tip)


def _without(repo: LaneRepo, part: Part, entry: Entry, time: str) -> Part:
    # The head to come stands in the record while later operations are taken back from it.
    lane = replace(part.record, head=part.place.commit)
    before = journal.read_entry(repo.refs, entry.previous[0]).record if entry.previous else None
    known = {x.uuid: x for x in part.attempts}
    changed = reverting.attempts_before(repo, part.state.tip, entry, known, time)
    known |= {x.uuid: x for x in changed}
    if before is None or before.uuid != entry.record.uuid:
        _require_alone(repo, lane)
        record, place = reverting.undone_new(lane, entry.record), part.place
    else:
        record = reverting.reverted(lane, before, entry.record, entry.verb)
        place = heads.without(repo, part.place, part.state.record, before, entry)
    return Part(part.state, record, place, tuple(known.values()))


def _require_alone(repo: LaneRepo, lane: Lane) -> None:
    """Raise Refused for a lane that others follow or were made from."""
    names = [
        x.record.name
        for x in repo.view.lanes(where=lambda text: lane.uuid.encode() in text)
        if lane.uuid in (x.record.origin, *x.record.parents)
    ]
    if names:
        raise Refused(
            f"lane '{lane.name}' has lanes that stand on it: {', '.join(names)}",
            hint="undo or delete these first",
        )
