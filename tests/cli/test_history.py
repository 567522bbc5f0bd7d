"""history, show, diff, export: what is told of the past, and what goes out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.fixture
def story(repo: TestRepo, cli: Cli) -> TestRepo:
    """Two lanes with an accepted, a rejected, a superseded and an open attempt, one landing."""
    place = repo.lane("auth")
    repo.write({"auth.py": "1\n"}, place)
    cli("commit", "auth", "-m", "Accepted", "--agent", "claude", "--tag", "bug", "--cost", "0.5")
    repo.write({"auth.py": "2\n"}, place)
    cli("propose", "auth", "-m", "Rejected", "--agent", "gpt", "--tokens-in", "10")
    cli("reject", "auth/2", "--reason", "no")
    other = repo.lane("ui")
    repo.write({"ui.py": "1\n"}, other)
    cli("propose", "ui", "-m", "Superseded", "--agent", "gpt", "--tag", "ui", "--tag", "bug")
    repo.write({"ui.py": "2\n"}, other)
    cli("propose", "ui", "-m", "Open", "--agent", "gpt", "--tokens-in", "3", "--tokens-out", "4")
    cli("promote", "auth")
    return repo


def ids(ran: Ran) -> list[str]:
    """Return the attempts that history told of."""
    assert ran.code == 0, ran.err
    return [x["attempt"]["id"] for x in ran.json["attempts"]]


@pytest.mark.usefixtures("story")
def test_history_as_a_table(cli: Cli) -> None:
    """The one that changed last comes first, with agent, cost and title; unknown is a dash."""
    assert cli("history").out.splitlines() == [
        "ATTEMPT  STATUS      AGENT   COST         TITLE",
        "main/1   accepted    -       -            Promote lane auth into main",
        "ui/2     proposed    gpt     3/4 tokens   Open",
        "ui/1     superseded  gpt     -            Superseded",
        "auth/2   rejected    gpt     10/? tokens  Rejected",
        "auth/1   accepted    claude  0.5 USD      Accepted",
    ]


FILTERS: tuple[tuple[list[str], list[str]], ...] = (
    ([], ["main/1", "ui/2", "ui/1", "auth/2", "auth/1"]),
    (["--lane", "auth"], ["auth/2", "auth/1"]),
    (["auth"], ["auth/2", "auth/1"]),
    (["--status", "proposed"], ["ui/2"]),
    (["--status", "accepted"], ["main/1", "auth/1"]),
    (["--status", "rejected"], ["auth/2"]),
    (["--status", "superseded"], ["ui/1"]),
    (["--agent", "gpt"], ["ui/2", "ui/1", "auth/2"]),
    (["--tag", "bug"], ["ui/1", "auth/1"]),
    (["--tag", "bug", "--agent", "gpt"], ["ui/1"]),
    (["--limit", "2"], ["main/1", "ui/2"]),
    (["-n", "0"], []),
    (["--agent", "gpt", "-n", "1"], ["ui/2"]),
    (["--since", "1 hour ago"], ["main/1", "ui/2", "ui/1", "auth/2", "auth/1"]),
    (["--since", "2099-01-01"], []),
    (["--agent", "nobody"], []),
)


@pytest.mark.usefixtures("story")
def test_history_is_filtered(cli: Cli) -> None:
    """Every filter, alone and together, leaves just the attempts that fit."""
    for options, found in FILTERS:
        assert ids(cli("history", "--json", *options)) == found, options


@pytest.mark.usefixtures("story")
def test_history_in_full(cli: Cli) -> None:
    """With -v each attempt is told with all that is recorded about it."""
    told = cli("history", "-v", "-n", "1", "--status", "rejected").out
    told = re.sub(r"\d{4}-[-0-9T:.]+Z", "TIME", re.sub("[0-9a-f]{40}", "OID", told))
    assert told == (
        "attempt auth/2 (rejected)\n"
        "  Commit:    OID\n"
        "  Change-Id: IOID\n"
        "  Agent:     gpt\n"
        "  Proposed:  TIME\n"
        "  Decided:   TIME\n"
        "  Reason:    no\n"
        "  Cost:      10/? tokens\n"
        "  Check:     decision fail\n"
        "\n"
        "    Rejected\n"
        "\n"
    )


@pytest.mark.usefixtures("story")
def test_a_bad_filter(cli: Cli) -> None:
    """A lane that is not there is 128 with the nearest name, a bad status or limit is 129."""
    assert cli("history", "--lane", "auht") == Ran(
        128, "", "error: lane 'auht' not found\nhint: did you mean 'auth'?\n"
    )
    assert cli("history", "--status", "odd").code == 129
    assert cli("history", "--limit", "-1").code == 129


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    "status", ["odd", "", "Accepted", "accepted ", "superseded\n", "a\x1b[31m"]
)
def test_an_unknown_status(cli: Cli, status: str) -> None:
    """A status that no attempt can have is a usage error that lists those there are."""
    done = cli("history", f"--status={status}")
    assert (done.code, done.out) == (129, "")
    known = "is not one of 'proposed', 'accepted', 'rejected', 'superseded', 'undone'"
    first, hint = done.err.splitlines()
    assert first.startswith("error: invalid value for '--status': ")
    assert first.endswith(known)
    assert hint == "hint: see 'git lanes history -h'"
    assert "\x1b" not in first


def test_history_within_one_second_is_in_order(repo: TestRepo, cli: Cli) -> None:
    """Operations of one second on several lanes are told in the order in which they happened."""
    expected = []
    for number in range(3):
        for lane in ("b", "a", "c"):
            if number == 0:
                repo.work(lane)
            expected.append(repo.commit(lane, {f"{lane}{number}": "x\n"}))
    assert ids(cli("history", "--json")) == expected[::-1]


def test_show_an_attempt(story: TestRepo, cli: Cli) -> None:
    """`show ATTEMPT` ends with the files that it changed."""
    assert cli("show", "auth/1").out.endswith("    Accepted\n\nM\tauth.py\n")
    told = cli("show", "ui/2", "--json").json
    assert [(x["path"], x["action"], x["old_mode"]) for x in told["files"]] == [
        ("ui.py", "added", None)
    ]
    commit = told["attempts"][0]["attempt"]["commit"]
    assert told["files"][0]["new_oid"] == story.rev(f"{commit}:ui.py")


def test_show_an_operation_and_a_commit(story: TestRepo, cli: Cli) -> None:
    """An operation is found by its id or a beginning, a commit by any name git has for it."""
    note = cli("show", "main", "--json").json["attempts"][0]["notes"]["intents"][-1]
    told = cli("show", note["operation"], "--json").json
    assert told["kind"] == "operation"
    assert sorted(x["record"]["name"] for x in told["entries"]) == ["auth", "main"]
    assert {x["operation"] for x in told["entries"]} == {note["operation"]}
    assert cli("show", note["operation"][:-3]).out.startswith(f"operation {note['operation']}\n")
    seen = cli("show", "HEAD", "--json").json
    assert (seen["kind"], seen["commit"]) == ("commit", story.rev("HEAD"))
    assert seen["notes"]["intents"][0]["attempt"] == "main/1"


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("auht", "state 'auht' not found\nhint: did you mean 'auth'?"),
        ("auth/9", "attempt 'auth/9' not found\nhint: attempts are named LANE/NUMBER;"),
        ("auht/1", "lane 'auht' not found\nhint: did you mean 'auth'?"),
        ("auth/s7", "snapshot 'auth/s7' not found\nhint: see 'git lanes show auth'"),
        ("I" + "0" * 40, "change 'I" + "0" * 40 + "' not found\nhint: see 'git lanes history'"),
        ("01a1fd43-ffff", "operation '01a1fd43-ffff' not found\nhint: see 'git lanes history'"),
        ("-x", "state '-x' not found\nhint: name a lane, an attempt, a snapshot or a git revision"),
    ],
)
def test_show_what_is_not_there(cli: Cli, name: str, said: str) -> None:
    """An unknown object is 128 with the nearest name or where to look."""
    done = cli("show", "--", name)
    assert (done.code, done.out) == (128, "")
    assert done.err.startswith(f"error: {said}")


def test_diff_of_any_two_states(story: TestRepo, cli: Cli) -> None:
    """Lanes, attempts, snapshots, world states and revisions compare, as names and letters."""
    story.write({"auth.py": None, "new.txt": "n\n"}, story.workspace("auth"))
    tree = cli("snapshot", "auth").out.strip()
    assert cli("diff", "main~1", "auth").out == "M\tauth.py\n"
    assert cli("diff", "auth", tree).out == "D\tauth.py\nA\tnew.txt\n"
    assert cli("diff", "auth", "auth/s1").out == "D\tauth.py\nA\tnew.txt\n"
    assert cli("diff", "auth", "ui/2").out == "M\tauth.py\nA\tui.py\n"
    assert cli("diff", "auth", "auth/1") == Ran(0, "", "")


def test_diff_with_content(story: TestRepo, cli: Cli) -> None:
    """`--content` is git's own patch, `--stat` git's own summary; JSON has files and text."""
    patch = story.git("diff-tree", "-r", "-p", "--binary", "main~1", "refs/lanes/head/auth")
    assert cli("diff", "main~1", "auth", "--content").out == f"{patch}\n"
    assert "1 file changed" in cli("diff", "main~1", "auth", "--stat").out
    told = cli("diff", "main~1", "auth", "--content", "--json").json
    assert told["text"] == f"{patch}\n"
    assert told["files"][0] | {"path": "auth.py", "action": "modified"} == told["files"][0]


def test_the_patch_applies(story: TestRepo, cli: Cli) -> None:
    """What `diff --content` prints is what `git apply` takes, binary and odd bytes included."""
    place = story.workspace("ui")
    story.write({"bin": bytes(range(256)), "crlf": b"a\r\nb", "latin": b"\xe9\n"}, place)
    story.commit("ui", {})
    patch = cli("diff", "main", "ui", "--content").out
    target = story.lane("target")
    (target / "p").write_bytes(patch.encode("utf-8", "surrogateescape"))
    story.git("apply", "--binary", "p", cwd=target)
    assert (target / "bin").read_bytes() == bytes(range(256))
    assert (target / "latin").read_bytes() == b"\xe9\n"


def test_export_makes_and_moves_a_branch(story: TestRepo, cli: Cli) -> None:
    """A branch at the lane's head is made, then fast-forwarded; again it changes nothing."""
    head = story.rev("refs/lanes/head/auth")
    assert cli("export", "auth", "--branch", "out/auth") == Ran(
        0, f"new branch out/auth at {head[:12]}\n", ""
    )
    assert story.rev("out/auth") == head
    assert cli("export", "auth", "--branch", "out/auth").out == f"branch out/auth at {head[:12]}\n"
    story.commit("auth", {"more.txt": "m\n"})
    told = cli("export", "auth", "--branch", "out/auth", "--json").json
    assert told == {
        "schema": "gitlanes.export/1",
        "lane": "auth",
        "branch": "out/auth",
        "commit": story.rev("out/auth"),
        "old": head,
        "form": "as-is",
        "base": None,
        "commits": [story.rev("out/auth")],
        "patches": [],
        "repository": None,
        "remote": None,
    }
    assert story.rev("out/auth") == story.rev("refs/lanes/head/auth")


