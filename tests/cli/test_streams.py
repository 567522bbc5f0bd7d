"""Commands whose standard input, output or error is closed or cannot be read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

COMMANDS = [
    ("list",),
    ("status",),
    ("history",),
    ("show", "auth/1"),
    ("diff", "main", "auth"),
    ("check", "auth"),
    ("path", "auth"),
    ("snapshot", "auth"),
    ("propose", "auth", "-m", "x"),
    ("commit", "auth", "-m", "x"),
    ("promote", "auth"),
    ("new", "other"),
    ("export", "auth"),
    ("delete", "auth", "--yes", "--force"),
]


def redirected(repo: TestRepo, where: Path, how: str, *args: str) -> Ran:
    """Run a command in a process of its own whose streams a shell redirects first."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {how}', "sh", sys.executable, "-m", "gitlanes", *args],
        cwd=where,
        env=repo.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth, with accepted work and an edit."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    repo.write({"auth.py": "2\n"}, place)
    return place


@pytest.mark.slow
@pytest.mark.parametrize("args", COMMANDS, ids=lambda x: x[0])
@pytest.mark.usefixtures("place")
def test_with_stdin_closed(repo: TestRepo, args: tuple[str, ...]) -> None:
    """A command that asks for nothing works without a stdin."""
    done = redirected(repo, repo.path, "<&-", *args)
    assert (done.code, "Traceback" in done.err) == (0, False), done.err
    repo.fsck()


@pytest.mark.parametrize("args", COMMANDS, ids=lambda x: x[0])
@pytest.mark.usefixtures("place")
def test_with_all_streams_closed(repo: TestRepo, args: tuple[str, ...]) -> None:
    """It works where nobody listens, too: no file of git's takes the place of a stream."""
    assert redirected(repo, repo.path, "<&- >&- 2>&-", *args) == Ran(0, "", "")
    repo.fsck()


@pytest.mark.parametrize("option", ["--prompt=-", "--prompt-file=-"])
@pytest.mark.parametrize("verb", ["commit", "propose"])
def test_a_prompt_from_a_closed_stdin(repo: TestRepo, place: Path, option: str, verb: str) -> None:
    """A prompt that is to come from a closed stdin is an empty one."""
    done = redirected(repo, place, "<&-", verb, option, "-m", "Title")
    assert (done.code, "Traceback" in done.err) == (0, False), done.err
    assert done.out.split()[1] == "auth/2"
    assert repo.lanes.show("auth/2").attempts[0].attempt.title == "Title"


def test_a_prompt_from_what_cannot_be_read(repo: TestRepo, place: Path) -> None:
    """A stdin open for writing alone is one line of the system's words, and nothing is recorded."""
    before = repo.refs()
    done = redirected(repo, place, "0>/dev/null", "commit", "--prompt", "-", "-m", "Title")
    assert (done.code, done.out) == (128, "")
    assert done.err.splitlines()[0] == "error: bad file descriptor"
    assert repo.refs() == before


def test_a_confirmation_from_a_closed_stdin(repo: TestRepo, place: Path) -> None:
    """Where nobody can be asked, deleting is refused with the option that it takes."""
    before = repo.refs()
    assert redirected(repo, repo.path, "<&-", "delete", "auth") == Ran(
        128,
        "",
        "error: this needs a confirmation, and there is no terminal\nhint: use --yes\n",
    )
    assert repo.refs() == before
    assert place.exists()


DONE_ANYWAY = [
    (("list", "--bad"), 129),
    (("show", "nope"), 128),
    (("propose", "auth", "-m", "x"), 0),
    (("status", "main"), 0),
    (("delete", "auth"), 128),
]


@pytest.mark.parametrize(("args", "code"), DONE_ANYWAY, ids=lambda x: str(x))
@pytest.mark.usefixtures("place")
def test_with_no_room_on_stderr(repo: TestRepo, args: tuple[str, ...], code: int) -> None:
    """A stderr that cannot be written changes neither what is done nor the exit code."""
    without = redirected(repo, repo.path, "<&- 2>/dev/full", *args)
    assert (without.code, without.err) == (code, "")


@pytest.mark.parametrize("args", COMMANDS, ids=lambda x: x[0])
@pytest.mark.usefixtures("place")
def test_with_no_room_on_stdout(repo: TestRepo, args: tuple[str, ...]) -> None:
    """A stdout that cannot be written is said, and that the command was done all the same."""
    done = redirected(repo, repo.path, "<&- >/dev/full", *args)
    assert done.code == 128
    assert done.err.endswith(
        "error: cannot write the result: no space left on device\n"
        "hint: the command itself was done; see 'git lanes status'\n"
    )
    if args[0] == "commit":
        assert repo.lanes.show("auth/2").attempts[0].attempt.status == "accepted"


@pytest.mark.parametrize("args", [("show", "nope", "--json"), ("list", "--bad", "--json")])
def test_an_error_with_no_room_on_stdout(repo: TestRepo, args: tuple[str, ...]) -> None:
    """A refusal whose JSON cannot be written keeps its line and its exit code."""
    done = redirected(repo, repo.path, "<&- >/dev/full", *args)
    assert (done.code, done.err.split()[0]) == (128 if args[0] == "show" else 129, "error:")


def test_an_error_without_a_stderr(repo: TestRepo) -> None:
    """A refusal with stderr closed keeps its exit code, and says nothing on stdout."""
    assert redirected(repo, repo.path, "<&- 2>&-", "promote", "nowhere") == Ran(128, "", "")


@pytest.mark.parametrize("lines", [100, 100_000])
def test_a_reader_that_leaves(repo: TestRepo, lines: int) -> None:
    """Output that nobody reads to its end is no failure, and says nothing."""
    repo.lane("auth", {"long.txt": "line\n" * lines})
    diff = f'"{sys.executable}" -m gitlanes diff --content main auth; echo "$?" >&3'
    done = subprocess.run(
        ["sh", "-c", f"({diff}) 3>&2 | sleep 0"],
        cwd=repo.path,
        env=repo.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "0\n"
