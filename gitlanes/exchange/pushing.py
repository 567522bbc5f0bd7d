"""Push: lanes, journals and notes go to a remote; whoever was first there is joined."""

from __future__ import annotations

import random
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from gitlanes import clock, ids
from gitlanes.errors import GitFailed, LanesError, Raced, Refused, line
from gitlanes.exchange import pulling, sides
from gitlanes.exchange.sides import Sides
from gitlanes.git import remotes
from gitlanes.git.raw import EMPTY_TREE
from gitlanes.git.remotes import Update
from gitlanes.models.events import Event
from gitlanes.models.records import Entry
from gitlanes.models.remotes import Pulled, Pushed, Sent
from gitlanes.plugins import around
from gitlanes.store import divergence, journal, layout
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.purged import in_journals, in_notes
from gitlanes.workspaces import branches, intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Others may be first again and again: every round one of them is done.
_TRIES = 30
_LONGEST_PAUSE = 1.0
# Refs in one push: their names must fit into an argument list.
_AT_ONCE = 4000
# Objects that are asked for in one round trip.
_ASKED = 500


class _Outgoing(NamedTuple):
    """What a push would move; ``behind`` says that something has to be joined before.

    ``told`` says what stays, and why.
    """

    updates: tuple[Update, ...]
    lanes: tuple[Sent, ...]
    notes: tuple[str, ...]
    behind: bool
    told: tuple[str, ...]


class _Lane(NamedTuple):
    """What would move of a lane; ``sent`` is None where only its head would."""

    entry: Entry
    updates: tuple[Update, ...]
    sent: Sent | None


def push(repo: LaneRepo, remote: str | None = None, *, purged: bool = False) -> Pushed:
    """Bring a remote to what is here: journals and notes go forward, heads with them.

    All or nothing, where the server can do that. Where others were first, what they pushed is
    fetched and taken in, and it is tried again, up to 30 times. Branches are not pushed. Lanes
    that diverged are ``left``. With ``purged`` what was purged here takes the place of what the
    remote still has, if that is all that it has. Raises NotFound, NotAdopted, Refused where the
    server takes no such refs, GitFailed, Raced.
    """
    name = sides.choose(repo, remote)
    repo.view.require_adopted()
    event = Event("push", repo.place.common_dir, into=name)
    with around(event, repo.state_directory, repo.warn) as told:
        told.result = made = _pushed(repo, name, purged=purged)
    return made


def _pushed(repo: LaneRepo, name: str, *, purged: bool) -> Pushed:
    pulled = _caught_up(repo, name)
    fresh = pulled is not None
    reason: str | None = ""
    refused: dict[str, Refused] = {}
    for number in range(_TRIES):
        out = _outgoing(repo, name, sides.read(repo, name), refused, purged=purged)
        if out.behind and (came := pulling.take(repo, name)) != Pulled(name, left=came.left):
            pulled = pulling.together(pulled, came)
            continue
        left = came.left if out.behind else ()
        if not out.updates and (fresh or refused):
            return _done(repo, out, refused, Pushed(name, left=left, pulled=pulled))
        try:
            reason = _raced(repo, name, out.updates) if out.updates else ""
        except Refused as error:  # the others go without the lanes whose refs are not taken
            lanes = {layout.lane_of(ref) for ref in error.data.get("refused", ())}
            if None in lanes or not lanes - refused.keys():
                raise
            refused |= dict.fromkeys(map(str, lanes), error)
            continue
        if reason is None:
            return _done(repo, out, refused, Pushed(name, out.lanes, out.notes, left, pulled))
        if out.updates:
            clock.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.05 * 2**number)))
        sides.fetch(repo, name)
        fresh = True
    raise Raced(
        f"others were first to push to '{name}' {_TRIES} times: {line(reason or '', 100)}",
        hint="repeat the command; if nobody else pushes, a lock was left on the server",
    )


def _done(repo: LaneRepo, out: _Outgoing, refused: Mapping[str, Refused], pushed: Pushed) -> Pushed:
    """Return what was pushed; raises what the server had against some lanes."""
    for text in out.told:
        repo.warn(text)
    if refused:
        raise next(iter(refused.values()))
    return pushed


