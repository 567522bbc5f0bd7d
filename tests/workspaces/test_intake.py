"""What people do on the bound branch with plain git, and commits made from the root."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import NothingToPropose, Refused
from gitlanes.workspaces import intake
from tests.support.repos import TestRepo

Maker = Callable[..., TestRepo]


def entries(repo: TestRepo) -> list[str]:
    """Return the verbs of main's journal, newest first."""
    return [entry.verb for entry in repo.lanes.show("main").entries]


def assert_agreed(repo: TestRepo) -> None:
    """Assert that lane, branch, index and files of main are one."""
    head = repo.lanes.head("main")
    assert (repo.rev("main"), repo.rev("refs/lanes/seen/main")) == (head, head)
    assert repo.git("status", "--porcelain") == ""


def take_in(repo: TestRepo) -> str:
    """Let main take in its branch, and return how the two stood."""
    with repo.inner() as inner:
        return intake.take_in(inner, "main")[1]


def part(repo: TestRepo) -> Path:
    """Let branch main be checked out elsewhere, so that lane and branch can part; return where."""
    repo.git("switch", "--quiet", "--create", "aside")
    theirs = repo.path.with_name("theirs")
    repo.git("worktree", "add", "--quiet", str(theirs), "main")
    return theirs


def test_an_agreed_branch_is_left_alone(repo: TestRepo) -> None:
    """Nothing is written where lane and branch agree."""
    before = repo.refs()
    assert take_in(repo) == "agreed"
    assert repo.refs() == before


def test_people_s_commits_become_part_of_the_lane(repo: TestRepo) -> None:
    """What was committed with plain git is imported, once, as one attempt of the lane."""
    for number in (1, 2):
        tip = repo.save({"people.txt": f"{number}\n"}, f"people {number}")
    assert take_in(repo) == "imported"
    assert repo.lanes.head("main") == tip
    told = repo.lanes.history("main").attempts[0].attempt
    assert (told.kind, told.status, told.title, told.landed) == (
        "import",
        "accepted",
        "people 2",
        tip,
    )
    assert take_in(repo) == "agreed"
    assert_agreed(repo)


def test_a_new_lane_starts_from_people_s_commits(repo: TestRepo) -> None:
    """A lane made after a plain commit has it, and landing reverts nothing of it."""
    repo.save({"people.txt": "people\n"})
    repo.lane("auth", {"auth.py": "x\n"})
    repo.save({"later.txt": "later\n"})
    repo.lanes.promote("auth")
    assert_agreed(repo)
    assert repo.files("main") == {
        "auth.py": "x",
        "later.txt": "later",
        "people.txt": "people",
        "src/app.py": "app",
    }


def test_both_moved_are_joined_by_one_merge(repo: TestRepo) -> None:
    """Commits of people and a landing on other paths meet in one merge commit of both."""
    theirs = part(repo)
    repo.lane("auth", {"auth.py": "landed\n"})
    repo.lanes.promote("auth")
    landed = repo.lanes.head("main")
    repo.write({"people.txt": "people\n"}, theirs)
    repo.git("add", "--all", cwd=theirs)
    repo.git("commit", "--quiet", "--message=people", cwd=theirs)
    tip = repo.rev("main")
    assert take_in(repo) == "imported"
    head = repo.lanes.head("main")
    assert repo.git("log", "-1", "--format=%P", head).split() == [landed, tip]
    assert "Change-Id: I" in repo.git("log", "-1", "--format=%B", head)
    assert repo.files(head) == {"auth.py": "landed", "people.txt": "people", "src/app.py": "app"}
    repo.git("merge", "--quiet", "--ff-only", "refs/lanes/head/main", cwd=theirs)
    assert take_in(repo) == "agreed"
    repo.fsck()


