"""The log of operations: each once, newest first, with what it did to which lanes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import NotFound
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.fixture
def story(repo: TestRepo) -> TestRepo:
    """A lane that was made, committed in, and promoted to main."""
    repo.work("auth", {"auth.py": "1\n"})
    repo.lanes.promote("auth")
    return repo


def test_each_once(story: TestRepo) -> None:
    """A promotion touches two lanes and is one operation, with both heads before and after."""
    landed, made, *earlier = story.lanes.operations().operations
    assert [x.verb for x in (landed, made, *earlier)] == ["promote", "commit", "new", "init"]
    start, work = story.rev("main~1"), story.rev("refs/lanes/head/auth")
    assert [(x.lane, x.before, x.head) for x in landed.lanes] == [
        ("auth", work, work),
        ("main", start, story.rev("main")),
    ]
    assert [(x.lane, x.before, x.head) for x in made.lanes] == [("auth", start, work)]
    assert (made.actor, earlier[0].lanes[0].before) == ("agent-auth", None)
    assert story.lanes.operation(made.id[:30]) == made


def test_of_one_lane(story: TestRepo) -> None:
    """Only what touched the lane, at most so many; whether there is more is told."""
    story.lane("docs")
    verbs = [x.verb for x in story.lanes.operations("auth").operations]
    assert verbs == ["promote", "commit", "new"]
    some = story.lanes.operations("auth", limit=2)
    assert (len(some.operations), some.more) == (2, True)
    assert story.lanes.operations("auth", limit=3).more is False
    with pytest.raises(NotFound, match="lane 'aut'"):
        story.lanes.operations("aut")


def test_a_deleted_lane_s(story: TestRepo) -> None:
    """What was done to a lane is told after its end, too."""
    story.lanes.delete("auth")
    (gone, *_) = story.lanes.operations("auth").operations
    assert (gone.verb, gone.lanes[0].status) == ("delete", "deleted")


def test_what_the_commands_say(story: TestRepo, cli: Cli) -> None:
    """A table with the beginnings of ids, and all there is about one."""
    landed, made, *_ = story.lanes.operations().operations
    assert cli("op", "log", "-n", "2") == Ran(
        0,
        "OPERATION           TIME                  AGENT       WHAT\n"
        f"{landed.id[:18]}  {landed.time[:19]}Z  -           promote auth into main (merge)\n"
        f"{made.id[:18]}  {made.time[:19]}Z  agent-auth  commit auth/1: work of auth\n",
        "hint: there is more; see --limit and --all\n",
    )
    assert cli("op", "show", made.id) == Ran(
        0,
        f"operation {made.id}\n"
        "  Verb:   commit\n"
        f"  Time:   {made.time}\n"
        f"  Host:   {made.host}\n"
        "  Agent:  agent-auth\n"
        "\n"
        "    commit auth/1: work of auth\n"
        "\n"
        f"  lane auth: {story.rev('main~1')[:12]} -> {story.rev('refs/lanes/head/auth')[:12]}\n",
        "",
    )
    assert cli("op", "show", "0") == Ran(
        128,
        "",
        "error: operation '0' not found\nhint: it fits 4 of them: give more of it\n",
    )