def _caught_up(repo: LaneRepo, remote: str) -> Pulled | None:
    """Take in what people committed on bound branches.

    Where there is any, the remote is asked first: it may be known there, and is nothing new then.
    """
    stand = {x.name: branches.relation(repo, x) for x in pulling.bound_lanes(repo)}
    ahead = [name for name, how in stand.items() if how == branches.IMPORTED]
    pulled = None
    if ahead:
        sides.fetch(repo, remote)
        pulled = pulling.take(repo, remote)
    for name, how in stand.items():
        if how in (branches.IMPORTED, branches.LAGS):
            intake.catch_up(repo, name)
    return pulled


def _outgoing(
    repo: LaneRepo, remote: str, found: Sides, without: Container[str], *, purged: bool
) -> _Outgoing:
    """Return what would move, but for some lanes."""
    ours, theirs = found
    lanes, behind, told = _outgoing_lanes(repo, remote, found, purged=purged)
    lanes = [x for x in lanes if x.entry.record.name not in without]
    updates = [x for lane in lanes for x in lane.updates]
    sent = [x.sent for x in lanes if x.sent]
    notes = []
    for kind, tip in ours.notes.items():
        other = theirs.notes.get(kind)
        if other is None or (other != tip and is_ancestor(repo, other, tip)):
            updates.append(Update(layout.NOTES[kind], tip))
            notes.append(kind)
        elif other != tip and purged and in_notes(repo, tip, other).replaceable:
            updates.append(Update(layout.NOTES[kind], tip, other, lease=True))
            notes.append(kind)
        elif other != tip:
            behind = behind or not is_ancestor(repo, tip, other)
    return _Outgoing(tuple(updates), tuple(sent), tuple(notes), behind, told)


def _outgoing_lanes(
    repo: LaneRepo, remote: str, found: Sides, *, purged: bool
) -> tuple[list[_Lane], bool, tuple[str, ...]]:
    """Return what would move of each lane, whether one has to be joined before, and what stays."""
    ours, theirs = found
    lanes: list[_Lane] = []
    told: list[str] = []
    unknown: dict[str, str] = {}
    behind = False
    for lane, tip in ours.journals.items():
        there = theirs.journals.get(lane)
        if there == tip and ours.heads.get(lane) == theirs.heads.get(lane):
            continue
        try:
            entry = journal.tip_entry(lane, tip, repo.refs.commit(tip).message)
            if there is not None and there != tip:
                fork = divergence.compare(repo.refs, tip, there)
                if purged and in_journals(fork.ours, fork.theirs).replaceable:
                    moves = tuple(_replaced(entry, there, theirs.heads.get(lane)))
                    lanes.append(_Lane(entry, moves, _sent(entry, there)))
                    continue
                behind = behind or bool(fork.ours and fork.theirs)
                if fork.theirs:
                    unknown[lane] = there
                    continue
            moves = (Update(layout.journal(lane), tip),) if there != tip else ()
            moves += tuple(_head_update(repo, remote, entry, found))
            lanes.append(_Lane(entry, moves, _sent(entry, there) if there != tip else None))
        except LanesError as error:
            told.append(f"lane '{line(lane, 60)}' is not pushed: {error.message}")
    unknown |= {x: tip for x, tip in theirs.journals.items() if x not in ours.journals}
    names = _names(repo, unknown) if lanes else {}
    going = []
    for one in lanes:
        record = one.entry.record
        other = names.get(record.uuid, record.name)
        if other == record.name or not record.live:
            going.append(one)
            continue
        other = line(other, 60)
        told.append(f"lane '{record.name}' is not pushed: '{remote}' has it as '{other}'")
    return going, behind or len(going) < len(lanes), tuple(told)


