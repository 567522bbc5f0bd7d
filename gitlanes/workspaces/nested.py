"""Repositories that lie whole in a workspace: they would be deleted with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gitlanes.errors import LanesError, Refused
from gitlanes.git import repo as places
from gitlanes.git import staging
from gitlanes.git.process import Git
from gitlanes.store import layout
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.models.workspaces import Workspace
    from gitlanes.store.lane_repo import LaneRepo


def require_none(repo: LaneRepo, workspace: Workspace) -> None:
    """Raise Refused for such a repository, ignored or not: of one git records its HEAD at most.

    Below a directory that is ignored as a whole, where builds fetch clones, only those count that
    have something of their own.
    """
    git, top = finding.git_in(repo, workspace), os.fsencode(workspace.path)
    ignored = ("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
    directories = [x for x in git.run(*ignored).out.split(b"\0")[:-1] if x.endswith(b"/")]
    whole = next((x for x in (*_seen(git), *directories) if _is_one(os.path.join(top, x))), None)
    if whole is None:
        below = (x for x in _below(top, directories) if _has_own(repo, os.path.join(top, x)))
        whole = next(below, None)
    if whole is not None:
        name = os.fsdecode(whole).rstrip("/")
        raise Refused(
            f"repository '{name}' in '{workspace.path}' exists only in this workspace",
            hint="move it to another place first",
        )


def _seen(git: Git) -> list[bytes]:
    """Return what git takes for a repository in the work tree: links, and what it does not enter.

    The last ones are directories that have no commit in the index.
    """
    rows = git.run("ls-files", "--stage", "-z").out.split(b"\0")
    links = [row.partition(b"\t")[2] for row in rows if row.startswith(b"160000")]
    return links + [path for _, path in staging.changed_files(git) if path.endswith(b"/")]


def _is_one(place: bytes) -> bool:
    return os.path.isdir(os.path.join(place, b".git"))


def _below(top: bytes, directories: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the directories below these that claim to be a work tree."""
    for directory in directories:
        for place, names, files in os.walk(os.path.join(top, directory)):
            if b".git" in names or b".git" in files:
                yield os.path.relpath(place, top)
            names[:] = [x for x in names if x != b".git"]


def _has_own(repo: LaneRepo, directory: bytes) -> bool:
    """Say whether a repository has edits, stashes, or commits that no remote of it has."""
    place = os.fsdecode(directory)
    try:
        found = places.find(place, repo.git.environ)
    except LanesError:
        return True
    if found.work_tree != os.path.realpath(place):
        return False  # it is none, and git found the workspace around it
    git = Git(found.git_dir, repo.git.environ, found.work_tree)
    if git.run("-c", "core.fsmonitor=false", "status", "--porcelain").out:
        return True
    if found.git_dir != found.common_dir:
        return False  # a work tree of another repository, which has the commits
    head = git.run("rev-parse", "--verify", "--quiet", "HEAD", check=False).text
    elsewhere = ("--not", "--remotes", "--tags") if git.run("remote").text else ()
    stash = git.run("rev-parse", "--verify", "--quiet", layout.STASH, check=False).text
    tips = [x for x in (head, stash) if x]
    return bool(git.run("rev-list", "-1", "--all", *tips, *elsewhere).text)
