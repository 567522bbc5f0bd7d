"""Files that few have: very deep, very long, very many, and oddly named."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pygit2
import pytest

from gitlanes.git import deep
from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

DEEP = 10_000
# As deep as git can check out: 4,093 bytes.
ON_DISK = 2_046
LONG = "/".join([*("x" * 199 for _ in range(19)), "y" * 200])
REFUSED = (
    f"path '{('d/' * DEEP)[:60]}...' has {2 * DEEP + 1} bytes: "
    "no directory can have one of more than 4094"
)


def deep_commit(repo: TestRepo, content: str, *, depth: int = DEEP) -> str:
    """Commit one file below that many directories on top of main, by plumbing alone."""
    store = pygit2.Repository(str(repo.path))
    blob = store.create_blob(content.encode())
    mode, name, oid = b"100644", b"f", blob
    for _ in range(depth):
        oid = store.odb.write(2, b"%s %s\0%s" % (mode, name, oid.raw))
        mode, name = b"40000", b"d"
    base = [
        (str(x.name).encode(), x.filemode, x.id.raw)
        for x in store.revparse_single("main").peel(pygit2.Tree)
    ]
    rows = [b"%o %s\0%s" % (kind, name, raw) for name, kind, raw in base if name != b"d"]
    # 'd' comes after auth.py and before src in git's order.
    rows.insert(1, b"40000 d\0" + oid.raw)
    tree = store.odb.write(2, b"".join(rows))
    return repo.git("commit-tree", str(tree), "-p", "main", "-m", f"deep {content}")


@contextmanager
def inside(top: Path, *names: bytes) -> Iterator[int]:
    """Make directories one in the other, and yield the last one's descriptor."""
    here = os.open(top, os.O_RDONLY)
    try:
        for name in names:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=here)
            there = os.open(name, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = there
        yield here
    finally:
        os.close(here)


def write_at(top: Path, path: str, content: bytes) -> None:
    """Write a file whose absolute path may be longer than the system takes."""
    *way, name = os.fsencode(path).split(b"/")
    with inside(top, *way) as directory:
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, dir_fd=directory)
        os.write(file, content)
        os.close(file)


@pytest.fixture
def said(repo: TestRepo) -> Iterator[Callable[..., Ran]]:
    """`git lanes`, that never tells of anything but in its own lines."""

    def run(*args: str, cwd: Path | None = None) -> Ran:
        done = run_cli(cwd or repo.path, repo.environ, *args)
        assert "Traceback" not in done.err
        assert done.code in (0, 1, 128), done.err[:500]
        return done

    yield run
    for place in (repo.path, *repo.path.with_name("repo.lanes").glob("*")):
        if (place / "d").is_dir():  # pytest cannot delete what is that deep
            deep.delete(str(place / "d"))


@pytest.mark.slow
def test_a_tree_10_000_deep_without_a_directory(repo: TestRepo, said: Cli) -> None:
    """Where no directory is concerned, lanes with such a tree are made, compared and landed."""
    path = "d/" * DEEP + "f"
    assert said("new", "one", "--no-workspace", "--from", deep_commit(repo, "one")).code == 0
    assert said("new", "two", "--no-workspace", "--from", deep_commit(repo, "two")).code == 0
    changed = said("diff", "main", "one", "--json").json["files"]
    assert [(x["path"], x["action"]) for x in changed] == [(path, "added")]
    assert said("diff", "one", "two", "--content").out.count("\n+two") == 1
    assert said("check").code == 0
    refused = said("promote", "one", "--into", "two", "--json")
    assert (refused.code, [x["path"] for x in refused.json["collisions"]]) == (1, [path])
    assert said("promote", "one", "--into", "two", "--force", path).code == 0
    assert said("cat", "two", path).out == "one"
    assert said("export", "two").code == 0
    assert repo.rev("two") == repo.rev("refs/lanes/head/two")
    for command in (("history",), ("list",), ("status",), ("show", "two/1"), ("overlap",)):
        assert said(*command).code == 0, command
    repo.fsck()


def test_a_tree_10_000_deep_never_becomes_a_directory(repo: TestRepo, said: Cli) -> None:
    """What would write such a path is refused by its name, and the workspace is as it was."""
    commit = deep_commit(repo, "one")
    said("new", "deep", "--no-workspace", "--from", commit)
    place = repo.lane("auth")
    hint = "hint: work on that state without a workspace\n"
    for command in (
        ("new", "other", "--from", commit),
        ("workspace", "create", "deep"),
        ("workspace", "create", "deep", "--detached"),
        ("workspace", "update", "auth", "--to", "deep"),
        ("workspace", "switch", "deep", "--workspace", "auth"),
        ("restore", "deep", "auth"),
    ):
        assert said(*command) == Ran(128, "", f"error: {REFUSED}\n{hint}"), command
    assert "other" not in said("list").out
    assert sorted(os.listdir(place.parent)) == ["auth"]
    repo.write({"auth.py": "edited\n"}, place)
    assert said("commit", "auth", "-m", "x").code == 0
    assert repo.git("status", "--porcelain", cwd=place) == ""


def test_a_bound_branch_waits_for_what_it_cannot_write(repo: TestRepo, said: Cli) -> None:
    """Landed on the bound lane, such a path keeps the branch where it is; the rest goes on."""
    said("new", "deep", "--no-workspace", "--from", deep_commit(repo, "one"))
    repo.lane("auth", {"auth.py": "x\n"})
    tip = repo.rev("main")
    landed = said("promote", "deep")
    assert landed.code == 0
    assert landed.out.splitlines()[1] == f"branch main does not follow yet: {REFUSED}"
    assert (repo.rev("main"), repo.git("status", "--porcelain")) == (tip, "")
    assert said("promote", "auth", "--json").json["followed"] is False
    assert said("status").code == 0


