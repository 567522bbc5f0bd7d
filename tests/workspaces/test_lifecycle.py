"""Workspaces made and removed: nothing that is there is overwritten or lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import BadValue, NotFound, Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
Maker = Callable[..., TestRepo]


def worktrees(repo: TestRepo) -> set[str]:
    """Return the directories of all work trees that git knows."""
    rows = repo.git("worktree", "list", "--porcelain").splitlines()
    return {row.removeprefix("worktree ") for row in rows if row.startswith("worktree ")}


def with_submodule(make_repo: Maker) -> TestRepo:
    """Make an adopted repository with submodule `sub`, and a lane whose workspace has it."""
    library = make_repo({"lib.py": "1\n"}, name="library", adopted=False)
    repo = make_repo(adopted=False)
    repo.git("submodule", "--quiet", "add", str(library.path), "sub")
    repo.git("commit", "--quiet", "--message=add a submodule")
    repo.lanes.init()
    repo.git("submodule", "--quiet", "update", "--init", cwd=repo.lane("auth"))
    return repo


def commit_inside(repo: TestRepo, place: Path) -> str:
    """Commit in a submodule's directory, and return the commit."""
    repo.write({"lib.py": "only here\n"}, place)
    repo.git("commit", "--quiet", "--all", "--message=in the submodule", cwd=place)
    return repo.git("rev-parse", "HEAD", cwd=place)


def test_a_new_workspace_has_the_lane_s_head(repo: TestRepo) -> None:
    """It is a detached, clean, locked work tree beside the repository."""
    place = repo.lane("auth")
    assert place == repo.path.with_name("repo.lanes") / "auth"
    assert repo.git("rev-parse", "HEAD", cwd=place) == repo.lanes.head("auth")
    assert repo.git("symbolic-ref", "HEAD", cwd=place, check=False) == ""
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert (place / "auth.py").read_text() == "login\n"
    repo.git("worktree", "prune", "--expire=now")
    repo.git("worktree", "remove", str(place), check=False)
    assert worktrees(repo) == {str(repo.path), str(place)}


def test_the_post_checkout_hook_runs_once_with_the_files_there(repo: TestRepo) -> None:
    """The user's own hook sees a filled workspace, exactly once, with git's arguments."""
    log = repo.path.parent / "log"
    hook = repo.path / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\necho "$@" $(ls) $(pwd) >> {log}\n')
    hook.chmod(0o755)
    place = repo.lane("auth")
    assert log.read_text() == f"{'0' * 40} {repo.rev('main')} 1 auth.py src {place}\n"


def test_unsaved_work_is_not_removed(repo: TestRepo) -> None:
    """Edits, new files and deletions each keep a workspace from being removed, by name."""
    place = repo.lane("auth")
    repo.write({"auth.py": "edited\n", "new.txt": "new\n", "src/app.py": None}, place)
    with pytest.raises(Refused, match="3 unsaved") as refused:
        repo.lanes.remove_workspace("auth")
    assert sorted(refused.value.data["unsaved"]) == ["auth.py", "new.txt", "src/app.py"]
    assert (place / "new.txt").read_text() == "new\n"
    repo.commit("auth", {})
    assert repo.lanes.remove_workspace("auth") is None
    assert not place.exists()
    assert worktrees(repo) == {str(repo.path)}


def test_forced_removal_saves_a_snapshot_that_brings_it_back(repo: TestRepo) -> None:
    """With force the content is in a snapshot, and a lane started from that has it again."""
    edits = {"auth.py": "edited\n", "new.txt": "new\n"}
    repo.write(edits, repo.lane("auth"))
    saved = repo.lanes.remove_workspace("auth", force=True)
    assert saved is not None
    repo.git("gc", "--quiet", "--prune=now")
    repo.lanes.new("again", start=saved.id)
    place = repo.workspace("again")
    assert {name: (place / name).read_text() for name in edits} == edits
    repo.fsck()


def test_commits_that_were_not_proposed_are_unsaved_work(repo: TestRepo) -> None:
    """A clean workspace with the agent's own commits is not removed; forced, they are kept."""
    place = repo.lane("auth")
    repo.write({"auth.py": "own\n"}, place)
    repo.git("commit", "--quiet", "--all", "--message=own", cwd=place)
    own = repo.git("rev-parse", "HEAD", cwd=place)
    with pytest.raises(Refused, match="not proposed"):
        repo.lanes.remove_workspace("auth")
    saved = repo.lanes.remove_workspace("auth", force=True)
    assert saved is not None
    repo.git("gc", "--quiet", "--prune=now")
    assert repo.rev(f"{saved.ref}^") == own
    assert repo.git("log", "-1", "--format=%s", own) == "own"


