"""claim, release, who: what they print."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
NAMES = "hint: commands need to know who you are: set GITLANES_AGENT="


def timeless(ran: Ran) -> Ran:
    """Return what was printed with a T for each time."""
    return Ran(
        ran.code, *(re.sub(r"2\d{3}-\d\d-\d\dT[\d:]{8}Z", "T", x) for x in (ran.out, ran.err))
    )


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth, claimed by nobody."""
    return repo.lane("auth")


@pytest.mark.usefixtures("place")
def test_claim_and_release(cli: Cli) -> None:
    """One line says who has it and until when; a hint, how commands know."""
    claim = ("workspace", "claim", "auth", "--agent", "a1")
    assert timeless(cli(*claim)) == Ran(
        0, "claimed workspace of auth for a1 until T\n", f"{NAMES}a1\n"
    )
    assert timeless(cli(*claim, "--lease", "0")) == Ran(
        0, "renewed workspace of auth for a1 until released\n", f"{NAMES}a1\n"
    )
    pid = str(os.getpid())
    assert timeless(cli(*claim, "--pid", pid, "--lease", "30m")) == Ran(
        0, f"renewed workspace of auth for a1 while process {pid} runs, until T\n", ""
    )
    release = ("workspace", "release", "auth")
    assert cli(*release) == Ran(0, "released workspace of auth from a1\n", "")
    assert cli(*release) == Ran(0, "nobody had claimed workspace of auth\n", "")


def test_without_a_lane_it_is_the_present_workspace(repo: TestRepo, place: Path) -> None:
    """In a workspace its lane may be left out, and GITLANES_AGENT says who one is."""
    environ = {**repo.environ, "GITLANES_AGENT": "a1"}
    assert timeless(run_cli(place, environ, "workspace", "claim")) == Ran(
        0, "claimed workspace of auth for a1 until T\n", ""
    )
    assert run_cli(place, environ, "workspace", "release").out == (
        "released workspace of auth from a1\n"
    )


@pytest.mark.usefixtures("place")
def test_refusals(cli: Cli) -> None:
    """Each refusal names the holder, since when, and the ways out that there are."""
    cli("workspace", "claim", "auth", "--agent", "a1", "--lease", "0")
    said = "error: workspace of lane 'auth' is claimed by 'a1' since T\n"
    hint = "hint: its holder ends that with 'git lanes workspace release auth'"
    mine = ", or set GITLANES_AGENT if that is you"
    force = ", or use --force"
    for args, ways in (
        (("workspace", "claim", "auth", "--agent", "a2"), ", or take it over with --force"),
        (("workspace", "release", "auth"), ", or end it with --force"),
        (("workspace", "release", "auth", "--agent", "a2"), ", or end it with --force"),
        (("commit", "auth", "-m", "x"), mine),
        (("commit", "auth", "-m", "x", "--agent", "a2"), ""),
        (("workspace", "update", "auth"), mine),
        (("workspace", "remove", "auth"), mine + force),
        (("delete", "auth", "--yes"), mine + force),
    ):
        assert timeless(cli(*args)) == Ran(128, "", f"{said}{hint}{ways}\n")


@pytest.mark.usefixtures("place")
def test_taking_over(cli: Cli) -> None:
    """A claim that was stale is told in passing; one that held, as a warning."""
    cli("workspace", "claim", "auth", "--agent", "a1")
    taken = timeless(cli("workspace", "claim", "auth", "--agent", "a2", "--force"))
    assert taken == Ran(
        0,
        "claimed workspace of auth for a2 until T\n",
        f"warning: taken over from a1, whose claim held\n{NAMES}a2\n",
    )
    assert cli("workspace", "release", "auth", "--agent", "a1", "--force").code == 0


