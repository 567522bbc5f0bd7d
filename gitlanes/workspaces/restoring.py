"""Making a workspace's files those of a state, once all that they are now is kept elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import GitFailed, Locked, Raced, Refused
from gitlanes.git import index
from gitlanes.models.plain import Model, plain, replace
from gitlanes.models.workspaces import Moved, Snapshot
from gitlanes.store import layout
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.workspaces import (
    binding,
    capture,
    claims,
    finding,
    mending,
    moving,
    snapshots,
    underway,
    updating,
)
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction


class Stock(Model):
    """What lies in a workspace: its content as a tree, and what of it nothing else may have.

    ``unsaved`` are paths that differ from HEAD, ``ignored`` those of ignored files where the
    state to come has others. ``staged`` is the index as a tree if that has content of its own.
    """

    tree: str
    unsaved: tuple[bytes, ...]
    ignored: tuple[bytes, ...]
    staged: str | None


def restore(
    repo: LaneRepo,
    state: str,
    name: str | None = None,
    *,
    force: bool = False,
    expect: str | None = None,
) -> Moved:
    """Make a workspace's files, untracked ones included, those of a state; HEAD and base stay.

    ``state`` is a lane, attempt, snapshot, revision or tree; ``name`` a lane or the id of a
    detached workspace. What differs from the workspace's base then is unsaved work. Raises
    Refused where files would be lost; with ``force`` they are snapshotted first. Raises Raced
    if the lane is not at `expect`.
    """
    check_expected(expect)
    workspace = finding.named(repo, name)
    new = repo.view.tree_of(state)
    with capture.held(repo, workspace) as hold:
        lane = repo.view.find(hold.workspace.lane)
        head = lane.record.head if lane else None
        require_commit(f"lane '{hold.workspace.lane}'", head, expect)
        claims.require_own(repo, hold.state, force=force)
        updating.require_no_conflict(repo, hold)
        _require_ready(repo, hold)
        stock = take_stock(repo, hold, new)
        changes = moving.changes_between(repo, stock.tree, new)
        saved = set_aside(repo, hold, stock, force=force) if changes else None
        if changes:
            become(repo, hold, stock, states.Step(states.RESTORE, old=stock.tree, new=new))
        return updating.moved(hold, new, changes, saved)


def take_stock(repo: LaneRepo, hold: capture.Held, new: str, *, finishing: bool = False) -> Stock:
    """Stage all that is in the workspace, and the ignored files in the way of tree `new`.

    Raises Refused where one of these may hold secrets, for no snapshot may have it; unless a step
    is only finished, which may have half written it.
    """
    staged, unseen = hold.own_tree(), hold.hidden_edits()
    tree = hold.stage(())
    if unseen:
        hold.stage_more(unseen)
        tree = hold.staged_tree()
    head = f"{moving.head_of(repo, hold)}^{{tree}}"
    unsaved = set(moving.changes_between(repo, head, tree))
    hidden = set(moving.changes_between(repo, head, staged)) if staged else set()
    hidden &= set(moving.changes_between(repo, staged, tree)) if staged else set()
    there = moving.files_in_place_of(hold, moving.changes_between(repo, tree, new))
    known = index.staged_entries(hold.git, hold.index, there)
    others = [path for path in there if path not in known]
    whole = tree
    if others:
        if not finishing:
            moving.refuse_secrets(hold, others)
        hold.stage_more(others)
        whole = hold.staged_tree()
    differing = moving.changes_between(repo, whole, new) if others else {}
    ignored = tuple(path for path in others if path in differing)
    return Stock(whole, tuple(sorted(unsaved | hidden)), ignored, staged if hidden else None)


def set_aside(
    repo: LaneRepo,
    hold: capture.Held,
    stock: Stock,
    *,
    force: bool,
    kept: str | None = None,
    active: bool = True,
) -> Snapshot | None:
    """Return the snapshot that has what would be lost, None where nothing would be.

    Without `force` one that is there already will do, or the tree `kept`; otherwise what has
    no copy raises Refused. Only a lane that is ``active`` takes commits.
    """
    if not stock.unsaved and not stock.ignored:
        return None
    name = hold.workspace.lane
    if stock.staged is None:
        if stock.tree == kept:
            return None
        same = [x for x in snapshots.listing(repo, name) if x.tree == stock.tree]
        if same:
            return same[-1]
        heads = [layout.head(name), str(hold.state.base)]
        if stock.tree in repo.refs.targets([f"{x}^{{tree}}" for x in heads]):
            return None
    if not force:
        paths = sorted({*stock.unsaved, *stock.ignored})
        count = f"{len(paths)} unsaved file{'' if len(paths) == 1 else 's'}"
        takes = active and not hold.workspace.detached
        keep = "commit them" if takes else "move them elsewhere"
        raise Refused(
            f"workspace '{hold.workspace.id}' has {count}",
            hint=f"{keep}, or use --force: a snapshot is taken first",
            data={"in_the_way": plain(paths)},
        )
    return snapshots.keep(repo, hold, stock.tree, stock.staged)


def become(repo: LaneRepo, hold: capture.Held, stock: Stock, step: states.Step) -> None:
    """Do a step of kind 'restore' from what is staged."""
    hold.begin(replace(step, locks=moving.locks_of(hold)))
    carry_out(repo, hold, stock.tree)


def carry_out(
    repo: LaneRepo,
    hold: capture.Held,
    tree: str,
    before: states.WorkspaceState | None = None,
) -> None:
    """Do the step that is marked, from the staged `tree`; where git refuses, forget it.

    The workspace's record is as `before` then, if more than the step was written with it.
    A part of an operation that has happened waits for the next command. Raises Raced for files
    that changed meanwhile, GitFailed where git stopped on the way.
    """
    step = hold.state.step
    assert step is not None
    try:
        said = hold.become(tree, str(step.new))
    except Locked:
        _forget(hold, step, before)
        raise
    except GitFailed as failed:
        raise updating.unfinished(hold, failed) from failed
    if said is not None:
        _forget(hold, step, before)
        raise Raced(f"files in '{hold.workspace.path}' changed meanwhile: {said}")
    moving.settle(repo, hold)


def _forget(hold: capture.Held, step: states.Step, before: states.WorkspaceState | None) -> None:
    if step.operation is None:
        hold.state = before or hold.state
        hold.done()


def finish(repo: LaneRepo, hold: capture.Held) -> None:
    """Finish an interrupted restore, unless it belongs to an operation that never happened.

    What is of neither side could be half written or edited since: it is snapshotted first.
    """
    step = hold.state.step
    assert step is not None
    new, old = str(step.new), str(step.old)
    if step.operation is not None and not mending.happened(repo, hold.state, step):
        hold.done()
        return
    mending.remove_stale_locks(repo, step)
    stock = take_stock(repo, hold, new, finishing=True)
    here = moving.changes_between(repo, stock.tree, new)
    if here.keys() & moving.changes_between(repo, stock.tree, old).keys():
        saved = snapshots.keep(repo, hold, stock.tree, stock.staged)
        moving.tell(repo, hold, saved)
    said = hold.become(stock.tree, new)
    if said is not None:
        raise updating.unfinished(hold, GitFailed(said))
    moving.settle(repo, hold)


class Return:
    """Bringing a workspace back to its lane's head, as a part of an operation that decides so."""

    def __init__(self, repo: LaneRepo, hold: capture.Held, head: str, kept: str):
        """Prepare it: what neither tree `kept` nor anything else has is snapshotted now."""
        _require_ready(repo, hold)
        self._repo = repo
        self._hold = hold
        self._head = head
        self._new = str(repo.refs.target(f"{head}^{{tree}}"))
        self._stock = take_stock(repo, hold, self._new)
        self.saved = set_aside(repo, hold, self._stock, force=True, kept=kept)
        if self.saved is None and stray(repo, hold):
            self.saved = snapshots.keep(repo, hold, self._stock.tree, None)

    def mark(self, tx: Transaction, tip: str, head: str) -> None:
        """Note what follows once the operation is in the journal after entry `tip`.

        Raises Raced if the lane's head went on since.
        """
        if head != self._head:
            raise Raced(f"lane '{self._hold.workspace.lane}' moved meanwhile")
        hold = self._hold
        step = states.Step(
            states.RESTORE,
            old=self._stock.tree,
            new=self._new,
            operation=tx.operation,
            tip=tip,
            base=head,
            locks=moving.locks_of(hold),
        )
        hold.begin(step, head=moving.head_of(self._repo, hold))

    def go(self) -> Moved:
        """Do it, after the operation."""
        changes = moving.changes_between(self._repo, self._stock.tree, self._new)
        carry_out(self._repo, self._hold, self._stock.tree)
        return updating.moved(self._hold, self._head, changes, self.saved)


def stray(repo: LaneRepo, hold: capture.Held) -> bool:
    """Say whether HEAD has commits of the agent's own, which nothing else keeps."""
    return moving.head_of(repo, hold) not in (None, hold.state.head, hold.state.base)


def _require_ready(repo: LaneRepo, hold: capture.Held) -> None:
    """Raise Refused while git is in the middle of something there, or a branch has to follow."""
    if not hold.workspace.root:
        updating.require_settled(hold)
        return
    lane = repo.view.lane(hold.workspace.lane).record
    underway.require_branch(hold, str(lane.branch))
    if hold.state.step is not None:
        binding.follow(repo, lane.name, hold)
    if hold.state.step is not None:
        raise Refused(
            "an update of the repository's directory is not finished",
            hint=f"run 'git lanes workspace update {lane.name}'",
        )
