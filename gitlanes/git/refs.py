"""Refs: read through one long-lived `git cat-file`, moved by `git update-ref` alone."""

from __future__ import annotations

import os
import re
import select
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, nullcontext, suppress
from typing import NamedTuple

from gitlanes import clock
from gitlanes.errors import GitFailed, NotFound, Raced
from gitlanes.git.process import Git, finish, hint_at
from gitlanes.git.raw import NOT_THERE, ObjectReader

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
    ``before`` is called with the names before they are asked for. Not for use by several threads
    at a time.
    """

    def __init__(self, git: Git, before: Callable[[Sequence[str]], None] = lambda _: None):
        self._git = git
        self._before = before
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._packed = PackedRefs(git)

    def resolve(self, name: str) -> tuple[str, bytes] | None:
        """Return (id, content) of what the ref or revision names, or None."""
        return self.resolve_all([name])[0]

    def resolve_all(self, names: Sequence[str]) -> list[tuple[str, bytes] | None]:
        """Return (id, content) of what each names, or None, in one round trip."""
        return [found and (found[0], found[2]) for found in self._ask(names)]

    def target(self, name: str) -> str | None:
        """Return the id that a ref points to, or None."""
        return self.targets([name])[0]

    def targets(self, names: Sequence[str]) -> list[str | None]:
        """Return the id that each of the refs points to, or None, in one round trip."""
        return [found and found[0] for found in self._ask(names)]

    def kind(self, name: str) -> str | None:
        """Return the kind of object that a ref or revision names, or None."""
        return self.kinds([name])[0]

    def kinds(self, names: Sequence[str]) -> list[str | None]:
        """Return the kind of object that each names, or None, in few round trips."""
        parts = (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
        return [found and found[1] for some in parts for found in self._ask(some)]

    def read(self, oid: str) -> tuple[str, bytes]:
        """Return the kind and the content of an object, without libgit2; raises NotFound."""
        return self.read_all([oid])[0]

    def read_all(self, oids: Sequence[str]) -> list[tuple[str, bytes]]:
        """Return the kind and the content of each object, in few round trips."""
        found: list[tuple[str, bytes]] = []
        for start in range(0, len(oids), _AT_ONCE):
            asked = oids[start : start + _AT_ONCE]
            for oid, answer in zip(asked, self._ask(asked), strict=True):
                if answer is None:
                    raise NotFound("object", oid, hint=NOT_THERE)
                found.append(answer[1:])
        return found

    def _ask(self, names: Sequence[str]) -> list[_Answer | None]:
        """Return (id, kind, content) of each, or None; the names must fit into a pipe."""
        asked = [name for name in names if name and not re.search(_UNASKABLE, name)]
        self._before(asked)
        process = self._started(fresh=not all(map(_OID.fullmatch, asked)))
        try:
            self._send(process, asked)
            found = {name: self._answer(process, name) for name in asked}
        except BaseException:
            # An answer that nobody has read would be taken for that to the next question.
            process.kill()
            self.close()
            raise
        return [found.get(name) for name in names]

    def _send(self, process: subprocess.Popen[bytes], names: Sequence[str]) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(os.fsencode("".join(f"{name}\n" for name in names)))
            process.stdin.flush()
        except BrokenPipeError as error:
            raise GitFailed("git cat-file ended unexpectedly") from error

    def _answer(self, process: subprocess.Popen[bytes], name: str) -> _Answer | None:
        stdout = process.stdout
        assert stdout is not None
        head = stdout.readline()
        if not head:
            raise GitFailed(
                f"git cannot read '{name}'",
                hint="in a partial clone it has to be fetched: is the remote there?",
            )
        fields = head.rsplit(b" ", 2)
        if len(fields) < 3 or head.rstrip().endswith((b" missing", b" ambiguous")):
            return None
        data = stdout.read(int(fields[2]))
        stdout.read(1)
        return fields[0].decode(), fields[1].decode(), data

    def close(self) -> None:
        """End the helper process."""
        if self._process is not None and self._owner == os.getpid():
            finish(self._process, b"")
        self._process = None

    def _started(self, *, fresh: bool) -> subprocess.Popen[bytes]:
        if (fresh and self._packed.changed()) or self._owner != os.getpid():
            self.close()
        if self._process is None or self._process.poll() is not None:
            self._owner = os.getpid()
            self._process = self._git.popen(
                *_FULL_NAMES, "cat-file", "--batch", own_group=True, discard_err=True, waits=True
            )
        return self._process


class PackedRefs:
    """Whether packed refs are new to a process that may not notice it.

    Git compares times in whole seconds: a file of the same size written within one, on an inode
    used before, is the old one to it, and so are the refs in it.
    """

    def __init__(self, git: Git):
        self._path = os.path.join(git.git_dir, "packed-refs")
        self._seen = self._stamp()

    def changed(self) -> bool:
        """Say whether they were written since this was asked last."""
        before, self._seen = self._seen, self._stamp()
        return self._seen != before

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


_OID = re.compile(r"[0-9a-f]{40}")
# What would end a question early, so that git answered another one, and what has no bytes.
_UNASKABLE = r"[\0\n\ud800-\udc7f\udd00-\udfff]"  # compiling it takes listings half a ms
_Answer = tuple[str, str, bytes]

# What git says of a ref that it leaves out of every list.
_BROKEN = re.compile(rb"^warning: ignoring broken ref (.+)$", re.MULTILINE)

# Names are full ones: without this git looks, for each, for five others that could be meant.
_FULL_NAMES = ("-c", "core.warnAmbiguousRefs=false")

# Questions sent before the first answer is read: their names must fit into a pipe.
_AT_ONCE = 500

# What a mover says at the end of a transaction, and how many seconds it is used for.
_DONE = b"commit: ok\n"
_OLD = 10.0

# A live `git pack-refs` or `git gc` holds locks for moments: wait rather than lose the race.
_PATIENCE = ("-c", "core.filesRefLockTimeout=3000", "-c", "core.packedRefsTimeout=5000")


# What git says when somebody else was first, or is at it just now (a directory emptied away
# under its hands included), and nothing else: a broken ref, a full disk and missing permission
# begin with the same words.
_RACE = (
    r"(prepare: |commit: )?(cannot lock ref '\S+': )?"
    r"(Unable to create '.+\.lock': (File exists\.|No such file or directory)"
    r"|is at [0-9a-f]+ but expected [0-9a-f]+|reference is missing but expected [0-9a-f]+"
    r"|reference already exists|unable to resolve reference '(?P<gone>\S+)'"
    r"|reftable: transaction prepare: data is locked)"
)


class Mover:
    """A `git update-ref` that waits for what to move, so that its start costs nothing then.

    It carries out one transaction after the other. Without input it ends and moves nothing: so
    it does when its owner is killed. ``pass_fds`` lets the owner's lock live as long as it;
    ``message`` goes into the reflogs there are.
    """

    def __init__(self, git: Git, pass_fds: Sequence[int] = (), message: str = ""):
        said = ("-m", message) if message else ()
        self.pass_fds = tuple(pass_fds)
        self._begun = clock.now()
        self._owner = os.getpid()
        self._packed = PackedRefs(git)
        self._process = git.popen(
            *_PATIENCE,
            "update-ref",
            *said,
            "--stdin",
            own_group=True,
            pass_fds=pass_fds,
            waits=True,
        )

    @property
    def fresh(self) -> bool:
        """Say whether it can be given more: it runs, and what it remembers is not old.

        Git finds out once what time it is for reflogs, and which refs are packed.
        """
        young = abs(clock.now() - self._begun) < _OLD and self._owner == os.getpid()
        return young and self._process.poll() is None and not self._packed.changed()

    def feed(self, script: str) -> tuple[bytes, bytes]:
        """Give it a transaction and wait for the answer; return what it said.

        It has ended unless that was `commit: ok`.
        """
        assert self._process.stdin is not None
        try:
            with suppress(BrokenPipeError):
                self._process.stdin.write(os.fsencode(script))
                self._process.stdin.flush()
            out, err = self._answer()
        except BaseException:
            finish(self._process, b"")
            raise
        if _DONE in out:
            return out, err
        rest, reason = finish(self._process, b"")
        return out + rest, err + reason

    def _answer(self) -> tuple[bytes, bytes]:
        """Read on until it has committed or ended; hooks may say any amount meanwhile."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        said = {self._process.stdout.fileno(): b"", self._process.stderr.fileno(): b""}
        poll = select.poll()
        for descriptor in said:
            poll.register(descriptor, select.POLLIN)
        out, err = said
        while _DONE not in said[out]:
            for descriptor, _ in poll.poll():
                part = os.read(descriptor, 1 << 16)
                said[descriptor] += part
                if not part and descriptor == out:
                    return said[out], said[err]
                if not part:
                    poll.unregister(descriptor)
        return said[out], said[err]

    def close(self) -> None:
        """Let it go."""
        if self._owner == os.getpid() and self._process.returncode is None:
            finish(self._process, b"")


