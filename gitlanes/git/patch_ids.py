"""Git's patch ids: the same change has the same one wherever it is applied."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlanes.git.process import Git

# What a patch is between: the ids of two trees.
Ends = tuple[str, str]

# What `diff-tree --stdin` says before each patch; no line of a patch looks like this.
_ENDS = re.compile(rb"^([0-9a-f]{40}) ([0-9a-f]{40})$", re.MULTILINE)


def patch_ids(git: Git, ends: Iterable[Ends]) -> dict[Ends, str]:
    """Return ``{(tree, tree): patch id}``, as `git patch-id --stable` has it.

    Where lines stand in a file, and white space, do not count. A change without a patch, as of a
    file's mode alone, is not among them.
    """
    wanted = list(dict.fromkeys(x for x in ends if x[0] != x[1]))
    if not wanted:
        return {}
    options = ("--no-ext-diff", "--no-textconv", "--no-renames", "--no-color", "--full-index")
    asked = "".join(f"{old} {new}\n" for old, new in wanted).encode()
    patches = git.run("diff-tree", "--stdin", "-r", "-p", "--binary", *options, input=asked).out
    # Git names a patch by one id: its number among the wanted is one.
    numbers = {x: number for number, x in enumerate(wanted)}
    named = _ENDS.sub(lambda x: b"commit %040x" % numbers[x[1].decode(), x[2].decode()], patches)
    said = git.run("patch-id", "--stable", input=named).text.splitlines()
    rows = (row.split() for row in said)
    return {wanted[int(number, 16)]: found for found, number in rows}
