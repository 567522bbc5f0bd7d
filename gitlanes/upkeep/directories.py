"""Checks of workspaces: half-done steps, directories gone, left over or not ours."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes import clock
from gitlanes.errors import Refused
from gitlanes.gates.scratch import is_scratch
from gitlanes.git import worktrees
from gitlanes.models.health import WARNING
from gitlanes.models.plain import replace
from gitlanes.store.transaction import locked
from gitlanes.upkeep import links
from gitlanes.upkeep.survey import Problem, Spot, Survey, named, problem, saying
from gitlanes.workspaces import binding, capture, claims, finding, removal
from gitlanes.workspaces import state as states
from gitlanes.workspaces.pool import is_pooled

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Between an operation and the step after it nobody holds a lock for a moment.
_MOMENT = 0.3
_MOVED = "was moved along with the repository"
_MOVE = "move it elsewhere (a copy: delete it, or its '.git' file): here the workspaces of lanes go"


def workspace_states(survey: Survey) -> Iterator[Problem]:
    """Find workspaces whose own record is damaged, and the repository's where it is missing."""
    root = survey.repo.root()
    for spot in survey.spots:
        if spot.fault is not None:
            yield problem(
                f"{spot.fault.message}: '{spot.path}' is no workspace until that is mended",
                spot.path,
                spot.fault.hint
                if root and spot.git_dir == root[0]
                else f"keep what you need of it, run 'git worktree remove --force --force "
                f"{spot.path}', then 'git lanes workspace create'",
            )
    if root is None or any(spot.git_dir == root[0] for spot in survey.spots):
        return
    adopted = next((x for x in survey.live if x.bound and x.extra.get("adopted")), None)
    if adopted is not None:
        yield problem(
            f"'{root[1]}' has lost the record that it is lane '{adopted.name}'",
            root[1],
            "write it anew, as 'git lanes init' does",
            partial(_remembered, survey.repo),
        )


def _remembered(repo: LaneRepo) -> str:
    from gitlanes.lanes.lifecycle import init

    init(repo)
    return "wrote it anew"


def stale_claims(survey: Survey) -> Iterator[Problem]:
    """Find workspaces that are claimed by an agent that is gone."""
    for spot, state in survey.known:
        reason = claims.stale_reason(state.owner) if state.owner else None
        if state.owner is None or reason is None or spot.gone:
            continue
        yield problem(
            f"{named(spot)} is claimed by '{state.owner.agent}', but {reason}",
            spot.path,
            "release it",
            partial(_released, survey.repo, spot),
        )


def _released(repo: LaneRepo, spot: Spot) -> str:
    with capture.held(repo, spot.workspace, timeout=0) as hold:
        owner = hold.state.owner
        if owner is None or claims.stale_reason(owner) is None:
            return "it was released, or claimed anew, meanwhile"
        hold.note(replace(hold.state, owner=None))
    return "released it"


def steps(survey: Survey) -> Iterator[Problem]:
    """Find workspaces whose files, index or HEAD were being changed when the command died."""
    found = [(x, state) for x, state in survey.known if state.step and x.idle and survey.idle]
    if found:
        clock.sleep(_MOMENT)
    for spot, state in found:
        if not spot.idle or states.read(spot.git_dir) != state or state.step is None:
            continue
        kind = state.step.kind
        if spot.gone and kind != states.REMOVE:
            continue
        yield problem(
            f"a step on {named(spot)} was interrupted: {kind}",
            spot.path,
            "finish it, or undo it if its operation did not happen",
            partial(_finished, survey.repo, spot),
        )


def half_provisioned(survey: Survey) -> Iterator[Problem]:
    """Find workspaces whose setting up was interrupted."""
    for spot, state in survey.known:
        if state.given is None or not state.given.begun or state.step or spot.gone:
            continue
        if spot.idle and states.read(spot.git_dir) == state:
            yield problem(
                f"{named(spot)} was not set up to its end",
                spot.path,
                f"go on with 'git lanes workspace provision {spot.workspace.lane}', or remove it",
                severity=WARNING,
            )


def _finished(repo: LaneRepo, spot: Spot) -> str:
    state = states.read(spot.git_dir)
    step = state.step if state else None
    if step and step.kind == states.REMOVE and spot.gone:
        with removal.removing(repo, spot.workspace, force=False):
            pass  # the directory is gone: the rest of it goes, too
        return "removed what was left of it"
    with saying(repo) as said:
        if step and step.kind == states.FOLLOW:
            binding.follow(repo, spot.workspace.lane)
        else:
            with capture.held(repo, spot.workspace, timeout=0):
                pass  # whoever takes hold of a workspace finishes its step
    after = states.read(spot.git_dir)
    if after and after.step:
        raise Refused("it cannot be finished just now", hint=_why_not(spot))
    return said[0] if said else "finished it"


def _why_not(spot: Spot) -> str:
    doing = worktrees.in_progress(spot.git_dir)
    if doing:
        return f"finish the {doing} in '{spot.path}' first"
    return f"go to branch '{spot.workspace.lane}' in '{spot.path}', then run it again"


