"""Lanes that follow lanes: made so, told so, and never in a circle."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import BadValue, Cost, Limits, Negative, NotFound, Raced, Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def lanes(repo: TestRepo, **on: str) -> None:
    """Make lanes without workspaces: each name on the lane that it is given."""
    for name, parent in on.items():
        repo.lanes.new(name, on=parent or None, workspace=False)


def test_a_lane_on_another(repo: TestRepo) -> None:
    """It starts from that one's head, and is promoted into it unless told."""
    repo.work("base", {"base.py": "1\n"})
    repo.lanes.new("top", on="base")
    repo.commit("top", {"top.py": "1\n"})
    landed = repo.lanes.promote("top")
    assert (landed.into, landed.source_only) == ("base", (b"top.py",))
    assert repo.lanes.lane("top").parent == "base"


@pytest.mark.parametrize("on", ["base/1", "base/s1"])
def test_on_an_attempt_or_a_snapshot(repo: TestRepo, on: str) -> None:
    """It starts from that very state, and follows the lane that it is of."""
    repo.lane("base")
    repo.propose("base", {"base.py": "1\n"})
    repo.lanes.snapshot("base")
    made = repo.lanes.new("top", on=on)
    assert (repo.workspace("top") / "base.py").read_text() == "1\n"
    assert made.lane.parents == (repo.lanes.lane("base").uuid,)


def test_what_cannot_be_followed(repo: TestRepo) -> None:
    """A revision is no lane, a paused lane takes no work, and a start is one thing."""
    lanes(repo, base="")
    with pytest.raises(NotFound, match="lane 'HEAD'"):
        repo.lanes.new("top", on="HEAD")
    with pytest.raises(BadValue, match="either from something or on it"):
        repo.lanes.new("top", on="base", start="main")
    repo.lanes.pause("base", reason="wait")
    with pytest.raises(Refused, match="lane 'base' is paused: wait"):
        repo.lanes.new("top", on="base")


def test_a_budget_rolls_up(repo: TestRepo) -> None:
    """What a lane costs counts towards the budget of the one that it follows."""
    repo.lanes.new("base", budget=Limits(input_tokens=100))
    repo.lanes.new("top", on="base")
    repo.write({"a.py": "1\n"}, repo.workspace("top"))
    repo.lanes.commit("top", message="w", cost=Cost(input_tokens=90))
    repo.write({"a.py": "2\n"}, repo.workspace("base"))
    repo.lanes.commit("base", message="w", cost=Cost(input_tokens=20))
    repo.write({"a.py": "3\n"}, repo.workspace("base"))
    with pytest.raises(Refused, match="over budget"):
        repo.lanes.commit("base", message="w")


def test_several_parents(repo: TestRepo) -> None:
    """The first is the target; once it is let go, the next one is that."""
    lanes(repo, one="", two="", top="one")
    assert repo.lanes.follow("top", "two").parents == ("one", "two")
    assert repo.lanes.unfollow("top", "one").parents == ("two",)
    assert repo.lanes.lane("top").parent == "two"
    assert repo.lanes.unfollow("top", "two").lane.parent is None
    with pytest.raises(Negative, match="lane 'top' does not follow 'one', 'x'"):
        repo.lanes.unfollow("top", "one", "x")


def test_expectations(repo: TestRepo) -> None:
    """A lane that moved is not changed."""
    lanes(repo, base="", top="")
    with pytest.raises(Raced):
        repo.lanes.follow("top", "base", expect="0000")
    with pytest.raises(Raced):
        repo.lanes.pause("top", expect="0000")


@pytest.mark.parametrize(
    ("lane", "on", "cycle"),
    [
        ("a", "a", ["a", "a"]),
        ("a", "b", ["a", "b", "a"]),
        ("a", "c", ["a", "c", "b", "a"]),
        ("a", "d", ["a", "d", "b", "a"]),
    ],
)
def test_a_cycle(repo: TestRepo, lane: str, on: str, cycle: list[str]) -> None:
    """A cycle of any length, by any parent, is refused by name, and nothing is written."""
    lanes(repo, a="", b="a", c="b", d="c")
    repo.lanes.unfollow("d", "c")
    repo.lanes.follow("d", "main")
    repo.lanes.follow("d", "b")
    before = repo.refs()
    with pytest.raises(Refused) as refused:
        repo.lanes.follow(lane, on)
    assert refused.value.data == {"cycle": cycle}
    assert repo.refs() == before


