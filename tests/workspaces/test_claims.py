"""Claims: who keeps whom off, and what makes a claim stale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gitlanes import BadValue, CorruptRecord, Intent, Raced, Refused, Repo
from gitlanes.models.plain import replace
from gitlanes.models.workspaces import Owner
from gitlanes.workspaces.claims import stale_reason
from tests.support.cli import run_cli, spawn_cli
from tests.support.repos import TestRepo


@contextmanager
def sleeping() -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that does nothing, until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def owner(repo: TestRepo, lane: str = "auth") -> Owner:
    """Return who claimed a lane's workspace."""
    (found,) = repo.lanes.who(lane).workspaces
    assert found.owner is not None
    return found.owner


def stale(repo: TestRepo, lane: str = "auth") -> str | None:
    """Return why the claim on a lane's workspace holds no more."""
    (found,) = repo.lanes.who(lane).workspaces
    return found.stale


def state_file(repo: TestRepo, lane: str = "auth") -> Path:
    """Return where a workspace keeps its state."""
    return Path(repo.lanes.workspace(lane).git_dir, "lanes.json")


def change_owner(repo: TestRepo, **values: Any) -> None:
    """Write other values into the claim on lane auth."""
    path = state_file(repo)
    body = json.loads(path.read_text())
    body["owner"].update(values)
    path.write_text(json.dumps(body))


def as_agent(repo: TestRepo, name: str) -> Repo:
    """Open the repository as the environment's agent."""
    opened = Repo.open(repo.path, environ={**repo.environ, "GITLANES_AGENT": name})
    repo._opened.append(opened)
    return opened


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth, with an edit, claimed by agent a1 for an hour."""
    place = repo.lane("auth", {"auth.py": "first\n"})
    repo.write({"new.txt": "new\n"}, place)
    repo.lanes.claim("auth", agent="a1")
    return place


CHANGING = [
    ("commit", "auth", "-m", "x"),
    ("propose", "auth", "-m", "x"),
    ("commit", "auth", "--amend"),
    ("workspace", "update", "auth"),
    ("workspace", "switch", "other", "--workspace", "auth"),
    ("restore", "main", "auth"),
    ("workspace", "remove", "auth"),
    ("delete", "auth", "--yes"),
    ("archive", "auth"),
]


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("args", CHANGING, ids=" ".join)
@pytest.mark.parametrize("who", ["", "a2"])
def test_a_claim_keeps_others_off(repo: TestRepo, args: tuple[str, ...], who: str) -> None:
    """Nobody and another agent are refused, with the holder's name, and nothing moves."""
    repo.lanes.new("other", workspace=False)
    before, state = repo.refs(), state_file(repo).read_text()
    environ = {**repo.environ, "GITLANES_AGENT": who}
    done = run_cli(repo.path, environ, *args)
    assert (done.code, done.out) == (128, "")
    error, hint = done.err.splitlines()
    assert error.startswith("error: workspace of lane 'auth' is claimed by 'a1' since 2")
    assert hint.startswith("hint: its holder ends that with 'git lanes workspace release auth'")
    assert ("set GITLANES_AGENT" in hint) == (who == "")
    assert (repo.refs(), state_file(repo).read_text()) == (before, state)


@pytest.mark.parametrize("args", [x for x in CHANGING if "remove" not in x], ids=" ".join)
def test_the_holder_works_on(repo: TestRepo, place: Path, args: tuple[str, ...]) -> None:
    """The agent of the claim is let through by every verb."""
    repo.lanes.new("other", workspace=False)
    repo.write({"new.txt": None}, place)
    environ = {**repo.environ, "GITLANES_AGENT": "a1"}
    assert "claimed" not in run_cli(repo.path, environ, *args).err