def move_refs(
    git: Git,
    moves: Sequence[RefMove],
    pass_fds: Sequence[int] = (),
    *,
    mover: Mover | None = None,
) -> None:
    """Move all the refs or none; raises Raced when one of them is not at its old value.

    Whatever else git has against it (a hook, a branch in the way) raises GitFailed.

    The explicit start, prepare and commit make a truncated input harmless, and only git's own
    `commit: ok` counts as success. `pass_fds` lets the caller's lock outlive the caller; a
    `mover` that waits already has it.
    """
    if mover is not None:
        return _move(git, moves, mover)
    with closing(Mover(git, pass_fds)) as once:
        return _move(git, moves, once)


def move_head(
    git: Git, commit: str, pass_fds: Sequence[int], *, mover: Mover | None = None
) -> None:
    """Put HEAD to a commit, and leave a branch that it is on where that is; raises GitFailed.

    A `mover` that waits there does it.
    """
    with nullcontext(mover) if mover else closing(Mover(git, pass_fds)) as one:
        out, err = one.feed(f"start\noption no-deref\nupdate HEAD {commit}\nprepare\ncommit\n")
    if _DONE not in out:
        reason = _reason(err)
        raise GitFailed(f"git update-ref failed: {reason}", hint=hint_at(reason))


def _move(git: Git, moves: Sequence[RefMove], mover: Mover) -> None:
    script = "start\n" + "".join(move.command() for move in moves) + "prepare\ncommit\n"
    out, err = mover.feed(script)
    if _DONE in out:
        return
    reason = _reason(err)
    message = f"git refused to move the refs: {reason or 'no reason given'}"
    if _is_race(git, reason):
        raise Raced(message, hint="nothing changed; repeat the command")
    raise GitFailed(message, hint=hint_at(reason))


