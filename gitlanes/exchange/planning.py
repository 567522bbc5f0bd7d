"""What taking in a remote's lane would do, and why some cannot be: nothing moves here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import BadName, CorruptRecord, LanesError, Unsupported, line
from gitlanes.models.records import RENAMED, Entry, Lane, LaneState
from gitlanes.models.remotes import DAMAGED, DIVERGED, OTHER, PURGED, Left
from gitlanes.models.remotes import RENAMED as TWO_NAMES
from gitlanes.store import divergence, joined_heads, journal, layout, merging, purged

if TYPE_CHECKING:
    from gitlanes.store.divergence import Fork
    from gitlanes.store.joined_heads import Head
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.merging import Joint
    from gitlanes.store.purged import Held


class Step(NamedTuple):
    """What becomes of one lane; without a `joint` it goes forward to `theirs`.

    ``entries`` are those that are new here.
    """

    name: str
    ours: LaneState | None
    theirs: LaneState
    entries: tuple[Entry, ...]
    base: str | None = None
    joint: Joint | None = None
    head: Head | None = None

    @property
    def record(self) -> Lane:
        """The lane's record afterwards."""
        return self.joint.record if self.joint else self.theirs.record


def plan(
    repo: LaneRepo, remote: str, name: str, ours: LaneState | None, tip: str
) -> Step | Left | None:
    """Return what taking in a lane from a remote's journal comes to; None where it is no news."""
    try:
        layout.check_lane_name(name)
        newest = journal.tip_entry(name, tip, repo.refs.commit(tip).message)
        fork = divergence.compare(repo.refs, ours.tip if ours else None, tip)
        if not fork.theirs:
            return None
        if (held := purged.in_journals(fork.ours, fork.theirs)).any:
            return left_to_purge(remote, name, held)
        gone = divergence.missing(
            repo,
            divergence.kept_commits(fork.theirs) | divergence.told_commits(fork.theirs),
        )
        if gone:
            raise CorruptRecord(f"its journal names commit {min(gone)[:12]}, which is not there")
    except (BadName, CorruptRecord, Unsupported) as error:
        return damaged(remote, name, ours, error)
    except LanesError as error:  # an object is missing, or none that it should be
        return damaged(remote, name, ours, CorruptRecord(f"its journal: {error.message}"))
    step = Step(name, ours, LaneState(newest.record, tip), fork.theirs)
    if ours is None or not fork.ours:
        return step
    return _joined(repo, remote, step, fork)


def damaged(remote: str, name: str, ours: LaneState | None, error: LanesError) -> Left:
    """Return what is said of a lane that cannot be believed."""
    return Left(
        lane=line(name, 60),
        kind=DAMAGED,
        reason=f"lane '{line(name, 60)}' of '{remote}' is not taken: {error.message}",
        hint=error.hint or "ask who keeps that repository; a good clone can push it again",
        here=ours.record.head if ours else None,
    )


def left_to_purge(remote: str, name: str, held: Held) -> Left:
    """Return what is said of a lane, or notes, of which one side has what the other one purged."""
    what = name if "/" in name else f"lane '{name}'"
    if held.here and held.there:
        reason = f"other secrets were purged from {what} here than on '{remote}'"
        hint = "purge here what was purged there, and there what was purged here, then pull again"
    elif held.here:
        reason = f"a secret was purged from {what} on '{remote}', and is here still"
        hint = "purge it here, too (git lanes purge), then pull again"
    elif held.more:
        reason = f"{what} went on on '{remote}' with what was purged here"
        hint = "in a clone that has that work: git lanes purge, then git lanes push --purged"
    else:
        reason = f"{what} of '{remote}' still has what was purged here"
        hint = f"put yours in its place: git lanes push --purged {remote}"
    return Left(name, PURGED, reason, hint)


def _joined(repo: LaneRepo, remote: str, step: Step, fork: Fork) -> Step | Left:
    """Return how both sides of a lane that both went on become one."""
    assert step.ours is not None
    ours, theirs = step.ours.record, step.theirs.record
    odd = _two_lanes(repo, remote, ours, theirs, fork)
    if odd is not None:
        return odd
    base = merging.base_of(fork, theirs)
    head = joined_heads.join_heads(repo, base, ours, theirs, remote)
    if head.commit is None:
        return _diverged(remote, ours, theirs, head)
    joint = merging.join(repo, fork, ours, theirs, head.commit)
    return step._replace(base=fork.base.oid if fork.base else None, joint=joint, head=head)


def _two_lanes(repo: LaneRepo, remote: str, ours: Lane, theirs: Lane, fork: Fork) -> Left | None:
    """Return why these are not two sides of one lane under one name."""
    name, heads = ours.name, (ours.head, theirs.head)
    if ours.uuid != theirs.uuid:
        if not (ours.live and theirs.live) or _untouched(repo, ours, theirs, fork):
            return None
        part = f"git lanes bind {name} --unset, then " if ours.bound else ""
        return Left(
            name,
            OTHER,
            f"lane '{name}' here and lane '{name}' of '{remote}' are two lanes of one name",
            f"give yours another name ({part}git lanes rename {name} NEW-NAME), then pull again",
            *heads,
        )
    if fork.base is None:
        reason = f"journal of lane '{name}' has another beginning on '{remote}' than here"
        return Left(name, DAMAGED, reason, "find out which of both is to be kept", *heads)
    if RENAMED in (ours.status, theirs.status) and ours.status != theirs.status:
        return two_names(remote, ours, theirs, fork)
    return None


