"""`git lanes doctor`: every check by name, with what it says and what its mend does."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes.store import layout
from gitlanes.upkeep.doctor import CHECKS
from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
LONG_AGO = 1_700_000_000


@pytest.fixture
def auth(repo: TestRepo) -> TestRepo:
    """A repository with a lane that has a workspace and an accepted attempt."""
    repo.lane("auth", {"auth.py": "better\n"})
    return repo


def found(done: Ran) -> list[str]:
    """Return the lines of the findings, after asserting that there are some and no chatter."""
    assert (done.code, done.err) == (1, "")
    return done.out.splitlines()


def assert_mended(repo: TestRepo, cli: Cli, *said: str) -> None:
    """Assert that --fix does away with what is there, says so, and leaves nothing."""
    done = cli("doctor", "--fix")
    assert (done.code, done.out.splitlines(), done.err) == (0, list(said), "")
    assert_sound(cli)
    repo.fsck()


def assert_sound(cli: Cli) -> None:
    """Assert that nothing is found."""
    done = cli("doctor")
    assert (done.code, done.out, done.err) == (
        0,
        "",
        f"nothing is wrong: {len(CHECKS)} checks\n",
    )


def assert_left(cli: Cli, *said: str) -> None:
    """Assert that this is found, and that --fix neither mends it nor makes it worse."""
    for args in ((), ("--fix",)):
        assert found(cli("doctor", *args)) == list(said)


def git_dir(repo: TestRepo, lane: str = "auth") -> Path:
    """Return the git directory of a lane's workspace."""
    return Path(repo.git("rev-parse", "--absolute-git-dir", cwd=repo.workspace(lane)))


def aged(path: Path, content: str = "") -> Path:
    """Write a file that is old."""
    path.write_text(content)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def test_nothing_is_wrong_in_a_repository_at_work(auth: TestRepo, cli: Cli) -> None:
    """With open attempts, unsaved work, snapshots, deleted lanes and landings all is sound."""
    auth.propose("auth", {"more.py": "more\n"})
    auth.write({"unsaved.py": "unsaved\n"}, auth.workspace("auth"))
    auth.lanes.snapshot("auth")
    auth.lanes.promote("auth")
    auth.lane("gone")
    auth.lanes.delete("gone")
    auth.git("pack-refs", "--all")
    assert_sound(cli)
    assert_sound(lambda *args: cli(*args, cwd=auth.workspace("auth")))


def test_json_has_it_all(auth: TestRepo, cli: Cli) -> None:
    """With --json one object has the names of the checks and each finding's parts."""
    auth.git("update-ref", "-d", "refs/lanes/head/auth")
    told = cli("doctor", "--json")
    assert (told.code, told.err) == (1, "")
    assert told.json == {
        "schema": "gitlanes.diagnosis/1",
        "checks": list(CHECKS),
        "sound": False,
        "findings": [
            {
                "check": "head",
                "severity": "error",
                "what": "head of lane 'auth' was deleted outside gitlanes",
                "about": "refs/lanes/head/auth",
                "mend": "bring it back from the journal",
                "fixable": True,
                "done": None,
                "left": None,
            }
        ],
    }
    with auth.open() as opened:
        assert opened.doctor().to_dict() == told.json
        assert opened.doctor(fix=True).sound
        assert opened.doctor().to_dict()["findings"] == []


def test_before_init_it_refuses(make_repo: Callable[..., TestRepo]) -> None:
    """Where there are no lanes there is nothing to look at."""
    repo = make_repo(adopted=False)
    done = run_cli(repo.path, repo.environ, "doctor")
    said = "error: this repository has no lanes yet\nhint: run 'git lanes init'\n"
    assert (done.code, done.out, done.err) == (128, "", said)


def test_quiet_has_no_hints(auth: TestRepo, cli: Cli) -> None:
    """With -q each finding is one line."""
    auth.git("update-ref", "-d", "refs/lanes/head/auth")
    assert found(cli("doctor", "-q")) == ["head: head of lane 'auth' was deleted outside gitlanes"]


def test_a_deleted_head_comes_back(auth: TestRepo, cli: Cli) -> None:
    """A head that plain git deleted is brought back from the journal."""
    head = auth.rev("refs/lanes/head/auth")
    auth.git("update-ref", "-d", "refs/lanes/head/auth")
    said = "head: head of lane 'auth' was deleted outside gitlanes"
    hint = "  hint: run with --fix to bring it back from the journal"
    assert found(cli("doctor")) == [said, hint]
    done = f"head of lane 'auth' was deleted outside gitlanes; it is at {head[:12]} again"
    assert_mended(auth, cli, said, f"  mended: {done}")
    assert auth.rev("refs/lanes/head/auth") == head


