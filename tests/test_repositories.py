"""Unusual repositories: shallow and partial clones, odd paths, formats that are refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import NotFound
from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

Maker = Callable[..., TestRepo]

ODD_PATHS = {
    "spaces": "a b  c",
    "unicode": "naïve 日本語",
    "bytes": os.fsdecode(b"no \xff utf-8"),
    "newline": "new\nline",
    "newlines": "\nnew\n\nlines\n/in\nside",
    "quotes": "quo'te\"s",
    "option": "-rf",
    "control": "esc\x1b[31m",
    "colon": "a:b",
    "backslash": "back\\slash",
}


def whole_way(repo: TestRepo) -> None:
    """Go a lane's whole way at the command line: make, commit, land, tell, delete."""

    def lanes(*args: str, cwd: Path | None = None) -> Ran:
        done = run_cli(cwd or repo.path, repo.environ, *args)
        assert (done.code, "warning" in done.err) == (0, False), done.err
        return done

    lanes("init")
    place = Path(lanes("new", "auth", "--json").json["path"])
    repo.write({"auth.py": "edited\n", "new.txt": "new\n"}, place)
    lanes("propose", "auth", "-m", "offer")
    lanes("reject", "auth/1")
    assert lanes("status", "--json", cwd=place).json["lane"] == "auth"
    lanes("commit", "-m", "work", cwd=place)
    assert Path(lanes("path", "auth", "--json").json["path"]) == place
    lanes("promote", "auth")
    repo.write({"root.txt": "root\n"})
    lanes("commit", "main", "-m", "from the root")
    lanes("diff", "auth", "main")
    lanes("history", cwd=place)
    repo.write({"unsaved.txt": "u\n"}, place)
    lanes("snapshot", "auth")
    lanes("delete", "auth", "--yes", "--force")
    assert not place.exists()
    assert repo.files("main").keys() >= {"auth.py", "new.txt", "root.txt"}
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("kind", ODD_PATHS)
def test_odd_paths(make_repo: Maker, kind: str) -> None:
    """A repository may lie at any path that the file system has."""
    repo = make_repo(adopted=False, name=ODD_PATHS[kind])
    whole_way(repo)
    repo.fsck()


@pytest.mark.parametrize("where", ["top", "below", "bare", "git-dir"])
def test_a_path_with_a_newline_is_found_from_anywhere(make_repo: Maker, where: str) -> None:
    """From its top, a directory below, a bare repository, and inside the git directory."""
    repo = make_repo(name="new\nline\n", bare=where == "bare")
    inside = {"below": repo.path / "src", "git-dir": repo.path / ".git"}.get(where, repo.path)
    with repo.open(inside) as opened:
        assert opened.path == repo.path
        assert [x.name for x in opened.lanes().lanes] == ["main"]


def cloned(origin: TestRepo, tmp_path: Path, *options: str) -> TestRepo:
    """Clone a repository as from another machine, with these options of `git clone`."""
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = TestRepo(tmp_path / "clone", origin.environ)
    origin.git("clone", "--quiet", *options, origin.path.as_uri(), str(clone.path))
    return clone


@pytest.fixture
def origin(make_repo: Maker) -> TestRepo:
    """A repository with some history, to be cloned."""
    repo = make_repo(adopted=False, name="origin")
    for number in range(4):
        repo.save({"auth.py": f"{number}\n", f"dir/{number}.txt": "x\n"}, f"commit {number}")
    return repo


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone(origin: TestRepo, tmp_path: Path, depth: int) -> None:
    """Where history ends early, lanes work as far as it goes."""
    repo = cloned(origin, tmp_path, f"--depth={depth}")
    whole_way(repo)
    repo.fsck()
    assert repo.git("rev-parse", "--is-shallow-repository") == "true"


@pytest.mark.parametrize("what", ["blob:none", "tree:0", "blob:limit=1"])
def test_a_partial_clone(origin: TestRepo, tmp_path: Path, what: str) -> None:
    """Objects that are not there are fetched when they are needed, by git or by us."""
    repo = cloned(origin, tmp_path, f"--filter={what}")
    whole_way(repo)
    old = run_cli(repo.path, repo.environ, "diff", "HEAD~5", "main", "--json")
    assert (old.code, old.err) == (0, "")
    repo.fsck()


