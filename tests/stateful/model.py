"""What lanes must have, told from what was done to them; plain dictionaries and sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.stateful.watching import Entry, Files, Look, Record, Watch

Had = set[tuple[str, str | None]]

_TAKING_BACK = ("undo", "redo", "rollback")
# What may move the head of a lane that is there.
_MOVING = (
    *("commit", "accept", "amend", "promote", "import", "sync", "conflict"),
    *_TAKING_BACK,
)
# What an undo leaves as it is.
_STAYS = ("next", "spent", "head", "mingled", "former", "queue")
# What may be told by the entry itself, and in later ones by its id.
_HERE = ("stacks", "tasks", "conflict", "ended", "queue")
# Where an attempt may go from each status. What is undone can be done again, whatever it was.
_NEXT = {
    "proposed": {"accepted", "rejected", "superseded", "undone"},
    "accepted": {"superseded", "undone", "proposed"},
    "rejected": {"proposed", "undone"},
    "superseded": {"proposed", "accepted", "undone"},
    "undone": {"proposed", "accepted", "rejected", "superseded"},
}


def changed(base: Files, files: Files) -> set[str]:
    """Return the paths that differ between two listings."""
    return {path for path in base.keys() | files.keys() if base.get(path) != files.get(path)}


def _told(record: Record, key: str) -> object:
    """Return what a record has there, as far as another entry can say the same."""
    found = record.get(key)
    return bool(found) if key in _HERE else found


def had(files: Files, paths: Sequence[str]) -> Had:
    """Return (path, content) of all paths, the absent ones too."""
    return {(path, files.get(path)) for path in paths}


@dataclass
class Part:
    """What an operation did to one lane."""

    before: Record | None
    after: Record
    old: Files
    new: Files
    old_head: str | None
    brought: Had = field(default_factory=set)


@dataclass
class Operation:
    """What was done, to which lanes, and what it took back."""

    id: str
    verb: str
    parts: dict[str, Part]
    of: tuple[str, ...]
    landing: dict[str, Any]


class Case(NamedTuple):
    """An operation's part in a lane, what there was before the command, and its words."""

    made: Operation
    uuid: str
    part: Part
    look: Look
    argv: Sequence[str]


