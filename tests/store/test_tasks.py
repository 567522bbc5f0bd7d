"""How tasks are stored: whole, in the entry that changed them, and never believed unread."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gitlanes import CorruptRecord
from gitlanes.store import codec
from tests.store.test_in_full import copied
from tests.support.repos import TestRepo

_JOURNAL = "refs/lanes/journal/main"


def _rewrite(repo: TestRepo, change: Any) -> None:
    """Put another text into the newest entry of lane main, as somebody's push might bring it."""
    head, _, body = repo.git("cat-file", "commit", _JOURNAL).partition("\n\n")
    subject, _, text = body.partition("\n\n")
    entry = json.loads(text)
    change(entry)
    tree, *parents = [x.split()[1] for x in head.splitlines() if x[:4] in ("tree", "pare")]
    words = [y for x in parents for y in ("-p", x)]
    made = repo.git("commit-tree", tree, *words, "-m", f"{subject}\n\n{codec.dump(entry)}")
    repo.git("update-ref", _JOURNAL, made)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", 3),
        ("status", "done"),
        ("priority", "1"),
        ("priority", True),
        ("retries", []),
        ("worker", "../main"),
        ("worker", "a\nb"),
        ("worker_uuid", "a b"),
        ("commit", "HEAD"),
        ("claim", {"agent": 1}),
        ("claim", {"agent": "a", "since": "now", "host": "h"}),
        ("former", [1]),
        ("created", None),
    ],
)
def test_what_is_no_task(repo: TestRepo, field: str, value: Any) -> None:
    """It is refused by name, and listings of lanes go on without it, with a warning."""
    task = repo.lanes.tasks.add("x")

    def change(entry: dict[str, Any]) -> None:
        entry["details"]["task"][task.id][field] = value

    _rewrite(repo, change)
    with pytest.raises(CorruptRecord, match=f"task '{task.id}' of lane 'main' is damaged"):
        repo.lanes.tasks.list()
    assert repo.lanes.lane("main").tasks == ()
    assert any("is damaged" in x for x in repo.lanes.take_warnings())


def test_hostile_names_of_entries(repo: TestRepo) -> None:
    """Ids of tasks and entries that are none make the record unreadable, and reach no git."""
    task = repo.lanes.tasks.add("x")
    repo.lanes.tasks.abandon(task.id)
    good = repo.rev(_JOURNAL)
    for key, value in (("tasks", {"x": "0" * 40}), ("tasks", {task.id: "HEAD"}), ("ended", ["x"])):
        _rewrite(repo, lambda e, key=key, value=value: e["record"].update({key: value}))
        with pytest.raises(CorruptRecord):
            repo.lanes.tasks.add("y", lane="main")
        repo.git("update-ref", _JOURNAL, good)
    for odd in (["HEAD\nHEAD"], 3, [3]):
        _rewrite(repo, lambda e, odd=odd: e["details"].update(ended=odd))
        with pytest.raises(CorruptRecord, match="names no entry"):
            repo.lanes.tasks.show(task.id)
        repo.git("update-ref", _JOURNAL, good)


def test_what_a_newer_version_wrote_stays(repo: TestRepo) -> None:
    """Members that are not known go along when a task is changed."""
    task = repo.lanes.tasks.add("x")
    _rewrite(repo, lambda e: e["details"]["task"][task.id].update(colour="red"))
    assert repo.lanes.tasks.edit(task.id, priority=1).extra == {"colour": "red"}
    assert repo.lanes.tasks.show(task.id).extra == {"colour": "red"}
    assert repo.lanes.tasks.show(task.id).priority == 1


def test_a_version_that_knows_no_tasks(repo: TestRepo) -> None:
    """It copies what it does not know of the record, and every task is found all the same."""
    tasks = repo.lanes.tasks
    ids = [tasks.add(x).id for x in "abc"]
    tasks.abandon(ids[0])
    tasks.edit(ids[1], priority=1)
    for _ in range(2):
        assert "here" in copied(repo, _JOURNAL)["record"]["tasks"].values()
    assert [x.id for x in tasks.list()] == ids[1:]
    tasks.edit(ids[2], priority=0)
    assert [x.id for x in tasks.list()] == ids[:0:-1]
    assert [x.id for x in tasks.list(statuses=("abandoned",))] == ids[:1]


def test_records_grow_with_what_has_not_ended(repo: TestRepo) -> None:
    """Tasks that ended are found from entry to entry, and no record lists them all."""
    tasks = repo.lanes.tasks
    ids = [tasks.add(f"task {x}").id for x in range(5)]
    for one in ids[:4]:
        tasks.abandon(one)
    with repo.inner() as inner:
        record = inner.view.lane("main").record
    assert (list(record.tasks), len(record.ended)) == (ids[4:], 1)
    assert [x.id for x in tasks.list(statuses=("abandoned",))] == ids[3::-1]