def test_a_stale_claim_is_taken_over_without_force(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Who claims what a dead agent had is told why that was free."""
    cli("workspace", "claim", "auth", "--agent", "a1")
    path = Path(repo.git("rev-parse", "--absolute-git-dir", cwd=place), "lanes.json")
    body = json.loads(path.read_text())
    body["owner"]["until"] = body["owner"]["since"]
    path.write_text(json.dumps(body))
    assert timeless(cli("workspace", "who", "auth")).out == (
        "LANE  AGENT  SINCE                 STATE\nauth  a1     T  stale: its lease ended at T\n"
    )
    taken = timeless(cli("workspace", "claim", "auth", "--agent", "a2", "--lease", "8h"))
    assert taken.err == f"the claim of a1 was stale: its lease ended at T\n{NAMES}a2\n"


@pytest.mark.usefixtures("place")
def test_who_lists_all_workspaces(repo: TestRepo, cli: Cli) -> None:
    """All workspaces are listed with who has them, the free ones too; JSON tells all."""
    repo.lane("billing")
    cli("workspace", "claim", "billing", "--agent", "a1", "--lease", "0")
    assert timeless(cli("workspace", "who")) == Ran(
        0,
        "LANE     AGENT  SINCE                 STATE\n"
        "auth     -      -                     free\n"
        "billing  a1     T  claimed until released\n"
        "main     -      -                     free\n",
        "",
    )
    told = cli("workspace", "who", "--json").json
    assert told["schema"] == "gitlanes.holdings/1"
    rows = {x["lane"]: x for x in told["workspaces"]}
    assert rows["auth"] == {
        "lane": "auth",
        "path": str(repo.workspace("auth")),
        "owner": None,
        "stale": None,
    }
    assert set(rows["billing"]["owner"]) == {
        *("agent", "since", "until", "host", "boot", "space", "pid", "started")
    }


def test_the_list_of_workspaces_shows_who_has_them(repo: TestRepo, cli: Cli, place: Path) -> None:
    """As soon as one is claimed, `workspace list` has a column of agents."""
    rows = [["WORKSPACE", "KIND", "PATH"], ["auth", "lane", str(place)]]
    rows += [["main", "root", str(repo.path)]]
    assert [x.split() for x in cli("workspace", "list").out.splitlines()] == rows
    cli("workspace", "claim", "auth", "--agent", "a1")
    rows = [[*row, more] for row, more in zip(rows, ("AGENT", "a1", "-"), strict=True)]
    assert [x.split() for x in cli("workspace", "list").out.splitlines()] == rows
    listed = cli("workspace", "list", "--json").json["workspaces"]
    assert [x["owner"] and x["owner"]["agent"] for x in listed] == ["a1", None]


@pytest.mark.usefixtures("place")
def test_json_is_the_whole_result(cli: Cli) -> None:
    """Claiming and releasing print one object each, with the claim before."""
    made = cli("workspace", "claim", "auth", "--agent", "a1", "--json").json
    assert (made["schema"], made["renewed"], made["before"]) == ("gitlanes.claim/1", False, None)
    refused = cli("workspace", "claim", "auth", "--agent", "a2", "--json").json
    assert (refused["error"], refused["holder"]) == ("refused", made["owner"])
    gone = cli("workspace", "release", "auth", "--agent", "a1", "--json").json
    assert (gone["schema"], gone["before"]["owner"]) == ("gitlanes.release/1", made["owner"])


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (
            ["auth"],
            129,
            "error: a claim needs an agent's id\nhint: use --agent ID, or set GITLANES_AGENT\n",
        ),
        (
            ["auth", "--agent", "a", "--pid", "4194305"],
            129,
            "error: there is no process 4194305\nhint: name one that runs, as in --pid $$\n",
        ),
        (
            ["auth", "--agent", "a", "--lease", "soon"],
            129,
            "error: bad duration 'soon'\nhint: write it as 90s, 5m or 1h30m\n",
        ),
        (
            ["auth", "--agent", "a", "--lease", "9999h"],
            129,
            "error: bad lease of 3.59964e+07 seconds\nhint: give at most a year; 0 is for ever\n",
        ),
        (
            ["auht", "--agent", "a"],
            128,
            "error: lane 'auht' not found\nhint: did you mean 'auth'?\n",
        ),
        (
            ["--agent", "\x1b[31m"],
            129,
            (
                "error: bad agent id '\\x1b[31m'\n"
                "hint: use printable characters, at most 200 of them\n"
            ),
        ),
    ],
)
def test_claims_that_make_no_sense(cli: Cli, args: list[str], code: int, said: str) -> None:
    """What cannot be claimed is one clear line."""
    assert cli("workspace", "claim", *args) == Ran(code, "", said)


def test_a_long_cell_pushes_its_own_row_alone(repo: TestRepo, cli: Cli) -> None:
    """A column is at most 100 characters wide; what is longer moves the rest of its row."""
    repo.lane("auth")
    cli("workspace", "claim", "auth", "--agent", "x" * 150, "--lease", "0")
    head, auth, main = cli("workspace", "who").out.splitlines()
    assert head == f"{'LANE':<6}{'AGENT':<102}{'SINCE':<22}STATE"
    assert auth.startswith(f"auth  {'x' * 150}  ")
    assert main == f"main  {'-':<102}{'-':<22}free"


def test_the_table_loads_nothing_heavy(repo: TestRepo) -> None:
    """`who` opens neither libgit2 nor rich nor psutil, in a pipe."""
    import subprocess
    import sys

    repo.lane("auth")
    code = (
        "import sys; from gitlanes.cli.main import call; call(['workspace', 'who']);"
        "print([x for x in ('pygit2', 'pydantic', 'rich', 'psutil')"
        " if x in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=repo.path,
        env=repo.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
