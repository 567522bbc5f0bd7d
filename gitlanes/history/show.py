"""Showing any object: lane, attempt, snapshot, change, operation or git revision."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import NotFound
from gitlanes.history import log, states
from gitlanes.history.diff import files_between
from gitlanes.lanes.listing import summary
from gitlanes.models.history import FileChange, Shown
from gitlanes.models.lanes import lane_told
from gitlanes.models.plain import replace
from gitlanes.models.records import DELETED, RENAMED, Attempt
from gitlanes.store import records
from gitlanes.workspaces import snapshots

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_OPERATION = re.compile(r"[0-9a-f]{8}-[0-9a-f-]+")
# What may be that of an operation's id, where no revision is called so.
_BEGINNING = re.compile(r"[0-9a-f]{4,8}")


def show(repo: LaneRepo, name: str) -> Shown:
    """Return what `name` names; the first kind that fits wins. Raises NotFound."""
    state = repo.view.find(name)
    if state is not None and state.record.status != RENAMED:
        told = log.history(repo, log.Filter(lane=name, limit=10)).attempts
        live = state.record.status != DELETED
        lane = summary(repo, name).to_dict() if live else lane_told(state.record)
        twins = repo.view.twins(state.record).items()
        other = {x: str(twin.head) for x, twin in twins if twin.head != state.record.head}
        return Shown("lane", lane=lane, attempts=told, elsewhere=other)
    if ids.ATTEMPT_ID.fullmatch(name):
        attempt = repo.view.attempt(name)
        return Shown("attempt", attempts=(log.tell(repo, attempt),), files=_files(repo, attempt))
    if match := ids.SNAPSHOT_ID.fullmatch(name):
        found = [x for x in snapshots.listing(repo, match["lane"]) if x.id == name]
        if not found:
            raise NotFound("snapshot", name, hint=f"see 'git lanes show {match['lane']}'")
        why = snapshots.reason_of(repo.refs.commit(found[0].commit))
        return Shown("snapshot", snapshot=replace(found[0], reason=why))
    if ids.CHANGE_BEGINNING.fullmatch(name):
        return Shown("change", attempts=tuple(log.of_beginning(repo, name)))
    if _OPERATION.fullmatch(name):
        return Shown("operation", entries=tuple(log.operations(repo, name)))
    if (known := states.known_as(repo, name)) is not None:
        return replace(show(repo, known), kind="state")
    if _BEGINNING.fullmatch(name) and repo.refs.kind(name) is None:
        return Shown("operation", entries=tuple(log.operations(repo, name)))
    commit = repo.view.commit_of(name)
    return Shown("commit", commit=commit, notes=records.read(repo, [commit])[commit])


def _files(repo: LaneRepo, attempt: Attempt) -> tuple[FileChange, ...]:
    if attempt.base is None:
        return ()
    return files_between(repo, repo.objects.commit(attempt.base).tree, attempt.tree)
