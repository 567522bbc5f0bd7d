"""`expect=`: a verb does nothing where the lane is not at the head that was read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pytest

from gitlanes import BadValue, Collision, Cost, Limits, NotFound, Raced, Repo, RunOrder
from gitlanes.review import putting
from gitlanes.review.propose import Offer
from gitlanes.sdk.tasks import Tasks
from gitlanes.store.expectation import expecting
from gitlanes.tasks import adding
from gitlanes.workspaces import intake, snapshots
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo
from tests.support.signatures import takes_expect


class Step(NamedTuple):
    """A verb as it is called with ``expect``, the lane that is meant, and what comes before."""

    verb: str
    lane: str
    call: Callable[[Repo, str], object]
    before: Callable[[TestRepo], object] = lambda _: None


def _write(lane: str, name: str) -> Callable[[TestRepo], object]:
    """Leave an edit in a lane's workspace."""
    return lambda repo: repo.write({name: f"{name}\n"}, repo.workspace(lane))


def _propose(lane: str, name: str) -> Callable[[TestRepo], object]:
    """Offer a file in a lane."""
    return lambda repo: repo.propose(lane, {name: f"{name}\n"})


def _commit(lane: str, *names: str) -> Callable[[TestRepo], object]:
    """Commit files in a lane, one by one."""
    return lambda repo: [repo.commit(lane, {x: f"{x}\n"}) for x in names]


def _order(repo: TestRepo) -> None:
    """Let workspaces be given something."""
    set_gates(repo, workspace={"copy": ["*.key"]})
    repo.lanes.trust()


def _safely(repo: Repo, expect: str) -> None:
    """Save unsaved work, and go on."""
    with repo.safely("a step", "auth", expect=expect):
        pass


def _task(repo: Repo, number: int) -> str:
    """Return the id of a task by its title."""
    every = ("open", "claimed", "started")
    return next(x.id for x in repo.tasks.list("main", statuses=every) if x.title == f"t{number}")


def _add(number: int, repo: Repo, expect: str) -> object:
    return repo.tasks.add(f"t{number}", lane="main", expect=expect)


WORK = (
    Step("new", "main", lambda r, x: r.new("auth", start="main", expect=x)),
    Step("edit", "auth", lambda r, x: r.edit("auth", description="login", expect=x)),
    Step("safely", "auth", _safely, _write("auth", "one.txt")),
    Step("snapshot", "auth", lambda r, x: r.snapshot("auth", reason="why", expect=x)),
    Step("claim", "auth", lambda r, x: r.claim("auth", agent="a", expect=x)),
    Step("release", "auth", lambda r, x: r.release("auth", agent="a", expect=x)),
    Step("commit", "auth", lambda r, x: r.commit("auth", message="m", expect=x)),
    Step("restore", "auth", lambda r, x: r.restore("main", "auth", expect=x)),
    Step("remove_workspace", "auth", lambda r, x: r.remove_workspace("auth", force=True, expect=x)),
    Step("create_workspace", "auth", lambda r, x: r.create_workspace("auth", expect=x)),
    Step(
        "provision_workspace",
        "auth",
        lambda r, x: r.provision_workspace("auth", expect=x),
        _order,
    ),
    Step(
        "propose",
        "auth",
        lambda r, x: r.propose("auth", message="m", expect=x),
        _write("auth", "2"),
    ),
    Step("accept", "auth", lambda r, x: r.accept("auth/2", expect=x)),
    Step("reject", "auth", lambda r, x: r.reject("auth/3", expect=x), _propose("auth", "3")),
    Step("amend", "auth", lambda r, x: r.amend("auth", expect=x)),
    Step("put_file", "auth", lambda r, x: r.put_file("auth", "4", b"4\n", expect=x)),
    Step("update_workspace", "auth", lambda r, x: r.update_workspace("auth", expect=x)),
    Step("add_cost", "auth", lambda r, x: r.add_cost("auth/2", Cost(input_tokens=1), expect=x)),
    Step("set_budget", "auth", lambda r, x: r.set_budget("auth", Limits(input_tokens=9), expect=x)),
    Step(
        "set_budget",
        "main",
        lambda r, x: r.set_budget(None, Limits(input_tokens=9), agent="b", expect=x),
    ),
    Step(
        "record_evaluation",
        "auth",
        lambda r, x: r.record_evaluation("auth/2", "read", True, expect=x),
    ),
    Step("promote", "main", lambda r, x: r.promote("auth", into="main", expect=x)),
    Step("undo", "main", lambda r, x: r.undo(lane="main", expect=x)),
    Step("redo", "main", lambda r, x: r.redo(lane="main", expect=x)),
    Step(
        "rollback", "auth", lambda r, x: r.rollback("auth", steps=1, expect=x), _commit("auth", "5")
    ),
)


