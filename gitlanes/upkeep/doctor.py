"""Everything that can be wrong in a repository with lanes, by name, and mending it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.errors import LanesError, as_lanes_error
from gitlanes.models.health import Diagnosis, Finding
from gitlanes.models.plain import replace
from gitlanes.upkeep import (
    agents,
    directories,
    heads,
    links,
    machinery,
    matching,
    note_trees,
    records,
    relations,
    settings,
)
from gitlanes.upkeep.survey import Check, Problem, Survey, problem

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# In the order in which they mend: each one stands on those before it.
CHECKS: dict[str, Check] = {
    "file-locks": machinery.file_locks,
    "interrupted-operation": machinery.operations,
    "format": records.formats,
    "journal": records.journals,
    "head": heads.heads,
    "circle": relations.circles,
    "conflict": relations.stranded,
    "note": records.notes,
    "note-copies": note_trees.copies,
    "dangling-note": note_trees.dangling,
    "snapshot": records.snapshots,
    "workspace-record": directories.workspace_states,
    "dirty-marker": directories.steps,
    "dead-agent": agents.deserted,
    "half-provisioned": directories.half_provisioned,
    "stale-lock": directories.stale_claims,
    "stale-session": relations.sessions,
    "broken-workspace": links.broken,
    "missing-workspace": directories.missing,
    "orphaned-workspace": directories.orphaned,
    "foreign-workspace": directories.foreign,
    "workspace-mismatch": matching.mismatches,
    "unlocked-workspace": directories.unlocked,
    "git-lock": machinery.git_locks,
    "leftover": machinery.leftovers,
    "hook": settings.hooks,
    "setting": settings.faults,
    "durability": settings.durability,
    "worktree-settings": settings.worktree_settings,
    "objects": records.objects,
}

# Asked before a mend that removes a directory; the answer no leaves it.
Ask = Callable[[str], bool]


def doctor(
    repo: LaneRepo, *, fix: bool = False, full: bool = False, ask: Ask | None = None
) -> Diagnosis:
    """Run every check; with ``fix``, mend what safely can be.

    ``full`` lets git read the content of every object. ``ask`` is given a question before
    a directory is removed; without it, all are answered with yes. Raises NotAdopted.
    """
    if not repo.interrupted:
        repo.view.require_adopted()
    checks: dict[str, Check] = {**CHECKS, "objects": partial(records.objects, full=full)}
    found: list[Finding] = []
    survey = Survey(repo)
    for name in repo.counted("examining the repository", list(checks)):
        mended = False
        for one in list(_run(name, checks[name], survey)):
            told = _mend(one, ask) if fix else one.finding
            mended = mended or told.done is not None
            found.append(told)
        survey = Survey(repo) if mended else survey
    return Diagnosis(tuple(checks), tuple(found), all(x.done is not None for x in found))


def _run(name: str, check: Check, survey: Survey) -> Iterator[Problem]:
    """Yield what a check finds, under its name; that it could not look is a finding, too."""
    try:
        for one in check(survey):
            yield one._replace(finding=replace(one.finding, check=name))
    except (LanesError, OSError) as error:
        told = as_lanes_error(error)
        said = f"this could not be checked: {told.message}"
        one = problem(said, survey.repo.place.common_dir, told.hint)
        yield one._replace(finding=replace(one.finding, check=name))


def _mend(one: Problem, ask: Ask | None) -> Finding:
    if one.mend is None:
        return one.finding
    if one.question and ask is not None and not ask(one.question):
        confirmed = f"use --yes to {one.finding.mend}"
        return replace(one.finding, left="nobody confirmed it", mend=confirmed)
    try:
        return replace(one.finding, done=one.mend())
    except (LanesError, OSError) as error:
        told = as_lanes_error(error)
        return replace(one.finding, left=told.message, mend=told.hint or one.finding.mend)