@pytest.mark.usefixtures("place")
def test_agent_of_the_intent_says_who_one_is(repo: TestRepo) -> None:
    """`--agent` of a proposal is who asks, and goes before the environment."""
    with pytest.raises(Refused, match="claimed by 'a1'"):
        as_agent(repo, "a1").commit("auth", message="x", intent=Intent(agent="a2"))
    assert as_agent(repo, "a2").commit("auth", message="x", intent=Intent(agent="a1")).attempt


@pytest.mark.usefixtures("place")
def test_force_goes_on_with_a_warning(repo: TestRepo) -> None:
    """Where a verb has --force, a claim does not stop it, and is told."""
    repo.lanes.remove_workspace("auth", force=True)
    (warning,) = repo.lanes.take_warnings()
    assert warning.startswith("workspace of lane 'auth' is claimed by 'a1' since ")
    assert warning.endswith("; gone on by force")
    repo.lanes.create_workspace("auth")
    assert repo.lanes.who("auth").workspaces[0].owner is None


def test_the_claim_goes_with_the_directory(repo: TestRepo, place: Path) -> None:
    """Commits and updates keep it, and so does handing the directory to another lane."""
    repo.lanes.new("other", workspace=False)
    mine = as_agent(repo, "a1")
    mine.commit("auth", message="x")
    mine.update_workspace("auth")
    before = owner(repo)
    mine.switch_workspace("other", workspace="auth")
    assert owner(repo, "other") == before
    assert repo.workspace("other") == place


def test_a_second_claimer_is_refused_until_the_first_releases(repo: TestRepo) -> None:
    """One agent at a time; releasing hands over, and a third is refused with the holder's name."""
    repo.lane("auth")
    assert not repo.lanes.claim("auth", agent="a1").renewed
    with pytest.raises(Refused, match="claimed by 'a1'") as refused:
        repo.lanes.claim("auth", agent="a2")
    assert refused.value.data["holder"]["agent"] == "a1"
    with pytest.raises(Refused, match="claimed by 'a1'"):
        repo.lanes.release("auth", agent="a2")
    before = repo.lanes.release("auth", agent="a1").before
    assert before is not None
    assert before.owner is not None
    assert before.owner.agent == "a1"
    assert repo.lanes.release("auth").before is None
    assert repo.lanes.claim("auth", agent="a2").before is None
    with pytest.raises(Refused, match="claimed by 'a2'"):
        repo.lanes.claim("auth", agent="a3")


def test_the_holder_renews(repo: TestRepo) -> None:
    """Claiming again moves the lease's end, and keeps since and the process."""
    repo.lane("auth")
    with sleeping() as process:
        first = repo.lanes.claim("auth", agent="a1", pid=process.pid, lease=60).owner
        again = repo.lanes.claim("auth", agent="a1", lease=7200)
    assert again.renewed
    assert (again.owner.since, again.owner.pid) == (first.since, process.pid)
    assert str(again.owner.until) > str(first.until)


def test_force_takes_a_claim_over(repo: TestRepo) -> None:
    """With force the claim changes hands, and the result says whose it was."""
    repo.lane("auth")
    repo.lanes.claim("auth", agent="a1")
    made = repo.lanes.claim("auth", agent="a2", force=True)
    assert made.before is not None
    assert made.before.owner is not None
    assert (made.before.owner.agent, made.before.stale) == ("a1", None)
    assert owner(repo).agent == "a2"
    repo.lanes.release("auth", agent="a1", force=True)
    assert repo.lanes.who("auth").workspaces[0].owner is None


@pytest.mark.parametrize("waited_for", [True, False])
def test_the_end_of_its_process_ends_a_claim(repo: TestRepo, waited_for: bool) -> None:
    """Killed, waited for or not, the process holds nobody off, and another agent may claim."""
    repo.lane("auth")
    with sleeping() as process:
        assert repo.lanes.claim("auth", agent="a1", pid=process.pid).owner.until is None
        assert stale(repo) is None
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        if waited_for:
            process.wait()
        assert stale(repo) == f"its process {process.pid} has ended"
        made = repo.lanes.claim("auth", agent="a2")
    assert made.before is not None
    assert made.before.stale == f"its process {process.pid} has ended"


