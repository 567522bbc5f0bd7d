"""What of a work tree's files is taken in: all that changed, less what is excluded or too large.

One `git status` finds what changed, so that sizes are known before a byte is read, and only that
is written into the index.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from gitlanes import clock
from gitlanes.errors import GitFailed, NotFound, Refused, line
from gitlanes.git import large_files
from gitlanes.git.deep import files_below
from gitlanes.git.exclusions import (
    NO_RULES,
    Rules,
    brought_among,
    count_skipped,
    excluding,
    up_from,
)
from gitlanes.git.index import written
from gitlanes.git.process import Completed, Git, failure, finish, require_arguments
from gitlanes.git.secret_files import FORGET, new_in, refuse_named
from gitlanes.git.worktrees import is_sibling

_RACES, _PAUSE = 2, 0.01
# Paths that fit on one command line, however long they are.
_PER_CALL = 100
# Files read between two words on how far it is; each time git writes the whole index.
_AT_ONCE = 5_000
_STATUS = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
# Whatever is configured: a submodule's commit is what is taken in, and its own edits are its own
# business, but they are told of: they go with the directory.
_COMMITS_OF_SUBMODULES = "--ignore-submodules=dirty"
_ALL_OF_SUBMODULES = "--ignore-submodules=none"
_QUIET = ("-c", "advice.addEmbeddedRepo=false", "-c", "core.fsmonitor=false")
_UNMERGED = ("DD", "AU", "UD", "UA", "DU", "AA", "UU")
# What git says of a path that is neither on disk nor in the index.
_NO_MATCH = re.compile(r"pathspec '(.*)' did not match any file")
# What it says of a repository in which nobody has committed yet.
_NO_COMMIT = re.compile(r"'(.*)' does not have a commit checked out")


class Staged(NamedTuple):
    """A tree, how many untracked paths the rules kept out of it, and which files with secrets.

    ``apart`` says whether the index had content that neither HEAD nor the files have. Of the
    ``embedded`` repositories, which are new, the tree has the commit alone; ``empty`` ones have
    none, and are left out.
    """

    tree: str
    skipped: int
    secret: tuple[bytes, ...] = ()
    apart: bool = False
    embedded: tuple[bytes, ...] = ()
    empty: tuple[bytes, ...] = ()


class _Found(NamedTuple):
    """What `git status` found: (two letters, path), the ignored paths, and what stays out.

    ``siblings`` are other work trees, ``secret`` are files that HEAD has not, ``brought`` those
    that we brought.
    """

    changed: list[tuple[str, bytes]]
    ignored: list[bytes]
    siblings: list[bytes]
    secret: list[bytes]
    brought: list[bytes]


class _File(NamedTuple):
    """A path that changed, git's two letters for it, and what lies there."""

    letters: str
    path: bytes
    there: os.stat_result | None


Told = Callable[[int, int], None]


def _untold(done: int, total: int) -> None:
    """Tell nobody."""


def stage(
    git: Git,
    index: str,
    paths: Sequence[bytes],
    rules: Rules,
    pass_fds: Sequence[int],
    progress: Told = _untold,
) -> Staged:
    """Bring a private index up to the files and return its tree.

    Untracked files count, ignored and excluded ones do not, nor do those with secrets, staged by
    hand or not; with `paths`, only what lies there. ``progress`` is told how many files are read,
    and of how many. Raises Refused, with nothing written, for files that are too large and for
    one with secrets that is named, and BadValue for a path with a NUL byte, which would be two.
    """
    require_arguments(paths)
    for _ in range(_RACES):
        try:
            return _stage(git, index, paths, rules, pass_fds, progress)
        except GitFailed:
            # `git gc` removes an emptied object directory just when git writes into it, and
            # files that were found go away.
            clock.sleep(_PAUSE)
    return _stage(git, index, paths, rules, pass_fds, progress)


def changed_files(git: Git, rules: Rules = NO_RULES) -> list[tuple[str, bytes]]:
    """Return (status, path) of every file that differs from HEAD, untracked ones included.

    The status is git's two letters (`` M``, ``??``). Takes no lock on the index.
    """
    return ask_changed_files(git, rules)()


def ask_changed_files(git: Git, rules: Rules = NO_RULES) -> Callable[[], list[tuple[str, bytes]]]:
    """Start looking for changed files; the answer is what the returned function returns."""
    command = (*_STATUS, _ALL_OF_SUBMODULES)
    with excluding(rules) as (settings, descriptors):
        process = git.popen("--no-optional-locks", *settings, *command, pass_fds=descriptors)

    def answer() -> list[tuple[str, bytes]]:
        out, err = finish(process, b"")
        if process.returncode:
            raise failure(_STATUS, Completed(process.returncode, out, err))
        rows = [row for row in _rows(out) if not _is_sibling(git, row)]
        secret = new_in(git, rows, rules.secret)
        brought = brought_among(rules, rows)
        return [row for row in rows if row[1] not in secret and row not in brought]

    return answer


