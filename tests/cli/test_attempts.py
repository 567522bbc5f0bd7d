"""propose, commit, accept, reject: what they record, and what stock git reads of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Ran, spawn_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

EVERYTHING = (
    *("--prompt", "Fix the login\n\nIt fails on empty names."),
    *("--agent", "claude@auth", "--agent-type", "claude-code", "--agent-version", "2.1"),
    *("--session", "s-1", "--model", "opus", "--tag", "bug", "--tag", "ü"),
    *("--context", "ISSUE-7", "--context", "docs/login.md", "--meta", "k=v=w", "--meta", "n=1"),
    *("--tokens-in", "1200", "--tokens-out", "0", "--cache-read", "1000", "--cache-write", "50"),
    *("--api-calls", "3", "--wall", "1m30s", "--cost", "0.4200"),
)


def note(repo: TestRepo, kind: str, commit: str) -> list[dict[str, Any]]:
    """Return the records of a note as stock git shows it, without ids and times."""
    lines = repo.git("notes", f"--ref=lanes/{kind}", "show", commit).splitlines()
    records = [json.loads(line) for line in lines]
    for record in records:
        assert record.pop("schema") == f"gitlanes.{kind[:-1]}/1"
        for key in ("id", "time", "operation", "attempt_uuid"):
            assert record.pop(key)
    return records


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth, with an edit and a new file."""
    place = repo.lane("auth")
    repo.write({"auth.py": "edited\n", "new.txt": "n\n"}, place)
    return place


def test_propose_offers_the_files_and_leaves_them(repo: TestRepo, cli: Cli, place: Path) -> None:
    """The attempt is one commit on the lane's head; files stay, HEAD and index are at it."""
    done = cli("propose", "auth", "-m", "Edit")
    attempt = cli("show", "auth/1", "--json").json["attempts"][0]["attempt"]
    assert done == Ran(
        0,
        f"proposed auth/1 {attempt['commit'][:12]} Edit\n",
        "hint: decide with 'git lanes accept auth/1' or 'git lanes reject auth/1'\n",
    )
    assert repo.rev(f"{attempt['commit']}^") == repo.rev("main")
    assert repo.git("rev-parse", "HEAD", cwd=place) == attempt["commit"]
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert repo.rev("refs/lanes/head/auth") == repo.rev("main")
    assert repo.files(attempt["commit"])["new.txt"] == "n"
    repo.fsck()


@pytest.mark.usefixtures("place")
def test_all_of_the_intent_and_cost_is_in_the_notes(repo: TestRepo, cli: Cli) -> None:
    """Every option of `propose` is in the intent's and the cost's note, and nothing else is."""
    told = cli("propose", "auth", *EVERYTHING, "--json").json["attempt"]
    about = {"attempt": "auth/1", "kind": "work", "change_id": told["change_id"]}
    assert note(repo, "intents", told["commit"]) == [
        {
            **about,
            "prompt": "Fix the login\n\nIt fails on empty names.",
            "agent": {"id": "claude@auth", "type": "claude-code", "version": "2.1"},
            "session": "s-1",
            "model": "opus",
            "tags": ["bug", "ü"],
            "context": ["ISSUE-7", "docs/login.md"],
            "meta": {"k": "v=w", "n": "1"},
        }
    ]
    assert note(repo, "costs", told["commit"]) == [
        {
            **about,
            "input_tokens": 1200,
            "output_tokens": 0,
            "cache_read_input_tokens": 1000,
            "cache_creation_input_tokens": 50,
            "api_calls": 3,
            "wall_ms": 90000,
            "amount": "0.4200",
            "currency": "USD",
        }
    ]
    assert told["title"] == "Fix the login"


@pytest.mark.usefixtures("place")
def test_what_is_unknown_is_absent(repo: TestRepo, cli: Cli) -> None:
    """Without options there is an intent that says nothing, and no cost at all."""
    told = cli("commit", "auth", "--json").json["attempt"]
    assert note(repo, "intents", told["commit"]) == [
        {"attempt": "auth/1", "kind": "work", "change_id": told["change_id"]}
    ]
    shown = repo.git("notes", "--ref=lanes/costs", "show", told["commit"], check=False)
    assert shown == ""
    assert told["title"] == "Work in lane auth"


