"""new --sparse …, edit, rename, archive, unarchive, list --tree: whole outputs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def refused(message: str, hint: str = "", code: int = 128) -> Ran:
    """Return how a refusal looks."""
    return Ran(code, "", f"error: {message}\n" + (f"hint: {hint}\n" if hint else ""))


def test_new_with_all_that_is_said(repo: TestRepo, cli: Cli) -> None:
    """`show` and `list -v` tell what `new` was told; the first sparse lane says what it costs."""
    said = ("--description", "log in\nand out", "--meta", "team=core", "--meta", "a=b=c")
    done = cli("new", "auth", "--sparse", "src/", "--mode", "squash", *said)
    place, tip = repo.path.with_name("repo.lanes") / "auth", repo.rev("main")
    assert done == Ran(
        0,
        f"new lane auth at {tip[:12]}, workspace {place}\n",
        "warning: extensions.worktreeConfig is on now in this repository's git config: "
        "git's sparse checkouts need it\n",
    )
    rows = cli("show", "auth").out.splitlines()
    assert [x for x in rows if not x.startswith(("  created:", "  updated:"))] == [
        "lane auth (active)",
        f"  head:    {tip}",
        f"  fork:    {tip}",
        f"  path:    {place}",
        "  mode:    squash",
        "  sparse:  src",
        "  meta:    a=b=c",
        "  meta:    team=core",
        "  about:   log in",
        "  about:   and out",
        "",
    ]
    assert [x[:10] for x in rows if x.startswith(("  created:", "  updated:"))] == [
        "  created:",
        "  updated:",
    ]
    assert cli("list", "-v").out.splitlines() == [
        "LANE  HEAD          STATE   OPEN  LAST                               DESCRIPTION",
        f"auth  {tip[:12]}  active  -     new lane auth                      log in\\x0aand out",
        f"main  {tip[:12]}  active  -     adopt the repository as lane main  -",
    ]
    told = cli("show", "auth", "--json").json["lane"]
    assert (told["description"], told["mode"]) == ("log in\nand out", "squash")
    assert (told["meta"], told["sparse"]) == ({"team": "core", "a": "b=c"}, ["src"])


@pytest.mark.parametrize(
    ("args", "answer"),
    [
        (
            ("--sparse", "nope"),
            refused("sparse directory 'nope' not found", "look with: git ls-tree -d {tip}"),
        ),
        (
            ("--sparse", "auth.py"),
            refused("sparse directory 'auth.py' not found", "it is a file"),
        ),
        (
            ("--sparse", "../x"),
            refused(
                "bad sparse directory '../x': it contains '..'",
                "name a directory from the top of the repository, such as src/api",
                129,
            ),
        ),
        (
            ("--sparse", "/etc"),
            refused(
                "bad sparse directory '/etc': it is an absolute path",
                "name a directory from the top of the repository, such as src/api",
                129,
            ),
        ),
        (
            ("--sparse", "a\nb\x1b[31m"),
            refused(
                r"bad sparse directory 'a\x0ab\x1b[31m': it has a control character",
                "name a directory from the top of the repository, such as src/api",
                129,
            ),
        ),
        (
            ("--mode", "fast"),
            refused(
                "invalid value for '--mode': 'fast' is not one of 'merge', 'squash', 'replay'",
                "see 'git lanes new -h'",
                129,
            ),
        ),
        (("--meta", "x"), refused("--meta takes NAME=VALUE, not 'x'", code=129)),
        (
            ("--description", "x" * 5000),
            refused(
                "description and meta of a lane have 5000 characters, more than 4000",
                "put long texts into a file, and name that",
                129,
            ),
        ),
    ],
    ids=lambda x: "-" if isinstance(x, Ran) else ascii(" ".join(x)[:30]),
)
def test_new_refuses(repo: TestRepo, cli: Cli, args: tuple[str, ...], answer: Ran) -> None:
    """What a lane cannot be limited to or be said to be is one clear line, and no lane."""
    tip = repo.rev("main")[:12]
    wanted = Ran(answer.code, "", answer.err.replace("{tip}", tip))
    assert cli("new", "auth", *args) == wanted
    assert "refs/lanes/journal/auth" not in repo.refs()


def test_edit(cli: Cli) -> None:
    """`edit` says what changed; again, there is nothing to change."""
    cli("new", "auth")
    args = ("edit", "auth", "--description", "log in", "--meta", "a=1", "--mode", "replay")
    assert cli(*args) == Ran(0, "edited lane auth: description, meta, mode\n", "")
    answer = refused(
        "nothing to edit: lane 'auth' is like that already", "see 'git lanes show auth'", 1
    )
    assert cli(*args) == answer
    assert cli("edit", "auth") == answer
    told = cli("edit", "auth", "--unset-meta", "a", "--unset-mode", "--json").json
    assert (told["schema"], told["changed"]) == ("gitlanes.edited/1", ["meta", "mode"])
    assert cli("edit", "auth", "--mode", "merge", "--unset-mode") == refused(
        "--mode and --unset-mode exclude each other", code=129
    )
    assert cli("edit", "nobody", "--mode", "merge") == refused(
        "lane 'nobody' not found", "see 'git lanes list'"
    )
    assert cli("edit", "auth", "--mode", "merge", "--expect", "0000000").code == 75


def test_rename(repo: TestRepo, cli: Cli) -> None:
    """`rename` says where the workspace stays; the old name leads to the new one."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    assert cli("rename", "auth", "login") == Ran(
        0, "renamed lane auth to login\n", f"its workspace stays where it is: {place}\n"
    )
    answer = refused("lane 'auth' not found", "it is called 'login' now")
    commands = (
        *(("status",), ("path",), ("commit",), ("propose",), ("snapshot",), ("promote",)),
        *(("history",), ("archive",), ("delete", "--yes"), ("delete",), ("export",)),
        *(("edit", "--description", "x"), ("workspace", "create"), ("workspace", "remove")),
    )
    for words in commands:
        assert cli(*words, "auth") == answer, words
    assert cli("show", "auth") == answer
    assert cli("new", "ui", "--from", "auth") == answer
    assert cli("show", "auth/1").out.startswith("attempt auth/1 (accepted)\n")
    assert cli("path", cwd=place) == Ran(0, f"{place}\n", "")
    assert cli("path", "login") == Ran(0, f"{place}\n", "")
    told = cli("rename", "login", "sign-in", "--json").json
    assert (told["schema"], told["old"]) == ("gitlanes.renamed/1", "login")
    assert told["lane"]["name"] == "sign-in"