def secret_files(git: Git, rules: Rules) -> list[bytes]:
    """Return the files with secrets that are in no commit, and are not ignored."""
    with excluding(rules) as (settings, descriptors):
        options = ("--no-optional-locks", *settings)
        rows = _rows(git.run(*options, *_STATUS, pass_fds=descriptors).out)
    brought = brought_among(rules, rows)
    return new_in(git, [x for x in rows if x not in brought], rules.secret)


def ignored_files(git: Git, rules: Rules) -> list[bytes]:
    """Return what git ignores of the files, and no excluded pattern of the rules names.

    A directory all of which is ignored comes as one, with a slash behind it.
    """
    asked = ("ls-files", "-z", "--others", "--ignored", "--directory")
    listed = git.run(*asked, "--exclude-standard").out.split(b"\0")[:-1]
    found = [x for x in listed if not _is_brought(git, rules, x)]
    if not found or not rules.exclude:
        return found
    with excluding(rules._replace(excludes_file="")) as (settings, descriptors):
        alone = "--exclude-from=" + settings[-1].partition("=")[2]
        named = set(git.run(*asked, alone, pass_fds=descriptors).out.split(b"\0"))
    return [x for x in found if named.isdisjoint(_above(x))]


def _is_brought(git: Git, rules: Rules, path: bytes) -> bool:
    """Say whether we brought what lies at a path, or all that lies in that directory."""
    known = frozenset(rules.brought)
    if not known or not known.isdisjoint(up_from(path)):
        return bool(known)
    if not path.endswith(b"/") or not any(x.startswith(path) for x in known):
        return False
    inside = files_below(os.fsencode(str(git.work_tree)), path.rstrip(b"/"))
    return all(not known.isdisjoint(up_from(x)) for x in inside)


def _above(path: bytes) -> Iterator[bytes]:
    """Yield a path, and the directories in which it lies."""
    yield path
    parts = path.rstrip(b"/").split(b"/")
    for count in range(1, len(parts)):
        yield b"/".join(parts[:count]) + b"/"


def _stage(
    git: Git,
    index: str,
    paths: Sequence[bytes],
    rules: Rules,
    pass_fds: Sequence[int],
    progress: Told,
) -> Staged:
    with excluding(rules) as (settings, descriptors):
        passed = (*pass_fds, *descriptors)

        def run(*args: str, data: bytes = b"") -> bytes:
            options = (*_QUIET, *settings, *args)
            return git.run(*options, input=data, index=index, pass_fds=passed, own_group=True).out

        found = _found(git, run, paths, rules)
        files = list(_looked_up(git, found.changed))
        large_files.refuse(git, _sizes(files), rules.largest)
        out = [*found.secret, *found.brought]
        if paths:
            _add(run, paths, str(git.work_tree), dry=bool(out))
        empty: list[bytes] = []
        if not paths or out:  # git would store what it adds of a directory
            empty = _take_in(run, files, str(git.work_tree), progress)
        _drop(run, [*(found.siblings if paths else ()), *out])
        skipped = count_skipped(git, found.ignored, rules, settings, descriptors)
    apart = any(not set(letters) & set(" ?") for letters, _ in found.changed)
    embedded = (x for letters, x in found.changed if letters == "??" and x.endswith(b"/"))
    return Staged(
        written(git, index, pass_fds),
        skipped,
        tuple(found.secret),
        apart,
        tuple(x for x in embedded if x not in empty),
        tuple(empty),
    )


def _found(git: Git, run: Callable[..., bytes], paths: Sequence[bytes], rules: Rules) -> _Found:
    """Return what changed, and what is ignored where something of that may be excluded by rule.

    Other work trees of the repository that lie in this one are none of its content.
    """
    ignored = ("--ignored=matching",) if rules.exclude else ()
    command = (*_STATUS, _COMMITS_OF_SUBMODULES, *ignored)
    rows = []
    for start in range(0, max(len(paths), 1), _PER_CALL):
        names = [os.fsdecode(path) for path in paths[start : start + _PER_CALL]]
        rows += _rows(run(*command, *(("--", *names) if names else ())))
    ignored_paths = [path for letters, path in dict.fromkeys(rows) if letters == "!!"]
    changed = [row for row in dict.fromkeys(rows) if row[0] != "!!"]
    siblings = [row for row in changed if _is_sibling(git, row)]
    brought = brought_among(rules, changed)
    changed = [row for row in changed if row not in brought]
    # With paths the index is that of a commit, but for what is changed.
    fresh = [row for row in changed if row[0] == "??"] if paths else changed
    secret = new_in(git, fresh, rules.secret)
    refuse_named(secret, paths)
    others = [row for row in changed if row not in siblings and row[1] not in secret]
    beside = [path.rstrip(b"/") for _, path in siblings]
    return _Found(others, ignored_paths, beside, secret, [path for _, path in brought])


