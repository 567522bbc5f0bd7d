"""Installing hooks beside those that are there, and taking them away without a trace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Negative, Refused
from gitlanes.githooks import scripts
from tests.githooks.conftest import HOOKS, with_lanes
from tests.support.cli import Ran
from tests.support.crashing import Crashes
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

THEIRS = b'#!/bin/sh\necho theirs "$1" >>.git/said\ncat >>.git/said </dev/null\n# \xff\n'


def hooks_of(repo: TestRepo) -> Path:
    """Return the directory of hooks, made if need be."""
    place = repo.path / ".git/hooks"
    place.mkdir(exist_ok=True)
    return place


def state(place: Path) -> dict[str, tuple[bytes | str, int]]:
    """Return what is in a directory of hooks, to the byte, with its modes."""
    return {
        x.name: (os.readlink(x) if x.is_symlink() else x.read_bytes(), x.lstat().st_mode)
        for x in place.iterdir()
    }


def statuses(repo: TestRepo, where: Path | None = None) -> list[str]:
    """Return the status of commit-msg and of post-rewrite."""
    return [x.status for x in repo.open(where).hook_status().hooks]


def change(repo: TestRepo, cwd: Path | None = None) -> str:
    """Make a commit; return its Change-Id."""
    repo.git("commit", "--quiet", "--allow-empty", "--message=words", cwd=cwd)
    return repo.git("log", "-1", "--format=%(trailers:key=Change-Id,valueonly)", cwd=cwd)


def test_install_and_uninstall(repo: TestRepo, cli: Cli) -> None:
    """Installed hooks work, installing again changes nothing, and nothing of them stays."""
    place = hooks_of(repo)
    before = state(place)
    assert cli("hook", "status") == Ran(
        1, "commit-msg: not installed\npost-rewrite: not installed\n", ""
    )
    done = Ran(0, "commit-msg: installed\npost-rewrite: installed\n", "")
    assert cli("hook", "install") == done
    assert len(change(repo)) == 41
    installed = state(place)
    assert cli("hooks", "install") == cli("hook", "status") == done
    assert state(place) == installed
    assert cli("hook", "uninstall").code == 0
    assert state(place) == before
    none = "error: none of our hooks is installed here\n"
    assert cli("hook", "uninstall") == Ran(1, "", none)


def test_json(repo: TestRepo, cli: Cli) -> None:
    """Each hook is told with its status and place."""
    told = cli("hook", "status", "--json").json
    assert told == repo.lanes.hook_status().to_dict()
    assert told["schema"] == "gitlanes.hooks/1"
    assert [x["name"] for x in told["hooks"]] == list(scripts.NAMES)
    assert {x["status"] for x in told["hooks"]} == {"missing"}


@pytest.mark.parametrize("mode", [0o755, 0o711 | 0o100, 0o644])
def test_a_hook_that_is_there(repo: TestRepo, cli: Cli, mode: int) -> None:
    """It runs before ours as git would run it, and comes back to the byte, with its mode."""
    hook = hooks_of(repo) / "commit-msg"
    hook.write_bytes(THEIRS)
    hook.chmod(mode)
    before = state(hook.parent)
    assert cli("hook", "install").out.splitlines()[0] == (
        "commit-msg: installed, after the hook that was there"
    )
    assert len(change(repo)) == 41
    said = repo.path / ".git/said"
    assert said.exists() == bool(mode & 0o100)
    if said.exists():
        assert said.read_text() == "theirs .git/COMMIT_EDITMSG\n"
    assert cli("hook", "install").code == 0
    assert statuses(repo) == ["chained", "installed"]
    assert cli("hook", "uninstall").code == 0
    assert state(hook.parent) == before


def test_theirs_has_the_last_word(repo: TestRepo) -> None:
    """Where the hook that was there refuses, no commit is made; it may edit messages."""
    hook = hooks_of(repo) / "commit-msg"
    hook.write_text('#!/bin/sh\necho \' edited\' >>"$1"\n! grep -q stop "$1"\n')
    hook.chmod(0o755)
    repo.lanes.hook_install()
    head = repo.rev("HEAD")
    args = ("commit", "--quiet", "--allow-empty", "--message")
    repo.git(*args, "please stop", check=False)
    assert repo.rev("HEAD") == head
    repo.git(*args, "go on")
    message = repo.git("log", "-1", "--format=%B")
    assert message.startswith("go on\n edited\n\nChange-Id: I")


def test_both_read_the_pairs(repo: TestRepo) -> None:
    """A post-rewrite hook that is there is told what ours is told."""
    hook = hooks_of(repo) / "post-rewrite"
    hook.write_text('#!/bin/sh\necho "$1" >.git/said\ncat >>.git/said\nexit 3\n')
    hook.chmod(0o755)
    with_lanes(repo).lanes.hook_install()
    place = repo.lane("auth", {"f": "x\n"})
    old = repo.rev("refs/lanes/head/auth")
    repo.git("switch", "--quiet", "--detach", "refs/lanes/head/auth")
    repo.git("commit", "--quiet", "--amend", "--message=again")
    new = repo.rev("HEAD")
    assert (repo.path / ".git/said").read_text() == f"amend\n{old} {new}\n"
    assert [x.new for x in repo.lanes.became(old)] == [new]
    assert place.is_dir()


def test_links(repo: TestRepo, cli: Cli) -> None:
    """A hook that is a link runs from its place and stays one; what it leads to is untouched."""
    repo.write({"tools/check": '#!/bin/sh\necho "$0" >.git/said\n'})
    (repo.path / "tools/check").chmod(0o755)
    hook = hooks_of(repo) / "commit-msg"
    hook.symlink_to("../../tools/check")
    before = state(hook.parent)
    content = (repo.path / "tools/check").read_bytes()
    assert cli("hook", "install").code == 0
    assert len(change(repo)) == 41
    assert (repo.path / ".git/said").exists()
    assert cli("hook", "uninstall").code == 0
    assert state(hook.parent) == before
    assert (repo.path / "tools/check").read_bytes() == content


def test_a_link_that_leads_nowhere(repo: TestRepo, cli: Cli) -> None:
    """Git passes over it, and so do we; it comes back."""
    hook = hooks_of(repo) / "commit-msg"
    hook.symlink_to("nowhere")
    assert cli("hook", "install").code == 0
    assert len(change(repo)) == 41
    assert cli("hook", "uninstall").code == 0
    assert os.readlink(hook) == "nowhere"


def test_a_link_to_ours(repo: TestRepo, cli: Cli) -> None:
    """Who links to our script has it in force; it is not ours to take away."""
    hook = hooks_of(repo) / "commit-msg"
    hook.symlink_to(HOOKS / "commit-msg")
    assert statuses(repo) == ["other", "missing"]
    assert cli("hook", "install").code == 0
    assert statuses(repo) == ["other", "installed"]
    assert cli("hook", "uninstall").code == 0
    assert hook.is_symlink()


def test_an_edited_hook_is_kept(repo: TestRepo, cli: Cli) -> None:
    """One of ours that somebody edited is neither replaced nor removed."""
    hook = hooks_of(repo) / "commit-msg"
    hook.write_bytes(THEIRS)
    repo.lanes.hook_install()
    edited = hook.read_bytes().replace(b"set -u\n", b"set -u\necho hello\n")
    hook.write_bytes(edited)
    said = (
        f"error: hook '{hook}' was changed since it was installed\n"
        f"hint: save what you need of it, remove it by hand, then put '{hook}.before-lanes' back\n"
    )
    before = state(hook.parent)
    for command in ("install", "uninstall"):
        assert cli("hook", command) == Ran(128, "", said)
        assert state(hook.parent) == before
    assert cli("hook", "status").out.startswith("commit-msg: changed since it was installed\n")


def test_another_hook_in_the_place_of_ours(repo: TestRepo, cli: Cli) -> None:
    """What somebody put there is not touched, and the one from before is not forgotten."""
    hook = hooks_of(repo) / "commit-msg"
    hook.write_bytes(THEIRS)
    repo.lanes.hook_install()
    hook.write_text("#!/bin/sh\nexit 0\n")
    before = state(hook.parent)
    assert cli("hook", "uninstall") == Ran(
        128,
        "",
        f"error: hook '{hook}' is another one than was installed\n"
        f"hint: the one from before is kept in '{hook}.before-lanes'\n",
    )
    assert cli("hook", "install") == Ran(
        128,
        "",
        f"error: '{hook}.before-lanes' is in the way: it is a hook that was put aside before\n"
        "hint: put it back, or remove it\n",
    )
    assert state(hook.parent) == before


def test_an_outdated_hook(repo: TestRepo, cli: Cli) -> None:
    """One of another version is told, replaced by installing, and taken away by uninstalling."""
    hook = hooks_of(repo) / "commit-msg"
    hook.write_bytes(THEIRS)
    repo.lanes.hook_install()
    current = state(hook.parent)
    body = hook.read_bytes().rpartition(b"# sha256 ")[0] + b"# of another version\n"
    hook.write_bytes(body + scripts._seal(body))
    assert statuses(repo) == ["outdated", "installed"]
    assert cli("hook", "status").code == 0
    assert repo.lanes.hook_install().hooks[0].status == "chained"
    assert state(hook.parent) == current
    hook.chmod(0o644)
    assert statuses(repo) == ["outdated", "installed"]
    repo.lanes.hook_uninstall()
    assert hook.read_bytes() == THEIRS


def test_from_a_workspace(repo: TestRepo) -> None:
    """Linked work trees have the repository's hooks."""
    place = repo.lane("auth")
    repo.open(place).hook_install()
    assert statuses(repo) == statuses(repo, place) == ["installed", "installed"]
    assert len(change(repo, place)) == len(change(repo)) == 41