def test_a_number_used_again_is_another_process(repo: TestRepo) -> None:
    """A process of the same number that began at another time does not keep a claim alive."""
    repo.lane("auth")
    repo.lanes.claim("auth", agent="a1", pid=os.getpid())
    assert stale(repo) is None
    change_owner(repo, started="1")
    assert stale(repo) == f"its process {os.getpid()} has ended, and another has that number now"


def test_another_boot_ends_a_claim(repo: TestRepo) -> None:
    """What was claimed before the machine was started anew is free, its lease notwithstanding."""
    repo.lane("auth")
    repo.lanes.claim("auth", agent="a1", lease=86400)
    change_owner(repo, boot="00000000-0000-0000-0000-000000000000")
    assert stale(repo) == "the machine was started anew since"


def test_what_cannot_be_seen_is_alive(repo: TestRepo) -> None:
    """On another host, or among other process numbers, only the lease ends a claim."""
    repo.lane("auth")
    with sleeping() as process:
        repo.lanes.claim("auth", agent="a1", pid=process.pid, lease=600)
    assert stale(repo) is not None
    change_owner(repo, space="pid:[1]")
    assert stale(repo) is None
    change_owner(repo, host="elsewhere", boot="other")
    assert stale(repo) is None
    with pytest.raises(Refused, match=r"\(process \d+, on elsewhere, until 2"):
        repo.lanes.claim("auth", agent="a2")
    change_owner(repo, until="2026-01-01T00:00:00.000000Z")
    assert stale(repo) == "its lease ended at 2026-01-01T00:00:00Z"


def test_leases(repo: TestRepo) -> None:
    """The default is an hour, `lanes.lease` says otherwise, and 0 is until it is released."""
    repo.lane("auth")
    made = repo.lanes.claim("auth", agent="a1").owner
    assert made.until is not None
    assert stale_reason(replace(made, until=made.since)) is not None
    hour = replace(made, until=None)
    assert stale_reason(hour) is None
    repo.git("config", "lanes.lease", "0")
    with repo.open() as again:
        assert again.claim("auth", agent="a1").owner.until is None
        assert again.claim("auth", agent="a1", lease=5).owner.until is not None


def test_one_is_whose_process_one_runs_in(repo: TestRepo) -> None:
    """Below the process of a claim no name is needed, elsewhere one is."""
    repo.lane("auth")
    environ = {**repo.environ, "LANES": f"{sys.executable} -m gitlanes"}
    script = (
        "$LANES workspace claim auth --agent a1 --pid $$ && echo x > ../repo.lanes/auth/x && "
        "(sh -c '$LANES commit auth -m below; exit $?') && exec sleep 600"
    )
    with subprocess.Popen(
        ["sh", "-c", script], cwd=repo.path, env=environ, stdout=subprocess.PIPE, text=True
    ) as shell:
        try:
            assert shell.stdout is not None
            lines = [shell.stdout.readline() for _ in range(2)]
            assert lines[0] == f"claimed workspace of auth for a1 while process {shell.pid} runs\n"
            assert lines[1].startswith("accepted auth/1 ")
            assert spawn_cli(repo.path, repo.environ, "commit", "auth", "-m", "x").code == 128
        finally:
            shell.kill()


