"""new, list, show, path, delete, status: lanes from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import BadValue
from tests.support import planted
from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def short(repo: TestRepo, name: str) -> str:
    """Return a commit as listings show it."""
    return repo.rev(name)[:12]


def test_new_makes_a_lane_with_a_workspace(repo: TestRepo, cli: Cli) -> None:
    """The lane starts at the adopted lane's head, its workspace beside the repository."""
    place = repo.path.with_name("repo.lanes") / "auth"
    done = cli("new", "auth")
    assert done == Ran(0, f"new lane auth at {short(repo, 'main')}, workspace {place}\n", "")
    assert repo.git("status", "--porcelain", "--branch", cwd=place) == "## HEAD (no branch)"
    assert (place / "src/app.py").read_text() == "app\n"
    assert repo.rev("refs/lanes/head/auth") == repo.rev("main")


def test_new_json(repo: TestRepo, cli: Cli) -> None:
    """With --json one object tells the lane's record, its workspace and that it is new."""
    told = cli("new", "auth", "--agent", "claude", "--json").json
    assert sorted(told) == ["created", "lane", "path", "schema"]
    assert (told["schema"], told["created"]) == ("gitlanes.lane/1", True)
    assert (told["lane"]["owner"], told["lane"]["fork"]) == ("claude", repo.rev("main"))


@pytest.mark.parametrize("start", ["base", "base/1", "base/s1", "side", "HEAD~1", "tag"])
def test_new_from_any_state(repo: TestRepo, cli: Cli, start: str) -> None:
    """`--from` takes a lane, an attempt, a snapshot, a branch, a revision, a tag."""
    repo.git("branch", "side")
    repo.git("tag", "-a", "-m", "t", "tag")
    repo.save({"more.txt": "m\n"})
    repo.git("branch", "newer")
    place = repo.lane("base", {"base.txt": "b\n"})
    repo.write({"unsaved.txt": "u\n"}, place)
    cli("snapshot", "base")
    wanted = {
        "base": repo.rev("refs/lanes/head/base"),
        "base/1": repo.rev("refs/lanes/head/base"),
        "base/s1": repo.rev("refs/lanes/snapshots/base/1"),
    }
    done = cli("new", "auth", "--from", start, "--json")
    assert done.code == 0, done.err
    head = done.json["lane"]["head"]
    assert head == (wanted.get(start) or repo.rev(f"{start}^{{commit}}"))
    assert repo.git("rev-parse", "HEAD", cwd=repo.workspace("auth")) == head
    assert (repo.workspace("auth") / "unsaved.txt").exists() == (start == "base/s1")


def test_new_takes_in_what_people_committed(repo: TestRepo, cli: Cli) -> None:
    """A lane starts at what is on the branch now, commits made with plain git included."""
    tip = repo.save({"people.txt": "p\n"})
    cli("new", "auth")
    assert repo.rev("refs/lanes/head/auth") == tip


def test_new_without_a_workspace(repo: TestRepo, cli: Cli) -> None:
    """`--no-workspace` makes the lane alone; a workspace can follow, and only one."""
    done = cli("new", "auth", "--no-workspace")
    assert done == Ran(0, f"new lane auth at {short(repo, 'main')}\n", "")
    assert not repo.path.with_name("repo.lanes").exists()
    assert cli("path", "auth") == Ran(
        128,
        "",
        "error: workspace of lane 'auth' not found\nhint: run 'git lanes workspace create auth'\n",
    )
    place = repo.path.with_name("repo.lanes") / "auth"
    assert cli("workspace", "create", "auth") == Ran(0, f"{place}\n", "")
    assert cli("workspace", "create", "auth") == Ran(
        128,
        "",
        f"error: lane 'auth' has a workspace already: '{place}'\n"
        "hint: remove it with 'git lanes workspace remove auth'\n",
    )


def test_new_at_a_path(repo: TestRepo, cli: Cli, tmp_path: Path) -> None:
    """`--path` puts the workspace there, relative to where one stands; nothing is overwritten."""
    cli("new", "auth", "--path", "../here and ü")
    assert repo.workspace("auth") == tmp_path / "here and ü"
    done = cli("new", "ui", "--path", "../here and ü")
    assert done == Ran(
        128,
        "",
        f"error: '{repo.path}/../here and ü' is there already\n"
        "hint: choose another place with --path, or move that away\n",
    )
    assert "refs/lanes/head/ui" not in repo.refs()


