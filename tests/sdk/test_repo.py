"""`gitlanes.Repo`: every verb as a method, with the models that the command line prints."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gitlanes
from gitlanes import Cost, Intent, Judgement, Repo
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def test_the_whole_way(repo: TestRepo) -> None:
    """A lane's life through methods alone: made, worked in, rejected, accepted, landed, told."""
    with Repo.open(repo.path, environ=repo.environ) as lanes:
        made = lanes.new("auth", agent="claude")
        place = Path(str(made.path))
        (place / "auth.py").write_text("one\n")
        said = Intent(prompt="Do it", agent="claude", tags=("x",))
        offered = lanes.propose("auth", intent=said, cost=Cost(input_tokens=5, amount="0.1"))
        assert (offered.attempt.id, offered.attempt.open) == ("auth/1", True)
        no = lanes.reject("auth/1", Judgement(by="me", reason="no", checks=(("tests", False),)))
        assert (no.attempt.status, no.attempt.reason) == ("rejected", "no")
        yes = lanes.commit("auth", message="Second", intent=said)
        assert yes.attempt.change_id == offered.attempt.change_id
        assert lanes.head("auth") == yes.attempt.commit
        landed = lanes.promote("auth", mode="squash")
        assert (landed.followed, landed.head) == (True, repo.rev("main"))
        told = lanes.history("auth").attempts
        assert [x.attempt.id for x in told] == ["auth/2", "auth/1"]
        assert told[1].notes.costs[0]["amount"] == "0.1"
        assert [x.path for x in lanes.diff("HEAD~1", "main").files] == [b"auth.py"]
        assert lanes.export("auth", branch="out").commit == repo.rev("out")
        assert lanes.delete("auth").snapshot is None


def test_results_are_what_the_command_line_prints(repo: TestRepo, cli: Cli) -> None:
    """Each result's to_dict() is the object that the same command prints with --json."""
    lanes = repo.lanes
    place = repo.lane("auth", {"auth.py": "a\n"})
    repo.write({"unsaved.txt": "u\n"}, place)
    pairs: list[tuple[Any, tuple[str, ...]]] = [
        (lanes.lanes(), ("list",)),
        (lanes.status("auth"), ("status", "auth")),
        (lanes.status(), ("status",)),
        (lanes.show("auth"), ("show", "auth")),
        (lanes.show("auth/1"), ("show", "auth/1")),
        (lanes.show("HEAD"), ("show", "HEAD")),
        (lanes.history(), ("history",)),
        (lanes.diff("main", "auth"), ("diff", "main", "auth")),
        (lanes.diff("main", "auth", content=True), ("diff", "main", "auth", "--content")),
        (lanes.promote("auth", dry_run=True), ("promote", "auth", "--dry-run")),
        (lanes.workspace("auth"), ("path", "auth")),
        (lanes.snapshot("auth"), ("snapshot", "auth")),
    ]
    for model, command in pairs:
        assert model.to_dict() == cli(*command, "--json").json, command
    assert [x.to_dict() for x in lanes.check()] == cli("check", "--json").json["checks"]


def test_every_method_is_documented() -> None:
    """Every public method of Repo says what it does, and every public name can be imported."""
    silent = [x for x in vars(Repo) if not x.startswith("_") and not getattr(Repo, x).__doc__]
    assert silent == []
    assert [x for x in gitlanes.__all__ if getattr(gitlanes, x).__name__ != x] == []
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        gitlanes.nothing  # noqa: B018 - reading it is the test


def test_a_collision_is_an_error_with_data(repo: TestRepo) -> None:
    """Collision carries each path with both sides, and a hint at the ways out."""
    for name in ("a", "b"):
        repo.lane(name, {"auth.py": f"{name}\n"})
    repo.lanes.promote("b")
    with pytest.raises(gitlanes.Collision) as caught:
        repo.lanes.promote("a")
    error = caught.value
    assert isinstance(error, gitlanes.Negative | gitlanes.LanesError)
    assert [x["path"] for x in error.data["collisions"]] == ["auth.py"]
    assert error.data["collisions"][0]["target"]["agent"] == "agent-b"
    assert "--force PATH" in error.hint
    assert (error.exit_code, error.kind) == (1, "collision")
    assert error.to_dict()["schema"] == "gitlanes.error/1"
    forced = repo.lanes.promote("a", force=["auth.py"])
    assert [x.path for x in forced.forced] == [b"auth.py"]


