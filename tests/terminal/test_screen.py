"""The command line on a real terminal: colours, pager, manual, questions, Ctrl-C."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.repos import TestRepo
from tests.terminal.screen import Screen

Screens = Callable[..., Screen]

RED, GREEN, YELLOW = "\x1b[31m", "\x1b[32m", "\x1b[33m"


@pytest.fixture
def worked(installed: TestRepo) -> TestRepo:
    """A lane with an accepted and an open attempt, and one that collides with main."""
    installed.lane("auth", {"auth.py": "1\n"})
    installed.propose("auth", {"auth.py": "2\n"}, message="second")
    return installed


def test_status_words_are_coloured(worked: TestRepo, screens: Screens) -> None:
    """Accepted is green and proposed yellow, in listings and in what a command says."""
    del worked
    screen = screens()
    screen.run("git lanes history")
    shown = screen.coloured()
    assert f"{GREEN}accepted" in shown
    assert f"{YELLOW}proposed" in shown
    screen.run("git lanes accept auth/2")
    assert f"{GREEN}accepted\x1b[39m auth/2" in screen.coloured()


def test_colliding_paths_are_coloured(worked: TestRepo, screens: Screens) -> None:
    """The path of a collision is red, on stderr, too."""
    worked.save({"auth.py": "by people\n"})
    screen = screens()
    assert "END=1" in screen.run("git lanes promote auth")
    assert f"collision: {RED}'auth.py'\x1b[39m: source" in screen.coloured()


def test_a_patch_is_coloured(worked: TestRepo, screens: Screens) -> None:
    """What was added is green, what was deleted red."""
    del worked
    screen = screens()
    screen.run("git lanes diff --content auth/1 auth/2")
    assert f"{RED}-1" in screen.coloured()
    assert f"{GREEN}+2" in screen.coloured()


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        (("NO_COLOR=1",), ""),
        (("TERM=dumb",), ""),
        ((), "-c color.lanes=never"),
        ((), "-c color.ui=false"),
    ],
    ids=["NO_COLOR", "dumb", "color.lanes", "color.ui"],
)
def test_no_colours(
    worked: TestRepo, screens: Screens, settings: tuple[str, ...], options: str
) -> None:
    """NO_COLOR, a dumb terminal, color.lanes and color.ui turn colours off, tables' too."""
    worked.save({"auth.py": "by people\n"})
    screen = screens(*settings)
    screen.run(f"git {options} lanes history; git {options} lanes promote auth")
    assert "accepted" in screen.text()
    assert "collision: 'auth.py'" in screen.text()
    assert "\x1b" not in screen.coloured()


def test_the_option_wins(worked: TestRepo, screens: Screens) -> None:
    """--color overrides NO_COLOR and color.lanes, before the command and after it."""
    del worked
    screen = screens("NO_COLOR=1")
    screen.run("git lanes --color=always show auth/1")
    assert f"{GREEN}accepted" in screen.coloured()
    screen.run("git lanes show --color=always auth/1")
    assert f"{GREEN}accepted" in screen.coloured()
    screen = screens()
    screen.run("git -c color.lanes=always lanes show --color=never auth/1")
    assert "\x1b" not in screen.coloured()


def test_in_a_pipe(worked: TestRepo, screens: Screens) -> None:
    """Into a pipe goes plain text, whatever the terminal can do, unless asked otherwise."""
    del worked
    screen = screens()
    assert "accepted" in screen.run("git lanes history | cat -v")
    assert "^[" not in screen.text()
    screen.run("git -c color.lanes=always lanes show auth/1 | cat -v")
    assert "^[[32maccepted" in screen.text()


@pytest.fixture
def long(installed: TestRepo) -> TestRepo:
    """A repository with more lanes than the screen has lines."""
    for number in range(40):
        installed.lanes.new(f"lane{number:02}", workspace=False)
    return installed


@pytest.fixture
def less() -> str:
    """The pager that git uses unless told."""
    if subprocess.run(["sh", "-c", "command -v less"], capture_output=True, check=False).returncode:
        pytest.skip("there is no less")
    return "less"


def test_long_output_is_paged(long: TestRepo, screens: Screens, less: str) -> None:
    """A list longer than the screen stops in less; leaving it early ends with 0, in one line."""
    del long
    screen = screens(f"GIT_PAGER={less}")
    screen.begin("git lanes list")
    shown = screen.wait(":", without="lane39")
    assert "lane00" in shown
    screen.keys("q")
    assert "Traceback" not in screen.wait("END=0")
    assert "error" not in screen.text()


