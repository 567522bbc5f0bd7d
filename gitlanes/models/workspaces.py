"""Workspaces, and what is found in them."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.plain import NOTHING, Model, Result


class Owner(Model):
    """Who claimed a workspace: an agent, perhaps with the process whose life the claim shares.

    ``since`` and ``until`` are times, the second None for a claim without a lease. ``host`` and
    ``boot`` say where it was made, ``space`` what numbered the processes there. ``started`` marks
    when process ``pid`` began.
    """

    agent: str
    since: str
    until: str | None
    host: str
    boot: str | None = None
    space: str | None = None
    pid: int | None = None
    started: str | None = None


class Given(Model):
    """What a workspace was given; ``begun`` while that is under way, or was interrupted.

    ``copies`` has the SHA-256 of each copied file, ``links`` and ``clones`` are paths. ``made``
    says for paths that commands made by which command, and of which inputs: a digest of both, ''
    until it is made.
    ``ports`` are those that are leased, by variable.
    """

    begun: bool = False
    copies: dict[str, str] = NOTHING
    links: tuple[str, ...] = ()
    clones: tuple[str, ...] = ()
    made: dict[str, str] = NOTHING
    ports: dict[str, int] = NOTHING

    @property
    def brought(self) -> tuple[str, ...]:
        """Return the paths that are no part of any attempt."""
        return (*self.copies, *self.links, *self.clones, *self.made)


class Workspace(Result):
    """The directory of ``lane``, whose uuid is ``lane_uuid``; ``root`` is the repository's own.

    ``detached`` is its id where it is for looking only (``auth@2``), None for the lane's own.
    ``owner`` is who claimed it, whether that still holds or not, ``ports`` are those that it has
    for its own, by the variable that names each.
    """

    lane: str
    lane_uuid: str
    path: str
    git_dir: str
    root: bool
    base: str | None
    detached: str | None = None
    owner: Owner | None = None
    ports: dict[str, int] = NOTHING

    schema: ClassVar[str] = "workspace"

    @property
    def id(self) -> str:
        """What commands call it: the lane's name, or the id of a detached one."""
        return self.detached or self.lane

    @property
    def kind(self) -> str:
        """'root', 'lane' or 'detached'."""
        if self.root:
            return "root"
        return "detached" if self.detached else "lane"


class Capture(Model):
    """A workspace's content at one moment, and what it is to be compared with.

    ``own`` are the commits that the agent made there, oldest first; ``moved`` says whether it
    put HEAD anywhere else than gitlanes did; ``whole`` is False when
    only some paths were asked for. ``merging`` is what a merge that is resolved, and not yet
    committed, brings in. ``skipped`` counts the untracked paths that ``lanes.exclude`` kept out,
    ``secret`` are the files that ``lanes.secretFiles`` did.
    """

    tree: str
    base: str
    head: str
    own: tuple[str, ...]
    whole: bool
    merging: str | None = None
    moved: bool = False
    skipped: int = 0
    secret: tuple[bytes, ...] = ()


class Snapshot(Result):
    """A safety copy of a workspace: the world state's id and the ref that holds it.

    ``reason`` is why it was taken, if that was told. ``skipped`` is how many untracked paths
    ``lanes.exclude`` kept out then, ``secret`` which files ``lanes.secretFiles`` did.
    """

    id: str
    lane: str
    tree: str
    ref: str
    commit: str
    skipped: int = 0
    secret: tuple[bytes, ...] = ()
    reason: str | None = None

    schema: ClassVar[str] = "snapshot"


class Kept(Result):
    """A snapshot with when it was taken and why, and what the workspace's HEAD was then.

    ``staged`` is a commit of what only the index had. ``files`` are (action, path) of what
    differs from ``base``: 'added', 'modified' or 'deleted'; empty in listings.
    """

    id: str
    lane: str
    tree: str
    ref: str
    commit: str
    time: str
    base: str | None
    staged: str | None
    files: tuple[tuple[str, bytes], ...] = ()
    reason: str | None = None

    schema: ClassVar[str] = "snapshot"


class Pruned(Result):
    """Snapshots that are no more."""

    snapshots: tuple[Snapshot, ...]

    schema: ClassVar[str] = "pruned"


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


class Moved(Result):
    """A workspace brought to another state: ``state`` is that commit or tree, ``base`` what the
    next proposal counts from.

    ``written`` and ``removed`` count files; ``submodules`` are those whose commit changed: their
    own files are git's to move. ``snapshot`` holds what was there, where nothing else did.
    """

    lane: str
    workspace: str
    path: str
    state: str
    base: str | None
    written: int
    removed: int
    submodules: tuple[bytes, ...] = ()
    snapshot: Snapshot | None = None

    schema: ClassVar[str] = "moved"


class Removed(Result):
    """A workspace just removed; ``snapshot`` holds its unsaved work, if it had any.

    ``workspace`` is the lane's name, or the id of a detached one.
    """

    lane: str
    snapshot: Snapshot | None
    workspace: str

    schema: ClassVar[str] = "removed"


class Holding(Model):
    """A workspace and who claimed it; ``stale`` says why that claim holds nobody off any more."""

    lane: str
    path: str
    owner: Owner | None
    stale: str | None = None


class Claimed(Result):
    """A claim just made; ``before`` is whose it was, with the reason why that did not stand.

    ``renewed`` is True where the same agent had it already.
    """

    lane: str
    path: str
    owner: Owner
    renewed: bool = False
    before: Holding | None = None

    schema: ClassVar[str] = "claim"


class Released(Result):
    """A workspace that nobody claims now; ``before`` is who did, None where nobody had."""

    lane: str
    path: str
    before: Holding | None

    schema: ClassVar[str] = "release"


class Holdings(Result):
    """Who claims which workspace."""

    workspaces: tuple[Holding, ...]

    schema: ClassVar[str] = "holdings"


def given_of(body: Any) -> Given | None:
    """Return what a workspace's record says that it was given; raises TypeError, KeyError."""
    if body is None:
        return None
    known = {key: body[key] for key in Given.fields if key in body}
    for key in ("links", "clones"):
        known[key] = tuple(map(str, known.get(key, ())))
    return Given(**known)
