"""Repositories of any size, made fast, and work in them without a work tree."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from gitlanes.git.objects import ObjectStore
from gitlanes.git.raw import DIRECTORY, Entry
from gitlanes.git.trees import overlay
from tests.support.repos import TestRepo

WHO = b"Test Person <person@example.com> 1700000000 +0000"
_LINE = "line {} of file {}: the quick brown fox jumps over the lazy dog\n"


def path_of(number: int) -> str:
    """Return the path of a file: a hundred to a directory, ten directories to one above."""
    return f"src{number // 1000:03}/part{number // 100 % 10}/file{number % 100:02}.py"


def grow(path: Path, environ: Mapping[str, str], files: int, *, bare: bool = False) -> TestRepo:
    """Make an adopted repository with that many different files of some 2 KB."""
    repo = _empty(path, environ, bare=bare)
    feed(repo, _stream(files), "fast-import", "--quiet")
    return _adopted(repo, bare=bare)


def grow_wide(path: Path, environ: Mapping[str, str], side: int) -> TestRepo:
    """Make an adopted bare repository of side x side x side files that share 1,009 contents."""
    repo = _empty(path, environ, bare=True)
    store = ObjectStore(str(path))
    blobs = [bytes.fromhex(store.write("blob", b"%d\n" % number)) for number in range(1009)]
    tops = {b"top%03d" % top: _directory(store, blobs, top, side) for top in range(side)}
    tree = store.write_tree(tops)
    first = store.write_commit(tree, [], "first\n", author=WHO, committer=WHO)
    repo.git("update-ref", "refs/heads/main", first)
    repo.git("repack", "-adq")
    return _adopted(repo, bare=True)


def wide_path_of(number: int, side: int) -> str:
    """Return the path of one of those files."""
    top, rest = divmod(number, side * side)
    return f"top{top % side:03}/part{rest // side:03}/file{rest % side:03}"


def change(repo: TestRepo, parent: str, files: Mapping[str, str], message: str = "work\n") -> str:
    """Return a new commit that has these contents on top of `parent`."""
    store = ObjectStore(repo.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    edits = {
        name.encode(): ("100644", store.write("blob", text.encode()))
        for name, text in files.items()
    }
    tree = overlay(store, store.commit(parent).tree, edits)
    return store.write_commit(tree, [parent], message, author=WHO, committer=WHO)


def feed(repo: TestRepo, data: bytes | Iterator[bytes], *args: str) -> None:
    """Run git with that input; it must succeed."""
    with subprocess.Popen(
        ["git", *args],
        cwd=repo.path,
        env=repo.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        process.stdin.writelines([data] if isinstance(data, bytes) else data)
    assert process.returncode == 0, f"git {' '.join(args)}"


def _empty(path: Path, environ: Mapping[str, str], *, bare: bool) -> TestRepo:
    path.mkdir(parents=True)
    repo = TestRepo(path, environ)
    repo.git("init", "--quiet", "--initial-branch=main", *(["--bare"] if bare else []))
    return repo


def _adopted(repo: TestRepo, *, bare: bool) -> TestRepo:
    if not bare:
        repo.git("reset", "--quiet", "--hard")
    repo.lanes.init()
    return repo


def _stream(files: int) -> Iterator[bytes]:
    """Yield what `git fast-import` makes one commit of all the files from."""
    for number in range(files):
        data = "".join(_LINE.format(line, number) for line in range(32)).encode()
        yield b"blob\nmark :%d\ndata %d\n%s\n" % (number + 1, len(data), data)
    yield b"commit refs/heads/main\ncommitter %s\ndata 6\nfirst\n" % WHO
    for number in range(files):
        yield b"M 100644 :%d %s\n" % (number + 1, path_of(number).encode())
    yield b"\ndone\n"


def _directory(store: ObjectStore, blobs: list[bytes], top: int, side: int) -> Entry:
    leaves = [bytes.fromhex(_leaf(store, blobs, top, part, side)) for part in range(side)]
    entries = {b"part%03d" % part: (DIRECTORY, leaf) for part, leaf in enumerate(leaves)}
    return DIRECTORY, bytes.fromhex(store.write_tree(entries))


def _leaf(store: ObjectStore, blobs: list[bytes], top: int, part: int, side: int) -> str:
    first = (top * side + part) * 7
    return store.write_tree(
        {b"file%03d" % at: (b"100644", blobs[(first + at) % len(blobs)]) for at in range(side)}
    )
