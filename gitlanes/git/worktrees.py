"""Git's work trees: made and removed by git, found by the files that git documents."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gitlanes.git.process import Git
from gitlanes.git.settings import Settings


class WorkTree(NamedTuple):
    """A linked work tree: its own git directory and the directory of its files."""

    git_dir: str
    path: str

    @property
    def name(self) -> str:
        """Return git's id of it, which need not be the directory's name."""
        return Path(self.git_dir).name

    @property
    def exists(self) -> bool:
        """Say whether the directory is there and is this work tree."""
        return Path(self.path, ".git").is_file()


def at(common_dir: str, name: str) -> WorkTree | None:
    """Return the linked work tree with that id, or None."""
    git_dir = Path(common_dir, "worktrees", name)
    try:
        pointer = os.fsdecode((git_dir / "gitdir").read_bytes()).removesuffix("\n")
    except OSError:
        return None
    path = Path(pointer) if Path(pointer).is_absolute() else git_dir / pointer
    return WorkTree(str(git_dir), str(Path(os.path.normpath(path)).parent))


def every(common_dir: str) -> Iterator[WorkTree]:
    """Yield all linked work trees, by id."""
    try:
        names = sorted(os.listdir(Path(common_dir, "worktrees")))
    except OSError:
        return
    for name in names:
        found = at(common_dir, name)
        if found is not None:
            yield found


def owner_of(path: Path) -> str | None:
    """Return the git directory that a work tree's ``.git`` file names, or None."""
    try:
        line = os.fsdecode((path / ".git").read_bytes())
    except OSError:
        return None
    return line.removeprefix("gitdir:").strip() if line.startswith("gitdir:") else None


def add(git: Git, path: str, commit: str, reason: str, pass_fds: Sequence[int]) -> None:
    """Make a detached, locked work tree without files at `path`."""
    git.run(
        "worktree",
        "add",
        "--no-checkout",
        "--detach",
        "--lock",
        f"--reason={reason}",
        "--",
        path,
        commit,
        own_group=True,
        pass_fds=pass_fds,
    )


def remove(tree: WorkTree) -> None:
    """Remove a work tree: its files, in one step as others see it, then its git directory.

    `git worktree remove` deletes file by file and cannot go on where it was killed. Calling
    this again finishes what an interrupted call left.
    """
    doomed = Path(tree.path + ".removing")
    if Path(tree.path).is_dir():
        Path(tree.path).replace(doomed)
    if doomed.is_dir():
        shutil.rmtree(doomed)
    shutil.rmtree(tree.git_dir)


def fill(git: Git, pass_fds: Sequence[int]) -> None:
    """Write the files of HEAD into the work tree that `git` runs in."""
    git.run(
        "-c",
        "core.fsmonitor=false",
        "reset",
        "--hard",
        "--quiet",
        pass_fds=pass_fds,
        own_group=True,
    )


def run_checkout_hook(git: Git, commit: str, settings: Settings) -> None:
    """Run post-checkout as `git worktree add` would have done, had it written the files."""
    usual = Path(git.git_dir, "..", "..", "hooks")
    hooks = Path(git.work_tree or "", settings.path("core.hookspath") or usual)
    if not (hooks / "post-checkout").exists() and not settings.has_section("hook"):
        return
    arguments = ("0" * 40, commit, "1")
    git.run("hook", "run", "--ignore-missing", "post-checkout", "--", *arguments, check=False)


def attached_branch(git: Git) -> str | None:
    """Return the full ref of the branch that HEAD is attached to there, or None if detached."""
    try:
        head = Path(git.git_dir, "HEAD").read_text()
    except OSError:
        head = ""
    if head.startswith("ref: ") and not head.rstrip().endswith(".invalid"):
        return head.removeprefix("ref: ").strip()
    # Another ref format keeps HEAD elsewhere, and only git knows where.
    return git.run("symbolic-ref", "--quiet", "HEAD", check=False).text or None


def in_progress(git_dir: str) -> str | None:
    """Return what git is in the middle of in that work tree ('rebase', 'merge', …), or None."""
    marks = {
        "rebase-merge": "rebase",
        "rebase-apply": "rebase",
        "MERGE_HEAD": "merge",
        "CHERRY_PICK_HEAD": "cherry-pick",
        "REVERT_HEAD": "revert",
        "BISECT_LOG": "bisect",
    }
    return next((what for file, what in marks.items() if Path(git_dir, file).exists()), None)
