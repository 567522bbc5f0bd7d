"""Who touches the same paths right now: lanes' landed-to-be and unsaved work, pair by pair."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.combine.changes import Clash, changes_since
from gitlanes.combine.collisions import case_clashes, content_clashes, directory_clashes, fold
from gitlanes.errors import GitFailed, Refused
from gitlanes.git.trees import Change
from gitlanes.landing.bases import bases_for
from gitlanes.models.overlap import Overlap, Pair, SharedPath
from gitlanes.models.plain import Model
from gitlanes.models.records import ACTIVE, RENAMED, Lane, LaneState
from gitlanes.models.workspaces import Workspace
from gitlanes.store import layout
from gitlanes.workspaces import edits, finding
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

Changes = dict[bytes, Change]
Answer = Callable[[], list[tuple[str, bytes]]]


class Touched(Model):
    """What one lane touches, and the tree in which its other paths are."""

    lane: str
    changes: Changes
    tree: str


def overlap(repo: LaneRepo, lanes: Sequence[str] = ()) -> Overlap:
    """Return which active lanes touch the same paths; takes no lock and writes nothing.

    A lane touches what its accepted head, its open attempts and its workspace change since its
    base towards its default target. One name: that lane beside all others; several: those among
    themselves. Paths that two lanes brought to the same accepted result are no overlap.
    """
    repo.view.require_adopted()
    for name in lanes:
        repo.view.lane(name)
    known = [x for x in repo.view.lanes(deleted=True) if x.record.status != RENAMED]
    live = [x for x in known if x.record.status == ACTIVE]
    looked_at = [x for x in live if len(lanes) < 2 or x.record.name in lanes]
    touched = _touched(repo, looked_at, {x.record.uuid: x for x in known})
    pairs = [
        Pair(a.lane, b.lane, shared)
        for a, b in _candidates(touched)
        if (not lanes or a.lane in lanes or b.lane in lanes)
        and (shared := shared_paths(repo, a, b))
    ]
    counts = {x.lane: len(x.changes) for x in touched}
    return Overlap(tuple(x.lane for x in touched), counts, tuple(pairs))


def shared_paths(repo: LaneRepo, a: Touched, b: Touched) -> tuple[SharedPath, ...]:
    """Return the paths on which two lanes are in each other's way, by path."""
    clashes: list[Clash] = content_clashes(a.changes, b.changes)
    clashes += directory_clashes(a.changes, b.changes)
    clashes += case_clashes(
        {path: change for path, change in a.changes.items() if path not in b.changes},
        {path: change for path, change in b.changes.items() if path not in a.changes},
        _holds(repo, a),
        _holds(repo, b),
    )
    found = {SharedPath(x.path, x.kind, x.other) for x in clashes}
    return tuple(sorted(found, key=lambda x: (x.path, x.kind, x.other or b"")))


def _holds(repo: LaneRepo, touched: Touched) -> Callable[[bytes], bool]:
    """Return what says whether a lane has a file or a directory at a path."""

    def holds(path: bytes) -> bool:
        inside = path + b"/"
        kept = (x for x, change in touched.changes.items() if change[1] is not None)
        if any(x == path or x.startswith(inside) for x in kept):
            return True
        return path not in touched.changes and repo.objects.entry(touched.tree, path) is not None

    return holds


def _touched(
    repo: LaneRepo, lanes: Sequence[LaneState], every: dict[str, LaneState]
) -> list[Touched]:
    """Return what each lane touches; git looks at a few workspaces at a time meanwhile."""
    places = {x.lane_uuid: x for x in finding.every(repo) if os.path.isdir(x.path)}
    adopted = next((x for x in every.values() if x.record.extra.get("adopted")), None)
    answers = _unsaved(repo, [places.get(x.record.uuid) for x in lanes])
    found = []
    for state, answer in zip(repo.counted("looking at lanes", lanes), answers, strict=True):
        target = every.get(state.record.parent or "", adopted)
        place = places.get(state.record.uuid)
        changes = _accepted(repo, state, target, every)
        changes.update(_offered(repo, state.record, place))
        changes.update(_as_changes(state.record.name, answer()))
        found.append(Touched(state.record.name, changes, _tree(repo, state.record.head)))
    return found


