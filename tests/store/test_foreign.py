"""Heads that somebody moved or deleted with plain git: nothing is rolled over, nothing lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import CorruptRecord
from gitlanes.models.records import Attempt
from gitlanes.store.transaction import settled
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

HEAD = "refs/lanes/head/auth"
JOURNAL = "refs/lanes/journal/auth"


@pytest.fixture
def moved(repo: TestRepo) -> TestRepo:
    """A repository whose lane auth has accepted work, and another file edited."""
    repo.lane("auth", {"auth.py": "1\n"})
    repo.write({"new.py": "new\n"}, repo.workspace("auth"))
    return repo


def by_hand(repo: TestRepo, parent: str | None, path: str = "hand.py") -> str:
    """Make a commit on top of another with plain git, no branch or work tree involved."""
    blob = repo.git("hash-object", "-w", str(repo.path / "auth.py"))
    environ = {**repo.environ, "GIT_INDEX_FILE": str(repo.path / ".git/by-hand")}
    aside = TestRepo(repo.path, environ)
    aside.git("read-tree", *([parent] if parent else ["--empty"]))
    aside.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    tree = aside.git("write-tree")
    return repo.git("commit-tree", tree, *(["-p", parent] if parent else []), "-m", "by hand")


def short(oid: str) -> str:
    """Return an id as messages have it."""
    return oid[:12]


def attempts(repo: TestRepo) -> dict[str, Attempt]:
    """Return the attempts of lane auth by id."""
    return {x.attempt.id: x.attempt for x in repo.lanes.history("auth").attempts}


def finding(repo: TestRepo) -> tuple[str, str | None, str]:
    """Return kind, lane and hint of the one thing that status finds, which writes nothing."""
    before = repo.refs()
    (found,) = repo.lanes.status().findings
    assert repo.refs() == before
    return found.kind, found.lane, found.hint


def test_moved_forward_is_imported(moved: TestRepo, cli: Cli) -> None:
    """Commits on top of the head become an attempt, and the command goes on from there."""
    head = moved.rev(HEAD)
    tip = by_hand(moved, by_hand(moved, head, "first.py"))
    moved.git("update-ref", HEAD, tip)
    assert finding(moved) == (
        "head-forward",
        "auth",
        "the next command that changes the lane imports what it has as an attempt",
    )
    done = cli("commit", "auth", "-m", "more")
    assert done == Ran(
        0,
        f"accepted auth/3 {short(moved.rev(HEAD))} more\n",
        "warning: head of lane 'auth' was moved forward outside gitlanes: "
        "what it has is imported as auth/2\n",
    )
    found = attempts(moved)["auth/2"]
    assert (found.kind, found.status, found.commit, found.landed, found.base) == (
        "import",
        "accepted",
        tip,
        tip,
        head,
    )
    assert set(moved.files(HEAD)) == {"auth.py", "src/app.py", "first.py", "hand.py", "new.py"}
    assert moved.rev(f"{HEAD}^") == tip
    assert moved.lanes.status().findings == ()
    moved.fsck()


@pytest.mark.parametrize("verb", ["promote", "check", "dry-run"])
def test_moved_forward_lands(repo: TestRepo, verb: str) -> None:
    """A lane with nothing new but what somebody put on its head is promoted with that."""
    repo.work("auth", {"auth.py": "1\n"})
    repo.lanes.promote("auth")
    repo.git("update-ref", HEAD, by_hand(repo, repo.rev(HEAD)))
    if verb == "promote":
        repo.lanes.promote("auth")
        assert "hand.py" in repo.files("main")
    else:
        before = repo.refs()
        check = verb == "check"
        (told,) = repo.lanes.check("auth") if check else [repo.lanes.promote("auth", dry_run=True)]
        assert told.source_only == (b"hand.py",)
        assert repo.refs() == before


def test_an_attempt_put_on_the_head_by_hand_is_accepted(repo: TestRepo) -> None:
    """A head moved to an open attempt accepts that one: no second attempt is made of it."""
    repo.lane("auth")
    offered = repo.propose("auth", {"auth.py": "offered\n"})
    tip = repo.lanes.show(offered).attempts[0].attempt.commit
    repo.git("update-ref", HEAD, tip)
    repo.lanes.promote("auth")
    assert repo.files("main")["auth.py"] == "offered"
    assert {x: y.status for x, y in attempts(repo).items()} == {"auth/1": "accepted"}
    assert repo.lanes.lane("auth").open == ()


def test_a_lane_merged_into_the_head_by_hand_is_known_to_have_landed(repo: TestRepo) -> None:
    """What a person merged into main's head with plain git does not have to land again."""
    repo.work("auth", {"auth.py": "1\n"})
    repo.git("update-ref", "refs/lanes/head/main", HEAD)
    repo.lanes.new("more")
    assert repo.lanes.lane("auth").landed
    assert repo.rev("main") == repo.rev(HEAD)
    assert repo.git("status", "--porcelain") == ""


