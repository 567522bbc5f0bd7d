"""A queue that two clones changed, and one that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import CorruptRecord
from gitlanes.models.plain import replace
from gitlanes.store.transaction import transaction
from tests.support.clones import Clones
from tests.support.repos import TestRepo


def test_entries_of_two_clones(tmp_path: Path, environ: dict[str, str]) -> None:
    """A join keeps both sides' entries; what one clone landed is landed in the other."""
    clones = Clones(tmp_path, environ, lanes=("one", "two", "three"))
    a, b = clones.all
    for name in ("one", "two", "three"):
        a.lanes.put_file(name, f"{name}.txt", b"x\n")
    a.lanes.push()
    b.lanes.pull()
    a.lanes.queue_add(["one", "three"], ready=True)
    b.lanes.queue_add("two", ready=True, priority=1)
    clones.settle()
    for one in clones.all:
        assert [x.lane for x in one.lanes.queue()] == ["two", "one", "three"]
    assert [x.lane for x in b.lanes.queue_run(limit=1).landed] == ["two"]
    a.lanes.queue_cancel("three")
    clones.settle()
    assert [x.lane for x in a.lanes.queue_run().landed] == ["one"]
    told = {x.lane: x.status for x in a.lanes.queue(everything=True)}
    assert told == {"two": "landed", "one": "landed", "three": "cancelled"}
    for one in clones.all:
        one.close()


def test_a_damaged_queue(repo: TestRepo) -> None:
    """It is refused where it is asked for, and keeps nobody from landing by hand."""
    repo.work("a", {"a.txt": "a\n"})
    repo.lanes.queue_add("a", ready=True)
    with repo.inner() as inner, transaction(inner, "edit") as tx:
        state = inner.view.lane("main")
        uuid = next(iter(state.record.queue))
        body = {"lane": uuid, "head": "HEAD", "status": "ready"}
        broken = replace(state.record, queue={uuid: "here"})
        tx.lane(state, broken, details={"queued": {uuid: body}})
    with pytest.raises(CorruptRecord, match="queue of lane 'main' is damaged"):
        repo.lanes.queue_run()
    assert repo.lanes.promote("a").head == repo.lanes.head("main")
