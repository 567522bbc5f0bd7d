"""Whole stories of several agents on one repository, as they are lived at the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

CHANGE = "--format=%(trailers:key=Change-Id,valueonly,separator=%x20)"


def done(ran: Ran) -> Any:
    """Return what a command printed under --json, after it went well."""
    assert ran.code == 0, ran.err
    return ran.json


def work(repo: TestRepo, cli: Cli, lane: str, files: dict[str, str], title: str) -> Any:
    """Let a lane's agent write files and commit them; return the attempt."""
    repo.write(files, repo.workspace(lane))
    args = ("-m", title, "--agent", f"agent-{lane}", "--json")
    return done(cli("commit", lane, *args))["attempt"]


def test_several_agents(repo: TestRepo, cli: Cli) -> None:
    """Two agents work apart, the child follows its parent, both land; each change keeps its id."""
    done(cli("new", "auth", "--agent", "agent-auth", "--json"))
    first = work(repo, cli, "auth", {"auth/module.py": "1\n"}, "add authentication module")
    done(cli("new", "oauth", "--on", "auth", "--agent", "agent-oauth", "--json"))
    own = work(repo, cli, "oauth", {"oauth.py": "1\n"}, "add oauth")
    assert not (repo.workspace("auth") / "oauth.py").exists()
    second = work(repo, cli, "auth", {"auth/login.py": "1\n"}, "add login")
    assert done(cli("sync", "oauth", "--json"))["onto"] == ["auth"]
    assert (repo.workspace("oauth") / "auth/login.py").read_text() == "1\n"

    # The change is found by the commit that it was before the sync laid it anew.
    now = repo.rev("refs/lanes/head/oauth")
    assert now != own["commit"]
    assert repo.git("log", "-1", CHANGE, now) == own["change_id"]
    shown = cli("show", own["commit"], "--json").json
    assert own["change_id"] in str(shown)

    done(cli("promote", "auth", "--into", "main", "--json"))
    done(cli("promote", "oauth", "--into", "main", "--json"))
    landed = repo.git("log", CHANGE, "main").split()
    assert {x["change_id"] for x in (first, second, own)} <= set(landed)
    assert repo.files("main").keys() >= {"auth/module.py", "auth/login.py", "oauth.py"}
    told = cli("events", "--since", "start", "--limit", "100", "--json").json["events"]
    assert [x["lane"] for x in told if x["kind"] == "lane.promoted"] == ["auth", "oauth"]
    verbs = {x["verb"] for x in cli("op", "log", "--json").json["operations"]}
    assert verbs == {"init", "new", "commit", "sync", "promote"}
    repo.fsck()


def colliding(repo: TestRepo, cli: Cli) -> None:
    """Make lanes `left` and `right` on `base`; left and base have another auth.py each."""
    for name, on in (("base", ()), ("left", ("--on", "base")), ("right", ("--on", "base"))):
        done(cli("new", name, *on, "--json"))
    work(repo, cli, "left", {"auth.py": "left\n"}, "left's login")
    work(repo, cli, "right", {"right.py": "1\n"}, "right's own")
    work(repo, cli, "base", {"auth.py": "base\n"}, "base's login")


def test_a_conflict_waits_and_stops_nobody_else(repo: TestRepo, cli: Cli) -> None:
    """It is recorded; other lanes go on, and land; resolved, the lane goes on, too."""
    colliding(repo, cli)
    ran = cli("cascade", "base", "--on-conflict", "defer", "--json")
    assert ran.code == 1
    assert [x["lane"] for x in ran.json["updated"]] == ["right"]
    assert [x["lane"] for x in ran.json["deferred"]] == ["left"]
    assert done(cli("show", "left", "--json"))["lane"]["status"] == "conflicted"
    work(repo, cli, "right", {"more.py": "1\n"}, "right goes on")
    done(cli("promote", "base", "--into", "main", "--json"))
    done(cli("promote", "right", "--into", "main", "--json"))
    before = repo.git("log", "-1", CHANGE, "refs/lanes/head/left")
    done(cli("conflict", "start", "left", "--json"))
    repo.write({"auth.py": "both\n"}, repo.workspace("left"))
    done(cli("conflict", "continue", "left", "--json"))
    assert done(cli("show", "left", "--json"))["lane"]["status"] == "active"
    assert repo.git("log", "-1", CHANGE, "refs/lanes/head/left") == before
    assert cli("conflict", "list", "--json").json["conflicts"] == []
    kinds = [x["kind"] for x in cli("events", "--lane", "left", "--json").json["events"]]
    assert kinds[-3:] == ["conflict.deferred", "conflict.resolved", "lane.synced"]


@pytest.mark.parametrize(("strategy", "content"), [("lane", "left\n"), ("parent", "base\n")])
def test_a_conflict_is_decided_beforehand(
    repo: TestRepo, cli: Cli, strategy: str, content: str
) -> None:
    """Either side's whole file, by name; nothing is left waiting."""
    colliding(repo, cli)
    done(cli("sync", "left", "--strategy", strategy, "--json"))
    assert (repo.workspace("left") / "auth.py").read_text() == content
    assert cli("conflict", "list", "--json").json["conflicts"] == []


