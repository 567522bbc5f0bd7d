"""The only mover of refs of ours: one operation, all its refs and its journal entries at once.

The order is the point. Work objects are written first; then, under the lock, an interrupted
operation is finished, notes and entries are written, the pending file names every ref that
will change, and one `git update-ref` moves them all. Killed anywhere, recovery finds either
no ref moved, or finishes the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from gitlanes import clock, ids
from gitlanes.errors import Locked, Raced, Refused
from gitlanes.git import locks
from gitlanes.git.raw import EMPTY_TREE
from gitlanes.git.refs import RefMove, move_refs
from gitlanes.models.records import DELETED, Attempt, Entry, Lane, LaneState, RefChange
from gitlanes.store import codec, layout, pending, recovery

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_TRIES = 5


class _LaneChange(NamedTuple):
    state: LaneState | None
    record: Lane
    parents: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    details: dict[str, Any]


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
        self._lanes: list[_LaneChange] = []
        self._moves: list[RefMove] = []
        self._notes: dict[str, dict[str, list[bytes]]] = {}
        self._worktree: tuple[str, Callable[[], None]] | None = None

    def lane(
        self,
        state: LaneState | None,
        record: Lane,
        *,
        parents: Iterable[str] = (),
        attempts: Iterable[Attempt] = (),
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Set a lane's record; its head follows.

        ``state`` is what was read under this transaction's lock, None for a name without a
        journal. ``parents`` are the commits that this operation adds to what the journal keeps.
        """
        change = _LaneChange(state, record, tuple(parents), tuple(attempts), dict(details or {}))
        self._lanes.append(change)

    def move(self, name: str, old: str | None, new: str) -> None:
        """Move another ref of ours along with the operation."""
        self._moves.append(RefMove(name, old, new))

    def note(self, kind: str, commit: str, line: bytes) -> None:
        """Add a line to a commit's note of that kind ('intents', 'costs', 'evaluations')."""
        self._notes.setdefault(kind, {}).setdefault(commit, []).append(line)

    def make_worktree(self, path: str, make: Callable[[], None]) -> None:
        """Run `make` before the refs move; recovery removes an empty work tree at `path`."""
        self._worktree = (path, make)

    def commit(self) -> None:
        """Do it; raises Raced when foreign git moved one of the refs first."""
        for lane in self._lanes:
            self._require_head(lane)
        for tries_left in reversed(range(_TRIES)):
            moves = self._build()
            try:
                self._run(moves)
                return
            except Raced:
                if not tries_left or self._journals_moved():
                    raise

    def _run(self, moves: list[RefMove]) -> None:
        directory = self.repo.state_directory
        path = self._worktree[0] if self._worktree else None
        pending.write(directory, pending.Pending(self.operation, tuple(moves), path))
        try:
            if self._worktree:
                self._worktree[1]()
            move_refs(self.repo.git, moves, (self.lock,))
        except BaseException as error:
            happened = recovery.recover(self.repo, self.lock)
            if not happened or not isinstance(error, Exception):
                raise
        else:
            pending.clear(directory)

    def _build(self) -> list[RefMove]:
        """Write the notes and the entries on top of the present tips; return all moves."""
        moves = [*self._moves, *self._write_notes()]
        for lane in self._lanes:
            old = lane.state.record.head if lane.state and _live(lane.state.record) else None
            new = lane.record.head
            if new and new != old and _live(lane.record):
                moves.append(RefMove(layout.head(lane.record.name), old, new))
        changes = tuple(RefChange(move.name, move.old, move.new) for move in moves)
        uuids = {lane.record.name: lane.record.uuid for lane in self._lanes}
        return moves + [self._write_entry(lane, changes, uuids) for lane in self._lanes]

    def _write_notes(self) -> list[RefMove]:
        from gitlanes.git.notes import add_lines

        moves = []
        for kind, lines in self._notes.items():
            name = layout.NOTES[kind]
            old = self.repo.refs.target(name)
            tree = self.repo.objects.commit(old).tree if old else None
            tree = add_lines(self.repo.objects, tree, lines)
            message = f"{self.description}\n"
            moves.append(
                RefMove(name, old, self._write_commit(tree, [old] if old else [], message))
            )
        return moves

    def _write_entry(
        self, lane: _LaneChange, refs: tuple[RefChange, ...], uuids: dict[str, str]
    ) -> RefMove:
        previous = (lane.state.tip,) if lane.state else ()
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
            details=lane.details,
        )
        # First parents are journal alone, so the first entry needs a beginning to stand on.
        first = previous or (self._write_commit(EMPTY_TREE, [], codec.encode_root(lane.record)),)
        parents = dict.fromkeys([*first, *lane.parents])
        oid = self._write_commit(EMPTY_TREE, parents, codec.encode_entry(entry))
        return RefMove(layout.journal(lane.record.name), previous[0] if previous else None, oid)

    def _write_commit(self, tree: str, parents: Iterable[str], message: str) -> str:
        who = self.repo.identity()
        return self.repo.objects.write_commit(
            tree, parents, message, author=who.author, committer=who.committer
        )

    def _require_head(self, lane: _LaneChange) -> None:
        """Refuse to go on from a head that somebody moved without its journal."""
        if lane.state is None or not _live(lane.state.record):
            return
        name = layout.head(lane.record.name)
        actual, recorded = self.repo.refs.target(name), lane.state.record.head
        if actual != recorded:
            raise Refused(
                f"head of lane '{lane.record.name}' was moved outside gitlanes",
                hint=f"put it back with: git update-ref {name} {recorded} {actual or ''}".rstrip(),
                data={"lane": lane.record.name, "recorded": recorded, "actual": actual},
            )

    def _journals_moved(self) -> bool:
        return any(
            self.repo.refs.target(layout.journal(lane.record.name))
            != (lane.state.tip if lane.state else None)
            for lane in self._lanes
        )


