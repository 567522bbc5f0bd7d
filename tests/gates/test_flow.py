"""What gates decide: at commit, accept, amend and promote, and by whose text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitlanes import Collision, GateFailed, Judgement, Raced, Refused, Waiver
from gitlanes.errors import NothingToPropose
from gitlanes.models.notes import Evaluation
from gitlanes.models.records import Attempt
from tests.support.cli import Ran
from tests.support.gates import gate, set_gates, text_of
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

NO_BAD = gate("no-bad", "! grep -rn BAD --include=*.py . && echo fine")
FREE = Waiver(no_gates=True)
ALLOWED = Waiver(allow_protected=True)


def attempt(repo: TestRepo, name: str) -> Attempt:
    """Return an attempt's latest state."""
    return repo.lanes.show(name).attempts[0].attempt


def judged(repo: TestRepo, commit: str | None) -> list[dict[str, Any]]:
    """Return what gates said of a commit, as stock git shows it."""
    shown = repo.git("notes", "--ref=lanes/evaluations", "show", str(commit), check=False)
    return [x for x in map(json.loads, shown.splitlines()) if x["name"] != "decision"]


def verbs(repo: TestRepo, lane: str) -> list[str]:
    """Return the subjects of a lane's journal, oldest first."""
    log = repo.git(
        "log", "--reverse", "--format=%s", "--first-parent", f"refs/lanes/journal/{lane}"
    )
    return [x.partition(" ")[0] for x in log.splitlines()[1:]]


def counted(name: str, where: Path, script: str = "true") -> dict[str, Any]:
    """Return a gate that leaves a line in a file outside each time that it runs."""
    return gate(name, f"echo run >> {where}/{name}; {script}")


def runs(where: Path, name: str) -> int:
    """Return how often such a gate ran."""
    place = where / name
    return len(place.read_text().splitlines()) if place.exists() else 0


def test_without_gates_a_commit_is_one_operation(repo: TestRepo) -> None:
    """Nothing of gates is on record, and nothing of theirs is made."""
    repo.lane("auth", {"auth.py": "1\n"})
    assert verbs(repo, "auth") == ["new", "commit"]
    assert judged(repo, repo.lanes.head("auth")) == []
    assert not (repo.path / ".git/lanes/scratch").exists()
    assert "waived" not in repo.git("cat-file", "commit", "refs/lanes/journal/auth")


def test_a_commit_that_passes(repo: TestRepo) -> None:
    """It is proposed, judged, accepted; what the gate said is a note on its commit."""
    set_gates(repo, NO_BAD)
    place = repo.lane("auth", {"auth.py": "1\n"})
    assert verbs(repo, "auth") == ["new", "propose", "accept"]
    head = repo.lanes.head("auth")
    (said,) = judged(repo, head)
    tree = repo.rev(f"{head}^{{tree}}")
    assert (
        said.items()
        >= {
            "name": "no-bad",
            "passed": True,
            "required": True,
            "tree": tree,
            "exit_code": 0,
            "output": "fine\n",
            "output_bytes": 5,
            "tries": 1,
            "attempt": "auth/1",
        }.items()
    )
    assert said["duration_ms"] >= 0
    assert len(said["definition"]) == len(said["output_digest"]) == 64
    assert "reason" not in said
    assert "timed_out" not in said
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert repo.git("rev-parse", "HEAD", cwd=place) == head
    repo.fsck()


def test_a_commit_that_fails_is_rejected(repo: TestRepo, cli: Cli) -> None:
    """The whole answer of the command; the files stay, and the next commit goes on with it."""
    set_gates(repo, NO_BAD)
    place = repo.lane("auth")
    repo.write({"auth.py": "x\nBAD\n"}, place)
    done = cli("commit", "auth", "-m", "work")
    assert done == Ran(
        1,
        "",
        "gate 'no-bad':\n  ./auth.py:2:BAD\n"
        "error: auth/1 is rejected: gate 'no-bad' failed: exit code 1\n"
        "hint: all of it: git lanes show auth/1; mend the files, then commit again\n",
    )
    old = attempt(repo, "auth/1")
    assert (old.status, old.reason) == ("rejected", "gate 'no-bad' failed: exit code 1")
    assert [x["passed"] for x in judged(repo, old.commit)] == [False]
    assert repo.lanes.head("auth") == repo.rev("main") == repo.git("rev-parse", "HEAD", cwd=place)
    assert (place / "auth.py").read_text() == "x\nBAD\n"
    repo.write({"auth.py": "x\ngood\n"}, place)
    assert cli("commit", "auth", "-m", "work").code == 0
    assert attempt(repo, "auth/2").change_id == old.change_id
    repo.fsck()


