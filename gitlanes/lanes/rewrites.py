"""Commits that git rewrote: recorded in the journals of their lanes, and found again there.

Git tells of an amend or a rebase when it is done. Which lane remembers it: the one that is bound
to the branch, or in whose workspace it happened; else that of the attempts concerned.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gitlanes import ids
from gitlanes.errors import BadValue, CorruptRecord, Negative, NotFound, line
from gitlanes.git import rebasing, worktrees
from gitlanes.models.plain import plain
from gitlanes.models.records import RENAMED, LaneState
from gitlanes.models.rewrites import Rewrite, Rewritten, RewrittenLane
from gitlanes.store import journal, records
from gitlanes.store.ancestry import independent
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.store.validity import rewritten_of
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.models.notes import Notes
    from gitlanes.store.lane_repo import LaneRepo

# By git, or as somebody says who knows better.
AMEND, REBASE, TOLD = HOWS = ("amend", "rebase", "told")

SQUASH, SPLIT, DROP = KINDS = ("squash", "split", "drop")

Pair = tuple[str, str | None]

_OID = re.compile(r"[0-9a-f]{40}")
_VERB = '"verb":"rewrite"'


class Rewrites:
    """All that is recorded of rewritten commits: read once, asked often."""

    def __init__(self, found: Iterable[Rewrite]):
        self._became: dict[str, dict[str, Rewrite]] = {}
        self._was: dict[str, dict[str, Rewrite]] = {}
        for one in found:
            self._became.setdefault(one.old, {})[one.new or ""] = one
            if one.new is not None:
                self._was.setdefault(one.new, {})[one.old] = one

    def became(self, commit: str) -> tuple[Rewrite, ...]:
        """Return the rewrites that lead on from a commit, the nearest first.

        The last without a further one is what it is now; one whose ``new`` is None dropped it.
        """
        return tuple(_followed(commit, self._became, lambda x: x.new))

    def was(self, commit: str) -> tuple[Rewrite, ...]:
        """Return the rewrites that lead back from a commit, the nearest first."""
        return tuple(_followed(commit, self._was, lambda x: x.old))


def record(
    repo: LaneRepo, pairs: Iterable[Pair], how: str, *, lane: str | None = None
) -> Rewritten:
    """Record which commits became which, and give the new ones the notes of the old.

    A pair without a new commit is one that was dropped. Only commits of attempts are recorded,
    and nothing that is recorded already; where a `lane` is named, in its journal. ``how`` is
    'amend', 'rebase' or 'told', else BadValue is raised, as for what is no commit's id. Raises
    NotFound for commits that are not there.
    """
    if how not in HOWS:
        raise BadValue(f"commits are not rewritten by '{line(how, 60)}'", hint=" or ".join(HOWS))
    wanted = [x for x in dict.fromkeys(map(_checked, pairs)) if x[0] != x[1]]
    if not wanted or not repo.view.has_lanes():
        return Rewritten(how)
    notes = records.read(repo, {x for pair in wanted for x in pair if x})
    lanes = _by_lane(repo, wanted, notes, lane)
    carried = [x for x in wanted if _has_more(notes, *x)]
    for one in (x for found in lanes.values() for x in found):
        _require_commits(repo, one)
    with transaction(repo, "rewrite") as tx:
        told = [x for x in (_record(tx, name, how, x, notes) for name, x in lanes.items()) if x]
        for old, new in carried:
            tx.carry_notes(old, str(new))
        names = dict.fromkeys(str(x.attempt) for lane in told for x in lane.commits)
        tx.description = f"{how} rewrote {', '.join(names) or 'commits'}"
    return Rewritten(how, tuple(told), len(carried))


def told(
    repo: LaneRepo, kind: str, commits: Sequence[str], *, lane: str | None = None
) -> Rewritten:
    """Record what git cannot tell of commits: a squash, a split or a drop.

    They are named as lanes, attempts or revisions. Of a squash the last one is what the others
    became, of a split the first one what became the others; dropped ones became nothing. Raises
    BadValue for too few, NotFound, and Negative where no attempt is concerned or all is recorded.
    """
    if kind not in KINDS:
        raise BadValue(f"commits are not '{line(kind, 60)}'", hint=f"one of {', '.join(KINDS)}")
    found = [repo.view.commit_of(x) for x in commits]
    if len(found) < (1 if kind == DROP else 2):
        raise BadValue("too few commits", hint="name what was, and what it became")
    pairs: list[Pair] = [(x, None) for x in found]
    if kind == SQUASH:
        pairs = [(x, found[-1]) for x in found[:-1]]
    elif kind == SPLIT:
        pairs = [(found[0], x) for x in found[1:]]
    made = record(repo, pairs, TOLD, lane=lane)
    if not made.lanes and not made.carried:
        raise Negative("nothing to record: no attempt is concerned, or it is recorded already")
    return made


def from_git(repo: LaneRepo, pairs: Sequence[Pair], how: str) -> Rewritten:
    """Record what git's post-rewrite hook is told, as `record` does.

    What a rebase left without a successor, which git does not tell of, was dropped. An amend
    within a rebase is told of again at its end.
    """
    rebase = rebasing.present(repo.place.git_dir)
    if rebase is None or repo.place.work_tree is None:
        return record(repo, pairs, how)
    if how == AMEND:
        return Rewritten(how)
    known = {old for old, _ in pairs}
    git = repo.git.at(repo.place.git_dir, repo.place.work_tree)
    lost = ((x, None) for x in rebasing.left_behind(git, rebase) if x not in known)
    return record(repo, [*pairs, *lost], how)


def read(repo: LaneRepo, lane: str | None = None) -> Rewrites:
    """Return what is recorded of rewritten commits, in the journals of all lanes or of one.

    Git looks for the entries, and those alone are read. Raises NotFound for a lane.
    """
    tips = [repo.view.lane(lane).tip] if lane else journal.read_tips(repo.git, repo.warn)
    return Rewrites(_recorded(repo, tips) if tips else ())


def _recorded(repo: LaneRepo, tips: Iterable[str]) -> Iterator[Rewrite]:
    """Yield what entries tell, the newest first."""
    asked = "".join(f"{x}\n" for x in tips).encode()
    options = ("--first-parent", "--fixed-strings", f"--grep={_VERB}", "--stdin")
    for oid in repo.git.run("rev-list", *options, input=asked).text.split():
        try:
            yield from rewritten_of(journal.read_entry(repo.refs, oid).details) or ()
        except CorruptRecord as error:
            repo.warn(f"{error.message}; see 'git lanes doctor'")


def _followed(
    commit: str, steps: Mapping[str, Mapping[str, Rewrite]], end: Callable[[Rewrite], str | None]
) -> Iterator[Rewrite]:
    todo, seen = [commit], {commit}
    while todo:
        for one in steps.get(todo.pop(0), {}).values():
            yield one
            there = end(one)
            if there is not None and there not in seen:
                seen.add(there)
                todo.append(there)


def _checked(pair: Pair) -> Pair:
    for oid in pair:
        if oid is not None and not _OID.fullmatch(oid):
            raise BadValue(f"not a commit's id: '{line(oid, 60)}'", hint="give 40 hex digits")
    return pair


def _require_commits(repo: LaneRepo, one: Rewrite) -> None:
    for commit in (one.old, one.new):
        if commit is not None and repo.refs.kind(commit) != "commit":
            raise NotFound("commit", commit, hint="run 'git fsck'")


def _kinds(notes: Notes) -> tuple[tuple[dict[str, Any], ...], ...]:
    return notes.intents, notes.costs, notes.evaluations


def _has_more(
    notes: Mapping[str, Notes], old: str, new: str | None, kinds: Callable[[Notes], Any] = _kinds
) -> bool:
    """Say whether there are records of a commit that the one lacks which it became."""
    if new is None:
        return False
    mine, theirs = ({x["id"] for kind in kinds(notes[x]) for x in kind} for x in (old, new))
    return not mine <= theirs


def _by_lane(
    repo: LaneRepo, pairs: Sequence[Pair], notes: Mapping[str, Notes], lane: str | None
) -> dict[str, list[Rewrite]]:
    """Return the rewrites of commits of attempts, by the lane that is to remember them."""
    place = repo.view.lane(lane) if lane else _place(repo, {old for old, _ in pairs})
    attempts = {old: x for old, _ in pairs if (x := _told(notes[old])) is not None}
    if place is not None:
        attempts |= _kept(repo, place, {old for old, _ in pairs if old not in attempts})
    times = Counter(new for _, new in pairs)
    homes: dict[str, str | None] = {}
    found: dict[str, list[Rewrite]] = {}
    for old, new in pairs:
        if old not in attempts:
            continue
        name = attempts[old].rpartition("/")[0]
        if name not in homes:
            homes[name] = place.record.name if place else _home(repo, name)
        if (home := homes[name]) is not None:
            one = Rewrite(old, new, attempts[old], squash=bool(new) and times[new] > 1)
            found.setdefault(home, []).append(one)
    return found


def _place(repo: LaneRepo, olds: Collection[str]) -> LaneState | None:
    """Return the lane of the branch that was rewritten, or of the workspace, or None."""
    place = repo.place
    if place.work_tree is None:
        return None
    rebase = rebasing.present(place.git_dir)
    here = repo.git.at(place.git_dir, place.work_tree)
    branch = rebase.branch if rebase else worktrees.attached_branch(here)
    bound = [x for x in repo.view.lanes() if x.record.branch is not None]
    tips = repo.refs.targets([str(x.record.branch) for x in bound])
    for state, tip in zip(bound, tips, strict=True):
        # Git's older way to rebase tells of it before it says, or moves, its branch.
        if state.record.branch == branch or (branch is None and tip in olds):
            return state
    return finding.present_lane(repo) if place.git_dir != place.common_dir else None


def _home(repo: LaneRepo, name: str) -> str | None:
    """Return the present name of the lane that an attempt's id names, None if it is gone."""
    state = repo.view.find(name)
    if state is not None and state.record.status == RENAMED:
        state = repo.view.by_uuid(state.record.uuid)
    return state.record.name if state is not None and state.record.live else None


