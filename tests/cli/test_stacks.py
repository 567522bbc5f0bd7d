"""Stacks and reviews at the command line: what they print, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

TOLD = "stack auth:review into main: per-change, by change-id, orphans drop, no approval asked\n"


@pytest.fixture
def stage(repo: TestRepo) -> TestRepo:
    """Lane auth with three changes, and its stack review."""
    repo.work("auth")
    for name in "abc":
        repo.commit("auth", {f"{name}.txt": f"{name}\n"}, f"Add {name}")
    repo.lanes.create_stack("review", lane="auth")
    return repo


def test_what_is_printed(stage: TestRepo, cli: Cli) -> None:
    """Blocks are a table on stdout, what is said of the stack is chatter; -q leaves that out."""
    shown = cli("stack", "show", "review")
    assert shown == Ran(
        0,
        "BLOCK  STATUS  APPROVALS  CHANGES  TITLE\n"
        "1      draft   -          auth/1   Add a\n"
        "2      draft   -          auth/2   Add b\n"
        "3      draft   -          auth/3   Add c\n",
        TOLD,
    )
    assert cli("stacks", "show", "review", "-q") == Ran(0, shown.out, "")
    removed = cli("stack", "remove", "auth:review", "2")
    assert removed.err == TOLD + "unassigned: auth/2 Add b\n"
    assert cli("stack", "unassigned", "auth") == Ran(
        0, "auth/2 Add b\n", "1 change of auth in no stack\n"
    )
    assert cli("stack", "list").out == (
        "STACK        INTO  GROUP       APPROVALS  BLOCKS  STATUS\n"
        "auth:review  main  per-change  0          2       2 draft\n"
    )
    assert cli("stack", "delete", "review", "--yes") == Ran(0, "deleted stack auth:review\n", "")
    assert cli("stack", "list") == Ran(0, "", "there are no stacks\n")
    assert cli("stack", "list", "--json").json == {"schema": "gitlanes.stacks/1", "stacks": []}
    del stage


def test_programs_are_told_the_same(stage: TestRepo, cli: Cli) -> None:
    """Each result's to_dict() is the object that the same command prints with --json."""
    lanes = stage.lanes
    for model, args in (
        (lanes.stack("review"), ("stack", "show", "review")),
        (lanes.unassigned("auth"), ("stack", "unassigned", "auth")),
        (lanes.review_summary("review"), ("review", "export", "review")),
        (lanes.review_summary("review/2"), ("review", "export", "review/2")),
    ):
        assert model.to_dict() == cli(*args, "--json").json
    told = cli("review", "approve", "review/2", "--by", "ann", "--json").json
    assert told == lanes.stack("review").to_dict()
    assert [x["status"] for x in told["blocks"]] == ["draft", "approved", "draft"]
    told = cli("export", "--stack", "review", "--gerrit", "--json").json
    assert told == lanes.export_stack("review", gerrit=True).to_dict() | {
        "branches": [{**x, "old": None} for x in told["branches"]]
    }


def test_who_decides(stage: TestRepo, cli: Cli) -> None:
    """It is the agent of the environment unless told, else git's mail address."""
    stage.environ["GITLANES_AGENT"] = "bot"
    cli("review", "approve", "review/1")
    del stage.environ["GITLANES_AGENT"]
    cli("review", "approve", "review/2")
    blocks = stage.lanes.stack("review").blocks
    assert [x.by for block in blocks for x in block.approvals] == ["bot", "person@example.com"]


def test_a_part_that_lands(stage: TestRepo, cli: Cli) -> None:
    """It says what landed and what was laid anew; a dry run what would."""
    dry = cli("promote", "auth", "--change", "auth/3", "--dry-run")
    assert dry == Ran(0, "auth would land on main: 1 file\n", "")
    done = cli("promote", "auth", "--change", "auth/3")
    head = stage.rev("main")[:12]
    assert done == Ran(
        0,
        f"promoted auth into main (merge): main/1 at {head}\nbranch main follows\n",
        "laid in another order: auth/3 as auth/4, auth/1 as auth/5, auth/2 as auth/6\n",
    )
    again = cli("promote", "auth", "--change", "auth/4")
    assert again.err.startswith("error: auth/4 is no change that waits to land: it has landed\n")


def test_a_summary_does_nothing_by_itself(stage: TestRepo, cli: Cli) -> None:
    """What others wrote is text in the Markdown, and moves no cursor."""
    text = "<script>x</script> [a](http://b) `c` \x1b[31m"
    cli("review", "note", "review/1", "--by", "ann", "-m", text)
    shown = cli("review", "export", "review/1").out
    assert "<script>" not in shown.replace("\\<", "")
    assert "\\[a\\](http://b) \\`c\\`" in shown
    assert "\x1b" not in shown
    assert shown.startswith("# Stack auth:review into main\n\n## 1. Add a\n\nStatus: draft\n")
    del stage


def test_git_lanes_show_tells_of_it(stage: TestRepo, cli: Cli) -> None:
    """The journal tells each step in words; listings of lanes know nothing of stacks."""
    cli("review", "reject", "review/1", "--by", "ann", "-m", "too slow")
    told = stage.git("log", "-1", "--format=%s", "refs/lanes/journal/auth")
    assert told == "reject block 1 of stack review: too slow"
    assert '"stacks"' not in cli("list", "--json").out
