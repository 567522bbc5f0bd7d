"""Random verbs by several processes: all subscribers see each entry once, in its lane's order."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress

import pytest

from gitlanes import LanesError, Repo
from gitlanes.events import cursor, kinds
from gitlanes.models.events import LaneEvent
from gitlanes.models.records import Entry
from gitlanes.store import journal
from tests.support.amounts import many
from tests.support.repos import TestRepo

PROCESSES = 3
LANES = ("a", "b", "c", "d")


def act(repo: Repo, chance: random.Random, turn: int) -> None:
    """Do something to one of the lanes; what cannot be done just now is left."""
    name, other = chance.sample(LANES, 2)
    verbs = (
        lambda: repo.new(name, workspace=False),
        lambda: repo.put_file(name, f"{other}{turn}.txt", b"x\n"),
        lambda: repo.put_file(name, f"{other}{turn}.txt", b"y\n"),
        lambda: repo.put_file(name, f"{turn}.txt", f"{turn}\n".encode()),
        lambda: repo.put_file(name, f"{other}.txt", f"{turn}\n".encode(), accept=False),
        lambda: repo.accept(repo.lane(name).open[0].id),
        lambda: repo.promote(name),
        lambda: repo.pause(name),
        lambda: repo.resume(name),
        lambda: repo.edit(name, meta={"turn": str(turn)}),
        lambda: repo.rename(name, f"{other}{turn}"),
        lambda: repo.rename(f"{name}{turn - 1}", name),
        lambda: repo.delete(name, force=True),
        lambda: repo.undo(lane=name),
    )
    with suppress(LanesError, IndexError):
        chance.choice(verbs)()


def _main(place: str, seed: int, turns: int) -> None:
    chance = random.Random(seed)
    with Repo.open(place) as repo:
        for turn in range(turns):
            act(repo, chance, turn)


def in_journals(repo: TestRepo) -> dict[str, list[str]]:
    """Return the entries of each journal that are events, oldest first."""
    inner, found = repo.inner(), {}
    for ref, tip in journal.tips_by_ref(inner.git, inner.warn).items():
        entries = list(journal.walk(inner.refs, tip))
        found[ref] = [x.oid for x in entries[::-1] if is_event(inner.refs, x)]
    inner.close()
    return found


def is_event(reader: object, entry: Entry) -> bool:
    """Say whether an entry is told of."""
    before = journal.read_entry(reader, entry.previous[0]) if entry.previous else None  # type: ignore[arg-type]
    same = before is not None and before.record.uuid == entry.record.uuid
    return bool(kinds.kinds_of(entry, before.record if before and same else None))


def assert_complete(found: list[LaneEvent], wanted: Mapping[str, list[str]]) -> None:
    """Assert that events are those of all journals, each once, in the order of each."""
    keys = [(x.entry, x.kind) for x in found]
    assert len(keys) == len(set(keys))
    told = list(dict.fromkeys(x.entry for x in found))
    assert set(told) == {x for some in wanted.values() for x in some}
    for entries in wanted.values():
        assert [x for x in told if x in set(entries)] == entries


@pytest.mark.parametrize("rounds", [1, pytest.param(many(4), marks=pytest.mark.slow)])
def test_every_subscriber(repo: TestRepo, rounds: int) -> None:
    """One that reads along, one that reads pages of random sizes, and one that comes later."""
    for seed in range(rounds):
        for name in LANES:
            with suppress(LanesError):  # it is there from the last round
                repo.lanes.new(name, workspace=False)
        since = repo.lanes.events().cursor
        place = str(repo.path)
        workers = [
            subprocess.Popen(
                [sys.executable, "-m", __name__, place, str(seed * PROCESSES + x), "25"],
                cwd=repo.path,
                env=repo.environ,
            )
            for x in range(PROCESSES)
        ]
        chance, reader = random.Random(seed), repo.open()
        along = list[LaneEvent]()
        paged, here, more = list[LaneEvent](), since, True
        while more or any(x.poll() is None for x in workers):
            at = along[-1].cursor if along else since
            along += reader.subscribe(at, timeout=0)
            page = reader.events(here, limit=chance.randint(1, 5))
            paged, here, more = [*paged, *page.events], page.cursor, page.more
        assert [x.returncode for x in workers] == [0] * PROCESSES
        along += reader.subscribe(along[-1].cursor, timeout=0)
        paged += reader.events(here, limit=None).events
        past = cursor.decode(since)
        old = set[str]()
        inner = repo.inner()
        for tip in past:
            old |= {x.oid for x in journal.walk(inner.refs, tip)}
        inner.close()
        wanted = {
            ref: [x for x in entries if x not in old] for ref, entries in in_journals(repo).items()
        }
        assert sum(map(len, wanted.values())) > 10
        late = list(reader.events(since, limit=None).events)
        for found in (along, paged, late):
            assert_complete(found, wanted)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