def test_a_conflict_is_given_up(repo: TestRepo, cli: Cli) -> None:
    """The lane is active again with its own work, and can be synced another way."""
    colliding(repo, cli)
    assert cli("sync", "left").code == 1
    head = repo.rev("refs/lanes/head/left")
    done(cli("conflict", "abandon", "left", "--json"))
    assert repo.rev("refs/lanes/head/left") == head
    work(repo, cli, "left", {"left.py": "1\n"}, "left goes on")
    done(cli("sync", "left", "--strategy", "parent", "--json"))


def test_stacked_review(repo: TestRepo, cli: Cli) -> None:
    """Each change is a block; what is approved lands, the rest waits for its reviewers."""
    done(cli("new", "auth", "--json"))
    names = ("model", "view", "form")
    made = [work(repo, cli, "auth", {f"{x}.py": "1\n"}, f"add {x}") for x in names]
    done(cli("stack", "create", "auth", "--lane", "auth", "--approvals", "1", "--json"))

    def statuses() -> list[tuple[str, str]]:
        found = done(cli("stack", "show", "auth:auth", "--json"))["blocks"]
        return [(x["title"], x["status"]) for x in found]

    assert statuses() == [(f"add {x}", "draft") for x in names]
    assert cli("promote", "auth").code != 0
    done(cli("review", "request", "auth:auth/1", "--json"))
    done(cli("review", "approve", "auth:auth/1", "auth:auth/2", "--by", "boss", "--json"))
    done(cli("review", "request-changes", "auth:auth/3", "--by", "boss", "-m", "no", "--json"))
    agreed = [x for one in made[:2] for x in ("--change", one["change_id"])]
    done(cli("promote", "auth", *agreed, "--json"))
    files = repo.files("main").keys()
    assert files >= {"model.py", "view.py"}
    assert "form.py" not in files
    assert statuses() == [
        ("add model", "merged"),
        ("add view", "merged"),
        ("add form", "changes-requested"),
    ]
    repo.write({"form.py": "2\n"}, repo.workspace("auth"))
    done(cli("commit", "auth", "--amend", "--json"))
    assert statuses()[2] == ("add form", "draft")
    done(cli("review", "approve", "auth:auth/3", "--by", "boss", "--json"))
    done(cli("promote", "auth", "--stack", "auth", "--json"))
    assert repo.files("main")["form.py"] == "2"
    assert statuses()[2] == ("add form", "merged")


def test_rolled_back(repo: TestRepo, cli: Cli) -> None:
    """Two steps of a lane are taken back as one, and come again; the record tells of all."""
    done(cli("new", "auth", "--json"))
    made = [work(repo, cli, "auth", {"a.py": f"{x}\n"}, f"step {x}") for x in range(3)]
    done(cli("rollback", "auth", "-n", "2", "--json"))
    assert (repo.workspace("auth") / "a.py").read_text() == "0\n"
    assert repo.rev("refs/lanes/head/auth") == made[0]["commit"]
    done(cli("redo", "--json"))
    assert repo.rev("refs/lanes/head/auth") == made[2]["commit"]
    kinds = [x["kind"] for x in cli("events", "--lane", "auth", "--json").json["events"]]
    assert kinds[-2:] == ["lane.rolled-back", "lane.redone"]


def test_fifty_lanes_follow(repo: TestRepo, cli: Cli) -> None:
    """Five levels: all follow a change at the root but those who touched its path, and theirs."""
    lanes = repo.lanes
    levels: list[list[str]] = [["root"]]
    lanes.new("root", workspace=False)
    for depth, size in enumerate((4, 9, 16, 20), start=1):
        above = levels[-1]
        levels.append([f"l{depth}-{x}" for x in range(size)])
        for at, name in enumerate(levels[-1]):
            lanes.new(name, on=above[at % len(above)], workspace=False)
            lanes.put_file(name, f"{name}.txt", b"x\n")
    every = [x for level in levels for x in level]
    assert len(every) == 50
    lanes.put_file("l3-0", "auth.py", b"mine\n")
    before = {x: own(repo, x) for x in every[1:]}
    lanes.put_file("root", "auth.py", b"root\n")
    lanes.put_file("root", "new.txt", b"new\n")

    ran = cli("cascade", "root", "--on-conflict", "defer", "--json")
    assert ran.code == 1
    (deferred,) = ran.json["deferred"]
    assert deferred["lane"] == "l3-0"
    assert [x["path"] for x in cli("conflict", "list", "--json").json["conflicts"][0]["paths"]] == [
        "auth.py"
    ]
    behind = {x["lane"] for x in ran.json["skipped"]}
    assert behind == {"l4-0", "l4-16"}
    followed = [x["lane"] for x in ran.json["updated"]]
    assert sorted(followed) == sorted({*every[1:]} - behind - {"l3-0"})
    root = repo.rev("refs/lanes/head/root")
    for name in followed:
        assert own(repo, name) == before[name]
        assert repo.git("merge-base", "refs/lanes/head/" + name, root) == root
    repo.fsck()


def own(repo: TestRepo, lane: str) -> list[str]:
    """Return the Change-Ids of the lane's commits that the root has not, oldest first."""
    heads = f"refs/lanes/head/root..refs/lanes/head/{lane}"
    return repo.git("log", "--reverse", CHANGE, heads).split()
