"""Commits that git amends and rebases: recorded in their lanes, with their notes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitlanes import BadValue, Cost, NotFound
from gitlanes.models.rewrites import Rewrite
from gitlanes.store import journal
from tests.githooks.conftest import with_lanes
from tests.support.cli import Ran, run_cli, spawn_cli
from tests.support.repos import TestRepo


@pytest.fixture
def hooked(repo: TestRepo) -> TestRepo:
    """A repository with our hooks, and `git lanes` on its PATH."""
    repo.lanes.hook_install()
    return with_lanes(repo)


@pytest.fixture
def place(hooked: TestRepo) -> Path:
    """The workspace of lane auth, whose attempts auth/1 to auth/3 are commits on each other."""
    place = hooked.lane("auth")
    for number in (1, 2, 3):
        hooked.commit("auth", {f"f{number}": "x\n"}, f"c{number}")
    return place


def details(repo: TestRepo, lane: str) -> list[Any]:
    """Return what the rewrite entries of a lane tell, newest first."""
    with repo.inner() as inner:
        entries = list(journal.walk(inner.refs, repo.rev(f"refs/lanes/journal/{lane}")))
    return [x.details["rewritten"] for x in entries if x.verb == "rewrite"]


def notes(repo: TestRepo, kind: str, commit: str) -> set[str]:
    """Return the lines of a commit's notes of that kind."""
    return set(repo.git("notes", f"--ref=lanes/{kind}", "show", commit, check=False).split("\n"))


def rebase(repo: TestRepo, place: Path, script: str, *args: str) -> None:
    """Rebase with a todo list changed by that script for sed."""
    repo.environ["GIT_SEQUENCE_EDITOR"] = f"sed -i -e '{script}'"
    repo.environ["GIT_EDITOR"] = "true"
    repo.git("rebase", "--interactive", *args, cwd=place)


def test_an_amend_in_a_workspace(hooked: TestRepo, place: Path) -> None:
    """The new commit has the change's id and the old one's records, and is found from it."""
    old = hooked.rev("refs/lanes/head/auth")
    hooked.lanes.add_cost("auth/3", Cost(input_tokens=7))
    hooked.git("commit", "--quiet", "--amend", "--message=better", cwd=place)
    new = hooked.git("rev-parse", "HEAD", cwd=place)
    one = Rewrite(old, new, "auth/3")
    assert hooked.lanes.became(old) == hooked.lanes.was(new) == (one,)
    assert details(hooked, "auth") == [
        {
            "how": "amend",
            "commits": [{"attempt": "auth/3", "new": new, "old": old, "squash": False}],
        }
    ]
    for kind in ("intents", "costs"):
        assert notes(hooked, kind, old) == notes(hooked, kind, new) != {""}
    before, after = (
        hooked.git("log", "-1", "--format=%(trailers:key=Change-Id)", x) for x in (old, new)
    )
    assert before == after != ""
    assert hooked.rev("refs/lanes/head/auth") == old
    hooked.fsck()


def test_nothing_is_lost_to_gc(hooked: TestRepo, place: Path) -> None:
    """What an entry names is kept by it, after the workspace has moved on."""
    old = hooked.rev("refs/lanes/head/auth")
    hooked.git("commit", "--quiet", "--amend", "--message=better", cwd=place)
    new = hooked.git("rev-parse", "HEAD", cwd=place)
    hooked.git("reset", "--quiet", "--hard", old, cwd=place)
    hooked.git("reflog", "expire", "--expire=now", "--all")
    hooked.git("gc", "--quiet", "--prune=now")
    assert hooked.git("cat-file", "-t", new) == "commit"
    hooked.fsck()


def test_a_rebase(hooked: TestRepo, place: Path) -> None:
    """Squashed, reworded and dropped commits are told as such."""
    first, second, third = hooked.git("rev-list", "--reverse", "HEAD~3..HEAD", cwd=place).split()
    hooked.commit("auth", {"f4": "x\n"}, "c4")
    fourth = hooked.rev("refs/lanes/head/auth")
    rebase(hooked, place, "2s/pick/squash/;3s/pick/drop/", "HEAD~4")
    new, last = hooked.git("rev-list", "--reverse", "HEAD~2..HEAD", cwd=place).split()
    found = {x.old: x for old in (first, second, third, fourth) for x in hooked.lanes.became(old)}
    assert found == {
        first: Rewrite(first, new, "auth/1", squash=True),
        second: Rewrite(second, new, "auth/2", squash=True),
        third: Rewrite(third, None, "auth/3"),
        fourth: Rewrite(fourth, last, "auth/4"),
    }
    assert {x.old for x in hooked.lanes.was(new)} == {first, second}
    assert notes(hooked, "intents", first) | notes(hooked, "intents", second) == notes(
        hooked, "intents", new
    )
    assert [x["how"] for x in details(hooked, "auth")] == ["rebase"]
    told = hooked.lanes.operations(limit=1).operations[0]
    assert told.description == "rebase rewrote auth/1, auth/2, auth/4, auth/3"
    hooked.fsck()


