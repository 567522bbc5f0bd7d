"""Some changes of a lane land, all or none; what stays behind stays right."""

from __future__ import annotations

import pytest

from gitlanes import BadValue, Collision, GateFailed, Negative, NotFound, Refused
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo


def numbered(repo: TestRepo, names: str, lane: str = "auth") -> None:
    """Commit a file of that name for each letter in a lane."""
    if not any(x.name == lane for x in repo.lanes.lanes().lanes):
        repo.lane(lane)
    for name in names:
        repo.commit(lane, {f"{name}.txt": f"{name}\n"}, f"Add {name}")


def texts(repo: TestRepo, revision: str) -> str:
    """Return the letters of the files at a revision, in order."""
    return "".join(x[0] for x in sorted(repo.files(revision)) if len(x) == 5)


def test_what_is_first_lands_as_it_is(repo: TestRepo) -> None:
    """Where the changes are the lane's first ones nothing is laid anew; the rest lands later."""
    numbered(repo, "abc")
    head = repo.rev("refs/lanes/head/auth")
    made = repo.lanes.promote_stack(lane="auth", changes=["auth/1", "auth/2"])
    assert (texts(repo, "main"), made.laid_again, made.followed) == ("ab", {}, True)
    assert repo.rev("refs/lanes/head/auth") == head
    assert repo.git("log", "--first-parent", "--format=%s", "-1", "main^2") == "Add b"
    assert repo.lanes.promote("auth").source_only == (b"c.txt",)
    assert texts(repo, "main") == "abc"
    repo.fsck()


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
def test_what_is_later_is_brought_to_the_front(repo: TestRepo, mode: str) -> None:
    """The lane keeps its tree and Change-Ids, its workspace all that is unsaved."""
    numbered(repo, "abcd")
    place = repo.workspace("auth")
    repo.write({"b.txt": "unsaved\n", "new.txt": "new\n"}, place)
    tree = repo.rev("refs/lanes/head/auth^{tree}")
    ids = _change_ids(repo)
    made = repo.lanes.promote_stack(lane="auth", changes=["auth/4", "auth/2"], mode=mode)
    assert (texts(repo, "main"), made.unsaved) == ("bd", (b"b.txt", b"new.txt"))
    assert made.laid_again == {
        f"auth/{n}": f"auth/{x}" for n, x in ((2, 5), (4, 6), (1, 7), (3, 8))
    }
    assert repo.rev("refs/lanes/head/auth^{tree}") == tree
    assert _change_ids(repo) == ids
    assert repo.rev("HEAD") == repo.rev("main")
    assert repo.git("rev-parse", "HEAD", cwd=place) == repo.rev("refs/lanes/head/auth")
    status = repo.git("status", "--porcelain", cwd=place).splitlines()
    assert sorted(status) == [" M b.txt", "?? new.txt"]
    assert repo.lanes.promote("auth", mode=mode).source_only == (b"a.txt", b"c.txt")
    assert repo.files("main") == repo.files("refs/lanes/head/auth")
    repo.lanes.commit("auth", message="More")
    assert repo.lanes.promote("auth", mode=mode).source_only == (b"b.txt", b"new.txt")
    repo.fsck()


def _change_ids(repo: TestRepo) -> list[str]:
    """Return the Change-Ids of the lane's last four commits, sorted."""
    shape = "--format=%(trailers:key=Change-Id,valueonly)"
    text = repo.git("log", shape, "-4", "refs/lanes/head/auth")
    return sorted(x for x in text.splitlines() if x)


def test_the_records_go_along(repo: TestRepo) -> None:
    """Attempts laid anew replace the old ones, with their intents; the entries say what landed."""
    numbered(repo, "ab")
    repo.lanes.promote_stack(lane="auth", changes=["auth/2"])
    told = {x.attempt.id: x for x in repo.lanes.history("auth").attempts}
    assert told["auth/1"].attempt.superseded_by == "auth/4"
    assert (told["auth/3"].attempt.title, told["auth/3"].attempt.status) == ("Add b", "accepted")
    assert told["auth/3"].agent == "agent-auth"
    assert told["auth/3"].notes.intents
    inner = repo.inner()
    for name in ("auth", "main"):
        entry = inner.view.lane(name).tip
        body = repo.git("cat-file", "-p", entry)
        assert f'"part":{{"changes":["{told["auth/2"].attempt.change_id}"]}}' in body
    inner.close()


