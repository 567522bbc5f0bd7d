"""Tasks: handed out once, done in lanes of their own, and merged or given back with the work."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitlanes import BadValue, Collision, GateFailed, Negative, NotFound, Raced, Refused, clock
from gitlanes.models.tasks import Task
from gitlanes.sdk.tasks import Tasks
from tests.support.cli import spawn_cli
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo


@pytest.fixture
def tasks(repo: TestRepo) -> Tasks:
    """The tasks of a repository that has none yet."""
    return repo.lanes.tasks


def begun(repo: TestRepo, agent: str = "a", retries: int | None = None) -> Task:
    """Add and start a task whose lane is called after its agent."""
    made = repo.lanes.tasks.add("a task", retries=retries)
    return repo.lanes.tasks.start(made.id, agent=agent, lane=agent).task


def test_what_is_said_of_a_task(repo: TestRepo, tasks: Tasks) -> None:
    """It is added, read back whole, edited and ordered: lower priorities first, then older ones."""
    late = tasks.add(" log in ", description="with\na form", retries=2, by="boss")
    soon = tasks.add("urgent", priority=-1)
    same = tasks.add("as urgent", priority=-1)
    assert tasks.list() == (soon, same, late)
    assert tasks.show(late.id[:5]) == late
    assert (late.title, late.priority, late.retries, late.by) == ("log in", 100, 2, "boss")
    edited = tasks.edit(late.id, title="log out", description="", priority=-2, retries=-1)
    assert (edited.title, edited.description, edited.retries) == ("log out", None, None)
    assert tasks.ready()[0] == edited
    with pytest.raises(Negative, match="is like that already"):
        tasks.edit(late.id, title="log out")
    assert repo.lanes.lane("main").tasks == (edited, soon, same)
    repo.lanes.new("other", workspace=False)
    assert repo.lanes.tasks.ready("other") == ()
    with repo.open() as again:  # nothing of it was kept in memory
        assert again.tasks.list("main") == (edited, soon, same)


def test_what_can_be_no_task(repo: TestRepo, tasks: Tasks) -> None:
    """Titles are one line, numbers have ends, lanes have to take work; ids name one task."""
    for title in ("", " ", "two\nlines", "x" * 201, "\x1b[31m"):
        with pytest.raises(BadValue, match="bad title"):
            tasks.add(title)
    with pytest.raises(BadValue, match="20001 characters"):
        tasks.add("x", description="x" * 20_001)
    with pytest.raises(BadValue, match="too much for a task"):
        tasks.add("x", priority=10**9)
    repo.lanes.new("off", workspace=False)
    repo.lanes.pause("off")
    with pytest.raises(Refused, match="is paused"):
        tasks.add("x", lane="off")
    for name in ("tzzzzzzz", "t", "x", "", "../main"):
        with pytest.raises(NotFound):
            tasks.show(name)
    for _ in range(2):
        tasks.add("x")
    with pytest.raises(Refused, match="fits several tasks"):
        tasks.show("t")
    with pytest.raises(BadValue, match="needs an agent's id"):
        tasks.claim()
    with pytest.raises(BadValue, match="unknown status"):
        tasks.list(statuses=("done",))


def test_no_secret_is_stored(repo: TestRepo, tasks: Tasks) -> None:
    """What looks like a secret is taken out of titles and descriptions before it is recorded."""
    secret = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    made = tasks.add(f"use {secret}", description=f"the token is {secret}")
    assert secret not in repr(made)
    assert secret not in repo.git("cat-file", "commit", "refs/lanes/journal/main")


def test_claimers_get_a_task_each(repo: TestRepo, tasks: Tasks) -> None:
    """Of processes that claim at once no two get the same task, and none is left out."""
    wanted = {tasks.add(f"task {x}").id for x in range(5)}

    def claim(number: int) -> list[str]:
        ran = spawn_cli(
            repo.path, repo.environ, "task", "next", "--claim", "--agent", f"a{number}", "--json"
        )
        assert ran.code in (0, 1), ran.err
        return [x["id"] for x in ran.json["tasks"]] if ran.code == 0 else []

    with ThreadPoolExecutor(6) as pool:
        found = [x for some in pool.map(claim, range(6)) for x in some]
    assert sorted(found) == sorted(wanted)
    assert {x.agent for x in tasks.list()} == {x.claim.agent for x in tasks.list() if x.claim}
    assert len({x.agent for x in tasks.list()}) == 5


def test_several_are_claimed_at_once(repo: TestRepo, tasks: Tasks) -> None:
    """An orchestrator takes the best of all lanes, as many as there are."""
    repo.lanes.new("dev", workspace=False)
    other = tasks.add("dev's", lane="dev", priority=1)
    ids = [tasks.add(f"{x}").id for x in range(3)]
    found = tasks.claim(3, agent="boss")
    assert [x.id for x in found] == [other.id, *ids[:2]]
    assert [x.status for x in tasks.list()] == ["claimed"] * 3 + ["open"]
    assert [x.id for x in tasks.claim(3, agent="boss", lane="main")] == ids[2:]
    with pytest.raises(Negative, match="no task is ready"):
        tasks.claim(agent="boss")
    repo.lanes.pause("dev")
    tasks.release(other.id, by="boss")
    assert tasks.ready() == ()  # its lane takes no work now


def test_a_claim_goes_stale(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its lease, an hour unless told, or with its process a task is ready for others."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        for title in ("hour", "short", "process"):
            tasks.add(title)
        (hour,) = tasks.claim(agent="a")
        (short,) = tasks.claim(agent="a", lease=60)
        (tied,) = tasks.claim(agent="a", pid=process.pid)
        assert tasks.ready() == ()
    finally:
        process.kill()
        process.wait()
    (found,) = tasks.ready()
    assert (found.id, found.status) == (tied.id, "claimed")
    assert "has ended" in str(found.stale)
    real = clock.now()
    monkeypatch.setattr(clock, "now", lambda: real + 120)
    assert [x.id for x in tasks.ready()] == [short.id, tied.id]
    monkeypatch.setattr(clock, "now", lambda: real + 3601)
    assert [x.id for x in tasks.ready()] == [hour.id, short.id, tied.id]
    assert tasks.start(hour.id, agent="b", workspace=False).task.agent == "b"


def test_who_has_a_task(repo: TestRepo, tasks: Tasks) -> None:
    """Others are refused and told who; the holder renews, gives back, and force takes it."""
    task = begun(repo)
    with pytest.raises(Refused, match=f"task '{task.id}' is claimed by 'a' since ") as caught:
        tasks.start(task.id, agent="b")
    assert caught.value.data["holder"]["agent"] == "a"
    for call in (tasks.release, tasks.complete, tasks.abandon):
        with pytest.raises(Refused, match="is claimed by 'a'"):
            call(task.id, by="b")
    before = repo.rev("refs/lanes/journal/main")
    again = tasks.start(task.id, agent="a")
    assert (again.renewed, again.created, again.lane.name) == (True, False, "a")
    assert repo.rev("refs/lanes/journal/main") == before  # nothing worth an entry
    longer = tasks.start(task.id, agent="a", lease=90_000).task
    assert longer.claim is not None
    assert task.claim is not None
    assert str(longer.claim.until) > str(task.claim.until)
    assert (longer.claim.since, longer.tries) == (task.claim.since, 1)
    taken = tasks.start(task.id, agent="b", force=True).task
    assert (taken.agent, taken.worker, taken.tries) == ("b", "a", 2)
    with pytest.raises(Refused, match="is claimed by 'b'"):
        tasks.complete(task.id, by="a")
    given = tasks.release(task.id, by="b", reason="too hard")
    assert (given.status, given.agent, given.reason) == ("open", None, "too hard")
    with pytest.raises(Negative, match="nobody has task"):
        tasks.release(task.id)
    with pytest.raises(Refused, match="is open"):
        tasks.complete(task.id)


def test_completing(repo: TestRepo, tasks: Tasks) -> None:
    """The work lands by a merge of two parents; the lane is put away, and all is told later."""
    task = begun(repo)
    place = repo.workspace("a")
    with pytest.raises(Negative, match="lane 'a' has no work"):
        tasks.complete(task.id)
    assert tasks.check(task.id).remains == "nothing to complete: lane 'a' has no work"
    repo.write({"new.py": "1\n"}, place)
    tips = [repo.commit("a", {"new.py": f"{x}\n"}) for x in range(2)]
    repo.write({"new.py": "unsaved\n"}, place)
    assert tasks.check(task.id).lands is False
    with pytest.raises(Refused, match=r"unsaved edits: new\.py") as caught:
        tasks.complete(task.id)
    assert caught.value.hint == "commit and decide them first"
    repo.git("checkout", "new.py", cwd=place)
    with repo.open(place) as inside:
        assert inside.tasks.check().lands
        done = inside.tasks.complete(by="a")
    merge = repo.rev("refs/lanes/head/main")
    assert repo.rev("main") == merge == done.task.commit
    parents = repo.git("log", "-1", "--format=%P", merge).split()
    assert parents[1] == repo.rev("refs/lanes/head/a")
    assert len(parents) == 2
    log = repo.git("log", "--format=%s", "main").splitlines()
    assert log[0] == "a task"
    assert log.count("work of a") == len(tips)
    assert done.archived == ("a",)
    assert not place.exists()
    assert done.task == tasks.show(task.id) == tasks.list(statuses=("completed",))[0]
    assert (done.task.status, done.task.agent, done.task.attempt) == ("completed", "a", "main/1")
    assert tasks.list() == ()
    for call in (tasks.complete, tasks.release, tasks.abandon, tasks.check):
        with pytest.raises(Negative, match="is completed already"):
            call(task.id)
    with pytest.raises(Negative, match="is completed already"):
        tasks.start(task.id, agent="b")


def test_a_merge_in_any_case(repo: TestRepo, tasks: Tasks) -> None:
    """What landed by itself before, and what comes to nothing, is completed by a merge, too."""
    task = begun(repo)
    repo.commit("a", {"new.py": "1\n"})
    repo.lanes.promote("a")
    before = repo.rev("main")
    done = tasks.complete(task.id, keep=True, message="all done")
    assert repo.git("log", "-1", "--format=%P", "main").split() == [
        before,
        repo.rev("refs/lanes/head/a"),
    ]
    assert repo.git("log", "-1", "--format=%s", "main") == "all done"
    assert done.archived == ()
    assert repo.lanes.lane("a").status == "active"


def test_a_collision_gives_the_task_back(repo: TestRepo, tasks: Tasks) -> None:
    """It is open, nobody's, its work kept and the paths named; started again it is elsewhere."""
    task = begun(repo, retries=1)
    repo.commit("a", {"auth.py": "task\n", "own.py": "own\n"})
    repo.lane("other", {"auth.py": "other\n"})
    repo.lanes.promote("other")
    head = repo.rev("main")
    assert tasks.check(task.id).lands is False
    assert [x.path for x in tasks.check(task.id).promotion.collisions] == [b"auth.py"]
    with pytest.raises(Collision) as caught:
        tasks.complete(task.id, by="a")
    assert repo.rev("main") == head
    assert f"git lanes task start {task.id}" in caught.value.hint
    now = tasks.show(task.id)
    assert (now.status, now.agent, now.claim, now.worker) == ("open", None, None, "a")
    assert now.collisions == ("auth.py",)
    assert caught.value.data["task"]["status"] == "open"
    assert now.ready
    again = tasks.start(task.id, agent="b")
    assert (again.created, again.task.former, again.task.tries) == (True, ("a",), 2)
    assert again.lane.head == head
    assert any("stays in lane 'a'" in x for x in repo.lanes.take_warnings())
    assert repo.files("refs/lanes/head/a")["own.py"] == "own"
    assert repo.lanes.lane("a").status == "active"
    tasks.release(task.id)
    assert tasks.ready() == ()
    with pytest.raises(Refused, match="was started 2 times already"):
        tasks.start(task.id, agent="b")
    tasks.edit(task.id, retries=5)
    tasks.start(task.id, agent="b")
    repo.commit(again.lane.name, {"auth.py": "both\n"})
    assert set(tasks.complete(task.id).archived) == {"a", again.lane.name}


