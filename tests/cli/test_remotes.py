"""How push, pull, fetch, remote status and clone read at the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Ran, run_cli
from tests.support.clones import Clones, Make

Cli = Callable[..., Ran]


@pytest.fixture
def clones(make_clones: Make) -> Clones:
    """Two clones that both have lane auth."""
    return make_clones(lanes=["auth"])


@pytest.fixture
def cli(clones: Clones) -> Cli:
    """`git lanes` in the clone of that number."""
    return lambda number, *args: run_cli(clones[number].path, clones.environ, *args)


def test_push_and_pull(clones: Clones, cli: Cli) -> None:
    """Both tell each lane and each kind of notes once, then that there is nothing more."""
    clones[0].lanes.put_file("auth", "new.txt", b"new\n")
    clones[0].lanes.new("docs", workspace=False)
    head = clones[0].lanes.head("auth")[:12]
    first = clones[0].lanes.head("docs")[:12]
    said = [
        f"pushed lane auth to origin, at {head}",
        f"pushed new lane docs to origin, at {first}",
        "pushed intents to origin",
    ]
    assert cli(0, "push") == Ran(0, "\n".join(said) + "\n", "")
    assert cli(0, "push") == Ran(0, "'origin' has all that is here\n", "")
    came = [f"lane auth, at {head}", f"new lane docs, at {first}", "took intents from origin"]
    assert cli(1, "pull") == Ran(0, "\n".join(came) + "\n", "")
    assert cli(1, "pull", "origin") == Ran(0, "nothing new on 'origin'\n", "")


def test_renumbered_attempts_are_told(clones: Clones, cli: Cli) -> None:
    """A push that joined a lane first says so, with each attempt's new number."""
    clones[0].lanes.put_file("auth", "a.txt", b"a\n")
    clones[0].lanes.push()
    clones[1].lanes.put_file("auth", "b.txt", b"b\n")
    done = cli(1, "push")
    head = clones[1].lanes.head("auth")[:12]
    assert done.out.splitlines()[:2] == [f"merged lane auth, at {head}", "  auth/1 is auth/2 now"]
    assert f"pushed lane auth to origin, at {head}" in done.out


def test_a_bound_branch_is_the_users_to_push(clones: Clones, cli: Cli) -> None:
    """It follows, and a hint says how it gets to the server."""
    clones[0].lanes.put_file("main", "new.txt", b"new\n")
    clones[0].lanes.push()
    done = cli(1, "pull")
    assert done.err == (
        "branch main follows\nhint: branches are pushed by git: git push origin main\n"
    )
    assert (clones[1].path / "new.txt").read_text() == "new\n"
    assert cli(1, "pull").err == ""


def test_status_is_told_without_asking_anybody(clones: Clones, cli: Cli) -> None:
    """Every way in which a lane can stand has its words; the server may be gone."""
    a, b = clones.all
    for name in ("behind", "diverged"):
        a.lanes.new(name, workspace=False)
    a.lanes.push()
    b.lanes.pull()
    for name in ("auth", "diverged"):
        a.lanes.put_file(name, "same.txt", b"a\n")
    for name in ("behind", "diverged"):
        b.lanes.put_file(name, "same.txt", b"b\n")
    b.lanes.new("there", workspace=False)
    a.lanes.new("here", workspace=False)
    b.lanes.push()
    done = cli(0, "fetch")
    clones.server.rename(clones.server.with_name("gone.git"))
    told = cli(0, "remote", "status")
    assert (told.out, told.err) == (done.out, "as last fetched from origin\n")
    rows = [x.split() for x in told.out.splitlines()]
    assert [(x[0], " ".join(x[1:-2])) for x in rows[1:]] == [
        ("auth", "1 ahead"),
        ("behind", "1 behind"),
        ("diverged", "diverged: 1 ahead, 1 behind"),
        ("here", "only here"),
        ("main", "in step"),
        ("there", "only there"),
    ]
    found = cli(0, "remotes", "status", "--json").json
    assert (found["schema"], found["remote"], found["fetched"]) == (
        "gitlanes.remote/1",
        "origin",
        True,
    )
    assert found["notes"] == {"intents": "diverged"}
    assert [x["state"] for x in found["lanes"]][1:3] == ["behind", "diverged"]


