"""The bound lane and its branch: what lands comes to the branch and to the root's files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Collision, Refused
from gitlanes.models.workspaces import Following
from tests.support.repos import TestRepo

Maker = Callable[..., TestRepo]


def promote(repo: TestRepo, lane: str) -> Following:
    """Promote a lane into main, and return what became of the branch."""
    following = repo.lanes.promote(lane).following
    assert following is not None
    return following


def assert_agreed(repo: TestRepo) -> None:
    """Assert that lane, branch, index and files of main are one."""
    head = repo.lanes.head("main")
    assert (repo.rev("main"), repo.rev("refs/lanes/seen/main")) == (head, head)
    assert repo.git("status", "--porcelain") == ""


def test_branch_index_and_files_follow(repo: TestRepo) -> None:
    """Additions, edits, deletions and modes that land are in the root at once."""
    place = repo.lane("auth")
    repo.write({"auth.py": "x\n", "src/app.py": None, "deep/er/new.sh": "new\n"}, place)
    (place / "deep/er/new.sh").chmod(0o755)
    repo.lanes.commit("auth")
    assert promote(repo, "auth") == Following(True, "main")
    assert_agreed(repo)
    assert (repo.path / "auth.py").read_text() == "x\n"
    assert (repo.path / "deep/er/new.sh").stat().st_mode & 0o111
    assert not (repo.path / "src").exists()
    assert "follow main" in repo.git("log", "-1", "--walk-reflogs", "--format=%gs", "main")


def test_edits_elsewhere_stay_as_they_were(repo: TestRepo) -> None:
    """Staged, unstaged and untracked work in the root survives a landing on other paths."""
    repo.save({"staged.py": "1\n", "edited.py": "1\n"})
    repo.lane("auth", {"auth.py": "x\n"})
    repo.write({"staged.py": "2\n", "edited.py": "2\n", "untracked.py": "2\n"})
    repo.git("add", "staged.py")
    assert promote(repo, "auth").followed
    assert repo.git("status", "--porcelain") == " M edited.py\nM  staged.py\n?? untracked.py"
    assert repo.files("main").keys() == {"auth.py", "src/app.py", "staged.py", "edited.py"}


@pytest.mark.parametrize("staged", [False, True])
def test_an_edit_in_the_way_is_not_overwritten(repo: TestRepo, staged: bool) -> None:
    """The landing stands, the branch waits, and the result names the files; nothing is touched."""
    repo.lane("auth", {"auth.py": "theirs\n", "new.txt": "new\n"})
    repo.write({"auth.py": "mine\n"})
    if staged:
        repo.git("add", "auth.py")
    branch, before = repo.rev("main"), repo.git("status", "--porcelain")
    following = promote(repo, "auth")
    assert (following.followed, following.paths) == (False, (b"auth.py",))
    assert "in the way" in str(following.remains)
    assert (repo.path / "auth.py").read_text() == "mine\n"
    assert not (repo.path / "new.txt").exists()
    assert (repo.rev("main"), repo.git("status", "--porcelain")) == (branch, before)
    assert repo.lanes.head("main") != branch


def test_an_untracked_file_in_the_way_is_not_overwritten(repo: TestRepo) -> None:
    """An untracked file where a landing brings another one stays, and the branch waits."""
    repo.lane("auth", {"new.txt": "theirs\n"})
    repo.write({"new.txt": "mine\n"})
    assert promote(repo, "auth").paths == (b"new.txt",)
    assert (repo.path / "new.txt").read_text() == "mine\n"


def test_an_ignored_file_in_the_way_is_not_overwritten(repo: TestRepo) -> None:
    """Git would overwrite an ignored file: following does not."""
    repo.save({".gitignore": "*.env\n"})
    place = repo.lane("auth")
    repo.write({"secret.env": "theirs\n"}, place)
    repo.git("add", "--force", "secret.env", cwd=place)
    repo.lanes.commit("auth")
    repo.write({"secret.env": "mine\n"})
    assert promote(repo, "auth").paths == (b"secret.env",)
    assert (repo.path / "secret.env").read_text() == "mine\n"
    assert repo.rev("main") != repo.lanes.head("main")


def test_an_ignored_directory_in_the_way_is_not_overwritten(repo: TestRepo) -> None:
    """A landed file where the root has an ignored directory leaves what is in that alone."""
    repo.save({".gitignore": "build\n"})
    place = repo.lane("auth")
    repo.write({"build": "a file\n"}, place)
    repo.git("add", "--force", "build", cwd=place)
    repo.lanes.commit("auth")
    repo.write({"build/out.o": "mine\n"})
    following = promote(repo, "auth")
    assert not following.followed
    assert (repo.path / "build/out.o").read_text() == "mine\n"


def test_an_ignored_file_where_a_directory_lands_is_not_overwritten(repo: TestRepo) -> None:
    """A landed directory where the root has an ignored file leaves that file alone."""
    repo.save({".gitignore": "/build\n"})
    place = repo.lane("auth")
    repo.write({"build/out.txt": "theirs\n"}, place)
    repo.git("add", "--force", "build/out.txt", cwd=place)
    repo.lanes.commit("auth")
    repo.write({"build": "mine\n"})
    following = promote(repo, "auth")
    assert not following.followed
    assert (repo.path / "build").read_text() == "mine\n"


def test_a_file_that_is_equal_already_is_no_obstacle(repo: TestRepo) -> None:
    """An untracked or edited file with exactly the landed content is followed over."""
    repo.lane("auth", {"auth.py": "same\n", "new.txt": "same\n"})
    repo.write({"auth.py": "same\n", "new.txt": "same\n"})
    assert promote(repo, "auth").followed
    assert_agreed(repo)


def test_a_touched_file_is_no_obstacle(repo: TestRepo) -> None:
    """A file whose time changed and whose content did not does not stop the branch."""
    repo.lane("auth", {"auth.py": "x\n"})
    repo.write({"auth.py": "login\n"})
    assert promote(repo, "auth").followed
    assert_agreed(repo)


def test_a_lagging_branch_catches_up_with_the_next_command(repo: TestRepo) -> None:
    """Once the edit in the way is gone, the next commit from the root brings all that landed."""
    repo.lane("auth", {"auth.py": "theirs\n"})
    repo.write({"auth.py": "mine\n"})
    assert not promote(repo, "auth").followed
    repo.git("checkout", "--quiet", "auth.py")
    repo.write({"root.txt": "root\n"})
    repo.lanes.commit("main", message="from the root")
    assert_agreed(repo)
    assert repo.files("main") == {"auth.py": "theirs", "root.txt": "root", "src/app.py": "app"}


def test_a_commit_from_a_lagging_root_never_reverts_what_landed(repo: TestRepo) -> None:
    """While an edit is in the way, a commit from the root collides and takes nothing back."""
    repo.lane("auth", {"auth.py": "theirs\n", "other.txt": "landed\n"})
    repo.write({"auth.py": "mine\n"})
    promote(repo, "auth")
    head = repo.lanes.head("main")
    with pytest.raises(Collision) as refused:
        repo.lanes.commit("main")
    assert [x["path"] for x in refused.value.data["collisions"]] == ["auth.py"]
    assert repo.lanes.head("main") == head
    assert (repo.path / "auth.py").read_text() == "mine\n"


@pytest.mark.parametrize("doing", ["merge", "rebase", "bisect"])
def test_the_root_in_the_middle_of_something(repo: TestRepo, doing: str) -> None:
    """Only the lane moves while the root merges, rebases or bisects; root verbs refuse."""
    first = repo.rev("main")
    repo.git("branch", "side")
    repo.save({"src/app.py": "main\n"})
    repo.lane("auth", {"auth.py": "x\n"})
    if doing == "bisect":
        repo.git("bisect", "start", "main", first)
    else:
        repo.git("switch", "--quiet", "side")
        repo.save({"src/app.py": "side\n"})
        repo.git("switch", "--quiet", "main")
        repo.git(doing, "side", check=False)
    files, branch = (repo.path / "src/app.py").read_bytes(), repo.rev("main")
    following = promote(repo, "auth")
    assert following.followed is False
    assert doing in str(following.remains)
    assert (repo.path / "src/app.py").read_bytes() == files
    assert (repo.path / "auth.py").read_text() == "login\n"
    assert repo.rev("main") == branch
    with pytest.raises(Refused, match=doing):
        repo.lanes.commit("main")


def test_the_root_on_another_branch(repo: TestRepo) -> None:
    """The branch moves, the files of the other one stay, and root verbs refuse with the reason."""
    repo.lane("auth", {"auth.py": "x\n"})
    repo.git("switch", "--quiet", "--create", "other")
    repo.save({"other.txt": "other\n"})
    assert promote(repo, "auth") == Following(True, "main")
    assert repo.rev("main") == repo.lanes.head("main")
    assert (repo.path / "auth.py").read_text() == "login\n"
    assert repo.git("status", "--porcelain") == ""
    repo.write({"mine.txt": "mine\n"})
    before = repo.refs()
    for verb in (repo.lanes.commit, repo.lanes.propose):
        with pytest.raises(Refused, match="other"):
            verb("main")
    assert repo.refs() == before
    repo.git("switch", "--quiet", "main")
    assert (repo.path / "auth.py").read_text() == "x\n"
    repo.lanes.commit("main")
    assert_agreed(repo)


def test_the_root_with_a_detached_head(repo: TestRepo) -> None:
    """The branch moves alone, HEAD and files stay, and root verbs refuse."""
    repo.lane("auth", {"auth.py": "x\n"})
    at = repo.rev("HEAD")
    repo.git("checkout", "--quiet", "--detach")
    assert promote(repo, "auth").followed
    assert (repo.rev("HEAD"), repo.rev("main")) == (at, repo.lanes.head("main"))
    repo.write({"mine.txt": "mine\n"})
    with pytest.raises(Refused):
        repo.lanes.commit("main")


def test_a_branch_checked_out_in_another_work_tree_waits(repo: TestRepo) -> None:
    """The files of a work tree of the user's are not moved under their hands."""
    repo.git("switch", "--quiet", "--create", "other")
    theirs = repo.path.with_name("theirs")
    repo.git("worktree", "add", "--quiet", str(theirs), "main")
    repo.lane("auth", {"auth.py": "x\n"})
    branch = repo.rev("main")
    following = promote(repo, "auth")
    if following.followed:
        assert (theirs / "auth.py").read_text() == "x\n"
    else:
        assert str(theirs) in str(following.remains)
        assert repo.rev("main") == branch
    assert repo.git("status", "--porcelain", cwd=theirs) == ""
    repo.git("merge", "--quiet", "--ff-only", "refs/lanes/head/main", cwd=theirs)
    assert repo.rev("main") == repo.lanes.head("main")