def test_going_on_where_one_was(repo: TestRepo, tasks: Tasks) -> None:
    """A task that was given back keeps its lane, which is laid on what landed since."""
    task = begun(repo)
    repo.commit("a", {"own.py": "own\n"})
    tasks.release(task.id)
    repo.lanes.remove_workspace("a")
    repo.lane("other", {"other.py": "other\n"})
    repo.lanes.promote("other")
    again = tasks.start(task.id, agent="b")
    assert again.synced is not None
    assert (again.created, again.lane.name) == (False, "a")
    assert (Path(str(again.path)) / "other.py").read_text() == "other\n"
    assert tasks.complete(task.id).task.agent == "b"
    assert repo.files("main")["own.py"] == "own"


def test_a_lane_that_was_put_away(repo: TestRepo, tasks: Tasks) -> None:
    """Where somebody archived or deleted the task's lane, it begins in one anew."""
    task = begun(repo)
    repo.lanes.delete("a")
    with pytest.raises(Refused, match="has no lane"):
        tasks.complete(task.id)
    again = tasks.start(task.id, agent="a", lane="b", workspace=False)
    assert (again.created, again.path, again.task.tries) == (True, None, 2)
    assert again.lane.parents == (repo.lanes.lane("main").uuid,)


def test_abandoning(repo: TestRepo, tasks: Tasks) -> None:
    """It has ended, with the reason; its lane takes no work any more, and keeps what it has."""
    task = begun(repo)
    repo.commit("a", {"own.py": "own\n"})
    repo.lanes.new("below", on="a", workspace=False)
    with pytest.raises(Refused, match="is followed by below"):
        tasks.abandon(task.id)
    assert tasks.show(task.id).status == "started"
    repo.lanes.delete("below")
    gone = tasks.abandon(task.id, by="a", reason="not wanted")
    assert (gone.status, gone.reason, gone.agent) == ("abandoned", "not wanted", "a")
    assert repo.lanes.lane("a").status == "abandoned"
    assert repo.files("refs/lanes/head/a")["own.py"] == "own"
    assert [x.id for x in tasks.list(statuses=("abandoned",))] == [gone.id]


