"""What other systems for parallel agents get wrong, seen by running them: gitlanes right.

Each test is named by the failure that it rules out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import ids
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

TRACKED = {
    ".env.test": "KEY=1\n",
    "certs/server.pem": "pem\n",
    "dist/bundle.js": "bundle\n",
    "build/out.txt": "out\n",
    "node_modules/kept/index.js": "kept\n",
    "__pycache__/odd.txt": "odd\n",
    ".venv/note": "note\n",
    "app.py": "app\n",
}


def lanes_that_landed(repo: TestRepo, *names: str) -> None:
    """Let each lane add a file of its own name, and promote it."""
    for name in names:
        repo.lane(name, {f"{name}.txt": f"{name}\n"})
        repo.lanes.promote(name)


@pytest.mark.parametrize("tool", ["git", "lanes"])
def test_a_commit_in_the_root_keeps_promoted_work(repo: TestRepo, cli: Cli, tool: str) -> None:
    """A commit in the repository's directory after a promotion has the promoted work, too."""
    lanes_that_landed(repo, "a")
    repo.write({"root.txt": "root\n"})
    if tool == "git":
        repo.git("add", "--all")
        repo.git("commit", "--quiet", "-m", "in the root")
    else:
        assert cli("commit", "-m", "in the root").code == 0
    lanes_that_landed(repo, "b")
    assert {"a.txt", "b.txt", "root.txt"} < set(repo.files("main"))
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("command", ["commit -a", "stash", "checkout", "lanes commit"])
def test_a_commit_in_a_root_that_could_not_follow_keeps_promoted_work(
    repo: TestRepo, cli: Cli, command: str
) -> None:
    """Where an unsaved edit kept the root from following, later commands do not revert anything."""
    repo.lane("a", {"auth.py": "promoted\n", "a.txt": "a\n"})
    repo.write({"auth.py": "mine\n"})
    assert cli("promote", "a").code == 0
    if command == "commit -a":
        repo.git("commit", "--quiet", "-am", "mine")
    elif command == "stash":
        repo.git("stash", "--quiet")
    elif command == "checkout":
        repo.git("checkout", "--quiet", "--", "auth.py")
    else:
        assert cli("commit", "-m", "mine").code == 1
    lanes_that_landed(repo, "b")
    landed = repo.files("refs/lanes/head/main")
    assert landed["a.txt"] == "a"
    assert landed["auth.py"] == "promoted"
    assert landed["b.txt"] == "b"


def test_a_retry_after_a_lost_race_does_not_conflict(repo: TestRepo, cli: Cli) -> None:
    """A promotion refused because the target moved succeeds when repeated, in disjoint files."""
    repo.lane("a", {"a.txt": "a\n"})
    stale = repo.rev("main")
    lanes_that_landed(repo, "b", "c")
    assert cli("promote", "a", "--expect", stale).code == 75
    assert cli("promote", "a").code == 0
    assert {"a.txt", "b.txt", "c.txt"} < set(repo.files("main"))


def test_gc_between_snapshot_and_accept(repo: TestRepo, cli: Cli) -> None:
    """`git gc --prune=now` after each step of a lane's way loses no object that is named."""
    place = repo.lane("a")
    tree = ""
    steps = (("snapshot", "a"), ("propose", "a", "-m", "x"), ("accept", "a/1"), ("promote", "a"))
    repo.write({"big.bin": os.urandom(4096), "dir/new.txt": "n\n"}, place)
    for step in steps:
        done = cli(*step)
        assert done.code == 0, done.err
        tree = tree or done.out.strip()
        repo.git("reflog", "expire", "--expire=now", "--all")
        repo.git("gc", "--quiet", "--prune=now")
    assert repo.rev("main^{tree}") == tree
    assert (repo.path / "dir/new.txt").exists()
    repo.fsck()


