"""docs/cli.md and the manual page say what the commands say."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from gitlanes.cli import reference
from gitlanes.cli.main import COMMANDS, GROUPS, main
from gitlanes.cli.returns import ANSWERS
from gitlanes.cli.tree import verbs
from tests.support.cli import Ran

Cli = Callable[..., Ran]

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.mark.parametrize("name", ["cli.md", "git-lanes.1"])
def test_the_reference_is_up_to_date(name: str) -> None:
    """What is generated is as written; else run: python -m gitlanes.cli.reference docs."""
    text = (DOCS / name).read_text()
    assert reference.renewed(name, text) == text


def test_every_command_is_in_both() -> None:
    """Each command and each of its options is named in the reference and in the manual."""
    page, manual = (DOCS / "cli.md").read_text(), (DOCS / "git-lanes.1").read_text()
    for verb in verbs():
        assert f"### `git lanes {verb.name}`\n" in page
        name = verb.name.replace("-", "\\-")
        assert f'.SS "git lanes {name} ' in manual
        for option in verb.options:
            assert all(f"`{x}`" in page for x in option.names)


def test_every_command_has_an_answer() -> None:
    """The table of what commands print has every command and no other."""
    assert set(ANSWERS) == {x.name for x in verbs()}


def test_the_manual_has_no_fault() -> None:
    """Groff finds nothing to warn of."""
    if shutil.which("groff") is None:
        pytest.skip("there is no groff")
    done = subprocess.run(
        ["groff", "-man", "-ww", "-z", "-Tutf8", "-K", "utf8", str(DOCS / "git-lanes.1")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_groups_are_the_groups() -> None:
    """The commands that hold others are those whose plural is understood."""
    with click.Context(main) as context:
        found = [x for x in COMMANDS if isinstance(main.get_command(context, x), click.Group)]
    assert found == list(GROUPS)


def test_plurals(cli: Cli) -> None:
    """The plural of a group is the group; help does not show it."""
    assert cli("workspaces", "list") == cli("workspace", "list")
    assert cli("snapshots", "list") == cli("snapshot", "list")
    assert "workspaces " not in cli("-h").out.replace("list, create", "")
    assert cli("lists").err == "error: no such command 'lists'\nhint: did you mean 'list'?\n"


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("promtoe",), "error: no such command 'promtoe'\nhint: did you mean 'promote'?\n"),
        (("workspace", "lits"), "error: no such command 'lits'\nhint: did you mean 'list'?\n"),
        (("frobnicate",), "error: no such command 'frobnicate'\nhint: see 'git lanes -h'\n"),
        (("help", "lsit"), "error: no such command 'lsit'\nhint: did you mean 'list'?\n"),
        (
            ("help", "cat", "x"),
            "error: 'git lanes cat' has no commands\nhint: see 'git lanes cat -h'\n",
        ),
        (("list", "--jsno"), "error: no such option '--jsno'\nhint: did you mean '--json'?\n"),
    ],
)
def test_what_there_is_not(cli: Cli, args: tuple[str, ...], error: str) -> None:
    """An unknown command or option is a usage error that names the nearest one."""
    assert cli(*args) == Ran(129, "", error)


@pytest.mark.parametrize("name", [["promote"], ["workspace"], ["workspace", "create"]])
def test_help_is_help(cli: Cli, name: list[str]) -> None:
    """`help COMMAND` prints what `COMMAND -h` prints, `help` what `-h` does."""
    assert cli("help", *name) == cli(*name, "-h")
    assert cli("help") == cli("-h")
