"""Tasks that two clones worked on at once: nothing of either side is lost, what ended has ended."""

from __future__ import annotations

import pytest

from gitlanes import Refused
from gitlanes.models.tasks import Task
from tests.support.clones import Clones
from tests.support.repos import TestRepo


def _shared(clones: Clones, *titles: str) -> list[Task]:
    a, b = clones.all
    made = [a.lanes.tasks.add(x, lane="auth") for x in titles]
    a.lanes.push()
    b.lanes.pull()
    return made


def _joined(clones: Clones) -> dict[str, Task]:
    """Let b push first; return the tasks, ended or not, that both have in the end."""
    a, b = clones.all
    b.lanes.push()
    a.lanes.push()
    b.lanes.pull()
    every = ("open", "claimed", "started", "completed", "abandoned")
    one, other = ({x.title: x for x in r.lanes.tasks.list(statuses=every)} for r in clones.all)
    assert one == other
    assert clones.shared(a) == clones.shared(b) == clones.on_server()
    return one


def _done(repo: TestRepo, task: Task, path: str, agent: str) -> None:
    tasks = repo.lanes.tasks
    made = tasks.start(task.id, agent=agent, workspace=False, lane=f"{agent}-{path}")
    repo.lanes.put_file(made.lane.name, path, b"x\n")
    tasks.complete(task.id, by=agent)


def test_both_sides_tasks_are_kept(clones: Clones) -> None:
    """What either added, edited or ended is there; what both changed of one is joined."""
    a, b = clones.all
    same, other, gone, given = _shared(clones, "same", "other", "gone", "given")
    a.lanes.tasks.edit(same.id, priority=1, by="ann")
    b.lanes.tasks.edit(same.id, description="more of it", by="bob")
    a.lanes.tasks.add("from a", lane="auth")
    b.lanes.tasks.add("from b", lane="auth")
    _done(a, other, "a.txt", "ann")
    b.lanes.tasks.abandon(gone.id, reason="not wanted")
    a.lanes.tasks.edit(gone.id, priority=3)
    b.lanes.tasks.edit(given.id, priority=4)
    a.lanes.tasks.start(given.id, agent="ann", workspace=False, lane="given")
    found = _joined(clones)
    assert set(found) == {"same", "other", "gone", "given", "from a", "from b"}
    assert (found["same"].priority, found["same"].description) == (1, "more of it")
    assert found["other"].status == "completed"
    assert (found["gone"].status, found["gone"].reason) == ("abandoned", "not wanted")
    state = found["given"].status, found["given"].agent, found["given"].priority
    assert state == ("started", "ann", 4)


def test_a_task_that_both_took(clones: Clones) -> None:
    """The one whose clone was first has it; the other is told, and its work is named."""
    a, b = clones.all
    (task,) = _shared(clones, "wanted by both")
    b.lanes.tasks.start(task.id, agent="bob", workspace=False, lane="bobs")
    a.lanes.tasks.start(task.id, agent="ann", workspace=False, lane="anns")
    a.lanes.put_file("anns", "a.txt", b"x\n")
    found = _joined(clones)["wanted by both"]
    assert (found.agent, found.worker, found.former) == ("bob", "bobs", ("anns",))
    with pytest.raises(Refused, match="is claimed by 'bob'"):
        a.lanes.tasks.complete(task.id, by="ann")
    assert a.files("refs/lanes/head/anns")["a.txt"] == "x"


def test_a_task_that_both_ended(clones: Clones) -> None:
    """One that a clone completed and the other abandoned is completed: the work is there."""
    a, b = clones.all
    one, two = _shared(clones, "one", "two")
    _done(a, one, "a.txt", "ann")
    b.lanes.tasks.abandon(one.id)
    a.lanes.tasks.abandon(two.id)
    _done(b, two, "b.txt", "bob")
    found = _joined(clones)
    assert {x.status for x in found.values()} == {"completed"}
    assert {"a.txt", "b.txt"} <= a.files("refs/lanes/head/auth").keys()
