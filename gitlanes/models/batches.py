"""What is told of batches: lanes for the same work, side by side, one of which is picked."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.exporting import Exported
from gitlanes.models.fleet import Run
from gitlanes.models.plain import NOTHING, Model, Result
from gitlanes.models.results import Promotion

READY = "ready"
COLLIDES = "collides"
PROTECTED = "protected"
UNCHANGED = "unchanged"
REJECTED = "rejected"
LANDED = "landed"
REFUSED = "refused"
RUNNING = "running"

# What candidates are ranked by, in the usual order.
CRITERIA = ("gates", "cost", "size", "time")


class Verdict(Model):
    """What a gate says of a candidate: ``passed`` is None where it was not asked yet."""

    name: str
    passed: bool | None
    required: bool = True
    reason: str | None = None


class Entrant(Model):
    """A lane of a batch, and what of it would land on the target.

    ``standing`` is 'ready', 'collides', 'protected', 'unchanged', 'rejected', 'landed', 'refused',
    how its agent ended ('crashed', 'killed', …) or the status of a lane that is not active; ``why``
    says more. ``running`` says that an agent is at work in it. ``attempt`` is the last open or
    accepted one, ``open`` that it would be accepted first. ``tree`` is the target with that work,
    where it would land. ``paths`` are those that change, ``added`` and ``removed`` lines of text.
    ``overlap`` are paths that the target changed meanwhile, too, ``collisions`` those of them that
    differ. ``cost`` sums what all that was done in the lane took, ``seconds`` is how long agents
    took; None where nobody said. ``patch`` is git's own rendering, where one was asked for.
    """

    lane: str
    standing: str
    why: str | None = None
    running: bool = False
    attempt: str | None = None
    open: bool = False
    commit: str | None = None
    tree: str | None = None
    title: str | None = None
    summary: str | None = None
    agent: str | None = None
    model: str | None = None
    paths: tuple[bytes, ...] = ()
    added: int = 0
    removed: int = 0
    overlap: tuple[bytes, ...] = ()
    collisions: tuple[bytes, ...] = ()
    gates: tuple[Verdict, ...] = ()
    cost: dict[str, Any] = NOTHING
    seconds: float | None = None
    patch: str | None = None

    @property
    def lines(self) -> int:
        """Return how many lines it adds and removes."""
        return self.added + self.removed

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """Return the required gates that say no."""
        return tuple(x for x in self.gates if x.required and x.passed is False)


class Comparison(Result):
    """The lanes of a batch side by side; ``head`` is that of lane ``into`` now."""

    batch: str
    into: str
    head: str
    entrants: tuple[Entrant, ...]

    schema: ClassVar[str] = "comparison"

    @property
    def candidates(self) -> tuple[Entrant, ...]:
        """Return those that would land, as far as is known."""
        return tuple(x for x in self.entrants if x.standing == READY and not x.failed)


class PickRules(Model):
    """Limits of what may be picked unattended; None and () are no limit.

    ``by`` are the criteria in their order, ``most_cost`` is a decimal string in ``currency``,
    ``most_seconds`` how long the agent may have taken. ``gates`` have to be asked and to pass,
    ``paths`` in gitignore's syntax are all that may be touched.
    """

    by: tuple[str, ...] = CRITERIA
    most_cost: str | None = None
    currency: str = "USD"
    most_lines: int | None = None
    most_files: int | None = None
    most_seconds: float | None = None
    gates: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class Turned(Model):
    """A lane that was not picked: ``attempts`` were rejected; or it was ``abandoned``."""

    lane: str
    reason: str
    attempts: tuple[str, ...] = ()
    abandoned: bool = False


class Picked(Result):
    """What was picked of a batch: ``winner`` is the lane, ``why`` what spoke for it.

    ``entrants`` have the best one first, then those that could not be picked, each with ``why``.
    ``tied`` are lanes that are as good as the winner by all criteria. ``promotion`` is its landing,
    None where it had landed ``before``. ``turned`` are the others.
    """

    batch: str
    into: str
    winner: str
    why: str
    by: tuple[str, ...]
    entrants: tuple[Entrant, ...]
    tied: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    promotion: Promotion | None = None
    turned: tuple[Turned, ...] = ()
    before: bool = False
    dry_run: bool = False

    schema: ClassVar[str] = "picked"


class Fanned(Result):
    """Agents that were started together; ``runs`` are as they were some seconds later.

    ``skipped`` is {lane: why} of those in which an agent was at work already, ``failed`` of those
    in which none could be started.
    """

    batch: str
    runs: tuple[Run, ...]
    skipped: dict[str, str] = NOTHING
    failed: dict[str, str] = NOTHING

    schema: ClassVar[str] = "batch"

    @property
    def dead(self) -> tuple[Run, ...]:
        """Return those that ended badly at once."""
        return tuple(x for x in self.runs if x.code or x.status in ("crashed", "over-budget"))


class Gone(Result):
    """What several tries at the same work came to: the runs as they ended, what was picked."""

    batch: str
    runs: tuple[Run, ...]
    picked: Picked
    exported: Exported | None = None
    failed: dict[str, str] = NOTHING

    schema: ClassVar[str] = "gone"
