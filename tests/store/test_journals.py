"""Journals and notes as git sees them: whole, reachable, and the same after a push and a fetch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gitlanes import Cost, Intent, Judgement, NotFound, Raced
from gitlanes.models.records import Entry
from gitlanes.store import journal, records
from tests.support.repos import TestRepo


def entries(repo: TestRepo, lane: str) -> list[Entry]:
    """Return a lane's journal, newest first."""
    with repo.inner() as inner:
        state = inner.view.find(lane)
        assert state is not None
        return list(journal.walk(inner.refs, state.tip))


def long_story(repo: TestRepo) -> None:
    """Do a bit of everything that writes records."""
    lanes = repo.lanes
    place = repo.lane("auth", {"auth.py": "1\n"})
    repo.write({"own.py": "1\n"}, place)
    repo.git("add", "own.py", cwd=place)
    repo.git("commit", "--quiet", "--message=own", cwd=place)
    first = repo.propose("auth", {"a.py": "1\n"}, intent=Intent(prompt="p", agent="a1"))
    lanes.reject(first, Judgement(by="boss", reason="no", checks=(("tests", False),)))
    second = repo.propose("auth", {"a.py": "2\n"}, cost=Cost(input_tokens=3))
    third = repo.propose("auth", {"a.py": "3\n"})
    lanes.accept(third, Judgement(by="boss"))
    lanes.snapshot("auth")
    repo.save({"people.py": "1\n"})
    lanes.promote("auth")
    lanes.new("child", start="auth")
    one = repo.propose("child", {"one.py": "1\n"}, paths=["one.py"])
    two = repo.propose("child", {"two.py": "2\n"}, paths=["two.py"])
    lanes.accept(two)
    lanes.accept(one)
    lanes.promote("child", mode="replay")
    repo.lane("gone", {"gone.py": "1\n"})
    lanes.promote("gone", into="auth", mode="squash")
    repo.propose("gone", {"gone.py": "2\n"})
    repo.write({"gone.py": "unsaved\n"}, repo.workspace("gone"))
    lanes.delete("gone", force=True)
    repo.write({"root.py": "1\n"})
    lanes.commit("main")
    repo.write({"auth.py": "forced\n"}, repo.workspace("child"))
    lanes.commit("child")
    repo.save({"auth.py": "people\n"})
    lanes.promote("child", force_all=True)
    lanes.remove_workspace("child")
    assert second


def commits_named(value: Any) -> set[str]:
    """Return everything that looks like an object id, anywhere in a record."""
    if isinstance(value, dict):
        return set().union(*(commits_named(x) for x in [*value, *value.values()]))
    if isinstance(value, list):
        return set().union(*map(commits_named, value))
    is_id = isinstance(value, str) and len(value) == 40 and set(value) <= set("0123456789abcdef")
    return {value} if is_id else set()


def all_bodies(repo: TestRepo) -> list[Any]:
    """Return the JSON of every journal entry and every note line."""
    tips = [ref for ref in repo.refs() if ref.startswith("refs/lanes/journal/")]
    log = repo.git("log", "--first-parent", "--format=%B%x00", *tips).split("\0")
    bodies = [json.loads(x.partition("\n\n")[2]) for x in log if '"schema"' in x]
    for kind in ("intents", "costs", "evaluations"):
        for row in repo.git("notes", f"--ref=lanes/{kind}", "list").splitlines():
            blob, commit = row.split(" ")
            lines = repo.git("cat-file", "blob", blob).splitlines()
            bodies += [{**json.loads(line), "on": commit} for line in lines]
    return bodies


def lane_states(repo: TestRepo) -> Any:
    """Return all that is told of lanes and attempts, less where workspaces are."""
    lanes = [{**x.to_dict(), "path": None} for x in repo.lanes.lanes().lanes]
    return lanes, repo.lanes.history().to_dict()


def test_every_commit_that_a_record_names_is_reachable(repo: TestRepo) -> None:
    """After a long story, each id in journals and notes is a commit or tree that refs reach."""
    long_story(repo)
    named = commits_named(all_bodies(repo))
    reached = set(repo.git("rev-list", "--objects", "--all").replace(" ", "\n").splitlines())
    assert len(named) > 60
    assert named - reached == set()


def test_gc_loses_nothing(repo: TestRepo) -> None:
    """Pruning at once leaves every object that a record names, and git finds nothing wrong."""
    long_story(repo)
    repo.git("reflog", "expire", "--expire=now", "--all")
    before = lane_states(repo)
    named = commits_named(all_bodies(repo))
    repo.git("gc", "--quiet", "--prune=now")
    for oid in named:
        assert repo.git("cat-file", "-t", oid) in ("commit", "tree", "blob")
    assert lane_states(repo) == before
    repo.fsck()