@pytest.mark.usefixtures("place")
def test_git_log_shows_the_records(repo: TestRepo, cli: Cli) -> None:
    """`git log --notes='lanes/*'` shows intent and cost under the commit."""
    cli("commit", "auth", "-m", "Edit", "--agent", "claude", "--cost", "1")
    said = repo.git("log", "-1", "--notes=lanes/*", "refs/lanes/head/auth")
    assert "Notes (lanes/intents):" in said
    assert '"agent":{"id":"claude"}' in said
    assert "Notes (lanes/costs):" in said
    assert '"amount":"1"' in said


@pytest.mark.usefixtures("place")
def test_the_decision_is_an_evaluation(repo: TestRepo, cli: Cli) -> None:
    """Who accepts, why, and every check are evaluations on the attempt's commit."""
    told = cli("propose", "auth", "-m", "Edit", "--json").json["attempt"]
    said = ("--by", "reviewer", "--reason", "fine", "--check", "tests=pass", "--check", "lint=fail")
    done = cli("accept", "auth/1", *said)
    assert done == Ran(0, f"accepted auth/1 {told['commit'][:12]} Edit\n", "")
    about = {"attempt": "auth/1", "kind": "work", "change_id": told["change_id"], "by": "reviewer"}
    assert note(repo, "evaluations", told["commit"]) == [
        {**about, "name": "tests", "passed": True},
        {**about, "name": "lint", "passed": False},
        {**about, "name": "decision", "passed": True, "reason": "fine"},
    ]
    shown = cli("show", "auth/1", "--json").json["attempts"][0]["attempt"]
    assert (shown["status"], shown["by"], shown["reason"]) == ("accepted", "reviewer", "fine")
    assert repo.rev("refs/lanes/head/auth") == told["commit"]


def test_a_rejection_leaves_the_files(repo: TestRepo, cli: Cli, place: Path) -> None:
    """A rejection keeps its reason and moves HEAD back to the base; the edits are edits again."""
    told = cli("propose", "auth", "-m", "Edit", "--json").json["attempt"]
    done = cli("reject", "auth/1", "--by", "reviewer", "--reason", "no", "--check", "tests=fail")
    assert done == Ran(0, f"rejected auth/1 {told['commit'][:12]} Edit\n", "")
    assert [(x["name"], x["passed"]) for x in note(repo, "evaluations", told["commit"])] == [
        ("tests", False),
        ("decision", False),
    ]
    assert repo.git("rev-parse", "HEAD", cwd=place) == repo.rev("main")
    assert repo.git("status", "--porcelain", cwd=place) == " M auth.py\n?? new.txt"
    assert (place / "auth.py").read_text() == "edited\n"
    assert repo.rev("refs/lanes/head/auth") == repo.rev("main")


def test_a_rejection_leaves_what_the_agent_went_on_with(
    repo: TestRepo, cli: Cli, place: Path
) -> None:
    """Where the agent committed on top of its proposal, reject does not move HEAD off that."""
    cli("propose", "auth", "-m", "Edit")
    repo.write({"later.txt": "l\n"}, place)
    repo.git("add", "--all", cwd=place)
    repo.git("commit", "--quiet", "-m", "later", cwd=place)
    later = repo.git("rev-parse", "HEAD", cwd=place)
    cli("reject", "auth/1")
    assert repo.git("rev-parse", "HEAD", cwd=place) == later


@pytest.mark.parametrize("verb", ["propose", "reject", "commit"])
def test_a_branch_of_the_agents_stays_where_it_is(
    repo: TestRepo, cli: Cli, place: Path, verb: str
) -> None:
    """A HEAD that the agent put on a branch is detached; the branch is left alone."""
    if verb == "reject":
        cli("propose", "auth", "-m", "Edit")
    repo.git("checkout", "--quiet", "-b", "mine", cwd=place)
    at = repo.rev("mine")
    done = cli("reject", "auth/1") if verb == "reject" else cli(verb, "auth", "-m", "Edit")
    assert done.code == 0
    assert repo.rev("mine") == at
    assert repo.git("symbolic-ref", "--quiet", "HEAD", cwd=place, check=False) == ""


