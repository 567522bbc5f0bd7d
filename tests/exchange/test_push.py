"""What push brings to a server, and what it does where the server or others do not let it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import GitFailed, Intent, NotAdopted, NotFound, Refused
from tests.support.clones import Clones, Make
from tests.support.repos import TestRepo


def _hook(clones: Clones, name: str, text: str) -> Path:
    hook = clones.server / "hooks" / name
    hook.write_text(f"#!/bin/sh\n{text}\n")
    hook.chmod(0o755)
    return hook


def test_everything_shared_goes_and_nothing_else(clones: Clones) -> None:
    """Journals, heads and notes travel; branches, snapshots, seen and fetched refs do not."""
    a = clones[0]
    a.lanes.create_workspace("auth")
    a.commit("auth", {"auth.py": "new\n"})
    a.write({"auth.py": "unsaved\n"}, a.workspace("auth"))
    a.lanes.snapshot("auth")
    a.save({"readme": "by people\n"})
    made = a.lanes.push()
    assert [(x.lane, x.how) for x in made.lanes] == [("auth", "forward"), ("main", "forward")]
    assert clones.on_server() == clones.shared(a)
    there = TestRepo(clones.server, clones.environ).refs()
    assert {x.split("/")[2] for x in there if x.startswith("refs/lanes/")} == {"head", "journal"}
    assert there["refs/heads/main"] != a.rev("main")


def test_what_was_pushed_is_known_without_asking(clones: Clones) -> None:
    """After a push the remote's lanes are known as they are now, and a push sends nothing."""
    a = clones[0]
    a.lanes.put_file("auth", "new.txt", b"new\n")
    a.lanes.push()
    found = a.lanes.remote_status()
    assert {x.state for x in found.lanes} == {"in step"}
    assert {*found.notes.values()} == {"in step"}
    again = a.lanes.push()
    assert (again.lanes, again.notes, again.left) == ((), (), ())


def test_a_server_that_was_made_anew_gets_everything(clones: Clones) -> None:
    """What was known of the server does not keep lanes from one that has lost them."""
    a = clones[0]
    a.git("for-each-ref", "--format=delete %(refname)", "refs/lanes", "refs/notes")
    for ref in clones.on_server():
        a.git("update-ref", "-d", ref, cwd=clones.server)
    a.lanes.push()
    assert clones.on_server() == clones.shared(a)


def test_a_head_may_go_back(clones: Clones) -> None:
    """An amended attempt moves the head aside; the server's head goes along."""
    a, b = clones.all
    a.lanes.create_workspace("auth")
    a.commit("auth", {"auth.py": "first\n"})
    a.lanes.push()
    b.lanes.pull()
    a.write({"auth.py": "second\n"}, a.workspace("auth"))
    a.lanes.amend("auth", of="auth/1")
    a.lanes.push()
    assert clones.on_server() == clones.shared(a)
    b.lanes.pull()
    assert clones.shared(b) == clones.shared(a)
    assert b.files(b.lanes.head("auth"))["auth.py"] == "second"


def test_a_head_moved_on_the_server_is_left(clones: Clones) -> None:
    """A head that somebody pushed with plain git is not overwritten, and told of."""
    a = clones[0]
    stray = a.git("commit-tree", "-m", "stray", "HEAD^{tree}")
    a.git("push", "--quiet", "--force", "origin", f"{stray}:refs/lanes/head/auth")
    a.lanes.fetch()
    a.lanes.put_file("auth", "new.txt", b"new\n")
    a.lanes.push()
    assert any("was moved to" in x for x in a.lanes.take_warnings())
    there = clones.on_server()
    assert there["refs/lanes/head/auth"] == stray
    assert there["refs/lanes/journal/auth"] == a.refs()["refs/lanes/journal/auth"]


def test_a_head_moved_unseen_is_not_overwritten(clones: Clones) -> None:
    """The lease holds: what was pushed since the last fetch stays on the server."""
    a = clones[0]
    stray = a.git("commit-tree", "-m", "stray", "HEAD^{tree}")
    a.git("push", "--quiet", "--force", "origin", f"{stray}:refs/lanes/head/auth")
    a.lanes.put_file("auth", "new.txt", b"new\n")
    a.lanes.push()
    assert clones.on_server()["refs/lanes/head/auth"] == stray


