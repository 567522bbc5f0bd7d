"""`gitlanes.AgentSession`: one agent's work, in a with statement and by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import gitlanes
from gitlanes import (
    AgentSession,
    BadValue,
    BudgetExceeded,
    Collision,
    Cost,
    GateFailed,
    Intent,
    Limits,
    Negative,
    NotFound,
    NothingToPropose,
    Refused,
)
from gitlanes.cli.main import COMMANDS
from gitlanes.sdk.work import Work
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo

Start = Callable[..., AgentSession]


@pytest.fixture
def start(repo: TestRepo) -> Iterator[Start]:
    """A maker of sessions in the repository: ``start("coder-1", lane="auth")``."""
    made: list[AgentSession] = []

    def begin(agent: str = "coder-1", **options: str) -> AgentSession:
        made.append(AgentSession(repo.path, agent_id=agent, environ=repo.environ, **options))
        return made[-1]

    yield begin
    for session in made:
        session.close()


def holder(repo: TestRepo, lane: str = "auth") -> str | None:
    """Return who holds a lane's workspace now."""
    (found,) = repo.lanes.who(lane).workspaces
    return found.owner.agent if found.owner and not found.stale else None


def broken(work: Work, files: dict[str, str], error: BaseException) -> None:
    """Do work that writes files, tells of some usage, and fails."""
    with work as w:
        for name, content in files.items():
            (w.path / name).write_text(content)
        w.record_usage(input_tokens=5)
        raise error


def test_the_whole_way(repo: TestRepo, start: Start) -> None:
    """Work makes its lane, holds the workspace, and ends as an accepted attempt with records."""
    session = start(agent_type="feature", agent_version="2", model="m-1", session="run-7")
    with session.work("Add authentication", lane="auth", tags=["auth"], auto_accept=True) as w:
        assert holder(repo) == "coder-1"
        (w.path / "auth.py").write_text("checked\n")
        w.record_usage(input_tokens=2000, output_tokens=1200, amount="0.5", currency="USD")
        w.record_usage(Cost(input_tokens=1, amount="0.25", currency="USD"), api_calls=2)
        w.record_usage({"input_tokens": 9, "output_tokens": 1, "cache_read_input_tokens": 5})
        w.record_usage('{"usage": {"prompt_tokens": 10, "completion_tokens": 1}}')
        w.add_metadata("complexity", "medium")
    assert holder(repo) is None
    assert w.attempt is not None
    assert (w.attempt.id, w.attempt.status, w.evaluations) == ("auth/1", "accepted", ())
    told = session.repo.show("auth/1").attempts[0]
    assert told.intent["prompt"] == "Add authentication"
    assert told.intent["agent"] == {"id": "coder-1", "type": "feature", "version": "2"}
    assert (told.intent["model"], told.intent["session"]) == ("m-1", "run-7")
    assert (told.intent["tags"], told.intent["meta"]) == (["auth"], {"complexity": "medium"})
    (cost,) = told.notes.costs
    assert (cost["output_tokens"], cost["amount"], cost["api_calls"]) == (1202, "0.75", 3)
    assert cost["input_tokens"] == 2000 + 1 + 9 + 5 + 10
    assert 0 < cost["wall_ms"] < 60_000
    assert repo.files("refs/lanes/head/auth")["auth.py"] == "checked"


def test_left_open_and_superseded(repo: TestRepo, start: Start) -> None:
    """Unless told it stays proposed; the next work goes on from the files and takes its place."""
    session = start(lane="auth")
    with session.work("one") as w:
        (w.path / "a.txt").write_text("a\n")
    assert w.attempt is not None
    assert w.attempt.open
    with session.work(message="Both") as w:
        assert (w.path / "a.txt").read_text() == "a\n"
        (w.path / "b.txt").write_text("b\n")
    assert w.attempt is not None
    assert (w.attempt.id, w.attempt.title) == ("auth/2", "Both")
    assert [x.attempt.status for x in session.history("auth")] == ["proposed", "superseded"]
    with pytest.raises(NothingToPropose), session.work("again") as w:
        pass
    assert w.attempt is None
    assert holder(repo) is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("model said\nno"), r"ValueError: model said\x0ano"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (SystemExit(3), "SystemExit: 3"),
    ],
    ids=lambda x: type(x).__name__,
)
def test_an_exception_is_recorded_and_goes_on(
    repo: TestRepo, start: Start, error: BaseException, reason: str
) -> None:
    """Partial work is a rejected attempt with cost and reason; without any there is no attempt."""
    session = start(lane="auth")
    with pytest.raises(type(error)) as caught, session.work("nothing"):
        raise error
    assert caught.value is error
    assert list(session.history("auth")) == []
    w = session.work("part")
    with pytest.raises(type(error)) as caught:
        broken(w, {"part.txt": "p\n"}, error)
    assert caught.value is error
    assert holder(repo) is None
    assert w.attempt is not None
    assert (w.attempt.status, w.attempt.reason) == ("rejected", reason)
    (told,) = session.history("auth")
    assert told.intent["meta"] == {"error": type(error).__name__}
    assert told.notes.costs[0]["input_tokens"] == 5
    assert repo.files(w.attempt.commit)["part.txt"] == "p"
    assert (w.path / "part.txt").read_text() == "p\n"


