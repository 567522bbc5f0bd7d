"""Lanes as they stand, told from the tips of their journals alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import NotAdopted
from gitlanes.git.refs import list_refs
from gitlanes.models.lanes import Lanes, LaneSummary, Status
from gitlanes.models.records import DELETED, Entry, Lane
from gitlanes.models.workspaces import Workspace
from gitlanes.store import journal, layout
from gitlanes.workspaces import finding
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def list_lanes(repo: LaneRepo, *, paths: bool = True) -> Lanes:
    """Return all lanes by name, without `paths` faster; raises NotAdopted."""
    return Lanes(_summaries(repo, _read(repo)[0], paths=paths))


def status(repo: LaneRepo, name: str | None = None) -> Status:
    """Return all lanes, or one, with what is unsaved in the present workspace and what is odd.

    With a name, the unsaved work is that lane's.
    """
    entries, heads = _read(repo)
    shown = entries
    if name is not None:
        record = repo.view.lane(name).record
        shown = [x for x in entries if x.record.uuid == record.uuid]
        workspace = finding.workspace_of(repo, record)
    else:
        present = finding.present_lane(repo)
        workspace = finding.workspace_of(repo, present.record) if present else None
    unsaved = _unsaved(repo, workspace) if workspace else []
    return Status(
        lane=workspace.name if workspace else None,
        lanes=_summaries(repo, shown),
        unsaved=tuple(unsaved),
        findings=(*_moved_heads(entries, heads), *_open_steps(workspace)),
    )


def summary(repo: LaneRepo, name: str) -> LaneSummary:
    """Return one lane as listings show it."""
    repo.view.lane(name)
    return next(x for x in list_lanes(repo).lanes if x.name == name)


def _read(repo: LaneRepo) -> tuple[list[Entry], dict[str, str]]:
    """Return the newest entry of every live lane, and all head refs, from one git process."""
    rows = list_refs(repo.git, [layout.JOURNALS, layout.HEADS], "refname objectname contents")
    entries, heads = [], {}
    for name, oid, text in rows:
        ref = name.decode("utf-8", "replace")
        if ref.startswith(layout.JOURNALS):
            entries.append(journal.tip_entry(ref.removeprefix(layout.JOURNALS), oid.decode(), text))
        else:
            heads[ref.removeprefix(layout.HEADS)] = oid.decode()
    if not entries:
        raise NotAdopted("this repository has no lanes yet", hint="run 'git lanes init'")
    return [x for x in entries if x.record.status != DELETED], heads


def _summaries(
    repo: LaneRepo, entries: list[Entry], *, paths: bool = True
) -> tuple[LaneSummary, ...]:
    places = {x.lane: x.path for x in finding.every(repo)} if paths else {}
    lanes = {entry.record.uuid: entry.record for entry in entries}
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
        )
        for entry in entries
    )


def _landed(lane: Lane, adopted: str | None) -> bool:
    """Say whether the default target has all of a lane's accepted work, as far as is recorded."""
    target = lane.parent or adopted
    if target is None or target == lane.uuid:
        return True
    known = lane.landed.get(target)
    return lane.head in (known.bases if known else (lane.fork,))


def _moved_heads(entries: list[Entry], heads: dict[str, str]) -> list[str]:
    """Say where somebody moved a head without its journal."""
    moved = [x.record for x in entries if heads.get(x.record.name) != x.record.head]
    return [
        f"head of lane '{lane.name}' was moved outside gitlanes; put it back with: "
        f"git update-ref {layout.head(lane.name)} {lane.head}"
        for lane in moved
    ]


def _unsaved(repo: LaneRepo, workspace: Workspace) -> list[tuple[str, bytes]]:
    from gitlanes.workspaces import capture  # outside workspaces nobody needs it

    return capture.unsaved(repo, workspace)


def _open_steps(workspace: Workspace | None) -> list[str]:
    state = states.read(workspace.git_dir) if workspace else None
    if state is None or state.step is None:
        return []
    step = f"a step on this workspace was interrupted or is under way: {state.step.kind}"
    return [f"{step}; the next command that works on it mends it"]