def test_rename_refuses(repo: TestRepo, cli: Cli) -> None:
    """Each name that cannot be says why, and what to do."""
    cli("new", "auth", "--no-workspace")
    cli("new", "ui", "--no-workspace")
    cli("new", "gone", "--no-workspace")
    cli("delete", "gone", "--yes")
    before = repo.refs()
    assert cli("rename", "auth", "ui") == refused(
        "lane 'ui' exists already", "see 'git lanes show ui'"
    )
    assert cli("rename", "auth", "gone") == refused(
        "name 'gone' was another lane's, which is deleted",
        "its records are kept under that name: choose another",
    )
    assert cli("rename", "auth", "AUTH") == refused(
        "lane 'AUTH' differs from lane 'auth' only in case",
        "some file systems cannot tell them apart: choose another name",
    )
    assert cli("rename", "auth", "auth") == refused(
        "nothing to rename: lane 'auth' has that name already", code=1
    )
    assert cli("rename", "auth", "../x") == refused(
        "bad lane name '../x': it has a character or a beginning that is not allowed",
        "use letters, digits, '.', '_' and '-', at most 100 of them",
    )
    assert cli("rename", "auth", "login", "--expect", "0000000").code == 75
    assert repo.refs() == before


def test_archive_and_back(repo: TestRepo, cli: Cli) -> None:
    """An archived lane is out of the lists, and says how it comes back."""
    repo.lane("auth")
    tip = repo.rev("main")[:12]
    assert cli("archive", "auth") == Ran(0, "archived lane auth\n", "")
    main = f"main  {tip}  active    -     adopt the repository as lane main"
    assert "auth" not in cli("list").out + cli("status").out
    assert cli("list", "--archived").out.splitlines() == [
        "LANE  HEAD          STATE     OPEN  LAST",
        f"auth  {tip}  archived  -     archive lane auth",
        main,
    ]
    answer = refused("lane 'auth' is archived", "bring it back with 'git lanes unarchive auth'")
    assert cli("workspace", "create", "auth") == answer
    assert cli("promote", "auth") == answer
    assert cli("archive", "auth") == refused(
        "nothing to archive: lane 'auth' is archived already",
        "see 'git lanes list --archived'",
        1,
    )
    assert cli("unarchive", "auth") == Ran(
        0,
        "lane auth is active\n",
        "hint: give it a workspace with 'git lanes workspace create auth'\n",
    )
    assert cli("unarchive", "auth") == refused(
        "nothing to unarchive: lane 'auth' is active already", code=1
    )
    assert cli("archive", "auth", "--json").json["lane"]["status"] == "archived"


