"""Files that are too large to be taken in."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gitlanes.errors import Refused
from gitlanes.git.process import Git

_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
# So many are named.
_NAMED = 5


def refuse(git: Git, files: Sequence[tuple[bytes, int]], largest: int) -> None:
    """Raise Refused if one of these new or changed files is larger than that, naming them.

    With 0 none is.
    """
    found = [(path, size) for path, size in files if size > largest] if largest else []
    large = sorted(_unfiltered(git, found), key=lambda x: -x[1]) if found else []
    if not large:
        return
    limit = _told(largest)
    sizes = [(path, x if (x := _told(size)) != limit else f"{size} bytes") for path, size in large]
    names = ", ".join(f"'{os.fsdecode(path)}' ({size})" for path, size in sizes[:_NAMED])
    more = f" and {len(large) - _NAMED} more" if len(large) > _NAMED else ""
    what = "a file is" if len(large) == 1 else f"{len(large)} files are"
    raise Refused(
        f"{what} larger than lanes.maxBlobSize ({limit}): {names}{more}",
        hint="ignore what is not source (.gitignore, lanes.exclude), "
        "or raise the limit: git config lanes.maxBlobSize SIZE",
        data={"too_large": [{"path": os.fsdecode(x), "size": size} for x, size in large]},
    )


def _unfiltered(git: Git, found: list[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
    """Return those files that git would store as they are: a filter may make a pointer of one."""
    names = b"".join(path + b"\0" for path, _ in found)
    fields = git.run("check-attr", "-z", "--stdin", "filter", input=names).out.split(b"\0")
    filters = dict(zip(fields[::3], fields[2::3], strict=False))
    drivers = git.run("config", "--name-only", "-z", "--get-regexp", r"^filter\.", check=False).out
    known = {x.rpartition(b".")[0].partition(b".")[2] for x in drivers.split(b"\0")}
    return [(path, size) for path, size in found if filters.get(path) not in known]


def _told(count: int) -> str:
    """Return a size as people read it."""
    for unit, name in _UNITS:
        if count >= unit:
            return f"{count / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{count} bytes"
