"""The only mover of refs of ours: one operation, all its refs and its journal entries at once.

The order is the point. Work objects are written first; then, under the lock, an interrupted
operation is finished, notes and entries are written, the pending file names every ref that
will change, and one `git update-ref` moves them all. Killed anywhere, recovery finds either
no ref moved, or finishes the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from gitlanes import clock, ids
from gitlanes.errors import LanesError, Locked, Raced, Refused
from gitlanes.git import locks
from gitlanes.git.process import uninterrupted
from gitlanes.git.raw import EMPTY_TREE
from gitlanes.git.refs import Mover, RefMove, move_refs
from gitlanes.models.records import DELETED, Attempt, Entry, Lane, LaneState, RefChange
from gitlanes.store import codec, layout, pending, recovery

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_TRIES = 5

# What git locks besides the refs themselves: HEAD for the reflog of its branch, and all packed
# refs to delete one.
_BRANCH = ("HEAD.lock",)
_DELETION = ("packed-refs.lock", "packed-refs.new")


class _LaneChange(NamedTuple):
    state: LaneState | None
    record: Lane
    parents: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    details: dict[str, Any]


class Transaction:
    """Collects what one operation changes; all of it happens when the `with` block ends well.

    ``lock`` is the descriptor that git children inherit, ``operation`` and ``time`` what the
    journal will say of it; ``description`` is for the verb to set. ``mover`` waits for the refs.
    """

    def __init__(self, repo: LaneRepo, verb: str, actor: str | None, lock: int, mover: Mover):
        now = clock.now()
        self.repo = repo
        self.verb = verb
        self.actor = actor
        self.lock = lock
        self.mover: Mover | None = mover
        self.operation = ids.new_id(now)
        self.time = clock.utc_text(now)
        self.description = ""
        self._lanes: list[_LaneChange] = []
        self._moves: list[RefMove] = []
        self._notes: dict[str, dict[str, list[bytes]]] = {}
        self._carried: list[tuple[str, str]] = []
        self._drops: list[RefMove] = []
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

    def drop(self, name: str) -> None:
        """Delete a ref of ours once the operation has happened."""
        old = self.repo.refs.target(name)
        if old is not None:
            self._drops.append(RefMove(name, old, None))

    def note(self, kind: str, commit: str, line: bytes) -> None:
        """Add a line to a commit's note of that kind ('intents', 'costs', 'evaluations')."""
        self._notes.setdefault(kind, {}).setdefault(commit, []).append(line)

    def carry_notes(self, source: str, target: str) -> None:
        """Give the commit that a change became all notes of the one that it was, new ones too."""
        self._carried.append((source, target))

    def make_worktree(self, path: str, make: Callable[[], None]) -> None:
        """Run `make` before the refs move; recovery removes an empty work tree at `path`."""
        self._worktree = (path, make)

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
                if not tries_left or self._journals_moved():
                    raise

    def _run(self, moves: list[RefMove]) -> None:
        path, make = self._worktree or (None, None)
        locks = _DELETION if self._drops else ()
        drops = tuple(self._drops)
        planned = pending.Pending(self.operation, tuple(moves), path, drops, locks)
        mover, self.mover = self.mover, None  # it moves refs once
        _carry_out(self.repo, self.lock, planned, mover, make)

    def _present(self) -> dict[str, str | None]:
        """Return where the refs are that this operation builds upon."""
        heads = [layout.head(lane.record.name) for lane in self._lanes]
        names = [*heads, *layout.NOTES.values()] if self._has_notes else heads
        return dict(zip(names, self.repo.refs.targets(names), strict=True))

    @property
    def _has_notes(self) -> bool:
        return bool(self._notes or self._carried)

    def _build(self, now: Mapping[str, str | None]) -> list[RefMove]:
        """Write the notes and the entries on top of the present tips; return all moves."""
        moves = [*self._moves, *(self._write_notes(now) if self._has_notes else ())]
        for lane in self._lanes:
            name, new = layout.head(lane.record.name), lane.record.head
            if lane.state and _live(lane.state.record):
                old = lane.state.record.head
            else:  # a deleted lane's head, should its deletion have stopped short of it
                old = now[name]
            if new and new != old and _live(lane.record):
                moves.append(RefMove(name, old, new))
        changes = tuple(RefChange(move.name, move.old, move.new) for move in moves)
        uuids = {lane.record.name: lane.record.uuid for lane in self._lanes}
        return moves + [self._write_entry(lane, changes, uuids) for lane in self._lanes]

    def _write_notes(self, now: Mapping[str, str | None]) -> list[RefMove]:
        from gitlanes.git.notes import add_lines

        moves: list[RefMove] = []
        for kind, name in layout.NOTES.items():
            old = now[name]
            tree = self.repo.objects.commit(old).tree if old else None
            lines = self._lines(kind, tree)
            if lines:
                tree = add_lines(self.repo.objects, tree, lines)
                parents = [old] if old else []
                commit = self._write_commit(tree, parents, f"{self.description}\n")
                moves.append(RefMove(name, old, commit))
        return moves

    def _lines(self, kind: str, tree: str | None) -> dict[str, list[bytes]]:
        """Return the lines that this operation adds to notes of one kind, by commit."""
        from gitlanes.git.notes import read_notes

        lines = {commit: list(new) for commit, new in self._notes.get(kind, {}).items()}
        sources = [source for source, _ in self._carried]
        known = read_notes(self.repo.objects, tree, sources) if tree and sources else {}
        for source, target in self._carried:
            carried = [*known.get(source, b"").splitlines(), *lines.get(source, ())]
            if carried:
                lines.setdefault(target, []).extend(carried)
        return lines

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

    def _require_head(self, lane: _LaneChange, now: Mapping[str, str | None]) -> None:
        """Refuse to go on from a head that somebody moved without its journal."""
        if lane.state is None or not _live(lane.state.record):
            return
        name = layout.head(lane.record.name)
        actual, recorded = now[name], lane.state.record.head
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
    with locked(repo) as lock, closing(Mover(repo.git, (lock,))) as mover:
        tx = Transaction(repo, verb, actor, lock, mover)
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
    except Locked:
        return
    except LanesError as error:
        repo.warnings.append(f"an interrupted operation waits: {error.message}")


