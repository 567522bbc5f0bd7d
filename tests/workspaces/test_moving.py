"""Steps on a directory that a killed git left among its files: finished, and nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes.models.plain import replace
from gitlanes.models.workspaces import Workspace
from gitlanes.workspaces import finding, state
from tests.support.repos import TestRepo


@pytest.fixture
def repo(repo: TestRepo) -> TestRepo:
    """Lane auth whose head has other files than its workspace, got from lane dev."""
    repo.save({"big.txt": "old\n" * 1000, ".gitignore": "*.ign\n"})
    repo.lane("auth")
    dev = repo.lane("dev")
    repo.write({"auth.py": "new\n", "big.txt": "new\n" * 1000, "more.txt": "new\n"}, dev)
    repo.write({"kept.ign": "new\n"}, dev)
    repo.git("add", "--force", "kept.ign", cwd=dev)
    repo.lanes.commit("dev")
    repo.lanes.promote("dev", into="auth")
    return repo


def interrupt(repo: TestRepo, step: state.Step) -> Path:
    """Leave the workspace of auth as if git had been killed at this step; return its directory."""
    found: Workspace = repo.lanes.workspace("auth")
    known = state.read(found.git_dir)
    assert known is not None
    lock = Path(found.git_dir, "index.lock")
    begun = state.Step(**{**step.__dict__, "locks": (str(lock),)})
    state.write(found.git_dir, replace(known, step=begun))
    lock.write_bytes(b"")
    return Path(found.path)


def update_step(repo: TestRepo) -> state.Step:
    """Return the step from the workspace's base to the lane's head."""
    head = repo.lanes.head("auth")
    return state.Step(state.UPDATE, old=repo.lanes.workspace("auth").base, new=head, base=head)


def restore_step(repo: TestRepo) -> state.Step:
    """Return the step to the lane's head as a tree."""
    new = repo.rev("refs/lanes/head/auth^{tree}")
    old = repo.rev(f"{repo.lanes.workspace('auth').base}^{{tree}}")
    return state.Step(state.RESTORE, old=old, new=new)


@pytest.mark.parametrize("kind", ["update", "restore"])
def test_half_written_files_are_written_anew(repo: TestRepo, kind: str) -> None:
    """Half a file is finished; being neither content, it is in a snapshot, ignored or not."""
    step = update_step(repo) if kind == "update" else restore_step(repo)
    place = interrupt(repo, step)
    repo.write({"auth.py": "new\n", "big.txt": "new\n" * 10, "kept.ign": "ne"}, place)
    with repo.open() as anew:
        anew.snapshot("auth")
        said = anew.take_warnings()
    assert (place / "big.txt").read_text() == "new\n" * 1000
    assert (place / "kept.ign").read_text() == "new\n"
    assert (place / "more.txt").exists()
    saved = repo.files("refs/lanes/snapshots/auth/1")
    assert (saved["big.txt"], saved["kept.ign"]) == ("\n".join(["new"] * 10), "ne")
    assert len(said) == 1
    assert said[0].endswith("files as they were are in snapshot auth/s1")
    expected = "" if kind == "update" else "M  auth.py\nM  big.txt\nA  kept.ign\nA  more.txt"
    assert repo.git("status", "--porcelain", cwd=place) == expected
    assert repo.lanes.workspace("auth").base == (
        repo.lanes.head("auth") if kind == "update" else repo.rev("main")
    )
    repo.fsck()


@pytest.mark.parametrize("kind", ["update", "restore"])
def test_an_edit_made_after_the_kill_is_kept(repo: TestRepo, kind: str) -> None:
    """A new file elsewhere stays with an update, and is in a snapshot with a restore."""
    step = update_step(repo) if kind == "update" else restore_step(repo)
    place = interrupt(repo, step)
    repo.write({"auth.py": "new\n", "since.txt": "since\n"}, place)
    repo.lanes.snapshot("auth")
    if kind == "update":
        assert (place / "since.txt").read_text() == "since\n"
    else:
        assert not (place / "since.txt").exists()
        assert repo.files("refs/lanes/snapshots/auth/1")["since.txt"] == "since"
    assert (place / "auth.py").read_text() == "new\n"


def test_an_update_that_had_not_begun_is_forgotten(repo: TestRepo) -> None:
    """Where no file was written yet, an edit in the way stays, and the workspace as it was."""
    base = repo.lanes.workspace("auth").base
    place = interrupt(repo, update_step(repo))
    (Path(repo.lanes.workspace("auth").git_dir) / "index.lock").unlink()
    repo.write({"auth.py": "mine\n"}, place)
    assert "auth.py" in repo.files(repo.lanes.snapshot("auth").tree)
    assert (place / "auth.py").read_text() == "mine\n"
    assert not (place / "more.txt").exists()
    assert repo.lanes.workspace("auth").base == base


def test_a_step_of_an_operation_that_never_happened_is_forgotten(repo: TestRepo) -> None:
    """A restore that waited for a rejection which never was leaves everything alone."""
    step = restore_step(repo)
    with repo.inner() as inner:
        tip = inner.view.lane("auth").tip
    never = "01a1fd43-c67b-72f2-8868-c63266debdd7"
    waiting = state.Step(
        state.RESTORE, old=step.old, new=step.new, base=repo.rev("main"), operation=never, tip=tip
    )
    place = interrupt(repo, waiting)
    (Path(repo.lanes.workspace("auth").git_dir) / "index.lock").unlink()
    repo.write({"auth.py": "mine\n"}, place)
    repo.lanes.snapshot("auth")
    assert (place / "auth.py").read_text() == "mine\n"
    assert not (place / "more.txt").exists()


def test_somebody_s_own_head_stays(repo: TestRepo) -> None:
    """A commit made in the workspace after the kill is not moved away from."""
    place = interrupt(repo, update_step(repo))
    (Path(repo.lanes.workspace("auth").git_dir) / "index.lock").unlink()
    repo.write({"own.txt": "own\n"}, place)
    repo.git("add", "own.txt", cwd=place)
    repo.git("commit", "--quiet", "--message=own", cwd=place)
    own = repo.git("rev-parse", "HEAD", cwd=place)
    repo.lanes.snapshot("auth")
    assert repo.git("rev-parse", "HEAD", cwd=place) == own
    made = repo.lanes.commit("auth").attempt
    assert repo.lanes.show(made.id).attempts[0].intent["commits"] == [own]
    assert repo.files(made.tree).keys() >= {"own.txt", "more.txt"}


def test_readers_do_not_finish_it(repo: TestRepo) -> None:
    """`status` says that a step is open; finding a workspace changes nothing."""
    interrupt(repo, update_step(repo))
    findings = repo.lanes.status("auth").findings
    with repo.inner() as inner:
        assert finding.workspace_of(inner, inner.view.lane("auth").record) is not None
    known = state.read(repo.lanes.workspace("auth").git_dir)
    assert known is not None
    assert known.step is not None
    assert any("update" in repr(x) for x in findings)
