"""Renaming lanes: what they are stays, and every old id is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import BadName, Negative, NotFound, Raced, Refused
from gitlanes.store import journal
from tests.support.cli import Ran, spawn_cli
from tests.support.repos import TestRepo


def chain(repo: TestRepo, lane: str) -> list[str]:
    """Return the verbs of a lane's journal, newest first."""
    with repo.inner() as inner:
        state = inner.view.find(lane)
        assert state is not None
        return [x.verb for x in journal.walk(inner.refs, state.tip)]


def first_parents(repo: TestRepo, lane: str) -> list[str]:
    """Return the subjects of a journal as plain git sees it, newest first."""
    log = repo.git("log", "--first-parent", "--format=%s", f"refs/lanes/journal/{lane}")
    return log.splitlines()


def name_in(repo: TestRepo, place: Path) -> str:
    """Return the lane's name as a workspace knows it."""
    git_dir = repo.git("rev-parse", "--absolute-git-dir", cwd=place)
    return str(json.loads(Path(git_dir, "lanes.json").read_text())["name"])


def test_the_lane_stays_what_it_is(repo: TestRepo) -> None:
    """Identity, head, numbers, workspace and open attempts are those of before."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    repo.propose("auth", {"auth.py": "b\n"})
    before = repo.lanes.lane("auth")
    made = repo.lanes.rename("auth", "login")
    after = repo.lanes.lane("login")
    assert (made.lane.name, made.old, made.path) == ("login", "auth", str(place))
    assert (after.uuid, after.head, after.path) == (before.uuid, before.head, str(place))
    assert after.open == before.open
    assert repo.rev("refs/lanes/head/login") == before.head
    assert "refs/lanes/head/auth" not in repo.refs()
    assert [x.name for x in repo.lanes.lanes().lanes] == ["login", "main"]
    assert repo.commit("login", {"auth.py": "c\n"}) == "login/3"
    repo.git("gc", "--quiet", "--prune=now")
    repo.fsck()


def test_the_journal_goes_on_under_the_new_name(repo: TestRepo) -> None:
    """First parents lead from the new name through all of the old history; the old name ends."""
    repo.lane("auth", {"auth.py": "a\n"})
    repo.lanes.rename("auth", "login")
    assert chain(repo, "login") == ["rename", "commit", "new"]
    assert chain(repo, "auth") == ["rename", "commit", "new"]
    assert first_parents(repo, "login") == [
        "rename lane auth to login",
        "commit auth/1: work of auth",
        "new lane auth",
        "journal of lane auth",
    ]
    with repo.inner() as inner:
        tombstone = inner.view.find("auth")
        assert tombstone is not None
        entry = journal.read_entry(inner.refs, tombstone.tip)
    assert entry.record.status == "renamed"
    assert entry.details["renamed"]["to"] == "login"
    assert entry.details["renamed"]["uuid"] == entry.record.uuid


def test_old_ids_are_found(repo: TestRepo) -> None:
    """Attempts and snapshots are shown, compared, started from and decided by their old ids."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    repo.write({"unsaved.txt": "u\n"}, place)
    snapshot = repo.lanes.snapshot("auth").id
    repo.propose("auth", {"unsaved.txt": None, "auth.py": "b\n"})
    repo.propose("auth", {"extra.txt": "e\n"}, change="new", paths=["extra.txt"])
    head = repo.rev("refs/lanes/head/auth")
    repo.lanes.rename("auth", "login")
    assert snapshot == "auth/s1"
    assert repo.lanes.show("auth/1").attempts[0].attempt.status == "accepted"
    assert repo.lanes.show("auth/s1").snapshot is not None
    assert [x.path for x in repo.lanes.diff("auth/1", "auth/2").files] == [b"auth.py"]
    assert repo.lanes.new("from-attempt", start="auth/1").lane.head == head
    assert repo.lanes.new("from-snapshot", start="auth/s1").lane.fork == repo.rev(
        "refs/lanes/snapshots/auth/1"
    )
    origin = repo.lanes.lane("login").uuid
    with repo.inner() as inner:
        assert inner.view.lane("from-attempt").record.origin == origin
    assert repo.lanes.accept("auth/2").attempt.status == "accepted"
    assert repo.lanes.reject("auth/3").attempt.status == "rejected"
    assert repo.lanes.show("auth/2").attempts[0].attempt.status == "accepted"
    assert repo.lanes.show("auth/3").attempts[0].attempt.status == "rejected"
    assert repo.git("show", "refs/lanes/head/login:auth.py") == "b"


