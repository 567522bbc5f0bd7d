"""Lanes as ordinary branches and patches: for people and programs that know nothing of lanes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import BadValue, Collision, GitFailed, Intent, Negative, Raced, Refused
from gitlanes.git import signing
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def work(repo: TestRepo, lane: str, *edits: dict[str, str | None]) -> None:
    """Commit each edit in a lane, as one agent with one model."""
    for number, edit in enumerate(edits, 1):
        repo.write(dict(edit), repo.workspace(lane))
        why = Intent(prompt=f"why {number}", agent="coder-1", model="m1")
        repo.lanes.commit(lane, message=f"Step {number}", intent=why)


@pytest.fixture
def worked(repo: TestRepo) -> TestRepo:
    """A lane with two accepted attempts."""
    repo.lane("auth")
    work(repo, "auth", {"auth.py": "1\n"}, {"auth.py": "2\n", "new.py": "n\n"})
    return repo


def subjects(repo: TestRepo, revisions: str) -> list[str]:
    """Return the subjects of commits, oldest first."""
    return repo.git("log", "--reverse", "--format=%s", revisions).splitlines()


def trailers(repo: TestRepo, commit: str) -> list[str]:
    """Return the trailers of a commit, read by git."""
    return repo.git("log", "-1", "--format=%(trailers:only,unfold)", commit).splitlines()


def test_linear(worked: TestRepo) -> None:
    """A commit for each attempt, with its message, its Change-Id, the lane's name and its notes."""
    made = worked.lanes.export("auth", branch="out", form="linear")
    assert subjects(worked, "main..out") == ["Step 1", "Step 2"]
    assert worked.files("out") == worked.files(worked.lanes.head("auth"))
    change = worked.lanes.show("auth/2").attempts[0].attempt.change_id
    assert trailers(worked, "out") == [f"Change-Id: {change}", "Lane: auth"]
    assert (made.base, made.commits[-1], made.old) == (worked.rev("main"), worked.rev("out"), None)
    assert "why 2" in worked.git("log", "-1", "--notes=lanes/intents", "out")
    worked.fsck()


def test_squash(worked: TestRepo) -> None:
    """One commit for all, under the first Change-Id, that has the records of all."""
    worked.lanes.export("auth", branch="out", form="squash")
    change = worked.lanes.show("auth/1").attempts[0].attempt.change_id
    assert subjects(worked, "main..out") == ["Step 1 (and 1 more)"]
    assert f"Change-Id: {change}" in trailers(worked, "out")
    notes = worked.git("notes", "--ref=lanes/intents", "show", "out")
    assert ["why 1" in notes, "why 2" in notes] == [True, True]


@pytest.mark.parametrize(
    ("policy", "trailer"),
    [
        ("assisted-by", "Assisted-by: coder-1:m1"),
        ("co-authored-by", "Co-authored-by: coder-1 <coder-1@agents.invalid>"),
    ],
)
def test_how_agents_are_named(worked: TestRepo, policy: str, trailer: str) -> None:
    """By policy, given or set; and the same again without a word."""
    worked.lanes.export("auth", branch="out", form="linear", trailers=policy)
    assert trailers(worked, "out")[-1] == trailer
    before = worked.rev("out")
    assert worked.lanes.export("auth", branch="out").commit == before
    worked.git("config", "lanes.trailers", policy)
    with worked.open() as lanes:  # settings are read once
        lanes.export("auth", branch="more", form="squash")
    assert trailers(worked, "more")[-1] == trailer


def test_again_after_more_work(worked: TestRepo) -> None:
    """What was exported keeps its commits; the branch goes forward in the form that it has."""
    first = worked.lanes.export("auth", branch="out", form="linear")
    work(worked, "auth", {"more.py": "m\n"})
    again = worked.lanes.export("auth", branch="out")
    assert again.commits[:2] == first.commits
    assert (again.old, len(again.commits), again.form) == (first.commit, 3, "linear")


