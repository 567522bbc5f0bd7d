"""What `git lanes gc` must not take, whatever its age, and what it asks anew before each deed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitlanes import Intent, Judgement, clock
from gitlanes.lanes.resting import put_away
from gitlanes.models.collecting import Collected
from gitlanes.models.plain import replace
from gitlanes.store.transaction import transaction
from gitlanes.upkeep import gc, planning
from tests.support.cli import Ran
from tests.support.clones import Clones
from tests.support.repos import TestRepo
from tests.upkeep.test_gc import MONTH, Time, kinds, merged, time

__all__ = ["time"]

Cli = Callable[..., Ran]


def left(made: Collected) -> dict[str, str]:
    """Return {what was planned and stayed: why}."""
    return {x.name: x.left for x in made.waste if x.left}


def spared(made: Collected) -> dict[str, str]:
    """Return {what was not planned for: why}."""
    return {x.name: x.why for x in made.spared}


def aged(place: Path, when: float) -> None:
    """Let a workspace look as if it was last used at a moment."""
    git_dir = (place / ".git").read_text().removeprefix("gitdir: ").strip()
    for name in ("lanes.json", "index"):
        os.utime(Path(git_dir, name), (when, when))


def test_ignored_files_keep_a_workspace(repo: TestRepo, time: Time) -> None:
    """No snapshot has them; what lanes.exclude names is made anew by anybody."""
    (repo.path / ".git/info/exclude").write_text("*.log\nlogs/\nnode_modules\n.env\n")
    kept = {"run.log": "1\n", "logs/a": "1\n", ".env": "KEY=1\n"}
    made_anew = {"node_modules/x.js": "1\n", "src/__pycache__/x.pyc": "1\n", "src/y.pyc": "1\n"}
    repo.write({**kept, **made_anew}, merged(repo, "ignored"))
    repo.write(made_anew, merged(repo, "plain"))
    repo.write(kept, repo.lane("idea"))
    repo.lanes.abandon("idea")
    time.month()
    made = repo.lanes.gc()
    why = "has ignored files: '.env', 'logs/', 'run.log'"
    assert left(made) == {x: f"workspace '{x}' {why}" for x in ("idea", "ignored")}
    assert [x.name for x in made.waste if x.done] == ["plain"]
    assert (repo.workspace("ignored") / "run.log").exists()
    repo.git("config", "lanes.archiveOnMerge", "true")
    repo.close()
    repo.write(kept, repo.lane("late", {"late.txt": "1\n"}))
    repo.lanes.promote("late")
    assert repo.workspace("late").is_dir()
    repo.git("config", "--add", "lanes.exclude", "*.log")
    repo.git("config", "--add", "lanes.exclude", "logs")
    repo.git("config", "--add", "lanes.exclude", ".env")
    repo.close()
    assert left(repo.lanes.gc()) == {}
    assert {x.name for x in repo.lanes.lanes().lanes} == {"main", "late"}


def test_archived_lanes_of_which_something_waits(repo: TestRepo, time: Time) -> None:
    """They are not pruned: with open attempts, followed, queued, or with a task done in them."""
    repo.lane("open", {"open.txt": "1\n"})
    repo.propose("open", {"open.txt": "2\n"})
    merged(repo, "above")
    repo.lanes.new("below", on="above")
    merged(repo, "queued")
    repo.commit("queued", {"more.txt": "1\n"})
    repo.lanes.queue_add("queued", into="main")
    task = repo.lanes.tasks.add("do it").id
    repo.lanes.tasks.start(task, lane="worker", agent="bob")
    for name in ("open", "above", "queued", "worker"):
        repo.lanes.archive(name, force=True)
    time.month()
    made = repo.lanes.gc()
    assert made.waste == ()
    assert spared(made) == {
        "above": "lane 'below' follows it",
        "open": "attempt open/2 is open",
        "queued": "it is in a queue, or has one",
        "worker": f"task '{task}' is done there, and has not ended",
    }


def test_what_came_up_elsewhere_since_the_plan(repo: TestRepo, time: Time) -> None:
    """Queues, followers and bindings are written in other lanes' journals, and are seen, too."""
    repo.lanes.new("side")
    for name in ("one", "two", "three", "free"):
        merged(repo, name)
    for branch in ("bound", "moved", "used"):
        repo.lanes.export("three", branch=branch)
    repo.lanes.new("other", start="three")
    repo.lanes.new("target")
    repo.lanes.new("four", on="target")
    repo.commit("four", {"four.txt": "1\n"})
    repo.lanes.promote("four")
    repo.lanes.archive("three")
    time.month()
    with repo.inner() as inner:
        planned = planning.plan(inner)
        repo.lanes.delete("target", force=True)
        repo.lanes.follow("side", "one")
        repo.lanes.queue_add("two", into="side", ready=True)
        repo.lanes.bind("other", branch="bound")
        made = gc.carry_out(inner, planned)
    assert left(made) == {
        "one": "lane 'one' is needed: lane 'side' follows it",
        "four": "lane 'four' is needed: its work has not landed any more",
        "two": "lane 'two' is needed: it is in a queue, or has one",
        "bound": "branch 'bound' was changed meanwhile: lane 'other' is bound to branch 'bound'",
        "moved": "branch bound is left",
        "used": "branch bound is left",
        "three": "branch bound is left",
    }
    assert [x.name for x in made.waste if x.done] == ["free"]
    with repo.inner() as inner:
        planned = planning.plan(inner)
        repo.git("branch", "--force", "moved", "main")
        made = gc.carry_out(inner, planned)
    assert left(made)["moved"].startswith("branch 'moved' was changed meanwhile: it has commits")