def test_a_head_moved_back_is_put_back(auth: TestRepo, cli: Cli) -> None:
    """A head at an older commit, as a half-moved operation leaves it, goes to the journal's."""
    head, old = auth.rev("refs/lanes/head/auth"), auth.rev("main")
    auth.git("update-ref", "refs/lanes/head/auth", old)
    said = f"head: head of lane 'auth' was moved back to {old[:12]} outside gitlanes"
    done = f"head of lane 'auth' was moved back outside gitlanes; it is at {head[:12]} again"
    assert_mended(auth, cli, said, f"  mended: {done}")


def test_a_head_moved_forward_is_imported(auth: TestRepo, cli: Cli) -> None:
    """Commits made on a head with plain git become an attempt of the lane."""
    tree = auth.rev("main^{tree}")
    new = auth.git("commit-tree", "-m", "by hand", "-p", "refs/lanes/head/auth", tree)
    auth.git("update-ref", "refs/lanes/head/auth", new)
    said = f"head: head of lane 'auth' was moved forward to {new[:12]} outside gitlanes"
    done = (
        "head of lane 'auth' was moved forward outside gitlanes: what it has is imported as auth/2"
    )
    assert_mended(auth, cli, said, f"  mended: {done}")
    assert auth.rev("refs/lanes/head/auth") == new


def test_the_head_of_a_deleted_lane_goes(auth: TestRepo, cli: Cli) -> None:
    """A head that a deletion did not get to is deleted."""
    head = auth.rev("refs/lanes/head/auth")
    auth.lanes.delete("auth")
    auth.git("update-ref", "refs/lanes/head/auth", head)
    assert_mended(auth, cli, "head: lane 'auth' is gone, but not its head", "  mended: deleted it")
    assert "refs/lanes/head/auth" not in auth.refs()


def test_a_head_without_a_journal_is_left(auth: TestRepo, cli: Cli) -> None:
    """A head without a journal is named, with the way to find its journal; nothing is done."""
    auth.git("update-ref", "refs/lanes/head/odd", "HEAD")
    for args in ((), ("--fix",)):
        said, hint = found(cli("doctor", *args))
        assert said == "head: journal of lane 'odd' is missing, though the lane's head is there"
        assert "refs/lanes/journal/odd" in hint


def test_a_damaged_journal_is_named(auth: TestRepo, cli: Cli) -> None:
    """A journal whose newest entry is none is named with its ref, and the rest is checked."""
    tree = auth.git("mktree", cwd=auth.path)
    odd = auth.git("commit-tree", "-m", "no entry", tree)
    auth.git("update-ref", "refs/lanes/journal/auth", odd)
    auth.git("update-ref", "refs/lanes/head/odd", "HEAD")
    done = found(cli("doctor"))
    names = [x.partition(":")[0] for x in done if not x.startswith(" ")]
    assert "journal" in names
    assert "head" in names
    assert f"journal: journal entry {odd[:12]} is damaged: it is no JSON" in done[0]
    assert done[1] == (
        f"  hint: look at it with: git cat-file commit {odd[:12]}; "
        f"then {layout.how_to_find_journal('auth')}"
    )
    assert "orphaned-workspace" not in names


def test_a_workspace_whose_journal_is_missing_is_left(auth: TestRepo, cli: Cli) -> None:
    """Where a lane's head is there and its journal is not, its workspace is not told to go."""
    auth.git("update-ref", "-d", "refs/lanes/journal/auth")
    done = found(cli("doctor"))
    assert done == [
        "head: journal of lane 'auth' is missing, though the lane's head is there",
        f"  hint: {layout.how_to_find_journal('auth')}",
    ]


def test_damaged_lines_of_notes_are_counted(auth: TestRepo, cli: Cli) -> None:
    """A line that begins as a record and is none is named; what people write is left alone."""
    head = auth.rev("refs/lanes/head/auth")
    note = auth.git("notes", "--ref=lanes/intents", "show", head)
    lines = [note, '{"id": 5}', '{"id": "x"', "a remark of mine"]
    auth.git("notes", "--ref=lanes/intents", "add", "-f", "-m", "\n".join(lines), head)
    assert_left(
        cli,
        f"note: note of commit {head[:12]} in 'lanes/intents' has 2 damaged lines, "
        "which readers skip",
        f"  hint: mend it by hand with: git notes --ref=lanes/intents edit {head[:12]}",
    )


