"""Where a secret stands among all objects that refs, reflogs and indexes lead to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import Refused
from gitlanes.git.refs import list_refs
from gitlanes.store import layout

if TYPE_CHECKING:
    from gitlanes.epochs.secret import Secret
    from gitlanes.store.lane_repo import LaneRepo

_EVERYWHERE = ("--all", "--reflog", "--indexed-objects")


class Found(NamedTuple):
    """All refs, all commits (parents first), those of notes, and the objects that hold a secret.

    ``paths`` is {blob: a path that it is at}.
    """

    refs: dict[str, str]
    commits: tuple[str, ...]
    notes: frozenset[str]
    holding: frozenset[str]
    paths: dict[str, str]


def scan(repo: LaneRepo, secret: Secret) -> Found:
    """Look through every object; raises Refused where the secret is a part of a path or a ref."""
    refs = all_refs(repo)
    odd = next((x for x in refs if secret.within(x.encode("utf-8", "surrogateescape"))), None)
    if odd is not None:
        raise Refused(
            "the secret is part of a ref's name, and of what that is called everywhere",
            hint="rename it: see 'git for-each-ref'",
        )
    listed = repo.git.run("rev-list", "--objects", *_EVERYWHERE).out.split(b"\n")
    rows = [x.split(b" ", 1) for x in listed if x]
    holding, paths = set(), {}
    for row in repo.counted("looking through objects", rows):
        oid = row[0].decode()
        kind, data = repo.objects.read(oid)
        if not secret.within(data):
            continue
        holding.add(oid)
        if kind == "tree":
            raise Refused(
                "the secret is part of a file's name",
                hint="rewrite the history by hand: git filter-repo --path-rename",
            )
        if kind == "blob" and row[1:]:
            paths[oid] = os.fsdecode(row[1])
    commits = repo.git.run("rev-list", "--topo-order", "--reverse", *_EVERYWHERE[:2]).text.split()
    return Found(refs, tuple(commits), _of_notes(repo, refs), frozenset(holding), paths)


def all_refs(repo: LaneRepo) -> dict[str, str]:
    """Return {ref: id} of the whole repository."""
    rows = list_refs(repo.git, [layout.ALL], "refname objectname")
    return {os.fsdecode(name): oid.decode() for name, oid in rows}


def is_notes(ref: str) -> bool:
    """Say whether a ref has notes of lanes, here or as they were fetched."""
    return ref in layout.NOTES.values() or "/notes/" in ref.removeprefix(layout.REMOTES)


def _of_notes(repo: LaneRepo, refs: dict[str, str]) -> frozenset[str]:
    tips = [x for ref, x in refs.items() if ref.startswith(layout.OURS) and is_notes(ref)]
    for ref in layout.NOTES.values():
        tips += repo.git.run("reflog", "show", "--format=%H", ref, check=False).text.split()
    asked = "".join(f"{x}\n" for x in tips).encode()
    return frozenset(repo.git.run("rev-list", "--stdin", input=asked).text.split() if tips else ())
