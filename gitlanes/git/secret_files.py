"""Files that may hold secrets, by their names: none of them is taken in unasked."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Sequence

from gitlanes.errors import Refused, line
from gitlanes.git.process import Git

# Takes paths out of an index, files or not.
FORGET = ("update-index", "--force-remove", "-z", "--stdin")


def matching(patterns: Sequence[str], paths: Iterable[bytes]) -> list[bytes]:
    """Return the paths that patterns in gitignore's syntax name, whatever is ignored otherwise."""
    words = [_word(x) for x in patterns if x and not x.startswith(("!", "#"))]
    names = [(path, os.fsdecode(path)) for path in paths]
    likely = [x for x in names if any(word in x[1] for word in words)]
    if not likely:
        return []
    from pathspec import GitIgnoreSpec  # 20 ms, and hardly ever is there such a path

    try:
        spec = GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise Refused(
            f"a pattern of lanes.secretFiles cannot be understood: {line(str(error), 100)}",
            hint="see 'git lanes config --show-origin lanes.secretFiles'",
        ) from error
    return [path for path, name in likely if spec.match_file(name)]


def new_in(git: Git, rows: Sequence[tuple[str, bytes]], patterns: Sequence[str]) -> list[bytes]:
    """Return the paths among what `git status` found that no commit has, and patterns name.

    What a merge brings in is a commit's.
    """
    # " A" is a file that was announced with `git add -N` alone.
    new = [path for letters, path in rows if letters in ("??", " A") or letters[0] == "A"]
    found = matching(patterns, new)
    staged = {path for letters, path in rows if letters[0] == "A"}.intersection(found)
    if staged:
        command = ("ls-tree", "-r", "--name-only", "-z", "--full-tree", "MERGE_HEAD")
        merged = set(git.run(*command, check=False).out.split(b"\0"))
        found = [x for x in found if x not in merged]
    return found


def drop_new(git: Git, index: str, patterns: Sequence[str], pass_fds: Sequence[int]) -> None:
    """Take files with secrets that HEAD has not out of a private index."""
    command = ("diff-index", "--cached", "--name-only", "--diff-filter=A", "-z", "HEAD")
    done = git.run(*command, index=index, pass_fds=pass_fds, check=False)
    names = [x for x in done.out.split(b"\0") if x] if not done.code else []
    if found := matching(patterns, names):
        git.run(
            *FORGET,
            input=b"".join(x + b"\0" for x in found),
            index=index,
            pass_fds=pass_fds,
            own_group=True,
        )


def refuse_named(secret: Sequence[bytes], paths: Sequence[bytes]) -> None:
    """Raise Refused where a file with secrets is what shall be taken in."""
    named = next((x for x in paths if os.path.normpath(x) in secret), None)
    if named is not None:
        name = os.fsdecode(os.path.normpath(named))
        raise Refused(
            f"'{line(name, 200)}' may hold secrets, so it is not taken in",
            hint=f"if it belongs to the project: git config --add lanes.secretFiles "
            f"{shlex.quote('!/' + name)}",
            data={"secret": [name]},
        )


def _word(pattern: str) -> str:
    """Return the longest part of a pattern that stands in each path that it names."""
    if "[" in pattern or "\\" in pattern:
        return ""
    return max(re.split(r"[*?/\s]+", pattern), key=len)
