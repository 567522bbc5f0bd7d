"""Blocks made, split, merged, moved, put into another order: the tree never changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import BadName, BadValue, Collision, Negative, NotFound, Refused
from gitlanes.models.stacks import Stack
from tests.stacks.conftest import Work
from tests.support.repos import TestRepo


def shape(stack: Stack) -> list[str]:
    """Return the last letters of each block's changes: ['a', 'bc']."""
    return ["".join(x.title[-1] for x in block.items) for block in stack.blocks]


def test_a_new_change_is_a_block(repo: TestRepo, work: Work) -> None:
    """Each change that the lane gets is a draft titled by its subject, in the lane's order."""
    work("ab")
    lanes = repo.lanes
    stack = lanes.create_stack("review", lane="auth")
    assert (stack.id, stack.into, shape(stack)) == ("auth:review", "main", ["a", "b"])
    work("c")
    stack = lanes.stack("review")
    assert [(x.number, x.title, x.status) for x in stack.blocks] == [
        (n, f"Add {name}", "draft") for n, name in enumerate("abc", 1)
    ]
    assert [x.attempt for x in stack.items] == ["auth/1", "auth/2", "auth/3"]
    assert {x.agent for x in stack.items} == {"agent-auth"}


def test_by_hand(repo: TestRepo, work: Work) -> None:
    """A stack of some changes leaves the others unassigned, until they are added in place."""
    ids = work("abcd")
    lanes = repo.lanes
    assert shape(lanes.create_stack("some", [ids[3], "auth/1"])) == ["d", "a"]
    stack = lanes.stack("some")
    assert [x.title for x in stack.unassigned] == ["Add b", "Add c"]
    assert [x.title for x in lanes.unassigned("auth").items] == ["Add b", "Add c"]
    lanes.stack_reorder("some", "2", "1")
    assert shape(lanes.stack_add("some", ids[2][:9])) == ["a", "c", "d"]
    assert shape(lanes.stack_add("some", "auth/2", to="1")) == ["ab", "c", "d"]
    assert lanes.unassigned("auth").items == ()
    with pytest.raises(Refused, match="block 1 of stack 'some' has auth/2"):
        lanes.stack_add("some", "auth/2")


def test_removed_changes_stay_away(repo: TestRepo, work: Work) -> None:
    """What was taken out of a stack is no block again by itself; an emptied block goes."""
    ids = work("abc")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    assert shape(lanes.stack_remove("review", "2")) == ["a", "c"]
    stack = lanes.stack_remove("review", ids[2])
    assert (shape(stack), [x.title[-1] for x in stack.unassigned]) == (["a"], ["b", "c"])
    work("d")
    assert shape(lanes.stack("review")) == ["a", "d"]
    assert shape(lanes.stack_add("review", "auth/2")) == ["a", "b", "d"]


def test_splitting_and_merging(repo: TestRepo, work: Work) -> None:
    """Both parts keep what was decided; merged blocks have the approvals that all had."""
    work("abcde")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth", approvals=1)
    assert shape(lanes.merge_blocks("review", "1", "2", "3", "4", "5")) == ["abcde"]
    lanes.review("review/1", status="approved", by="ann")
    stack = lanes.split_block("review/1", "2", title="The rest")
    assert shape(stack) == ["ab", "cde"]
    assert [(x.title, x.status) for x in stack.blocks] == [
        ("Add a", "approved"),
        ("The rest", "approved"),
    ]
    change = str(stack.blocks[1].items[0].change_id)
    assert shape(lanes.split_block("review/2", change)) == ["ab", "c", "de"]
    lanes.review("review/3", status="changes-requested", by="ann", text="no")
    stack = lanes.merge_blocks("review", "1", "2")
    assert [(len(x.approvals), x.status) for x in stack.blocks] == [
        (1, "approved"),
        (0, "changes-requested"),
    ]
    stack = lanes.merge_blocks("review", "1", "2")
    assert (shape(stack), stack.blocks[0].status) == (["abcde"], "draft")
    assert [x.text for x in stack.blocks[0].remarks] == ["no"]
    for after in ("0", "5", "99"):
        with pytest.raises(Refused, match="cannot be split after"):
            lanes.split_block("review/1", after)
    with pytest.raises(BadValue, match="no place to split"):
        lanes.split_block("review/1", "x")


def test_moving(repo: TestRepo, work: Work) -> None:
    """A moved change leaves its block, and both are to be reviewed again."""
    ids = work("abc")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    lanes.review("review/1", "review/2", "review/3", status="approved", by="ann")
    stack = lanes.stack_move("review", ids[2], to="1")
    assert shape(stack) == ["ac", "b"]
    assert [x.status for x in stack.blocks] == ["draft", "approved"]