def test_commits_on_a_bound_branch_go_as_the_lane(clones: Clones) -> None:
    """What people committed is taken in first; in a clone that has the branch it is no news."""
    a, b = clones.all
    commit = a.save({"readme": "by people\n"})
    a.lanes.push()
    a.git("push", "--quiet", "origin", "main")
    b.git("pull", "--quiet")
    assert b.lanes.push().left == ()
    assert b.lanes.head("main") == commit
    assert clones.shared(a) == clones.shared(b) == clones.on_server()
    assert len(b.lanes.history("main").attempts) == 1


def test_a_server_without_atomic_pushes(clones: Clones) -> None:
    """Where the server cannot move all or none, the refs go one by one."""
    a, b = clones.all
    a.git("config", "receive.advertiseAtomic", "false", cwd=clones.server)
    a.lanes.put_file("auth", "new.txt", b"new\n")
    assert [x.lane for x in a.lanes.push().lanes] == ["auth"]
    b.lanes.pull()
    assert clones.shared(b) == clones.on_server()


def test_a_server_that_takes_no_lanes(clones: Clones) -> None:
    """One ref that nobody needs tells that the place is refused, and so says the error."""
    a = clones[0]
    _hook(clones, "update", 'case "$1" in refs/heads/*) exit 0;; esac; exit 1')
    a.lanes.put_file("auth", "new.txt", b"new\n")
    before = clones.on_server()
    with pytest.raises(Refused) as refused:
        a.lanes.push()
    assert refused.value.message.startswith("'origin' takes no refs of lanes: ")
    assert "refs/notes/lanes/" in refused.value.hint
    assert clones.on_server() == before


def test_a_server_that_refuses_one_ref(clones: Clones) -> None:
    """Where others of ours are taken, the error names the one that is not."""
    a = clones[0]
    _hook(clones, "update", 'case "$1" in refs/lanes/journal/auth) exit 1;; esac; exit 0')
    a.lanes.put_file("auth", "new.txt", b"new\n")
    with pytest.raises(Refused) as refused:
        a.lanes.push()
    assert refused.value.message.startswith("'origin' refuses 'refs/lanes/journal/auth': ")
    assert not any(x.startswith("refs/lanes/probe") for x in a.refs())
    assert not any("probe" in x for x in TestRepo(clones.server, clones.environ).refs())


def test_what_a_server_does_not_refuse_goes(clones: Clones) -> None:
    """Lanes whose names a hook is against stay here, with its reason; all else is pushed."""
    a = clones[0]
    _hook(
        clones,
        "update",
        'case "$1" in refs/lanes/*/wip*) echo "names wip* are for nobody" >&2; exit 1;; esac',
    )
    for name in ("good", "wip1", "wip2"):
        a.lanes.new(name, workspace=False)
        a.lanes.put_file(name, "new.txt", b"new\n", intent=Intent(prompt="p"))
    with pytest.raises(Refused) as refused:
        a.lanes.push()
    assert "names wip* are for nobody" in refused.value.message
    there = clones.on_server()
    assert {x.split("/")[3] for x in there if x.startswith("refs/lanes/")} == {
        *("auth", "good", "main")
    }
    assert there == {x: oid for x, oid in clones.shared(a).items() if "/wip" not in x}
    with pytest.raises(Refused):
        a.lanes.push()
    assert clones.on_server() == there


def test_a_remote_that_is_not_there(clones: Clones) -> None:
    """A name that no remote has, and a server that does not answer, each have an error."""
    a = clones[0]
    with pytest.raises(NotFound) as unknown:
        a.lanes.push("orign")
    assert unknown.value.nearest == "origin"
    a.git("remote", "add", "gone", "/nowhere/at/all")
    before = a.refs()
    for verb in (a.lanes.push, a.lanes.pull, a.lanes.fetch):
        with pytest.raises(GitFailed) as failed:
            verb("gone")
        assert "'gone'" in failed.value.message
        assert "partial clone" not in failed.value.hint
    assert a.refs() == before


def test_which_remote_is_meant(make_clones: Make) -> None:
    """The one configured, else the branch's, else origin, else the only one."""
    a = make_clones("a")[0]
    a.git("remote", "add", "backup", str(a.path.parent / "server.git"))
    assert a.lanes.remote_status().remote == "origin"
    a.git("config", "branch.main.remote", "backup")
    assert a.open().remote_status().remote == "backup"
    a.git("config", "lanes.remote", "origin")
    assert a.open().remote_status().remote == "origin"
    a.git("config", "--unset", "lanes.remote")
    a.git("config", "--unset", "branch.main.remote")
    a.git("remote", "rename", "origin", "other")
    with pytest.raises(Refused, match="2 remotes"):
        a.open().remote_status()
    a.git("remote", "remove", "other")
    assert a.open().remote_status().remote == "backup"
    a.git("remote", "remove", "backup")
    with pytest.raises(Refused, match="no remote"):
        a.open().remote_status()