def test_what_stands_on_the_rest_does_not_land(repo: TestRepo) -> None:
    """A change that touches what one that stays touched is refused, naming the path."""
    numbered(repo, "ab")
    repo.commit("auth", {"a.txt": "again\n"}, "Change a")
    before = repo.refs()
    with pytest.raises(Collision, match=r"auth/3 cannot come before auth/1: both touch 'a\.txt'"):
        repo.lanes.promote_stack(lane="auth", changes=["auth/2", "auth/3"])
    assert repo.refs() == before
    repo.lanes.promote_stack(lane="auth", changes=["auth/3", "auth/1"])
    assert repo.files("main")["a.txt"] == "again"
    assert texts(repo, "main") == "a"


def test_what_others_landed_is_left_alone(repo: TestRepo) -> None:
    """The rest counts from what landed: later work of others on it is not taken back."""
    numbered(repo, "abc")
    repo.lanes.promote_stack(lane="auth", changes=["auth/3"])
    repo.save({"c.txt": "by people\n"})
    repo.lanes.promote("auth")
    assert repo.files("main")["c.txt"] == "by people"
    repo.save({"d.txt": "by people\n"})
    numbered(repo, "de")
    before = repo.rev("refs/lanes/head/auth")
    with pytest.raises(Collision, match="collides on 1 path"):
        repo.lanes.promote_stack(lane="auth", changes=["auth/7"])
    assert repo.rev("refs/lanes/head/auth") == before
    repo.lanes.promote_stack(lane="auth", changes=["auth/8"])
    assert texts(repo, "main") == "abcde"


def test_a_workspace_that_is_behind(repo: TestRepo) -> None:
    """Work based on a commit that was laid anew is laid on what the lane is then."""
    numbered(repo, "abc")
    place = repo.workspace("auth")
    offer = repo.propose("auth", {"d.txt": "d\n"}, message="Add d")
    repo.write({"e.txt": "e\n"}, place)
    repo.lanes.promote_stack(lane="auth", changes=["auth/3"])
    repo.lanes.accept(offer)
    repo.lanes.commit("auth", message="Add e")
    assert texts(repo, "refs/lanes/head/auth") == "abcde"
    assert repo.git("status", "--porcelain", cwd=place) == ""
    repo.lanes.promote("auth")
    assert texts(repo, "main") == "abcde"
    repo.fsck()


def test_what_others_have_keeps_its_order(repo: TestRepo) -> None:
    """A lane whose commits are on a branch is not laid anew; its first changes still land."""
    numbered(repo, "abc")
    repo.lanes.export("auth", branch="out")
    before = repo.refs()
    with pytest.raises(Refused, match="auth/1 cannot be changed any more: branch 'out' has it"):
        repo.lanes.promote_stack(lane="auth", changes=["auth/2"])
    assert repo.refs() == before
    repo.lanes.promote_stack(lane="auth", changes=["auth/1"])
    assert texts(repo, "main") == "a"


def test_several_lanes(repo: TestRepo) -> None:
    """A stack of several lanes is the target's; it lands in its order, and each lane goes on."""
    numbered(repo, "ab")
    numbered(repo, "xy", "bill")
    lanes = repo.lanes
    stack = lanes.create_stack("both", ["bill/2", "auth/2", "bill/1"])
    assert (stack.id, [x.title for x in stack.blocks]) == ("main:both", ["Add y", "Add b", "Add x"])
    assert lanes.unassigned("bill").items == ()
    made = lanes.promote_stack("both")
    assert (made.lane, made.stack, texts(repo, "main")) == ("bill, auth", "main:both", "bxy")
    subjects = repo.git("log", "--first-parent", "--format=%s", "main").splitlines()[:3]
    assert subjects == [f"Promote lane {x} into main" for x in ("bill", "auth", "bill")]
    assert [x.status for x in lanes.stack("both").blocks] == ["merged"] * 3
    assert lanes.promote("auth").source_only == (b"a.txt",)
    with pytest.raises(Negative):
        lanes.promote("bill")
    told = [x.attempt for x in lanes.history("main", promotions=True, source="bill").attempts]
    assert [x.id for x in told] == ["main/3", "main/1"]
    assert [x.attempt and x.attempt.id for x in lanes.trace("main").steps[:3]] == [
        "main/4",
        "auth/4",
        "main/3",
    ]
    repo.fsck()