def test_what_touches_the_same_path_keeps_its_order(repo: TestRepo, work: Work) -> None:
    """It is refused with the paths, whichever verb would do it; nothing moves."""
    work("ab")
    repo.commit("auth", {"a.txt": "again\n"}, "Change a")
    repo.commit("auth", {"b.txt": None, "b.txt/in": "below\n"}, "Move b")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    before = repo.refs()
    tries: list[Callable[[], object]] = [
        lambda: lanes.stack_reorder("review", "3", "1", "2", "4"),
        lambda: lanes.stack_reorder("review", "1", "4", "2", "3"),
        lambda: lanes.merge_blocks("review", "3", "1"),
        lambda: lanes.create_stack("other", ["auth/3", "auth/1"]),
    ]
    for one in tries:
        with pytest.raises(Collision, match="cannot come before"):
            one()
    with pytest.raises(Collision) as told:
        tries[0]()
    (found,) = told.value.data["collisions"]
    assert (found["path"], found["source"]["attempt"]) == ("a.txt", "auth/3")
    assert repo.refs() == before
    assert shape(lanes.stack_reorder("review", "2", "1", "4", "3")) == ["b", "a", "b", "a"]


def test_one_entry_each(repo: TestRepo, work: Work) -> None:
    """A change of a stack is one entry, which has it in full; the one before has what was."""
    work("ab")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    lanes.create_stack("other", lane="auth")
    inner = repo.inner()
    before = inner.view.lane("auth")
    lanes.merge_blocks("review", "1", "2")
    after = inner.view.lane("auth")
    assert after.record.stacks == {"other": before.tip, "review": after.tip}
    assert before.record.stacks["review"] != before.tip
    assert after.record.head == before.record.head
    repo.commit("auth", {"c.txt": "c\n"})
    assert inner.view.lane("auth").record.stacks == after.record.stacks
    inner.close()


def test_naming(repo: TestRepo, work: Work) -> None:
    """A stack is found by its name where one lane has it; names that cannot be are refused."""
    work("a")
    work("b", "bill")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    with pytest.raises(Refused, match="lane 'auth' has a stack 'review' already"):
        lanes.create_stack("review", lane="auth")
    with pytest.raises(BadName, match="bad stack name 'a/b'"):
        lanes.create_stack("a/b", lane="auth")
    with pytest.raises(NotFound, match="stack 'reviw' not found") as told:
        lanes.stack("reviw")
    assert told.value.nearest == "review"
    lanes.create_stack("review", lane="bill")
    with pytest.raises(Refused, match="several lanes have a stack 'review'"):
        lanes.stack("review")
    assert shape(lanes.stack("bill:review")) == ["b"]
    assert shape(repo.open(repo.workspace("auth")).stack("review")) == ["a"]
    for name in ("review", "auth:review/9", "auth:review/x", "auth:review/I0000"):
        with pytest.raises(NotFound, match="block"):
            lanes.title_block(name, "x")
    assert [x.id for x in lanes.stacks()] == ["auth:review", "bill:review"]
    lanes.delete_stack("auth:review")
    assert [x.id for x in lanes.stacks()] == ["bill:review"]
    assert [x.id for x in lanes.stacks("auth")] == []


def test_titles(repo: TestRepo, work: Work) -> None:
    """A title and a description are what somebody said, until he takes that back."""
    work("a")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    lanes.title_block("review/1", "Better\nlogin")
    block = lanes.describe_block("review/1", "why").blocks[0]
    assert (block.title, block.description) == ("Better login", "why")
    lanes.title_block("review/1", "")
    block = lanes.describe_block("review/1", "").blocks[0]
    assert (block.title, block.description) == ("Add a", None)
    with pytest.raises(Negative, match="nothing to change"):
        lanes.describe_block("review/1", "")


def test_secrets_are_not_stored(repo: TestRepo, work: Work) -> None:
    """What is said of a block passes the redactor as all texts do."""
    work("a")
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    lanes.describe_block("review/1", f"token {secret}")
    lanes.review("review/1", status="note", by="ann", text=f"use {secret}")
    block = lanes.stack("review").blocks[0]
    assert secret not in f"{block.description}{block.remarks}"
    assert "[redacted: " in str(block.description)
    assert secret not in repo.git("cat-file", "-p", "refs/lanes/journal/auth")


def test_a_renamed_lane_keeps_its_stacks(repo: TestRepo, work: Work) -> None:
    """They go along with the lane's name, and stay readable once it is deleted."""
    work("ab")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    lanes.merge_blocks("review", "1", "2")
    lanes.rename("auth", "login")
    assert (lanes.stack("review").id, shape(lanes.stack("login:review"))) == (
        "login:review",
        ["ab"],
    )
    lanes.delete("login", force=True)
    assert shape(lanes.stack("login:review")) == ["ab"]
    with pytest.raises(NotFound):
        lanes.merge_blocks("login:review", "1")


def test_a_lane_without_changes(repo: TestRepo, work: Work) -> None:
    """Nothing can be stacked of a lane where nothing waits, but it can have a stack."""
    repo.work("auth")
    with pytest.raises(Negative, match="nothing to stack"):
        repo.lanes.create_stack("some", ["auth"])
    assert shape(repo.lanes.create_stack("review", lane="auth")) == []
    work("ab")
    assert shape(repo.lanes.stack("review")) == ["a", "b"]
    assert shape(repo.lanes.create_stack("some", ["auth"])) == ["a", "b"]
    with pytest.raises(BadValue, match="unknown group 'x'"):
        repo.lanes.create_stack("other", lane="auth", group="x")
    with pytest.raises(BadValue, match="approvals are from 0 to 100, not -1"):
        repo.lanes.configure_stack("review", approvals=-1)
