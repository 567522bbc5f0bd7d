"""`git lanes evaluate`: asking without deciding, deciding, and judgements made elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import GateFailed, NotFound
from gitlanes.errors import BadValue
from tests.gates.test_flow import NO_BAD, attempt, counted, judged, runs, verbs
from tests.support.cli import Ran
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.fixture
def offered(repo: TestRepo) -> TestRepo:
    """A repository with two gates and an open attempt of lane auth that one of them fails."""
    set_gates(repo, NO_BAD, gate("docs", "echo read"))
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "BAD\n"})
    return repo


def test_an_attempt_is_only_judged(offered: TestRepo, cli: Cli) -> None:
    """The verdicts are shown and recorded; the attempt stays open, and the exit code says no."""
    done = cli("evaluate", "auth/1")
    lines = done.out.splitlines()
    assert (done.code, done.err) == (1, "")
    assert lines[0].startswith("fail no-bad (exit code 1, 0.")
    assert lines[1] == "  ./auth.py:1:BAD"
    assert lines[2].startswith("pass docs (0.")
    assert len(lines) == 3
    assert attempt(offered, "auth/1").status == "proposed"
    assert verbs(offered, "auth") == ["new", "propose"]
    said = judged(offered, attempt(offered, "auth/1").commit)
    assert sorted((x["name"], x["passed"]) for x in said) == [("docs", True), ("no-bad", False)]
    assert cli("show", "auth/1").out.count("Check:") == 2
    offered.fsck()


def test_the_present_lane_s_newest_offer_is_meant(offered: TestRepo, cli: Cli) -> None:
    """Without a name it is that one; without any it is an error that says what to name."""
    place = offered.workspace("auth")
    told = cli("evaluate", "--json", cwd=place)
    assert (told.code, told.json["attempt"], told.json["passed"]) == (1, "auth/1", False)
    assert told.json["schema"] == "gitlanes.evaluation/1"
    cli("reject", "auth/1")
    assert cli("evaluate", cwd=place) == Ran(
        128,
        "",
        "error: open attempt of lane 'auth' not found\n"
        "hint: name one, or judge the files: --workspace LANE\n",
    )


@pytest.mark.usefixtures("offered")
def test_some_gates(cli: Cli) -> None:
    """A subset is asked by name; a name that no gate has is an error that lists them."""
    done = cli("evaluate", "auth/1", "--gate", "docs")
    assert (done.code, done.out[:11], len(done.out.splitlines())) == (0, "pass docs (", 1)
    assert cli("evaluate", "auth/1", "--gate", "doc") == Ran(
        128, "", "error: gate 'doc' not found\nhint: there are: no-bad, docs\n"
    )


def test_deciding_by_the_gates(offered: TestRepo, cli: Cli) -> None:
    """With --decide it is accepted or rejected, with the verdicts recorded once."""
    done = cli("evaluate", "auth/1", "--decide", "--by", "boss")
    assert (done.code, done.out.splitlines()[-1][:16]) == (1, "rejected auth/1 ")
    found = attempt(offered, "auth/1")
    assert (found.status, found.by, found.reason) == ("rejected", "boss", "gates failed: no-bad")
    assert len(judged(offered, found.commit)) == 2
    offered.propose("auth", {"auth.py": "good\n"})
    done = cli("evaluate", "auth/2", "--decide", "--gate", "docs")
    assert (done.code, done.out.splitlines()[-1][:16]) == (0, "accepted auth/2 ")
    assert sorted(x["name"] for x in judged(offered, offered.lanes.head("auth"))) == [
        "docs",
        "no-bad",
    ]


def test_a_subset_does_not_let_pass(offered: TestRepo) -> None:
    """Gates that were not named are asked before anything is accepted."""
    with pytest.raises(GateFailed):
        offered.lanes.evaluate_and_decide("auth/1", gates=["docs"])
    assert attempt(offered, "auth/1").status == "rejected"


def test_unsaved_work(repo: TestRepo, cli: Cli) -> None:
    """What lies in the workspace is judged with what its lane got meanwhile; nothing is kept."""
    set_gates(repo, gate("not-both", "[ ! -e one.py ] || [ ! -e two.py ]"))
    place = repo.lane("auth")
    repo.lane("other", {"one.py": "1\n"})
    repo.lanes.promote("other", into="auth")
    repo.write({"two.py": "2\n"}, place)
    refs = repo.refs()
    done = cli("evaluate", "--workspace", "auth")
    assert (done.code, done.out.startswith("fail not-both (exit code 1")) == (1, True)
    (place / "two.py").unlink()
    repo.write({"three.py": "3\n"}, place)
    assert cli("evaluate", "--workspace", "auth").code == 0
    assert repo.refs() == refs
    assert repo.git("status", "--porcelain", cwd=place).split() == ["??", "three.py"]


def test_gates_that_are_not_concerned(repo: TestRepo, cli: Cli) -> None:
    """They are named, and say neither yes nor no."""
    set_gates(repo, gate("docs", "false", paths=["docs/"]))
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "1\n"})
    said = "skipped docs: it does not concern what changes\n"
    assert cli("evaluate", "auth/1") == Ran(0, said, "")
    assert cli("evaluate", "auth/1", "--gate", "docs").code == 1


def test_a_decided_attempt_as_it_landed(repo: TestRepo) -> None:
    """An accepted one is judged by what it made of its lane, and both its commits say so."""
    place = repo.lane("auth")
    repo.write({"one.py": "1\n", "two.py": "2\n"}, place)
    for name in ("one.py", "two.py"):
        repo.lanes.propose("auth", message=name, paths=[name])
    repo.lanes.accept("auth/1")
    repo.lanes.accept("auth/2")
    set_gates(repo, gate("both", "[ -e one.py ] && [ -e two.py ]"))
    found = repo.lanes.evaluate("auth/2")
    landed = attempt(repo, "auth/2")
    assert (found.passed, landed.landed == landed.commit) == (True, False)
    for commit in (landed.commit, landed.landed):
        assert [x["passed"] for x in judged(repo, commit)] == [True]


def test_no_gates_at_all(repo: TestRepo, cli: Cli) -> None:
    """That is an answer of its own."""
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "1\n"})
    assert cli("evaluate", "auth/1") == Ran(
        1,
        "",
        "error: no gates are configured in lane 'main'\n"
        "hint: add a [[gate]] to '.gitlanes.toml' there\n",
    )


def test_options_that_exclude_each_other(repo: TestRepo, cli: Cli) -> None:
    """They are refused before anything is read."""
    repo.lane("auth")
    for args in (
        ("auth/1", "--workspace", "auth"),
        ("--workspace", "auth", "--decide"),
        ("auth/1", "--data", "{}"),
        ("auth/1", "--record", "x"),
        ("--record", "x=pass"),
        ("auth/1", "--record", "x=pass", "--data", "[]"),
    ):
        assert cli("evaluate", *args).code == 129


def test_a_judgement_made_elsewhere(offered: TestRepo, cli: Cli) -> None:
    """It is one more evaluation on the attempt's commit, and decides nothing."""
    done = cli(
        *("evaluate", "auth/1", "--record", "review=fail", "--by", "ci", "--reason", "too long"),
        *("--data", '{"score": 3}'),
    )
    assert done == Ran(0, "recorded review fail on auth/1\n", "")
    (said,) = judged(offered, attempt(offered, "auth/1").commit)
    assert (
        said.items()
        >= {
            "name": "review",
            "passed": False,
            "by": "ci",
            "reason": "too long",
            "data": {"score": 3},
            "attempt": "auth/1",
            "kind": "work",
        }.items()
    )
    assert attempt(offered, "auth/1").status == "proposed"
    head = offered.lanes.head("main")
    made = offered.lanes.record_evaluation("main", "nightly", True)
    assert (made.commit, made.attempt) == (head, None)
    assert [x["name"] for x in judged(offered, head)] == ["nightly"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("", None),
        ("a\nb", None),
        ("x" * 101, None),
        ("x", {"a": {1, 2}}),
        ("x", {"a": "y" * 70_000}),
    ],
    ids=["empty", "lines", "long", "no JSON", "large"],
)
def test_a_judgement_that_could_not_be_read_back(
    offered: TestRepo, name: str, data: dict[str, object] | None
) -> None:
    """It is refused, and nothing is written."""
    refs = offered.refs()
    with pytest.raises(BadValue):
        offered.lanes.record_evaluation("auth/1", name, True, data=data)
    with pytest.raises(NotFound):
        offered.lanes.record_evaluation("auth/9", "x", True)
    assert offered.refs() == refs


def test_again(repo: TestRepo, cli: Cli, tmp_path: Path) -> None:
    """A judged tree is judged anew if that is said, and the newest verdict is kept."""
    where = tmp_path
    set_gates(repo, counted("g", where, f"[ ! -e {where}/bad ]"))
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "1\n"})
    assert cli("evaluate", "auth/1").code == 0
    (where / "bad").touch()
    assert cli("evaluate", "auth/1").code == 0
    assert cli("evaluate", "auth/1", "--again").code == 1
    (where / "bad").unlink()
    assert cli("evaluate", "auth/1").code == 1
    assert runs(where, "g") == 2