def test_a_partial_clone_whose_remote_is_gone(origin: TestRepo, tmp_path: Path) -> None:
    """What is here still lands; what is not, and cannot be fetched, is named."""
    repo = cloned(origin, tmp_path, "--filter=tree:0")
    repo.lanes.init()
    repo.lane("auth", {"auth.py": "edited\n"})
    repo.lanes.promote("auth")
    origin.path.rename(origin.path.with_name("gone"))
    done = run_cli(repo.path, repo.environ, "diff", "main~3", "main")
    assert done == Ran(
        128,
        "",
        "error: git cannot read 'main~3^{tree}'\n"
        "hint: in a partial clone it has to be fetched: is the remote there?\n",
    )
    repo.write({"auth.py": "again\n"}, repo.workspace("auth"))
    assert run_cli(repo.path, repo.environ, "commit", "auth", "-m", "x").code == 0
    assert run_cli(repo.path, repo.environ, "promote", "auth").code == 0


@pytest.mark.parametrize("command", ["restore HEAD~3 main", "diff HEAD~3 HEAD --content"])
def test_content_that_cannot_be_fetched(origin: TestRepo, tmp_path: Path, command: str) -> None:
    """What needs it says so, with every file as it was, and works once the remote is back."""
    repo = cloned(origin, tmp_path, "--filter=blob:none")
    repo.lanes.init()
    gone = origin.path.rename(origin.path.with_name("gone"))
    assert run_cli(repo.path, repo.environ, *command.split()) == Ran(
        128,
        "",
        f"error: git diff-tree failed: '{origin.path}' does not appear to be a git repository\n"
        "hint: in a partial clone what is missing has to be fetched: is the remote there?\n",
    )
    assert repo.git("status", "--porcelain") == ""
    gone.rename(origin.path)
    assert run_cli(repo.path, repo.environ, *command.split()).code == 0


def test_the_object_store_of_a_partial_clone(origin: TestRepo, tmp_path: Path) -> None:
    """An object that only the remote has is fetched; once that is gone, it is named."""
    old = [origin.rev(f"main~{number}:auth.py") for number in (1, 2)]
    repo = cloned(origin, tmp_path, "--filter=blob:none")
    with repo.inner() as inner:
        assert inner.objects.blob(old[0]) == b"2\n"
        origin.path.rename(origin.path.with_name("gone"))
        with pytest.raises(NotFound) as missing:
            inner.objects.blob(old[1])
        assert missing.value.message == f"object '{old[1]}' not found"
        assert missing.value.hint == ("this partial clone could not fetch it: is its remote there?")
        assert inner.objects.blob(old[0]) == b"2\n"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("core.repositoryFormatVersion", "2", "Expected git repo version <= 1, found 2"),
        ("extensions.unheardOf", "true", "unknown repository extension found: unheardof"),
    ],
)
def test_a_format_that_git_does_not_know(make_repo: Maker, key: str, value: str, said: str) -> None:
    """Where git itself refuses the repository, that is said in git's words."""
    repo = make_repo(adopted=False)
    if key.startswith("extensions"):
        repo.git("config", "core.repositoryFormatVersion", "1")
    repo.git("config", key, value)
    for command in (("init",), ("list",), ("new", "x"), ("commit", "-m", "x"), ("doctor",)):
        assert run_cli(repo.path, repo.environ, *command) == Ran(
            128,
            "",
            f"error: git refuses this repository: {said}\nhint: see what 'git status' says here\n",
        )


def test_a_sha256_repository_is_refused_everywhere(tmp_path: Path, environ: dict[str, str]) -> None:
    """Each command says why it cannot work there, and what would."""
    repo = TestRepo(tmp_path / "new\nline", environ)
    repo.path.mkdir()
    repo.git("init", "--quiet", "--object-format=sha256")
    for command in ("init", "list", "status", "history"):
        assert run_cli(repo.path, environ, command) == Ran(
            128,
            "",
            "error: repository uses object format 'sha256', which libgit2 cannot read\n"
            "hint: use a repository with the sha1 object format (git's default)\n",
        )


def test_what_a_shallow_clone_lacks(origin: TestRepo, tmp_path: Path) -> None:
    """Where histories meet below its end, that is said, and how to go on."""
    origin.lanes.init()
    origin.lanes.new("auth", start="HEAD~2", workspace=False)
    origin.lanes.put_file("auth", "auth.py", b"new\n")
    repo = cloned(origin, tmp_path, "--depth=1")
    assert run_cli(repo.path, repo.environ, "init", "--from-remote", "origin").code == 0
    export = ("export", "auth", "--linear", "--branch", "review")
    done = run_cli(repo.path, repo.environ, *export)
    assert done.err.splitlines() == [
        "error: lanes 'auth' and 'main' have no common history",
        "hint: this clone is shallow: run 'git fetch --unshallow'",
    ]
    repo.git("fetch", "--quiet", "--unshallow")
    assert run_cli(repo.path, repo.environ, *export).code == 0
