"""What is told of other clones: how lanes stand to theirs, what came and what went."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import NOTHING, Model, Result
from gitlanes.models.results import CollidingPath
from gitlanes.models.workspaces import Following

IN_STEP = "in step"
AHEAD = "ahead"
BEHIND = "behind"
DIVERGED = "diverged"
HERE = "only here"
THERE = "only there"
# Two lanes of one name, one lane under two names, and what cannot be believed.
OTHER = "other"
RENAMED = "renamed"
DAMAGED = "damaged"
# One side still has what the other one purged.
PURGED = "purged"


class LaneStanding(Model):
    """How a lane stands to a remote's lane of that name.

    ``state`` is 'in step', 'ahead', 'behind', 'diverged', 'only here', 'only there' or
    'damaged'; ``ahead`` and ``behind`` count the operations that one side alone has. ``here`` and
    ``there`` are the heads, None where there is no such lane any more. ``reason`` says what is
    damaged.
    """

    lane: str
    state: str
    ahead: int = 0
    behind: int = 0
    here: str | None = None
    there: str | None = None
    reason: str | None = None


class RemoteStatus(Result):
    """How all lanes and notes stand to a remote's, as they were last fetched.

    ``notes`` is ``{kind: state}``; ``fetched`` is False where nothing was fetched yet.
    """

    remote: str
    url: str
    fetched: bool
    lanes: tuple[LaneStanding, ...]
    notes: dict[str, str]

    schema: ClassVar[str] = "remote"


class Taken(Model):
    """A lane that came from a remote.

    ``how`` is 'new', 'forward', 'merged', or 'gone' if it was deleted or renamed there.
    ``renumbered`` is ``{old id: new id}`` of attempts of this clone whose numbers the remote had
    given to others.
    """

    lane: str
    how: str
    head: str | None
    renumbered: dict[str, str] = NOTHING


class Left(Model):
    """A lane that did not come, and stays here and there as it is.

    ``kind`` is 'diverged' (both touched a path: ``collisions``), 'other' (two lanes of one
    name), 'renamed' (one lane under two names), 'purged' (one side has what the other one purged;
    notes are called ``notes/intents`` then) or 'damaged'. ``here`` and ``there`` are the heads of
    both sides.
    """

    lane: str
    kind: str
    reason: str
    hint: str
    here: str | None = None
    there: str | None = None
    collisions: tuple[CollidingPath, ...] = ()


class Pulled(Result):
    """What came from a remote: lanes, kinds of notes; and what was ``left``.

    ``following`` is {lane: what became of its branch}, of bound lanes whose head moved.
    """

    remote: str
    lanes: tuple[Taken, ...] = ()
    notes: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    following: dict[str, Following] = NOTHING

    schema: ClassVar[str] = "pulled"


class Sent(Model):
    """A lane that went to a remote: ``how`` is 'new', 'forward', or 'gone' if it is a tombstone."""

    lane: str
    how: str
    head: str | None


class Pushed(Result):
    """What went to a remote: lanes, kinds of notes; and what was ``left``.

    ``pulled`` is what came from there first, None where nothing had to.
    """

    remote: str
    lanes: tuple[Sent, ...] = ()
    notes: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    pulled: Pulled | None = None

    schema: ClassVar[str] = "pushed"


class Cloned(Result):
    """A clone with its lanes; ``lane`` is the one that its own directory belongs to, if any."""

    path: str
    lanes: tuple[str, ...]
    lane: str | None

    schema: ClassVar[str] = "cloned"
