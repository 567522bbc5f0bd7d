"""Remotes that are damaged, or mean harm: lanes that cannot be believed are left."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitlanes import GitFailed, Refused
from tests.support.clones import JOURNALS, Clones
from tests.support.repos import TestRepo

EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
Change = Callable[[dict[str, Any]], object]


class Liar:
    """Writes whatever it likes into the server of some clones."""

    def __init__(self, clones: Clones):
        self.clones = clones
        self.repo = TestRepo(clones.server, clones.environ)

    def commit(self, message: str, *parents: str, tree: str = EMPTY) -> str:
        """Write a commit."""
        above = [x for parent in parents for x in ("-p", parent)]
        return self.repo.git("commit-tree", *above, "-m", message, tree)

    def ref(self, name: str, oid: str) -> None:
        """Put a ref somewhere."""
        self.repo.git("update-ref", name, oid)

    def entry(self, lane: str, change: Change, *, name: str | None = None) -> str:
        """Go on with a lane's journal by its newest entry, changed; its ref is moved."""
        tip = self.repo.rev(JOURNALS + lane)
        text = self.repo.git("log", "-1", "--format=%b", tip)
        body = json.loads(text)
        body["previous"] = [tip]
        change(body)
        made = self.commit(f"a lie\n\n{json.dumps(body)}", tip)
        self.ref(JOURNALS + (name or lane), made)
        return made


@pytest.fixture
def liar(clones: Clones) -> Liar:
    """A server that has lanes auth and main, which both clones know."""
    clones[0].lanes.put_file("auth", "one.txt", b"one\n")
    clones[0].lanes.push()
    clones[1].lanes.pull()
    return Liar(clones)


def _left(clones: Clones, lane: str) -> str:
    """Pull twice; assert that nothing here moved, and return why the lane is left."""
    repo = clones[1]
    before = clones.shared(repo)
    (left,) = repo.lanes.pull().left
    assert repo.lanes.pull().left == (left,)
    assert (left.lane, left.kind) == (lane, "damaged")
    assert left.hint
    assert clones.shared(repo) == before
    repo.fsck()
    return left.reason


def _record(**members: object) -> Change:
    return lambda body: body["record"].update(members)


MISSING = "1" * 40


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_record(head=MISSING), "names commit 111111111111, which is not there"),
        (_record(fork=MISSING), "names commit 111111111111, which is not there"),
        (_record(head="--upload-pack=x"), "is damaged"),
        (_record(branch="refs/heads/x\nrefs/heads/y"), "is damaged"),
        (_record(name="main"), "speaks of lane 'main'"),
        (_record(next="many"), "is damaged"),
        (_record(uuid="../../x"), "is damaged"),
        (lambda body: body.update(time=5), "is damaged"),
        (lambda body: body.update(time="never"), "is damaged"),
        (lambda body: body.update(previous=[]), "its journal has no beginning"),
        (lambda body: body.update(previous=[MISSING]), "its parents are not the entries"),
        (lambda body: body.update(schema="gitlanes.entry/9"), "has format 'gitlanes.entry/9'"),
        (lambda body: body["attempts"][0].update(commit=MISSING), "which is not there"),
        (lambda body: body["attempts"][0].update(number=10**9), "is damaged"),
        (lambda body: body.clear(), "is damaged"),
    ],
)
def test_entries_that_cannot_be_believed(liar: Liar, change: Change, reason: str) -> None:
    """What an entry names has to be there, and to be of its form."""
    liar.entry("auth", change)
    assert reason in _left(liar.clones, "auth")


def test_a_commit_that_the_journal_does_not_keep(liar: Liar) -> None:
    """A head that only a branch keeps could be gone tomorrow."""
    other = liar.commit("other", tree=liar.repo.rev("main^{tree}"))
    liar.ref("refs/heads/other", other)
    liar.clones[1].git("fetch", "--quiet", "origin")
    liar.entry("auth", _record(head=other))
    assert "does not keep it" in _left(liar.clones, "auth")


@pytest.mark.parametrize("name", ["a/b", "-x", "HEAD", "con", "1234567", "x" * 101])
def test_names_that_no_lane_can_have(liar: Liar, name: str) -> None:
    """A journal whose ref is no lane's is left out."""
    liar.ref(JOURNALS + name, liar.repo.rev(JOURNALS + "auth"))
    assert "bad lane name" in _left(liar.clones, name if len(name) <= 60 else "x" * 57 + "...")


def test_a_name_that_differs_only_in_case(liar: Liar) -> None:
    """Some file systems could not tell it from the lane that is here."""
    liar.entry("auth", _record(name="AUTH", uuid="a-new-one"), name="AUTH")
    assert "only in case" in _left(liar.clones, "AUTH")


def test_a_lane_under_a_second_name(liar: Liar) -> None:
    """The same lane cannot be here twice."""
    liar.entry("auth", _record(name="other"), name="other")
    assert "it is lane 'auth' under another name" in _left(liar.clones, "other")


