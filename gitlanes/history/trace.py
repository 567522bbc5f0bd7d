"""The chain of attempts that led to a state, through promotions into their sources."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from gitlanes import ids
from gitlanes.errors import BadValue
from gitlanes.git.trailers import change_id_of, subject_of
from gitlanes.history import states
from gitlanes.history.chains import Chain, Chains, Made
from gitlanes.models.history import Step, Told, Trace
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import REPLAY
from gitlanes.store import codec, records
from gitlanes.store.ancestry import merge_bases
from gitlanes.usage.sums import total
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Promotions within promotions that are told: each leads into a lane that none above it came from.
_DEEPEST = 20


class Place(Model):
    """Where a walk is: in which lane, and what it may not enter again or go beyond.

    ``into`` is the lane that the walk's commits landed on, ``until`` the commits that both had.
    """

    chain: Chain | None
    lanes: frozenset[str] = frozenset()
    into: str | None = None
    until: frozenset[str] = frozenset()
    head: str = ""
    under: str | None = None
    depth: int = 0


def trace(repo: LaneRepo, name: str | None = None, *, limit: int | None = None) -> Trace:
    """Return the attempts that led to a lane's head, an attempt, a snapshot or a revision.

    First parents are followed, the last attempt comes first. A promotion is followed by the
    attempts that it brought, a commit that joined what two clones did by those of the second.
    History from before the first lane is left out. Without a name it is the lane in whose
    workspace one stands. Raises NotFound.
    """
    if limit is not None and limit < 0:
        raise BadValue(f"limit {limit} is negative")
    if name is None:
        name = finding.lane_or_present(repo, None).record.name
    name = states.known_as(repo, name) or name
    commit = repo.view.commit_of(name)
    chains = Chains(repo)
    place = Place(_first_chain(repo, chains, name, commit))
    walk = _walk(repo, chains, commit, place)
    found = list(islice(walk, None if limit is None else limit + 1))
    more = limit is not None and len(found) > limit
    steps, lines = _with_notes(repo, found[:limit])
    return Trace(name, commit, steps, total(lines), more)


def _first_chain(repo: LaneRepo, chains: Chains, name: str, commit: str) -> Chain | None:
    """Return the lane to begin with: the one named, else the one whose attempt made the commit."""
    if repo.view.find(name) is not None:
        return chains.of_name(name)
    if ids.ATTEMPT_ID.fullmatch(name):
        return chains.of(repo.view.attempt_in(name)[1].record.uuid)
    if snapshot := ids.SNAPSHOT_ID.fullmatch(name):
        return chains.of_name(snapshot["lane"])
    intents = records.read(repo, [commit])[commit].intents
    match = ids.ATTEMPT_ID.fullmatch(intents[-1].get("attempt", "")) if intents else None
    return (match and chains.of_name(match["lane"])) or chains.adopted()


def _walk(repo: LaneRepo, chains: Chains, commit: str | None, place: Place) -> Iterator[Step]:
    """Yield the steps from a commit back, along first parents, from lane to origin or parent."""
    trusted = True  # that the commit is part of the lane's history
    while commit is not None and commit not in place.until:
        chain = place.chain
        if chain is None:
            return
        if commit == chain.record.fork:
            origin = chains.origin_of(chain)
            if origin is None or origin.record.uuid in place.lanes:
                return
            trusted = chain.record.origin is not None
            place = replace(place, chain=origin)
            continue
        below = chains.laid_on(chain, commit)
        if below is not None:
            if below.record.uuid in place.lanes:
                return
            place = replace(place, chain=below)
            continue
        made = chain.maker_of(commit)
        if place.into and commit != place.head and chain.landed(commit, place.into):
            return
        if made is None:
            if not trusted or chains.is_older(commit):
                return
            found = repo.refs.commit(commit)
            title = codec.one_line(subject_of(found.message))
            change = change_id_of(found.message)
            yield Step(place.depth, place.under, commit, title, change_id=change)
            if chain.joins(commit) and len(found.parents) > 1 and place.depth < _DEEPEST:
                both = {*place.until, *merge_bases(repo, *found.parents[:2])}
                side = replace(place, until=frozenset(both), depth=place.depth + 1)
                yield from _walk(repo, chains, found.parents[1], side)
            commit = found.parents[0] if found.parents else None
            continue
        attempt = made.attempt
        yield Step(place.depth, place.under, commit, attempt.title, attempt, attempt.change_id)
        yield from _brought(repo, chains, made, place)
        commit = _before(repo, made, commit)


def _before(repo: LaneRepo, made: Made, commit: str) -> str | None:
    """Return the lane's head before the attempt, for the most part without reading a commit."""
    attempt = made.attempt
    same = attempt.landed in (None, attempt.commit) and attempt.kind != REPLAY
    if attempt.base is not None and (same or attempt.kind == "import"):
        return attempt.base
    parents = repo.refs.commit(commit).parents
    return parents[0] if parents else None


def _brought(repo: LaneRepo, chains: Chains, made: Made, place: Place) -> Iterator[Step]:
    """Yield the source's attempts that a promotion brought."""
    told = made.promotion
    if told is None or place.chain is None or place.depth >= _DEEPEST:
        return
    lanes = place.lanes | {place.chain.record.uuid}
    source = chains.of(told["lane_uuid"], told["lane"])
    if source is None or source.record.uuid in lanes:
        return
    inner = Place(
        source,
        lanes,
        place.chain.record.uuid,
        frozenset(told["base"]),
        told["source"],
        made.attempt.id,
        place.depth + 1,
    )
    steps = _walk(repo, chains, told["source"], inner)
    if made.attempt.kind == REPLAY:  # one of several commits: what has its Change-Id
        steps = _of_change(steps, made.attempt.change_id, inner.depth)
    yield from steps


def _of_change(steps: Iterator[Step], change: str | None, depth: int) -> Iterator[Step]:
    """Yield the steps of one change, with what is below them."""
    wanted = False
    for step in steps:
        if step.depth == depth:
            wanted = change is not None and step.change_id == change
        if wanted:
            yield step


def _with_notes(repo: LaneRepo, steps: list[Step]) -> tuple[tuple[Step, ...], list[dict[str, Any]]]:
    """Return the steps with what is recorded about their attempts, and all costs."""
    commits = [x.attempt.commit if x.attempt else x.commit for x in steps]
    notes = records.read(repo, commits)
    lines: list[dict[str, Any]] = []
    found = []
    for step, commit in zip(steps, commits, strict=True):
        costs = notes[commit].costs
        lines += costs
        found.append(
            _with_records(step, Told(step.attempt, notes[commit])) if step.attempt else step
        )
    return tuple(found), lines


def _with_records(step: Step, told: Told) -> Step:
    # A squash has the records of what it brought, too; those are told with their own attempts.
    change = told.attempt.change_id if told.attempt.kind == "work" else None
    own = [
        x
        for x in told.notes.costs
        if x.get("attempt_uuid") in (None, told.attempt.uuid)
        or (change is not None and x.get("change_id") == change)  # of earlier attempts of it
    ]
    return replace(
        step,
        agent=told.agent,
        intent=told.asked,
        cost=total(own),
    )
