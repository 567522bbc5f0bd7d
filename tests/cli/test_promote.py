"""promote and check: what lands in which mode, what is forced, what stays behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
MODES = ["merge", "squash", "replay"]


def parents(repo: TestRepo, commit: str = "main") -> list[str]:
    """Return a commit's parents."""
    return repo.git("log", "-1", "--format=%P", commit).split()


def test_a_landing_is_told(repo: TestRepo, cli: Cli) -> None:
    """The text says what landed, as which attempt, and that branch and files follow."""
    repo.lane("auth", {"new.txt": "n\n"})
    done = cli("promote", "auth")
    head = repo.rev("main")
    assert done == Ran(
        0,
        f"promoted auth into main (merge): main/1 at {head[:12]}\nbranch main follows\n",
        "",
    )
    assert repo.rev("refs/lanes/head/main") == head
    assert repo.git("status", "--porcelain") == ""
    assert (repo.path / "new.txt").read_text() == "n\n"


def test_a_landing_in_json(repo: TestRepo, cli: Cli) -> None:
    """The JSON has base, ends, mode, commits, both sides' own paths and what followed."""
    repo.work("auth", {"new.txt": "n\n"})
    base = repo.rev("main")
    before = repo.save({"people.txt": "p\n"})
    source = repo.rev("refs/lanes/head/auth")
    told = cli("promote", "auth", "--json").json
    landed = told.pop("landed")
    assert [(x["id"], x["kind"], x["status"]) for x in landed] == [
        ("main/2", "promotion", "accepted")
    ]
    assert told == {
        "schema": "gitlanes.promotion/1",
        "lane": "auth",
        "into": "main",
        "mode": "merge",
        "base": [base],
        "source": source,
        "target": before,
        "head": repo.rev("main"),
        "commits": [repo.rev("main")],
        "source_only": ["new.txt"],
        "target_only": ["people.txt"],
        "convergent": [],
        "collisions": [],
        "forced": [],
        "unsaved": [],
        "open_attempts": [],
        "followed": True,
        "following": {"branch": "main", "followed": True, "paths": [], "remains": None},
        "dry_run": False,
        "proposed": None,
        "superseded": [],
        "stack": None,
        "changes": [],
        "laid_again": {},
    }


@pytest.mark.parametrize("mode", MODES)
def test_the_shape_of_a_landing(repo: TestRepo, cli: Cli, mode: str) -> None:
    """A merge has both heads as parents; a squash one; a replay each commit again, authors kept."""
    repo.lane("auth")
    repo.git("config", "user.name", "An Author")
    for number in (1, 2):
        repo.write({f"{number}.txt": "x\n"}, repo.workspace("auth"))
        assert cli("commit", "auth", "-m", f"step {number}").code == 0
    repo.git("config", "user.name", "A Lander")
    source, before = repo.rev("refs/lanes/head/auth"), repo.save({"people.txt": "p\n"})
    assert cli("promote", "auth", "--mode", mode).code == 0
    if mode == "merge":
        assert parents(repo) == [before, source]
    elif mode == "squash":
        assert parents(repo) == [before]
        assert repo.git("log", "-1", "--format=%s") == "step 1 (and 1 more)"
    else:
        assert repo.git("log", "--format=%s %an", f"{before}..main").splitlines() == [
            "step 2 An Author",
            "step 1 An Author",
        ]
        assert parents(repo, "main~1") == [before]
    assert set(repo.files("main")) == {"1.txt", "2.txt", "auth.py", "people.txt", "src/app.py"}
    repo.fsck()


@pytest.mark.parametrize("mode", MODES)
def test_promoted_again_it_never_reverts_others(repo: TestRepo, cli: Cli, mode: str) -> None:
    """What others did to a lane's landed files stays when the lane lands again."""
    repo.work("auth", {"auth.py": "mine\n", "gone.txt": "g\n"})
    repo.work("other")
    assert cli("promote", "auth", "--mode", mode).code == 0
    repo.save({"auth.py": "theirs\n", "gone.txt": None, "src/app.py": "theirs\n"})
    repo.commit("other", {"other.txt": "o\n"})
    assert cli("promote", "other", "--mode", mode).code == 0
    repo.commit("auth", {"second.txt": "s\n"})
    done = cli("promote", "auth", "--mode", mode, "--json")
    assert (done.code, done.json["source_only"]) == (0, ["second.txt"])
    assert repo.files("main") == {
        "auth.py": "theirs",
        "src/app.py": "theirs",
        "other.txt": "o",
        "second.txt": "s",
    }


