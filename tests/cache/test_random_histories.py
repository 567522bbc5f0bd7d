"""History answers the same with the cache as without, whatever happened."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from gitlanes import Intent, Judgement, Negative, Repo
from gitlanes.history import log
from gitlanes.store import journal
from tests.support.repos import TestRepo

_AGENTS = ("a", "b", None)
_TAGS = ("x", "y")


def _step(repo: TestRepo, random: Random, lanes: list[str], number: int) -> None:
    """Do one of the things that move journals."""
    name = random.choice(lanes)
    kind = random.choice(("commit", "commit", "propose", "reject", "accept", "promote", "new"))
    kind = random.choice((kind, kind, kind, "rename"))
    lane = repo.lanes
    opened = lane.lane(name).open
    if kind == "new":
        lanes.append(f"lane{number}")
        lane.new(lanes[-1])
    elif kind == "rename":
        lane.rename(name, f"renamed{number}")
        lanes[lanes.index(name)] = f"renamed{number}"
    elif kind == "promote":
        lane.promote(name, mode=random.choice(("merge", "squash", "replay")))
    elif kind in ("accept", "reject") and opened:
        judge = lane.accept if kind == "accept" else lane.reject
        judge(random.choice(opened).id, Judgement(reason=f"reason {number}"))
    elif kind in ("commit", "propose"):
        repo.write({f"{name.replace('renamed', 'r')}.txt": f"{number}\n"}, repo.workspace(name))
        tags = tuple(x for x in _TAGS if random.random() < 0.4)
        intent = Intent(prompt=f"do {number}", agent=random.choice(_AGENTS), tags=tags)
        (lane.commit if kind == "commit" else lane.propose)(name, intent=intent)


def _asked(repo: TestRepo, lanes: list[str], since: str | None = None) -> list[list[object]]:
    answers: list[list[object]] = []
    for lane, status, agent, tag, limit in product(
        (None, lanes[0], lanes[-1]),
        (None, "rejected"),
        (None, "a"),
        (None, "x"),
        (None, 2),
    ):
        wanted = log.Filter(lane, status, agent, tag, since, limit)
        with repo.inner() as inner:
            answers.append(list(log.history(inner, wanted).attempts))
    return answers


@pytest.mark.parametrize("seed", [0, *(pytest.param(x, marks=pytest.mark.slow) for x in (1, 2))])
def test_filters_answer_the_same(
    repo: TestRepo, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After random work, with several attempts in a second, every filter finds the same."""
    random, lanes = Random(seed), ["first"]
    repo.lanes.new("first")
    for number in range(40):
        try:
            _step(repo, random, lanes, number)
        except Negative:
            continue  # nothing to do there
        if number == 20:
            repo.lanes.search("do")  # so that the cache goes on from there
    wanted = _asked(repo, lanes)
    repo.lanes.search("do")
    # All of it comes from the cache as soon as any is left to find.
    monkeypatch.setattr(log, "_WALKED", 0)
    assert _is_used(repo)
    assert _asked(repo, lanes) == wanted
    told = repo.lanes.history().attempts
    moment = told[len(told) // 2].attempt.time
    later = _asked(repo, lanes, since=moment)
    (repo.path / ".git/lanes/search.db").unlink()
    assert not _is_used(repo)
    assert later == _asked(repo, lanes, since=moment)


def _is_used(repo: TestRepo) -> bool:
    with repo.inner() as inner:
        tips = journal.read_tips(inner.git, inner.warn)
        return log._from_cache(inner, log.Filter(agent="a"), tips, None) is not None


def test_commits_that_go_back_in_time(repo: TestRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where clocks went back along a journal the cache leaves the order to git."""
    repo.lane("auth", {"auth.py": "1\n"})
    for number, moment in enumerate(("2030-01-01T00:00:00", "2020-01-01T00:00:00")):
        environ = {**repo.environ, "GIT_COMMITTER_DATE": moment}
        with Repo.open(repo.path, environ=environ) as other:
            repo.write({"auth.py": f"{number} later\n"}, repo.workspace("auth"))
            other.commit("auth", message=f"later {number}")
    wanted = _asked(repo, ["auth"])
    assert len(repo.lanes.search("later").hits) == 2
    monkeypatch.setattr(log, "_WALKED", 0)
    assert not _is_used(repo)
    assert _asked(repo, ["auth"]) == wanted