def _unsaved(repo: LaneRepo, places: Sequence[Workspace | None]) -> Iterator[Answer]:
    """Yield what answers with each workspace's unsaved files, a few asked for ahead of time."""
    ahead = max(2, os.cpu_count() or 2)
    asked: list[Answer] = []
    for number in range(len(places)):
        for place in places[len(asked) : number + ahead]:
            asked.append(_ask(repo, place) if place else list)
        yield asked[number]


def _ask(repo: LaneRepo, place: Workspace) -> Answer:
    """Ask one; what cannot be read is left out with a warning, but for one that went meanwhile."""

    def left_out(error: GitFailed) -> list[tuple[str, bytes]]:
        if os.path.isdir(place.path):
            repo.warn(f"workspace of lane '{place.lane}' is left out: {error.message}")
        return []

    try:
        question = edits.ask_unsaved(repo, place)
    except GitFailed as error:
        return partial(left_out, error)

    def answer() -> list[tuple[str, bytes]]:
        try:
            return question()
        except GitFailed as error:
            return left_out(error)

    return answer


def _accepted(
    repo: LaneRepo, state: LaneState, target: LaneState | None, every: dict[str, LaneState]
) -> Changes:
    """Return what a lane's accepted head would bring its target."""
    lane = state.record
    if target is None or target.record.uuid == lane.uuid:
        return {}
    try:
        bases = bases_for(repo, state, target, lambda: [*every.values()])
    except Refused:  # no common history: all that came since its start
        bases = (str(lane.fork),)
    trees = [_tree(repo, x) for x in bases]
    return dict(changes_since(repo.objects, repo.git, trees, _tree(repo, lane.head)))


def _offered(repo: LaneRepo, lane: Lane, place: Workspace | None) -> Changes:
    """Return what open attempts change, and commits that the agent made in the workspace."""
    found: Changes = {}
    for attempt in lane.open:
        if attempt.promotion is None and attempt.base:
            found.update(_between(repo, attempt.base, attempt.tree))
    state = states.read(place.git_dir) if place and not place.root else None
    if place is None or state is None or state.base is None:
        return found
    head = repo.refs.target(layout.worktree_head(Path(place.git_dir).name))
    if head is not None and head not in (state.base, state.head):
        found.update(_between(repo, state.base, _tree(repo, head)))
    return found


def _between(repo: LaneRepo, base: str, tree: str) -> Changes:
    return dict(changes_since(repo.objects, repo.git, [_tree(repo, base)], tree))


def _as_changes(lane: str, unsaved: Sequence[tuple[str, bytes]]) -> Changes:
    """Return unsaved files as changes whose results are like no other lane's."""
    found: Changes = {}
    for status, name in unsaved:
        if status == "AD":  # added to the index, and gone again
            continue
        gone = "D" in status and "U" not in status
        found[name.rstrip(b"/")] = (None, None if gone else ("unsaved", lane))
    return found


def _tree(repo: LaneRepo, commit: str | None) -> str:
    return repo.objects.commit(str(commit)).tree


def _candidates(touched: Sequence[Touched]) -> Iterator[tuple[Touched, Touched]]:
    """Yield the pairs that share anything at all, so that a thousand lanes are not all compared.

    They have a path in common, or a file of one is a directory of the other, but for spelling.
    """
    places: dict[bytes, dict[int, set[bytes]]] = defaultdict(lambda: defaultdict(set))
    for number, one in enumerate(touched):
        for path in one.changes:
            places[fold(path)][number].add(path)
            parts = path.split(b"/")
            for end in range(1, len(parts)):
                above = b"/".join(parts[:end])
                places[fold(above)][number].add(above + b"/")
    pairs = {
        pair
        for lanes in places.values()
        if len(lanes) > 1
        for pair in combinations(sorted(lanes), 2)
        if lanes[pair[0]] | lanes[pair[1]] != lanes[pair[0]] & lanes[pair[1]]
        or not all(x.endswith(b"/") for x in lanes[pair[0]])
    }
    for a, b in sorted(pairs):
        yield touched[a], touched[b]