def test_tasks_of_a_task(repo: TestRepo, tasks: Tasks) -> None:
    """A task's lane can have tasks, which have to end first; the hierarchy lists them all."""
    task = begun(repo)
    inner = tasks.add("a part", lane="a")
    tasks.start(inner.id, agent="b", lane="b")
    repo.commit("b", {"part.py": "1\n"})
    assert [x.id for x in tasks.list("main", nested=True)] == [task.id, inner.id]
    assert [x.id for x in tasks.list("main")] == [task.id]
    assert {x.name: [y.id for y in x.tasks] for x in repo.lanes.graph().lanes} == {
        "main": [task.id],
        "a": [inner.id],
        "b": [],
    }
    tasks.complete(inner.id)
    other = tasks.add("another part", lane="a")
    with pytest.raises(Refused, match=f"have not ended: {other.id}"):
        tasks.complete(task.id)
    tasks.abandon(other.id)
    tasks.complete(task.id)
    assert repo.files("main")["part.py"] == "1"
    ended = tasks.list("a", statuses=("completed", "abandoned"))
    assert {x.id: x.status for x in ended} == {inner.id: "completed", other.id: "abandoned"}


def test_a_task_taken_meanwhile(repo: TestRepo, tasks: Tasks) -> None:
    """Who completes what another one took while the plan was made, is told; nothing lands."""
    take = f"cd {repo.path} && {sys.executable} -m gitlanes task start t --agent b --force >&2"
    task = begun(repo)
    repo.commit("a", {"own.py": "own\n"})
    repo.git("config", "user.name", "thief")
    repo.git("config", "user.email", "thief@example.org")
    set_gates(repo, gate("thief", take))
    head = repo.rev("main")
    with pytest.raises(Raced, match="was taken or ended meanwhile"):
        tasks.complete(task.id, by="a")
    assert repo.rev("main") == head
    assert tasks.show(task.id).agent == "b"


