"""Picking one lane of a batch: who wins, what becomes of the others, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import BadValue, Negative, NotFound, PickRules, Raced, Refused
from gitlanes.fleet import picking
from gitlanes.store import records
from tests.fleet.batches import BATCH, offer
from tests.support.cli import Ran
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def statuses(repo: TestRepo, *lanes: str) -> dict[str, str]:
    """Return the newest attempt's status of each lane."""
    return {x: repo.lanes.history(x).attempts[0].attempt.status for x in lanes}


def order(repo: TestRepo, *by: str) -> str:
    """Return the lanes as they would be picked, the best first."""
    return "".join(x.lane for x in repo.lanes.pick(BATCH, by=by, dry_run=True).entrants)


def test_the_best_one_lands(repo: TestRepo, tmp_path: Path, cli: Cli) -> None:
    """Gates run once for each tree, as it would land; the others are kept, with the reason."""
    runs = tmp_path / "runs"
    script = f"echo run >> {runs}; test -e new.txt && ! grep -q BAD work.txt"
    set_gates(repo, gate("tests", script), gate("lint", "! grep -q ugly work.txt", required=False))
    offer(repo, "a", "BAD\n", cost="0.01")
    offer(repo, "b", "one\ntwo\n", cost="0.42")
    offer(repo, "c", "ugly\n", cost="0.10")
    repo.lanes.new("e", workspace=False, batch=BATCH)
    repo.save({"new.txt": "x\n"})
    refs = repo.refs()
    ran = cli("pick", BATCH, "--dry-run")
    assert repo.refs() == refs
    assert ran.out.splitlines() == [
        "would pick b: gates pass, 0.42 USD, 2 lines",
        "not c: another is taken",
        "not a: gate 'tests' failed",
        "not e: it changed nothing",
    ]
    assert len(runs.read_text().split()) == 4, "each tree once, and the one that failed twice"
    made = repo.lanes.pick(BATCH, agent="boss")
    assert (made.winner, made.accepted, made.tied, made.before) == ("b", ("b/1",), (), False)
    assert len(runs.read_text().split()) == 4, "what lands was judged"
    assert repo.files("main")["work.txt"] == "one\ntwo"
    assert statuses(repo, "a", "b", "c") == {"a": "rejected", "b": "accepted", "c": "rejected"}
    a, c = (repo.lanes.history(x).attempts[0] for x in "ac")
    why = "not picked: b was (gates pass, 0.42 USD, 2 lines)"
    assert (a.attempt.reason, a.attempt.by) == (f"{why}; gate 'tests' failed", "boss")
    assert c.attempt.reason == why
    said = {x["name"]: x["passed"] for x in a.notes.evaluations}
    assert said == {"tests": False, "lint": True, "decision": False}
    assert [(x.lane, x.attempts) for x in made.turned] == [("c", ("c/1",)), ("a", ("a/1",))]
    again = repo.lanes.pick(BATCH)
    assert (again.winner, again.before, again.turned, again.why) == ("b", True, (), made.why)
    with pytest.raises(Negative, match="was picked already: 'b' has landed"):
        repo.lanes.pick(BATCH, "c")
    repo.fsck()


def test_what_counts(repo: TestRepo) -> None:
    """The criteria in their order; unknown is last, ties go by name and are told."""
    offer(repo, "a", "1\n2\n3\n", cost="0.5", wall_ms=3000)
    offer(repo, "b", "1\n2\n", cost="0.50", wall_ms=9000)
    offer(repo, "c", "1\n", wall_ms=1000)
    offer(repo, "d", "1\n2\n3\n", cost="0.1")
    assert order(repo) == "dbac"
    assert order(repo, "cost") == "dabc"
    assert order(repo, "size") == "cbad"
    assert order(repo, "time") == "cabd"
    assert order(repo, "size", "time") == "cbad"
    assert repo.lanes.pick(BATCH, by=["gates"], dry_run=True).tied == ("b", "c", "d")
    for odd in (["beauty"], [""]):
        with pytest.raises(BadValue, match="unknown criterion"):
            repo.lanes.pick(BATCH, by=odd)