def test_the_agents_own_commits_are_part_of_it(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Commits that the agent made itself become one attempt; the journal and intent keep them."""
    own = []
    for number in (1, 2):
        repo.write({f"own{number}.txt": "o\n"}, place)
        repo.git("add", "--all", cwd=place)
        repo.git("commit", "--quiet", "-m", f"own {number}", cwd=place)
        own.append(repo.git("rev-parse", "HEAD", cwd=place))
    told = cli("commit", "auth", "--json").json["attempt"]
    assert told["title"] == "own 2"
    assert repo.git("log", "--format=%P", "-1", told["commit"]) == repo.rev("main")
    assert {"auth.py", "new.txt", "own1.txt", "own2.txt"} < set(repo.files(told["commit"]))
    assert note(repo, "intents", told["commit"])[0]["commits"] == own
    repo.git("reflog", "expire", "--expire=now", "--all", cwd=place)
    repo.git("gc", "--quiet", "--prune=now")
    assert repo.git("log", "-1", "--format=%s", own[0]) == "own 1"


@pytest.mark.parametrize(
    ("options", "title"),
    [
        (["-m", "Message\n\nBody", "--prompt", "Prompt"], "Message"),
        (["--prompt", "\n  First line  \nsecond"], "First line"),
        ([], "Work in lane auth"),
    ],
)
@pytest.mark.usefixtures("place")
def test_where_the_message_comes_from(
    repo: TestRepo, cli: Cli, options: list[str], title: str
) -> None:
    """The message is -m, else the prompt's first line, else it names the lane."""
    assert cli("commit", "auth", *options, "--json").json["attempt"]["title"] == title
    assert repo.git("log", "-1", "--format=%s", "refs/lanes/head/auth") == title


def test_the_prompt_from_stdin_and_from_a_file(repo: TestRepo, cli: Cli, place: Path) -> None:
    """`--prompt -`, `--prompt-file -` and `--prompt-file FILE` read it whole."""
    for number, option in enumerate(("--prompt=-", "--prompt-file=-"), 1):
        repo.write({"auth.py": f"{number}\n"}, place)
        ran = spawn_cli(place, repo.environ, "commit", option, stdin="From stdin\n\nall of it\n")
        assert ran.code == 0, ran.err
        told = note(repo, "intents", "refs/lanes/head/auth")[0]
        assert told["prompt"] == "From stdin\n\nall of it\n"
    repo.write({"auth.py": "3\n", "../prompt.md": "From a file\n"}, place)
    assert cli("commit", "--prompt-file", "../prompt.md", cwd=place).code == 0
    assert repo.git("log", "-1", "--format=%s", "refs/lanes/head/auth") == "From a file"


@pytest.mark.parametrize("source", ["file", "stdin"])
def test_a_nul_byte_in_the_prompt(repo: TestRepo, place: Path, source: str) -> None:
    """In a prompt's first line, which would be the message, it is refused; with -m it is kept."""
    before = repo.refs()
    repo.write({"../prompt.md": "a\0b\nsecond\n"}, place)
    option = "--prompt=-" if source == "stdin" else "--prompt-file=../prompt.md"

    def commit(*args: str) -> Ran:
        return spawn_cli(place, repo.environ, "commit", option, *args, stdin="a\0b\nsecond\n")

    assert commit() == Ran(129, "", "error: a commit message cannot contain a NUL byte\n")
    assert repo.refs() == before
    assert commit("-m", "Title").code == 0
    assert note(repo, "intents", "refs/lanes/head/auth")[0]["prompt"] == "a\0b\nsecond\n"
    shown = spawn_cli(place, repo.environ, "show", "auth/1")
    assert "    > a\\x00b\n    > second\n" in shown.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--wall", "soon"], "bad duration 'soon'"),
        (["--cost", "much"], "bad amount of money 'much'"),
        (["--cost", "-1"], "bad amount of money '-1'"),
        (["--cost", "NaN"], "bad amount of money 'NaN'"),
        (["--cost", "1e5000"], "bad amount of money '1e5000'"),
        (["--cost", "1" * 40], f"bad amount of money '{'1' * 40}'"),
        (["--cost", "-0"], "bad amount of money '-0'"),
        (["--meta", "nothing"], "--meta takes NAME=VALUE, not 'nothing'"),
        (["--prompt", "a", "--prompt-file", "b"], "--prompt and --prompt-file exclude each other"),
        (["--change", "I123"], "bad change id 'I123'"),
        (["--tokens-in", "-1"], "invalid value for '--tokens-in': -1 is not in the range x>=0"),
        (["--prompt-file", "not/there"], "cannot read the prompt file 'not/there': "),
        (["--no-such"], "no such option"),
    ],
)
@pytest.mark.usefixtures("place")
def test_bad_options(repo: TestRepo, cli: Cli, options: list[str], said: str) -> None:
    """An option that makes no sense is one line and exit 129; nothing is recorded."""
    before = repo.refs()
    done = cli("commit", "auth", *options)
    assert (done.code, done.out) == (129, "")
    assert done.err.splitlines()[0].startswith(f"error: {said}")
    assert repo.refs() == before