def test_again_after_a_rewrite(worked: TestRepo) -> None:
    """A branch that is where it was left goes along; one that people moved is left alone."""
    worked.lanes.export("auth", branch="out", form="linear")
    worked.write({"auth.py": "amended\n"}, worked.workspace("auth"))
    worked.lanes.amend("auth")
    worked.lanes.export("auth", branch="out")
    assert worked.files("out")["auth.py"] == "amended"
    tree = worked.rev("out^{tree}")
    theirs = worked.git("commit-tree", tree, "-p", "out", "-m", "by a reviewer")
    worked.git("branch", "--force", "out", theirs)
    worked.write({"auth.py": "again\n"}, worked.workspace("auth"))
    worked.lanes.amend("auth")
    with pytest.raises(Refused, match="branch 'out' has commits that the lane has not"):
        worked.lanes.export("auth", branch="out")
    assert worked.rev("out") == theirs


def test_only_what_has_not_landed(worked: TestRepo) -> None:
    """Of a lane that landed and went on, the branch has the new work on top of the landing."""
    worked.lanes.promote("auth", mode="squash")
    landed = worked.rev("main")
    worked.save({"people.py": "p\n"})
    work(worked, "auth", {"later.py": "l\n"})
    made = worked.lanes.export("auth", branch="out", form="linear")
    assert (made.base, len(made.commits)) == (landed, 1)
    assert worked.git("diff", "--name-only", "main...out") == "later.py"


def test_nothing_that_has_not_landed(worked: TestRepo) -> None:
    """Without news there are no commits to make; the history as it is can still go out."""
    worked.lanes.promote("auth")
    with pytest.raises(Negative, match="nothing to export: 'main' has all"):
        worked.lanes.export("auth", branch="out", form="linear")
    assert worked.lanes.export("auth", branch="out").commit == worked.lanes.head("auth")


def test_a_target_that_touched_the_same_before(worked: TestRepo) -> None:
    """Work that stands on content which the landing did not have is refused by path."""
    worked.save({"auth.py": "people\n"})
    worked.lanes.promote("auth", mode="squash", force=["auth.py"])
    work(worked, "auth", {"auth.py": "3\n"})
    worked.lanes.export("auth", branch="fine", form="linear")
    assert worked.files("fine")["auth.py"] == "3"


def test_a_lane_that_merged_main(worked: TestRepo) -> None:
    """What an agent took in from main is below the exported commits, not among them."""
    worked.save({"people.py": "p\n"})
    place = worked.workspace("auth")
    worked.git("merge", "--quiet", "--no-edit", "main", cwd=place)
    work(worked, "auth", {"auth.py": "merged\n"})
    made = worked.lanes.export("auth", branch="out", form="linear")
    assert made.base == worked.rev("main")
    assert worked.files("out") == worked.files(worked.lanes.head("auth"))
    assert worked.git("log", "--merges", "main..out") == ""
    assert "people.py" not in worked.git("log", "--name-only", "--format=", "main..out")


@pytest.mark.parametrize("beside", [False, True])
def test_a_squash_and_what_others_landed(worked: TestRepo, beside: bool) -> None:
    """What was squashed, and what an agent took from a lane that landed, is below the commits."""
    worked.lane("other", {"other.py": "o\n"})
    place = worked.workspace("auth")

    def land_other() -> None:
        merged = worked.lanes.head("other")
        worked.git("merge", "--quiet", "--no-edit", merged, cwd=place)
        work(worked, "auth", {"merged.py": "m\n"})
        worked.lanes.promote("other")

    if not beside:
        land_other()
    worked.lanes.promote("auth", mode="squash")
    if beside:
        land_other()
    work(worked, "auth", {"zebra.py" if beside else "auth.py": "3\n"})
    worked.lanes.export("auth", branch="out", form="squash")
    own = ["merged.py", "zebra.py"] if beside else ["auth.py"]
    assert worked.git("diff", "--name-only", "main...out").splitlines() == own
    worked.lanes.promote("auth", mode="replay")
    with pytest.raises(Negative, match="nothing to export"):
        worked.lanes.export("auth", branch="out")


@pytest.fixture
def key(worked: TestRepo, tmp_path: Path) -> Path:
    """A key of ssh's that commits are to be signed with."""
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    for name, value in (("gpg.format", "ssh"), ("user.signingKey", path), ("commit.gpgSign", True)):
        worked.git("config", name, str(value))
    return path