@pytest.mark.parametrize("doing", ["rebased", "bisected"])
def test_a_branch_in_the_middle_of_something_waits(
    repo: TestRepo, tmp_path: Path, doing: str
) -> None:
    """What git will move when a rebase ends stays where it is, and so does a bisected branch."""
    old = repo.save({"people.py": "1\n"})
    repo.save({"people.py": "2\n"})
    repo.lane("auth", {"auth.py": "x\n"})
    repo.git("switch", "--quiet", "--create", "other")
    theirs = tmp_path / "theirs"
    repo.git("worktree", "add", "--quiet", str(theirs), "main")
    begin = {
        "rebased": ("-c", "sequence.editor=sed -i s/^pick/edit/", "rebase", "--interactive", old),
        "bisected": ("bisect", "start", "main", f"{old}~1"),
    }
    repo.git(*begin[doing], cwd=theirs)
    following = promote(repo, "auth")
    assert (following.followed, following.remains) == (
        False,
        f"the branch is being {doing} in '{theirs}'",
    )
    with pytest.raises(Refused, match=f"branch 'main' is being {doing}"):
        repo.lanes.export("auth", branch="main")
    end = {"rebased": ("rebase", "--continue"), "bisected": ("bisect", "reset")}
    repo.git(*end[doing], cwd=theirs)
    repo.git("switch", "--quiet", "--detach", cwd=theirs)
    repo.git("switch", "--quiet", "main")
    assert repo.lanes.update_workspace("main").base == repo.rev("main")
    assert_agreed(repo)