def test_deleted_comes_back(moved: TestRepo, cli: Cli) -> None:
    """A deleted head is where its journal says after the next command, which goes on."""
    head = moved.rev(HEAD)
    moved.git("update-ref", "-d", HEAD)
    assert finding(moved) == (
        "head-deleted",
        "auth",
        f"the next command that changes the lane puts it back to {short(head)}",
    )
    entry = moved.rev(JOURNAL)
    done = cli("propose", "auth", "-m", "more", "-q")
    assert done.err == (
        f"warning: head of lane 'auth' was deleted outside gitlanes; it is at {short(head)} again\n"
    )
    assert (done.code, moved.rev(HEAD)) == (0, head)
    assert moved.rev(f"{JOURNAL}^") == entry  # to put it back is no operation
    assert moved.lanes.status().findings == ()


def test_moved_back_is_put_back(moved: TestRepo, cli: Cli) -> None:
    """A head moved back to what it was before takes nothing away."""
    head = moved.rev(HEAD)
    moved.git("update-ref", HEAD, f"{head}^")
    assert finding(moved)[:2] == ("head-back", "auth")
    done = cli("commit", "auth", "-m", "more")
    assert done.err == (
        "warning: head of lane 'auth' was moved back outside gitlanes; "
        f"it is at {short(head)} again\n"
    )
    assert moved.rev(f"{HEAD}^") == head
    assert moved.files(HEAD)["auth.py"] == "1"


def test_moved_aside_keeps_both(moved: TestRepo, cli: Cli) -> None:
    """What a head was moved to beside its history waits as an attempt, and can be accepted."""
    head = moved.rev(HEAD)
    aside = by_hand(moved, f"{head}^")
    moved.git("update-ref", HEAD, aside)
    assert finding(moved) == (
        "head-diverged",
        "auth",
        f"the next command that changes the lane keeps both: the head goes back to {short(head)}",
    )
    done = cli("commit", "auth", "-m", "more")
    assert done.err == (
        "warning: head of lane 'auth' was moved elsewhere outside gitlanes; "
        f"it is at {short(head)} again, and that waits as auth/2\n"
    )
    assert moved.rev(f"{HEAD}^") == head
    found = attempts(moved)["auth/2"]
    assert (found.kind, found.status, found.commit) == ("import", "proposed", aside)
    moved.git("gc", "--quiet", "--prune=now")
    moved.lanes.accept("auth/2")
    assert set(moved.files(HEAD)) == {"auth.py", "src/app.py", "hand.py", "new.py"}
    moved.fsck()


def test_moved_aside_again_is_kept_once(moved: TestRepo) -> None:
    """A mirror that sets the head to the same commit each time does not make more attempts."""
    aside = by_hand(moved, f"{HEAD}^")
    for number in range(3):
        moved.git("update-ref", HEAD, aside)
        moved.write({"new.py": f"{number}\n"}, moved.workspace("auth"))
        moved.lanes.commit("auth")
    assert [x.id for x in moved.lanes.lane("auth").open] == ["auth/2"]
    assert len(attempts(moved)) == 5


@pytest.mark.parametrize("kind", ["unrelated", "tree", "blob", "tag"])
def test_what_can_be_no_attempt_is_kept_by_a_snapshot(moved: TestRepo, kind: str) -> None:
    """A head put at a foreign history, or at no commit, goes back once a ref keeps that."""
    head = moved.rev(HEAD)
    if kind == "tag":
        moved.git("tag", "--annotate", "--message=t", "t", "main")
        there = moved.git("rev-parse", "t")
        moved.git("tag", "--delete", "t")
    elif kind == "unrelated":
        there = by_hand(moved, None)
    else:
        there = moved.rev("main^{tree}" if kind == "tree" else "main:auth.py")
    moved.git("update-ref", HEAD, there)
    assert finding(moved)[0] == ("head-diverged" if kind == "unrelated" else "head-no-commit")
    moved.lanes.commit("auth")
    assert moved.lanes.take_warnings() == [
        (
            "head of lane 'auth' was moved elsewhere outside gitlanes; "
            f"it is at {head[:12]} again, and that is kept in snapshot auth/s1"
        )
    ]
    assert moved.rev(f"{HEAD}^") == head
    assert moved.refs()["refs/lanes/snapshots/auth/1"] == there
    moved.git("gc", "--quiet", "--prune=now")
    assert moved.git("cat-file", "-t", there) in ("commit", "tree", "blob", "tag")


def test_a_head_at_a_missing_object_is_put_back(moved: TestRepo, cli: Cli) -> None:
    """A head ref whose object is not there, as a broken copy leaves it, is put back."""
    head = moved.rev(HEAD)
    (moved.path / ".git" / HEAD).write_text("1" * 40 + "\n")
    assert cli("status").err == (
        "warning: head of lane 'auth' was put at 111111111111, which is no commit here "
        "outside gitlanes\n"
        f"hint: the next command that changes the lane puts it back to {short(head)}\n"
    )
    assert cli("commit", "auth", "-m", "more").code == 0
    assert moved.rev(f"{HEAD}^") == head
    moved.fsck()