def test_the_workspace_root_is_configurable(
    repo: TestRepo, cli: Cli, environ: dict[str, str]
) -> None:
    """`lanes.workspaceRoot` names the directory of all workspaces; git's own ~ is understood."""
    repo.git("config", "lanes.workspaceRoot", "~/places")
    done = cli("new", "auth", "--json")
    assert done.json["path"] == str(Path(environ["HOME"], "places", "auth"))
    repo.git("config", "lanes.workspaceRoot", "../beside")
    assert cli("new", "ui", "--json").json["path"] == str(repo.path.with_name("beside") / "ui")


def test_a_lane_exists_once(repo: TestRepo, cli: Cli) -> None:
    """A second lane of a name is refused; with --exist-ok the first is the answer."""
    cli("new", "auth")
    before = repo.refs()
    assert cli("new", "auth") == Ran(
        128, "", "error: lane 'auth' exists already\nhint: see 'git lanes show auth'\n"
    )
    done = cli("new", "auth", "--exist-ok")
    assert done.out.startswith(f"lane exists: auth at {short(repo, 'main')}, workspace ")
    assert cli("new", "auth", "--exist-ok", "--json").json["created"] is False
    assert repo.refs() == before


def test_new_expects_its_start(repo: TestRepo, cli: Cli) -> None:
    """`--expect` refuses with 75 unless the start is at that commit."""
    old = repo.rev("main")
    new = repo.save({"more.txt": "m\n"})
    done = cli("new", "auth", "--expect", old)
    assert done == Ran(
        75,
        "",
        f"error: start of lane 'auth' is at {new[:12]}, not at {old[:12]}\n"
        "hint: look at what came in, then repeat with that\n",
    )
    assert "refs/lanes/head/auth" not in repo.refs()
    assert cli("new", "auth", "--expect", new[:10]).code == 0


def test_list_shows_heads_states_and_open_attempts(repo: TestRepo, cli: Cli) -> None:
    """The list has every lane by name with its head, state, open attempts and last operation."""
    repo.lane("ui", {"ui.py": "u\n"})
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "a\n"})
    tip, ui = short(repo, "main"), short(repo, "refs/lanes/head/ui")
    assert cli("list").out.splitlines() == [
        "LANE  HEAD          STATE     OPEN    LAST",
        f"auth  {tip}  active    auth/1  propose auth/1: offer of auth",
        f"main  {tip}  active    -       adopt the repository as lane main",
        f"ui    {ui}  unlanded  -       commit ui/1: work of ui",
    ]


def test_list_for_scripts(repo: TestRepo, cli: Cli) -> None:
    """`-z` prints name, head, status and path with NUL after each; --json the whole models."""
    place = repo.lane("auth")
    cli("new", "ui", "--no-workspace")
    head = repo.rev("main")
    rows = cli("list", "-z").out.split("\0")
    assert rows == [
        *("auth", head, "active", str(place)),
        *("main", head, "active", str(repo.path)),
        *("ui", head, "active", ""),
        "",
    ]
    told = cli("list", "--json").json
    assert told["schema"] == "gitlanes.lanes/1"
    assert [(x["name"], x["path"], x["landed"]) for x in told["lanes"]] == [
        ("auth", str(place), True),
        ("main", str(repo.path), True),
        ("ui", None, True),
    ]


def test_path_is_for_cd(repo: TestRepo, cli: Cli) -> None:
    """`path` prints the workspace and nothing else; inside one, the lane may be left out."""
    place = repo.lane("auth")
    assert cli("path", "auth") == Ran(0, f"{place}\n", "")
    assert cli("path", cwd=place) == Ran(0, f"{place}\n", "")
    assert cli("path") == Ran(0, f"{repo.path}\n", "")


def test_outside_every_workspace_a_lane_must_be_named(
    repo: TestRepo, cli: Cli, tmp_path: Path
) -> None:
    """In a worktree that is no lane's, a verb without LANE is refused."""
    repo.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "other"))
    assert cli("commit", "-m", "x", cwd=tmp_path / "other") == Ran(
        128,
        "",
        "error: this directory is no lane's workspace\nhint: name the lane, or go into one\n",
    )


