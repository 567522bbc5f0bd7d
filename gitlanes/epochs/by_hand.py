"""What still holds a purged secret, and is not gitlanes' to change: told with the way out."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gitlanes.git import remotes
from gitlanes.git.refs import list_refs
from gitlanes.models.epochs import Remains
from gitlanes.store import layout

if TYPE_CHECKING:
    from gitlanes.epochs.scanning import Found
    from gitlanes.store.lane_repo import LaneRepo

# Where notes of a commit are in their tree.
_NOTE = re.compile(r"(?:[0-9a-f]{2}/)*[0-9a-f]{2,40}")
_FIELDS = "refname objectname *objectname worktreepath"


def remains(
    repo: LaneRepo, found: Found, now: Mapping[str, str], forgotten: Iterable[str]
) -> tuple[Remains, ...]:
    """Return what is left to people, in the order in which they should do it."""
    return (
        Remains("secret", "itself", "it has leaked: revoke it first, whatever else is done"),
        *_staged(found, now),
        *_refs(repo, found, now),
        *_elsewhere(repo, forgotten),
        Remains("objects", "old ones", _OBJECTS),
    )


_OBJECTS = (
    "while nothing else runs: git reflog expire --expire=now --all, which forgets where your "
    "branches were; then git gc --prune=now"
)


def _staged(found: Found, now: Mapping[str, str]) -> Iterator[Remains]:
    for oid, path in found.paths.items():
        if oid not in now and not _NOTE.fullmatch(path):
            how = "it is staged, and in no commit: git rm --cached it, without it in the file"
            yield Remains("file", path, how)


def _refs(repo: LaneRepo, found: Found, now: Mapping[str, str]) -> Iterator[Remains]:
    for row in list_refs(repo.git, [layout.ALL], _FIELDS):
        ref, oid, peeled, place = (os.fsdecode(x) for x in row)
        new = now.get(peeled or oid)
        if ref.startswith(layout.OURS) or (new is None and oid not in found.holding):
            continue
        if new is None:  # an annotated tag with it in its own message
            yield Remains("tag", ref, f"git update-ref -d {shlex.quote(ref)}, and tag anew")
            continue
        if ref.startswith(layout.BRANCHES):
            name = shlex.quote(layout.short_branch(ref))
            there = f"git -C {shlex.quote(place)} reset --keep {new}"
            yield Remains("branch", name, there if place else f"git branch --force {name} {new}")
        elif ref.startswith(layout.TAGS):
            name = shlex.quote(ref.removeprefix(layout.TAGS))
            yield Remains("tag", name, f"git tag --force {'-a ' if peeled else ''}{name} {new}")
        elif ref.startswith(layout.REMOTE_BRANCHES):
            remote, name = _remote_branch(repo, ref)
            lease = shlex.quote(f"--force-with-lease={name}:{oid}")
            there = shlex.quote(f"{new}:{layout.branch(name)}")
            yield Remains(
                "remote branch",
                f"{remote}/{name}",
                f"git push {lease} {shlex.quote(remote)} {there}",
            )
        else:
            yield Remains("ref", ref, f"git update-ref {shlex.quote(ref)} {new} {oid}")


def _remote_branch(repo: LaneRepo, ref: str) -> tuple[str, str]:
    """Return the remote, whose name may have a slash, and the branch there."""
    path = ref.removeprefix(layout.REMOTE_BRANCHES)
    fits = [x for x in remotes.names(repo.git) if path.startswith(f"{x}/")]
    remote = max(fits, key=len, default=path.partition("/")[0])
    return remote, path.removeprefix(f"{remote}/")


def _elsewhere(repo: LaneRepo, forgotten: Iterable[str]) -> Iterator[Remains]:
    holding = dict.fromkeys(map(layout.remote_of, forgotten))
    for remote in holding:
        how = f"git lanes push --purged {shlex.quote(remote)}; then have its old objects collected"
        yield Remains("remote", remote, how)
    if remotes.names(repo.git):
        how = "in each: git lanes purge of the same secret, then git lanes pull"
        yield Remains("clones", "of others", how)