def test_both_moved_on_one_path_collide(repo: TestRepo) -> None:
    """Nothing moves; each of the ways out that are told brings both back together."""
    theirs = part(repo)
    repo.lane("auth", {"auth.py": "landed\n"})
    repo.lanes.promote("auth")
    repo.write({"auth.py": "people\n"}, theirs)
    repo.git("commit", "--quiet", "--all", "--message=people", cwd=theirs)
    before = repo.refs()
    assert take_in(repo) == "collides"
    assert repo.refs() == before
    repo.git("worktree", "remove", "--force", str(theirs))
    repo.git("switch", "--quiet", "main")
    repo.write({"mine.txt": "mine\n"})
    with pytest.raises(Refused, match="both touched the same paths") as refused:
        repo.lanes.commit("main")
    hint = refused.value.hint
    for way in ("git rebase", "git merge", "git reset --keep"):
        assert way in hint
    repo.git("merge", "--quiet", "refs/lanes/head/main", check=False)
    repo.write({"auth.py": "resolved\n"})
    repo.git("add", "auth.py")
    repo.git("commit", "--quiet", "--message=by hand")
    repo.lanes.commit("main")
    assert_agreed(repo)
    assert repo.files("main")["auth.py"] == "resolved"


@pytest.mark.parametrize("way", ["rebase", "reset"])
def test_other_ways_out_of_a_collision(repo: TestRepo, way: str) -> None:
    """Rebasing the branch on the lane's head, or dropping its commits, works as told."""
    theirs = part(repo)
    repo.lane("auth", {"auth.py": "landed\n"})
    repo.lanes.promote("auth")
    repo.write({"auth.py": "people\n"}, theirs)
    repo.git("commit", "--quiet", "--all", "--message=people", cwd=theirs)
    if way == "rebase":
        repo.git("rebase", "--quiet", "refs/lanes/head/main", "main", cwd=theirs, check=False)
        repo.write({"auth.py": "resolved\n"}, theirs)
        repo.git("add", "auth.py", cwd=theirs)
        repo.git("-c", "core.editor=true", "rebase", "--continue", cwd=theirs)
    else:
        repo.git("reset", "--quiet", "--keep", "refs/lanes/head/main", cwd=theirs)
    assert take_in(repo) == ("imported" if way == "rebase" else "agreed")
    assert repo.lanes.head("main") == repo.rev("main")
    assert repo.files("main")["auth.py"] == ("resolved" if way == "rebase" else "landed")


@pytest.mark.parametrize("how", ["amend", "reset"])
def test_a_rewritten_branch_is_reported_and_not_followed(repo: TestRepo, how: str) -> None:
    """After an amend or a reset the lane stays, root verbs tell, and landings wait."""
    repo.save({"people.txt": "people\n"})
    take_in(repo)
    head = repo.lanes.head("main")
    if how == "amend":
        repo.git("commit", "--quiet", "--amend", "--message=other words")
    else:
        repo.git("reset", "--quiet", "--hard", "HEAD^")
        repo.save({"else.txt": "else\n"})
    tip = repo.rev("main")
    assert take_in(repo) == "diverged"
    repo.write({"mine.txt": "mine\n"})
    with pytest.raises(Refused, match="was rewritten") as refused:
        repo.lanes.commit("main")
    assert "git reset --keep refs/lanes/head/main" in refused.value.hint
    assert (repo.rev("main"), repo.lanes.head("main")) == (tip, head)
    repo.lane("auth", {"auth.py": "x\n"})
    assert repo.lanes.promote("auth").followed is False
    assert repo.rev("main") == tip
    repo.git("reset", "--quiet", "--keep", "refs/lanes/head/main")
    repo.lanes.commit("main")
    assert_agreed(repo)
    assert repo.files("main").keys() >= {"people.txt", "mine.txt", "auth.py"}


