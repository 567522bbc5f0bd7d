"""`gitlanes.Repo`: every verb as a method, with the models that the command line prints."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gitlanes.exchange.exporting import Exported, export
from gitlanes.git.process import require_arguments
from gitlanes.history import diff, log, show
from gitlanes.landing import check, promote
from gitlanes.landing.landed_commits import MERGE
from gitlanes.landing.plans import Force
from gitlanes.lanes import lifecycle, listing
from gitlanes.models.history import Diff, History, Shown
from gitlanes.models.lanes import Adopted, DeletedLane, Lanes, LaneSummary, NewLane, Status
from gitlanes.models.notes import NO_COST, NO_INTENT, NO_JUDGEMENT, Cost, Intent, Judgement
from gitlanes.models.results import Decided, Promotion, Proposed
from gitlanes.models.workspaces import Snapshot, Workspace
from gitlanes.review import decide, propose
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.store.transaction import mend
from gitlanes.workspaces import finding, snapshots
from gitlanes.workspaces import lifecycle as workspaces

Path_ = str | os.PathLike[str]


class Repo:
    """One git repository with lanes; a context manager, one for each thread.

    The identity and git's configuration are read once. Every method raises a subclass of
    `gitlanes.LanesError` with data and a hint. ``expect`` always is the head (or a beginning
    of it) that the lane to be changed must have; otherwise `Raced` is raised.
    """

    def __init__(self, lane_repo: LaneRepo):
        self._repo = lane_repo

    @classmethod
    def open(cls, path: Path_ = ".", *, environ: Mapping[str, str] | None = None) -> Repo:
        """Open the repository around `path`, as git would find it; raises NotARepository."""
        opened = cls(LaneRepo.open(path, os.environ if environ is None else environ))
        mend(opened._repo)
        return opened

    def close(self) -> None:
        """End the helper process that reads refs."""
        self._repo.close()

    def __enter__(self) -> Repo:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The repository's own directory: its top, or the git directory of a bare one."""
        root = self._repo.root()
        return Path(root[1] if root else self._repo.place.common_dir)

    def take_warnings(self) -> list[str]:
        """Return what verbs noticed beside their results since the last call."""
        found, self._repo.warnings = self._repo.warnings, []
        return found

    def init(self, lane: str = "main") -> Adopted:
        """Adopt the repository in place; see `gitlanes.lanes.lifecycle.init`."""
        return lifecycle.init(self._repo, lane)

    def new(
        self,
        name: str,
        *,
        start: str | None = None,
        workspace: bool = True,
        path: Path_ | None = None,
        agent: str | None = None,
        exist_ok: bool = False,
        expect: str | None = None,
    ) -> NewLane:
        """Make a lane and its workspace; `expect` is the head that `start` must have."""
        return lifecycle.new(
            self._repo,
            name,
            start=start,
            workspace=workspace,
            path=Path(path) if path is not None else None,
            agent=agent,
            exist_ok=exist_ok,
            expect=expect,
        )

    def delete(self, name: str, *, force: bool = False, expect: str | None = None) -> DeletedLane:
        """Delete a lane; its records stay readable."""
        return lifecycle.delete(self._repo, name, force=force, expect=expect)

    def head(self, lane: str) -> str:
        """Return a lane's accepted head: one round trip to a helper process."""
        return str(self._repo.view.lane(lane).record.head)

    def lanes(self) -> Lanes:
        """Return all lanes."""
        return listing.list_lanes(self._repo)

    def lane(self, name: str) -> LaneSummary:
        """Return one lane."""
        return listing.summary(self._repo, name)

    def status(self, lane: str | None = None) -> Status:
        """Return the lanes, and what is unsaved in one workspace."""
        return listing.status(self._repo, lane)

    def workspace(self, lane: str) -> Workspace:
        """Return a lane's workspace; raises NotFound."""
        return finding.require_workspace(self._repo, self._repo.view.lane(lane).record)

    def create_workspace(
        self, lane: str, *, path: Path_ | None = None, expect: str | None = None
    ) -> Workspace:
        """Give an existing lane a workspace at its head."""
        place = Path(path) if path is not None else None
        return workspaces.create(self._repo, lane, path=place, expect=expect)

    def remove_workspace(
        self, lane: str, *, force: bool = False, expect: str | None = None
    ) -> Snapshot | None:
        """Remove a lane's workspace; return the snapshot of unsaved work, if it had any."""
        return workspaces.remove(self._repo, lane, force=force, expect=expect)

    def snapshot(self, lane: str | None = None) -> Snapshot:
        """Save a workspace's content under a ref; its tree is the world state's id."""
        return snapshots.snapshot(self._repo, lane)

    def propose(
        self,
        lane: str | None = None,
        *,
        message: str | None = None,
        intent: Intent = NO_INTENT,
        cost: Cost = NO_COST,
        change: str | None = None,
        paths: Iterable[Path_] = (),
        expect: str | None = None,
    ) -> Proposed:
        """Offer a workspace's content, or some paths of it, as an attempt."""
        return propose.propose(
            self._repo, lane, _offer(message, intent, cost, change, paths, expect)
        )

    def commit(
        self,
        lane: str | None = None,
        *,
        message: str | None = None,
        intent: Intent = NO_INTENT,
        cost: Cost = NO_COST,
        change: str | None = None,
        paths: Iterable[Path_] = (),
        expect: str | None = None,
    ) -> Proposed:
        """Propose and accept in one operation."""
        return propose.commit(
            self._repo, lane, _offer(message, intent, cost, change, paths, expect)
        )

    def accept(
        self, attempt: str, judgement: Judgement = NO_JUDGEMENT, *, expect: str | None = None
    ) -> Decided:
        """Make an open attempt part of its lane's head; raises Collision."""
        return decide.accept(self._repo, attempt, judgement, expect=expect)

    def reject(
        self, attempt: str, judgement: Judgement = NO_JUDGEMENT, *, expect: str | None = None
    ) -> Decided:
        """Turn an open attempt down; it stays readable."""
        return decide.reject(self._repo, attempt, judgement, expect=expect)

    def promote(
        self,
        lane: str | None = None,
        *,
        into: str | None = None,
        mode: str = MERGE,
        force: Iterable[Path_] = (),
        force_all: bool = False,
        message: str | None = None,
        intent: Intent = NO_INTENT,
        cost: Cost = NO_COST,
        expect: str | None = None,
        dry_run: bool = False,
    ) -> Promotion:
        """Land a lane's accepted head on another lane; raises Collision, and nothing moved.

        ``force`` are the colliding paths on which the source wins. With ``dry_run`` collisions
        are part of the result, and nothing moves.
        """
        forced = Force(_names(force), force_all)
        order = promote.Order(into, mode, forced, message, intent, cost, expect)
        verb = promote.preview if dry_run else promote.promote
        return verb(self._repo, lane, order)

    def check(self, *lanes: str, into: str | None = None) -> list[Promotion]:
        """Return for each lane whether it would land; nothing moves."""
        return check.check(self._repo, lanes, into=into)

    def history(
        self,
        lane: str | None = None,
        *,
        status: str | None = None,
        agent: str | None = None,
        tag: str | None = None,
        since: str | None = None,
        limit: int | None = None,
    ) -> History:
        """Return attempts with their intents and costs, newest first."""
        return log.history(self._repo, log.Filter(lane, status, agent, tag, since, limit))

    def show(self, name: str) -> Shown:
        """Return whatever `name` names."""
        return show.show(self._repo, name)

    def diff(self, old: str, new: str, *, content: bool = False) -> Diff:
        """Return the files that differ between two states, with the patch if wanted."""
        return diff.diff(self._repo, old, new, rendering=diff.CONTENT if content else ())

    def export(
        self, lane: str | None = None, *, branch: str | None = None, expect: str | None = None
    ) -> Exported:
        """Put an ordinary branch at a lane's head."""
        return export(self._repo, lane, branch=branch, expect=expect)


def _offer(
    message: str | None,
    intent: Intent,
    cost: Cost,
    change: str | None,
    paths: Iterable[Path_],
    expect: str | None,
) -> propose.Offer:
    return propose.Offer(message, intent, cost, change, _names(paths), expect)


def _names(paths: Iterable[Path_]) -> tuple[bytes, ...]:
    """Return paths as git has them; raises BadValue for what can be none."""
    names = [os.fspath(path) for path in paths]
    require_arguments(names)
    return tuple(map(os.fsencode, names))