def test_a_notes_ref_that_is_none(auth: TestRepo, cli: Cli) -> None:
    """A notes ref on something else than a commit is named."""
    blob = auth.git("hash-object", "-w", "auth.py")
    auth.git("update-ref", "refs/notes/lanes/costs", blob)
    assert found(cli("doctor"))[:2] == [
        f"note: 'refs/notes/lanes/costs' cannot be read: commit '{blob}' not found",
        "  hint: run 'git fsck', then get it anew",
    ]


def test_stray_snapshots_are_left(auth: TestRepo, cli: Cli) -> None:
    """Refs among the snapshots that are of no lane, or no snapshot, are named and kept."""
    for name in ("other/1", "auth/x"):
        auth.git("update-ref", f"refs/lanes/snapshots/{name}", "HEAD")
    ours, others = "refs/lanes/snapshots/auth/x", "refs/lanes/snapshots/other/1"
    hint = "  hint: look at it with 'git show {0}'; if it is of no use: git update-ref -d {0}"
    assert_left(
        cli,
        f"snapshot: '{ours}' is no snapshot of a lane",
        hint.format(ours),
        f"snapshot: snapshot '{others}' is of a lane that is not known here",
        hint.format(others),
    )


def test_a_damaged_workspace_record_is_named(auth: TestRepo, cli: Cli) -> None:
    """A workspace whose own record cannot be read is named; its files stay."""
    path, place = git_dir(auth) / "lanes.json", auth.workspace("auth")
    path.write_text('{"lane":')
    assert_left(
        cli,
        f"workspace-record: '{path}' is damaged: '{place}' is no workspace until that is mended",
        f"  hint: keep what you need of it, run 'git worktree remove --force --force {place}', "
        "then 'git lanes workspace create'",
    )
    assert (place / "auth.py").exists()


def test_a_damaged_record_of_the_root_is_named(auth: TestRepo, cli: Cli) -> None:
    """The repository's own directory is not to be removed: its record alone is moved away."""
    path = auth.path / ".git/lanes.json"
    path.write_text("junk")
    assert_left(
        cli,
        f"workspace-record: '{path}' is damaged: "
        f"'{auth.path}' is no workspace until that is mended",
        "  hint: move it away, then run 'git lanes init'",
    )
    path.rename(path.with_suffix(".old"))
    assert cli("init").code == 0
    assert cli("doctor").code == 0


def test_the_root_gets_its_record_back(auth: TestRepo, cli: Cli) -> None:
    """The repository's own directory without a record is told that it is the adopted lane."""
    (auth.path / ".git/lanes.json").unlink()
    said = f"workspace-record: '{auth.path}' has lost the record that it is lane 'main'"
    assert_mended(auth, cli, said, "  mended: wrote it anew")
    auth.write({"more.txt": "more\n"})
    assert cli("commit", "-m", "more").code == 0


def test_a_missing_workspace_is_forgotten(auth: TestRepo, cli: Cli) -> None:
    """A workspace whose directory was deleted can be made anew after the mend."""
    place = auth.workspace("auth")
    shutil.rmtree(place)
    said = f"missing-workspace: workspace of lane 'auth' is gone: '{place}'"
    mended = "  mended: forgot it; make it anew with 'git lanes workspace create'"
    assert_mended(auth, cli, said, mended)
    assert cli("workspace", "create", "auth").code == 0


def test_a_missing_workspace_leaves_its_commits(auth: TestRepo, cli: Cli) -> None:
    """Commits and staged files that only a missing workspace had are in a snapshot."""
    place = auth.workspace("auth")
    auth.write({"own.txt": "own\n"}, place)
    auth.git("add", "own.txt", cwd=place)
    auth.git("commit", "--quiet", "-m", "own commit", cwd=place)
    commit = auth.git("rev-parse", "HEAD", cwd=place)
    auth.write({"staged.txt": "staged\n"}, place)
    auth.git("add", "staged.txt", cwd=place)
    shutil.rmtree(place)
    assert_mended(
        auth,
        cli,
        f"missing-workspace: workspace of lane 'auth' is gone: '{place}'",
        "  mended: forgot it; what its index and HEAD held is in snapshot auth/s1; "
        "make it anew with 'git lanes workspace create'",
    )
    auth.git("gc", "--quiet", "--prune=now")
    saved = "refs/lanes/snapshots/auth/1"
    assert auth.rev(f"{saved}^") == commit
    assert auth.files(saved)["staged.txt"] == "staged"


