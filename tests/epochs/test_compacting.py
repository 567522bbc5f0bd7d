"""Compaction: a journal that begins anew, with all that was behind it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitlanes import Cost, Intent, Negative
from gitlanes.models.records import Lane
from tests.support.clones import JOURNALS, Clones
from tests.support.repos import TestRepo


def _busy(repo: TestRepo) -> None:
    """Let lane auth have attempts of every standing."""
    for number in range(3):
        repo.lanes.put_file(
            "auth",
            f"{number}.txt",
            b"x\n",
            intent=Intent(prompt=f"do {number}"),
            cost=Cost(input_tokens=1),
        )
    repo.lanes.put_file("auth", "no.txt", b"no\n", accept=False)
    repo.lanes.reject("auth/4")
    repo.lanes.put_file("auth", "open.txt", b"open\n", accept=False)


def _record(repo: TestRepo) -> Lane:
    with repo.inner() as inner:
        return inner.view.lane("auth").record


def _told(repo: TestRepo) -> dict[str, object]:
    """Return what is known of lane auth, but for the operations that compact it."""
    lanes = repo.lanes
    attempts = [x.to_dict() for x in lanes.history("auth").attempts]
    operations = [x.id for x in lanes.operations("auth").operations if x.verb != "compact"]
    kinds = [x.kind for x in lanes.events(since="start", limit=None).events]
    return {
        "attempts": attempts,
        "operations": operations,
        "lane": _record(repo),
        "cost": lanes.cost(by="lane").to_dict(),
        "events": [x for x in kinds if x != "lane.compacted"],
        "attempt": lanes.show("auth/2").to_dict(),
    }


def test_all_is_told_as_before_and_kept(tmp_path: Path, environ: dict[str, str]) -> None:
    """After compactions all is read, undone and kept by git as it was."""
    repo = TestRepo.make(tmp_path / "a", environ)
    repo.lanes.new("auth", workspace=False)
    _busy(repo)
    before, cursor = _told(repo), repo.lanes.events().cursor
    with pytest.raises(Negative):
        repo.lanes.compact()
    (planned,) = repo.lanes.compact("auth", dry_run=True).lanes
    (made,) = repo.lanes.compact("auth").lanes
    assert (made.epoch, made.entries, made.attempts, planned.entry) == (2, 7, 5, None)
    assert _told(repo) == before
    assert [x.kind for x in repo.lanes.events(since=cursor).events] == ["lane.compacted"]
    # Who had seen nothing of the epoch before is told all of it, once.
    early = repo.lanes.events(since="start", limit=2)
    rest = repo.lanes.events(since=early.cursor, limit=None)
    assert len(early.events) + len(rest.events) == len(before["events"]) + 1  # type: ignore[arg-type]
    (again,) = repo.lanes.compact("auth", least=1).lanes
    assert (again.epoch, again.entries, again.attempts) == (3, 1, 5)
    repo.git("gc", "--quiet", "--prune=now")
    repo.fsck()
    assert _told(repo) == before
    # First parents end at a root of the new epoch, so that readers of the old form end, too.
    chain = repo.git("log", "--first-parent", "--format=%b", JOURNALS + "auth").split("\n")
    assert json.loads([x for x in chain if x][-1])["epoch"] == 3
    repo.lanes.accept("auth/5")
    undone = repo.lanes.undo(lane="auth")
    assert undone.descriptions == ("accept auth/5: Put open.txt",)
    repo.lanes.compact("auth")
    assert repo.lanes.redo(lane="auth").verb == "redo"
    repo.lanes.rollback("auth", to_fork=True)
    assert repo.rev("refs/lanes/head/auth") == repo.rev("main")
    repo.close()


def test_who_has_the_epoch_before_gets_the_new_one(tmp_path: Path, environ: dict[str, str]) -> None:
    """A clone that went on meanwhile is joined; one that is behind goes forward; none goes back."""
    clones = Clones(tmp_path, environ, "abc", lanes=["auth"])
    a, b, c = clones.all
    _busy(a)
    a.lanes.push()
    b.lanes.pull()
    b.lanes.put_file("auth", "meanwhile.txt", b"b\n", intent=Intent(prompt="meanwhile"))
    b.lanes.tasks.add("a task", lane="auth")
    c.lanes.put_file("auth", "early.txt", b"c\n")
    a.lanes.compact("auth")
    assert a.lanes.pull().lanes == ()  # the old one, on the server, is part of the new one
    a.lanes.push()
    (came,) = b.lanes.pull().lanes
    assert (came.how, came.renumbered) == ("merged", {})
    b.lanes.compact("auth")
    clones.settle()
    assert clones.shared(a) == clones.shared(b) == clones.shared(c) == clones.on_server()
    titles = {x.attempt.title for x in c.lanes.history("auth").attempts}
    assert {"meanwhile", "Put early.txt"} & titles
    files = c.files(c.lanes.head("auth"))
    assert files.keys() >= {"0.txt", "meanwhile.txt", "early.txt"}
    assert [x.title for x in a.lanes.tasks.list("auth")] == ["a task"]
    assert {x.lane: x.state for x in a.lanes.remote_status().lanes}["auth"] == "in step"
    fresh = clones.clone("d")
    assert len(fresh.lanes.history("auth").attempts) == len(c.lanes.history("auth").attempts)
    clones.close()


def test_an_epoch_that_lies_is_not_taken(tmp_path: Path, environ: dict[str, str]) -> None:
    """One that does not keep the epoch before, or of another form, is damage and is left."""
    clones = Clones(tmp_path, environ, lanes=["auth"])
    a, b = clones.all
    a.lanes.put_file("auth", "a.txt", b"a\n")
    (made,) = a.lanes.compact("auth").lanes
    text = a.git("cat-file", "commit", str(made.entry))
    root, earlier = (x.split()[1] for x in text.split("\n") if x.startswith("parent"))
    lies = {
        "are not the entries": text.replace(f"parent {earlier}\n", ""),
        "is none": text.replace('"number":2', '"number":"2"'),
        "is damaged": text.replace(f'"of":"{earlier}"', '"of":"HEAD"'),
    }
    before = clones.shared(b)
    for said, lie in lies.items():
        (tmp_path / "lie").write_text(lie + "\n")
        oid = a.git("hash-object", "-t", "commit", "-w", str(tmp_path / "lie"))
        a.git("push", "--quiet", "--force", "origin", f"{oid}:{JOURNALS}auth")
        (left,) = b.lanes.pull().left
        assert said in left.reason
        assert clones.shared(b) == before
    assert root != earlier
    clones.close()
