"""What the refs say now: lanes by name or uuid, attempts, snapshots, any state at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import BadName, NotAdopted, NotFound
from gitlanes.git.refs import list_refs
from gitlanes.models.records import DELETED, Attempt, LaneState
from gitlanes.store import codec, journal, layout

if TYPE_CHECKING:
    from gitlanes.git.process import Git
    from gitlanes.git.refs import RefReader


class View:
    """Reads lanes from the tips of their journals, without a lock; nothing is kept."""

    def __init__(self, git: Git, reader: RefReader):
        self._git = git
        self.reader = reader

    def find(self, name: str) -> LaneState | None:
        """Return a lane, deleted ones included, or None."""
        try:
            found = self.reader.resolve(layout.journal(layout.check_lane_name(name)))
        except BadName:
            return None
        if found is None:
            return None
        oid, data = found
        return LaneState(journal.tip_entry(name, oid, data.partition(b"\n\n")[2]).record, oid)

    def lane(self, name: str) -> LaneState:
        """Return a live lane; raises NotFound with the nearest name, or NotAdopted."""
        state = self.find(name)
        if state is not None and state.record.status != DELETED:
            return state
        self.require_adopted()
        names = [x.record.name for x in self.lanes()]
        raise NotFound(
            "lane", shown(name), nearest=nearest(name, names), hint="see 'git lanes list'"
        )

    def again(self, *states: LaneState) -> list[LaneState]:
        """Return the lanes as they are now: read anew where their journals went on."""
        names = [x.record.name for x in states]
        tips = self.reader.targets([layout.journal(name) for name in names])
        return [
            state if tip == state.tip else self.lane(state.record.name)
            for state, tip in zip(states, tips, strict=True)
        ]

    def lanes(self, *, deleted: bool = False) -> list[LaneState]:
        """Return all lanes by name, the deleted ones only if asked for."""
        rows = list_refs(self._git, [layout.JOURNALS], "refname objectname contents")
        states = [
            LaneState(journal.tip_entry(_lane_of(ref), oid.decode(), text).record, oid.decode())
            for ref, oid, text in rows
        ]
        return [x for x in states if deleted or x.record.status != DELETED]

    def by_uuid(self, uuid: str) -> LaneState | None:
        """Return the lane with that uuid, deleted or not, or None."""
        return next((x for x in self.lanes(deleted=True) if x.record.uuid == uuid), None)

    def require_adopted(self) -> None:
        """Raise NotAdopted unless the repository has a lane."""
        if not list_refs(self._git, ["--count=1", layout.JOURNALS], "refname"):
            raise NotAdopted("this repository has no lanes yet", hint="run 'git lanes init'")

    def attempt(self, attempt_id: str) -> Attempt:
        """Return an attempt's latest state, its lane deleted or not; raises NotFound."""
        match = ids.ATTEMPT_ID.fullmatch(attempt_id)
        state = self.find(match["lane"]) if match else None
        found = state and journal.find_attempt(self.reader, state.tip, attempt_id)
        if found:
            return found
        self.require_adopted()
        hint = "attempts are named LANE/NUMBER; see 'git lanes history'"
        if match and state is None:
            self.lane(match["lane"])
        raise NotFound("attempt", shown(attempt_id), hint=hint)

    def commit_of(self, name: str) -> str:
        """Return the commit that a lane, attempt, snapshot or git revision names.

        The first kind that fits wins. Raises NotFound.
        """
        state = self.find(name)
        if state is not None and state.record.status != DELETED and state.record.head:
            return state.record.head
        if ids.ATTEMPT_ID.fullmatch(name):
            attempt = self.attempt(name)
            return attempt.landed or attempt.commit
        revision = name
        if snapshot := ids.SNAPSHOT_ID.fullmatch(name):
            revision = layout.snapshot(snapshot["lane"], int(snapshot["number"]))
        found = self.reader.target(f"{revision}^{{commit}}") if is_revision(revision) else None
        if found is None:
            names = [x.record.name for x in self.lanes()]
            hint = "name a lane, an attempt, a snapshot or a git revision"
            raise NotFound("state", shown(name), nearest=nearest(name, names), hint=hint)
        return found

    def tree_of(self, name: str) -> str:
        """Return the tree of a state: as `commit_of`, or a world state's own id."""
        if is_revision(name):
            found = self.reader.target(f"{name}^{{tree}}")
            if found is not None and self.find(name) is None:
                return found
        tree = self.reader.target(f"{self.commit_of(name)}^{{tree}}")
        if tree is None:
            raise NotFound("tree of", shown(name))
        return tree


def _lane_of(ref: bytes) -> str:
    return ref.decode("utf-8", "replace").removeprefix(layout.JOURNALS)


def is_revision(name: str) -> bool:
    """Say whether git may be asked for it: nothing that could pass for an option."""
    return bool(name) and not name.startswith("-") and name.isprintable()


def shown(name: str) -> str:
    """Return a name as an error line may show it."""
    return codec.one_line(name, 60)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name most like the one given, if any is close."""
    import difflib  # costs 5 ms, and only mistakes need it

    found = difflib.get_close_matches(name[:100], list(names), n=1)
    return found[0] if found else None
