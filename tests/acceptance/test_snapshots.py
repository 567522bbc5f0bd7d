"""What gitlanes promises about snapshots and restoring them, through the command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import Negative
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def test_snapshot_ids_and_restore_after_gc(repo: TestRepo, cli: Cli) -> None:
    """6. `snapshot` twice without a change prints one id; chmod +x changes it.

    `git gc --prune=now`, then `restore` works.
    """
    assert cli("new", "auth").code == 0
    place = repo.workspace("auth")
    repo.write({"run.sh": "run\n", "auth.py": "edited\n"}, place)
    first, again = cli("snapshot", "auth"), cli("snapshot", cwd=place)
    assert first == again
    assert first.err == "snapshot auth/s1\n"
    (place / "run.sh").chmod(0o755)
    second = cli("snapshot", "auth")
    assert (second.out != first.out, second.err) == (True, "snapshot auth/s2\n")
    assert cli("restore", "auth", "auth").code == 0
    assert not (place / "run.sh").exists()
    for work_tree in (place, repo.path):
        repo.git("reflog", "expire", "--expire=now", "--all", cwd=work_tree)
    repo.git("gc", "--quiet", "--prune=now")
    assert cli("restore", "auth/s1", "auth").code == 0
    assert (place / "auth.py").read_text() == "edited\n"
    assert not (place / "run.sh").stat().st_mode & 0o111
    assert cli("restore", "auth/s2", "auth").code == 0
    assert (place / "run.sh").stat().st_mode & 0o111
    assert cli("snapshot", "auth").out == second.out
    repo.fsck()


def test_restore_in_a_dirty_workspace(repo: TestRepo, cli: Cli) -> None:
    """7. `restore` of an old state in a dirty workspace refuses.

    With `--force` the edits come back from the snapshot named.
    """
    assert cli("new", "auth").code == 0
    place = repo.workspace("auth")
    repo.commit("auth", {"auth.py": "1\n"})
    repo.commit("auth", {"auth.py": "2\n"})
    edits = {"auth.py": "unsaved\n", "src/new.py": "unsaved, too\n"}
    repo.write(edits, place)
    before = repo.refs()
    assert cli("restore", "auth/1", "auth") == Ran(
        128,
        "",
        "in the way: 'auth.py'\n"
        "in the way: 'src/new.py'\n"
        "error: workspace 'auth' has 2 unsaved files\n"
        "hint: commit them, or use --force: a snapshot is taken first\n",
    )
    assert repo.refs() == before
    assert {name: (place / name).read_text() for name in edits} == edits
    assert cli("restore", "auth/1", "auth", "--force") == Ran(
        0,
        "auth has the files of auth/1: 1 file written, 1 file removed\n",
        "what was there is in snapshot auth/s1\n"
        "hint: get it back with 'git lanes restore auth/s1 auth --force'\n",
    )
    assert (place / "auth.py").read_text() == "1\n"
    assert not (place / "src/new.py").exists()
    assert cli("restore", "auth/s1", "auth", "--force").code == 0
    assert {name: (place / name).read_text() for name in edits} == edits
    assert repo.git("rev-parse", "HEAD", cwd=place) == repo.lanes.head("auth")


def test_going_back_and_returning(repo: TestRepo, cli: Cli) -> None:
    """25. Going back to an attempt gives its state and files; to return gives the head's.

    Unsaved edits survive both; what is not there, or another lane's, is refused.
    """
    assert cli("new", "auth").code == 0
    place = repo.workspace("auth")
    for text in ("1\n", "2\n", "3\n"):
        repo.commit("auth", {"auth.py": text})
    repo.write({"notes.txt": "unsaved\n"}, place)
    assert cli("workspace", "update", "auth", "--to", "auth/1").code == 0
    assert (place / "auth.py").read_text() == "1\n"
    assert (
        repo.git("rev-parse", "HEAD", cwd=place)
        == cli("show", "auth/1", "--json").json["attempts"][0]["attempt"]["commit"]
    )
    assert cli("workspace", "update", "auth").code == 0
    assert (place / "auth.py").read_text() == "3\n"
    assert (place / "notes.txt").read_text() == "unsaved\n"
    assert cli("workspace", "update", "auth", "--to", "auth/9").code == 128
    assert cli("new", "other").code == 0
    assert cli("workspace", "create", "auth", "--at", "other").code == 128


def test_a_step_that_fails_on_unsaved_work(repo: TestRepo, cli: Cli) -> None:
    """28. A step that fails on unsaved work returns its error with a snapshot.

    Its restore brings the file back, whatever the error was; a clean workspace makes none.
    """
    place = repo.lane("auth")
    with pytest.raises(Negative) as clean, repo.lanes.safely("before all", "auth") as saved:
        repo.lanes.resume("auth")
    assert (saved, clean.value.data, repo.lanes.snapshots()) == (None, {}, [])
    errors = (Negative("no such step"), ValueError("bad"), SystemExit(3))
    for number, failed in enumerate(errors):
        work = {"auth.py": f"work {number}\n", "new.txt": "precious\n"}
        repo.write(work, place)
        with pytest.raises(type(failed)) as told:
            _half_a_step(repo, failed)
        command = f"git lanes restore auth/s{2 * number + 1} auth --force"
        assert told.value is failed
        assert [x for x in failed.__notes__ if command in x]
        if isinstance(failed, Negative):
            assert failed.data == {"snapshot": "auth/s1", "restore": command}
            assert failed.hint == f"get unsaved work back with '{command}'"
        assert cli(*command.split()[2:]).code == 0
        assert {x: (place / x).read_text() for x in work} == work
    listed = cli("snapshot", "list", "auth", "--json").json["snapshots"]
    assert [x["reason"] for x in listed if x["reason"]] == ["before the step"] * 3


def _half_a_step(repo: TestRepo, failed: BaseException) -> None:
    """Do the first half of a step that spoils the files, and fails."""
    with repo.lanes.safely("before the step", "auth"):
        repo.write({"auth.py": "half of it\n", "new.txt": None}, repo.workspace("auth"))
        raise failed