def test_another_lane_in_place_of_one(liar: Liar) -> None:
    """Another uuid in a journal that is ours goes forward only with its entry; none is lost."""
    liar.clones[1].lanes.put_file("auth", "two.txt", b"two\n")
    liar.entry("auth", _record(uuid="another"))
    (left,) = liar.clones[1].lanes.pull().left
    assert (left.lane, left.kind) == ("auth", "other")


def test_another_beginning(liar: Liar) -> None:
    """A journal of the same lane that does not begin as ours does is not joined."""
    repo = liar.repo
    body = json.loads(repo.git("log", "-1", "--format=%b", JOURNALS + "auth"))
    body["previous"] = []
    root = liar.commit('journal\n\n{"epoch":1}')
    head = body["record"]["head"]
    liar.ref(JOURNALS + "auth", liar.commit(f"a lie\n\n{json.dumps(body)}", root, head))
    assert "another beginning" in _left(liar.clones, "auth")


def test_a_journal_that_went_back(liar: Liar) -> None:
    """It is behind ours then: nothing here goes back, and a push brings it forward again."""
    before = liar.repo.rev(JOURNALS + "auth")
    liar.ref(JOURNALS + "auth", f"{before}^")
    repo = liar.clones[1]
    shared = liar.clones.shared(repo)
    pulled = repo.lanes.pull()
    assert (pulled.lanes, pulled.left, liar.clones.shared(repo)) == ((), (), shared)
    repo.lanes.push()
    assert liar.repo.rev(JOURNALS + "auth") == before


def test_journals_that_are_no_commits(liar: Liar) -> None:
    """A blob, a tag and a commit of files are no journals."""
    blob = liar.repo.git("hash-object", "-w", str(liar.clones.server / "HEAD"))
    liar.ref(JOURNALS + "blob", blob)
    liar.ref(JOURNALS + "code", liar.repo.rev("main"))
    repo = liar.clones[1]
    before = liar.clones.shared(repo)
    assert [x.lane for x in repo.lanes.pull().left] == ["blob", "code"]
    assert liar.clones.shared(repo) == before
    assert [x.state for x in repo.lanes.remote_status().lanes if x.lane in ("blob", "code")] == [
        "damaged",
        "damaged",
    ]


def test_one_that_lies_keeps_no_other_from_coming(liar: Liar) -> None:
    """What can be believed comes; what cannot is told of."""
    liar.entry("auth", _record(head=MISSING))
    liar.clones[0].lanes.new("docs", workspace=False)
    liar.clones[0].lanes.push()
    pulled = liar.clones[1].lanes.pull()
    assert ([x.lane for x in pulled.lanes], [x.lane for x in pulled.left]) == (["docs"], ["auth"])


def test_notes_of_any_kind_are_joined_or_told_of(liar: Liar) -> None:
    """Notes that somebody cut short take nothing away here; lines that are none are kept."""
    notes = "refs/notes/lanes/intents"
    repo = liar.clones[1]
    before = repo.lanes.history("auth").attempts[0].notes
    commit = repo.lanes.head("auth")
    liar.repo.git("notes", f"--ref={notes}", "remove", commit)
    liar.repo.git("notes", f"--ref={notes}", "add", "-m", "no JSON\n{}\n\x1b[31m", commit)
    repo.lanes.pull()
    assert repo.lanes.history("auth").attempts[0].notes == before
    assert "no JSON" in repo.git("notes", f"--ref={notes}", "show", commit)
    repo.lanes.push()
    assert liar.clones.on_server() == liar.clones.shared(repo)


def test_objects_that_git_refuses(liar: Liar) -> None:
    """A tree with a file called '.git' is not taken: objects are checked when they are fetched."""
    blob = liar.repo.git("hash-object", "-w", str(liar.clones.server / "HEAD"))
    tree = subprocess.run(
        ["git", "mktree"],
        cwd=liar.clones.server,
        env=liar.clones.environ,
        input=f"100644 blob {blob}\t.git\n".encode(),
        capture_output=True,
        check=True,
    ).stdout.decode()
    bad = liar.commit("bad", liar.repo.rev("refs/lanes/head/auth"), tree=tree.strip())
    tip = liar.repo.rev(JOURNALS + "auth")
    body = json.loads(liar.repo.git("log", "-1", "--format=%b", tip))
    body["previous"] = [tip]
    body["record"]["head"] = bad
    liar.ref(JOURNALS + "auth", liar.commit(f"a lie\n\n{json.dumps(body)}", tip, bad))
    repo = liar.clones[1]
    before = repo.refs()
    with pytest.raises(GitFailed, match="hasDotgit"):
        repo.lanes.pull()
    assert repo.refs() == before


def test_nothing_from_elsewhere_runs(liar: Liar, tmp_path: Path) -> None:
    """Gates that come with a pull are not trusted here: nothing lands before somebody read them."""
    text = f'[[gates]]\nname = "evil"\nargs = ["touch", "{tmp_path}/ran"]\n'
    a, b = liar.clones.all
    a.save({".gitlanes.toml": text})
    a.lanes.push()
    b.lanes.pull()
    with pytest.raises(Refused):
        b.lanes.put_file("main", "new.txt", b"new\n")
    assert not (tmp_path / "ran").exists()