def agree(
    repo: LaneRepo, lane: str, tip: str, branch: RefMove | None = None, also: Sequence[int] = ()
) -> None:
    """Record the bound branch's tip agreed on, moving the branch there in the same step.

    No operation: it is this clone's memory alone, and the journal has the landing already.
    Git inherits the locks in `also`, too. Raises Raced if the branch was moved meanwhile.
    """
    name = layout.seen(lane)
    old = repo.refs.target(name)
    moves = [branch] if branch else []
    if old != tip:
        moves.append(RefMove(name, old, tip))
    if not moves:
        return
    planned = pending.Pending(ids.new_id(clock.now()), tuple(moves), locks=_BRANCH)
    with locked(repo) as lock:
        mover = Mover(repo.git, (lock, *also), f"lanes: follow {lane}")
        with closing(mover):
            _carry_out(repo, lock, planned, mover)


def save_ref(repo: LaneRepo, name: str, commit: str, lock: int) -> None:
    """Create a safety snapshot's ref, under the repository's lock; raises Raced if it exists."""
    move = RefMove(name, None, commit)
    _carry_out(repo, lock, pending.Pending(ids.new_id(clock.now()), (move,)), None)


def _carry_out(
    repo: LaneRepo,
    lock: int,
    planned: pending.Pending,
    mover: Mover | None,
    make: Callable[[], None] | None = None,
) -> None:
    """Move the planned refs so that a kill anywhere is mended; raises what stopped it."""
    with uninterrupted():
        pending.write(repo.state_directory, planned)
        try:
            if make:
                make()
            move_refs(repo.git, planned.moves, (lock,), mover=mover)
            recovery.drop(repo, planned.drops, lock)
        except Exception:
            if not recovery.recover(repo, lock):
                raise
        else:
            pending.clear(repo.state_directory)
