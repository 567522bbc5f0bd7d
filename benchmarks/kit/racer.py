"""One of many processes that each make a lane, commit in it and land it, all at once.

``python -m benchmarks.kit.racer WAY REPOSITORY NAME``: says 'ready' when its imports are done,
and begins when its input says so.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from benchmarks.kit.git_side import LANES
from gitlanes import Cost, Intent, Locked, Raced, Repo

T = TypeVar("T")

_BUSY = 75
# What the verbs load when first used.
_LAZY = ("gitlanes.git.notes", "gitlanes.git.objects", "gitlanes.git.trees")


def by_verbs(path: Path, name: str) -> None:
    """Through the Python verbs."""
    with Repo.open(path) as repo:
        made = repeated(lambda: repo.new(name, agent=name))
        work(Path(str(made.path)), name)
        why = Intent(prompt=f"work of {name}", agent=name)
        repeated(lambda: repo.commit(name, intent=why, cost=Cost(input_tokens=100)))
        repeated(lambda: repo.promote(name))


def by_commands(path: Path, name: str) -> None:
    """Through the command line."""
    command(path, "new", name, "--agent", name)
    work(path.with_name(f"{path.name}.lanes") / name, name)
    command(path, "commit", name, "--prompt", f"work of {name}", "--tokens-in", "100")
    command(path, "promote", name)


def by_git(path: Path, name: str) -> None:
    """With plain git: a work tree, a commit, a note, and a merge by compare-and-swap."""
    where = path.with_name("by-git") / name
    git_until_done(path, "worktree", "add", "--quiet", "--detach", str(where), "main")
    work(where, name)
    git_until_done(where, "add", "-A")
    git_until_done(where, "commit", "--quiet", "-m", name)
    source = git(where, "rev-parse", "HEAD")
    git_until_done(path, "notes", "append", "-m", f"work of {name}", source)
    while not landed(path, source):
        pass


def landed(path: Path, source: str) -> bool:
    """Try once to land a commit on main."""
    target = git(path, "rev-parse", "refs/heads/main")
    tree = git(path, "merge-tree", "--write-tree", target, source)
    commit = git(path, "commit-tree", "-p", target, "-p", source, "-m", "merge", tree)
    return git_code(path, "update-ref", "refs/heads/main", commit, target) == 0


def work(where: Path, name: str) -> None:
    """Write three files that nobody else writes."""
    for number in range(3):
        (where / f"{name}-{number}.txt").write_text(f"{name} {number}\n")


def repeated(verb: Callable[[], T]) -> T:
    """Do it again as long as others were first."""
    while True:
        try:
            return verb()
        except (Raced, Locked):
            continue


def command(path: Path, *args: str) -> None:
    """Run the installed command again as long as others were first."""
    code = _BUSY
    while code == _BUSY:
        done = subprocess.run([LANES, *args], cwd=path, capture_output=True, check=False)
        code = done.returncode
    assert code == 0, done.stderr


def git(where: Path, *args: str) -> str:
    """Run git and return what it printed."""
    done = subprocess.run(["git", *args], cwd=where, capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\n")


def git_code(where: Path, *args: str) -> int:
    """Run git and return its exit code."""
    return subprocess.run(["git", *args], cwd=where, capture_output=True, check=False).returncode


def git_until_done(where: Path, *args: str) -> None:
    """Run git again as long as others are in its way."""
    while git_code(where, *args):
        pass


WAYS = {"verbs": by_verbs, "commands": by_commands, "git": by_git}

if __name__ == "__main__":
    way, place, own_name = sys.argv[1:]
    for module in _LAZY:
        import_module(module)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if sys.stdin.readline():
        WAYS[way](Path(place), own_name)