@pytest.mark.parametrize("mode", MODES)
def test_promoted_again_it_collides_where_others_touched(
    repo: TestRepo, cli: Cli, mode: str
) -> None:
    """A second edit of a landed file collides if somebody else changed that file since."""
    repo.work("auth", {"auth.py": "mine\n"})
    assert cli("promote", "auth", "--mode", mode).code == 0
    repo.save({"auth.py": "theirs\n"})
    repo.commit("auth", {"auth.py": "mine again\n"})
    assert cli("promote", "auth", "--mode", mode).code == 1
    assert repo.files("main")["auth.py"] == "theirs"


@pytest.mark.parametrize("mode", MODES)
def test_nothing_new_is_said(repo: TestRepo, cli: Cli, mode: str) -> None:
    """A lane with nothing new exits 1, names its open attempts, and moves nothing."""
    repo.lane("auth", {"auth.py": "mine\n"})
    cli("promote", "auth", "--mode", mode)
    before = repo.refs()
    message = "error: nothing to promote: 'main' has all accepted work of 'auth'\n"
    assert cli("promote", "auth", "--mode", mode) == Ran(
        1, "", message + "hint: commit work in the lane first\n"
    )
    assert repo.refs() == before
    repo.propose("auth", {"auth.py": "open\n"})
    assert cli("promote", "auth", "--mode", mode) == Ran(
        1, "", message + "hint: accept what is proposed first: auth/2\n"
    )


def test_what_stays_behind_is_named(repo: TestRepo, cli: Cli) -> None:
    """Unsaved edits and open attempts do not land, and stderr names them."""
    place = repo.lane("auth", {"done.txt": "d\n"})
    repo.propose("auth", {"open.txt": "o\n"})
    repo.write({"unsaved.txt": "u\n", "auth.py": "edited\n"}, place)
    done = cli("promote", "auth")
    assert (done.code, done.err) == (
        0,
        "warning: unsaved edits in auth stay behind: auth.py, unsaved.txt\n"
        "warning: open attempts stay behind: auth/1\n".replace("auth/1", "auth/2"),
    )
    assert set(repo.files("main")) == {"auth.py", "done.txt", "src/app.py"}
    assert repo.files("main")["auth.py"] == "login"


def test_it_has_its_own_intent_and_cost(repo: TestRepo, cli: Cli) -> None:
    """The landing records prompt, agent and cost of its own, beside the work's."""
    repo.work("auth", {"new.txt": "n\n"})
    said = ("--prompt", "Ship it", "--agent", "boss", "--tag", "release", "--cost", "2")
    done = cli("promote", "auth", "-m", "Release\n\nNotes.", *said, "--json")
    assert done.json["landed"][0]["agent"] == "boss"
    told = cli("show", "main/1", "--json").json["attempts"][0]["notes"]
    assert told["intents"][-1]["prompt"] == "Ship it"
    assert told["intents"][-1]["promotion"]["lane"] == "auth"
    assert told["costs"][-1]["amount"] == "2"
    assert repo.git("log", "-1", "--format=%s") == "Release"
    assert cli("history", "--tag", "release").out.splitlines()[1].startswith("main/1 ")


def test_into_another_lane(repo: TestRepo, cli: Cli) -> None:
    """`--into` lands on any lane; its workspace keeps files and base, main is not touched."""
    repo.lane("auth", {"new.txt": "n\n"})
    place = repo.lane("release")
    before = repo.rev("main")
    done = cli("promote", "auth", "--into", "release")
    head = repo.rev("refs/lanes/head/release")
    assert done.out == f"promoted auth into release (merge): release/1 at {head[:12]}\n"
    assert repo.rev("main") == before
    assert not (place / "new.txt").exists()
    assert cli("promote", "release").code == 0
    assert repo.files("main")["new.txt"] == "n"
    assert cli("promote", "auth").code == 1  # it came by way of release
    assert cli("promote", "auth", "--into", "auth").err.startswith(
        "error: lane 'auth' cannot be promoted into itself\n"
    )


