"""Two or more processes that want the same thing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.cli import Ran, spawn_cli
from tests.support.repos import TestRepo


def _at_once(repo: TestRepo, *commands: tuple[str, ...]) -> list[Ran]:
    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(lambda x: spawn_cli(repo.path, repo.environ, *x), commands))


def _attempt(repo: TestRepo, name: str) -> Any:
    found = (x["attempt"] for x in repo.lanes.history().to_dict()["attempts"])
    return next(x for x in found if x["id"] == name)


def test_twelve_new_lanes(repo: TestRepo) -> None:
    """Twelve processes make a lane with a workspace each; none fails."""
    done = _at_once(repo, *(("new", f"lane{x}") for x in range(12)))
    assert [x.code for x in done] == [0] * 12, [x.err for x in done]
    for number in range(12):
        place = repo.workspace(f"lane{number}")
        assert (place / "src/app.py").read_text() == "app\n"
        assert repo.git("status", "--porcelain", cwd=place) == ""
    repo.fsck()


def test_twelve_workspaces(repo: TestRepo) -> None:
    """Twelve processes give twelve lanes a workspace; none fails."""
    for number in range(12):
        repo.lanes.new(f"lane{number}", workspace=False)
    done = _at_once(repo, *(("workspace", "create", f"lane{x}") for x in range(12)))
    assert [x.code for x in done] == [0] * 12, [x.err for x in done]
    for number in range(12):
        assert repo.git("status", "--porcelain", cwd=repo.workspace(f"lane{number}")) == ""


def test_the_same_lane_twice(repo: TestRepo) -> None:
    """Of four processes that make the same lane one wins; with --exist-ok all do."""
    done = _at_once(repo, *[("new", "auth")] * 4)
    assert sorted(x.code for x in done) == [0, 128, 128, 128]
    assert {x.err.splitlines()[0] for x in done if x.code} == {"error: lane 'auth' exists already"}
    done = _at_once(repo, *[("new", "docs", "--exist-ok")] * 4)
    assert [x.code for x in done] == [0] * 4


def test_one_acceptance_wins(repo: TestRepo) -> None:
    """Two processes accept the same attempt: one does, the other is told who did."""
    repo.lane("auth")
    for number in range(1, 4):
        attempt = repo.propose("auth", {f"{number}.txt": "new\n"})
        done = _at_once(repo, *[("accept", attempt, "--by", f"judge{x}") for x in range(2)])
        won, lost = sorted(done, key=lambda x: x.code)
        winner = done.index(won)
        assert (won.code, lost.code) == (0, 128)
        assert lost.err.startswith(f"error: {attempt} is accepted already by judge{winner}\n")
        assert _attempt(repo, attempt)["by"] == f"judge{winner}"


def test_accept_against_reject(repo: TestRepo) -> None:
    """Of an acceptance and a rejection at once, the first decides."""
    repo.lane("auth")
    attempt = repo.propose("auth", {"new.txt": "new\n"})
    done = _at_once(repo, ("accept", attempt), ("reject", attempt))
    assert sorted(x.code for x in done) == [0, 128]
    accepted = done[0].code == 0
    assert _attempt(repo, attempt)["status"] == ("accepted" if accepted else "rejected")


def test_the_same_promotion_twice(repo: TestRepo) -> None:
    """Two processes promote the same lane: one lands it, the other finds nothing new."""
    repo.lane("auth", {"new.txt": "new\n"})
    done = _at_once(repo, ("promote", "auth"), ("promote", "auth"))
    assert sorted(x.code for x in done) == [0, 1]
    assert repo.git("log", "--format=%s", "--first-parent", "-1", "main") == (
        "Promote lane auth into main"
    )
