"""What the journal remembers: a lane's whole record, its attempts, the entries themselves."""

from __future__ import annotations

from typing import Any

from gitlanes.models.plain import NOTHING, Model

PROPOSED = "proposed"
ACCEPTED = "accepted"
REJECTED = "rejected"
SUPERSEDED = "superseded"
# What made it was taken back.
UNDONE = "undone"
STATUSES = (PROPOSED, ACCEPTED, REJECTED, SUPERSEDED, UNDONE)

ACTIVE = "active"
ARCHIVED = "archived"
# Archived so long that branch, workspace and snapshots went: its records and commits stay.
PRUNED = "pruned"
# No work for now, and none any more; both can be taken back.
PAUSED = "paused"
ABANDONED = "abandoned"
# A sync of it stopped where both sides touched a path.
CONFLICTED = "conflicted"
DELETED = "deleted"
# The tombstone that a lane leaves under its old name.
RENAMED = "renamed"

MERGE, SQUASH, REPLAY = MODES = ("merge", "squash", "replay")

# Stands for the entry itself, where a record names the one that has a stack, a task or what is
# queued in full.
HERE = "here"

# The member of an entry's details that begins an epoch of a journal.
EPOCH = "epoch"

# So many of the heads that a lane had before it was laid anew are remembered.
FORMER = 8

# What costs are counted in: whole numbers that add up. Cache tokens are part of the input tokens,
# reasoning tokens part of the output tokens.
COUNTERS = (
    *("input_tokens", "output_tokens", "cache_read_input_tokens"),
    *("cache_creation_input_tokens", "reasoning_output_tokens"),
    *("api_calls", "tool_calls", "retries", "wall_ms", "api_ms", "gate_ms"),
)
# Those that a budget can limit, beside money.
LIMITED = ("input_tokens", "output_tokens", "api_calls", "wall_ms")


class Attempt(Model):
    """One proposed commit on a lane, and what became of it.

    ``commit`` is what was proposed, on top of ``base``; ``landed`` is the commit that stands
    in the lane's history once it is accepted (the same one unless the lane had moved on).
    ``kind`` is 'work', 'promotion', 'replay' or 'import'. ``merged`` names what the agent
    itself brought in from other lanes: ``{lane uuid: commit}``. ``on`` is the id of the attempt
    that it was made on top of, ``superseded_by`` that of the one that took its place.
    ``promotion`` says what a promotion that was left for a decision lands (docs/format.md).
    ``waived`` names what was let pass when it was accepted: 'gates', 'protected'.
    ``extra`` keeps fields that a newer version wrote.
    """

    id: str
    lane: str
    number: int
    uuid: str
    kind: str
    status: str
    commit: str
    base: str | None
    tree: str
    change_id: str | None
    title: str
    agent: str | None
    time: str
    whole: bool = True
    landed: str | None = None
    by: str | None = None
    reason: str | None = None
    decided: str | None = None
    merged: dict[str, str] = NOTHING
    on: str | None = None
    superseded_by: str | None = None
    promotion: dict[str, Any] | None = None
    waived: tuple[str, ...] | None = None
    extra: dict[str, Any] = NOTHING

    @property
    def open(self) -> bool:
        """Say whether it still waits for a decision."""
        return self.status == PROPOSED


class Landed(Model):
    """Where a lane stands towards a target: the next landing counts changes from here.

    ``bases`` are commits whose content both sides have (usually one: the source's head that
    landed last, or the fork point before any landing). ``source`` is the source's head that
    landed last and ``at`` the target's commit that brought it; None before any landing. ``extra``
    keeps fields that a newer version wrote.
    """

    bases: tuple[str, ...]
    at: str | None = None
    source: str | None = None
    extra: dict[str, Any] = NOTHING


NOT_LANDED = Landed(())