def test_the_error_as_json(repo: TestRepo, cli: Cli) -> None:
    """A program gets the attempt, the gates that failed and what they printed."""
    set_gates(repo, gate("a", "echo no; exit 3"), gate("b", "true"), gate("c", "exit 4"))
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    told = cli("commit", "auth", "--json").json
    assert (told["error"], told["exit_code"], told["attempt"], told["status"]) == (
        "gate_failed",
        1,
        "auth/1",
        "rejected",
    )
    assert told["message"] == "auth/1 is rejected: gates 'a', 'c' failed"
    assert [(x["name"], x["exit_code"], x.get("output")) for x in told["gates"]] == [
        ("a", 3, "no\n"),
        ("c", 4, None),
    ]


def test_optional_gates_warn(repo: TestRepo, cli: Cli) -> None:
    """What an optional gate says is recorded and told, and stops nothing."""
    set_gates(repo, gate("style", "exit 2", required=False))
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    done = cli("commit", "auth", "-m", "work")
    assert (done.code, done.err) == (
        0,
        "warning: gate 'style' failed, and is optional: exit code 2\n",
    )
    (said,) = judged(repo, repo.lanes.head("auth"))
    assert (said["passed"], said["required"]) == (False, False)


def test_hostile_output_is_harmless(repo: TestRepo, cli: Cli) -> None:
    """What a gate prints reaches no terminal as it is, and is recorded as text."""
    set_gates(repo, gate("g", "printf '\\033[2Jx\\377\\n'; exit 1"))
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    done = cli("commit", "auth", "-m", "work")
    assert done.err.startswith("gate 'g':\n  \\x1b[2Jx\ufffd\nerror: ")
    assert "\x1b" not in cli("show", "auth/1").out
    assert judged(repo, attempt(repo, "auth/1").commit)[0]["output"] == "\x1b[2Jx\ufffd\n"


def test_nothing_runs_before_it_is_trusted(repo: TestRepo, cli: Cli, tmp_path: Path) -> None:
    """An untrusted text is refused, nothing is proposed, and after `trust` it goes through."""
    set_gates(repo, counted("g", tmp_path), trusted=False)
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    refusal = (
        "error: '.gitlanes.toml' in lane 'main' is not trusted yet, so its gates do not run\n"
        "hint: read it, then: git lanes trust main\n"
    )
    assert cli("commit", "auth", "-m", "w") == Ran(128, "", refusal)
    assert cli("evaluate", "--workspace", "auth") == Ran(128, "", refusal)
    assert verbs(repo, "auth") == ["new"]
    assert cli("propose", "auth", "-m", "w").code == 0
    assert cli("accept", "auth/1") == Ran(128, "", refusal)
    assert cli("evaluate", "auth/1") == Ran(128, "", refusal)
    assert cli("commit", "auth", "-m", "w", "--no-gates").code == 0
    assert cli("promote", "auth") == Ran(128, "", refusal)
    assert runs(tmp_path, "g") == 0
    assert cli("trust", "--yes").code == 0
    assert cli("promote", "auth").code == 0
    assert runs(tmp_path, "g") == 1


def test_every_change_of_the_text_is_trusted_anew(repo: TestRepo, cli: Cli) -> None:
    """One more comment is another text."""
    set_gates(repo, NO_BAD)
    repo.lane("auth", {"auth.py": "1\n"})
    repo.save({".gitlanes.toml": text_of(NO_BAD) + "# more\n"})
    done = cli("promote", "auth")
    assert (done.code, "is not trusted yet" in done.err) == (128, True)


