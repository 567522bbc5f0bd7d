"""What would stand in a lane once the queue's first entries landed, each on those before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import LanesError
from gitlanes.gates import definitions
from gitlanes.git.trees import changed_paths
from gitlanes.landing import plans
from gitlanes.landing.bases import bases_for
from gitlanes.models.gates import Candidate, Gate
from gitlanes.models.plain import replace
from gitlanes.models.queue import Queued
from gitlanes.models.records import LaneState
from gitlanes.store import queued
from gitlanes.store.expectation import require_active

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Guess(NamedTuple):
    """An entry with the candidate that it would be, and the gates to ask.

    ``candidate`` is None where it would not land on what is before it, as far as one can tell
    before that has landed: ``fault`` says why.
    """

    entry: Queued
    candidate: Candidate | None
    gates: tuple[Gate, ...] = ()
    fault: LanesError | None = None


def guesses(repo: LaneRepo, target: LaneState, entries: Iterable[Queued]) -> list[Guess]:
    """Return what each entry would come to if all that are before it land.

    They are plans as a promotion makes them, on commits that nothing names. Where a guess is
    wrong, since a landing changes what the next ones count from, its tree is judged as it lands.
    """
    found: list[Guess] = []
    upon = target
    for entry in entries:
        try:
            guess = _guess(repo, target, upon, entry)
        except LanesError as error:
            guess = Guess(entry, None, fault=error)
        found.append(guess)
        if guess.candidate is not None:
            upon = _after(repo, upon, guess.candidate.tree)
    return found


def _guess(repo: LaneRepo, target: LaneState, upon: LaneState, entry: Queued) -> Guess:
    source = repo.view.by_uuid(entry.lane)
    if source is None or not source.record.live:
        return Guess(entry, None)
    require_active(source.record)
    if not entry.latest:
        queued.require_unmoved(entry, source.record)
    landing = plans.plan_from(repo, source, upon, bases_for(repo, source, target))
    if landing.plan.collisions:
        return Guess(entry, None, fault=plans.refusal(plans.outcome(repo, landing, "merge")))
    before = repo.objects.commit(str(upon.record.head)).tree
    tree = str(landing.plan.tree)
    paths = tuple(changed_paths(repo.objects, repo.git, before, tree))
    rules = definitions.rules_at(repo, upon.record)
    candidate = Candidate(tree, str(upon.record.head), upon.record.name, paths, rules)
    return Guess(entry, candidate, definitions.gates_for(candidate))


def _after(repo: LaneRepo, upon: LaneState, tree: str) -> LaneState:
    who = repo.identity()
    head = str(upon.record.head)
    commit = repo.objects.write_own_commit(
        tree, [head], "candidate of a queue\n", author=who.author, committer=who.committer
    )
    return replace(upon, record=replace(upon.record, head=commit))
