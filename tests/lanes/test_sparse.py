"""Lanes whose workspaces hold some directories only."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import BadValue, NotFound
from tests.support.repos import TestRepo

FILES = {
    "top.txt": "top\n",
    "src/app.py": "app\n",
    "src/api/api.py": "api\n",
    "src/web/web.py": "web\n",
    "docs/guide.md": "guide\n",
}


@pytest.fixture
def wide(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """A repository with several directories."""
    return make_repo(FILES)


def files(place: Path) -> list[str]:
    """Return the files in a directory."""
    found = (Path(at, x) for at, _, names in os.walk(place) for x in names)
    return sorted(str(x.relative_to(place)) for x in found if x.name != ".git")


def test_only_those_files_are_written(wide: TestRepo) -> None:
    """The workspace has the directory and what lies beside the way to it; git knows why."""
    place = Path(str(wide.lanes.new("auth", sparse=["src/api/", "src/api"]).path))
    assert files(place) == ["src/api/api.py", "src/app.py", "top.txt"]
    assert wide.git("status", "--porcelain", cwd=place) == ""
    assert wide.git("sparse-checkout", "list", cwd=place) == "src/api"
    assert wide.lanes.lane("auth").sparse == ("src/api",)
    assert wide.git("status", "--porcelain") == ""
    assert files(wide.workspace("main"))[-1] == "top.txt"


def test_what_is_not_there_is_not_deleted(wide: TestRepo) -> None:
    """A proposal has the files that the workspace does not; new ones outside count as well."""
    wide.lanes.new("auth", sparse=["docs"])
    wide.commit("auth", {"docs/guide.md": "better\n", "src/new.py": "new\n"})
    head = wide.files("refs/lanes/head/auth")
    assert head == {**{k: v.strip() for k, v in FILES.items()}, "docs/guide.md": "better"} | {
        "src/new.py": "new"
    }
    place = wide.workspace("auth")
    assert wide.git("status", "--porcelain", cwd=place) == ""
    wide.write({"docs/more.md": "m\n"}, place)
    wide.lanes.propose("auth", message="some", paths=["docs/more.md"])
    wide.lanes.reject("auth/2")
    assert wide.git("status", "--porcelain", cwd=place) == "?? docs/more.md"
    assert wide.lanes.promote("auth").source_only == (b"docs/guide.md", b"src/new.py")


def test_a_new_workspace_is_sparse_again(wide: TestRepo) -> None:
    """The record keeps the directories; one that is gone from the tree by then does no harm."""
    wide.lanes.new("auth", sparse=["src/api", "docs"])
    wide.lanes.remove_workspace("auth")
    wide.lanes.rename("auth", "login")
    place = Path(wide.lanes.create_workspace("login").path)
    assert files(place) == ["docs/guide.md", "src/api/api.py", "src/app.py", "top.txt"]
    wide.commit("login", {"docs/guide.md": None})
    wide.lanes.remove_workspace("login")
    place = Path(wide.lanes.create_workspace("login").path)
    assert files(place) == ["src/api/api.py", "src/app.py", "top.txt"]


def test_git_config_is_changed_once_and_said(wide: TestRepo) -> None:
    """Git needs a configuration for each work tree: that it has one now is said when it begins."""
    key = ("config", "--get", "extensions.worktreeConfig")
    wide.lanes.new("plain")
    assert wide.git(*key, check=False) == ""
    wide.lanes.new("auth", sparse=["docs"])
    assert wide.git(*key) == "true"
    said = "extensions.worktreeConfig is on now in this repository's git config: "
    assert wide.lanes.take_warnings() == [f"{said}git's sparse checkouts need it"]
    wide.lanes.new("ui", sparse=["docs"])
    assert wide.lanes.take_warnings() == []
    assert wide.git("config", "--get", "core.sparseCheckout", check=False) == ""


def test_in_a_bare_repository(make_repo: Callable[..., TestRepo]) -> None:
    """A bare repository stays one: git moves what says so into the configuration of its own."""
    bare = make_repo(FILES, bare=True)
    place = Path(str(bare.lanes.new("auth", sparse=["docs"]).path))
    assert files(place) == ["docs/guide.md", "top.txt"]
    bare.commit("auth", {"docs/guide.md": "better\n"})
    bare.lanes.promote("auth")
    assert bare.git("rev-parse", "--is-bare-repository") == "true"
    assert bare.git("show", "main:docs/guide.md") == "better"
    with bare.open() as again:
        assert Path(again.create_workspace(again.new("ui", workspace=False).lane.name).path, "src")


ODD = [
    b"a b ",
    b" lead",
    b"st*r",
    b"br[x]",
    b"back\\sl",
    b'quo"te',
    b"by\xffte",
    b"!x",
    b"#h",
    b"-x",
]


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_odd_directories(make_repo: Callable[..., TestRepo], name: bytes) -> None:
    """Whatever git can name, wildcards and options included, is that very directory."""
    odd = os.fsdecode(name)
    repo = make_repo({f"{odd}/in.txt": "i\n", "other/x.txt": "x\n", "st/x.txt": "x\n"})
    place = Path(str(repo.lanes.new("auth", sparse=[odd]).path))
    assert files(place) == [f"{odd}/in.txt"]
    assert repo.git("status", "--porcelain", cwd=place) == ""


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/src",
        "..",
        "src/../docs",
        "./src",
        "src//api",
        ".",
        "a\nb",
        "a\0b",
        "a\x1b",
        "\ud800",
    ],
    ids=ascii,
)
def test_what_cannot_be_a_directory(wide: TestRepo, name: str) -> None:
    """Absolute paths, dots, control characters and what no file is called change nothing."""
    before = wide.refs()
    with pytest.raises(BadValue, match="bad sparse directory"):
        wide.lanes.new("auth", sparse=["src", name])
    assert wide.refs() == before
    assert not wide.path.with_name("repo.lanes").exists()


@pytest.mark.parametrize(
    ("name", "hint"),
    [("nope", "look with: git ls-tree"), ("src/nope", "look with"), ("top.txt", "it is a file")],
)
def test_a_directory_that_is_not_in_the_tree(wide: TestRepo, name: str, hint: str) -> None:
    """A name that the start does not have as a directory is refused before anything is made."""
    before = wide.refs()
    with pytest.raises(NotFound, match=f"sparse directory '{name}' not found") as refused:
        wide.lanes.new("auth", sparse=[name])
    assert refused.value.hint.startswith(hint)
    assert wide.refs() == before