def test_what_people_committed_just_now_judges(repo: TestRepo) -> None:
    """Gates on the branch of main count at once, though nothing took that commit in yet."""
    repo.write({"BAD.py": "BAD\n"}, repo.lane("auth"))
    repo.save({".gitlanes.toml": text_of(NO_BAD)}, "gates")
    before = repo.rev("refs/lanes/head/main")
    with pytest.raises(Refused, match="not trusted"):
        repo.lanes.commit("auth", message="w")
    assert repo.rev("refs/lanes/head/main") == before


def test_a_lane_cannot_weaken_the_gates(repo: TestRepo, cli: Cli) -> None:
    """Neither accept nor promotion asks the work itself, nor its lane, what has to hold."""
    set_gates(repo, NO_BAD)
    place = repo.lane("auth")
    repo.write({".gitlanes.toml": "", "auth.py": "BAD\n"}, place)
    assert cli("commit", "auth", "-m", "w") == Ran(
        128,
        "",
        "error: protected paths would change in lane 'auth': .gitlanes.toml\n"
        "hint: if that is what you want, repeat it with --allow-protected\n",
    )
    done = cli("commit", "auth", "-m", "w", "--allow-protected")
    assert (done.code, "gate 'no-bad' failed" in done.err) == (1, True)
    # Let into the lane, it is stopped at the next door.
    assert cli("commit", "auth", "-m", "w", "--allow-protected", "--no-gates").code == 0
    assert attempt(repo, "auth/2").waived == ("gates", "protected")
    repo.write({"more.py": "BAD\n"}, place)
    with pytest.raises(GateFailed):
        repo.lanes.commit("auth", message="more")
    assert cli("promote", "auth").code == 128
    done = cli("promote", "auth", "--allow-protected")
    assert (done.code, "gate 'no-bad' failed" in done.err) == (1, True)
    assert repo.lanes.head("main") == repo.rev("main") == repo.rev("main@{0}")
    assert "BAD" not in (repo.path / "auth.py").read_text()


def test_two_that_pass_alone_and_fail_together(repo: TestRepo, cli: Cli) -> None:
    """The combined tree is judged at promotion; a refusal is recorded and changes nothing."""
    set_gates(repo, gate("not-both", "[ ! -e one.py ] || [ ! -e two.py ]"))
    repo.lane("one", {"one.py": "1\n"})
    repo.lane("two", {"two.py": "2\n"})
    assert cli("promote", "one").code == 0
    head, entries = repo.lanes.head("main"), verbs(repo, "two")
    assert cli("promote", "two") == Ran(
        1,
        "",
        "gate 'not-both'\n"
        "error: gate 'not-both' failed: exit code 1\n"
        "hint: nothing landed: mend it in the lane, or see what landed beside it meanwhile\n",
    )
    assert repo.lanes.head("main") == head == repo.rev("main")
    assert verbs(repo, "two") == entries
    said = judged(repo, repo.lanes.head("two"))
    assert sorted((x["passed"], x["attempt"]) for x in said) == [(False, "two/1"), (True, "two/1")]
    assert attempt(repo, "two/1").status == "accepted"
    repo.fsck()


def test_two_that_fail_together_within_a_lane(repo: TestRepo) -> None:
    """An attempt whose lane moved on is judged as it would stand there."""
    set_gates(repo, gate("not-both", "[ ! -e one.py ] || [ ! -e two.py ]"))
    place = repo.lane("auth")
    repo.write({"one.py": "1\n", "two.py": "2\n"}, place)
    for name in ("one.py", "two.py"):
        repo.lanes.propose("auth", message=name, paths=[name])
    repo.lanes.accept("auth/1")
    with pytest.raises(GateFailed) as caught:
        repo.lanes.accept("auth/2", Judgement(by="boss"))
    assert caught.value.data["attempt"] == "auth/2"
    found = attempt(repo, "auth/2")
    assert (found.status, found.by) == ("rejected", "boss")
    assert repo.files("refs/lanes/head/auth").keys() >= {"one.py"}
    assert "two.py" not in repo.files("refs/lanes/head/auth")


