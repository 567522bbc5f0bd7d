"""Where file locks do not work: writers refuse, readers go on, `doctor` says it."""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def grants_all(*_: int) -> None:
    """Lock as some network file systems do: everybody gets it."""


def has_none(*_: int) -> None:
    """Lock as a file system without locks."""
    raise OSError(errno.ENOLCK, "No locks available")


@pytest.fixture(params=[grants_all, has_none])
def elsewhere(
    request: pytest.FixtureRequest, repo: TestRepo, monkeypatch: pytest.MonkeyPatch
) -> TestRepo:
    """A repository with lanes that came to lie where locks do not work."""
    repo.lane("auth", {"auth.py": "better\n"})
    repo.write({"new.txt": "new\n"}, repo.workspace("auth"))
    repo.close()
    (repo.path / ".git/lanes/locks-work").unlink()
    monkeypatch.setattr(fcntl, "flock", request.param)
    return repo


def refusal(repo: TestRepo) -> str:
    """Return the whole of what a writer says."""
    return (
        f"error: file locks do not work in '{repo.path}/.git/lanes'\n"
        "hint: move the repository to a local file system: NFS, SMB and 9p may lack them\n"
    )


@pytest.mark.parametrize(
    "args",
    [
        ("new", "other"),
        ("commit", "auth", "-m", "x"),
        ("propose", "auth", "-m", "x"),
        ("promote", "auth"),
        ("snapshot", "auth"),
        ("delete", "auth", "--yes", "--force"),
        ("workspace", "remove", "auth", "--force"),
    ],
    ids=lambda args: args[0],
)
def test_writers_refuse(elsewhere: TestRepo, cli: Cli, args: tuple[str, ...]) -> None:
    """Whatever writes says why it does not, exits 128, and has changed nothing."""
    before = elsewhere.refs()
    done = cli(*args)
    assert (done.code, done.out, done.err) == (128, "", refusal(elsewhere))
    assert elsewhere.refs() == before
    assert (elsewhere.path.with_name("repo.lanes") / "auth/new.txt").exists()


def test_init_refuses(make_repo: Callable[..., TestRepo], monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository is not adopted where locks do not work."""
    repo = make_repo(adopted=False)
    monkeypatch.setattr(fcntl, "flock", grants_all)
    done = run_cli(repo.path, repo.environ, "init")
    assert (done.code, done.out, done.err) == (128, "", refusal(repo))
    assert not [x for x in repo.refs() if x.startswith("refs/lanes/")]


@pytest.mark.parametrize("args", [("list",), ("status",), ("history",), ("show", "auth")])
def test_readers_go_on(elsewhere: TestRepo, cli: Cli, args: tuple[str, ...]) -> None:
    """Reading takes no lock, so it works."""
    del elsewhere
    assert cli(*args).code == 0


def test_doctor_says_it(elsewhere: TestRepo, cli: Cli) -> None:
    """`doctor` tries locks each time, and --fix cannot mend them."""
    place = elsewhere.path / ".git/lanes"
    (place / "locks-work").write_text(f"{place.stat().st_dev} {place.stat().st_ino}\n")
    for args in ((), ("--fix",)):
        done = cli("doctor", *args)
        assert (done.code, done.err) == (1, "")
        assert done.out.splitlines()[:2] == [
            f"file-locks: file locks do not work in '{place}'",
            "  hint: move the repository to a local file system: NFS, SMB and 9p may lack locks",
        ]
    assert not Path(place, "locks-work").exists()


def test_they_work_again(elsewhere: TestRepo, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Back on a file system with locks everything goes on."""
    assert cli("commit", "auth", "-m", "x").code == 128
    monkeypatch.undo()
    assert cli("doctor").code == 0
    assert cli("commit", "auth", "-m", "x").code == 0
    assert elsewhere.files("refs/lanes/head/auth")["new.txt"] == "new"
