"""Snapshots listed, shown and let go."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from gitlanes import BadValue, NotFound, clock
from tests.support.cli import Ran
from tests.support.repos import TestRepo

DAY = 86400


@pytest.fixture
def repo(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """Lane auth with four snapshots: 40 days, 10 days, 2 days and no time old."""
    repo, now = make_repo(), clock.now()
    place = repo.lane("auth")
    for days in (40, 10, 2, 0):
        repo.environ["GIT_COMMITTER_DATE"] = f"{int(now - days * DAY)} +0000"
        repo.write({"auth.py": f"{days} days\n"}, place)
        with repo.open(place) as opened:
            opened.snapshot()
    del repo.environ["GIT_COMMITTER_DATE"]
    return repo


def left(repo: TestRepo) -> list[str]:
    """Return the ids of the snapshots that are there."""
    return [x.id for x in repo.lanes.snapshots("auth")]


def test_listed_oldest_first(repo: TestRepo) -> None:
    """All lanes' or one's, deleted lanes' too; a lane that never was is not found."""
    wanted = ["auth/s1", "auth/s2", "auth/s3", "auth/s4"]
    assert left(repo) == wanted
    repo.write({"x.txt": "x\n"})
    repo.lanes.snapshot("main")
    assert [x.id for x in repo.lanes.snapshots()] == [*wanted, "main/s1"]
    repo.lanes.delete("auth", force=True)
    assert left(repo) == wanted
    with pytest.raises(NotFound):
        repo.lanes.snapshots("never")


def test_shown_with_what_differs(repo: TestRepo) -> None:
    """Its paths against the HEAD that the workspace had."""
    place = repo.workspace("auth")
    repo.write({"src/app.py": None, "new.txt": "new\n"}, place)
    saved = repo.lanes.show_snapshot(repo.lanes.snapshot("auth").id)
    assert saved.base == repo.lanes.head("auth")
    assert saved.files == (
        ("modified", b"auth.py"),
        ("added", b"new.txt"),
        ("deleted", b"src/app.py"),
    )
    with pytest.raises(NotFound, match="snapshot 'auth/s9' not found"):
        repo.lanes.show_snapshot("auth/s9")


@pytest.mark.parametrize(
    ("limit", "stay"),
    [
        ({"older_than": 30 * DAY}, ["auth/s2", "auth/s3", "auth/s4"]),
        ({"older_than": 0}, ["auth/s4"]),
        ({"keep": 2}, ["auth/s3", "auth/s4"]),
        ({"keep": 0}, ["auth/s4"]),
        ({"keep": 9}, ["auth/s1", "auth/s2", "auth/s3", "auth/s4"]),
    ],
)
def test_old_ones_go(repo: TestRepo, limit: dict[str, int], stay: list[str]) -> None:
    """By age or by number; whatever the limit says, none of today goes."""
    repo.lanes.prune_snapshots("auth", **limit)
    assert left(repo) == stay
    repo.fsck()


def test_named_ones_go_whatever_their_age(repo: TestRepo) -> None:
    """Their refs are gone, the others' are not; what is gone is not found again."""
    gone = repo.lanes.prune_snapshots("auth/s4", "auth/s1")
    assert [x.id for x in gone.snapshots] == ["auth/s4", "auth/s1"]
    assert left(repo) == ["auth/s2", "auth/s3"]
    with pytest.raises(NotFound):
        repo.lanes.prune_snapshots("auth/s4")


@pytest.mark.parametrize(
    ("names", "limits"),
    [((), {}), (("auth",), {}), (("auth",), {"keep": 1, "older_than": 1}), ((), {"keep": -1})],
)
def test_a_limit_is_needed(repo: TestRepo, names: tuple[str, ...], limits: dict[str, int]) -> None:
    """Without one, with both, or with a negative one nothing goes."""
    with pytest.raises(BadValue):
        repo.lanes.prune_snapshots(*names, **limits)
    assert len(left(repo)) == 4


def test_on_the_command_line(repo: TestRepo, cli: Callable[..., Ran]) -> None:
    """Without a terminal it needs --yes; it says what went."""
    assert cli("snapshot", "prune", "auth", "--keep", "2") == Ran(
        128, "", "error: this needs a confirmation, and there is no terminal\nhint: use --yes\n"
    )
    done = cli("snapshot", "prune", "--older-than", "30d", "--yes")
    assert done == Ran(0, "removed snapshot auth/s1\n", "")
    again = cli("snapshot", "prune", "--older-than", "30d")
    assert again == Ran(0, "", "no snapshot to remove\n")
    assert cli("snapshot", "prune") == Ran(
        129,
        "",
        "error: say which snapshots go\nhint: use --older-than 30d, --keep N, or their ids\n",
    )
    rows = cli("snapshot", "list", "auth").out.splitlines()
    assert [row.split()[0] for row in rows] == ["SNAPSHOT", "auth/s2", "auth/s3", "auth/s4"]
    told = cli("snapshot", "show", "auth/s2", "--json").json
    assert (told["id"], told["files"]) == ("auth/s2", [["modified", "auth.py"]])
    shown = cli("snapshot", "show", "auth/s2").out.splitlines()
    assert (shown[0], shown[-1]) == ("snapshot auth/s2", "M\tauth.py")
    assert os.path.isdir(repo.workspace("auth"))
