"""Refs: which refusals of git are lost races, and a reader that is interrupted."""

from __future__ import annotations

import io
import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from gitlanes.errors import EXIT_REFUSED, EXIT_TRY_AGAIN, GitFailed, Raced
from gitlanes.git.process import Git
from gitlanes.git.refs import RefMove, RefReader, move_refs
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

HERE = "refs/lanes/head/here"
NOWHERE = "refs/lanes/head/nowhere"
# It says no before anything moves, and its words are those of a lost race.
HOOK = '#!/bin/sh\necho "is at one but expected another"\n[ "$1" != prepared ]\n'


@pytest.fixture
def plain(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """A repository without lanes, with two commits and one ref at the first."""
    repo = make_repo(adopted=False)
    repo.save({"b.txt": "b\n"})
    repo.git("update-ref", HERE, "main~1")
    return repo


@pytest.fixture
def git(plain: TestRepo) -> Git:
    """Git in that repository."""
    return Git(str(plain.path / ".git"), plain.environ)


def refuse(repo: TestRepo) -> None:
    """Have a hook say no to whatever moves refs."""
    hook = repo.path / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK)
    hook.chmod(0o755)


def test_a_hook_that_says_no_is_no_lost_race(plain: TestRepo, git: Git) -> None:
    """Repeating cannot help where a hook refuses: GitFailed, and no ref has moved."""
    old, new, before = plain.rev("main~1"), plain.rev("main"), plain.refs()
    refuse(plain)
    with pytest.raises(GitFailed, match="hook") as refused:
        move_refs(git, [RefMove(HERE, old, new), RefMove(NOWHERE, None, new)])
    assert refused.value.exit_code == EXIT_REFUSED
    assert plain.refs() == before


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("there", "wanted"), [("refs/x/a", "refs/x/a/b"), ("refs/x/a/b", "refs/x/a")]
)
def test_a_ref_in_the_way_is_no_lost_race(
    plain: TestRepo, git: Git, there: str, wanted: str, packed: bool
) -> None:
    """A ref where a directory of refs is needed, or the reverse, is GitFailed and names it."""
    plain.git("update-ref", there, "main")
    if packed:
        plain.git("pack-refs", "--all")
    before = plain.refs()
    with pytest.raises(GitFailed, match=f"'{there}' exists") as refused:
        move_refs(git, [RefMove(wanted, None, plain.rev("main"))])
    assert refused.value.exit_code == EXIT_REFUSED
    assert plain.refs() == before


@pytest.mark.parametrize("case", ["other value", "there already", "gone", "gone to delete"])
def test_a_lost_race_is_raced(plain: TestRepo, git: Git, case: str) -> None:
    """A ref that is not at its old value is Raced, and the others have not moved either."""
    old, new, before = plain.rev("main~1"), plain.rev("main"), plain.refs()
    lost = {
        "other value": RefMove(HERE, new, old),
        "there already": RefMove(HERE, None, new),
        "gone": RefMove(NOWHERE, old, new),
        "gone to delete": RefMove(NOWHERE, old, None),
    }
    with pytest.raises(Raced) as raced:
        move_refs(git, [RefMove("refs/lanes/head/first", None, new), lost[case]])
    assert raced.value.exit_code == EXIT_TRY_AGAIN
    assert raced.value.hint == "nothing changed; repeat the command"
    assert plain.refs() == before


@pytest.mark.parametrize("lock", [f"{HERE}.lock", "packed-refs.lock"])
def test_a_lock_that_somebody_holds_is_a_lost_race(plain: TestRepo, git: Git, lock: str) -> None:
    """A lock file that outlasts the waiting is Raced, and the error names it, not git's advice."""
    held, before = plain.path / ".git" / lock, plain.refs()
    held.write_text("")
    with pytest.raises(Raced, match=f"{lock}': File exists") as raced:
        move_refs(git, [RefMove(HERE, plain.rev("main~1"), None)])
    assert raced.value.exit_code == EXIT_TRY_AGAIN
    assert "\n" not in raced.value.message
    held.unlink()
    assert plain.refs() == before


def test_what_a_hook_says_before_a_lock_is_met(plain: TestRepo, git: Git) -> None:
    """A hook that talks, and even seems to fail, does not change what git itself says."""
    refuse(plain)
    hook = plain.path / ".git/hooks/reference-transaction"
    hook.write_text('#!/bin/sh\necho "fatal: no space left" >&2\necho "and more" >&2\n')
    with pytest.raises(Raced, match="but expected"):
        move_refs(git, [RefMove(HERE, plain.rev("main"), plain.rev("main~1"))])
    hook.write_text('#!/bin/sh\necho "fatal: is at 12 but expected 34" >&2\n[ "$1" != prepared ]\n')
    with pytest.raises(GitFailed, match="hook"):
        move_refs(git, [RefMove(HERE, plain.rev("main~1"), plain.rev("main"))])


