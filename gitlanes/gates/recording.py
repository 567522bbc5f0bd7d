"""Judgements on record: those of gates, and those that were made elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gitlanes import ids
from gitlanes.errors import BadValue
from gitlanes.models.gates import Recorded
from gitlanes.models.notes import Evaluation
from gitlanes.store import codec, records
from gitlanes.store.transaction import transaction

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_MOST_BYTES = 64 << 10


def record(
    repo: LaneRepo, commits: Sequence[str], found: Sequence[Evaluation], actor: str | None = None
) -> None:
    """Record evaluations on commits: an operation on notes alone, no lane changes."""
    if not found:
        return
    with transaction(repo, "evaluate", actor=actor) as tx:
        tx.description = f"evaluate {commits[0][:12]}: {', '.join(x.name for x in found)}"
        for commit in dict.fromkeys(commits):
            records.add_evaluations(tx, commit, found)


def record_evaluation(
    repo: LaneRepo,
    of: str,
    name: str,
    passed: bool,
    *,
    by: str | None = None,
    reason: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> Recorded:
    """Attach a judgement made elsewhere to an attempt, or to any commit; nothing is decided.

    ``data`` is what the judge adds, as JSON has it. Raises BadValue, NotFound.
    """
    evaluation = Evaluation(name, passed, by, reason, data=dict(data) if data else None)
    _check(evaluation)
    attempt = repo.view.attempt(of) if ids.ATTEMPT_ID.fullmatch(of) else None
    commit = attempt.commit if attempt else repo.view.commit_of(of)
    commits = [commit, *([attempt.landed] if attempt and attempt.landed else [])]
    record(repo, commits, [evaluation], by)
    return Recorded(commit, attempt.id if attempt else None, evaluation)


def _check(evaluation: Evaluation) -> None:
    name = evaluation.name
    if not name or len(name) > 100 or not name.isprintable():
        shown = codec.one_line(name, 60)
        raise BadValue(f"bad name of a judgement '{shown}'", hint="use a few printable characters")
    if not isinstance(evaluation.passed, bool):
        raise BadValue("a judgement is passed or not", hint="say True or False")
    try:
        size = len(json.dumps(evaluation.data, allow_nan=False))
        (evaluation.reason or "").encode()
    except (TypeError, ValueError, RecursionError) as error:
        said = codec.one_line(str(error), 80)
        raise BadValue(f"what judgement '{name}' adds cannot be recorded: {said}") from error
    if size > _MOST_BYTES:
        raise BadValue(f"what judgement '{name}' adds is larger than {_MOST_BYTES >> 10} KiB")
