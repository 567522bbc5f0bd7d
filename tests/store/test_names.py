"""Names of lanes: what git, file systems and readers all take."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitlanes import BadName, Refused
from gitlanes.store import layout
from tests.support.repos import TestRepo

GOOD = ["a", "auth", "A-1", "fix_login.v2", "9lives", "x" * 100, "a.b.c", "con-1", "lock"]
BAD = [
    "",
    "../x",
    "-x",
    ".x",
    "_x",
    "a.lock",
    "a.LOCK",
    "a.",
    "a..b",
    "a/b",
    "a b",
    "a\nb",
    "a\0b",
    "a\x1b[31m",
    "ü",
    "CON",
    "nul.txt",
    "LPT1",
    "x" * 101,
    "x" * 10_000,
    "HEAD",
    "FETCH_HEAD",
    "deadbeef",
    "a~1",
    "a^",
    "a:b",
    "a*",
    "@{u}",
]


@pytest.mark.parametrize("name", GOOD)
def test_good_names(name: str) -> None:
    """Letters, digits, dots, dashes and underscores make a name."""
    assert layout.check_lane_name(name) == name


def test_bad_names_are_refused(repo: TestRepo) -> None:
    """A hostile name is refused in one clean line, and nothing is made."""
    before = repo.refs()
    for name in BAD:
        with pytest.raises(BadName) as refused:
            repo.lanes.new(name)
        assert refused.value.message.isprintable()
        assert len(refused.value.message) < 200
    assert repo.refs() == before
    assert not repo.path.with_name("repo.lanes").exists()


def test_names_are_unique_ignoring_case(repo: TestRepo) -> None:
    """A lane whose name differs from another's only in case is refused, deleted ones' too."""
    repo.work("auth")
    with pytest.raises(Refused, match="only in case"):
        repo.lanes.new("Auth")
    repo.lanes.delete("auth")
    with pytest.raises(Refused, match="only in case"):
        repo.lanes.new("AUTH")
    assert repo.lanes.new("auth").created


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(max_codepoint=0x250), max_size=12) | st.from_regex(r"[\w.-]{1,8}"))
@example("a@{b")
def test_every_name_that_is_taken_is_good_for_git(name: str) -> None:
    """Git's own rules for refs are never stricter than ours, and names stay one path step."""
    try:
        layout.check_lane_name(name)
    except BadName:
        return
    assert "/" not in name
    for ref in (layout.head(name), layout.journal(name), layout.seen(name), f"refs/heads/{name}"):
        assert subprocess.run(["git", "check-ref-format", ref], check=False).returncode == 0
