"""The only mover of refs of ours: one operation, all its refs and its journal entries at once.

The order is the point. Work objects are written first; then, under the lock, an interrupted
operation is finished, notes and entries are written, the pending file names every ref that
will change, and one `git update-ref` moves them all. Killed anywhere, recovery finds either
no ref moved, or finishes the rest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from gitlanes import clock, ids
from gitlanes.errors import BadValue, LanesError, Locked, Raced, Refused
from gitlanes.git import locks
from gitlanes.git.process import uninterrupted
from gitlanes.git.raw import EMPTY_TREE
from gitlanes.git.refs import Mover, RefMove, move_refs
from gitlanes.models.records import Attempt, Entry, Lane, LaneState, RefChange
from gitlanes.store import codec, layout, pending, recovery, validity
from gitlanes.store.expectation import require_expected
from gitlanes.store.lane_change import LaneChange
from gitlanes.store.note_lines import NoteLines

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_TRIES = 5

# What git locks besides the refs themselves to delete one.
DELETION = ("packed-refs.lock", "packed-refs.new")


class Transaction:
    """Collects what one operation changes; all of it happens when the `with` block ends well.

    ``lock`` is the descriptor that git children inherit, ``operation`` and ``time`` what the
    journal will say of it; ``description`` is for the verb to set.
    """

    def __init__(self, repo: LaneRepo, verb: str, actor: str | None, lock: int):
        now = clock.now()
        self.repo = repo
        self.verb = verb
        self.actor = actor
        self.lock = lock
        self.operation = ids.new_id(now)
        self.time = clock.utc_text(now)
        self.description = ""
        self._lanes: list[LaneChange] = []
        self._moves: list[RefMove] = []
        self._taken: list[RefMove] = []
        self._notes = NoteLines()
        self._told: dict[str, dict[str, Any]] = {}
        self._drops: list[RefMove] = []
        self._worktree: tuple[str, Callable[[], None], tuple[str, ...]] | None = None

    def lane(
        self,
        state: LaneState | None,
        record: Lane,
        *,
        parents: Iterable[str] = (),
        attempts: Iterable[Attempt] = (),
        details: Mapping[str, Any] | None = None,
        continues: LaneState | None = None,
        actual: str | None = None,
        stands_on: str | None = None,
    ) -> None:
        """Set a lane's record; its head follows.

        ``state`` is what was read under this transaction's lock, None for a name without a
        journal. ``parents`` are the commits that this operation adds to what the journal keeps.
        The journal ``continues`` another one where a lane comes from another name. ``actual``
        is where somebody put the head, if this operation is to see to that. The entry
        ``stands_on`` the beginning of an epoch that keeps the journal as it is.
        """
        before = (stands_on,) if stands_on else tuple(x.tip for x in (continues, state) if x)
        rest = tuple(parents), tuple(attempts), dict(details or {}), before, actual
        self._lanes.append(LaneChange(state, record, *rest))

    def tell(self, uuid: str, details: Mapping[str, Any]) -> None:
        """Let the entry of a lane, by its uuid, tell that besides."""
        self._told[uuid] = {**self._told.get(uuid, {}), **details}

    def moves_head(self, name: str) -> bool:
        """Say whether the operation moves the head of a lane."""
        return any(x.record.name == name and x.moves_head for x in self._lanes)

    def move(self, name: str, old: str | None, new: str) -> None:
        """Move another ref of ours along with the operation."""
        self._moves.append(RefMove(name, old, new))

    @property
    def changes(self) -> bool:
        """Whether there is anything to be done at the end."""
        return bool(self._lanes or self._moves or self._taken or self._notes)

    def take(self, name: str, old: str | None, new: str) -> None:
        """Move a ref of ours to what another clone has recorded already: no entry tells of it."""
        if old != new:
            self._taken.append(RefMove(name, old, new))

    def drop(self, name: str) -> None:
        """Delete a ref of ours once the operation has happened."""
        old = self.repo.refs.target(name)
        if old is not None:
            self._drops.append(RefMove(name, old, None))

    def note(self, kind: str, commit: str, line: bytes) -> None:
        """Add a line to a commit's note of that kind ('intents', 'costs', 'evaluations')."""
        self._notes.add(kind, commit, line)

    def join_notes(self, kind: str, tip: str) -> None:
        """Add all notes that another clone has at a commit."""
        self._notes.join(kind, tip)

    def carry_notes(self, source: str, target: str) -> None:
        """Give the commit that a change became all notes of the one that it was, new ones too."""
        self._notes.carry(source, target)

    def make_worktree(
        self, path: str, make: Callable[[], None], locks: tuple[str, ...] = ()
    ) -> None:
        """Run `make` before the refs move; recovery removes an empty work tree at `path`.

        ``locks`` are files of git's that it takes, named from the common directory.
        """
        self._worktree = (path, make, locks)

    def commit(self) -> None:
        """Do it; raises Raced when foreign git moved one of the refs first."""
        for tries_left in reversed(range(_TRIES)):
            now = self._present()
            if tries_left == _TRIES - 1:
                for lane in self._lanes:
                    self._require_head(lane, now)
            moves = self._build(now)
            try:
                self._run(moves)
                return
            except Raced:
                self._notes.require_sound(self.repo.git, self.repo.refs)
                if not tries_left or self._journals_moved():
                    raise

    def _run(self, moves: list[RefMove]) -> None:
        path, make, locks = self._worktree or (None, None, ())
        locks += DELETION if self._drops else ()
        drops = tuple(self._drops)
        planned = pending.Pending(self.operation, tuple(moves), path, drops, locks)
        carry_out(self.repo, self.lock, planned, make=make)

    def _present(self) -> dict[str, str | None]:
        """Return where the refs are that this operation builds upon."""
        heads = [layout.head(lane.record.name) for lane in self._lanes]
        names = [*heads, *layout.NOTES.values()] if self._notes else heads
        return dict(zip(names, self.repo.refs.targets(names), strict=True))

    def _build(self, now: Mapping[str, str | None]) -> list[RefMove]:
        """Write the notes and the entries on top of the present tips; return all moves."""
        moves = [*self._moves, *(self._write_notes(now) if self._notes else ())]
        for lane in self._lanes:
            name, new = layout.head(lane.record.name), lane.record.head
            if lane.state and lane.state.record.live:
                if not lane.moves_head:
                    continue
                old = lane.expected_head
            else:  # a deleted lane's head, should its deletion have stopped short of it
                old = now[name]
            if new and new != old and lane.record.live:
                moves.append(RefMove(name, old, new))
        changes = tuple(RefChange(move.name, move.old, move.new) for move in moves)
        uuids = {lane.record.name: lane.record.uuid for lane in self._lanes}
        entries = [self._write_entry(lane, changes, uuids) for lane in self._lanes]
        return [*moves, *self._taken, *entries]

    def _write_notes(self, now: Mapping[str, str | None]) -> list[RefMove]:
        message = f"{self.repo.redactor.text(self.description)}\n"
        return self._notes.write(
            self.repo.objects, now, lambda tree, parents: self._write_commit(tree, parents, message)
        )

    def _write_entry(
        self, lane: LaneChange, refs: tuple[RefChange, ...], uuids: dict[str, str]
    ) -> RefMove:
        previous = lane.previous
        entry = Entry(
            oid="",
            operation=self.operation,
            verb=self.verb,
            description=self.description,
            actor=self.actor,
            host=self.repo.host,
            time=self.time,
            previous=previous,
            refs=refs,
            lanes=uuids,
            record=lane.record,
            attempts=lane.attempts,
            details={**lane.details, **self._told.get(lane.record.uuid, {})},
            repository=self.repo.own_id,
        )
        if not validity.are_texts(entry):
            raise BadValue(
                f"what '{self.verb}' is to record of lane '{lane.record.name}' has a value that "
                "is no text",
                hint="texts are str",
            )
        # First parents are journal alone, so the first entry needs a beginning to stand on.
        first = previous or (self._write_commit(EMPTY_TREE, [], codec.encode_root(lane.record)),)
        parents = dict.fromkeys([*first, *lane.parents])
        oid = self._write_commit(
            EMPTY_TREE, parents, codec.encode_entry(entry, self.repo.redactor.value)
        )
        tip = lane.state.tip if lane.state else None
        return RefMove(layout.journal(lane.record.name), tip, oid)

    def _write_commit(self, tree: str, parents: Iterable[str], message: str) -> str:
        who = self.repo.identity()
        return self.repo.objects.write_commit(
            tree, parents, message, author=who.author, committer=who.committer
        )

    def _require_head(self, lane: LaneChange, now: Mapping[str, str | None]) -> None:
        """Refuse to move a head from where nobody has seen to it.

        Where the operation leaves the head alone, it may be anywhere.
        """
        name, actual = lane.record.name, now[layout.head(lane.record.name)]
        if lane.state is None:
            self.repo.view.require_free(name)
        elif not lane.state.record.live:
            if actual not in (None, lane.state.record.head):
                _refuse_stray(name, str(actual))
        elif lane.moves_head and actual != lane.expected_head:
            raise Raced(
                f"head of lane '{name}' was moved outside gitlanes meanwhile",
                hint="nothing changed; repeat the command",
            )

    def _journals_moved(self) -> bool:
        return any(
            self.repo.refs.target(layout.journal(lane.record.name))
            != (lane.state.tip if lane.state else None)
            for lane in self._lanes
        )


