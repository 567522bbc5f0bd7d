"""completion: the scripts, asked as their shells ask them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

GITS_OWN = Path("/usr/share/bash-completion/completions/git")
_ASK = """\
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
COMP_LINE={line}
COMP_POINT=${{#COMP_LINE}}
{function}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def asked(repo: TestRepo, shell: str, script: str) -> list[str]:
    """Return what a shell prints for a script, sorted and without trailing blanks."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    place = repo.path.with_name("script")  # too long for an argument
    place.write_text(script)
    done = subprocess.run(
        [shell, str(place)],
        cwd=repo.path,
        env=repo.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return sorted(x.rstrip() for x in done.stdout.splitlines() if x.strip())


@pytest.fixture
def offered(repo: TestRepo, cli: Cli) -> Callable[..., list[str]]:
    """What bash offers for the last of some words: ``offered("git-lanes", "ne")``."""
    completion = cli("completion", "bash").out

    def ask(*words: str) -> list[str]:
        # As bash splits a line: '=' is a word of its own.
        split = [y for x in words for y in (x.replace("=", "\n=\n").split("\n"))]
        split = split if not words[-1].endswith("=") else [*split[:-1], ""]
        function = "__git_lanes_alone" if words[0] == "git-lanes" else "__git_wrap__git_main"
        before = f". {GITS_OWN}\n" if words[0] == "git" else ""
        question = _ASK.format(
            words=" ".join(map(shlex.quote, split)),
            line=shlex.quote(" ".join(words)),
            function=function,
        )
        return asked(repo, "bash", before + completion + question)

    return ask


@pytest.fixture(params=["git-lanes", "git lanes"])
def begun(request: pytest.FixtureRequest) -> list[str]:
    """Both ways to begin a line; the second is git's own completion's business."""
    if request.param == "git lanes" and not GITS_OWN.exists():
        pytest.skip("git's own completion is not installed")
    words: list[str] = request.param.split()
    return words


@pytest.fixture
def worked(repo: TestRepo) -> TestRepo:
    """Lanes with names to be offered: open and decided attempts, snapshots, a deleted lane."""
    repo.lane("auth", {"auth.py": "1\n"})
    repo.propose("auth", {"auth.py": "2\n"})
    repo.lanes.snapshot("auth")
    repo.lane("gone")
    repo.lanes.delete("gone")
    repo.git("branch", "side")
    repo.git("tag", "v1")
    repo.git("branch", "odd$(touch${IFS}evil)")
    return repo


CASES = [
    (["pro"], ["promote", "prompt", "propose"]),
    (["path", ""], ["auth", "main"]),
    (["path", "auth", ""], []),
    (["accept", ""], ["auth/2"]),
    (["reject", "au"], ["auth/2"]),
    (["show", "auth/"], ["auth/2", "auth/s1"]),
    (["new", "x", "--from", ""], ["auth", "auth/2", "auth/s1", "main", "side", "v1"]),
    (["new", "x", "--from=ma"], ["main"]),
    (["new", "x", "--from", "auth", "--no-w"], ["--no-workspace"]),
    (["promote", "auth", "--mo"], ["--mode=", "--model="]),
    (["promote", "--mode", ""], ["merge", "replay", "squash"]),
    (["promote", "--mode=re"], ["replay"]),
    (["--color", "never", "promote", "--into", "m"], ["main"]),
    (["--no-"], ["--no-pager"]),
    (["workspace", "rem"], ["remove"]),
    (["workspaces", "remove", ""], ["auth", "main"]),
    (["check", "auth", "m"], ["main"]),
    (["diff", "au"], ["auth", "auth/2", "auth/s1"]),
    (["diff", "v1", "si"], ["side"]),
    (["rename", "au"], ["auth"]),
    (["snapshot", ""], ["auth", "list", "main", "prune", "save", "show"]),
    (["snapshot", "auth", ""], []),
    (["config", "lanes.lock"], ["lanes.lockTimeout"]),
    (["completion", ""], ["bash", "fish", "zsh"]),
    (["help", "promp"], ["prompt"]),
    (["commit", "--", ""], []),
    (["nosuch", ""], []),
]


def test_bash(worked: TestRepo, offered: Callable[..., list[str]], begun: list[str]) -> None:
    """Bash offers commands, options, and names of the kind that the place takes."""
    for words, expected in CASES:
        assert offered(*begun, *words) == expected, words
    assert not (worked.path / "evil").exists()


@pytest.fixture
def elsewhere(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """Another repository, beside the present one, with a lane of its own."""
    other = make_repo(name="other")
    other.lane("apart")
    return other


@pytest.mark.usefixtures("worked")
def test_bash_elsewhere(elsewhere: TestRepo, offered: Callable[..., list[str]]) -> None:
    """`git -C` and git's own options before the command are git's own completion's business."""
    if not GITS_OWN.exists():
        pytest.skip("git's own completion is not installed")
    place = f"../{elsewhere.path.name}"
    assert offered("git", "-C", place, "--no-pager", "lanes", "path", "a") == ["apart"]


@pytest.mark.usefixtures("worked", "elsewhere")
@pytest.mark.parametrize("place", ["-C ../other", "--git-dir=../other/.git", "-C .. -C other"])
def test_fish_elsewhere(repo: TestRepo, cli: Cli, place: str) -> None:
    """Fish offers the names of the repository that git's own options lead to."""
    script = cli("completion", "fish").out
    line = f"git {place} --no-pager lanes path a"
    assert asked(repo, "fish", f"{script}\ncomplete -C {shlex.quote(line)}") == ["apart"]
    again = f"complete -C {shlex.quote(line)} >/dev/null; complete -C 'git-lanes path a'"
    assert asked(repo, "fish", f"{script}\n{again}") == ["auth"]


@pytest.mark.usefixtures("worked")
@pytest.mark.parametrize("begun", ["git-lanes", "git lanes"])
def test_fish(repo: TestRepo, cli: Cli, begun: str) -> None:
    """Fish offers the same, with descriptions, for `git-lanes` and for `git lanes`."""
    script = cli("completion", "fish").out
    for words, expected in CASES:
        if words in (["commit", "--", ""], ["path", "auth", ""], ["snapshot", "auth", ""]):
            continue  # fish knows neither '--' nor how many arguments there are
        line = " ".join((begun, *words))
        told = asked(repo, "fish", f"{script}\ncomplete -C {shlex.quote(line)}")
        names = sorted(
            {x.split("\t")[0].rpartition("--from=" if "--from=" in x else "\0")[2] for x in told}
        )
        names = [x.removeprefix("--mode=") for x in names]
        assert names == [x.rstrip("=") for x in expected], words
    assert not (repo.path / "evil").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one(repo: TestRepo, cli: Cli, shell: str, tmp_path: Path) -> None:
    """The shell itself finds no fault, nothing in it is left open, and it asks git alone."""
    script = cli("completion", shell).out
    (tmp_path / "script").write_text(script)
    assert asked(repo, shell, "true") == []
    done = subprocess.run([shell, "-n", str(tmp_path / "script")], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert re.findall("@[A-Z]+@", script) == []
    assert sys.executable not in script


def test_an_unknown_shell(cli: Cli) -> None:
    """Another shell's name is a usage error that says which there are."""
    assert cli("completion", "csh") == Ran(
        129,
        "",
        "error: invalid value for '{bash|zsh|fish}': 'csh' is not one of 'bash', 'zsh', 'fish'\n"
        "hint: see 'git lanes completion -h'\n",
    )
