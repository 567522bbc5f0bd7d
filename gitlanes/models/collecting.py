"""What `gc` takes away, what it leaves, and why."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result


class Waste(Model):
    """One thing that goes: ``name`` says which, ``why`` for what reason.

    ``kind`` is 'archive' or 'prune' for the lane itself, 'workspace', 'branch' or 'snapshot' for
    what is its, 'scratch' or 'verdicts' for what gates left, 'run' for an agent's log. ``lane`` is
    whose it is, if it is one's. ``done`` is what was done, ``left`` why it was not; both None in a
    plan.
    """

    kind: str
    name: str
    why: str
    lane: str | None = None
    done: str | None = None
    left: str | None = None


class Spared(Model):
    """A lane, or a thing of one, that is old enough and stays: ``why`` says what keeps it."""

    name: str
    why: str


class Collected(Result):
    """What went, or with ``dry`` would go, and what stays for a reason."""

    waste: tuple[Waste, ...]
    spared: tuple[Spared, ...]
    dry: bool

    schema: ClassVar[str] = "collected"
