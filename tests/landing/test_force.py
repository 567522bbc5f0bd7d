"""Collisions: who did what to which path, and what happens when the source is to win."""

from __future__ import annotations

import json

import pytest

from gitlanes import Collision, NotFound
from tests.support.repos import TestRepo

MODES = ["merge", "squash", "replay"]


def both_touch(repo: TestRepo, *names: str) -> None:
    """Let main and lane auth change the same files differently, each with one of its own."""
    repo.work("auth", {**dict.fromkeys(names, "by auth\n"), "own.py": "1\n"})
    repo.work("other", {**dict.fromkeys(names, "by other\n"), "other.py": "1\n"})
    repo.lanes.promote("other")


def test_a_collision_names_both_sides(repo: TestRepo) -> None:
    """Per path: both actions, modes, ids, last attempts and agents; besides, what is disjoint."""
    repo.work("auth", {"auth.py": "first\n", "own.py": "1\n"})
    repo.commit("auth", {"auth.py": "by auth\n"})
    repo.work("other", {"auth.py": None, "other.py": "1\n"})
    repo.lanes.promote("other")
    before = repo.refs()
    with pytest.raises(Collision) as refused:
        repo.lanes.promote("auth")
    assert repo.refs() == before
    data = refused.value.data
    assert data["collisions"] == [
        {
            "path": "auth.py",
            "kind": "content",
            "other": None,
            "source": {
                "action": "modified",
                "mode": "100644",
                "oid": repo.rev("refs/lanes/head/auth:auth.py"),
                "attempt": "auth/2",
                "agent": "agent-auth",
                "commit": repo.lanes.head("auth"),
                "moved_to": None,
            },
            "target": {
                "action": "deleted",
                "mode": None,
                "oid": None,
                "attempt": "other/1",
                "agent": "agent-other",
                "commit": repo.lanes.head("other"),
                "moved_to": None,
            },
        }
    ]
    assert (data["source_only"], data["target_only"]) == (["own.py"], ["other.py"])
    assert data["base"] == [repo.rev("main~1")]
    assert (data["source"], data["target"]) == (
        repo.lanes.head("auth"),
        repo.lanes.head("main"),
    )
    for way in ("new NAME --from main", "by hand", "--force"):
        assert way in refused.value.hint


@pytest.mark.parametrize("mode", ["squash", "replay"])
def test_a_collision_names_the_author_behind_a_landing(repo: TestRepo, mode: str) -> None:
    """However the other's work landed, its own attempt and agent are named."""
    repo.work("auth", {"auth.py": "by auth\n"})
    repo.work("other", {"auth.py": "by other\n"})
    repo.lanes.promote("other", mode=mode)
    with pytest.raises(Collision) as refused:
        repo.lanes.promote("auth")
    target = refused.value.data["collisions"][0]["target"]
    assert (target["attempt"], target["agent"]) == ("other/1", "agent-other")


def test_a_collision_tells_where_the_target_moved_the_file(repo: TestRepo) -> None:
    """An edit of a file that the target moved names its new place."""
    repo.work("auth", {"auth.py": "by auth\n"})
    repo.git("mv", "auth.py", "src/auth.py")
    repo.git("commit", "--quiet", "--message=move")
    with pytest.raises(Collision) as refused:
        repo.lanes.promote("auth")
    assert refused.value.data["collisions"][0]["target"]["moved_to"] == "src/auth.py"


@pytest.mark.parametrize("mode", MODES)
def test_forced_paths_win_and_are_recorded(repo: TestRepo, mode: str) -> None:
    """Named paths take the source's content; the intent says what was overwritten."""
    both_touch(repo, "auth.py")
    overwritten = repo.rev("main:auth.py")
    landed = repo.lanes.promote("auth", mode=mode, force=["auth.py"])
    assert repo.files("main") == {
        "auth.py": "by auth",
        "own.py": "1",
        "other.py": "1",
        "src/app.py": "app",
    }
    assert [x.path for x in landed.forced] == [b"auth.py"]
    notes = repo.git("notes", "--ref=lanes/intents", "show", str(landed.head)).splitlines()
    told = next(x["promotion"] for x in map(json.loads, notes) if "promotion" in x)
    assert [x["path"] for x in told["forced"]] == ["auth.py"]
    assert told["forced"][0]["target"]["oid"] == overwritten
    assert told["forced"][0]["target"]["attempt"] == "other/1"