def test_what_waits_for_a_decision_is_not_replaced_by_a_failure(
    repo: TestRepo, start: Start
) -> None:
    """An open attempt stays open beside later work that broke off, and its usage is kept."""
    session = start(lane="auth")
    with session.work("good") as w:
        (w.path / "good.txt").write_text("g\n")
    with pytest.raises(RuntimeError):
        broken(session.work("bad"), {"bad.txt": "b\n"}, RuntimeError())
    found = {x.attempt.id: x.attempt for x in session.history("auth")}
    assert {k: x.status for k, x in found.items()} == {"auth/1": "proposed", "auth/2": "rejected"}
    assert found["auth/1"].change_id != found["auth/2"].change_id
    repo.lanes.restore("auth/1", "auth", force=True)
    w = session.begin("more")
    (w.path / "more.txt").write_text("m\n")
    w.propose()
    with pytest.raises(RuntimeError):
        broken(w, {}, RuntimeError())
    assert w.attempt is not None
    assert w.attempt.open
    assert repo.lanes.cost(lanes=["auth"]).total["input_tokens"] == 10


def test_a_failure_to_record_is_raised_once_all_is_let_go(repo: TestRepo, start: Start) -> None:
    """It has the first error as its cause, and a snapshot the files; an interrupt goes on."""
    session = start(lane="auth")
    for used, error in enumerate((ValueError("first"), KeyboardInterrupt()), 1):
        w = session.begin("x")
        other = repo.lanes.put_file("auth", "b.txt", b"%d" % used)
        repo.lanes.add_cost(other.attempt.id, Cost(output_tokens=1))
        repo.lanes.set_budget("auth", Limits(output_tokens=used))
        with pytest.raises((BudgetExceeded, KeyboardInterrupt)) as caught:
            broken(w, {"a.txt": f"{used}\n"}, error)
        if isinstance(error, ValueError):
            assert isinstance(caught.value, BudgetExceeded)
            assert caught.value.__cause__ is error
        else:
            assert caught.value is error
            assert "over budget" in error.__notes__[0]
        assert holder(repo) is None
        assert w.snapshot is not None
        assert repo.files(w.snapshot.commit)["a.txt"] == str(used)
        with pytest.raises(BudgetExceeded):
            session.begin("never")
        repo.lanes.set_budget("auth")
    assert holder(repo) is None


def test_what_cannot_be_let_go_is_let_go_later(repo: TestRepo, start: Start) -> None:
    """An interrupt goes on whatever fails, any other error is the cause; `end` does it again."""
    session = start(lane="auth")
    for error in (ValueError("first"), KeyboardInterrupt()):
        w = session.begin("x")
        state = Path(repo.git("rev-parse", "--absolute-git-dir", cwd=w.path)) / "lanes.json"
        before = state.read_bytes()
        state.write_bytes(b"damaged")
        with pytest.raises((gitlanes.CorruptRecord, KeyboardInterrupt)) as caught:
            broken(w, {"a.txt": "a\n"}, error)
        assert error in (caught.value, caught.value.__cause__)
        assert caught.value is not error or "lanes.json" in error.__notes__[0]
        state.write_bytes(before)
        assert holder(repo) == "coder-1"
        with pytest.raises(Refused, match="at work in lane 'auth' already"):
            session.begin("y")
        session.end()
        assert holder(repo) is None