def test_signed(worked: TestRepo, key: Path, tmp_path: Path) -> None:
    """Where commits are signed, these are, by whoever is configured; and only once."""
    worked.git("config", "user.signingKey", f"../{key.name}")  # from the top, as git has it
    with worked.open() as lanes:
        made = lanes.export("auth", branch="out", form="linear")
    allowed = tmp_path / "allowed"
    allowed.write_text(f"* {key.with_suffix('.pub').read_text()}")
    for commit in made.commits:
        worked.git("-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", commit)
    work(worked, "auth", {"more.py": "m\n"})
    with worked.open() as lanes:
        assert lanes.export("auth", branch="out").commits[:2] == made.commits


@pytest.mark.usefixtures("key")
def test_a_signature_of_whom_git_cannot_name(worked: TestRepo) -> None:
    """A commit of another program, whose author has no date, is told of."""
    about = f"tree {worked.rev('main^{tree}')}\nparent {worked.rev('main')}"
    worked.write({"odd": f"{about}\nauthor A <a@b>\ncommitter A <a@b>\n\nOdd\n"})
    oid = worked.git("hash-object", "-t", "commit", "-w", "--literally", "odd")
    worked.git("update-ref", "refs/heads/odd", oid)
    with worked.open() as lanes:
        lanes.import_branch("odd")
        with pytest.raises(GitFailed, match=r"cannot be signed: .*'A <a@b>'"):
            lanes.export("odd", branch="out", form="squash")


