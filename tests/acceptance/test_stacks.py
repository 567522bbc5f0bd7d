"""Stacks of review blocks, as reviewers and agents use them at the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

Lanes = Callable[..., Ran]


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth."""
    return repo.lane("auth")


@pytest.fixture
def lanes(repo: TestRepo, place: Path) -> Lanes:
    """`git lanes` in that workspace; it succeeds unless told."""

    def run(*args: str, code: int = 0) -> Ran:
        ran = run_cli(place, repo.environ, *args)
        assert ran.code == code, ran.err
        return ran

    return run


def work(repo: TestRepo, place: Path, lanes: Lanes, names: str) -> None:
    """Commit a file of that name for each letter."""
    for name in names:
        repo.write({f"{name}.txt": f"{name}\n"}, place)
        lanes("commit", "-m", f"Add {name}")


def blocks(lanes: Lanes, stack: str) -> list[dict[str, Any]]:
    """Return the blocks of a stack."""
    found: list[dict[str, Any]] = lanes("stack", "show", stack, "--json").json["blocks"]
    return found


def told(lanes: Lanes, stack: str) -> list[tuple[str, str]]:
    """Return (title, status) of each block."""
    return [(x["title"], x["status"]) for x in blocks(lanes, stack)]


def changes(block: dict[str, Any]) -> list[str]:
    """Return the titles of a block's changes."""
    return [x["title"] for x in block["items"]]


def test_an_amended_change_is_a_draft_again(repo: TestRepo, place: Path, lanes: Lanes) -> None:
    """Of four blocks two are approved; amending the third resets it alone, under its id."""
    work(repo, place, lanes, "abcd")
    lanes("stack", "create", "review", "--approvals", "1")
    assert told(lanes, "review") == [(f"Add {x}", "draft") for x in "abcd"]
    lanes("review", "approve", "review/1", "review/2", "review/3", "--by", "ann")
    before = blocks(lanes, "review")
    repo.write({"c.txt": "better\n"}, place)
    lanes("commit", "--amend-of", "auth/3")
    statuses = [x for _, x in told(lanes, "review")]
    assert statuses == ["approved", "approved", "draft", "draft"]
    after = blocks(lanes, "review")
    ids = [[y["change_id"] for x in some for y in x["items"]] for some in (before, after)]
    assert ids[0] == ids[1]
    assert [x["needs_rereview"] for x in after] == [False] * 4
    assert after[2]["approvals"] == []
    assert before[2]["items"][0]["commit"] != after[2]["items"][0]["commit"]


def test_split_and_merge(repo: TestRepo, place: Path, lanes: Lanes) -> None:
    """A block of five is split into 2 + 3 and merged back; the tree stays; merged is final."""
    work(repo, place, lanes, "abcde")
    tree = repo.rev("refs/lanes/head/auth^{tree}")
    lanes("stack", "create", "review")
    lanes("stack", "merge", "review", "1", "2", "3", "4", "5")
    lanes("stack", "split", "review/1", "--after", "2")
    parts = [changes(x) for x in blocks(lanes, "review")]
    assert parts == [["Add a", "Add b"], ["Add c", "Add d", "Add e"]]
    lanes("stack", "merge", "review", "1", "2")
    assert [changes(x) for x in blocks(lanes, "review")] == [[f"Add {x}" for x in "abcde"]]
    assert repo.rev("refs/lanes/head/auth^{tree}") == tree
    lanes("promote", "--stack", "review")
    assert told(lanes, "review") == [("Add a", "merged")]
    before = repo.refs()
    for args in (
        *(("stack", "split", "review/1", "--after", "2"), ("stack", "title", "review/1", "x")),
        *(("stack", "describe", "review/1", "x"), ("stack", "remove", "review", "1")),
        *(("stack", "merge", "review", "1", "2"), ("stack", "reorder", "review", "1")),
        *(("stack", "move", "review", "auth/1", "--to", "1"),),
        *(("review", x, "review/1", "-m", "x") for x in ("request", "approve", "reject")),
        *(("review", x, "review/1", "-m", "x") for x in ("abandon", "reopen", "note")),
        ("review", "request-changes", "review/1"),
    ):
        assert "is merged, and stays as it is" in lanes(*args, code=128).err
    assert repo.refs() == before


def test_three_stacks_of_a_lane(repo: TestRepo, place: Path, lanes: Lanes) -> None:
    """They are listed, configured and promoted each by itself; unapproved ones do not land."""
    work(repo, place, lanes, "abcdef")
    named = {"backend": ("1", "4"), "frontend": ("2", "5"), "testing": ("3", "6")}
    for name, numbers in named.items():
        lanes("stack", "create", name, *(f"auth/{x}" for x in numbers))
    lanes("stack", "edit", "backend", "--approvals", "1")
    lanes("stack", "edit", "frontend", "--approvals", "2", "--reviewer", "ann", "--reviewer", "bo")
    listed = lanes("stack", "list", "--json").json["stacks"]
    assert [(x["name"], x["config"]["approvals"], len(x["blocks"])) for x in listed] == [
        ("backend", 1, 2),
        ("frontend", 2, 2),
        ("testing", 0, 2),
    ]
    before = repo.refs()
    refused = lanes("promote", "--stack", "backend", code=128)
    assert "error: block 1 of stack 'backend' is not approved: 0 of 1" in refused.err
    assert repo.refs() == before
    lanes("review", "approve", "backend/1", "backend/2", "--by", "ann")
    landed = lanes("promote", "--stack", "backend", "--json").json
    assert set(repo.files("main")) >= {"a.txt", "d.txt"}
    assert not {"b.txt", "c.txt", "e.txt", "f.txt"} & set(repo.files("main"))
    assert [x for _, x in told(lanes, "backend")] == ["merged", "merged"]
    assert landed["stack"] == "auth:backend"
    lanes("review", "approve", "frontend/1", "frontend/2", "--by", "ann")
    assert [x for _, x in told(lanes, "frontend")] == ["review", "review"]
    lanes("promote", "--stack", "frontend", code=128)
    assert "is no reviewer" in lanes("review", "approve", "frontend/1", "--by", "eve", code=128).err
    lanes("promote", "--stack", "testing")
    assert set(repo.files("main")) >= {"c.txt", "f.txt"}
    lanes("review", "approve", "frontend/1", "frontend/2", "--by", "bo")
    lanes("promote", "--stack", "frontend")
    assert repo.files("main") == repo.files("refs/lanes/head/auth")
    messages = repo.git("log", "--format=%B", "main")
    assert messages.count("Change-Id: ") == 6 + 3
    assert repo.git("status", "--porcelain", cwd=place) == ""
    repo.fsck()
