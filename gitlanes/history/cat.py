"""One file of any state, as it is stored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitlanes.errors import GitFailed, NotFound, Refused, line
from gitlanes.git.raw import DIRECTORY
from gitlanes.models.history import Blob
from gitlanes.models.plain import plain
from gitlanes.store import codec
from gitlanes.store.view import nearest

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_SUBMODULE = "160000"
_AT_ONCE = 1 << 20
# Names of one directory that are compared with a mistyped one.
_COMPARED = 5000


def find(repo: LaneRepo, state: str, path: bytes) -> Blob:
    """Return the file at a path, from the top, of a lane, attempt, snapshot, revision or tree.

    Raises NotFound with the nearest path, Refused for a directory and for a submodule.
    """
    tree = repo.view.tree_of(state)
    name = codec.one_line(str(plain(path)))
    found = repo.refs.entry(tree, path) if path else (DIRECTORY.decode(), tree)
    if found is None:
        raise NotFound(
            "path",
            f"{line(state, 60)}:{name}",
            nearest=_nearest(repo, tree, path),
            hint=f"list the paths with: git ls-tree -r --name-only {tree[:12]}",
        )
    mode, oid = found
    if mode == DIRECTORY.decode():
        raise Refused(
            f"'{name}' is a directory in '{line(state, 60)}'",
            hint=f"list it with: git ls-tree {oid[:12]}",
        )
    if mode == _SUBMODULE:
        raise Refused(
            f"'{name}' is a submodule in '{line(state, 60)}', at commit {oid[:12]}",
            hint="look into the submodule's own repository",
        )
    size = int(repo.git.run("cat-file", "-s", oid).text)
    return Blob(state, path, mode, oid, size)


def content(repo: LaneRepo, blob: Blob) -> Iterator[bytes]:
    """Yield a file's content piece by piece, however large it is; a link's is its target."""
    process = repo.git.popen("cat-file", "blob", blob.oid, discard_err=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        while piece := process.stdout.read(_AT_ONCE):
            yield piece
        if process.wait():
            raise GitFailed(f"git cat-file failed on blob {blob.oid[:12]}", hint="run 'git fsck'")
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def _nearest(repo: LaneRepo, tree: str, path: bytes) -> str | None:
    """Return a path like the one that is not there: the directory left out, a name mistyped."""
    parts, here, way = path.split(b"/"), tree, b""
    elsewhere = _elsewhere(repo, tree, parts[-1])
    if elsewhere is not None:
        return elsewhere
    for at, part in enumerate(parts):
        listing = {name: (mode, oid) for mode, name, oid in repo.refs.tree(here)}
        if part in listing and listing[part][0] == DIRECTORY:
            here, way = listing[part][1].hex(), way + part + b"/"
            continue
        names = [str(plain(x)) for x in list(listing)[:_COMPARED]]
        like = nearest(str(plain(part)), names)
        if like is not None:
            rest = [like, *(str(plain(x)) for x in parts[at + 1 :])]
            return _existing(repo, tree, str(plain(way)) + "/".join(rest))
        break
    return None


def _existing(repo: LaneRepo, tree: str, path: str) -> str:
    """Return as much of a path as there is."""
    parts = path.split("/")
    while len(parts) > 1 and repo.refs.entry(tree, os.fsencode("/".join(parts))) is None:
        parts.pop()
    return codec.one_line("/".join(parts))


def _elsewhere(repo: LaneRepo, tree: str, name: bytes) -> str | None:
    """Return the shortest path of another file of that name."""
    rows = repo.git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree).out.split(b"\0")
    found = [x for x in rows if x.endswith(b"/" + name) and name]
    return codec.one_line(str(plain(min(found, key=lambda x: (len(x), x))))) if found else None