def test_history_is_told_once(repo: TestRepo) -> None:
    """The lane's history has its attempts under both names, each once and as it ended."""
    repo.lane("auth", {"auth.py": "a\n"})
    repo.propose("auth", {"auth.py": "b\n"})
    repo.lanes.rename("auth", "login")
    repo.lanes.accept("auth/2")
    repo.commit("login", {"auth.py": "c\n"})
    told = [(x.attempt.id, x.attempt.status) for x in repo.lanes.history("login").attempts]
    wanted = [("login/3", "accepted"), ("auth/2", "accepted"), ("auth/1", "accepted")]
    assert told == wanted
    assert [(x.attempt.id, x.attempt.status) for x in repo.lanes.history().attempts] == wanted


def test_the_old_name_says_the_new_one(repo: TestRepo) -> None:
    """Whoever asks for the old name learns the new one, after several renamings, too."""
    repo.lane("auth")
    repo.lanes.rename("auth", "login")
    repo.lanes.rename("login", "sign-in")
    for verb in (repo.lanes.show, repo.lanes.lane, repo.lanes.history, repo.lanes.commit):
        with pytest.raises(NotFound, match="'auth' not found") as refused:
            verb("auth")
        assert refused.value.hint == "it is called 'sign-in' now"
    repo.lanes.delete("sign-in")
    with pytest.raises(NotFound) as refused:
        repo.lanes.show("auth")
    assert refused.value.hint == "it is called 'sign-in' now, and deleted since"


def test_back_again(repo: TestRepo) -> None:
    """A lane gets its old name back; both journals only ever went forward."""
    repo.lane("auth", {"auth.py": "a\n"})
    repo.lanes.rename("auth", "login")
    tips = {x: repo.rev(f"refs/lanes/journal/{x}") for x in ("auth", "login")}
    repo.commit("login", {"auth.py": "b\n"})
    between = repo.rev("refs/lanes/journal/login")
    repo.lanes.rename("login", "auth")
    parents = repo.git("rev-parse", "refs/lanes/journal/auth^@").splitlines()
    assert parents[:2] == [between, tips["auth"]]
    for name, tip in tips.items():
        repo.git("merge-base", "--is-ancestor", tip, f"refs/lanes/journal/{name}")
    assert chain(repo, "auth") == ["rename", "commit", "rename", "commit", "new"]
    assert repo.commit("auth", {"auth.py": "c\n"}) == "auth/3"
    told = [x.attempt.id for x in repo.lanes.history("auth").attempts]
    assert told == ["auth/3", "login/2", "auth/1"]
    assert repo.lanes.show("login/2").attempts[0].attempt.status == "accepted"
    with pytest.raises(NotFound) as refused:
        repo.lanes.show("login")
    assert refused.value.hint == "it is called 'auth' now"


def test_the_old_name_may_be_used_anew(repo: TestRepo) -> None:
    """Another lane of the old name goes on in its numbers, and old ids stay the other's."""
    repo.lane("auth", {"auth.py": "a\n"})
    repo.propose("auth", {"auth.py": "b\n"})
    repo.lanes.rename("auth", "login")
    repo.lanes.accept("auth/2")
    place = Path(str(repo.lanes.new("auth", path=repo.path.with_name("anew")).path))
    repo.write({"other.txt": "o\n"}, place)
    assert repo.lanes.commit("auth", message="other").attempt.id == "auth/3"
    assert repo.lanes.lane("auth").uuid != repo.lanes.lane("login").uuid
    assert repo.lanes.show("auth/2").attempts[0].attempt.status == "accepted"
    assert [x.attempt.id for x in repo.lanes.history("auth").attempts] == ["auth/3"]
    assert [x.attempt.id for x in repo.lanes.history("login").attempts] == ["auth/2", "auth/1"]
    repo.lanes.new("from-old-id", start="auth/1")
    assert repo.lanes.lane("from-old-id").origin == "login"
    with pytest.raises(Refused, match="exists already"):
        repo.lanes.rename("login", "auth")
    repo.lanes.delete("auth")
    with pytest.raises(Refused, match="was another lane's"):
        repo.lanes.rename("login", "auth")


