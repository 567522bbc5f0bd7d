"""A fresh clone that goes on with all lanes of the repository that it comes from."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, GitFailed, Refused
from gitlanes.exchange import pulling, sides
from gitlanes.git.process import in_the_terminal, require_paths
from gitlanes.lanes import lifecycle
from gitlanes.models.lanes import Adopted
from gitlanes.models.plain import replace
from gitlanes.models.remotes import Cloned, Pulled
from gitlanes.store import layout

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def clone(
    url: str, directory: str | None, where: str, environ: Mapping[str, str], *, quiet: bool = False
) -> str:
    """Clone a repository with git, below `where`; return the directory.

    Git talks to the user as it always does. Raises BadValue where no directory can be told, and
    GitFailed.
    """
    place = directory if directory is not None else _usual_directory(url)
    require_paths([url, place])
    how = ["--quiet"] if quiet else []
    code = in_the_terminal(["clone", *how, "--", url, place], environ, where)
    if code:
        raise GitFailed("git clone failed", hint="see what it says above")
    return os.path.join(where, place)


def begin(repo: LaneRepo, remote: str | None = None) -> tuple[Adopted, Pulled]:
    """Adopt a clone as the lanes of a remote have it; without any there, as `init` does.

    Where there are lanes already, this is `pull`. Raises Refused where the remote's own lane
    cannot be taken.
    """
    name, fresh = sides.choose(repo, remote), not repo.view.has_lanes()
    sides.fetch(repo, name)
    pulled = pulling.take(repo, name)
    if pulled.left and not repo.view.has_lanes():
        first = pulled.left[0]
        raise Refused(first.reason, hint=first.hint)
    for left in pulled.left:
        repo.warn(f"{left.reason}; {left.hint}")
    if not repo.view.has_lanes():
        return lifecycle.init(repo, layout.USUAL_NAME), pulled
    made = lifecycle.init(repo)
    following = dict(pulled.following)
    if (told := pulling.follow(repo, made.lane.name)) is not None:  # its directory is known now
        following[made.lane.name] = told
    lane = repo.view.lane(made.lane.name).record
    return replace(made, lane=lane, created=fresh), replace(pulled, following=following)


def cloned(repo: LaneRepo) -> Cloned:
    """Bring the lanes into a repository that was cloned just now; return what came."""
    made, _ = begin(repo)
    root = repo.root()
    lanes = tuple(x.record.name for x in repo.view.lanes())
    own = made.lane.name if made.path else None
    return Cloned(root[1] if root else repo.place.common_dir, lanes, own)


def _usual_directory(url: str) -> str:
    """Return the directory that git would take for a URL."""
    found = re.sub(r"(/\.git)?/*$", "", url.rstrip("/"))
    found = re.split(r"[/:]", found)[-1]
    found = re.sub(r"\.(git|bundle)$", "", found)
    if not found or found.startswith(("-", ".")):
        raise BadValue(f"no directory can be told from '{url}'", hint="name one behind it")
    return found