def test_the_repositorys_own_lane_is_a_source_too(repo: TestRepo, cli: Cli) -> None:
    """Promoting main into another lane brings what people committed with plain git."""
    repo.work("release")
    repo.save({"people.txt": "p\n"})
    assert cli("promote", "main", "--into", "release", "--dry-run").out == (
        "main would land on release: 1 file\n"
    )
    assert cli("promote", "main", "--into", "release").code == 0
    assert repo.files("refs/lanes/head/release")["people.txt"] == "p"


def test_the_lane_may_be_left_out_inside_it(repo: TestRepo, cli: Cli) -> None:
    """Inside a workspace `promote` means that lane."""
    place = repo.lane("auth", {"new.txt": "n\n"})
    assert cli("promote", cwd=place / "src").out.startswith("promoted auth into main")


def test_the_collision_in_json(repo: TestRepo, cli: Cli) -> None:
    """Each path has both actions, modes, oids, attempts, agents; both sides' own paths are told."""
    base = repo.rev("main")
    place = repo.lane("a")
    repo.work("b")
    (place / "auth.py").chmod(0o755)
    repo.commit("a", {"auth.py": "a\n", "only-a.txt": "a\n", "src/app.py": None, "both": "x\n"})
    repo.commit("b", {"auth.py": None, "only-b.txt": "b\n", "src/app.py": "b\n", "both": "x\n"})
    cli("promote", "b")
    source, target = repo.rev("refs/lanes/head/a"), repo.rev("main")
    done = cli("promote", "a", "--json")
    work_b = repo.rev("refs/lanes/head/b")
    assert done.code == 1
    assert done.json == {
        "schema": "gitlanes.error/1",
        "error": "collision",
        "exit_code": 1,
        "message": "promoting 'a' into 'main' collides on 2 paths",
        "hint": (
            "rerun the work on the new base (git lanes new NAME --from main), "
            "resolve by hand, or let the source win with --force PATH"
        ),
        "lane": "a",
        "into": "main",
        "base": [base],
        "source": source,
        "target": target,
        "source_only": ["only-a.txt"],
        "target_only": ["only-b.txt"],
        "convergent": ["both"],
        "collisions": [
            {
                "path": "auth.py",
                "kind": "content",
                "other": None,
                "source": {
                    "action": "modified",
                    "mode": "100755",
                    "oid": repo.rev(f"{source}:auth.py"),
                    "attempt": "a/1",
                    "agent": "agent-a",
                    "commit": source,
                    "moved_to": None,
                },
                "target": {
                    "action": "deleted",
                    "mode": None,
                    "oid": None,
                    "attempt": "b/1",
                    "agent": "agent-b",
                    "commit": work_b,
                    "moved_to": None,
                },
            },
            {
                "path": "src/app.py",
                "kind": "content",
                "other": None,
                "source": {
                    "action": "deleted",
                    "mode": None,
                    "oid": None,
                    "attempt": "a/1",
                    "agent": "agent-a",
                    "commit": source,
                    "moved_to": None,
                },
                "target": {
                    "action": "modified",
                    "mode": "100644",
                    "oid": repo.rev("main:src/app.py"),
                    "attempt": "b/1",
                    "agent": "agent-b",
                    "commit": work_b,
                    "moved_to": None,
                },
            },
        ],
    }


