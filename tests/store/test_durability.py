"""What is fsynced: what git would, as core.fsync says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gitlanes.git.settings import Settings
from tests.support.repos import TestRepo

# `git lanes commit`, telling on its error output which files of ours it fsyncs.
_TELLING = """
import os, sys
from gitlanes.__main__ import run
real = os.fsync
def fsync(file):
    print("fsync", os.readlink(f"/proc/self/fd/{file}"), file=sys.stderr)
    real(file)
os.fsync = fsync
sys.argv = ["git-lanes", "commit", "auth", "-m", "x"]
run()
"""


def fsynced(repo: TestRepo, setting: str) -> set[str]:
    """Commit in lane auth with that core.fsync; return what was fsynced."""
    repo.write({"auth.py": setting}, repo.workspace("auth"))
    done = subprocess.run(
        [sys.executable, "-c", _TELLING],
        cwd=repo.path,
        env={**repo.environ, "GIT_CONFIG_PARAMETERS": f"'core.fsync={setting}'"},
        capture_output=True,
        text=True,
        check=True,
    )
    names = [x.removeprefix("fsync ") for x in done.stderr.splitlines() if x.startswith("fsync ")]
    return {"objects" if "/objects/" in name else name.rpartition("/")[2] for name in names}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("", set()),
        ("none", set()),
        ("index,pack", set()),
        ("-loose-object", set()),
        ("loose-object", {"objects"}),
        ("objects", {"objects"}),
        ("reference", {"pending.new", "lanes.json.new"}),
        ("committed,-loose-object", {"objects", "pending.new", "lanes.json.new"}),
        ("index, all", {"objects", "pending.new", "lanes.json.new"}),
    ],
)
def test_as_git_would(repo: TestRepo, setting: str, expected: set[str]) -> None:
    """Objects are fsynced where git's are, and our own records where its refs are."""
    repo.lane("auth")
    assert fsynced(repo, setting) == expected


def test_the_older_setting(repo: TestRepo) -> None:
    """core.fsyncObjectFiles counts, as git still reads it."""
    repo.lane("auth")
    repo.git("config", "core.fsyncObjectFiles", "true")
    assert fsynced(repo, "") == {"objects"}


def test_packs_are_fsynced_unless_git_is_told_not_to(repo: TestRepo) -> None:
    """By default git does that, whatever else it is told to fsync besides."""
    told = {"": True, "reference": True, "none": False, "-pack": False, "none,objects": True}
    for setting, expected in told.items():
        repo.git("config", "core.fsync", setting)
        assert Settings(repo.inner().git).fsyncs("pack") == expected, setting