def test_show_a_lane(repo: TestRepo, cli: Cli) -> None:
    """`show LANE` tells its record and its latest attempts."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    told = cli("show", "auth", "--json").json
    assert (told["kind"], told["lane"]["name"]) == ("lane", "auth")
    assert [x["attempt"]["id"] for x in told["attempts"]] == ["auth/1"]
    rows = cli("show", "auth").out.splitlines()
    assert rows[:4] == [
        "lane auth (active)",
        f"  head:    {repo.rev('refs/lanes/head/auth')}",
        f"  fork:    {repo.rev('main')}",
        f"  path:    {place}",
    ]
    assert "attempt auth/1 (accepted)" in rows


def test_delete_keeps_the_records(repo: TestRepo, cli: Cli) -> None:
    """A deleted lane is gone from the list, and with it its directory; its attempts are told."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    head = short(repo, "refs/lanes/head/auth")
    assert cli("delete", "auth", "--yes") == Ran(0, f"deleted lane auth (was at {head})\n", "")
    assert not place.exists()
    assert repo.git("worktree", "list", "--porcelain").count("worktree ") == 1
    assert "refs/lanes/head/auth" not in repo.refs()
    assert [x["name"] for x in cli("list", "--json").json["lanes"]] == ["main"]
    assert cli("show", "auth/1", "--json").json["attempts"][0]["attempt"]["status"] == "accepted"
    assert cli("history", "auth", "--json").json["attempts"][0]["attempt"]["id"] == "auth/1"
    assert cli("show", "auth", "--json").json["lane"]["status"] == "deleted"
    repo.fsck()


def test_delete_asks_first(repo: TestRepo, cli: Cli) -> None:
    """Without a terminal, delete needs --yes."""
    repo.lane("auth")
    assert cli("delete", "auth") == Ran(
        128,
        "",
        "error: this needs a confirmation, and there is no terminal\nhint: use --yes\n",
    )
    assert repo.workspace("auth").exists()


def test_delete_refuses_what_would_be_lost(repo: TestRepo, cli: Cli) -> None:
    """Open attempts and unsaved work are refused by name; nothing moves."""
    place = repo.lane("auth")
    repo.propose("auth", {"auth.py": "a\n"})
    before = repo.refs()
    assert cli("delete", "auth", "--yes") == Ran(
        128,
        "",
        "error: lane 'auth' has open attempts: auth/1\n"
        "hint: accept or reject them first, or use --force\n",
    )
    repo.write({"unsaved.txt": "u\n"}, place)
    assert cli("delete", "auth", "--yes") == Ran(
        128,
        "",
        "error: workspace of lane 'auth' has 1 unsaved file\n"
        "hint: propose them, or use --force: a snapshot is taken first\n",
    )
    assert repo.refs() == before
    assert (place / "unsaved.txt").read_text() == "u\n"


def test_delete_by_force_saves_the_work(repo: TestRepo, cli: Cli) -> None:
    """`--force` rejects open attempts and snapshots the files; the hint brings them back."""
    place = repo.lane("auth")
    repo.propose("auth", {"auth.py": "a\n"})
    repo.write({"unsaved.txt": "u\n"}, place)
    done = cli("delete", "auth", "--yes", "--force")
    assert done == Ran(
        0,
        f"deleted lane auth (was at {short(repo, 'main')})\n",
        "its unsaved work is in snapshot auth/s1\n"
        "hint: get it back with 'git lanes new NAME --from auth/s1'\n",
    )
    attempt = cli("show", "auth/1", "--json").json["attempts"][0]["attempt"]
    assert (attempt["status"], attempt["reason"]) == ("rejected", "the lane was deleted")
    repo.git("gc", "--quiet", "--prune=now")
    assert cli("new", "again", "--from", "auth/s1").code == 0
    assert (repo.workspace("again") / "unsaved.txt").read_text() == "u\n"
    assert (repo.workspace("again") / "auth.py").read_text() == "a\n"


def test_delete_refuses_the_repositorys_own_lane(cli: Cli) -> None:
    """The lane that `init` adopted stays."""
    assert cli("delete", "main", "--yes", "--force").err == (
        "error: lane 'main' is the repository's own\nhint: other lanes can be deleted\n"
    )


