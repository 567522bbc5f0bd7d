"""Archived lanes: hidden and readable, taking no work until they are back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import Negative, NotFound, Raced, Refused
from tests.support.repos import TestRepo


def test_an_archived_lane_is_hidden_and_readable(repo: TestRepo) -> None:
    """Listings leave it out; its record, attempts and content are there as before."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    head = repo.rev("refs/lanes/head/auth")
    made = repo.lanes.archive("auth")
    assert (made.lane.status, made.snapshot) == ("archived", None)
    assert not place.exists()
    assert [x.name for x in repo.lanes.lanes().lanes] == ["main"]
    assert [x.name for x in repo.lanes.status().lanes] == ["main"]
    assert [x.name for x in repo.lanes.lanes(archived=True).lanes] == ["auth", "main"]
    assert [x.name for x in repo.lanes.status("auth").lanes] == ["auth"]
    assert repo.lanes.lane("auth").status == "archived"
    assert repo.lanes.head("auth") == head == repo.rev("refs/lanes/head/auth")
    assert [x.attempt.id for x in repo.lanes.history("auth").attempts] == ["auth/1"]
    assert [x.path for x in repo.lanes.diff("main", "auth").files] == [b"auth.py"]
    assert repo.lanes.new("again", start="auth").lane.head == head
    assert repo.lanes.check() != []
    repo.fsck()


def _work(repo: TestRepo) -> dict[str, Callable[[], object]]:
    lanes = repo.lanes
    return {
        "workspace": lambda: lanes.create_workspace("auth"),
        "promote": lambda: lanes.promote("auth"),
        "promote into": lambda: lanes.promote("ui", into="auth"),
        "dry run": lambda: lanes.promote("auth", dry_run=True),
        "accept": lambda: lanes.accept("auth/2"),
        "reject": lambda: lanes.reject("auth/2"),
    }


def test_it_takes_no_work(repo: TestRepo) -> None:
    """Whatever would change it is refused, with the way to bring it back."""
    repo.lane("auth", {"auth.py": "a\n"})
    repo.lane("ui", {"ui.py": "u\n"})
    repo.propose("auth", {"auth.py": "b\n"})
    repo.lanes.archive("auth", force=True)
    before = repo.refs()
    for verb in _work(repo).values():
        with pytest.raises(Refused, match="lane 'auth' is archived") as refused:
            verb()
        assert refused.value.hint == "bring it back with 'git lanes unarchive auth'"
    assert repo.refs() == before


def test_it_comes_back_as_it_was(repo: TestRepo) -> None:
    """Unarchived it is active, its open attempts wait, and it gets a workspace when asked."""
    repo.lane("auth", {"auth.py": "a\n"})
    repo.propose("auth", {"auth.py": "b\n"})
    repo.lanes.archive("auth", force=True)
    made = repo.lanes.unarchive("auth")
    assert made.lane.status == "active"
    assert [x.id for x in made.lane.open] == ["auth/2"]
    with pytest.raises(NotFound):
        repo.lanes.workspace("auth")
    repo.lanes.accept("auth/2")
    repo.lanes.create_workspace("auth")
    assert repo.commit("auth", {"auth.py": "c\n"}) == "auth/3"
    assert repo.lanes.promote("auth").into == "main"


def test_what_would_be_lost_is_kept(repo: TestRepo) -> None:
    """Open attempts and unsaved work are refused; forced, the one waits, the other is saved."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    repo.write({"unsaved.txt": "u\n"}, place)
    with pytest.raises(Refused, match="unsaved"):
        repo.lanes.archive("auth")
    repo.propose("auth", {"auth.py": "b\n"})
    with pytest.raises(Refused, match="open attempts: auth/2"):
        repo.lanes.archive("auth")
    repo.write({"more.txt": "m\n"}, place)
    made = repo.lanes.archive("auth", force=True)
    assert made.snapshot == "auth/s1"
    repo.git("gc", "--quiet", "--prune=now")
    saved = repo.files("refs/lanes/snapshots/auth/1")
    assert (saved["unsaved.txt"], saved["more.txt"]) == ("u", "m")


def test_what_cannot_be_archived(repo: TestRepo) -> None:
    """The repository's own lane stays; archiving twice, or another head, changes nothing."""
    repo.work("auth")
    with pytest.raises(Refused, match="repository's own"):
        repo.lanes.archive("main")
    with pytest.raises(Raced):
        repo.lanes.archive("auth", expect="0" * 40)
    with pytest.raises(Negative):
        repo.lanes.unarchive("auth")
    repo.lanes.archive("auth")
    with pytest.raises(Negative):
        repo.lanes.archive("auth")
    with pytest.raises(Raced):
        repo.lanes.unarchive("auth", expect="0" * 40)


def test_archived_lanes_can_be_renamed_edited_and_deleted(repo: TestRepo) -> None:
    """What does not touch its work goes on."""
    repo.work("auth", {"auth.py": "a\n"})
    repo.lanes.archive("auth")
    repo.lanes.edit("auth", description="old login")
    repo.lanes.rename("auth", "login")
    assert repo.lanes.lane("login").status == "archived"
    repo.lanes.delete("login")
    assert [x.name for x in repo.lanes.lanes(archived=True).lanes] == ["main"]


def test_what_an_archived_lane_has_not_says_how_to_go_on(repo: TestRepo) -> None:
    """Work in its workspace is refused with the command that makes it active again."""
    repo.lane("auth", {"auth.py": "1\n"})
    repo.lanes.archive("auth")
    with pytest.raises(NotFound, match=r"^workspace of lane 'auth' not found$") as refused:
        repo.lanes.commit("auth")
    assert refused.value.hint == "run 'git lanes unarchive auth'"