def _refuse_stray(name: str, oid: str) -> NoReturn:
    ref = layout.head(name)
    raise Refused(
        f"'{ref}' was made outside gitlanes, where lane '{name}' was before",
        hint=f"keep it as a branch (git branch NAME {oid[:12]}), then: git update-ref -d {ref}",
    )


@contextmanager
def transaction(repo: LaneRepo, verb: str, *, actor: str | None = None) -> Iterator[Transaction]:
    """Hold the repository's lock for one operation and carry it out at the end of the block.

    Everything that the operation depends on is read inside the block. An exception inside
    leaves every ref as it was. A lane that is read by name there has its head seen to first,
    as an operation of its own (`foreign.settle`). Raises Raced where a lane is not as `expecting`
    has it, Locked when the lock stays busy, and BadValue for an ``actor`` whose name cannot be
    told.
    """
    if actor is not None:
        codec.check_agent(actor)
        repo.redactor.require_none(actor, "an agent's id")
    with locked(repo) as lock:
        repo.mover(lock)  # so that it is there when it is needed
        tx = Transaction(repo, verb, actor, lock)
        with repo.view.settling(partial(_settle, repo, lock)):
            require_expected(repo)
            yield tx
        if tx.changes:
            tx.commit()
            repo.tell_redacted()
        # What people committed on a branch, and is only taken in, was not to be expected.
        if repo.expected and verb != "import" and tx.moves_head(repo.expected.lane):
            repo.expected = None