def test_delete_expects_a_head(repo: TestRepo, cli: Cli) -> None:
    """`--expect` refuses with 75 where the lane moved on, and keeps the workspace."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    assert cli("delete", "auth", "--yes", "--expect", repo.rev("main")).code == 75
    assert (place / "auth.py").read_text() == "a\n"


def test_a_name_used_again_goes_on_in_numbers(repo: TestRepo, cli: Cli) -> None:
    """After delete, a lane of the same name has a new uuid, and attempt ids never repeat."""
    repo.work("auth", {"auth.py": "a\n"})
    old = cli("show", "auth", "--json").json["lane"]["uuid"]
    cli("delete", "auth", "--yes")
    repo.work("auth", {"auth.py": "b\n"})
    assert cli("show", "auth", "--json").json["lane"]["uuid"] != old
    ids = [x["attempt"]["id"] for x in cli("history", "auth", "--json").json["attempts"]]
    assert ids == ["auth/2", "auth/1"]
    assert repo.git("show", "refs/lanes/head/auth:auth.py") == "b"


def test_status_shows_unsaved_work_here(repo: TestRepo, cli: Cli) -> None:
    """In a workspace, status names its unsaved files with git's letters, ignored ones not."""
    place = repo.lane("auth")
    repo.write({".gitignore": "*.log\n", "x.log": "l\n", "auth.py": "a\n"}, place)
    repo.write({"src/app.py": None, "new.txt": "n\n"}, place)
    tip = short(repo, "main")
    assert cli("status", cwd=place).out.splitlines() == [
        "LANE  HEAD          STATE   OPEN  LAST",
        f"auth  {tip}  active  -     new lane auth",
        f"main  {tip}  active  -     adopt the repository as lane main",
        "",
        "unsaved in the workspace of auth:",
        "   M auth.py",
        "   D src/app.py",
        "  ?? .gitignore",
        "  ?? new.txt",
    ]
    told = cli("status", "--json", cwd=place).json
    assert told["lane"] == "auth"
    assert told["unsaved"] == [
        [" M", "auth.py"],
        [" D", "src/app.py"],
        ["??", ".gitignore"],
        ["??", "new.txt"],
    ]
    assert cli("status", "main").out.splitlines()[-1] == "nothing unsaved in the workspace of main"
    looking = Path(cli("workspace", "create", "auth", "--at", "main", "--detached").out.strip())
    repo.write({"auth.py": "a\n"}, looking)
    assert cli("status", cwd=looking).out.splitlines()[-2:] == [
        f"unsaved in the workspace {looking.name}:",
        "   M auth.py",
    ]


def test_status_finds_a_head_moved_by_others(repo: TestRepo, cli: Cli) -> None:
    """A head ref moved without its journal is named, with what will come of it."""
    repo.work("auth", {"auth.py": "a\n"})
    moved, recorded = repo.rev("main")[:12], repo.rev("refs/lanes/head/auth")[:12]
    repo.git("update-ref", "refs/lanes/head/auth", "main")
    message = f"head of lane 'auth' was moved back to {moved} outside gitlanes"
    hint = f"the next command that changes the lane puts it back to {recorded}"
    assert cli("status").err == f"warning: {message}\nhint: {hint}\n"
    assert cli("status", "-q").err == f"warning: {message}\n"
    assert cli("status", "--json").json["findings"] == [
        {"kind": "head-back", "lane": "auth", "message": message, "hint": hint}
    ]
    assert cli("promote", "auth").code == 0
    assert cli("status").err == ""


def test_workspaces_are_listed_and_removed(repo: TestRepo, cli: Cli) -> None:
    """`workspace list` has every directory; `remove` keeps the lane and refuses unsaved work."""
    place = repo.lane("auth")
    assert cli("workspace", "list").out.splitlines() == [
        "WORKSPACE  KIND  PATH",
        f"auth       lane  {place}",
        f"main       root  {repo.path}",
    ]
    told = cli("workspace", "list", "--json").json
    assert [(x["lane"], x["root"]) for x in told["workspaces"]] == [("auth", False), ("main", True)]
    repo.write({"unsaved.txt": "u\n"}, place)
    assert cli("workspace", "remove", "auth").code == 128
    done = cli("workspace", "remove", "auth", "--force")
    assert done == Ran(
        0,
        "removed the workspace of auth\n",
        "its unsaved work is in snapshot auth/s1\n"
        "hint: get it back with 'git lanes new NAME --from auth/s1'\n",
    )
    assert not place.exists()
    assert cli("list", "--json").json["lanes"][0]["path"] is None
    assert cli("workspace", "remove", "main").err == (
        "error: workspace of lane 'main' is the repository itself\n"
        "hint: only linked workspaces can be removed\n"
    )


