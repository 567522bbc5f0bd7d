"""Where a reader is in the journals: pages, other clones' entries, what is gone or damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlanes import BadValue, NotFound
from gitlanes.events import cursor, reading
from gitlanes.models.events import LaneEvent
from gitlanes.store import journal
from tests.support.clones import Clones
from tests.support.repos import TestRepo

Key = tuple[str, str]


def key(event: LaneEvent) -> Key:
    """Return what tells events apart."""
    return event.entry, event.kind


def paged(repo: TestRepo, since: str, limit: int) -> Iterator[LaneEvent]:
    """Yield events since a cursor, page by page."""
    more = True
    while more:
        page = repo.lanes.events(since, limit=limit)
        yield from page.events
        since, more = page.cursor, page.more


def test_pages(repo: TestRepo) -> None:
    """Pages of any size have each event once, the last ones without a cursor, filters do."""
    repo.work("auth", {"a.py": "1\n"})
    repo.work("docs", {"d.md": "1\n"})
    repo.lanes.promote("auth")
    repo.lanes.rename("docs", "texts")
    every = [key(x) for x in repo.lanes.events("start", limit=None).events]
    assert len(every) == len(set(every)) == 10
    for limit in (1, 2, 3, 7):
        assert [key(x) for x in paged(repo, "start", limit)] == every
    last = repo.lanes.events(limit=4)
    assert [key(x) for x in last.events] == every[-4:]
    assert not repo.lanes.events(last.cursor).events
    assert repo.lanes.events(limit=0).events == ()
    assert repo.lanes.events("start", limit=0).more
    each = list(repo.lanes.subscribe("start", timeout=0))
    assert [key(x) for x in each] == every
    for at, event in enumerate(each):
        rest = [key(x) for x in repo.lanes.subscribe(event.cursor, timeout=0)]
        # Of an entry with two events, who has seen the first gets it again.
        assert rest in (every[at + 1 :], every[at:])
    assert [x.kind for x in repo.lanes.events(kind="attempt.*", lane="texts").events] == [
        "attempt.proposed",
        "attempt.accepted",
    ]


def test_what_is_asked_wrongly(repo: TestRepo) -> None:
    """No cursor, no kind, no lane and less than nothing are refused by name."""
    for wrong in ("", "1", "1?", "2AAAA", "1" + "A" * 12, "1é"):
        with pytest.raises(BadValue, match="bad cursor"):
            repo.lanes.events(wrong)
    with pytest.raises(BadValue, match=r"unknown kind of event 'lane\.open'"):
        repo.lanes.events(kind="lane.open")
    with pytest.raises(NotFound, match="lane 'aut'"):
        repo.lanes.events(lane="aut")
    with pytest.raises(BadValue, match="limit -1 is negative"):
        repo.lanes.events(limit=-1)


def test_a_prefix(repo: TestRepo) -> None:
    """It goes before every name, and may be given with one."""
    repo.git("config", "lanes.eventPrefix", "acme.")
    for kind in ("acme.lane.opened", "lane.opened"):
        assert [x.kind for x in repo.open().events(kind=kind).events] == ["acme.lane.opened"]


def test_entries_of_other_clones(tmp_path: Path, environ: dict[str, str]) -> None:
    """What a pull brings is told once, in order, also of journals that are joined there."""
    clones = Clones(tmp_path, environ, lanes=["auth"])
    one, two = clones[0], clones[1]
    start = {x: x.lanes.events().cursor for x in (one, two)}
    seen: dict[TestRepo, list[Key]] = {one: [], two: []}
    cursors = dict(start)
    for turn in range(2):
        for x in (one, two):
            name = "one" if x is one else "two"
            x.lanes.put_file("auth", f"{name}{turn}.txt", b"x\n")
            x.lanes.edit("auth", meta={f"{name}{turn}": "x"})
        for x in (one, two, one):
            x.lanes.push()
            page = x.lanes.events(cursors[x], limit=None)
            seen[x] += [key(y) for y in page.events]
            cursors[x] = page.cursor
    clones.settle()
    for x in (one, two):
        page = x.lanes.events(cursors[x], limit=None)
        seen[x] += [key(y) for y in page.events]
        assert len(seen[x]) == len(set(seen[x]))
        whole = [key(y) for y in x.lanes.events(start[x], limit=None).events]
        assert set(seen[x]) == set(whole)
        assert {k for _, k in whole} >= {"lane.edited", "lane.joined", "attempt.accepted"}
    assert one.refs()["refs/lanes/journal/auth"] == two.refs()["refs/lanes/journal/auth"]
    assert set(seen[one]) == set(seen[two])


def test_a_journal_begun_anew(repo: TestRepo) -> None:
    """Where a cursor's entries are gone, what is there is told, with a warning; nothing fails."""
    gone = cursor.encode(["12" * 20, repo.refs()["refs/lanes/journal/main"]])
    repo.work("auth")
    assert [x.kind for x in repo.lanes.events(gone).events] == ["lane.opened"]
    assert repo.lanes.take_warnings() == [
        "the cursor names entries that are not here: events may be told again"
    ]


def test_a_damaged_entry(repo: TestRepo) -> None:
    """It is left out with a warning, and what is before and after it is told."""
    since = repo.lanes.events().cursor
    repo.work("auth")
    ref = "refs/lanes/journal/auth"
    tree = repo.rev(f"{ref}^{{tree}}")
    bad = repo.git("commit-tree", tree, "-p", ref, "-m", 'x\n\n{"schema":"gitlanes.entry/1"}')
    repo.git("update-ref", ref, bad)
    page = repo.lanes.events(since)
    assert [x.kind for x in page.events] == ["lane.opened"]
    assert all("is damaged" in x for x in repo.lanes.take_warnings())
    assert not repo.lanes.events(page.cursor).events


def test_a_renaming_seen_halfway(repo: TestRepo) -> None:
    """Where the new name is there and the old one has not gone on yet, nothing old is new."""
    repo.lanes.new("auth", workspace=False)
    with repo.inner() as inner:
        before = journal.read_tips(inner.git, inner.warn)
        old = repo.rev("refs/lanes/journal/auth")
        repo.lanes.rename("auth", "login")
        renamed, gone = (repo.rev(f"refs/lanes/journal/{x}") for x in ("login", "auth"))
        halfway = [*before, renamed]
        assert old in halfway
        assert reading.new(inner, halfway, before) == [renamed]
        now = journal.read_tips(inner.git, inner.warn)
        assert reading.new(inner, now, halfway) == [gone]
