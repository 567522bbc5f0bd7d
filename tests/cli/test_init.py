"""`git lanes init`: adopting a repository in place, wherever one stands and however it is named."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes.config import gates, workspace
from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

MakeRepo = Callable[..., TestRepo]


@pytest.fixture
def fresh(make_repo: MakeRepo) -> TestRepo:
    """A repository that has no lanes yet."""
    return make_repo(adopted=False)


def init(repo: TestRepo, *args: str, cwd: Path | None = None, **environ: str) -> Ran:
    """Run `git lanes init`."""
    return run_cli(cwd or repo.path, {**repo.environ, **environ}, "init", *args)


def adopted(repo: TestRepo, lane: str = "main", branch: str = "main") -> str:
    """Return what `init` prints."""
    return f"adopted: lane {lane}, bound to branch {branch}, at {repo.rev('HEAD')[:12]}\n"


def everything_of_the_user(repo: TestRepo) -> dict[str, object]:
    """Return all that is the user's: files with their times, index, HEAD, config, hooks, refs."""
    git_dir = repo.path / ".git"
    kept = ("index", "HEAD", "config", "ORIG_HEAD", "info/exclude", "logs/HEAD")
    private = {x: (git_dir / x).read_bytes() for x in kept if (git_dir / x).exists()}
    files = {
        str(path.relative_to(repo.path)): (path.lstat().st_mtime_ns, path.lstat().st_mode)
        for path in repo.path.rglob("*")
        if ".git" not in path.relative_to(repo.path).parts
    }
    theirs = {name: oid for name, oid in repo.refs().items() if not name.startswith("refs/lanes/")}
    return {"private": private, "files": files, "refs": theirs, "hooks": os.listdir(git_dir)}


def test_it_binds_lane_main_to_the_present_branch(fresh: TestRepo) -> None:
    """The first lane is `main`, bound to the branch that is checked out, at its commit."""
    done = init(fresh)
    assert (done.code, done.out, done.err) == (0, adopted(fresh), "")
    assert fresh.rev("refs/lanes/head/main") == fresh.rev("main")
    assert fresh.rev("refs/lanes/seen/main") == fresh.rev("main")
    fresh.fsck()


def test_json_tells_the_lane_and_its_directory(fresh: TestRepo) -> None:
    """With --json one object tells the lane's record, whether it is new, and the directory."""
    told = init(fresh, "--json").json
    assert sorted(told) == ["created", "lane", "path", "schema"]
    assert (told["schema"], told["created"]) == ("gitlanes.init/1", True)
    assert told["path"] == str(fresh.path)
    record = told["lane"]
    assert (record["name"], record["branch"]) == ("main", "main")
    assert (record["head"], record["status"]) == (fresh.rev("main"), "active")


def test_nothing_of_the_users_changes(fresh: TestRepo) -> None:
    """Files, index bytes, HEAD, branches, stash, config and hooks are as they were."""
    fresh.write({"auth.py": "stashed\n"})
    fresh.git("stash")
    fresh.write({"auth.py": "unsaved\n", "untracked.txt": "u\n", "src/app.py": "staged\n"})
    fresh.git("add", "src/app.py")
    before = everything_of_the_user(fresh)
    status = fresh.git("status", "--porcelain")
    before_index = (fresh.path / ".git/index").read_bytes()
    assert init(fresh).code == 0
    after = everything_of_the_user(fresh)
    hooks_before, hooks_after = set(before.pop("hooks")), set(after.pop("hooks"))  # type: ignore[call-overload]
    assert hooks_after - hooks_before == {"lanes", "lanes.json"}
    assert after == before | {"private": {**before["private"], "index": before_index}}  # type: ignore[dict-item]
    assert fresh.git("status", "--porcelain") == status


def test_again_it_changes_nothing(repo: TestRepo) -> None:
    """A second `init` says so and moves no ref, with another lane's name, too."""
    before = repo.refs()
    done = init(repo)
    assert done == Ran(0, adopted(repo).replace("adopted:", "adopted already:"), "")
    assert init(repo, "--lane", "other").out == done.out
    assert repo.refs() == before


