"""Promotions left open: proposed by one, decided by another, on whatever came since."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from gitlanes import Collision, Intent, Negative
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
MODES = ["merge", "squash"]


def notes(repo: TestRepo, attempt: str) -> Any:
    """Return the records about an attempt's landed commit, by kind."""
    commit = repo.lanes.show(attempt).attempts[0].attempt.landed
    return repo.lanes.show(str(commit)).notes


@pytest.mark.parametrize("mode", MODES)
def test_a_promotion_is_left_open(repo: TestRepo, cli: Cli, mode: str) -> None:
    """Nothing lands: the target has an open attempt, which status, list, history and show tell."""
    repo.lane("auth", {"new.txt": "n\n"})
    before = repo.rev("main")
    done = cli("promote", "auth", "--propose", "--mode", mode, "--agent", "boss")
    assert done.code == 0
    title = "Promote lane auth into main" if mode == "merge" else "work of auth"
    assert re.fullmatch(f"proposed main/1 [0-9a-f]{{12}} {title}\n", done.out)
    assert done.err == (
        "hint: decide with 'git lanes accept main/1' or 'git lanes reject main/1'\n"
    )
    assert (repo.rev("main"), repo.rev("refs/lanes/head/main")) == (before, before)
    assert not (repo.path / "new.txt").exists()
    told = {x["name"]: x for x in cli("list", "--json").json["lanes"]}
    assert [x["id"] for x in told["main"]["open"]] == ["main/1"]
    assert not told["auth"]["landed"]
    assert "main/1" in cli("status").out
    assert cli("history", "--status", "proposed").out.splitlines()[1].startswith("main/1 ")
    shown = cli("show", "main/1", "--json").json
    assert [x["path"] for x in shown["files"]] == ["new.txt"]
    attempt = shown["attempts"][0]["attempt"]
    assert (attempt["kind"], attempt["base"], attempt["agent"]) == ("promotion", before, "boss")
    repo.git("gc", "--prune=now", "--quiet")
    assert repo.files(attempt["commit"])["new.txt"] == "n"


@pytest.mark.parametrize("mode", MODES)
def test_it_lands_as_it_was_proposed(repo: TestRepo, cli: Cli, mode: str) -> None:
    """On the same head the very commit that was proposed lands, and branch and files follow."""
    repo.lane("auth", {"new.txt": "n\n"})
    offered = repo.lanes.promote("auth", mode=mode, propose=True).proposed
    assert offered is not None
    done = cli("accept", "main/1", "--by", "reviewer", "--reason", "fine")
    assert done == Ran(
        0,
        f"accepted main/1 {offered.commit[:12]} {offered.title}\nbranch main follows\n",
        "",
    )
    assert repo.rev("main") == offered.commit
    assert (repo.path / "new.txt").read_text() == "n\n"
    attempt = cli("show", "main/1", "--json").json["attempts"][0]["attempt"]
    assert (attempt["status"], attempt["by"]) == ("accepted", "reviewer")
    assert cli("promote", "auth").code == 1
    repo.fsck()


@pytest.mark.parametrize("mode", MODES)
def test_the_same_landing_as_a_promotion(make_repo: Callable[..., TestRepo], mode: str) -> None:
    """Proposed and accepted, lanes, records and notes end as after a promotion at once."""

    def story(name: str, *, at_once: bool) -> Any:
        repo = make_repo(name=name)
        repo.work("auth", {"a.txt": "1\n"})
        repo.commit("auth", {"b.txt": "2\n"})
        repo.save({"people.txt": "p\n"})
        said = Intent(agent="boss", prompt="ship")
        repo.lanes.promote("auth", mode=mode, intent=said, propose=not at_once)
        if not at_once:
            repo.lanes.accept("main/2")
        with repo.inner() as inner:
            landed = [len(x.record.landed) for x in inner.view.lanes()]
            open_ = [len(x.record.open) for x in inner.view.lanes()]
        about = notes(repo, "main/2")
        lines = sorted((x["attempt"], x.get("prompt", "")) for x in about.intents)
        shape = repo.git("log", "-1", "--format=%s%x00%p", "main").split("\0")
        return (repo.files("main"), landed, open_, lines, shape[0], len(shape[1].split()))

    assert story("waited", at_once=False) == story("at-once", at_once=True)