def test_status_with_the_remote(clones: Clones, cli: Cli) -> None:
    """`status --remote` tells both, of all lanes or of one."""
    clones[0].lanes.put_file("auth", "new.txt", b"n\n")
    clones[0].lanes.push()
    clones[1].lanes.fetch()
    told = cli(1, "status", "--remote").out
    assert told.startswith("LANE  HEAD ")
    assert cli(1, "remote", "status").out in told
    found = cli(1, "status", "auth", "--remote", "--json").json
    assert found["schema"] == "gitlanes.status/1"
    assert [(x["lane"], x["state"]) for x in found["remote"]["lanes"]] == [("auth", "behind")]


def test_json_of_what_is_left(clones: Clones, cli: Cli) -> None:
    """Under --json the lanes that are left are part of the one object, and the exit code is 1."""
    for number in (0, 1):
        clones[number].lanes.put_file("auth", "same.txt", f"{number}\n".encode())
    clones[0].lanes.push()
    for verb in ("pull", "push"):
        done = cli(1, verb, "--json")
        assert (done.code, done.json["schema"]) == (1, f"gitlanes.{verb}ed/1")
        (left,) = done.json["left"]
        assert (left["lane"], left["kind"]) == ("auth", "diverged")
        assert left["collisions"][0]["path"] == "same.txt"


def test_clone_and_init_from_remote(clones: Clones) -> None:
    """A fresh clone goes on with all lanes, at their heads, and its branch with its lane."""
    clones[0].lanes.put_file("main", "new.txt", b"new\n")
    clones[0].lanes.push()
    url = str(clones.server)
    done = run_cli(clones.home, clones.environ, "clone", "-q", url, "c")
    assert (done.code, done.out) == (
        0,
        f"cloned into {clones.home}/c with 2 lanes, its directory belongs to lane main\n",
    )
    assert (clones.home / "c/new.txt").read_text() == "new\n"
    again = run_cli(clones.home, clones.environ, "clone", "-q", url, "c")
    assert again.code == 128
    assert again.err.endswith("error: git clone failed\nhint: see what it says above\n")
    clones[0].git("clone", "--quiet", url, str(clones.home / "d"))
    begun = run_cli(clones.home / "d", clones.environ, "init", "--from-remote")
    head = clones[0].lanes.head("main")
    assert begun.out == f"adopted: lane main, bound to branch main, at {head[:12]}\n"
    assert (clones.home / "d/new.txt").read_text() == "new\n"
    made = run_cli(clones.home / "d", clones.environ, "workspace", "create", "auth")
    assert made.code == 0
    assert (Path(made.out.strip()) / "auth.py").exists()
    default = run_cli(clones.home / "d", clones.environ, "clone", "-q", url, "--json")
    assert default.json["path"] == f"{clones.home}/d/server"


def test_a_clone_of_what_has_no_lanes(tmp_path: Path, clones: Clones) -> None:
    """It is adopted as `init` does; an empty repository is cloned, and says what is missing."""
    other = tmp_path / "plain.git"
    clones[0].git("clone", "--quiet", "--bare", str(clones.server), str(other))
    for ref in (
        clones[0].git("for-each-ref", "--format=%(refname)", "refs/lanes", cwd=other).split()
    ):
        clones[0].git("update-ref", "-d", ref, cwd=other)
    done = run_cli(tmp_path, clones.environ, "clone", "-q", str(other), "e")
    assert done.out == f"cloned into {tmp_path}/e with 1 lane, its directory belongs to lane main\n"
    clones[0].git("init", "--quiet", "--bare", str(tmp_path / "empty.git"))
    done = run_cli(tmp_path, clones.environ, "clone", "-q", str(tmp_path / "empty.git"), "f")
    assert done.code == 128
    assert "has no commits yet" in done.err


@pytest.mark.parametrize("url", ["", "/", "--upload-pack=touch /tmp/x", "ext::sh -c true"])
def test_urls_that_are_none(tmp_path: Path, environ: dict[str, str], url: str) -> None:
    """They are refused, and nothing is run by them."""
    done = run_cli(tmp_path, environ, "clone", "-q", "--", url, "x")
    assert done.code in (128, 129)
    assert done.err.splitlines()[-2].startswith("error: ")