def test_nothing_is_lost_with_our_caches(repo: TestRepo) -> None:
    """Deleting the lock and all else below `lanes/` in the git directory changes no answer."""
    long_story(repo)
    before = lane_states(repo)
    for path in (repo.path / ".git/lanes").iterdir():
        path.unlink()
    (repo.path / ".git/lanes").rmdir()
    with repo.open() as opened:
        assert opened.history().to_dict() == before[1]
    repo.lane("more", {"more.py": "1\n"})
    repo.lanes.promote("more")
    repo.fsck()


def test_lanes_travel_by_push_and_fetch(repo: TestRepo, tmp_path: Path) -> None:
    """Pushed to a bare repository and fetched again, lanes, attempts and records are the same."""
    long_story(repo)
    specs = ["refs/lanes/head/*", "refs/lanes/journal/*", "refs/notes/lanes/*", "refs/heads/main"]
    bare = tmp_path / "hub.git"
    repo.git("init", "--quiet", "--bare", str(bare))
    repo.git("push", "--quiet", "--atomic", str(bare), *(f"{x}:{x}" for x in specs))
    hub = TestRepo(bare, repo.environ)
    hub.fsck()
    assert lane_states(hub) == lane_states(repo)
    clone = TestRepo(tmp_path / "clone", repo.environ)
    repo.git("clone", "--quiet", str(bare), str(clone.path))
    clone.git("fetch", "--quiet", str(bare), *(f"{x}:{x}" for x in specs[:3]))
    assert lane_states(clone) == lane_states(repo)
    assert clone.lanes.show("auth/1").attempts == repo.lanes.show("auth/1").attempts
    clone.fsck()
    for other in (hub, clone):
        other.close()


def test_an_ordinary_push_of_a_journal_is_a_compare_and_swap(
    repo: TestRepo, tmp_path: Path
) -> None:
    """Journals and heads only ever grow: a push after more work is a fast-forward."""
    bare = tmp_path / "hub.git"
    repo.git("init", "--quiet", "--bare", str(bare))
    specs = [f"{x}:{x}" for x in ("refs/lanes/journal/*", "refs/notes/lanes/*")]
    repo.work("auth", {"auth.py": "1\n"})
    repo.git("push", "--quiet", "--atomic", str(bare), *specs)
    repo.lanes.promote("auth")
    repo.lanes.delete("auth")
    repo.work("auth", {"auth.py": "2\n"})
    repo.git("push", "--quiet", "--atomic", str(bare), *specs)


def test_a_journal_is_a_chain_of_whole_records(repo: TestRepo) -> None:
    """Newest first, each entry has the lane's record after it, and names its predecessor."""
    repo.lane("auth")
    attempt = repo.propose("auth", {"auth.py": "1\n"})
    repo.lanes.accept(attempt)
    repo.lanes.promote("auth")
    found = entries(repo, "auth")
    assert [x.verb for x in found] == ["promote", "accept", "propose", "new"]
    assert [x.previous for x in found] == [*((x.oid,) for x in found[1:]), ()]
    assert [len(x.record.open) for x in found] == [0, 0, 1, 0]
    assert [x.record.next for x in found] == [2, 2, 2, 1]
    assert found[0].record.head == repo.rev("refs/lanes/head/auth")
    operations = [x.operation for x in found]
    assert operations == sorted(operations, reverse=True)
    both = entries(repo, "main")[0]
    assert (both.operation, both.lanes) == (found[0].operation, found[0].lanes)
    assert both.lanes.keys() == {"auth", "main"}


def test_entries_name_the_refs_that_moved(repo: TestRepo) -> None:
    """Old and new value of every ref of the operation, journals aside, are in its entry."""
    repo.work("auth", {"auth.py": "1\n"})
    before = repo.refs()
    repo.lanes.promote("auth")
    after = repo.refs()
    moved = {x.name: (x.old, x.new) for x in entries(repo, "main")[0].refs}
    ours = {
        name: (before.get(name), after[name])
        for name in after
        if before.get(name) != after[name]
        and name.startswith(("refs/lanes/head/", "refs/notes/lanes/"))
    }
    assert moved == ours