def test_the_promotion_s_verdict_is_on_its_commit(repo: TestRepo, tmp_path: Path) -> None:
    """And the same tree is not judged twice: the lane's own verdict serves."""
    set_gates(repo, counted("g", tmp_path))
    repo.lane("auth", {"auth.py": "1\n"})
    assert runs(tmp_path, "g") == 1
    made = repo.lanes.promote("auth")
    (said,) = judged(repo, made.head)
    assert (said["cached"], said["attempt"], runs(tmp_path, "g")) == (True, "main/2", 1)


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
def test_every_mode_is_judged(repo: TestRepo, mode: str) -> None:
    """However it lands, what it comes to is judged, and the last commit has the verdict."""
    set_gates(repo, NO_BAD)
    repo.lane("auth", {"auth.py": "1\n"})
    repo.commit("auth", {"more.py": "1\n"})
    repo.save({"other.py": "1\n"})
    made = repo.lanes.promote("auth", mode=mode)
    tree = repo.rev(f"{made.head}^{{tree}}")
    assert [x["passed"] for x in judged(repo, made.head) if x["tree"] == tree] == [True]


def test_a_promotion_left_open(repo: TestRepo) -> None:
    """It is judged when it is accepted; failing, it stays open with the verdict on record."""
    set_gates(repo, gate("not-both", "[ ! -e one.py ] || [ ! -e two.py ]"))
    repo.lane("one", {"one.py": "1\n"})
    repo.lane("two", {"two.py": "2\n"})
    proposed = [repo.lanes.promote(x, propose=True).proposed for x in ("one", "two")]
    first, second = [x.id for x in proposed if x]
    assert repo.lanes.accept(first).attempt.status == "accepted"
    with pytest.raises(GateFailed) as caught:
        repo.lanes.accept(second)
    assert caught.value.hint.startswith(f"{second} stays open")
    left = attempt(repo, second)
    assert left.status == "proposed"
    assert [x["passed"] for x in judged(repo, left.commit)] == [False]
    assert repo.lanes.accept(second, waiver=FREE).attempt.waived == ("gates",)


def test_amending_what_is_accepted_is_judged(repo: TestRepo) -> None:
    """The way around the gates by `commit --amend` is closed; nothing moves on a failure."""
    set_gates(repo, NO_BAD)
    place = repo.lane("auth", {"auth.py": "1\n"})
    head = repo.lanes.head("auth")
    repo.write({"auth.py": "BAD\n"}, place)
    with pytest.raises(GateFailed):
        repo.lanes.amend("auth")
    assert (repo.lanes.head("auth"), attempt(repo, "auth/1").status) == (head, "accepted")
    made = repo.lanes.amend("auth", waiver=FREE).attempt
    assert (made.status, made.waived) == ("accepted", ("gates",))
    repo.write({"auth.py": "2\n"}, place)
    good = repo.lanes.amend("auth").attempt
    assert good.waived is None
    assert [x["passed"] for x in judged(repo, good.commit)].count(True) == 2


def test_rewording_asks_nobody(repo: TestRepo, tmp_path: Path) -> None:
    """Where no file changes there is nothing to judge."""
    set_gates(repo, counted("g", tmp_path))
    repo.lane("auth", {"auth.py": "1\n"})
    repo.lanes.amend("auth", message="said better")
    assert runs(tmp_path, "g") == 1


def test_gates_that_were_left_out_are_on_record(repo: TestRepo, cli: Cli) -> None:
    """`--no-gates` is told by the attempt, where there were any, and policy can forbid it."""
    repo.lane("free")
    repo.write({"f.py": "1\n"}, repo.workspace("free"))
    assert repo.lanes.commit("free", waiver=FREE).attempt.waived is None
    set_gates(repo, NO_BAD)
    repo.write({"auth.py": "BAD\n"}, repo.lane("auth"))
    assert cli("commit", "auth", "-m", "w", "--no-gates").code == 0
    assert "  Waived:    gates\n" in cli("show", "auth/1").out
    assert cli("promote", "auth", "--no-gates").code == 0
    assert attempt(repo, "main/2").waived == ("gates",)
    set_gates(repo, NO_BAD, policy={"forbid_no_gates": True})
    repo.write({"auth.py": "BAD BAD\n"}, repo.workspace("auth"))
    assert cli("commit", "auth", "-m", "w", "--no-gates") == Ran(
        128,
        "",
        "error: the policy of lane 'main' forbids to leave out its gates\n"
        "hint: repeat it without --no-gates\n",
    )


