"""The only spawner of git: argv lists, a cleaned environment, typed failures."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from gitlanes.errors import BadValue, GitFailed, line

# What `git rev-parse --local-env-vars` lists, less the settings that `git -c` passes down:
# those are the user's wish for this very command.
REPOSITORY_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_INTERNAL_SUPER_PREFIX",
)


# Compiled when something fails. What git says of a disk that is full, or that it may not write to.
_DISK = (
    "No space left|Out of diskspace|quota exceeded|Read-only file system|Permission denied"
    "|unable to write file|insufficient permission|couldn't write|could not create leading"
)
# What it says of a remote that a partial clone would have an object from.
_REMOTE = "does not appear to be a git repository|[Cc]ould not (read|fetch)"
# How git says how far it is: "Updating files:  42% (420/1000)".
_COUNTED = re.compile(rb"\((\d+)/(\d+)\)")
# Seconds between two looks whether a process has ended.
_LOOK = 0.2
# What git says of a work tree's own files.
_DAMAGE = (
    r"index file (smaller than expected|corrupt)|bad index file|bad signature 0x"
    r"|unknown index entry|not a git repository: '.*/worktrees/"
)
_MEND = "mend that, then repeat the command"
# Commands that go on by themselves, to be asked some day whether they ended.
_ALONE: list[subprocess.Popen[bytes]] = []


class Completed(NamedTuple):
    """How a git command ended: its exit code and what it printed."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Return the output as text, without the last newline."""
        return self.out.decode("utf-8", "surrogateescape").rstrip("\n")