@pytest.mark.parametrize("mode", MODES)
def test_the_target_may_move_on(repo: TestRepo, cli: Cli, mode: str) -> None:
    """Accepted later it is laid on the present head, message, author, Change-Id and notes kept."""
    repo.work("auth", {"new.txt": "n\n"})
    repo.git("config", "user.name", "The Proposer")
    cli("promote", "auth", "--propose", "--mode", mode, "-m", "Land it", "--cost", "2")
    before = repo.lanes.show("main/1").attempts[0].attempt
    repo.git("config", "user.name", "The Reviewer")
    people = repo.save({"auth.py": "people\n"})
    made = repo.open().accept("main/1").attempt
    assert (made.commit, made.change_id) == (before.commit, before.change_id)
    assert made.landed == repo.rev("main") != before.commit
    assert repo.files("main") == {"auth.py": "people", "src/app.py": "app", "new.txt": "n"}
    wanted = [people, repo.rev("refs/lanes/head/auth")][: 2 if mode == "merge" else 1]
    assert repo.git("log", "-1", "--format=%P", "main").split() == wanted
    assert repo.git("log", "-1", "--format=%s %an %cn", "main") == (
        "Land it The Proposer The Reviewer"
    )
    assert [x["amount"] for x in notes(repo, "main/1").costs] == ["2"]
    assert cli("promote", "auth").code == 1


def test_a_collision_leaves_it_proposed(repo: TestRepo, cli: Cli) -> None:
    """Where the target's later work stands in the way, accepting exits 1 and changes nothing."""
    repo.work("auth", {"auth.py": "mine\n"})
    cli("promote", "auth", "--propose")
    tip = repo.save({"auth.py": "people\n"})
    assert cli("status").code == 0
    assert cli("accept", "main/1") == Ran(
        1,
        "",
        "collision: 'auth.py': source modified it in auth/1 by agent-auth; "
        f"target modified it in {tip[:12]}\n"
        "error: main/1 collides with the head of lane 'main' on 1 path\n"
        "hint: resolve it in lane 'auth' and propose that again, force it with "
        "'git lanes promote auth --force PATH', or git lanes reject main/1\n",
    )
    assert repo.files("refs/lanes/head/main")["auth.py"] == "people"
    assert repo.lanes.show("main/1").attempts[0].attempt.open


def test_the_source_may_go_on(repo: TestRepo, cli: Cli) -> None:
    """What lands is the head that was proposed; the source's later work counts from there."""
    repo.work("auth", {"first.txt": "1\n"})
    cli("promote", "auth", "--propose")
    repo.commit("auth", {"second.txt": "2\n", "first.txt": "changed\n"})
    assert cli("accept", "main/1").code == 0
    assert "second.txt" not in repo.files("main")
    assert repo.files("main")["first.txt"] == "1"
    repo.save({"auth.py": "people\n"})
    told = cli("promote", "auth", "--json").json
    assert told["source_only"] == ["first.txt", "second.txt"]
    assert repo.files("main") == {
        "auth.py": "people",
        "first.txt": "changed",
        "second.txt": "2",
        "src/app.py": "app",
    }


def test_what_the_source_merged_meanwhile_is_not_its_own(repo: TestRepo, cli: Cli) -> None:
    """The target's work that the source's agent merged while it waited is never put back."""
    place = repo.lane("auth", {"first.txt": "1\n"})
    cli("promote", "auth", "--propose")
    repo.save({"auth.py": "people\n"})
    repo.git("merge", "--quiet", "--no-edit", "main", cwd=place)
    repo.commit("auth", {"second.txt": "2\n"})
    assert cli("accept", "main/1").code == 0
    repo.save({"auth.py": "login\n"}, "people take their edit back")
    done = cli("promote", "auth")
    assert (done.code, "collision: 'auth.py'" in done.err) == (1, True)
    assert repo.files("main")["auth.py"] == "login"


def test_it_is_overtaken_by_a_promotion(repo: TestRepo, cli: Cli) -> None:
    """A promotion of the same lane takes the place of the open one, and says so."""
    repo.work("auth", {"first.txt": "1\n"})
    cli("promote", "auth", "--propose")
    repo.commit("auth", {"second.txt": "2\n"})
    done = cli("promote", "auth")
    assert (done.code, done.err) == (0, "superseded main/1\n")
    assert cli("accept", "main/1") == Ran(
        128,
        "",
        "error: main/1 is superseded already by main/2\n"
        "hint: look at what took its place: git lanes show main/2\n",
    )
    assert cli("list", "--json").json["lanes"][1]["open"] == []


