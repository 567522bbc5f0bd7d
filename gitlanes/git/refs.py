"""Refs: read through one long-lived `git cat-file`, moved by `git update-ref` alone."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gitlanes.errors import GitFailed, NotFound, Raced
from gitlanes.git.process import Git, finish
from gitlanes.git.raw import ObjectReader

ZERO = "0" * 40


class RefMove(NamedTuple):
    """One ref's move by compare-and-swap; ``old`` None creates it, ``new`` None deletes it."""

    name: str
    old: str | None
    new: str | None

    def command(self) -> str:
        """Return the line for `git update-ref --stdin`."""
        if self.new is None:
            return f"delete {self.name} {self.old}\n"
        return f"update {self.name} {self.new} {self.old or ZERO}\n"


class RefReader(ObjectReader):
    """Answers what a ref points to, and the object there, in one round trip to git.

    It sees loose, packed and deleted refs at once, in every ref format that git knows.
    Not for use by several threads at a time.
    """

    def __init__(self, git: Git):
        self._git = git
        self._process: subprocess.Popen[bytes] | None = None
        self._packed = os.path.join(git.git_dir, "packed-refs")
        self._seen: tuple[int, int, int] | None = None

    def resolve(self, name: str) -> tuple[str, bytes] | None:
        """Return (id, content) of what the ref or revision names, or None."""
        found = self._ask(name)
        return found and (found[0], found[2])

    def read(self, oid: str) -> tuple[str, bytes]:
        """Return the kind and the content of an object, without libgit2; raises NotFound."""
        found = self._ask(oid)
        if found is None:
            raise NotFound("object", oid, hint="run 'git fsck'")
        return found[1:]

    def _ask(self, name: str) -> tuple[str, str, bytes] | None:
        """Return (id, kind, content), or None."""
        if "\n" in name or not name:
            return None
        process = self._started(fresh=not _OID.fullmatch(name))
        try:
            return self._answer(process, name)
        except BaseException:
            # An answer that nobody has read would be taken for that to the next question.
            process.kill()
            self.close()
            raise

    def _answer(self, process: subprocess.Popen[bytes], name: str) -> tuple[str, str, bytes] | None:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(name.encode() + b"\n")
            stdin.flush()
            head = stdout.readline()
        except BrokenPipeError as error:
            raise GitFailed("git cat-file ended unexpectedly") from error
        if not head:
            raise GitFailed("git cat-file ended unexpectedly")
        fields = head.rsplit(b" ", 2)
        if len(fields) < 3 or head.rstrip().endswith((b" missing", b" ambiguous")):
            return None
        data = stdout.read(int(fields[2]))
        stdout.read(1)
        return fields[0].decode(), fields[1].decode(), data

    def target(self, name: str) -> str | None:
        """Return the id that a ref points to, or None."""
        found = self._ask(name)
        return found[0] if found else None

    def close(self) -> None:
        """End the helper process."""
        if self._process is not None:
            finish(self._process, b"")
            self._process = None

    def _started(self, *, fresh: bool) -> subprocess.Popen[bytes]:
        if fresh:
            self._restart_if_repacked()
        if self._process is None or self._process.poll() is not None:
            self._process = self._git.popen("cat-file", "--batch", own_group=True, discard_err=True)
        return self._process

    def _restart_if_repacked(self) -> None:
        """End a process that may not notice new packed refs.

        Git compares times in whole seconds: a file of the same size written within one, on an
        inode used before, is the old one to it, and so are the refs in it.
        """
        try:
            found = os.stat(self._packed)
            seen = (found.st_mtime_ns, found.st_ino, found.st_size)
        except OSError:
            seen = None
        if seen != self._seen:
            self._seen = seen
            self.close()


_OID = re.compile(r"[0-9a-f]{40}")

# A live `git pack-refs` or `git gc` holds locks for moments: wait rather than lose the race.
_PATIENCE = ("-c", "core.filesRefLockTimeout=3000", "-c", "core.packedRefsTimeout=5000")


# What git says when somebody else was first, or is at it just now; anything else stays so.
_RACE = re.compile(
    "but expected|already exists$|unable to resolve reference|Unable to create|"
    "File exists|unable to lock|reference is missing"
)


def move_refs(
    git: Git, moves: Sequence[RefMove], pass_fds: Sequence[int] = (), message: str = ""
) -> None:
    """Move all the refs or none; raises Raced when one of them is not at its old value.

    Whatever else git has against it (a hook, a branch in the way) raises GitFailed.

    The explicit start, prepare and commit make a truncated input harmless, and only git's own
    `commit: ok` counts as success. `pass_fds` lets the caller's lock outlive the caller;
    `message` goes into the reflogs of the refs that have one.
    """
    script = "start\n" + "".join(move.command() for move in moves) + "prepare\ncommit\n"
    done = git.run(
        *_PATIENCE,
        "update-ref",
        *(("-m", message) if message else ()),
        "--stdin",
        input=script.encode(),
        check=False,
        own_group=True,
        pass_fds=pass_fds,
    )
    if b"commit: ok" in done.out:
        return
    said = done.err.decode("utf-8", "replace").strip().splitlines()
    reason = said[-1].removeprefix("fatal: ") if said else "no reason given"
    message = f"git refused to move the refs: {reason}"
    if _RACE.search(reason):
        raise Raced(message, hint="nothing changed; repeat the command")
    raise GitFailed(message)


def list_refs(git: Git, prefixes: Iterable[str], fields: str) -> list[list[bytes]]:
    """Return the chosen `for-each-ref` fields of every ref below the prefixes.

    ``fields`` is a space separated list such as ``refname objectname contents``.
    """
    wanted = fields.split()
    line = "".join(f"%({field})%00" for field in wanted)
    cells = git.run("for-each-ref", f"--format={line}", *prefixes).out.split(b"\0")[:-1]
    rows = (cells[start : start + len(wanted)] for start in range(0, len(cells), len(wanted)))
    return [[row[0].removeprefix(b"\n"), *row[1:]] for row in rows]