def test_export_overwrites_nothing(story: TestRepo, cli: Cli) -> None:
    """A branch with other commits, or one that is checked out, is refused and stays."""
    story.git("branch", "mine", "main")
    assert cli("export", "ui", "--branch", "mine") == Ran(
        128,
        "",
        "error: branch 'mine' has commits that the lane has not\n"
        "hint: choose another branch with --branch\n",
    )
    story.commit("ui", {"more.txt": "m\n"})
    assert cli("export", "ui", "--branch", "main") == Ran(
        128,
        "",
        f"error: branch 'main' is checked out in '{story.path}'\n"
        "hint: choose another with --branch, or take that directory off it first\n",
    )
    assert cli("export", "ui", "--branch", "bad..name").code == 129
    assert story.rev("mine") == story.rev("main")


def test_unique_beginnings(repo: TestRepo, cli: Cli) -> None:
    """`show` takes a beginning of a Change-Id or an operation's id, unless it fits several."""
    repo.work("auth", {"auth.py": "1\n"})
    repo.commit("auth", {"auth.py": "2\n"})
    change = str(repo.lanes.show("auth/1").attempts[0].attempt.change_id)
    whole = cli("show", change)
    assert whole.out.startswith("attempt auth/1 (accepted)\n")
    assert cli("show", change[:12]) == whole
    operation = repo.git("log", "-1", "--format=%b", "refs/lanes/journal/auth")
    operation = operation.partition('"operation":"')[2][:36]
    whole = cli("show", operation)
    assert whole.out.startswith(f"operation {operation}\n  commit auth/2: ")
    assert cli("show", operation[:-1]) == whole
    assert cli("show", operation[:5]) == Ran(
        128,
        "",
        f"error: operation '{operation[:5]}' not found\nhint: it fits 4 of them: give more of it\n",
    )


def test_a_world_state(repo: TestRepo, cli: Cli) -> None:
    """The tree that `snapshot` prints names the newest attempt or snapshot that has it."""
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    tree = cli("snapshot", "auth").out.strip()
    assert cli("show", tree) == Ran(0, f"snapshot auth/s1\n  tree {tree}\n", "")
    assert cli("show", tree, "--json").json["kind"] == "state"
    assert cli("trace", tree).code == 0
    repo.commit("auth", {})
    assert cli("show", tree).out == cli("show", "auth/1").out
    assert cli("trace", tree).out == cli("trace", "auth/1").out
    unknown = repo.rev("main:src")
    assert cli("show", unknown) == Ran(
        128,
        "",
        f"error: state '{unknown}' not found\n"
        "hint: name a lane, an attempt, a snapshot or a git revision\n",
    )
