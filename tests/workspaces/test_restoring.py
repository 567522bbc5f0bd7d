"""`restore`: the files of a state come back, and what they displace is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Intent, Judgement, NotFound, Raced, Refused
from tests.support.repos import TestRepo

Maker = Callable[..., TestRepo]


def test_modes_links_and_untracked_files_come_back(repo: TestRepo) -> None:
    """A snapshot's restored content has its very tree: runnable files, links, new files, gaps."""
    place = repo.lane("auth")
    repo.write({"new.txt": "new\n", "src/app.py": None, "run.sh": "run\n"}, place)
    (place / "run.sh").chmod(0o755)
    (place / "link").symlink_to("auth.py")
    saved = repo.lanes.snapshot("auth")
    repo.git("reset", "--quiet", "--hard", cwd=place)
    repo.git("clean", "--quiet", "--force", "-d", cwd=place)
    made = repo.lanes.restore(saved.id, "auth")
    assert (made.written, made.removed, made.snapshot) == (3, 1, None)
    assert (place / "run.sh").stat().st_mode & 0o111
    assert (place / "link").readlink() == Path("auth.py")
    assert not (place / "src/app.py").exists()
    assert repo.lanes.snapshot("auth").tree == saved.tree
    assert repo.lanes.commit("auth").attempt.tree == saved.tree


