"""Our hooks beside managers of hooks: theirs go on working, and their settings stay theirs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.githooks.conftest import with_lanes
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

LINE = '! command -v git-lanes >/dev/null || git lanes hook run {} "$1"'
CONFIG = """\
repos:
- repo: local
  hooks:
  - id: theirs
    name: theirs
    entry: sh -c 'echo theirs >>said'
    language: system
    stages: [commit-msg]
"""


@pytest.fixture
def repo(repo: TestRepo) -> TestRepo:
    """A repository with `git lanes` on the PATH of its git."""
    return with_lanes(repo)


def statuses(repo: TestRepo) -> list[str]:
    """Return the status of commit-msg and of post-rewrite."""
    return [x.status for x in repo.open().hook_status().hooks]


def change(repo: TestRepo, *args: str) -> str:
    """Make a commit; return its Change-Ids."""
    repo.git("commit", "--quiet", "--allow-empty", "--message=words", *args)
    return repo.git("log", "-1", "--format=%(trailers:key=Change-Id,valueonly)")


def said(repo: TestRepo) -> list[str]:
    """Return what their hook said since the last time."""
    path = repo.path / "said"
    found = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return found


def run(repo: TestRepo, *command: str) -> None:
    """Run a program in the repository."""
    done = subprocess.run(
        command, cwd=repo.path, env=repo.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("place", [".husky/_", ".githooks"])
def test_a_path_of_hooks(repo: TestRepo, cli: Cli, place: str) -> None:
    """Where core.hooksPath is set nothing is written: we say what to add, and see it when added."""
    shown = repo.path / place.removesuffix("/_")
    directory = repo.path / place
    directory.mkdir(parents=True)
    repo.git("config", "core.hooksPath", place)
    if place.endswith("_"):
        for name in ("commit-msg", "post-rewrite"):
            hook = directory / name
            hook.write_text(f'#!/bin/sh\n[ ! -f .husky/{name} ] || sh -e .husky/{name} "$@"\n')
            hook.chmod(0o755)
    config = (repo.path / ".git/config").read_bytes()
    files = sorted(repo.path.rglob("*husky*/*")) + sorted(repo.path.glob(".git/hooks/*"))
    wanted = "".join(
        f"{x}: not installed; add to {shown}/{x}:\n    {LINE.format(x)}\n"
        for x in ("commit-msg", "post-rewrite")
    )
    assert cli("hook", "install") == cli("hook", "status") == Ran(1, wanted, "")
    assert sorted(repo.path.rglob("*husky*/*")) + sorted(repo.path.glob(".git/hooks/*")) == files
    told = cli("hook", "status", "--json").json
    assert (told["setting"], told["directory"]) == (place, str(directory))
    for hook in told["hooks"]:
        file = Path(hook["file"])
        file.write_text(f"#!/bin/sh\n# git lanes hook run nothing\n{hook['line']}\n")
        file.chmod(0o755)
    assert cli("hook", "status") == Ran(
        0, "".join(f"{x['name']}: run by {x['file']}\n" for x in told["hooks"]), ""
    )
    first = change(repo)
    assert len(first) == 41
    repo.lane("auth", {"f": "x\n"})
    repo.git("switch", "--quiet", "--detach", "refs/lanes/head/auth")
    assert change(repo, "--amend") == repo.lanes.history("auth").attempts[0].attempt.change_id
    assert [x.new for x in repo.lanes.became("auth")] == [repo.rev("HEAD")]
    assert (repo.path / ".git/config").read_bytes() == config
    gone = cli("hook", "uninstall")
    assert (gone.code, gone.err.splitlines()[1]) == (
        1,
        f"hint: they are run by '{shown}/commit-msg': take the line out there",
    )
    repo.environ["PATH"] = "/usr/bin:/bin"
    assert change(repo) == ""  # who has no gitlanes can commit all the same


@pytest.mark.parametrize("place", [".git/hooks", "{}/.git/hooks"])
def test_a_path_to_where_hooks_are_anyway(repo: TestRepo, place: str) -> None:
    """Nobody else manages what git's own directory holds, whatever setting leads there."""
    repo.git("config", "core.hooksPath", place.format(repo.path))
    assert [x.status for x in repo.lanes.hook_install().hooks] == ["installed", "installed"]
    assert len(change(repo)) == 41
    repo.lanes.hook_uninstall()
    assert change(repo) == ""