def test_one_that_is_named(repo: TestRepo, tmp_path: Path, cli: Cli) -> None:
    """It alone is judged and lands if it can; accepted work of others is given up, not lost."""
    set_gates(repo, gate("tests", f"echo run >> {tmp_path}/runs; ! grep -q BAD work.txt"))
    offer(repo, "a", "BAD\n")
    offer(repo, "b", "fine\n")
    offer(repo, "c", "mine\n", accept=True)
    head = repo.lanes.head("main")
    with pytest.raises(Negative, match="nothing of batch 'b1' can be picked for 'main'") as error:
        repo.lanes.pick(BATCH, "a")
    assert repo.lanes.head("main") == head
    assert {x["lane"]: x["why"] for x in error.value.data["entrants"]}["a"] == "gate 'tests' failed"
    assert cli("pick", BATCH, "a").err.splitlines()[0] == "a: gate 'tests' failed"
    with pytest.raises(NotFound, match="in batch 'b1', lane 'z'"):
        repo.lanes.pick(BATCH, "z")
    with pytest.raises(Raced):
        repo.lanes.pick(BATCH, "b", expect="1234567")
    made = repo.lanes.pick(BATCH, "b", mode="squash", expect=head)
    assert repo.git("log", "-1", "--format=%s", "main") == "work of b"
    (given_up,) = (x for x in made.turned if x.abandoned)
    assert given_up.lane == "c"
    with repo.inner() as inner:
        lane = inner.view.lane("c").record
    assert (lane.status, lane.why) == ("abandoned", "not picked: b was (gates pass, 1 line)")
    assert repo.files(str(lane.head))["work.txt"] == "mine"
    assert repo.lanes.resume("c").status == "active"


def test_why_nothing_is_picked(repo: TestRepo, cli: Cli) -> None:
    """The answer is no, with each lane's reason, and nothing moved."""
    set_gates(repo, gate("tests", "false"))
    offer(repo, "a", "1\n")
    offer(repo, "b", "mine\n", path="auth.py")
    repo.lanes.new("c", workspace=False, batch=BATCH)
    repo.save({"auth.py": "theirs\n"})
    refs = repo.refs()
    ran = cli("pick", BATCH)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        "a: gate 'tests' failed",
        "b: main changed the same paths: auth.py",
        "c: it changed nothing",
        "error: nothing of batch 'b1' can be picked for 'main'",
        "hint: see 'git lanes compare b1'",
    ]
    assert repo.refs() == refs
    said = json.loads(cli("pick", BATCH, "--json").out)
    assert (said["error"], len(said["entrants"])) == ("negative", 3)


def test_by_rules(repo: TestRepo, tmp_path: Path, cli: Cli) -> None:
    """Unattended, only what the target's rules or those of a file allow; else it says why."""
    counted = f"echo run >> {tmp_path}/runs"
    for name, text, cost in (("a", "1\n", "0.9"), ("b", "1\n2\n3\n", "0.1"), ("c", "1\n2\n", None)):
        offer(repo, name, text, path=f"{name}.txt", cost=cost)
    with pytest.raises(Refused, match="lane 'main' has no rules by which to pick"):
        repo.lanes.pick(BATCH, auto=True)
    set_gates(repo, gate("tests", counted), pick={"most_cost": 0.5, "most_lines": 2})
    with pytest.raises(Negative) as error:
        repo.lanes.pick(BATCH, auto=True)
    assert {x["lane"]: x["why"] for x in error.value.data["entrants"]} == {
        "a": "it cost 0.9 USD, not 0.5",
        "b": "it changes 3 lines, not 2",
        "c": "what it cost in USD is unknown",
    }
    assert not (tmp_path / "runs").exists(), "no gate runs for what does not fit anyway"
    limits: tuple[tuple[PickRules, str], ...] = (
        (PickRules(most_cost="1", currency="EUR"), "what it cost in EUR is unknown"),
        (PickRules(most_seconds=1.0), "how long it took is unknown"),
        (PickRules(most_files=0), "it changes 1 files, not 0"),
        (PickRules(paths=("src/", "*.md")), "it touches a.txt"),
        (PickRules(gates=("tests", "fuzz")), "gate 'fuzz' does not say that it is good"),
    )
    for rules, why in limits:
        with pytest.raises(Negative) as error:
            repo.lanes.pick(BATCH, "a", rules=rules)
        assert {x["lane"]: x["why"] for x in error.value.data["entrants"]}["a"] == why
    file = tmp_path / "rules.toml"
    file.write_text('by = ["size"]\nmost_lines = 2\npaths = ["*.txt"]\ngates = ["tests"]\n')
    assert cli("pick", BATCH, "--rules", str(file), "--dry-run").out.startswith("would pick a: ")
    file.write_text('[pick]\nmost_lines = "2"\n')
    ran = cli("pick", BATCH, "--rules", str(file))
    assert (ran.code, ran.err.splitlines()[0]) == (
        129,
        "error: rules.toml:2: pick.most_lines: not a whole number from 0 to 1000000000",
    )
    assert cli("pick", BATCH, "--rules", str(tmp_path / "none")).code == 129
    file.write_text("[pick\n")
    assert "cannot read 'rules.toml'" in cli("pick", BATCH, "--rules", str(file)).err