@pytest.mark.parametrize(
    ("call", "error", "hint"),
    [
        (lambda r: r.new("../x"), gitlanes.BadName, "use letters"),
        (lambda r: r.new("main"), gitlanes.Refused, "git lanes show main"),
        (lambda r: r.head("mian"), gitlanes.NotFound, "did you mean 'main'?"),
        (lambda r: r.accept("main/9"), gitlanes.NotFound, "LANE/NUMBER"),
        (lambda r: r.show("nowhere"), gitlanes.NotFound, "name a lane"),
        (lambda r: r.propose("main"), gitlanes.NothingToPropose, "edit files"),
        (lambda r: r.propose("main", change="I1"), gitlanes.BadValue, "40 hex digits"),
        (lambda r: r.promote("main", mode="odd"), gitlanes.BadValue, "merge, squash, replay"),
        (lambda r: r.promote("main"), gitlanes.Refused, "--into"),
        (lambda r: r.workspace("main2"), gitlanes.NotFound, "main"),
        (lambda r: r.delete("main"), gitlanes.Refused, "other lanes"),
        (lambda r: r.history(limit=-1), gitlanes.BadValue, ""),
        (
            lambda r: r.history(status="odd"),
            gitlanes.BadValue,
            "one of proposed, accepted, rejected, superseded",
        ),
        (lambda r: r.history(status=""), gitlanes.BadValue, "one of proposed"),
        (lambda r: r.promote("main", mode="odd", dry_run=True), gitlanes.BadValue, "merge, squash"),
        (lambda r: r.export("main", branch="a\0b"), gitlanes.BadValue, ""),
        (lambda r: r.export("main", branch="\ud800"), gitlanes.BadValue, ""),
        (lambda r: r.history(since="a\0b"), gitlanes.BadValue, ""),
        (lambda r: r.propose("main", paths=["auth.py\0src"]), gitlanes.BadValue, ""),
        (lambda r: r.commit("main", paths=["\ud800"]), gitlanes.BadValue, ""),
        (lambda r: r.promote("main", force=["\ud800"]), gitlanes.BadValue, ""),
        (lambda r: r.show("main\0x"), gitlanes.NotFound, ""),
        (lambda r: r.new("x", start="main\0x"), gitlanes.NotFound, ""),
        (lambda _: Repo.open("a\0b"), gitlanes.NotARepository, ""),
        (lambda _: Repo.open("\ud800"), gitlanes.NotARepository, ""),
    ],
)
def test_errors_are_typed(
    repo: TestRepo, call: Callable[[Repo], Any], error: type[Exception], hint: str
) -> None:
    """Each refusal is an error of its own kind, with a hint, and moves nothing."""
    before = repo.refs()
    with pytest.raises(error) as caught:
        call(repo.lanes)
    assert isinstance(caught.value, gitlanes.LanesError)
    assert hint in caught.value.hint
    assert caught.value.message.isprintable()
    assert repo.refs() == before


def test_a_path_that_would_be_two(repo: TestRepo) -> None:
    """A path with a NUL byte takes in neither of the files around it."""
    place = repo.lane("auth")
    repo.write({"auth.py": "a\n", "o": "o\n"}, place)
    before = repo.refs()
    for call in (repo.lanes.propose, repo.lanes.commit):
        with pytest.raises(gitlanes.BadValue, match=r"'auth\.py\\x00o' has a character"):
            call("auth", paths=["auth.py\0o"])
    assert repo.refs() == before


