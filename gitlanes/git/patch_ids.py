"""Patch ids: the same change has the same one wherever it is applied."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlanes.git.process import Git

# What a patch is between: the ids of two trees.
Ends = tuple[str, str]

# What `diff-tree --stdin` says before each patch; no line of a patch looks like this.
_ENDS = re.compile(rb"^([0-9a-f]{40}) ([0-9a-f]{40})$", re.MULTILINE)
# The ids of whole files, and where hunks stand in them; lines of files begin otherwise.
_PLACES = re.compile(rb"^(?:index |@@ ).*$", re.MULTILINE)


def patch_ids(git: Git, ends: Iterable[Ends]) -> dict[Ends, str]:
    """Return ``{(tree, tree): patch id}``.

    Where lines stand in a file does not count. White space and modes do, other than in git's own
    patch ids: to those, indenting a line is the same as undoing that.
    """
    wanted = list(dict.fromkeys(x for x in ends if x[0] != x[1]))
    if not wanted:
        return {}
    options = ("--no-ext-diff", "--no-textconv", "--no-renames", "--no-color", "--full-index")
    asked = "".join(f"{old} {new}\n" for old, new in wanted).encode()
    patches = git.run("diff-tree", "--stdin", "-r", "-p", "--binary", *options, input=asked).out
    _, *parts = _ENDS.split(patches)
    rows = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return {(old.decode(), new.decode()): _hash(patch) for old, new, patch in rows}


def _hash(patch: bytes) -> str:
    return hashlib.sha1(_PLACES.sub(b"", patch), usedforsecurity=False).hexdigest()
