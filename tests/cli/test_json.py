"""--json everywhere: errors of every kind, the same words for the same things."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.mark.parametrize(
    ("args", "message", "hint"),
    [
        (("list", "--achived"), "no such option '--achived'", "did you mean '--archived'?"),
        (("lits",), "no such command 'lits'", "did you mean 'list'?"),
        (("accept",), "missing argument 'ATTEMPT'", "see 'git lanes accept -h'"),
        (("list", "x"), "got unexpected extra argument (x)", "see 'git lanes list -h'"),
    ],
)
@pytest.mark.usefixtures("repo")
def test_usage_errors(cli: Cli, args: tuple[str, ...], message: str, hint: str) -> None:
    """A command line that cannot be understood is an object, too, with the lines on stderr."""
    done = cli(*args, "--json")
    assert (done.code, done.err) == (129, f"error: {message}\nhint: {hint}\n")
    assert done.json == {
        "schema": "gitlanes.error/1",
        "error": "bad_value",
        "message": message,
        "hint": hint,
        "exit_code": 129,
    }


def test_json_after_the_paths_begin_is_a_path(cli: Cli) -> None:
    """Behind '--' it is a file's name, and a refusal is told in words alone."""
    assert cli("commit", "nope", "--", "--json") == Ran(
        128, "", "error: lane 'nope' not found\nhint: see 'git lanes list'\n"
    )


@pytest.mark.parametrize(
    "args", [("list",), ("workspace", "list"), ("snapshot", "list"), ("history",), ("diff",)]
)
@pytest.mark.usefixtures("repo")
def test_one_form_for_scripts(cli: Cli, args: tuple[str, ...]) -> None:
    """Fields with NULs and an object exclude each other."""
    done = cli(*args, "-z", "--json")
    assert (done.code, done.err) == (129, "error: --json and --porcelain exclude each other\n")
    assert done.json["error"] == "bad_value"


@pytest.mark.parametrize("args", [("demo",), ("help",), ("completion", "bash")])
@pytest.mark.usefixtures("repo")
def test_what_is_for_people_has_no_json(cli: Cli, args: tuple[str, ...]) -> None:
    """Commands with nothing for programs do not take it."""
    done = cli(*args, "--json")
    assert (done.code, done.json["message"]) == (129, "no such option '--json'")


def test_a_lane_is_told_by_name(repo: TestRepo, cli: Cli) -> None:
    """`lane` is a name and `branch` one without its folder, whichever command tells them."""
    listed = {x["name"]: x for x in cli("list", "--json").json["lanes"]}
    for args in (("init",), ("edit", "main", "--description", "d"), ("bind", "main", "main")):
        lane = cli(*args, "--json").json["lane"]
        assert (lane["name"], lane["branch"]) == ("main", "main")
    assert listed["main"]["branch"] == "main"
    (place,) = cli("workspace", "list", "--json").json["workspaces"]
    assert (place["lane"], place["lane_uuid"]) == ("main", listed["main"]["uuid"])
    assert "name" not in place
    repo.lane("auth")
    assert cli("path", "auth", "--json").json["lane"] == "auth"
    assert cli("bind", "auth", "side", "--json").json["lane"]["branch"] == "side"
    assert cli("rename", "auth", "login", "--json").json["lane"]["branch"] == "side"
