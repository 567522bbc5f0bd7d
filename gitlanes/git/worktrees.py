"""Git's work trees: made and removed by git, found by the files that git documents."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import GitFailed
from gitlanes.git import deep
from gitlanes.git.process import Git

if TYPE_CHECKING:
    from gitlanes.git.settings import Settings

_TRIES = 3


class WorkTree(NamedTuple):
    """A linked work tree: its own git directory and the directory of its files."""

    git_dir: str
    path: str

    @property
    def name(self) -> str:
        """Return git's id of it, which need not be the directory's name."""
        return os.path.basename(self.git_dir)

    @property
    def exists(self) -> bool:
        """Say whether the directory is there and is this work tree."""
        return os.path.isfile(os.path.join(self.path, ".git"))


def can_be(path: str) -> bool:
    """Say whether a work tree could be there: not with a NUL byte, or text that has no bytes."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def at(common_dir: str, name: str) -> WorkTree | None:
    """Return the linked work tree with that id, or None."""
    git_dir = os.path.join(common_dir, "worktrees", name)
    pointer = _content(os.path.join(git_dir, "gitdir"))
    if not pointer:
        return None
    path = os.path.normpath(os.path.join(git_dir, pointer.removesuffix("\n")))
    return WorkTree(git_dir, os.path.dirname(path))


def every(common_dir: str) -> Iterator[WorkTree]:
    """Yield all linked work trees, by id."""
    try:
        names = sorted(os.listdir(os.path.join(common_dir, "worktrees")))
    except OSError:
        return
    for name in names:
        found = at(common_dir, name)
        if found is not None:
            yield found


def beginnings(common_dir: str, name: str) -> list[str]:
    """Return what a killed `git worktree add` left for a directory of that name.

    It has no ``gitdir`` file yet; being locked, `git worktree prune` would keep it for ever.
    """
    try:
        ids = os.listdir(os.path.join(common_dir, "worktrees"))
    except OSError:
        return []
    same = [x for x in ids if x.rstrip("0123456789") == name.rstrip("0123456789")]
    return [os.path.join(common_dir, "worktrees", x) for x in same if at(common_dir, x) is None]


def owner_of(path: str) -> str | None:
    """Return the git directory that a work tree's ``.git`` file names, or None."""
    line = _content(os.path.join(path, ".git"))
    return line.removeprefix("gitdir:").strip() if line and line.startswith("gitdir:") else None


def is_sibling(path: str, git_dir: str) -> bool:
    """Say whether a linked work tree of the same repository as `git_dir`'s lies at a path."""
    pointer = owner_of(path)
    linked = os.path.exists(os.path.join(git_dir, "commondir"))
    siblings = os.path.dirname(git_dir) if linked else os.path.join(git_dir, "worktrees")
    theirs = os.path.dirname(os.path.join(path, pointer)) if pointer else None
    return theirs is not None and os.path.realpath(theirs) == os.path.realpath(siblings)


def _content(path: str) -> str | None:
    """Return a file as the file system spells names, or None."""
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read())
    except OSError:
        return None


def add(git: Git, path: str, commit: str, reason: str, pass_fds: Sequence[int]) -> None:
    """Make a detached, locked work tree without files at `path`."""
    options = ("--no-checkout", "--detach", "--lock", f"--reason={reason}")
    for tries_left in reversed(range(_TRIES)):
        try:
            git.run(
                "worktree", "add", *options, "--", path, commit, own_group=True, pass_fds=pass_fds
            )
            return
        except GitFailed:
            # The prune in a `git gc` takes the still empty git directory away from under it.
            if not tries_left or os.path.lexists(path):
                raise


def move(git: Git, path: str, place: str, pass_fds: Sequence[int]) -> None:
    """Move a locked work tree; its files are as they were."""
    options = ("--force", "--force", "--", path, place)
    git.run("worktree", "move", *options, own_group=True, pass_fds=pass_fds)


def repair(git: Git, *paths: str, pass_fds: Sequence[int] = ()) -> None:
    """Let git know where work trees lie; without paths their `.git` files are written anew."""
    git.run("worktree", "repair", *paths, own_group=True, pass_fds=pass_fds)


def relabel(git_dir: str, reason: str) -> None:
    """Say anew why a locked work tree is locked."""
    with open(os.path.join(git_dir, "locked"), "w") as file:
        file.write(reason)