def test_a_workspace_on_a_disk_that_is_away_is_left(auth: TestRepo, cli: Cli) -> None:
    """Where all workspaces are gone with their directory, they may come back: nothing is done."""
    place = auth.workspace("auth")
    away = place.parent.rename(place.parent.with_name("away"))
    assert_left(
        cli,
        f"missing-workspace: workspace of lane 'auth' is gone: '{place}'",
        "  hint: mount it again if it is on another disk, or remove it with "
        "'git lanes workspace remove auth'",
    )
    away.rename(place.parent)
    assert_sound(cli)


@pytest.fixture
def orphan(auth: TestRepo) -> Path:
    """A workspace that outlived its lane, as a killed deletion leaves it, with unsaved work."""
    place = auth.workspace("auth")
    auth.write({"unsaved.txt": "unsaved\n"}, place)
    away = place.rename(place.with_name("away"))
    kept = shutil.copytree(git_dir_of(away), auth.path.with_name("kept"))
    place.mkdir()
    shutil.copy(away / ".git", place / ".git")
    auth.lanes.delete("auth", force=True)
    auth.git("update-ref", "-d", "refs/lanes/snapshots/auth/1", check=False)
    shutil.copytree(kept, auth.path / ".git/worktrees/auth")
    return away.rename(place)


def git_dir_of(place: Path) -> Path:
    """Return the git directory that a work tree names."""
    return Path((place / ".git").read_text().removeprefix("gitdir: ").rstrip("\n"))


def test_an_orphan_is_removed_after_a_yes(auth: TestRepo, orphan: Path, cli: Cli) -> None:
    """The workspace of a deleted lane goes with --yes, its unsaved work into a snapshot first."""
    said = f"orphaned-workspace: workspace '{orphan}' is of lane 'auth', which is deleted"
    hint = "remove it, with its unsaved work in a snapshot"
    assert found(cli("doctor")) == [said, f"  hint: run with --fix to {hint}"]
    refused = ["  not mended: nobody confirmed it", f"  hint: use --yes to {hint}"]
    assert found(cli("doctor", "--fix")) == [said, *refused]
    assert (orphan / "unsaved.txt").exists()
    done = cli("doctor", "--fix", "--yes")
    mended = "  mended: removed it; its unsaved work is in snapshot auth/s1"
    assert (done.code, done.out.splitlines()) == (0, [said, mended])
    assert not orphan.exists()
    assert auth.files("refs/lanes/snapshots/auth/1")["unsaved.txt"] == "unsaved"
    assert_sound(cli)


def test_a_workspace_of_an_unknown_lane_is_left(auth: TestRepo, cli: Cli) -> None:
    """A workspace whose lane this repository never heard of is named and kept."""
    path, place = git_dir(auth) / "lanes.json", auth.workspace("auth")
    state = json.loads(path.read_text())
    path.write_text(json.dumps({**state, "lane": "0" * 36, "name": "other"}))
    assert_left(
        cli,
        f"orphaned-workspace: workspace '{place}' is of lane 'other', which is not known here",
        "  hint: fetch that lane, or keep what you need and run "
        "'git worktree remove --force --force' on it",
    )


def test_a_second_workspace_is_named(auth: TestRepo, cli: Cli) -> None:
    """Two workspaces of one lane are named; whoever has them chooses."""
    other = auth.lane("other")
    state = json.loads((git_dir(auth) / "lanes.json").read_text())
    (git_dir(auth, "other") / "lanes.json").write_text(json.dumps(state))
    assert_left(
        cli,
        f"foreign-workspace: lane 'auth' has two workspaces: "
        f"'{auth.workspace('auth')}' and '{other}'",
        "  hint: keep what you need of one of them, then run "
        "'git worktree remove --force --force' on it",
    )


def test_a_workspace_for_looking_is_none_of_these(auth: TestRepo) -> None:
    """Beside its lane's own it is as it should be, and gone it is named by its own name."""
    place = auth.lanes.create_workspace("auth", at="main", detached=True)
    assert auth.lanes.doctor().sound
    shutil.rmtree(place.path)
    (found,) = auth.lanes.doctor().findings
    assert found.what == f"workspace '{place.id}' is gone: '{place.path}'"


