"""Import: an ordinary branch as a lane, each of its commits an accepted attempt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import BadName, BadValue, Negative, NotFound, Raced, Refused
from gitlanes.exchange import sides
from gitlanes.git import remotes
from gitlanes.lanes import forks
from gitlanes.models.importing import Imported
from gitlanes.models.plain import replace
from gitlanes.models.records import ACTIVE, SUPERSEDED, Attempt, Landed, Lane, LaneState
from gitlanes.store import codec, journal, layout, spending
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.store.ancestry import is_ancestor, merge_base
from gitlanes.store.expectation import require_active
from gitlanes.store.imports import imported
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.store.view import is_revision
from gitlanes.workspaces import binding, intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Commits taken in by one operation: each of its entry's readers reads them all.
_BATCH = 100
_KIND = "import"


def import_branch(
    repo: LaneRepo,
    branch: str,
    *,
    lane: str | None = None,
    commits: str | None = None,
    other: str | None = None,
) -> Imported:
    """Make a branch a lane, or let the lane that it was made of before follow it.

    The lane is named as the branch unless told, with '-' for '/'. Its attempts are the branch's
    commits along first parents since it left the adopted lane, or those of the range ``commits``
    (A..B): accepted, each under the Change-Id that it has. A branch that was rewritten takes the
    place of what the lane has, as long as that is the branch's alone. ``other`` is another
    repository's directory that the branch is in. The branch that a lane is bound to is taken in.
    Raises NotFound, Negative where there is nothing new, and Refused where the lane went on.
    """
    repo.view.require_adopted()
    branch = branch.removeprefix(layout.BRANCHES)
    if other is None and commits is None and (known := _bound(repo, branch)) is not None:
        if lane not in (None, known.record.name):
            raise Refused(
                f"branch '{branch}' is bound to lane '{known.record.name}'",
                hint="leave out --lane, or say which commits to import with --range A..B",
            )
        return _taken_in(repo, known, branch)
    tip = _fetched(repo, other, branch) if other is not None else _tip(repo, branch)
    start, tip = _range(repo, commits) if commits is not None else (None, tip)
    name = lane if lane is not None else _name_of(branch)
    layout.check_lane_name(name)
    return _Import(repo, branch, tip, start, name).run()


class _Import:
    """The way of a branch into a lane, a batch of its commits after the other.

    Each batch is an operation: broken off, the lane has what was taken in, and the next import
    goes on from there.
    """

    def __init__(self, repo: LaneRepo, branch: str, tip: str, start: str | None, name: str):
        self._repo = repo
        self._branch = branch
        self._tip = tip
        self._name = name
        self._start = start
        self._attempts: list[Attempt] = []
        self._superseded: list[str] = []
        self._taken = 0
        # Where the lane is as far as this import knows; None before there is one.
        self._seen: str | None = None
        # The newest commit of the adopted lane's that the branch merged.
        self._met: str | None = None

    def run(self) -> Imported:
        """Take in all that is new."""
        state = self._repo.view.find(self._name)
        created = state is None or not state.record.live
        if state is not None and state.record.live:
            self._seen = str(state.record.head)
            self._require_own(state.record)
            base = self._common(state)
        else:
            base = self._beginning()
        todo = self._commits(base)
        if created and todo:
            base = self._left_at(todo[0], base)
        if not todo and not created:
            raise Negative(
                f"nothing to import: lane '{self._name}' has all of branch '{self._branch}'"
            )
        total = max(len(todo), 1)
        for done in range(0, total, _BATCH):
            self._repo.progress("importing commits", done, total)
            self._take(base if done == 0 else None, todo[done : done + _BATCH])
        self._repo.progress("importing commits", total, total)
        head = str(self._repo.view.lane(self._name).record.head)
        newest = tuple(self._attempts[-_BATCH:])
        told = (self._name, self._branch, self._tip, head, created, self._taken, newest)
        return Imported(*told, superseded=tuple(self._superseded))

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
        if not parents:
            raise Refused(
                f"the first parents of branch '{self._branch}' lead to a root commit",
                hint="say which commits to import with --range A..B",
            )
        fork = parents[0]
        self._met = common if common != fork else None
        return fork

    def _require_own(self, lane: Lane) -> None:
        require_active(lane)
        if lane.imported != self._branch:
            raise Refused(
                f"lane '{self._name}' was not made of branch '{self._branch}'",
                hint="choose another lane with --lane",
            )

    def _common(self, state: LaneState) -> str:
        """Return the newest commit of the lane's own history that the branch still has.

        Raises Refused where the lane has work beyond it that no import brought.
        """
        lane = state.record
        if is_ancestor(self._repo, str(lane.head), self._tip):
            return str(lane.head)
        brought = self._brought(state)
        commit = str(lane.head)
        while commit != lane.fork and not is_ancestor(self._repo, commit, self._tip):
            if commit not in brought:
                raise Refused(
                    f"lane '{self._name}' has work of its own beyond branch '{self._branch}'",
                    hint=f"import it as another lane (--lane NAME), and promote that into "
                    f"'{self._name}'",
                )
            commit = self._repo.objects.commit(commit).parents[0]
        if not is_ancestor(self._repo, commit, self._tip):
            raise Refused(
                f"branch '{self._branch}' does not stand on the start of lane '{self._name}' any "
                "more",
                hint="import it as another lane: --lane NAME",
            )
        return commit

    def _brought(self, state: LaneState) -> dict[str, Attempt]:
        """Return {commit: attempt} of what earlier imports brought."""
        found: dict[str, Attempt] = {}
        for entry in journal.walk(self._repo.refs, state.tip):
            for attempt in entry.attempts:
                if attempt.kind == _KIND and attempt.landed is not None:
                    found.setdefault(attempt.landed, attempt)
        return found

    def _commits(self, base: str) -> list[str]:
        """Return the branch's commits along first parents since then, oldest first."""
        ends = (self._tip, f"^{base}")
        return self._repo.git.run("rev-list", "--reverse", "--first-parent", *ends).text.split()

    def _take(self, base: str | None, commits: Sequence[str]) -> None:
        """Take some commits in, on top of `base`, or of the lane's head."""
        with transaction(self._repo, "import") as tx:
            state = self._repo.view.find(self._name)
            self._require_seen(state)
            if state is None or not state.record.live:
                record = self._first(tx, state, str(base))
            else:
                record = state.record
            gone = self._left(state, str(base)) if base is not None and record.head != base else []
            taken = [self._attempt(tx, record, *x) for x in enumerate(commits)]
            gone = [self._replaced(x, taken) for x in gone]
            record = replace(
                record,
                head=commits[-1] if commits else str(base),
                next=record.next + len(taken),
            )
            tx.description = f"import branch {codec.one_line(self._branch, 100)} as {self._name}"
            parents = [str(record.head)]
            tx.lane(state, record, parents=parents, attempts=[*taken, *gone])
        self._seen = record.head
        self._attempts += taken
        self._superseded += [x.id for x in gone]
        self._taken += len(taken)

    def _require_seen(self, state: LaneState | None) -> None:
        """Raise Raced where the lane was made, or went on, since its own commits were looked at."""
        head = str(state.record.head) if state is not None and state.record.live else None
        if head != self._seen:
            raise Raced(f"lane '{self._name}' moved meanwhile", hint="repeat the command")

    def _first(self, tx: Transaction, tombstone: LaneState | None, base: str) -> Lane:
        self._repo.view.require_adopted()
        self._repo.redactor.require_none(self._name, "a lane's name")
        default = require_adopted_lane(self._repo)
        start = forks.resolve(self._repo, base, default)
        earlier = tombstone.record if tombstone else None
        landed = forks.landed_from(self._repo, start, default)
        if self._met is not None:
            landed = {**landed, default.record.uuid: Landed((self._met,), self._met)}
        return Lane(
            name=self._name,
            uuid=ids.new_id(clock.now()),
            status=ACTIVE,
            head=base,
            fork=base,
            created=tx.time,
            origin=start.origin.record.uuid if start.origin else None,
            next=earlier.next if earlier else 1,
            spent=spending.begun_again(self._repo, earlier),
            landed=landed,
            imported=self._branch,
        )

    def _attempt(self, tx: Transaction, lane: Lane, offset: int, commit: str) -> Attempt:
        parents = self._repo.objects.commit(commit).parents
        numbered = replace(lane, next=lane.next + offset)
        made = imported(tx, numbered, commit, parents[0] if parents else None, landed=commit)
        return replace(made, uuid=ids.new_id(clock.now()))

    def _left(self, state: LaneState | None, base: str) -> list[Attempt]:
        """Return the attempts whose commits the branch has no more."""
        assert state is not None
        brought, found = self._brought(state), []
        commit = str(state.record.head)
        while commit != base:
            found.append(brought[commit])
            commit = self._repo.objects.commit(commit).parents[0]
        return found

    @staticmethod
    def _replaced(old: Attempt, taken: Sequence[Attempt]) -> Attempt:
        same = (x.id for x in taken if x.change_id is not None and x.change_id == old.change_id)
        return replace(old, status=SUPERSEDED, superseded_by=next(same, None))


