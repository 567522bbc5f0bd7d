"""What the refs say now: lanes by name or uuid, attempts, snapshots, any state at all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import (
    BadName,
    CorruptRecord,
    NotAdopted,
    NotFound,
    Refused,
    Unsupported,
    line,
)
from gitlanes.git.refs import list_refs
from gitlanes.models.records import RENAMED, Attempt, Lane, LaneState
from gitlanes.store import journal, layout

if TYPE_CHECKING:
    from gitlanes.git.process import Git
    from gitlanes.git.refs import RefReader

    # What sees to a lane whose head ref is where the second one says.
    Settle = Callable[[LaneState, str | None], LaneState]

# Refs that each work tree has for itself (gitrevisions), as revisions begin with them; '@' is HEAD.
_OWN = re.compile(
    r"(?P<name>(?:(?:FETCH|ORIG|MERGE|CHERRY_PICK|REVERT|REBASE|BISECT)_)?HEAD)(?![\w/.-])"
    r"|@(?![\w/.{-])|(?=@\{\d)"
)


class View:
    """Reads lanes from the tips of their journals, without a lock.

    Nothing is kept but what lanes were called, to look there first. ``present`` is git's id of the
    linked work tree that one stands in, whose HEAD is meant by that name.
    """

    def __init__(self, git: Git, reader: RefReader, warn: journal.Warn, present: str | None = None):
        self._git = git
        self._warn = warn
        self._settle: Settle | None = None
        self._in_place: set[str] | None = None
        self._names: dict[str, str] = {}
        self._present = present
        self.reader = reader

    def find(self, name: str) -> LaneState | None:
        """Return a lane, or the tombstone of one that was deleted or renamed, or None."""
        found, head = self._read(name)
        return found and self._settled(found, head)

    def found_at(self, name: str) -> tuple[LaneState, str | None]:
        """Return a live lane as `lane` does, and where its head ref is, in one round trip."""
        found, head = self._read(name)
        live = found is not None and found.record.live
        return (found, head) if found and live else (self.lane(name), head)

    def _read(self, name: str) -> tuple[LaneState | None, str | None]:
        try:
            layout.check_lane_name(name)
        except BadName:
            return None, None
        found, head = self.reader.resolve_all([layout.journal(name), layout.head(name)])
        if found is None:
            return None, None
        oid, data = found
        record = journal.tip_entry(name, oid, data.partition(b"\n\n")[2]).record
        self._names[record.uuid] = name
        if self._in_place is not None and head and head[0] == record.head:
            self._in_place.add(oid)
        return LaneState(record, oid), head and head[0]

    @contextmanager
    def settling(self, settle: Settle) -> Iterator[None]:
        """Let `settle` see to each live lane that is read by name inside the block.

        It is called with the lane and where its head ref is. For operations, which must not
        build on a head that somebody moved with plain git.
        """
        self._settle = settle
        try:
            yield
        finally:
            self._settle = None

    @contextmanager
    def noting(self) -> Iterator[set[str]]:
        """Collect the tips of the lanes that are read inside the block with heads in place.

        For verbs that plan without a lock: to ask for their heads again would be a round trip more.
        """
        self._in_place = in_place = set[str]()
        try:
            yield in_place
        finally:
            self._in_place = None

    def _settled(self, state: LaneState, head: str | None) -> LaneState:
        if self._settle is None or not state.record.live:
            return state
        settle, self._settle = self._settle, None  # it reads lanes itself
        try:
            return settle(state, head)
        finally:
            self._settle = settle

    def lane(self, name: str) -> LaneState:
        """Return a live lane; raises NotFound with the nearest name, or NotAdopted."""
        state = self.find(name)
        if state is not None and state.record.live:
            return state
        if state is not None and state.record.status == RENAMED:
            raise self._called_otherwise(name, state)
        self.require_adopted()
        if state is None:
            try:
                self._require_no_remains(name)
            except CorruptRecord:
                if self.find(name) is None:
                    raise
                return self.lane(name)  # it was made just now
        names = [x.record.name for x in self.lanes()]
        raise NotFound(
            "lane", shown(name), nearest=nearest(name, names), hint="see 'git lanes list'"
        )

    def require_free(self, name: str) -> None:
        """Raise where a name cannot be a new lane's: one git process looks.

        Refused where it differs from another only in case, which some file systems cannot tell
        apart. CorruptRecord where it was a lane's already, whose journal cannot be read: a new
        lane would take the place of what can still be found.
        """
        there, broken = self._remains(name, layout.JOURNALS)
        names = (x.removeprefix(layout.JOURNALS) for x in there if x.startswith(layout.JOURNALS))
        twin = next((x for x in names if x.lower() == name.lower() and x != name), None)
        if twin is not None:
            raise Refused(
                f"lane '{name}' differs from lane '{twin}' only in case",
                hint="some file systems cannot tell them apart: choose another name",
            )
        _require_no_remains(name, there, broken)

    def _remains(self, name: str, *more: str) -> tuple[dict[str, str], list[str]]:
        """Return {ref: id} of a name's journal and head, and of what is below `more`.

        And the names of those that are no ids.
        """
        broken: list[str] = []
        prefixes = [layout.journal(name), layout.head(name), *more]
        rows = list_refs(self._git, prefixes, "refname objectname", broken=broken)
        return {os.fsdecode(ref): oid.decode() for ref, oid in rows}, broken

    def _require_no_remains(self, name: str) -> None:
        try:
            layout.check_lane_name(name)
        except BadName:
            return
        _require_no_remains(name, *self._remains(name))

    def _called_otherwise(self, name: str, tombstone: LaneState) -> NotFound:
        now = self.by_uuid(tombstone.record.uuid)
        if now is None:  # its journal was never fetched
            return NotFound("lane", shown(name), hint="it was renamed; see 'git lanes list'")
        gone = "" if now.record.live else ", and deleted since"
        return NotFound("lane", shown(name), hint=f"it is called '{now.record.name}' now{gone}")

    def again(self, *states: LaneState) -> list[LaneState]:
        """Return the lanes as they are now: read anew where their journals went on."""
        return [
            self._settled(state, head) if tip == state.tip else self.lane(state.record.name)
            for state, (tip, head) in zip(states, self._refs_of(states), strict=True)
        ]

    def unmoved(self, *states: LaneState) -> bool:
        """Say whether the lanes are still as they were read, with their heads in place."""
        there = [(x.tip, x.record.head) for x in states]
        return self._refs_of(states) == there

    def _refs_of(self, states: Sequence[LaneState]) -> list[tuple[str | None, str | None]]:
        """Return where each lane's journal and head are, in one round trip."""
        names = [x.record.name for x in states]
        asked = [ref(name) for ref in (layout.journal, layout.head) for name in names]
        found = self.reader.targets(asked)
        return list(zip(found[: len(names)], found[len(names) :], strict=True))

    def peek(self, name: str) -> LaneState | None:
        """Return what `find` returns, also within an operation without seeing to its head."""
        return self._read(name)[0]

    def lanes(
        self, *, deleted: bool = False, where: Callable[[bytes], bool] | None = None
    ) -> list[LaneState]:
        """Return all lanes by name, archived ones included; tombstones only if asked for.

        A lane whose journal cannot be read is left out, with a warning. With `where` those
        alone whose newest entry's message fits: the others are not decoded.
        """
        rows = journal.read_rows(self._git, self.reader, [layout.JOURNALS], self._warn)
        found = (
            journal.sound_tip(ref.removeprefix(layout.JOURNALS), oid, text, self._warn)
            for ref, oid, text in rows
            if where is None or text is None or where(text)
        )
        states = [LaneState(x.record, x.oid) for x in found if x]
        self._names.update((x.record.uuid, x.record.name) for x in states)
        return [x for x in states if deleted or x.record.live]

    def by_uuid(self, uuid: str, name: str | None = None) -> LaneState | None:
        """Return the lane with that uuid, deleted or not, whatever its name is now, or None.

        The `name` that it may still have is tried first: without it all lanes are read.
        """
        if name is not None:
            found = self.find(name)
            if found is not None and _is(found, uuid):
                return found
        with suppress(CorruptRecord, Unsupported):  # that is told where all are read
            found = self.peek(self._names.get(uuid, ""))
            if found is not None and _is(found, uuid):
                return found
        return next((x for x in self.lanes(deleted=True) if _is(x, uuid)), None)

    def twins(self, lane: Lane) -> dict[str, Lane]:
        """Return {remote: a lane as it is there}, as far as that was fetched."""
        rows = journal.read_rows(self._git, self.reader, [layout.twins(lane.name)], self._warn)
        found = {
            layout.remote_of(ref): entry.record
            for ref, oid, text in rows
            if (entry := journal.sound_tip(lane.name, oid, text, self._warn))
        }
        return {x: twin for x, twin in found.items() if twin.uuid == lane.uuid and twin.live}

    def has_lanes(self) -> bool:
        """Say whether there is a lane at all, deleted and damaged ones included."""
        if self.reader.target(layout.journal(layout.USUAL_NAME)):
            return True  # without a process of its own
        return bool(list_refs(self._git, ["--count=1", layout.JOURNALS], "refname"))

    def require_adopted(self) -> None:
        """Raise NotAdopted unless the repository has a lane."""
        if not self.has_lanes():
            raise NotAdopted("this repository has no lanes yet", hint="run 'git lanes init'")

    def attempt(self, attempt_id: str) -> Attempt:
        """Return an attempt's latest state, its lane deleted or not; raises NotFound."""
        return self.attempt_in(attempt_id)[0]

    def attempt_in(self, attempt_id: str) -> tuple[Attempt, LaneState]:
        """Return an attempt's latest state and its lane, which may have another name by now.

        Raises NotFound.
        """
        match = ids.ATTEMPT_ID.fullmatch(attempt_id)
        state = known = self.find(match["lane"]) if match else None
        asked = set()
        while state is not None and state.tip not in asked:
            asked.add(state.tip)
            found = journal.find_attempt(self.reader, state.tip, attempt_id, self._warn)
            if isinstance(found, Attempt):
                return found, state
            # What came before this tombstone went on under another name.
            state = self.by_uuid(found.record.uuid) if found else None
        self.require_adopted()
        hint = "attempts are named LANE/NUMBER; see 'git lanes history'"
        if match and known is None:
            self.lane(match["lane"])
        raise NotFound("attempt", shown(attempt_id), hint=hint)

    def target(self, revision: str, kind: str) -> str | None:
        """Return the id that a git revision names, peeled to a kind of object, or None."""
        if not is_revision(revision):
            return None
        if self._present is not None and (own := _OWN.match(revision)):
            revision = f"worktrees/{self._present}/{own['name'] or 'HEAD'}{revision[own.end() :]}"
        return self.reader.target(f"{revision}^{{{kind}}}")

    def commit_of(self, name: str) -> str:
        """Return the commit that a lane, attempt, snapshot or git revision names.

        The first kind that fits wins. Raises NotFound.
        """
        state = self.find(name)
        if state is not None and state.record.live and state.record.head:
            return state.record.head
        if ids.ATTEMPT_ID.fullmatch(name):
            attempt = self.attempt(name)
            return attempt.landed or attempt.commit
        revision = name
        if snapshot := ids.SNAPSHOT_ID.fullmatch(name):
            revision = layout.snapshot(snapshot["lane"], int(snapshot["number"]))
        found = self.target(revision, "commit")
        if found is None:
            if state is not None and state.record.status == RENAMED:
                raise self._called_otherwise(name, state)
            if state is None:
                self._require_no_remains(name)
            names = [x.record.name for x in self.lanes()]
            hint = "name a lane, an attempt, a snapshot or a git revision"
            raise NotFound("state", shown(name), nearest=nearest(name, names), hint=hint)
        return found

    def tree_of(self, name: str) -> str:
        """Return the tree of a state: as `commit_of`, or a world state's own id."""
        if is_revision(name) and not self._is_ours(name):
            found = self.target(name, "tree")
            if found is not None:
                return found
        tree = self.reader.target(f"{self.commit_of(name)}^{{tree}}")
        if tree is None:
            raise NotFound("tree of", shown(name))
        return tree

    def _is_ours(self, name: str) -> bool:
        """Say whether a name is a lane's, or such as its attempts and snapshots have."""
        of = ids.ATTEMPT_ID.fullmatch(name) or ids.SNAPSHOT_ID.fullmatch(name)
        return self.find(of["lane"] if of else name) is not None