@pytest.mark.usefixtures("place")
def test_a_bad_check(cli: Cli) -> None:
    """A check that is neither pass nor fail is refused with 129."""
    cli("propose", "auth", "-m", "Edit")
    assert cli("accept", "auth/1", "--check", "tests=maybe") == Ran(
        129, "", "error: check 'tests' is 'maybe'\nhint: say pass or fail\n"
    )


@pytest.mark.parametrize("verb", ["propose", "commit"])
def test_nothing_to_propose(repo: TestRepo, cli: Cli, verb: str) -> None:
    """Without changes both verbs exit 1 with a line that says so, and move nothing."""
    repo.lane("auth")
    before = repo.refs()
    assert cli(verb, "auth") == Ran(
        1,
        "",
        "error: nothing to propose: workspace of lane 'auth' has no changes\n"
        "hint: edit files there first\n",
    )
    assert repo.refs() == before


@pytest.mark.usefixtures("place")
def test_the_same_content_is_not_proposed_twice(cli: Cli) -> None:
    """Content that an open attempt has already is no second proposal; commit accepts it."""
    cli("propose", "auth", "-m", "Edit")
    assert cli("propose", "auth", "-m", "Edit") == Ran(
        1,
        "",
        "error: nothing to propose: auth/1 has this content already\n"
        "hint: accept or reject it: git lanes accept auth/1\n",
    )
    done = cli("commit", "auth", "-m", "Edit", "--json")
    assert (done.json["attempt"]["id"], done.json["superseded"]) == ("auth/2", ["auth/1"])


def test_only_some_paths(repo: TestRepo, cli: Cli, place: Path) -> None:
    """After --, only those files and directories are part; the others stay unsaved."""
    repo.write({"src/app.py": "edited\n", "src/more.py": "m\n"}, place)
    told = cli("commit", "-m", "part", "--json", "--", "src", "new.txt", cwd=place).json["attempt"]
    assert repo.git("diff", "--name-only", "main", told["commit"]).split() == [
        "new.txt",
        "src/app.py",
        "src/more.py",
    ]
    assert told["whole"] is False
    assert repo.git("status", "--porcelain", cwd=place) == " M auth.py"
    done = cli("commit", "auth", "-m", "rest")
    assert done.code == 0
    assert repo.git("diff", "--name-only", "HEAD~", "HEAD", cwd=place) == "auth.py"