def test_a_newer_offer_replaces_it(repo: TestRepo, cli: Cli) -> None:
    """The same head again is refused; a newer one supersedes and carries the Change-Id on."""
    repo.work("auth", {"first.txt": "1\n"})
    first = repo.lanes.promote("auth", propose=True).proposed
    assert cli("promote", "auth", "--propose") == Ran(
        1,
        "",
        "error: nothing to propose: main/1 lands the head of 'auth' already\n"
        "hint: decide it: git lanes accept main/1\n",
    )
    repo.commit("auth", {"second.txt": "2\n"})
    second = repo.lanes.promote("auth", propose=True)
    assert first is not None
    assert second.proposed is not None
    assert second.superseded == ("main/1",)
    assert second.proposed.change_id == first.change_id
    repo.lanes.accept("main/2")
    assert {"first.txt", "second.txt"} < set(repo.files("main"))


def test_a_rejection_changes_no_landed_record(repo: TestRepo, cli: Cli) -> None:
    """Rejected it stays readable; the lane can be promoted, and nobody carries its Change-Id on."""
    repo.lane("auth", {"new.txt": "n\n"})
    with repo.inner() as inner:
        before = {x.record.name: x.record.landed for x in inner.view.lanes()}
    offered = repo.lanes.promote("auth", propose=True).proposed
    assert offered is not None
    assert cli("reject", "main/1", "--reason", "not yet").code == 0
    with repo.inner() as inner:
        assert {x.record.name: x.record.landed for x in inner.view.lanes()} == before
    shown = cli("show", "main/1", "--json").json["attempts"][0]["attempt"]
    assert (shown["status"], shown["reason"]) == ("rejected", "not yet")
    repo.write({"work.txt": "w\n"})
    assert repo.lanes.commit("main", message="work").attempt.change_id != offered.change_id
    assert cli("promote", "auth").code == 0


def test_forced_paths_stay_forced_only_where_they_were_seen(repo: TestRepo, cli: Cli) -> None:
    """What was to be overwritten is; what somebody put there since collides."""
    repo.work("auth", {"auth.py": "mine\n"})
    repo.save({"auth.py": "theirs\n"})
    cli("promote", "auth", "--propose", "--force", "auth.py")
    repo.save({"auth.py": "seen by nobody\n"})
    with pytest.raises(Collision):
        repo.lanes.accept("main/2")
    repo.save({"auth.py": "theirs\n", "other.txt": "o\n"})
    repo.lanes.accept("main/2")
    assert repo.files("main")["auth.py"] == "mine"
    promotion = notes(repo, "main/2").intents[-1]["promotion"]
    assert [x["path"] for x in promotion["forced"]] == ["auth.py"]


def test_forced_all_keeps_to_what_it_named(repo: TestRepo, cli: Cli) -> None:
    """`--force-all` is about the collisions of that moment, not about later ones."""
    repo.work("auth", {"auth.py": "mine\n", "src/app.py": "mine\n"})
    repo.save({"auth.py": "theirs\n"})
    cli("promote", "auth", "--propose", "--force-all")
    repo.save({"src/app.py": "theirs\n"})
    with pytest.raises(Collision) as caught:
        repo.lanes.accept("main/2")
    assert [x["path"] for x in caught.value.data["collisions"]] == ["src/app.py"]


def test_landed_by_other_means(repo: TestRepo, cli: Cli) -> None:
    """Where a person merged the lane with git meanwhile, there is nothing to land any more."""
    repo.work("auth", {"new.txt": "n\n"})
    cli("promote", "auth", "--propose")
    repo.git("merge", "--quiet", "--no-edit", "refs/lanes/head/auth")
    assert cli("accept", "main/1") == Ran(
        1,
        "",
        "error: nothing to land: 'main' has that work of 'auth' already\n"
        "hint: turn it down with: git lanes reject main/1\n",
    )


def test_equal_content_on_the_target(repo: TestRepo, cli: Cli) -> None:
    """Where the target came to the same content, accepting writes no commit and records it."""
    repo.work("auth", {"new.txt": "n\n"})
    cli("promote", "auth", "--propose")
    head = repo.save({"new.txt": "n\n"})
    assert repo.lanes.accept("main/1").attempt.landed == head == repo.rev("main")
    assert cli("promote", "auth").code == 1
    repo.work("b", {"more.txt": "m\n"})
    repo.save({"more.txt": "m\n"})
    assert cli("promote", "b", "--propose") == Ran(
        1,
        "",
        "error: nothing to propose: 'main' has the content of 'b' already\n"
        "hint: run 'git lanes promote b' to have that on record\n",
    )