def test_a_branch_that_was_moved_back_is_reported_and_not_followed(repo: TestRepo) -> None:
    """After `git reset --hard HEAD^` nobody brings back what the person wanted gone."""
    repo.lane("auth", {"auth.py": "x\n"})
    repo.lanes.promote("auth")
    repo.git("reset", "--quiet", "--hard", "HEAD^")
    tip, head = repo.rev("main"), repo.lanes.head("main")
    assert take_in(repo) == "reset"
    repo.write({"mine.txt": "mine\n"})
    with pytest.raises(Refused, match="was moved back") as refused:
        repo.lanes.commit("main")
    for way in ("git reset --keep refs/lanes/head/main", "git revert", "bind main --unset"):
        assert way in refused.value.hint
    assert (repo.rev("main"), repo.lanes.head("main")) == (tip, head)
    repo.lane("docs", {"docs.md": "x\n"})
    repo.lanes.take_warnings()
    assert repo.lanes.promote("docs").followed is False
    assert repo.lanes.take_warnings() == [f"{refused.value.message}; {refused.value.hint}"]
    assert repo.rev("main") == tip
    assert not (repo.path / "docs.md").exists()


@pytest.mark.parametrize("way", ["back", "revert", "unset"])
def test_ways_out_of_a_branch_that_was_moved_back(repo: TestRepo, way: str) -> None:
    """Each of the three that are told does what it says."""
    repo.lane("auth", {"auth.py": "x\n"})
    repo.lanes.promote("auth")
    repo.git("reset", "--quiet", "--hard", "HEAD^")
    if way != "unset":
        repo.git("reset", "--quiet", "--keep", "refs/lanes/head/main")
    if way == "revert":
        repo.git("revert", "--no-edit", "-m", "1", "HEAD")
    if way == "unset":
        repo.lanes.unbind("main")
        assert repo.files("main")["auth.py"] == "login"
        assert repo.files("refs/lanes/head/main")["auth.py"] == "x"
        return
    repo.write({"mine.txt": "mine\n"})
    repo.lanes.commit("main")
    assert_agreed(repo)
    assert repo.files("main")["auth.py"] == ("login" if way == "revert" else "x")


def test_a_branch_that_was_never_brought_along_only_lags(repo: TestRepo) -> None:
    """A branch that is where it was agreed on, as a killed following leaves it, is brought on."""
    repo.lane("auth", {"auth.py": "x\n"})
    repo.write({"auth.py": "mine\n"})
    assert repo.lanes.promote("auth").followed is False
    repo.git("reset", "--quiet", "--hard", "HEAD")
    assert take_in(repo) == "lags"
    assert_agreed(repo)


def test_a_branch_brought_along_by_hand_is_agreed_on(repo: TestRepo) -> None:
    """Moved back after a person's own fast-forward, it is told from one that only lags."""
    repo.lane("auth", {"auth.py": "x\n"})
    repo.write({"auth.py": "mine\n"})
    repo.lanes.promote("auth")
    repo.git("reset", "--quiet", "--hard", "HEAD")
    repo.git("merge", "--quiet", "--ff-only", "refs/lanes/head/main")
    assert take_in(repo) == "agreed"
    assert_agreed(repo)
    repo.git("reset", "--quiet", "--hard", "HEAD^")
    assert take_in(repo) == "reset"


def test_a_deleted_branch_is_reported(repo: TestRepo) -> None:
    """A deleted branch stops commits from the root with the ways out; landings go on."""
    repo.git("update-ref", "-d", "refs/heads/main")
    assert take_in(repo) == "missing"
    repo.write({"mine.txt": "mine\n"})
    with pytest.raises(Refused, match="branch 'main' of lane 'main' was deleted") as refused:
        repo.lanes.commit("main")
    repo.lane("auth", {"auth.py": "x\n"})
    assert repo.lanes.promote("auth").followed is False
    assert refused.value.hint.startswith("make it again (git branch main refs/lanes/head/main)")
    repo.git("branch", "main", "refs/lanes/seen/main")
    repo.lanes.commit("main")
    assert_agreed(repo)
    assert repo.files("main").keys() >= {"mine.txt", "auth.py"}