def test_archive_refuses_what_would_be_lost(repo: TestRepo, cli: Cli) -> None:
    """Open attempts and unsaved work are named; forced, the snapshot is."""
    place = repo.lane("auth")
    repo.propose("auth", {"auth.py": "a\n"})
    assert cli("archive", "auth") == refused(
        "lane 'auth' has open attempts: auth/1", "accept or reject them first, or use --force"
    )
    repo.write({"unsaved.txt": "u\n"}, place)
    assert cli("archive", "auth") == refused(
        "workspace of lane 'auth' has 1 unsaved file",
        "propose them, or use --force: a snapshot is taken first",
    )
    assert cli("archive", "main") == refused(
        "lane 'main' is the repository's own", "other lanes can be archived"
    )
    assert cli("archive", "auth", "--force") == Ran(
        0,
        "archived lane auth\n",
        "its unsaved work is in snapshot auth/s1\n"
        "hint: get it back with 'git lanes new NAME --from auth/s1'\n",
    )


def test_list_as_a_tree(repo: TestRepo, cli: Cli) -> None:
    """Lanes hang below the lane that they were started from, over hidden and deleted ones."""
    for name, start in [("a", "main"), ("b", "a"), ("c", "b"), ("d", "main"), ("e", "a")]:
        cli("new", name, "--from", start, "--no-workspace")

    def tree(*args: str) -> list[str]:
        rows = cli("list", "--tree", *args).out.splitlines()
        return [x.partition(repo.rev("main")[:12])[0].rstrip() for x in rows[1:]]

    assert tree() == ["main", "|-- a", "|   |-- b", "|   |   `-- c", "|   `-- e", "`-- d"]
    cli("archive", "b")
    assert tree() == ["main", "|-- a", "|   |-- c", "|   `-- e", "`-- d"]
    assert tree("--archived")[2:4] == ["|   |-- b", "|   |   `-- c"]
    cli("delete", "a", "--yes")
    cli("rename", "main", "trunk")
    assert tree() == ["trunk", "|-- c", "|-- d", "`-- e"]
    told = {x["name"]: (x["origin"], x["above"]) for x in cli("list", "--json").json["lanes"]}
    assert told == {
        "c": ("b", "trunk"),
        "d": ("trunk", "trunk"),
        "e": ("a", "trunk"),
        "trunk": (None, None),
    }


def test_without_a_name_inside_a_workspace(repo: TestRepo, cli: Cli) -> None:
    """There `edit` and `archive` are about its lane; elsewhere the lane has to be named."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    assert cli("edit", "--mode", "squash", cwd=place) == Ran(0, "edited lane auth: mode\n", "")
    assert cli("archive", cwd=place) == Ran(0, "archived lane auth\n", "")
    assert not place.exists()
    assert cli("archive", cwd=repo.path.parent).code == 128
    assert cli("archive") == refused(
        "lane 'main' is the repository's own", "other lanes can be archived"
    )