def test_an_exception_without_words(start: Start) -> None:
    """One that cannot even be told is recorded by its kind."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    w = start(lane="auth").work("x")
    with pytest.raises(Mute):
        broken(w, {"a.txt": "a\n"}, Mute())
    assert w.attempt is not None
    assert (w.attempt.status, w.attempt.reason) == ("rejected", "Mute")


def test_what_ends_the_judging_leaves_the_attempt_open(repo: TestRepo, start: Start) -> None:
    """A gate that cannot run, and an interrupt while gates run, go on; the attempt is known."""
    set_gates(repo, {"name": "lost", "args": ["./no-such-program"]})
    session = start(lane="auth")
    w = session.work(auto_accept=True).begin()
    (w.path / "a.txt").write_text("a\n")
    w.record_usage(input_tokens=1)
    with pytest.raises(Refused, match="gate 'lost' cannot run"), w:
        pass
    assert w.attempt is not None
    assert w.attempt.open
    set_gates(repo, gate("long", f"kill -INT {os.getpid()}; sleep 60"))
    w = session.work(auto_accept=True).begin()
    (w.path / "b.txt").write_text("b\n")
    with pytest.raises(KeyboardInterrupt), w:
        pass
    assert w.attempt is not None
    assert (w.attempt.id, w.attempt.open) == ("auth/2", True)
    assert holder(repo) is None
    assert repo.lanes.cost(lanes=["auth"]).total["input_tokens"] == 1


def test_gates_and_collisions_at_the_end(repo: TestRepo, start: Start) -> None:
    """A gate's no leaves a rejected attempt with verdicts, a collision an open one; both raise."""
    set_gates(repo, gate("no-bad", "! grep -rn BAD --include=*.py ."))
    session = start(lane="auth")
    with pytest.raises(GateFailed), session.work("x", auto_accept=True) as w:
        (w.path / "x.py").write_text("BAD\n")
    assert w.attempt is not None
    assert w.attempt.status == "rejected"
    assert {x.name: x.passed for x in w.evaluations if x.name != "decision"} == {"no-bad": False}
    with session.retry(auto_accept=True) as again:
        (again.path / "x.py").write_text("good\n")
    assert again.attempt is not None
    assert again.attempt.change_id == w.attempt.change_id
    assert [(x.name, x.passed, x.exit_code) for x in again.evaluations] == [("no-bad", True, 0)]
    w = session.work("y", auto_accept=True).begin()
    (w.path / "x.py").write_text("mine\n")
    repo.lanes.put_file("auth", "x.py", b"theirs\n")
    with pytest.raises(Collision), w:
        pass
    assert w.attempt is not None
    assert w.attempt.open
    assert holder(repo) is None


def test_retries(repo: TestRepo, start: Start) -> None:
    """A retry knows the reason, the diff and its number; it starts fresh, or from the files."""
    coder, reviewer = start("coder", lane="auth"), start("reviewer")
    coder.create_lane("auth")
    with pytest.raises(NotFound, match="rejected attempt"):
        coder.retry()
    with coder.work("Do it", tags=["t"]) as w:
        (w.path / "auth.py").write_text("bad\n")
        (w.path / "new.py").write_text("n\n")
    first = w.attempt
    assert first is not None
    reviewer.reject(first.id, "no tests", checks={"tests": False})
    repo.lanes.put_file("auth", "src/app.py", b"meanwhile\n")
    with coder.retry() as w:
        assert (w.retry, w.rejection and w.rejection.reason) == (1, "no tests")
        assert w.rejection
        assert (w.rejection.diff.added, w.rejection.diff.modified) == ((b"new.py",), (b"auth.py",))
        assert (w.path / "auth.py").read_text() == "login\n"
        assert not (w.path / "new.py").exists()
        assert (w.path / "src/app.py").read_text() == "meanwhile\n"
        (w.path / "auth.py").write_text("better\n")
    assert w.attempt is not None
    second = w.attempt
    assert (second.change_id, second.title) == (first.change_id, "Do it")
    reviewer.reject(second.id, "nearly", reset=True)
    repo.lanes.put_file("auth", "src/app.py", b"later\n")
    with coder.retry("Do it, with care", fresh=False, auto_accept=True) as w:
        assert w.retry == 2
        assert (w.path / "auth.py").read_text() == "better\n"
        assert (w.path / "src/app.py").read_text() == "later\n"
        (w.path / "test_auth.py").write_text("t\n")
    assert w.attempt is not None
    assert (w.attempt.status, w.attempt.change_id) == ("accepted", first.change_id)
    assert {k for k, _ in ((x.attempt.id, 0) for x in coder.history("auth", tag="t"))} == {"auth/1"}
    files = repo.files("refs/lanes/head/auth")
    assert (files["auth.py"], files["src/app.py"], files["test_auth.py"]) == (
        "better",
        "later",
        "t",
    )


