"""`git lanes doctor` on what lanes, notes, hooks and settings have to do with each other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.support.cli import Ran, run_cli
from tests.support.clones import Clones
from tests.support.repos import TestRepo
from tests.upkeep.test_doctor import assert_left, assert_mended, found, git_dir

Cli = Callable[..., Ran]


def test_a_circle_that_two_clones_made(tmp_path: Path, environ: dict[str, str]) -> None:
    """It is named with all of its lanes, and the hint's command ends it."""
    clones = Clones(tmp_path / "clones", environ, "ab", lanes=("one", "two"))
    clones[0].lanes.follow("one", "two")
    clones[1].lanes.follow("two", "one")
    clones.settle()

    def cli(*args: str) -> Ran:
        return run_cli(clones[1].path, environ, *args)

    assert_left(
        cli,
        "circle: lanes follow each other in a circle: one -> two -> one",
        "  hint: say which one follows no more: git lanes dep remove one --on two",
    )
    assert cli("dep", "remove", "one", "--on", "two").code == 0
    assert cli("doctor").code == 0
    clones.close()


def test_a_conflict_with_a_lane_that_is_gone(repo: TestRepo, cli: Cli) -> None:
    """It is given up: the lane is active again and has all of its work."""
    repo.lanes.new("base", on="main")
    repo.lanes.new("auth", on="base")
    repo.commit("base", {"auth.py": "theirs\n"})
    repo.commit("auth", {"auth.py": "ours\n"})
    assert cli("sync", "auth", "--strategy", "manual").code == 1
    assert cli("doctor").code == 0
    repo.lanes.delete("base", force=True)
    said = "conflict: lane 'auth' has a conflict with 'base', which is gone"
    done = cli("doctor", "--fix")
    assert done.out.splitlines()[0] == said
    assert "  mended: gave the conflict up: the lane is active, with all of its work" in done.out
    assert (done.code, cli("doctor").code) == (0, 0)
    assert repo.lanes.show("auth").to_dict()["lane"]["status"] == "active"
    assert (repo.workspace("auth") / "auth.py").read_text() == "ours\n"


def test_a_task_whose_agent_died(repo: TestRepo, cli: Cli) -> None:
    """It is given back, and its lane stays."""
    task = cli("task", "add", "log in").out.strip()
    agent = subprocess.Popen(["sleep", "1000"])
    claim = ("--agent", "bob", "--pid", str(agent.pid))
    assert cli("task", "start", task, "--lane", "auth", *claim).code == 0
    assert cli("doctor").code == 0
    agent.kill()
    agent.wait()
    told = found(cli("doctor"))
    assert (
        f"stale-session: task {task} is started by 'bob', but its process {agent.pid} has "
        in (told[-2])
    )
    assert cli("doctor", "--fix").code == 0
    assert cli("doctor").code == 0
    assert "(open)" in cli("dep", "graph").out
    assert repo.workspace("auth").is_dir()