def test_what_was_moved_along_with_the_repository(auth: TestRepo) -> None:
    """The hint brings it back with its edit; nothing is called a copy to be deleted."""
    old, new = auth.path, auth.path.with_name("moved")
    auth.write({"edit": "1\n"}, auth.workspace("auth"))
    place = auth.workspace("auth")
    old.rename(new)
    place.parent.rename(new.with_name("moved.lanes"))
    ran = run_cli(new, auth.environ, "doctor")
    (hint,) = (x for x in ran.out.splitlines() if "git worktree repair" in x and "run 'git" in x)
    auth.git(*shlex.split(hint.split("'")[1])[1:], cwd=new)
    assert run_cli(new, auth.environ, "doctor").code == 0
    assert (new.with_name("moved.lanes") / "auth/edit").read_text() == "1\n"
    new.rename(old)


def test_work_trees_of_others_are_named(auth: TestRepo, cli: Cli) -> None:
    """Copies, other repositories and plain work trees where workspaces go are named."""
    root = auth.workspace("auth").parent
    shutil.copytree(root / "auth", root / "copy")
    auth.git("worktree", "add", "--quiet", str(root / "mine"))
    auth.git("init", "--quiet", str(root / "theirs"))
    (root / "plain").mkdir()
    hint = (
        "  hint: move it elsewhere (a copy: delete it, or its '.git' file): "
        "here the workspaces of lanes go"
    )
    assert_left(
        cli,
        f"foreign-workspace: '{root}/copy' is a copy of '{root}/auth': "
        "git in it works on the other's index",
        hint,
        f"foreign-workspace: '{root}/mine' is a work tree of this repository, "
        "and no lane's workspace",
        hint,
        f"foreign-workspace: '{root}/theirs' belongs to another repository",
        hint,
    )


def test_an_unlocked_workspace_is_locked(auth: TestRepo, cli: Cli) -> None:
    """A workspace that somebody unlocked is locked again, so that no prune forgets it."""
    place = auth.workspace("auth")
    auth.git("worktree", "unlock", str(place))
    said = (
        "unlocked-workspace: workspace of lane 'auth' is not locked: "
        "a 'git worktree prune' may forget it"
    )
    assert_mended(auth, cli, said, "  mended: locked it")
    listed = auth.git("worktree", "list", "--porcelain")
    assert "locked workspace of lane auth" in listed


def test_lock_files_of_git_are_left(auth: TestRepo, cli: Cli) -> None:
    """An old lock file that nothing of ours names is named and never removed."""
    stale = [
        aged(auth.path / ".git/refs/lanes/head/auth.lock"),
        aged(auth.path / ".git/packed-refs.lock"),
        aged(git_dir(auth) / "index.lock"),
    ]
    hint = "  hint: make sure that no git command runs in this repository, then delete that file"
    lines = [f"git-lock: lock file '{x}' was left by a git command that was killed" for x in stale]
    assert_left(cli, *(row for line in lines for row in (line, hint)))
    assert all(x.exists() for x in stale)
    for path in stale:
        path.unlink()
        path.touch()
    assert_sound(cli)  # a fresh one may be in use


def test_leftovers_are_deleted(auth: TestRepo, cli: Cli) -> None:
    """Temporary files, trash and beginnings of work trees that a kill left are deleted."""
    lanes, own = auth.path / ".git/lanes", git_dir(auth)
    begun = auth.path / ".git/worktrees/half"
    for path in (lanes / "trash/auth", begun):
        path.mkdir(parents=True)
    for path in (lanes / "pending.new", own / "lanes.json.new", own / "lanes-index"):
        path.write_text("half")
    (begun / "locked").write_text("initializing")
    os.utime(begun, (LONG_AGO, LONG_AGO))
    left = "leftover: '{}' was left by a command that was killed"
    assert_mended(
        auth,
        cli,
        *(left.format(lanes / "pending.new"), "  mended: deleted it"),
        *(left.format(lanes / "trash"), "  mended: deleted it"),
        f"leftover: '{begun}' is the beginning of a work tree that was never finished",
        "  mended: deleted it",
        *(left.format(own / "lanes-index"), "  mended: deleted it"),
        *(left.format(own / "lanes.json.new"), "  mended: deleted it"),
    )


