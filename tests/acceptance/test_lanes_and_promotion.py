"""What gitlanes promises about lanes, attempts and promotion, through the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

AUTH = "".join(f"line {number}\n" for number in range(20))


@pytest.fixture
def repo(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """A repository with a file long enough to have two distant regions."""
    return make_repo({"auth.py": AUTH, "ui.py": "ui\n"})


def agent_commits(cli: Cli, repo: TestRepo, lane: str, files: dict[str, str]) -> str:
    """Let the lane's agent edit, and commit from its workspace; return the Change-Id."""
    place = Path(cli("path", lane).out.rstrip("\n"))
    repo.write(files, place)
    done = cli("commit", "-m", f"edit of {lane}", f"--agent=agent-{lane}", "--json", cwd=place)
    assert done.code == 0, done.err
    return str(done.json["attempt"]["change_id"])


def test_disjoint_lanes_both_land(repo: TestRepo, cli: Cli) -> None:
    """1. Two lanes from main edit different files and promote: both land.

    `git log` of main has both Change-Ids.
    """
    assert [cli("new", name).code for name in ("a", "b")] == [0, 0]
    changes = [
        agent_commits(cli, repo, "a", {"auth.py": AUTH + "a\n"}),
        agent_commits(cli, repo, "b", {"ui.py": "ui\nb\n"}),
    ]
    assert [cli("promote", name).code for name in ("a", "b")] == [0, 0]
    assert repo.files("main") == {"auth.py": AUTH.rstrip("\n") + "\na", "ui.py": "ui\nb"}
    log = repo.git("log", "--format=%(trailers:key=Change-Id,valueonly)", "main").split()
    assert set(changes) <= set(log)
    assert repo.git("status", "--porcelain") == ""
    repo.fsck()


def test_a_collision_is_refused(repo: TestRepo, cli: Cli) -> None:
    """2. B lands `auth.py`; A, forked earlier, edited another region of it.

    `promote` exits 1 naming the path, both attempts and agents; main has not moved.
    """
    for name in ("a", "b"):
        cli("new", name)
    agent_commits(cli, repo, "a", {"auth.py": "first\n" + AUTH})
    agent_commits(cli, repo, "b", {"auth.py": AUTH + "last\n"})
    assert cli("promote", "b").code == 0
    before = repo.refs()
    done = cli("promote", "a")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "collision: 'auth.py': source modified it in a/1 by agent-a; "
        "target modified it in b/1 by agent-b\n"
        "error: promoting 'a' into 'main' collides on 1 path\n"
        "hint: rerun the work on the new base (git lanes new NAME --from main), "
        "resolve by hand, or let the source win with --force PATH\n"
    )
    assert repo.refs() == before
    assert (repo.path / "auth.py").read_text() == AUTH + "last\n"


