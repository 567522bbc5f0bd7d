"""What a sync stopped at: told, laid out, resolved, given up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Collision, Negative, NotFound, Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def colliding(repo: TestRepo, *files: str) -> None:
    """Make `base` and `top`, which follows it; an attempt of `top` for each file collides."""
    repo.work("base")
    repo.lanes.new("top", on="base")
    for name in files or ("auth.py",):
        repo.commit("top", {name: "top's\n"})
        repo.commit("base", {name: "base's\n"})
    with pytest.raises(Collision):
        repo.lanes.sync("top")


def test_it_is_told_with_both_sides(repo: TestRepo, cli: Cli) -> None:
    """The three versions are readable after gc, with attempts, agents and what was asked for."""
    colliding(repo)
    (found,) = repo.lanes.conflicts()
    path = repo.lanes.conflict("top").paths[0]
    repo.git("gc", "--quiet", "--prune=now")
    for version, text in ((path.base, "login"), (path.lane, "top's"), (path.parent, "base's")):
        assert version is not None
        assert repo.git("cat-file", "blob", version.oid) == text
    assert (found.attempt, found.started, found.stale) == ("top/1", False, False)
    said = cli("conflict", "show", "top").out
    assert "lane: top/1 by agent-top: work of top" in said
    assert "parent: base/1 by agent-base: work of base" in said
    assert "collision: 'auth.py': lane modified it in top/1 by agent-top" in said
    repo.fsck()


def test_a_conflict_without_a_workspace(repo: TestRepo) -> None:
    """One that came from another clone, say, is resolved in a workspace that is made for it."""
    colliding(repo)
    repo.lanes.remove_workspace("top")
    with pytest.raises(NotFound) as missing:
        repo.lanes.start_conflict("top")
    assert missing.value.hint == "run 'git lanes workspace create top'"
    repo.lanes.create_workspace("top")
    repo.lanes.start_conflict("top")
    repo.write({"auth.py": "both\n"}, repo.workspace("top"))
    repo.lanes.continue_conflict("top")
    assert repo.files(repo.lanes.head("top"))["auth.py"] == "both"


def test_it_is_stale_once_the_parent_moves(repo: TestRepo) -> None:
    """Only conflicts whose lanes have moved since are listed as stale."""
    colliding(repo)
    assert repo.lanes.conflicts(stale=True) == ()
    repo.commit("base", {"more.txt": "1\n"})
    assert [x.lane for x in repo.lanes.conflicts(stale=True)] == ["top"]


def test_one_attempt_after_the_other(repo: TestRepo) -> None:
    """A later attempt that collides is laid out by `continue`; what was resolved stays resolved."""
    colliding(repo, "auth.py", "src/app.py")
    place = repo.workspace("top")
    repo.lanes.start_conflict("top")
    text = (place / "auth.py").read_text()
    assert text == (
        "<<<<<<< lane top\ntop's\n||||||| base\nlogin\n=======\nbase's\n>>>>>>> lane base\n"
    )
    with pytest.raises(Refused, match=r"not resolved yet: 'auth\.py'"):
        repo.lanes.continue_conflict("top")
    repo.write({"auth.py": "both\n"}, place)
    with pytest.raises(Collision, match="top/2 collides"):
        repo.lanes.continue_conflict("top")
    assert (place / "auth.py").read_text() == "both\n"
    assert "<<<<<<< lane top" in (place / "src/app.py").read_text()
    (found,) = repo.lanes.conflicts()
    assert (found.attempt, found.started) == ("top/2", True)
    repo.write({"src/app.py": "both\n", "beside.txt": "mine\n"}, place)
    made = repo.lanes.continue_conflict("top")
    files = repo.files(str(made.head))
    assert (files["auth.py"], files["src/app.py"]) == ("both", "both")
    assert made.laid_again == {"top/1": "top/3", "top/2": "top/4"}
    assert repo.git("status", "--porcelain", cwd=place) == "?? beside.txt"
    assert repo.lanes.conflicts() == ()
    repo.fsck()


def test_unsaved_work_is_refused_or_kept(repo: TestRepo) -> None:
    """Starting over unsaved work refuses; with force it is in a snapshot first."""
    colliding(repo)
    place = repo.workspace("top")
    repo.write({"mine.txt": "mine\n"}, place)
    with pytest.raises(Refused, match="has 1 unsaved file"):
        repo.lanes.start_conflict("top")
    made = repo.lanes.start_conflict("top", force=True)
    assert made.snapshot is not None
    assert repo.files(made.snapshot.commit)["mine.txt"] == "mine"
    with pytest.raises(Negative, match="laid out already"):
        repo.lanes.start_conflict("top")


def test_what_was_edited_is_kept_when_it_is_given_up(repo: TestRepo) -> None:
    """Half a resolution is in a snapshot; markers alone need none."""
    colliding(repo)
    repo.lanes.start_conflict("top")
    assert repo.lanes.abandon_conflict("top").snapshot is None
    with pytest.raises(Collision):
        repo.lanes.sync("top")
    repo.lanes.start_conflict("top")
    repo.write({"auth.py": "half\n"}, repo.workspace("top"))
    saved = repo.lanes.abandon_conflict("top").snapshot
    assert saved is not None
    assert repo.files(saved.commit)["auth.py"] == "half"
    assert (repo.workspace("top") / "auth.py").read_text() == "top's\n"
    with pytest.raises(Refused, match="has no conflict"):
        repo.lanes.abandon_conflict("top")


def test_archiving_a_lane_with_a_conflict(repo: TestRepo) -> None:
    """It says what can be done with what lies there; by force the conflict goes, saved."""
    colliding(repo)
    repo.lanes.start_conflict("top")
    with pytest.raises(Refused, match="has 1 unsaved file") as refused:
        repo.lanes.archive("top")
    assert refused.value.hint == (
        "resolve the conflict ('git lanes conflict continue top'), give it up "
        "('git lanes conflict abandon top'), or use --force: a snapshot is taken first"
    )
    repo.lanes.archive("top", force=True)
    assert "<<<<<<< lane top" in repo.files("refs/lanes/snapshots/top/1")["auth.py"]
    repo.lanes.unarchive("top")
    with repo.inner() as inner:
        record = inner.view.lane("top").record
    assert (record.status, record.conflict, record.why) == ("active", None, None)
    repo.lanes.create_workspace("top")
    repo.write({"mine.txt": "mine\n"}, repo.workspace("top"))
    repo.lanes.abandon("top")
    with pytest.raises(Refused) as refused:
        repo.lanes.archive("top")
    assert str(refused.value.hint).startswith("move them elsewhere, or use --force")


def test_manual_lays_it_out_at_once(repo: TestRepo) -> None:
    """The files lie in the workspace; with unsaved work there nothing is recorded at all."""
    colliding(repo)
    repo.lanes.abandon_conflict("top")
    place = repo.workspace("top")
    repo.write({"mine.txt": "mine\n"}, place)
    before = repo.refs()
    with pytest.raises(Refused, match="has 1 unsaved file"):
        repo.lanes.sync("top", strategy="manual")
    assert repo.refs() == before
    (place / "mine.txt").unlink()
    with pytest.raises(Collision):
        repo.lanes.sync("top", strategy="manual")
    assert "<<<<<<< lane top" in (place / "auth.py").read_text()


def test_a_deletion_is_decided_by_the_file(repo: TestRepo) -> None:
    """Markers have an empty side for a deletion; whether the file is left is the resolution."""
    for keep in (True, False):
        name = f"top-{keep}"
        repo.lanes.new(f"base-{keep}")
        repo.lanes.new(name, on=f"base-{keep}")
        repo.commit(name, {"auth.py": None})
        repo.commit(f"base-{keep}", {"auth.py": "base's\n"})
        with pytest.raises(Collision):
            repo.lanes.sync(name, strategy="manual")
        place = repo.workspace(name) / "auth.py"
        assert "=======\nbase's" in place.read_text()
        if keep:
            place.write_text("kept\n")
        else:
            place.unlink()
        made = repo.lanes.continue_conflict(name)
        assert ("auth.py" in repo.files(str(made.head))) == keep


def test_what_has_no_lines_lies_beside(repo: TestRepo) -> None:
    """Of binary files, and where a file and a directory meet, the lane's version lies beside."""
    repo.lane("base")
    repo.lanes.new("top", on="base")
    repo.commit("top", {"bin": b"\0top", "thing": "file\n"})
    repo.commit("base", {"bin": b"\0base", "thing/inside": "1\n"})
    with pytest.raises(Collision):
        repo.lanes.sync("top", strategy="manual")
    place = repo.workspace("top")
    assert (place / "bin").read_bytes() == b"\0base"
    assert (place / "bin~top").read_bytes() == b"\0top"
    assert (place / "thing~top").read_text() == "file\n"
    with pytest.raises(Refused, match="not resolved yet: 'bin~top', 'thing~top'"):
        repo.lanes.continue_conflict("top")
    (place / "bin~top").replace(place / "bin")
    (place / "thing~top").unlink()
    made = repo.lanes.continue_conflict("top")
    files = repo.files(str(made.head))
    assert (files["bin"], files["thing/inside"]) == ("\0top", "1")
    assert not [x for x in files if "~" in x]