def test_protected_paths(repo: TestRepo, cli: Cli) -> None:
    """Patterns are gitignore's; a proposal is free, accept, commit and promotion are not."""
    set_gates(repo, policy={"protected": ["/ci/", "*.lock", "!free.lock"]})
    place = repo.lane("auth")
    repo.write({"ci/run": "1\n", "a/x.lock": "1\n", "free.lock": "1\n", "a/ci/x": "1\n"}, place)
    refusal = (
        "error: protected paths would change in lane 'auth': a/x.lock, ci/run\n"
        "hint: if that is what you want, repeat it with --allow-protected\n"
    )
    assert cli("commit", "auth", "-m", "w") == Ran(128, "", refusal)
    assert cli("propose", "auth", "-m", "w").code == 0
    assert cli("accept", "auth/1") == Ran(128, "", refusal)
    assert attempt(repo, "auth/1").status == "proposed"
    assert cli("accept", "auth/1", "--allow-protected").code == 0
    assert attempt(repo, "auth/1").waived == ("protected",)
    assert cli("promote", "auth").code == 128
    assert repo.lanes.promote("auth", waiver=ALLOWED).landed[0].waived == ("protected",)


@pytest.mark.parametrize("path", ["CI/run", "a/X.Lock", ".GitLanes.toml"])
def test_some_file_systems_know_no_case(repo: TestRepo, path: str) -> None:
    """What would take a protected path's place there is as protected; a name beside it is not."""
    set_gates(repo, policy={"protected": ["/ci/", "*.lock"]})
    place = repo.lane("auth", {"CItrus": "1\n"})
    repo.write({path: "1\n"}, place)
    with pytest.raises(Refused, match="protected paths"):
        repo.lanes.commit("auth", message="w")


def test_a_directory_by_the_team_s_file_s_name(repo: TestRepo) -> None:
    """It is as protected as the file: with it nothing could land any more."""
    repo.write({".gitlanes.toml/x": "1\n"}, repo.lane("auth"))
    with pytest.raises(Refused, match="protected paths"):
        repo.lanes.commit("auth", message="w")


def test_links_and_submodules_are_directories_too(repo: TestRepo) -> None:
    """What stands in a directory's place is protected, and concerns gates, as what is in one."""
    never = gate("never", "false", paths=["/vendor/lib/**"])
    set_gates(repo, never, policy={"protected": ["/ci/"]})
    place = repo.lane("auth")
    (place / "ci").symlink_to("elsewhere")
    with pytest.raises(Refused, match="would change in lane 'auth': ci"):
        repo.lanes.commit("auth", message="w")
    (place / "ci").unlink()
    repo.git("init", "--quiet", "vendor/lib", cwd=place)
    repo.git("commit", "--quiet", "--allow-empty", "--message=x", cwd=place / "vendor/lib")
    with pytest.raises(GateFailed):
        repo.lanes.commit("auth", message="w")


def test_taking_the_judge_s_own_text_is_no_edit(repo: TestRepo) -> None:
    """A lane whose agent merges new gates from main may do so."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    set_gates(repo, NO_BAD)
    repo.git("merge", "--quiet", "--no-edit", "refs/lanes/head/main", cwd=place)
    repo.write({"auth.py": "2\n"}, place)
    made = repo.lanes.commit("auth", message="with gates").attempt
    assert (made.status, made.waived) == ("accepted", None)
    assert ".gitlanes.toml" in repo.files("refs/lanes/head/auth")


def test_the_first_gates_need_a_word_too(repo: TestRepo) -> None:
    """Where there is no text yet, an attempt does not bring one unseen; people's commits may."""
    repo.write({".gitlanes.toml": text_of(NO_BAD)}, repo.lane("auth"))
    with pytest.raises(Refused, match="protected paths"):
        repo.lanes.commit("auth", message="gates")
    assert repo.lanes.commit("auth", message="gates", waiver=ALLOWED).attempt.status == "accepted"
    repo.save({".gitlanes.toml": text_of(NO_BAD), "BAD.py": "BAD\n"})
    with pytest.raises(Refused, match="not trusted"):
        repo.lane("other", {"o.py": "1\n"})
    repo.lanes.trust()
    with pytest.raises(GateFailed):  # what people committed was let in, and is judged now
        repo.lanes.commit("other", message="w")