def test_head_and_base_stay(repo: TestRepo) -> None:
    """A restored state is unsaved work on what the workspace was based on, and can be committed."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    repo.commit("auth", {"auth.py": "2\n"})
    head = repo.lanes.head("auth")
    made = repo.lanes.restore("auth/1", "auth")
    assert (made.base, repo.git("rev-parse", "HEAD", cwd=place)) == (head, head)
    assert (place / "auth.py").read_text() == "1\n"
    done = repo.lanes.commit("auth").attempt
    assert (done.base, repo.files(done.tree)["auth.py"]) == (head, "1")


def test_what_is_there_already_is_left_alone(repo: TestRepo) -> None:
    """Restoring what the workspace holds changes nothing, forced or not."""
    place = repo.lane("auth")
    repo.write({"new.txt": "new\n"}, place)
    saved = repo.lanes.snapshot("auth")
    before = repo.refs()
    for force in (False, True):
        made = repo.lanes.restore(saved.id, "auth", force=force)
        assert (made.written, made.removed, made.snapshot) == (0, 0, None)
    assert repo.refs() == before


def test_content_that_a_snapshot_has_is_saved(repo: TestRepo) -> None:
    """What is in a snapshot already needs no force, and the result names it."""
    place = repo.lane("auth")
    repo.write({"new.txt": "new\n"}, place)
    saved = repo.lanes.snapshot("auth")
    made = repo.lanes.restore("auth", "auth")
    assert made.snapshot is not None
    assert made.snapshot.id == saved.id
    assert not (place / "new.txt").exists()
    assert repo.lanes.restore(saved.id, "auth").snapshot is None


def test_content_that_is_only_staged_is_kept(repo: TestRepo) -> None:
    """With force, what `git add` put aside of a file that went on is held by the snapshot, too."""
    place = repo.lane("auth")
    repo.write({"auth.py": "staged\n"}, place)
    repo.git("add", "auth.py", cwd=place)
    repo.write({"auth.py": "login\n"}, place)
    repo.lane("dev", {"auth.py": "of dev\n"})
    with pytest.raises(Refused, match="1 unsaved file"):
        repo.lanes.restore("dev", "auth")
    saved = repo.lanes.restore("dev", "auth", force=True).snapshot
    assert saved is not None
    repo.git("gc", "--quiet", "--prune=now")
    assert repo.git("show", f"{saved.ref}^2:auth.py") == "staged"
    assert repo.lanes.show_snapshot(saved.id).staged == repo.rev(f"{saved.ref}^2")


@pytest.mark.parametrize(
    ("comes", "there"), [("a.ign", "a.ign"), ("build", "build/o"), ("build/o", "build")]
)
def test_ignored_files_in_the_way(repo: TestRepo, comes: str, there: str) -> None:
    """They refuse; with force they are in the snapshot, and come back from it."""
    repo.save({".gitignore": "build\n*.ign\n"})
    place = repo.lane("auth")
    dev = repo.lane("dev")
    repo.write({comes: "theirs\n"}, dev)
    repo.git("add", "--force", comes, cwd=dev)
    repo.lanes.commit("dev")
    repo.write({there: "mine\n", "elsewhere.ign": "mine\n"}, place)
    with pytest.raises(Refused) as refused:
        repo.lanes.restore("dev", "auth")
    assert refused.value.data["in_the_way"] == [there]
    assert (place / there).read_text() == "mine\n"
    saved = repo.lanes.restore("dev", "auth", force=True).snapshot
    assert saved is not None
    assert (place / comes).read_text() == "theirs\n"
    repo.lanes.restore(saved.id, "auth", force=True)
    assert (place / there).read_text() == "mine\n"
    assert (place / "elsewhere.ign").read_text() == "mine\n"


def test_a_repository_in_the_way_refuses(repo: TestRepo) -> None:
    """No snapshot could hold it, so even force refuses."""
    repo.save({".gitignore": "tool\n"})
    place = repo.lane("auth")
    dev = repo.lane("dev")
    repo.write({"tool": "a file\n"}, dev)
    repo.git("add", "--force", "tool", cwd=dev)
    repo.lanes.commit("dev")
    repo.git("init", "--quiet", str(place / "tool"))
    with pytest.raises(Refused, match="a git repository is in the way"):
        repo.lanes.restore("dev", "auth", force=True)
    assert (place / "tool/.git").is_dir()


def test_own_commits_stay_under_head(repo: TestRepo) -> None:
    """HEAD is not moved, so commits that were not proposed are where they were."""
    place = repo.lane("auth")
    repo.write({"own.txt": "own\n"}, place)
    repo.git("add", "own.txt", cwd=place)
    repo.git("commit", "--quiet", "--message=own", cwd=place)
    own = repo.git("rev-parse", "HEAD", cwd=place)
    repo.lanes.restore("main", "auth")
    assert repo.git("rev-parse", "HEAD", cwd=place) == own
    assert not (place / "own.txt").exists()


def test_the_repository_s_own_directory(repo: TestRepo) -> None:
    """In the root the same rules hold; branch and HEAD stay."""
    repo.lane("auth", {"auth.py": "x\n", "src/app.py": None})
    branch = repo.rev("main")
    repo.write({"mine.txt": "mine\n"})
    with pytest.raises(Refused, match="1 unsaved file"):
        repo.lanes.restore("auth", "main")
    saved = repo.lanes.restore("auth", "main", force=True).snapshot
    assert saved is not None
    assert saved.id == "main/s1"
    assert (repo.rev("main"), repo.git("symbolic-ref", "HEAD")) == (branch, "refs/heads/main")
    assert repo.git("status", "--porcelain") == "M  auth.py\nD  src/app.py"
    repo.lanes.restore("main/s1", "main", force=True)
    assert (repo.path / "mine.txt").read_text() == "mine\n"
    assert repo.git("status", "--porcelain") == "A  mine.txt"


def test_the_root_on_another_branch(repo: TestRepo) -> None:
    """A root that is on another branch is that branch's."""
    repo.git("switch", "--quiet", "--create", "other")
    with pytest.raises(Refused, match="on branch 'other', not on 'main'"):
        repo.lanes.restore("HEAD", "main")


def test_a_tree_can_be_restored(repo: TestRepo) -> None:
    """The id of a world state is a state, too."""
    place = repo.lane("auth")
    repo.write({"new.txt": "new\n"}, place)
    tree = repo.lanes.snapshot("auth").tree
    repo.lanes.restore("auth", "auth")
    repo.lanes.restore(tree, "auth")
    assert (place / "new.txt").exists()
    with pytest.raises(NotFound):
        repo.lanes.restore("no-such-state", "auth")


