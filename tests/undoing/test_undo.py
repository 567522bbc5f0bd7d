"""Each kind of operation is taken back exactly, or refused with the reason."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gitlanes import Collision, LanesError, Limits, Negative, Refused
from gitlanes.models.plain import plain
from tests.support.clones import Clones
from tests.support.repos import TestRepo

# What an undo leaves as it is: numbers that were given out, and what was used up.
_STAYS = ("next", "spent")


def told(repo: TestRepo) -> dict[str, Any]:
    """Return {lane: its record but for what stays} of all lanes that there are."""
    found = {}
    for state in repo.inner().view.lanes():
        record = plain(state.record)
        found[state.record.name] = {x: y for x, y in record.items() if x not in _STAYS}
    return found


Act = Callable[[TestRepo], object]


def require_there_and_back(repo: TestRepo, act: Act) -> None:
    """Do something, undo it and redo it: records are as before, and as they were made."""
    before = told(repo)
    act(repo)
    made = told(repo)
    assert made != before
    repo.lanes.undo()
    assert told(repo) == before
    repo.lanes.redo()
    assert told(repo) == made


ACTS: dict[str, Act] = {
    "new": lambda r: r.lanes.new("fresh"),
    "commit": lambda r: r.commit("auth", {"auth.py": "2\n"}),
    "propose": lambda r: r.propose("auth", {"auth.py": "2\n"}),
    "accept": lambda r: r.lanes.accept("auth/2"),
    "reject": lambda r: r.lanes.reject("auth/2"),
    "promote into a lane": lambda r: r.lanes.promote("auth", into="side"),
    "squash": lambda r: r.lanes.promote("auth", into="side", mode="squash"),
    "replay": lambda r: r.lanes.promote("auth", into="side", mode="replay"),
    "left open": lambda r: r.lanes.promote("auth", into="side", propose=True),
    "sync": lambda r: r.lanes.sync("auth", onto="side"),
    "edit": lambda r: r.lanes.edit("auth", description="what it is", meta={"k": "v"}),
    "rename": lambda r: r.lanes.rename("auth", "login"),
    "delete": lambda r: r.lanes.delete("side", force=True),
    "archive": lambda r: r.lanes.archive("side"),
    "pause": lambda r: r.lanes.pause("auth"),
    "abandon": lambda r: r.lanes.abandon("auth"),
    "follow": lambda r: r.lanes.follow("auth", "side"),
    "amend": lambda r: r.lanes.amend("auth", message="better"),
    "stack": lambda r: r.lanes.create_stack("both", ["auth/1", "side/1"]),
    "budget": lambda r: r.lanes.set_budget("auth", Limits(amount="1")),
    "task": lambda r: r.lanes.tasks.add("log in", lane="auth"),
    "queue": lambda r: r.lanes.queue_add(["auth"], into="side", ready=True),
}


@pytest.fixture
def two(repo: TestRepo) -> TestRepo:
    """Two lanes with a commit each, the first with an open attempt of its own."""
    repo.lane("auth", {"auth.py": "1\n"})
    repo.lane("side", {"side.txt": "1\n"})
    return repo


@pytest.mark.parametrize("name", ACTS)
def test_each_kind_is_undone_and_done_again(two: TestRepo, name: str) -> None:
    """Records and heads are as before, and after a redo as they were made."""
    if name in ("accept", "reject"):
        two.propose("auth", {"auth.py": "2\n"})
    before = told(two)
    require_there_and_back(two, ACTS[name])
    two.lanes.undo()
    assert told(two) == before
    assert "error" not in two.git("fsck", "--strict")
    assert two.lanes.doctor().findings == ()


def test_a_landing_on_a_bound_lane_goes_forward(two: TestRepo) -> None:
    """Branch and files lose the landing, what landed since stays, and it can land again."""
    first = two.lanes.promote("auth")
    two.lanes.promote("side")
    done = next(
        x for x in two.lanes.operations().operations if first.head in [y.head for y in x.lanes]
    )
    head = two.rev("main")
    made = two.lanes.undo(done.id)
    assert {x.lane: x.forward for x in made.lanes} == {"auth": False, "main": True}
    assert two.rev("main^") == head
    assert two.rev("main") == two.rev("refs/lanes/head/main")
    assert two.files("main") == {"auth.py": "login", "src/app.py": "app", "side.txt": "1"}
    assert (two.path / "auth.py").read_text() == "login\n"
    again = two.lanes.promote("auth")
    assert [str(x, "utf-8") for x in again.source_only] == ["auth.py"]
    assert two.files("main")["auth.py"] == "1"


def test_what_stands_in_the_way_is_said(two: TestRepo) -> None:
    """Later work on the same path refuses, and --cascade takes it back, too."""
    two.commit("auth", {"auth.py": "2\n"})
    two.commit("auth", {"auth.py": "3\n"})
    second = two.lanes.operations("auth").operations[1].id
    before = two.refs()
    with pytest.raises(Collision, match="collides with what came later"):
        two.lanes.undo(second)
    assert two.refs() == before
    made = two.lanes.undo(second, cascade=True)
    assert len(made.undone) == 2
    assert two.files("refs/lanes/head/auth")["auth.py"] == "1"
    with pytest.raises(Refused, match="is undone already"):
        two.lanes.undo(second)
    made = two.lanes.undo(made.operation)
    assert made.verb == "redo"
    assert two.files("refs/lanes/head/auth")["auth.py"] == "3"


def test_heads_that_others_know_go_forward(two: TestRepo) -> None:
    """Where a lane was made from a head, or has landed it, that is never left behind."""
    two.lanes.new("onto", on="auth")
    head = two.rev("refs/lanes/head/auth")
    two.write({"auth.py": "mine\n"}, two.workspace("auth"))
    with pytest.raises(Refused, match="would be overwritten"):
        two.lanes.rollback("auth", steps=1)
    two.lanes.restore("auth", "auth", force=True)
    made = two.lanes.rollback("auth", steps=1)
    assert made.lanes[0].forward
    assert two.rev("refs/lanes/head/auth^") == head
    assert two.files("refs/lanes/head/auth")["auth.py"] == "login"


def test_what_is_never_undone_is_refused(two: TestRepo) -> None:
    """People's commits, bindings and the adoption say why; an undo of nothing says so, too."""
    two.save({"src/app.py": "by hand\n"})
    two.lanes.promote("side")
    every = {x.verb: x.id for x in two.lanes.operations(limit=None).operations}
    for verb in ("import", "init"):
        with pytest.raises(Refused, match="cannot be undone"):
            two.lanes.undo(every[verb])
    with pytest.raises(Negative, match="nothing to redo"):
        two.lanes.redo()