@pytest.mark.parametrize("end", ["delete", "rename"])
def test_the_source_may_be_gone(repo: TestRepo, cli: Cli, end: str) -> None:
    """It lands even if the source was deleted or renamed since."""
    repo.work("auth", {"new.txt": "n\n"})
    cli("promote", "auth", "--propose")
    gone = cli("delete", "auth", "--yes") if end == "delete" else cli("rename", "auth", "login")
    assert gone.code == 0, gone.err
    repo.save({"people.txt": "p\n"})
    assert cli("accept", "main/1").code == 0
    assert repo.files("main")["new.txt"] == "n"
    if end == "rename":
        assert cli("promote", "login").code == 1
    repo.fsck()


def test_a_replay_is_not_proposed(repo: TestRepo, cli: Cli) -> None:
    """A replay is an attempt for each commit, so it cannot wait for one decision."""
    repo.work("auth", {"new.txt": "n\n"})
    assert cli("promote", "auth", "--propose", "--mode", "replay") == Ran(
        129,
        "",
        "error: a replay cannot be proposed: it is an attempt for each commit\n"
        "hint: use --mode merge or --mode squash\n",
    )


def test_expect_is_about_the_target(repo: TestRepo, cli: Cli) -> None:
    """Accepting with another head than expected is refused as raced."""
    repo.work("auth", {"new.txt": "n\n"})
    old = repo.rev("main")
    cli("promote", "auth", "--propose")
    new = repo.save({"people.txt": "p\n"})
    assert cli("accept", "main/1", "--expect", old[:10]).code == 75
    assert cli("accept", "main/1", "--expect", new[:10]).code == 0


def test_into_an_unbound_lane(repo: TestRepo, cli: Cli) -> None:
    """The target's workspace keeps its files, and its own work lands beside what it received."""
    repo.lane("auth", {"new.txt": "n\n"})
    place = repo.lane("release")
    cli("promote", "auth", "--into", "release", "--propose")
    repo.commit("release", {"own.txt": "o\n"})
    assert cli("accept", "release/1").code == 0
    assert set(repo.files("refs/lanes/head/release")) > {"new.txt", "own.txt"}
    assert not (place / "new.txt").exists()
    assert cli("promote", "release").code == 0
    assert cli("promote", "auth").code in (0, 1)
    assert set(repo.files("main")) > {"new.txt", "own.txt"}


def test_the_lanes_own_mode(repo: TestRepo, cli: Cli) -> None:
    """Without `--mode` a lane lands as it prefers."""
    cli("new", "auth", "--mode", "squash")
    repo.commit("auth", {"new.txt": "n\n"})
    assert cli("promote", "auth", "--json").json["mode"] == "squash"
    repo.commit("auth", {"more.txt": "n\n"})
    assert cli("promote", "auth", "--mode", "merge", "--json").json["mode"] == "merge"


def test_strict_refuses_what_would_stay_behind(repo: TestRepo, cli: Cli) -> None:
    """Unsaved files and open attempts refuse and are named; nothing moves, imports included."""
    place = repo.lane("auth", {"new.txt": "n\n"})
    assert cli("promote", "auth", "--strict", "--dry-run").code == 0
    repo.propose("auth", {"open.txt": "o\n"})
    repo.write({"unsaved.txt": "u\n"}, place)
    repo.save({"people.txt": "p\n"})
    before = repo.refs()
    refused = Ran(
        128,
        "",
        "error: lane 'auth' has unsaved edits: unsaved.txt; open attempts: auth/2\n"
        "hint: commit and decide them first, or promote without --strict\n",
    )
    assert cli("promote", "auth", "--strict") == refused
    assert cli("promote", "auth", "--strict", "--propose") == refused
    assert cli("promote", "auth", "--strict", "--dry-run") == refused
    assert repo.refs() == before
    repo.commit("auth", {})
    assert cli("promote", "auth", "--strict").code == 0


def test_strict_knows_of_commits_in_the_workspace(repo: TestRepo, cli: Cli) -> None:
    """Commits that the agent made and did not propose would stay behind, too."""
    place = repo.lane("auth", {"new.txt": "n\n"})
    repo.git("commit", "--quiet", "--allow-empty", "-m", "own", cwd=place)
    assert cli("promote", "auth", "--strict").err.startswith(
        "error: lane 'auth' has commits that were not proposed\n"
    )


def test_a_negative_answer_moves_nothing(repo: TestRepo) -> None:
    """A refused proposal leaves all refs as they were."""
    repo.work("auth", {"auth.py": "mine\n"})
    repo.save({"auth.py": "theirs\n"})
    repo.lanes.lane("main")
    with pytest.raises(Collision):
        repo.lanes.promote("auth", propose=True)
    before = repo.refs()
    with pytest.raises(Negative):
        repo.lanes.promote("auth", propose=True)
    assert repo.refs() == before