@pytest.mark.parametrize("strategy", ["abort", "manual", "merge", "agent"])
@pytest.mark.parametrize("keep", ["directory", "file"])
def test_an_edit_where_a_directory_became_a_file(repo: TestRepo, strategy: str, keep: str) -> None:
    """The edited file lies beside the parent's: it goes back to its place, or away."""
    repo.lane("base", {"thing/inside": "1\n", "thing/more": "1\n"})
    repo.lanes.new("top", on="base")
    repo.commit("top", {"thing/inside": "1\n2\n"})
    shutil.rmtree(repo.workspace("base") / "thing")
    repo.commit("base", {"thing": "file\n"})
    with pytest.raises(Collision):
        repo.lanes.sync("top", strategy=strategy, handler=lambda _: "agent's\n")
    place = repo.workspace("top")
    if strategy != "manual":
        repo.lanes.start_conflict("top")
    assert (place / "thing").read_text() == "file\n"
    assert (place / "thing~top").read_text() == "1\n2\n"
    if keep == "directory":
        (place / "thing").unlink()
        (place / "thing").mkdir()
        (place / "thing~top").replace(place / "thing/inside")
    else:
        (place / "thing~top").unlink()
    files = repo.files(str(repo.lanes.continue_conflict("top").head))
    found = {name: text for name, text in files.items() if name.startswith("thing")}
    assert found == ({"thing/inside": "1\n2"} if keep == "directory" else {"thing": "file"})
    assert repo.git("status", "--porcelain", cwd=place) == ""