STACKS = (
    Step(
        "create_stack",
        "cards",
        lambda r, x: r.create_stack("s", lane="cards", group="manual", expect=x),
        lambda repo: [repo.lane("cards"), _commit("cards", "a", "b", "c", "d")(repo)],
    ),
    Step("configure_stack", "cards", lambda r, x: r.configure_stack("s", approvals=1, expect=x)),
    Step("stack_add", "cards", lambda r, x: r.stack_add("s", "cards", expect=x)),
    Step("title_block", "cards", lambda r, x: r.title_block("s/1", "first", expect=x)),
    Step("describe_block", "cards", lambda r, x: r.describe_block("s/1", "why", expect=x)),
    Step("stack_reorder", "cards", lambda r, x: r.stack_reorder("s", "2", "1", "3", "4", expect=x)),
    Step("merge_blocks", "cards", lambda r, x: r.merge_blocks("s", "1", "2", expect=x)),
    Step("split_block", "cards", lambda r, x: r.split_block("s/1", "1", expect=x)),
    Step("stack_move", "cards", lambda r, x: r.stack_move("s", "cards/4", to="1", expect=x)),
    Step("stack_remove", "cards", lambda r, x: r.stack_remove("s", "cards/4", expect=x)),
    Step("review", "cards", lambda r, x: r.review("s/1", status="approved", by="ada", expect=x)),
    Step("export_stack", "cards", lambda r, x: r.export_stack("s", expect=x)),
    Step(
        "promote_stack",
        "main",
        lambda r, x: r.promote_stack(lane="cards", changes=["cards/4"], expect=x),
    ),
    Step("delete_stack", "cards", lambda r, x: r.delete_stack("s", expect=x)),
)

QUEUE = (
    Step(
        "queue_add",
        "main",
        lambda r, x: r.queue_add(["q1", "q2"], expect=x),
        lambda repo: [repo.lane(f"q{n}", {f"q{n}.txt": f"{n}\n"}) for n in (1, 2)],
    ),
    Step("queue_ready", "main", lambda r, x: r.queue_ready(["q1", "q2"], expect=x)),
    Step("queue_move", "main", lambda r, x: r.queue_move("q2", before="q1", expect=x)),
    Step("queue_order", "main", lambda r, x: r.queue_order(["q1", "q2"], expect=x)),
    Step("queue_cancel", "main", lambda r, x: r.queue_cancel("q2", expect=x)),
    Step("queue_run", "main", lambda r, x: r.queue_run(expect=x)),
)

TASKS = (
    *(Step("tasks.add", "main", partial(_add, number)) for number in (1, 2)),
    Step("tasks.edit", "main", lambda r, x: r.tasks.edit(_task(r, 1), priority=1, expect=x)),
    Step("tasks.claim", "main", lambda r, x: r.tasks.claim(2, lane="main", agent="w", expect=x)),
    Step("tasks.start", "main", lambda r, x: r.tasks.start(_task(r, 1), agent="w", expect=x)),
    Step(
        "tasks.complete",
        "main",
        lambda r, x: r.tasks.complete(_task(r, 1), by="w", expect=x),
        lambda repo: repo.commit(
            str(repo.lanes.tasks.show(_task(repo.lanes, 1)).worker), {"t": "t"}
        ),
    ),
    Step("tasks.release", "main", lambda r, x: r.tasks.release(_task(r, 2), by="w", expect=x)),
    Step("tasks.abandon", "main", lambda r, x: r.tasks.abandon(_task(r, 2), by="w", expect=x)),
)


def _conflict(lane: str) -> Callable[[TestRepo], object]:
    """Let a lane be in conflict with main."""

    def collide(repo: TestRepo) -> None:
        repo.lane(lane, {f"{lane}.txt": "mine\n"})
        repo.commit("main", {f"{lane}.txt": "theirs\n"})
        with pytest.raises(Collision):
            repo.lanes.sync(lane)

    return collide


def _resolve(repo: TestRepo) -> None:
    """Resolve the conflict of lane hot."""
    repo.write({"hot.txt": "both\n"}, repo.workspace("hot"))