def test_tracked_files_of_any_name_stay(make_repo: Callable[..., TestRepo], cli: Cli) -> None:
    """No tracked file drops out of a lane for its name, ignored by .gitignore or not."""
    repo = make_repo(
        {**TRACKED, ".gitignore": "dist/\nbuild/\n*.pem\n.venv\n"}, name="tracked", adopted=False
    )
    repo.git("add", "--force", "--all")
    repo.git("commit", "--quiet", "--amend", "--no-edit")
    repo.lanes.init()
    assert set(TRACKED) < set(repo.files("main"))
    place = repo.lane("a")
    assert set(TRACKED) < {str(x.relative_to(place)) for x in place.rglob("*")}
    for path in ("dist/bundle.js", "certs/server.pem"):
        repo.write({path: "edited\n"}, place)
    done = cli("commit", "-m", "edit", cwd=place)
    assert done.code == 0, done.err
    assert cli("promote", "a", cwd=place).code == 0
    found = repo.files("main")
    assert found == {
        **{path: content.rstrip("\n") for path, content in TRACKED.items()},
        ".gitignore": "dist/\nbuild/\n*.pem\n.venv",
        "dist/bundle.js": "edited",
        "certs/server.pem": "edited",
    }


def test_ignored_files_stay_out(repo: TestRepo, cli: Cli) -> None:
    """What .gitignore, info/exclude and the user's own excludes name is not in an attempt."""
    place = repo.lane("a")
    (repo.path / ".git/info/exclude").write_text("*.local\n")
    own = repo.path.with_name("ignore")
    own.write_text("*.own\n")
    repo.git("config", "core.excludesFile", str(own))
    repo.write({".gitignore": "*.log\nsecret/\n", "x.log": "", "secret/key": "k\n"}, place)
    repo.write({"x.local": "l\n", "x.own": "o\n", "wanted.txt": "w\n"}, place)
    assert cli("commit", "a", "-m", "x").code == 0
    made = repo.git("diff", "--name-only", "main", "refs/lanes/head/a").split()
    assert made == [".gitignore", "wanted.txt"]
    assert (place / "secret/key").exists()


def test_modes_links_and_names_through_landing_and_export(repo: TestRepo, cli: Cli) -> None:
    """Executable bits, symbolic links, non-ASCII names and merges survive landing and export."""
    place = repo.lane("a")
    repo.write({"run.sh": "#!/bin/sh\n", "naïve/日本語.txt": "x\n", "plain": "p\n"}, place)
    (place / "run.sh").chmod(0o755)
    (place / "link").symlink_to("run.sh")
    (place / "dangling").symlink_to("../no/where")
    (place / "directory").symlink_to("src")
    cli("commit", "a", "-m", "x")
    repo.save({"people.txt": "p\n"})
    assert cli("promote", "a").code == 0
    assert cli("export", "a", "--branch", "out").code == 0
    for revision in ("main", "out", "refs/lanes/head/a"):
        rows = repo.git("ls-tree", "-r", "-z", revision).split("\0")
        modes = {row.partition("\t")[2]: row[:6] for row in rows if row}
        assert modes["run.sh"] == "100755"
        assert modes["plain"] == "100644"
        assert [modes[x] for x in ("link", "dangling", "directory")] == ["120000"] * 3
        assert modes["naïve/日本語.txt"] == "100644"
    assert os.access(repo.path / "run.sh", os.X_OK)
    assert (repo.path / "dangling").readlink() == Path("../no/where")
    assert len(repo.git("log", "-1", "--format=%P", "main").split()) == 2
    (place / "run.sh").chmod(0o644)
    cli("commit", "a", "-m", "only the bit")
    assert cli("promote", "a").code == 0
    assert repo.git("ls-tree", "main", "run.sh").startswith("100644")


def test_export_deletes_nothing_of_the_users(repo: TestRepo, cli: Cli) -> None:
    """Exporting touches no file, tracked or not, in the repository's directory."""
    repo.lane("a", {"auth.py": None, "a.txt": "a\n"})
    repo.write({"untracked.txt": "u\n", "src/app.py": "unsaved\n"})
    before = {x: x.stat().st_mtime_ns for x in repo.path.rglob("*") if ".git" not in x.parts}
    assert cli("export", "a").code == 0
    after = {x: x.stat().st_mtime_ns for x in repo.path.rglob("*") if ".git" not in x.parts}
    assert after == before