def test_amends_within_a_rebase(hooked: TestRepo, place: Path) -> None:
    """What becomes of a commit that is edited is told once, at the end; an abort tells nothing."""
    old = hooked.git("rev-parse", "HEAD~1", cwd=place)
    rebase(hooked, place, "1s/pick/edit/", "HEAD~2")
    hooked.git("commit", "--quiet", "--amend", "--message=twice", cwd=place)
    hooked.git("rebase", "--abort", cwd=place)
    assert details(hooked, "auth") == []
    rebase(hooked, place, "1s/pick/edit/", "HEAD~2")
    for message in ("once", "twice"):
        hooked.git("commit", "--quiet", "--amend", f"--message={message}", cwd=place)
    hooked.git("rebase", "--continue", cwd=place)
    assert hooked.lanes.became(old) == (
        Rewrite(old, hooked.git("rev-parse", "HEAD~1", cwd=place), "auth/2"),
    )
    assert len(details(hooked, "auth")) == 1


@pytest.mark.parametrize("backend", ["--merge", "--apply"])
def test_the_rebased_branch_of_a_bound_lane(hooked: TestRepo, backend: str) -> None:
    """Commits that people made on a bound branch are found by the journal, without any notes."""
    base = hooked.rev("HEAD")
    old = hooked.save({"people.txt": "1\n"}, "by people")
    hooked.lanes.new("other")
    assert hooked.rev("refs/lanes/head/main") == old
    hooked.git("switch", "--quiet", "--create", "side", base)
    hooked.save({"side.txt": "1\n"}, "side")
    hooked.git("rebase", "--quiet", backend, "side", "main")
    new = hooked.rev("main")
    attempt = hooked.lanes.history("main").attempts[0].attempt.id
    assert hooked.lanes.became(old) == (Rewrite(old, new, attempt),)
    assert len(details(hooked, "main")) == 1


def test_an_exported_branch(hooked: TestRepo, place: Path) -> None:
    """On a branch that no lane is bound to the attempts tell whose commits they are."""
    assert place.is_dir()
    hooked.lanes.export("auth", branch="review")
    hooked.git("switch", "--quiet", "review")
    old = hooked.rev("HEAD")
    hooked.git("commit", "--quiet", "--amend", "--message=for review")
    assert hooked.lanes.became(old) == (Rewrite(old, hooked.rev("HEAD"), "auth/3"),)
    assert len(details(hooked, "auth")) == 1
    assert details(hooked, "main") == []


def test_a_renamed_lane(hooked: TestRepo, place: Path) -> None:
    """An attempt under a lane's former name leads to the lane of today."""
    assert place.is_dir()
    hooked.lanes.export("auth", branch="review")
    hooked.lanes.rename("auth", "login")
    hooked.git("switch", "--quiet", "review")
    hooked.git("commit", "--quiet", "--amend", "--message=for review")
    assert len(details(hooked, "login")) == 1


def test_steps_lead_on_and_back(hooked: TestRepo, place: Path) -> None:
    """A commit that is rewritten again is found from the first one and from the last."""
    made = [hooked.rev("refs/lanes/head/auth")]
    for message in ("a", "b"):
        hooked.git("commit", "--quiet", "--amend", f"--message={message}", cwd=place)
        made.append(hooked.git("rev-parse", "HEAD", cwd=place))
    assert [x.new for x in hooked.lanes.became(made[0])] == made[1:]
    assert [x.old for x in hooked.lanes.was(made[2])] == made[1::-1]
    assert hooked.lanes.became(made[2]) == hooked.lanes.was(made[0]) == ()


