"""What the page about CI shows works as written, with git alone on the receiving side."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.support.repos import TestRepo

_PAGE = Path(__file__).parents[2] / "docs" / "ci.md"
_TEST = "#!/bin/sh\n! grep -rq broken --include='*.py' .\n"


def steps() -> list[str]:
    """Return the scripts of the workflow's steps."""
    found = re.findall(r"        run: \|\n((?:          .*\n)+)", _PAGE.read_text())
    return [textwrap.dedent(x) for x in found]


@pytest.fixture
def received(repo: TestRepo, tmp_path: Path) -> TestRepo:
    """A clone that has only what was pushed: main, and a lane's branch under review."""
    repo.save({"ci/test.sh": _TEST})
    repo.lanes.import_branch("main")
    repo.work("auth")
    for number, content in enumerate(("fine\n", "broken\n", "broken still\n"), 1):
        repo.commit("auth", {"auth.py": content}, f"Step {number}")
    repo.lanes.export("auth", branch="review/auth", form="linear")
    server = tmp_path / "server.git"
    repo.git("init", "--quiet", "--bare", "--initial-branch=main", str(server))
    repo.git("push", "--quiet", str(server), "main", "review/auth")
    place = tmp_path / "received"
    repo.git("clone", "--quiet", "--branch", "review/auth", str(server), str(place))
    return TestRepo(place, repo.environ)


def run(repo: TestRepo, script: str) -> subprocess.CompletedProcess[bytes]:
    """Run a step as the host does."""
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(shell, cwd=repo.path, env=repo.environ, capture_output=True, check=False)


def test_the_workflow(received: TestRepo) -> None:
    """Its first step passes, and the second stops at the commit that broke the tests."""
    ids, tests = steps()
    assert run(received, ids).returncode == 0
    done = run(received, tests)
    assert done.returncode != 0
    assert received.git("log", "-1", "--format=%s") == "Step 2", os.fsdecode(done.stderr)


def test_a_commit_without_an_id_is_noticed(received: TestRepo) -> None:
    """The first step fails where somebody pushed such a commit."""
    received.save({"more.py": "m\n"})
    assert run(received, steps()[0]).returncode != 0


def test_bisecting(received: TestRepo) -> None:
    """Plain `git bisect run` names the commit."""
    received.git("bisect", "start", "review/auth", "origin/main")
    said = received.git("bisect", "run", "sh", "ci/test.sh")
    first = received.git("rev-parse", "review/auth~1")
    assert f"{first} is the first bad commit" in said


def test_nothing_of_ours_is_there(received: TestRepo) -> None:
    """The clone has no ref of ours, and reads like any other."""
    assert not [x for x in received.refs() if "lanes" in x]
    log = received.git("log", "--format=%s", "origin/main..HEAD").splitlines()
    assert log == ["Step 3", "Step 2", "Step 1"]
    received.fsck()