@pytest.mark.parametrize("verb", ["snapshot", "commit"])
def test_an_edit_with_the_same_size_and_time_is_seen(repo: TestRepo, cli: Cli, verb: str) -> None:
    """An edit right after a checkout that keeps size and modification time is not missed."""
    for number in range(3):
        place = repo.lane(f"a{number}")
        file = place / "auth.py"
        known = file.stat()
        file.write_text("LOGIN\n")
        os.utime(file, ns=(known.st_atime_ns, known.st_mtime_ns))
        assert file.stat().st_size == known.st_size
        done = cli(verb, f"a{number}", *(["-m", "x"] if verb == "commit" else []))
        assert done.code == 0, done.err
        made = done.out.strip() if verb == "snapshot" else f"refs/lanes/head/a{number}"
        assert repo.git("show", f"{made}:auth.py") == "LOGIN"


def test_an_edit_within_the_instant_of_the_index_is_seen(repo: TestRepo, cli: Cli) -> None:
    """An edit made in the very instant in which git wrote the index is not missed.

    Git compares the file's time with the index file's own; a copy of it must keep that time.
    """
    repo.git("config", "core.trustCTime", "false")
    repo.git("config", "core.checkStat", "minimal")
    place = repo.lane("a")
    index = Path(repo.git("rev-parse", "--git-path", "index", cwd=place))
    instant = 1_700_000_000 * 10**9
    os.utime(place / "auth.py", ns=(instant, instant))
    repo.git("update-index", "--refresh", cwd=place)
    (place / "auth.py").write_text("LOGIN\n")
    for file in (place / "auth.py", index):
        os.utime(file, ns=(instant, instant))
    assert repo.git("show", f"{cli('snapshot', 'a').out.strip()}:auth.py") == "LOGIN"


def test_a_collision_exits_1(repo: TestRepo, cli: Cli) -> None:
    """A collision is exit 1 in promote, check and a dry run, so that scripts can tell."""
    repo.lane("a", {"auth.py": "a\n"})
    repo.lane("b", {"auth.py": "b\n"})
    cli("promote", "b")
    for args in (("promote", "a"), ("promote", "a", "--dry-run"), ("check", "a"), ("check",)):
        assert cli(*args).code == 1
        assert cli(*args, "--json").code == 1


def test_an_identical_change_is_no_collision(repo: TestRepo, cli: Cli) -> None:
    """Both sides brought a file to the same content: convergent, landed, exit 0."""
    for name in ("a", "b"):
        repo.lane(name, {"auth.py": "same\n"})
    cli("promote", "a")
    assert cli("check", "b").code == 0
    done = cli("promote", "b", "--json")
    assert (done.code, done.json["convergent"], done.json["collisions"]) == (0, ["auth.py"], [])
    assert repo.files("main")["auth.py"] == "same"


def test_two_writing_processes_at_once(repo: TestRepo) -> None:
    """Writing processes that start at the same moment all succeed."""
    names = [f"lane{number}" for number in range(4)]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "gitlanes", "new", name],
            cwd=repo.path,
            env=repo.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for name in names
    ]
    assert [(x.wait(), x.communicate()[1]) for x in started] == [(0, b"")] * 4
    assert [x.name for x in repo.lanes.lanes().lanes] == [*names, "main"]


def test_every_lane_can_land_on_main(repo: TestRepo) -> None:
    """Main is a lane like others: work lands on it, and from it on others."""
    repo.lane("c")
    lanes_that_landed(repo, "a", "b")
    assert repo.lanes.promote("main", into="c").commits
    assert {"a.txt", "b.txt"} < set(repo.files("refs/lanes/head/c"))


