"""Stacks go along with their lanes: changes amended, laid again, landed, gone."""

from __future__ import annotations

import pytest

from gitlanes import Refused
from gitlanes.models.stacks import Stack
from tests.stacks.conftest import Work
from tests.support.repos import TestRepo


def told(stack: Stack) -> list[tuple[str, bool]]:
    """Return (status, whether it is to be looked at again) of each block."""
    return [(x.status, x.needs_rereview) for x in stack.blocks]


def test_amended_and_laid_again(repo: TestRepo, work: Work) -> None:
    """The amended change is a draft; what was laid on it again stays approved, and is flagged."""
    work("abc")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    lanes.review("review/1", "review/2", "review/3", status="approved", by="ann")
    repo.write({"b.txt": "better\n"}, repo.workspace("auth"))
    lanes.amend("auth", of="auth/2")
    assert told(lanes.stack("review")) == [
        ("approved", False),
        ("draft", False),
        ("approved", True),
    ]
    lanes.review("review/3", status="approved", by="ann")
    assert told(lanes.stack("review"))[2] == ("approved", False)
    lanes.amend("auth", of="auth/5", message="Add c, better")
    assert told(lanes.stack("review"))[2] == ("draft", False)


def test_status_goes_along_with_edits(repo: TestRepo, work: Work) -> None:
    """A draft by an amendment stays one when the stack is changed otherwise."""
    work("ab")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    lanes.review("review/1", "review/2", status="approved", by="ann")
    repo.write({"a.txt": "better\n"}, repo.workspace("auth"))
    lanes.amend("auth", of="auth/1")
    lanes.title_block("review/2", "Other")
    assert told(lanes.stack("review")) == [("draft", False), ("approved", True)]


@pytest.mark.parametrize("match", ["change-id", "patch-id", "message"])
def test_how_changes_are_known_again(repo: TestRepo, work: Work, match: str) -> None:
    """By Change-Id an amended change is the same; by patch or message if that is the same."""
    work("ab")
    lanes = repo.lanes
    lanes.create_stack("review", ["auth/1", "auth/2"], match=match)
    repo.write({"a.txt": "better\n"}, repo.workspace("auth"))
    lanes.amend("auth", of="auth/1")
    titles = [x.title for x in lanes.stack("review").blocks]
    assert titles == (["Add b"] if match == "patch-id" else ["Add a", "Add b"])
    lanes.amend("auth", of="auth/4", message="Add another b")
    titles = [x.title for x in lanes.stack("review").blocks]
    assert (
        titles
        == {
            "change-id": ["Add a", "Add another b"],
            "patch-id": ["Add another b"],
            "message": ["Add a"],
        }[match]
    )


def test_orphans(repo: TestRepo, work: Work) -> None:
    """What a lane has no more goes with its block, or stays to be seen and does not land."""
    work("ab")
    lanes = repo.lanes
    for orphans in ("drop", "keep"):
        lanes.create_stack(orphans, ["auth/1", "auth/2"], match="message", orphans=orphans)
    lanes.amend("auth", of="auth/1", message="Other")
    assert [x.title for x in lanes.stack("drop").blocks] == ["Add b"]
    kept = lanes.stack("keep")
    assert [[x.orphaned for x in block.items] for block in kept.blocks] == [[True], [False]]
    before = repo.refs()
    with pytest.raises(Refused, match="block 1 of stack 'keep' has a change that its lane"):
        lanes.promote_stack("keep")
    assert repo.refs() == before
    lanes.stack_remove("keep", "1")
    assert [x.title for x in lanes.stack("keep").blocks] == ["Add b"]


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
def test_a_landed_block_is_merged(repo: TestRepo, work: Work, mode: str) -> None:
    """However the lane is promoted, and however often; what comes later is a draft."""
    work("ab")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    lanes.promote("auth", mode=mode)
    assert told(lanes.stack("review")) == [("merged", False)] * 2
    work("c")
    lanes.promote("auth", mode=mode)
    work("d")
    assert [x for x, _ in told(lanes.stack("review"))] == ["merged"] * 3 + ["draft"]
    assert lanes.stack("review").unassigned == ()


def test_a_block_lands_in_parts(repo: TestRepo, work: Work) -> None:
    """A block is merged once all of it has landed, and keeps its approval on the way."""
    work("abc")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    lanes.merge_blocks("review", "1", "2", "3")
    lanes.review("review/1", status="approved", by="ann")
    lanes.promote_stack(lane="auth", changes=["auth/1"])
    block = lanes.stack("review").blocks[0]
    assert (block.status, [x.landed for x in block.items]) == ("approved", [True, False, False])
    lanes.promote_stack("review")
    assert told(lanes.stack("review")) == [("merged", False)]
    assert set("abc") <= {x[0] for x in repo.files("main") if x.endswith(".txt")}


def test_work_of_people(repo: TestRepo, work: Work) -> None:
    """A commit that came by plain git, without a Change-Id, is a change like others."""
    work("a")
    place = repo.workspace("auth")
    repo.write({"people.txt": "p\n"}, place)
    repo.git("add", "--all", cwd=place)
    repo.git("commit", "--quiet", "--message=By hand", cwd=place)
    repo.git("update-ref", "refs/lanes/head/auth", repo.git("rev-parse", "HEAD", cwd=place))
    repo.commit("auth", {"b.txt": "b\n"}, "Add b")
    stack = repo.lanes.create_stack("review", lane="auth")
    assert [x.title for x in stack.blocks] == ["Add a", "By hand", "Add b"]
    repo.lanes.review("review/2", status="approved", by="ann")
    assert told(repo.lanes.stack("review"))[1] == ("approved", False)
