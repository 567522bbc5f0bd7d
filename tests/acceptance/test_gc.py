"""What becomes of lanes that are done with: hidden, then gone but for what they did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import clock
from tests.support.cli import Ran
from tests.support.repos import TestRepo


def test_from_merged_to_pruned(
    repo: TestRepo, cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merged lane is archived, hidden, readable, then its branch and workspace go; no other."""
    real, passed = clock.now, [0.0]
    monkeypatch.setattr(clock, "now", lambda: real() + passed[0])

    def run(*args: str, where: Path | None = None) -> str:
        done = cli(*args, cwd=where or repo.path)
        assert done.code == 0, done.err
        return done.out

    repo.git("config", "lanes.archiveOnMerge", "true")
    for name in ("auth", "busy"):
        run("new", name)
        repo.write({f"{name}.txt": "work\n"}, Path(run("path", name).strip()))
        run("commit", name, "-m", f"write {name}")
        run("export", name, "--branch", f"out/{name}")
    run("workspace", "create", "auth", "--at", "auth/1", "--detached")
    looking = Path(run("path", "auth").strip()).with_name("auth@1")
    run("promote", "auth")
    assert [x["name"] for x in cli("list", "--json").json["lanes"]] == ["busy", "main"]
    assert run("cat", "auth/1", "auth.txt") == "work\n"
    assert run("gc", "--yes") == ""
    before = {x: y for x, y in repo.refs().items() if "auth" not in x}
    passed[0] = 31 * 86400.0
    told = run("gc", "--yes")
    assert [x.partition(":")[0] for x in told.splitlines()] == [
        f"workspace {looking}",
        "branch out/auth",
        "prune auth",
    ]
    assert not looking.exists()
    assert "refs/heads/out/auth" not in repo.refs()
    assert {x: y for x, y in repo.refs().items() if "auth" not in x} == before
    assert Path(run("path", "busy").strip()).is_dir()
    assert "write auth" in run("history", "auth")
    assert run("cat", "auth/1", "auth.txt") == "work\n"
    assert run("gc", "--yes") == ""
    repo.fsck()