def test_a_commit_from_the_root(repo: TestRepo) -> None:
    """It is `git commit -a` with untracked files: branch, index, files and lane agree."""
    before = repo.rev("main")
    repo.write({"auth.py": "x\n", "new.txt": "new\n", "src/app.py": None, ".gitignore": "*.o\n"})
    repo.write({"a.o": "object\n"})
    repo.git("add", "new.txt")
    made = repo.lanes.commit("main", message="from the root")
    assert made.following is not None
    assert made.following.followed
    assert_agreed(repo)
    assert repo.git("log", "-1", "--format=%P %s") == f"{before} from the root"
    assert repo.files("main").keys() == {"auth.py", "new.txt", ".gitignore"}
    assert repo.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert repo.git("stash", "list") == ""


def test_some_paths_from_the_root(repo: TestRepo) -> None:
    """Paths that were not named stay unsaved, staged ones staged."""
    repo.save({"staged.py": "1\n"})
    repo.write({"auth.py": "x\n", "staged.py": "2\n", "new.txt": "new\n"})
    repo.git("add", "staged.py")
    repo.lanes.commit("main", paths=["auth.py"])
    assert repo.rev("main") == repo.lanes.head("main")
    assert repo.files("main") == {"auth.py": "x", "src/app.py": "app", "staged.py": "1"}
    assert repo.git("status", "--porcelain") == "M  staged.py\n?? new.txt"


def test_nothing_to_commit_from_the_root(repo: TestRepo) -> None:
    """A clean root has nothing to propose."""
    with pytest.raises(NothingToPropose):
        repo.lanes.commit("main")


def test_a_proposal_from_the_root(repo: TestRepo) -> None:
    """Proposing moves neither branch nor index nor files; accepting brings all three along."""
    repo.write({"auth.py": "x\n", "new.txt": "new\n"})
    branch = repo.rev("main")
    made = repo.lanes.propose("main", message="offer")
    assert repo.rev("main") == branch
    assert repo.git("status", "--porcelain") == " M auth.py\n?? new.txt"
    decided = repo.lanes.accept(made.attempt.id)
    assert decided.following is not None
    assert decided.following.followed
    assert_agreed(repo)


def test_a_rejected_proposal_from_the_root(repo: TestRepo) -> None:
    """Rejecting leaves branch, index and files as they are."""
    repo.write({"auth.py": "x\n"})
    branch = repo.rev("main")
    made = repo.lanes.propose("main")
    repo.lanes.reject(made.attempt.id)
    assert repo.rev("main") == branch == repo.rev("HEAD")
    assert repo.git("status", "--porcelain") == " M auth.py"


def test_edits_made_after_a_proposal_from_the_root_stay(repo: TestRepo) -> None:
    """Accepting while the same file was edited further leaves the edit and says so."""
    repo.write({"auth.py": "offered\n"})
    made = repo.lanes.propose("main")
    repo.write({"auth.py": "edited since\n"})
    decided = repo.lanes.accept(made.attempt.id)
    assert decided.following is not None
    assert decided.following.paths == (b"auth.py",)
    assert (repo.path / "auth.py").read_text() == "edited since\n"


def test_a_proposal_that_people_overtook(repo: TestRepo) -> None:
    """An offer from the root is laid on what people committed on the branch since."""
    repo.write({"auth.py": "offered\n"})
    made = repo.lanes.propose("main")
    repo.git("stash", "--quiet")
    repo.save({"people.txt": "people\n"})
    repo.lanes.accept(made.attempt.id)
    assert_agreed(repo)
    assert repo.files("main")["auth.py"] == "offered"
    assert repo.files("main")["people.txt"] == "people"


def test_the_reflog_of_the_branch_tells_each_move(repo: TestRepo) -> None:
    """Everything that moved the user's branch can be taken back with the branch's own reflog."""
    before = repo.rev("main")
    repo.lane("auth", {"auth.py": "x\n"})
    repo.lanes.promote("auth")
    assert repo.rev("main@{1}") == before
    assert repo.rev("HEAD@{1}") == before