def _bound(repo: LaneRepo, branch: str) -> LaneState | None:
    """Return the lane that is bound to a branch."""
    ref = layout.branch(branch)
    return next((x for x in repo.view.lanes() if x.record.branch == ref), None)


def _taken_in(repo: LaneRepo, state: LaneState, branch: str) -> Imported:
    """Take in what people committed on a lane's own branch."""
    name, before = state.record.name, state.record.next
    intake.require_agreement(repo, name)
    after = repo.view.lane(name)
    entry = journal.read_entry(repo.refs, after.tip)
    made = tuple(x for x in entry.attempts if x.number >= before and x.kind == _KIND)
    if not made:
        raise Negative(f"nothing to import: lane '{name}' has all of branch '{branch}'")
    binding.follow(repo, name)
    head = str(after.record.head)
    return Imported(name, branch, made[-1].commit, head, False, len(made), made)


def _tip(repo: LaneRepo, branch: str) -> str:
    """Return the commit that a branch, of a remote too, is at; raises NotFound."""
    if is_revision(branch):
        for name in (layout.branch(branch), layout.remote_branch(branch), branch):
            found = repo.refs.target(f"{name}^{{commit}}")
            if found is not None:
                return found
    raise NotFound("branch", codec.one_line(branch, 60), hint="see 'git branch --all'")


