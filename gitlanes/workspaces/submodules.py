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
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlanes.store.lane_repo import LaneRepo


def rescue(repo: LaneRepo, workspace: Workspace) -> None:
    """Fetch what a workspace's submodules hold into the repository's own modules.

    A linked work tree keeps the repositories of its submodules in its own git directory, and
    they go when it is removed. Edits in them that no commit has are kept as a commit of their
    own. Raises Refused where the repository has no module to keep it.
    """
    _refuse_embedded(repo, workspace)
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
        edits = _edits(repo, module)
        if edits is not None:
            Git(str(module), repo.git.environ).run(
                "push", "--quiet", "--no-verify", str(keeper), f"{edits}:{kept}/edits"
            )


def _refuse_embedded(repo: LaneRepo, workspace: Workspace) -> None:
    """Raise Refused for a repository that lies whole in the workspace, ignored or not.

    Of one that is not, git records its HEAD alone.
    """
    git = finding.git_in(repo, workspace)
    rows = git.run("ls-files", "--stage", "-z").out.split(b"\0")
    links = [row.partition(b"\t")[2] for row in rows if row.startswith(b"160000")]
    links += [path for _, path in staging.changed_files(git) if path.endswith(b"/")]
    ignored = ("--others", "--ignored", "--exclude-standard", "--directory", "-z")
    links += git.run("ls-files", *ignored).out.split(b"\0")[:-1]
    top = os.fsencode(workspace.path)
    whole = next((x for x in links if os.path.isdir(os.path.join(top, x, b".git"))), None)
    if whole is not None:
        name = os.fsdecode(whole).rstrip("/")
        raise Refused(
            f"repository '{name}' in '{workspace.path}' exists only in this workspace",
            hint="move it to another place first",
        )


def _edits(repo: LaneRepo, module: Path) -> str | None:
    """Return a commit of a submodule's files, or None where HEAD has them all."""
    bare = Git(str(module), repo.git.environ)
    place = bare.run("config", "core.worktree", check=False).text
    head = bare.run("rev-parse", "--verify", "--quiet", "HEAD", check=False).text
    top = os.path.normpath(os.path.join(module, place))
    if not place or not head or not os.path.isdir(top):
        return None
    copy = index.private_copy(str(module))
    try:
        inside = bare.at(str(module), top)
        tree = staging.stage(inside, copy, (), exclusions.NO_RULES, ()).tree
    finally:
        index.discard(copy)
    if tree == bare.run("rev-parse", f"{head}^{{tree}}").text:
        return None
    who = repo.identity()
    lines = [b"tree " + tree.encode(), b"parent " + head.encode()]
    lines += [b"author " + who.author, b"committer " + who.committer, b"", b"unsaved edits\n"]
    return bare.run("hash-object", "-t", "commit", "-w", "--stdin", input=b"\n".join(lines)).text


def _repositories(directory: Path) -> Iterator[Path]:
    for place, names, files in os.walk(directory):
        if "HEAD" in files and "objects" in names:
            names[:] = [x for x in names if x == "modules"]
            yield Path(place)
