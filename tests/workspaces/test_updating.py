"""`workspace update`: what came in is written, what was edited stays, or nothing happens at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Refused
from tests.support.repos import TestRepo

Maker = Callable[..., TestRepo]


def behind(repo: TestRepo, files: dict[str, str | None]) -> Path:
    """Make lane auth whose head has got these files since its workspace was made."""
    place = repo.lane("auth")
    repo.lane("dev", files)
    repo.lanes.promote("dev", into="auth")
    return place


def status(repo: TestRepo, place: Path) -> str:
    """Return what git says of a directory."""
    return repo.git("status", "--porcelain", "-uall", cwd=place)


def test_it_goes_to_the_head(repo: TestRepo) -> None:
    """Files, index, HEAD and base are the head's, and only what differed was written."""
    place = behind(repo, {"auth.py": "x\n", "new/a.sh": "a\n", "src/app.py": None})
    made = repo.lanes.update_workspace("auth")
    head = repo.lanes.head("auth")
    assert (made.base, made.state, made.written, made.removed) == (head, head, 2, 1)
    assert repo.git("rev-parse", "HEAD", cwd=place) == head
    assert status(repo, place) == ""
    assert not (place / "src").exists()
    again = repo.lanes.update_workspace("auth")
    assert (again.written, again.removed) == (0, 0)


def test_files_that_did_not_change_are_not_written(repo: TestRepo) -> None:
    """A file that is the same in both states keeps its inode and its time."""
    place = behind(repo, {"auth.py": "x\n"})
    before = (place / "src/app.py").stat()
    repo.lanes.update_workspace("auth")
    after = (place / "src/app.py").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_edits_elsewhere_stay(repo: TestRepo) -> None:
    """Staged, unstaged and untracked work on other paths is as it was, and comes with a commit."""
    place = behind(repo, {"auth.py": "x\n"})
    repo.write({"src/app.py": "edited\n", "staged.txt": "staged\n", "new.txt": "new\n"}, place)
    repo.git("add", "staged.txt", cwd=place)
    repo.lanes.update_workspace("auth")
    assert status(repo, place) == " M src/app.py\nA  staged.txt\n?? new.txt"
    made = repo.lanes.commit("auth").attempt
    assert made.commit == made.landed
    assert repo.files("refs/lanes/head/auth") == {
        "auth.py": "x",
        "new.txt": "new",
        "src/app.py": "edited",
        "staged.txt": "staged",
    }


def assert_untouched(repo: TestRepo, place: Path, refused: list[str], **options: str) -> None:
    """Assert that an update is refused because of these paths, and changes nothing."""
    top = Path(repo.git("rev-parse", "--absolute-git-dir", cwd=place))
    watched = [top / "index", top / "HEAD", top / "lanes.json"]
    files = {x: x.read_bytes() for x in place.rglob("*") if x.is_file()}
    before = [x.read_bytes() for x in watched]
    with pytest.raises(Refused, match="would be overwritten") as error:
        repo.lanes.update_workspace("auth", **options)
    assert error.value.data["in_the_way"] == refused
    assert {x: x.read_bytes() for x in place.rglob("*") if x.is_file()} == files
    assert [x.read_bytes() for x in watched] == before


@pytest.mark.parametrize("staged", [False, True])
def test_an_edit_in_the_way_refuses(repo: TestRepo, staged: bool) -> None:
    """One edited path among many refuses all of it, by name."""
    place = behind(repo, {"auth.py": "theirs\n", "new.txt": "theirs\n", "src/app.py": None})
    repo.write({"auth.py": "mine\n"}, place)
    if staged:
        repo.git("add", "auth.py", cwd=place)
    assert_untouched(repo, place, ["auth.py"])


def test_content_that_is_only_staged_refuses(repo: TestRepo) -> None:
    """What `git add` put aside of a file that is as before is unsaved work, too."""
    place = behind(repo, {"auth.py": "theirs\n"})
    repo.write({"auth.py": "mine\n"}, place)
    repo.git("add", "auth.py", cwd=place)
    repo.write({"auth.py": "login\n"}, place)
    assert_untouched(repo, place, ["auth.py"])


