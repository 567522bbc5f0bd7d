"""Files that surely are what the index has, without asking git."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from gitlanes.git.unchanged import surely
from tests.support.repos import TestRepo

_PATH = "src/app.py"


def says(repo: TestRepo, *paths: str) -> bool:
    """Ask about some files as HEAD has them."""
    wanted = {}
    for path in paths or (_PATH,):
        mode, _, oid = repo.git("ls-tree", "HEAD", path).split("\t")[0].split()
        wanted[path.encode()] = mode, oid
    return surely(str(repo.path / ".git"), str(repo.path), wanted)


def test_what_git_checked_out_is_unchanged(repo: TestRepo) -> None:
    """In the same instant and later, touched by nobody, links and programs too."""
    os.symlink("auth.py", repo.path / "link")
    (repo.path / "auth.py").chmod(0o755)
    repo.git("add", "-A")
    repo.git("commit", "-qm", "more")
    assert says(repo, _PATH, "auth.py", "link")
    time.sleep(0.02)
    repo.git("update-index", "--force-write-index")
    assert says(repo, _PATH, "auth.py", "link")


def _edit(repo: TestRepo) -> None:
    repo.write({_PATH: "other\n"})


def _edit_and_hide(repo: TestRepo) -> None:
    """Same size, and the time that the file had."""
    before = (repo.path / _PATH).stat()
    (repo.path / _PATH).write_text("App\n")
    os.utime(repo.path / _PATH, ns=(before.st_atime_ns, before.st_mtime_ns))


def _stage(repo: TestRepo) -> None:
    _edit(repo)
    repo.git("add", _PATH)


def _replace_by_link(repo: TestRepo) -> None:
    (repo.path / _PATH).unlink()
    os.symlink("x", repo.path / _PATH)


@pytest.mark.parametrize(
    "change",
    [
        _edit,
        _edit_and_hide,
        _stage,
        _replace_by_link,
        lambda repo: (repo.path / _PATH).unlink(),
        lambda repo: (repo.path / _PATH).chmod(0o755),
        lambda repo: repo.git("rm", "-q", "--cached", _PATH),
        lambda repo: repo.git("update-index", "--skip-worktree", _PATH),
        lambda repo: repo.git("update-index", "--assume-unchanged", _PATH),
        lambda repo: repo.git("update-index", "--index-version", "4"),
        lambda repo: (repo.path / ".git/index").unlink(),
    ],
)
def test_of_all_else_it_does_not_say_so(
    repo: TestRepo, change: Callable[[TestRepo], object]
) -> None:
    """Whatever may be an edit, and whatever git keeps otherwise, is for git to say."""
    repo.git("update-index", "-q", "--refresh")
    assert says(repo)
    change(repo)
    assert not says(repo)