def test_names_of_ours_go_before_branches(repo: TestRepo) -> None:
    """A branch that is called like an attempt or a snapshot is not taken for it; others are."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    saved = repo.lanes.snapshot("auth")
    for name in ("auth/1", saved.id, "fix/1"):
        repo.git("branch", name, "main")
    assert repo.lanes.cat("auth/1", "auth.py") == repo.lanes.cat(saved.id, "auth.py") == b"1\n"
    assert repo.lanes.cat("fix/1", "auth.py") == b"login\n"
    assert [x.path for x in repo.lanes.diff("main", "auth/1").files] == [b"auth.py"]
    repo.lanes.restore("fix/1", "auth")
    repo.lanes.restore("auth/1", "auth", force=True)
    assert (place / "auth.py").read_text() == "1\n"


def test_what_is_expected(repo: TestRepo) -> None:
    """A lane that moved on since the caller looked is not touched."""
    repo.lane("auth", {"auth.py": "1\n"})
    with pytest.raises(Raced):
        repo.lanes.restore("main", "auth", expect="0" * 40)


def test_submodules_move_their_pointer_alone(repo: TestRepo, make_repo: Maker) -> None:
    """The result names a submodule at another commit; its directory is git's to move."""
    library = make_repo({"lib.py": "1\n"}, name="library", adopted=False)
    repo.git("submodule", "--quiet", "add", str(library.path), "sub")
    repo.git("commit", "--quiet", "--message=sub")
    moved = library.save({"lib.py": "2\n"})
    place = repo.lane("auth")
    repo.git("update-index", "--cacheinfo", f"160000,{moved},sub", cwd=place)
    repo.git("commit", "--quiet", "--message=newer", cwd=place)
    repo.lanes.commit("auth")
    assert repo.lanes.restore("main", "auth").submodules == (b"sub",)
    assert repo.git("rev-parse", ":sub", cwd=place) == repo.rev("main:sub")


@pytest.mark.parametrize("beyond", [False, True])
def test_reject_with_reset(repo: TestRepo, beyond: bool) -> None:
    """The workspace is at the head again; what the attempt has not is in a snapshot."""
    place = repo.lane("auth", {"one.txt": "1\n"})
    head = repo.lanes.head("auth")
    attempt = repo.propose("auth", {"auth.py": "offered\n"})
    if beyond:
        repo.write({"beyond.txt": "beyond\n"}, place)
    made = repo.lanes.reject(attempt, reset=True)
    assert made.reset is not None
    assert (made.reset.written, made.reset.removed) == (1, int(beyond))
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert repo.git("rev-parse", "HEAD", cwd=place) == head
    assert repo.files(made.attempt.tree)["auth.py"] == "offered"
    saved = made.reset.snapshot
    assert (saved is not None) == beyond
    if saved is not None:
        assert repo.files(saved.tree).keys() >= {"auth.py", "beyond.txt"}


def test_reject_with_reset_of_a_claimed_workspace(repo: TestRepo) -> None:
    """Files are reset by the one who claimed them alone; the attempt stays open for others."""
    place = repo.lane("auth")
    repo.lanes.claim("auth", agent="alice")
    attempt = repo.propose("auth", {"auth.py": "offered\n"}, intent=Intent(agent="alice"))
    with pytest.raises(Refused, match="claimed by 'alice'"):
        repo.lanes.reject(attempt, Judgement(by="bob"), reset=True)
    assert repo.lanes.lane("auth").open[0].id == attempt
    assert (place / "auth.py").read_text() == "offered\n"
    assert repo.lanes.reject(attempt, Judgement(by="alice"), reset=True).reset is not None


def test_reject_with_reset_in_the_root(repo: TestRepo) -> None:
    """The repository's own directory is not reset, and the attempt stays open."""
    attempt = repo.propose("main", {"auth.py": "offered\n"})
    with pytest.raises(Refused, match="not reset"):
        repo.lanes.reject(attempt, reset=True)
    assert repo.lanes.lane("main").open[0].id == attempt