def test_a_bare_repository_follows_with_its_branch(make_repo: Maker) -> None:
    """Where there are no files, the branch moves alone."""
    repo = make_repo(bare=True)
    repo.lane("auth", {"auth.py": "x\n"})
    assert promote(repo, "auth") == Following(True, "main")
    assert repo.rev("main") == repo.lanes.head("main") == repo.rev("refs/lanes/seen/main")
    repo.fsck()


def test_a_branch_that_is_gone(repo: TestRepo) -> None:
    """A deleted branch is not made again; the landing stands and says so."""
    repo.lane("auth", {"auth.py": "x\n"})
    repo.git("branch", "--move", "main", "renamed")
    following = promote(repo, "auth")
    assert (following.followed, "not exist" in str(following.remains)) == (False, True)
    assert "refs/heads/main" not in repo.refs()


def test_a_busy_root_is_not_touched(repo: TestRepo) -> None:
    """While a git command of the user holds the index, the landing stands and files wait."""
    repo.lane("auth", {"auth.py": "x\n"})
    lock = repo.path / ".git/index.lock"
    lock.touch()
    branch = repo.rev("main")
    assert not promote(repo, "auth").followed
    assert (repo.path / "auth.py").read_text() == "login\n"
    assert repo.rev("main") == branch
    assert lock.exists()