def test_of_many_at_once_one_gets_it(repo: TestRepo) -> None:
    """Eight agents claim in processes of their own: one has it, and seven are told who."""
    repo.lane("auth")

    def claim(number: int) -> tuple[int, str]:
        words = ("workspace", "claim", "auth", "--agent", f"a{number}")
        done = spawn_cli(repo.path, repo.environ, *words)
        return done.code, done.err

    with ThreadPoolExecutor(8) as pool:
        ran = list(pool.map(claim, range(8)))
    assert sorted(code for code, _ in ran) == [0] + [128] * 7
    holder = owner(repo).agent
    told = [err for code, err in ran if code]
    assert all(f"is claimed by '{holder}'" in err for err in told)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "a claim needs an agent's id"),
        ({"agent": "a\x1b[31m"}, r"bad agent id 'a\x1b[31m'"),
        ({"agent": " "}, "bad agent id ' '"),
        ({"agent": "x" * 201}, "bad agent id '" + "x" * 57 + "...'"),
        ({"agent": "\udcff"}, r"bad agent id '\xff'"),
        ({"agent": "a", "pid": 0}, "there is no process 0"),
        ({"agent": "a", "pid": -1}, "there is no process -1"),
        ({"agent": "a", "pid": 1 << 40}, "there is no process 1099511627776"),
        ({"agent": "a", "lease": -1.0}, "bad lease of -1 seconds"),
        ({"agent": "a", "lease": 1e12}, "bad lease of 1e+12 seconds"),
        ({"agent": "a", "lease": float("nan")}, "bad lease of nan seconds"),
    ],
)
def test_a_claim_that_makes_no_sense(repo: TestRepo, given: dict[str, Any], said: str) -> None:
    """An id that is none, a process that does not run, an impossible lease: nothing is claimed."""
    repo.lane("auth")
    with pytest.raises(BadValue) as refused:
        repo.lanes.claim("auth", **given)
    assert refused.value.message == said
    assert repo.lanes.who("auth").workspaces[0].owner is None


@pytest.mark.usefixtures("place")
def test_what_is_expected_of_the_lane_must_hold(repo: TestRepo) -> None:
    """Claim and release take the head that the lane is to have."""
    for verb in (repo.lanes.claim, repo.lanes.release):
        with pytest.raises(Raced, match="not at 0000"):
            verb("auth", agent="a1", expect="0000")
        verb("auth", agent="a1", expect=repo.lanes.head("auth"))


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("values", [{"until": "soon"}, {"since": 5}, {"agent": None}, {"pid": "x"}])
def test_a_damaged_claim_is_named(repo: TestRepo, values: dict[str, Any]) -> None:
    """A claim that nobody can have written is a damaged state, not a traceback."""
    change_owner(repo, **values)
    with pytest.raises(CorruptRecord, match=r"lanes\.json' is damaged"):
        repo.lanes.who("auth")


def test_a_state_of_a_newer_version_is_read(repo: TestRepo) -> None:
    """Members that this version does not know are no damage, and are still there afterwards."""
    repo.lane("auth")
    repo.lanes.claim("auth", agent="a1")
    path = state_file(repo)
    body = json.loads(path.read_text())
    path.write_text(json.dumps({**body, "newer": [1], "owner": {**body["owner"], "odd": 1}}))
    repo.lanes.release("auth", agent="a1")
    assert repo.lanes.who("auth").workspaces[0].owner is None
    assert json.loads(path.read_text())["newer"] == [1]


def test_a_state_without_claims_is_read(repo: TestRepo) -> None:
    """A workspace's state as the first version wrote it is that of a free workspace."""
    repo.lane("auth")
    path = state_file(repo)
    body = json.loads(path.read_text())
    del body["owner"]
    path.write_text(json.dumps(body))
    assert repo.lanes.who("auth").workspaces[0].owner is None
    assert repo.lanes.claim("auth", agent="a1").owner.agent == "a1"


@pytest.mark.usefixtures("place")
def test_reading_and_deciding_need_no_claim(repo: TestRepo) -> None:
    """Snapshots, decisions and promotions go on beside somebody's claim."""
    environ = {**repo.environ, "GITLANES_AGENT": "a1"}
    assert run_cli(repo.path, environ, "propose", "auth", "-m", "x").code == 0
    assert repo.lanes.snapshot("auth").id == "auth/s1"
    assert repo.lanes.accept("auth/2").attempt.status == "accepted"
    assert repo.lanes.promote("auth").head