def test_leaving_the_pager_early(installed: TestRepo, screens: Screens, less: str) -> None:
    """More than a pipe holds, left unread, is no error."""
    installed.lane("auth", {"long.txt": "line\n" * 100_000})
    screen = screens(f"GIT_PAGER={less}")
    screen.begin("git lanes diff --content main auth")
    screen.wait("+line")
    screen.keys("q")
    shown = screen.wait("END=")
    assert "END=0" in shown
    assert "Traceback" not in shown
    assert "error" not in shown


def test_ctrl_c_in_the_pager(long: TestRepo, screens: Screens, less: str) -> None:
    """Ctrl-C there is the pager's own business: it stays, and q leaves with 0."""
    del long
    screen = screens(f"GIT_PAGER={less}")
    screen.begin("git-lanes list")
    screen.wait(":", without="lane39")
    screen.keys("C-c")
    screen.wait("lane39", pressing="Space")
    screen.keys("q")
    shown = screen.wait("END=")
    assert "END=0" in shown
    assert "Traceback" not in shown
    assert "interrupted" not in shown


def test_short_output_is_not_held(worked: TestRepo, screens: Screens, less: str) -> None:
    """What fits the screen is printed and the pager gone, as with git's own LESS=FRX."""
    del worked
    assert "auth" in screens(f"GIT_PAGER={less}").run("git lanes list")


def test_which_pager(worked: TestRepo, screens: Screens, tmp_path: Path) -> None:
    """core.pager, GIT_PAGER and pager.lanes name it; --no-pager and pager.lanes=false do not."""
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\nsed s/^/$1:/\n")
    pager.chmod(0o755)
    screen = screens()
    worked.git("config", "core.pager", f"'{pager}' core")
    assert "core: auth" in screen.run("git lanes list")
    assert "env: auth" in screen.run(f"GIT_PAGER=\"'{pager}' env\" git lanes list")
    assert ": auth" not in screen.run("git --no-pager lanes list")
    assert ": auth" not in screen.run("git lanes --no-pager list")
    assert ": auth" not in screen.run("git lanes list --no-pager")
    assert ": auth" not in screen.run("git -c pager.lanes=false lanes list")
    assert ": auth" not in screen.run("GIT_PAGER=cat git-lanes list")
    assert ":{" not in screen.run("git lanes list --json")
    worked.git("config", "pager.lanes", f"'{pager}' own")
    assert "own: auth" in screen.run("git-lanes list")


def test_a_pager_that_is_not_there(worked: TestRepo, screens: Screens) -> None:
    """Without the program the output comes as it is."""
    del worked
    assert "auth" in screens("GIT_PAGER=nosuchpager -R").run("git lanes list")


def test_a_control_character_in_the_pager(worked: TestRepo, screens: Screens) -> None:
    """What a file holds reaches the pager escaped, as it reaches the terminal."""
    worked.propose("auth", {"auth.py": "a\x1b[31mb\x07\n"}, message="odd")
    shown = screens("GIT_PAGER=cat -v").run("git lanes diff --content auth/2 auth/3")
    assert r"a\x1b[31mb\x07" in shown


def test_help_is_the_manual(screens: Screens) -> None:
    """`git lanes --help` opens the manual page that was installed."""
    if subprocess.run(["sh", "-c", "command -v man"], capture_output=True, check=False).returncode:
        pytest.skip("there is no man")
    screen = screens("MANPAGER=head -n 8")
    shown = screen.run("git lanes --help")
    assert "GIT-LANES(1)" in shown
    assert "coordinate parallel agents" in shown


def test_deleting_asks(worked: TestRepo, screens: Screens) -> None:
    """`delete` asks: n keeps everything, says so and ends with 1, y deletes."""
    worked.lanes.reject("auth/2")
    (worked.workspace("auth") / "auth.py").write_text("1\n")
    screen = screens()
    screen.begin("git lanes delete auth")
    screen.wait("delete lane auth and its workspace? [y/N]:")
    screen.keys("n", "Enter")
    shown = screen.wait("END=")
    assert "error: nothing was deleted" in shown
    assert "END=1\n" in f"{shown}\n"
    assert worked.workspace("auth").exists()
    screen.begin("git lanes delete auth")
    screen.wait("[y/N]:", without="END=")
    screen.keys("y", "Enter")
    shown = screen.wait("END=")
    assert "END=0" in shown
    assert "deleted lane auth" in shown
    assert [x.name for x in worked.lanes.lanes().lanes] == ["main"]


def test_ctrl_c_at_the_question(worked: TestRepo, screens: Screens) -> None:
    """Ctrl-C at the question is one line and 130, and nothing is deleted."""
    screen = screens()
    screen.type("git lanes delete auth --force")
    screen.keys("Enter")
    screen.wait("[y/N]:")
    interrupt(screen)
    assert worked.workspace("auth").exists()


