"""What checks look at, read once and tolerant of damage, and how they say what they found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import CorruptRecord, LanesError, Locked
from gitlanes.git import locks, worktrees
from gitlanes.git.processes import any_git_process
from gitlanes.git.refs import list_refs
from gitlanes.models.health import ERROR, Finding
from gitlanes.models.records import RENAMED, Entry, Lane
from gitlanes.models.workspaces import Workspace
from gitlanes.store import journal, layout
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Problem(NamedTuple):
    """A finding, and the mend if there is a safe one: it returns what it did, or raises.

    ``question`` is to be answered with yes before a mend that removes files of anybody's.
    """

    finding: Finding
    mend: Callable[[], str] | None = None
    question: str = ""


def problem(
    what: str,
    about: str,
    hint: str,
    mend: Callable[[], str] | None = None,
    *,
    severity: str = ERROR,
    question: str = "",
) -> Problem:
    """Return a problem; `hint` says what helps, or what `mend` does. Doctor adds the name."""
    finding_ = Finding("", severity, what, about, hint, mend is not None)
    return Problem(finding_, mend, question)


class Spot(NamedTuple):
    """A work tree that has, or had, a state of ours; ``fault`` says why it cannot be read."""

    workspace: Workspace
    state: states.WorkspaceState | None
    fault: LanesError | None

    @property
    def git_dir(self) -> str:
        """The work tree's git directory."""
        return self.workspace.git_dir

    @property
    def path(self) -> str:
        """The directory of its files."""
        return self.workspace.path

    @property
    def gone(self) -> bool:
        """Whether the directory of its files is not there."""
        return not self.workspace.root and not os.path.isdir(self.path)

    @property
    def idle(self) -> bool:
        """Whether nobody works on it just now."""
        return is_free(os.path.join(self.git_dir, "lanes.lock"), "workspace")


def named(spot: Spot) -> str:
    """Return what a work tree is called in a finding."""
    if spot.workspace.root:
        return f"the repository's directory '{spot.path}'"
    if spot.workspace.detached:
        return f"workspace '{spot.workspace.detached}'"
    return f"workspace of lane '{spot.workspace.lane}'"


class Survey:
    """One look at a repository: what is damaged is kept beside what is not."""

    def __init__(self, repo: LaneRepo):
        self.repo = repo

    @cached_property
    def journals(self) -> tuple[list[Entry], list[tuple[str, LanesError]]]:
        """Newest entries, deleted lanes' too, and (ref, error) of each that cannot be read."""
        sound, damaged = [], []
        rows = list_refs(self.repo.git, [layout.JOURNALS], "refname objectname contents")
        for name, oid, text in rows:
            ref = os.fsdecode(name)
            lane = ref.removeprefix(layout.JOURNALS)
            try:
                sound.append(journal.tip_entry(lane, oid.decode(), text))
            except LanesError as error:
                damaged.append((ref, error))
        return sound, damaged

    @property
    def lanes(self) -> list[Lane]:
        """The records of all lanes whose journal can be read, the deleted ones too."""
        return [entry.record for entry in self.journals[0]]

    @property
    def live(self) -> list[Lane]:
        """The records of the lanes that are there."""
        return [lane for lane in self.lanes if lane.live]

    @cached_property
    def unreadable(self) -> set[str]:
        """The names of lanes whose journal is damaged, or missing though their head is there."""
        sound, damaged = self.journals
        rows = list_refs(self.repo.git, [layout.HEADS], "refname")
        heads = {os.fsdecode(ref).removeprefix(layout.HEADS) for (ref,) in rows}
        lost = heads - {entry.record.name for entry in sound}
        return lost | {ref.removeprefix(layout.JOURNALS) for ref, _ in damaged}

    def lane(self, uuid: str) -> Lane | None:
        """Return the lane with that uuid, deleted or not, or None."""
        return self._by_uuid.get(uuid)

    @cached_property
    def _by_uuid(self) -> dict[str, Lane]:
        return {lane.uuid: lane for lane in self.lanes if lane.status != RENAMED}

    @cached_property
    def spots(self) -> list[Spot]:
        """All workspaces, the repository's own directory first."""
        root = self.repo.root()
        places = [(root[0], root[1], True)] if root else []
        trees = worktrees.every(self.repo.place.common_dir)
        places += [(tree.git_dir, tree.path, False) for tree in trees]
        found = (self._spot(*place) for place in places)
        return [spot for spot in found if spot.state or spot.fault]

    @property
    def known(self) -> list[tuple[Spot, states.WorkspaceState]]:
        """The workspaces whose state can be read."""
        return [(spot, spot.state) for spot in self.spots if spot.state]

    @cached_property
    def quiet(self) -> bool:
        """Whether no git command works here that may hold a lock."""
        return not any_git_process(self.repo.place.common_dir)

    @property
    def idle(self) -> bool:
        """Whether nobody holds the repository's lock just now."""
        return is_free(str(self.repo.state_directory / "lock"), "the repository")

    @staticmethod
    def _spot(git_dir: str, path: str, root: bool) -> Spot:
        try:
            state, fault = states.read(git_dir), None
        except CorruptRecord as error:
            state, fault = None, error
        name, lane, base = (state.name, state.lane, state.base) if state else ("", "", None)
        detached = state.detached if state else None
        return Spot(Workspace(name, lane, path, git_dir, root, base, detached), state, fault)


@contextmanager
def saying(repo: LaneRepo) -> Iterator[list[str]]:
    """Collect what verbs say beside their results within the block: it is part of a finding."""
    kept, repo.warnings = repo.warnings, []
    said = repo.warnings
    try:
        yield said
    finally:
        repo.warnings = kept


def is_free(path: str, what: str) -> bool:
    """Say whether nobody holds a lock; one that was never taken is free, and stays unmade."""
    if not os.path.exists(path):
        return True
    try:
        with locks.hold(path, what, timeout=0):
            return True
    except Locked:
        return False


Check = Callable[[Survey], Iterable[Problem]]