def test_sides_win_where_file_and_directory_meet(repo: TestRepo) -> None:
    """With `lane` the parent's directory gives way, with `parent` the lane's file."""
    for strategy, wanted in (("lane", "thing"), ("parent", "thing/inside")):
        base, top = f"base-{strategy}", f"top-{strategy}"
        repo.work(base)
        repo.lanes.new(top, on=base)
        repo.commit(top, {"thing": "file\n", "own.txt": "1\n"})
        repo.commit(base, {"thing/inside": "1\n"})
        made = repo.lanes.sync(top, strategy=strategy)
        files = repo.files(str(made.head))
        assert [x for x in files if x.startswith("thing")] == [wanted]
        assert files["own.txt"] == "1"


def test_a_lane_without_a_workspace(repo: TestRepo) -> None:
    """It is synced without one; for a conflict it needs one, and gets it."""
    repo.lane("base")
    repo.lanes.new("top", on="base")
    repo.commit("top", {"auth.py": "top's\n"})
    repo.lanes.remove_workspace("top")
    repo.commit("base", {"more.txt": "1\n"})
    assert repo.lanes.sync("top").workspace is None
    repo.commit("base", {"auth.py": "base's\n"})
    with pytest.raises(Collision):
        repo.lanes.sync("top")
    with pytest.raises(Exception, match="workspace of lane 'top' not found"):
        repo.lanes.start_conflict("top")
    assert repo.lanes.abandon_conflict("top").snapshot is None