class Model:
    """All that was done, what each lane ever had at a path, and every attempt."""

    def __init__(self, watch: Watch, paths: Sequence[str]):
        self.watch = watch
        self.paths = paths
        self.done: list[Operation] = []
        self.attempts: dict[str, dict[str, Any]] = {}
        self.seen: dict[str, Had] = {}
        # The same, less what was taken back.
        self.has: dict[str, Had] = {}
        # What was committed in it, and not brought from elsewhere.
        self.own: dict[str, Had] = defaultdict(set)
        # The Change-Ids of what landed as one commit, which a sync leaves behind.
        self.squashed: set[str] = set()

    def apply(self, entries: Sequence[Entry], before: Look, argv: Sequence[str]) -> Operation:
        """Take an operation in, and assert that it did what its kind does, and no more."""
        told = entries[0].body
        of = tuple(told["details"].get("undo", {}).get("of", ()))
        landing = told["details"].get("promotion", {})
        made = Operation(told["operation"], told["verb"], {}, of, landing)
        if landing.get("mode") == "squash":
            self.squashed |= self.watch.change_ids(landing["source"])
        for entry in entries:
            if entry.record["status"] != "renamed":
                made.parts[entry.uuid] = self._part(entry)
        for entry in entries:
            self._note_attempts(entry, made)
        for uuid, part in made.parts.items():
            self._check(Case(made, uuid, part, before, argv))
        for uuid, part in made.parts.items():
            self.note(uuid, part)
        self.done.append(made)
        return made

    def note(self, uuid: str, part: Part) -> None:
        """Remember what a lane has now."""
        part.brought |= had(part.new, self.paths)
        part.brought -= self.has.get(uuid, set())
        for kept in (self.seen, self.has):
            kept.setdefault(uuid, set()).update(part.brought)

    def standing(self) -> list[Operation]:
        """Return what holds still, the newest first."""
        gone, found = set[str](), []
        for one in reversed(self.done):
            if one.id not in gone:
                gone.update(one.of)
                found.append(one)
        return found

    def _part(self, entry: Entry) -> Part:
        previous = entry.body["previous"]
        before = self.watch.entries[previous[0]].record if previous else None
        if before is not None and before["uuid"] != entry.uuid:
            before = None
        head = entry.record.get("head")
        new = self.watch.files(head) if head else {}
        old = self.watch.files(before["head"]) if before and before.get("head") else new
        return Part(before, entry.record, old, new, before["head"] if before else head)

    def _note_attempts(self, entry: Entry, made: Operation) -> None:
        for told in entry.body["attempts"]:
            known = self.attempts.get(told["uuid"])
            if known is not None:
                for key in ("id", "tree", "commit", "base", "change_id"):
                    if key != "base" and made.verb != "amend":
                        assert known.get(key) == told.get(key), (key, known, told)
                if known["status"] != told["status"]:
                    assert told["status"] in _NEXT[known["status"]], (known, told)
            else:
                ids = [x["id"] for x in self.attempts.values()]
                assert told["id"] not in ids, told["id"]
            self.attempts[told["uuid"]] = dict(told)

    def _check(self, case: Case) -> None:
        part, verb = case.part, case.made.verb
        if part.before is None:
            origin = str(part.after.get("origin"))
            for kept in (self.seen, self.has):
                kept[case.uuid] = set(kept.get(origin, ()))
        elif verb == "rename":
            was = {**part.before, "name": case.argv[2]}
            for key in was.keys() | part.after.keys():
                assert _told(was, key) == _told(part.after, key), key
        elif verb in _TAKING_BACK:
            self._check_taken_back(case.made, case.uuid, part)
        elif part.before["head"] != part.after["head"] and part.after["status"] != "deleted":
            assert verb in _MOVING, f"{verb} moved a head"
            getattr(self, f"_check_{verb}")(case)

    def _check_commit(self, case: Case) -> None:
        """Assert that the lane has what the work changed, and for the rest what it had."""
        entry_attempts = [
            x for x in self.attempts.values() if x.get("landed") == case.part.after["head"]
        ]
        (told,) = [x for x in entry_attempts if x["status"] == "accepted"][-1:]
        base = self.watch.files(told["base"]) if told.get("base") else {}
        work = self.watch.files(told["commit"])
        if told["kind"] == "work":
            for path in changed(base, work):
                assert case.part.new.get(path) == work.get(path), path
            assert changed(case.part.old, case.part.new) <= changed(base, work)
            self.own[case.uuid] |= {(x, work[x]) for x in changed(base, work) if x in work}
        else:
            for path in changed(case.part.old, case.part.new):
                assert case.part.new.get(path) == work.get(path), path
        if case.argv[0] == "put":
            path, file = case.argv[2:4]
            content = None if file == "--delete" else Path(file).read_text().rstrip("\n")
            assert changed(case.part.old, case.part.new) <= {path}
            assert case.part.new.get(path) == content
        if case.argv[0] == "commit" and "--amend" not in case.argv:
            for place in case.look.places.values():
                if place.lane == case.uuid:
                    text = {x: y.decode().rstrip("\n") for x, y in place.disk.items()}
                    if told["whole"]:
                        assert work == text
                    else:
                        for path in changed(base, work):
                            assert work.get(path) == text.get(path)

    _check_accept = _check_commit

    def _check_amend(self, case: Case) -> None:
        for place in case.look.places.values():
            if place.lane == case.uuid:
                for path in changed(case.part.old, case.part.new):
                    text = place.disk.get(path)
                    assert case.part.new.get(path) == (text and text.decode().rstrip("\n"))

    def _check_import(self, case: Case) -> None:
        """Assert that what came is what some branch has."""
        tips = [y for x, y in case.look.refs.items() if x.startswith("refs/heads/")]
        theirs = [self.watch.files(x) for x in tips]
        for path in changed(case.part.old, case.part.new):
            assert any(case.part.new.get(path) == x.get(path) for x in theirs), path

    def _check_promote(self, case: Case) -> None:
        """Assert that only what the source has came, over nothing that it did not know."""
        if case.uuid != case.made.landing["into_uuid"]:
            assert case.part.old == case.part.new
            return
        sources = [str(case.made.landing["lane_uuid"])]
        partly = "--change" in case.argv or "--stack" in case.argv
        forced = "--force-all" in case.argv
        known = set().union(*(self.seen[x] for x in sources))
        for path in changed(case.part.old, case.part.new):
            assert (path, case.part.new.get(path)) in known, path
            assert forced or (path, case.part.old.get(path)) in known, f"took {path} back"
        for source in () if partly else sources:
            text = case.made.parts[source].old
            met = self._met(case, source)
            for path in self.paths:
                fresh = self.own[source] - self.has[case.uuid]
                if (path, text.get(path)) in fresh - met:
                    assert case.part.new.get(path) == text[path], f"{path} did not land"
        for source in sources:
            case.part.brought |= self.has[source] - self.has[case.uuid]
            self.seen[case.uuid] |= self.seen[source]

    def _met(self, case: Case, source: str) -> Had:
        """Return what git's history of both has: taken back there, it lands by a redo alone."""
        heads = case.made.parts[source].old_head, case.part.old_head
        base = self.watch.merge_base(*map(str, heads))
        return had(self.watch.files(base), self.paths) if base else set()

    def _check_sync(self, case: Case) -> None:
        """Assert that each path is as one side has it, and who took the other's had known it."""
        lane = case.part.after
        onto = [x for x in [lane.get("parent"), *lane.get("beside", ())] if x]
        onto += [
            x for x in case.look.lanes if case.look.lanes[x]["name"] in case.argv and x != case.uuid
        ]
        onto = onto or [x for x in case.look.lanes if case.look.lanes[x].get("adopted")]
        theirs = [self.seen[x] for x in onto if x in self.seen]
        known = set().union(*theirs)
        free = "--strategy" in case.argv or case.argv[0] == "conflict"
        for path in changed(case.part.old, case.part.new):
            if case.argv[0] != "conflict":
                assert (path, case.part.new.get(path)) in known, path
            assert free or (path, case.part.old.get(path)) in known, f"lost {path}"
        lost = self.watch.change_ids(str(case.part.old_head)) - self.watch.change_ids(lane["head"])
        for one in onto:
            if one in case.look.lanes:
                lost -= self.watch.change_ids(case.look.lanes[one]["head"])
        lost -= self.squashed
        elsewhere = {x["change_id"] for x in self.attempts.values() if x["status"] == "superseded"}
        assert free or lost <= elsewhere, lost
        for one in onto:
            if one in self.has:
                case.part.brought |= self.has[one] - self.has[case.uuid]
                self.seen[case.uuid] |= self.seen[one]

    _check_conflict = _check_sync

    def _check_taken_back(self, made: Operation, uuid: str, part: Part) -> None:
        """Assert that what is undone is as before, and that all else is as it was."""
        by_id = {x.id: x for x in self.done}
        wanted = dict(part.old)
        for one in made.of:
            then = by_id[one].parts.get(uuid)
            if then is None:
                continue
            for path in changed(then.old, then.new):
                now, was, is_ = (x.get(path) for x in (wanted, then.old, then.new))
                assert now in (was, is_), path
                if was is None:
                    wanted.pop(path, None)
                else:
                    wanted[path] = was
            if made.verb != "redo":
                self.has[uuid] -= then.brought
            else:
                part.brought |= then.brought
        assert part.new == wanted, (part.new, wanted)
        self._check_record(made, uuid, part)

    def _check_record(self, made: Operation, uuid: str, part: Part) -> None:
        """Assert that a record is as before, where nothing was done to the lane since."""
        by_id = {x.id: x for x in self.done}
        (*_, oldest) = [x for x in made.of if uuid in by_id[x].parts]
        since = []
        for one in self.standing():
            if uuid in one.parts and one.id not in made.of:
                since.append(one)
            if one.id == oldest:
                break
        then = by_id[oldest].parts[uuid]
        if since or then.before is None:
            return
        for key in (then.before.keys() | part.after.keys()) - {*_STAYS, "taken_back"}:
            was, is_ = _told(then.before, key), _told(part.after, key)
            assert was == is_, (key, was, is_)
        told = dict(part.after.get("taken_back", {}))
        own = told.pop(made.id, None)
        assert told == then.before.get("taken_back", {})
        head = part.after["head"]
        forward = head not in (part.old_head, then.before["head"])
        # What took something back itself says that of the work already, once it counts again.
        work = (by_id[x].parts[uuid] for x in made.of if uuid in by_id[x].parts and not by_id[x].of)
        moved = any(x.before and x.before["head"] != x.after["head"] for x in work)
        assert (own is not None) == (forward and moved)
        assert own is None or own["by"] == head