GRAPH = (
    Step(
        "follow",
        "b",
        lambda r, x: r.follow("b", "a", expect=x),
        lambda repo: [repo.lane(n, {n: n}) for n in "ab"],
    ),
    Step("sync", "b", lambda r, x: r.sync("b", expect=x)),
    Step("cascade", "a", lambda r, x: r.cascade("a", expect=x), _commit("a", "more")),
    Step("pause", "b", lambda r, x: r.pause("b", expect=x)),
    Step("resume", "b", lambda r, x: r.resume("b", expect=x)),
    Step("unfollow", "b", lambda r, x: r.unfollow("b", "a", expect=x)),
    Step("abandon", "b", lambda r, x: r.abandon("b", expect=x)),
    Step("start_conflict", "hot", lambda r, x: r.start_conflict("hot", expect=x), _conflict("hot")),
    Step("continue_conflict", "hot", lambda r, x: r.continue_conflict("hot", expect=x), _resolve),
    Step(
        "abandon_conflict",
        "cold",
        lambda r, x: r.abandon_conflict("cold", expect=x),
        _conflict("cold"),
    ),
)


def _feature(repo: TestRepo) -> None:
    """Make lane feat of a branch that then goes on."""
    repo.git("branch", "feature", "main")
    for turn in (1, 2):
        repo.git("switch", "--quiet", "feature")
        repo.save({"feature.txt": f"{turn}\n"})
        repo.git("switch", "--quiet", "main")
        if turn == 1:
            repo.lanes.import_branch("feature", lane="feat")


def _squashed(repo: TestRepo) -> None:
    """Squash a lane's work into main by hand."""
    repo.lane("squashed", {"s1": "1"})
    repo.commit("squashed", {"s2": "2"})
    repo.git("merge", "--squash", "refs/lanes/head/squashed")
    repo.git("commit", "--quiet", "--message=squashed")
    with repo.inner() as inner:
        intake.catch_up(inner, "main")


def _by_hand(repo: TestRepo) -> None:
    """Commit on the branch of lane old."""
    repo.git("switch", "--quiet", "own")
    repo.save({"by-hand.txt": "by hand\n"})
    repo.git("switch", "--quiet", "main")


KEEPING = (
    Step(
        "bind",
        "old",
        lambda r, x: r.bind("old", "own", expect=x),
        lambda repo: [repo.lane("old", {"old": "old"}), repo.git("branch", "own", "main")],
    ),
    Step("import_branch", "old", lambda r, x: r.import_branch("own", expect=x), _by_hand),
    Step("unbind", "old", lambda r, x: r.unbind("old", expect=x)),
    Step("rename", "old", lambda r, x: r.rename("old", "older", expect=x)),
    Step("export", "older", lambda r, x: r.export("older", branch="out", expect=x)),
    Step(
        "format_patches",
        "older",
        lambda r, x: r.format_patches("older", directory=r.path.parent / "patches", expect=x),
    ),
    Step(
        "switch_workspace",
        "free",
        lambda r, x: r.switch_workspace("free", workspace="older", expect=x),
        lambda repo: repo.lanes.new("free", workspace=False),
    ),
    Step("archive", "older", lambda r, x: r.archive("older", expect=x)),
    Step("unarchive", "older", lambda r, x: r.unarchive("older", expect=x)),
    Step(
        "record_change",
        "older",
        lambda r, x: r.record_change("drop", "old/1", lane="older", expect=x),
    ),
    Step(
        "record_rewrites",
        "free",
        lambda r, x: r.record_rewrites(
            [(r.head("free"), r.head("main"))], "amend", lane="free", expect=x
        ),
        _commit("free", "f"),
    ),
    Step("delete", "older", lambda r, x: r.delete("older", force=True, expect=x)),
    Step("import_branch", "feat", lambda r, x: r.import_branch("feature", expect=x), _feature),
    Step("reconcile", "main", lambda r, x: r.reconcile(expect=x), _squashed),
)


def _offer_gated(repo: TestRepo) -> None:
    """Offer work in a lane with a gate."""
    set_gates(repo, gate("ok", "true"))
    repo.lane("g")
    repo.propose("g", {"g": "g"})


def _offer_side_by_side(repo: TestRepo) -> None:
    """Offer the same work in two lanes of a batch."""
    for lane in ("h-a", "h-b"):
        repo.lanes.new(lane, workspace=False, batch="h")
        repo.lanes.put_file(lane, f"{lane}.txt", b"x\n", accept=False)


GATES = (
    Step("evaluate", "g", lambda r, x: r.evaluate("g/1", expect=x), _offer_gated),
    Step("evaluate_and_decide", "g", lambda r, x: r.evaluate_and_decide("g/1", expect=x)),
    Step("pick", "main", lambda r, x: r.pick("h", expect=x), _offer_side_by_side),
)


