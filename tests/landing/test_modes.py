"""The commits that a promotion makes: merge, squash and replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gitlanes import BadValue, Cost, GitFailed, Intent, Negative, Raced, Repo
from gitlanes.git.trailers import change_id_of
from tests.support.repos import TestRepo

MODES = ["merge", "squash", "replay"]


def commits(repo: TestRepo, old: str, new: str = "main") -> list[str]:
    """Return the first-parent commits since `old`, oldest first."""
    return repo.git("rev-list", "--reverse", "--first-parent", f"{old}..{new}").split()


def change_ids(repo: TestRepo, names: list[str]) -> list[str | None]:
    """Return the Change-Id of each commit."""
    return [change_id_of(repo.git("log", "-1", "--format=%B", name)) for name in names]


def notes(repo: TestRepo, commit: str, kind: str = "intents") -> list[dict[str, Any]]:
    """Return a commit's records, read with git itself."""
    shown = repo.git("notes", f"--ref=lanes/{kind}", "show", commit)
    return [json.loads(line) for line in shown.splitlines()]


def three(repo: TestRepo) -> list[str]:
    """Make lane auth with three accepted attempts; return their commits."""
    fork = repo.rev("main")
    repo.lane("auth")
    for number in (1, 2, 3):
        repo.write({f"file{number}.py": "x\n"}, repo.workspace("auth"))
        repo.lanes.commit(
            "auth",
            message=f"step {number}\n\nbody {number}",
            intent=Intent(prompt=f"prompt {number}", agent="a1"),
            cost=Cost(input_tokens=number),
        )
    return commits(repo, fork, "refs/lanes/head/auth")


def test_merge_has_both_heads_as_parents(repo: TestRepo) -> None:
    """One commit on the target with the source's head as its second parent, and an own id."""
    work = three(repo)
    target = repo.save({"people.py": "1\n"})
    landed = repo.lanes.promote("auth", intent=Intent(prompt="land it", agent="boss"))
    assert landed.commits == (landed.head,)
    head = str(landed.head)
    assert repo.git("log", "-1", "--format=%P", head).split() == [target, work[-1]]
    assert change_ids(repo, [head])[0] not in change_ids(repo, work)
    message = repo.git("log", "-1", "--format=%B", head)
    assert message.startswith("Promote lane auth into main\n\n* step 1\n* step 2\n* step 3\n")
    attempt = landed.landed[0]
    assert (attempt.kind, attempt.agent, attempt.landed) == ("promotion", "boss", head)
    assert [x["prompt"] for x in notes(repo, head)] == ["land it"]
    assert repo.git("log", "--format=%s", "--first-parent", "-1", f"{head}^2") == "step 3"


def test_squash_is_one_commit_under_the_first_change(repo: TestRepo) -> None:
    """It has the target alone as parent, the first Change-Id, and the records of all changes."""
    work = three(repo)
    target = repo.rev("main")
    head = str(repo.lanes.promote("auth", mode="squash").head)
    assert repo.git("log", "-1", "--format=%P", head) == target
    ids = change_ids(repo, work)
    assert change_ids(repo, [head]) == ids[:1]
    message = repo.git("log", "-1", "--format=%B", head)
    assert message.startswith("step 1 (and 2 more)\n\n* step 1\n* step 2\n* step 3\n")
    intents = [x for x in notes(repo, head) if x["kind"] == "work"]
    assert [x["prompt"] for x in intents] == ["prompt 1", "prompt 2", "prompt 3"]
    assert [x["change_id"] for x in intents] == ids
    assert [x["input_tokens"] for x in notes(repo, head, "costs")] == [1, 2, 3]


def test_squash_of_one_change_keeps_its_message(repo: TestRepo) -> None:
    """A single attempt lands under its own words."""
    repo.work("auth")
    repo.commit("auth", {"auth.py": "1\n"}, message="fix login\n\nbecause")
    work = repo.lanes.head("auth")
    head = str(repo.lanes.promote("auth", mode="squash").head)
    words = [repo.git("log", "-1", "--format=%B", x) for x in (work, head)]
    assert words[0] == words[1]