def _live(record: Lane) -> bool:
    return record.status != DELETED


@contextmanager
def transaction(repo: LaneRepo, verb: str, *, actor: str | None = None) -> Iterator[Transaction]:
    """Hold the repository's lock for one operation and carry it out at the end of the block.

    Everything that the operation depends on is read inside the block. An exception inside
    leaves every ref as it was. Raises Locked when the lock stays busy.
    """
    with locked(repo) as lock:
        tx = Transaction(repo, verb, actor, lock)
        yield tx
        if tx._lanes or tx._moves or tx._notes:  # noqa: SLF001 - the class's own other half
            tx.commit()


@contextmanager
def locked(repo: LaneRepo) -> Iterator[int]:
    """Hold the repository's lock, with any interrupted operation finished first."""
    directory = repo.state_directory
    try:
        directory.mkdir(exist_ok=True)
    except OSError as error:
        raise Refused(f"cannot write to '{directory}': {error.strerror}") from error
    timeout = repo.settings.seconds("lanes.locktimeout", 60)
    with locks.hold(directory / "lock", "the repository", timeout=timeout) as lock:
        recovery.recover(repo, lock)
        yield lock


def mend(repo: LaneRepo) -> None:
    """Finish an interrupted operation if there is one and nobody is at work; for readers."""
    directory = repo.state_directory
    if not pending.exists(directory):
        return
    try:
        with locks.hold(directory / "lock", "the repository", timeout=0) as lock:
            recovery.recover(repo, lock)
    except (Locked, Refused):
        return


def agree(repo: LaneRepo, lane: str, tip: str, branch: RefMove | None = None) -> None:
    """Record the bound branch's tip agreed on, moving the branch there in the same step.

    No operation: it is this clone's memory alone, and the journal has the landing already.
    """
    name = layout.seen(lane)
    old = repo.refs.target(name)
    moves = [branch] if branch else []
    if old != tip:
        moves.append(RefMove(name, old, tip))
    if moves:
        move_refs(repo.git, moves, message=f"lanes: follow {lane}")


def save_ref(repo: LaneRepo, name: str, commit: str) -> None:
    """Create a safety snapshot's ref; raises Raced if it exists."""
    move_refs(repo.git, [RefMove(name, None, commit)])


def drop_head(repo: LaneRepo, lane: str, lock: int) -> None:
    """Remove the head ref of a lane whose journal says that it is deleted."""
    name = layout.head(lane)
    old = repo.refs.target(name)
    if old is not None:
        move_refs(repo.git, [RefMove(name, old, None)], (lock,))
