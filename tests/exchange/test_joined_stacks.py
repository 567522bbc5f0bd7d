"""Stacks that two clones changed at once: what people decided holds on both sides."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import Intent, Refused
from gitlanes.models.stacks import Block
from tests.support.clones import Clones
from tests.support.repos import TestRepo

ONE, TWO, THREE = "auth:st/1", "auth:st/2", "auth:st/3"


@pytest.fixture
def pair(clones: Clones) -> Clones:
    """Two clones that both have a stack of three changes."""
    a, b = clones.all
    for name in ("one", "two", "three"):
        _put(a, name)
    a.lanes.create_stack("st", lane="auth")
    a.lanes.push()
    b.lanes.pull()
    return clones


def _put(repo: TestRepo, name: str) -> None:
    repo.lanes.put_file("auth", name, b"x\n", intent=Intent(prompt=name))


def _joined(clones: Clones) -> tuple[Block, ...]:
    """Let b push first; return the blocks that both have in the end."""
    a, b = clones.all
    b.lanes.push()
    a.lanes.push()
    b.lanes.pull()
    found = [x.lanes.stack("auth:st").blocks for x in clones.all]
    assert found[0] == found[1]
    assert clones.shared(a) == clones.shared(b) == clones.on_server()
    return found[0]


def test_approvals_of_different_blocks_both_hold(pair: Clones) -> None:
    """Each clone approved another block: both are approved, by whom they were."""
    a, b = pair.all
    a.lanes.review(ONE, status="approved", by="ann")
    b.lanes.review(TWO, status="approved", by="bob", text="well done")
    blocks = _joined(pair)
    assert [x.status for x in blocks] == ["approved", "approved", "draft"]
    assert [[x.by for x in block.approvals] for block in blocks] == [["ann"], ["bob"], []]
    assert [x.text for x in blocks[1].remarks] == ["well done"]


@pytest.mark.parametrize("no", ["rejected", "changes-requested", "abandoned"])
@pytest.mark.parametrize("first", [True, False])
def test_a_no_outweighs_an_approval(pair: Clones, no: str, first: bool) -> None:
    """A block that one clone turned down does not land because another approved it."""
    a, b = pair.all[::-1] if first else pair.all
    a.lanes.review(ONE, status="approved", by="ann")
    a.lanes.review(TWO, status="approved", by="ann")
    b.lanes.review(ONE, status=no, by="bob", text="not so")
    blocks = _joined(pair)
    assert [x.status for x in blocks] == [no, "approved", "draft"]
    assert [x.text for x in blocks[0].remarks] == ["not so"]
    assert blocks[0].approvals == ()
    with pytest.raises(Refused, match=f"is {no}"):
        a.lanes.promote("auth")


def test_a_no_taken_back_is_gone(pair: Clones) -> None:
    """What was turned down before, and reopened and approved by one clone, is approved."""
    a, b = pair.all
    a.lanes.review(ONE, status="rejected", by="ann")
    a.lanes.push()
    b.lanes.pull()
    a.lanes.review(ONE, status="reopened", by="ann")
    a.lanes.review(ONE, status="approved", by="ann")
    b.lanes.review(ONE, status="note", by="bob", text="why?")
    blocks = _joined(pair)
    assert blocks[0].status == "approved"
    assert [x.text for x in blocks[0].remarks if x.text] == ["why?"]


def test_approvals_of_one_block_add_up(pair: Clones) -> None:
    """Two are asked for, and each clone has one: together they are enough."""
    a, b = pair.all
    a.lanes.configure_stack("auth:st", approvals=2)
    a.lanes.push()
    b.lanes.pull()
    a.lanes.review(ONE, status="approved", by="ann")
    b.lanes.review(ONE, status="approved", by="bob")
    blocks = _joined(pair)
    assert (blocks[0].status, {x.by for x in blocks[0].approvals}) == ("approved", {"ann", "bob"})


def test_an_approval_that_was_withdrawn_stays_withdrawn(pair: Clones) -> None:
    """What one clone made a draft again is none because the other still has the approval."""
    a, b = pair.all
    a.lanes.review(ONE, status="approved", by="ann")
    a.lanes.push()
    b.lanes.pull()
    b.lanes.review(ONE, status="changes-requested", by="bob")
    b.lanes.review(ONE, status="reopened", by="bob")
    a.lanes.review(TWO, status="approved", by="ann")
    blocks = _joined(pair)
    assert [(x.status, len(x.approvals)) for x in blocks] == [
        ("draft", 0),
        ("approved", 1),
        ("draft", 0),
    ]


@pytest.mark.parametrize("cut", [True, False])
def test_blocks_cut_anew_keep_what_was_decided_elsewhere(pair: Clones, cut: bool) -> None:
    """One clone splits a block while the other approves it: both parts are approved."""
    a, b = pair.all
    a.lanes.merge_blocks("auth:st", "1", "2")
    a.lanes.push()
    b.lanes.pull()
    a, b = (a, b) if cut else (b, a)
    a.lanes.split_block(ONE, "1", title="beginning")
    a.lanes.describe_block("auth:st/3", "the end")
    b.lanes.review(ONE, status="approved", by="bob")
    blocks = _joined(pair)
    assert [x.status for x in blocks] == ["approved", "approved", "draft"]
    assert blocks[2].description == "the end"


def test_blocks_put_together_are_not_approved_by_half(pair: Clones) -> None:
    """The approval of one change is none of a block that has another one, too."""
    a, b = pair.all
    a.lanes.merge_blocks("auth:st", "1", "2")
    b.lanes.review(ONE, status="approved", by="bob")
    b.lanes.review(TWO, status="rejected", by="bob")
    blocks = _joined(pair)
    assert [(len(x.items), x.status) for x in blocks] == [(2, "rejected"), (1, "draft")]


def test_what_either_side_added_or_took_out(clones: Clones) -> None:
    """A stack kept by hand has what both added, and not what either took out."""
    a, b = clones.all
    for name in ("one", "two", "three", "four"):
        _put(a, name)
    a.lanes.create_stack("st", ["auth/1", "auth/2"])
    a.lanes.push()
    b.lanes.pull()
    a.lanes.stack_add("auth:st", "auth/3")
    a.lanes.stack_remove("auth:st", "1")
    b.lanes.stack_add("auth:st", "auth/4")
    blocks = _joined(clones)
    assert {x.title for block in blocks for x in block.items} == {"two", "three", "four"}


def test_an_approval_is_not_of_what_was_amended_elsewhere(pair: Clones) -> None:
    """One clone approves a change, the other gives it another content: it is a draft."""
    a, b = pair.all
    where = b.lanes.create_workspace("auth").path
    Path(where, "three").write_text("another\n")
    b.lanes.amend("auth", message="three")
    b.lanes.review(THREE, status="note", by="bob", text="mended")
    a.lanes.review(THREE, status="approved", by="ann")
    blocks = _joined(pair)
    assert [x.status for x in blocks] == ["draft"] * 3
    assert [x.text for x in blocks[2].remarks] == ["mended"]
    assert a.files(a.lanes.head("auth"))["three"] == "another"


def test_stacks_of_one_name_made_twice(clones: Clones) -> None:
    """Both clones made a stack of one name: it is one, with what both decided."""
    a, b = clones.all
    _put(a, "one")
    _put(a, "two")
    a.lanes.push()
    b.lanes.pull()
    for repo, block, who in ((a, ONE, "ann"), (b, TWO, "bob")):
        repo.lanes.create_stack("st", lane="auth")
        repo.lanes.review(block, status="approved", by=who)
    blocks = _joined(clones)
    assert [[x.by for x in block.approvals] for block in blocks] == [["ann"], ["bob"]]


def test_work_that_a_join_brought_is_not_approved_by_who_made_it(clones: Clones) -> None:
    """The merge that joins two clones is nobody's, and what came with it is its makers'."""
    a, b = clones.all
    for repo, agent in ((a, "agent-a"), (b, "agent-b")):
        repo.lanes.put_file("auth", agent, b"x\n", intent=Intent(agent=agent))
    b.lanes.push()
    a.lanes.push()
    a.lanes.create_stack("st", lane="auth")
    first, joined = a.lanes.stack("auth:st").blocks
    (maker,) = {str(x.agent) for x in first.items}
    (other,) = {"agent-a", "agent-b"} - {maker}
    assert {x.agent for x in joined.items} == {None}
    for block, agent in ((ONE, maker), (TWO, other)):
        with pytest.raises(Refused, match=f"'{agent}' made what is in block"):
            a.lanes.review(block, status="approved", by=agent)
    a.lanes.review(TWO, status="approved", by="reviewer")