def test_undo_walks_back_and_redo_comes_forward(two: TestRepo) -> None:
    """Until something else is done; then there is nothing to do again."""
    states = [told(two)]
    for number in (2, 3, 4):
        two.commit("auth", {"auth.py": f"{number}\n"})
        states.append(told(two))
    for expected in states[-2::-1]:
        two.lanes.undo()
        assert told(two) == expected
    for expected in states[1:]:
        two.lanes.redo()
        assert told(two) == expected
    two.lanes.undo()
    two.lanes.undo()
    assert two.commit("auth", {"auth.py": "5\n"}) == "auth/5"
    with pytest.raises(Negative):
        two.lanes.redo()


def state_of(repo: TestRepo) -> tuple[dict[str, Any], str, str]:
    """Return records, the workspace's HEAD, and what is unsaved there."""
    place = repo.workspace("auth")
    head = repo.git("rev-parse", "HEAD", cwd=place)
    return told(repo), head, repo.git("status", "--porcelain", cwd=place)


# Those that leave no edits behind where they are refused, and the lane where it is.
AMONG_OTHERS = tuple(x for x in ACTS if x not in ("rename", "delete", "propose", "commit"))


def do_something(repo: TestRepo, chosen: random.Random, number: int) -> None:
    """Commit in the lane, or do one of the other things."""
    if chosen.random() < 0.4:
        if told(repo)["auth"]["status"] == "active":
            repo.commit("auth", {f"{number % 3}.txt": f"{number}\n"})
        return
    ACTS[chosen.choice(AMONG_OTHERS)](repo)


@pytest.mark.parametrize("seed", range(4))
def test_undoing_all_of_random_operations(two: TestRepo, seed: int) -> None:
    """Taking all back, whatever was done, gives records and files of before; redo, of after."""
    chosen = random.Random(seed)
    states = [state_of(two)]
    for number in range(8):
        refs = two.refs()
        with suppress(LanesError):
            do_something(two, chosen, number)
        if two.refs() != refs:
            states.append(state_of(two))
    for expected in states[-2::-1]:
        two.lanes.undo()
        assert state_of(two) == expected
    for expected in states[1:]:
        two.lanes.redo()
        assert state_of(two) == expected