@pytest.mark.parametrize(
    ("comes", "there", "refused"),
    [
        ("secret.ign", "secret.ign", "secret.ign"),
        ("build", "build/out.o", "build"),
        ("build/out.o", "build", "build"),
        ("new.txt", "new.txt", "new.txt"),
        ("build/out.o", "build/out.o", "build/out.o"),
    ],
)
def test_untracked_and_ignored_files_in_the_way_refuse(
    repo: TestRepo, comes: str, there: str, refused: str
) -> None:
    """Git would overwrite what it ignores; nothing of it is, nor a directory of it."""
    repo.save({".gitignore": "build\n*.ign\n"})
    place = repo.lane("auth")
    dev = repo.lane("dev")
    repo.write({comes: "theirs\n"}, dev)
    repo.git("add", "--force", comes, cwd=dev)
    repo.lanes.commit("dev")
    repo.lanes.promote("dev", into="auth")
    repo.write({there: "mine\n"}, place)
    assert_untouched(repo, place, [refused])
    (place / there).write_text("theirs\n")
    if comes == there:
        assert repo.lanes.update_workspace("auth").written == 0
        assert status(repo, place) == ""


def test_a_repository_in_the_way_refuses(repo: TestRepo) -> None:
    """An ignored directory that is a repository of its own is not taken for a submodule."""
    repo.save({".gitignore": "tool\n"})
    place = repo.lane("auth")
    dev = repo.lane("dev")
    repo.write({"tool": "a file\n"}, dev)
    repo.git("add", "--force", "tool", cwd=dev)
    repo.lanes.commit("dev")
    repo.lanes.promote("dev", into="auth")
    repo.git("init", "--quiet", str(place / "tool"))
    repo.write({"tool/precious.txt": "mine\n"}, place)
    assert_untouched(repo, place, ["tool"])


def test_a_link_to_a_directory_in_an_ignored_directory_refuses(repo: TestRepo) -> None:
    """A directory with nothing but a link in it is not empty."""
    repo.save({".gitignore": "build\n"})
    place = repo.lane("auth")
    dev = repo.lane("dev")
    repo.write({"build": "a file\n"}, dev)
    repo.git("add", "--force", "build", cwd=dev)
    repo.lanes.commit("dev")
    repo.lanes.promote("dev", into="auth")
    (place / "build").mkdir()
    (place / "build/link").symlink_to("../src")
    assert_untouched(repo, place, ["build"])


def test_an_open_attempt_is_the_workspace_s_own_work(repo: TestRepo) -> None:
    """What was proposed stays in the files over an update, and can be accepted or offered again."""
    place = behind(repo, {"auth.py": "theirs\n"})
    attempt = repo.propose("auth", {"mine.txt": "mine\n"})
    repo.lanes.update_workspace("auth")
    assert (place / "mine.txt").read_text() == "mine\n"
    assert (place / "auth.py").read_text() == "theirs\n"
    repo.lanes.accept(attempt)
    assert repo.files("refs/lanes/head/auth").keys() == {"auth.py", "mine.txt", "src/app.py"}
    repo.lanes.update_workspace("auth")
    assert status(repo, place) == ""


def test_an_older_state_becomes_the_base(repo: TestRepo) -> None:
    """Back at an attempt of the lane, an edit there reverts nothing that came after it."""
    place = repo.lane("auth", {"one.txt": "1\n"})
    repo.commit("auth", {"two.txt": "2\n"})
    made = repo.lanes.update_workspace("auth", to="auth/1")
    assert (made.base, made.removed) == (repo.lanes.show("auth/1").attempts[0].attempt.commit, 1)
    assert status(repo, place) == ""
    repo.commit("auth", {"three.txt": "3\n"})
    assert repo.files("refs/lanes/head/auth").keys() >= {"one.txt", "two.txt", "three.txt"}