def test_copies_of_notes_are_joined(repo: TestRepo, cli: Cli) -> None:
    """A note at several places of its tree becomes one with the lines of all."""
    repo.lane("auth", {"auth.py": "better\n"})
    ref, head = "refs/notes/lanes/intents", repo.rev("refs/lanes/head/auth")
    note = repo.git("rev-parse", f"{ref}:{head[:2]}/{head[2:4]}/{head[4:]}")
    (repo.path / "more").write_text("a remark\n")
    more = repo.git("hash-object", "-w", "more")
    (repo.path / "more").unlink()
    tree = repo.git("rev-parse", f"{ref}^{{tree}}")
    listed = repo.git("ls-tree", tree)
    rows = f"{listed}\n100644 blob {more}\t{head}\n"
    mixed = subprocess.run(
        ["git", "mktree"], cwd=repo.path, env=repo.environ, input=rows.encode(),
        capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    repo.git("update-ref", ref, repo.git("commit-tree", "-p", ref, "-m", "mixed", mixed))
    said = f"note-copies: '{ref}' has several copies of the notes of {head[:12]}"
    assert_mended(repo, cli, said, "  mended: joined them")
    shown = repo.git("notes", "--ref=lanes/intents", "show", head)
    assert sorted(shown.splitlines()) == sorted([repo.git("cat-file", "blob", note), "a remark"])
    assert repo.git("ls-tree", "-r", ref).count(head[4:]) == 1


def test_notes_of_missing_commits(repo: TestRepo, cli: Cli) -> None:
    """They are taken out, and stay in the history of their ref; with a remote they are left."""
    repo.lane("auth", {"auth.py": "better\n"})
    stray = repo.git("commit-tree", "-m", "stray", "HEAD^{tree}")
    repo.git("notes", "--ref=lanes/costs", "add", "-m", '{"id": "x"}', stray)
    repo.git("notes", "--ref=lanes/costs", "add", "-m", "of a file", "HEAD:auth.py")
    (repo.path / ".git/objects" / stray[:2] / stray[2:]).unlink()
    old = repo.rev("refs/notes/lanes/costs")
    what = "'refs/notes/lanes/costs' has notes of commits that are not here"
    said = f"dangling-note: {what}: {stray[:12]}"
    repo.git("update-ref", "refs/lanes/remote/origin/notes/costs", old)
    assert_left(cli, said, "  hint: pull the lanes that they are of, or see which clone has them")
    repo.git("update-ref", "-d", "refs/lanes/remote/origin/notes/costs")
    assert_mended(repo, cli, said, f"  mended: took them out; they are in {old[:12]}")
    assert stray not in repo.git("ls-tree", "-r", "refs/notes/lanes/costs").replace("/", "")
    assert repo.rev("refs/notes/lanes/costs~1") == old
    assert repo.git("notes", "--ref=lanes/costs", "show", "HEAD:auth.py") == "of a file"


def test_a_workspace_of_an_archived_lane(repo: TestRepo, cli: Cli) -> None:
    """It is removed after a yes, what is unsaved in it in a snapshot."""
    repo.write({"more.txt": "more\n"}, repo.lane("auth", {"auth.py": "better\n"}))
    place = repo.workspace("auth")
    (repo.path / ".git/info/exclude").write_text("*.log\n")
    repo.write({"run.log": "1\n"}, place)
    with repo.inner() as inner:
        from gitlanes.models.plain import replace
        from gitlanes.store.transaction import transaction

        with transaction(inner, "archive") as tx:
            state = inner.view.lane("auth")
            tx.description = "archive lane auth"
            tx.lane(state, replace(state.record, status="archived"))
    said = f"workspace-mismatch: lane 'auth' is archived, and has a workspace: '{place}'"
    hint = "remove it, with its unsaved work in a snapshot"
    assert found(cli("doctor")) == [said, f"  hint: run with --fix to {hint}"]
    assert cli("doctor", "--fix").code == 1
    kept = cli("doctor", "--fix", "--yes").out
    assert "workspace 'auth' has ignored files: 'run.log'" in kept
    (place / "run.log").unlink()
    done = cli("doctor", "--fix", "--yes")
    assert done.out.splitlines() == [
        said,
        "  mended: removed it; its unsaved work is in snapshot auth/s1",
    ]
    assert not place.exists()
    assert cli("doctor").code == 0


def test_workspaces_that_say_otherwise(repo: TestRepo, cli: Cli) -> None:
    """A former name is mended; a base that is not here, and a root of no lane, are named."""
    repo.lane("auth", {"auth.py": "better\n"})
    path = git_dir(repo) / "lanes.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps({**state, "name": "former"}))
    place = repo.workspace("auth")
    said = f"workspace-mismatch: workspace '{place}' says that it is of lane 'former', which is "
    assert_mended(repo, cli, f"{said}'auth' now", "  mended: noted it")
    path.write_text(json.dumps({**state, "base": "1" * 40}))
    root = repo.path / ".git/lanes.json"
    own = json.loads(root.read_text())
    root.write_text(json.dumps({**own, "lane": "0" * 36}))
    told = [x for x in found(cli("doctor", "--fix")) if x.startswith("workspace-mismatch")]
    assert told == [
        f"workspace-mismatch: '{repo.path}' is recorded as lane 'main', which is gone",
        f"workspace-mismatch: workspace '{place}' is based on 111111111111, which is not here",
    ]


def test_a_journal_of_a_newer_format(repo: TestRepo, cli: Cli) -> None:
    """It is told apart from a damaged one."""
    tree = repo.git("mktree")
    tip = "refs/lanes/journal/auth"
    repo.lanes.new("auth", workspace=False)
    newer = '{"schema":"gitlanes.entry/2"}'
    new = repo.git("commit-tree", "-p", tip, "-m", "x", "-m", newer, tree)
    repo.git("update-ref", tip, new)
    told = found(cli("doctor"))
    assert told[0] == (
        f"format: lane 'auth': journal entry {new[:12]} has format 'gitlanes.entry/2'"
    )
    assert not [x for x in told if x.startswith("journal:")]


def test_hooks_and_settings(repo: TestRepo, cli: Cli) -> None:
    """Hooks installed by half or edited, and settings that cannot be taken, are named."""
    assert cli("hook", "install").code == 0
    assert cli("doctor").code == 0
    hook = repo.path / ".git/hooks/commit-msg"
    kept = hook.read_text()
    hook.unlink()
    said = f"hook: hook '{hook}' is missing, though others of ours are installed"
    assert_mended(repo, cli, said, "  mended: installed it")
    hook.chmod(0o644)
    said = f"hook: hook '{hook}' is of another version, or git cannot run it"
    assert_mended(repo, cli, said, "  mended: installed it")
    hook.write_text(kept + "echo mine\n")
    repo.git("config", "lanes.retenton", "1d")
    (repo.path / ".gitlanes.toml").write_text("[lanes]\nlockTimeout = 5\nno toml\n")
    told = cli("doctor", "--fix")
    assert told.code == 1
    lines = told.out.splitlines()
    assert lines[0] == f"hook: hook '{hook}' was changed since it was installed"
    assert lines[2].startswith(f"setting: {repo.path}/.gitlanes.toml:3: ")
    assert "lanes.retenton: " in lines[4]
    assert "did you mean 'retention'?" in lines[5]
    repo.git("update-ref", "-d", "refs/lanes/head/main")
    assert "  mended: " in cli("doctor", "--fix").out


def test_readers_leave_an_operation_where_that_is_set(repo: TestRepo, cli: Cli) -> None:
    """With lanes.recoverOnStart off only commands that write finish what was interrupted."""
    repo.lane("auth", {"auth.py": "better\n"})
    head, tip = repo.rev("refs/lanes/head/auth"), "refs/lanes/head/auth"
    pending = repo.path / ".git/lanes/pending"
    repo.git("update-ref", tip, "main")
    journal = ["refs/lanes/journal/auth", None, repo.rev("refs/lanes/journal/auth")]
    told = {"operation": "0" * 36, "refs": [[tip, repo.rev("main"), head], journal]}
    pending.write_text(json.dumps({**told, "drops": [], "worktree": None, "locks": []}))
    repo.git("config", "lanes.recoverOnStart", "false")
    assert cli("list").code == 0
    assert pending.exists()
    repo.git("config", "lanes.recoverOnStart", "true")
    assert cli("list").code == 0
    assert not pending.exists()
    assert repo.rev(tip) == head