def test_a_bare_repository(make_repo: Callable[..., TestRepo]) -> None:
    """Its work trees have its hooks."""
    repo = make_repo(bare=True)
    repo.lanes.hook_install()
    assert statuses(repo) == ["installed", "installed"]
    assert (repo.path / "hooks/commit-msg").is_file()
    place = repo.lane("auth")
    assert len(change(repo, place)) == 41
    repo.lanes.hook_uninstall()
    assert not (repo.path / "hooks/commit-msg").exists()


def test_a_template(repo: TestRepo, make_repo: Callable[..., TestRepo], tmp_path: Path) -> None:
    """Hooks that came by a template are ours like others, the chained one included."""
    hook = hooks_of(repo) / "commit-msg"
    hook.write_bytes(THEIRS)
    hook.chmod(0o755)
    repo.lanes.hook_install()
    template = tmp_path / "template"
    shutil.copytree(repo.path / ".git/hooks", template / "hooks", symlinks=True)
    other = make_repo(name="other")
    shutil.rmtree(hooks_of(other))
    other.git("init", "--quiet", f"--template={template}")
    assert statuses(other) == ["chained", "installed"]
    assert len(change(other)) == 41
    other.lanes.hook_uninstall()
    assert (hooks_of(other) / "commit-msg").read_bytes() == THEIRS


