"""What people decide on blocks: who may, from where to where, and how many it takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import BadValue, Cost, Intent, Judgement, Negative, Refused, Waiver
from tests.stacks.conftest import Work
from tests.support.gates import set_gates
from tests.support.repos import TestRepo

STATUSES = {
    "draft": (),
    "review": ("review",),
    "approved": ("approved",),
    "changes-requested": ("changes-requested",),
    "rejected": ("rejected",),
    "abandoned": ("abandoned",),
}
COST = Cost(input_tokens=5, amount="0.1", currency="USD")
# What each verb makes of a block with each status; None: refused.
STEPS: dict[str, dict[str, str | None]] = {
    "review": {"draft": "review", "changes-requested": "review"},
    "approved": dict.fromkeys(("draft", "review", "changes-requested", "approved"), "approved"),
    "changes-requested": dict.fromkeys(("draft", "review", "approved"), "changes-requested"),
    "rejected": dict.fromkeys(("draft", "review", "approved", "changes-requested"), "rejected"),
    "abandoned": dict.fromkeys(set(STATUSES) - {"abandoned"}, "abandoned"),
    "reopened": dict.fromkeys(("changes-requested", "rejected", "abandoned"), "draft"),
}


@pytest.mark.parametrize("what", STEPS)
def test_from_where_to_where(repo: TestRepo, work: Work, what: str) -> None:
    """Each decision is possible from some statuses, and refused with the reason from others."""
    work("abcdef")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    for number, before in enumerate(STATUSES, 1):
        for step in STATUSES[before]:
            lanes.review(f"review/{number}", status=step, by="ann", text="so")
    for number, before in enumerate(STATUSES, 1):
        expected = STEPS[what].get(before)
        name = f"review/{number}"
        if expected is None:
            with pytest.raises((Refused, Negative), match=f"block {number} of .* is {before}"):
                lanes.review(name, status=what, by="bob")
        else:
            block = lanes.review(name, status=what, by="bob", text="why").blocks[number - 1]
            assert (block.status, block.remarks[-1].text) == (expected, "why")


def test_how_many_it_takes(repo: TestRepo, work: Work) -> None:
    """A block is approved once enough different people approved; changes asked for undo that."""
    work("a")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth", approvals=2)
    for by, status in (("ann", "review"), ("ann", "review"), ("bob", "approved")):
        assert lanes.review("review/1", status="approved", by=by).blocks[0].status == status
    block = lanes.stack("review").blocks[0]
    assert [(x.by, x.commits) for x in block.approvals] == [
        ("ann", (block.items[0].commit,)),
        ("bob", (block.items[0].commit,)),
    ]
    assert lanes.review("review/1", status="changes-requested", by="bob").blocks[0].approvals == ()


def test_who_may(repo: TestRepo, work: Work) -> None:
    """Reviewers alone, if there are any; nobody approves work of his own; names are names."""
    work("a")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth", reviewers=("ann",))
    for status in ("approved", "changes-requested", "rejected"):
        with pytest.raises(Refused, match="'eve' is no reviewer of stack 'review'"):
            lanes.review("review/1", status=status, by="eve")
    lanes.review("review/1", status="note", by="eve", text="nice")
    lanes.configure_stack("review", reviewers=())
    with pytest.raises(Refused, match="'agent-auth' made what is in block 1"):
        lanes.review("review/1", status="approved", by="agent-auth")
    with pytest.raises(BadValue, match="bad agent id"):
        lanes.review("review/1", status="approved", by="a\nb")
    with pytest.raises(BadValue, match="unknown status 'fine'"):
        lanes.review("review/1", status="fine", by="ann")
    assert lanes.review("review/1", status="approved").blocks[0].approvals[0].by == (
        "person@example.com"
    )


def test_several_at_once(repo: TestRepo, work: Work) -> None:
    """Blocks of one stack are decided together, all or none."""
    work("abc")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    lanes.create_stack("other", lane="auth")
    lanes.review("review/3", status="rejected", by="ann")
    with pytest.raises(Refused, match="block 3 of stack 'review' is rejected"):
        lanes.review("review/1", "review/3", status="approved", by="ann")
    with pytest.raises(BadValue, match="several stacks"):
        lanes.review("review/1", "other/1", status="approved", by="ann")
    stack = lanes.review("review/1", "review/2", status="approved", by="ann")
    assert [x.status for x in stack.blocks] == ["approved", "approved", "rejected"]


def test_policy_of_the_target(repo: TestRepo, work: Work) -> None:
    """What the target's head asks for binds every promotion of the lane, whole or in part."""
    set_gates(repo, review={"approvals": 2})
    work("ab")
    lanes = repo.lanes
    before = repo.refs()
    with pytest.raises(Refused, match=r"wants 2 approvals, and .* is in no stack"):
        lanes.promote("auth")
    with pytest.raises(Refused, match="lane 'main' wants 2 approvals"):
        lanes.promote_stack(lane="auth", changes=["auth/1"])
    assert repo.refs() == before
    lanes.create_stack("review", lane="auth")
    assert lanes.review("review/1", status="approved", by="ann").blocks[0].status == "review"
    with pytest.raises(Refused, match="block 1 of stack 'review' is not approved: 1 of 2"):
        lanes.promote("auth")
    lanes.review("review/1", status="approved", by="bob")
    lanes.promote_stack(lane="auth", changes=["auth/1"])
    with pytest.raises(Refused, match="block 2 of stack 'review' is not approved: 0 of 2"):
        lanes.promote("auth")
    for by in ("ann", "bob"):
        lanes.review("review/2", status="approved", by=by)
    repo.write({"b.txt": "not approved\n"}, repo.workspace("auth"))
    lanes.amend("auth")
    with pytest.raises(Refused, match="block 2 of stack 'review' is not approved: 0 of 2"):
        lanes.promote("auth")
    for by in ("ann", "bob"):
        lanes.review("review/2", status="approved", by=by)
    lanes.promote("auth")
    assert repo.files("main")["b.txt"] == "not approved"


