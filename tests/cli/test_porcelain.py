"""Lists for scripts: fields in a known order, a NUL after each, whatever is in them."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def test_lists_for_scripts(repo: TestRepo, cli: Cli) -> None:
    """`-z` prints the same fields for every row, in every list that has it."""
    repo.lane("auth", {"auth.py": "better\n"})
    assert cli("propose", "auth", "-m", "nothing").code == 1
    repo.write({"auth.py": "tabs\tand more\n"}, repo.workspace("auth"))
    tree = cli("snapshot", "auth").out.strip()
    assert cli("workspace", "claim", "auth", "--agent", "bob").code == 0
    head, main = repo.lanes.head("auth"), repo.lanes.head("main")
    place = str(repo.workspace("auth"))
    title = repo.git("log", "-1", "--format=%s", head)
    lanes = ["auth", head, "active", place, "main", main, "active", str(repo.path)]
    workspaces = ["auth", "lane", place, "bob", "main", "root", str(repo.path), ""]
    assert fields(cli("list", "-z")) == lanes
    assert fields(cli("workspace", "list", "-z")) == workspaces
    assert fields(cli("history", "-z")) == ["auth/1", "accepted", "agent-auth", head, title]
    saved = fields(cli("snapshot", "list", "--porcelain"))
    assert (saved[0], saved[2], saved[3]) == ("auth/s1", tree, head)


def fields(ran: Ran) -> list[str]:
    """Return what a command printed, taken apart."""
    assert (ran.code, ran.out[-1], ran.err) == (0, "\0", "")
    return ran.out[:-1].split("\0")
