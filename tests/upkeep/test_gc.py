"""`git lanes gc`: what goes and when, what never does, and that nothing is lost with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gitlanes import BadValue, NotAdopted, clock
from gitlanes.git.maintenance import start_if_due
from gitlanes.git.settings import Settings
from gitlanes.upkeep import gc, planning
from tests.support.cli import Ran
from tests.support.clones import Clones
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
MONTH = 31 * 86400.0


class Time:
    """The clock, which can be told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self._real = clock.now
        self.passed = 0.0
        monkeypatch.setattr(clock, "now", lambda: self._real() + self.passed)

    def month(self) -> None:
        """Let the usual time of retention pass."""
        self.passed += MONTH


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """A clock that can be told to go on."""
    return Time(monkeypatch)


def collected(cli: Cli, *args: str) -> list[str]:
    """Run gc and return what it printed, after asserting that it went well."""
    done = cli("gc", *args)
    assert done.code == 0, done.err
    return done.out.splitlines()


def merged(repo: TestRepo, name: str = "auth") -> Path:
    """Make a lane whose work has landed; return its workspace."""
    place = repo.lane(name, {f"{name}.txt": "work\n"})
    repo.lanes.promote(name)
    return place


def kinds(repo: TestRepo) -> list[tuple[str, str | None, bool]]:
    """Collect, and return (kind, lane, whether it was done) of each step."""
    return [(x.kind, x.lane, x.done is not None) for x in repo.lanes.gc().waste]


def test_a_lane_from_work_to_the_end(repo: TestRepo, cli: Cli, time: Time) -> None:
    """It is archived and then pruned by its age; records, commits and verdicts stay readable."""
    place = merged(repo)
    head = repo.rev("refs/lanes/head/auth")
    repo.lanes.export("auth", branch="out")
    repo.lanes.snapshot("auth")
    assert collected(cli, "--yes") == []
    time.month()
    told = collected(cli, "--dry-run")
    assert told[0].startswith("archive auth: merged into main, unchanged since ")
    assert len(told) == 1
    refused = cli("gc")
    assert (refused.code, place.is_dir()) == (128, True)
    assert told[0] in refused.err
    assert collected(cli, "--yes") == ["archive auth: archived it"]
    assert not place.exists()
    assert collected(cli, "--yes") == []
    time.month()
    assert collected(cli, "--yes") == [
        f"branch out: deleted it; it was at {head[:12]}",
        "snapshot auth/s1: removed it",
        "prune auth: pruned it; its records and commits stay",
    ]
    assert collected(cli, "--yes") == []
    assert "\nauth" not in cli("list").out
    assert "pruned" in cli("list", "--archived").out
    kept = [x for x in repo.refs() if "auth" in x or "out" in x]
    assert kept == ["refs/lanes/head/auth", "refs/lanes/journal/auth"]
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "--quiet", "--prune=now")
    assert cli("cat", "auth/1", "auth.txt").out == "work\n"
    assert cli("promote", "auth").err.endswith(
        "hint: bring it back with 'git lanes unarchive auth'\n"
    )
    assert cli("unarchive", "auth").code == 0
    assert cli("workspace", "create", "auth").code == 0
    assert cli("doctor").code == 0
    repo.fsck()


def test_what_is_at_work_is_never_touched(repo: TestRepo, time: Time) -> None:
    """Whatever its age: what is new, paused, followed, queued, claimed, unsaved, open."""
    for name in ("new", "paused", "unsaved", "claimed", "open", "above", "target", "wanted"):
        merged(repo, name) if name not in ("new", "paused") else repo.lane(name)
    repo.lanes.pause("paused")
    repo.commit("new", {"more.txt": "more\n"})
    repo.write({"more.txt": "more\n"}, repo.workspace("unsaved"))
    repo.lanes.claim("claimed", agent="bob", lease=0)
    repo.propose("open", {"open.txt": "open\n"})
    repo.lanes.new("below", on="above")
    repo.lane("queued", {"queued.txt": "queued\n"})
    repo.lanes.queue_add("queued", into="target")
    repo.lanes.abandon("queued")
    repo.lanes.tasks.add("do it", lane="wanted")
    before = repo.refs()
    time.month()
    made = repo.lanes.gc()
    (claimed, why), unsaved = [(x.name, str(x.left)) for x in made.waste]
    assert claimed == "claimed"
    assert why.startswith("workspace of lane 'claimed' is claimed by 'bob'")
    assert unsaved == ("unsaved", "workspace of lane 'unsaved' has 1 unsaved file")
    assert {x.name: x.why for x in made.spared} == {
        "above": "lane 'below' follows it",
        "open": "attempt open/2 is open",
        "queued": "it is in a queue, or has one",
        "target": "it is in a queue, or has one",
        "wanted": "it has tasks that have not ended",
    }
    assert repo.refs() == before