UNREADABLE = [
    *(Cost(amount=x, currency="USD") for x in ("1E+5000", "1" * 40, "-0", "NaN", "much", "")),
    *(Cost(amount=0.5), Cost(input_tokens="5"), Cost(output_tokens=1.5)),  # type: ignore[arg-type]
    *(Intent(agent=17), Intent(tags="bug"), Intent(tags=(1,))),  # type: ignore[arg-type]
    *(Intent(prompt=["p"]), Intent(agent_type=1), Intent(meta=["x"])),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("said", UNREADABLE, ids=str)
def test_what_could_not_be_read_again_is_not_recorded(repo: TestRepo, said: Cost | Intent) -> None:
    """A cost or intent that our own readers would skip is refused, and no attempt is made."""
    repo.write({"auth.py": "a\n"}, repo.lane("auth", {"src/app.py": "b\n"}))
    before = repo.refs()
    options: dict[str, Any] = {"cost" if isinstance(said, Cost) else "intent": said}
    for call in (repo.lanes.propose, repo.lanes.commit, repo.lanes.promote):
        with pytest.raises(gitlanes.BadValue, match=r"^bad "):
            call("auth", **options)
    assert repo.refs() == before


@pytest.mark.parametrize("amount", ["0", "0.42", "1E+5", "1E-7", "1" * 30])
def test_a_cost_that_is_recorded_is_read(repo: TestRepo, amount: str) -> None:
    """Every amount that is taken is told again."""
    repo.write({"auth.py": "a\n"}, repo.lane("auth"))
    made = repo.lanes.commit("auth", cost=Cost(amount=amount, currency="USD"))
    assert repo.lanes.show(made.attempt.id).attempts[0].notes.costs[0]["amount"] == amount


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.commit("auth", message="a\0b"),
        lambda r: r.propose("auth", message="subject\n\nbody\0"),
        lambda r: r.commit("auth", intent=Intent(prompt="a\0b\nsecond")),
        lambda r: r.commit("auth", message="\0", paths=["auth.py"]),
        lambda r: r.promote("auth", message="a\0b"),
        lambda r: r.promote("auth", message="a\0b", mode="squash"),
    ],
)
def test_a_nul_byte_in_a_message(repo: TestRepo, call: Callable[[Repo], Any]) -> None:
    """Git would cut a message at a NUL byte: it is refused, and no lane, file or note changes."""
    place = repo.lane("auth", {"src/app.py": "a\n"})
    repo.write({"auth.py": "unsaved\n"}, place)
    before = repo.refs()
    with pytest.raises(gitlanes.BadValue) as caught:
        call(repo.lanes)
    assert caught.value.message == "a commit message cannot contain a NUL byte"
    assert caught.value.exit_code == 129
    assert repo.refs() == before
    assert (place / "auth.py").read_text() == "unsaved\n"


def test_a_nul_byte_in_what_is_recorded(repo: TestRepo) -> None:
    """Prompts, models and tags are JSON: a NUL byte there is kept as it is."""
    place = repo.lane("auth")
    repo.write({"auth.py": "a\n"}, place)
    said = Intent(prompt="p\0q", model="m\0n", tags=("t\0",))
    made = repo.lanes.commit("auth", message="x", intent=said)
    intent = repo.lanes.show(made.attempt.id).attempts[0].notes.intents[0]
    assert (intent["prompt"], intent["model"], intent["tags"]) == ("p\0q", "m\0n", ["t\0"])


def test_not_found_names_the_nearest(repo: TestRepo) -> None:
    """NotFound has the closest name as an attribute, None if nothing is close."""
    repo.work("authentication")
    with pytest.raises(gitlanes.NotFound) as caught:
        repo.lanes.head("autentication")
    assert caught.value.nearest == "authentication"
    with pytest.raises(gitlanes.NotFound) as caught:
        repo.lanes.head("zzz")
    assert caught.value.nearest is None


def test_opening_what_is_no_repository(tmp_path: Path, repo: TestRepo) -> None:
    """Open raises NotARepository for a plain directory, a file, and a path that is not there."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(gitlanes.NotARepository):
            Repo.open(path, environ=repo.environ)


def test_before_init(make_repo: Callable[..., TestRepo]) -> None:
    """Verbs raise NotAdopted before `init`, which tells whether it did anything."""
    repo = make_repo(adopted=False)
    with pytest.raises(gitlanes.NotAdopted):
        repo.lanes.lanes()
    assert repo.lanes.init().created is True
    assert repo.lanes.init().created is False


@pytest.mark.parametrize("workspace", [True, False])
def test_new_with_exist_ok_is_atomic(repo: TestRepo, workspace: bool) -> None:
    """Of several threads that make one lane with exist_ok, one makes it and all get it."""
    found: list[Any] = []

    def make() -> None:
        with Repo.open(repo.path, environ=repo.environ) as lanes:
            found.append(lanes.new("auth", exist_ok=True, workspace=workspace))

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(x.created for x in found) == [False] * 5 + [True]
    assert len({x.lane.uuid for x in found}) == 1
    with pytest.raises(gitlanes.Refused, match="exists already"):
        repo.lanes.new("auth")


def test_every_mutation_takes_what_it_expects(repo: TestRepo) -> None:
    """With an `expect` that does not hold, every mutation raises Raced and moves nothing."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    repo.propose("auth", {"auth.py": "b\n"})
    repo.write({"auth.py": "c\n"}, place)
    lanes, stale = repo.lanes, "0" * 40
    before = repo.refs()
    calls: list[Callable[[], object]] = [
        lambda: lanes.new("other", expect=stale),
        lambda: lanes.propose("auth", expect=stale),
        lambda: lanes.commit("auth", expect=stale),
        lambda: lanes.amend("auth", expect=stale),
        lambda: lanes.accept("auth/2", expect=stale),
        lambda: lanes.reject("auth/2", expect=stale),
        lambda: lanes.promote("auth", expect=stale),
        lambda: lanes.delete("auth", force=True, expect=stale),
        lambda: lanes.create_workspace("auth", expect=stale),
        lambda: lanes.remove_workspace("auth", force=True, expect=stale),
        lambda: lanes.export("auth", expect=stale),
    ]
    for call in calls:
        with pytest.raises(gitlanes.Raced) as caught:
            call()
        assert caught.value.data["expect"] == stale
        assert caught.value.data["head"] in (lanes.head("auth"), lanes.head("main"))
    after = {k: v for k, v in repo.refs().items() if not k.startswith("refs/lanes/snapshots/")}
    assert after == before
    assert (place / "auth.py").read_text() == "c\n"
    assert lanes.accept("auth/2", expect=lanes.head("auth")).attempt.status == "accepted"