def test_the_work_cannot_weaken_it(repo: TestRepo, work: Work) -> None:
    """A policy in the work that is to land counts for nothing."""
    set_gates(repo, review={"approvals": 1})
    work("a")
    repo.write({".gitlanes.toml": "[review]\napprovals = 0\n"}, repo.workspace("auth"))
    repo.lanes.commit("auth", message="Weaken", waiver=Waiver(allow_protected=True))
    with pytest.raises(Refused, match="lane 'main' wants 1 approval"):
        repo.lanes.promote("auth", waiver=Waiver(no_gates=True, allow_protected=True))


@pytest.mark.parametrize("value", [-1, "two", True])
def test_a_policy_that_makes_no_sense(repo: TestRepo, work: Work, value: object) -> None:
    """Nothing lands by a policy that cannot be understood; its line is named."""
    work("a")
    set_gates(repo, review={"approvals": value})
    with pytest.raises(
        Refused, match=r"\.gitlanes\.toml:2 in lane 'main': review\.approvals: not a"
    ):
        repo.lanes.promote("auth")
    assert [x.key for x in repo.lanes.validate_settings().faults] == ["review.approvals"]


def test_a_promotion_left_open(repo: TestRepo, work: Work) -> None:
    """Accepting it asks for the same approvals as promoting."""
    set_gates(repo, review={"approvals": 1})
    work("a")
    lanes = repo.lanes
    offer = str(lanes.promote("auth", propose=True).proposed.id)  # type: ignore[union-attr]
    with pytest.raises(Refused, match="lane 'main' wants 1 approval"):
        lanes.accept(offer)
    lanes.create_stack("review", lane="auth")
    lanes.review("review/1", status="approved", by="ann")
    lanes.accept(offer)
    assert "a.txt" in repo.files("main")


def test_a_promotion_of_a_deleted_lane(repo: TestRepo, work: Work) -> None:
    """What was not approved is not landed by deleting its lane first; what was, still is."""
    set_gates(repo, review={"approvals": 1})
    lanes = repo.lanes
    for name, lane in (("a", "auth"), ("b", "bill")):
        work(name, lane)
        lanes.create_stack("review", lane=lane)
    lanes.review("bill:review/1", status="approved", by="ann")
    offers = [lanes.promote(x, propose=True).proposed for x in ("auth", "bill")]
    for lane in ("auth", "bill"):
        lanes.delete(lane)
    assert offers[0] is not None
    assert offers[1] is not None
    with pytest.raises(Refused, match="block 1 of stack 'review' is not approved: 0 of 1"):
        lanes.accept(offers[0].id)
    lanes.accept(offers[1].id)
    assert {"a.txt", "b.txt"} & set(repo.files("main")) == {"b.txt"}


@pytest.mark.parametrize("status", ["changes-requested", "rejected", "abandoned"])
def test_what_was_turned_down_does_not_land(repo: TestRepo, work: Work, status: str) -> None:
    """Even where no approval is asked, be it with its stack, by itself or with the lane."""
    work("ab")
    lanes = repo.lanes
    lanes.create_stack("review", lane="auth")
    lanes.review("review/2", status=status, by="ann")
    tries: list[Callable[[], object]] = [
        lambda: lanes.promote("auth"),
        lambda: lanes.promote_stack("review"),
        lambda: lanes.promote_stack(lane="auth", changes=["auth/2"]),
    ]
    for one in tries:
        with pytest.raises(Refused, match=f"block 2 of stack 'review' is {status}"):
            one()
    lanes.promote_stack(lane="auth", changes=["auth/1"])
    lanes.review("review/2", status="reopened", by="ann")
    lanes.promote("auth")


def test_a_summary(repo: TestRepo, work: Work) -> None:
    """It has intent, cost, checks and rejected tries of each change."""
    lanes = repo.lanes
    place = repo.lane("auth")
    said = Intent(prompt="Do a", agent="bot", model="m-1")
    repo.write({"a.txt": "first\n"}, place)
    lanes.propose("auth", message="Add a", intent=said, cost=COST)
    lanes.reject("auth/1", Judgement(by="ann", reason="too slow"))
    repo.write({"a.txt": "second\n"}, place)
    lanes.propose("auth", message="Add a", intent=said, cost=Cost(input_tokens=7))
    lanes.accept("auth/2", Judgement(by="ann", reason="fine", checks=(("tests", True),)))
    work("b")
    lanes.create_stack("review", lane="auth")
    lanes.review("review/1", status="note", by="bob", text="look here")
    told = lanes.review_summary("review/1").to_dict()
    (block,) = told["blocks"]
    (change,) = block["changes"]
    assert (change["prompt"], change["model"], change["agent"]) == ("Do a", "m-1", "bot")
    assert change["cost"] == {"input_tokens": 12, "amounts": {"USD": "0.1"}}
    assert change["rejected"] == [{"attempt": "auth/1", "by": "ann", "reason": "too slow"}]
    assert {"name": "tests", "passed": True, "by": "ann"} in change["gates"]
    assert block["remarks"][0]["text"] == "look here"
    assert len(lanes.review_summary("review").blocks) == 2
