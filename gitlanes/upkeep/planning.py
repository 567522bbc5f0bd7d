"""What `gc` would take away: read at one moment, each thing with what takes it away."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from gitlanes import clock, ids
from gitlanes.config import table
from gitlanes.errors import BadValue
from gitlanes.exchange import retiring
from gitlanes.fleet import places
from gitlanes.gates import scratch, verdicts
from gitlanes.git.refs import list_refs
from gitlanes.git.settings import as_seconds
from gitlanes.lanes.resting import Known
from gitlanes.models.collecting import Spared, Waste
from gitlanes.models.records import DELETED, PRUNED, RENAMED, Entry, Lane, LaneState
from gitlanes.models.workspaces import Snapshot, Workspace
from gitlanes.store import journal, layout, pooled
from gitlanes.upkeep import disposal
from gitlanes.workspaces import finding, pool
from gitlanes.workspaces import state as states
from gitlanes.workspaces.pruning import DAY

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Piece(NamedTuple):
    """A thing that goes, and what does it: that returns what it did, or raises."""

    waste: Waste
    act: Callable[[], str]


class Plan(NamedTuple):
    """Pieces in groups, each of which is left off where one of its pieces has to stay."""

    groups: tuple[tuple[Piece, ...], ...]
    spared: tuple[Spared, ...]

    @property
    def pieces(self) -> list[Piece]:
        """Return all pieces, in their order."""
        return list(chain.from_iterable(self.groups))


def plan(repo: LaneRepo, older_than: float | None = None) -> Plan:
    """Return what is old enough to go, and what would be and stays for a reason; reads only.

    ``older_than`` is in seconds, by default `lanes.retention`. Only lanes at rest, archived and
    deleted ones are looked at. Raises NotAdopted, BadValue for a negative time.
    """
    repo.view.require_adopted()
    if older_than is not None and older_than < 0:
        raise BadValue("a limit cannot be negative")
    return _Planner(repo, older_than).plan()


class _Planner:
    """One look at a repository, with what holds for all of its lanes."""

    def __init__(self, repo: LaneRepo, older_than: float | None):
        (usual,) = table.BY_NAME["retention"].default
        age = repo.settings.seconds("lanes.retention", as_seconds(usual) or 0)
        self.repo = repo
        self.before = clock.now() - (age if older_than is None else older_than)
        self.known = Known(repo)
        self.spared: list[Spared] = []
        self.places = repo.settings.flag("lanes.gcWorkspaces", True)
        self.exports = repo.settings.flag("lanes.gcExports", True)
        self._pushed = _pushed(repo)
        self._heads = {
            layout.short_branch(os.fsdecode(x))
            for (x,) in list_refs(repo.git, [layout.BRANCHES], "refname")
        }
        self._snapshots = _snapshots(repo, self.known, min(self.before, clock.now() - DAY))
        self._workspaces: dict[str, list[Workspace]] = {}
        for place in (*finding.linked(repo), *finding.detached(repo)):
            self._workspaces.setdefault(place.lane_uuid, []).append(place)

    def plan(self) -> Plan:
        """Return what goes, lane by lane, then what is no lane's."""
        lanes = [self._of(x) for x in self.known.entries if x.record.status != RENAMED]
        groups = (tuple(x) for x in (*lanes, *self._of_gates(), *self._of_agents()))
        return Plan(tuple(filter(None, groups)), tuple(self.spared))

    def _of(self, entry: Entry) -> Iterable[Piece]:
        lane = entry.record
        if lane.status == DELETED:
            return self._saved(lane, f"lane {lane.name} is deleted")
        why = "" if lane.away else self.known.at_rest(lane)
        if _moment(entry.time) >= self.before or not (why or lane.away):
            return ()
        return self._pruning(entry) if lane.away else self._archiving(entry, why)

    def _archiving(self, entry: Entry, why: str) -> Iterator[Piece]:
        lane = entry.record
        if self._spares(lane.name, self._hindrance(entry)):
            return
        waste = Waste("archive", lane.name, f"{why}, unchanged since {entry.time[:10]}", lane.name)
        yield Piece(waste, partial(disposal.archive, self.repo, self.known, entry))

    def _hindrance(self, entry: Entry) -> str:
        kept = self.known.hindrance(entry)
        if not kept and not self.places and entry.record.uuid in self._workspaces:
            kept = "it has a workspace, and lanes.gcWorkspaces is off"
        return kept

    def _spares(self, name: str, why: str) -> bool:
        """Note what keeps a thing; say whether anything does."""
        self.spared += [Spared(name, why)] if why else []
        return bool(why)

    def _pruning(self, entry: Entry) -> Iterator[Piece]:
        lane = entry.record
        why = f"archived since {entry.time[:10]}"
        if lane.status == PRUNED:  # elsewhere, or some of it stayed
            why = f"pruned since {entry.time[:10]}"
        elif self._spares(lane.name, self._hindrance(entry) or self._unpushed(entry)):
            return
        about = (self.repo, self.known, entry)
        for place in self._workspaces.get(lane.uuid, ()) if self.places else ():
            lately = "it was used lately" if states.touched(place.git_dir) >= self.before else ""
            if self._spares(f"workspace {place.path}", lately):
                return
            waste = Waste("workspace", place.path, why, lane.name)
            yield Piece(waste, partial(disposal.remove, *about, place))
        for branch in self._branches(entry):
            if branch.kept:
                self._spares(f"branch {branch.name}", "" if lane.status == PRUNED else branch.kept)
                continue
            waste = Waste("branch", branch.name, why, lane.name)
            yield Piece(waste, partial(disposal.retire, *about, branch))
        yield from self._saved(lane, why)
        if lane.status != PRUNED:
            waste = Waste("prune", lane.name, why, lane.name)
            yield Piece(waste, partial(disposal.prune, *about))

    def _unpushed(self, entry: Entry) -> str:
        if self._pushed is None or (entry.record.name, entry.oid) in self._pushed:
            return ""
        return "no remote has it as it is here: push it first"

    def _branches(self, entry: Entry) -> list[retiring.Branch]:
        if not self.exports or self._heads.isdisjoint(entry.record.exports):
            return []
        return retiring.exported(self.repo, LaneState(entry.record, entry.oid), self.known)

    def _saved(self, lane: Lane, why: str) -> Iterator[Piece]:
        found = self._snapshots.get(lane.uuid)
        if found:
            waste = Waste("snapshot", ", ".join(x.id for x in found), why, lane.name)
            yield Piece(waste, partial(disposal.forget, self.repo, lane, found))

    def _of_gates(self) -> Iterator[Iterable[Piece]]:
        for path in scratch.unused(self.repo, self.before) if self.places else ():
            waste = Waste("scratch", path, "no gate ran there lately")
            yield (Piece(waste, partial(disposal.empty, self.repo, path)),)
        for number, tree in enumerate(pool.free(self.repo)):
            old = pooled.since(tree.git_dir) < self.before
            if self.places and (old or number >= pool.limit(self.repo) or not tree.exists):
                why = "no lane took it" if old else "more than lanes.pool are kept"
                waste = Waste("pool", tree.path, why)
                yield (Piece(waste, partial(disposal.drain, self.repo, tree.path)),)
        files = verdicts.old(self.repo, self.before)
        if files:
            what = f"{len(files)} kept verdict{'' if len(files) == 1 else 's'} of gates"
            waste = Waste("verdicts", what, "no gate was asked since")
            yield (Piece(waste, partial(disposal.unlearn, files)),)

    def _of_agents(self) -> Iterator[Iterable[Piece]]:
        for place, run in places.told(self.repo):
            ended = _moment(run.ended)
            if not run.live and ended < self.before:
                waste = Waste("run", run.id, f"it ended on {str(run.ended)[:10]}", run.lane)
                yield (Piece(waste, partial(disposal.forget_run, place)),)


