"""Commits that git rewrote, by amending or rebasing, and what they became."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result


class Rewrite(Model):
    """A commit and the one that it became, None if it was dropped.

    ``attempt`` is whose commit it was. ``squash`` says that several became the same one.
    """

    old: str
    new: str | None
    attempt: str | None = None
    squash: bool = False


class RewrittenLane(Model):
    """What was recorded in a lane's journal."""

    lane: str
    commits: tuple[Rewrite, ...]


class Rewritten(Result):
    """What was recorded of commits that git rewrote; ``how`` is 'amend', 'rebase' or 'told'.

    ``carried`` counts the commits whose intents, costs and evaluations went along. Commits of no
    attempt are left out.
    """

    how: str
    lanes: tuple[RewrittenLane, ...] = ()
    carried: int = 0

    schema: ClassVar[str] = "rewritten"
