"""Who made each line of a file: git's blame, joined with what is recorded of its commits."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import BadValue, GitFailed, Negative, NotFound, Refused
from gitlanes.git.raw import DIRECTORY
from gitlanes.git.refs import ZERO
from gitlanes.history.origins import looked_through, origins
from gitlanes.models.asking import Blame, BlamedLine
from gitlanes.models.plain import plain
from gitlanes.store import codec, records
from gitlanes.store.adopt import adopted_lane

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_HEADER = re.compile(rb"([0-9a-f]{40}) (\d+) (\d+)(?: \d+)?")
# Squashes of squashes that are looked through.
_DEEPEST = 10

Range = tuple[int, int | None]


class _Line(NamedTuple):
    """A line as git blames it: its commit, and its number and path in that."""

    number: int
    commit: str
    original: int
    path: bytes
    content: bytes


def blame(
    repo: LaneRepo, path: bytes, state: str | None = None, *, lines: Range | None = None
) -> Blame:
    """Return the commit and the attempt behind each line of a file, its path from the top.

    Without ``state`` it is the file in this workspace, unsaved lines included; in a repository
    without files the head of the adopted lane. ``lines`` is (first, last), from 1; None is the
    end. Raises NotFound, Refused for what has no lines, BadValue for lines that are not there.
    """
    found, shown = _blamed(repo, path, state, lines)
    made = _made(repo, found)
    behind = origins(repo, [x for x in made.values() if x != ZERO])
    rows = tuple(
        BlamedLine(
            x.number,
            x.commit if x.commit != ZERO else None,
            made[x.number] if x.commit != ZERO else None,
            x.content,
        )
        for x in found
    )
    return Blame(path, shown, rows, behind)


def _blamed(
    repo: LaneRepo, path: bytes, state: str | None, lines: Range | None
) -> tuple[list[_Line], str | None]:
    """Return the lines and the state that they are of."""
    if state is None and repo.place.work_tree is None:
        adopted = adopted_lane(repo)
        state = adopted.record.name if adopted else "HEAD"
    if state is not None:
        commit = repo.view.commit_of(state)
        _require_file(repo, commit, path, state)
        return _git_blame(repo, path, commit, lines), state
    return _git_blame(repo, path, None, lines), None


def _require_file(repo: LaneRepo, commit: str, path: bytes, state: str) -> None:
    name, where = codec.one_line(str(plain(path))), codec.one_line(state, 60)
    found = repo.refs.entry(repo.refs.commit(commit).tree, path) if path else (DIRECTORY.decode(),)
    if found is None:
        raise NotFound("path", f"{where}:{name}", hint=f"see 'git ls-tree {commit[:12]}'")
    if found[0] in (DIRECTORY.decode(), "160000"):
        kind = "a submodule" if found[0] == "160000" else "a directory"
        raise Refused(f"'{name}' is {kind} in '{where}'", hint="name a file")


def _git_blame(repo: LaneRepo, path: bytes, commit: str | None, lines: Range | None) -> list[_Line]:
    """Return what git says; of the file in the work tree without a commit."""
    git = repo.git if commit else repo.git.at(repo.place.git_dir, repo.place.work_tree)
    asked = () if lines is None else ("-L", f"{lines[0]},{lines[1] or ''}")
    revision = (commit,) if commit else ()
    name = os.fsdecode(path)
    args = ("blame", "--porcelain", "--no-textconv", *asked, *revision, "--", name)
    done = git.run(*args, check=False)
    if done.code:
        raise _refusal(codec.one_line(name), done.err.decode("utf-8", "replace"))
    return _parsed(done.out)


def _refusal(name: str, said: str) -> Negative | NotFound | BadValue | Refused | GitFailed:
    """Return why git does not blame a file."""
    if "has only" in said and "line" in said:
        count = re.search(r"has only (\d+) line", said)
        return BadValue(f"'{name}' has only {count[1] if count else 'fewer'} lines")
    if "no such path" in said or "cannot stat path" in said.lower():
        return NotFound("path", name, hint="is it saved yet? git does not know it")
    if "no such ref: HEAD" in said:
        return Refused("there is no commit yet", hint="make a first commit")
    words = said.strip().splitlines()[-1:] or ["no reason given"]
    return GitFailed(f"git blame failed: {words[0].removeprefix('fatal: ')}")


def _parsed(data: bytes) -> list[_Line]:
    """Return the lines of git's porcelain form: a commit is described where it comes first."""
    found: list[_Line] = []
    paths: dict[bytes, bytes] = {}
    rows = iter(data.split(b"\n"))
    for row in rows:
        header = _HEADER.fullmatch(row)
        if header is None:
            continue
        commit, original, number = header.groups()
        for about in rows:
            if about.startswith(b"\t"):
                path = paths.get(commit, b"")
                found.append(_Line(int(number), commit.decode(), int(original), path, about[1:]))
                break
            if about.startswith(b"filename "):
                paths[commit] = _unquoted(about.removeprefix(b"filename "))
    return found


def _unquoted(name: bytes) -> bytes:
    """Return a path that git may have quoted as a C string."""
    if not name.startswith(b'"'):
        return name
    inner = name[1:-1]
    return re.sub(rb"\\([0-7]{3}|.)", _meant, inner, flags=re.S)


def _meant(match: re.Match[bytes]) -> bytes:
    said = match[1]
    if len(said) == 3:
        return bytes([int(said, 8)])
    known = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b"}
    return {**known, b"f": b"\f", b"v": b"\v"}.get(said, said)


def _made(repo: LaneRepo, lines: Sequence[_Line], depth: int = 0) -> dict[int, str]:
    """Return {line: the commit whose work it is}, behind what shows others' work again."""
    made = {x.number: x.commit for x in lines}
    commits = {x.commit for x in lines if x.commit != ZERO}
    notes = records.read(repo, commits)
    for commit in commits:
        source = looked_through(notes[commit])
        if source is None or depth >= _DEEPEST:
            continue
        mine = [x for x in lines if x.commit == commit]
        made.update(_within_source(repo, commit, source, mine, depth))
    return made


def _within_source(
    repo: LaneRepo, commit: str, source: str, lines: Sequence[_Line], depth: int
) -> dict[int, str]:
    """Return the source's commits behind lines of a squash, as far as its files are the source's.

    A squash takes each path whole from one side, so the lines have the same numbers there.
    """
    found: dict[int, str] = {}
    there = repo.refs.target(f"{source}^{{commit}}")
    if there is None or there == commit:
        return found
    ends = (repo.refs.commit(commit).tree, repo.refs.commit(there).tree)
    for path in {x.path for x in lines}:
        sides = [repo.refs.entry(tree, path) for tree in ends]
        if sides[0] is None or sides[0] != sides[1]:
            continue
        mine = {x.original: x.number for x in lines if x.path == path}
        asked = (min(mine), max(mine))
        below = [x for x in _git_blame(repo, path, there, asked) if x.number in mine]
        deeper = _made(repo, below, depth + 1)
        found.update((mine[number], made) for number, made in deeper.items())
    return found