def test_what_landed_from_a_queue(two: TestRepo) -> None:
    """Taken back, it does not land again by itself; each landing is taken back alone."""
    two.lanes.queue_add(["auth", "side"], ready=True)
    two.lanes.queue_run()
    first = two.lanes.operations("auth").operations[0].id
    two.lanes.undo(first)
    files = two.files("main")
    assert (files["auth.py"], files["side.txt"]) == ("login", "1")
    assert [x.status for x in two.lanes.queue(everything=True)] == ["landed"] * 2
    assert two.lanes.queue_run().landed == ()
    two.lanes.queue_add(["auth"], ready=True)
    two.lanes.queue_run()
    assert two.files("main")["auth.py"] == "1"


def test_what_was_exported_is_taken_back_forward(two: TestRepo) -> None:
    """What a branch of people's has is built upon, and the branch stays; redo brings it again."""
    two.commit("auth", {"auth.py": "2\n"})
    two.lanes.export("auth", branch="out", form="as-is")
    head, out = two.rev("refs/lanes/head/auth"), two.rev("out")
    with pytest.raises(Refused, match="others may have the branch"):
        two.lanes.undo(lane="auth")
    (made,) = two.lanes.rollback("auth", steps=1).lanes
    assert (made.forward, two.rev("refs/lanes/head/auth^"), two.rev("out")) == (True, head, out)
    assert two.files("refs/lanes/head/auth")["auth.py"] == "1"
    assert two.lanes.redo(lane="auth").lanes[0].forward
    assert two.files("refs/lanes/head/auth")["auth.py"] == "2"


def test_a_rollback_to_an_operation(two: TestRepo) -> None:
    """The lane is where it was after it; one that is undone, and another lane's, are refused."""
    for number in (2, 3, 4):
        two.commit("auth", {"auth.py": f"{number}\n"})
    done = [x.id for x in two.lanes.operations("auth").operations]
    two.lanes.edit("auth", description="stays")
    two.lanes.rollback("auth", to=done[2])
    assert two.files("refs/lanes/head/auth")["auth.py"] == "2"
    assert two.lanes.lane("auth").description == "stays"
    for gone in (done[0], two.lanes.operations("side").operations[0].id):
        with pytest.raises(Refused, match="is not one that lane 'auth' stands on"):
            two.lanes.rollback("auth", to=gone)
    with pytest.raises(Negative, match="is there already"):
        two.lanes.rollback("auth", to=done[2])
    two.lanes.redo(lane="auth")
    assert two.files("refs/lanes/head/auth")["auth.py"] == "4"


def test_a_landing_of_a_stack(two: TestRepo) -> None:
    """All of its lanes are as before, with what waits in them, and it lands again."""
    two.commit("auth", {"later.txt": "1\n"})
    two.lanes.create_stack("both", ["auth/2", "side/1"])
    before, files = told(two), two.files("main")
    two.lanes.promote_stack("both")
    landed = two.files("main")
    two.lanes.undo()
    after = told(two)
    assert two.files("main") == files
    for lane in ("auth", "side"):
        assert after[lane] == before[lane]
    two.lanes.promote_stack("both")
    assert two.files("main") == landed


@pytest.mark.parametrize(
    ("first", "act"),
    [
        (lambda r: r.lanes.pause("auth"), lambda r: r.lanes.resume("auth")),
        (lambda r: r.lanes.abandon("auth"), lambda r: r.lanes.resume("auth")),
        (lambda r: r.lanes.archive("side"), lambda r: r.lanes.unarchive("side")),
        (
            lambda r: r.lanes.create_stack("both", ["auth/1", "side/1"]),
            lambda r: r.lanes.review("both/1", status="approved", by="r"),
        ),
    ],
    ids=["resume", "resume an abandoned one", "unarchive", "approve"],
)
def test_what_is_done_upon_something(two: TestRepo, first: Act, act: Act) -> None:
    """It is taken back alone, and done again."""
    first(two)
    require_there_and_back(two, act)