def test_an_empty_path_of_hooks(repo: TestRepo) -> None:
    """Git takes it for the root of all files: none of ours is in force, and none is written."""
    repo.git("config", "core.hooksPath", "")
    found = repo.lanes.hook_install()
    assert (found.directory, found.setting) == ("/", "")
    assert statuses(repo) == ["missing", "missing"]
    assert found.hooks[0].file == repo.git("rev-parse", "--git-path", "hooks/commit-msg").strip()
    assert not Path("/commit-msg").exists()


def test_a_line_that_is_a_comment(repo: TestRepo) -> None:
    """A line that does nothing does not count, nor does that of the other hook."""
    repo.write({".githooks/commit-msg": f"#!/bin/sh\n# {LINE.format('commit-msg')}\n"})
    repo.write({".githooks/post-rewrite": f"#!/bin/sh\n{LINE.format('commit-msg')}\n"})
    repo.git("config", "core.hooksPath", ".githooks")
    assert statuses(repo) == ["missing", "missing"]


def test_a_linked_directory_of_hooks(repo: TestRepo) -> None:
    """Where .git/hooks is a link, what is in there is somebody's: nothing is written."""
    shutil.rmtree(repo.path / ".git/hooks", ignore_errors=True)
    (repo.path / "tools").mkdir()
    (repo.path / ".git/hooks").symlink_to("../tools")
    found = repo.lanes.hook_install()
    assert [x.status for x in found.hooks] == ["missing", "missing"]
    assert all(x.line for x in found.hooks)
    assert list((repo.path / "tools").iterdir()) == []


def test_lefthook(repo: TestRepo, cli: Cli) -> None:
    """Where lefthook's settings are, the line goes there."""
    repo.write({"lefthook.yml": "pre-commit:\n"})
    repo.git("config", "core.hooksPath", ".hooks")
    told = cli("hook", "install").out
    assert f"add to {repo.path}/lefthook.yml:\n    run: git lanes hook run commit-msg {{1}}" in told
    repo.write({"lefthook.yml": "x:\n  run: git lanes hook run commit-msg {1}\n"})
    assert statuses(repo) == ["other", "missing"]


def test_pre_commit_was_there(repo: TestRepo, cli: Cli) -> None:
    """Its hook runs before ours, and is there again to the byte when ours is gone."""
    repo.write({".pre-commit-config.yaml": CONFIG})
    repo.git("add", "--all")
    run(repo, sys.executable, "-m", "pre_commit", "install", "--hook-type", "commit-msg")
    hook = repo.path / ".git/hooks/commit-msg"
    before = hook.read_bytes(), hook.stat().st_mode
    assert cli("hook", "install").code == 0
    assert statuses(repo) == ["chained", "installed"]
    assert len(change(repo)) == 41
    assert said(repo) == ["theirs"]
    assert cli("hook", "uninstall").code == 0
    assert (hook.read_bytes(), hook.stat().st_mode) == before
    assert change(repo) == ""
    assert said(repo) == ["theirs"]


def test_pre_commit_comes_later(repo: TestRepo, cli: Cli) -> None:
    """It puts ours aside and goes on running it; we see that, and leave both."""
    assert cli("hook", "install").code == 0
    repo.write({".pre-commit-config.yaml": CONFIG})
    repo.git("add", "--all")
    run(repo, sys.executable, "-m", "pre_commit", "install", "--hook-type", "commit-msg")
    legacy = repo.path / ".git/hooks/commit-msg.legacy"
    assert cli("hook", "status").out.splitlines()[0] == f"commit-msg: run by {legacy}"
    assert cli("hook", "install").code == 0
    first = change(repo)
    assert len(first) == 41
    assert change(repo, "--amend") == first
    assert said(repo) == ["theirs", "theirs"]


def test_pre_commit_comes_again(repo: TestRepo, cli: Cli) -> None:
    """Put aside by what it runs itself, ours ends all the same, and the id is one."""
    repo.write({".pre-commit-config.yaml": CONFIG})
    repo.git("add", "--all")
    for _ in range(2):
        run(repo, sys.executable, "-m", "pre_commit", "install", "--hook-type", "commit-msg")
        cli("hook", "install")
    assert len(change(repo)) == 41
    assert said(repo) == ["theirs"]