def test_a_root_that_was_busy_is_followed_by_the_next_command(repo: TestRepo) -> None:
    """Once the user's git command has ended, the next landing brings what waited."""
    repo.lane("auth", {"auth.py": "x\n"})
    lock = repo.path / ".git/index.lock"
    lock.touch()
    promote(repo, "auth")
    lock.unlink()
    repo.lane("more", {"more.txt": "more\n"})
    assert promote(repo, "more").followed
    assert_agreed(repo)
    assert (repo.path / "auth.py").read_text() == "x\n"
    assert repo.lanes.take_warnings() == []


def test_a_file_in_a_directory_s_place(repo: TestRepo) -> None:
    """A tracked directory that became a file, and the reverse, are followed over."""
    repo.save({"one/a.txt": "a\n", "two": "b\n"})
    place = repo.lane("auth")
    repo.write({"one/a.txt": None, "two": None}, place)
    (place / "one").rmdir()
    repo.write({"one": "now a file\n", "two/b.txt": "now below\n"}, place)
    repo.lanes.commit("auth")
    assert promote(repo, "auth").followed
    assert_agreed(repo)
    assert (repo.path / "one").read_text() == "now a file\n"
    assert (repo.path / "two/b.txt").read_text() == "now below\n"


@pytest.mark.parametrize("checked_out", [False, True])
def test_a_submodule_pointer_lands(repo: TestRepo, make_repo: Maker, checked_out: bool) -> None:
    """The branch and the index follow; the submodule's own directory is the user's business."""
    library = make_repo({"lib.py": "1\n"}, name="library", adopted=False)
    repo.git("submodule", "--quiet", "add", str(library.path), "sub")
    repo.git("commit", "--quiet", "--message=add a submodule")
    if not checked_out:
        repo.git("submodule", "--quiet", "deinit", "--force", "sub")
    moved = library.save({"lib.py": "2\n"})
    place = repo.lane("auth")
    repo.git("submodule", "--quiet", "update", "--init", cwd=place)
    repo.git("fetch", "--quiet", cwd=place / "sub")
    repo.git("checkout", "--quiet", moved, cwd=place / "sub")
    repo.commit("auth", {"new.txt": "new\n"})
    repo.write({"new.txt": "new\n"})  # equal, but it makes following look closer
    assert promote(repo, "auth").followed
    assert repo.rev("main:sub") == repo.rev(":sub") == moved
    repo.git("submodule", "--quiet", "update", "--init")
    assert repo.git("status", "--porcelain") == ""


def test_following_uses_the_user_s_filters(make_repo: Maker) -> None:
    """Line ends are written in the root as the attributes ask."""
    repo = make_repo({".gitattributes": "*.txt text eol=crlf\n", "a.txt": "1\r\n"})
    repo.lane("auth", {"a.txt": "2\r\n"})
    assert promote(repo, "auth").followed
    assert (repo.path / "a.txt").read_bytes() == b"2\r\n"
    assert_agreed(repo)


def test_a_sparse_root_stays_sparse(repo: TestRepo) -> None:
    """A landing outside the root's sparse cone comes to the index and not to the files."""
    repo.save({"docs/a.md": "a\n"})
    repo.git("sparse-checkout", "set", "--cone", "src")
    repo.lane("auth", {"docs/b.md": "b\n", "src/b.py": "b\n"})
    assert promote(repo, "auth").followed
    assert not Path(repo.path, "docs").exists()
    assert (repo.path / "src/b.py").read_text() == "b\n"
    assert_agreed(repo)
    repo.write({"src/c.py": "c\n"})
    repo.lanes.commit("main")
    assert repo.files("main").keys() >= {"docs/a.md", "docs/b.md", "src/b.py", "src/c.py"}
