"""Indexes: a work tree's content as a tree, through a private copy of its index."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from gitlanes.errors import Locked
from gitlanes.git.process import Completed, Git, failure, finish

_PRIVATE = "lanes-index"
_GITLINK = "160000"
# Paths that fit on one command line, however long they are.
_PER_CALL = 100


def private_copy(git_dir: str) -> str:
    """Copy the index of the work tree with that git directory; return the copy's path.

    The copy keeps the modification time: git compares it with the files' to know which of
    them it must read again, and a later one would hide an edit made in the same instant.
    The caller holds the workspace's lock, so one copy at a time is enough.
    """
    copy = Path(git_dir, _PRIVATE)
    discard(str(copy))
    import shutil

    index = Path(git_dir, "index")
    if index.exists():
        shutil.copy2(index, copy)
    return str(copy)


def discard(copy: str) -> None:
    """Remove a private index and what a killed git left beside it."""
    for path in (Path(copy), Path(copy + ".lock")):
        path.unlink(missing_ok=True)


def stage(git: Git, index: str, paths: Sequence[bytes], pass_fds: Sequence[int]) -> str:
    """Bring the private index up to the files and return its tree.

    Untracked files count, git's ignores do not; with `paths`, only what lies there.
    """
    quiet = ("-c", "advice.addEmbeddedRepo=false", "-c", "core.fsmonitor=false")
    where = ("--pathspec-from-file=-", "--pathspec-file-nul") if paths else ()
    git.run(
        *quiet,
        "add",
        "--all",
        "--sparse",
        *where,
        input=b"\0".join(paths),
        index=index,
        pass_fds=pass_fds,
        own_group=True,
    )
    return git.run("write-tree", index=index, pass_fds=pass_fds, own_group=True).text


def stage_exactly(git: Git, index: str, paths: Sequence[bytes], pass_fds: Sequence[int]) -> None:
    """Bring some paths of the private index up to the files, whether ignored or gone.

    Where a directory lies at a path, the files in it are taken, ignored ones too.
    """
    options = ("--add", "--remove", "--replace", "--ignore-skip-worktree-entries", "-z", "--stdin")
    inside = {path: found for path in paths if (found := _files_below(git, path)) is not None}
    names = [path for path in paths if path not in inside] + sum(inside.values(), [])
    if inside:
        known = staged_entries(git, index, list(inside))
        gone = b"".join(
            x + b"\0" for x in inside if known.get(x, ("", ""))[0] not in ("", _GITLINK)
        )
        force = ("--force-remove", "-z", "--stdin")
        git.run("update-index", *force, input=gone, index=index, pass_fds=pass_fds)
    joined = b"".join(path + b"\0" for path in names)
    git.run("update-index", *options, input=joined, index=index, pass_fds=pass_fds)


def _files_below(git: Git, path: bytes) -> list[bytes] | None:
    """Return the files below a directory, or None where no plain directory lies at the path."""
    top = os.fsencode(str(git.work_tree))
    place = os.path.join(top, path)
    if os.path.islink(place) or not os.path.isdir(place):
        return None
    if os.path.lexists(os.path.join(place, b".git")):
        return None
    found = os.walk(place)
    return [os.path.relpath(os.path.join(at, x), top) for at, _, files in found for x in files]


def staged_entries(git: Git, index: str, paths: Sequence[bytes]) -> dict[bytes, tuple[str, str]]:
    """Return {path: (mode, id)} of those paths that the private index has."""
    found = {}
    for start in range(0, len(paths), _PER_CALL):
        names = [os.fsdecode(path) for path in paths[start : start + _PER_CALL]]
        done = git.run("ls-files", "--stage", "-z", "--", *names, index=index)
        for row in filter(None, done.out.split(b"\0")):
            about, _, path = row.partition(b"\t")
            mode, oid, _ = about.decode().split()
            found[path] = (mode, oid)
    return found


def restore_paths(git: Git, commit: str, paths: Sequence[bytes], pass_fds: Sequence[int]) -> None:
    """Make these files, and their index entries, what they are in a commit."""
    options = ("--no-overlay", commit, "--pathspec-from-file=-", "--pathspec-file-nul")
    names = b"".join(path + b"\0" for path in paths)
    git.run("checkout", "--quiet", *options, input=names, pass_fds=pass_fds, own_group=True)


def load_tree(git: Git, index: str, tree: str, pass_fds: Sequence[int]) -> None:
    """Make the private index hold `tree`, keeping what it knows of unchanged files."""
    git.run("read-tree", "--reset", tree, index=index, pass_fds=pass_fds, own_group=True)


def signature(git_dir: str) -> tuple[int, int, int] | None:
    """Return what changes whenever the index is written anew."""
    try:
        found = Path(git_dir, "index").stat()
    except FileNotFoundError:
        return None
    return (found.st_mtime_ns, found.st_ino, found.st_size)


def install(git_dir: str, copy: str, expected: tuple[int, int, int] | None) -> bool:
    """Put a private index in the index's place; False if that was written meanwhile.

    Raises Locked while another git command holds the index.
    """
    lock = Path(git_dir, "index.lock")
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        raise Locked(f"another git command holds '{lock}'", hint="wait for it to end") from None
    if signature(git_dir) != expected:
        lock.unlink()
        return False
    Path(copy).replace(lock)
    lock.replace(Path(git_dir, "index"))
    return True


def put_head(git: Git, commit: str, pass_fds: Sequence[int]) -> None:
    """Put HEAD and index to a commit; the files stay, and a branch that HEAD was on does, too."""
    git.run("read-tree", "--reset", commit, pass_fds=pass_fds, own_group=True)
    refresh = ("update-index", "-q", "--refresh")
    git.run(*refresh, check=False, pass_fds=pass_fds, own_group=True)
    git.run("update-ref", "--no-deref", "HEAD", commit, pass_fds=pass_fds, own_group=True)


def changed_files(git: Git) -> list[tuple[str, bytes]]:
    """Return (status, path) of every file that differs from HEAD, untracked ones included.

    The status is git's two letters (`` M``, ``??``). Takes no lock on the index.
    """
    return ask_changed_files(git)()


def ask_changed_files(git: Git) -> Callable[[], list[tuple[str, bytes]]]:
    """Start looking for changed files; the answer is what the returned function returns."""
    arguments = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
    process = git.popen("--no-optional-locks", *arguments)

    def answer() -> list[tuple[str, bytes]]:
        out, err = finish(process, b"")
        if process.returncode:
            raise failure(arguments, Completed(process.returncode, out, err))
        return [(row[:2].decode(), row[3:]) for row in out.split(b"\0") if row]

    return answer


def two_way(
    git: Git, old: str, new: str, pass_fds: Sequence[int], index: str | None = None
) -> str | None:
    """Bring index and files from one commit to another; return git's words if it refuses.

    Git refuses, and touches nothing, where a tracked file's edit would be lost. `index` names
    a private index to use in the place of the work tree's own.
    """
    quiet = ("-c", "core.fsmonitor=false")
    arguments = ("read-tree", "-m", "-u", old, new)

    def go() -> Completed:
        return git.run(
            *quiet, *arguments, index=index, check=False, pass_fds=pass_fds, own_group=True
        )

    done = go()
    if done.code:
        # A touched but equal file makes git refuse; only a refresh tells them apart.
        refresh = ("update-index", "-q", "--refresh")
        git.run(*quiet, *refresh, index=index, check=False, pass_fds=pass_fds)
        done = go()
    return failure(arguments, done).message if done.code else None