_HOLDER = """\
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


# Tells when a command reads its settings: the next thing that it does is to ask for the lock.
_GIT = """\
#!/bin/sh
case "$*" in *"config --list"*) : >'{asked}' ;; esac
exec '{git}' "$@"
"""


def test_ctrl_c_while_waiting(installed: TestRepo, screens: Screens, tmp_path: Path) -> None:
    """Ctrl-C while another process holds the lock is one line and 130."""
    asked, git = tmp_path / "asked", tmp_path / "bin/git"
    git.write_text(_GIT.format(asked=asked, git=shutil.which("git")))
    git.chmod(0o755)
    lock, pipe = str(installed.path / ".git/lanes/lock"), subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, lock], stdin=pipe, stdout=pipe, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        screen = screens()
        screen.type("git-lanes new auth")
        screen.keys("Enter")
        while not asked.exists():
            assert "error" not in screen.text()
        interrupt(screen)
        holder.communicate()
    assert [x.name for x in installed.lanes.lanes().lanes] == ["main"]


def interrupt(screen: Screen) -> None:
    """Press Ctrl-C and see that the command ends with one line, and with 130."""
    screen.keys("C-c")
    screen.wait("error: interrupted\n")
    screen.type("echo EN''D=$?")
    screen.keys("Enter")
    shown = screen.wait("END=")
    assert "END=130" in shown
    assert shown.count("error: interrupted") == 1
    assert "Traceback" not in shown


def test_editing_settings(installed: TestRepo, screens: Screens, tmp_path: Path) -> None:
    """`config --edit` opens git's editor on the team's file and says what is wrong in it."""
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf '[lanes]\\nlockTimeout = %s\\n' $VALUE >\"$1\"\n")
    editor.chmod(0o755)
    installed.git("config", "core.editor", f"'{editor}'")
    screen = screens()
    shown = screen.run("VALUE=true git lanes config --edit")
    assert ".gitlanes.toml:2: lanes.lockTimeout: not a duration" in shown
    assert "END=1" in shown
    shown = screen.run("VALUE=7 git lanes config --edit")
    assert "all settings are fine" in shown
    assert "END=0" in shown
    assert "7" in screen.run("git lanes config lanes.lockTimeout").splitlines()
    shown = screen.run("GIT_EDITOR=false git lanes config --edit")
    assert "There was a problem with the editor 'false'" in shown


_LONG_WORK = """\
import os, sys
from gitlanes.cli.terminal import begin
from gitlanes.cli.progress import Bar
from gitlanes import clock
begin()
bar = Bar()
for done in range(4):
    bar("checking lanes", done, 4)
    while done == 2 and not os.path.exists(sys.argv[1]):
        clock.sleep(0.05)
    clock.sleep(0.6)
bar("checking lanes", 4, 4)
"""


def test_a_bar_for_long_work(screens: Screens, tmp_path: Path) -> None:
    """Work of more than a second shows a bar, and takes it away at its end."""
    script = tmp_path / "long_work.py"
    script.write_text(_LONG_WORK)
    screen = screens()
    screen.begin(f"{sys.executable} {script} {tmp_path}/go")
    assert "checking lanes" in screen.wait("2/4")
    (tmp_path / "go").touch()
    assert "2/4" not in screen.wait("END=0")


def test_a_workspace_of_many_files(installed: TestRepo, screens: Screens, tmp_path: Path) -> None:
    """While git writes a workspace's files, the bar shows how many are there."""
    go = tmp_path / "go"
    waiting = tmp_path / "waiting"
    waiting.write_text(f"#!/bin/sh\nwhile ! test -e '{go}'; do sleep 0.1; done\ncat\n")
    waiting.chmod(0o755)
    files = {f"file{number:03}": f"{number}\n" for number in range(200)}
    attributes = "file020 filter=slow\nfile150 filter=waiting\n"
    installed.save({**files, ".gitattributes": attributes})
    installed.git("config", "filter.slow.smudge", "sleep 1.2; cat")
    installed.git("config", "filter.waiting.smudge", f"'{waiting}'")
    screen = screens()
    screen.begin("git lanes new auth")
    assert "writing files" in screen.wait("/203")
    go.touch()
    shown = screen.wait("END=0")
    assert "/203" not in shown


def test_a_pager_for_one_command(long: TestRepo, screens: Screens) -> None:
    """`pager.lanes.<command>` decides for that command alone."""
    long.git("config", "pager.lanes.list", "sed s/lane/LIST/")
    screen = screens()
    screen.begin("git lanes list | tail -1; git lanes list -q")
    assert "LIST39" in screen.wait("END=0")
    screen.begin("GIT_PAGER='sed s/lane/SHOW/' git lanes show lane39")
    assert "SHOW lane39" in screen.wait("END=0")
