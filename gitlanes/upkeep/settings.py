"""Checks of settings, git's and ours, and of hooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.config import validation
from gitlanes.errors import Refused
from gitlanes.githooks import installing
from gitlanes.models import hooks as states
from gitlanes.models.health import WARNING
from gitlanes.upkeep.survey import Problem, Survey, problem

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What is said of a hook that stands like that.
_FAULTS = {
    states.OUTDATED: "is of another version, or git cannot run it",
    states.MISSING: "is missing, though others of ours are installed",
    states.CHANGED: "was changed since it was installed",
}

# Parts of core.fsync without which a power cut may take what was acknowledged.
_NEEDED = frozenset(("none", "-reference", "-objects", "-committed", "-all"))
_AT_ONCE = frozenset(("now", "all", "0", "immediate"))


def durability(survey: Survey) -> Iterator[Problem]:
    """Find settings by which git keeps less than by default: pruning at once, no fsync."""
    settings = survey.repo.own_settings
    expiry = settings.text("gc.pruneexpire")
    if expiry.lower() in _AT_ONCE:
        yield _warn(
            "gc.pruneExpire",
            f"gc.pruneExpire is '{expiry}': a 'git gc' deletes what a running command just wrote",
        )
    parts = {x.strip() for x in settings.text("core.fsync").lower().split(",")}
    if parts & _NEEDED:
        yield _warn(
            "core.fsync",
            f"core.fsync is '{settings.text('core.fsync')}': "
            "a power cut may lose what was acknowledged",
        )


def _warn(key: str, what: str) -> Problem:
    return problem(what, key, f"take it out with: git config --unset {key}", severity=WARNING)


def faults(survey: Survey) -> Iterator[Problem]:
    """Find settings of ours that are unknown, or have a value that cannot be taken."""
    repo = survey.repo
    root = repo.root()
    for fault in validation.validate(repo.git, root[1] if root else None).faults:
        where = fault.source + (f":{fault.line}" if fault.line else "")
        near = f"did you mean '{fault.nearest}'? " if fault.nearest else ""
        said = f"{fault.key}: {fault.problem}" if fault.key else fault.problem
        hint = f"{near}mend it: 'git lanes config --validate' tells of all"
        yield problem(f"{where}: {said}", where, hint, severity=WARNING)


def hooks(survey: Survey) -> Iterator[Problem]:
    """Find hooks of ours that are of another version, edited, or installed by half."""
    found = installing.status(survey.repo).hooks
    ours = any(x.status in (states.INSTALLED, states.CHAINED, states.OUTDATED) for x in found)
    for hook in found:
        said = _FAULTS.get(hook.status)
        if said is None or (hook.status == states.MISSING and not ours):
            continue
        hint, mend = "install it anew", None
        if hook.file:
            hint = f"add to '{hook.file}': {hook.line}"
        elif hook.status == states.CHANGED:
            hint = "save what you need of it, then remove it; see 'git lanes hook status'"
        else:
            mend = partial(_installed, survey.repo, hook.name)
        yield problem(f"hook '{hook.path}' {said}", hook.path, hint, mend, severity=WARNING)


def _installed(repo: LaneRepo, name: str) -> str:
    made = installing.install(repo).hooks
    if not any(x.name == name and x.status in states.IN_FORCE for x in made):
        raise Refused("it could not be installed", hint="see 'git lanes hook status'")
    return "installed it"


def worktree_settings(survey: Survey) -> Iterator[Problem]:
    """Find settings that are meant for one work tree and that the others read, or none reads."""
    repo = survey.repo
    shared = os.path.join(repo.place.common_dir, "config")
    if repo.own_settings.flag("extensions.worktreeconfig", False):
        for key in ("core.bare", "core.worktree"):
            found = repo.git.run("config", "--file", shared, "--get", key, check=False)
            if found.code == 0 and found.text.lower() not in ("false", "no", "off", "0"):
                yield problem(
                    f"{key} is in the shared configuration, and every work tree reads it",
                    key,
                    f"move it: git config --worktree {key} '{found.text}', "
                    f"then git config --file '{shared}' --unset {key}",
                )
        return
    for spot in survey.spots:
        own = Path(spot.git_dir, "config.worktree")
        if own.is_file() and own.stat().st_size:
            yield problem(
                f"'{own}' is not read, for extensions.worktreeConfig is off",
                spot.path,
                "run 'git config extensions.worktreeConfig true', or delete that file",
                severity=WARNING,
            )
