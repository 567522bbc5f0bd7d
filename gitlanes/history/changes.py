"""Changes: found by their id, or by any commit that they ever were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import CorruptRecord, NotFound
from gitlanes.git.trailers import change_id_of
from gitlanes.history import log
from gitlanes.history.landings import landings
from gitlanes.history.origins import makers
from gitlanes.lanes import rewrites
from gitlanes.models.changes import Change, ChangeList, ChangeRow, Reached
from gitlanes.models.history import Told
from gitlanes.models.records import ACCEPTED, PROPOSED, REJECTED, SUPERSEDED, UNDONE
from gitlanes.models.rewrites import Rewrite
from gitlanes.store import codec, journal, records
from gitlanes.store.validity import reconciled_of
from gitlanes.usage.sums import total

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

LANDED = "landed"
# From what got farthest to what did not.
_RANKS = (ACCEPTED, PROPOSED, REJECTED, SUPERSEDED, UNDONE)


def show(repo: LaneRepo, asked: str) -> tuple[Change, ...]:
    """Return the changes that a Change-Id, an attempt or a commit names.

    An id may be abbreviated. A commit may be any that a change ever was: an attempt, one that
    was rewritten since, an agent's own, one that a host made of it; of a squash there are
    several. Raises NotFound.
    """
    repo.view.require_adopted()
    found = [x for x in (_told(repo, y) for y in _named(repo, asked)) if x]
    if not found:
        raise NotFound("change", codec.one_line(asked, 60), hint="see 'git lanes change list'")
    return tuple(found)


def listing(repo: LaneRepo, *, lane: str | None = None, limit: int | None = None) -> ChangeList:
    """Return changes, of one lane or of all, by their newest attempts; raises NotFound."""
    log.check(None, limit)
    rows: dict[str, ChangeRow] = {}
    for attempt in log.attempts(repo, lane):
        if limit is not None and len(rows) >= limit:
            break
        if attempt.change_id is not None and attempt.change_id not in rows:
            when = attempt.decided or attempt.time
            rows[attempt.change_id] = ChangeRow(
                *(attempt.change_id, attempt.id, attempt.lane),
                *(attempt.status, attempt.title, when),
            )
    return ChangeList(tuple(rows.values()))


def _named(repo: LaneRepo, asked: str) -> list[str]:
    """Return the ids of the changes that something names."""
    if ids.CHANGE_BEGINNING.fullmatch(asked):
        return [str(log.of_beginning(repo, asked)[0].attempt.change_id)]
    if ids.ATTEMPT_ID.fullmatch(asked):
        return [x for x in [repo.view.attempt(asked).change_id] if x]
    return of_commit(repo, repo.view.commit_of(asked))


def of_commit(repo: LaneRepo, commit: str) -> list[str]:
    """Return the ids of the changes that a commit is, or once was.

    What the notes on it say comes first, then its own Change-Id, then what it was rewritten from
    or became, then which operation kept it.
    """
    notes = records.read(repo, [commit])[commit]
    told = {x.get("attempt"): x.get("change_id") for x in notes.intents}
    found = [x for x in (told.get(name) for name in makers(notes)) if x]
    own = change_id_of(repo.refs.commit(commit).message)
    if not found and own is None:
        found = _rewritten(repo, commit) or _kept(repo, commit)
    return list(dict.fromkeys(found or [own] if own else found))


def _rewritten(repo: LaneRepo, commit: str) -> list[str]:
    """Return the changes of the attempts whose commits became that one, or that it became."""
    known = rewrites.read(repo)
    names = dict.fromkeys(x.attempt for x in (*known.was(commit), *known.became(commit)))
    return [x for name in names if name and (x := _change_of(repo, name))]


def _change_of(repo: LaneRepo, attempt: str) -> str | None:
    try:
        return repo.view.attempt(attempt).change_id
    except NotFound:  # its lane's journal was never fetched
        return None


def _kept(repo: LaneRepo, commit: str) -> list[str]:
    """Return the changes of the attempts in whose entry a journal keeps a commit."""
    tips = journal.read_tips(repo.git, repo.warn)
    asked = "".join(f"{x}\n" for x in tips).encode()
    rows = repo.git.run("rev-list", "--first-parent", "--parents", "--stdin", input=asked)
    keeping = [x[0] for x in map(str.split, rows.text.splitlines()) if commit in x[2:]]
    found: list[str] = []
    for oid in keeping[::-1]:
        try:
            entry = journal.read_entry(repo.refs, oid)
        except CorruptRecord as error:
            repo.warn(f"{error.message}; see 'git lanes doctor'")
            continue
        found += [x.change_id for x in entry.attempts if x.change_id]
    return found[:1]


def _told(repo: LaneRepo, change: str) -> Change | None:
    attempts = log.of_change(repo, change)
    if not attempts:
        return None
    ranked = sorted(attempts, key=lambda x: _RANKS.index(x.attempt.status))
    best = ranked[0].attempt
    landed = tuple(log.tell_all(repo, landings(repo, best)))
    brought = {x.attempt.uuid for x in landed}
    own = tuple(x for x in attempts if x.attempt.uuid not in brought)
    reached = tuple(_reached(repo, change, own))
    return Change(
        change_id=change,
        title=best.title,
        status=LANDED if landed or reached else best.status,
        attempts=own,
        landings=landed,
        reached=reached,
        rewrites=_rewrites(repo, own),
        cost=total(record for x in own for record in x.notes.costs),
    )


def _rewrites(repo: LaneRepo, attempts: Sequence[Told]) -> tuple[Rewrite, ...]:
    """Return what became of the commits of a change's attempts."""
    known = rewrites.read(repo)
    commits = [x for told in attempts for x in (told.attempt.commit, told.attempt.landed) if x]
    found = [x for commit in dict.fromkeys(commits) for x in known.became(commit)]
    return tuple(dict.fromkeys(found))


def _reached(repo: LaneRepo, change: str, attempts: Sequence[Told]) -> Iterator[Reached]:
    """Yield where reconciling found commits of a change, the newest last."""
    lanes = dict.fromkeys(repo.view.attempt_in(x.attempt.id)[1].tip for x in attempts)
    told: dict[str, Reached] = {}
    for entry in journal.walk_all(repo.git, list(lanes), repo.warn):
        into, matches = reconciled_of(entry.details) or ("", ())
        for match in matches:
            if match.change_id == change:
                told[match.commit] = Reached(into, entry.time, match)
    yield from reversed(told.values())
