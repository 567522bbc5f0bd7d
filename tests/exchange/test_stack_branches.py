"""A stack as branches: one commit a block, each on the one before, made again where it changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import Collision, Negative, Refused
from tests.support.repos import TestRepo


def branches(repo: TestRepo) -> list[str]:
    """Return the names of all branches."""
    return [x.removeprefix("refs/heads/") for x in repo.refs() if x.startswith("refs/heads/")]


@pytest.fixture
def stacked(repo: TestRepo) -> TestRepo:
    """A lane of three changes, whose stack has the last two in one block."""
    repo.lane("auth")
    for name in "abc":
        repo.commit("auth", {f"{name}.txt": f"{name}\n"}, f"Add {name}: it's ./needed")
    repo.lanes.create_stack("review", lane="auth")
    repo.lanes.merge_blocks("review", "2", "3")
    return repo


def test_a_branch_for_each_block(stacked: TestRepo) -> None:
    """Each has one commit with the block's first Change-Id, on the branch before."""
    made = stacked.lanes.export_stack("review")
    names = ["auth--1-add-a-it-s-needed", "auth--2-add-b-it-s-needed"]
    assert [x.branch for x in made.branches] == names
    assert branches(stacked) == [*names, "main"]
    base, first, second = (stacked.rev(x) for x in ("main", *names))
    assert (made.base, stacked.rev(f"{first}^"), stacked.rev(f"{second}^")) == (base, base, first)
    assert set(stacked.files(second)) >= {"a.txt", "b.txt", "c.txt"}
    text = stacked.git("log", "-1", "--format=%B", second)
    change = made.branches[1].change_id
    assert text == (
        "Add b: it's ./needed\n\n* Add b: it's ./needed\n* Add c: it's ./needed\n\n"
        f"Change-Id: {change}\nStack: review"
    )
    assert made.refspec is None
    told = stacked.lanes.export_stack("review", gerrit=True)
    assert told.refspec == f"refs/heads/{names[1]}:refs/for/main"
    stacked.fsck()


def test_again(stacked: TestRepo) -> None:
    """Nothing moves where nothing changed; an amended block's branch moves, and those on it."""
    lanes = stacked.lanes
    lanes.export_stack("review")
    before = stacked.refs()
    lanes.export_stack("review")
    assert stacked.refs() == before
    stacked.write({"b.txt": "better\n"}, stacked.workspace("auth"))
    lanes.amend("auth", of="auth/2")  # the branches do not keep the lane from it
    lanes.export_stack("review")
    after = stacked.refs()
    moved = [x for x in after if x.startswith("refs/heads/") and after[x] != before[x]]
    assert moved == ["refs/heads/auth--2-add-b-it-s-needed"]
    assert stacked.files(moved[0])["b.txt"] == "better"
    stacked.git("gc", "--quiet", "--prune=now")
    stacked.fsck()


def test_what_people_have_there_stays(stacked: TestRepo, tmp_path: Path) -> None:
    """A branch with commits of others, or that is checked out, is refused; nothing moves."""
    lanes = stacked.lanes
    name = lanes.export_stack("review").branches[1].branch
    place = tmp_path / "elsewhere"
    stacked.git("worktree", "add", "--quiet", str(place), name)
    stacked.write({"b.txt": "better\n"}, stacked.workspace("auth"))
    lanes.amend("auth", of="auth/2")
    before = stacked.refs()
    with pytest.raises(Refused, match=f"branch '{name}' is checked out in"):
        lanes.export_stack("review")
    stacked.git("commit", "--quiet", "--allow-empty", "--message=mine", cwd=place)
    stacked.git("switch", "--quiet", "--detach", cwd=place)
    with pytest.raises(Refused, match=f"branch '{name}' has commits that stack 'review' did not"):
        lanes.export_stack("review")
    after = stacked.refs()
    assert {x for x in after if after[x] != before[x]} == {f"refs/heads/{name}"}
    made = lanes.export_stack("review", prefix="other")
    assert [x.branch[:9] for x in made.branches] == ["other--1-", "other--2-"]


def test_a_branch_that_is_another_one_s_name(stacked: TestRepo) -> None:
    """To move it would move that one."""
    name = stacked.lanes.export_stack("review").branches[1].branch
    stacked.git("update-ref", "-d", f"refs/heads/{name}")
    stacked.git("symbolic-ref", f"refs/heads/{name}", "refs/heads/main")
    before = stacked.refs()
    with pytest.raises(Refused, match=f"branch '{name}' is another name of 'main'"):
        stacked.lanes.export_stack("review")
    assert stacked.refs() == before


def test_what_is_not_in_the_stack(stacked: TestRepo) -> None:
    """A block that stands on a change of no block is refused with the path; none is made."""
    stacked.commit("auth", {"a.txt": "again\n"}, "Change a")
    lanes = stacked.lanes
    lanes.create_stack("some", ["auth/4"])
    before = branches(stacked)
    with pytest.raises(Collision, match="block 1 of stack 'some' stands on changes") as told:
        lanes.export_stack("some")
    assert told.value.data["collisions"][0]["path"] == "a.txt"
    assert branches(stacked) == before
    lanes.promote("auth")
    with pytest.raises(Negative, match="nothing to export"):
        lanes.export_stack("some")
