"""Commands in real processes that kill themselves at a chosen step.

The product knows nothing of it: a server with gitlanes imported forks a child for each command,
and the child wraps the plumbing that changes anything on disk: git commands, renames, unlinks,
files written, objects stored. `python -m tests.support.crashing` is that server.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import json
import os
import pkgutil
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.cli import Ran

# Commands that change nothing: to be killed around them is to be killed at the next step.
_READING = frozenset(
    {
        *("cat-file", "check-ref-format", "config", "diff-tree", "for-each-ref", "log"),
        *("ls-files", "merge-base", "rev-list", "rev-parse", "status", "symbolic-ref", "var"),
    }
)

# In which run of steps of one kind, and the how many-th there. How many trees a command writes
# hangs on ids, so that by its number alone the same step would be another one the next time.
Place = tuple[int, int]
# A step by its number, by its name, or by its place: that one, or the first behind it.
Before = int | str | Place


def places(steps: Sequence[str]) -> list[Place]:
    """Return the place of each step."""
    found: list[Place] = []
    for before, step in zip(["", *steps], steps, strict=False):
        found.append(_place_after(found[-1] if found else (-1, 0), before, step))
    return found


def _place_after(place: Place, before: str, step: str) -> Place:
    """Objects written one after another are a run, and files unlinked one after another."""
    run, number = place
    return (run, number + 1) if _kind(before) == _kind(step) else (run + 1, 0)


def _kind(step: str) -> str:
    return step.partition(" ")[0] if step.startswith(("write ", "unlink ")) else step


@dataclass(frozen=True)
class Passed(Ran):
    """How a command ended, the steps that it passed, and whether it was killed."""

    steps: tuple[str, ...] = ()

    @property
    def killed(self) -> bool:
        """Say whether SIGKILL ended it."""
        return self.code == -signal.SIGKILL


class Running:
    """A command under way in a process of its own."""

    def __init__(self, crashes: Crashes, pid: int):
        self.pid = pid
        self._crashes = crashes

    def kill(self, *, family: bool) -> None:
        """Send SIGKILL to the process; with `family`, to all that it started, too."""
        import psutil

        try:
            process = psutil.Process(self.pid)
            process.suspend()
            children = process.children(recursive=True) if family else []
            for one in [process, *children]:
                one.kill()
        except psutil.NoSuchProcess:
            return

    def wait(self) -> Passed:
        """Wait for its end."""
        return self._crashes.ended()


class Crashes:
    """Runs commands one after another, each in a process that can be told to kill itself."""

    def __init__(self, scratch: Path):
        self._scratch = scratch
        scratch.mkdir(parents=True, exist_ok=True)
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.crashing"],
            cwd=Path(__file__).parent.parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Crashes:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()

    def start(
        self, where: Path, environ: Mapping[str, str], *args: str, before: Before | None = None
    ) -> Running:
        """Start `git lanes ARGS`; it kills itself before that step."""
        request = {
            "args": args,
            "where": str(where),
            "environ": dict(environ),
            "before": before,
            "scratch": str(self._scratch),
        }
        for name in ("out", "err", "steps"):
            (self._scratch / name).write_text("")
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return Running(self, self._answer()["pid"])

    def run(
        self, where: Path, environ: Mapping[str, str], *args: str, before: Before | None = None
    ) -> Passed:
        """Run `git lanes ARGS` to its end, by itself or by its own hand before a step."""
        return self.start(where, environ, *args, before=before).wait()

    def ended(self) -> Passed:
        """Wait for the command under way."""
        code = self._answer()["code"]
        out, err, steps = ((self._scratch / x).read_text() for x in ("out", "err", "steps"))
        return Passed(code, out, err, tuple(steps.splitlines()))

    def _answer(self) -> Any:
        assert self._server.stdout is not None
        return json.loads(self._server.stdout.readline())


class _Steps:
    """Counts what the command passes, notes its name, and kills the process when told."""

    def __init__(self, log: int, before: Before | None):
        self._log = log
        self._before = before
        self._count = 0
        self._place, self._last = (-1, 0), ""

    def passing(self, name: str) -> None:
        """Die here if this is the step; else note it."""
        self._place, self._last = _place_after(self._place, self._last, name), name
        if self._before in (self._count, name) or (
            isinstance(self._before, tuple) and self._before <= self._place
        ):
            os.kill(os.getpid(), signal.SIGKILL)
        self._count += 1
        os.write(self._log, name.replace("\n", " ").encode() + b"\n")

    def wrap(self, owner: Any, name: str, label: Callable[..., str | None], *callers: str) -> None:
        """Make a step of each call that comes from these modules and has a label."""
        function = getattr(owner, name)

        def wrapped(*args: Any, **given: Any) -> Any:
            caller = sys._getframe(1).f_globals.get("__name__", "")
            if caller.partition(".")[0] in callers:
                shown = label(*args, **given)
                if shown is not None:
                    self.passing(shown)
            return function(*args, **given)

        setattr(owner, name, wrapped)

    def everywhere(self) -> None:
        """Wrap all plumbing that changes anything on disk."""
        from gitlanes.git.objects import ObjectStore
        from gitlanes.git.process import Git
        from gitlanes.git.refs import Mover

        self.wrap(Git, "run", _git_command, "gitlanes")
        self.wrap(Mover, "feed", lambda _, script: "git update-ref" if script else None, "gitlanes")
        self.wrap(ObjectStore, "write", lambda _, kind, *__: f"write {kind}", "gitlanes")
        for name in ("replace", "write_text", "write_bytes", "unlink", "mkdir", "rmdir", "rename"):
            self.wrap(Path, name, _about(name), "gitlanes")
        for name in ("unlink", "rmdir", "replace", "rename", "mkdir"):
            self.wrap(os, name, _about(name), "gitlanes", "shutil")
        for name in ("copy2", "rmtree", "move"):
            self.wrap(shutil, name, _about(name), "gitlanes")
        self.wrap(os, "open", _exclusive, "gitlanes")
        self.wrap(builtins, "open", _writing, "gitlanes")


def _about(name: str) -> Callable[..., str]:
    return lambda path, *_, **__: f"{name} {Path(os.fsdecode(path)).name}"


def _exclusive(path: Any, flags: int = 0, *_: Any, **__: Any) -> str | None:
    return f"create {Path(os.fsdecode(path)).name}" if flags & os.O_EXCL else None


def _writing(path: Any, mode: str = "r", *_: Any, **__: Any) -> str | None:
    return f"open {Path(path).name}" if set(mode) & set("wax+") else None


def _git_command(_: Any, *args: str, **__: Any) -> str | None:
    words = iter(args)
    for word in words:
        if word == "-c":
            next(words)
        elif not word.startswith("-"):
            rest = next(words, "") if word == "worktree" else ""
            return None if word in _READING else f"git {word} {rest}".strip()
    return None


def _serve() -> None:
    import gitlanes

    for module in pkgutil.walk_packages(gitlanes.__path__, "gitlanes."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    # Or each child's first search for rubbish would copy all of their pages.
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _command(request)
        print(json.dumps({"pid": pid}), flush=True)  # noqa: T201 - the server's own protocol
        status = os.waitpid(pid, 0)[1]
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)  # noqa: T201


def _command(request: Any) -> None:
    """Be the command: never returns."""
    from gitlanes.cli.main import call

    code = 70
    try:
        os.setsid()
        os.environ.clear()
        os.environ.update(request["environ"])
        os.chdir(request["where"])
        scratch = Path(request["scratch"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(scratch / name, os.O_WRONLY | os.O_APPEND), number)
        log = os.open(scratch / "steps", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        before = request["before"]
        _Steps(log, tuple(before) if isinstance(before, list) else before).everywhere()
        code = call(request["args"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - whatever happened, the child must not go on as server
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
