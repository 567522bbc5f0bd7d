"""What is behind commits: the attempts that they are, through landings and by Change-Id."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gitlanes import clock, ids
from gitlanes.git.raw import CommitObject
from gitlanes.git.trailers import change_id_of, subject_of
from gitlanes.history import log
from gitlanes.models.asking import Origin
from gitlanes.models.history import Told, own_intents
from gitlanes.models.notes import Notes
from gitlanes.models.plain import replace
from gitlanes.models.records import ACCEPTED, REPLAY, SQUASH
from gitlanes.store import codec, records
from gitlanes.usage.sums import total

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Kinds of attempts that bring other attempts' work.
_BRINGING = ("promotion", REPLAY)


def origins(repo: LaneRepo, commits: Iterable[str]) -> dict[str, Origin]:
    """Return what is behind each commit: from the notes on it, else by its Change-Id."""
    wanted = list(dict.fromkeys(commits))
    notes = records.read(repo, wanted)
    return {commit: _origin(repo, commit, notes[commit]) for commit in wanted}


def makers(notes: Notes) -> list[str]:
    """Return the ids of the attempts whose work a commit is, as its intents say; newest first.

    They are several only for a squash, which has the records of all changes that it brought.
    """
    named = [x for x in notes.intents if ids.ATTEMPT_ID.fullmatch(x.get("attempt", ""))]
    work = [x for x in named if x.get("kind", "work") not in _BRINGING]
    newest = {x.get("change_id"): x["attempt"] for x in work or named}
    told = dict.fromkeys(x["attempt"] for x in (work or named)[::-1])
    return [x for x in told if x in newest.values()]


def is_squash(notes: Notes) -> bool:
    """Say whether the notes on a commit are those of a landed squash."""
    return (landed_from(notes) or {}).get("mode") == SQUASH


def looked_through(notes: Notes) -> str | None:
    """Return the commit whose work one shows again: a squash its source's, an undo what was before.

    None for all others.
    """
    if is_squash(notes):
        return str((landed_from(notes) or {}).get("source"))
    found = [x["restores"] for x in notes.intents if isinstance(x.get("restores"), str)]
    return found[-1] if found else None


def landed_from(notes: Notes) -> dict[str, Any] | None:
    """Return what the notes on a commit say of the promotion that it is, if it is one."""
    found = [x["promotion"] for x in notes.intents if isinstance(x.get("promotion"), dict)]
    return found[-1] if found else None


def _origin(repo: LaneRepo, commit: str, notes: Notes) -> Origin:
    found = repo.refs.commit(commit)
    change = change_id_of(found.message)
    plain = Origin(
        commit,
        codec.one_line(subject_of(found.message)),
        codec.one_line(found.author.partition(b" <")[0].decode("utf-8", "replace"), 100),
        _time(found),
        change_id=change,
    )
    names = makers(notes)
    if names:
        return _made(plain, names, notes)
    told = of_change(repo, change) if change else None
    if told is None:
        return plain
    return _made(plain, [told.attempt.id], told.notes, told.attempt.agent)


def _made(plain: Origin, names: list[str], notes: Notes, agent: str | None = None) -> Origin:
    """Return the origin with what the notes say of the attempts that may be behind it."""
    own = own_intents(names[0], "" if is_squash(notes) else "work", notes.intents)
    intent = {key: value for record in own for key, value in record.items()}
    costs = [x for x in notes.costs if x.get("attempt") in (None, *names)]
    prompt = str(intent.get("prompt") or "")
    return replace(
        plain,
        attempt=names[0],
        agent=(intent.get("agent") or {}).get("id") or agent,
        prompt=next((x.strip() for x in prompt.splitlines() if x.strip()), None),
        cost=total(costs),
        others=tuple(names[1:]),
    )


def of_change(repo: LaneRepo, change: str) -> Told | None:
    """Return the attempt behind a change: one accepted before one that is not, work before a
    landing of it, the newest first. None without any.
    """
    told = log.of_change(repo, change)
    ranked = sorted(told, key=lambda x: (x.attempt.status != ACCEPTED, x.attempt.kind in _BRINGING))
    return next(iter(ranked), None)


def _time(commit: CommitObject) -> str:
    try:
        return clock.utc_text(float(commit.author.split()[-2]))
    except (ValueError, IndexError, OverflowError, OSError):
        return ""