def _run(repo: Repo, lane: str, expect: str) -> None:
    """Run a command as an agent, to its end."""
    order = RunOrder("x", program="shell", args=("true",), tmux=False)
    repo.run(lane, order=order, settle=0, expect=expect)
    repo.wait_for_runs([lane])


def _resume(repo: Repo, expect: str) -> None:
    """Go on with an agent that has ended."""
    repo.prompt("fresh", "more", settle=0, expect=expect)
    repo.wait_for_runs(["fresh"])


def _resumable(repo: TestRepo) -> None:
    """Let the agent of the lane be one that can be resumed."""
    for key in ("args", "resume"):
        repo.git("config", f"lanes.agent.shell.{key}", "true")
    repo.close()  # settings are read once


FLEET = (
    Step("run", "main", lambda r, x: _run(r, "fresh", x)),
    Step("run", "fresh", lambda r, x: _run(r, "fresh", x), _commit("fresh", "more")),
    Step("prompt", "fresh", _resume, _resumable),
)

STORIES = {
    "fleet": FLEET,
    "work": WORK,
    "stacks": STACKS,
    "queue": QUEUE,
    "tasks": TASKS,
    "graph": GRAPH,
    "keeping": KEEPING,
    "gates": GATES,
}


@pytest.mark.parametrize("steps", STORIES.values(), ids=STORIES)
def test_what_was_not_expected_changes_nothing(repo: TestRepo, steps: tuple[Step, ...]) -> None:
    """With a revision that is past each verb raises Raced and no ref moves; the true one does."""
    repo.commit("main", {"second.txt": "second\n"})
    past = repo.rev("main~1")
    for step in steps:
        step.before(repo)
        before, head = repo.refs(), repo.lanes.head(step.lane)
        with pytest.raises(Raced) as raced:
            step.call(repo.lanes, past)
        assert (step.verb, raced.value.data) == (step.verb, {"head": head, "expect": past})
        assert repo.refs() == before, step.verb
        step.call(repo.lanes, head)


def test_all_that_expect_something_are_tried() -> None:
    """The stories above have every method that takes `expect`."""
    own = {x for x in dir(Repo) if not x.startswith("_") and takes_expect(getattr(Repo, x))}
    of_tasks = {f"tasks.{x}" for x in dir(Tasks) if x[0] != "_" and takes_expect(getattr(Tasks, x))}
    assert {step.verb for steps in STORIES.values() for step in steps} == own | of_tasks


def test_a_lane_that_moves_at_the_last_moment(repo: TestRepo) -> None:
    """It is asked under the lock, in each operation until one has moved the lane itself."""
    repo.lane("auth", {"one.txt": "one\n"})
    seen = repo.lanes.head("auth")
    with repo.inner() as inner, expecting(inner, seen[:9], lambda: "auth"):
        repo.commit("auth", {"two.txt": "two\n"})
        before = repo.refs()
        with pytest.raises(Raced):
            adding.add(inner, adding.Wanted("task"), lane="auth")
        with pytest.raises(Raced):
            snapshots.snapshot(inner, "auth")
        assert repo.refs() == before
    with repo.inner() as inner, expecting(inner, repo.lanes.head("auth"), lambda: "auth"):
        for name in ("three", "four"):
            putting.put(inner, "auth", {name.encode(): b"x"}, Offer(), accept=True)
    assert {"three", "four"} <= repo.files("refs/lanes/head/auth").keys()
    adding.add(inner, adding.Wanted("task"), lane="auth")


def test_what_people_committed_was_not_expected(repo: TestRepo) -> None:
    """A bound branch that went on moves its lane before the verb, which raises Raced then."""
    repo.lane("auth", {"one.txt": "one\n"})
    seen = repo.lanes.head("main")
    repo.save({"by-hand.txt": "by hand\n"})
    with pytest.raises(Raced):
        repo.lanes.queue_add("auth", expect=seen)
    assert repo.lanes.queue() == []
    repo.lanes.queue_add("auth", expect=repo.lanes.head("main"))


def test_expectations_that_are_none(repo: TestRepo) -> None:
    """What can be no commit is refused, and a lane that is not there is not found."""
    for nothing in ("", "main", "abc"):
        with pytest.raises(BadValue, match="is no commit to expect"):
            repo.lanes.tasks.add("task", lane="main", expect=nothing)
    with pytest.raises(NotFound):
        repo.lanes.import_branch("main", lane="new", expect="0" * 40)
    repo.lanes.tasks.add("task", lane="main")
