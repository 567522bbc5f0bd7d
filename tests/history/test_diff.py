"""diff: between states, and between a lane and the files in its workspace."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def test_unsaved_work(repo: TestRepo, cli: Cli) -> None:
    """One lane: its head against what its workspace holds now; nothing moves, no ref is made."""
    place = repo.lane("auth", {"gone.txt": "g\n"})
    repo.save({".gitignore": "*.log\n"})
    repo.write({"auth.py": "edited\n", "new.txt": "n\n", "gone.txt": None}, place)
    repo.git("add", "new.txt", cwd=place)
    before, status = repo.refs(), repo.git("status", "--porcelain", cwd=place)
    wanted = "M\tauth.py\nD\tgone.txt\nA\tnew.txt\n"
    assert cli("diff", "auth") == Ran(0, wanted, "")
    assert cli("diff", cwd=place / "src") == Ran(0, wanted, "")
    assert cli("diff") == Ran(0, "", "")
    assert (repo.refs(), repo.git("status", "--porcelain", cwd=place)) == (before, status)
    told = cli("diff", "auth", "--json").json
    assert (told["old"], told["workspace"]) == ("auth", str(place))
    assert repo.files(told["new"])["auth.py"] == "edited"


def test_a_state_against_the_present_workspace(repo: TestRepo, cli: Cli) -> None:
    """One attempt or revision: that against the files where one stands."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    repo.commit("auth", {"auth.py": "2\n"})
    repo.write({"new.txt": "n\n"}, place)
    assert cli("diff", "auth/1", cwd=place).out == "M\tauth.py\nA\tnew.txt\n"
    assert cli("diff", "auth/2", cwd=place).out == "A\tnew.txt\n"
    assert cli("diff", "auth/1").out == "M\tauth.py\n"


def test_proposed_work_is_part_of_it(repo: TestRepo, cli: Cli) -> None:
    """What is proposed and not accepted differs from the head still."""
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "open\n"})
    assert cli("diff", "auth").out == "M\tauth.py\n"


def test_limited_to_paths(repo: TestRepo, cli: Cli) -> None:
    """Paths after '--' are from here, as git's are; files and directories."""
    place = repo.lane("auth")
    repo.write({"auth.py": "1\n", "src/app.py": "1\n", "src/deep/x": "1\n", "srcx": "1\n"}, place)
    assert cli("diff", "auth", "--", "src").out == "M\tsrc/app.py\nA\tsrc/deep/x\n"
    assert cli("diff", "--", ".", cwd=place / "src").out == "M\tsrc/app.py\nA\tsrc/deep/x\n"
    assert cli("diff", "--", "deep", "../auth.py", cwd=place / "src").out == (
        "M\tauth.py\nA\tsrc/deep/x\n"
    )
    assert cli("diff", "--", ".", cwd=place).out.count("\n") == 4
    patch = cli("diff", "auth", "--content", "--", "src/app.py").out
    assert patch.startswith("diff --git a/src/app.py b/src/app.py\n")
    assert patch.count("diff --git") == 1
    assert "1 file changed" in cli("diff", "auth", "--stat", "--", "auth.py").out
    assert cli("diff", "--", "../../x", cwd=place / "src").code == 128
    found = repo.lanes.diff("auth", paths=["src/deep"], stat=True)
    assert [x.path for x in found.files] == [b"src/deep/x"]
    assert "1 file changed" in str(found.text)


def test_lists_for_scripts(repo: TestRepo, cli: Cli) -> None:
    """`--name-only` and `-z` print paths byte by byte, with a NUL after each field."""
    place = repo.lane("auth")
    repo.write({os.fsdecode(b"\xe9\n"): "1\n", "auth.py": "2\n"}, place)
    assert cli("diff", "auth", "--name-only").out == "auth.py\n\\xe9\\x0a\n"
    assert os.fsencode(cli("diff", "auth", "-z").out) == b"M\0auth.py\0A\0\xe9\n\0"
    assert os.fsencode(cli("diff", "auth", "-z", "--name-only").out) == b"auth.py\0\xe9\n\0"
    assert cli("diff", "auth", "-z", "--stat") == Ran(
        129,
        "",
        "error: --name-only and -z list files: they exclude --content and --stat\n",
    )


def test_where_there_is_no_workspace(cli: Cli) -> None:
    """Without a workspace there is nothing to compare with: 128 with the way out."""
    cli("new", "bare", "--no-workspace")
    assert cli("diff", "bare") == Ran(
        128,
        "",
        "error: workspace of lane 'bare' not found\nhint: run 'git lanes workspace create bare'\n",
    )


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--promotions"], ["main/3", "ui/2", "main/2", "main/1"]),
        (["--from", "auth"], ["main/3", "main/2", "main/1"]),
        (["--from", "main"], ["ui/2"]),
        (["--into", "main"], ["main/3", "main/2", "main/1"]),
        (["--into", "ui"], ["ui/2"]),
        (["--from", "auth", "--into", "ui"], []),
        (["--from", "auth", "--status", "proposed"], ["main/3"]),
        (["--from", "auth", "--status", "rejected"], ["main/2"]),
        (["--lane", "ui", "--from", "main"], ["ui/2"]),
        (["--lane", "ui", "--into", "main"], []),
        (["--promotions", "-n", "1"], ["main/3"]),
    ],
)
def test_promotions_in_history(
    repo: TestRepo, cli: Cli, options: list[str], found: list[str]
) -> None:
    """Promotions are told apart by where they come from and where they land, whatever became."""
    repo.work("auth", {"a1": "1\n"})
    repo.work("ui", {"u1": "1\n"})
    repo.lanes.promote("auth", mode="replay")
    repo.commit("auth", {"a2": "1\n"})
    repo.lanes.promote("auth", propose=True)
    repo.lanes.reject("main/2")
    repo.lanes.promote("main", into="ui")
    repo.lanes.promote("auth", propose=True)
    done = cli("history", "--json", *options)
    assert [x["attempt"]["id"] for x in done.json["attempts"]] == found
    assert cli("history", "--from", "auht") == Ran(
        128, "", "error: lane 'auht' not found\nhint: did you mean 'auth'?\n"
    )
