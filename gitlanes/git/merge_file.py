"""Merging the content of one file, as git does it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from typing import NamedTuple

from gitlanes.git.process import Git, failure

# Git counts conflicts up to this; beyond, it failed.
_MOST = 127


class Merged(NamedTuple):
    """The content of a merged file, and whether no conflict is marked in it."""

    content: bytes
    clean: bool


def merge_file(git: Git, ours: bytes, base: bytes, theirs: bytes, labels: Sequence[str]) -> Merged:
    """Return two contents merged, with diff3 markers under three labels where they conflict.

    Raises GitFailed for what is no text.
    """
    with tempfile.TemporaryDirectory(prefix="gitlanes-merge-") as place:
        names = [os.path.join(place, x) for x in ("ours", "base", "theirs")]
        for name, content in zip(names, (ours, base, theirs), strict=True):
            with open(name, "wb") as file:
                file.write(content)
        said = [word for label in labels for word in ("-L", label)]
        args = ("merge-file", "-p", "-q", "--diff3", *said, *names)
        done = git.run(*args, check=False)
    if not 0 <= done.code <= _MOST:
        raise failure(args, done)
    return Merged(done.out, done.code == 0)