def test_landings_are_in_the_ledger(repo: TestRepo, cli: Cli) -> None:
    """A promotion is an attempt of its target and an operation in both lanes' journals."""
    lanes_that_landed(repo, "a")
    told = cli("show", "main/1", "--json").json["attempts"][0]
    assert (told["attempt"]["kind"], told["attempt"]["commit"]) == ("promotion", repo.rev("main"))
    for lane in ("a", "main"):
        subject = repo.git("log", "-1", "--format=%s", f"refs/lanes/journal/{lane}")
        assert subject == "promote a into main (merge)"


def test_the_merge_of_others_is_the_same_commit_everywhere(repo: TestRepo, cli: Cli) -> None:
    """A landing on another lane leaves that lane's workspace and every other directory alone."""
    places = [repo.lane(name) for name in ("a", "b", "c")]
    repo.commit("a", {"a.txt": "a\n"})
    repo.write({"unsaved.txt": "u\n"}, places[1])
    before = [repo.git("status", "--porcelain", "--branch", cwd=x) for x in (*places, repo.path)]
    assert cli("promote", "a", "--into", "b").code == 0
    after = [repo.git("status", "--porcelain", "--branch", cwd=x) for x in (*places, repo.path)]
    assert after == before
    assert cli("commit", "b", "-m", "go on").code == 0
    assert {"a.txt", "unsaved.txt"} < set(repo.files("refs/lanes/head/b"))


def test_operation_ids_do_not_repeat() -> None:
    """Ids have 62 random bits beside the time: a hundred thousand of one instant differ."""
    made = [ids.new_id(1_700_000_000.0) for _ in range(100_000)]
    assert len(set(made)) == len(made)
    assert {len(x) for x in made} == {36}
    changes = {ids.new_change_id() for _ in range(10_000)}
    assert len(changes) == 10_000


def test_ids_sort_by_time() -> None:
    """Ids made one after the other sort in that order, even within a millisecond."""
    moments = [1_700_000_000 + number * 0.000001 for number in range(2000)]
    made = [ids.new_id(moment) for moment in moments]
    assert sorted(made) == made


def test_git_is_the_only_truth(repo: TestRepo, cli: Cli) -> None:
    """Without our caches and lock files, all at rest, everything is as it was."""
    lanes_that_landed(repo, "a")
    repo.propose("a", {"open.txt": "o\n"})
    before = [cli(x, "--json").out for x in ("list", "history")]
    for file in (repo.path / ".git/lanes").iterdir():
        file.unlink()
    (repo.path / ".git/lanes").rmdir()
    assert [cli(x, "--json").out for x in ("list", "history")] == before
    assert cli("accept", "a/2").code == 0
    assert cli("promote", "a").code == 0
    assert not [x for x in repo.path.rglob("*.db") if x.is_file()]


@pytest.mark.parametrize(
    "prompt",
    ["it's $(touch pwned) `touch pwned` ; touch pwned #", "'; touch pwned; '", "-rf\n$HOME\\"],
)
def test_a_prompt_is_never_a_shell_string(repo: TestRepo, cli: Cli, prompt: str) -> None:
    """Quotes and dollars in prompts, agents and messages are text all the way."""
    place = repo.lane("a")
    repo.write({"auth.py": "a\n"}, place)
    agent = prompt.replace("\n", " ")
    assert cli("commit", "a", f"--prompt={prompt}", f"--agent={agent}", "-m", prompt).code == 0
    intent = cli("show", "a/1", "--json").json["attempts"][0]["notes"]["intents"][0]
    assert (intent["prompt"], intent["agent"]["id"]) == (prompt, agent)
    assert not list(repo.path.parent.rglob("pwned"))


def test_failures_are_exit_codes(repo: TestRepo, cli: Cli) -> None:
    """No verb that could not do its work exits 0."""
    failing = (
        ("promote", "nowhere"),
        ("commit", "main"),
        ("accept", "main/1"),
        ("new", "main"),
        ("delete", "main", "--yes"),
        ("export", "main", "--branch", "bad..name"),
        ("workspace", "remove", "main"),
        ("diff", "main", "nowhere"),
    )
    before = repo.refs()
    for args in failing:
        done = cli(*args)
        assert done.code in (1, 128, 129)
        assert done.err.startswith("error: ")
    assert repo.refs() == before
