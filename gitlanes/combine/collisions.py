"""Where two sides of a landing cannot both have their way."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from gitlanes.combine.changes import Clash
from gitlanes.git.trees import Change

Changes = Mapping[bytes, Change]
Pair = tuple[bytes, bytes]


def content_clashes(source: Changes, target: Changes) -> list[Clash]:
    """Return the paths that both sides changed, to different results."""
    return [
        Clash(path, "content", source[path], target[path], None)
        for path in source.keys() & target.keys()
        if source[path][1] != target[path][1]
    ]


def convergent_paths(source: Changes, target: Changes) -> list[bytes]:
    """Return the paths that both sides brought to the same result, sorted."""
    both = source.keys() & target.keys()
    return sorted(path for path in both if source[path][1] == target[path][1])


def directory_clashes(source: Changes, target: Changes) -> list[Clash]:
    """Return where one side has a file and the other has changed or added files below it."""
    ours, theirs = _kept(source), _kept(target)
    pairs = [(file, path) for file, path in _below(set(ours), theirs)]
    pairs += [(path, file) for file, path in _below(set(theirs), ours)]
    return [Clash(one, "directory", source[one], target[other], other) for one, other in pairs]


def case_clashes(
    source: Changes,
    target: Changes,
    in_source: Callable[[bytes], bool],
    in_target: Callable[[bytes], bool],
) -> list[Clash]:
    """Return the additions that only together are equal but for case or Unicode form.

    The changes are those that the combination keeps. ``in_source`` and ``in_target`` say whether
    that side's tree has a file or directory at a path: twins that one side had already are its
    own business. They are asked about twins only, so that nothing else is read.
    """
    ours, theirs = _kept(source), _kept(target)
    return [
        Clash(path, "case", source[path], target[other], other)
        for one, twin in _new_twins(ours, theirs, in_source, in_target)
        for path, other in _paired(_at_or_below(one, ours), _at_or_below(twin, theirs))
    ]


def fold(path: bytes) -> bytes:
    """Return a path as a file system that ignores case and Unicode form compares it."""
    if path.isascii():
        return path.lower()
    text = path.decode("utf-8", "surrogateescape")
    # Folding may take a composed character apart.
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return text.encode("utf-8", "surrogateescape")


def _new_twins(
    ours: Iterable[bytes],
    theirs: Iterable[bytes],
    in_source: Callable[[bytes], bool],
    in_target: Callable[[bytes], bool],
) -> Iterator[Pair]:
    """Yield the topmost places, the source's and the target's, that fold to the same."""
    ours_folded, theirs_folded = _by_folded(ours), _by_folded(theirs)
    reported: set[Pair] = set()
    # Sorted, a directory comes before what is in it.
    for folded in sorted(ours_folded.keys() & theirs_folded.keys()):
        for one, other in _unequal(ours_folded[folded], theirs_folded[folded]):
            inside = (_parent(one), _parent(other)) in reported
            if inside or not (in_source(other) or in_target(one)):
                reported.add((one, other))
                if not inside:
                    yield one, other


def _by_folded(paths: Iterable[bytes]) -> dict[bytes, set[bytes]]:
    """Return the paths and every directory on the way to them, by what they fold to."""
    found: dict[bytes, set[bytes]] = {}
    seen: set[bytes] = set()
    for path in paths:
        here = path
        while here and here not in seen:
            seen.add(here)
            found.setdefault(fold(here), set()).add(here)
            here = _parent(here)
    return found


def _unequal(ours: set[bytes], theirs: set[bytes]) -> list[Pair]:
    return [(one, other) for one in sorted(ours) for other in sorted(theirs) if one != other]


def _at_or_below(place: bytes, paths: list[bytes]) -> list[bytes]:
    """Return those of the sorted paths that are the place itself or inside it."""
    first = bisect_left(paths, place + b"/")
    inside = paths[first : bisect_left(paths, place + b"0")]  # 0 comes after the slash
    return inside or [place]


def _paired(ours: list[bytes], theirs: list[bytes]) -> Iterator[Pair]:
    """Yield pairs in which each path occurs; the shorter list repeats its last one."""
    for number in range(max(len(ours), len(theirs))):
        yield ours[min(number, len(ours) - 1)], theirs[min(number, len(theirs) - 1)]


def _below(files: Collection[bytes], paths: Iterable[bytes]) -> Iterator[Pair]:
    """Yield (file, path) for each path that is below one of the files."""
    for path in paths:
        above = _parent(path)
        while above and above not in files:
            above = _parent(above)
        if above:
            yield above, path


def _kept(changes: Changes) -> list[bytes]:
    """Return the paths that exist afterwards, sorted."""
    return sorted(path for path, (_, after) in changes.items() if after is not None)


def _parent(path: bytes) -> bytes:
    return path.rpartition(b"/")[0]