def test_only_the_named_paths_are_forced(repo: TestRepo) -> None:
    """A collision that was not named refuses the whole landing, and names itself alone."""
    both_touch(repo, "auth.py", "src/app.py")
    before = repo.refs()
    with pytest.raises(Collision) as refused:
        repo.lanes.promote("auth", force=["auth.py"])
    assert [x["path"] for x in refused.value.data["collisions"]] == ["src/app.py"]
    assert repo.refs() == before
    landed = repo.lanes.promote("auth", force=["auth.py", "src/app.py"])
    assert [x.path for x in landed.forced] == [b"auth.py", b"src/app.py"]


def test_everything_can_be_forced(repo: TestRepo) -> None:
    """`force_all` lets the source win every collision, and nothing else."""
    both_touch(repo, "auth.py", "src/app.py")
    repo.lanes.promote("auth", force_all=True)
    assert repo.files("main") == {
        "auth.py": "by auth",
        "src/app.py": "by auth",
        "own.py": "1",
        "other.py": "1",
    }


@pytest.mark.parametrize("name", ["own.py", "other.py", "missing.py"])
def test_a_path_that_does_not_collide_cannot_be_forced(repo: TestRepo, name: str) -> None:
    """Forcing a path of one side alone, or of none, is a mistake that is told."""
    both_touch(repo, "auth.py")
    before = repo.refs()
    with pytest.raises(NotFound, match=name):
        repo.lanes.promote("auth", force=["auth.py", name])
    assert repo.refs() == before


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("deleting", ["source", "target"])
def test_a_deletion_against_a_change(repo: TestRepo, mode: str, deleting: str) -> None:
    """Forced, the source's deletion or change wins over the other side's."""
    repo.work("auth", {"auth.py": None if deleting == "source" else "by auth\n", "own.py": "1\n"})
    repo.work("other", {"auth.py": None if deleting == "target" else "by other\n"})
    repo.lanes.promote("other")
    with pytest.raises(Collision):
        repo.lanes.promote("auth", mode=mode)
    repo.lanes.promote("auth", mode=mode, force=["auth.py"])
    wanted = None if deleting == "source" else "by auth"
    assert repo.files("main").get("auth.py") == wanted
    repo.fsck()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("source", "target"), [("lib", "lib/a.py"), ("lib/a.py", "lib"), ("Read.me", "READ.ME")]
)
def test_names_that_cannot_stand_together(
    repo: TestRepo, mode: str, source: str, target: str
) -> None:
    """A file against a directory, and names equal but for case, collide; forced, one gives way."""
    repo.work("auth", {source: "by auth\n", "own.py": "1\n"})
    repo.work("other", {target: "by other\n"})
    repo.lanes.promote("other")
    with pytest.raises(Collision) as refused:
        repo.lanes.promote("auth", mode=mode)
    found = [(x["path"], x["other"]) for x in refused.value.data["collisions"]]
    assert found == [(source, target)]
    landed = repo.lanes.promote("auth", mode=mode, force=[source])
    assert landed.followed
    assert repo.files("main") == {
        source: "by auth",
        "own.py": "1",
        "auth.py": "login",
        "src/app.py": "app",
    }
    assert repo.git("status", "--porcelain") == ""
    repo.fsck()


def test_work_goes_on_after_a_forced_landing(repo: TestRepo) -> None:
    """The loser's next landing collides on the path that was forced, and reverts nothing."""
    both_touch(repo, "auth.py")
    repo.lanes.promote("auth", force_all=True)
    repo.commit("other", {"auth.py": "by other again\n"})
    with pytest.raises(Collision):
        repo.lanes.promote("other")
    assert repo.files("main")["auth.py"] == "by auth"
