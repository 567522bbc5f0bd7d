"""The stage: a temporary repository, and commands run on it as a user would type them."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gitlanes.demo.agent import AUTH
from gitlanes.errors import GitFailed, Refused
from gitlanes.git.process import repository_environment

Say = Callable[[str], None]

# -P keeps the modules of the repository that one stands in out of these processes.
PYTHON = (sys.executable, "-P", "-m")

# A package that is certain to be installed, for its sources.
_PACKAGE = "click"


class Stage:
    """A repository to play on; `say` gets every line of the narration."""

    def __init__(self, top: Path, environ: Mapping[str, str], say: Say):
        self.top = top
        self.environ = dict(environ)
        self.say = say

    def lanes(self, *args: str, cwd: Path | None = None, expect: int = 0) -> str:
        """Type a `git lanes` command; raises Refused if it ends other than expected."""
        return self._type(["git", "lanes", *args], cwd or self.top, expect)

    def git(self, *args: str, cwd: Path | None = None) -> str:
        """Type a git command."""
        return self._type(["git", *args], cwd or self.top, 0)

    def agents(self, places: Mapping[str, Path]) -> None:
        """Let agents work at the same time, each in its own workspace, and wait for all.

        ``places`` is {task: workspace}.
        """
        command = [*PYTHON, "gitlanes.demo.agent"]
        running = [
            subprocess.Popen(
                [*command, task], cwd=place, env=self.environ, stdout=subprocess.PIPE, text=True
            )
            for task, place in places.items()
        ]
        for process in running:
            self._show(process.communicate()[0])
        if any(process.returncode for process in running):
            raise Refused("an agent of the demo failed", hint="run it again with --keep and look")

    def _type(self, words: Sequence[str], where: Path, expect: int) -> str:
        at = "" if where == self.top else f"({where.name}) "
        self.say(f"{at}$ {shlex.join(words)}")
        real = [*PYTHON, "gitlanes", *words[2:]] if words[1] == "lanes" else words
        done = subprocess.run(
            list(real),
            cwd=where,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        self._show(done.stdout)
        if done.returncode != expect:
            raise Refused(
                f"the demo's '{shlex.join(words)}' ended with {done.returncode}, not {expect}",
                hint="run it again with --keep and look",
            )
        return done.stdout

    def _show(self, said: str) -> None:
        for row in said.rstrip("\n").split("\n"):
            self.say("  " + row.expandtabs())


@contextmanager
def stage(here: Path, environ: Mapping[str, str], say: Say, *, keep: bool) -> Iterator[Stage]:
    """Set up a repository like the one around `here`, and take it down unless told to keep it.

    Outside any repository it is made of an installed Python package's sources.
    """
    ground = Path(tempfile.mkdtemp(prefix="git-lanes-demo-")).resolve()
    try:
        top = ground / "project"
        child = _environment(environ)
        if not _clone(here, top, child, say):
            _from_package(top, child, say)
        _prepare(top, child)
        yield Stage(top, child, say)
    finally:
        if keep:
            say(f"kept: {ground}")
        else:
            shutil.rmtree(ground)


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which commits work, even where git knows no name yet."""
    child = repository_environment(environ)
    # This very package, wherever it was started from.
    path = str(Path(__file__).parents[2])
    child["PYTHONPATH"] = os.pathsep.join(filter(None, [path, child.get("PYTHONPATH")]))
    child.update(GIT_PAGER="cat", NO_COLOR="1", GIT_LFS_SKIP_SMUDGE="1")
    return child


def _clone(here: Path, top: Path, environ: Mapping[str, str], say: Say) -> bool:
    """Clone the repository around `here`, if there is one with a commit."""
    found = _run(["git", "rev-parse", "--show-toplevel", "--verify", "HEAD"], here, environ)
    if found.returncode:
        return False
    source = found.stdout.splitlines()[0]
    say(f"On a temporary clone of {source}:")
    _must(["git", "clone", "--quiet", "--no-tags", "--", source, str(top)], here, environ)
    if _run(["git", "symbolic-ref", "--quiet", "HEAD"], top, environ).returncode:
        _must(["git", "switch", "--quiet", "--create", "demo"], top, environ)
    return True


def _from_package(top: Path, environ: Mapping[str, str], say: Say) -> None:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise Refused(f"package '{_PACKAGE}' is not installed", hint="run it in a git repository")
    say(f"On a temporary repository made of the sources of the Python package {_PACKAGE}:")
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(spec.origin).parent, top / _PACKAGE, ignore=skipped)
    _must(["git", "init", "--quiet", "--initial-branch=main"], top, environ)


def _prepare(top: Path, environ: dict[str, str]) -> None:
    """Give the repository a name to commit under, and the file that agents will fight for."""
    for key, value in (("name", "Demo Person"), ("email", "demo@example.com")):
        if _run(["git", "config", f"user.{key}"], top, environ).returncode:
            _must(["git", "config", f"user.{key}", value], top, environ)
    # A demo must neither wait for a passphrase nor run the user's own hooks.
    _must(["git", "config", "commit.gpgSign", "false"], top, environ)
    _must(["git", "config", "core.hooksPath", os.devnull], top, environ)
    (top / "auth.py").write_text(AUTH)
    _must(["git", "add", "--all", "--force"], top, environ)
    _must(["git", "commit", "--quiet", "--message=Add auth.py"], top, environ)


def _run(
    command: list[str], where: Path, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=where, env=dict(environ), capture_output=True, text=True, check=False
    )


def _must(command: list[str], where: Path, environ: Mapping[str, str]) -> None:
    done = _run(command, where, environ)
    if done.returncode:
        raise GitFailed(f"{shlex.join(command[:2])} failed: {done.stderr.strip()}")