def test_own_commits_are_kept_when_the_same_content_was_saved_before(repo: TestRepo) -> None:
    """A snapshot of the same content without the commits does not stand in for one with them."""
    place = repo.lane("auth")
    repo.write({"auth.py": "own\n"}, place)
    repo.lanes.snapshot("auth")
    repo.git("commit", "--quiet", "--all", "--message=own", cwd=place)
    own = repo.git("rev-parse", "HEAD", cwd=place)
    repo.lanes.remove_workspace("auth", force=True)
    repo.git("gc", "--quiet", "--prune=now")
    assert repo.git("cat-file", "-t", own, check=False) == "commit"


def test_a_proposed_workspace_can_be_removed(repo: TestRepo) -> None:
    """What is proposed is saved: the attempt can be accepted after its workspace is gone."""
    repo.lane("auth")
    attempt = repo.propose("auth", {"auth.py": "offered\n"})
    assert repo.lanes.remove_workspace("auth") is None
    assert repo.lanes.accept(attempt).attempt.status == "accepted"
    assert repo.files("refs/lanes/head/auth")["auth.py"] == "offered"
    repo.lanes.create_workspace("auth")
    assert (repo.workspace("auth") / "auth.py").read_text() == "offered\n"


def test_removal_keeps_commits_made_in_submodules(make_repo: Maker) -> None:
    """They live in the workspace's own modules, and are fetched out before those go."""
    repo = with_submodule(make_repo)
    commit = commit_inside(repo, repo.workspace("auth") / "sub")
    repo.lanes.commit("auth")
    repo.lanes.remove_workspace("auth")
    module = repo.path / ".git/modules/sub"
    repo.git("gc", "--quiet", "--prune=now", cwd=module)
    assert repo.git("show", f"{commit}:lib.py", cwd=module) == "only here"


def test_workspaces_within_the_repository_are_not_its_content(repo: TestRepo, cli: Cli) -> None:
    """No commit, snapshot or status of the root takes them in; who makes one is warned."""
    repo.git("config", "lanes.workspaceRoot", "in/.trees")
    said = f"warning: '{repo.path}/in/.trees/auth' lies in the repository's own directory"
    assert cli("new", "auth").err.startswith(said)
    repo.write({"in/more.txt": "more\n"})
    assert repo.lanes.status("main").unsaved == (("??", b"in/more.txt"),)
    tree = repo.lanes.snapshot("main").tree
    assert repo.files(tree).keys() == {"auth.py", "in/more.txt", "src/app.py"}
    repo.lanes.commit("main", paths=["in"])
    assert repo.files("main").keys() == {"auth.py", "in/more.txt", "src/app.py"}
    nested = repo.workspace("auth") / "nested"
    repo.lanes.new("dev", path=nested)
    assert repo.lanes.status("auth").unsaved == ()
    with pytest.raises(Refused, match="another work tree lies in"):
        repo.lanes.remove_workspace("auth", force=True)
    (repo.path / ".git/info/exclude").write_text("/in/.trees/\n")
    assert cli("new", "docs").err == ""


def test_a_submodule_that_git_is_told_to_ignore(make_repo: Maker) -> None:
    """Its new commit is proposed, and its edits are unsaved work, whatever .gitmodules says."""
    repo = with_submodule(make_repo)
    place = repo.workspace("auth")
    repo.write({".gitmodules": (place / ".gitmodules").read_text() + "\tignore = all\n"}, place)
    repo.lanes.commit("auth")
    commit = commit_inside(repo, place / "sub")
    assert repo.lanes.status("auth").unsaved == ((" M", b"sub"),)
    repo.lanes.commit("auth")
    assert repo.rev("refs/lanes/head/auth:sub") == commit
    repo.write({"lib.py": "edited\n"}, place / "sub")
    assert repo.lanes.status("auth").unsaved == ((" M", b"sub"),)


def test_a_submodule_that_is_nowhere_else_keeps_its_workspace(make_repo: Maker) -> None:
    """Where the repository has no such module to fetch into, removal is refused, force or not."""
    library = make_repo({"lib.py": "1\n"}, name="library", adopted=False)
    repo = make_repo()
    place = repo.lane("auth")
    repo.git("submodule", "--quiet", "add", str(library.path), "sub", cwd=place)
    commit = commit_inside(repo, place / "sub")
    repo.lanes.commit("auth")
    for force in (False, True):
        with pytest.raises(Refused, match="exists only in this workspace"):
            repo.lanes.remove_workspace("auth", force=force)
    assert repo.git("rev-parse", "HEAD", cwd=place / "sub") == commit


def test_unsaved_work_inside_a_submodule_is_unsaved_work(make_repo: Maker) -> None:
    """Edits below a submodule that no commit has keep the workspace from being removed."""
    repo = with_submodule(make_repo)
    place = repo.workspace("auth") / "sub"
    repo.write({"lib.py": "not committed\n"}, place)
    with pytest.raises(Refused):
        repo.lanes.remove_workspace("auth")
    assert (place / "lib.py").read_text() == "not committed\n"


