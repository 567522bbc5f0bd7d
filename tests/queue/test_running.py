"""Running the queue: what lands, what is taken out, how often gates run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import sleep

import pytest

from gitlanes import LanesError, Locked, Refused
from gitlanes.models.queue import QueueRun
from tests.support.cli import Ran
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def counting(where: Path, script: str = "! grep -q BAD *.txt") -> dict[str, object]:
    """Return a gate that leaves a line outside each time that it runs; BAD in a file fails it."""
    return gate("tests", f"echo run >> {where}/runs; {script}")


def runs(where: Path) -> int:
    """Return how often it ran."""
    place = where / "runs"
    return len(place.read_text().splitlines()) if place.exists() else 0


def queue(repo: TestRepo, names: str, **files: str) -> None:
    """Make a lane with a file of its own, or that of `files`, for each letter; queue all, ready."""
    for name in names:
        repo.work(name, {f"{name}.txt": f"{files.get(name, name)}\n"})
    repo.lanes.queue_add([*names], ready=True)


def outcome(made: QueueRun) -> tuple[list[str], list[str]]:
    """Return the names of those that landed, and of those that failed."""
    return [x.lane for x in made.landed], [x.lane for x in made.failed]


def evaluations(repo: TestRepo, commit: str) -> str:
    """Return the raw records of what gates said of a commit."""
    return repo.git("notes", "--ref=lanes/evaluations", "show", commit)


def subjects(repo: TestRepo) -> list[str]:
    """Return what landed on main, oldest first, as its history has it."""
    log = repo.git("log", "--first-parent", "--reverse", "--format=%s", "refs/lanes/head/main")
    return [x.split()[2] for x in log.splitlines() if x.startswith("Promote lane")]


@pytest.mark.parametrize("bad", ["a", "d", "h"])
def test_one_bad_lane_of_eight(repo: TestRepo, tmp_path: Path, bad: str) -> None:
    """Seven land in order, each tree judged once; the bad one alone is out, with few more runs."""
    queue(repo, "abcdefgh", **{bad: "BAD"})
    set_gates(repo, counting(tmp_path))
    made = repo.lanes.queue_run(jobs=2)
    good = [x for x in "abcdefgh" if x != bad]
    assert outcome(made) == (good, [bad])
    assert subjects(repo) == good
    assert "gate 'tests' failed" in str(made.failed[0].reason)
    assert 8 < runs(tmp_path) <= 8 + 6
    assert made.waiting == 0
    assert all(repo.lanes.head("main") != x.head for x in made.landed)
    assert made.landed[-1].landed == repo.lanes.head("main")
    repo.fsck()


def test_all_at_a_time(repo: TestRepo, tmp_path: Path) -> None:
    """However many jobs, one bad lane wastes no more runs than twice the logarithm."""
    queue(repo, "abcdefgh", a="BAD")
    set_gates(repo, counting(tmp_path, "sleep 0.1; ! grep -q BAD *.txt"))
    made = repo.lanes.queue_run(jobs=8)
    assert outcome(made) == (list("bcdefgh"), ["a"])
    assert runs(tmp_path) <= 8 + 6


def test_a_flaky_gate_blames_nobody(repo: TestRepo, tmp_path: Path) -> None:
    """It is asked again before an entry is taken out."""
    queue(repo, "ab")
    set_gates(repo, counting(tmp_path, f"test $(wc -l < {tmp_path}/runs) -gt 1"))
    made = repo.lanes.queue_run(jobs=1)
    assert outcome(made) == (["a", "b"], [])
    assert runs(tmp_path) == 3
    landed = [json.loads(x) for x in evaluations(repo, str(made.landed[0].landed)).splitlines()]
    assert [(x["passed"], x["tries"], x.get("flaky")) for x in landed] == [(True, 2, True)]


def test_verdicts_are_taken_by_tree(repo: TestRepo, tmp_path: Path) -> None:
    """What was judged is not judged again: not by the landing, nor in a queue in another order."""
    queue(repo, "ab")
    set_gates(repo, counting(tmp_path))
    before = repo.lanes.head("main")
    assert outcome(repo.lanes.queue_run(jobs=2, limit=1)) == (["a"], [])
    assert repo.lanes.head("main") != before
    known = runs(tmp_path)
    assert known <= 2
    assert outcome(repo.lanes.queue_run(jobs=2)) == (["b"], [])
    assert runs(tmp_path) == 2
    repo.work("c", {"c.txt": "c\n"})
    repo.lanes.promote("c")
    repo.work("d", {"c.txt": None})
    repo.lanes.queue_add("d", ready=True)
    ran = runs(tmp_path)
    assert outcome(repo.lanes.queue_run()) == (["d"], [])
    assert runs(tmp_path) == ran, "that tree was there before"


def test_a_collision_fails_its_entry_alone(repo: TestRepo, cli: Cli) -> None:
    """It names the paths; what comes after it lands."""
    queue(repo, "a")
    for name in "bc":
        repo.lanes.new(name)
    repo.commit("b", {"a.txt": "b's own\n"})
    repo.commit("c", {"c.txt": "c\n"})
    repo.lanes.queue_add([*"bc"], ready=True)
    foreseen = repo.lanes.queue_run(dry_run=True)
    assert outcome(foreseen) == (["a", "c"], ["b"])
    assert subjects(repo) == []
    ran = cli("queue", "run", "--json")
    assert ran.code == 1
    said = json.loads(ran.out)
    assert [x["lane"] for x in said["landed"]] == ["a", "c"]
    assert [(x["lane"], x["paths"]) for x in said["failed"]] == [("b", ["a.txt"])]
    listed = cli("queue", "list", "--all").out
    assert "collides" in listed
    assert "(a.txt)" in listed
    assert repo.lanes.queue() == []
    assert repo.lanes.queue_add("b")[0].status == "pending", "a failed one may be added again"


def test_a_lane_that_went_on(repo: TestRepo) -> None:
    """Later work does not land with an entry, unless it said so or was added again."""
    queue(repo, "ab")
    repo.work("c", {"c.txt": "c\n"})
    repo.lanes.queue_add("c", ready=True, latest=True)
    for name in "abc":
        repo.commit(name, {f"{name}2.txt": "later\n"})
    repo.lanes.queue_add("b", ready=True)
    made = repo.lanes.queue_run()
    assert outcome(made) == (["c", "b"], ["a"])
    assert "went on since" in str(made.failed[0].reason)
    files = repo.files("refs/lanes/head/main")
    assert {"b2.txt", "c2.txt"} < files.keys()
    assert "a.txt" not in files


def test_a_lane_on_top_of_another(repo: TestRepo, tmp_path: Path) -> None:
    """A lane that started from one before it lands after it, though both touch the same file."""
    set_gates(repo, counting(tmp_path))
    repo.work("a", {"a.txt": "a\n"})
    repo.lanes.new("b", start="a")
    repo.commit("b", {"a.txt": "a and b\n"})
    repo.lanes.queue_add([*"ab"], into="main", ready=True)
    assert outcome(repo.lanes.queue_run(jobs=2)) == (["a", "b"], [])
    assert repo.files("refs/lanes/head/main")["a.txt"] == "a and b"


def test_what_landed_otherwise(repo: TestRepo) -> None:
    """A promotion by hand is recorded as landed in the same operation, and not landed again."""
    queue(repo, "ab")
    repo.lanes.promote("a")
    (told,) = [x for x in repo.lanes.queue(everything=True) if x.lane == "a"]
    assert (told.status, told.landed) == ("landed", repo.lanes.head("main"))
    assert outcome(repo.lanes.queue_run()) == (["b"], [])
    assert subjects(repo) == ["a", "b"]


def test_untrusted_gates_fail_nobody(repo: TestRepo, tmp_path: Path) -> None:
    """What is wrong with the target stops the run; its entries wait on."""
    queue(repo, "a")
    set_gates(repo, counting(tmp_path), trusted=False)
    with pytest.raises(Refused, match="not trusted"):
        repo.lanes.queue_run()
    assert [x.status for x in repo.lanes.queue()] == ["ready"]
    repo.lanes.trust()
    assert outcome(repo.lanes.queue_run()) == (["a"], [])


def test_two_runners(repo: TestRepo, tmp_path: Path) -> None:
    """The second is told that there is one; a cancelled entry does not land though it is judged."""
    queue(repo, "ab")
    fifo = f"touch {tmp_path}/began; while ! test -e {tmp_path}/go; do sleep 0.05; done"
    set_gates(repo, counting(tmp_path, fifo))
    made: list[QueueRun] = []

    def first() -> None:
        with repo.open() as other:
            made.append(other.queue_run(jobs=1))

    thread = Thread(target=first)
    thread.start()
    while not (tmp_path / "began").exists():
        thread.join(0.05)
    try:
        with pytest.raises(Locked, match="queue of lane 'main'"):
            repo.lanes.queue_run()
        assert [x.status for x in repo.lanes.queue_cancel("a", reason="no")] == ["cancelled"]
    finally:
        (tmp_path / "go").touch()
        thread.join()
    assert outcome(made[0]) == (["b"], [])
    assert subjects(repo) == ["b"]


@pytest.mark.parametrize("trouble", ["paused", "broken", "untrusted"])
def test_trouble_of_the_target_while_it_runs(repo: TestRepo, tmp_path: Path, trouble: str) -> None:
    """It is no entry's fault: the run ends with it, and all stay ready to land."""
    queue(repo, "abc")
    go = tmp_path / "go"
    set_gates(repo, counting(tmp_path, f"until [ -e {go} ]; do sleep 0.02; done"))
    rules = (repo.path / ".gitlanes.toml").read_text()
    found: list[BaseException] = []

    def run() -> None:
        with repo.open() as other:
            try:
                other.queue_run(jobs=1)
            except LanesError as error:
                found.append(error)

    runner = Thread(target=run)
    runner.start()
    while not runs(tmp_path):
        sleep(0.02)
    if trouble == "paused":
        repo.lanes.pause("main")
    else:
        repo.save({".gitlanes.toml": rules + ("[[[" if trouble == "broken" else "# more\n")})
    go.touch()
    runner.join()
    words = {"paused": "is paused", "broken": "cannot read", "untrusted": "is not trusted yet"}
    assert words[trouble] in str(found)
    assert {x.lane: x.status for x in repo.lanes.queue()} == dict.fromkeys("abc", "ready")
    if trouble == "paused":
        repo.lanes.resume("main")
    else:
        repo.save({".gitlanes.toml": rules})
    assert outcome(repo.lanes.queue_run()) == ([*"abc"], [])


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
def test_work_that_comes_with_another_lane(repo: TestRepo, mode: str) -> None:
    """A lane whose follower was before it in the queue has landed with that."""
    repo.work("a", {"a.txt": "a\n"})
    repo.lanes.new("b", on="a", workspace=False)
    repo.lanes.put_file("b", "b.txt", b"b\n")
    repo.lanes.queue_add("b", into="main", mode=mode, ready=True)
    repo.lanes.queue_add("a", mode=mode, ready=True)
    assert outcome(repo.lanes.queue_run()) == ([*"ba"], [])
    files = repo.files("main")
    assert (files["a.txt"], files["b.txt"]) == ("a", "b")


def test_a_dry_run_knows_what_cannot_land(repo: TestRepo) -> None:
    """A lane that went on, one that is paused, one that was given up: as the run itself says."""
    queue(repo, "abc")
    repo.lanes.put_file("a", "more.txt", b"1\n")
    repo.lanes.pause("b")
    repo.lanes.abandon("c")
    foreseen = repo.lanes.queue_run(dry_run=True)
    made = repo.lanes.queue_run()
    assert outcome(foreseen) == outcome(made) == ([], [*"abc"])
    assert [x.reason for x in foreseen.failed] == [x.reason for x in made.failed]
