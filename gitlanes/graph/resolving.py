"""Going on with a sync once people have resolved what it stopped at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Raced, Refused
from gitlanes.git import index
from gitlanes.graph import agents, conflicts, contents, laying, marking, recording, sync
from gitlanes.graph.asking import Agent, Handler
from gitlanes.graph.grounds import Basis
from gitlanes.graph.laying import Course, Laid
from gitlanes.graph.marking import Stopped
from gitlanes.graph.settling import settle_by
from gitlanes.models.plain import plain, replace
from gitlanes.models.records import LaneState
from gitlanes.models.sync import AGENT, ConflictPath, Synced
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import capture, claims, finding, moving, updating
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def go_on(
    repo: LaneRepo,
    lane: str | None = None,
    *,
    expect: str | None = None,
    by: str | None = None,
    handler: Handler | None = None,
) -> Synced:
    """Take the workspace's files for the paths in conflict, and lay the rest of the lane on that.

    Files of other paths stay as unsaved work. Raises Refused while markers are left, Collision
    where a later attempt collides: that is laid out then.
    """
    check_expected(expect)
    name = finding.lane_or_present(repo, lane).record.name
    workspace = finding.require_workspace(repo, repo.view.lane(name).record)
    with capture.held(repo, workspace) as hold:
        state = repo.view.lane(name)
        require_commit(f"lane '{name}'", state.record.head, expect)
        stopped = marking.read(repo, state)
        claims.require_own(repo, hold.state, agent=by)
        _require_ready(repo, hold, state, stopped)
        tree = _resolved(repo, hold, state.tip, stopped)
        basis = _basis(repo, state, stopped)
        course = _course(repo, basis, stopped, tree, handler)
        made = _carried_out(repo, hold, basis, stopped, course, by)
        along = sync.go_along(repo, hold)
    if isinstance(made, Stopped):
        raise sync.refusal(repo, basis, course, laid_out=True)
    order = sync.Order(strategy=stopped.strategy)
    return replace(sync.synced(basis, order, course, made), head=made.head, workspace=along)


def _require_ready(repo: LaneRepo, hold: capture.Held, state: LaneState, stopped: Stopped) -> None:
    name = state.record.name
    if state.record.head != stopped.head:
        raise Refused(
            f"lane '{name}' has moved since its conflict",
            hint=f"give that up and sync again: git lanes conflict abandon {name}",
        )
    if hold.state.base != conflicts.below(repo, stopped):
        raise Refused(
            f"the conflict of lane '{name}' is not laid out in its workspace",
            hint=f"lay it out first: git lanes conflict start {name}",
        )
    updating.require_settled(hold)
    updating.require_no_commits(repo, hold, conflicts.below(repo, stopped))


def _resolved(repo: LaneRepo, hold: capture.Held, tip: str, stopped: Stopped) -> str:
    """Return the tree of the attempt as people resolved it; raises Refused where some is left."""
    from gitlanes.git.trees import overlay

    files = repo.objects.commit(stopped.files).tree
    paths = list(dict.fromkeys(x for one in stopped.paths for x in (one.path, one.other) if x))
    beside = [x.beside for x in stopped.paths if x.beside]
    top = os.fsencode(hold.workspace.path)
    directories = [x for x in paths if index.is_directory(os.path.join(top, x))]
    hold.stage_more([x for x in (*paths, *beside) if x not in directories])
    hold.unstage(directories)
    staged = index.staged_entries(hold.git, hold.index, [*paths, *beside])
    left = [x for x in beside if x in staged]
    left += [x.path for x in stopped.paths if _is_marked(repo, x, staged.get(x.path))]
    if left:
        raise Refused(
            f"not resolved yet: {_names(left)}",
            hint="take the markers out, and remove files beside once that is decided",
            data={"left": plain(left)},
        )
    _keep_staged(hold, tip)
    edits = {x: staged.get(x) for x in paths if x in staged or _is_file(repo, files, x)}
    gone = {x: None for x in beside if _is_file(repo, files, x)}
    try:
        return overlay(repo.objects, files, {**edits, **gone})
    except BadValue as error:
        raise Refused(error.message, hint="remove what lies where a directory is to be") from error


def _names(paths: list[bytes]) -> str:
    """Return the first few of these, quoted."""
    return ", ".join(f"'{plain(x)}'" for x in paths[:5])


def _keep_staged(hold: capture.Held, tip: str) -> None:
    """Let what is resolved be staged in the workspace, as `git add` does it."""
    # The step names the lock; its operation is none, so a kill here is as if nothing had begun.
    hold.begin(states.Step(states.MOVE, tip=tip, locks=moving.locks_of(hold)))
    installed = hold.install_index()
    hold.done()
    if not installed:
        raise Raced("the workspace's index was written meanwhile", hint="repeat the command")


def _is_marked(repo: LaneRepo, path: ConflictPath, found: tuple[str, str] | None) -> bool:
    if found is None or found[0] == "160000":
        return False
    known = [x for x in (path.base, path.lane, path.parent) if x and x.mode != "160000"]
    return contents.has_markers(
        repo.objects.blob(found[1]), [repo.objects.blob(x.oid) for x in known]
    )


def _is_file(repo: LaneRepo, tree: str, path: bytes) -> bool:
    entry = repo.objects.entry(tree, path)
    return entry is not None and not entry[0].endswith("40000")


def _basis(repo: LaneRepo, state: LaneState, stopped: Stopped) -> Basis:
    """Return what is laid on what, as it was when the sync stopped."""
    commits: list[str] = []
    commit = stopped.head
    while commit != stopped.commit:
        commits.append(commit)
        commit = repo.objects.commit(commit).parents[0]
    return Basis(state, (), tuple(reversed(commits)), stopped.ground, stopped.onto)


def _course(
    repo: LaneRepo, basis: Basis, stopped: Stopped, tree: str, handler: Handler | None
) -> Course:
    """Lay the rest on what people resolved."""
    asked = stopped.strategy == AGENT and (handler or agents.is_configured(repo))
    agent = Agent(repo, handler) if asked else None  # a handler of the sync is not here any more
    store = repo.objects
    below = store.commit(conflicts.below(repo, stopped)).tree
    resolved = Laid(stopped.commit, tree, "" if tree == below else None, decided=True)
    done = (*stopped.laid, resolved)
    settle = settle_by(repo, stopped.strategy, agent.about(basis) if agent else None)
    total = len(done) + len(basis.own)
    return laying.lay(repo, basis.own, tree, settle, done=done, total=total)


def _carried_out(
    repo: LaneRepo,
    hold: capture.Held,
    basis: Basis,
    stopped: Stopped,
    course: Course,
    by: str | None,
) -> recording.Outcome | Stopped:
    """Write it all down; the workspace goes on to the new head, or to the next conflict."""
    name = basis.lane.record.name
    with transaction(repo, "sync", actor=by) as tx:
        if repo.view.again(basis.lane) != [basis.lane]:
            raise Raced(f"lane '{name}' moved meanwhile", hint="repeat the command")
        laid = recording.write(tx, basis.ground, course.laid)
        resolved = laid[len(stopped.laid)].commit or conflicts.below(repo, stopped)
        if course.stop is not None:
            made = sync.stop(tx, basis, course, laid, stopped.strategy)
            base = conflicts.below(repo, made)
            updating.mark(hold, tx, basis.lane.tip, old=resolved, new=made.files, base=base)
            return made
        outcome = sync.finish(tx, basis, laid)
        tx.description = f"sync {name} with {', '.join(basis.names)}"
        blocking = moving.blocking(repo, hold, resolved, str(outcome.head))
        if blocking:
            hint = f"move {_names(blocking)} away, then repeat"
            raise updating.in_the_way(hold.workspace, blocking, hint)
        updating.mark(hold, tx, basis.lane.tip, old=resolved, new=str(outcome.head))
    return outcome
