"""All that a person or an agent can see of a repository with lanes, less ids and times."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pygit2

from gitlanes.models.records import LaneState
from gitlanes.store import journal
from tests.support.repos import TestRepo

_NOTES = "refs/notes/lanes/"
# What an operation moves at once; branches, and what was seen of them, follow in a second step.
_AT_ONCE = ("refs/lanes/head/", "refs/lanes/snapshots/")


def observe(repo: TestRepo) -> dict[str, Any]:
    """Return records, refs, notes, and every work tree's HEAD, index, files and marker."""
    store, refs = pygit2.Repository(str(repo.path)), repo.refs()
    others = {
        name: _tree(store, oid)
        for name, oid in refs.items()
        if not name.startswith(("refs/lanes/journal/", _NOTES))
    }
    return {**records(repo, refs), "others": others, **directories(repo)}


def records(repo: TestRepo, refs: dict[str, str] | None = None) -> dict[str, Any]:
    """Return what refs, journals and notes say; read with nothing mended."""
    store = pygit2.Repository(str(repo.path))
    with repo.inner() as inner:
        states = inner.view.lanes(deleted=True)
        lanes = {x.record.name: _lane(store, x) for x in states}
        verbs = {x.record.name: [e.verb for e in journal.walk(inner.refs, x.tip)] for x in states}
    refs = refs or repo.refs()
    return {
        "lanes": lanes,
        "verbs": verbs,
        "refs": {
            name: _tree(store, oid) for name, oid in refs.items() if name.startswith(_AT_ONCE)
        },
        "notes": {
            name: sorted(_lines(store, store[oid].peel(pygit2.Tree)))
            for name, oid in refs.items()
            if name.startswith(_NOTES)
        },
    }


def directories(repo: TestRepo) -> dict[str, Any]:
    """Return what lies in every work tree, and what was left lying about."""
    store = pygit2.Repository(str(repo.path))
    listed = repo.git("worktree", "list", "--porcelain", "-z").split("\0")
    places = [Path(x.removeprefix("worktree ")) for x in listed if x.startswith("worktree ")]
    above = repo.path.with_name(repo.path.name + ".lanes")
    return {
        "places": {str(x.relative_to(repo.path.parent)): _place(repo, store, x) for x in places},
        "beside": sorted(os.listdir(above)) if above.is_dir() else [],
        "ids": sorted(os.listdir(repo.path / ".git/worktrees"))
        if (repo.path / ".git/worktrees").is_dir()
        else [],
        "left": left_behind(repo),
    }


_LEFT = (".lock", "-index", "packed-refs.new", ".keep")


def left_behind(repo: TestRepo) -> list[str]:
    """Return lock files, and others, that stop git or us and that nobody holds any more."""
    top, found = repo.path / ".git", []
    for place, _, files in os.walk(top):
        for name in files:
            path = str(Path(place, name).relative_to(top))
            if path == "lanes/lock" or name == "lanes.lock" or path.startswith("lanes/trash/"):
                continue
            if path == "lanes/pending" or name.endswith(_LEFT):
                found.append(path)
    return sorted(found)


def _lane(store: pygit2.Repository, state: LaneState) -> Any:
    record = state.record
    return {
        "status": record.status,
        "history": _history(store, record.head),
        "open": [(x.id, x.status, x.tree, x.title) for x in record.open],
        "next": record.next,
        "carries": record.change is not None,
        "landed": sorted([_tree(store, y) for y in x.bases] for x in record.landed.values()),
    }


def _history(store: pygit2.Repository, oid: str | None) -> list[tuple[str, str]]:
    found = []
    commit: Any = store[oid] if oid else None
    while commit is not None:
        found.append((str(commit.tree_id), commit.message.splitlines()[0]))
        commit = commit.parents[0] if commit.parents else None
    return found


def _tree(store: pygit2.Repository, oid: str | None) -> str | None:
    return str(store[oid].peel(pygit2.Tree).id) if oid else None


def _lines(store: pygit2.Repository, tree: Any) -> list[tuple[str, str]]:
    found = []
    for entry in tree:
        if isinstance(entry, pygit2.Tree):
            found += _lines(store, entry)
        else:
            for line in entry.data.splitlines():
                body = json.loads(line)
                found.append((body["attempt"], body["schema"]))
    return found


def _place(repo: TestRepo, store: pygit2.Repository, place: Path) -> Any:
    if not place.is_dir():
        return "gone"
    said = repo.git("status", "--porcelain=v2", "--branch", "-uall", cwd=place).split("\n")
    git_dir = _git_dir(place)
    known = git_dir / "lanes.json"
    state = json.loads(known.read_text()) if known.exists() else None
    return {
        "head": _history(store, said[0].removeprefix("# branch.oid ")),
        "status": said[1:],
        "index": repo.git("ls-files", "--stage", cwd=place),
        "files": files_below(place),
        "step": state and state["step"],
        "base": state and git_dir != repo.path / ".git" and _tree(store, state["base"]),
    }


def _git_dir(place: Path) -> Path:
    """Return a work tree's own git directory."""
    there = place / ".git"
    return Path(there.read_text().strip().removeprefix("gitdir: ")) if there.is_file() else there


def files_below(place: Path) -> dict[str, bytes]:
    """Return every file of a directory, but for git's own."""
    found = {}
    for top, names, files in os.walk(place):
        names[:] = [x for x in names if x != ".git"]
        for name in files:
            path = Path(top, name)
            if name != ".git":
                found[str(path.relative_to(place))] = path.read_bytes()
    return found