def test_a_gate_keeps_the_task(repo: TestRepo, tasks: Tasks) -> None:
    """Work that fails the target's gates does not land, and the task goes on."""
    task = begun(repo)
    repo.commit("a", {"own.py": "own\n"})
    set_gates(repo, gate("never", "false"))
    with pytest.raises(GateFailed):
        tasks.complete(task.id, by="a")
    assert (tasks.show(task.id).status, tasks.show(task.id).agent) == ("started", "a")


def test_tasks_go_with_their_lane(repo: TestRepo, tasks: Tasks) -> None:
    """A lane's tasks live through its renaming, and end with its deletion."""
    repo.lanes.new("dev", workspace=False)
    made = tasks.add("x", lane="dev")
    repo.lanes.rename("dev", "work")
    assert tasks.show(made.id).lane == "work"
    repo.lanes.delete("work")
    assert tasks.list() == ()
    repo.lanes.new("work", workspace=False)
    assert tasks.list("work", statuses=("open", "abandoned")) == ()


def test_what_completed_tasks_leave(repo: TestRepo, tasks: Tasks) -> None:
    """Their lanes are in nobody's way: no graph, no cascade, and no deletion of the lane below."""
    repo.lanes.new("dev", workspace=False)
    repo.lanes.new("side", on="dev", workspace=False)
    for agent in "ab":
        made = tasks.add(agent, lane="dev")
        tasks.start(made.id, agent=agent, lane=agent, workspace=False)
        repo.lanes.put_file(agent, f"{agent}.txt", b"x\n")
        tasks.complete(made.id)
    assert [x.name for x in repo.lanes.graph().lanes] == ["dev", "side"]
    done = repo.lanes.cascade("dev")
    assert ([x.lane for x in done.updated], done.skipped) == (["side"], ())
    repo.lanes.unarchive("b")
    assert "b" in [x.name for x in repo.lanes.graph().lanes]
    repo.lanes.archive("b")
    repo.lanes.delete("side")
    repo.lanes.delete("dev")
    assert repo.lanes.lane("a").status == "archived"


