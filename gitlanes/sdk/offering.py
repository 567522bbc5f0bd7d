"""What the methods that make attempts take, said once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from gitlanes.git.process import require_paths
from gitlanes.models.gates import Waiver
from gitlanes.models.notes import Cost, Intent, Judgement
from gitlanes.review.propose import Offer

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


def path_names(paths: Iterable[Path_]) -> tuple[bytes, ...]:
    """Return paths as git has them; raises BadValue for what can be none."""
    names = [os.fspath(path) for path in paths]
    require_paths(names)
    return tuple(map(os.fsencode, names))
