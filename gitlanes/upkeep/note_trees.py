"""Checks of notes trees: several copies of a note, notes of commits that are not here."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.errors import LanesError
from gitlanes.git.notes import list_notes, tidied
from gitlanes.git.refs import RefMove, list_refs
from gitlanes.models.health import WARNING
from gitlanes.store import layout
from gitlanes.store.transaction import locked
from gitlanes.store.unrecorded import repair_refs
from gitlanes.upkeep.survey import Problem, Survey, problem

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_AT_ONCE = 500
_NAMED = 3


def copies(survey: Survey) -> Iterator[Problem]:
    """Find notes that lie at several places of their tree, as layouts of several writers leave."""
    for name, commits in _trees(survey):
        several = [x for x, number in Counter(commits).items() if number > 1]
        if several:
            yield problem(
                f"'{name}' has several copies of the notes of {_some(several)}",
                name,
                "join the lines of each at one place",
                partial(_joined, survey.repo, name, several),
                severity=WARNING,
            )


def dangling(survey: Survey) -> Iterator[Problem]:
    """Find notes of commits that are not in this repository."""
    repo = survey.repo
    if repo.own_settings.partial_clone:
        return  # they may be with the remote
    elsewhere = os.path.exists(os.path.join(repo.place.common_dir, "shallow"))
    elsewhere = elsewhere or bool(list_refs(repo.git, [layout.REMOTES], "refname"))
    for name, commits in _trees(survey):
        gone = sorted(_missing(repo, set(commits)))
        if not gone:
            continue
        what = f"'{name}' has notes of commits that are not here: {_some(gone)}"
        if elsewhere:
            hint = "pull the lanes that they are of, or see which clone has them"
            yield problem(what, name, hint, severity=WARNING)
            continue
        mend = "take them out; the history of that ref keeps them"
        action = partial(_dropped, repo, name, gone)
        yield problem(what, name, mend, action, severity=WARNING)


def _trees(survey: Survey) -> Iterator[tuple[str, list[str]]]:
    """Yield (ref, the commits that have notes there, once for each copy) of what can be read."""
    reader = survey.repo.refs
    for name in layout.NOTES.values():
        try:
            tip = reader.target(name)
            tree = reader.commit(tip).tree if tip else None
            yield name, [commit for commit, _ in list_notes(reader, tree)] if tree else []
        except (LanesError, ValueError):
            continue  # check 'note' tells of it


def _missing(repo: LaneRepo, commits: Iterable[str]) -> list[str]:
    every, found = list(commits), []
    for start in range(0, len(every), _AT_ONCE):
        some = every[start : start + _AT_ONCE]
        there = repo.refs.targets(some)  # people may have notes of other objects, too
        found += [x for x, at in zip(some, there, strict=True) if at is None]
    return found


def _some(commits: list[str]) -> str:
    named = ", ".join(x[:12] for x in commits[:_NAMED])
    return f"{named} and {len(commits) - _NAMED} more" if len(commits) > _NAMED else named


def _joined(repo: LaneRepo, name: str, commits: list[str]) -> str:
    _rewritten(repo, name, "join copies of notes", join=commits)
    return "joined them"


def _dropped(repo: LaneRepo, name: str, commits: list[str]) -> str:
    old = _rewritten(repo, name, "take out notes of commits that are not here", drop=commits)
    return f"took them out; they are in {old[:12]}"


def _rewritten(
    repo: LaneRepo, name: str, said: str, *, join: Iterable[str] = (), drop: Iterable[str] = ()
) -> str:
    """Put a notes ref at a commit on its present one, which is returned."""
    store, who = repo.objects, repo.identity()
    with locked(repo) as lock:
        old = str(repo.refs.target(name))
        tree = tidied(store, store.commit(old).tree, join=join, drop=drop)
        new = store.write_commit(
            tree, (old,), f"{said}\n", author=who.author, committer=who.committer
        )
        repair_refs(repo, [RefMove(name, old, new)], lock)
    return old