def test_the_parent_may_go_on_meanwhile(repo: TestRepo) -> None:
    """The resolution is laid on what it was made for, and the next sync brings the rest."""
    colliding(repo)
    repo.lanes.start_conflict("top")
    repo.commit("base", {"more.txt": "1\n"})
    repo.write({"auth.py": "both\n"}, repo.workspace("top"))
    repo.lanes.continue_conflict("top")
    made = repo.lanes.sync("top")
    files = repo.files(str(made.head))
    assert (files["auth.py"], files["more.txt"]) == ("both", "1")


def test_it_is_renamed_and_deleted_like_any_lane(repo: TestRepo) -> None:
    """A conflict goes along with its lane's name, and away with the lane."""
    colliding(repo)
    repo.lanes.rename("top", "leaf")
    assert [x.lane for x in repo.lanes.conflicts()] == ["leaf"]
    repo.lanes.delete("leaf")
    assert repo.lanes.conflicts() == ()
    repo.lanes.new("leaf")
    assert repo.lanes.lane("leaf").status == "active"


def laid_out(repo: TestRepo) -> Path:
    """Lay a conflict out in the workspace of `top`, with what the parent has besides."""
    repo.work("base", {"more.py": "base's\n"})
    repo.lanes.new("top", on="base")
    repo.commit("top", {"auth.py": "top's\n"})
    repo.commit("base", {"auth.py": "base's\n", "other.py": "base's\n"})
    with pytest.raises(Collision) as stopped:
        repo.lanes.sync("top", strategy="manual")
    assert "conflict continue top" in str(stopped.value.hint)
    return repo.workspace("top")


def test_other_files_do_not_count_as_its_end(repo: TestRepo) -> None:
    """Where it is laid out, neither an update nor a restoring brings others there."""
    place = laid_out(repo)
    ways: tuple[Callable[[], object], ...] = (
        lambda: repo.lanes.update_workspace("top"),
        lambda: repo.lanes.restore("top", "top", force=True),
    )
    for attempt in ways:
        with pytest.raises(Refused, match="is laid out in its workspace") as refused:
            attempt()
        assert "conflict start top --force" in str(refused.value.hint)
    repo.write({"auth.py": "both\n"}, place)
    repo.lanes.continue_conflict("top")
    assert repo.files(repo.lanes.head("top"))["other.py"] == "base's"
    assert repo.git("status", "--porcelain", cwd=place) == ""


@pytest.mark.parametrize("own", [False, True])
def test_a_commit_on_it_becomes_edits_again(repo: TestRepo, own: bool) -> None:
    """Who ran `git commit` there is told how to go on, and that works.

    Also where the commit is what the lane's head has already.
    """
    place = laid_out(repo)
    repo.write({"auth.py": "top's\n" if own else "both\n"}, place)
    if own:
        repo.write({"other.py": None}, place)
    repo.git("commit", "--quiet", "--all", "--message=resolved", cwd=place)
    ways: tuple[Callable[[], object], ...] = (
        lambda: repo.lanes.continue_conflict("top"),
        lambda: repo.lanes.start_conflict("top", force=True),
    )
    for attempt in ways:
        with pytest.raises(Refused, match="has commits of its own on the conflict") as refused:
            attempt()
    words = str(refused.value.hint).partition("git ")[2].split()
    repo.git(*words, cwd=place)
    repo.lanes.continue_conflict("top")
    assert repo.files(repo.lanes.head("top"))["auth.py"] == ("top's" if own else "both")
    assert repo.lanes.status("top").unsaved == ((("D ", b"other.py"),) if own else ())


def test_a_separator_is_a_marker(repo: TestRepo) -> None:
    """Who takes out the lines with names alone is told of the one between; a known one is text."""
    colliding(repo, "auth.py", "title.rst")
    repo.lanes.start_conflict("top")
    place = repo.workspace("top")
    (place / "auth.py").write_text("top's\n=======\nbase's\n")
    with pytest.raises(Refused, match=r"not resolved yet: 'auth\.py'"):
        repo.lanes.continue_conflict("top")