def test_relatives(repo: TestRepo) -> None:
    """Children, the whole line above, and what two lanes have in common."""
    lanes(repo, base="", left="base", right="base", leaf="left")
    repo.lanes.follow("leaf", "right")
    assert repo.lanes.children("base") == ("left", "right")
    assert repo.lanes.lineage("leaf") == ("left", "right", "base")
    assert [x.name for x in repo.lanes.relatives("leaf").parents] == ["left", "right"]
    assert repo.lanes.common_base("left", "right") == repo.rev("main")


def test_a_parent_is_not_deleted_from_under_others(repo: TestRepo) -> None:
    """Deletion names who follows; forced, they go on with a parent that is told to be gone."""
    lanes(repo, base="", top="base")
    with pytest.raises(Refused, match="lane 'base' is followed by top"):
        repo.lanes.delete("base")
    repo.lanes.delete("base", force=True)
    (parent,) = repo.lanes.relatives("top").parents
    assert (parent.name, parent.status) == ("base", "deleted")
    repo.lanes.unfollow("top", "base")
    repo.lanes.rename("top", "other")


def test_names_follow_a_rename(repo: TestRepo) -> None:
    """A parent that is called otherwise is followed under its new name."""
    lanes(repo, base="", top="base")
    repo.lanes.rename("base", "ground")
    assert repo.lanes.lineage("top") == ("ground",)
    assert [x.name for x in repo.lanes.graph().lanes] == ["ground", "top"]


def test_what_the_commands_say(repo: TestRepo, cli: Cli) -> None:
    """A list of relatives, a tree, and the same for Graphviz."""
    head = repo.rev("main")[:12]
    lanes(repo, base="", left="base", right="base")
    assert cli("dep", "add", "right", "--on", "left").out == "lane right follows base, left\n"
    assert cli("dep", "list", "left").out == (
        "left         LANE   STATE   HEAD          OPEN\n"
        f"follows      base   active  {head}  -\n"
        f"followed by  right  active  {head}  -\n"
    )
    assert cli("dep", "graph").out == (
        "LANE       STATE   HEAD          OPEN  FOLLOWS ALSO\n"
        f"base       active  {head}  -     -\n"
        f"|-- left   active  {head}  -     -\n"
        f"`-- right  active  {head}  -     left\n"
    )
    assert '  "right" -> "left";' in cli("dep", "graph", "--dot").out.splitlines()
    assert cli("dep", "list", "main").err == (
        "lane main follows no other, and no other follows it\n"
    )
    assert cli("dep", "add", "base", "--on", "right") == Ran(
        128,
        "",
        "error: lane 'base' cannot follow 'right': base -> right -> base would be a cycle\n"
        "hint: see 'git lanes dep graph'\n",
    )
    assert cli("dep", "remove", "left", "--on", "base").out == "lane left follows no other\n"


def test_a_parent_whose_name_another_lane_has_now(repo: TestRepo, cli: Cli) -> None:
    """It is told as before, and a promotion or a sync says how to go on without it."""
    lanes(repo, base="", top="base")
    uuid = repo.lanes.lane("base").uuid
    repo.lanes.put_file("top", "top.py", b"1\n")
    repo.lanes.delete("base", force=True)
    with pytest.raises(Refused, match="the parent of lane 'top' was deleted") as refused:
        repo.lanes.promote("top")
    assert "dep remove top --on base" in str(refused.value.hint)
    lanes(repo, base="")
    (above,) = repo.lanes.relatives("top").parents
    gone = f"base@{uuid[-8:]}"
    assert (above.name, above.uuid, above.status) == (gone, uuid, "deleted")
    repo.lanes.follow("top", "base")
    assert [x.name for x in repo.lanes.graph().lanes] == ["base", gone, "top"]
    for act in (repo.lanes.promote, repo.lanes.sync):
        with pytest.raises(Refused, match="of lane 'top'") as refused:
            act("top")
        assert f"dep remove top --on {gone}" in str(refused.value.hint)
    assert cli("dep", "remove", "top", "--on", gone).code == 0
    assert repo.lanes.promote("top").into == "base"