def test_the_lane_can_have_another_name(fresh: TestRepo) -> None:
    """`--lane` names the first lane; it becomes the default target of promotions."""
    assert init(fresh, "--lane", "trunk").out == adopted(fresh, lane="trunk")
    fresh.lane("a", {"new.txt": "n\n"})
    assert run_cli(fresh.path, fresh.environ, "promote", "a").code == 0
    assert fresh.rev("main") == fresh.rev("refs/lanes/head/trunk")


def test_a_branch_of_another_name_is_bound(fresh: TestRepo) -> None:
    """The lane is `main` and follows the branch that is checked out, whatever its name."""
    fresh.git("checkout", "--quiet", "-b", "topic/x")
    assert init(fresh).out == adopted(fresh, branch="topic/x")


def test_an_unborn_branch_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    """A repository without a commit is refused with what to do, and stays without lanes."""
    repo = TestRepo(tmp_path / "empty", environ)
    repo.path.mkdir()
    repo.git("init", "--quiet")
    assert init(repo) == Ran(
        128,
        "",
        "error: branch 'main' has no commits yet\n"
        "hint: make a first commit, then run 'git lanes init' again\n",
    )
    assert repo.refs() == {}


def test_outside_a_repository_it_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    """Where git finds no repository, one line says where it looked."""
    done = run_cli(tmp_path, environ, "init")
    assert (done.code, done.out) == (128, "")
    assert done.err == (
        f"error: not a git repository: '{tmp_path}'\n"
        "hint: run 'git init', or go into a repository\n"
    )


@pytest.mark.parametrize("command", ["list", "status", "history", "check", "new", "promote"])
def test_verbs_before_init_are_refused(fresh: TestRepo, command: str) -> None:
    """Before `init` every other verb is refused with the command to run, and writes nothing."""
    args = {"new": ["new", "auth"], "promote": ["promote", "auth"]}.get(command, [command])
    done = run_cli(fresh.path, fresh.environ, *args)
    assert done == Ran(
        128, "", "error: this repository has no lanes yet\nhint: run 'git lanes init'\n"
    )
    assert fresh.refs() == {"refs/heads/main": fresh.rev("main")}


def test_a_detached_head_gives_an_unbound_lane(fresh: TestRepo) -> None:
    """On a detached HEAD the lane is at that commit, no branch follows, and that is said."""
    fresh.git("checkout", "--quiet", "--detach")
    done = init(fresh)
    assert done == Ran(
        0,
        f"adopted: lane main, not bound, at {fresh.rev('HEAD')[:12]}\n",
        "hint: HEAD is detached, so no branch follows the lane; "
        "on a branch, run 'git lanes bind main BRANCH'\n",
    )
    fresh.lane("a", {"new.txt": "n\n"})
    branch = fresh.rev("main")
    assert run_cli(fresh.path, fresh.environ, "promote", "a").code == 0
    assert fresh.rev("main") == branch
    assert "new.txt" in fresh.files("refs/lanes/head/main")


def test_a_bare_repository(make_repo: MakeRepo) -> None:
    """A bare repository is adopted; promotions move its branch, lanes have workspaces beside it."""
    repo = make_repo(bare=True, adopted=False)
    done = init(repo, "--json")
    assert (done.code, done.json["path"]) == (0, None)
    place = repo.lane("a", {"new.txt": "n\n"})
    assert place == repo.path.with_name("repo.lanes") / "a"
    promoted = run_cli(repo.path, repo.environ, "promote", "a")
    assert promoted.out.splitlines()[-1] == "branch main follows"
    assert repo.files("main")["new.txt"] == "n"
    repo.fsck()


def test_from_a_subdirectory(fresh: TestRepo) -> None:
    """From a directory inside, the repository's top is adopted."""
    done = init(fresh, "--json", cwd=fresh.path / "src")
    assert (done.code, done.json["path"]) == (0, str(fresh.path))


def test_from_a_linked_worktree(fresh: TestRepo, tmp_path: Path) -> None:
    """Inside a linked worktree the lane is bound to the main worktree's branch, not to its own."""
    fresh.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    done = init(fresh, "--json", cwd=tmp_path / "side")
    assert done.code == 0, done.err
    assert done.json["lane"]["branch"] == "main"
    assert done.json["path"] == str(fresh.path)