def test_edits_in_the_way_of_the_end(repo: TestRepo) -> None:
    """They are named, and once they are out of the way it ends."""
    colliding(repo, "auth.py")
    repo.lanes.abandon_conflict("top")
    repo.commit("top", {"more.py": "top's\n"})
    with pytest.raises(Collision):
        repo.lanes.sync("top", strategy="manual")
    place = repo.workspace("top")
    repo.write({"auth.py": "both\n", "more.py": "edit\n"}, place)
    with pytest.raises(Refused, match="1 changed file in workspace 'top'") as refused:
        repo.lanes.continue_conflict("top")
    assert refused.value.hint == "move 'more.py' away, then repeat"
    (place / "more.py").rename(place / "aside.py")
    repo.lanes.continue_conflict("top")
    assert (place / "aside.py").read_text() == "edit\n"
    assert (place / "more.py").read_text() == "top's\n"


def test_who_was_asked_in_python_is_not_there_later(repo: TestRepo) -> None:
    """What a handler left to people is resolved, and goes on without it; what collides stops."""
    colliding(repo, "auth.py", "more.py")
    repo.lanes.abandon_conflict("top")
    with pytest.raises(Collision):
        repo.lanes.sync("top", strategy="agent", handler=lambda _: None)
    repo.lanes.start_conflict("top")
    place = repo.workspace("top")
    repo.write({"auth.py": "both\n"}, place)
    with pytest.raises(Collision, match="collides with 'base' on 1 path"):
        repo.lanes.continue_conflict("top")
    repo.write({"more.py": "both\n"}, place)
    repo.lanes.continue_conflict("top")
    assert repo.lanes.conflicts() == ()
    files = repo.files(repo.lanes.head("top"))
    assert (files["auth.py"], files["more.py"]) == ("both", "both")


def test_without_a_workspace_none_is_laid_out(repo: TestRepo) -> None:
    """A sync that is to lay it out is refused, and leaves no conflict behind."""
    repo.work("base")
    repo.lanes.new("top", on="base", workspace=False)
    repo.lanes.put_file("top", "auth.py", b"top's\n")
    repo.commit("base", {"auth.py": "base's\n"})
    with pytest.raises(NotFound, match="workspace of lane 'top' not found"):
        repo.lanes.sync("top", strategy="manual")
    assert repo.lanes.conflicts() == ()


@pytest.mark.parametrize("way", ["parent", "manual"])
def test_what_was_decided_away_is_not_said_to_be_there(repo: TestRepo, way: str) -> None:
    """Of an attempt that the parent's side took the place of nothing is left, and that is told."""
    place = laid_out(repo)
    if way == "parent":
        repo.lanes.abandon_conflict("top")
        made = repo.lanes.sync("top", strategy="parent")
    else:
        repo.write({"auth.py": "base's\n"}, place)
        made = repo.lanes.continue_conflict("top")
    assert (made.elsewhere, made.dropped) == ((), ("top/1",))
    reason = repo.inner().view.attempt("top/1").reason
    assert reason == "it collided with what it was synced with, and nothing was left of it"


def test_outside_of_a_sparse_checkout(repo: TestRepo) -> None:
    """The file is written there all the same, and leaves again once it is resolved."""
    repo.work("base", {"docs/guide.md": "guide\n"})
    repo.lanes.new("top", on="base", sparse=["docs"])
    repo.lanes.put_file("top", "src/app.py", b"top's\n")
    repo.commit("base", {"src/app.py": "base's\n"})
    with pytest.raises(Collision):
        repo.lanes.sync("top", strategy="manual")
    place = repo.workspace("top")
    assert "<<<<<<< lane top" in (place / "src/app.py").read_text()
    repo.write({"src/app.py": "both\n"}, place)
    repo.lanes.continue_conflict("top")
    assert repo.files(repo.lanes.head("top"))["src/app.py"] == "both"
    assert not (place / "src").exists()
    assert repo.git("status", "--porcelain", cwd=place) == ""