def test_what_was_pushed_or_joined(tmp_path: Path, environ: dict[str, str]) -> None:
    """Pushed work is taken back by a new commit; the joining itself is not taken back.

    After it the work of either clone can be, by its id, and all clones come to the same.
    """
    clones = Clones(tmp_path, environ, lanes=["auth"])
    one, other = clones.all
    for repo, path in ((one, "one.txt"), (other, "other.txt")):
        repo.lanes.put_file("auth", path, b"1\n", message=path)
    first = one.lanes.operations("auth").operations[0].id
    one.lanes.push()
    pushed = one.rev("refs/lanes/head/auth")
    assert one.lanes.undo(lane="auth").lanes[0].forward
    assert one.rev("refs/lanes/head/auth^") == pushed
    one.lanes.redo(lane="auth")
    one.lanes.push()
    other.lanes.pull()
    joined = next(x for x in other.lanes.operations("auth").operations if x.verb == "merge")
    with pytest.raises(Refused, match="it came from another clone"):
        other.lanes.undo(joined.id)
    mine = next(
        x for x in other.lanes.operations("auth").operations if "other.txt" in x.description
    )
    assert other.lanes.undo(mine.id).lanes[0].forward
    assert other.files("refs/lanes/head/auth") == one.files("refs/lanes/head/auth")
    assert other.lanes.undo(first).lanes[0].forward
    assert "one.txt" not in other.files("refs/lanes/head/auth")
    other.lanes.push()
    one.lanes.pull()
    assert one.rev("refs/lanes/head/auth") == other.rev("refs/lanes/head/auth")
    one.fsck()
    clones.close()


