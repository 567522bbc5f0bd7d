"""Checks of git's configuration: what makes losing work likelier than git's defaults do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gitlanes.models.health import WARNING
from gitlanes.upkeep.survey import Problem, Survey, problem

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
