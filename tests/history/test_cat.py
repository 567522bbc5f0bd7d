"""cat: one file of any state, byte for byte."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def test_of_any_state(repo: TestRepo, cli: Cli) -> None:
    """Lanes, attempts, snapshots, world states and revisions have their own content."""
    repo.lane("auth", {"auth.py": "one\n"})
    repo.write({"auth.py": "unsaved\n"}, repo.workspace("auth"))
    tree = cli("snapshot", "auth").out.strip()
    for state, content in {
        "main": "login\n",
        "auth": "one\n",
        "auth/1": "one\n",
        "auth/s1": "unsaved\n",
        tree: "unsaved\n",
        "main~0": "login\n",
    }.items():
        assert cli("cat", state, "auth.py") == Ran(0, content, ""), state


def test_binary_files_and_links(repo: TestRepo, cli: Cli) -> None:
    """Every byte is printed as it is; a link prints its target, as git does."""
    data = bytes(range(256)) * 300
    place = repo.lane("auth")
    (place / "link").symlink_to("auth.py")
    repo.commit("auth", {"bin": data, "crlf": b"a\r\n", "empty": b""})
    assert os.fsencode(cli("cat", "auth", "bin").out) == data
    assert os.fsencode(cli("cat", "auth", "crlf").out) == b"a\r\n"
    assert cli("cat", "auth", "empty") == Ran(0, "", "")
    assert cli("cat", "auth", "link").out == "auth.py"
    assert repo.lanes.cat("auth", "bin") == data
    told = cli("cat", "auth", "link", "--json").json
    assert (told["mode"], told["content"], told["size"]) == ("120000", "auth.py", 7)


def test_paths_as_git_has_them(repo: TestRepo, cli: Cli) -> None:
    """A plain path is from the top, './' and '../' from here; out of the work tree is refused."""
    place = repo.lane("auth")
    inside = place / "src"
    assert cli("cat", "main", "auth.py", cwd=inside).out == "login\n"
    assert cli("cat", "main", "./app.py", cwd=inside).out == "app\n"
    assert cli("cat", "main", "../auth.py", cwd=inside).out == "login\n"
    assert cli("cat", "main", "src/app.py", cwd=place).out == "app\n"
    assert cli("cat", "main", "../../x", cwd=inside) == Ran(
        128,
        "",
        f"error: '../../x' is outside the work tree '{place}'\nhint: name files in it\n",
    )


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("auht.py", "auth.py"),
        ("src/ap.py", "src/app.py"),
        ("scr/app.py", "src/app.py"),
        ("app.py", "src/app.py"),
        ("auth.py/x", "auth.py"),
        ("zzz", None),
    ],
)
def test_the_nearest_path(repo: TestRepo, cli: Cli, path: str, near: str | None) -> None:
    """A path that is not there is 128 with the nearest one, or where to look."""
    tree = repo.rev("main^{tree}")[:12]
    hint = (
        f"did you mean '{near}'?"
        if near
        else (f"list the paths with: git ls-tree -r --name-only {tree}")
    )
    done = cli("cat", "main", path)
    assert done == Ran(128, "", f"error: path 'main:{path}' not found\nhint: {hint}\n")


def test_what_is_no_file(repo: TestRepo, cli: Cli) -> None:
    """Directories and submodules are refused with where to look instead."""
    tree = repo.rev("main:src")[:12]
    refused = Ran(
        128, "", f"error: 'src' is a directory in 'main'\nhint: list it with: git ls-tree {tree}\n"
    )
    assert cli("cat", "main", "src") == cli("cat", "main", "src/") == refused
    assert cli("cat", "main", ".").err.startswith("error: '' is a directory in 'main'\n")
    head = repo.rev("main")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    repo.git("commit", "--quiet", "-m", "sub")
    assert cli("cat", "HEAD", "sub") == Ran(
        128,
        "",
        f"error: 'sub' is a submodule in 'HEAD', at commit {head[:12]}\n"
        "hint: look into the submodule's own repository\n",
    )
    assert cli("cat", "mian", "x").err == (
        "error: state 'mian' not found\nhint: did you mean 'main'?\n"
    )


def test_odd_names(repo: TestRepo, cli: Cli) -> None:
    """Names with line breaks, tabs, dashes and bytes that are no UTF-8 are names."""
    names = {"-x": "1", "a\nb": "2", "t\tx": "3", os.fsdecode(b"\xe9"): "4", "--help": "5"}
    repo.work("auth", names)
    for name, content in names.items():
        assert cli("cat", "auth", "--", name).out == content


def test_on_a_terminal(repo: TestRepo) -> None:
    """On a terminal text is shown, and what could move the cursor about is refused."""
    repo.work("auth", {"bin": b"\x1b[31mred\x00", "text": "g\u00fcn\u00e9\n\tx\n"})
    assert in_terminal(repo, "cat", "auth", "text") == (0, "g\u00fcn\u00e9\r\n\tx\r\n")
    code, said = in_terminal(repo, "cat", "auth", "bin")
    assert code == 128
    assert said.replace("\r", "") == (
        "error: 'bin' has bytes that are no text for a terminal\n"
        "hint: send it into a file or a pipe\n"
    )


def in_terminal(repo: TestRepo, *args: str) -> tuple[int, str]:
    """Run the command line in a terminal of its own; return its exit code and what it showed."""
    here, there = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gitlanes", *args, "--no-pager"],
        cwd=repo.path,
        env={**repo.environ, "TERM": "dumb"},
        stdin=there,
        stdout=there,
        stderr=there,
    )
    os.close(there)
    said = b""
    try:
        while piece := os.read(here, 4096):
            said += piece
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(here)
    return process.wait(), said.decode()


def test_a_large_file_passes_through(repo: TestRepo, tmp_path: Path) -> None:
    """A large file is printed piece by piece into a pipe that closes early, without a word."""
    repo.lane("auth", {"large": b"x" * 5_000_000})
    command = [sys.executable, "-m", "gitlanes", "cat", "auth", "large"]
    with (
        open(tmp_path / "err", "wb") as err,
        subprocess.Popen(
            command, cwd=repo.path, env=repo.environ, stdout=subprocess.PIPE, stderr=err
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.read(10) == b"x" * 10
        process.stdout.close()
    assert (tmp_path / "err").read_bytes() == b""


def test_head_is_that_of_the_present_work_tree(repo: TestRepo, cli: Cli) -> None:
    """In a workspace HEAD, @ and what is reckoned from them are the workspace's own."""
    repo.save({"auth.py": "main 2\n"})
    repo.save({"auth.py": "main 3\n"})
    place = repo.lane("auth", {"auth.py": "one\n"})
    repo.commit("auth", {"auth.py": "two\n"})
    for state in ("HEAD", "@", "HEAD~0", "HEAD@{0}", "@{0}"):
        assert cli("cat", state, "auth.py", cwd=place).out == "two\n", state
        assert cli("cat", state, "auth.py").out == "main 3\n", state
    for state in ("HEAD~1", "@~", "HEAD^", "HEAD@{1}"):
        assert cli("cat", state, "auth.py", cwd=place).out == "one\n", state
        assert cli("cat", state, "auth.py").out == "main 2\n", state
    for branch in ("MY_HEAD", "@home", "HEAD-on"):
        repo.git("branch", branch, "main~1")
        assert cli("cat", branch, "auth.py", cwd=place).out == "main 2\n", branch
    assert cli("new", "more", "--from", "HEAD", cwd=place).code == 0
    assert repo.lanes.head("more") == repo.lanes.head("auth")
    assert cli("restore", "HEAD~1", cwd=place).code == 0
    assert (place / "auth.py").read_text() == "one\n"
