"""Coordinate parallel coding agents on one git repository.

`Repo` is the door for programs, `AgentSession` the one for agents that are programs; the
command line stands on the same verbs and models.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from gitlanes.errors import (
        BadName,
        BadValue,
        BudgetExceeded,
        Collision,
        CorruptRecord,
        GateFailed,
        GitFailed,
        LanesError,
        Locked,
        Negative,
        NotAdopted,
        NotARepository,
        NotFound,
        NothingToPropose,
        Raced,
        Refuse,
        Refused,
        Unsupported,
    )
    from gitlanes.models.batches import PickRules
    from gitlanes.models.costs import Limits
    from gitlanes.models.fleet import Run, RunOrder
    from gitlanes.models.gates import Waiver
    from gitlanes.models.notes import Cost, Evaluation, Intent, Judgement
    from gitlanes.models.sync import Question, Resolution
    from gitlanes.sdk.repo import Repo
    from gitlanes.sdk.session import AgentSession

__all__ = [
    "AgentSession",
    "BadName",
    "BadValue",
    "BudgetExceeded",
    "Collision",
    "CorruptRecord",
    "Cost",
    "Evaluation",
    "GateFailed",
    "GitFailed",
    "Intent",
    "Judgement",
    "LanesError",
    "Limits",
    "Locked",
    "Negative",
    "NotARepository",
    "NotAdopted",
    "NotFound",
    "NothingToPropose",
    "PickRules",
    "Question",
    "Raced",
    "Refuse",
    "Refused",
    "Repo",
    "Resolution",
    "Run",
    "RunOrder",
    "Unsupported",
    "Waiver",
]

# Loaded when first used: the command line imports this package on its way, too.
_HOMES = {
    **dict.fromkeys(__all__, "gitlanes.errors"),
    **dict.fromkeys(("Cost", "Evaluation", "Intent", "Judgement"), "gitlanes.models.notes"),
    **dict.fromkeys(("Question", "Resolution"), "gitlanes.models.sync"),
    **dict.fromkeys(("Run", "RunOrder"), "gitlanes.models.fleet"),
    "Limits": "gitlanes.models.costs",
    "PickRules": "gitlanes.models.batches",
    "Waiver": "gitlanes.models.gates",
    "Repo": "gitlanes.sdk.repo",
    "AgentSession": "gitlanes.sdk.session",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gitlanes' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