def test_replay_lands_each_change_again(repo: TestRepo) -> None:
    """Messages, Change-Ids, authors and records of each commit are on its new one."""
    environ = {**repo.environ, "GIT_AUTHOR_NAME": "An Agent", "GIT_AUTHOR_EMAIL": "a@x.org"}
    repo.lane("auth", {"zero.py": "0\n"})
    with Repo.open(repo.path, environ=environ) as agents:
        for number in (1, 2):
            repo.write({f"file{number}.py": "x\n"}, repo.workspace("auth"))
            intent = Intent(prompt=f"prompt {number}")
            agents.commit("auth", message=f"step {number}\n\nbody", intent=intent)
    work = commits(repo, repo.rev("main"), "refs/lanes/head/auth")
    target = repo.save({"people.py": "1\n"})
    landed = repo.lanes.promote("auth", mode="replay")
    made = commits(repo, target)
    assert tuple(made) == landed.commits
    for form in ("%B", "%an %ae %aI"):
        old = [repo.git("log", "-1", f"--format={form}", x) for x in work]
        assert [repo.git("log", "-1", f"--format={form}", x) for x in made] == old
    authors = [repo.git("log", "-1", "--format=%an", x) for x in made]
    assert authors == ["Test Person", "An Agent", "An Agent"]
    assert change_ids(repo, made) == change_ids(repo, work)
    for old_commit, new_commit in zip(work, made, strict=True):
        assert notes(repo, old_commit)[0] in notes(repo, new_commit)
    assert [x.number for x in landed.landed] == [2, 3, 4]
    files = [repo.git("diff", "--name-only", f"{x}^", x) for x in made]
    assert files == ["zero.py", "file1.py", "file2.py"]


def test_replay_takes_only_what_is_new(repo: TestRepo) -> None:
    """After one replay, the next lands the commits made since, whatever mode was before."""
    three(repo)
    repo.lanes.promote("auth", mode="replay")
    before = repo.rev("main")
    repo.commit("auth", {"four.py": "4\n"}, message="step 4")
    repo.lanes.promote("auth", mode="replay")
    made = commits(repo, before)
    assert [repo.git("log", "-1", "--format=%s", x) for x in made] == ["step 4"]


def test_replay_leaves_out_what_the_target_has(repo: TestRepo) -> None:
    """Convergent paths are filtered from each commit, and one that has no others is skipped."""
    repo.work("auth")
    repo.commit("auth", {"same.py": "same\n"}, message="only the same")
    repo.commit("auth", {"same2.py": "same\n", "own.py": "own\n"}, message="both")
    target = repo.save({"same.py": "same\n", "same2.py": "same\n"})
    landed = repo.lanes.promote("auth", mode="replay")
    assert landed.convergent == (b"same.py", b"same2.py")
    made = commits(repo, target)
    assert [repo.git("log", "-1", "--format=%s", x) for x in made] == ["both"]
    assert repo.git("diff", "--name-only", target, "main") == "own.py"


@pytest.mark.parametrize("mode", MODES)
def test_a_change_and_its_revert_against_a_change(repo: TestRepo, mode: str) -> None:
    """What the source did and undid is no change: the target's own one stays, uncollided."""
    repo.work("auth", {"auth.py": "tried\n", "kept.py": "1\n"})
    repo.commit("auth", {"auth.py": "login\n"})
    repo.commit("auth", {"kept.py": "2\n"})
    target = repo.save({"auth.py": "people\n"})
    repo.lanes.promote("auth", mode=mode)
    assert repo.files("main") == {"auth.py": "people", "kept.py": "2", "src/app.py": "app"}
    for commit in commits(repo, target):
        assert repo.git("show", f"{commit}:auth.py") == "people"


@pytest.mark.parametrize("mode", MODES)
def test_all_modes_end_in_the_same_tree(repo: TestRepo, mode: str) -> None:
    """Edits, deletions, modes and moves land the same whichever way they land."""
    place = repo.lane("auth", {"auth.py": "1\n", "deep/er.py": "1\n"})
    repo.write({"src/app.py": None, "deep/er.py": None}, place)
    (place / "deep").rmdir()
    repo.commit("auth", {"deep": "a file now\n"})
    (place / "auth.py").chmod(0o755)
    repo.lanes.commit("auth")
    repo.save({"people.py": "1\n"})
    merged = repo.git("merge-tree", "--write-tree", "main", "refs/lanes/head/auth")
    repo.lanes.promote("auth", mode=mode)
    assert repo.rev("main^{tree}") == merged
    repo.fsck()


@pytest.mark.parametrize("mode", MODES)
def test_only_convergent_work(repo: TestRepo, mode: str) -> None:
    """Where the target has everything already, no commit is made, and it counts as landed."""
    repo.work("auth", {"auth.py": "same\n"})
    target = repo.save({"auth.py": "same\n"})
    landed = repo.lanes.promote("auth", mode=mode)
    assert (landed.commits, landed.landed, landed.head) == ((), (), target)
    assert landed.convergent == (b"auth.py",)
    assert repo.rev("main") == target == repo.lanes.head("main")
    with pytest.raises(Negative):
        repo.lanes.promote("auth", mode=mode)
    repo.save({"auth.py": "people\n"})
    repo.commit("auth", {"more.py": "1\n"})
    repo.lanes.promote("auth", mode=mode)
    assert repo.files("main") == {"auth.py": "people", "more.py": "1", "src/app.py": "app"}