def _snapshots(repo: LaneRepo, known: Known, before: float) -> dict[str, list[Snapshot]]:
    """Return {lane's uuid: its snapshots that were taken before a moment}, also of former names.

    Those that are older than the lane are of another one that was called so: they stay.
    """
    named = {x.record.name: x for x in known.entries}
    found: dict[str, list[Snapshot]] = {}
    fields = "refname objectname tree committerdate:unix"
    for ref, oid, tree, when in list_refs(repo.git, [layout.SNAPSHOTS], fields):
        name, _, number = os.fsdecode(ref).removeprefix(layout.SNAPSHOTS).rpartition("/")
        own = f"{name}/s{number}"
        if not tree or name not in named or not ids.SNAPSHOT_ID.fullmatch(own):
            continue  # doctor tells of them
        entry, taken = named[name], float(when)
        early = taken < _moment(entry.record.created)
        if taken < before and not (early and _was_anothers(repo, entry)):
            place = (own, name, tree.decode(), os.fsdecode(ref), oid.decode())
            found.setdefault(entry.record.uuid, []).append(Snapshot(*place))
    return found


def _moment(text: object) -> float:
    """Return the time that a record tells; what is none keeps what it tells of young for ever."""
    try:
        return clock.from_utc_text(str(text))
    except ValueError:
        return inf


def _was_anothers(repo: LaneRepo, entry: Entry) -> bool:
    """Say whether another lane had a lane's name before."""
    return any(x.record.uuid != entry.record.uuid for x in journal.walk(repo.refs, entry.oid))


def _pushed(repo: LaneRepo) -> set[tuple[str, str]] | None:
    """Return (lane, newest entry) of all that remotes have; None where no lanes travel."""
    rows = list_refs(repo.git, [layout.REMOTES], "refname objectname")
    kind = layout.TRAVELLING[layout.JOURNALS]
    found = set()
    for ref, oid in rows:
        _, _, rest = os.fsdecode(ref).removeprefix(layout.REMOTES).partition("/")
        if rest.startswith(kind):
            found.add((rest.removeprefix(kind), oid.decode()))
    return found or None