@pytest.mark.parametrize("how", ["-d", "forward"])
def test_the_head_of_a_lane_is_seen_to_before_it_is_deleted(repo: TestRepo, how: str) -> None:
    """Deleting a lane loses nothing that somebody put on its head."""
    repo.work("auth", {"auth.py": "1\n"})
    tip = by_hand(repo, HEAD)
    repo.git("update-ref", *(["-d", HEAD] if how == "-d" else [HEAD, tip]))
    repo.lanes.delete("auth")
    assert HEAD not in repo.refs()
    if how == "forward":
        repo.git("gc", "--quiet", "--prune=now")
        assert attempts(repo)["auth/2"].commit == tip
        assert repo.rev(tip) == tip


def test_lanes_that_a_command_only_touches_are_left(repo: TestRepo) -> None:
    """An import that brings another lane's work along leaves that lane's moved head alone."""
    repo.work("auth", {"auth.py": "1\n"})
    repo.git("merge", "--quiet", "--ff-only", HEAD)
    tip = by_hand(repo, HEAD)
    repo.git("update-ref", HEAD, tip)
    repo.lanes.new("more")
    assert repo.lanes.lane("auth").landed
    assert repo.rev(HEAD) == tip
    assert finding(repo)[:2] == ("head-forward", "auth")
    with repo.inner() as inner:
        assert settled(inner, "auth").record.head == tip


def test_a_journal_moved_back_is_refused(moved: TestRepo, cli: Cli) -> None:
    """A journal that does not know its head's attempt is not gone on with; others go on."""
    tip = moved.rev(JOURNAL)
    moved.git("update-ref", JOURNAL, f"{tip}^")
    said = (
        "journal of lane 'auth' was moved back outside gitlanes: "
        "its head is auth/1, which the journal does not know\n"
        "hint: find its newest entry among what 'git fsck --no-reflogs --dangling' lists, "
        f"or in another clone, then: git update-ref {JOURNAL} ENTRY\n"
    )
    assert cli("status").err == f"warning: {said}"
    before = moved.refs()
    for args in (("commit", "auth", "-m", "x"), ("promote", "auth"), ("propose", "auth")):
        assert cli(*args) == Ran(128, "", f"error: {said}")
    assert moved.refs() == before
    assert tip in moved.git("fsck", "--no-reflogs", "--dangling")
    moved.lane("other", {"other.py": "1\n"})
    moved.lanes.promote("other")
    moved.git("update-ref", JOURNAL, tip)
    assert cli("commit", "auth", "-m", "x").code == 0


def test_a_deleted_journal_is_refused(moved: TestRepo, cli: Cli) -> None:
    """A lane whose journal's ref was deleted is named, is not made anew, and comes back."""
    tip = moved.rev(JOURNAL)
    moved.git("update-ref", "-d", JOURNAL)
    said = (
        "journal of lane 'auth' is missing, though the lane's head is there\n"
        "hint: find its newest entry among what 'git fsck --no-reflogs --dangling' lists, "
        f"or in another clone, then: git update-ref {JOURNAL} ENTRY\n"
    )
    assert cli("status").err == f"warning: {said}"
    assert cli("list").code == 0
    before = moved.refs()
    for args in (("commit", "auth", "-m", "x"), ("new", "auth"), ("show", "auth")):
        assert cli(*args) == Ran(128, "", f"error: {said}"), args
    assert moved.refs() == before
    assert tip in moved.git("fsck", "--no-reflogs", "--dangling")
    moved.git("update-ref", JOURNAL, tip)
    assert cli("commit", "auth", "-m", "x").code == 0


def test_a_head_made_where_a_lane_was_before(repo: TestRepo, cli: Cli) -> None:
    """A ref of that name that is no lane's is not rolled over by a new lane."""
    repo.work("auth", {"auth.py": "1\n"})
    repo.lanes.delete("auth")
    stray = by_hand(repo, "main")
    repo.git("update-ref", HEAD, stray)
    assert cli("new", "auth") == Ran(
        128,
        "",
        f"error: '{HEAD}' was made outside gitlanes, where lane 'auth' was before\n"
        f"hint: keep it as a branch (git branch NAME {short(stray)}), then: "
        f"git update-ref -d {HEAD}\n",
    )
    assert repo.rev(HEAD) == stray
    repo.git("update-ref", "-d", HEAD)
    assert cli("new", "auth").code == 0


def test_through_the_sdk_a_lost_journal_is_a_corrupt_record(moved: TestRepo) -> None:
    """Programs can tell a lane that was never there from one whose journal is gone."""
    moved.git("update-ref", "-d", JOURNAL)
    with pytest.raises(CorruptRecord, match="is missing"):
        moved.lanes.lane("auth")
