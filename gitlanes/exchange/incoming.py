"""The way of a branch's commits into a lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import Negative, Raced, Refused
from gitlanes.exchange.exporting import KEPT
from gitlanes.exchange.rejoining import rejoined
from gitlanes.lanes import forks
from gitlanes.models.importing import Imported
from gitlanes.models.plain import replace
from gitlanes.models.records import ACTIVE, SUPERSEDED, Attempt, Lane, LaneState
from gitlanes.review.decide import with_merged
from gitlanes.store import codec, journal, layout, spending
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.store.ancestry import is_ancestor, merge_base
from gitlanes.store.expectation import require_active
from gitlanes.store.imports import bring_along, imported
from gitlanes.store.transaction import Transaction, transaction

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Commits taken in by one operation: each of its entry's readers reads them all.
_BATCH = 100
KIND = "import"


class Incoming:
    """Takes a branch into a lane, a batch of its commits after the other.

    Each batch is an operation: broken off, the lane has what was taken in, and the next import
    goes on from there. Where the lane has work beside the branch's, all comes in one operation.
    """

    def __init__(self, repo: LaneRepo, branch: str, tip: str, start: str | None, name: str):
        self._repo = repo
        self._branch = branch
        self._tip = tip
        self._name = name
        self._start = start
        self._attempts: list[Attempt] = []
        self._superseded: list[str] = []
        # Where the lane was before anything came in.
        self._since = ""

    def run(self) -> Imported:
        """Take in all that is new."""
        found = self._repo.view.find(self._name)
        state = found if found is not None and found.record.live else None
        if state is not None:
            self._require_own(state.record)
        base = self._beginning() if state is None else self._common(state)
        todo = self._commits(base) if base is not None else []
        if not todo and state is None:
            raise self._nothing(None)
        if base is None:
            self._join()
        else:
            fork = self._left_at(todo[0], base) if state is None else base
            self._take_all(state.record.head if state else None, fork, todo)
        head = str(self._repo.view.lane(self._name).record.head)
        newest = tuple(self._attempts[-_BATCH:])
        told = (self._name, self._branch, self._tip, head, state is None, len(self._attempts))
        return Imported(*told, newest, superseded=tuple(self._superseded))

    def _nothing(self, lane: str | None) -> Negative:
        if self._start is not None:
            return Negative("nothing to import: the range has no commits")
        name = lane or require_adopted_lane(self._repo).record.name
        branch = codec.one_line(self._branch, 60)
        return Negative(f"nothing to import: lane '{name}' has all of branch '{branch}'")

    def _take_all(self, head: str | None, base: str, todo: Sequence[str]) -> None:
        """Take in all commits on top of `base`, which a lane at `head` goes back to."""
        self._since = head or base
        for done in range(0, max(len(todo), 1), _BATCH):
            self._repo.progress("importing commits", done, len(todo))
            some = todo[done : done + _BATCH]
            self._take(head, base, some, last=done + _BATCH >= len(todo))
            head = base = some[-1] if some else base
        self._repo.progress("importing commits", len(todo), len(todo))

    def _beginning(self) -> str:
        """Return the commit that a new lane starts from."""
        if self._start is not None:
            return self._start
        head = str(require_adopted_lane(self._repo).record.head)
        found = merge_base(self._repo, self._tip, head)
        if found is None:
            raise Refused(
                f"branch '{self._branch}' has no history in common with the adopted lane",
                hint="say which commits to import with --range A..B",
            )
        return found

    def _left_at(self, first: str, common: str) -> str:
        """Return what the first commit stands on: where the branch left, if it merged since."""
        parents = self._repo.objects.commit(first).parents
        return parents[0] if parents else common

    def _require_own(self, lane: Lane) -> None:
        require_active(lane)
        if lane.imported != self._branch and self._branch not in lane.exports:
            raise Refused(
                f"lane '{self._name}' was not made of branch '{self._branch}'",
                hint="choose another lane with --lane",
            )

    def _common(self, state: LaneState) -> str | None:
        """Return the newest commit of the lane's own history that the branch still has.

        None where both went on from what the lane has of the branch. Raises Negative where there is
        nothing new, Refused where the branch was rewritten below work of the lane's own.
        """
        lane, head = state.record, str(state.record.head)
        has_all = is_ancestor(self._repo, self._tip, head) or self._tip in self._places(lane)[:1]
        if has_all and not self._went_back(lane):
            raise self._nothing(self._name)
        if is_ancestor(self._repo, head, self._tip):
            return head
        brought = self._brought(state)
        if self._agreed(lane, brought) is not None:
            return None
        if lane.imported != self._branch:
            raise self._rewritten("what was exported to it")
        commit: str | None = head
        while commit and commit != lane.fork and not is_ancestor(self._repo, commit, self._tip):
            if commit not in brought:
                raise self._rewritten(f"what lane '{self._name}' built on")
            commit = next(iter(self._repo.objects.commit(commit).parents), None)
        if commit is None or not is_ancestor(self._repo, commit, self._tip):
            raise self._rewritten(f"the start of lane '{self._name}'")
        return commit

    def _went_back(self, lane: Lane) -> bool:
        """Say whether the branch let go of its last commits here, and is not just behind others'.

        Its reflog tells: it was where the lane is.
        """
        ref = layout.branch(self._branch)
        here = lane.imported == self._branch and self._repo.refs.target(ref) == self._tip
        if not here or lane.head == self._tip:
            return False
        asked = ("log", "--walk-reflogs", "--format=%H", ref, "--")
        return str(lane.head) in self._repo.git.run(*asked, check=False).text.split()

    def _rewritten(self, lost: str) -> Refused:
        return Refused(
            f"branch '{self._branch}' was rewritten: it does not stand on {lost} any more",
            hint="import it as another lane (--lane NAME)",
        )

    def _places(self, lane: Lane) -> tuple[str, ...]:
        """Return where the branch was when the lane had all of it, the newest first."""
        return tuple(lane.exports.get(self._branch, {}).get("commits", ()))

    def _agreed(self, lane: Lane, brought: Mapping[str, Attempt]) -> str | None:
        """Return where the branch was last that the lane has all of, and that it went on from."""
        places = self._places(lane)
        if lane.imported == self._branch and brought:
            places += (max(brought.values(), key=lambda x: x.number).commit,)
        there = (x for x in places if self._repo.refs.kind(x) == "commit")
        return next((x for x in there if is_ancestor(self._repo, x, self._tip)), None)

    def _brought(self, state: LaneState) -> dict[str, Attempt]:
        """Return {commit: attempt} of what earlier imports brought."""
        found: dict[str, Attempt] = {}
        for entry in journal.walk(self._repo.refs, state.tip):
            for attempt in entry.attempts:
                if attempt.kind == KIND and attempt.landed is not None:
                    found.setdefault(attempt.landed, attempt)
        return found

    def _commits(self, base: str) -> list[str]:
        """Return the branch's commits along first parents since then, oldest first."""
        ends = (self._tip, f"^{base}")
        return self._repo.git.run("rev-list", "--reverse", "--first-parent", *ends).text.split()

    def _take(self, head: str | None, base: str, commits: Sequence[str], *, last: bool) -> None:
        """Take some commits in on top of `base`, in a lane that is at `head`; None: a new one."""
        with transaction(self._repo, "import") as tx:
            state = self._repo.view.find(self._name)
            live = state is not None and state.record.live
            if (state.record.head if state is not None and live else None) != head:
                raise _moved(self._name)
            before = state.record if state and live else self._first(tx, state, base)
            left = self._left(state, base) if state and live else []
            taken = [self._attempt(tx, before, *x) for x in enumerate(commits)]
            gone = [_replaced(x, taken) for x in left]
            after = replace(before, head=commits[-1] if commits else base)
            self._set(tx, state, before, after, taken, gone, last=last)

    def _join(self) -> None:
        """Take in what is beside the lane's own work."""
        with transaction(self._repo, "import") as tx:
            state = self._repo.view.lane(self._name)
            agreed = self._agreed(state.record, self._brought(state))
            if agreed is None or self._tip in self._places(state.record)[:1]:
                raise _moved(self._name)
            self._since = str(state.record.head)
            steps = rejoined(self._repo, state.record, self._branch, self._tip, agreed)
            taken = [
                self._attempt(tx, state.record, number, x.commit, x.landed)
                for number, x in enumerate(steps)
            ]
            head = steps[-1].landed if steps else state.record.head
            self._set(tx, state, state.record, replace(state.record, head=head), taken, [])

    def _set(
        self,
        tx: Transaction,
        state: LaneState | None,
        before: Lane,
        after: Lane,
        taken: list[Attempt],
        gone: list[Attempt],
        *,
        last: bool = True,
    ) -> None:
        """Write down what came in, and what of other lanes' came with it."""
        head = str(after.head)
        after = replace(after, next=before.next + len(taken))
        if last and taken:
            after = self._met(tx, after, taken)
        if last and self._branch in after.exports:
            after = replace(after, exports=self._noted(after))
        tx.description = f"import branch {codec.one_line(self._branch, 100)} as {self._name}"
        parents = [head, self._tip] if last else [head]
        tx.lane(state, after, parents=parents, attempts=[*taken, *gone])
        self._attempts += taken
        self._superseded += [x.id for x in gone]

    def _met(self, tx: Transaction, lane: Lane, taken: list[Attempt]) -> Lane:
        """Note what of other lanes' came in, of the adopted one's on the last attempt."""
        default = require_adopted_lane(self._repo).record
        before = replace(lane, head=self._since)
        along = bring_along(tx, before, self._tip, str(lane.head), but=(default.uuid,))
        merged = merge_base(self._repo, self._tip, str(default.head))
        known = lane.landed.get(default.uuid)
        bases = known.bases if known else ()
        own = lane.uuid == default.uuid
        if merged and not own and not any(is_ancestor(self._repo, merged, x) for x in bases):
            taken[-1] = replace(taken[-1], merged={default.uuid: merged})
            lane = replace(lane, landed=with_merged(self._repo, lane, taken[-1]))
        return replace(lane, mingled=lane.mingled or along)

    def _noted(self, lane: Lane) -> dict[str, object]:
        """Return the lane's exports, now that it has all of the branch: that may move on."""
        exported = lane.exports[self._branch]
        commits = list(dict.fromkeys([self._tip, *exported["commits"]]))
        return {**lane.exports, self._branch: {**exported, "commits": commits[:KEPT]}}

    def _first(self, tx: Transaction, tombstone: LaneState | None, base: str) -> Lane:
        self._repo.view.require_adopted()
        self._repo.redactor.require_none(self._name, "a lane's name")
        default = require_adopted_lane(self._repo)
        start = forks.resolve(self._repo, base, default)
        earlier = tombstone.record if tombstone else None
        return Lane(
            name=self._name,
            uuid=ids.new_id(clock.now()),
            status=ACTIVE,
            head=base,
            fork=base,
            created=tx.time,
            origin=start.origin.record.uuid if start.origin else None,
            next=earlier.next if earlier else 1,
            namesakes=(tombstone.tip,) if tombstone else (),
            spent=spending.begun_again(self._repo, earlier),
            landed=forks.landed_from(self._repo, start, default),
            imported=self._branch,
        )

    def _attempt(
        self, tx: Transaction, lane: Lane, offset: int, commit: str, landed: str | None = None
    ) -> Attempt:
        parents = self._repo.objects.commit(commit).parents
        numbered = replace(lane, next=lane.next + offset)
        base = parents[0] if parents else None
        made = imported(tx, numbered, commit, base, landed=landed or commit)
        return replace(made, uuid=ids.new_id(clock.now()))

    def _left(self, state: LaneState, base: str) -> list[Attempt]:
        """Return the attempts whose commits the branch has no more."""
        commit = str(state.record.head)
        brought = self._brought(state) if commit != base else {}
        found = []
        while commit != base:
            found.append(brought[commit])
            commit = self._repo.objects.commit(commit).parents[0]
        return found


def _replaced(old: Attempt, taken: Sequence[Attempt]) -> Attempt:
    same = (x.id for x in taken if x.change_id is not None and x.change_id == old.change_id)
    return replace(old, status=SUPERSEDED, superseded_by=next(same, None))


def _moved(lane: str) -> Raced:
    return Raced(
        f"lane '{lane}' was moved meanwhile",
        hint="what was taken in stays so; repeat the command for the rest",
    )