def test_of_another_lane_s_state_only_the_files_come(repo: TestRepo) -> None:
    """HEAD and base stay, so what differs is unsaved work; and another update refuses there."""
    place = repo.lane("auth", {"auth.py": "mine\n"})
    repo.lane("dev", {"dev.txt": "dev\n"})
    head = repo.lanes.head("auth")
    made = repo.lanes.update_workspace("auth", to="dev")
    assert (made.base, made.state, made.written) == (head, repo.lanes.head("dev"), 2)
    assert status(repo, place) == "M  auth.py\nA  dev.txt"
    repo.commit("dev", {"dev.txt": "dev, again\n"})
    assert_untouched(repo, place, ["dev.txt"], to="dev")
    repo.lanes.commit("auth", message="as in dev")
    assert repo.files("refs/lanes/head/auth")["auth.py"] == "login"


def test_own_commits_refuse(repo: TestRepo) -> None:
    """Commits that nothing but HEAD has are not left behind."""
    place = behind(repo, {"auth.py": "theirs\n"})
    repo.write({"own.txt": "own\n"}, place)
    repo.git("add", "own.txt", cwd=place)
    repo.git("commit", "--quiet", "--message=own", cwd=place)
    with pytest.raises(Refused, match="commits that were not proposed"):
        repo.lanes.update_workspace("auth")
    repo.lanes.commit("auth")
    repo.lanes.update_workspace("auth")
    assert (place / "own.txt").exists()


def test_a_branch_that_the_agent_made_stays(repo: TestRepo) -> None:
    """HEAD is detached at the head, and the branch it was on is where it was."""
    place = behind(repo, {"auth.py": "theirs\n"})
    repo.git("switch", "--quiet", "--create", "feature", cwd=place)
    at = repo.rev("feature")
    repo.lanes.update_workspace("auth")
    assert repo.rev("feature") == at
    assert repo.git("rev-parse", "--abbrev-ref", "HEAD", cwd=place) == "HEAD"


def test_in_the_middle_of_a_merge(repo: TestRepo) -> None:
    """A merge under way is the agent's to end."""
    place = behind(repo, {"new.txt": "theirs\n"})
    repo.save({"auth.py": "main\n"})
    repo.write({"auth.py": "mine\n"}, place)
    repo.git("commit", "--quiet", "--all", "--message=own", cwd=place)
    repo.git("merge", "main", cwd=place, check=False)
    with pytest.raises(Refused, match="in the middle of a merge"):
        repo.lanes.update_workspace("auth")


def test_a_bisect_is_ended_as_git_ends_it(repo: TestRepo) -> None:
    """The hint names a command that exists: there is no `git bisect --abort`."""
    place = repo.lane("auth")
    repo.git("bisect", "start", cwd=place)
    with pytest.raises(Refused, match="in the middle of a bisect") as refused:
        repo.lanes.update_workspace("auth")
    assert refused.value.hint == "finish it, or run 'git bisect reset' there"
    repo.git("bisect", "start")
    with pytest.raises(Refused, match="in the middle of a bisect") as refused:
        repo.lanes.commit("main")
    assert refused.value.hint == "finish it, or run 'git bisect reset'"


def test_the_repository_s_own_directory_follows(repo: TestRepo) -> None:
    """In the root it catches up with what landed; an edit in the way refuses by name."""
    repo.lane("auth", {"auth.py": "theirs\n"})
    repo.write({"auth.py": "mine\n"})
    repo.lanes.promote("auth")
    with pytest.raises(Refused) as refused:
        repo.lanes.update_workspace("main")
    assert refused.value.data["in_the_way"] == ["auth.py"]
    repo.git("checkout", "--quiet", "auth.py")
    made = repo.lanes.update_workspace("main")
    assert (made.written, made.base, made.state) == (1, repo.rev("main"), repo.rev("main"))
    assert (repo.path / "auth.py").read_text() == "theirs\n"
    assert repo.rev("main") == repo.lanes.head("main")
    with pytest.raises(Refused, match="always at the head"):
        repo.lanes.update_workspace("main", to="HEAD~1")


def test_a_sparse_workspace_stays_sparse(repo: TestRepo) -> None:
    """Files outside the cone are not written, and are not lost from what is committed."""
    repo.save({"docs/a.md": "a\n"})
    place = repo.lane("auth")
    repo.git("sparse-checkout", "set", "--cone", "src", cwd=place)
    repo.lane("dev", {"docs/b.md": "b\n", "src/new.py": "new\n"})
    repo.lanes.promote("dev", into="auth")
    repo.lanes.update_workspace("auth")
    assert (place / "src/new.py").exists()
    assert not (place / "docs").exists()
    repo.commit("auth", {"src/more.py": "more\n"})
    assert repo.files("refs/lanes/head/auth").keys() >= {"docs/a.md", "docs/b.md", "src/more.py"}