def test_a_damaged_pending_file_is_set_aside(auth: TestRepo, cli: Cli) -> None:
    """A pending file that makes no sense stops writers; the mend sets it aside, kept."""
    path = auth.path / ".git/lanes/pending"
    path.write_text('{"operation": "x"}')
    assert cli("snapshot", "auth").code == 128
    assert_mended(
        auth,
        cli,
        f"interrupted-operation: '{path}' is damaged",
        "  mended: set it aside as 'pending.damaged'; check 'head' tells what it had moved",
    )
    assert path.with_name("pending.damaged").read_text() == '{"operation": "x"}'
    assert cli("snapshot", "auth").code == 0


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "gc.pruneExpire",
            "now",
            "gc.pruneExpire is 'now': a 'git gc' deletes what a running command just wrote",
        ),
        (
            "core.fsync",
            "none",
            "core.fsync is 'none': a power cut may lose what was acknowledged",
        ),
    ],
)
def test_settings_that_keep_less(auth: TestRepo, cli: Cli, key: str, value: str, said: str) -> None:
    """Settings below git's defaults are named, and left: the configuration is the user's."""
    auth.git("config", key, value)
    hint = f"  hint: take it out with: git config --unset {key}"
    assert_left(cli, f"durability: {said}", hint)
    auth.git("config", "--unset", key)
    assert_sound(cli)


def test_settings_that_every_work_tree_reads(auth: TestRepo, cli: Cli) -> None:
    """With extensions.worktreeConfig, what is meant for one work tree must not be shared."""
    config = auth.path / ".git/config"
    auth.git("config", "extensions.worktreeConfig", "true")
    assert_sound(cli)
    auth.git("config", "core.worktree", str(auth.path))
    assert_left(
        cli,
        "worktree-settings: core.worktree is in the shared configuration, "
        "and every work tree reads it",
        f"  hint: move it: git config --worktree core.worktree '{auth.path}', "
        f"then git config --file '{config}' --unset core.worktree",
    )


def test_settings_that_no_work_tree_reads(auth: TestRepo, cli: Cli) -> None:
    """Without extensions.worktreeConfig a work tree's own settings are dead."""
    path = git_dir(auth) / "config.worktree"
    path.write_text("[core]\n\tsparseCheckout = true\n")
    assert_left(
        cli,
        f"worktree-settings: '{path}' is not read, for extensions.worktreeConfig is off",
        "  hint: run 'git config extensions.worktreeConfig true', or delete that file",
    )


def test_a_missing_object_is_named(auth: TestRepo, cli: Cli) -> None:
    """What git fsck says is told in one line, and the exit code is 1."""
    tree = auth.rev("refs/lanes/head/auth^{tree}")
    (auth.path / ".git/objects" / tree[:2] / tree[2:]).unlink()
    done = found(cli("doctor"))
    objects = done.index(next(x for x in done if x.startswith("objects: ")))
    assert done[objects].startswith("objects: git fsck says: ")
    assert done[objects + 1] == (
        "  hint: run 'git fsck --strict', and get what is missing from another clone "
        "with 'git fetch --refetch'"
    )


def test_full_reads_the_content(auth: TestRepo, cli: Cli) -> None:
    """A blob with other content than its name says is found with --full alone."""
    blob = auth.rev("refs/lanes/head/auth:auth.py")
    other = auth.rev("main:auth.py")
    paths = [auth.path / ".git/objects" / x[:2] / x[2:] for x in (blob, other)]
    paths[0].chmod(0o644)
    paths[0].write_bytes(paths[1].read_bytes())
    assert cli("doctor").code == 0
    assert found(cli("doctor", "--full"))[0].startswith("objects: git fsck says: ")


def test_in_a_bare_repository(make_repo: Callable[..., TestRepo]) -> None:
    """A bare repository is examined, too."""
    repo = make_repo(bare=True)
    repo.lane("auth", {"auth.py": "better\n"})
    assert_sound(lambda *args: run_cli(repo.path, repo.environ, *args))


def test_while_somebody_works_nothing_is_found(auth: TestRepo, cli: Cli) -> None:
    """What a running command has under way is not taken for what a dead one left."""
    from gitlanes.git import locks

    lanes, own = auth.path / ".git/lanes", git_dir(auth)
    state = json.loads((own / "lanes.json").read_text())
    step: dict[str, object] = {"kind": "checkout", "locks": []}
    step |= dict.fromkeys(("old", "new", "operation", "tip", "base", "branch"))
    (own / "lanes.json").write_text(json.dumps({**state, "step": step}))
    (lanes / "pending").write_text(json.dumps({"operation": "x", "refs": []}))
    (own / "lanes-index").touch()
    with (
        locks.hold(lanes / "lock", "it", timeout=0),
        locks.hold(own / "lanes.lock", "it", timeout=0),
    ):
        assert_sound(cli)
    assert cli("doctor").code == 1
