"""Messages that carry a change on: one Change-Id each, whatever the text brought along."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes.git.trailers import change_id_of, find_trailers
from gitlanes.review.lineage import without_change_id
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

ID = "I" + "0123456789" * 4
OTHER = "I" + "abcdef0123" * 4
SPELLINGS = [
    "Change-Id: {}",
    "change-id: {}",
    "CHANGE-ID: {}",
    "Change-id:{}",
    "Change-Id : {}",
    "CHANGE-ID \t:\t{}",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_change_id_is_taken_out_in_any_spelling(spelling: str) -> None:
    """Whatever git reads as a Change-Id trailer goes, and every other line stays."""
    line = spelling.format(ID)
    message = f"subject\n\nbody about Change-Id: x\n\nBug: 1\n{line}\nSigned-off-by: A\n"
    assert change_id_of(message) == ID
    assert without_change_id(message) == (
        "subject\n\nbody about Change-Id: x\n\nBug: 1\nSigned-off-by: A"
    )


def test_all_change_ids_are_taken_out() -> None:
    """Of several, none stays; keys that only begin or end alike do."""
    trailers = [f"Change-Id: {ID}", f"change-id:{ID}", "Change-Ids: 2", "My-Change-Id: 3"]
    kept = without_change_id("\n".join(["subject", "", *trailers]))
    assert kept == "subject\n\nChange-Ids: 2\nMy-Change-Id: 3"


def test_a_message_is_never_left_empty() -> None:
    """A message that is nothing but a Change-Id keeps its text as a title."""
    assert without_change_id(f"Change-Id: {ID}\n") == f"Change-Id: {ID}"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_more_work_under_an_accepted_change(repo: TestRepo, cli: Cli, spelling: str) -> None:
    """A message that repeats an accepted change's id gets one new id, and says what it follows."""
    place = repo.lane("auth")
    repo.write({"auth.py": "1\n"}, place)
    assert cli("commit", "auth", "-m", f"first\n\n{spelling.format(ID)}").code == 0
    repo.write({"auth.py": "2\n"}, place)
    assert cli("commit", "auth", "-m", f"second\n\nBug: 1\n{spelling.format(ID)}").code == 0
    trailers = find_trailers(repo.git("log", "-1", "--format=%B", "refs/lanes/head/auth"))
    assert trailers[:2] == [("Bug", "1"), ("Follows", ID)]
    assert [key for key, _ in trailers[2:]] == ["Change-Id"]
    assert trailers[2][1] != ID


KEPT = [
    "change-id: what this body is about\n\nBug: 1",
    "about\nChange-Id: in a paragraph of text\nmore\n\nBug: 1",
    "a\u2028Change-Id: x\x85b\x0bc\x1dd\n\nBug: a\u2028b\nCc: c\x0cChange-Id: d",
    "Change-Id: not the last paragraph\n\nBug: 1",
    "body\n\nBug: folded\n  Change-Id: x",
]


@pytest.mark.parametrize("body", KEPT)
def test_only_trailers_are_taken_out(body: str) -> None:
    """Lines that are no Change-Id trailers stay as they are, whatever they look like."""
    assert without_change_id(f"subject\n\n{body}\n") == f"subject\n\n{body}"
    assert without_change_id(f"subject\n\n{body}\nChange-Id: {ID}\n") == f"subject\n\n{body}"


@pytest.mark.parametrize(
    "folded", ["Change-Id:\n  {}", "change-id :\n\t{}\n  more", "Change-Id: {}\n x"]
)
def test_a_folded_change_id_goes_whole(folded: str) -> None:
    """The lines that continue a Change-Id go with it, those of its neighbours stay."""
    message = f"subject\n\nBug: 1\n  2\n{folded.format(ID)}\nCc: A\n  B\n"
    assert without_change_id(message) == "subject\n\nBug: 1\n  2\nCc: A\n  B"


@pytest.mark.parametrize("change", ["new", OTHER])
def test_a_body_about_change_ids(repo: TestRepo, cli: Cli, change: str) -> None:
    """Another Change-Id takes the place of the trailer alone; the body before it stays whole."""
    place = repo.lane("auth")
    repo.write({"auth.py": "1\n"}, place)
    text = f"subject\n\nchange-id: see the docs\n\nChange-Id:\n  {ID}"
    assert cli("commit", "auth", "-m", text, "--change", change).code == 0
    made = repo.git("log", "-1", "--format=%B", "refs/lanes/head/auth").rstrip()
    found = change_id_of(made)
    assert found != ID
    assert found == OTHER or change == "new"
    assert made == f"subject\n\nchange-id: see the docs\n\nChange-Id: {found}"
    repo.write({"auth.py": "2\n"}, place)
    again = f"subject\n\nchange-id: see the docs\n\nChange-Id: {found}"
    assert cli("commit", "auth", "-m", again).code == 0
    made = repo.git("log", "-1", "--format=%B", "refs/lanes/head/auth").rstrip()
    last = change_id_of(made)
    assert made == (f"subject\n\nchange-id: see the docs\n\nFollows: {found}\nChange-Id: {last}")