def test_rules_are_validated(repo: TestRepo, cli: Cli) -> None:
    """What is wrong in [pick] is told with its line, and refused where it is needed."""
    text = '[pick]\nby = ["beauty"]\nmost_cost = "much"\nmost_time = "90 s"\ncurency = "EUR"\n'
    repo.save({".gitlanes.toml": text})
    ran = cli("config", "--validate")
    assert ran.code == 1
    for said in (":2: pick.by: ", ":3: pick.most_cost: ", ":5: pick.curency: unknown setting"):
        assert said in ran.out
    offer(repo, "a", "1\n")
    ran = cli("pick", BATCH, "--auto")
    assert ran.code == 128
    assert ran.err.startswith("error: .gitlanes.toml:2: pick.by: 'beauty' is none of ")


def test_one_that_landed_by_hand(repo: TestRepo) -> None:
    """The others are turned down for it only if it is named."""
    offer(repo, "a", "1\n", accept=True)
    offer(repo, "b", "2\n")
    repo.lanes.promote("a")
    with pytest.raises(Refused, match="lane 'a' of batch 'b1' has landed without being picked"):
        repo.lanes.pick(BATCH)
    made = repo.lanes.pick(BATCH, "a")
    assert (made.before, [x.attempts for x in made.turned]) == (True, [("b/1",)])
    assert repo.lanes.history("b").attempts[0].attempt.reason == "not picked: a was (it had landed)"


def test_what_is_recorded(repo: TestRepo) -> None:
    """The landing tells of which batch it was picked, and why; undone, one can pick again."""
    offer(repo, "a", "1\n")
    offer(repo, "b", "1\n2\n")
    made = repo.lanes.pick(BATCH, agent="boss")
    with repo.inner() as inner:
        (said,) = records.read(inner, [repo.lanes.head("main")])[repo.lanes.head("main")].intents
    assert (said["meta"], said["agent"]) == (
        *({"picked": BATCH, "picked.why": made.why}, {"id": "boss"}),
    )
    repo.lanes.undo()
    repo.lanes.undo()
    assert repo.lanes.pick(BATCH, "b").promotion is not None
    (a, b) = repo.lanes.compare(BATCH).entrants
    assert (a.standing, b.standing) == ("abandoned", "landed"), "a had been accepted"


def test_a_target_that_moves_meanwhile(repo: TestRepo, tmp_path: Path) -> None:
    """What others land while gates run is kept, and what is picked is judged on top of that."""
    moved = tmp_path / "moved"
    commit = "git -c user.name=o -c user.email=o@x commit -q --allow-empty -m other"
    script = f"test -e {moved} || {{ touch {moved}; cd {repo.path} && {commit}; }}"
    set_gates(repo, gate("tests", f"{script}; test -e work.txt"))
    offer(repo, "a", "1\n")
    repo.lanes.pick(BATCH)
    subjects = repo.git("log", "--first-parent", "--format=%s", "main").splitlines()
    assert subjects[:2] == ["Promote lane a into main", "other"]
    assert repo.files("main")["work.txt"] == "1"


def test_another_target(repo: TestRepo) -> None:
    """Lanes that follow one land on it, and its gates judge them; main stays as it is."""
    repo.work("dev", {"dev.txt": "dev\n"})
    for name, text in (("a", "BAD\n"), ("b", "good\n")):
        repo.lanes.new(name, on="dev", workspace=False, batch=BATCH)
        offer(repo, name, text)
    main = repo.lanes.head("main")
    made = repo.lanes.pick(BATCH, "b")
    assert (made.into, made.promotion and made.promotion.into) == ("dev", "dev")
    assert repo.lanes.head("main") == main
    assert repo.files("refs/lanes/head/dev")["work.txt"] == "good"


def test_lanes_that_others_follow(repo: TestRepo) -> None:
    """What was accepted there stays active, with a warning; its open work is turned down."""
    offer(repo, "a", "1\n")
    offer(repo, "b", "2\n", accept=True)
    offer(repo, "b", "3\n", path="more.txt")
    repo.lanes.new("c", on="b", workspace=False)
    made = repo.lanes.pick(BATCH, "a")
    assert [(x.lane, x.attempts, x.abandoned) for x in made.turned] == [("b", ("b/2",), False)]
    assert repo.lanes.lane("b").status == "active"
    assert "lane 'b' stays active" in "".join(repo.lanes.take_warnings())


def test_interrupted(repo: TestRepo) -> None:
    """Once the winner has landed that is told, and that to repeat it turns the others down."""
    offer(repo, "a", "1\n")
    offer(repo, "b", "1\n2\n")

    def press(lane: str) -> None:
        if lane == "main":
            raise KeyboardInterrupt

    said = "lane 'a' has landed on 'main'; to turn the others down: git lanes pick b1"
    for into, more in ((None, ""), ("main", " --into main")):
        with repo.inner() as inner:
            inner.landed = press
            with pytest.raises(KeyboardInterrupt):
                picking.pick(inner, BATCH, picking.Wish(into=into))
            assert inner.warnings[-1] == said + more
    assert statuses(repo, "a", "b") == {"a": "accepted", "b": "proposed"}
    assert [x.lane for x in repo.lanes.pick(BATCH).turned] == ["b"]