def _told(notes: Notes) -> str | None:
    """Return the attempt that a commit is by the notes on it."""
    named = [x.get("attempt", "") for x in notes.intents]
    return next((x for x in reversed(named) if ids.ATTEMPT_ID.fullmatch(x)), None)


def _kept(repo: LaneRepo, state: LaneState, commits: set[str]) -> dict[str, str]:
    """Return the attempts that a journal names by these commits: imported ones have no notes."""
    if not commits:
        return {}
    rows = repo.git.run("rev-list", "--first-parent", "--parents", state.tip).text.splitlines()
    entries = [x[0] for x in map(str.split, rows) if not commits.isdisjoint(x[2:])]
    attempts = [x for oid in entries for x in journal.read_entry(repo.refs, oid).attempts]
    return {x: one.id for one in attempts for x in (one.commit, one.landed) if x in commits}


def _record(
    tx: Transaction, lane: str, how: str, found: Sequence[Rewrite], notes: Mapping[str, Notes]
) -> RewrittenLane | None:
    state = tx.repo.view.lane(lane)
    # Intents go along with what is recorded. Else the whole journal has to be looked through.
    fresh = all(_has_more(notes, x.old, x.new, lambda n: (n.intents,)) for x in found)
    known = {(x.old, x.new) for x in (() if fresh else _recorded(tx.repo, [state.tip]))}
    news = tuple(x for x in found if (x.old, x.new) not in known)
    if not news:
        return None
    details = {"rewritten": {"how": how, "commits": plain(news, absent=False)}}
    tx.lane(state, state.record, parents=_ends(tx.repo, news), details=details)
    return RewrittenLane(lane, news)


def _ends(repo: LaneRepo, found: Sequence[Rewrite]) -> tuple[str, ...]:
    """Return the commits from which all others of these rewrites can be reached."""
    every = [x for one in found for x in (one.new, one.old) if x is not None]
    below = {x for commit in dict.fromkeys(every) for x in repo.refs.commit(commit).parents}
    return independent(repo, (x for x in every if x not in below))
