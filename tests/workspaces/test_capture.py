"""What a proposal is made of: the files, whatever the agent did with git meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import Intent, NothingToPropose, Refused
from tests.support.repos import TestRepo


def own_commit(repo: TestRepo, place: Path, name: str, message: str) -> str:
    """Commit a new file with plain git in a workspace, and return the commit."""
    repo.write({name: f"{name}\n"}, place)
    repo.git("add", name, cwd=place)
    repo.git("commit", "--quiet", f"--message={message}", cwd=place)
    return repo.git("rev-parse", "HEAD", cwd=place)


def parents(repo: TestRepo, commit: str) -> list[str]:
    """Return a commit's parents."""
    return repo.git("log", "-1", "--format=%P", commit).split()


def test_an_agent_s_own_commits_become_one_attempt(repo: TestRepo) -> None:
    """The attempt is one commit on the base, with all content; the commits are listed and kept."""
    place = repo.lane("auth")
    base = repo.lanes.head("auth")
    commits = [own_commit(repo, place, x, f"own {x}") for x in ("one", "two", "three")]
    repo.write({"rest.txt": "not committed\n"}, place)
    made = repo.lanes.propose("auth", intent=Intent(agent="a1")).attempt
    assert parents(repo, made.commit) == [base]
    assert repo.files(made.tree).keys() >= {"one", "two", "three", "rest.txt"}
    assert repo.lanes.show(made.id).attempts[0].intent["commits"] == commits
    assert made.title == "own three"
    repo.lanes.reject(made.id)
    repo.git("reset", "--quiet", "--hard", base, cwd=place)
    repo.git("reflog", "expire", "--expire=now", "--all", cwd=place)
    repo.git("gc", "--quiet", "--prune=now")
    assert [repo.git("log", "-1", "--format=%s", x) for x in commits] == [
        "own one",
        "own two",
        "own three",
    ]
    repo.fsck()


def test_earlier_own_commits_are_not_listed_again(repo: TestRepo) -> None:
    """Each attempt lists the commits made since the one before."""
    place = repo.lane("auth")
    own_commit(repo, place, "one", "first")
    repo.lanes.commit("auth")
    second = own_commit(repo, place, "two", "second")
    made = repo.lanes.commit("auth").attempt
    assert repo.lanes.show(made.id).attempts[0].intent["commits"] == [second]
    plain = repo.commit("auth", {"three": "3\n"})
    assert "commits" not in repo.lanes.show(plain).attempts[0].intent


def test_an_amended_attempt_is_a_new_one(repo: TestRepo) -> None:
    """`git commit --amend` on a proposal in the workspace gives one attempt on the same base."""
    place = repo.lane("auth")
    base = repo.lanes.head("auth")
    first = repo.propose("auth", {"one": "1\n"})
    repo.write({"one": "2\n"}, place)
    repo.git("commit", "--quiet", "--all", "--amend", "--no-edit", cwd=place)
    amended = repo.git("rev-parse", "HEAD", cwd=place)
    made = repo.lanes.propose("auth")
    assert made.superseded == (first,)
    assert parents(repo, made.attempt.commit) == [base]
    assert repo.lanes.show(made.attempt.id).attempts[0].intent["commits"] == [amended]
    assert made.attempt.change_id == repo.lanes.show(first).attempts[0].attempt.change_id


def test_a_branch_that_the_agent_made_is_left_alone(repo: TestRepo) -> None:
    """A HEAD on a branch is detached by the proposal; the branch stays where the agent put it."""
    place = repo.lane("auth")
    repo.git("switch", "--quiet", "--create", "feature", cwd=place)
    own = own_commit(repo, place, "one", "own")
    repo.write({"rest.txt": "rest\n"}, place)
    made = repo.lanes.commit("auth").attempt
    assert repo.rev("feature") == own
    assert repo.git("symbolic-ref", "--quiet", "HEAD", cwd=place, check=False) == ""
    assert repo.git("rev-parse", "HEAD", cwd=place) == made.commit
    assert repo.git("status", "--porcelain", cwd=place) == ""


def test_rejecting_leaves_a_branch_that_the_agent_made_since(repo: TestRepo) -> None:
    """After a rejection HEAD is detached at the base, though the agent had attached it."""
    place = repo.lane("auth")
    base = repo.lanes.head("auth")
    attempt = repo.propose("auth", {"one": "1\n"})
    repo.git("switch", "--quiet", "--create", "feature", cwd=place)
    at = repo.rev("feature")
    repo.lanes.reject(attempt)
    assert repo.rev("feature") == at
    again = repo.propose("auth", {"two": "2\n"})
    assert repo.rev("feature") == at
    assert parents(repo, repo.lanes.show(again).attempts[0].attempt.commit) == [base]