def missing(survey: Survey) -> Iterator[Problem]:
    """Find workspaces whose directory is gone."""
    for spot, state in survey.known:
        if not spot.gone or not spot.idle or (state.step and state.step.kind == states.REMOVE):
            continue
        if links.place_of(survey.repo, spot) is not None:
            continue
        what = f"{named(spot)} is gone: '{spot.path}'"
        if not os.path.isdir(os.path.dirname(spot.path)):
            hint = "mount it again if it is on another disk, or remove it with "
            yield problem(
                what, spot.path, f"{hint}'git lanes workspace remove {spot.workspace.id}'"
            )
            continue
        yield problem(
            what,
            spot.path,
            "forget it, with what its index and HEAD hold in a snapshot; "
            "if it was moved, run 'git worktree repair' there instead",
            partial(_forgotten, survey.repo, spot),
        )


def _forgotten(repo: LaneRepo, spot: Spot) -> str:
    with removal.removing(repo, spot.workspace, force=False) as saved:
        pass
    kept = f"; what its index and HEAD held is in snapshot {saved.id}" if saved else ""
    return f"forgot it{kept}; make it anew with 'git lanes workspace create'"


def orphaned(survey: Survey) -> Iterator[Problem]:
    """Find workspaces whose lane is deleted, or not known here."""
    for spot, state in survey.known:
        lane = survey.lane(state.lane)
        if lane is not None and lane.live:
            continue
        if spot.gone or spot.workspace.root or not spot.idle or not survey.idle:
            continue
        if lane is None and state.name in survey.unreadable:
            continue  # once its journal is mended, it is a lane's
        if lane is None:
            yield problem(
                f"workspace '{spot.path}' is of lane '{state.name}', which is not known here",
                spot.path,
                "fetch that lane, or keep what you need and run "
                "'git worktree remove --force --force' on it",
            )
            continue
        what = f"workspace '{spot.path}' is of lane '{state.name}', which is deleted"
        mend = "remove it, with its unsaved work in a snapshot"
        action = partial(_removed, survey.repo, spot)
        yield problem(what, spot.path, mend, action, question=f"{what}: {mend}?")


def _removed(repo: LaneRepo, spot: Spot) -> str:
    with removal.removing(repo, spot.workspace, force=True) as saved:
        pass
    return "removed it" + (f"; its unsaved work is in snapshot {saved.id}" if saved else "")


def foreign(survey: Survey) -> Iterator[Problem]:
    """Find what lies among the workspaces and is none, and lanes that have two."""
    seen: dict[str, str] = {}
    for spot, state in survey.known:
        if spot.workspace.detached or spot.gone:
            continue
        other = seen.setdefault(state.lane, spot.path)
        if other != spot.path:
            yield problem(
                f"lane '{state.name}' has two workspaces: '{other}' and '{spot.path}'",
                spot.path,
                "keep what you need of one of them, then run "
                "'git worktree remove --force --force' on it",
            )
    yield from _intruders(survey)


def _intruders(survey: Survey) -> Iterator[Problem]:
    """Find work trees where workspaces go that are none of this repository's."""
    repo = survey.repo
    place = os.path.dirname(finding.default_path(repo, "x"))
    ours = {os.path.realpath(spot.path) for spot in survey.spots}
    for name in sorted(os.listdir(place)) if os.path.isdir(place) else ():
        path = os.path.join(place, name)
        if os.path.realpath(path) in ours or name.endswith(".removing~") or is_scratch(path):
            continue
        if is_pooled(path) and os.path.isdir(worktrees.owner_of(path) or ""):
            continue
        what = _intruder(repo, path)
        if what:
            hint = f"run 'git worktree repair {shlex.quote(path)}'" if what == _MOVED else _MOVE
            yield problem(f"'{path}' {what}", path, hint, severity=WARNING)


def _intruder(repo: LaneRepo, path: str) -> str:
    """Say what kind of work tree that is, if it is one and there is anything to say."""
    owner, common = worktrees.owner_of(path), repo.place.common_dir
    if owner and os.path.dirname(os.path.realpath(owner)) == os.path.realpath(
        os.path.join(common, "worktrees")
    ):
        tree = worktrees.at(common, os.path.basename(owner))
        if tree and not os.path.lexists(tree.path):
            return ""  # it was moved, which is told of as that
        if tree and os.path.realpath(tree.path) != os.path.realpath(path):
            return f"is a copy of '{tree.path}': git in it works on the other's index"
        return "is a work tree of this repository, and no lane's workspace"
    if repo.settings.path("lanes.workspaceRoot"):
        return ""  # a place of the user's own, where other repositories may be at home
    if owner and not os.path.isdir(owner) and worktrees.at(common, os.path.basename(owner)):
        return _MOVED
    whole = os.path.isdir(os.path.join(path, ".git"))
    return "belongs to another repository" if owner or whole else ""


def unlocked(survey: Survey) -> Iterator[Problem]:
    """Find workspaces that git would forget: not locked any more."""
    for spot, state in survey.known:
        if spot.workspace.root or os.path.exists(os.path.join(spot.git_dir, "locked")):
            continue
        lane = survey.lane(state.lane)
        if lane is None or not lane.live:
            continue
        yield problem(
            f"{named(spot)} is not locked: a 'git worktree prune' may forget it",
            spot.path,
            "lock it again",
            partial(_locked_again, survey.repo, spot),
            severity=WARNING,
        )


def _locked_again(repo: LaneRepo, spot: Spot) -> str:
    with locked(repo):
        Path(spot.git_dir, "locked").write_text(f"workspace of lane {spot.workspace.lane}\n")
    return "locked it"