def test_a_manager_of_another_version_comes_again(repo: TestRepo, cli: Cli) -> None:
    """Hooks that would run each other for ever end, and the id is one."""
    hooks = repo.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    hook = hooks / "commit-msg"
    for version in "12":
        if hook.exists():
            hook.rename(hooks / "commit-msg.old")
        hook.write_text(
            f"#!/bin/sh\necho {version} >>said\n"
            '[ ! -f .git/hooks/commit-msg.old ] || .git/hooks/commit-msg.old "$@"\n'
        )
        hook.chmod(0o755)
        if version == "1":
            assert cli("hook", "install").code == 0
    assert len(change(repo)) == 41
    assert said(repo) == ["2", "1"]


def test_pre_commit_runs_ours(repo: TestRepo) -> None:
    """Ours can be one of its hooks."""
    ours = CONFIG.replace("sh -c 'echo theirs >>said'", "git lanes hook run commit-msg")
    repo.write({".pre-commit-config.yaml": ours})
    repo.git("add", "--all")
    run(repo, sys.executable, "-m", "pre_commit", "install", "--hook-type", "commit-msg")
    assert statuses(repo) == ["other", "missing"]
    assert len(change(repo)) == 41


@pytest.fixture
def node(repo: TestRepo) -> TestRepo:
    """The repository with packages of npm's to come; the network is needed for them."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    probe = subprocess.run(["npm", "ping"], capture_output=True, check=False, timeout=60)
    if probe.returncode:
        pytest.skip("npm's registry cannot be reached")
    config = Path.home() / ".npmrc"
    if config.exists():
        shutil.copy(config, Path(repo.environ["HOME"]) / ".npmrc")
    repo.write({"package.json": '{"name": "x", "private": true}\n', ".gitignore": "node_modules\n"})
    return repo


@pytest.mark.slow
def test_real_husky(node: TestRepo, cli: Cli) -> None:
    """Husky as it comes goes on working with our lines in its files, and without them."""
    run(node, "npm", "install", "--no-audit", "--no-fund", "husky")
    run(node, "npx", "husky", "init")
    node.write({".husky/pre-commit": "echo theirs >>said\n"})
    config = (node.path / ".git/config").read_bytes()
    assert change(node) == ""
    assert said(node) == ["theirs"]
    assert cli("hook", "install").code == 1
    for hook in node.lanes.hook_status().hooks:
        with Path(str(hook.file)).open("a") as file:
            file.write(f"{hook.line}\n")
    assert statuses(node) == ["other", "other"]
    first = change(node)
    assert len(first) == 41
    assert change(node, "--amend") == first
    assert said(node) == ["theirs", "theirs"]
    node.lane("auth", {"f": "x\n"})
    node.git("switch", "--quiet", "--detach", "refs/lanes/head/auth")
    change(node, "--amend")
    assert [x.new for x in node.lanes.became("auth")] == [node.rev("HEAD")]
    assert (node.path / ".git/config").read_bytes() == config


@pytest.mark.slow
def test_real_lefthook(node: TestRepo, cli: Cli) -> None:
    """Lefthook's own hook runs before ours, and ours can be a command of its."""
    run(node, "npm", "install", "--no-audit", "--no-fund", "lefthook")
    theirs = "commit-msg:\n  commands:\n    theirs:\n      run: echo theirs >>said\n"
    node.write({"lefthook.yml": theirs})
    run(node, "npx", "lefthook", "install")
    assert cli("hook", "install").code == 0
    assert statuses(node) == ["chained", "installed"]
    assert len(change(node)) == 41
    assert said(node) == ["theirs"]
    assert cli("hook", "uninstall").code == 0
    ours = "    ours:\n      run: git lanes hook run commit-msg {1}\n"
    node.write({"lefthook.yml": theirs + ours})
    run(node, "npx", "lefthook", "install")
    assert statuses(node) == ["other", "missing"]
    assert len(change(node)) == 41
    assert said(node) == ["theirs"]