def test_unsaved_work_of_what_was_given_up_is_kept(repo: TestRepo, cli: Cli, time: Time) -> None:
    """It goes into a snapshot, which is there as long again; secrets keep the directory."""
    repo.write({"idea.txt": "idea\n"}, repo.lane("idea"))
    repo.write({".env": "KEY=1\n"}, repo.lane("secret"))
    repo.lanes.abandon("idea")
    repo.lanes.abandon("secret")
    time.month()
    first, second = collected(cli, "--yes")
    assert first == "archive idea: archived it; what was unsaved is in snapshot idea/s1"
    assert second.startswith("archive secret: left, for workspace 'secret' has files that may hold")
    time.month()
    assert ("snapshot", "idea", True) in kinds(repo)
    assert "refs/lanes/snapshots/idea/1" not in repo.refs()
    assert (repo.workspace("secret") / ".env").exists()


def test_branches_of_others_are_kept(repo: TestRepo, time: Time) -> None:
    """A branch goes only where it is as an export left it, and nobody has to do with it."""
    merged(repo)
    repo.git("branch", "people's", "main~1")
    for name in ("gone", "moved", "checked-out", "ahead", "people's"):
        repo.lanes.export("auth", branch=name)
    merged(repo, "twin")
    repo.git("branch", "--force", "moved", "main")
    repo.git("worktree", "add", "--quiet", "../elsewhere", "checked-out")
    repo.git("remote", "add", "up", ".")
    repo.git("update-ref", "refs/remotes/up/ahead", "main~2")
    repo.git("config", "remote.up.fetch", "+refs/heads/*:refs/remotes/up/*")
    repo.git("branch", "--quiet", "--set-upstream-to=up/ahead", "ahead")
    repo.lanes.archive("auth")
    time.month()
    made = repo.lanes.gc()
    assert {x.name: x.why for x in made.spared if x.name.startswith("branch")} == {
        "branch people's": "its reflog does not say that exports alone made and moved it",
        "branch moved": "it has commits that no export made",
        "branch checked-out": f"it is checked out in '{repo.path.parent / 'elsewhere'}'",
        "branch ahead": "'up/ahead' has not all of it",
    }
    there = {x.removeprefix("refs/heads/") for x in repo.refs() if x.startswith("refs/heads/")}
    assert there == {"main", "moved", "checked-out", "ahead", "people's"}


def test_what_no_remote_has_is_kept(tmp_path: Path, environ: dict[str, str], time: Time) -> None:
    """Where lanes are pushed, a lane is pruned once its last entry is on a remote."""
    clones = Clones(tmp_path / "clones", environ, "a")
    here = clones[0]
    merged(here)
    here.lanes.push()
    here.lanes.archive("auth")
    time.month()
    made = here.lanes.gc()
    assert (made.waste, [x.name for x in made.spared]) == ((), ["auth"])
    here.lanes.push()
    assert kinds(here) == [("prune", "auth", True)]
    clones.close()


def test_settings_decide(repo: TestRepo, cli: Cli, time: Time) -> None:
    """Retention, what is archived at once, and whether branches and workspaces may go."""
    with pytest.raises(BadValue):
        repo.lanes.gc(older_than=-1)
    for key in ("archiveOnMerge", "archiveOnAbandon"):
        repo.git("config", f"lanes.{key}", "true")
    repo.lane("auth", {"auth.txt": "work\n"})
    repo.lane("part", {"part.txt": "work\n"})
    repo.commit("part", {"more.txt": "more\n"})
    repo.write({"idea.txt": "idea\n"}, repo.lane("idea"))
    assert cli("promote", "auth").code == 0
    assert cli("promote", "part", "--change", "part/1").code == 0
    gone = cli("abandon", "idea")
    assert gone.err == (
        "warning: what was unsaved in lane 'idea' is in snapshot idea/s1\narchived lane idea\n"
    )
    listed = {x.name: x.status for x in repo.lanes.lanes(archived=True).lanes}
    assert listed == {"auth": "archived", "idea": "archived", "main": "active", "part": "active"}
    for key in ("archiveOnMerge", "gcExports", "gcWorkspaces"):
        repo.git("config", f"lanes.{key}", "false")
    repo.close()
    repo.lanes.export("auth", branch="out")
    merged(repo, "late")
    repo.git("config", "lanes.retention", "1d")
    time.passed += 86400 + 60
    told = cli("gc", "--yes", "--json").json
    assert [(x["kind"], x["name"]) for x in told["waste"]] == [
        ("prune", "auth"),
        ("snapshot", "idea/s1"),
        ("prune", "idea"),
    ]
    assert told["spared"] == [
        {"name": "late", "why": "it has a workspace, and lanes.gcWorkspaces is off"}
    ]
    assert "refs/heads/out" in repo.refs()


