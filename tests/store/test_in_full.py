"""What stands in full in the entry that changed it last, whoever wrote the entries since."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gitlanes import CorruptRecord
from gitlanes.store import codec
from tests.support.repos import TestRepo


def copied(repo: TestRepo, journal: str, **members: object) -> dict[str, Any]:
    """Add an entry with the record of the one before, word for word but for some members."""
    tree = repo.git("hash-object", "-t", "tree", "/dev/null")
    body = repo.git("cat-file", "commit", journal).partition("\n\n")[2]
    entry: dict[str, Any] = json.loads(body.partition("\n\n")[2])
    entry["record"] |= members
    entry |= {"previous": [repo.rev(journal)], "details": {}, "verb": "edit", "refs": {}}
    text = f"edit\n\n{codec.dump(entry)}"
    repo.git("update-ref", journal, repo.git("commit-tree", tree, "-p", journal, "-m", text))
    return entry


@pytest.fixture
def both(repo: TestRepo) -> TestRepo:
    """Lane dev with a stack, which is queued for main."""
    repo.lane("dev", {"auth.py": "1\n"})
    repo.lanes.create_stack("all", ["dev"])
    repo.lanes.queue_add(["dev"])
    return repo


@pytest.mark.parametrize(("lane", "member"), [("dev", "stacks"), ("main", "queue")])
def test_a_version_that_does_not_know_it(both: TestRepo, lane: str, member: str) -> None:
    """It copies the word 'here' into entries that do not have it, and all is found the same."""
    for _ in range(2):
        assert "here" in copied(both, f"refs/lanes/journal/{lane}")["record"][member].values()
    assert [x.name for x in both.lanes.stacks("dev")] == ["all"]
    assert [x.lane for x in both.lanes.queue()] == ["dev"]


@pytest.mark.parametrize(("lane", "member"), [("dev", "stacks"), ("main", "queue")])
def test_an_entry_that_is_not_there(both: TestRepo, lane: str, member: str) -> None:
    """What names it is told of, with the entry's beginning."""
    journal = f"refs/lanes/journal/{lane}"
    known = copied(both, journal)["record"][member]
    copied(both, journal, **{member: dict.fromkeys(known, "1" * 40)})
    with pytest.raises(CorruptRecord, match="is missing: its entry 111111111111 is not there"):
        both.lanes.stacks("dev") if member == "stacks" else both.lanes.queue()
