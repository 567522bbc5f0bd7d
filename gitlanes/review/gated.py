"""Accepting what gates have to judge first; what fails is rejected, and keeps the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import GateFailed
from gitlanes.gates.clearance import Clearance
from gitlanes.models.notes import NO_JUDGEMENT, Judgement
from gitlanes.models.plain import replace
from gitlanes.models.results import Decided
from gitlanes.review import decide

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def accept(
    repo: LaneRepo,
    attempt: str,
    clearance: Clearance,
    judgement: Judgement = NO_JUDGEMENT,
    *,
    expect: str | None = None,
) -> Decided:
    """Make an open attempt of work part of its lane's head, if its gates let it.

    Raises GateFailed once it is rejected, and what `decide.accept_work` raises.
    """
    try:
        return clearance.settle(
            lambda: decide.accept_work(repo, attempt, judgement, clearance=clearance, expect=expect)
        )
    except GateFailed as error:
        turned_down = replace(judgement, reason=error.message)
        decide.reject(repo, attempt, turned_down, evaluations=clearance.failed)
        raise GateFailed(
            f"{attempt} is rejected: {error.message}",
            hint=f"all of it: git lanes show {attempt}; mend the files, then commit again",
            data={"attempt": attempt, "status": "rejected", **error.data},
        ) from error