def test_a_snapshot_is_not_taken_from_a_lane_that_came_back(repo: TestRepo, time: Time) -> None:
    """Nor from one that had the archived lane's name before."""
    before = {**repo.environ, "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
    repo.write({"x.txt": "1\n"}, repo.lane("auth"))
    with TestRepo(repo.path, before).open() as earlier:
        earlier.snapshot("auth")
    repo.lanes.rename("auth", "login")
    repo.lanes.new("auth", path=repo.path.parent / "other")
    repo.lanes.archive("auth")
    repo.lanes.new("back")
    repo.write({"x.txt": "1\n"}, repo.workspace("back"))
    repo.lanes.archive("back", force=True)
    assert "snapshot" not in [x.kind for x in repo.lanes.gc(older_than=0, dry_run=True).waste]
    time.month()
    with repo.inner() as inner:
        planned = planning.plan(inner)
        repo.lanes.unarchive("back")
        made = gc.carry_out(inner, planned)
    assert [(x.kind, x.name) for x in made.waste if x.done] == [("prune", "auth")]
    assert left(made)["back/s1"] == "lane 'back' was brought back meanwhile"
    assert repo.files("refs/lanes/snapshots/auth/1")["x.txt"] == "1"
    assert repo.files("refs/lanes/snapshots/back/1")["x.txt"] == "1"


def test_branches_that_people_made_again(repo: TestRepo, time: Time) -> None:
    """The reflog tells: people's branch of the same name and commit is theirs, as HEAD is."""
    merged(repo)
    for name in ("again", "touched", "gone", "unknown", "older", "shared", "claimed"):
        repo.lanes.export("auth", branch=name)
    tip = repo.rev("again")
    repo.git("branch", "-D", "again")
    repo.git("branch", "again", tip)
    repo.git("branch", "--force", "touched", "main~1")
    repo.git("branch", "--force", "touched", tip)
    repo.git("reflog", "expire", "--expire=now", "refs/heads/unknown")
    repo.git("branch", "--force", "older", f"{tip}~1")
    repo.lanes.new("twin", start="auth")
    repo.lanes.export("twin", branch="shared")
    repo.lanes.archive("auth")
    stray = repo.git("commit-tree", "-m", "stray", f"{tip}^{{tree}}")
    repo.git("update-ref", "-m", "lanes: export auth", "refs/heads/claimed", stray)
    with repo.inner() as inner, transaction(inner, "export") as tx:
        state = inner.view.lane("auth")
        told = {**state.record.exports["claimed"], "commits": [stray]}  # what others may claim
        exports = {**state.record.exports, "claimed": told}
        tx.description = "say so"
        tx.lane(state, replace(state.record, exports=exports))
    time.month()
    made = repo.lanes.gc()
    why = "its reflog does not say that exports alone made and moved it"
    assert spared(made) == {
        **{f"branch {x}": why for x in ("again", "touched", "unknown")},
        "branch older": "it has commits that no export made",
        "branch claimed": "it has commits that no export made",
        "branch shared": "another lane is exported there",
    }
    assert [x.name for x in made.waste] == ["gone", "auth"]
    assert repo.lanes.gc().spared == ()


def test_a_bare_repository_keeps_the_branch_of_its_head(
    make_repo: Callable[..., TestRepo], time: Time
) -> None:
    """Without it the repository would be empty for whoever clones it."""
    repo = make_repo(bare=True)
    repo.git("config", "core.logAllRefUpdates", "true")
    repo.lanes.new("auth", workspace=False)
    repo.lanes.put_file("auth", "auth.txt", b"1\n")
    repo.lanes.export("auth", branch="out")
    repo.lanes.archive("auth")
    repo.git("symbolic-ref", "HEAD", "refs/heads/out")
    time.month()
    assert spared(repo.lanes.gc()) == {"branch out": "HEAD is on it"}


def test_a_workspace_for_looking_that_is_new(repo: TestRepo, time: Time) -> None:
    """It goes once it is as old as its lane; that of people named as gates' scratch never."""
    merged(repo)
    repo.lanes.archive("auth")
    theirs = repo.path.parent / "@gates-7"
    repo.git("worktree", "add", "--quiet", "--detach", "--lock", "--reason=mine", str(theirs))
    time.month()
    place = Path(repo.lanes.create_workspace("auth", at="auth/1", detached=True).path)
    aged(place, clock.now())
    made = repo.lanes.gc()
    assert (made.waste, spared(made)) == ((), {f"workspace {place}": "it was used lately"})
    aged(place, clock.now() - 2 * MONTH)
    repo.git("config", "lanes.gcWorkspaces", "false")
    repo.close()
    made = repo.lanes.gc()
    assert spared(made) == {"auth": "it has a workspace, and lanes.gcWorkspaces is off"}
    repo.git("config", "lanes.gcWorkspaces", "true")
    repo.close()
    merged(repo, "plain")
    repo.lanes.archive("plain")
    with repo.inner() as inner:
        planned = planning.plan(inner, 0)
        for name in ("auth", "plain"):
            repo.lanes.unarchive(name)
        made = gc.carry_out(inner, planned)
    again = "lane '{}' was changed meanwhile".format
    assert left(made) == {
        str(place): again("auth"),
        "auth": f"workspace {place} is left",
        "plain": again("plain"),
    }
    for name in ("auth", "plain"):
        repo.lanes.archive(name)
    time.month()
    assert kinds(repo)[:2] == [("workspace", "auth", True), ("prune", "auth", True)]
    assert theirs.is_dir()


def test_bound_lanes_and_those_that_somebody_else_archives(repo: TestRepo, time: Time) -> None:
    """The first are never at rest; of the others that one takes the workspace, too."""
    for name in ("bound", "taken"):
        merged(repo, name)
    repo.git("branch", "own", repo.rev("refs/lanes/head/bound"))
    repo.lanes.bind("bound", branch="own")
    time.month()
    with repo.inner() as inner:
        planned = planning.plan(inner)
        with transaction(inner, "archive") as tx:  # as far as a killed one comes
            for name in ("bound", "taken"):
                state = inner.view.lane(name)
                tx.lane(state, replace(state.record, status="archived"))
            tx.description = "archive lanes"
        made = gc.carry_out(inner, planned)
    assert left(made) == {"taken": "nothing to archive: lane 'taken' is archived already"}
    assert made.spared == ()
    assert repo.workspace("taken").is_dir()
    time.month()
    assert spared(repo.lanes.gc()) == {"bound": "it is bound to branch 'own'"}


def test_stacks_with_others_work_keep_a_lane(repo: TestRepo, time: Time) -> None:
    """A merged lane that has a stack of other lanes' changes is needed while they are at work."""
    merged(repo)
    repo.lane("one", {"one.txt": "1\n"})
    repo.lane("two", {"two.txt": "2\n"})
    repo.lanes.create_stack("both", ["one/1", "two/1"], into="auth")
    time.month()
    made = repo.lanes.gc()
    assert (made.waste, spared(made)) == ((), {"auth": "its stack 'both' has work of lane 'one'"})
    repo.lanes.archive("one")
    repo.lanes.archive("two")
    assert spared(repo.lanes.gc(older_than=MONTH / 2)) == {}


def test_clones_and_what_one_of_them_pruned(
    tmp_path: Path, environ: dict[str, str], time: Time
) -> None:
    """Work that went on elsewhere brings the lane back; else each clone takes away what it has."""
    clones = Clones(tmp_path / "clones", environ, "ab")
    here, there = clones.all
    for name in ("worked", "rests", "back"):
        merged(here, name)
    here.lanes.push()
    there.lanes.pull()
    for name in ("worked", "rests"):
        there.lanes.create_workspace(name)
    there.commit("worked", {"more.txt": "1\n"})
    there.lanes.export("rests", branch="out")
    time.month()
    assert kinds(here) == [("archive", x, True) for x in ("back", "rests", "worked")]
    here.lanes.push()
    assert there.lanes.pull().left == ()
    there.lanes.unarchive("back")
    time.month()
    assert kinds(here) == [("prune", x, True) for x in ("back", "rests", "worked")]
    here.lanes.push()
    assert there.lanes.pull().left == ()
    there.lanes.push()
    assert here.lanes.pull().left == ()
    for clone in clones.all:
        listed = {x.name: x.status for x in clone.lanes.lanes(archived=True).lanes}
        assert listed == {"back": "active", "main": "active", "rests": "pruned", "worked": "active"}
    assert "more.txt" in here.files("refs/lanes/head/worked")
    assert "refs/lanes/head/rests" in clones.on_server()
    time.month()
    assert [x for x in kinds(there) if x[1] == "rests"] == [
        ("workspace", "rests", True),
        ("branch", "rests", True),
    ]
    clones.close()


def test_all_that_was_tried_stays_readable(repo: TestRepo, cli: Cli, time: Time) -> None:
    """Accepted and rejected attempts, their notes and reasons, after git's own gc, too."""
    merged(repo)
    repo.write({"tried.txt": "tried\n"}, repo.workspace("auth"))
    tried = repo.lanes.propose("auth", message="try", intent=Intent(agent="bob", prompt="please"))
    repo.lanes.reject("auth/2", Judgement(reason="not now"))
    (repo.workspace("auth") / "tried.txt").unlink()
    time.month()
    assert kinds(repo) == [("archive", "auth", True)]
    time.month()
    assert kinds(repo) == [("prune", "auth", True)]
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "--quiet", "--prune=now")
    assert cli("cat", "auth/2", "tried.txt").out == "tried\n"
    shown = cli("show", "auth/2").out
    assert "not now" in shown
    assert "please" in shown
    assert "please" in repo.git("notes", "--ref=lanes/intents", "show", tried.attempt.commit)
    for status in ("archived", "active"):
        assert cli("undo", "--lane", "auth").code == 0
        assert repo.lanes.lane("auth").status == status
    assert cli("doctor").code == 0


