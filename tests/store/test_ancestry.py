"""Which commit contains which, without git where they are near each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitlanes.errors import NotFound
from gitlanes.git.raw import ObjectReader
from gitlanes.store.ancestry import contains, is_ancestor
from tests.support.repos import TestRepo

# For each commit: its date, and how far back its parents are.
HISTORIES = st.lists(
    st.tuples(st.integers(0, 9), st.lists(st.integers(1, 5), max_size=2)), min_size=1, max_size=16
)


class Commits(ObjectReader):
    """Commits that are there without a repository, by number."""

    def __init__(self, history: list[tuple[int, list[int]]]):
        self.parents = {
            number: sorted({number - x for x in back if x <= number})
            for number, (_, back) in enumerate(history)
        }
        self.dates = [date for date, _ in history]
        self.read_at = 0

    def read(self, oid: str) -> tuple[str, bytes]:
        """Return the raw commit of that number."""
        self.read_at += 1
        number = int(oid)
        if number not in self.parents:
            raise NotFound("object", oid)
        who = b"A <a@b> %d +0000" % self.dates[number]
        above = b"".join(b"parent %d\n" % x for x in self.parents[number])
        return "commit", b"tree 0\n%sauthor %s\ncommitter %s\n\nx\n" % (above, who, who)

    def has(self, old: int, new: int) -> bool:
        """Say the same by looking at everything."""
        return old == new or any(self.has(old, x) for x in self.parents[new])


@given(HISTORIES)
def test_what_is_found_is_what_is_there_whatever_dates_say(
    history: list[tuple[int, list[int]]],
) -> None:
    """Any two commits of any history, with merges, unrelated beginnings and wrong dates."""
    commits = Commits(history)
    for old in range(len(history)):
        for new in set(range(len(history))) - {old}:
            assert contains(commits, str(old), str(new), 99) == commits.has(old, new)


def test_what_is_far_away_or_missing_is_left_to_git() -> None:
    """A few commits are read, and no more; of a missing one nothing is said."""
    commits = Commits([(number, [1]) for number in range(50)])
    assert contains(commits, "0", "49", 10) is None
    assert commits.read_at < 15
    assert contains(commits, "45", "49", 10) is True
    assert contains(commits, "49", "45", 10) is False
    assert contains(commits, "77", "49", 10) is None


def test_grafts_hold_as_they_do_for_git(repo: TestRepo) -> None:
    """A parent that git was told to leave out is no ancestor, near as it is."""
    commits = [repo.rev("HEAD"), *(repo.save({"f": f"{n}\n"}) for n in range(3))]
    with repo.inner() as inner:
        assert is_ancestor(inner, commits[0], commits[3])
        (repo.path / ".git" / "info" / "grafts").write_text(f"{commits[2]}\n")
        assert not is_ancestor(inner, commits[0], commits[3])
        assert is_ancestor(inner, commits[2], commits[3])