def elsewhere(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without what names the repository that the caller stands in."""
    return {key: value for key, value in environ.items() if key not in REPOSITORY_VARIABLES}


def repository_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` for git commands whose repository is named by argument alone.

    Replacement objects are off, for libgit2 does not know them and both must see the same
    history; messages are in English, for some are read.
    """
    kept = elsewhere(environ)
    kept.update(
        GIT_NO_REPLACE_OBJECTS="1",
        GIT_TERMINAL_PROMPT="0",
        GIT_LITERAL_PATHSPECS="1",
        GIT_PROGRESS_DELAY="0",
        LC_ALL="C",
    )
    return kept


class Git:
    """Runs git in one repository, or in one of its work trees.

    ``git_dir`` is the repository's own directory for commands on refs and objects; for
    commands on files it is the work tree's git directory, and ``work_tree`` its top.
    ``before`` is called before a command starts, for all that is to be there for it.
    """

    def __init__(
        self,
        git_dir: str,
        environ: Mapping[str, str],
        work_tree: str | None = None,
        before: Callable[[], None] = lambda: None,
    ):
        self.git_dir = git_dir
        self.work_tree = work_tree
        self.environ = repository_environment(environ)
        self.before = before

    def at(self, git_dir: str, work_tree: str | None) -> Git:
        """Return a runner for another work tree of the same repository."""
        return Git(git_dir, self.environ, work_tree, self.before)

    def argv(self, args: Sequence[str]) -> list[str]:
        """Return the full argument list of a command."""
        place = ["--git-dir", self.git_dir]
        if self.work_tree is not None:
            place += ["--work-tree", self.work_tree]
        return ["git", *place, *args]

    def popen(
        self,
        *args: str,
        index: str | None = None,
        own_group: bool = False,
        pass_fds: Sequence[int] = (),
        discard_err: bool = False,
        waits: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start a command with pipes to it; the caller reads, writes and waits.

        One that only `waits` for what it is told begins at once. Raises BadValue for an argument
        that no command can be given.
        """
        if not waits:
            self.before()
        environ = self.environ if index is None else {**self.environ, "GIT_INDEX_FILE": index}
        try:
            return subprocess.Popen(
                self.argv(args),
                cwd=self.work_tree or self.git_dir,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL if discard_err else subprocess.PIPE,
                process_group=0 if own_group else None,
                pass_fds=pass_fds,
            )
        except FileNotFoundError as error:
            raise missing(error, self.work_tree or self.git_dir) from error
        except ValueError as error:
            require_arguments(args)
            raise error

    def start_alone(self, *args: str) -> None:
        """Start a command that goes on by itself, whatever becomes of this process."""
        self.before()
        _ALONE[:] = [x for x in _ALONE if x.poll() is None]
        with suppress(OSError):  # what nobody waits for, nobody misses
            nothing = subprocess.DEVNULL
            _ALONE.append(
                subprocess.Popen(
                    self.argv(args),
                    cwd=self.git_dir,
                    env=self.environ,
                    stdin=nothing,
                    stdout=nothing,
                    stderr=nothing,
                    start_new_session=True,
                )
            )

    def run(
        self,
        *args: str,
        input: bytes = b"",  # noqa: A002 - subprocess's own name for it
        index: str | None = None,
        check: bool = True,
        own_group: bool = False,
        pass_fds: Sequence[int] = (),
        progress: Callable[[int, int], None] | None = None,
    ) -> Completed:
        """Run a command to its end; raises GitFailed on a non-zero exit unless told not to.

        ``own_group`` shields it from the terminal's Ctrl-C. However this call is left, the
        command has ended: an exception that arrives while it runs is raised afterwards.
        ``progress`` is called with what git says of its own: done, and of how many.
        """
        process = self.popen(*args, index=index, own_group=own_group, pass_fds=pass_fds)
        out, err = watch(process, progress) if progress else finish(process, input)
        done = Completed(process.returncode, out, err)
        if check and done.code:
            raise failure(args, done)
        return done

    @contextmanager
    def beside(self, *args: str) -> Iterator[Callable[[], Completed]]:
        """Run a command that only reads beside the block; yield what waits for its end.

        That raises GitFailed on a non-zero exit. Left before, the command is ended.
        """
        process = self.popen(*args)

        def wait() -> Completed:
            out, err = finish(process, b"")
            done = Completed(process.returncode, out, err)
            if done.code:
                raise failure(args, done)
            return done

        try:
            yield wait
        finally:
            if process.returncode is None:
                process.kill()
                finish(process, b"")


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off Ctrl-C until the block ends: for steps that must not lose sight of a child."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def finish(process: subprocess.Popen[bytes], data: bytes) -> tuple[bytes, bytes]:
    """Feed a process and wait for its end, whatever interrupts the waiting."""
    try:
        return process.communicate(data)
    except BaseException:
        # The work that is under way completes: leaving now would free the lock under it.
        _wait(process)
        raise


def watch(
    process: subprocess.Popen[bytes], progress: Callable[[int, int], None]
) -> tuple[bytes, bytes]:
    """Wait for a process that takes no input, and tell how far it says to be."""
    assert process.stderr is not None
    said = b""
    try:
        while part := os.read(process.stderr.fileno(), 4096):
            said += part
            if counted := _COUNTED.findall(part):
                progress(*map(int, counted[-1]))
        return finish(process, b"")[0], said
    except BaseException:
        _wait(process)
        raise


def run_within(git: Git, args: Sequence[str], data: bytes, seconds: float) -> Completed | None:
    """Run a command that may wait for a person; None, and it is ended, where that takes longer.

    What it started ends with it.
    """
    process = git.popen(*args, own_group=True)
    try:
        out, err = process.communicate(data, timeout=seconds)
    except BaseException as error:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            return None
        raise
    return Completed(process.returncode, out, err)


def attend(
    process: subprocess.Popen[bytes], progress: Callable[[int, int], None]
) -> tuple[bytes, bytes]:
    """Wait for a process that talks to another machine, and tell how far it says to be.

    It is over when it has ended, whoever of its kin still holds its pipes: a connection that
    ssh shares does. Whatever interrupts the waiting ends it; git cleans up after itself.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.close()
    out, err = process.stdout.fileno(), process.stderr.fileno()
    said, left = {out: b"", err: b""}, [out, err]
    try:
        while left:
            ready = select.select(left, [], [], _LOOK)[0]
            if not ready and process.poll() is not None:
                break
            for pipe in ready:
                part = os.read(pipe, 1 << 16)
                said[pipe] += part
                if not part:
                    left.remove(pipe)
                elif pipe == err and (counted := _COUNTED.findall(part)):
                    progress(*map(int, counted[-1]))
        process.wait()
        return said[out], said[err]
    except BaseException:
        process.terminate()
        _wait(process)
        raise
    finally:
        process.stdout.close()
        process.stderr.close()


def in_the_terminal(args: Sequence[str], environ: Mapping[str, str], directory: str) -> int:
    """Run git with the terminal as its own, as for an editor; return its exit code.

    `environ` is the user's, with the language that people read.
    """
    try:
        process = subprocess.Popen(["git", *args], cwd=directory, env=environ)
    except FileNotFoundError as error:
        raise missing(error, directory) from error
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the terminal tells the editor, too, and that decides
            continue


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Go on feeding and reading until the end, however often somebody presses Ctrl-C."""
    while process.poll() is None:
        try:
            process.communicate()
        except KeyboardInterrupt:
            continue
        except ValueError:  # its pipes are closed already
            process.wait()


def require_arguments(args: Iterable[str | bytes]) -> None:
    """Raise BadValue for an argument with a NUL byte, which ends it, or with text of no bytes."""
    for arg in args:
        try:
            if b"\0" not in os.fsencode(arg):
                continue
        except UnicodeEncodeError:
            pass
        raise BadValue(f"'{line(os.fsdecode(arg), 60)}' has a character that git cannot be given")


def require_paths(paths: Sequence[str | bytes]) -> None:
    """Raise BadValue for a path that is none: an empty one, or one that git cannot be given."""
    if not all(paths):
        raise BadValue("empty path", hint="name a file, or '.' for all")
    require_arguments(paths)


def failure(args: Sequence[str], done: Completed) -> GitFailed:
    """Return the error for a git command that failed, in git's own last words."""
    lines = done.err.decode("utf-8", "replace").strip().splitlines()
    lines = [x for x in lines if not x.startswith("hint:")]
    said = next((x for x in lines if x.startswith(("fatal:", "error:"))), " ".join(lines[-2:]))
    said = said.removeprefix("fatal: ").removeprefix("error: ") or f"exit code {done.code}"
    command = next((x for x in args if not x.startswith("-") and "=" not in x), "")
    found = {"git_exit_code": done.code}
    return GitFailed(f"git {command} failed: {said}", hint=hint_at(said), data=found)


def hint_at(said: str) -> str:
    """Return what helps where git cannot write, or not fetch; '' for all else."""
    if re.search(_REMOTE, said):
        return "in a partial clone what is missing has to be fetched: is the remote there?"
    if re.search(_DISK, said):
        return _MEND
    return "see 'git lanes doctor'" if re.search(_DAMAGE, said) else ""


def missing(error: OSError, directory: str) -> GitFailed:
    """Return the error for a command that could not start at all."""
    if error.filename == "git":
        return GitFailed("git is not on PATH", hint="install git 2.36 or newer")
    return GitFailed(f"cannot start git in '{directory}': {error.strerror}")