def test_the_collision_in_text(repo: TestRepo, cli: Cli) -> None:
    """Each kind of collision reads as one line: content, directory, case, moved, by people."""
    repo.lane("a")
    names = {"auth.py": "a\n", "src/app.py": "a\n", "README": "a\n", "lib": "a\n"}
    repo.commit("a", names)
    repo.write({"lib/x.py": "x\n", "Readme": "p\n", "src/app.py": "people\n"})
    repo.git("mv", "auth.py", "login.py")
    tip = repo.save({})
    done = cli("promote", "a")
    by = f"target {{}} it in {tip[:12]}"
    assert done == Ran(
        1,
        "",
        "collision: 'README' and 'Readme' (case): source added it in a/1 by agent-a; "
        f"{by.format('added')}\n"
        "collision: 'auth.py': source modified it in a/1 by agent-a; "
        f"{by.format('deleted')} (moved to 'login.py')\n"
        "collision: 'lib' and 'lib/x.py' (directory): source added it in a/1 by agent-a; "
        f"{by.format('added')}\n"
        "collision: 'src/app.py': source modified it in a/1 by agent-a; "
        f"{by.format('modified')}\n"
        "error: promoting 'a' into 'main' collides on 4 paths\n"
        "hint: rerun the work on the new base (git lanes new NAME --from main), "
        "resolve by hand, or let the source win with --force PATH\n",
    )


def test_equal_changes_converge(repo: TestRepo, cli: Cli) -> None:
    """A path that both sides brought to the same result is reported and no obstacle."""
    for name in ("a", "b"):
        repo.work(name, {"auth.py": "same\n", f"{name}.txt": "x\n"})
    cli("promote", "b")
    done = cli("promote", "a")
    assert done.code == 0
    assert done.out.splitlines()[1] == "convergent: 1 file equal on both sides"
    repo.work("c", {"auth.py": "again\n"})
    repo.save({"auth.py": "again\n"})
    done = cli("promote", "c", "--json")
    assert (done.code, done.json["convergent"]) == (0, ["auth.py"])


@pytest.mark.parametrize("mode", MODES)
def test_force_names_what_it_overwrites(repo: TestRepo, cli: Cli, mode: str) -> None:
    """Forced paths have the source's content, others the target's; text and record name them."""
    repo.work("a")
    repo.commit("a", {"auth.py": "a1\n"})
    repo.commit("a", {"auth.py": "a2\n", "src/app.py": None})
    theirs = repo.save({"auth.py": "theirs\n", "src/app.py": "theirs\n", "people.txt": "p\n"})
    done = cli("promote", "a", "--mode", mode, "--force", "auth.py", "--force", "src/app.py")
    assert done.code == 0, done.err
    assert done.out.splitlines()[1:3] == ["forced: auth.py", "forced: src/app.py"]
    assert repo.files("main") == {"auth.py": "a2", "people.txt": "p"}
    entry = cli("show", "main", "--json").json["attempts"][0]["notes"]["intents"][-1]["promotion"]
    assert [x["target"].get("oid") for x in entry["forced"]] == [
        repo.rev(f"{theirs}:auth.py"),
        repo.rev(f"{theirs}:src/app.py"),
    ]
    repo.fsck()


def test_force_all(repo: TestRepo, cli: Cli) -> None:
    """`--force-all` wins every collision, and only collisions."""
    repo.work("a", {"auth.py": "a\n", "src/app.py": "a\n"})
    repo.save({"auth.py": "theirs\n", "src/app.py": "theirs\n", "people.txt": "p\n"})
    assert cli("promote", "a", "--force-all").code == 0
    assert repo.files("main") == {"auth.py": "a", "src/app.py": "a", "people.txt": "p"}


def test_force_of_what_does_not_collide(repo: TestRepo, cli: Cli) -> None:
    """A forced path without a collision is refused, for it is a typing mistake."""
    repo.work("a", {"auth.py": "a\n"})
    before = repo.refs()
    assert cli("promote", "a", "--force", "auth.py") == Ran(
        128,
        "",
        "error: collision on 'auth.py' not found\nhint: only colliding paths can be forced\n",
    )
    assert repo.refs() == before


def test_expect(repo: TestRepo, cli: Cli) -> None:
    """`--expect` refuses with 75 where the target is elsewhere, and nothing lands."""
    repo.work("a", {"auth.py": "a\n"})
    old, new = repo.rev("main"), repo.save({"people.txt": "p\n"})
    assert cli("promote", "a", "--expect", old) == Ran(
        75,
        "",
        f"error: lane 'main' is at {new[:12]}, not at {old[:12]}\n"
        "hint: look at what came in, then repeat with that\n",
    )
    assert repo.rev("main") == new
    assert cli("promote", "a", "--expect", new[:8]).code == 0


