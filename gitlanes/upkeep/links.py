"""Checks of what git keeps of a work tree: where it is, its `.git` file, HEAD and index."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.git import worktrees
from gitlanes.upkeep.survey import Problem, Spot, Survey, named, problem
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_HEAD = re.compile(rb"(ref: .+|[0-9a-f]{40})\n?")


def broken(survey: Survey) -> Iterator[Problem]:
    """Find workspaces that git does not find, or cannot read."""
    for spot, state in survey.known:
        if spot.workspace.root or not spot.idle:
            continue
        if spot.gone:
            yield from _moved(survey.repo, spot)
            continue
        if not _leads_to(spot.path, spot):
            yield _astray(survey.repo, spot)
        head, index = (os.path.join(spot.git_dir, x) for x in ("HEAD", "index"))
        commit = state.head or state.base
        if not _HEAD.fullmatch(_content(head) or b"") and commit is not None:
            way = f"put it back: echo {commit} >{shlex.quote(head)}"
            yield problem(f"HEAD of {named(spot)} is damaged", head, way)
        if not _is_sound(_content(index)):
            there = shlex.quote(index)
            way = f"make it anew, there: mv {there} {there}.damaged && git reset"
            yield problem(f"the index of {named(spot)} is damaged", index, way)


def place_of(repo: LaneRepo, spot: Spot) -> str | None:
    """Return where a workspace lies whose directory git does not find, if beside others."""
    near = os.path.dirname(finding.default_path(repo, "x"))
    places = dict.fromkeys((near, os.path.dirname(spot.path)))
    found = [
        path
        for place in places
        if os.path.isdir(place)
        for path in (os.path.join(place, x) for x in sorted(os.listdir(place)))
        if _leads_to(path, spot)
    ]
    return found[0] if len(found) == 1 else None  # copies: nobody knows which of them it is


def _leads_to(path: str, spot: Spot) -> bool:
    """Say whether the `.git` file at a path is that of a work tree."""
    owner = worktrees.owner_of(path)
    there = owner and os.path.realpath(os.path.join(path, owner))
    return there == os.path.realpath(spot.git_dir)


def _astray(repo: LaneRepo, spot: Spot) -> Problem:
    link = os.path.join(spot.path, ".git")
    if not os.path.lexists(link):
        what, mend = f"{named(spot)} has lost its '.git' file", "write it anew"
        action = partial(_repaired, repo)  # of a path git wants to read that file
        return problem(what, spot.path, f"{mend}, as 'git worktree repair' does", action)
    aside = shlex.quote(link)
    return problem(
        f"'{link}' is not that of {named(spot)}",
        spot.path,
        f"move it away (mv {aside} {aside}.other), then run 'git lanes doctor --fix'",
    )


def _moved(repo: LaneRepo, spot: Spot) -> Iterator[Problem]:
    place = place_of(repo, spot)
    if place is not None:
        yield problem(
            f"{named(spot)} is at '{place}', and git looks for it at '{spot.path}'",
            place,
            "tell git, as 'git worktree repair' does",
            partial(_repaired, repo, place),
        )


def _repaired(repo: LaneRepo, *paths: str) -> str:
    worktrees.repair(repo.git, *paths)
    return "ran 'git worktree repair'"


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _is_sound(index: bytes | None) -> bool:
    """Say whether that is an index by its first and last bytes; none at all is one without files.

    See gitformat-index(5); a checksum of zeros was not computed.
    """
    if index is None:
        return True
    body, digest = index[:-20], index[-20:]
    known = len(index) >= 32 and index.startswith(b"DIRC")
    return known and (not any(digest) or hashlib.sha1(body).digest() == digest)
