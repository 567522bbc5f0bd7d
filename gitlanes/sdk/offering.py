"""What the methods that make attempts take, said once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from gitlanes import ids
from gitlanes.git.process import require_paths
from gitlanes.models.gates import Waiver
from gitlanes.models.notes import Cost, Intent, Judgement
from gitlanes.review.propose import Offer
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.usage.importing import read_usage
from gitlanes.usage.reading import bad
from gitlanes.workspaces import finding

Path_ = str | os.PathLike[str]


class Said(TypedDict, total=False):
    """What is said of an attempt: each may be left out, and says nothing then.

    ``expect`` is the head (or a beginning of it) that the lane must have; ``waiver`` what is let
    pass where it is accepted.
    """

    message: str | None
    intent: Intent
    cost: Cost
    expect: str | None
    waiver: Waiver


class Amendment(Said, total=False):
    """How an attempt is amended: ``paths`` limits it to files and directories of the workspace."""

    paths: Iterable[Path_]


class Offering(Amendment, total=False):
    """How an attempt is made.

    ``change`` is a Change-Id to carry on, or 'new'; ``on`` the id of the open attempt that it
    is made on top of.
    """

    change: str | None
    on: str | None


class Proposing(Offering, total=False):
    """How an attempt is proposed: with ``rejected`` it is turned down in the same operation.

    That is for work that broke off: it was never open, and takes nobody's place.
    """

    rejected: Judgement


def offer_of(given: Mapping[str, object]) -> Offer:
    """Return an `Offering` as the verbs take it; raises BadValue for what can be no path."""
    fields: dict[str, Any] = dict(given)
    return Offer(**{**fields, "paths": path_names(fields.get("paths", ()))})


def path_names(paths: Path_ | Iterable[Path_]) -> tuple[bytes, ...]:
    """Return paths, or a single one, as git has them; raises BadValue for what can be none."""
    some = [paths] if isinstance(paths, str | os.PathLike) else paths
    found = [os.fspath(path) for path in some]
    require_paths(found)
    return tuple(map(os.fsencode, found))


def names(some: str | Iterable[str]) -> tuple[str, ...]:
    """Return names; a text is one of them, and not its letters."""
    return (some,) if isinstance(some, str) else tuple(some)


def cost_of(usage: Cost | str | Mapping[str, Any]) -> Cost:
    """Return a usage as a `Cost`, be it as agents print it, as text or a dict; raises BadValue."""
    if isinstance(usage, Mapping):
        try:
            usage = json.dumps(dict(usage))
        except (TypeError, ValueError) as error:
            raise bad(str(error)) from error
    if isinstance(usage, Cost):
        return usage
    if isinstance(usage, str):
        return read_usage(usage)
    raise bad(f"it is of type {type(usage).__name__}")


def lane_of(repo: LaneRepo, named: str | None) -> str:
    """Return the lane of an attempt, or the one that is named; else the one that one stands in."""
    if named is not None and ids.ATTEMPT_ID.fullmatch(named):
        return repo.view.attempt_in(named)[1].record.name
    known = repo.view.find(named) if named is not None else None
    return (known or finding.lane_or_present(repo, None)).record.name