class Lane(Model):
    """A lane's whole record, as each of its journal entries carries it.

    ``fork`` is the commit it started from, ``origin`` the uuid of the lane whose history that
    was, ``parent`` the uuid of the lane that it follows, ``beside`` those of further ones. ``why``
    is what was said when its status was set. ``change`` is the Change-Id that the
    next proposal carries on after a rejection. ``branch`` is the bound branch's ref, told by its
    name under ``--json``. ``description`` and ``meta`` are what people say of it, ``mode`` how it
    is promoted unless told, ``sparse`` the directories that its workspaces are limited to (none:
    all). ``mingled`` says that its work and other lanes' met on ways that ``landed`` does not
    tell: one took in or started from the other. ``budget`` holds limits and ``spent`` running
    totals of what the lane took. ``exports`` says which branches have its work, and in which form,
    ``imported`` is the branch that it was made of (docs/format.md). ``stacks`` names, for each
    stack, the journal entry that has it in full. ``ground`` is the commit that a sync laid its own
    work on last, ``former`` the heads that it had before that, ``conflict`` the journal entry that
    has what a sync stopped at. ``tasks`` names, for each task that has not ended, the entry that
    has it in full, ``ended`` the entries in which tasks ended last (docs/format.md). ``queue``
    names, for each lane that is queued to land on this one, the entry that has that in full.
    ``batch`` is the id that lanes share which were made to do the same work side by side.
    ``namesakes`` are the last entries of the lanes that had its name before. ``taken_back`` tells
    of work in its history that undos took back by later commits (docs/format.md).
    ``run`` tells of the agent that ran in it last (docs/format.md).
    ``extra`` keeps fields that a newer version wrote.
    """

    name: str
    uuid: str
    status: str
    head: str | None
    fork: str | None
    created: str
    origin: str | None = None
    parent: str | None = None
    beside: tuple[str, ...] = ()
    why: str | None = None
    owner: str | None = None
    next: int = 1
    open: tuple[Attempt, ...] = ()
    landed: dict[str, Landed] = NOTHING
    change: str | None = None
    branch: str | None = None
    description: str | None = None
    meta: dict[str, str] = NOTHING
    mode: str | None = None
    sparse: tuple[str, ...] = ()
    mingled: bool = False
    budget: dict[str, Any] = NOTHING
    spent: dict[str, Any] = NOTHING
    stacks: dict[str, str] = NOTHING
    exports: dict[str, Any] = NOTHING
    imported: str | None = None
    ground: str | None = None
    former: tuple[str, ...] = ()
    namesakes: tuple[str, ...] = ()
    taken_back: dict[str, Any] = NOTHING
    conflict: str | None = None
    tasks: dict[str, str] = NOTHING
    ended: tuple[str, ...] = ()
    queue: dict[str, str] = NOTHING
    batch: str | None = None
    run: dict[str, Any] = NOTHING
    extra: dict[str, Any] = NOTHING

    @property
    def live(self) -> bool:
        """Say whether there is a lane of that name: not deleted, and not renamed away."""
        return self.status not in (DELETED, RENAMED)

    @property
    def away(self) -> bool:
        """Say whether it was put away: listings leave it out, and it takes no work."""
        return self.status in (ARCHIVED, PRUNED)

    @property
    def parents(self) -> tuple[str, ...]:
        """Return the uuids of the lanes that it follows, the one that it lands on first."""
        return (self.parent, *self.beside) if self.parent else self.beside

    @property
    def begins(self) -> tuple[str | None, ...]:
        """Return the commits that its own work stands on: its start, and where a sync laid it."""
        return (self.fork, self.ground)

    @property
    def bound(self) -> bool:
        """Say whether the lane is tied to one of the user's own branches."""
        return self.branch is not None


class RefChange(Model):
    """What an operation did to one ref other than a journal."""

    name: str
    old: str | None
    new: str | None


class Entry(Model):
    """One journal entry: an operation as one of its lanes remembers it.

    ``attempts`` are those whose state the operation changed, as they were after it;
    ``details`` holds what only this verb knows (a promotion's bases, what was forced).
    ``lanes`` is ``{name: uuid}`` of all lanes that the operation touched. ``was`` is the entry
    that it stands for, written anew by a purge. ``repository`` is the id of the clone that it
    was made in, '' where that was not recorded.
    """

    oid: str
    operation: str
    verb: str
    description: str
    actor: str | None
    host: str
    time: str
    previous: tuple[str, ...]
    refs: tuple[RefChange, ...]
    lanes: dict[str, str]
    record: Lane
    attempts: tuple[Attempt, ...] = ()
    details: dict[str, Any] = NOTHING
    was: str | None = None
    repository: str = ""

    @property
    def follows(self) -> tuple[str, ...]:
        """Return the entries just before it, in the epoch before where it begins one."""
        return (self.details[EPOCH]["of"],) if EPOCH in self.details else self.previous


class LaneState(Model):
    """A lane as read just now: its record and the journal entry that says so."""

    record: Lane
    tip: str