def test_a_dry_run_moves_nothing(repo: TestRepo, cli: Cli) -> None:
    """`--dry-run` says what would land or collide, with the same exit code, and moves nothing."""
    repo.work("a", {"auth.py": "a\n", "new.txt": "n\n"})
    before = repo.refs()
    assert cli("promote", "a", "--dry-run") == Ran(0, "a would land on main: 2 files\n", "")
    assert repo.refs() == before
    told = cli("promote", "a", "--dry-run", "--json").json
    assert (told["dry_run"], told["head"], told["source_only"]) == (
        True,
        None,
        ["auth.py", "new.txt"],
    )
    repo.work("b", {"auth.py": "b\n"})
    cli("promote", "b")
    before = repo.refs()
    assert cli("promote", "a", "--dry-run") == Ran(1, "a would collide with main on auth.py\n", "")
    assert repo.refs() == before


def test_a_dry_run_sees_what_people_committed(repo: TestRepo, cli: Cli) -> None:
    """A preview counts commits on the branch that the lane has not taken in yet."""
    repo.work("a", {"auth.py": "a\n"})
    repo.save({"auth.py": "people\n"})
    assert cli("promote", "a", "--dry-run").code == 1
    assert cli("check").code == 1


def test_check_goes_on_past_a_lane_that_cannot_land(repo: TestRepo, cli: Cli) -> None:
    """One without common history is only named in a warning, unless it was asked for by name."""
    repo.lane("a", {"a.txt": "a\n"})
    root = repo.git("commit-tree", "-m", "alone", repo.rev("main^{tree}"))
    repo.lanes.new("odd", start=root, workspace=False)
    said = "lanes 'odd' and 'main' have no common history"
    assert cli("check") == Ran(
        0, "a would land on main: 1 file\n", f"warning: lane 'odd' is left out: {said}\n"
    )
    assert cli("check", "a", "odd") == Ran(
        128, "", f"error: {said}\nhint: start the lane from a commit that both have\n"
    )


def test_check_asks_for_all_lanes(repo: TestRepo, cli: Cli) -> None:
    """Without names all lanes are checked, each with its collisions; exit 1 if any collides."""
    repo.work("a", {"auth.py": "a\n"})
    repo.work("b", {"auth.py": "b\n"})
    repo.work("c", {"c.txt": "c\n"})
    assert cli("check", "a", "c") == Ran(
        0, "a would land on main: 1 file\nc would land on main: 1 file\n", ""
    )
    cli("promote", "b")
    before = repo.refs()
    assert cli("check") == Ran(
        1,
        "a would collide with main on auth.py\n"
        "  collision: 'auth.py': source modified it in a/1 by agent-a; "
        "target modified it in b/1 by agent-b\n"
        "b has nothing new for main\n"
        "c would land on main: 1 file\n",
        "",
    )
    assert cli("check", "c", "--into", "a").out == "c would land on a: 1 file\n"
    told = cli("check", "--json").json
    assert told["schema"] == "gitlanes.checks/1"
    assert [len(x["collisions"]) for x in told["checks"]] == [1, 0, 0]
    assert repo.refs() == before


def test_unsaved_edits_in_the_root_are_not_overwritten(repo: TestRepo, cli: Cli) -> None:
    """Where an unsaved edit is in the way, the lane lands, the files wait, and that is said."""
    repo.lane("a", {"auth.py": "a\n"})
    repo.write({"auth.py": "unsaved\n"})
    before = repo.rev("main")
    done = cli("promote", "a")
    assert done.code == 0
    assert done.out.splitlines()[1] == (
        "branch main does not follow yet: unsaved changes in the repository's directory "
        "are in the way: auth.py"
    )
    assert done.err == ""
    assert (repo.path / "auth.py").read_text() == "unsaved\n"
    assert repo.rev("main") == before
    repo.git("checkout", "--quiet", "--", "auth.py")
    repo.write({"more.txt": "m\n"})
    assert cli("commit", "-m", "go on").code == 0
    assert repo.files("main") == {"auth.py": "a", "more.txt": "m", "src/app.py": "app"}