def test_by_hand(repo: TestRepo, start: Start) -> None:
    """Begin, checkpoint, propose and end; a second beginning and one elsewhere are refused."""
    session = start()
    with pytest.raises(BadValue, match="no lane is named"):
        session.begin("x")
    with pytest.raises(Refused, match="not at work"):
        session.propose()
    work = session.begin("By hand", lane="auth", from_state="HEAD")
    for wrong in (lambda: session.begin(lane="b"), lambda: session.switch_lane("main")):
        with pytest.raises(Refused, match="at work in lane 'auth' already"):
            wrong()
    (work.path / "a.txt").write_text("a\n")
    saved = session.checkpoint()
    assert "a.txt" in repo.files(saved.commit)
    (work.path / "b.txt").write_text("b\n")
    work.record_usage(api_calls=1)
    made = session.propose("First")
    assert (made.attempt.title, made.attempt.open) == ("First", True)
    assert holder(repo) == "coder-1"
    assert work.accept().status == "accepted"
    session.end()
    session.end()
    assert holder(repo) is None
    again = session.begin(lane="auth", from_state=saved.id)
    assert not (again.path / "b.txt").exists()
    (again.path / "c.txt").write_text("unsaved\n")
    session.close()
    assert holder(repo) is None
    with pytest.raises(Refused, match="unsaved file"):
        session.begin(lane="auth", from_state="auth/1")
    with session.begin(lane="auth", from_state="auth/1", fresh=True) as work:
        assert not (work.path / "c.txt").exists()
        (work.path / "d.txt").write_text("d\n")
    assert session.switch_lane("auth").head == session.repo.head("auth")
    with pytest.raises(Refused, match="has not begun"):
        session.work("x").path  # noqa: B018 - reading it is the test


def test_a_workspace_is_one_agents(repo: TestRepo, start: Start) -> None:
    """Others are kept off, another session of the same agent too; an outer claim is left alone."""
    with start("a").work("x", lane="auth") as w:
        for agent in ("a", "b"):
            with pytest.raises(Refused, match=f"claimed by 'a'.*process {os.getpid()}"):
                start(agent).begin(lane="auth")
        (w.path / "a.txt").write_text("a\n")
    repo.lanes.claim("auth", agent="a")
    with start("a").work("y", lane="auth", auto_accept=True) as w:
        (w.path / "b.txt").write_text("b\n")
    assert holder(repo) == "a"
    repo.lanes.release("auth", agent="a")
    with start("b").work("z", lane="auth", auto_accept=True) as w:
        (w.path / "c.txt").write_text("c\n")
        repo.lanes.commit("auth", message="by the way", intent=Intent(agent="b"))
        (w.path / "d.txt").write_text("d\n")
        repo.lanes.claim("auth", agent="c", force=True)
        repo.lanes.release("auth", agent="c")
    assert holder(repo) is None


def test_a_lane_that_is_renamed_at_work(repo: TestRepo, start: Start) -> None:
    """The work ends in the lane, whatever it is called by then, and lets its workspace go."""
    for name, other in (("auth", False), ("docs", True)):
        with start().work("x", lane=name, auto_accept=True) as w:
            (w.path / "auth.py").write_text(f"{name}\n")
            repo.lanes.rename(name, f"new-{name}")
            if other:
                repo.lanes.new(name, path=repo.path.parent / "elsewhere")
        assert w.attempt is not None
        assert (w.attempt.lane, w.attempt.status) == (f"new-{name}", "accepted")
        assert holder(repo, f"new-{name}") is None