@pytest.mark.parametrize("name", ["Auth", "AUTH"])
def test_a_name_that_differs_in_case_alone(repo: TestRepo, name: str) -> None:
    """Refused, for the old name's journal stays beside the new one's: some disks have one file."""
    repo.lane("auth")
    before = repo.refs()
    with pytest.raises(Refused, match="only in case"):
        repo.lanes.rename("auth", name)
    assert repo.refs() == before


def test_names_that_cannot_be(repo: TestRepo) -> None:
    """Bad names, names in use, the same name and a head that is not there change nothing."""
    repo.lane("auth")
    repo.lane("ui")
    before = repo.refs()
    with pytest.raises(BadName):
        repo.lanes.rename("auth", "../x")
    with pytest.raises(Refused, match="'ui' exists already"):
        repo.lanes.rename("auth", "ui")
    with pytest.raises(Negative):
        repo.lanes.rename("auth", "auth")
    with pytest.raises(Raced):
        repo.lanes.rename("auth", "login", expect="0" * 40)
    with pytest.raises(NotFound):
        repo.lanes.rename("nobody", "login")
    assert repo.refs() == before


def test_the_bound_lane(repo: TestRepo) -> None:
    """The repository's own lane stays bound and the default target under its new name."""
    repo.lanes.rename("main", "trunk")
    refs = repo.refs()
    assert refs["refs/lanes/seen/trunk"] == repo.rev("main")
    assert "refs/lanes/seen/main" not in refs
    assert name_in(repo, repo.path) == "trunk"
    tip = repo.save({"people.txt": "p\n"})
    repo.lane("auth", {"auth.py": "a\n"})
    assert repo.rev("refs/lanes/head/trunk") == tip
    made = repo.lanes.promote("auth")
    assert (made.into, made.followed) == ("trunk", True)
    assert (repo.path / "auth.py").read_text() == "a\n"
    repo.write({"own.txt": "o\n"})
    assert repo.lanes.commit("trunk", message="own").attempt.id == "trunk/3"
    assert not repo.lanes.init().created
    repo.fsck()


def test_landing_goes_on_from_where_it_was(repo: TestRepo) -> None:
    """What landed before a renaming does not land again after it."""
    repo.lane("auth", {"auth.py": "a\n"})
    repo.lanes.promote("auth", mode="squash")
    repo.lanes.rename("auth", "login")
    with pytest.raises(Negative, match="nothing to promote"):
        repo.lanes.promote("login")
    repo.commit("login", {"more.txt": "m\n"})
    assert repo.lanes.promote("login").source_only == (b"more.txt",)


def test_a_stale_name_in_the_workspace(repo: TestRepo) -> None:
    """A workspace that still has the old name is the lane's; snapshots go by the new one."""
    place = repo.lane("auth", {"auth.py": "a\n"})
    known = repo.path / ".git/worktrees/auth/lanes.json"
    stale = known.read_text()
    repo.lanes.rename("auth", "login")
    repo.lanes.new("auth", workspace=False)
    known.write_text(stale)
    repo.write({"unsaved.txt": "u\n"}, place)
    with repo.open(place) as inside:
        assert inside.status().lane in ("auth", "login")
        assert inside.snapshot().id == "login/s1"
        assert name_in(repo, place) == "login"
        assert inside.commit(message="more").attempt.id == "login/2"
    assert repo.lanes.workspace("login").path == str(place)


def test_a_workspace_whose_directory_is_gone(repo: TestRepo) -> None:
    """Renaming does not need the files."""
    place = repo.lane("auth")
    place.rename(place.with_name("elsewhere"))
    repo.lanes.rename("auth", "login")
    place.with_name("elsewhere").rename(place)
    assert repo.lanes.workspace("login").path == str(place)
    assert name_in(repo, place) == "login"


def test_ctrl_c_as_it_is_done(repo: TestRepo, cli: Callable[..., Ran]) -> None:
    """The workspace knows its lane's name all the same."""
    place = repo.lane("auth")
    hook = repo.path / ".git/hooks/reference-transaction"
    parent = "$(cut -d' ' -f4 /proc/$PPID/stat)"  # of git, which runs the hook
    hook.write_text(f"#!/bin/sh\n[ $1 = committed ] && kill -INT {parent}\n:\n")
    hook.chmod(0o755)
    assert spawn_cli(repo.path, repo.environ, "rename", "auth", "login").code == 130
    hook.unlink()
    assert cli("doctor").code == 0
    assert repo.lanes.workspace("login").path == str(place)
