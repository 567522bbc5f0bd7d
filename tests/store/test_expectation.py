"""`--expect` with what can be no commit, at every command that takes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import BadValue, Repo
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

COMMANDS = [
    ("propose", "auth"),
    ("commit", "auth", "-m", "x"),
    ("accept", "auth/2"),
    ("reject", "auth/2"),
    ("promote", "auth"),
    ("promote", "auth", "--dry-run"),
    ("delete", "clean", "--yes"),
    ("new", "x"),
    ("new", "auth", "--exist-ok"),
    ("delete", "auth", "--yes", "--force"),
]
NO_COMMITS = ["", "HEAD", "main", "abc", "ABCD", "xyz0", "a" * 41, " abcd", "abcd\n", "-x", "é" * 4]


@pytest.fixture
def offered(repo: TestRepo) -> TestRepo:
    """A lane with accepted work, an open attempt and an unsaved file; another with nothing."""
    repo.lane("clean")
    place = repo.lane("auth", {"auth.py": "a\n"})
    repo.propose("auth", {"auth.py": "b\n"})
    repo.write({"unsaved.txt": "u\n"}, place)
    return repo


@pytest.mark.parametrize("command", COMMANDS, ids=lambda x: x[0])
def test_expecting_what_is_no_commit(offered: TestRepo, cli: Cli, command: tuple[str, ...]) -> None:
    """An empty or misspelled --expect is a usage error, and nothing is moved or removed."""
    before, place = offered.refs(), offered.workspace("auth")
    for text in NO_COMMITS:
        shown = text.replace("\n", "\\x0a")
        assert cli(*command, f"--expect={text}") == Ran(
            129,
            "",
            f"error: '{shown}' is no commit to expect\nhint: give 4 to 40 hex digits of its id\n",
        )
    assert offered.refs() == before
    assert (place / "unsaved.txt").read_text() == "u\n"


def test_expecting_what_is_no_commit_takes_nothing_in(offered: TestRepo, cli: Cli) -> None:
    """A misspelled --expect is refused before commits that people made come to the lane."""
    offered.save({"people.txt": "p\n"})
    before = offered.refs()
    for command in (("promote", "auth"), ("commit", "-m", "x"), ("new", "x")):
        assert cli(*command, "--expect=").code == 129
        assert offered.refs() == before


def test_deleting_another_head_than_expected_takes_no_snapshot(offered: TestRepo, cli: Cli) -> None:
    """Where the lane is at another commit, its unsaved work stays where it is, without a ref."""
    before = offered.refs()
    done = cli("delete", "auth", "--yes", "--force", "--expect", "0" * 40)
    assert done.code == 75
    assert offered.refs() == before


@pytest.mark.usefixtures("offered")
def test_a_long_expectation_is_cut(cli: Cli) -> None:
    """The error shows the beginning of what was given, not a screen full of it."""
    done = cli("promote", "auth", "--expect", "x" * 5000)
    assert done.err.splitlines()[0] == f"error: '{'x' * 60}' is no commit to expect"
    assert done.code == 129


@pytest.mark.parametrize("command", COMMANDS, ids=lambda x: x[0])
def test_expecting_a_beginning_of_the_head(
    offered: TestRepo, cli: Cli, command: tuple[str, ...]
) -> None:
    """Four digits of the right commit are enough for every command."""
    lane = {"promote": "main", "new": "main", "delete": command[1]}.get(command[0], "auth")
    done = cli(*command, "--expect", offered.rev(f"refs/lanes/head/{lane}")[:4])
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.propose("auth", expect=""),
        lambda r: r.commit("auth", expect=""),
        lambda r: r.accept("auth/2", expect=""),
        lambda r: r.reject("auth/2", expect=""),
        lambda r: r.promote("auth", expect=""),
        lambda r: r.delete("clean", expect=""),
        lambda r: r.new("x", expect=""),
        lambda r: r.export("auth", expect=""),
        lambda r: r.create_workspace("bare", expect=""),
        lambda r: r.remove_workspace("auth", force=True, expect=""),
    ],
)
def test_an_empty_variable_is_no_expectation(
    offered: TestRepo, call: Callable[[Repo], object]
) -> None:
    """Every method that takes a head refuses an empty one instead of taking it for a match."""
    offered.lanes.new("bare", workspace=False)
    before = offered.refs()
    with pytest.raises(BadValue, match="'' is no commit to expect"):
        call(offered.lanes)
    assert offered.refs() == before