def test_all_or_none(repo: TestRepo) -> None:
    """If one lane's part collides with the target, nothing of the other lands."""
    numbered(repo, "a")
    numbered(repo, "x", "bill")
    repo.lanes.create_stack("both", ["auth/1", "bill/1"])
    repo.save({"x.txt": "by people\n"})
    repo.lanes.status()
    repo.lanes.create_stack("none", lane="auth")
    before = {x: oid for x, oid in repo.refs().items() if "/seen/" not in x}
    with pytest.raises(Collision, match="promoting 'bill' into 'main' collides"):
        repo.lanes.promote_stack("both")
    after = {x: oid for x, oid in repo.refs().items() if "/seen/" not in x}
    assert {x for x in after if after[x] != before.get(x)} <= {
        "refs/lanes/head/main",
        "refs/lanes/journal/main",
    }
    assert "a.txt" not in repo.files("main")


def test_gates_judge_what_comes_of_it(repo: TestRepo) -> None:
    """The tree that would land has to pass the target's gates; else nothing moves."""
    set_gates(repo, gate("no-b", "test ! -e b.txt || test -e a.txt"))
    numbered(repo, "ab")
    head = repo.rev("refs/lanes/head/auth")
    with pytest.raises(GateFailed):
        repo.lanes.promote_stack(lane="auth", changes=["auth/2"])
    assert (texts(repo, "main"), repo.rev("refs/lanes/head/auth")) == ("", head)
    repo.lanes.promote_stack(lane="auth", changes=["auth/1"])
    assert texts(repo, "main") == "a"


def test_force(repo: TestRepo) -> None:
    """A path that is forced is won by the lane; one that does not collide is not found."""
    numbered(repo, "ab")
    repo.save({"b.txt": "by people\n"})
    lanes = repo.lanes
    with pytest.raises(NotFound, match="collision on 'nope' not found"):
        lanes.promote_stack(lane="auth", changes=["auth/1"], force=["nope"])
    made = lanes.promote_stack(lane="auth", changes=["auth/2"], force=["b.txt"])
    assert [x.path for x in made.forced] == [b"b.txt"]
    assert repo.files("main")["b.txt"] == "b"


def test_a_dry_run_moves_nothing(repo: TestRepo) -> None:
    """It says what would land, and refuses what would be refused."""
    numbered(repo, "ab")
    before = repo.refs()
    made = repo.lanes.promote_stack(lane="auth", changes=["auth/2"], dry_run=True)
    assert (made.dry_run, made.source_only, made.head) == (True, (b"b.txt",), None)
    assert repo.refs() == before


def test_what_cannot_be_asked(repo: TestRepo) -> None:
    """A part is a stack or changes, waits to land, and is of the lane that is named."""
    numbered(repo, "ab")
    numbered(repo, "x", "bill")
    lanes = repo.lanes
    with pytest.raises(BadValue, match="either a stack or changes"):
        lanes.promote_stack(lane="auth")
    with pytest.raises(Refused, match="bill/1 is a change of lane 'bill', not of 'auth'"):
        lanes.promote_stack(lane="auth", changes=["bill/1"])
    offer = repo.propose("auth", {"c.txt": "c\n"})
    with pytest.raises(Refused, match=f"{offer} is no change that waits to land: it is proposed"):
        lanes.promote_stack(lane="auth", changes=[offer])
    lanes.promote_stack(lane="auth", changes=["auth/1"])
    with pytest.raises(Refused, match="auth/1 is no change that waits to land: it has landed"):
        lanes.promote_stack(lane="auth", changes=["auth/1"])
    lanes.create_stack("review", ["auth/2"], into="main")
    with pytest.raises(BadValue, match="stack 'review' is to land on 'main'"):
        lanes.promote_stack("review", into="bill")
    lanes.promote_stack("review")
    with pytest.raises(Negative, match="stack 'review' has nothing that waits"):
        lanes.promote_stack("review")