def test_why_a_snapshot_was_taken(repo: TestRepo, cli: Cli) -> None:
    """A reason is told by `list` and `show`, without secrets; another one makes a snapshot anew."""
    repo.write({"new.txt": "x\n"}, repo.lane("auth"))
    for number, reason in enumerate(("list", "before the rewrite", "before\n\nall\x1b[2J"), 1):
        for _ in range(2):
            assert cli("snapshot", "-m", reason, "auth").err == f"snapshot auth/s{number}\n"
    assert cli("snapshot", "auth").err == "snapshot auth/s3\n"
    rows = cli("snapshot", "list").out.splitlines()
    assert [x.split()[4:] for x in rows] == [
        ["REASON"],
        ["list"],
        ["before", "the", "rewrite"],
        [r"before\x0a\x0aall\x1b[2J"],
    ]
    assert "  Reason: before the rewrite\n" in cli("snapshot", "show", "auth/s2").out
    assert cli("show", "auth/s2").out.endswith("\n  reason before the rewrite\n")
    assert cli("snapshot", "auth", "--json").json["reason"] == "before\n\nall\x1b[2J"
    key = planted.keys()["aws id"]
    told = cli("snapshot", "auth", "-m", f"use {key}")
    assert "a secret was redacted before recording" in told.err
    assert key not in repo.git("log", "-1", "--format=%B", "refs/lanes/snapshots/auth/4")
    with pytest.raises(BadValue):
        repo.lanes.snapshot("auth", reason="a\0b")
    repo.fsck()


def test_snapshot_prints_the_world_state(repo: TestRepo, cli: Cli) -> None:
    """The id is git's tree of the files; again it is the same, and held by one ref."""
    place = repo.lane("auth")
    repo.write({"untracked.txt": "u\n"}, place)
    done = cli("snapshot", cwd=place)
    assert done.err == "snapshot auth/s1\n"
    assert done.out.strip() == repo.rev("refs/lanes/snapshots/auth/1^{tree}")
    assert repo.files(done.out.strip())["untracked.txt"] == "u"
    assert cli("snapshot", "auth") == done
    assert repo.git("for-each-ref", "refs/lanes/snapshots", "--format=%(refname)") == (
        "refs/lanes/snapshots/auth/1"
    )
    (place / "untracked.txt").chmod(0o755)
    assert cli("snapshot", "auth", "--json").json["id"] == "auth/s2"
    assert cli("-h").code == cli("snapshot", "-h").code == 0
    assert cli("snapshot", "-q", "auth").err == ""


def test_a_directory_moved_by_git_is_found(repo: TestRepo, cli: Cli, tmp_path: Path) -> None:
    """A workspace moved with `git worktree move` is still the lane's."""
    place = repo.lane("auth")
    repo.git("worktree", "unlock", str(place))
    repo.git("worktree", "move", str(place), str(tmp_path / "moved"))
    assert cli("path", "auth").out == f"{tmp_path / 'moved'}\n"


def test_a_directory_that_was_deleted(repo: TestRepo, cli: Cli) -> None:
    """A workspace that somebody removed by hand is named as gone, and can be made again."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    place.rename(place.with_name("elsewhere"))
    assert cli("commit", "auth", "-m", "x") == Ran(
        128,
        "",
        f"error: workspace of lane 'auth' is gone: '{place}'\n"
        "hint: if it was moved, run 'git worktree repair' there; "
        "else 'git lanes workspace remove auth', then 'workspace create'\n",
    )
    assert cli("workspace", "remove", "auth").code == 0
    assert cli("workspace", "create", "auth").code == 0
    assert (place / "auth.py").read_text() == "a\n"


def test_a_lane_name_in_a_subdirectory(repo: TestRepo) -> None:
    """Verbs work from a directory inside a workspace."""
    place = repo.lane("auth")
    repo.write({"src/app.py": "changed\n"}, place)
    done = run_cli(place / "src", repo.environ, "commit", "-m", "x")
    assert (done.code, done.out.split()[:2]) == (0, ["accepted", "auth/1"])


@pytest.mark.parametrize("args", [(), ("auth",)])
def test_a_workspace_that_was_moved(repo: TestRepo, cli: Cli, args: tuple[str, ...]) -> None:
    """`status` goes on, says that it is gone and what helps; in the moved directory, too."""
    place, moved = repo.lane("auth", {"auth.py": "1\n"}), repo.path.parent / "moved"
    place.rename(moved)
    message = f"workspace of lane 'auth' is gone: '{place}'"
    hint = (
        "if it was moved, run 'git worktree repair' there; "
        "else 'git lanes workspace remove auth', then 'workspace create'"
    )
    for where in (repo.path, moved):
        done = cli("status", *args, cwd=where)
        assert (done.code, done.err) == (0, f"warning: {message}\nhint: {hint}\n")
    assert cli("status", "--json").json["findings"] == [
        {"kind": "workspace-gone", "lane": "auth", "message": message, "hint": hint}
    ]
    assert cli("path", "auth") == Ran(128, "", f"error: {message}\nhint: {hint}\n")
    repo.git("worktree", "repair", cwd=moved)
    assert cli("status", "auth") == Ran(0, cli("status", "auth").out, "")