def test_proposals_stand_on_the_base_and_not_on_each_other(repo: TestRepo) -> None:
    """A second proposal has the lane's head as its parent, and supersedes the first."""
    place = repo.lane("auth")
    base = repo.lanes.head("auth")
    first = repo.propose("auth", {"one": "1\n"})
    assert repo.git("status", "--porcelain", cwd=place) == ""
    second = repo.propose("auth", {"two": "2\n"})
    made = repo.lanes.show(second).attempts[0].attempt
    assert parents(repo, made.commit) == [base]
    assert repo.files(made.tree).keys() >= {"one", "two"}
    assert repo.lanes.show(first).attempts[0].attempt.status == "superseded"
    assert repo.lanes.head("auth") == base


def test_a_committed_workspace_is_clean(repo: TestRepo) -> None:
    """After a commit HEAD and index are at the attempt, and staged changes are part of it."""
    place = repo.lane("auth")
    repo.write({"auth.py": "x\n", "new.txt": "new\n", "src/app.py": None}, place)
    repo.git("add", "new.txt", cwd=place)
    made = repo.lanes.commit("auth").attempt
    assert repo.git("rev-parse", "HEAD", cwd=place) == made.commit
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert repo.files("refs/lanes/head/auth") == {"auth.py": "x", "new.txt": "new"}


def test_some_paths_only(repo: TestRepo) -> None:
    """A proposal of paths has those alone; the rest stays unsaved and comes with the next one."""
    place = repo.lane("auth")
    repo.write({"auth.py": "x\n", "docs/a.md": "a\n", "docs/b.md": "b\n"}, place)
    made = repo.lanes.commit("auth", paths=["docs"]).attempt
    assert repo.files(made.tree)["auth.py"] == "login"
    assert repo.git("status", "--porcelain", cwd=place) == " M auth.py"
    assert (place / "auth.py").read_text() == "x\n"
    repo.lanes.commit("auth")
    assert repo.files("refs/lanes/head/auth") == {
        "auth.py": "x",
        "docs/a.md": "a",
        "docs/b.md": "b",
        "src/app.py": "app",
    }


def test_a_deleted_path_can_be_named(repo: TestRepo) -> None:
    """Among the paths of a proposal may be one that is gone."""
    place = repo.lane("auth")
    repo.write({"auth.py": None, "new.txt": "new\n"}, place)
    made = repo.lanes.commit("auth", paths=["auth.py"]).attempt
    assert repo.files(made.tree) == {"src/app.py": "app"}
    assert repo.git("status", "--porcelain", cwd=place) == "?? new.txt"


def test_nothing_to_propose(repo: TestRepo) -> None:
    """Neither an untouched workspace nor a repeated proposal makes an attempt."""
    repo.lane("auth")
    before = repo.refs()
    with pytest.raises(NothingToPropose):
        repo.lanes.propose("auth")
    assert repo.refs() == before
    repo.propose("auth", {"auth.py": "x\n"})
    before = repo.refs()
    with pytest.raises(NothingToPropose, match="auth/1 has this content already"):
        repo.lanes.propose("auth")
    assert repo.refs() == before


def test_conflict_markers_are_not_proposed(repo: TestRepo) -> None:
    """In the middle of a conflicted merge the workspace is refused, and resolved it is not."""
    place = repo.lane("auth", {"auth.py": "mine\n"})
    repo.save({"auth.py": "theirs\n"})
    repo.git("merge", "--quiet", "main", cwd=place, check=False)
    before = repo.refs()
    with pytest.raises(Refused, match="unmerged files from a merge") as refused:
        repo.lanes.commit("auth")
    assert "merge --abort" in refused.value.hint
    assert repo.refs() == before
    repo.write({"auth.py": "resolved\n"}, place)
    repo.git("add", "auth.py", cwd=place)
    repo.lanes.commit("auth", message="merge main")
    assert repo.files("refs/lanes/head/auth")["auth.py"] == "resolved"
    assert repo.git("status", "--porcelain", cwd=place) == ""


def test_a_proposal_ends_the_merge_that_it_took_in(repo: TestRepo) -> None:
    """A resolved merge that was proposed is over for git, too: nothing is merged a second time."""
    place = repo.lane("auth", {"one": "1\n"})
    repo.save({"two": "2\n"})
    repo.git("merge", "--quiet", "--no-commit", "main", cwd=place)
    repo.lanes.commit("auth", message="merge main")
    git_dir = Path(repo.git("rev-parse", "--absolute-git-dir", cwd=place))
    assert not (git_dir / "MERGE_HEAD").exists()
    assert repo.git("status", "--porcelain", cwd=place) == ""