def test_nothing_to_promote_names_what_is_open(repo: TestRepo) -> None:
    """A lane with only proposed work is told which attempts to accept."""
    repo.lane("auth")
    attempt = repo.propose("auth", {"auth.py": "x\n"})
    before = repo.refs()
    with pytest.raises(Negative) as refused:
        repo.lanes.promote("auth")
    assert attempt in refused.value.hint
    assert repo.refs() == before


def test_what_stays_behind_is_named(repo: TestRepo) -> None:
    """Unsaved files and open attempts do not land, and the result says which they are."""
    repo.lane("auth", {"auth.py": "1\n"})
    attempt = repo.propose("auth", {"offered.py": "1\n"})
    repo.write({"unsaved.py": "1\n"}, repo.workspace("auth"))
    landed = repo.lanes.promote("auth")
    assert (landed.open_attempts, landed.unsaved) == ((attempt,), (b"unsaved.py",))
    assert repo.files("main").keys() == {"auth.py", "src/app.py"}


def test_a_workspace_that_git_cannot_read_hinders_no_landing(repo: TestRepo) -> None:
    """What is unsaved there is unknown, which is said; the branch follows all the same."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    git_dir = Path(repo.git("rev-parse", "--absolute-git-dir", cwd=place))
    (git_dir / "index").write_text("junk")
    with pytest.raises(GitFailed):
        repo.lanes.promote("auth", strict=True)
    landed = repo.lanes.promote("auth")
    assert (landed.unsaved, landed.following and landed.following.followed) == ((), True)
    assert repo.files("main")["auth.py"] == "1"
    assert repo.lanes.take_warnings()[0].startswith("unsaved work of lane 'auth' is not known: ")


def test_the_target_must_be_as_expected(repo: TestRepo) -> None:
    """With `expect`, a target that moved is not landed on."""
    repo.work("auth", {"auth.py": "1\n"})
    old = repo.lanes.head("main")
    repo.work("other", {"other.py": "1\n"})
    repo.lanes.promote("other", expect=old[:10])
    before = repo.refs()
    with pytest.raises(Raced):
        repo.lanes.promote("auth", expect=old)
    assert repo.refs() == before


def test_a_preview_moves_nothing(repo: TestRepo) -> None:
    """A dry run tells what would happen and leaves every ref alone."""
    repo.work("auth", {"auth.py": "1\n"})
    repo.work("other", {"other.py": "1\n"})
    repo.lanes.promote("other")
    before = repo.refs()
    seen = repo.lanes.promote("auth", dry_run=True)
    assert (seen.source_only, seen.target_only) == ((b"auth.py",), (b"other.py",))
    assert (seen.dry_run, seen.head, seen.commits) == (True, None, ())
    assert repo.refs() == before


def test_an_unknown_mode(repo: TestRepo) -> None:
    """A mode that does not exist is refused with those that do."""
    with pytest.raises(BadValue) as refused:
        repo.lanes.promote("auth", mode="rebase")
    assert "replay" in refused.value.hint


def test_a_replay_of_a_root(repo: TestRepo) -> None:
    """A commit without parents, among those that come in, is laid on the target like any other."""
    repo.lane("auth", {"auth.py": "1\n"})
    head = repo.lanes.head("auth")
    repo.write({"other.py": "2\n"}, repo.workspace("auth"))
    tree = repo.lanes.snapshot("auth").tree
    root = repo.git("commit-tree", "-m", "root", tree)
    joined = repo.git("commit-tree", "-m", "joined", "-p", root, "-p", head, tree)
    repo.git("update-ref", "refs/lanes/head/auth", joined)
    landed = repo.lanes.promote("auth", mode="replay")
    titles = [repo.git("log", "-1", "--format=%s", x) for x in landed.commits]
    assert titles == ["root"]
    assert repo.files("main") == {"auth.py": "1", "other.py": "2", "src/app.py": "app"}


def test_a_landing_on_an_unbound_lane(repo: TestRepo) -> None:
    """The target's workspace keeps its files and its base; its own next commit reverts nothing."""
    place = repo.lane("ui", {"ui.py": "1\n"})
    repo.lane("auth", {"auth.py": "1\n"})
    repo.lanes.promote("auth", into="ui")
    assert (place / "auth.py").read_text() == "login\n"
    repo.commit("ui", {"ui.py": "2\n"})
    assert repo.files("refs/lanes/head/ui") == {"auth.py": "1", "ui.py": "2", "src/app.py": "app"}
    repo.commit("ui", {"more.py": "3\n"})
    assert repo.files("refs/lanes/head/ui") == {
        "auth.py": "1",
        "ui.py": "2",
        "more.py": "3",
        "src/app.py": "app",
    }
