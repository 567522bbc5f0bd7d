"""What is left out of a work tree's files by rule: patterns of ours beside git's own ignores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from gitlanes.git.process import Git


class Rules(NamedTuple):
    """What is taken in.

    ``exclude`` are patterns of untracked files that are not, in gitignore's syntax; any other
    source of ignores goes before them, ``excludes_file`` (the user's own) too. ``largest`` is
    the size in bytes of the largest file that may be new or changed, 0 for any. ``secret`` are
    patterns of files that are not either unless HEAD has them, whatever ignores say; ``brought``
    are paths of which the same holds, and of all below them.
    """

    exclude: tuple[str, ...] = ()
    excludes_file: str = ""
    largest: int = 0
    secret: tuple[str, ...] = ()
    brought: tuple[bytes, ...] = ()


NO_RULES = Rules()


@contextmanager
def excluding(rules: Rules) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Yield git's options for the excluded patterns, and the descriptor to hand to it.

    Git reads one file of ignores beside those in the repository, the user's own; so it gets one
    that has both, without a name on disk that could be left behind.
    """
    if not rules.exclude:
        yield (), ()
        return
    content = _lines_of(rules) + _content(rules.excludes_file)
    descriptor = _nameless(content)
    try:
        yield ("-c", f"core.excludesFile={_place(descriptor)}"), (descriptor,)
    finally:
        os.close(descriptor)


def brought_among(rules: Rules, rows: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Return those rows of `git status` that are new, and were brought here by ourselves."""
    known = frozenset(rules.brought)
    if not known:
        return []
    # " A" is a file that was announced with `git add -N` alone.
    new = (x for x in rows if x[0] in ("??", " A") or x[0][0] == "A")
    return [x for x in new if not known.isdisjoint(up_from(x[1]))]


def up_from(path: bytes) -> Iterator[bytes]:
    """Yield a path and all directories above it, without a slash at the end."""
    path = path.rstrip(b"/")
    while path:
        yield path
        path = path.rpartition(b"/")[0]


def untracked_files(git: Git, patterns: Sequence[str]) -> list[bytes]:
    """Return the files of a work tree that no commit has, ignored or not, and patterns name.

    What lies in a repository of its own in there is none of it.
    """
    with excluding(Rules(tuple(patterns))) as (settings, descriptors):
        alone = "--exclude-from=" + settings[-1].partition("=")[2]
        command = ("ls-files", "-z", "--others", "--ignored", alone)
        found = git.run(*command, pass_fds=descriptors).out.split(b"\0")
    return [x for x in found if x and not x.endswith(b"/")]


def _lines_of(rules: Rules) -> bytes:
    return b"".join(os.fsencode(pattern) + b"\n" for pattern in rules.exclude)


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read().removeprefix(b"\xef\xbb\xbf")
    except OSError:  # git does without it, too
        return b""


def _nameless(content: bytes) -> int:
    """Return the descriptor of a file with that content that has no name."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("lanes-exclude")
    else:
        import tempfile  # 10 ms, and Linux does without

        descriptor, name = tempfile.mkstemp()
        os.unlink(name)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _place(descriptor: int) -> str:
    return f"/dev/fd/{descriptor}"


def count_skipped(
    git: Git,
    ignored: Sequence[bytes],
    rules: Rules,
    settings: Sequence[str],
    descriptors: Sequence[int],
) -> int:
    """Return how many of the ignored paths only the rules keep out."""
    if not ignored:
        return 0
    os.lseek(descriptors[0], 0, os.SEEK_SET)
    # A colon at its beginning is no magic, only behind a directory.
    names = b"".join(b"./" + path + b"\0" for path in ignored)
    command = ("--no-literal-pathspecs", *settings, "check-ignore", "-v", "-z", "--stdin")
    fields = git.run(*command, input=names, check=False, pass_fds=descriptors).out.split(b"\0")
    ours, last = os.fsencode(_place(descriptors[0])), _lines_of(rules).count(b"\n")
    rows = zip(fields[::4], fields[1::4], strict=False)
    return sum(source == ours and int(line) <= last for source, line in rows)