def test_what_changes_between_plan_and_deed_is_left(repo: TestRepo, time: Time) -> None:
    """A lane that was taken up again since the plan was made is left with all that is its."""
    for name in ("auth", "old"):
        merged(repo, name)
    repo.lanes.export("old", branch="out")
    repo.lanes.archive("old")
    time.month()
    with repo.inner() as inner:
        planned = planning.plan(inner)
        repo.lanes.edit("auth", description="again")
        repo.lanes.unarchive("old")
        made = gc.carry_out(inner, planned)
    assert [(x.kind, x.left) for x in made.waste] == [
        ("archive", "lane 'auth' was changed meanwhile"),
        ("branch", "lane 'old' was changed meanwhile"),
        ("prune", "branch out is left"),
    ]
    assert "refs/heads/out" in repo.refs()


def test_what_gates_left_goes(repo: TestRepo, cli: Cli, time: Time) -> None:
    """Scratch workspaces and verdicts that were not used go; one in which a gate runs stays."""
    set_gates(repo, gate("ok", "true"))
    repo.lane("auth", {"auth.txt": "work\n"})
    scratch = repo.path.with_name("repo.lanes") / "@gates-1"
    assert scratch.is_dir()
    assert kinds(repo) == []
    time.month()
    with repo.inner() as inner, gc_held(repo):
        made = gc.gc(inner)
    assert [(x.kind, x.done is None) for x in made.waste] == [
        ("scratch", True),
        ("verdicts", False),
    ]
    assert kinds(repo) == [("scratch", None, True)]
    assert not scratch.exists()
    repo.commit("auth", {"auth.txt": "more\n"})
    assert cli("doctor").code == 0


@contextmanager
def gc_held(repo: TestRepo) -> Iterator[None]:
    """Hold the first scratch workspace, as a gate that runs there does."""
    from gitlanes.git import locks

    with locks.hold(repo.path / ".git/lanes/scratch/1.lock", "it", timeout=0):
        yield


def test_a_leftover_workspace_of_an_archived_lane_goes(repo: TestRepo, time: Time) -> None:
    """What an interrupted archiving left, or is for looking only, goes; what is unsaved is kept."""
    merged(repo)
    place = Path(repo.lanes.create_workspace("auth", at="auth/1", detached=True).path)
    repo.write({"notes.txt": "notes\n"}, place)
    repo.lanes.archive("auth")
    time.month()
    assert kinds(repo) == [("workspace", "auth", True), ("prune", "auth", True)]
    assert not place.exists()
    assert repo.files("refs/lanes/snapshots/auth/1")["notes.txt"] == "notes"


def test_before_init_it_refuses(make_repo: Callable[..., TestRepo]) -> None:
    """Where there are no lanes there is nothing to collect."""
    repo = make_repo(adopted=False)
    with repo.inner() as inner, pytest.raises(NotAdopted):
        gc.gc(inner)


def test_git_packs_what_is_loose_after_a_landing(repo: TestRepo, cli: Cli) -> None:
    """Beside the work, when git would find it due, unless gc.auto or maintenance.auto forbid."""
    objects = repo.path / ".git/objects"
    for number in range(600):
        (repo.path / "x").write_text(str(number))
        if len(list(objects.glob("17/*"))) > 1:
            break
        repo.git("hash-object", "-w", "x")
    (repo.path / "x").unlink()
    assert not list(objects.glob("pack/*.pack"))
    for number, (auto, upkeep) in enumerate((("0", "true"), ("1", "false"), ("1", "true"))):
        repo.git("config", "gc.auto", auto)
        repo.git("config", "maintenance.auto", upkeep)
        repo.lane(f"auth{number}", {f"{number}.txt": "work\n"})
        assert not list(objects.glob("pack/*.pack"))
        assert cli("promote", f"auth{number}").code == 0
    for _ in range(400):
        if list(objects.glob("pack/*.pack")) and not os.path.exists(repo.path / ".git/gc.pid"):
            break
        clock.sleep(0.05)
    assert list(objects.glob("pack/*.pack"))
    repo.fsck()


def test_git_joins_packs_that_became_many(repo: TestRepo) -> None:
    """As gc.autoPackLimit says; those that are kept, as while they are made, do not count."""
    for key, value in (("maintenance.auto", "true"), ("gc.auto", "6700")):
        repo.git("config", key, value)
    repo.git("config", "maintenance.gc.enabled", "false")
    for number in range(2):
        repo.save({"f": f"{number}\n"})
        repo.git("repack", "-dq")
    with repo.inner() as inner:
        for limit, due in (("2", False), ("0", False), ("1", True)):
            repo.git("config", "gc.autoPackLimit", limit)
            assert start_if_due(inner.git, Settings(inner.git)) == due
        next(repo.path.glob(".git/objects/pack/*.pack")).with_suffix(".keep").touch()
        assert not start_if_due(inner.git, Settings(inner.git))