def test_gates_for_some_paths(repo: TestRepo, tmp_path: Path) -> None:
    """A gate with paths is asked only about candidates that touch them."""
    set_gates(repo, {**counted("src", tmp_path), "paths": ["src/**", "!*.md"]})
    repo.lane("auth", {"auth.py": "1\n", "src/a.md": "1\n"})
    assert runs(tmp_path, "src") == 0
    repo.commit("auth", {"src/deep/a.py": "1\n"})
    assert runs(tmp_path, "src") == 1
    repo.commit("auth", {"src/deep/a.py": None})
    assert runs(tmp_path, "src") == 2


def test_the_same_tree_is_never_judged_twice(repo: TestRepo, tmp_path: Path) -> None:
    """Not for another attempt, not by another lane, not after a failure; but by other gates."""
    set_gates(repo, counted("g", tmp_path, "exit 1"))
    for lane in ("one", "two"):
        repo.write({"auth.py": "1\n"}, repo.lane(lane))
        for _ in range(2):
            with pytest.raises(GateFailed):
                repo.lanes.commit(lane, message="w")
    assert runs(tmp_path, "g") == 1
    assert [x["cached"] for x in judged(repo, attempt(repo, "two/2").commit)] == [True]
    assert not repo.lanes.evaluate("two/2", again=True).passed
    assert runs(tmp_path, "g") == 2
    set_gates(repo, counted("g", tmp_path, "exit 0"))
    assert repo.lanes.commit("one", message="w").attempt.status == "accepted"
    assert runs(tmp_path, "g") == 3


def test_a_verdict_that_was_tampered_with_is_no_verdict(repo: TestRepo, tmp_path: Path) -> None:
    """A file of the cache that is none is not believed; without any they are asked again."""
    set_gates(repo, counted("g", tmp_path))
    repo.lane("auth", {"auth.py": "1\n"})
    (file,) = [x for x in (repo.path / ".git/lanes/verdicts").rglob("*") if x.is_file()]
    for content in (b"", b"{", b"[]", b"\xff", b'{"tree": 1}', file.read_bytes()[:-1] + b",}"):
        file.write_bytes(content)
        assert repo.lanes.evaluate("auth/1").passed
    assert runs(tmp_path, "g") == 7


def test_a_flaky_gate(repo: TestRepo, tmp_path: Path) -> None:
    """What passes at a later try is recorded as flaky; tries begin with the same files."""
    script = (
        f"echo run >> {tmp_path}/g; [ ! -e left ] || exit 9; touch left; "
        f"[ $(wc -l < {tmp_path}/g) -ge 3 ]"
    )
    set_gates(repo, gate("g", script, retries=4))
    repo.lane("auth", {"auth.py": "1\n"})
    (said,) = judged(repo, repo.lanes.head("auth"))
    assert (said["passed"], said["flaky"], said["tries"]) == (True, True, 3)
    assert runs(tmp_path, "g") == 3


def test_a_gate_that_hangs(repo: TestRepo, cli: Cli) -> None:
    """Its time is over, and so is it; that counts as a failure."""
    set_gates(repo, gate("g", "echo begun; sleep 300", timeout="1s"))
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    done = cli("commit", "auth", "-m", "w")
    assert (done.code, "gate 'g' failed: not done after 1 s" in done.err) == (1, True)
    (said,) = judged(repo, attempt(repo, "auth/1").commit)
    assert (said["timed_out"], said["output"], "exit_code" in said) == (True, "begun\n", False)