def test_rewritten_and_back(repo: TestRepo) -> None:
    """Commits that became each other in turn do not lead round for ever."""
    repo.work("auth", {"f": "x\n"})
    one, other = repo.rev("refs/lanes/head/auth"), repo.rev("main")
    repo.lanes.record_rewrites([(one, other)], "amend")
    repo.lanes.record_rewrites([(other, one)], "amend")
    assert [x.new for x in repo.lanes.became(one)] == [other, one]


def test_what_is_recorded_already(repo: TestRepo) -> None:
    """Telling it again, and commits that became themselves or are nobody's, change nothing."""
    repo.work("auth", {"f": "x\n"})
    one, other = repo.rev("refs/lanes/head/auth"), repo.rev("main")
    told = repo.lanes.record_rewrites([(one, other), (one, one)], "rebase", lane="auth")
    assert [(x.lane, x.commits) for x in told.lanes] == [("auth", (Rewrite(one, other, "auth/1"),))]
    assert told.carried == 1
    before = repo.refs()
    again = repo.lanes.record_rewrites([(one, other)], "rebase", lane="auth")
    assert (again.lanes, again.carried, repo.refs()) == ((), 0, before)
    stray = repo.git("commit-tree", "-m", "stray", "HEAD^{tree}")
    assert repo.lanes.record_rewrites([(stray, one)], "amend", lane="auth").lanes == ()
    assert repo.refs() == before


def test_bad_pairs(repo: TestRepo) -> None:
    """What is no commit's id, is not there, or was rewritten by nobody knows what is refused."""
    repo.work("auth", {"f": "x\n"})
    head = repo.rev("refs/lanes/head/auth")
    before = repo.refs()
    with pytest.raises(BadValue, match="not a commit's id: '--all'"):
        repo.lanes.record_rewrites([(head, "--all")], "amend")
    with pytest.raises(BadValue, match="not rewritten by 'magic'"):
        repo.lanes.record_rewrites([(head, head)], "magic")
    with pytest.raises(NotFound, match=r"commit '0{39}1' not found"):
        repo.lanes.record_rewrites([(head, "0" * 39 + "1")], "amend")
    assert repo.refs() == before


def test_many_commits(repo: TestRepo) -> None:
    """An entry has only those commits as parents from which the others can be reached."""
    repo.work("auth")
    for number in range(4):
        repo.commit("auth", {"f": f"{number}\n"})
    olds = repo.git("rev-list", "main..refs/lanes/head/auth").split()
    repo.git("switch", "--quiet", "--create", "copy")
    repo.git("cherry-pick", "--no-ff", "main..refs/lanes/head/auth")
    repo.git("commit", "--quiet", "--amend", "--reset-author", "--no-edit")
    news = [repo.git("commit-tree", "-p", "main", "-m", "x", f"{x}^{{tree}}") for x in olds]
    repo.lanes.record_rewrites(zip(olds, news, strict=True), "rebase")
    parents = repo.git("log", "-1", "--format=%P", "refs/lanes/journal/auth").split()
    assert set(parents[1:]) == {*news, olds[0]}
    repo.fsck()


def test_notes_without_an_attempt(repo: TestRepo) -> None:
    """Judgements of a commit that is no attempt's go along, without any entry."""
    old = repo.save({"x": "1\n"})
    repo.lanes.record_evaluation(old, "style", True)
    new = repo.git("commit-tree", "-m", "again", "-p", "HEAD~1", "HEAD^{tree}")
    journals = {k: v for k, v in repo.refs().items() if "journal" in k}
    assert repo.lanes.record_rewrites([(old, new)], "amend").carried == 1
    assert notes(repo, "evaluations", new) == notes(repo, "evaluations", old) != {""}
    assert {k: v for k, v in repo.refs().items() if "journal" in k} == journals


def test_a_damaged_entry_is_passed_over(repo: TestRepo) -> None:
    """What an entry tells in another form is left out, and the rest is read."""
    from gitlanes.store.validity import rewritten_of

    good = {"old": "1" * 40, "new": "2" * 40, "attempt": "auth/1", "squash": True}
    assert rewritten_of({"rewritten": {"commits": [good]}}) == (
        Rewrite("1" * 40, "2" * 40, "auth/1", squash=True),
    )
    for wrong in ({"old": "--all"}, {"new": "x"}, {"attempt": "\x1b"}, {"old": None}, {"new": 7}):
        assert rewritten_of({"rewritten": {"commits": [{**good, **wrong}]}}) is None
    odds: list[Any] = [{"rewritten": 7}, {"rewritten": {"commits": 7}}, {"rewritten": {}}, {}, None]
    for odd in odds:
        assert rewritten_of(odd) is None
    assert repo.lanes.became("main") == ()