def test_paths_are_relative_to_where_one_stands(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Paths count from the present directory inside the workspace, from its top elsewhere."""
    repo.write({"src/app.py": "edited\n"}, place)
    cli("propose", "-m", "one", "--", "app.py", cwd=place / "src")
    cli("propose", "auth", "-m", "two", "--", "new.txt")
    for attempt, path in (("auth/1", "src/app.py"), ("auth/2", "new.txt")):
        told = cli("show", attempt, "--json").json
        assert [x["path"] for x in told["files"]] == [path]
    assert cli("propose", "auth", "-m", "x", "--", "../../repo/auth.py") == Ran(
        128,
        "",
        f"error: '../../repo/auth.py' is outside the workspace '{place}'\nhint: name files in it\n",
    )


def test_an_ignored_path_by_name(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Git's own reason is told, not the last of its hints."""
    repo.write({".gitignore": "built\n", "built": "1\n"}, place)
    assert cli("commit", "-m", "x", "--", "built", cwd=place) == Ran(
        128,
        "",
        "error: git add failed: The following paths are ignored by one of your .gitignore "
        "files: built\n",
    )


@pytest.mark.usefixtures("place")
def test_commit_without_accepting(repo: TestRepo, cli: Cli) -> None:
    """`commit --no-accept` only proposes."""
    assert cli("commit", "auth", "--no-accept", "-m", "x").out.startswith("proposed auth/1 ")
    assert repo.rev("refs/lanes/head/auth") == repo.rev("main")


def test_expect(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Every verb with --expect exits 75 where the lane is elsewhere, and moves nothing."""
    cli("propose", "auth", "-m", "x")
    repo.write({"auth.py": "again\n"}, place)
    before = repo.refs()
    for args in (
        ("propose", "auth"),
        ("commit", "auth"),
        ("accept", "auth/1"),
        ("reject", "auth/1"),
    ):
        done = cli(*args, "--expect", "0" * 40)
        assert (done.code, done.out) == (75, "")
        assert done.err.startswith(f"error: lane 'auth' is at {repo.rev('main')[:12]}, not at 0000")
    assert repo.refs() == before
    assert cli("accept", "auth/1", "--expect", repo.rev("main")[:9]).code == 0


@pytest.mark.parametrize("verb", ["accept", "reject"])
@pytest.mark.usefixtures("place")
def test_an_attempt_is_decided_once(cli: Cli, verb: str) -> None:
    """A decided attempt is refused with what became of it and who decided."""
    cli("propose", "auth", "-m", "x")
    cli("reject", "auth/1", "--by", "reviewer")
    assert cli(verb, "auth/1") == Ran(
        128,
        "",
        "error: auth/1 is rejected already by reviewer\n"
        "hint: only proposed attempts can be decided; propose the work again\n",
    )


def test_a_stale_attempt_is_laid_on_the_present_head(repo: TestRepo, cli: Cli) -> None:
    """An attempt accepted after its lane moved on is a new commit with the same Change-Id.

    The attempt names both commits, and the records are on both.
    """
    place = repo.lane("auth")
    repo.write({"one.txt": "1\n"}, place)
    cli("propose", "auth", "-m", "one", "--agent", "claude")
    (place / "one.txt").unlink()
    repo.write({"two.txt": "2\n"}, place)
    cli("propose", "auth", "-m", "two", "--change", "new", "--agent", "gpt")
    cli("accept", "auth/1")
    told = cli("accept", "auth/2", "--json").json["attempt"]
    assert told["landed"] != told["commit"]
    assert repo.rev("refs/lanes/head/auth") == told["landed"]
    assert {"one.txt", "two.txt"} < set(repo.files(told["landed"]))
    assert told["change_id"] in repo.git("log", "-1", "--format=%B", told["landed"])
    assert note(repo, "intents", told["landed"]) == note(repo, "intents", told["commit"])


def test_a_stale_attempt_that_collides_stays_proposed(repo: TestRepo, cli: Cli) -> None:
    """Accepting it exits 1 naming the path and the winner; it can be rejected afterwards."""
    place = repo.lane("auth")
    repo.write({"auth.py": "one\n"}, place)
    cli("propose", "auth", "-m", "one", "--agent", "claude")
    repo.write({"auth.py": "two\n"}, place)
    cli("propose", "auth", "-m", "two", "--change", "new", "--agent", "gpt")
    cli("accept", "auth/1")
    before = repo.refs()
    assert cli("accept", "auth/2") == Ran(
        1,
        "",
        "collision: 'auth.py': source modified it in auth/2 by gpt; "
        "target modified it in auth/1 by claude\n"
        "error: auth/2 collides with the head of lane 'auth' on 1 path\n"
        "hint: redo the work on the lane's head, or git lanes reject auth/2\n",
    )
    assert repo.refs() == before
    assert cli("reject", "auth/2").code == 0


def test_a_merge_with_conflicts_is_not_proposed(repo: TestRepo, cli: Cli, place: Path) -> None:
    """In the middle of a conflicted merge the verbs are refused with the way out."""
    repo.git("add", "--all", cwd=place)
    repo.git("commit", "--quiet", "-m", "own", cwd=place)
    repo.save({"auth.py": "of people\n"})
    repo.git("merge", "--quiet", "main", cwd=place, check=False)
    done = cli("commit", "auth", "-m", "x")
    assert done == Ran(
        128,
        "",
        "error: workspace of lane 'auth' has unmerged files from a merge\n"
        "hint: resolve and 'git add' them, or run 'git merge --abort' there\n",
    )


def test_commit_from_the_root(repo: TestRepo, cli: Cli) -> None:
    """A commit from the repository's own directory is like `git commit -a` with new files."""
    repo.write({"auth.py": "edited\n", "new.txt": "n\n"})
    done = cli("commit", "-m", "from the root")
    head = repo.rev("main")
    assert done == Ran(0, f"accepted main/1 {head[:12]} from the root\nbranch main follows\n", "")
    assert repo.git("status", "--porcelain") == ""
    assert repo.rev("refs/lanes/head/main") == head
    assert repo.files("HEAD") == {"auth.py": "edited", "new.txt": "n", "src/app.py": "app"}
