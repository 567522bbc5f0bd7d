"""What happens in a workspace whose lane's head goes back: asked for before, done after."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.git import worktrees
from gitlanes.lanes.lifecycle import doomed
from gitlanes.models.records import DELETED, PROPOSED
from gitlanes.undoing.planning import Part
from gitlanes.workspaces import binding, capture, claims, finding, moving, updating
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.models.workspaces import Following, Moved, Workspace
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction


class Along:
    """A lane's directory: held while its lane is changed, and brought along."""

    def __init__(self, repo: LaneRepo, part: Part, stack: ExitStack):
        """Hold it; raises Refused, before anything is written, for an edit in the way."""
        self._repo, self._part = repo, part
        self._hold: capture.Held | None = None
        lane = part.state.record
        workspace = finding.workspace_of(repo, lane)
        put_away = part.record.status == DELETED or part.record.away
        if put_away and part.record.status != lane.status:
            stack.enter_context(doomed(repo, workspace, force=False, forcible=False))
        elif workspace is not None and Path(workspace.path).is_dir():
            if workspace.root:
                self._require_free_root(workspace)
            else:
                self._hold = stack.enter_context(capture.held(repo, workspace))
                self._require_free()

    def _require_free_root(self, workspace: Workspace) -> None:
        lane = self._part.state.record
        if not self._part.moves or self._repo.refs.target(str(lane.branch)) != lane.head:
            return  # what lags or went on is seen to by whoever follows
        with capture.held(self._repo, workspace) as hold:
            there = worktrees.attached_branch(hold.git) == lane.branch
            if there and not worktrees.in_progress(hold.git_dir):
                self._refuse_edits(hold, str(lane.head))

    def _require_free(self) -> None:
        hold = self._hold
        assert hold is not None
        if self._part.moves or self._given_back():
            claims.require_own(self._repo, hold.state)
            updating.require_settled(hold)
        updating.require_no_conflict(self._repo, hold)
        if self._goes():
            updating.require_no_commits(self._repo, hold)
            self._refuse_edits(hold, str(hold.state.base))

    def _refuse_edits(self, hold: capture.Held, old: str) -> None:
        blocking = moving.blocking(self._repo, hold, old, self._part.place.tree)
        if hold.index:
            hold.drop_index()
        if blocking:
            raise updating.in_the_way(hold.workspace, blocking)

    def _goes(self) -> bool:
        """Say whether its files go along: it is at the head, and not at an attempt made there."""
        hold, part = self._hold, self._part
        at_head = hold is not None and hold.state.base == part.state.record.head
        return at_head and part.moves and not self._reopened()

    def _reopened(self) -> str | None:
        """Return the base of an attempt that waits for a decision again, and is still there."""
        hold = self._hold
        found = (x for x in self._part.attempts if x.status == PROPOSED)
        return next((x.base for x in found if hold and x.commit == hold.state.head), None)

    def _given_back(self) -> str | None:
        """Return the attempt that HEAD is at and that nobody offers any more."""
        hold, part = self._hold, self._part
        if hold is None or hold.state.head == part.state.record.head:
            return None
        gone = (x.commit for x in part.attempts if x.status != PROPOSED)
        return next((x for x in gone if hold.is_at(x)), None)

    def mark(self, tx: Transaction, head: str) -> None:
        """Note, within the transaction, what is to follow in the directory."""
        hold, tip = self._hold, self._part.state.tip
        if hold is None:
            return
        if self._goes():
            updating.mark(hold, tx, tip, new=head)
        elif (base := self._reopened()) and self._part.moves:
            hold.mark(tx, tip, base=base)
        elif (gone := self._given_back()) and hold.state.base:
            hold.mark(tx, tip, base=hold.state.base, old=gone, new=hold.state.base)

    def go(self) -> tuple[Moved | None, Following | None]:
        """Do it, after the operation; a bound branch follows."""
        hold, lane = self._hold, self._part.state.record
        moved = None
        if hold is not None and (step := hold.state.step) is not None:
            with capture.afterwards(self._repo):
                if step.kind == states.UPDATE:
                    moved = updating.go(self._repo, hold)
                elif step.new:
                    hold.move_back(step.new)
                else:
                    hold.rebase(str(step.base), with_head=False)
        following = None
        if lane.bound and self._part.moves:
            following = binding.follow(self._repo, lane.name)
        return moved, following