@pytest.mark.parametrize("how", ["no lanes", "not on PATH"])
def test_no_python_where_no_lane_is_concerned(
    make_repo: Callable[..., TestRepo], how: str, tmp_path: Path
) -> None:
    """Without lanes, or for commits of no attempt, `git lanes` is not even started."""
    repo = make_repo(adopted=how != "no lanes")
    repo.lanes.hook_install()
    with_lanes(repo)
    log = tmp_path / "log"
    program = tmp_path / "bin/git-lanes"
    program.write_text(f"#!/bin/sh\necho started >>{log}\n")
    if how == "not on PATH":
        program.rename(program.with_name("elsewhere"))
        repo.environ["PATH"] = "/usr/bin:/bin"
    repo.save({"x": "1\n"})
    repo.git("commit", "--quiet", "--amend", "--message=again")
    assert not log.exists()


def test_an_amend_of_nobodys_commit(hooked: TestRepo, place: Path, tmp_path: Path) -> None:
    """In a repository with lanes `git lanes` is started for commits that it knows alone."""
    log = tmp_path / "log"
    (tmp_path / "bin/git-lanes").write_text(f"#!/bin/sh\necho started >>{log}\n")
    hooked.save({"x": "1\n"})
    hooked.git("commit", "--quiet", "--amend", "--message=again")
    assert not log.exists()
    hooked.git("commit", "--quiet", "--amend", "--message=again", cwd=place)
    assert log.read_text() == "started\n"


def test_a_long_journal_is_not_looked_through(
    hooked: TestRepo, place: Path, tmp_path: Path
) -> None:
    """An amend costs what the change costs: notes show that it is not recorded yet."""
    log = tmp_path / "log"
    hooked.environ["GIT_TRACE"] = str(log)
    hooked.git("commit", "--quiet", "--amend", "--message=again", cwd=place)
    assert len(details(hooked, "auth")) == 1
    asked = [x for x in log.read_text().splitlines() if " rev-list " in x]
    assert [x for x in asked if "--grep" in x or "refs/lanes/journal" in x] == []


def test_a_failure_only_warns(hooked: TestRepo, place: Path, tmp_path: Path) -> None:
    """Where nothing can be recorded git has done its work all the same, and a person is told."""
    (tmp_path / "bin/git-lanes").write_text("#!/bin/sh\necho 'error: no room' >&2\nexit 128\n")
    done = subprocess.run(
        ["git", "commit", "--quiet", "--amend", "--message=again"],
        cwd=place,
        env=hooked.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        "error: no room\nwarning: what became of the commits is not recorded in their lanes\n"
    )


def test_the_command(hooked: TestRepo, place: Path) -> None:
    """Hook managers have `git lanes hook run` do it, with pairs on its stdin."""
    old, new = (hooked.git("rev-parse", x, cwd=place) for x in ("HEAD", "HEAD~1"))
    args = ("hook", "run", "post-rewrite", "amend", "--verbose")
    told = spawn_cli(place, hooked.environ, *args, stdin=f"{old} {new} extra\n\n")
    assert told == Ran(0, f"auth/3: {old[:12]} is {new[:12]}\n", "")
    wrong = spawn_cli(place, hooked.environ, *args, stdin="no pair\n")
    assert (wrong.code, wrong.err.splitlines()[0]) == (129, "error: not a commit's id: 'no'")
    unknown = run_cli(place, hooked.environ, "hook", "run", "post-x\x1b")
    assert unknown.err == "error: no hook 'post-x\\x1b'\nhint: one of commit-msg, post-rewrite\n"


def test_the_command_stamps(hooked: TestRepo, tmp_path: Path) -> None:
    """The other hook is run by the same command, with its own exit code."""
    message = tmp_path / "message"
    message.write_text("words\n")
    done = spawn_cli(hooked.path, hooked.environ, "hook", "run", "commit-msg", str(message))
    assert done == Ran(0, "", "")
    assert "\nChange-Id: I" in message.read_text()
    message.write_text("")
    done = spawn_cli(hooked.path, hooked.environ, "hook", "run", "commit-msg", str(message))
    assert (done.code, done.err) == (1, f"commit-msg: the message is empty: '{message}'\n")
