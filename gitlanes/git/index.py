"""Indexes: a work tree's content as a tree, through a private copy of its index."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from gitlanes import clock
from gitlanes.errors import Locked
from gitlanes.git import unchanged
from gitlanes.git.deep import files_below
from gitlanes.git.process import Completed, Git, failure

_PRIVATE = "lanes-index"
# Paths that fit on one command line, however long they are.
_PER_CALL = 100
# Two seconds for another git command to let go of the index.
_TRIES, _PAUSE = 200, 0.01
# What git says when it stops among the files, which is no refusal.
_STOPPED = re.compile(
    rb"[Uu]nable to write|unable to (create|checkout) (file|symlink)|cannot create directory"
)

# What means something in a pattern of gitignore's.
_SPECIAL = re.compile(r"[\\*?\[\] !#]")

# The id of a blob without content, by either of git's hashes.
EMPTY = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)


def private_copy(git_dir: str) -> str:
    """Copy the index of the work tree with that git directory; return the copy's path.

    The copy keeps the modification time: git compares it with the files' to know which of
    them it must read again, and a later one would hide an edit made in the same instant.
    The caller holds the workspace's lock, so one copy at a time is enough.
    """
    copy, index = os.path.join(git_dir, _PRIVATE), _index(git_dir)
    discard(copy)
    if os.path.exists(index):
        import shutil

        shutil.copy2(index, copy)
    return copy


def discard(copy: str) -> None:
    """Remove a private index and what a killed git left beside it."""
    _remove(copy, copy + ".lock")


def written(git: Git, index: str, pass_fds: Sequence[int]) -> str:
    """Return the tree of what the private index has."""
    return git.run("write-tree", index=index, pass_fds=pass_fds, own_group=True).text


def stage_exactly(git: Git, index: str, paths: Sequence[bytes], pass_fds: Sequence[int]) -> None:
    """Bring some paths of the private index up to the files, whether ignored or gone.

    Where a directory lies at a path, what the index has of its files is left as it is. What lies
    beyond a symbolic link is gone. Git is told to look at those again that it was told not to look
    at. Raises GitFailed if others are in a directory, too: nothing may be put in its place.
    """
    options = ("--add", "--remove", "--replace", "--ignore-skip-worktree-entries", "-z", "--stdin")
    inside = {path: found for path in paths if (found := _files_below(git, path)) is not None}
    known = staged_entries(git, index, list(inside)) if inside else {}
    names = [path for path in paths if path not in inside or not inside[path] <= known.keys()]
    gone = {path for path in names if _is_beyond_link(git, path)}
    _look_again(git, index, hidden(git, index, names) if names else [], pass_fds)
    forget(git, index, gone, pass_fds)
    joined = b"".join(path + b"\0" for path in names if path not in gone)
    git.run("update-index", *options, input=joined, index=index, pass_fds=pass_fds)


def forget(git: Git, index: str, paths: Collection[bytes], pass_fds: Sequence[int]) -> None:
    """Take some paths out of the private index, whatever lies there."""
    if paths:
        joined = b"".join(path + b"\0" for path in paths)
        options = ("--force-remove", "-z", "--stdin")
        git.run("update-index", *options, input=joined, index=index, pass_fds=pass_fds)


def hidden(git: Git, index: str, paths: Sequence[bytes] = ()) -> list[bytes]:
    """Return the files that the index has git not look at: skipped, or assumed to be unchanged.

    Of those paths, or of all that there are.
    """
    wanted = set(paths)
    names = [os.fsdecode(path) for path in paths] if len(paths) <= _PER_CALL else []
    rows = git.run("ls-files", "-v", "-z", "--", *names, index=index).out.split(b"\0")
    found = (row[2:] for row in rows if row[:1] == b"S" or row[:1].islower())
    top = os.fsencode(str(git.work_tree))
    return [
        path
        for path in found
        if (not wanted or path in wanted) and is_file(os.path.join(top, path))
    ]


def is_file(place: bytes) -> bool:
    """Say whether a file or a link lies there, wherever that leads."""
    return os.path.lexists(place) and (os.path.islink(place) or not os.path.isdir(place))


def is_directory(place: bytes) -> bool:
    """Say whether a plain directory lies there: neither a link nor another repository."""
    return os.path.lexists(place) and not is_file(place) and not os.path.lexists(place + b"/.git")


def _look_again(git: Git, index: str, paths: Sequence[bytes], pass_fds: Sequence[int]) -> None:
    joined = b"".join(path + b"\0" for path in paths)
    for option in ("--no-skip-worktree", "--no-assume-unchanged") if paths else ():
        git.run(
            "update-index", option, "-z", "--stdin", input=joined, index=index, pass_fds=pass_fds
        )


def _is_beyond_link(git: Git, path: bytes) -> bool:
    """Say whether a directory above the path is a symbolic link, which git does not follow."""
    top, parts = os.fsencode(str(git.work_tree)), path.split(b"/")[:-1]
    above = (os.path.join(top, *parts[: end + 1]) for end in range(len(parts)))
    return any(map(os.path.islink, above))


def _files_below(git: Git, path: bytes) -> set[bytes] | None:
    """Return the files below a directory, or None where no plain directory lies at the path."""
    top = os.fsencode(str(git.work_tree))
    return set(files_below(top, path)) if is_directory(os.path.join(top, path)) else None


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


def restore_paths(
    git: Git,
    commit: str,
    paths: Sequence[bytes],
    pass_fds: Sequence[int],
    *,
    everywhere: bool = False,
) -> None:
    """Make these files, and their index entries, what they are in a commit.

    With ``everywhere`` also outside of the directories that a sparse checkout has.
    """
    sparse = ("--ignore-skip-worktree-bits",) if everywhere else ()
    options = (*sparse, "--no-overlay", commit, "--pathspec-from-file=-", "--pathspec-file-nul")
    names = b"".join(path + b"\0" for path in paths)
    git.run("checkout", "--quiet", *options, input=names, pass_fds=pass_fds, own_group=True)


def load_tree(git: Git, index: str, tree: str, pass_fds: Sequence[int]) -> None:
    """Make the private index hold `tree`, keeping what it knows of unchanged files."""
    git.run("read-tree", "--reset", tree, index=index, pass_fds=pass_fds, own_group=True)


def signature(git_dir: str) -> tuple[int, int, int] | None:
    """Return what changes whenever the index is written anew."""
    try:
        found = os.stat(_index(git_dir))
    except FileNotFoundError:
        return None
    return (found.st_mtime_ns, found.st_ino, found.st_size)


@contextmanager
def locked(git_dir: str) -> Iterator[Callable[[str], None]]:
    """Hold the index as git's own commands do; yield what puts a private index in its place.

    Raises Locked if another git command holds it for long.
    """
    index = _index(git_dir)
    lock = index + ".lock"
    _take(lock)
    taken = True

    def install(copy: str) -> None:
        nonlocal taken
        os.replace(copy, lock)
        os.replace(lock, index)
        taken = False

    try:
        yield install
    finally:
        if taken:
            _remove(lock)


def _index(git_dir: str) -> str:
    return os.path.join(git_dir, "index")


def _remove(*paths: str) -> None:
    """Remove those of the files that there are."""
    for path in paths:
        with suppress(FileNotFoundError):
            os.unlink(path)


def _take(lock: str) -> None:
    """Create a lock file as git does, waiting for a `git status` or the like to end."""
    for tries_left in reversed(range(_TRIES)):
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            return
        except FileExistsError:
            if not tries_left:
                raise Locked(
                    f"another git command holds '{lock}'", hint="wait for it to end"
                ) from None
        clock.sleep(_PAUSE)


def put_head(git: Git, commit: str, pass_fds: Sequence[int], *, keep_staged: bool = False) -> None:
    """Put HEAD and index to a commit; the files stay, and a branch that HEAD was on does, too.

    With `keep_staged`, what the index has and HEAD has not stays staged.
    """
    staged = _staged_changes(git) if keep_staged else b""
    if staged:
        with locked(str(git.git_dir)) as install:
            copy = private_copy(str(git.git_dir))
            load_tree(git, copy, commit, pass_fds)
            command = ("update-index", "-z", "--index-info")
            git.run(*command, input=staged, index=copy, pass_fds=pass_fds, own_group=True)
            install(copy)
    else:
        git.run("read-tree", "--reset", commit, pass_fds=pass_fds, own_group=True)
    refresh = ("update-index", "-q", "--refresh")
    git.run(*refresh, check=False, pass_fds=pass_fds, own_group=True)
    git.run("update-ref", "--no-deref", "HEAD", commit, pass_fds=pass_fds, own_group=True)


def _staged_changes(git: Git) -> bytes:
    """Return what differs between HEAD and the index, as `update-index --index-info` reads it."""
    command = ("diff-index", "--cached", "--no-renames", "-z", "HEAD")
    fields = git.run(*command, check=False).out.split(b"\0")
    rows = ((about.split(), path) for about, path in zip(fields[::2], fields[1::2], strict=False))
    entries = [b"%b %b\t%b\0" % (x[1], x[3], path) for x, path in rows if x[4] != b"U"]
    return b"".join(entries)


def two_way(
    git: Git,
    old: str,
    new: str,
    pass_fds: Sequence[int],
    index: str | None = None,
    *,
    progress: Callable[[int, int], None],
) -> str | None:
    """Bring index and files from one commit to another; return git's words if it refuses.

    Git refuses, and touches nothing, where a tracked file's edit would be lost. `index` names
    a private index to use in the place of the work tree's own; `progress` is told how far the
    files are. Raises GitFailed if git was killed on the way, or could not write what it was to
    write.
    """
    quiet = ("-c", "core.fsmonitor=false")
    arguments = ("read-tree", "-m", "-u", "-v", old, new)

    def go() -> Completed:
        return git.run(
            *quiet,
            *arguments,
            index=index,
            check=False,
            pass_fds=pass_fds,
            own_group=True,
            progress=progress,
        )

    done = go()
    if done.code < 0 or _STOPPED.search(done.err):
        raise failure(arguments, done)
    if done.code:
        # A touched but equal file makes git refuse; only a refresh tells them apart.
        refresh = ("update-index", "-q", "--refresh")
        git.run(*quiet, *refresh, index=index, check=False, pass_fds=pass_fds)
        done = go()
        if done.code < 0 or _STOPPED.search(done.err):
            raise failure(arguments, done)
    return failure(arguments, done).message if done.code else None


def untouched(git: Git, commit: str, items: Mapping[bytes, tuple[str, str]]) -> bool:
    """Say whether index and files are surely a commit's, which has ``{path: (mode, id)}``.

    Nothing is written.
    """
    if unchanged.surely(git.git_dir, str(git.work_tree), items):
        return True
    paths = list(items)
    quiet = ("-c", "core.fsmonitor=false", "diff-index", "--name-only", "-z", commit, "--")
    for start in range(0, len(paths), _PER_CALL):
        names = [os.fsdecode(path) for path in paths[start : start + _PER_CALL]]
        if git.run(*quiet, *names).out:
            return False
    return True


def hold_commit(git: Git, commit: str, pass_fds: Sequence[int]) -> None:
    """Make HEAD, detached, index and files those of a commit, as `hold_tree` does; it is faster."""
    _unlock(git)
    # Whoever wants the hook runs it when all is done.
    settings = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
    force = ("checkout", "--quiet", "--force", "--no-recurse-submodules", "--detach", commit)
    git.run(*settings, *force, pass_fds=pass_fds, own_group=True)


def _unlock(git: Git) -> None:
    """Remove the locks that a killed git left on what nobody else works on."""
    _remove(*(os.path.join(git.git_dir, name) for name in ("index.lock", "HEAD.lock")))


def hold_tree(git: Git, tree: str, head: str, pass_fds: Sequence[int]) -> None:
    """Make index and files those of a tree, whatever was there, and HEAD a commit, detached.

    For directories of our own that nobody works in: edits are overwritten, and locks that a
    killed git left are removed.
    """
    _unlock(git)
    plain = ("core.fsmonitor=false", "core.sparseCheckout=false", "submodule.recurse=false")
    settings = [x for setting in plain for x in ("-c", setting)]
    reset = ("read-tree", "--reset", "-u", tree)
    git.run(*settings, *reset, pass_fds=pass_fds, own_group=True)
    git.run("update-ref", "--no-deref", "HEAD", head, pass_fds=pass_fds, own_group=True)


def clean(git: Git, pass_fds: Sequence[int], *, ignored: bool, keep: Sequence[str] = ()) -> None:
    """Delete what is untracked, repositories in it too, and what is `ignored` if that is said.

    What lies at the paths to ``keep`` stays.
    """
    flags = "-ffdx" if ignored else "-ffd"
    kept = [f"--exclude=/{_SPECIAL.sub(_escaped, path)}" for path in keep]
    arguments = ("-c", "core.fsmonitor=false", "clean", "--quiet", flags, *kept)
    if not git.run(*arguments, check=False, pass_fds=pass_fds, own_group=True).code:
        return
    make_writable(str(git.work_tree))
    git.run(*arguments, pass_fds=pass_fds, own_group=True)


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0]


def make_writable(top: str) -> None:
    """Let directories be emptied that somebody took the right to from."""
    for place, names, _ in os.walk(top):
        for name in names:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
