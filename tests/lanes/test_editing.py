"""What people say of a lane: kept in its record, edited, and heeded by promote."""

from __future__ import annotations

from typing import Any

import pytest

from gitlanes import BadValue, Negative, Raced
from gitlanes.store import journal
from tests.support.repos import TestRepo


def test_new_says_what_the_lane_is(repo: TestRepo) -> None:
    """Description, metadata and mode are in the record from the start, and last."""
    repo.lanes.new("auth", description="log in\n☃", meta={"team": "core"}, mode="squash")
    repo.commit("auth", {"auth.py": "a\n"})
    told = repo.lanes.lane("auth")
    assert (told.description, told.meta, told.mode) == ("log in\n☃", {"team": "core"}, "squash")


def test_an_edit_is_one_operation(repo: TestRepo) -> None:
    """Each edit is one entry that says what changed; what was not named stays."""
    repo.lanes.new("auth", description="old", meta={"a": "1", "b": "2"}, mode="squash")
    made = repo.lanes.edit("auth", description="new", meta={"c": "3"}, unset_meta=["a", "nothing"])
    assert made.changed == ("description", "meta")
    told = repo.lanes.lane("auth")
    assert (told.description, told.meta, told.mode) == ("new", {"b": "2", "c": "3"}, "squash")
    assert told.last == "edit lane auth: description, meta"
    with repo.inner() as inner:
        state = inner.view.lane("auth")
        assert [x.verb for x in journal.walk(inner.refs, state.tip)] == ["edit", "new"]
    repo.lanes.edit("auth", description="", unset_meta=["b", "c"], unset_mode=True)
    told = repo.lanes.lane("auth")
    assert (told.description, told.meta, told.mode) == (None, {}, None)


def test_nothing_to_edit(repo: TestRepo) -> None:
    """An edit that changes nothing is a negative answer, and no entry."""
    repo.lanes.new("auth", description="log in", meta={"a": "1"}, mode="squash")
    before = repo.refs()
    same: list[dict[str, Any]] = [
        {},
        {"description": "log in"},
        {"meta": {"a": "1"}},
        {"mode": "squash"},
        {"unset_meta": ["b"]},
    ]
    for options in same:
        with pytest.raises(Negative):
            repo.lanes.edit("auth", **options)
    with pytest.raises(Raced):
        repo.lanes.edit("auth", description="x", expect="0" * 40)
    assert repo.refs() == before


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "fast"},
        {"mode": 1},
        {"description": b"bytes"},
        {"description": "x" * 4001},
        {"meta": {"a": 1}},
        {"meta": {1: "a"}},
        {"meta": {"": "a"}},
        {"meta": {"a": "x" * 4000}},
    ],
    ids=lambda x: str(x)[:30],
)
def test_what_a_record_cannot_hold(repo: TestRepo, options: Any) -> None:
    """What our own readers would refuse, and texts without end, are refused at the door."""
    repo.lanes.new("auth", workspace=False)
    before = repo.refs()
    with pytest.raises(BadValue):
        repo.lanes.edit("auth", **options)
    with pytest.raises(BadValue):
        repo.lanes.new("ui", **options)
    assert repo.refs() == before


def test_metadata_does_not_grow_without_end(repo: TestRepo) -> None:
    """The limit is on what the record holds in the end, not on one edit."""
    repo.lanes.new("auth", description="x" * 2500)
    with pytest.raises(BadValue, match="more than 4000"):
        repo.lanes.edit("auth", meta={"a": "y" * 2500})


def test_promote_heeds_the_mode(repo: TestRepo) -> None:
    """The lane's mode is taken unless another is given, by promote, its preview and check."""
    repo.lanes.new("auth", mode="squash")
    repo.commit("auth", {"auth.py": "a\n"})
    assert repo.lanes.check("auth")[0].mode == "squash"
    assert repo.lanes.promote("auth", dry_run=True).mode == "squash"
    assert repo.lanes.promote("auth").mode == "squash"
    assert len(repo.git("rev-parse", "refs/lanes/head/main^@").splitlines()) == 1
    repo.commit("auth", {"auth.py": "b\n"})
    assert repo.lanes.promote("auth", mode="merge").mode == "merge"
    repo.lanes.edit("auth", unset_mode=True)
    repo.commit("auth", {"auth.py": "c\n"})
    assert repo.lanes.promote("auth").mode == "merge"
