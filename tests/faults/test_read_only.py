"""A repository that nobody can write to, or parts of it that this user cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import Disk
from tests.faults.verbs import VERBS, WORDS, Verb, assert_kept, assert_sound, error_of
from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo
from tests.test_refusals import WRITERS

# Without these, root has to keep to permissions as everybody does.
_POWERS = "-dac_override,-dac_read_search,-fowner"


@pytest.mark.parametrize("verb", VERBS, ids=WORDS)
def test_a_read_only_disk(verb: Verb, disk: Disk, on_disk: TestRepo) -> None:
    """Writers say so in one line; when the disk can be written to again, all goes on."""
    verb.prepare(on_disk)
    on_disk.close()
    before = on_disk.refs()
    with disk.read_only():
        ran = verb.run(on_disk)
        assert "read-only file system" in error_of(ran).lower(), ran.err
        assert_kept(verb, on_disk)
    assert on_disk.refs() == before
    assert verb.run(on_disk).code == 0
    assert verb.done(on_disk)
    assert_sound(on_disk)


def test_every_writer_on_a_read_only_disk(disk: Disk, on_disk: TestRepo) -> None:
    """Whatever would write says where it cannot, and changes nothing."""
    place = on_disk.lane("auth", {"auth.py": "better\n"})
    on_disk.propose("auth", {"auth.py": "best\n"})
    on_disk.lanes.new("bare", workspace=False)
    on_disk.close()
    before = on_disk.refs()
    git, system = on_disk.path / ".git", "Read-only file system"
    # Whose lock is asked for first, the workspace's or the repository's.
    locks = "hint: file locks must work in the repository's directory, and it must be writable\n"
    said = {
        f"error: cannot lock '{git}/worktrees/auth/lanes.lock': {system}\n{locks}",
        f"error: cannot lock '{git}/lanes/lock': {system}\n{locks}",
        (
            f"error: cannot write to '{git}/lanes': {system}\n"
            "hint: make it writable, then repeat the command\n"
        ),
    }
    with disk.read_only():
        told = {args: run_cli(place, on_disk.environ, *args) for args in WRITERS}
    assert {(x.code, x.out) for x in told.values()} == {(128, "")}
    assert {args: x.err for args, x in told.items() if x.err not in said} == {}
    assert on_disk.refs() == before


@pytest.mark.parametrize(
    "args",
    [
        *(("list",), ("status",), ("history",), ("show", "auth"), ("diff", "main", "auth")),
        *(("check",), ("search", "work"), ("similar", "work", "-q"), ("blame", "auth.py")),
    ],
    ids=lambda x: x[0],
)
def test_readers_on_a_read_only_disk(args: tuple[str, ...], disk: Disk, on_disk: TestRepo) -> None:
    """Reading works where nothing can be written."""
    on_disk.lane("auth", {"auth.py": "better\n"})
    on_disk.close()
    with disk.read_only():
        ran = run_cli(on_disk.path, on_disk.environ, *args)
    assert (ran.code, ran.err) == (0, "")


def test_doctor_on_a_read_only_disk(disk: Disk, on_disk: TestRepo) -> None:
    """`doctor` says what it could not try, and examines the rest."""
    on_disk.lane("auth")
    on_disk.close()
    with disk.read_only():
        ran = run_cli(on_disk.path, on_disk.environ, "doctor")
    place = on_disk.path / ".git/lanes"
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines()[0] == (
        f"file-locks: this could not be checked: cannot write to '{place}': Read-only file system"
    )


def test_init_on_a_read_only_disk(disk: Disk, environ: dict[str, str]) -> None:
    """Adopting where nothing can be written is refused in one line."""
    repo = TestRepo.make(disk.path / "repo", environ, adopted=False)
    with disk.read_only():
        ran = run_cli(repo.path, environ, "init")
    said = f"cannot write to '{repo.path}/.git/lanes': Read-only file system"
    assert_refused(ran, said, "make it writable, then repeat the command")


def assert_refused(ran: Ran, said: str, hint: str) -> None:
    """Assert that a command printed this, and nothing else."""
    assert (ran.code, ran.out, ran.err) == (128, "", f"error: {said}\nhint: {hint}\n")


@contextmanager
def _sealed(place: Path) -> Iterator[None]:
    """Take away the right to write to a directory."""
    place.chmod(0o555)
    try:
        yield
    finally:
        place.chmod(0o755)


def _as_plain_user(repo: TestRepo, *args: str) -> Ran:
    """Run the command line without root's power over permissions."""
    prefix = ["setpriv", f"--bounding-set={_POWERS}", f"--inh-caps={_POWERS}"]
    if os.geteuid():
        prefix = []
    elif not shutil.which("setpriv"):
        pytest.skip("needs setpriv to drop root's powers")
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "gitlanes", *args],
        cwd=repo.path,
        env=repo.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("verb", VERBS, ids=WORDS)