def settled(repo: LaneRepo, name: str) -> LaneState:
    """Return a live lane with its head where its record says, having seen to it if need be.

    For verbs that plan before they take the lock, and for whoever wants nothing else.
    """
    state, head = repo.view.found_at(name)
    if head == state.record.head:
        return state
    with transaction(repo, "import"):
        return repo.view.lane(name)


def _settle(repo: LaneRepo, lock: int, state: LaneState, head: str | None) -> LaneState:
    if head == state.record.head:
        return state
    from gitlanes.store import foreign  # hardly ever needed

    return foreign.settle(repo, state, lambda verb: Transaction(repo, verb, None, lock))


@contextmanager
def locked(repo: LaneRepo) -> Iterator[int]:
    """Hold the repository's lock, with any interrupted operation finished first."""
    require_locks(repo)
    timeout = repo.settings.seconds("lanes.lockTimeout", 60)
    with repo.lock.hold("the repository", timeout=timeout) as lock:
        recovery.recover(repo, lock)
        yield lock


def require_locks(repo: LaneRepo) -> None:
    """Raise Unsupported where locks keep nobody out, Refused where no lock can be taken."""
    directory = repo.state_directory
    try:
        directory.mkdir(exist_ok=True)
    except OSError as error:
        raise locks.unwritable(directory, error) from error
    locks.require(directory, repo.git)


def mend(repo: LaneRepo) -> None:
    """Finish an interrupted operation if there is one and nobody is at work; for readers.

    With `lanes.recoverOnStart` off it is left to whoever writes next.
    """
    directory = repo.state_directory
    if not pending.exists(directory):
        return
    try:
        if not repo.settings.flag("lanes.recoverOnStart", True):
            return
        require_locks(repo)
        with repo.lock.hold("the repository", timeout=0) as lock:
            recovery.recover(repo, lock)
    except Locked:
        return
    except LanesError as error:
        repo.warnings.append(f"an interrupted operation waits: {error.message}")


def carry_out(
    repo: LaneRepo,
    lock: int,
    planned: pending.Pending,
    *,
    mover: Mover | None = None,
    make: Callable[[], None] | None = None,
) -> None:
    """Move the planned refs so that a kill anywhere is mended; raises what stopped it.

    The repository's own `mover` does it unless another is given.
    """
    with uninterrupted():
        pack = repo.held_pack()
        if pack is not None:
            planned = planned._replace(keep=os.path.relpath(pack.keep, repo.place.common_dir))
        pending.write(repo.state_directory, planned, durable=repo.durable())
        try:
            if make:
                make()
            if pack is not None:
                repo.objects.write_pack(pack)
            move_refs(repo.git, planned.moves, mover=mover or repo.mover(lock))
            recovery.drop(repo, planned.drops, lock)
        except Exception:
            if not recovery.recover(repo, lock):
                raise
        else:
            if pack is not None:
                pack.release()
            pending.clear(repo.state_directory)