def _untouched(repo: LaneRepo, ours: Lane, theirs: Lane, fork: Fork) -> bool:
    """Say whether our side is a repository just adopted, which gives way to the one adopted."""
    return (
        all(x.extra.get("adopted") for x in (ours, theirs))
        and ours.next == 1
        and {x.verb for x in fork.ours} <= {"init", "bind"}
        and len(repo.view.lanes()) == 1
    )


def two_names(remote: str, ours: Lane, theirs: Lane, fork: Fork) -> Left:
    """Return what is said of a lane that one side renamed while the other worked on it."""
    name = ours.name
    entry = next(x for x in (*fork.ours, *fork.theirs) if x.record.status == RENAMED)
    told = entry.details.get("renamed")
    new = line(str(told.get("to")), 60) if isinstance(told, dict) else "its new name"
    here = ours.status == RENAMED
    side, other = ("here", f"on '{remote}'") if here else (f"on '{remote}'", "here")
    way = f"git lanes rename {new} {name}" if here else f"git lanes rename {name} {new}"
    return Left(
        name,
        TWO_NAMES,
        f"lane '{name}' was renamed to '{new}' {side}, and went on {other} meanwhile",
        f"call it here as it is called there ({way}), then pull again",
        here=ours.head,
        there=theirs.head,
    )


def _diverged(remote: str, ours: Lane, theirs: Lane, head: Head) -> Left:
    name, count = ours.name, len(head.collisions)
    here, there = str(ours.head), str(theirs.head)
    what = f"both touched {count} path{'s' if count > 1 else ''}"
    on = f"on branch {layout.short_branch(ours.branch)}" if ours.branch else "in its workspace"
    end = "git commit" if ours.branch else f"git lanes commit {name}"
    return Left(
        name,
        DIVERGED,
        f"lane '{name}' has diverged: {here[:12]} here, {there[:12]} on '{remote}'; "
        + (what if count else "they have no common history"),
        f"merge it by hand {on} (git merge {there[:12]}, git add, {end}) and pull again, or go on "
        f"from theirs in another lane (git lanes new NAME --from {there[:12]})",
        here,
        there,
        head.collisions,
    )


def checked(repo: LaneRepo, remote: str, steps: Iterable[Step]) -> tuple[list[Step], list[Left]]:
    """Return the steps that do no harm together, and what is said of the others.

    The journals have to keep what they name; no two lanes have names that differ in case alone,
    and no lane has two names.
    """
    found = list(steps)
    lost = _unkept(repo, found)
    names = _Names(repo, found) if any(map(_is_new, found)) else None
    good, left = [], []
    for step in found:
        fault = names.fault(step) if names and _is_new(step) else None
        error = _unkept_by(step, lost) or fault
        if error is None:
            good.append(step)
        else:
            left.append(damaged(remote, step.name, step.ours, error))
    return good, left


class _Names:
    """All lanes as they would be called, to find those that cannot be told apart."""

    def __init__(self, repo: LaneRepo, steps: Iterable[Step]):
        lanes = {x.record.name: x.record for x in repo.view.lanes(deleted=True)}
        self._here = {name for name, record in lanes.items() if record.live}
        lanes |= {x.name: x.record for x in steps}
        self._folded: dict[str, list[str]] = {}
        self._lanes: dict[str, list[str]] = {}
        for name, record in lanes.items():
            self._folded.setdefault(name.lower(), []).append(name)
            if record.live:
                self._lanes.setdefault(record.uuid, []).append(name)

    def fault(self, step: Step) -> CorruptRecord | None:
        """Return what keeps a lane from being here under its name, or None."""
        if twin := next((x for x in self._folded[step.name.lower()] if x != step.name), None):
            return CorruptRecord(f"its name differs from that of lane '{twin}' only in case")
        if other := next((x for x in self._lanes[step.record.uuid] if x != step.name), None):
            way = f"git lanes rename {other} {step.name}"
            return CorruptRecord(
                f"it is lane '{other}' under another name",
                hint=f"call it here as it is called there ({way}), then pull again"
                if other in self._here
                else "",
            )
        return None


def _is_new(step: Step) -> bool:
    """Say whether a name becomes that of a lane which it was not before."""
    known = step.ours.record if step.ours else None
    same = known is not None and known.live and known.uuid == step.record.uuid
    return step.record.live and not same


def _unkept(repo: LaneRepo, steps: list[Step]) -> set[str]:
    commits = {x for step in steps for x in divergence.kept_commits(step.entries)}
    return divergence.unkept(repo, commits, (x.theirs.tip for x in steps))


def _unkept_by(step: Step, lost: set[str]) -> CorruptRecord | None:
    found = divergence.kept_commits(step.entries) & lost if lost else None
    if not found:
        return None
    return CorruptRecord(f"its journal names commit {min(found)[:12]}, and does not keep it")
