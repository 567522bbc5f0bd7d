"""The verbs that meet each fault: what they find, what they are, and what they leave."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

BIG = "".join(f"line {number}\n" for number in range(3000))
EDITS = {"auth.py": "better\n", "src/new.py": "new\n", "src/big.txt": BIG}


@dataclass(frozen=True)
class Verb:
    """A command with what is there before it, and how one sees that it has done its work.

    One that `keeps_files` finds `EDITS` in the workspace of lane auth, and leaves them there.
    """

    name: str
    command: tuple[str, ...]
    prepare: Callable[[TestRepo], object]
    done: Callable[[TestRepo], bool]
    keeps_files: bool = True

    def run(self, repo: TestRepo) -> Ran:
        """Run it from the top of the repository."""
        return run_cli(repo.path, repo.environ, *self.command)


def _edited(repo: TestRepo) -> None:
    repo.write(EDITS, repo.lane("auth"))


def _committed(repo: TestRepo) -> None:
    repo.lane("auth", EDITS)


def _saved(repo: TestRepo) -> None:
    _edited(repo)
    repo.lanes.snapshot("auth")
    for name in ("auth.py", "src/new.py", "src/big.txt"):
        (repo.workspace("auth") / name).write_text("spoilt\n")
    repo.lanes.snapshot("auth")


def _without_workspace(repo: TestRepo) -> None:
    repo.lane("auth", EDITS)
    repo.lanes.remove_workspace("auth")


def _has_big(revision: str) -> Callable[[TestRepo], bool]:
    return lambda repo: repo.git("show", f"{revision}:src/big.txt", check=False) == BIG.rstrip("\n")


def _lies_in(*places: str) -> Callable[[TestRepo], bool]:
    def lies(repo: TestRepo) -> bool:
        files = [repo.path.parent / place / "src/big.txt" for place in places]
        return all(x.is_file() and x.read_text() == BIG for x in files)

    return lies


_IN_AUTH = _lies_in("repo.lanes/auth")

VERBS = (
    Verb("commit", ("commit", "auth", "-m", "x"), _edited, _has_big("refs/lanes/head/auth")),
    Verb("new", ("new", "fresh", "--from", "auth"), _committed, _lies_in("repo.lanes/fresh")),
    Verb("promote", ("promote", "auth"), _committed, _has_big("refs/lanes/head/main")),
    Verb("snapshot", ("snapshot", "auth"), _edited, _has_big("refs/lanes/snapshots/auth/1")),
    Verb("create", ("workspace", "create", "auth"), _without_workspace, _IN_AUTH, False),
    Verb("restore", ("restore", "auth/s1", "auth", "--force"), _saved, _IN_AUTH, False),
)

WORDS = [x.name for x in VERBS]

_SAID = re.compile(r"(warning: [^\n]+\n)*error: (?P<error>[^\n]+)\n(hint: [^\n]+\n)?")


def error_of(ran: Ran) -> str:
    """Return the one line that says why a command failed, after asserting that it is one."""
    assert ran.code in (75, 128), ran.err
    assert ran.out == ""
    found = _SAID.fullmatch(ran.err)
    assert found, ran.err
    return found["error"]


def assert_kept(verb: Verb, repo: TestRepo) -> None:
    """Assert that the objects are whole and no file of the workspace is lost or changed."""
    repo.fsck()
    if verb.keeps_files:
        place = repo.path.with_name("repo.lanes") / "auth"
        assert {x: (place / x).read_text() for x in EDITS} == EDITS


def assert_sound(repo: TestRepo) -> None:
    """Assert that nothing is between two states, nothing is broken, and git works."""
    done = run_cli(repo.path, repo.environ, "doctor", "--fix", "--yes")
    assert done.code == 0, done.out
    done = run_cli(repo.path, repo.environ, "doctor")
    assert done.code == 0, done.out
    repo.fsck()
    repo.write({"people.txt": "by hand\n"})
    repo.git("add", "people.txt")
    repo.git("commit", "--quiet", "-m", "by hand")