def test_times_that_are_none_keep_a_lane(repo: TestRepo, time: Time) -> None:
    """Journals come from others, too; what cannot be read is not old."""
    merged(repo)
    ref = "refs/lanes/journal/auth"
    subject, _, text = repo.git("log", "-1", "--format=%B", ref).partition("\n\n")
    text = json.dumps({**json.loads(text), "time": "2026-99-99T99:99:99.000000Z"})
    tree = repo.git("rev-parse", f"{ref}^{{tree}}")
    new = repo.git("commit-tree", tree, "-p", f"{ref}^", "-m", subject, "-m", text)
    repo.git("update-ref", ref, new)
    time.month()
    assert repo.lanes.gc() == Collected((), (), dry=False)


def test_a_lane_resumed_at_once_is_not_put_away(
    repo: TestRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between an abandonment and the archiving that a setting asks for, somebody may be first."""
    repo.git("config", "lanes.archiveOnAbandon", "true")

    def late(*given: Any) -> Any:
        repo.lanes.resume("auth")
        return put_away(*given)

    repo.lane("auth", {"auth.txt": "1\n"})
    monkeypatch.setattr("gitlanes.graph.pausing.put_away", late)
    assert repo.lanes.abandon("auth").archived == ()
    assert repo.lanes.lane("auth").status == "active"
    assert repo.workspace("auth").is_dir()