def _names(repo: LaneRepo, journals: Mapping[str, str]) -> dict[str, str]:
    """Return what a remote's lanes are called there, by uuid; damaged ones are told of elsewhere.

    A lane that goes there under another name would be live under two.
    """
    found: dict[str, str] = {}
    rows = [*journals.items()]
    for start in range(0, len(rows), _ASKED):
        some = rows[start : start + _ASKED]
        answers = repo.refs.resolve_all([tip for _, tip in some])
        for (name, tip), answer in zip(some, answers, strict=True):
            with suppress(LanesError):
                text = answer[1].partition(b"\n\n")[2] if answer else b""
                record = journal.tip_entry(name, tip, text).record
                found |= {record.uuid: name} if record.live else {}
    return found


def _replaced(entry: Entry, there: str, head: str | None) -> Iterator[Update]:
    """Yield what puts a journal in the place of the one that was purged, and its head with it."""
    record = entry.record
    yield Update(layout.journal(record.name), entry.oid, there, lease=True)
    wanted = record.head if record.live else None
    if wanted != head:
        yield Update(layout.head(record.name), wanted, head, lease=True)


def _sent(entry: Entry, there: str | None) -> Sent:
    record = entry.record
    how = "gone" if not record.live else "forward" if there else "new"
    return Sent(record.name, how, record.head if record.live else None)


def _head_update(repo: LaneRepo, remote: str, entry: Entry, found: Sides) -> Iterator[Update]:
    """Yield the move of a lane's head on the remote, from where it is known to be.

    One that somebody put where no journal has it is left there, with a warning.
    """
    record = entry.record
    wanted = record.head if record.live else None
    there = found.theirs.heads.get(record.name)
    if there == wanted:
        return
    if there is not None and not _known(repo, there, entry.oid):
        repo.warn(
            f"head of lane '{record.name}' on '{remote}' was moved to {there[:12]} with plain git, "
            "and is left there; what it is for: see 'git show', and put it back by hand"
        )
        return
    yield Update(layout.head(record.name), wanted, there, lease=True)


def _known(repo: LaneRepo, commit: str, tip: str) -> bool:
    """Say whether a journal keeps a commit, so that no head is needed to."""
    return repo.refs.kind(commit) == "commit" and is_ancestor(repo, commit, tip)


def _raced(repo: LaneRepo, remote: str, updates: Sequence[Update]) -> str | None:
    """Push; return None when it is done, else what others were first at.

    Raises Refused, GitFailed.
    """

    def tell(done: int, total: int) -> None:
        repo.progress(f"pushing to {remote}", done, total)

    git, tracked = sides.network(repo), layout.refspecs(remote)
    for start in range(0, len(updates), _AT_ONCE):
        some = updates[start : start + _AT_ONCE]
        answer = remotes.push(git, remote, some, tracked, tell)
        if answer.raced:
            return next(iter(answer.refused.values()), "")
        if not answer.done:
            raise _refusal(repo, remote, dict(answer.refused), answer.said)
    return None


def _untold(done: int, total: int) -> None:
    """Tell nobody."""


def _refusal(repo: LaneRepo, remote: str, refused: dict[str, str], said: str) -> LanesError:
    """Return the error for refs that a server does not take: these ones, or any of ours.

    One ref that nobody needs tells which.
    """
    ref, reason = next(iter(refused.items()))
    reason = f"{reason}: {said}" if said else reason
    who = repo.identity()
    commit = repo.objects.write_commit(
        EMPTY_TREE, (), "may refs be made here?\n", author=who.author, committer=who.committer
    )
    probe = layout.PROBES + ids.new_id(clock.now())
    git = sides.network(repo)
    data = {"remote": remote, "ref": ref, "reason": reason}
    try:
        taken = remotes.push(git, remote, [Update(probe, commit)], (), _untold).done
        if taken:
            remotes.push(
                git, remote, [Update(probe, None, commit, lease=True)], (), lambda *_: None
            )
    except GitFailed:
        taken = False
    if taken:
        return Refused(
            f"'{remote}' refuses '{ref}': {line(reason, 200)}",
            hint="ask who keeps that repository; what else there was to push is there",
            data={**data, "refused": dict(refused)},
        )
    return Refused(
        f"'{remote}' takes no refs of lanes: {line(reason, 200)}",
        hint=f"its server has to allow pushing below {' and '.join(layout.OURS)}",
        data=data,
    )
