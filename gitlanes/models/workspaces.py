"""Workspaces, and what is found in them."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result


class Workspace(Result):
    """A lane's directory: ``lane`` is the lane's uuid, ``root`` the repository's own one."""

    lane: str
    name: str
    path: str
    git_dir: str
    root: bool
    base: str | None

    schema: ClassVar[str] = "workspace"


class Capture(Model):
    """A workspace's content at one moment, and what it is to be compared with.

    ``own`` are the commits that the agent made there, oldest first; ``moved`` says whether it
    put HEAD anywhere else than gitlanes did; ``whole`` is False when
    only some paths were asked for. ``merging`` is what a merge that is resolved, and not yet
    committed, brings in.
    """

    tree: str
    base: str
    head: str
    own: tuple[str, ...]
    whole: bool
    merging: str | None = None
    moved: bool = False


class Snapshot(Result):
    """A safety copy of a workspace: the world state's id and the ref that holds it."""

    id: str
    lane: str
    tree: str
    ref: str
    commit: str

    schema: ClassVar[str] = "snapshot"


class Following(Result):
    """What became of a bound lane's branch and files after the lane's head moved.

    ``remains`` says why the branch or the files do not agree with the head yet, and
    ``paths`` which files stand in the way.
    """

    followed: bool
    branch: str
    remains: str | None = None
    paths: tuple[bytes, ...] = ()

    schema: ClassVar[str] = "following"


class Removed(Result):
    """A workspace just removed; ``snapshot`` holds its unsaved work, if it had any."""

    lane: str
    snapshot: Snapshot | None

    schema: ClassVar[str] = "removed"