def test_objects_cannot_be_written(verb: Verb, repo: TestRepo) -> None:
    """Where the object store takes nothing more, nothing moves."""
    verb.prepare(repo)
    repo.close()
    before, objects = repo.refs(), repo.path / ".git/objects"
    places = [objects, *(x for x in objects.iterdir() if x.is_dir())]
    for place in places:
        place.chmod(0o555)
    try:
        ran = _as_plain_user(repo, *verb.command)
    finally:
        for place in places:
            place.chmod(0o755)
    if ran.code == 0:  # making a workspace stores nothing
        assert verb.name in ("create", "restore")
    else:
        said = error_of(ran)
        assert "object" in said or "permission" in said, said
        assert repo.refs() == before
        assert_kept(verb, repo)
        assert verb.run(repo).code == 0
    assert verb.done(repo)
    assert_sound(repo)


@pytest.mark.parametrize("verb", VERBS[:-1], ids=WORDS[:-1])
def test_the_state_directory_cannot_be_written(verb: Verb, repo: TestRepo) -> None:
    """Where the lock's directory cannot be written to, no writer begins."""
    verb.prepare(repo)
    repo.close()
    before, place = repo.refs(), repo.path / ".git/lanes"
    with _sealed(place):
        ran = _as_plain_user(repo, *verb.command)
    assert error_of(ran).lower().startswith(("permission denied", "cannot")), ran.err
    assert repo.refs() == before
    assert_kept(verb, repo)
    assert verb.run(repo).code == 0
    assert verb.done(repo)
    assert_sound(repo)


@pytest.mark.parametrize("name", ["new", "create"])
def test_the_workspace_root_cannot_be_written(name: str, repo: TestRepo) -> None:
    """Without permission where workspaces go, no lane or workspace is made, and nothing is left."""
    verb = next(x for x in VERBS if x.name == name)
    verb.prepare(repo)
    repo.close()
    before = repo.refs()
    with _sealed(repo.path.with_name("repo.lanes")):
        ran = _as_plain_user(repo, *verb.command)
    place = repo.path.with_name("repo.lanes") / verb.command[-1 if name == "create" else 1]
    said = f"could not create leading directories of '{place}/.git': Permission denied"
    assert_refused(ran, f"git worktree failed: {said}", "mend that, then repeat the command")
    assert repo.refs() == before
    assert not place.exists()
    assert run_cli(repo.path, repo.environ, "doctor").code == 0
    assert verb.run(repo).code == 0
    assert verb.done(repo)


def test_there_is_no_place_for_a_workspace_root(repo: TestRepo) -> None:
    """Where not even the directory of workspaces can be made, the line says which it is."""
    repo.close()
    with _sealed(repo.path.parent):
        ran = _as_plain_user(repo, "new", "auth")
    root = repo.path.with_name("repo.lanes")
    hint = "nothing was changed halfway: mend that, then repeat"
    assert_refused(ran, f"permission denied '{root}'", hint)
    assert run_cli(repo.path, repo.environ, "new", "auth").code == 0


@pytest.mark.parametrize("name", ["commit", "snapshot", "restore"])
def test_a_workspace_that_cannot_be_written(name: str, repo: TestRepo) -> None:
    """Where its record, or a directory of it, cannot be written, the next command goes on."""
    verb = next(x for x in VERBS if x.name == name)
    verb.prepare(repo)
    place = repo.workspace("auth")
    repo.close()
    sealed = repo.path / ".git/worktrees/auth" if name != "restore" else place / "src"
    with _sealed(sealed):
        ran = _as_plain_user(repo, *verb.command)
    error_of(ran)
    assert_kept(verb, repo)
    assert verb.run(repo).code == 0
    assert verb.done(repo)
    assert_sound(repo)
