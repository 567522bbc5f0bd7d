"""Where git looks for hooks, whose that place is, and what its owners would have to add there."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.git import hook_paths
from gitlanes.githooks.scripts import recognised

if TYPE_CHECKING:
    from gitlanes.git.process import Git
    from gitlanes.store.lane_repo import LaneRepo

# A directory of hooks that is a work tree's own, within its git directory.
OWN = "lanes-hooks"
_LEFTHOOK = tuple(
    f"{dot}lefthook.{end}" for end in ("yml", "yaml", "toml", "json", "jsonc") for dot in ("", ".")
)
_PRE_COMMIT = (".pre-commit-config.yaml",)
# Of files that are no hook and no settings of hooks, this much is looked at.
_MOST = 1 << 20


class Place(NamedTuple):
    """Where git looks for hooks; ``setting`` is what core.hooksPath says.

    It is ``foreign`` where others manage what is there: we write nothing then.
    """

    directory: str
    setting: str | None
    foreign: bool


def present(repo: LaneRepo) -> Place:
    """Return where git looks for hooks in the work tree that one stands in."""
    place = repo.place
    usual = os.path.join(place.common_dir, "hooks")
    setting = hook_paths.configured(git_here(repo))
    directory = usual
    if setting is not None:
        # Git puts an empty one before '/commit-msg', too.
        base = place.work_tree or place.git_dir
        directory = os.path.normpath(os.path.join(base, setting or os.sep))
    foreign = directory not in (usual, own(repo)) or os.path.islink(directory)
    return Place(directory, setting, foreign)


def git_here(repo: LaneRepo) -> Git:
    """Return git for the work tree that one stands in, whose settings may be its own."""
    return repo.git.at(repo.place.git_dir, repo.place.work_tree)


def own(repo: LaneRepo) -> str:
    """Return the directory of hooks that is this work tree's own, if it has one."""
    return os.path.join(repo.place.git_dir, OWN)


def before(path: str) -> str:
    """Return where a hook is kept that was there before ours."""
    return f"{path}.before-lanes"


def to_add(repo: LaneRepo, place: Place, name: str) -> tuple[str, str]:
    """Return the file of a hook that others manage, and the line that runs ours from it."""
    for config in _LEFTHOOK:
        path = _at_top(repo, config)
        if path is not None and os.path.isfile(path):
            return path, f"run: git lanes hook run {name} {{1}}"
    directory = place.directory
    if os.path.basename(directory) == "_":  # husky makes what is in there anew
        directory = os.path.dirname(directory)
    line = f'! command -v git-lanes >/dev/null || git lanes hook run {name} "$1"'
    return os.path.join(directory, name), line


def other_means(repo: LaneRepo, place: Place, name: str) -> str | None:
    """Return the file by which others run our hook, or None.

    That is one with the line of `to_add`, the settings of lefthook or pre-commit included, and a
    copy of ours that another hook took over.
    """
    hook = os.path.join(place.directory, name)
    configs = (_at_top(repo, x) for x in (*_LEFTHOOK, *_PRE_COMMIT))
    said = re.compile(rb"^[^#\n]*\bgit[ -]lanes +hook +run +%s\b" % name.encode(), re.MULTILINE)
    for path in filter(None, (to_add(repo, place, name)[0], hook, *configs)):
        text = content(path) or b""
        if said.search(text) and recognised(name, text) is None:
            return path
    # Pre-commit goes on running what it found.
    taken = f"{hook}.legacy"
    if b"pre-commit" in (content(hook) or b"") and recognised(name, content(taken)):
        return taken
    return None


def content(path: str) -> bytes | None:
    """Return what is in a file, None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(_MOST)
    except OSError:
        return None


def _at_top(repo: LaneRepo, name: str) -> str | None:
    top = repo.place.work_tree
    return os.path.join(top, name) if top else None
