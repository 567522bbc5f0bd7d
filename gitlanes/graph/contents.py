"""The contents of a colliding path: three versions, merged, or laid out for people to decide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from gitlanes.git.merge_file import merge_file
from gitlanes.git.raw import EMPTY_TREE

if TYPE_CHECKING:
    from gitlanes.combine.changes import Clash
    from gitlanes.git.trees import Item
    from gitlanes.store.lane_repo import LaneRepo

_PLAIN, _EXECUTABLE, _SUBMODULE = "100644", "100755", "160000"
_REGULAR = (_PLAIN, _EXECUTABLE)
_MARKER = re.compile(rb"^(?:(?:<{7}|\|{7}|>{7})(?: .*)?|={7})\r?$", re.MULTILINE)


def versions(clash: Clash) -> tuple[Item | None, Item | None, Item | None]:
    """Return what the base, the lane and the parent have at a path."""
    mine, theirs = clash.source, clash.target
    base = mine[0] if mine else None
    return base, mine[1] if mine else None, theirs[1] if theirs else None


def displaced(clashes: Iterable[Clash]) -> frozenset[bytes]:
    """Return the paths in directories that the other side has files for: no merge finds a place.

    Beside that clash such a path has one of its content, where the lane changed what went.
    """
    return frozenset(x.path for x in clashes if x.kind == "directory")


def is_text(repo: LaneRepo, clash: Clash, *, missing: bool) -> bool:
    """Say whether all versions of a path are text files; some may be missing if that is said."""
    if clash.kind != "content":
        return False
    base, mine, theirs = versions(clash)
    if not missing and not (mine and theirs):
        return False
    there = [x for x in (base, mine, theirs) if x is not None]
    return all(x[0] in _REGULAR and b"\0" not in repo.objects.blob(x[1]) for x in there)


def merged(repo: LaneRepo, clash: Clash) -> Item | None:
    """Return the path with both sides' changes, None where git finds them in conflict."""
    base, mine, theirs = versions(clash)
    if base is None or mine is None or theirs is None or not is_text(repo, clash, missing=False):
        return None
    texts = [repo.objects.blob(x[1]) for x in (mine, base, theirs)]
    made = merge_file(repo.git, texts[0], texts[1], texts[2], ("lane", "base", "parent"))
    return (mode_of(clash), repo.objects.write("blob", made.content)) if made.clean else None


def mode_of(clash: Clash) -> str:
    """Return the mode of a regular file that both sides had to do with."""
    base, mine, theirs = versions(clash)
    modes = [x[0] for x in (mine, theirs) if x and x[0] in _REGULAR]
    changed = [x for x in modes if base is None or x != base[0]]
    return (changed or modes or [_PLAIN])[0]


def laid_out(
    repo: LaneRepo, clash: Clash, labels: Sequence[str], free: Callable[[bytes], bytes]
) -> tuple[dict[bytes, Item | None], bytes | None]:
    """Return the edits that lay a path out for people, and the file that lies beside it, if any.

    Text gets diff3 markers. Elsewhere the parent's version stays in place, and the lane's lies
    beside it, under a name that `free` returns, to be removed once it is decided.
    """
    base, mine, theirs = versions(clash)
    store = repo.objects
    if is_text(repo, clash, missing=True):
        texts = [store.blob(x[1]) if x else b"" for x in (mine, base, theirs)]
        made = merge_file(repo.git, texts[0], texts[1], texts[2], labels)
        if not made.clean or (mine and theirs):
            return {clash.path: (mode_of(clash), store.write("blob", made.content))}, None
    inside = clash.other is not None and clash.path.startswith(clash.other + b"/")
    beside = free(clash.overwritten if inside else clash.path)
    if mine is None or mine[0] == _SUBMODULE:
        said = f"submodule at {mine[1]}" if mine else "deleted"
        mine = (_PLAIN, store.write("blob", f"{said}: {labels[0]}\n".encode()))
    return {beside: mine}, beside


def free_name(repo: LaneRepo, tree: str, lane: str) -> Callable[[bytes], bytes]:
    """Return what finds a name beside a path that neither the tree has nor it gave before."""
    used: set[bytes] = set()

    def free(path: bytes) -> bytes:
        name = path + b"~" + lane.encode()
        while name in used or (tree != EMPTY_TREE and repo.objects.entry(tree, name) is not None):
            name += b"~"
        used.add(name)
        return name

    return free


def has_markers(found: bytes, known: Iterable[bytes]) -> bool:
    """Say whether a text has conflict markers that none of its versions had."""
    before = {x for text in known for x in _MARKER.findall(text)}
    return any(x not in before for x in _MARKER.findall(found))
