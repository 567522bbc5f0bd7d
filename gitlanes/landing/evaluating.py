"""Asking gates without landing: of an attempt, which may then be decided, or of unsaved work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.combine.assembly import plan_landing
from gitlanes.errors import GateFailed, Negative, NotFound
from gitlanes.gates import definitions, judging
from gitlanes.gates.recording import record
from gitlanes.landing import accepting
from gitlanes.models.gates import NO_WAIVER, Candidate, Evaluated, Rules, Waiver, passed
from gitlanes.models.notes import NO_JUDGEMENT, Evaluation, Judgement
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import ACCEPTED, Attempt, Lane
from gitlanes.review import decide, standing
from gitlanes.store.transaction import settled
from gitlanes.workspaces import capture, finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Questions(Model):
    """Which gates are asked, all that the candidate concerns without names; ``again`` anew."""

    gates: Sequence[str] = ()
    again: bool = False


ALL = Questions()


def evaluate(
    repo: LaneRepo, attempt_id: str | None = None, questions: Questions = ALL
) -> Evaluated:
    """Ask gates about an attempt and record what they say; nothing is decided.

    It is judged as it would land now, a decided one as it did. By default it is the newest open
    one of the present lane. Raises Collision where it would not land, Refused where the gates'
    text is not trusted, Negative where no gates are configured.
    """
    attempt = _attempt(repo, attempt_id)
    found = _asked(repo, _candidate(repo, attempt), questions)
    landed = [attempt.landed] if attempt.landed else []
    record(repo, [attempt.commit, *landed], found.evaluations)
    return replace(found, attempt=attempt.id, commit=attempt.commit)


def evaluate_and_decide(
    repo: LaneRepo,
    attempt_id: str | None = None,
    questions: Questions = ALL,
    judgement: Judgement = NO_JUDGEMENT,
    waiver: Waiver = NO_WAIVER,
) -> Evaluated:
    """Ask gates about an open attempt, and accept or reject it by what they say.

    To be accepted it has to pass all of its gates, not only those that were named.
    """
    attempt = _attempt(repo, attempt_id)
    standing.require_open(repo, repo.view.attempt_in(attempt.id)[1], attempt.id)
    found = _asked(repo, _candidate(repo, attempt), questions)
    found = replace(found, attempt=attempt.id, commit=attempt.commit)
    if not found.passed:
        return _rejected(repo, found, judgement, found.evaluations)
    try:
        decided = accepting.accept(repo, attempt.id, judgement, waiver=waiver)
    except GateFailed as error:
        if repo.view.attempt(attempt.id).open:
            decide.reject(repo, attempt.id, replace(judgement, reason=error.message))
        raise
    return replace(found, decided=decided)


def evaluate_workspace(repo: LaneRepo, name: str | None, questions: Questions = ALL) -> Evaluated:
    """Ask gates about what a lane's workspace holds now; nothing is recorded or decided."""
    lane = finding.lane_or_present(repo, name).record
    workspace = finding.require_workspace(repo, lane)
    with capture.held(repo, workspace) as hold:
        captured = capture.capture(repo, hold)
    store = repo.objects
    lane = settled(repo, lane.name).record
    head = store.commit(str(lane.head)).tree
    base = store.commit(captured.base).tree
    plan = plan_landing(store, repo.git, bases=[base], source=captured.tree, target=head)
    tree = plan.tree or captured.tree  # what collides is judged as it lies there
    rules = definitions.rules_within(repo, lane)
    return _asked(repo, _of(repo, lane, str(lane.head), tree, rules), questions)


def _asked(repo: LaneRepo, candidate: Candidate, questions: Questions) -> Evaluated:
    rules = candidate.rules
    if not rules.gates:
        raise Negative(
            f"no gates are configured in lane '{rules.lane}'",
            hint="add a [[gate]] to '.gitlanes.toml' there",
            data={"lane": rules.lane},
        )
    gates = judging.chosen(candidate, questions.gates)
    found = judging.judge(repo, candidate, gates, again=questions.again)
    asked = {x.name for x in gates}
    left = () if questions.gates else tuple(x.name for x in rules.gates if x.name not in asked)
    good = passed(gates, found)
    return Evaluated(candidate.lane, candidate.tree, good, evaluations=found, skipped=left)


def _rejected(
    repo: LaneRepo, found: Evaluated, judgement: Judgement, said: tuple[Evaluation, ...]
) -> Evaluated:
    names = ", ".join(x.name for x in said if not x.passed and x.required)
    why = judgement.reason or f"gates failed: {names}"
    because = replace(judgement, reason=why)
    return replace(
        found, decided=decide.reject(repo, str(found.attempt), because, evaluations=said)
    )


def _attempt(repo: LaneRepo, name: str | None) -> Attempt:
    if name is not None:
        return repo.view.attempt(name)
    lane = finding.lane_or_present(repo, None).record
    if not lane.open:
        raise NotFound(
            "open attempt of lane", lane.name, hint="name one, or judge the files: --workspace LANE"
        )
    return lane.open[-1]


def _candidate(repo: LaneRepo, attempt: Attempt) -> Candidate:
    """Return what an attempt would make of its lane, or what it made of it."""
    state = repo.view.attempt_in(attempt.id)[1]
    if state.record.live:
        state = settled(repo, state.record.name)
    lane, landing = state.record, attempt.kind in ("promotion", "replay")
    rules = (definitions.rules_at if landing else definitions.rules_within)(repo, lane)
    if attempt.open:
        laid = accepting.laid if attempt.promotion is not None else decide.laid_tree
        return _of(repo, lane, str(lane.head), laid(repo, state, attempt), rules)
    done = attempt.landed if attempt.status == ACCEPTED else None
    commit = repo.objects.commit(done or attempt.commit)
    before = commit.parents[0] if commit.parents else str(lane.head)
    return _of(repo, lane, before, commit.tree, rules)


def _of(repo: LaneRepo, lane: Lane, head: str, tree: str, rules: Rules) -> Candidate:
    from gitlanes.git.trees import changed_paths

    before = repo.objects.commit(head).tree
    paths = tuple(changed_paths(repo.objects, repo.git, before, tree))
    return Candidate(tree, head, lane.name, paths, rules)