@pytest.mark.parametrize("old", ["main", None])
def test_a_broken_ref_is_no_lost_race(plain: TestRepo, git: Git, old: str | None) -> None:
    """A ref whose file is damaged stays so: GitFailed, and it is named."""
    (plain.path / ".git" / HERE).write_text("garbage\n")
    move = RefMove(HERE, old and plain.rev(old), plain.rev("main~1"))
    with pytest.raises(GitFailed, match=f"'{HERE}': reference broken"):
        move_refs(git, [move])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("there", "wanted"),
    [("refs/x/a", "refs/x/a/b"), ("refs/x/a", "refs/x/a/b/c"), ("refs/x/a/b/c", "refs/x/a")],
)
@pytest.mark.parametrize("new", ["main", None])
def test_a_ref_in_the_way_of_one_that_is_expected(
    plain: TestRepo, git: Git, there: str, wanted: str, packed: bool, new: str | None
) -> None:
    """Where the ref that is to be moved could not even be there, repeating cannot help."""
    plain.git("update-ref", there, "main")
    if packed:
        plain.git("pack-refs", "--all")
    before = plain.refs()
    with pytest.raises(GitFailed, match=f"unable to resolve reference '{wanted}'"):
        move_refs(git, [RefMove(wanted, plain.rev("main~1"), new and plain.rev(new))])
    assert plain.refs() == before


def test_a_neighbour_is_not_in_the_way(plain: TestRepo, git: Git) -> None:
    """A ref whose name only begins alike leaves a missing one a lost race."""
    plain.git("update-ref", f"{NOWHERE}-too", "main")
    with pytest.raises(Raced):
        move_refs(git, [RefMove(NOWHERE, plain.rev("main"), plain.rev("main~1"))])


def test_a_file_system_that_says_no_is_no_lost_race(plain: TestRepo, git: Git) -> None:
    """A lock file that cannot be made at all is GitFailed, with the system's reason."""
    with pytest.raises(GitFailed, match="File name too long"):
        move_refs(git, [RefMove("refs/x/" + "a" * 252, None, plain.rev("main"))])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_missing_permission_is_no_lost_race(plain: TestRepo, git: Git) -> None:
    """A directory of refs that may not be written to is GitFailed."""
    directory = plain.path / ".git/refs/lanes/head"
    directory.chmod(0o555)
    with pytest.raises(GitFailed, match="Permission denied"):
        move_refs(git, [RefMove(NOWHERE, None, plain.rev("main"))])
    directory.chmod(0o755)


@pytest.mark.parametrize("args", [("new", "x"), ("commit", "auth", "-m", "x"), ("promote", "auth")])
def test_a_verb_that_a_hook_refuses(repo: TestRepo, cli: Cli, args: tuple[str, ...]) -> None:
    """The command line exits 128 with git's reason and no advice to repeat; no lane moves."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    repo.write({"more.txt": "m\n"}, place)
    before = repo.refs()
    refuse(repo)
    done = cli(*args)
    assert (done.code, done.out) == (128, "")
    assert done.err.startswith("error: git ")
    assert "hook\n" in done.err
    assert "repeat" not in done.err
    assert repo.refs() == before
    (repo.path / ".git/hooks/reference-transaction").unlink()
    assert cli(*args).code == 0


def test_a_lane_with_a_ref_in_its_way(repo: TestRepo, cli: Cli) -> None:
    """A stray ref below the new lane's name is 128 and named; the lane can be made without it."""
    repo.git("update-ref", "refs/lanes/head/x/stray", "main")
    done = cli("new", "x", "--no-workspace")
    assert (done.code, done.out) == (128, "")
    assert done.err.startswith("error: git refused to move the refs: ")
    assert "'refs/lanes/head/x/stray' exists" in done.err
    repo.git("update-ref", "-d", "refs/lanes/head/x/stray")
    assert cli("new", "x", "--no-workspace").code == 0


@pytest.mark.parametrize("name", ["main\0", "main\0x", "main\nHEAD", ""])
def test_a_name_that_ends_early_is_nothing(git: Git, name: str) -> None:
    """What git would take for another name, or for two questions, names nothing."""
    reader = RefReader(git)
    assert reader.targets(["main", name, "HEAD"])[1] is None
    assert reader.target(name) is None
    reader.close()


class Interrupted(io.BufferedReader):
    """The answers of git, with a Ctrl-C pressed just before the chosen part is read."""

    part = "head"

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read the line that an answer begins with."""
        self._press("head")
        return super().readline(size)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read the content, or the end of line after it."""
        self._press("end" if size == 1 else "content")
        return super().read(size)

    def _press(self, now: str) -> None:
        if self.part == now:
            self.part = ""
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def reader(git: Git) -> Iterator[RefReader]:
    """A reader that has answered once, by the rule of Ctrl-C that Python begins with."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    made = RefReader(git)
    assert made.target("HEAD")
    yield made
    made.close()
    signal.signal(signal.SIGINT, before)


def interrupt(reader: RefReader, part: str) -> subprocess.Popen[bytes]:
    """Press Ctrl-C at that part of the next answer; return the helper process."""
    process = reader._process
    assert process is not None
    assert isinstance(process.stdout, io.BufferedReader)
    answers = Interrupted(process.stdout.detach())
    answers.part = part
    process.stdout = answers
    return process


@pytest.mark.parametrize("part", ["head", "content", "end"])
@pytest.mark.parametrize("size", [3, 300_000])
def test_an_interrupted_answer_is_not_given_to_another_question(
    plain: TestRepo, reader: RefReader, part: str, size: int
) -> None:
    """After Ctrl-C while an answer is read, the next question gets its own from a new process."""
    plain.save({"large": os.urandom(size)})
    blob, small = plain.rev("main:large"), plain.rev("main:b.txt")
    first = interrupt(reader, part)
    with pytest.raises(KeyboardInterrupt):
        reader.read(blob)
    assert reader.read(small) == ("blob", b"b\n")
    assert reader._process is not first
    assert first.returncode is not None
    assert reader.target("main") == plain.rev("main")
    assert reader.read(blob)[1] == (plain.path / "large").read_bytes()