def test_a_journal_is_code_free(repo: TestRepo) -> None:
    """Entries stand on the empty tree, and the head's history holds no journal."""
    long_story(repo)
    for lane in ("main", "auth", "gone"):
        ref = f"refs/lanes/journal/{lane}"
        assert set(repo.git("log", "--first-parent", "--format=%T", ref).splitlines()) == {
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        }
    subjects = repo.git("log", "--format=%s", "refs/lanes/head/main")
    assert "journal of lane" not in subjects
    assert "accept auth" not in subjects


def test_history_goes_across_lanes(repo: TestRepo) -> None:
    """Attempts of all lanes, deleted ones too, come newest first, each once, with its records."""
    long_story(repo)
    told = repo.lanes.history().attempts
    names = [x.attempt.id for x in told]
    assert len(names) == len(set(names))
    assert {"auth/1", "auth/2", "child/1", "gone/2", "main/1"} <= set(names)
    by_name = {x.attempt.id: x for x in told}
    assert by_name["auth/2"].attempt.status == "rejected"
    assert by_name["auth/2"].intent["prompt"] == "p"
    assert by_name["auth/2"].notes.evaluations[0]["name"] == "tests"
    assert by_name["auth/3"].attempt.status == "superseded"
    assert by_name["auth/3"].notes.costs[0]["input_tokens"] == 3
    only = repo.lanes.history("gone", status="rejected").attempts
    assert [x.attempt.id for x in only] == ["gone/2"]


def test_more_lanes_than_a_command_line_holds(repo: TestRepo) -> None:
    """History goes across 60,000 journals, whose names no command could be given at once."""
    repo.lane("auth", {"auth.py": "1\n"})
    known = repo.refs()
    tip = known["refs/lanes/journal/main"]
    known |= {f"refs/lanes/journal/x{number}": tip for number in range(60_000)}
    rows = "".join(f"{oid} {name}\n" for name, oid in sorted(known.items()))
    (repo.path / ".git/packed-refs").write_text(f"# pack-refs with: sorted \n{rows}")
    assert repo.lanes.history(limit=1).attempts[0].attempt.id == "auth/1"


def test_numbers_go_on_when_a_name_is_used_again(repo: TestRepo) -> None:
    """A deleted lane's attempts stay what they are; its namesake counts on."""
    repo.work("auth", {"auth.py": "1\n"})
    uuid = repo.lanes.lane("auth").uuid
    repo.lanes.delete("auth")
    with pytest.raises(NotFound):
        repo.lanes.lane("auth")
    repo.work("auth")
    assert repo.commit("auth", {"auth.py": "2\n"}) == "auth/2"
    assert repo.lanes.lane("auth").uuid != uuid
    assert repo.lanes.show("auth/1").attempts[0].attempt.status == "accepted"


def test_expect_protects_every_mutation(repo: TestRepo) -> None:
    """With a head that is not the lane's any more, no verb changes anything."""
    repo.lane("auth", {"auth.py": "1\n"})
    attempt = repo.propose("auth", {"auth.py": "2\n"})
    stale = repo.rev("refs/lanes/head/auth^")
    before = repo.refs()
    lanes = repo.lanes
    repo.write({"auth.py": "3\n"}, repo.workspace("auth"))
    for verb in (
        lambda: lanes.propose("auth", expect=stale),
        lambda: lanes.commit("auth", expect=stale),
        lambda: lanes.accept(attempt, expect=stale),
        lambda: lanes.reject(attempt, expect=stale),
        lambda: lanes.promote("auth", expect="0" * 40),
        lambda: lanes.new("x", start="auth", expect=stale),
    ):
        with pytest.raises(Raced):
            verb()
    assert repo.refs() == before


def test_notes_are_read_with_stock_git(repo: TestRepo) -> None:
    """`git notes show` and `git log --notes` tell what the verbs recorded, word for word."""
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    intent = Intent(prompt="make it\nso ☃", agent="a1", tags=("x", "y"), meta={"k": "v"})
    commit = repo.lanes.commit("auth", intent=intent, cost=Cost(output_tokens=0)).attempt.commit
    shown = json.loads(repo.git("notes", "--ref=lanes/intents", "show", commit))
    assert (shown["prompt"], shown["tags"], shown["meta"]) == (
        "make it\nso ☃",
        ["x", "y"],
        {"k": "v"},
    )
    cost = json.loads(repo.git("notes", "--ref=lanes/costs", "show", commit))
    assert cost["output_tokens"] == 0
    assert "input_tokens" not in cost
    log = repo.git("log", "-1", "--notes=lanes/*", commit)
    assert "Notes (lanes/intents):" in log
    with repo.inner() as inner:
        assert records.read(inner, [commit])[commit].intents == (shown,)
