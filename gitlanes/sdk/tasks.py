"""The part of `gitlanes.Repo` that is about tasks: ``repo.tasks``."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path

from gitlanes.models.task_results import TaskChecked, TaskCompleted, TaskStarted
from gitlanes.models.tasks import Task
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.tasks import adding, claiming, ending, reading, starting
from gitlanes.workspaces import finding


class Tasks:
    """Work to be handed out; a task is named by its id, a beginning of it, or its lane.

    It is the lane whose list a task is in that is to be at ``expect``.
    """

    def __init__(self, repo: LaneRepo):
        self._repo = repo

    def add(
        self,
        title: str,
        *,
        lane: str | None = None,
        description: str | None = None,
        priority: int | None = None,
        retries: int | None = None,
        by: str | None = None,
        expect: str | None = None,
    ) -> Task:
        """Add a task to a lane; the lower its ``priority``, the sooner it is handed out."""
        wanted = adding.Wanted(title, description, priority, retries)
        with self._lane_at(expect, lane):
            return adding.add(self._repo, wanted, lane=lane, by=by)

    def edit(
        self,
        task: str,
        *,
        title: str | None = None,
        description: str | None = None,
        priority: int | None = None,
        retries: int | None = None,
        by: str | None = None,
        expect: str | None = None,
    ) -> Task:
        """Change what is said of a task; raises Negative where it is like that already."""
        wanted = adding.Wanted(title, description, priority, retries)
        with self._task_at(expect, task):
            return adding.edit(self._repo, task, wanted, by=by)

    def list(
        self,
        lane: str | None = None,
        *,
        nested: bool = False,
        statuses: Collection[str] = (),
        agent: str | None = None,
    ) -> tuple[Task, ...]:
        """Return the tasks that have not ended, or those of these statuses."""
        return reading.list_tasks(
            self._repo, lane, nested=nested, statuses=statuses, agent=agent
        ).tasks

    def show(self, task: str | None = None) -> Task:
        """Return a task, ended or not; without a name the present lane's."""
        return reading.find(self._repo, task)

    def ready(self, lane: str | None = None) -> tuple[Task, ...]:
        """Return the tasks that may be taken now, the one to be done first first."""
        return reading.ready(self._repo, lane).tasks

    def claim(
        self,
        count: int = 1,
        *,
        lane: str | None = None,
        agent: str | None = None,
        pid: int | None = None,
        lease: float | None = None,
        expect: str | None = None,
    ) -> tuple[Task, ...]:
        """Claim the next tasks for an agent; nobody else gets the same ones.

        Fewer than asked for where fewer are ready; raises Negative where none is. ``expect`` is
        of the lane that is named, else of the present one.
        """
        repo = self._repo
        with self._lane_at(expect, lane):
            return claiming.claim(repo, count, lane=lane, agent=agent, pid=pid, lease=lease).tasks

    def start(
        self,
        task: str,
        *,
        agent: str | None = None,
        lane: str | None = None,
        workspace: bool = True,
        path: str | os.PathLike[str] | None = None,
        pid: int | None = None,
        lease: float | None = None,
        force: bool = False,
        expect: str | None = None,
    ) -> TaskStarted:
        """Begin a task in a lane of its own, or go on in the one that it had."""
        place = Path(path) if path is not None else None
        how = starting.Start(agent, lane, workspace, place, pid, lease, force)
        with self._task_at(expect, task):
            return starting.start(self._repo, task, how)

    def complete(
        self,
        task: str | None = None,
        *,
        by: str | None = None,
        message: str | None = None,
        keep: bool = False,
        force: bool = False,
        expect: str | None = None,
    ) -> TaskCompleted:
        """Merge a task's work into its lane; raises Collision, and the task is open again."""
        with self._task_at(expect, task):
            return ending.complete(self._repo, task, ending.Completion(by, message, keep, force))

    def check(self, task: str | None = None) -> TaskChecked:
        """Say whether completing a task would land now; nothing moves."""
        return ending.check(self._repo, task)

    def release(
        self,
        task: str | None = None,
        *,
        by: str | None = None,
        reason: str | None = None,
        force: bool = False,
        expect: str | None = None,
    ) -> Task:
        """Give a task back; its lane with its work stays."""
        with self._task_at(expect, task):
            return claiming.release(self._repo, task, by=by, reason=reason, force=force)

    def abandon(
        self,
        task: str | None = None,
        *,
        by: str | None = None,
        reason: str | None = None,
        force: bool = False,
        expect: str | None = None,
    ) -> Task:
        """End a task without landing it; its lane keeps the work."""
        with self._task_at(expect, task):
            return ending.abandon(self._repo, task, by=by, reason=reason, force=force)

    def _task_at(self, expect: str | None, task: str | None) -> AbstractContextManager[None]:
        return expecting(self._repo, expect, lambda: reading.find(self._repo, task).lane)

    def _lane_at(self, expect: str | None, lane: str | None) -> AbstractContextManager[None]:
        repo = self._repo
        return expecting(repo, expect, lambda: finding.lane_or_present(repo, lane).record.name)


class HandingOut:
    """Gives a repository its tasks."""

    _repo: LaneRepo

    @cached_property
    def tasks(self) -> Tasks:
        """The tasks of its lanes: see `gitlanes.sdk.tasks.Tasks`."""
        return Tasks(self._repo)