def _reason(err: bytes) -> str:
    """Return git's own last word: hooks write to the same place, and advice follows it."""
    lines = err.decode("utf-8", "replace").split("\n")
    return next((x[7:] for x in reversed(lines) if x.startswith("fatal: ")), "").rstrip()


def _is_race(git: Git, reason: str) -> bool:
    match = re.fullmatch(_RACE, reason)
    return match is not None and not (match["gone"] and _has_in_its_way(git, match["gone"]))


def _has_in_its_way(git: Git, name: str) -> bool:
    """Say whether a ref that is not there could not be: for one that is its directory, or in it.

    Where an old value is asked for, git says no more than that it is not there.
    """
    parts = name.split("/")
    above = {"/".join(parts[:end]) for end in range(2, len(parts))}
    found = (os.fsdecode(row[0]) for row in list_refs(git, [f"{'/'.join(parts[:2])}/"], "refname"))
    return any(other in above or other.startswith(f"{name}/") for other in found)


def list_refs(
    git: Git, prefixes: Iterable[str], fields: str, *, broken: list[str] | None = None
) -> list[list[bytes]]:
    """Return the chosen `for-each-ref` fields of every ref below the prefixes.

    ``fields`` is a space separated list such as ``refname objectname contents``. The names of
    refs that point to nothing git can read as an id are added to ``broken``. Raises GitFailed
    where a field needs an object that is missing.
    """
    wanted = fields.split()
    line = "".join(f"%({field})%00" for field in wanted)
    done = git.run("for-each-ref", f"--format={line}", *prefixes)
    if broken is not None:
        broken += (os.fsdecode(x) for x in _BROKEN.findall(done.err))
    cells = done.out.split(b"\0")[:-1]
    rows = (cells[start : start + len(wanted)] for start in range(0, len(cells), len(wanted)))
    return [[row[0].removeprefix(b"\n"), *row[1:]] for row in rows]