def test_a_lane_that_was_renamed(repo: TestRepo, tasks: Tasks) -> None:
    """A task names the lane that it is worked on in as that is called now."""
    task = begun(repo, "old")
    repo.lanes.rename("old", "new")
    assert [x.worker for x in tasks.list()] == ["new"]
    assert tasks.show("new").id == task.id
    repo.commit("new", {"done.py": "1\n"})
    tasks.complete(task.id)
    assert tasks.show(task.id).worker == "new"


def test_a_former_lane_s_name_is_another_one_s(repo: TestRepo, tasks: Tasks) -> None:
    """The lane that the task had is archived when it is completed; another one stays."""
    repo.save({"auth.py": "0\n"})
    task = tasks.add("mend it", lane="main")
    tasks.start(task.id, agent="kim", lane="a")
    repo.commit("a", {"auth.py": "a\n"})
    repo.save({"auth.py": "main\n"})
    with pytest.raises(Collision):
        tasks.complete(task.id, by="kim")
    repo.lanes.rename("a", "before")
    repo.work("a", {"mine.txt": "1\n"})
    again = tasks.start(task.id, agent="kim", lane="b")
    assert again.task.former == ("a",)
    repo.commit("b", {"more.txt": "b\n"})
    made = tasks.complete(task.id, by="kim")
    assert set(made.archived) == {"b", "before"}
    assert repo.lanes.lane("a").status == "active"
    assert "mine.txt" in repo.files(repo.lanes.head("a"))