def test_force_overwrites_only_what_was_named(repo: TestRepo, cli: Cli) -> None:
    """3. The same with `--force PATH`: A's file wins, the record says what was overwritten.

    A path not named still refuses.
    """
    for name in ("a", "b"):
        cli("new", name)
    agent_commits(cli, repo, "a", {"auth.py": "a\n", "ui.py": "a\n"})
    agent_commits(cli, repo, "b", {"auth.py": "b\n", "ui.py": "b\n"})
    cli("promote", "b")
    theirs = repo.rev("main:auth.py")
    before = repo.refs()
    refused = cli("promote", "a", "--force", "auth.py", "--json")
    assert refused.code == 1
    assert [x["path"] for x in refused.json["collisions"]] == ["ui.py"]
    assert repo.refs() == before
    done = cli("promote", "a", "--force", "auth.py", "--force", "ui.py", "--json")
    assert done.code == 0, done.err
    assert [x["path"] for x in done.json["forced"]] == ["auth.py", "ui.py"]
    assert repo.files("main") == {"auth.py": "a", "ui.py": "a"}
    note = repo.git("notes", "--ref=lanes/intents", "show", "main")
    assert f'"oid":"{theirs}"' in note
    assert '"attempt":"b/1"' in note


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
def test_a_second_promotion_brings_only_the_second_edit(
    repo: TestRepo, cli: Cli, mode: str
) -> None:
    """4. A lane promoted, edited and promoted again lands only the second edit, in every mode."""
    for name in ("a", "b"):
        cli("new", name)
    agent_commits(cli, repo, "a", {"auth.py": "one\n"})
    assert cli("promote", "a", "--mode", mode).code == 0
    # Somebody takes the first edit further: a second promotion must not bring it back.
    repo.save({"auth.py": "one, and more\n"}, "people go on")
    agent_commits(cli, repo, "b", {"b.txt": "b\n"})
    assert cli("promote", "b", "--mode", mode).code == 0
    before = repo.rev("main")
    agent_commits(cli, repo, "a", {"ui.py": "two\n"})
    done = cli("promote", "a", "--mode", mode, "--json")
    assert done.code == 0, done.err
    assert done.json["source_only"] == ["ui.py"]
    assert repo.git("diff", "--name-only", before, "main") == "ui.py"
    assert repo.files("main") == {"auth.py": "one, and more", "b.txt": "b", "ui.py": "two"}
    repo.fsck()


@pytest.mark.parametrize(("second", "code"), [("auth.py", 1), ("ui.py", 0)])
def test_two_open_proposals_from_one_base(repo: TestRepo, cli: Cli, second: str, code: int) -> None:
    """5. Two open proposals of different changes from one base on one path.

    The first is accepted, accepting the second exits 1; on disjoint paths both are accepted.
    """
    place = repo.lane("a")
    repo.write({"auth.py": "one\n"}, place)
    assert cli("propose", "a", "-m", "one").code == 0
    repo.git("checkout", "--quiet", "main", "--", ".", cwd=place)
    repo.write({second: "two\n"}, place)
    assert cli("propose", "a", "-m", "two", "--change", "new").code == 0
    assert cli("accept", "a/1").code == 0
    before = repo.refs()
    done = cli("accept", "a/2", "--json")
    assert done.code == code
    if code:
        assert [x["path"] for x in done.json["collisions"]] == ["auth.py"]
        assert repo.refs() == before
        assert cli("show", "a/2", "--json").json["attempts"][0]["attempt"]["status"] == "proposed"
    else:
        assert repo.files("refs/lanes/head/a") == {"auth.py": "one", "ui.py": "two"}


def test_rejected_work_stays_readable(repo: TestRepo, cli: Cli) -> None:
    """9. A rejected attempt's content, prompt, cost and reviewer's reason are readable.

    After gc and after its lane's deletion.
    """
    place = repo.lane("a")
    repo.write({"auth.py": "rejected content\n"}, place)
    said = ["--prompt", "make it fast", "--agent", "claude", "--tokens-in", "7", "--cost", "0.42"]
    assert cli("propose", "a", *said).code == 0
    assert cli("reject", "a/1", "--by", "reviewer", "--reason", "too slow").code == 0
    repo.git("checkout", "--quiet", "main", "--", ".", cwd=place)
    assert cli("delete", "a", "--yes").code == 0
    shutil.rmtree(repo.path.with_name("repo.lanes"), ignore_errors=True)
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "--quiet", "--prune=now")
    told = cli("show", "a/1", "--json").json["attempts"][0]
    assert repo.git("show", f"{told['attempt']['commit']}:auth.py") == "rejected content"
    assert told["attempt"]["reason"] == "too slow"
    assert told["notes"]["intents"][0]["prompt"] == "make it fast"
    cost = told["notes"]["costs"][0]
    assert (cost["input_tokens"], cost["amount"], cost["currency"]) == (7, "0.42", "USD")
    judged = told["notes"]["evaluations"][0]
    assert (judged["by"], judged["reason"], judged["passed"]) == ("reviewer", "too slow", False)
    assert "a/1" in cli("history", "--status", "rejected").out
    repo.fsck()
