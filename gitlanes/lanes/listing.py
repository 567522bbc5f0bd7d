"""Lanes as they stand, told from the tips of their journals alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import CorruptRecord, LanesError, NotAdopted, Raced
from gitlanes.git import worktrees
from gitlanes.models.lanes import Lanes, LaneSummary, Status
from gitlanes.models.records import RENAMED, Entry, Lane
from gitlanes.models.tasks import Task
from gitlanes.models.workspaces import Workspace
from gitlanes.store import journal, layout
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def list_lanes(repo: LaneRepo, *, archived: bool = False, paths: bool = True) -> Lanes:
    """Return all lanes by name, archived ones if asked for; without `paths` it is faster.

    Raises NotAdopted.
    """
    entries, *_ = _read(repo)
    shown = [x for x in entries if x.record.live and (archived or not x.record.away)]
    return Lanes(_summaries(repo, entries, shown, paths=paths))


def status(repo: LaneRepo, name: str | None = None) -> Status:
    """Return all lanes, or one, with what is unsaved in the present workspace and what is odd.

    With a name, the unsaved work is that lane's.
    """
    from gitlanes.lanes import oddities  # lists need not load them
    from gitlanes.workspaces import branches

    branch = _own_branch(repo.place.common_dir)
    entries, heads, journals, others = _read(repo, (branch, layout.SEEN) if branch else ())
    live = [x for x in entries if x.record.live]
    shown = [x for x in live if not x.record.away]
    if name is not None:
        record = repo.view.lane(name).record
        shown = [x for x in live if x.record.uuid == record.uuid]
        if not shown:
            raise _missed(repo, name)
        workspace = finding.workspace_of(repo, record)
    else:
        workspace = _present_workspace(repo)
    if workspace and not os.path.isdir(workspace.path):
        workspace = None
    unsaved = _unsaved(repo, workspace) if workspace else []
    lanes = _summaries(repo, entries, shown)
    known = branches.Known(branch, others) if branch else None
    odd = oddities.findings(repo, live, heads, journals, workspace, known)
    return Status(
        lane=workspace.lane if workspace and not workspace.detached else None,
        lanes=lanes,
        unsaved=tuple(unsaved),
        findings=(*odd, *oddities.gone(lanes)),
        workspace=workspace.id if workspace else None,
    )


def _own_branch(common_dir: str) -> str | None:
    """Return the branch that the repository's own directory alone is on, if files tell."""
    branch = worktrees.branch_in_file(common_dir)
    if branch is None or not branch.startswith(layout.BRANCHES):
        return None
    return None if worktrees.is_elsewhere(common_dir, branch) else branch


def summary(repo: LaneRepo, name: str) -> LaneSummary:
    """Return one lane as listings show it. Raises NotFound, Raced."""
    repo.view.lane(name)
    for lane in list_lanes(repo, archived=True).lanes:
        if lane.name == name:
            return lane
    raise _missed(repo, name)


def _missed(repo: LaneRepo, name: str) -> LanesError:
    """Return what is said of a lane that went, or came, while all were read."""
    try:
        repo.view.lane(name)
    except LanesError as error:
        return error
    return Raced(f"lane '{name}' was made anew meanwhile", hint="repeat the command")


def _read(
    repo: LaneRepo, also: Sequence[str] = ()
) -> tuple[list[Entry], dict[str, str], set[str], dict[str, str]]:
    """Return each journal's newest entry, all head refs, all names that have a journal, and
    the refs that are `also` asked for.

    From one git process; journals that cannot be read are named in warnings.
    """
    prefixes = [layout.JOURNALS, layout.HEADS, *also]
    entries, heads, journals, others = [], {}, set(), {}
    for ref, oid, text in journal.read_rows(repo.git, repo.refs, prefixes, repo.warn):
        if ref.startswith(layout.HEADS):
            heads[ref.removeprefix(layout.HEADS)] = oid
        elif not ref.startswith(layout.JOURNALS):
            others[ref] = oid
        if not ref.startswith(layout.JOURNALS):
            continue
        name = ref.removeprefix(layout.JOURNALS)
        journals.add(name)
        entry = journal.sound_tip(name, oid, text, repo.warn)
        entries += [entry] if entry else []
    if not heads and not journals:
        raise NotAdopted("this repository has no lanes yet", hint="run 'git lanes init'")
    return entries, heads, journals, others


def _summaries(
    repo: LaneRepo, entries: list[Entry], shown: list[Entry], *, paths: bool = True
) -> tuple[LaneSummary, ...]:
    places = {x.lane_uuid: x.path for x in finding.every(repo)} if paths else {}
    tasks = _tasks(repo, [x.record for x in shown if x.record.tasks]) if paths else {}
    lanes = {x.record.uuid: x.record for x in entries if x.record.status != RENAMED}
    names = {uuid: lane.name for uuid, lane in lanes.items()}
    listed = {x.record.uuid for x in shown}
    adopted = next((x.uuid for x in lanes.values() if x.extra.get("adopted")), None)
    return tuple(
        LaneSummary(
            name=entry.record.name,
            uuid=entry.record.uuid,
            status=entry.record.status,
            head=entry.record.head,
            fork=entry.record.fork,
            branch=entry.record.branch and layout.short_branch(entry.record.branch),
            owner=entry.record.owner,
            created=entry.record.created,
            updated=entry.time,
            last=entry.description,
            open=entry.record.open,
            landed=_landed(entry.record, adopted),
            path=places.get(entry.record.uuid),
            origin=names.get(entry.record.origin or ""),
            parent=names.get(entry.record.parent or ""),
            above=names.get(_above(entry.record, lanes, listed) or ""),
            description=entry.record.description,
            meta=entry.record.meta,
            mode=entry.record.mode,
            sparse=entry.record.sparse,
            batch=entry.record.batch,
            tasks=tasks.get(entry.record.name, ()),
            run=entry.record.run,
        )
        for entry in shown
    )


def _tasks(repo: LaneRepo, lanes: list[Lane]) -> dict[str, tuple[Task, ...]]:
    if not lanes:
        return {}
    from gitlanes.lanes import wanted  # most lanes have no tasks

    return wanted.by_lane(repo, lanes)


def _above(lane: Lane, lanes: dict[str, Lane], listed: set[str]) -> str | None:
    """Return the uuid of the next listed lane on the way over parents and origins, or None."""
    passed = {lane.uuid}
    uuid = lane.parent or lane.origin
    while uuid is not None and uuid not in passed:
        if uuid in listed:
            return uuid
        passed.add(uuid)
        known = lanes.get(uuid)
        uuid = (known.parent or known.origin) if known else None
    return None


def _landed(lane: Lane, adopted: str | None) -> bool:
    """Say whether the default target has all of a lane's accepted work, as far as is recorded."""
    target = lane.parent or adopted
    if target is None or target == lane.uuid:
        return True
    known = lane.landed.get(target)
    return lane.head in (known.bases if known else (lane.fork,))


def _present_workspace(repo: LaneRepo) -> Workspace | None:
    """Return the workspace that one stands in; one that is damaged is only warned of."""
    try:
        detached = finding.present_detached(repo)
        present = None if detached else finding.present_lane(repo)
        return detached or (finding.workspace_of(repo, present.record) if present else None)
    except CorruptRecord as error:
        repo.warn(f"{error.message}; see 'git lanes doctor'")
        return None


def _unsaved(repo: LaneRepo, workspace: Workspace) -> list[tuple[str, bytes]]:
    from gitlanes.workspaces import edits  # outside workspaces nobody needs it

    return edits.unsaved(repo, workspace)
