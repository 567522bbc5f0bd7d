"""What is odd about lanes, for a person to look at; reads only, and says what helps."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import LanesError, line
from gitlanes.models.lanes import LaneFinding, LaneSummary
from gitlanes.models.records import Entry, Lane
from gitlanes.models.workspaces import Workspace
from gitlanes.store import layout
from gitlanes.workspaces import branches, finding
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_BACK = "the next command that changes the lane puts it back to {}"


def findings(
    repo: LaneRepo,
    entries: Sequence[Entry],
    heads: Mapping[str, str],
    journals: Collection[str],
    workspace: Workspace | None,
    known: branches.Known | None = None,
) -> tuple[LaneFinding, ...]:
    """Return what is odd about the live lanes of `entries`, and about the workspace told of.

    ``heads`` is ``{lane: where its head ref is}``, ``journals`` the names that have a journal,
    ``known`` what was read of a branch already.
    """
    lanes = [x.record for x in entries]
    moved = (
        x
        for lane in lanes
        if lane.head != heads.get(lane.name)
        for x in _moved(repo, lane, heads.get(lane.name))
    )
    return (
        *moved,
        *_without_journal(heads, journals),
        *branches.findings(repo, lanes, known),
        *_open_step(workspace),
    )


def gone(lanes: Iterable[LaneSummary]) -> Iterator[LaneFinding]:
    """Yield the workspaces whose directory somebody removed or moved."""
    for lane in lanes:
        if lane.path is not None and not os.path.isdir(lane.path):
            message = f"workspace of lane '{lane.name}' is gone: '{lane.path}'"
            yield LaneFinding("workspace-gone", lane.name, message, finding.when_gone(lane.name))


def _moved(repo: LaneRepo, lane: Lane, actual: str | None) -> Iterator[LaneFinding]:
    """Yield that somebody moved a head without its journal, and what will come of it."""
    from gitlanes.store import foreign  # hardly ever needed

    head, to = str(lane.head)[:12], str(actual)[:12]
    try:
        how = foreign.relation(repo, lane, actual)
        lost = (
            foreign.journal_moved_back(repo, lane, str(actual)) if how == "journal-back" else None
        )
    except LanesError as error:
        yield LaneFinding("head-unknown", lane.name, error.message, error.hint)
        return
    if lost is not None:
        yield LaneFinding("journal-back", lane.name, lost.message, lost.hint)
        return
    said, hint = {
        foreign.FORWARD: (
            f"moved forward to {to}",
            "the next command that changes the lane imports what it has as an attempt",
        ),
        foreign.BACK: (f"moved back to {to}", _BACK.format(head)),
        foreign.DELETED: ("deleted", _BACK.format(head)),
        foreign.DIVERGED: (
            f"moved to {to}, off the lane's history,",
            f"the next command that changes the lane keeps both: the head goes back to {head}",
        ),
    }.get(how, (f"put at {to}, which is no commit here", _BACK.format(head)))
    message = f"head of lane '{lane.name}' was {said} outside gitlanes"
    yield LaneFinding(f"head-{how}", lane.name, message, hint)


def _without_journal(heads: Mapping[str, str], journals: Collection[str]) -> Iterator[LaneFinding]:
    for name in sorted(heads.keys() - journals):
        shown = line(name, 60)
        yield LaneFinding(
            "journal-missing",
            name,
            f"journal of lane '{shown}' is missing, though the lane's head is there",
            layout.how_to_find_journal(shown),
        )


def _open_step(workspace: Workspace | None) -> Iterator[LaneFinding]:
    state = states.read(workspace.git_dir) if workspace else None
    if state is None or state.step is None:
        return
    yield LaneFinding(
        "step-open",
        state.name,
        f"a step on this workspace was interrupted or is under way: {state.step.kind}",
        "the next command that works on it mends it",
    )