def _range(repo: LaneRepo, text: str) -> tuple[str, str]:
    """Return the ends of A..B; raises BadValue and NotFound, Refused where B is not on A."""
    one, dots, other = text.partition("..")
    if not dots or not one or not other or other.startswith("."):
        raise BadValue(f"'{codec.one_line(text, 60)}' is no range", hint="write it as A..B")
    start, tip = repo.view.commit_of(one), repo.view.commit_of(other)
    if not is_ancestor(repo, start, tip):
        raise Refused(
            f"'{codec.one_line(other, 60)}' does not stand on '{codec.one_line(one, 60)}'",
            hint="begin with one of its own first parents",
        )
    return start, tip


def _name_of(branch: str) -> str:
    """Return what a lane that is made of a branch is called."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", layout.shortest(branch)).strip("-.")
    try:
        layout.check_lane_name(name)
    except BadName as error:
        raise BadName(
            f"no lane can be named as branch '{codec.one_line(branch, 60)}'",
            hint="name it with --lane",
        ) from error
    return name


def _fetched(repo: LaneRepo, other: str, branch: str) -> str:
    """Fetch a branch of another repository, and return the commit that it is at.

    No ref keeps it until the lane does: git lets young objects be. Raises NotFound and GitFailed.
    """
    ref = layout.branch(branch)
    git = sides.network(repo)
    tip = remotes.at(git, other, ref)
    if tip is None:
        raise NotFound("branch", codec.one_line(branch, 60), hint=f"see 'git ls-remote {other}'")

    def tell(done: int, total: int) -> None:
        repo.progress(f"fetching {branch}", done, total)

    remotes.fetch_commit(git, other, tip, tell)
    return tip