@pytest.mark.parametrize("doing", ["branch", "merge"])
def test_a_root_that_is_busy_elsewhere(repo: TestRepo, cli: Cli, doing: str) -> None:
    """On another branch the ref alone moves; in the middle of a merge nothing of the root does."""
    repo.lane("a", {"new.txt": "n\n"})
    if doing == "branch":
        repo.git("checkout", "--quiet", "-b", "side")
    else:
        repo.git("checkout", "--quiet", "-b", "side")
        repo.save({"auth.py": "side\n"})
        repo.git("checkout", "--quiet", "main")
        repo.save({"auth.py": "main\n"})
        repo.git("merge", "--quiet", "side", check=False)
    status = repo.git("status", "--porcelain")
    done = cli("promote", "a")
    assert done.code == 0
    assert repo.git("status", "--porcelain") == status
    assert not (repo.path / "new.txt").exists()
    if doing == "branch":
        assert done.out.endswith("branch main follows\n")
        assert repo.files("main")["new.txt"] == "n"
    else:
        assert done.out.endswith(
            "does not follow yet: the repository is in the middle of a merge\n"
        )
        assert "new.txt" not in repo.files("main")
        repo.git("merge", "--abort")
        repo.write({"go.txt": "g\n"})
        assert cli("commit", "-m", "on").code == 0
        assert {"new.txt", "go.txt"} < set(repo.files("main"))


@pytest.mark.parametrize("verb", ["new", "promote", "commit"])
def test_a_rewritten_branch_is_reported(repo: TestRepo, cli: Cli, verb: str) -> None:
    """After an amend, lanes go on from the lane's head with a warning; the root's verbs refuse."""
    repo.lane("a", {"new.txt": "n\n"})
    old = repo.rev("main")
    repo.git("commit", "--quiet", "--amend", "-m", "amended")
    amended = repo.rev("main")
    said = (
        "branch 'main' was rewritten: it has lost commits that lane 'main' has{}"
        "lay its own on them again (git rebase refs/lanes/head/main main), drop its own "
        "(git reset --keep refs/lanes/head/main), or let them part (git lanes bind main --unset)\n"
    )
    if verb == "commit":
        repo.write({"auth.py": "edited\n"})
        assert cli("commit", "-m", "x") == Ran(128, "", "error: " + said.format("\nhint: "))
    else:
        done = cli(verb, "b") if verb == "new" else cli(verb, "a")
        assert (done.code, done.err) == (0, "warning: " + said.format("; "))
    assert repo.rev("main") == amended
    assert repo.rev("refs/lanes/head/main^{/first}") == old


def test_verbs_of_the_root_refuse_in_the_middle_of_a_merge(repo: TestRepo, cli: Cli) -> None:
    """A commit from the root in the middle of a merge is refused with the way out."""
    repo.git("checkout", "--quiet", "-b", "side")
    repo.save({"auth.py": "side\n"})
    repo.git("checkout", "--quiet", "main")
    repo.save({"auth.py": "main\n"})
    repo.git("merge", "--quiet", "side", check=False)
    assert cli("commit", "-m", "x") == Ran(
        128,
        "",
        "error: the repository's directory is in the middle of a merge\n"
        "hint: finish it, or run 'git merge --abort'\n",
    )


def test_a_lane_started_from_another_lane(repo: TestRepo, cli: Cli) -> None:
    """A lane started from another's head lands only its own work once that one has landed."""
    repo.work("a", {"auth.py": "a\n"})
    cli("new", "b", "--from", "a")
    repo.commit("b", {"b.txt": "b\n"})
    cli("promote", "a", "--mode", "squash")
    repo.save({"auth.py": "people went on\n"})
    done = cli("promote", "b", "--json")
    assert (done.code, done.json["source_only"]) == (0, ["b.txt"])
    assert repo.files("main")["auth.py"] == "people went on"


def test_promote_from_another_workspace(repo: TestRepo, cli: Cli) -> None:
    """From another lane's workspace the root's branch and files follow all the same."""
    repo.lane("a", {"new.txt": "n\n"})
    other = repo.lane("b")
    assert cli("promote", "a", cwd=other).out.endswith("branch main follows\n")
    assert (repo.path / "new.txt").exists()
