"""`status`, `list` and `history` as a user starts them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.empty_workspaces import plant
from benchmarks.kit.forests import grow
from benchmarks.kit.measuring import Bar, Bench, Side
from benchmarks.kit.past import Past
from gitlanes.events.cursor import encode
from tests.support.repos import TestRepo

ROUNDS = 25


@pytest.fixture(scope="module")
def peopled(
    place: Path, environ: dict[str, str], size: Callable[[int], int]
) -> Iterator[Callable[..., TestRepo]]:
    """A maker of bare repositories with so many lanes, of so many attempts each."""
    made: dict[tuple[int, int, bool], TestRepo] = {}

    def find(lanes: int, attempts: int, *, workspaces: bool = False) -> TestRepo:
        key = (lanes, attempts, workspaces)
        if key not in made:
            path = place / f"{lanes}-lanes-{attempts}{'-planted' if workspaces else ''}" / "repo"
            repo = made[key] = grow(path, environ, 10, bare=True)
            past = Past.of(repo)
            records = [past.lane(f"lane{at:04}", size(attempts)) for at in range(size(lanes))]
            past.finish()
            plant(repo, records if workspaces else [])
        return made[key]

    yield find
    for repo in made.values():
        repo.close()


@pytest.mark.parametrize("command", ["status", "list"])
def test_twenty_lanes(bench: Bench, peopled: Callable[..., TestRepo], command: str) -> None:
    """Twenty lanes, from outside any workspace, beside the import of the option parser."""
    repo = peopled(20, 5)
    assert len(listed(repo)) == 21
    bench.compare(
        f"git lanes {command}, 20 lanes",
        lambda _: lanes(repo, command),
        Side("import click", lambda _: git_side.importing("click", repo.path, repo.environ), 1.5),
        rounds=ROUNDS,
    )


def test_thousand_lanes(bench: Bench, peopled: Callable[..., TestRepo]) -> None:
    """A thousand lanes without workspaces, beside git's listing of their refs."""
    repo = peopled(1_000, 2)
    refs = ["git", "for-each-ref", "refs/lanes"]
    bench.compare(
        "git lanes list, 1,000 lanes",
        lambda _: lanes(repo, "list"),
        Side("git for-each-ref", lambda _: git_side.run(refs, repo.path, repo.environ)),
        bar=Bar(200),
        rounds=ROUNDS,
    )


def test_thousand_workspaces(bench: Bench, peopled: Callable[..., TestRepo]) -> None:
    """A thousand lanes with a workspace each, beside `git worktree list`."""
    repo = peopled(1_000, 2, workspaces=True)
    assert all(lane["path"] for lane in listed(repo) if lane["name"] != "main")
    trees = ["git", "worktree", "list"]
    bench.compare(
        "git lanes list, 1,000 lanes with workspaces",
        lambda _: lanes(repo, "list"),
        Side("git worktree list", lambda _: git_side.run(trees, repo.path, repo.environ)),
        bar=Bar(200),
        rounds=ROUNDS,
    )


@pytest.mark.parametrize("among", [1, 20])
def test_history(bench: Bench, peopled: Callable[..., TestRepo], among: int) -> None:
    """The last 50 of 10,000 attempts, beside git's log of as many with their notes."""
    repo = peopled(among, 10_000 // among)
    log = ["git", "log", "-50", "--notes=lanes/*", "--glob=refs/lanes/head/*"]
    told = json.loads(lanes(repo, "history", "--limit", "50", "--json"))["attempts"]
    assert len(told) == 50
    assert told[0]["notes"]["costs"]
    bench.compare(
        f"git lanes history --limit 50, 10,000 attempts in {among} lane{'s' * (among > 1)}",
        lambda _: lanes(repo, "history", "--limit", "50"),
        Side("git log -50 --notes", lambda _: git_side.run(log, repo.path, repo.environ)),
        bar=Bar(100),
        rounds=ROUNDS,
    )


def test_operations(bench: Bench, peopled: Callable[..., TestRepo]) -> None:
    """The last 50 of 10,000 operations of 20 lanes, beside git's log of their journals."""
    repo = peopled(20, 500)
    log = ["git", "log", "-50", "--glob=refs/lanes/journal/*"]
    assert len(json.loads(lanes(repo, "op", "log", "--json"))["operations"]) == 50
    bench.compare(
        "git lanes op log, 50 of 10,000 operations",
        lambda _: lanes(repo, "op", "log"),
        Side("git log -50 of the journals", lambda _: git_side.run(log, repo.path, repo.environ)),
        bar=Bar(150),
        rounds=ROUNDS,
    )


def test_new_events(bench: Bench, peopled: Callable[..., TestRepo]) -> None:
    """What 20 new operations say, after 10,000 others, beside git's log of all journals."""
    repo = peopled(20, 500)
    tips = dict(x.split() for x in journals(repo))
    # As somebody is who has read all but the last of one lane.
    tips["refs/lanes/journal/lane0000"] += "~20"
    since = encode(repo.rev(x) for x in tips.values())
    told = json.loads(lanes(repo, "events", "--since", since, "--json"))
    assert (len({x["entry"] for x in told["events"]}), told["more"]) == (20, False)
    log = ["git", "log", "-50", "--glob=refs/lanes/journal/*"]
    bench.compare(
        "git lanes events, 20 new after 10,000 operations",
        lambda _: lanes(repo, "events", "--since", since),
        Side("git log -50 of the journals", lambda _: git_side.run(log, repo.path, repo.environ)),
        bar=Bar(200),
        rounds=ROUNDS,
    )


def journals(repo: TestRepo) -> list[str]:
    """Return lines of each journal's ref and its newest entry."""
    shape = "--format=%(refname) %(objectname)"
    return repo.git("for-each-ref", shape, "refs/lanes/journal").splitlines()


def lanes(repo: TestRepo, *args: str) -> str:
    """Run the installed command outside any workspace, where GIT_DIR names the repository."""
    environ = {**repo.environ, "GIT_DIR": str(repo.path)}
    return git_side.run([git_side.LANES, *args], repo.path.parent, environ)


def listed(repo: TestRepo) -> list[dict[str, str]]:
    """Return the lanes as the command lists them."""
    found: list[dict[str, str]] = json.loads(lanes(repo, "list", "--json"))["lanes"]
    return found