def test_a_process_that_is_killed_at_work(repo: TestRepo, start: Start) -> None:
    """Its claim ends with it, its files are there, and the next session goes on from them."""
    script = (
        "import os, sys\nfrom gitlanes import AgentSession\n"
        "w = AgentSession(sys.argv[1], agent_id='a').begin(lane='auth')\n"
        "(w.path / 'a.txt').write_text('a')\nos.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", script, str(repo.path)]
    assert subprocess.run(command, env=repo.environ, check=False).returncode == -9
    assert holder(repo) is None
    with start("b").work("go on", lane="auth", auto_accept=True):
        pass
    assert repo.files("refs/lanes/head/auth")["a.txt"] == "a"


def test_a_forked_copy_ends_nothing(repo: TestRepo, start: Start) -> None:
    """A child that leaves by the way of its parent's with statement leaves the work alone."""
    session = start(lane="auth")
    with session.work("x") as w:
        (w.path / "a.txt").write_text("a\n")
        pid = os.fork()
        if pid == 0:
            try:
                w.__exit__(SystemExit, SystemExit(0), None)
                session.end()
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        assert holder(repo) == "coder-1"
        assert list(repo.lanes.attempts("auth")) == []
    assert w.attempt is not None
    assert (w.attempt.id, w.attempt.open) == ("auth/1", True)


def test_usage_that_cannot_be_recorded(start: Start) -> None:
    """What our readers would skip is refused where it is said, and the work goes on."""
    with suppress(NothingToPropose), start().work("x", lane="auth") as w:
        for wrong in ({"input_tokens": -1}, {"amount": "much"}, {"input_tokens": 1.5}):
            with pytest.raises(BadValue):
                w.record_usage(**wrong)
        for unread in ("no usage", {"input_tokens": b"1"}, None):
            with pytest.raises(BadValue, match="cannot read the usage"):
                w.record_usage(unread)  # type: ignore[arg-type]
        with pytest.raises(BadValue):
            w.add_metadata("n", 1)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="takes the fields"):
            w.record_usage(tokens=1)
        w.record_usage(amount="1", currency="USD", coverage="partial")
        with pytest.raises(BadValue, match="do not add up"):
            w.record_usage(amount="1", currency="EUR")


def test_others_stages_and_sums(start: Start) -> None:
    """A reviewer's usage is added under its name and stage; sums are by lane, agent and tag."""
    coder, reviewer = start("coder", lane="auth", model="big"), start("rev", model="small")
    with coder.work("x", tags=["t"]) as w:
        (w.path / "a.txt").write_text("a\n")
        w.record_usage(input_tokens=100)
    assert w.attempt is not None
    made = reviewer.add_usage(
        w.attempt.id, {"input_tokens": 10, "output_tokens": 1}, stage="review"
    )
    assert (made.record["agent"], made.record["stage"]) == ({"id": "rev"}, "review")
    assert made.record["model"] == "small"
    told = '{"usage": {"input_tokens": 1000, "output_tokens": 0}}'
    assert "model" not in coder.add_usage(w.attempt.id, told, agent="tester").record
    coder.accept(w.attempt.id, "fine")
    assert coder.repo.diff("main", "auth", paths="a.txt").added == (b"a.txt",)
    coder.promote("auth", prompt="Land it", tags="t", cost=Cost(input_tokens=1))
    rows = {x.name: x.cost["input_tokens"] for x in coder.cost(by="agent").rows}
    assert rows == {"coder": 101, "rev": 10, "tester": 1000}
    assert coder.cost(tags="t", lanes="main").total["input_tokens"] == 1
    assert coder.cost(tags=["t"], lanes=["auth", "main"]).total["input_tokens"] == 1111


def test_the_repositorys_own_directory(repo: TestRepo, start: Start) -> None:
    """Work in the adopted lane happens in the user's own directory, on its branch."""
    with start(lane="main").work("plan", auto_accept=True) as w:
        assert w.path == repo.path
        (w.path / "plan.md").write_text("p\n")
        repo.git("add", "--intent-to-add", "plan.md")
    assert repo.git("status", "--porcelain") == ""
    assert repo.rev("HEAD") == repo.lanes.head("main")
    with pytest.raises(ValueError, match="stop"):
        broken(start("b").work("more", lane="main"), {"plan.md": "q\n"}, ValueError("stop"))
    assert (repo.path / "plan.md").read_text() == "q\n"
    with start("b").retry(lane="main", auto_accept=True) as w:
        assert (repo.path / "plan.md").read_text() == "p\n"
        (w.path / "plan.md").write_text("r\n")