def test_forced_removal_keeps_edits_inside_a_submodule(make_repo: Maker) -> None:
    """Edited and new files of a submodule are in a commit that the repository's module keeps."""
    repo = with_submodule(make_repo)
    place = repo.workspace("auth") / "sub"
    repo.write({"lib.py": "not committed\n", "new.py": "new\n"}, place)
    repo.lanes.remove_workspace("auth", force=True)
    module = TestRepo(repo.path / ".git/modules/sub", repo.environ)
    module.git("gc", "--quiet", "--prune=now")
    kept = [ref for ref in module.refs() if ref.endswith("/edits")]
    assert [module.files(ref) for ref in kept] == [{"lib.py": "not committed", "new.py": "new"}]


def test_a_nested_repository_is_not_lost_with_its_workspace(repo: TestRepo) -> None:
    """A repository that lies inside a workspace keeps its commits when that is removed."""
    place = repo.lane("auth")
    nested = TestRepo.make(place / "nested", repo.environ, {"inner": "x\n"}, adopted=False)
    commit = nested.rev("HEAD")
    for recorded in (False, True):
        if recorded:
            repo.lanes.commit("auth")
        with pytest.raises(Refused, match=r"'nested' in .* exists only in this workspace"):
            repo.lanes.remove_workspace("auth", force=True)
        assert nested.rev("HEAD") == commit
    assert repo.workspace("auth") == place