def remove(tree: WorkTree, trash: str) -> None:
    """Remove a work tree: its files, then its git directory, each in one step as others see it.

    `git worktree remove` deletes file by file and cannot go on where it was killed. Calling
    this again finishes what an interrupted call left. `trash` is a directory of ours on the
    git directory's file system, emptied each time.
    """
    import shutil

    doomed = f"{tree.path}.removing~"  # no lane can be called that
    if os.path.isdir(tree.path):
        os.replace(tree.path, doomed)
    if os.path.islink(doomed):  # somebody keeps the directory elsewhere: what it holds stays
        os.unlink(doomed)
    pointer = owner_of(doomed)
    if pointer and os.path.realpath(pointer) == os.path.realpath(tree.git_dir):
        _delete(doomed)
    elif os.path.isdir(doomed) and not os.listdir(doomed):
        os.rmdir(doomed)
    if os.path.isdir(trash):
        shutil.rmtree(trash)
    os.mkdir(trash)
    os.replace(tree.git_dir, os.path.join(trash, tree.name))
    shutil.rmtree(trash)


def _delete(place: str) -> None:
    """Delete a work tree's directory, last of all the file that says whose it is."""
    for entry in os.scandir(place):
        if entry.is_dir(follow_symlinks=False):
            deep.delete(entry.path)
        elif entry.name != ".git":
            os.unlink(entry.path)
    deep.delete(place)


def fill(
    git: Git, pass_fds: Sequence[int], progress: Callable[[int, int], None] | None = None
) -> None:
    """Write the files of HEAD into the work tree that `git` runs in, telling how far it is."""
    quiet = () if progress else ("--quiet",)
    git.run(
        *("-c", "core.fsmonitor=false", "reset", "--hard"),
        *quiet,
        pass_fds=pass_fds,
        own_group=True,
        progress=progress,
    )


def run_checkout_hook(git: Git, commit: str, settings: Settings) -> None:
    """Run post-checkout as `git worktree add` would have done, had it written the files."""
    usual = os.path.join(git.git_dir, "..", "..", "hooks")
    configured = settings.path("core.hookspath") or usual
    hook = os.path.join(git.work_tree or "", configured, "post-checkout")
    if not os.path.exists(hook) and not settings.has_section("hook"):
        return
    arguments = ("0" * 40, commit, "1")
    git.run("hook", "run", "--ignore-missing", "post-checkout", "--", *arguments, check=False)


def attached_branch(git: Git) -> str | None:
    """Return the full ref of the branch that HEAD is attached to there, or None if detached."""
    # Another ref format keeps HEAD elsewhere, and only git knows where.
    asked = ("symbolic-ref", "--quiet", "HEAD")
    return branch_in_file(git.git_dir) or git.run(*asked, check=False).text or None


def branch_in_file(git_dir: str) -> str | None:
    """Return the full ref that the file HEAD there names, or None: no process is asked."""
    head = _content(os.path.join(git_dir, "HEAD")) or ""
    if head.startswith("ref: ") and not head.rstrip().endswith(".invalid"):
        return head.removeprefix("ref: ").strip()
    return None


def is_elsewhere(common_dir: str, branch: str) -> bool:
    """Say whether a linked work tree has the branch checked out; no process is asked."""
    return any(branch_in_file(tree.git_dir) == branch for tree in every(common_dir))


def way_out(doing: str) -> str:
    """Return the command that ends what git is in the middle of."""
    return f"git {doing} {'reset' if doing == 'bisect' else '--abort'}"


def in_the_middle_with(git_dir: str, names: Collection[str]) -> str | None:
    """Return what git does with a branch in that work tree ('rebased', 'bisected'), or None.

    HEAD is off the branch until that is done, and git moves the branch then, or goes back to
    it. `names` are the branch's: git writes the full one for some, the short one for others.
    """
    marks = {
        "rebase-merge/head-name": "rebased",
        "rebase-merge/update-refs": "rebased",
        "rebase-apply/head-name": "rebased",
        "BISECT_START": "bisected",
    }
    for file, what in marks.items():
        lines = (_content(os.path.join(git_dir, file)) or "").split("\n")
        if not set(names).isdisjoint(lines):
            return what
    return None


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
    return next(
        (what for file, what in marks.items() if os.path.exists(os.path.join(git_dir, file))), None
    )
