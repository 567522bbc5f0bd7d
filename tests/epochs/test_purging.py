"""Purge: no object that anything of ours leads to has the secret then, and nothing else is lost."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from gitlanes import BadValue, Intent, Judgement, Negative, Refused
from tests.support.cli import spawn_cli, start_cli
from tests.support.clones import Clones
from tests.support.repos import TestRepo

SECRET = 'correct "horse" battery ståple'
OURS = ("refs/lanes", "refs/notes/lanes")


def _objects(repo: TestRepo, *which: str) -> bytes:
    """Return the content of all objects that are reached from there."""
    names = repo.git("rev-list", "--objects", *which)
    return _read(repo, "".join(f"{x.split()[0]}\n" for x in names.split("\n") if x).encode())


def _read(repo: TestRepo, asked: bytes, *how: str) -> bytes:
    command = ["git", "cat-file", "--batch", *how]
    done = subprocess.run(
        command, cwd=repo.path, env=repo.environ, input=asked, capture_output=True, check=True
    )
    return done.stdout


def _leaks(data: bytes) -> bool:
    return any(x in data for x in (SECRET.encode(), b"battery", "ståple".encode()))


def _leaked(repo: TestRepo) -> None:
    """Let the secret be in everything that lanes keep: work, records, notes, snapshots."""
    repo.lane("auth")
    repo.commit("auth", {"clean.txt": "clean too\n"}, message="clean")
    intent = Intent(prompt=f"log in with {SECRET}", tags=(SECRET,), context=(SECRET,))
    repo.write({"deep/er/conf.py": f"KEY = '{SECRET}'\n"}, repo.workspace("auth"))
    repo.lanes.commit("auth", message=f"add {SECRET}", intent=intent)
    repo.lanes.put_file("auth", f"{'d/' * 600}later.txt", b"later\n")
    repo.lanes.put_file("auth", "no.txt", SECRET.encode(), accept=False)
    repo.lanes.reject("auth/4", Judgement(reason=f"{SECRET} in it"))
    repo.lanes.update_workspace("auth")
    repo.write({"unsaved.txt": f"{SECRET}\n"}, repo.workspace("auth"))
    repo.lanes.snapshot("auth")
    repo.lanes.restore("auth", "auth", force=True)
    repo.lanes.tasks.add(f"rotate {SECRET}", lane="auth")
    repo.lanes.edit("auth", description=SECRET)
    repo.lanes.new("gone", start="auth", workspace=False)
    repo.lanes.put_file("gone", "x.txt", b"x\n", intent=Intent(prompt=SECRET))
    repo.lanes.delete("gone", force=True)
    repo.lanes.new("old", start="auth", workspace=False)
    repo.lanes.rename("old", "renamed")


def test_it_is_nowhere_and_the_rest_is_as_it_was(tmp_path: Path, environ: dict[str, str]) -> None:
    """Git finds it nowhere, collects all of it, and ids, costs and operations are as before."""
    repo = TestRepo.make(tmp_path / "a", {**environ, "GITLANES_PROMPTS": "full"})
    repo.git("config", "lanes.prompts", "full")
    _leaked(repo)
    repo.lanes.compact("auth")
    before = [(x.attempt.id, x.attempt.status) for x in repo.lanes.history().attempts]
    steps = [x.id for x in repo.lanes.operations(limit=None).operations]
    main = repo.rev("main")
    repo.git("branch", "exported", "refs/lanes/head/auth")
    repo.git("tag", "--annotate", "--message=tagged", "v1", "refs/lanes/head/auth")
    refs = repo.refs()
    planned = repo.lanes.purge(SECRET, dry_run=True)
    assert repo.refs() == refs
    made = repo.lanes.purge(SECRET + "\n")
    assert {**planned.to_dict(), "dry_run": False} == made.to_dict()
    assert (made.lanes, made.workspaces) == (("auth", "gone", "old", "renamed"), ("auth",))
    assert {*made.attempts} >= {"auth/2", "auth/3", "auth/4", "gone/1"}
    assert (made.files, made.notes) == (
        (b"deep/er/conf.py", b"no.txt", b"unsaved.txt"),
        ("intents", "evaluations"),
    )
    assert not _leaks(_objects(repo, "--glob=refs/lanes/*", "--glob=refs/notes/lanes/*"))
    # What is people's is told of, and done as it is told.
    head = repo.lanes.head("auth")
    how = {x.kind: x.how for x in made.remains}
    assert how["branch"] == f"git branch --force exported {head}"
    assert how["tag"] == f"git tag --force -a v1 {head}"
    assert how.keys() >= {"secret", "objects"}
    repo.git(*how["branch"].split()[1:])
    repo.git("tag", "--delete", "v1")
    repo.git("reflog", "expire", "--expire=now", "exported")
    assert not _leaks(_objects(repo, "--all", "--reflog", "--indexed-objects"))
    repo.git("gc", "--quiet", "--prune=now")
    assert not _leaks(_read(repo, b"", "--batch-all-objects"))
    found = [x for x in (repo.path / ".git").rglob("*") if x.is_file() and _leaks(x.read_bytes())]
    assert found == []
    repo.fsck()
    assert [(x.attempt.id, x.attempt.status) for x in repo.lanes.history().attempts] == before
    told = [x for x in repo.lanes.operations(limit=None).operations if x.verb != "purge"]
    assert [x.id for x in told] == steps
    assert repo.rev("main") == main
    (attempt,) = (x for x in repo.lanes.history("auth").attempts if x.attempt.id == "auth/2")
    assert attempt.attempt.title == "add [purged]"
    assert attempt.notes.intents[0]["prompt"] == "log in with [purged]"
    assert repo.files(head)["deep/er/conf.py"] == "KEY = '[purged]'"
    place = repo.workspace("auth")
    assert (place / "deep/er/conf.py").read_text() == "KEY = '[purged]'\n"
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert repo.lanes.doctor().findings == ()
    # Work goes on, and is undone, in the new epoch.
    repo.commit("auth", {"more.txt": "more\n"})
    repo.lanes.undo(lane="auth")
    (edit,) = (x.id for x in told if x.verb == "edit")
    assert repo.lanes.undo(edit).descriptions == ("edit lane auth: description",)
    with pytest.raises(Negative):
        repo.lanes.purge(SECRET)
    repo.close()


def test_what_cannot_be_purged_changes_nothing(tmp_path: Path, environ: dict[str, str]) -> None:
    """Short texts, names, words of records and unsaved work are refused, each with the way out."""
    repo = TestRepo.make(tmp_path / "a", environ)
    repo.lane("authentic-lane", {"a.txt": "a\n"})
    repo.commit("authentic-lane", {"secret-path-1": "not-a-word-of-ours\n"})
    refs = repo.refs()
    with pytest.raises(BadValue, match="7 characters"):
        repo.lanes.purge("1234567")
    for part in ("authentic-lane", "secret-path-1", "accepted"):
        with pytest.raises(Refused, match=r"part of|a name"):
            repo.lanes.purge(part)
    repo.write({"secret-path-1": "edited\n"}, repo.workspace("authentic-lane"))
    with pytest.raises(Refused, match="unsaved work") as error:
        repo.lanes.purge("not-a-word-of-ours")
    assert "git lanes restore authentic-lane" in str(error.value.hint)
    assert repo.refs() == refs
    # A workspace whose directory is gone stops only what is in its HEAD.
    shutil.rmtree(repo.workspace("authentic-lane"))
    with pytest.raises(Refused, match="is gone"):
        repo.lanes.purge("not-a-word-of-ours")
    repo.lanes.new("other", workspace=False)
    repo.lanes.put_file("other", "other.txt", b"another-secret")
    assert repo.lanes.purge("another-secret").lanes == ("other",)
    repo.close()


def test_a_clone_that_has_it_does_not_bring_it_back(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """It is neither pulled nor overwritten without a word; purged in both, both are joined."""
    clones = Clones(tmp_path, environ, lanes=["auth", "docs"])
    a, b = clones.all
    a.lanes.put_file("auth", "conf", SECRET.encode(), intent=Intent(prompt=SECRET))
    a.lanes.put_file("docs", "clean", b"clean\n")
    a.lanes.push()
    b.lanes.pull()
    b.lanes.put_file("auth", "meanwhile", b"b\n")
    made = a.lanes.purge(SECRET)
    assert {x.kind for x in made.remains} >= {"remote", "clones"}
    a.lanes.put_file("auth", "after", b"a\n")
    for told in (a.lanes.pull(), a.lanes.push()):
        left = {x.lane: x for x in told.left}
        assert left.keys() == {"auth", "notes/intents"}
        assert {x.kind for x in told.left} == {"purged"}
        assert "push --purged" in str(left["auth"].hint)
        assert not _leaks(_objects(a, "--all"))
    pushed = a.lanes.push(purged=True)
    assert [x.lane for x in pushed.lanes] == ["auth"]
    assert (pushed.left, pushed.notes) == ((), ("intents",))
    assert clones.on_server() == clones.shared(a)
    server = TestRepo(clones.server, environ)
    assert not _leaks(_objects(server, "--all"))
    # The one who still has it is told, and loses nothing once he purges it, too.
    (here, notes) = b.lanes.pull().left
    assert (here.lane, notes.lane) == ("auth", "notes/intents")
    assert "git lanes purge" in str(here.hint)
    assert b.lanes.push().left[0].kind == "purged"
    assert clones.on_server() == clones.shared(a)
    again = b.lanes.purge(SECRET)
    assert again.lanes == ("auth",)
    assert [x.how for x in b.lanes.pull().lanes] == ["merged"]
    clones.settle()
    assert clones.shared(a) == clones.shared(b) == clones.on_server()
    files = a.files(a.lanes.head("auth"))
    assert files.keys() >= {"conf", "meanwhile", "after"}
    assert files["conf"] == "[purged]"
    for one in (a, b, server):
        assert not _leaks(_objects(one, "--all"))
    clones.close()


def test_who_pushed_on_with_it_is_not_overwritten(tmp_path: Path, environ: dict[str, str]) -> None:
    """Where the remote has more than what was purged, 'push --purged' leaves it, and says where."""
    clones = Clones(tmp_path, environ, lanes=["auth"])
    a, b = clones.all
    a.lanes.put_file("auth", "conf", SECRET.encode())
    a.lanes.push()
    b.lanes.pull()
    b.lanes.put_file("auth", "meanwhile", b"b\n")
    a.lanes.purge(SECRET)
    b.lanes.push()
    server = {x: oid for x, oid in clones.on_server().items() if "/auth" in x}
    assert {"went on" in x.reason for x in a.lanes.push(purged=True).left} == {True}
    assert clones.on_server().items() >= server.items()
    b.lanes.purge(SECRET)
    assert b.lanes.push(purged=True).left == ()
    a.lanes.pull()
    clones.settle()
    assert clones.shared(a) == clones.shared(b) == clones.on_server()
    assert a.files(a.lanes.head("auth")).keys() >= {"conf", "meanwhile"}
    clones.close()


def test_several_at_once(tmp_path: Path, environ: dict[str, str]) -> None:
    """Two purges, a compaction and writers at the same time: it is gone, and nothing else is."""
    repo = TestRepo.make(tmp_path / "a", environ)
    repo.lanes.new("auth", workspace=False)
    repo.lanes.put_file("auth", "conf", SECRET.encode(), intent=Intent(prompt=SECRET))
    (tmp_path / "leaked").write_text(SECRET)
    (tmp_path / "plain").write_text("plain\n")
    purge = ("purge", "--yes", "--file", str(tmp_path / "leaked"))
    put = [("put", "auth", f"{x}.txt", str(tmp_path / "plain")) for x in range(2)]
    commands = [purge, put[0], purge, ("compact", "auth", "--yes"), put[1]]
    running = [start_cli(repo.path, environ, *x) for x in commands]
    for process in running:
        _, err = process.communicate()
        assert process.returncode in (0, 1, 75), err
    spawn_cli(repo.path, environ, *purge)  # for one that gave way
    assert not _leaks(_objects(repo, "--all", "--reflog"))
    assert {"auth/1", "auth/2", "auth/3"} == {x.attempt.id for x in repo.lanes.history().attempts}
    assert repo.files(repo.lanes.head("auth")).keys() >= {"conf", "0.txt", "1.txt"}
    repo.fsck()
    assert repo.lanes.doctor().findings == ()
    repo.close()


def test_a_branch_of_a_remote_is_told_of_by_its_name(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """A remote's name may have slashes and what shells act upon; the command does what it says."""
    repo = TestRepo.make(tmp_path / "a", environ)
    server = tmp_path / "server.git"
    repo.git("init", "--quiet", "--bare", str(server))
    repo.git("remote", "add", "up/it's&co", str(server))
    repo.lanes.new("auth", workspace=False)
    repo.lanes.put_file("auth", "conf.py", SECRET.encode())
    repo.git("push", "--quiet", "up/it's&co", "refs/lanes/head/auth:refs/heads/some/auth")
    repo.git("fetch", "--quiet", "up/it's&co")
    made = repo.lanes.purge(SECRET)
    (told,) = (x for x in made.remains if x.kind == "remote branch")
    assert told.name == "up/it's&co/some/auth"
    repo.git(*shlex.split(told.how)[1:])
    now = repo.git("rev-parse", "refs/heads/some/auth", cwd=server)
    assert now == repo.lanes.head("auth")
    repo.close()
