"""Which attempt made which commit, read from the lanes' journals as far back as is asked."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from gitlanes.models.records import Attempt, Entry, Lane, LaneState
from gitlanes.store import journal, namesakes
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.validity import joined_of, promotion_of

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Made(NamedTuple):
    """An attempt, and what its operation landed if it is a promotion."""

    attempt: Attempt
    promotion: dict[str, Any] | None


class Chain:
    """One lane's attempts by the commits that they made, read from its newest entry back."""

    def __init__(self, repo: LaneRepo, state: LaneState):
        self.record: Lane = state.record
        self.tip = state.tip
        self._entries = journal.walk_all(repo.git, [state.tip], repo.warn)
        self._made: dict[str, Made] = {}
        self._known: set[str] = set()
        self._landed: set[tuple[str, str]] = set()
        self._joints: set[str | None] = set()
        for attempt in state.record.open:
            self._made[attempt.commit] = Made(attempt, attempt.promotion)

    def maker_of(self, commit: str) -> Made | None:
        """Return the attempt that a commit of the lane's history is, or that proposed it."""
        while commit not in self._made:
            entry = next(self._entries, None)
            if entry is None:
                return None
            self._take(entry)
        return self._made[commit]

    def landed(self, commit: str, into: str) -> bool:
        """Say whether the lane landed with that head on the lane of that uuid.

        As far as is read: that is beyond any commit asked for before.
        """
        return (commit, into) in self._landed

    def joins(self, commit: str) -> bool:
        """Say whether a commit that no attempt made joined what two clones did in the lane."""
        return commit in self._joints

    def _take(self, entry: Entry) -> None:
        if joined_of(entry.details):
            self._joints.add(entry.record.head)
        told = promotion_of(entry.details)
        if told and told["lane_uuid"] == self.record.uuid:
            self._landed.add((told["source"], str(told.get("into_uuid"))))
        for attempt in entry.attempts:
            if attempt.uuid in self._known:
                continue  # its newest state is what counts
            self._known.add(attempt.uuid)
            made = Made(attempt, attempt.promotion or (told if attempt.kind != "work" else None))
            # A landing that had nothing to write made no commit: the head is another one's.
            wrote = not told or told.get("head") != told.get("target")
            for commit in {attempt.commit, attempt.landed if wrote else None} - {None}:
                self._made.setdefault(str(commit), made)


class Chains:
    """The lanes that a trace comes through, each read once."""

    def __init__(self, repo: LaneRepo):
        self._repo = repo
        self._chains: dict[str, Chain] = {}

    def of(self, uuid: str, name: str | None = None) -> Chain | None:
        """Return the lane of that uuid, deleted or not; `name` is what it was called."""
        if uuid in self._chains:
            return self._chains[uuid]
        return self._kept(self._repo.view.by_uuid(uuid, name) or self._every.get(uuid))

    def of_name(self, name: str) -> Chain | None:
        """Return the lane of that name, deleted or not."""
        return self._kept(self._repo.view.find(name))

    def adopted(self) -> Chain | None:
        """Return the lane that `init` made."""
        return self._kept(self._adopted)

    def origin_of(self, chain: Chain) -> Chain | None:
        """Return the lane whose history a lane was started from.

        One that was started from a revision may be of the adopted lane's all the same.
        """
        if chain.record.origin is not None:
            return self.of(chain.record.origin)
        found = self.adopted()
        return None if found is None or found.record.uuid == chain.record.uuid else found

    def laid_on(self, chain: Chain, commit: str) -> Chain | None:
        """Return the lane whose head a commit was when a sync laid another lane on it.

        None where that one was laid on this very commit, too: then it is nobody's own.
        """
        landed = chain.record.landed.items()
        uuid = next((x for x, y in landed if commit == y.at and commit in y.bases), None)
        found = self.of(uuid) if uuid else None
        again = found and found.record.landed.get(chain.record.uuid)
        return None if again and again.at == commit else found

    def is_older(self, commit: str) -> bool:
        """Say whether a commit is from before the first lane."""
        fork = self._adopted.record.fork if self._adopted else None
        return fork is None or is_ancestor(self._repo, commit, fork)

    @cached_property
    def _adopted(self) -> LaneState | None:
        from gitlanes.store.adopt import adopted_lane  # 5 ms, and most chains end before it

        return adopted_lane(self._repo)

    @cached_property
    def _every(self) -> dict[str, LaneState]:
        """All lanes, with those whose names others have now."""
        return namesakes.with_former(self._repo, self._repo.view.lanes(deleted=True))

    def _kept(self, state: LaneState | None) -> Chain | None:
        if state is None:
            return None
        uuid = state.record.uuid
        if uuid not in self._chains:
            self._chains[uuid] = Chain(self._repo, state)
        return self._chains[uuid]
