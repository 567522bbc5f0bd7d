"""Ctrl-C at random moments of real processes: one line, exit 130, nothing lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

ROUNDS = 4
# Ctrl-C is ignored until the program says what to do on it: the moments before that are Python's.
_WRAPPER = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh", sys.executable, "-m", "gitlanes")


def interrupted(repo: TestRepo, delay: float, *args: str) -> Ran:
    """Run a command in its own terminal group, and press Ctrl-C there after `delay` seconds.

    It is told twice, by the terminal and by git, which passes the signal on to what it runs.
    """
    process = subprocess.Popen(
        [*_WRAPPER, *args],
        cwd=repo.path,
        env=repo.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(delay)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(delay % 0.002)
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out, err)


def moments(seed: int) -> list[float]:
    """Return delays that fall anywhere in a command's run."""
    chance = random.Random(seed)
    return [chance.uniform(0.04, 0.45) for _ in range(ROUNDS)]


def assert_clear(done: Ran) -> None:
    """Assert that a command ended well, or said in one line that it was interrupted."""
    assert done.code in (0, 130), done
    assert "Traceback" not in done.err
    if done.code:
        assert done.err.lstrip("\n") == "error: interrupted\n"  # click ends the line with the ^C


# What `status` may say once a promotion landed: the root is brought along in a step of its own.
_FOLLOWING = """\
warning: branch 'main' is behind lane 'main'
hint: the next command that works on the lane brings it along
warning: a step on this workspace was interrupted or is under way: follow
hint: the next command that works on it mends it
""".splitlines()


def assert_sound(repo: TestRepo, cli: Cli, *, told: Sequence[str] = ()) -> None:
    """Assert that nothing is half done as far as anybody can see, but for what may be told."""
    done = cli("status")
    assert (done.code, set(done.err.splitlines()) - {*told}) == (0, set())
    assert [x for x in repo.refs() if not x.startswith(("refs/lanes/", "refs/notes/"))] == [
        "refs/heads/main"
    ]
    repo.fsck()


def test_during_commit(repo: TestRepo, cli: Cli) -> None:
    """An interrupted commit happened or did not; the edit is in the lane or still in the files."""
    place = repo.lane("auth")
    for number, delay in enumerate(moments(1)):
        repo.write({"auth.py": f"{number}\n"}, place)
        before = repo.rev("refs/lanes/head/auth")
        done = interrupted(repo, delay, "commit", "auth", "-m", f"edit {number}")
        assert_clear(done)
        assert_sound(repo, cli)
        assert (place / "auth.py").read_text() == f"{number}\n"
        head = repo.rev("refs/lanes/head/auth")
        assert done.code == 130 or head != before
        again = cli("commit", "auth", "-m", f"edit {number}")
        assert again.code == (0 if head == before else 1), again
        assert repo.git("show", "refs/lanes/head/auth:auth.py") == str(number)
        assert repo.git("status", "--porcelain", cwd=place) == ""
    told = cli("history", "auth", "--status", "accepted", "--json").json["attempts"]
    titles = [x["attempt"]["title"] for x in told]
    assert titles == [f"edit {number}" for number in reversed(range(ROUNDS))]


def test_during_promote(repo: TestRepo, cli: Cli) -> None:
    """An interrupted promotion landed or did not; the next command in the root sees to the rest."""
    repo.lane("auth")
    for number, delay in enumerate(moments(2)):
        repo.commit("auth", {f"{number}.txt": "x\n"})
        before = repo.rev("refs/lanes/head/main")
        assert_clear(interrupted(repo, delay, "promote", "auth"))
        assert_sound(repo, cli, told=_FOLLOWING)
        landed = repo.rev("refs/lanes/head/main") != before
        again = cli("promote", "auth")
        assert again.code == (1 if landed else 0), again
        repo.write({"root.txt": f"{number}\n"})
        assert cli("commit", "-m", f"in the root {number}").code == 0
        assert_sound(repo, cli)
        assert repo.git("status", "--porcelain") == ""
        assert repo.rev("main") == repo.rev("refs/lanes/head/main")
        assert f"{number}.txt" in repo.files("main")


def test_during_new(repo: TestRepo, cli: Cli) -> None:
    """An interrupted `new` made the lane or did not; asked for again, it is whole."""
    for number, delay in enumerate(moments(3)):
        name = f"lane{number}"
        assert_clear(interrupted(repo, delay, "new", name))
        assert_sound(repo, cli)
        again = cli("new", name, "--exist-ok", "--json")
        assert again.code == 0, again.err
        place = repo.workspace(name)
        assert again.json["path"] == str(place)
        assert repo.git("status", "--porcelain", cwd=place) == ""
        assert (place / "src/app.py").read_text() == "app\n"
    listed = repo.git("worktree", "list", "--porcelain").count("worktree ")
    assert listed == ROUNDS + 1


@pytest.mark.parametrize("verb", ["delete", "propose"])
def test_during_other_verbs(repo: TestRepo, cli: Cli, verb: str) -> None:
    """Whatever is interrupted, unsaved work is in the files or in a snapshot, and verbs go on."""
    for number, delay in enumerate(moments(4)):
        name = f"lane{number}"
        place = repo.lane(name)
        repo.write({"unsaved.txt": "u\n"}, place)
        options = ("--yes", "--force") if verb == "delete" else ("-m", "x")
        assert_clear(interrupted(repo, delay, verb, name, *options))
        assert_sound(repo, cli)
        if place.exists():
            assert (place / "unsaved.txt").read_text() == "u\n"
            assert cli(verb, name, *options).code in (0, 1)
        if verb == "delete":
            assert cli("show", f"{name}/s1").code == 0
            assert name not in cli("list").out


# What a round does to a lane whose workspace has an edit that was not proposed.
MOVERS = {
    "update": ("workspace", "update", "{0}"),
    "switch": ("workspace", "switch", "spare", "--workspace", "{0}", "--force"),
    "restore": ("restore", "{0}/1", "{0}", "--force"),
    "archive": ("archive", "{0}", "--force"),
    "rename": ("rename", "{0}", "new-{0}"),
    "doctor": ("doctor", "--fix", "--yes"),
}


@pytest.mark.parametrize("verb", MOVERS)
def test_during_what_moves_directories(repo: TestRepo, cli: Cli, verb: str) -> None:
    """Interrupted anywhere, an edit is in its file or in a snapshot, and the next command works."""
    for number, delay in enumerate(moments(5)[: ROUNDS // 2]):
        name = f"l{number}"
        place = repo.lane(name, {"auth.py": "1\n"})
        repo.write({"unsaved.txt": "u\n"}, place)
        if verb == "switch":
            repo.lanes.new("spare", exist_ok=True, workspace=False)
        args = [x.format(name) for x in MOVERS[verb]]
        assert_clear(interrupted(repo, delay, *args))
        assert_sound(repo, cli)
        if not (place / "unsaved.txt").exists():
            assert cli("show", f"{name}/s1").code == 0
        again = cli(*args)
        assert again.code in (0, 1, 128), again
        assert cli("doctor").code == 0
        if verb == "switch":
            cli("delete", "spare", "--yes", "--force")


_FREEING = """\
import signal, time
from gitlanes.cli import main
class Freed:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
def command(*_, **__):
    Freed()
    time.sleep(60)
main.main.main = command
main.run([])
"""


def test_while_something_is_freed(environ: dict[str, str]) -> None:
    """Python drops what is raised there; the Ctrl-C is answered all the same, in its one line."""
    done = subprocess.run(
        [sys.executable, "-c", _FREEING], env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.lstrip("\n")) == (130, "error: interrupted\n")