def _is_sibling(git: Git, row: tuple[str, bytes]) -> bool:
    """Say whether git found another work tree of the same repository, and not its own files."""
    letters, path = row
    place = os.path.join(str(git.work_tree), os.fsdecode(path))
    return letters == "??" and path.endswith(b"/") and is_sibling(place, git.git_dir)


def _rows(out: bytes) -> list[tuple[str, bytes]]:
    return [(row[:2].decode(), row[3:]) for row in out.split(b"\0") if row]


def _take_in(
    run: Callable[..., bytes], files: Sequence[_File], top: str, progress: Told
) -> list[bytes]:
    """Write what changed into the index; return the repositories that have no commit."""
    gone, there, repositories = [], [], []
    for letters, path, found in files:
        if letters[1] == " ":
            continue  # it is in the index as it is
        if found is None:
            gone.append(path)
        elif stat.S_ISDIR(found.st_mode):
            repositories.append(path)
        else:
            there.append(path)
    _drop(run, gone)
    for start in range(0, len(there), _AT_ONCE):
        progress(start, len(there))
        options = ("--add", "--remove", "--replace", "-z", "--stdin")
        run("update-index", *options, data=_joined(there[start : start + _AT_ONCE]))
    progress(len(there), len(there))
    empty: list[bytes] = []
    while repositories:
        try:
            _add(run, repositories, top)
            break
        except _NoCommit as found_empty:
            empty.append(found_empty.path)
            repositories = [x for x in repositories if x != found_empty.path]
    return empty


class _NoCommit(Refused):
    """A repository in the work tree has no commit that could be recorded."""

    def __init__(self, path: bytes):
        name = line(os.fsdecode(path).rstrip("/"), 60)
        super().__init__(
            f"'{name}' is a git repository without a commit",
            hint="commit in it, ignore it, or move it elsewhere",
        )
        self.path = path


def _add(run: Callable[..., bytes], paths: Sequence[bytes], top: str, *, dry: bool = False) -> None:
    """Add what lies at these paths; when `dry`, only see whether git would."""
    where = ("--pathspec-from-file=-", "--pathspec-file-nul")
    try:
        run("add", "--all", "--sparse", *(("-n",) if dry else ()), *where, data=_joined(paths))
    except GitFailed as error:
        if empty := _NO_COMMIT.search(error.message):
            named = [x for x in paths if os.fsdecode(x).rstrip("/") == empty[1].rstrip("/")]
            raise _NoCommit(named[0] if named else os.fsencode(empty[1])) from error
        if unknown := _NO_MATCH.search(error.message):
            raise NotFound(
                "path",
                line(unknown[1], 60),
                nearest=_nearest(os.path.join(top, unknown[1])),
                hint="it is neither in the workspace nor in the lane",
            ) from error
        raise


def _nearest(path: str) -> str | None:
    """Return the name beside a path that is most like its own, if any is close."""
    import difflib  # costs 5 ms, and only mistakes need it

    directory, name = os.path.split(path)
    with suppress(OSError):
        found = difflib.get_close_matches(name, os.listdir(directory), n=1)
        return line(found[0], 60) if found else None
    return None


def _drop(run: Callable[..., bytes], paths: Sequence[bytes]) -> None:
    if paths:
        run(*FORGET, data=_joined(paths))


def _joined(paths: Sequence[bytes]) -> bytes:
    return b"".join(path + b"\0" for path in paths)


def _looked_up(git: Git, changed: Sequence[tuple[str, bytes]]) -> Iterator[_File]:
    """Yield what lies at each path, None where nothing does; `git status` says so of some."""
    top = os.open(str(git.work_tree), os.O_RDONLY | os.O_DIRECTORY)
    try:
        for letters, path in changed:
            # Behind a link to a directory there may be a file of the same name.
            gone = letters[1] == "D" and letters not in _UNMERGED
            yield _File(letters, path, None if gone else _lstat(path, top))
    finally:
        os.close(top)


def _lstat(path: bytes, top: int) -> os.stat_result | None:
    try:
        return os.lstat(path, dir_fd=top)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):  # ELOOP: a link in circles
            return None
        raise


def _sizes(files: Sequence[_File]) -> list[tuple[bytes, int]]:
    """Return the size of each regular file."""
    return [
        (path, there.st_size)
        for _, path, there in files
        if there is not None and stat.S_ISREG(there.st_mode)
    ]