def test_locked_names_the_holder(repo: TestRepo) -> None:
    """While another process holds the lock, a verb raises Locked with that process's id."""
    from gitlanes.store.transaction import locked

    repo.git("config", "lanes.lockTimeout", "0.05")
    with locked(repo.inner()), pytest.raises(gitlanes.Locked) as caught:
        repo.open().new("auth")
    assert caught.value.holder is not None
    assert caught.value.holder["pid"]
    assert caught.value.exit_code == 75


def test_the_context_manager_ends_its_helper(repo: TestRepo) -> None:
    """After the `with` block no helper process is left; the object works again when asked."""
    with Repo.open(repo.path, environ=repo.environ) as lanes:
        head = lanes.head("main")
        process = lanes._repo.refs._process
        assert process is not None
        assert process.poll() is None
    assert process.poll() is not None
    assert lanes.head("main") == head
    lanes.close()


def test_the_head_is_always_fresh(repo: TestRepo) -> None:
    """`head` sees what another process landed since, without opening the repository again."""
    with Repo.open(repo.path, environ=repo.environ) as lanes:
        before = lanes.head("main")
        repo.lane("auth", {"auth.py": "a\n"})
        repo.lanes.promote("auth")
        assert lanes.head("main") == repo.rev("main") != before
        repo.git("gc", "--quiet", "--prune=now")
        assert lanes.head("main") == repo.rev("main")


def test_models_do_not_change(repo: TestRepo) -> None:
    """A result cannot be changed by whoever got it."""
    found = repo.lanes.lane("main")
    with pytest.raises(AttributeError):
        found.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["repo", "repo/src", "repo.lanes/auth"])
def test_open_from_anywhere_inside(repo: TestRepo, tmp_path: Path, name: str) -> None:
    """The repository is found from a subdirectory or a workspace, and knows its own top."""
    repo.lane("auth")
    with Repo.open(tmp_path / name, environ=repo.environ) as lanes:
        assert lanes.path == repo.path
        assert lanes.lane("auth").path == str(repo.workspace("auth"))


HEAVY = ("pygit2", "pydantic", "rich")


@pytest.mark.parametrize(
    ("command", "absent"),
    [
        (["list"], HEAVY),
        (["list", "--json"], HEAVY),
        (["status"], HEAVY),
        (["history"], HEAVY),
        (["history", "--limit", "50", "--json"], HEAVY),
        (["path", "auth"], HEAVY),
        (["-h"], HEAVY),
        (["propose", "auth", "-m", "x"], HEAVY[1:]),
        (["commit", "auth", "-m", "x"], HEAVY[1:]),
        (["promote", "auth"], HEAVY[1:]),
    ],
)
def test_commands_import_only_what_they_need(
    repo: TestRepo, command: list[str], absent: tuple[str, ...]
) -> None:
    """Listings start without pygit2, pydantic or rich; work starts without pydantic or rich."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    repo.write({"new.txt": "n\n"}, place)
    script = (
        "import sys\n"
        "from gitlanes.cli.main import call\n"
        f"code = call({command!r})\n"
        "sys.stderr.write(' '.join(sorted(sys.modules)))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=repo.path,
        env=repo.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stderr.split())
    assert "gitlanes.cli.main" in loaded
    assert loaded.isdisjoint(absent)