def test_a_gate_that_is_killed(repo: TestRepo) -> None:
    """A signal is a failure, and told as one."""
    set_gates(repo, gate("g", "kill -9 $$"))
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    with pytest.raises(GateFailed, match="killed by signal 9"):
        repo.lanes.commit("auth", message="w")


def test_a_gate_that_cannot_run_says_nothing(repo: TestRepo, cli: Cli) -> None:
    """A program that is missing rejects nothing: the attempt waits until it is there."""
    set_gates(repo, {"name": "g", "command": "no-such-program --check"})
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    assert cli("commit", "auth", "-m", "w") == Ran(
        128,
        "",
        "error: gate 'g' cannot run: cannot start 'no-such-program': no such file or directory\n"
        "hint: mend that, then: git lanes accept auth/1; it stays open\n",
    )
    assert attempt(repo, "auth/1").status == "proposed"
    assert cli("accept", "auth/1").err.endswith("hint: install what it needs, then repeat\n")
    set_gates(repo, {"name": "g", "command": "no-such-program", "required": False})
    assert repo.lanes.accept("auth/1").attempt.status == "accepted"


def test_work_that_takes_a_gate_s_program_away_fails(repo: TestRepo) -> None:
    """That it cannot run then is a verdict on the work, which is rejected."""
    repo.save({"ci/run": "#!/bin/sh\n"})
    (repo.path / "ci/run").chmod(0o755)
    set_gates(repo, {"name": "g", "args": ["./run"], "cwd": "ci"})
    place = repo.lane("auth", {"auth.py": "1\n"})
    (place / "ci/run").chmod(0o644)
    with pytest.raises(GateFailed, match=r"cannot start '\./run': permission"):
        repo.lanes.commit("auth", message="w")
    assert attempt(repo, "auth/2").status == "rejected"


def test_a_command_given_again_costs_once(repo: TestRepo, cli: Cli) -> None:
    """Broken off while gates ran, and repeated twice: all its attempts share one cost record."""
    set_gates(repo, {"name": "g", "command": "no-such-program"})
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    told = "warning: this cost is recorded with auth/1 already, and counts once\n"
    tokens = ("--tokens-in", "100", "--agent", "a")
    said = [cli("commit", "auth", "-m", "w", *tokens, "--cost", "0.5").err for _ in range(3)]
    assert [told in x for x in said] == [False, True, True]
    every = repo.lanes.history(lane="auth").attempts
    assert len(every) == 3
    assert len({y["id"] for x in every for y in x.notes.costs}) == 1
    cli("commit", "auth", "-m", "w", *tokens, "--cost", "0.25")  # another cost is another run
    total = {"input_tokens": 200, "amounts": {"USD": "0.75"}}
    assert repo.lanes.cost().total == total
    with repo.inner() as inner:
        spent = inner.view.lane("auth").record.spent
    assert (spent["total"], spent["agents"], spent["day"]["total"]) == (total, {"a": total}, total)


def test_a_cost_that_people_wrote_counts_once(repo: TestRepo, cli: Cli) -> None:
    """A note's line that names no attempt is named by its commit when the command is repeated."""
    set_gates(repo, {"name": "g", "command": "no-such-program"})
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    cli("commit", "auth", "-m", "w", "--agent", "a")
    commit = attempt(repo, "auth/1").commit
    line = '{"schema":"gitlanes.cost/1","id":"by-hand","input_tokens":100}'
    repo.git("notes", "--ref=lanes/costs", "append", "-m", line, commit)
    said = cli("commit", "auth", "-m", "w", "--agent", "a", "--tokens-in", "100").err
    assert f"warning: this cost is recorded with {commit} already, and counts once\n" in said


def test_a_gate_that_modifies_files(repo: TestRepo) -> None:
    """It judges what it made of them; what lands is the candidate, and others see that alone."""
    script = "echo formatted > auth.py; rm -r src; echo x > new.py; grep -q formatted auth.py"
    check = "[ ! -e new.py ] && [ -e src/app.py ] && [ $(cat auth.py) = 1 ]"
    set_gates(
        repo, gate("format", script), gate("check", check), gate("again", check), gates={"jobs": 1}
    )
    repo.lane("auth", {"auth.py": "1\n"})
    assert repo.files("refs/lanes/head/auth")["auth.py"] == "1"
    assert "new.py" not in repo.files("refs/lanes/head/auth")
    assert len(judged(repo, repo.lanes.head("auth"))) == 3