METHODS = {
    "ps": "runs",
    "list": "lanes",
    "path": "workspace",
    "config": "settings",
    "put": "put_file",
    "workspace": "create_workspace",
    "dep": "follow",
    "task": "tasks",
    "import": "import_branch",
    "op": "operation",
    "hook": "hook_install",
    "remote": "remote_status",
}
AT_THE_TERMINAL = ("demo", "completion", "help")


def test_every_command_is_a_method(start: Start) -> None:
    """What the command line can do, a session's repository can, under the same names but a few."""
    repo = start().repo
    names = {x: METHODS.get(x, x) for x in COMMANDS if x not in AT_THE_TERMINAL}
    assert [x for x, method in names.items() if getattr(repo, method, None) is None] == []
    classes = (AgentSession, *AgentSession.__mro__, gitlanes.Repo)
    public = [(c, x) for c in classes[:-1] for x in vars(c) if x[0] != "_" and c is not object]
    assert [x for c, x in public if callable(getattr(c, x)) and not getattr(c, x).__doc__] == []


def test_opening(tmp_path: Path, repo: TestRepo) -> None:
    """No repository, and an agent's id that cannot be recorded, are refused at once."""
    with pytest.raises(gitlanes.NotARepository):
        AgentSession(tmp_path, agent_id="a", environ=repo.environ)
    for wrong in ("", "a\nb"):
        with pytest.raises(BadValue):
            AgentSession(repo.path, agent_id=wrong, environ=repo.environ)


def _rename(session: AgentSession, place: Path) -> None:
    """Do a step that renames the lane, with another one in it that fails."""
    with session.safely("before all"):
        (place / "a.txt").write_text("2\n")
        with session.safely("before the rest"):
            session.repo.rename("auth", "login")
            raise Negative("it failed", hint="mend it")


def test_safe_steps_of_a_session(start: Start) -> None:
    """The nearest snapshot is the error's own, whatever its lane is called by then."""
    session = start(lane="auth")
    work = session.begin("Try it")
    (work.path / "a.txt").write_text("1\n")
    assert session.checkpoint("begun").reason == "begun"
    with pytest.raises(Negative) as told:
        _rename(session, work.path)
    command = "git lanes restore auth/s3 login --force"
    assert told.value.hint == f"mend it; get unsaved work back with '{command}'"
    assert (told.value.data["snapshot"], told.value.data["restore"]) == ("auth/s3", command)
    assert [x.split()[5] for x in told.value.__notes__] == ["auth/s3;", "auth/s2;"]
    session.end()
    with pytest.raises(BadValue, match="no lane is named"), start().safely("nowhere"):
        pass


def test_values_that_no_record_can_have(repo: TestRepo, start: Start) -> None:
    """Nothing is written that our own readers would call damaged: the wrong type is refused."""
    place = repo.lane("auth")
    session = start("coder-1", lane="auth")
    session.begin()
    repo.write({"auth.py": "1\n"}, place)
    made = session.propose("first").attempt
    odd: dict[str, Callable[[], object]] = {
        "reason": lambda: session.reject(made.id, 5),  # type: ignore[arg-type]
        "checks": lambda: session.reject(made.id, "no", checks={"tests": "fail"}),  # type: ignore[dict-item]
        "by": lambda: repo.lanes.reject(made.id, judgement=gitlanes.Judgement(5)),  # type: ignore[arg-type]
        "task": lambda: repo.lanes.tasks.add("t", lane="main", priority=1.0),  # type: ignore[arg-type]
        "title": lambda: repo.lanes.tasks.add(5, lane="main"),  # type: ignore[arg-type]
        "queue": lambda: repo.lanes.queue_add("auth", priority="1"),  # type: ignore[arg-type]
        "meta": lambda: repo.lanes.queue_add("auth", meta={"a": 1}),  # type: ignore[dict-item]
    }
    repo.lanes.put_file("auth", "2.txt", b"2\n")
    repo.lanes.create_stack("s", lane="auth")
    odd["remark"] = lambda: repo.lanes.review("s/1", status="approved", by="ada", text=5)  # type: ignore[arg-type]
    before = repo.refs()
    for name, call in odd.items():
        with pytest.raises((BadValue, TypeError, AttributeError)):
            call()
        assert repo.refs() == before, name
    assert [x.attempt.id for x in repo.lanes.search("first").hits] == [made.id]