def test_plain_copies(repo: TestRepo) -> None:
    """A script that was copied by hand, as Gerrit's often is, counts as installed."""
    for name in scripts.NAMES:
        shutil.copy(HOOKS / name, hooks_of(repo) / name)
    assert statuses(repo) == ["installed", "installed"]
    repo.lanes.hook_uninstall()
    assert statuses(repo) == ["missing", "missing"]


def test_a_directory_in_the_way(repo: TestRepo) -> None:
    """What can be no hook is refused."""
    (hooks_of(repo) / "post-rewrite").mkdir()
    with pytest.raises(Refused, match="is a directory"):
        repo.lanes.hook_install()
    assert not (hooks_of(repo) / "commit-msg").exists()
    with pytest.raises(Negative):
        repo.lanes.hook_uninstall()


def test_a_directory_that_cannot_be_written(repo: TestRepo) -> None:
    """It says where it cannot write; hooks that are there stay as they are."""
    place = hooks_of(repo)
    (place / "commit-msg").write_bytes(THEIRS)
    before = state(place)
    place.chmod(0o555)
    powers = "-dac_override,-dac_read_search,-fowner"
    drop = (
        ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"] if not os.getuid() else []
    )
    if drop and not shutil.which("setpriv"):
        pytest.skip("needs setpriv to drop root's powers")
    done = subprocess.run(
        [*drop, sys.executable, "-m", "gitlanes", "hook", "install"],
        cwd=repo.path,
        env=repo.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    place.chmod(0o755)
    assert (done.returncode, done.stdout) == (128, "")
    assert done.stderr.startswith(f"error: permission denied '{place}/commit-msg")
    assert state(place) == before


def test_killed_at_any_step(repo: TestRepo, tmp_path: Path) -> None:
    """At every moment git runs the hook that was there; installing again ends it well."""
    place = hooks_of(repo)
    (place / "commit-msg").write_bytes(THEIRS)
    (place / "commit-msg").chmod(0o755)
    begun = state(place)
    repo.lanes.hook_install()
    ended = state(place)
    repo.lanes.hook_uninstall()
    with Crashes(tmp_path / "scratch") as crashes:
        for command, wanted in (("install", ended), ("uninstall", begun)):
            step, killed = 0, True
            while killed:
                ran = crashes.run(repo.path, repo.environ, "hook", command, before=step)
                step, killed = step + 1, ran.killed
                (repo.path / ".git/said").unlink(missing_ok=True)
                change(repo)
                assert (repo.path / ".git/said").read_text().startswith("theirs")
                if killed and command == "uninstall":
                    repo.lanes.hook_install()
            assert step > 2
            assert state(place) == wanted
            if command == "install":
                assert statuses(repo) == ["chained", "installed"]


def test_the_wheel_has_them(tmp_path: Path) -> None:
    """A wheel holds the scripts at the place where an installed package looks for them."""
    build = pytest.importorskip("hatchling.build", reason="hatchling is not installed")
    before = Path.cwd()
    os.chdir(HOOKS.parent)
    try:
        name = build.build_wheel(str(tmp_path))
    finally:
        os.chdir(before)
    with zipfile.ZipFile(tmp_path / name) as wheel:
        for hook in scripts.NAMES:
            at = f"gitlanes/githooks/shipped/{hook}"
            assert wheel.read(at) == (HOOKS / hook).read_bytes()
        wheel.extractall(tmp_path / "installed")
    code = "from gitlanes.githooks import scripts; print(scripts.shipped('commit-msg'))"
    done = run_python(tmp_path / "installed", code)
    assert done == str(tmp_path / "installed/gitlanes/githooks/shipped/commit-msg")


def run_python(path: Path, code: str) -> str:
    """Run code with packages from a directory; return what it printed."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
