"""Stacks as stored: kept by versions that do not know them, refused where they are damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gitlanes import CorruptRecord
from tests.support.repos import TestRepo

Body = dict[str, Any]


@pytest.fixture
def stage(repo: TestRepo) -> TestRepo:
    """A lane with a stack of one decided block."""
    repo.work("auth", {"a.txt": "a\n"})
    repo.lanes.create_stack("review", lane="auth", approvals=1)
    repo.lanes.review("review/1", status="approved", by="ann", text="fine")
    return repo


def rewritten(repo: TestRepo, change: Callable[[Body], object]) -> None:
    """Put another entry in the place of the lane's newest one."""
    ref = "refs/lanes/journal/auth"
    subject, _, text = repo.git("log", "-1", "--format=%B", ref).partition("\n\n")
    body = json.loads(text)
    change(body)
    message = f"{subject}\n\n{json.dumps(body, sort_keys=True, separators=(',', ':'))}\n"
    tree, parent = repo.rev(f"{ref}^{{tree}}"), repo.rev(f"{ref}^")
    new = repo.git("commit-tree", tree, "-p", parent, "-m", message)
    repo.git("update-ref", ref, new)


def stack(body: Body) -> Body:
    """Return the stack in an entry."""
    found: Body = body["details"]["stack"]["review"]
    return found


def test_what_is_stored(stage: TestRepo) -> None:
    """The record names the entry itself; in it is what people said, nothing that is computed."""
    text = stage.git("log", "-1", "--format=%B", "refs/lanes/journal/auth").partition("\n\n")[2]
    body = json.loads(text)
    assert body["record"]["stacks"] == {"review": "here"}
    (block,) = stack(body).pop("blocks")
    assert {key: x for key, x in stack(body).items() if key != "source"} == {
        "group": "per-change",
        "match": "change-id",
        "orphans": "drop",
        "approvals": 1,
    }
    assert sorted(block) == ["approvals", "items", "remarks", "status"]
    assert sorted(block["items"][0]) == ["change_id", "commit", "lane", "title"]


def test_further_members_are_kept(stage: TestRepo) -> None:
    """What a newer version says of a stack is there after the next change."""
    rewritten(stage, lambda body: stack(body).update(further={"x": 1}))
    stage.lanes.title_block("review/1", "Better")
    text = stage.git("log", "-1", "--format=%B", "refs/lanes/journal/auth")
    assert '"further":{"x":1}' in text


DAMAGE: dict[str, Callable[[Body], object]] = {
    "no stack": lambda body: body["details"].pop("stack"),
    "no object": lambda body: body["details"].update(stack=["review"]),
    "no status": lambda body: stack(body)["blocks"][0].update(status="fine"),
    "no items": lambda body: stack(body)["blocks"][0].update(items=[]),
    "no commit": lambda body: stack(body)["blocks"][0]["items"][0].update(commit="--all"),
    "no lane": lambda body: stack(body)["blocks"][0]["items"][0].update(lane="a b"),
    "no change": lambda body: stack(body)["blocks"][0]["items"][0].update(change_id="I1"),
    "no title": lambda body: stack(body)["blocks"][0].update(title=1),
    "no approval": lambda body: stack(body)["blocks"][0]["approvals"][0].pop("by"),
    "no commits": lambda body: stack(body)["blocks"][0]["approvals"][0].update(commits=["x"]),
    "no number": lambda body: stack(body).update(approvals="1"),
    "no grouping": lambda body: stack(body).update(group="other"),
    "no target": lambda body: stack(body).update(target="../x"),
    "no since": lambda body: stack(body).update(since="HEAD"),
    "no branches": lambda body: stack(body).update(exported={"x": ["HEAD"]}),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named(stage: TestRepo, what: str) -> None:
    """A stack that cannot be read is an error that names it; nothing lands past it."""
    rewritten(stage, DAMAGE[what])
    for verb in (
        lambda: stage.lanes.stack("auth:review"),
        lambda: stage.lanes.promote("auth"),
        lambda: stage.lanes.review("auth:review/1", status="note", by="ann", text="x"),
    ):
        with pytest.raises(CorruptRecord, match="stack 'review' of lane 'auth' is damaged"):
            verb()
    assert stage.lanes.lane("auth").name == "auth"


@pytest.mark.parametrize("stacks", [{"review": "HEAD"}, {"../x": "0" * 40}, ["review"]])
def test_a_record_names_entries(stage: TestRepo, stacks: object) -> None:
    """A record whose stacks are no names of entries is damaged as a whole."""
    rewritten(stage, lambda body: body["record"].update(stacks=stacks))
    with pytest.raises(CorruptRecord, match="is damaged"):
        stage.lanes.stack("auth:review")