def test_a_signature_that_does_not_come(
    worked: TestRepo, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that waits for ever is ended, a key that is gone is named; no ref moves."""
    before = worked.refs()
    key.unlink()
    key.with_suffix(".pub").unlink()
    with worked.open() as lanes, pytest.raises(GitFailed, match="a commit cannot be signed"):
        lanes.export("auth", branch="out", form="linear")
    waits = key.with_name("waits")
    waits.write_text("#!/bin/sh\nexec sleep 600\n")
    waits.chmod(0o755)
    worked.git("config", "gpg.ssh.program", str(waits))
    monkeypatch.setattr(signing, "PATIENCE", 0.5)
    with worked.open() as lanes, pytest.raises(GitFailed, match=r"no signature within 0\.5 sec"):
        lanes.export("auth", branch="out", form="linear")
    assert worked.refs() == before


def test_branches_that_go_along(worked: TestRepo) -> None:
    """Where it is set, a landing takes the lane's exported branches along, in their form."""
    worked.git("config", "lanes.autoExport", "true")
    with worked.open() as lanes:
        lanes.export("auth", branch="out", form="linear")
        lanes.export("auth", branch="used")
        worked.git("switch", "--quiet", "used")
        worked.write({"more.py": "m\n"}, worked.workspace("auth"))
        lanes.commit("auth", message="Step 3")
        warned = lanes.take_warnings()
    assert subjects(worked, "main..out") == ["Step 1", "Step 2", "Step 3"]
    assert [x.split(":")[0] for x in warned] == ["branch 'used' does not go along with lane 'auth'"]
    with worked.open() as lanes:
        lanes.new("top", on="auth")
        worked.write({"top.py": "t\n"}, worked.workspace("top"))
        lanes.commit("top", message="Top")
        lanes.promote("top")
    assert "top.py" in worked.files("out")


@pytest.mark.usefixtures("key")
def test_signed_by_whoever_exports(worked: TestRepo) -> None:
    """Whose commit is signed is its author, who signs it the committer; unsigned ones are again."""
    worked.lanes.export("auth", branch="out", form="linear")
    for name, value in (("name", "Somebody Else"), ("email", "else@example.com")):
        worked.git("config", f"user.{name}", value)
    with worked.open() as lanes:
        made = lanes.export("auth", branch="out")
        assert lanes.export("auth", branch="out").commits == made.commits
    people = worked.git("log", "-2", "--format=%an|%cn|%cd", "out").splitlines()
    assert [x.split("|")[:2] for x in people] == [["Test Person", "Somebody Else"]] * 2
    dates = worked.git("log", "-2", "--format=%cd", "refs/lanes/head/auth").splitlines()
    assert [x.split("|")[2] for x in people] == dates
    assert "gpgsig" in worked.git("cat-file", "commit", "out")


def test_people_s_commits_stay(worked: TestRepo) -> None:
    """What came in by import is not written again where it stands; the lane's own is on it."""
    worked.git("switch", "--quiet", "--create", "theirs")
    theirs = worked.save({"theirs.py": "t\n"}, "By people\n\nLane: none")
    worked.git("switch", "--quiet", "main")
    worked.lanes.import_branch("theirs")
    worked.lanes.create_workspace("theirs")
    work(worked, "theirs", {"more.py": "m\n"})
    made = worked.lanes.export("theirs", branch="theirs", form="linear")
    assert (made.old, made.commits[0]) == (theirs, theirs)
    assert "Lane: theirs" in trailers(worked, "theirs")


def test_a_squash_is_the_same_again(worked: TestRepo) -> None:
    """Commits without Change-Ids get one together, always the same."""
    worked.git("switch", "--quiet", "--create", "theirs")
    worked.save({"a.py": "a\n"})
    worked.save({"b.py": "b\n"})
    worked.git("switch", "--quiet", "main")
    worked.lanes.import_branch("theirs")
    made = worked.lanes.export("theirs", branch="out", form="squash")
    assert worked.lanes.export("theirs", branch="out").commit == made.commit
    assert any(x.startswith("Change-Id: I") for x in trailers(worked, "out"))


def test_work_of_another_lane(worked: TestRepo) -> None:
    """What was promoted into the lane is one commit there, and the last tree is the lane's."""
    worked.lane("other", {"other.py": "o\n"})
    worked.lanes.promote("other", into="auth")
    worked.lanes.update_workspace("auth")
    work(worked, "auth", {"other.py": "mine\n"})
    worked.lanes.export("auth", branch="out", form="linear")
    assert subjects(worked, "main..out")[2:] == ["Promote lane other into auth", "Step 1"]
    assert worked.git("rev-list", "--merges", "main..out") == ""
    assert worked.rev("out^{tree}") == worked.rev("refs/lanes/head/auth^{tree}")


def test_branches_that_are_others(worked: TestRepo) -> None:
    """One of a lane that is not made yet stays that lane's, and another one's name is not moved."""
    worked.lanes.new("bound")
    worked.git("branch", "--quiet", "own")
    worked.lanes.bind("bound", "own")
    worked.git("branch", "--quiet", "-D", "own")
    worked.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    before = worked.refs()
    with pytest.raises(Refused, match="lane 'bound' is bound to branch 'own'"):
        worked.lanes.export("auth", branch="own")
    with pytest.raises(Refused, match="branch 'alias' is another name of 'main'"):
        worked.lanes.export("auth", branch="alias")
    assert worked.refs() == before


def test_what_is_asked_wrongly(worked: TestRepo) -> None:
    """Forms and policies that there are not, and a lane that moved."""
    with pytest.raises(BadValue, match="unknown 'round'"):
        worked.lanes.export("auth", branch="out", form="round")
    with pytest.raises(BadValue, match="unknown 'loud'"):
        worked.lanes.export("auth", branch="out", trailers="loud")
    with pytest.raises(Raced):
        worked.lanes.export("auth", branch="out", form="linear", expect="0000")
    with pytest.raises(Refused, match="cannot be promoted into itself"):
        worked.lanes.export("main", branch="out", form="linear")


def test_what_the_command_says(worked: TestRepo, cli: Cli) -> None:
    """The branch, where it is, and of how many commits."""
    ran = cli("export", "auth", "--linear", "--branch", "out")
    assert ran.out == f"new branch out at {worked.rev('out')[:12]}, 2 commits\n"
    ran = cli("export", "auth", "--branch", "out", "--squash")
    assert ran.out == f"branch out at {worked.rev('out')[:12]}, 1 commit\n"


@pytest.mark.usefixtures("worked")
def test_options_that_mean_nothing(cli: Cli) -> None:
    """What says where a branch is to go, or how, is not passed over in silence."""
    told = [("--push", "origin"), ("--repo", ".")]
    for option in (("--branch", "b"), *told):
        ran = cli("export", "auth", "--format-patch", "p", *option)
        assert (ran.code, ran.err.splitlines()[0]) == (129, "error: patches go to no branch")
    more = ["--squash"], ["--trailers", "none"], ["--format-patch", "p"], ["--expect", "1234"]
    for options in (*more, *told):
        ran = cli("export", "--stack", "auth:s", *options)
        assert (ran.code, ran.err.splitlines()[0]) == (129, "error: a stack goes to branches here")


def test_what_promotion_refuses_to_bring(worked: TestRepo) -> None:
    """A squash landed beside what people changed: laying more on it may collide, by path."""
    worked.lanes.promote("auth", mode="squash")
    worked.save({"new.py": "people\n"})
    work(worked, "auth", {"new.py": "lane\n"})
    with pytest.raises(Collision):
        worked.lanes.promote("auth")
    worked.lanes.export("auth", branch="out", form="linear")
    assert worked.git("diff", "--name-only", "main...out") == "new.py"


@pytest.fixture
def server(worked: TestRepo, tmp_path: Path) -> Path:
    """A bare repository that is the remote 'origin'."""
    place = tmp_path / "server.git"
    worked.git("init", "--quiet", "--bare", str(place))
    worked.git("remote", "add", "origin", str(place))
    return place


def test_pushed(worked: TestRepo, server: Path, cli: Cli) -> None:
    """The branch goes to a remote, forward or from where exports left it, never over others'."""
    ran = cli("export", "auth", "--branch", "out", "--linear", "--push", "origin")
    head = worked.rev("out")
    assert ran.out == f"new branch out at {head[:12]}, 2 commits\npushed to origin\n"
    assert worked.git("rev-parse", "out", cwd=server) == head
    for content in ("once\n", "twice\n"):
        worked.write({"auth.py": content}, worked.workspace("auth"))
        worked.lanes.amend("auth")
        worked.lanes.export("auth", branch="out")
    worked.lanes.export("auth", branch="out", push=True)
    assert worked.git("rev-parse", "out", cwd=server) == worked.rev("out")
    theirs = worked.git("commit-tree", "out^{tree}", "-p", "out", "-m", "theirs", cwd=server)
    worked.git("update-ref", "refs/heads/out", theirs, cwd=server)
    with pytest.raises(Refused, match="on 'origin' has commits that the lane has not"):
        worked.lanes.export("auth", branch="out", push=True)
    assert worked.git("rev-parse", "out", cwd=server) == theirs


def test_a_server_that_refuses(worked: TestRepo, server: Path) -> None:
    """Its own words are told, and nothing moved there."""
    hook = server / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Refused, match="was not taken: pre-receive hook declined"):
        worked.lanes.export("auth", branch="out", push="origin")


