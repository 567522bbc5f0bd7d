"""Which files are taken in, as settings say: lanes.exclude and lanes.maxBlobSize."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

RUBBISH = {
    "node_modules/a/index.js": "",
    "node_modules/b.js": "",
    "src/__pycache__/app.pyc": "",
    ".DS_Store": "",
    ".venv/bin/python": "",
}


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth, with an edit and what tools leave behind."""
    place = repo.lane("auth")
    repo.write({"auth.py": "edited\n", **RUBBISH}, place)
    return place


def test_what_tools_leave_behind_stays_out(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Proposals and snapshots leave it out, count it, and say so; status does not show it."""
    assert cli("status", cwd=place).out.splitlines()[-2:] == [
        "unsaved in the workspace of auth:",
        "   M auth.py",
    ]
    saved = cli("snapshot", "auth", "--json")
    assert (saved.json["skipped"], saved.code) == (4, 0)
    assert cli("snapshot", "auth").err.splitlines()[-1] == (
        "4 untracked paths skipped by lanes.exclude"
    )
    done = cli("commit", "auth", "-m", "Edit")
    assert done.err == "4 untracked paths skipped by lanes.exclude\n"
    assert cli("commit", "auth", "-q", "-m", "Edit").err.startswith("error: nothing to propose")
    assert set(repo.files("refs/lanes/head/auth")) == {"auth.py", "src/app.py"}
    assert {name for name in RUBBISH if (place / name).exists()} == set(RUBBISH)
    repo.write({"auth.py": "more\n"}, place)
    assert cli("propose", "auth", "-m", "x", "--json").json["skipped"] == 4
    repo.write({"auth.py": "amended\n"}, place)
    assert cli("commit", "auth", "--amend", "--json").json["skipped"] == 4


def test_nothing_else_is_unsaved(repo: TestRepo, place: Path) -> None:
    """A workspace with nothing else in it is removed without a snapshot."""
    repo.write({"auth.py": "login\n"}, place)
    assert repo.lanes.remove_workspace("auth") is None
    assert not place.exists()


def test_tracked_files_are_never_left_out(make_repo: Callable[..., TestRepo]) -> None:
    """A project that tracks its node_modules goes on doing so, deletions and all."""
    repo = make_repo({"node_modules/a.js": "a\n", "node_modules/b.js": "b\n"})
    place = repo.lane("auth")
    repo.write({"node_modules/a.js": "edited\n", "node_modules/b.js": None}, place)
    repo.write({"node_modules/new.js": "n\n"}, place)
    made = repo.lanes.commit("auth", message="x")
    assert repo.files("refs/lanes/head/auth") == {"node_modules/a.js": "edited"}
    assert made.skipped == 1
    repo.git("add", "--force", "node_modules/new.js", cwd=place)
    assert repo.lanes.commit("auth", message="x").skipped == 0
    assert "node_modules/new.js" in repo.files("refs/lanes/head/auth")


def test_patterns_are_added_and_forgotten(repo: TestRepo, place: Path) -> None:
    """Values add to the default, `!` takes one back, an empty one forgets those before it."""
    repo.write({"build.log": "", "x.pyc": ""}, place)
    for value, left in (
        ("*.log", {"auth.py"}),
        ("!__pycache__", {"auth.py"}),
        ("!*.pyc", {"auth.py", "src/__pycache__/app.pyc", "x.pyc"}),
        ("", {"auth.py", "build.log", "x.pyc", *RUBBISH}),
        ("node_modules", {"auth.py", "build.log", "x.pyc", *RUBBISH} - set(list(RUBBISH)[:2])),
    ):
        repo.git("config", "--add", "lanes.exclude", value)
        with repo.open(place) as lanes:
            assert {os.fsdecode(x) for _, x in lanes.status().unsaved} == left


@pytest.mark.parametrize("way", ["usual", "configured", "home"])
def test_the_user_s_own_ignores_count_still(repo: TestRepo, place: Path, way: str) -> None:
    """What a person's own file ignores stays ignored, wherever git would find it."""
    home = Path(repo.environ["HOME"])
    own = home / "xdg/git/ignore" if way == "usual" else home / "mine"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("*.secret\n")
    if way != "usual":
        name = "~/mine" if way == "home" else os.path.relpath(own, place)
        repo.git("config", "core.excludesFile", name)
    repo.write({"x.secret": "s\n"}, place)
    with repo.open(place) as lanes:
        assert [x for _, x in lanes.status().unsaved] == [b"auth.py"]
        made = lanes.commit("auth", message="x")
    assert made.skipped == 4
    assert "x.secret" not in repo.files("refs/lanes/head/auth")


def test_a_large_file_is_refused_by_name(repo: TestRepo, cli: Cli, place: Path) -> None:
    """100 MiB is the limit unless `lanes.maxBlobSize` says another; 0 is none."""
    (place / "big.bin").touch()
    os.truncate(place / "big.bin", (100 << 20) + 1)
    said = Ran(
        128,
        "",
        "error: a file is larger than lanes.maxBlobSize (100 MiB): 'big.bin' (104857601 bytes)\n"
        "hint: ignore what is not source (.gitignore, lanes.exclude), "
        "or raise the limit: git config lanes.maxBlobSize SIZE\n",
    )
    for command in (("commit", "-m", "x"), ("propose", "-m", "x"), ("snapshot",)):
        assert cli(command[0], "auth", *command[1:]) == said
    assert cli("workspace", "remove", "auth", "--force") == said
    assert cli("commit", "auth", "-m", "x", "--", "auth.py").code == 0
    repo.git("config", "lanes.maxBlobSize", "1k")
    os.truncate(place / "big.bin", 1025)
    assert "(1 KiB): 'big.bin' (1025 bytes)\n" in cli("commit", "auth", "-m", "x").err
    repo.git("config", "lanes.maxBlobSize", "0")
    assert cli("commit", "auth", "-m", "x").code == 0


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("huge", "lanes.maxBlobSize is 'huge', not a size"),
        ("-1", "lanes.maxBlobSize is '-1', not a size"),
        ("9" * 5000, f"lanes.maxBlobSize is '{'9' * 57}...', not a size"),
    ],
)
def test_a_limit_that_makes_no_sense(repo: TestRepo, cli: Cli, value: str, said: str) -> None:
    """A size that is none is named with its key."""
    repo.git("config", "lanes.maxBlobSize", value)
    assert cli("commit", "auth", "-m", "x") == Ran(
        128, "", f"error: {said}\nhint: see 'git lanes config --validate'\n"
    )