def test_a_remote_with_slashes_in_its_name(clones: Clones) -> None:
    """Its refs are kept apart from those of a remote that is called like a part of it."""
    a, b = clones.all
    a.git("remote", "add", "team/one", str(clones.server))
    a.git("remote", "add", "team", str(clones.server))
    b.lanes.put_file("auth", "new.txt", b"new\n")
    b.lanes.push()
    a.lanes.fetch("team")
    assert [x.how for x in a.lanes.pull("team/one").lanes] == ["forward"]
    assert {x.state for x in a.lanes.remote_status("team").lanes} == {"in step"}


def test_two_servers(clones: Clones) -> None:
    """What came from one goes to the other; both are known apart."""
    a, b = clones.all
    other = clones.home / "other.git"
    a.git("init", "--quiet", "--bare", str(other))
    a.git("remote", "add", "backup", str(other))
    b.lanes.put_file("auth", "new.txt", b"new\n")
    b.lanes.push()
    a.lanes.pull("origin")
    a.lanes.push("backup")
    assert clones.shared(TestRepo(other, clones.environ)) == clones.on_server()


def test_before_init_there_is_nothing_to_push(make_repo: object, tmp_path: Path) -> None:
    """A repository without lanes says so."""
    repo = make_repo(adopted=False)  # type: ignore[operator]
    repo.git("remote", "add", "origin", str(tmp_path))
    with pytest.raises(NotAdopted):
        repo.lanes.push()


def test_a_renamed_lane_is_not_pushed_beside_its_old_name(clones: Clones) -> None:
    """While the old name has others' work on the server, it would be live under two."""
    a, b = clones[0], clones[1]
    b.lanes.put_file("auth", "new.txt", b"new\n")
    b.lanes.push()
    a.lanes.rename("auth", "login")
    made = a.lanes.push()
    assert [x.lane for x in made.left] == ["auth"]
    assert not any(x.endswith("/login") for x in clones.on_server())
    a.lanes.rename("login", "auth")
    a.lanes.pull()
    a.lanes.rename("auth", "login")
    a.lanes.push()
    b.lanes.pull()
    assert [x.name for x in b.lanes.lanes().lanes] == ["login", "main"]


def test_two_renamings(clones: Clones) -> None:
    """The server would have one lane under two names: the second waits, and is told the first."""
    a, b = clones[0], clones[1]
    b.lanes.rename("auth", "login")
    b.lanes.push()
    a.lanes.rename("auth", "signin")
    a.lanes.put_file("signin", "new.txt", b"new\n")
    made = a.lanes.push()
    assert a.lanes.take_warnings() == [
        "lane 'signin' is not pushed: 'origin' has it as 'login'",
    ]
    assert [x.lane for x in made.left] == ["login"]
    assert "git lanes rename signin login" in str(made.left[0].hint)
    assert "refs/lanes/head/signin" not in clones.on_server()
    a.lanes.rename("signin", "login")
    assert a.lanes.push().left == ()
    assert a.lanes.take_warnings() == []
    b.lanes.pull()
    assert [x.name for x in b.lanes.lanes().lanes] == ["login", "main"]
    assert b.lanes.head("login") == a.lanes.head("login")


def test_a_name_of_before_is_not_live_beside_another(clones: Clones) -> None:
    """One calls a lane as it was called before, while another gives it a third name."""
    a, b = clones[0], clones[1]
    a.lanes.rename("auth", "login")
    a.lanes.push()
    b.lanes.pull()
    b.lanes.rename("login", "signin")
    b.lanes.push()
    a.lanes.rename("login", "auth")
    (left,) = a.lanes.push().left
    assert left.lane == "signin"
    assert not {"refs/lanes/head/auth", "refs/lanes/head/login"} & {*clones.on_server()}
    a.lanes.rename("auth", "signin")
    assert a.lanes.push().left == ()
    b.lanes.pull()
    assert clones.shared(a) == clones.shared(b) == clones.on_server()