def test_a_stale_attempt_that_collides(repo: TestRepo, tmp_path: Path) -> None:
    """Collisions come before gates: nothing runs, and a commit leaves no attempt behind."""
    set_gates(repo, counted("g", tmp_path))
    repo.lane("one", {"auth.py": "1\n"})
    repo.lane("two", {"auth.py": "2\n"})
    repo.lanes.promote("one", into="two", force_all=True)
    repo.write({"auth.py": "3\n"}, repo.workspace("two"))
    before = runs(tmp_path, "g")
    with pytest.raises(Collision):
        repo.lanes.commit("two", message="w")
    assert (runs(tmp_path, "g"), repo.lanes.lane("two").open) == (before, ())


def test_a_target_that_moves_while_gates_run(repo: TestRepo, tmp_path: Path) -> None:
    """What lands is what was judged: it is judged again, and in the end the command gives up."""
    script = (
        f"echo run >> {tmp_path}/runs; n=$(wc -l < {tmp_path}/runs); "
        f"if [ -e {tmp_path}/stop-$n ]; then exit 0; fi; "
        f"cd {repo.path} && echo $n > person-$n && git add person-$n && git commit -qm $n"
    )
    set_gates(repo, gate("g", script, env=["GIT_CONFIG_GLOBAL"]))
    repo.lanes.new("auth")
    repo.write({"auth.py": "1\n"}, repo.workspace("auth"))
    repo.lanes.commit("auth", message="w", waiver=FREE)
    (tmp_path / "stop-3").touch()
    made = repo.lanes.promote("auth")
    assert runs(tmp_path, "runs") == 3
    assert {"person-1", "person-2"} <= repo.files(str(made.head)).keys()
    repo.write({"auth.py": "2\n"}, repo.workspace("auth"))
    repo.lanes.commit("auth", message="w", waiver=FREE)
    with pytest.raises(Raced, match="moved on 3 times while gates were running"):
        repo.lanes.promote("auth")
    assert runs(tmp_path, "runs") == 6
    assert repo.files("main")["auth.py"] == "1"


def test_nothing_to_propose_comes_first(repo: TestRepo, tmp_path: Path) -> None:
    """Without changes nothing runs."""
    set_gates(repo, counted("g", tmp_path))
    repo.lane("auth")
    with pytest.raises(NothingToPropose):
        repo.lanes.commit("auth")
    assert runs(tmp_path, "g") == 0


def test_a_commit_from_the_root(repo: TestRepo) -> None:
    """Lane main is judged by its own text as it was before, and branch and files agree."""
    set_gates(repo, NO_BAD)
    repo.write({"auth.py": "BAD\n", ".gitlanes.toml": ""})
    with pytest.raises(GateFailed):
        repo.lanes.commit("main", message="w", waiver=ALLOWED)
    assert repo.git("status", "--porcelain").split() == ["M", ".gitlanes.toml", "M", "auth.py"]
    repo.write({"auth.py": "good\n", ".gitlanes.toml": text_of(NO_BAD)})
    made = repo.lanes.commit("main", message="w")
    assert made.attempt.landed == repo.rev("main") == repo.rev("HEAD")
    assert repo.git("status", "--porcelain") == ""


def test_evaluation_model_is_what_is_noted(repo: TestRepo) -> None:
    """The result of `evaluate` has what the note has."""
    set_gates(repo, NO_BAD)
    repo.lane("auth", {"auth.py": "1\n"})
    found = repo.lanes.evaluate("auth/1")
    assert found.passed
    assert [type(x) for x in found.evaluations] == [Evaluation]
    newest = judged(repo, attempt(repo, "auth/1").commit)[-1]
    assert {k: newest[k] for k in ("name", "tree", "definition")} == {
        k: getattr(found.evaluations[0], k) for k in ("name", "tree", "definition")
    }