def test_the_last_of_this_clone_is_not_another_one_s(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """On one machine, too: what was pulled is not taken back, and not done again."""
    one, other = Clones(tmp_path, environ, lanes=["mine", "theirs"]).all
    one.lanes.put_file("mine", "m", b"1\n")
    other.lanes.put_file("theirs", "t", b"1\n")
    other.lanes.push()
    one.lanes.pull()
    assert [x.lane for x in one.lanes.undo().lanes] == ["mine"]
    other.lanes.put_file("theirs", "t", b"2\n")
    other.lanes.undo()
    other.lanes.push()
    one.lanes.pull()
    assert [x.lane for x in one.lanes.redo().lanes] == ["mine"]
    assert "t" in one.files("refs/lanes/head/theirs")


def test_what_a_queue_did_since_is_passed_over(repo: TestRepo) -> None:
    """After a landing from a queue one undo after the other leads back to the beginning."""
    repo.lane("auth", {"auth.py": "new\n"})
    repo.lanes.queue_add(["auth"], ready=True)
    repo.lanes.queue_run()
    told = [repo.lanes.undo().descriptions[0] for _ in range(3)]
    assert [x.split()[0] for x in told] == ["promote", "commit", "new"]
    assert [x.name for x in repo.lanes.lanes().lanes] == ["main"]
    with pytest.raises(Refused, match="the repository was adopted"):
        repo.lanes.undo()


def test_what_was_queued_and_landed_is_not_queued_again(repo: TestRepo) -> None:
    """The hint names what can be done instead, and no option that would not help."""
    repo.work("auth", {"auth.py": "new\n"})
    repo.lanes.queue_add(["auth"], ready=True)
    queued = repo.lanes.operations(limit=1).operations[0]
    repo.lanes.queue_run()
    for cascade in (False, True):
        with pytest.raises(Refused, match="went on since: queue changed") as refused:
            repo.lanes.undo(queued.id, cascade=cascade)
        assert refused.value.hint.startswith("undo the landings themselves")


def test_unsaved_work_in_a_lane_that_would_go(repo: TestRepo) -> None:
    """The hint names no option that an undo has not."""
    place = repo.lane("auth")
    repo.write({"auth.py": "unsaved\n"}, place)
    with pytest.raises(Refused, match="has 1 unsaved file") as refused:
        repo.lanes.undo()
    assert refused.value.hint == "propose them first"


def test_a_conflict_and_its_end(repo: TestRepo) -> None:
    """A sync that stopped is taken back and stops again; so is what resolved it."""
    lanes = repo.lanes
    lanes.new("base", workspace=False)
    lanes.new("top", on="base")
    lanes.put_file("base", "auth.py", b"base\n")
    repo.commit("top", {"auth.py": "top\n"})

    def stop(repo: TestRepo) -> None:
        with pytest.raises(Collision):
            repo.lanes.sync("top")

    require_there_and_back(repo, stop)
    lanes.start_conflict("top")
    with pytest.raises(Refused, match="is laid out in its workspace"):
        lanes.undo()
    file = repo.workspace("top") / "auth.py"
    file.write_text("both\n")
    require_there_and_back(repo, lambda r: r.lanes.continue_conflict("top"))
    assert file.read_text() == "both\n"
    resolved = told(repo)
    lanes.undo()
    lanes.undo()
    assert lanes.lane("top").status == "active"
    lanes.redo()
    lanes.redo()
    assert told(repo) == resolved
    lanes.undo()
    lanes.start_conflict("top")
    with pytest.raises(Refused, match="is laid out in its workspace"):
        lanes.redo()


def test_earlier_work_of_a_lane_in_conflict(repo: TestRepo) -> None:
    """What came before the conflict is not taken back under it."""
    repo.lanes.new("base", workspace=False)
    repo.lanes.new("top", on="base", workspace=False)
    repo.lanes.put_file("base", "auth.py", b"base\n")
    made = repo.lanes.put_file("top", "auth.py", b"top\n")
    with pytest.raises(Collision):
        repo.lanes.sync("top")
    with pytest.raises(Refused, match="stopped at a conflict"):
        repo.lanes.undo(repo.lanes.operations("top", limit=2).operations[1].id)
    assert repo.lanes.head("top") == made.attempt.landed


def test_a_deletion_before_a_namesake(repo: TestRepo) -> None:
    """Undo walks back past the making of a lane to that of one that had its name, and forward."""
    repo.lanes.new("auth", workspace=False)
    repo.lanes.put_file("auth", "a", b"1\n")
    head, uuid = repo.lanes.head("auth"), repo.lanes.lane("auth").uuid
    repo.lanes.delete("auth")
    repo.lanes.new("auth", workspace=False)
    repo.lanes.put_file("auth", "b", b"1\n")
    after = told(repo)
    deletion = next(x for x in repo.lanes.operations().operations if x.verb == "delete")
    with pytest.raises(Refused, match="is another one now"):
        repo.lanes.undo(deletion.id)
    for _ in range(3):
        repo.lanes.undo()
    lane = repo.lanes.lane("auth")
    assert (lane.uuid, lane.head, repo.files("refs/lanes/head/auth")["a"]) == (uuid, head, "1")
    for _ in range(3):
        repo.lanes.redo()
    assert {**told(repo)["auth"], "namesakes": 0} == {**after["auth"], "namesakes": 0}
    for _ in range(3):
        repo.lanes.undo()
    assert repo.lanes.put_file("auth", "c", b"1\n").attempt.number == 3
    repo.fsck()


@pytest.mark.parametrize("away", ["delete", "archive"])
def test_a_lane_that_is_back_is_told_to_have_no_workspace(repo: TestRepo, away: str) -> None:
    """And by which command it gets one."""
    repo.lane("auth", {"auth.py": "1\n"})
    getattr(repo.lanes, away)("auth")
    repo.lanes.take_warnings()
    repo.lanes.undo()
    (warning,) = repo.lanes.take_warnings()
    assert "git lanes workspace create auth makes one" in warning
    repo.lanes.create_workspace("auth")
    assert repo.workspace("auth").joinpath("auth.py").read_text() == "1\n"


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
@pytest.mark.parametrize("later", [False, True])
def test_lines_that_are_back_are_their_author_s(repo: TestRepo, mode: str, later: bool) -> None:
    """Blame looks through what an undo put back, and through that being undone."""
    repo.work("old", {"auth.py": "old\n"})
    repo.lanes.promote("old", mode=mode)
    repo.work("new", {"auth.py": "new\n", "more.py": "new\n"})
    repo.lanes.promote("new", mode=mode)
    if later:
        repo.work("other", {"other.py": "1\n"})
        repo.lanes.promote("other")

    def author(path: str) -> str | None:
        told = repo.lanes.blame(path, "main")
        return told.origins[str(told.lines[0].made)].attempt

    operation = repo.lanes.operations("new", limit=1).operations[0].id
    assert (author("auth.py"), author("more.py")) == ("new/1", "new/1")
    repo.lanes.undo(operation)
    assert author("auth.py") == "old/1"
    repo.lanes.redo()
    assert (author("auth.py"), author("more.py")) == ("new/1", "new/1")
    if later:
        assert author("other.py") == "other/1"
