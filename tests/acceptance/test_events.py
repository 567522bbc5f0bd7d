"""Events, as whoever listens sees them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.cli import Ran, spawn_cli
from tests.support.packages import install
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

BROKEN = """
def on_event(event):
    raise RuntimeError("no telephone")
"""


def test_what_a_story_tells(repo: TestRepo, cli: Cli, tmp_path: Path) -> None:
    """Each step is an event, in order, with its data; a listener that fails changes nothing."""
    install(tmp_path / "site", "broken", BROKEN, {"gitlanes.hooks": {"broken": ""}})
    paths = f"{tmp_path / 'site'}{os.pathsep}{repo.environ['PYTHONPATH']}"
    environ = {**repo.environ, "PYTHONPATH": paths}
    since = cli("events", "--json").json["cursor"]
    spawn_cli(repo.path, environ, "events", "--deliver")
    cli("new", "auth", "--agent", "coder-1", "--meta", "ticket=7")
    place = repo.workspace("auth")
    heads = [repo.rev("main")]
    for number in (1, 2):
        repo.write({f"{number}.py": "x\n", "auth.py": f"{number}\n"}, place)
        args = ("-m", f"step {number}", "--agent", "coder-1", "--meta", f"run={number}")
        heads.append(cli("commit", "auth", *args, "--json").json["attempt"]["commit"])
    cli("new", "more", "--from", "auth", "--agent", "coder-2")
    repo.write({"more.py": "x\n"}, repo.workspace("more"))
    heads.append(cli("commit", "more", "-m", "more", "--json").json["attempt"]["commit"])
    cli("abandon", "more")
    refs = repo.refs()

    told: list[dict[str, Any]] = cli("events", "--since", since, "--json").json["events"]
    assert [(x["kind"], x["lane"], x["commit"], x["parent"]) for x in told] == [
        ("lane.opened", "auth", heads[0], None),
        ("attempt.proposed", "auth", heads[1], heads[0]),
        ("attempt.accepted", "auth", heads[1], heads[0]),
        ("attempt.proposed", "auth", heads[2], heads[1]),
        ("attempt.accepted", "auth", heads[2], heads[1]),
        ("lane.opened", "more", heads[2], None),
        ("attempt.proposed", "more", heads[3], heads[2]),
        ("attempt.accepted", "more", heads[3], heads[2]),
        ("lane.abandoned", "more", heads[3], None),
    ]
    trailer = "--format=%(trailers:key=Change-Id,valueonly,separator=)"
    changes = [repo.git("log", "-1", trailer, x) for x in heads[1:]]
    assert [x["change_id"] for x in told if x["attempt"]] == [y for x in changes for y in (x, x)]
    assert [x["paths"] for x in told[2::2]][:2] == [["1.py", "auth.py"], ["2.py", "auth.py"]]
    assert [x["metadata"] for x in told[:5:2]] == [{"ticket": "7"}, {"run": "1"}, {"run": "2"}]
    assert [x["subject"] for x in told[1:5:2]] == ["step 1", "step 2"]
    assert {x["agent"] for x in told[:5]} == {"coder-1"}
    assert told[5]["source"] == "auth"

    ran = spawn_cli(repo.path, environ, "events", "--deliver")
    assert (ran.code, ran.out) == (0, "broken: 9 told\n")
    assert ran.err == "warning: hook 'broken' failed in on_event: RuntimeError: no telephone\n"
    assert repo.refs() == refs
    again = cli("events", "--since", since, "--json").json["events"]
    assert again == told