@pytest.mark.parametrize(
    "path",
    [pytest.param("d/" * ON_DISK + "f", id="deep", marks=pytest.mark.slow), LONG],
    ids=["deep", "long"],
)
def test_what_git_can_check_out_goes_the_whole_way(repo: TestRepo, said: Cli, path: str) -> None:
    """2,046 directories deep, or 4,000 bytes long: commit, land, start from it, restore, remove."""
    place = repo.lane("auth")
    write_at(place, path, b"1\n")
    assert said("commit", "auth", "-m", "odd").code == 0
    assert said("promote", "auth").code == 0
    assert said("cat", "main", path).out == "1\n"
    assert repo.git("status", "--porcelain") == ""
    assert said("new", "next").code == 0
    there = repo.workspace("next")
    assert repo.git("status", "--porcelain", cwd=there) == ""
    write_at(there, path, b"2\n")
    assert said("commit", "next", "-m", "again", "--", path, cwd=there).code == 0
    write_at(place, path, b"3\n")
    assert said("overlap").code == 1
    assert said("restore", "main", "auth").code == 128
    assert said("restore", "main", "auth", "--force").code == 0
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert said("promote", "next").code == 0
    assert said("workspace", "update", "auth", "--to", "main").code == 0
    write_at(there, path, b"4\n")
    assert said("workspace", "remove", "next").code == 128
    assert said("workspace", "remove", "next", "--force").code == 0
    assert not there.exists()
    assert said("delete", "auth", "--yes", "--force").code == 0
    assert sorted(os.listdir(place.parent)) == []
    repo.fsck()


ODD = {
    "newline": "a\nb",
    "tab": "a\tb",
    "quote": 'a"b',
    "apostrophe": "a'b",
    "not UTF-8": os.fsdecode(b"\xff\xfe"),
    "dash": "-rf",
    "option": "--force",
    "backslash": "a\\b",
    "magic": ":(glob)*",
    "blank": " ",
    "exclamation": "!x",
    "hash": "#x",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD.values(), ids=list(ODD))
def test_odd_names_on_the_whole_way(repo: TestRepo, said: Cli, name: str) -> None:
    """Such names, of files and of directories, go through every verb that meets files."""
    paths = [name, f"{name}/x/{name}" if name != " " else "s p/x"]
    paths = [f"top {paths[0]}", paths[1]] if "/" in paths[1] else paths
    first = repo.lane("a")
    repo.write(dict.fromkeys(paths, "1\n"), first)
    assert said("commit", "a", "-m", "odd").code == 0
    found = said("diff", "main", "a", "--json").json["files"]
    assert sorted(x["path"] for x in found) == sorted(paths)
    assert said("diff", "main", "a", "--content").code == 0
    assert said("cat", "a", "--", paths[1]).out == "1\n"
    assert said("promote", "a").code == 0
    assert [(repo.path / path).read_text() for path in paths] == ["1\n", "1\n"]
    second = repo.lane("b")
    repo.write({paths[1]: "2\n"}, second)
    repo.write({paths[1]: "3\n"}, first)
    shared = said("overlap", "--json")
    assert shared.code == 1
    assert paths[1] in str(shared.json) or repr(paths[1])[1:-1] in str(shared.json)
    assert said("restore", "main", "a", "--force").code == 0
    assert (first / paths[1]).read_text() == "1\n"
    assert said("restore", "a/s1", "a").code == 0
    assert (first / paths[1]).read_text() == "3\n"
    assert said("commit", "b", "-m", "two", cwd=second).code == 0
    assert said("promote", "b").code == 0
    assert said("commit", "a", "-m", "three", "--", paths[1], cwd=first).code == 0
    assert said("promote", "a").code == 1
    assert said("workspace", "update", "b").code == 0
    repo.fsck()


def test_twins_in_case(repo: TestRepo, said: Cli) -> None:
    """Twins of one lane are its own business; twins that two lanes make are a collision."""
    repo.lane("a", {"Twin": "1\n", "twin": "2\n"})
    assert said("promote", "a").code == 0
    assert (repo.path / "Twin").read_text() + (repo.path / "twin").read_text() == "1\n2\n"
    repo.lane("b", {"Makefile": "b\n"})
    repo.lane("c", {"makefile": "c\n"})
    assert said("promote", "b").code == 0
    refused = said("promote", "c", "--json")
    assert (refused.code, refused.json["collisions"][0]["kind"]) == (1, "case")
    place = repo.workspace("a")
    assert said("restore", "main", "a").code == 0
    assert sorted(x for x in os.listdir(place) if x.lower() == "twin") == ["Twin", "twin"]


@pytest.mark.slow
def test_a_directory_of_30_000_files(repo: TestRepo, said: Cli) -> None:
    """So many files in one directory are taken in, landed, changed and removed."""
    place = repo.lane("auth")
    for number in range(30_000):
        (place / "src" / f"{number}.txt").write_text("one of many\n")
    assert said("commit", "auth", "-m", "many").code == 0
    assert said("promote", "auth").code == 0
    assert repo.git("status", "--porcelain") == ""
    repo.write({"src/7.txt": "changed\n", "src/8.txt": None}, place)
    assert said("commit", "auth", "-m", "few").code == 0
    found = said("diff", "main", "auth", "--json").json["files"]
    assert [x["path"] for x in found] == ["src/7.txt", "src/8.txt"]
    assert said("promote", "auth").code == 0
    assert said("delete", "auth", "--yes").code == 0
    assert not place.exists()
    repo.fsck()