def test_a_directory_deleted_by_hand(repo: TestRepo) -> None:
    """Verbs say that it is gone and how to go on; removing and making it again works."""
    place = repo.lane("auth", {"auth.py": "mine\n"})
    repo.write({"a/b.txt": None} if (place / "a").exists() else {}, place)
    for path in sorted(place.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    place.rmdir()
    with pytest.raises(Refused, match="is gone") as refused:
        repo.lanes.commit("auth")
    assert "workspace remove auth" in refused.value.hint
    with pytest.raises(Refused):
        repo.lanes.create_workspace("auth")
    assert repo.lanes.remove_workspace("auth") is None
    repo.lanes.create_workspace("auth")
    assert (place / "auth.py").read_text() == "mine\n"
    assert worktrees(repo) == {str(repo.path), str(place)}


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_something_in_the_way_is_left_alone(repo: TestRepo, kind: str) -> None:
    """Where the workspace's place is taken, no lane is made and what is there stays."""
    place = repo.path.with_name("repo.lanes") / "auth"
    place.parent.mkdir()
    if kind == "file":
        place.write_text("mine\n")
    elif kind == "link":
        place.symlink_to("nowhere")
    else:
        repo.write({"kept.txt": "mine\n"}, place)
    before = repo.refs()
    with pytest.raises(Refused, match="there already"):
        repo.lanes.new("auth")
    assert repo.refs() == before
    assert place.is_symlink() or place.exists()
    assert worktrees(repo) == {str(repo.path)}
    repo.lanes.new("auth", path=place.parent / "elsewhere" / "deep")
    assert repo.workspace("auth") == place.parent / "elsewhere" / "deep"


def test_a_second_workspace_is_refused(repo: TestRepo) -> None:
    """A lane has one workspace; the refusal names where it is."""
    place = repo.lane("auth")
    with pytest.raises(Refused, match="has a workspace already") as refused:
        repo.lanes.create_workspace("auth", path=repo.path.with_name("second"))
    assert str(place) in refused.value.message


def test_workspaces_go_where_the_configuration_says(repo: TestRepo) -> None:
    """`lanes.workspaceRoot` names another place, relative to the repository or absolute."""
    for value in ("../trees", str(repo.path.with_name("far"))):
        repo.git("config", "lanes.workspaceRoot", value)
        name = Path(value).name
        made = repo.open().new(name)
        assert made.path == str(repo.path.with_name(name) / name)


def test_a_workspace_may_have_any_path(repo: TestRepo) -> None:
    """Blanks, quotes and letters of any script in a workspace's path harm nothing."""
    place = repo.path.with_name('a "b" ü $c')
    repo.lanes.new("auth", path=place)
    assert repo.workspace("auth") == place
    repo.commit("auth", {"new.txt": "new\n"})
    assert repo.git("status", "--porcelain", cwd=place) == ""
    repo.lanes.remove_workspace("auth")
    assert not place.exists()


@pytest.mark.parametrize("path", ["a\0b", "\0", "\ud800"])
def test_a_path_that_can_be_none(repo: TestRepo, path: str) -> None:
    """A path with a NUL byte, or of no bytes at all, is refused before anything is written."""
    repo.lanes.new("bare", workspace=False)
    before = repo.refs()
    for make in (
        lambda: repo.lanes.new("auth", path=path),
        lambda: repo.lanes.new("auth", path=path, exist_ok=True),
        lambda: repo.lanes.create_workspace("bare", path=path),
    ):
        with pytest.raises(BadValue, match="bad workspace path") as refused:
            make()
        assert refused.value.message.isprintable()
        assert not (repo.path / ".git/lanes/pending").exists()
    assert repo.refs() == before
    repo.lane("auth", {"auth.py": "a\n"})


def test_a_moved_workspace_is_still_the_lane_s(repo: TestRepo) -> None:
    """After `git worktree move` the lane finds its workspace at the new place."""
    place = repo.lane("auth")
    moved = place.with_name("moved")
    repo.git("worktree", "unlock", str(place))
    repo.git("worktree", "move", str(place), str(moved))
    assert repo.workspace("auth") == moved
    repo.commit("auth", {"new.txt": "new\n"})
    assert repo.files("refs/lanes/head/auth")["new.txt"] == "new"


def test_a_workspace_behind_a_link(repo: TestRepo, tmp_path: Path) -> None:
    """Of a directory that somebody put elsewhere and linked to, the link goes with the lane."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    repo.lanes.delete("auth")
    assert list(place.parent.iterdir()) == []
    assert (tmp_path / "elsewhere/auth.py").exists()
    repo.fsck()


def test_a_work_tree_of_the_user_is_no_workspace(repo: TestRepo) -> None:
    """A work tree that somebody made with git under a lane's name is not taken for its own."""
    theirs = repo.path.with_name("auth")
    repo.git("worktree", "add", "--quiet", "--detach", str(theirs))
    repo.lanes.new("auth", workspace=False)
    with pytest.raises(NotFound):
        repo.lanes.workspace("auth")
    place = Path(repo.lanes.create_workspace("auth").path)
    assert place != theirs
    repo.commit("auth", {"new.txt": "new\n"})
    repo.lanes.remove_workspace("auth")
    assert worktrees(repo) == {str(repo.path), str(theirs)}


def test_the_root_is_never_removed(repo: TestRepo) -> None:
    """The repository's own directory is a workspace that cannot be removed."""
    with pytest.raises(Refused, match="repository itself"):
        repo.lanes.remove_workspace("main", force=True)
    assert (repo.path / "auth.py").exists()


def test_removing_what_is_not_there(repo: TestRepo) -> None:
    """A lane without a workspace has none to remove."""
    repo.lanes.new("auth", workspace=False)
    with pytest.raises(NotFound):
        repo.lanes.remove_workspace("auth")


def test_deleting_a_lane_saves_its_workspace_first(repo: TestRepo) -> None:
    """Unsaved work keeps a lane from being deleted; forced, it is in a snapshot."""
    repo.write({"auth.py": "unsaved\n"}, repo.lane("auth"))
    with pytest.raises(Refused, match="unsaved"):
        repo.lanes.delete("auth")
    assert repo.workspace("auth").is_dir()
    deleted = repo.lanes.delete("auth", force=True)
    assert deleted.snapshot is not None
    repo.git("gc", "--quiet", "--prune=now")
    assert repo.files("refs/lanes/snapshots/auth/1")["auth.py"] == "unsaved"
    assert "refs/lanes/head/auth" not in repo.refs()
    assert "refs/lanes/journal/auth" in repo.refs()
    assert worktrees(repo) == {str(repo.path)}
    repo.fsck()


def test_a_lane_with_open_attempts_is_not_deleted(repo: TestRepo) -> None:
    """Open attempts are decided first; forced, they are rejected and stay readable."""
    repo.lane("auth")
    attempt = repo.propose("auth", {"auth.py": "offered\n"})
    with pytest.raises(Refused, match=attempt):
        repo.lanes.delete("auth")
    assert repo.workspace("auth").is_dir()
    repo.lanes.delete("auth", force=True)
    repo.git("gc", "--quiet", "--prune=now")
    found = repo.lanes.show(attempt).attempts[0].attempt
    assert found.status == "rejected"
    assert repo.files(found.commit)["auth.py"] == "offered"


def test_a_place_beside_the_repository(repo: TestRepo, cli: Callable[..., Ran]) -> None:
    """Named from within it, it is not taken for one inside."""
    assert cli("new", "auth", "--path", "../beside").err == ""
    assert (repo.path.parent / "beside/auth.py").is_file()


def test_the_repository_s_own_directory_is_no_workspace_to_remove(
    repo: TestRepo, cli: Callable[..., Ran]
) -> None:
    """The hint does not send anybody to a command that refuses that."""
    assert cli("workspace", "create", "main").err.splitlines() == [
        f"error: lane 'main' has a workspace already: '{repo.path}'",
        "hint: it is the repository's own directory",
    ]