def test_into_another_repository(worked: TestRepo, tmp_path: Path) -> None:
    """The branch is made there and not here; where it is checked out git does not move it."""
    other = TestRepo.make(tmp_path / "other", worked.environ, adopted=False)
    made = worked.lanes.export("auth", branch="out", form="linear", repository=other.path)
    assert made.repository == str(other.path)
    assert other.files("out") == worked.files(worked.lanes.head("auth"))
    assert "refs/heads/out" not in worked.refs()
    other.git("switch", "--quiet", "out")
    work(worked, "auth", {"more.py": "m\n"})
    with pytest.raises(Refused, match="was not taken: branch is currently checked out"):
        worked.lanes.export("auth", branch="out", repository=other.path)
    other.fsck()


def test_a_place_is_named_from_where_one_stands(worked: TestRepo, tmp_path: Path, cli: Cli) -> None:
    """Another repository is found relative to the present directory, going out and coming in."""
    worked.git("clone", "--quiet", str(worked.path), str(tmp_path / "other"))
    place = os.path.relpath(tmp_path / "other", worked.path / "src")
    ran = cli("export", "auth", "--linear", "--repo", place, cwd=worked.path / "src")
    assert ran.code == 0, ran.err
    made = worked.git("rev-parse", "auth", cwd=tmp_path / "other")
    ran = cli("import", "auth", "--repo", place, "--lane", "back", cwd=worked.path / "src")
    assert ran.out == f"new lane back at {made[:12]}: 2 commits of branch auth\n"
