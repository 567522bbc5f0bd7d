"""Where a repository is: found by git itself, so that every way of naming one works."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import NamedTuple

from gitlanes.errors import NotARepository, Unsupported, line
from gitlanes.git.process import missing


class Place(NamedTuple):
    """A repository as seen from one directory; all paths are absolute.

    ``git_dir`` belongs to the work tree one stands in, ``common_dir`` to the repository.
    ``work_tree`` is None in a bare repository and inside a git directory.
    """

    git_dir: str
    common_dir: str
    work_tree: str | None
    bare: bool


_PLAIN = ("--is-bare-repository", "--is-inside-work-tree", "--show-object-format")
_PATHS = ("--git-dir", "--git-common-dir", "--show-cdup")


def find(directory: str, environ: Mapping[str, str]) -> Place:
    """Return the repository around `directory`, as GIT_DIR and friends in `environ` say.

    Raises NotARepository where git finds none or refuses it, Unsupported for SHA-256.
    """
    answer = _ask(directory, environ, *_PLAIN, *_PATHS)
    bare, inside, object_format, *paths = answer.split("\n")
    if object_format != "sha1":
        raise Unsupported(
            f"repository uses object format '{object_format}', which libgit2 cannot read",
            hint="use a repository with the sha1 object format (git's default)",
        )
    if len(paths) > len(_PATHS) + 1:  # a path with a newline in it
        paths = [_ask(directory, environ, x).removesuffix("\n") for x in _PATHS]
    git_dir, common_dir, up = paths[:3]
    top = os.path.realpath(os.path.join(directory, up)) if inside == "true" else None
    return Place(git_dir, common_dir, top, bare == "true")


def _ask(directory: str, environ: Mapping[str, str], *questions: str) -> str:
    """Return what git says of the repository around a directory, a line for each question."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--path-format=absolute", *questions],
            cwd=directory,
            env={**environ, "LC_ALL": "C"},
            capture_output=True,
            check=False,
        )
    except ValueError as error:  # a NUL byte in it, say
        raise NotARepository(f"not a directory: '{line(directory, 60)}'") from error
    except OSError as error:
        if error.filename == "git":
            raise missing(error, directory) from error
        raise NotARepository(f"not a directory: '{line(directory, 60)}'") from error
    if done.returncode:
        raise _refusal(done.stderr.decode("utf-8", "replace"), environ.get("GIT_DIR") or directory)
    return os.fsdecode(done.stdout)


def _refusal(said: str, directory: str) -> NotARepository:
    last = next((x for x in said.splitlines() if x.startswith("fatal:")), said.strip())
    if last.endswith(":"):  # and what it is about stands on a line of its own
        last = " ".join(said[said.index(last) :].split("\n\n")[0].split())
    last = last.removeprefix("fatal: ")
    if "not a git repository" in last:
        return NotARepository(
            f"not a git repository: '{directory}'", hint="run 'git init', or go into a repository"
        )
    return NotARepository(
        f"git refuses this repository: {last}", hint="see what 'git status' says here"
    )