def test_filters_run(make_repo: Maker) -> None:
    """Files are written as git's filters and line ends want them."""
    repo = make_repo({".gitattributes": "*.txt text eol=crlf\n", "a.txt": "a\n"})
    place = behind(repo, {"a.txt": "b\n"})
    repo.lanes.update_workspace("auth")
    assert (place / "a.txt").read_bytes() == b"b\r\n"
    assert status(repo, place) == ""


def test_a_directory_in_a_changed_file_s_place(repo: TestRepo) -> None:
    """A directory that somebody made where a changed file was is in the way, as an edit is."""
    place = behind(repo, {"auth.py": "theirs\n"})
    (place / "auth.py").unlink()
    repo.write({"auth.py/mine.py": "mine\n"}, place)
    git_dir = Path(repo.git("rev-parse", "--absolute-git-dir", cwd=place))
    before = (git_dir / "lanes.json").read_text()
    with pytest.raises(Refused) as refused:
        repo.lanes.update_workspace("auth")
    assert refused.value.data["in_the_way"] == ["auth.py"]
    assert (place / "auth.py/mine.py").read_text() == "mine\n"
    assert (git_dir / "lanes.json").read_text() == before


def test_a_link_in_place_of_a_directory(repo: TestRepo) -> None:
    """What lies beyond it is another file: the edit is refused by name, and the link stays."""
    place = behind(repo, {"src/app.py": "new\n"})
    (place / "src").rename(place / "elsewhere")
    (place / "src").symlink_to("elsewhere")
    with pytest.raises(Refused, match="1 changed file in workspace 'auth' would be overwritten"):
        repo.lanes.update_workspace("auth")
    assert (place / "elsewhere/app.py").read_text() == "app\n"
    assert (place / "src").is_symlink()
    assert repo.lanes.workspace("auth").base != repo.lanes.head("auth")


def test_a_head_that_was_moved_back(repo: TestRepo) -> None:
    """It has no commits of its own: the way forward is told, and it may be removed."""
    place = repo.lane("auth", {"auth.py": "new\n"})
    repo.git("reset", "--quiet", "--hard", "HEAD~1", cwd=place)
    with pytest.raises(Refused, match="HEAD of workspace 'auth' was moved back") as refused:
        repo.lanes.update_workspace("auth")
    words = str(refused.value.hint).partition("git ")[2].split()
    repo.git(*words, cwd=place)
    assert (place / "auth.py").read_text() == "new\n"
    repo.lanes.update_workspace("auth")
    repo.git("reset", "--quiet", "--hard", "HEAD~1", cwd=place)
    repo.lanes.remove_workspace("auth")
    assert not place.exists()


@pytest.mark.parametrize("way", ["amended", "empty", "there and back"])
def test_commits_that_change_nothing(repo: TestRepo, way: str) -> None:
    """They cannot be proposed: HEAD goes back as the hint says, and edits stay."""
    place = repo.lane("auth", {"auth.py": "new\n"})
    made: dict[str, tuple[str, ...]] = {
        "amended": ("--amend", "--message=other words"),
        "empty": ("--allow-empty", "--message=nothing"),
        "there and back": ("--all", "--message=there"),
    }
    if way == "there and back":
        repo.write({"auth.py": "more\n"}, place)
    repo.git("commit", "--quiet", *made[way], cwd=place)
    if way == "there and back":
        repo.git("revert", "--no-edit", "HEAD", cwd=place)
    repo.write({"other.py": "edit\n"}, place)
    with pytest.raises(Refused, match="commits of its own that change nothing") as refused:
        repo.lanes.update_workspace("auth")
    hint = str(refused.value.hint).partition(";")[0]
    repo.git(*hint.partition("git ")[2].split(), cwd=place)
    repo.lanes.update_workspace("auth")
    assert repo.git("rev-parse", "HEAD", cwd=place) == repo.lanes.head("auth")
    assert (place / "other.py").read_text() == "edit\n"