@pytest.mark.parametrize("relative", [False, True])
def test_git_dir_from_elsewhere(fresh: TestRepo, tmp_path: Path, relative: bool) -> None:
    """GIT_DIR names the repository, absolute or relative; the present directory is not its top."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("not the repository's\n")
    git_dir = "../repo/.git" if relative else str(fresh.path / ".git")
    done = init(fresh, "--json", cwd=elsewhere, GIT_DIR=git_dir)
    assert (done.code, done.json["path"]) == (0, str(fresh.path))
    made = run_cli(elsewhere, {**fresh.environ, "GIT_DIR": git_dir}, "new", "a", "--json")
    assert made.json["path"] == str(tmp_path / "repo.lanes" / "a")
    fresh.write({"new.txt": "n\n"}, Path(made.json["path"]))
    for args in (["commit", "a", "-m", "work"], ["promote", "a"]):
        ran = run_cli(elsewhere, {**fresh.environ, "GIT_DIR": git_dir}, *args)
        assert ran.code == 0, ran.err
    assert os.listdir(elsewhere) == ["mine.txt"]
    assert (fresh.path / "new.txt").read_text() == "n\n"
    assert fresh.git("status", "--porcelain") == ""


def test_git_dir_does_not_leak_into_other_work(fresh: TestRepo) -> None:
    """GIT_DIR and GIT_INDEX_FILE, as a hook has them, do not lead workspace commands astray."""
    assert init(fresh).code == 0
    environ = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index"}
    made = run_cli(fresh.path, {**fresh.environ, **environ}, "new", "a", "--json")
    assert made.code == 0, made.err
    assert fresh.git("status", "--porcelain", cwd=Path(made.json["path"])) == ""
    assert fresh.git("status", "--porcelain") == ""


def test_through_git_itself(fresh: TestRepo, tmp_path: Path) -> None:
    """`git -C DIR lanes init` runs it there, with git's own arguments understood."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{fresh.environ['PATH']}"
    done = subprocess.run(
        ["git", "-C", "repo/src", "-c", "user.name=Someone Else", "lanes", "init"],
        cwd=tmp_path,
        env={**fresh.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, adopted(fresh), "")
    author = fresh.git("log", "-1", "--format=%an", "refs/lanes/journal/main")
    assert author == "Someone Else"


@pytest.mark.parametrize("name", ["HEAD", "FETCH_HEAD", "deadbeef", "I" + "0" * 40, "-x", "a/b"])
def test_a_bad_name_for_the_first_lane(fresh: TestRepo, name: str) -> None:
    """A name that git or a reader could misunderstand is refused, and nothing is adopted."""
    done = init(fresh, f"--lane={name}")
    assert (done.code, done.out) == (128, "")
    assert done.err.startswith(f"error: bad lane name '{name}': it ")
    assert fresh.refs() == {"refs/heads/main": fresh.rev("main")}


@pytest.mark.parametrize(
    ("files", "kind", "ordered"),
    [
        (("pyproject.toml",), "auto", ".venv/bin/pip install --quiet -e ."),
        (("package.json", "package-lock.json", "go.mod"), "auto", "npm ci go mod download"),
        (("Cargo.lock",), "rust", "cargo fetch --locked"),
        ((), "auto", ""),
    ],
)
def test_a_first_team_file(
    fresh: TestRepo, files: tuple[str, ...], kind: str, ordered: str
) -> None:
    """It can be understood, orders what such projects need, and never takes one's place."""
    fresh.write(dict.fromkeys(files, "x\n"))
    done = init(fresh, "--type", kind)
    assert (done.code, done.err) == (
        0,
        "hint: look at '.gitlanes.toml', commit it, then run 'git lanes trust'\n",
    )
    text = (fresh.path / ".gitlanes.toml").read_text()
    found = workspace.read(tomllib.loads(text))
    assert not found.misfits
    assert " ".join(x.shown for x in found.ordered.setup).endswith(ordered)
    assert init(fresh, "--type", kind).err.startswith("error: '.gitlanes.toml' is there already\n")
    assert (fresh.path / ".gitlanes.toml").read_text() == text
    uncommented = tomllib.loads(re.sub(r"(?m)^# (?=\[|name|args)", "", text))
    assert not gates.read(uncommented).misfits
