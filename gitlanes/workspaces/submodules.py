"""Work inside a workspace's submodules, which would die with the workspace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import Refused
from gitlanes.git import exclusions, index, staging
from gitlanes.git.process import Git
from gitlanes.models.workspaces import Workspace
from gitlanes.store import layout
from gitlanes.workspaces import nested

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlanes.store.lane_repo import LaneRepo


def rescue(repo: LaneRepo, workspace: Workspace) -> None:
    """Fetch what a workspace's submodules hold into the repository's own modules.

    A linked work tree keeps the repositories of its submodules in its own git directory, and
    they go when it is removed. Edits in them that no commit has are kept as a commit of their
    own. Raises Refused where the repository has no module to keep it.
    """
    nested.require_none(repo, workspace)
    own = Path(workspace.git_dir, "modules")
    for module in _repositories(own):
        name = module.relative_to(own)
        keeper = Path(repo.place.common_dir, "modules", name)
        if not (keeper / "HEAD").is_file():
            raise Refused(
                f"submodule '{name}' of '{workspace.path}' exists only in this workspace",
                hint=f"run 'git submodule update --init {name}' in the repository first",
            )
        kept = f"{layout.SNAPSHOTS}{Path(workspace.git_dir).name}/{ids.new_id(clock.now())}"
        Git(str(keeper), repo.git.environ).run(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            str(module),
            f"+HEAD:{kept}/HEAD",
            f"+{layout.BRANCHES}*:{kept}/heads/*",
        )
        also = [f"{oid}:{kept}/{name}" for name, oid in _besides(repo, module, keeper)]
        if also:
            inside = Git(str(module), repo.git.environ)
            inside.run("push", "--quiet", "--no-verify", str(keeper), *also)


def _besides(repo: LaneRepo, module: Path, keeper: Path) -> Iterator[tuple[str, str]]:
    """Yield (name, id) of what a submodule has beside its branches: tags, stashes, edits."""
    inside, outside = (Git(str(x), repo.git.environ) for x in (module, keeper))
    shape = ("for-each-ref", "--format=%(objectname) %(refname)", layout.TAGS)
    known = set(outside.run(*shape).text.splitlines())
    for row in inside.run(*shape).text.splitlines():
        if row not in known:
            oid, _, name = row.partition(" ")
            yield f"tags/{name.removeprefix(layout.TAGS)}", oid
    stashes = inside.run("log", "--walk-reflogs", "--format=%H", layout.STASH, "--", check=False)
    for number, oid in enumerate(stashes.text.split()):
        yield f"stash/{number}", oid
    edits = _edits(repo, module)
    if edits is not None:
        yield "edits", edits


def _edits(repo: LaneRepo, module: Path) -> str | None:
    """Return a commit of a submodule's files, or None where HEAD has them all.

    What is staged there and differs from both is a second parent, as in a stash.
    """
    bare = Git(str(module), repo.git.environ)
    place = bare.run("config", "core.worktree", check=False).text
    head = bare.run("rev-parse", "--verify", "--quiet", "HEAD", check=False).text
    top = os.path.normpath(os.path.join(module, place))
    if not place or not head or not os.path.isdir(top):
        return None
    copy = index.private_copy(str(module))
    try:
        inside = bare.at(str(module), top)
        staged = inside.run("write-tree", index=copy, check=False).text  # none while it merges
        tree = staging.stage(inside, copy, (), exclusions.NO_RULES, ()).tree
    finally:
        index.discard(copy)
    before = bare.run("rev-parse", f"{head}^{{tree}}").text
    parents = [head]
    if staged not in ("", before, tree):
        parents.append(_commit(repo, bare, staged, [head], "staged\n"))
    if tree == before and len(parents) == 1:
        return None
    return _commit(repo, bare, tree, parents, "unsaved edits\n")


def _commit(repo: LaneRepo, bare: Git, tree: str, parents: list[str], message: str) -> str:
    who = repo.identity()
    lines = [f"tree {tree}".encode(), *(f"parent {x}".encode() for x in parents)]
    lines += [b"author " + who.author, b"committer " + who.committer, b"", message.encode()]
    return bare.run("hash-object", "-t", "commit", "-w", "--stdin", input=b"\n".join(lines)).text


def _repositories(directory: Path) -> Iterator[Path]:
    for place, names, files in os.walk(directory):
        if "HEAD" in files and "objects" in names:
            names[:] = [x for x in names if x == "modules"]
            yield Path(place)