def _require_no_remains(name: str, there: Mapping[str, str], broken: Sequence[str]) -> None:
    """Raise CorruptRecord where a name without a readable journal was a lane's.

    Somebody deleted or broke its journal's ref with plain git.
    """
    journal_ref, head = layout.journal(name), layout.head(name)
    if journal_ref in there or journal_ref in broken:
        tip = there.get(journal_ref, "")[:12]
        raise CorruptRecord(
            f"journal of lane '{name}' is damaged: its ref points to "
            + (f"{tip}, which is missing" if tip else "nothing"),
            hint=layout.how_to_find_journal(name),
        )
    if head in there:
        raise CorruptRecord(
            f"journal of lane '{name}' is missing, though the lane's head is there",
            hint=layout.how_to_find_journal(name),
        )


def _is(state: LaneState, uuid: str) -> bool:
    """Say whether that is the lane of a uuid, and not only what it left under an old name."""
    return state.record.uuid == uuid and state.record.status != RENAMED


def is_revision(name: str) -> bool:
    """Say whether git may be asked for it: nothing that could pass for an option."""
    return bool(name) and not name.startswith("-") and name.isprintable()


def shown(name: str) -> str:
    """Return a name as an error line may show it."""
    return line(name, 60)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name most like the one given, if any is close."""
    import difflib  # costs 5 ms, and only mistakes need it

    found = difflib.get_close_matches(name[:100], list(names), n=1)
    return found[0] if found else None
