"""workspace create, update, switch, remove, list; restore; snapshot: from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """Lane auth, whose head has got auth.py and new.txt from lane dev since."""
    found = repo.lane("auth")
    repo.lane("dev", {"auth.py": "theirs\n", "new.txt": "theirs\n"})
    repo.lanes.promote("dev", into="auth")
    return found


def short(repo: TestRepo, lane: str) -> str:
    """Return a lane's head as results show it."""
    return repo.lanes.head(lane)[:12]


def test_update(repo: TestRepo, cli: Cli, place: Path) -> None:
    """It tells where the workspace is and what was written; inside it needs no name."""
    head = short(repo, "auth")
    assert cli("workspace", "update", cwd=place) == Ran(
        0, f"auth is at {head}: 2 files written\n", ""
    )
    again = Ran(0, f"auth is at {head}: no file differed\n", "")
    assert cli("workspace", "update", "auth") == again
    done = cli("workspace", "update", "auth", "--to", "dev", "--json").json
    assert (done["schema"], done["workspace"], done["written"]) == ("gitlanes.moved/1", "auth", 0)


def test_update_that_is_refused(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Each path in the way has a line, however it is called."""
    repo.write({"auth.py": "mine\n", "new.txt": "mine\n"}, place)
    before = repo.refs()
    assert cli("workspace", "update", "auth") == Ran(
        128,
        "",
        "in the way: 'auth.py'\n"
        "in the way: 'new.txt'\n"
        "error: 2 changed files in workspace 'auth' would be overwritten\n"
        "hint: save or move them first, or set all aside in a snapshot: "
        "git lanes restore auth auth --force\n",
    )
    told = cli("workspace", "update", "auth", "--json")
    assert (told.code, told.json["in_the_way"]) == (128, ["auth.py", "new.txt"])
    assert repo.refs() == before
    assert cli("restore", "auth", "auth", "--force").code == 0
    assert cli("workspace", "update", "auth").code == 0


def test_update_to_another_lane(repo: TestRepo, cli: Cli) -> None:
    """Of a foreign state the files come, and a hint says what they are now."""
    repo.lane("auth")
    repo.lane("dev", {"dev.txt": "dev\n"})
    base, head = short(repo, "auth"), short(repo, "dev")
    assert cli("workspace", "update", "auth", "--to", "dev") == Ran(
        0,
        f"auth is based on {base} still and has the files of {head}: 1 file written\n",
        "hint: what differs from the lane is unsaved work now\n",
    )


def test_update_of_what_is_not_there(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Unknown lanes, ids and states have the nearest name; a lane that moved on is raced."""
    del place
    assert cli("workspace", "update", "aut").err == (
        "error: lane 'aut' not found\nhint: did you mean 'auth'?\n"
    )
    repo.lanes.create_workspace("auth", at="dev/1", path=repo.path.parent / "x", detached=True)
    name = f"auth@{repo.lanes.head('dev')[:7]}"
    assert cli("workspace", "update", name[:-1]).err == (
        f"error: workspace '{name[:-1]}' not found\nhint: did you mean '{name}'?\n"
    )
    assert cli("workspace", "update", "auth", "--to", "deb").code == 128
    assert cli("workspace", "update", "auth", "--expect", "0" * 40).code == 75
    assert cli("workspace", "update", cwd=repo.path.parent).code == 128


def test_switch(repo: TestRepo, cli: Cli, place: Path) -> None:
    """The directory belongs to the other lane; unsaved work refuses, or is named after force."""
    repo.lanes.new("next", workspace=False)
    repo.write({"auth.py": "mine\n"}, place)
    assert cli("workspace", "switch", "next", cwd=place) == Ran(
        128,
        "",
        "in the way: 'auth.py'\n"
        "error: workspace 'auth' has 1 unsaved file\n"
        "hint: commit them, or use --force: a snapshot is taken first\n",
    )
    assert cli("workspace", "switch", "dev", "--workspace", "auth") == Ran(
        128,
        "",
        f"error: lane 'dev' has a workspace already: '{repo.workspace('dev')}'\n"
        "hint: go there, or remove it with 'git lanes workspace remove dev'\n",
    )
    assert cli("workspace", "switch", "next", "--force", cwd=place) == Ran(
        0,
        f"{place} belongs to next now: 1 file written\n",
        "what was there is in snapshot auth/s1\n"
        "hint: get it back with 'git lanes new NAME --from auth/s1'\n",
    )
    assert cli("path", "next").out == f"{place}\n"
    assert cli("workspace", "switch", "auth", cwd=repo.path).err == (
        "error: the repository's own directory cannot be handed to another lane\n"
        "hint: go into another lane's workspace, or name one with --workspace\n"
    )


def test_detached_workspaces(repo: TestRepo, cli: Cli, place: Path) -> None:
    """They are made, listed, refused to propose, and removed by id or by path."""
    made = repo.path.with_name("repo.lanes") / "auth@1"
    assert cli("workspace", "create", "auth", "--at", "auth/1", "--detached").out == f"{made}\n"
    assert cli("workspace", "list").out.splitlines()[:3] == [
        "WORKSPACE  KIND      PATH",
        f"auth       lane      {place}",
        f"auth@1     detached  {made}",
    ]
    assert cli("commit", cwd=made) == Ran(
        128,
        "",
        "error: this directory is the detached workspace 'auth@1', for looking only\n"
        'hint: name the lane, or work in its workspace: cd "$(git lanes path auth)"\n',
    )
    assert cli("workspace", "create", "auth", "--at", "auth/1", "--detached") == Ran(
        128,
        "",
        f"error: workspace 'auth@1' is there already: '{made}'\n"
        "hint: go there, or make another one with --path\n",
    )
    repo.write({"notes.txt": "notes\n"}, made)
    assert cli("workspace", "remove", "auth@1") == Ran(
        128,
        "",
        "error: workspace 'auth@1' has 1 unsaved file\n"
        "hint: move them elsewhere, or use --force: a snapshot is taken first\n",
    )
    done = cli("workspace", "remove", ".", "--force", cwd=made)
    assert (done.code, done.out) == (0, "removed the workspace auth@1\n")
    assert cli("workspace", "remove", "auth@1").err == (
        "error: workspace 'auth@1' not found\nhint: did you mean 'auth'?\n"
    )


def test_create_at_a_state(repo: TestRepo, cli: Cli, place: Path) -> None:
    """The lane's own begins in its own history only."""
    repo.lanes.remove_workspace("auth")
    repo.lane("other", {"other.txt": "o\n"})
    assert cli("workspace", "create", "auth", "--at", "other") == Ran(
        128,
        "",
        "error: 'other' is not in the history of lane 'auth'\n"
        "hint: look at it in a workspace of its own with --detached\n",
    )
    assert cli("workspace", "create", "auth", "--at", "main").out == f"{place}\n"
    assert (place / "auth.py").read_text() == "login\n"


def test_restore(cli: Cli, place: Path) -> None:
    """It tells what was written and removed; nothing to do is fine."""
    assert cli("restore", "dev", "auth") == Ran(
        0, "auth has the files of dev: 2 files written\n", ""
    )
    assert cli("restore", "dev", cwd=place) == Ran(
        0, "auth has the files of dev: no file differed\n", ""
    )
    assert cli("restore", "devv", "auth").err == (
        "error: state 'devv' not found\nhint: did you mean 'dev'?\n"
    )
    assert cli("restore", "-x", "auth").code == 129


def test_reject_and_reset(repo: TestRepo, cli: Cli, place: Path) -> None:
    """The workspace is at the head again, and what the attempt has not is in a snapshot."""
    attempt = repo.propose("auth", {"offer.txt": "offer\n"})
    repo.write({"beyond.txt": "beyond\n"}, place)
    done = cli("reject", attempt, "--reset")
    assert (done.code, done.out.split()[:2]) == (0, ["rejected", attempt])
    assert done.err == (
        f"{place} is back at the lane's head: 2 files written, 2 files removed\n"
        "what was there is in snapshot auth/s1\n"
        "hint: get it back with 'git lanes restore auth/s1 auth --force'\n"
    )
    assert repo.git("status", "--porcelain", cwd=place) == ""


def test_snapshot_saves_unless_told_otherwise(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Bare, or with a lane, it saves; a lane of a command's name is saved with 'save'."""
    tree = repo.rev("main^{tree}")
    wanted = Ran(0, f"{tree}\n", "snapshot auth/s1\n")
    assert cli("snapshot", cwd=place) == wanted
    assert cli("snapshot", "auth") == wanted
    assert cli("snapshot", "save", "auth") == wanted
    assert cli("snapshot", "-q", "auth") == Ran(0, f"{tree}\n", "")
    assert cli("snapshot", "--json", "auth").json["id"] == "auth/s1"
    repo.lane("list")
    assert cli("snapshot", "save", "list").err == "snapshot list/s1\n"
    assert len(cli("snapshot", "list").out.splitlines()) == 3
    assert "prune" in cli("snapshot", "-h").out
    assert cli("snapshot", "nowhere").code == 128
