"""Scratch workspaces: reused, cleaned, nobody's lane, one for each that judges at a time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.gates.test_flow import FREE, attempt, judged, runs
from tests.support.cli import Ran, start_cli
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
ONE = {"jobs": 1}


def scratch(repo: TestRepo, number: int = 1) -> Path:
    """Return where a scratch workspace lies."""
    return repo.path.with_name(f"{repo.path.name}.lanes") / f"@gates-{number}"


def test_it_is_reused_and_nobody_s_workspace(repo: TestRepo, cli: Cli) -> None:
    """One directory serves all, no listing shows it, doctor knows it, git finds nothing wrong."""
    set_gates(repo, gate("g", "pwd; git rev-parse HEAD; git diff --cached --name-only HEAD"))
    base = repo.rev("main")
    repo.lane("auth", {"auth.py": "1\n"})
    first = repo.lanes.head("auth")
    (said,) = judged(repo, first)
    assert said["output"] == f"{scratch(repo)}\n{base}\nauth.py\n"
    repo.commit("auth", {"b.py": "1\n"})
    assert judged(repo, repo.lanes.head("auth"))[0]["output"].split()[1:] == [first, "b.py"]
    assert sorted(x.name for x in scratch(repo).parent.iterdir()) == ["@gates-1", "auth"]
    assert "@gates" not in cli("workspace", "list").out + cli("list").out + cli("status").out
    assert cli("doctor").code == 0
    assert repo.lanes.new("other").lane.name == "other"
    repo.fsck()


def test_what_a_gate_left_is_gone(repo: TestRepo) -> None:
    """Ignored files, repositories, closed directories, index flags, HEAD: nothing stays."""
    mess = (
        "[ ! -e left ] && [ ! -e x.log ] && [ $(cat src/app.py) = app ] || exit 3\n"
        "touch left x.log; git init -q inner; touch inner/f\n"
        "mkdir shut; touch shut/f; chmod 500 shut\n"
        "echo poison > src/app.py; git update-index --skip-worktree src/app.py\n"
        "git update-index --assume-unchanged auth.py; git checkout -q -b stray; rm -rf .git/x\n"
    )
    set_gates(repo, gate("g", mess, env=["GIT_CONFIG_GLOBAL"]), gates=ONE)
    repo.save({".gitignore": "*.log\n"})
    repo.work("auth", {"auth.py": "1\n"})
    repo.commit("auth", {"b.py": "1\n"})
    assert [x["passed"] for x in judged(repo, repo.lanes.head("auth"))] == [True]


def test_a_link_in_its_place_is_not_followed(repo: TestRepo, tmp_path: Path) -> None:
    """What a link by its name leads to is nobody's to clear, before there was one and after."""
    set_gates(repo, gate("g", "pwd -P"), gates=ONE)
    (tmp_path / "dear").mkdir()
    (tmp_path / "dear/file").write_text("dear\n")
    lane = repo.lane("auth")
    for number in range(2):
        if number:
            shutil.rmtree(scratch(repo))
        scratch(repo).symlink_to(tmp_path / "dear")
        repo.write({"auth.py": f"{number}\n"}, lane)
        repo.lanes.commit("auth", message="w")
        assert judged(repo, repo.lanes.head("auth"))[0]["output"] == f"{scratch(repo)}\n"
        assert [x.name for x in (tmp_path / "dear").iterdir()] == ["file"]


def test_ignored_files_may_stay(repo: TestRepo) -> None:
    """With `keep_ignored` what a build left is there the next time."""
    repo.save({".gitignore": "cache/\n"})
    script = "[ -e cache/x ] && echo warm; mkdir -p cache; touch cache/x left; true"
    set_gates(repo, gate("g", script), gates={**ONE, "keep_ignored": True})
    repo.work("auth", {"auth.py": "1\n"})
    assert "output" not in judged(repo, repo.lanes.head("auth"))[0]
    repo.commit("auth", {"b.py": "1\n"})
    assert judged(repo, repo.lanes.head("auth"))[0]["output"] == "warm\n"


def test_a_scratch_that_somebody_deleted(repo: TestRepo) -> None:
    """Its directory, its pointer or its git directory may go at any time: it is made anew."""
    set_gates(repo, gate("g", "cat auth.py"), gates=ONE)
    repo.lane("auth", {"auth.py": "0\n"})
    own = repo.path / ".git/worktrees/@gates-1"
    damage: list[Callable[[], object]] = [
        lambda: shutil.rmtree(scratch(repo)),
        lambda: (scratch(repo) / ".git").unlink(),
        lambda: shutil.rmtree(own),
        lambda: (own / "HEAD").unlink(),
        lambda: (own / "index").unlink(),
        lambda: (own / "lanes-index").unlink(),
        lambda: (own / "index.lock").touch(),
        lambda: shutil.rmtree(repo.path / ".git/lanes/scratch"),
    ]
    for number, break_it in enumerate(damage, 1):
        break_it()
        repo.commit("auth", {"auth.py": f"{number}\n"})
        said = [x["output"] for x in judged(repo, repo.lanes.head("auth"))]
        assert said == [f"{number}\n"]
    repo.fsck()


def test_gates_run_side_by_side(repo: TestRepo) -> None:
    """Two that wait for each other both pass, each in a directory of its own."""
    script = "touch {0}/{1}; while [ ! -e {0}/{2} ]; do sleep 0.01; done; pwd"
    where = repo.path.parent
    gates = [
        gate(name, script.format(where, name, other), timeout=30)
        for name, other in (("a", "b"), ("b", "a"))
    ]
    set_gates(repo, *gates, gates={"jobs": 2})
    repo.lane("auth", {"auth.py": "1\n"})
    said = {x["output"].strip() for x in judged(repo, repo.lanes.head("auth"))}
    assert said == {str(scratch(repo, 1)), str(scratch(repo, 2))}


def test_commands_judge_side_by_side(repo: TestRepo) -> None:
    """No lock is held while gates run: two lanes are judged at once, in different places."""
    where = repo.path.parent
    script = f"touch {where}/$(cat who); while [ ! -e {where}/go ]; do sleep 0.01; done; pwd"
    set_gates(repo, gate("g", script, timeout=60), gates=ONE)
    running = []
    for name in ("one", "two"):
        repo.lanes.new(name)
        repo.write({"who": name}, repo.workspace(name))
        running.append(start_cli(repo.workspace(name), repo.environ, "commit", "-m", name))
    while not all((where / name).exists() for name in ("one", "two")):
        assert all(x.poll() is None for x in running)
    repo.lanes.new("three")
    repo.write({"three": "3\n"}, repo.workspace("three"))
    assert repo.lanes.commit("three", message="w", waiver=FREE).attempt.status == "accepted"
    (where / "go").touch()
    assert [x.wait() for x in running] == [0, 0]
    for one in running:
        one.communicate()
    places = {judged(repo, repo.lanes.head(x))[0]["output"].strip() for x in ("one", "two")}
    assert places == {str(scratch(repo, 1)), str(scratch(repo, 2))}


def test_a_directory_that_leads_out(repo: TestRepo, tmp_path: Path) -> None:
    """A gate's `cwd` follows no link of the judged work out of the scratch workspace."""
    gone = {**gate("g", f"echo run >> {tmp_path}/ran; pwd"), "cwd": "src"}
    set_gates(repo, gone)
    repo.lane("auth", {"auth.py": "1\n"})
    assert judged(repo, repo.lanes.head("auth"))[0]["output"] == f"{scratch(repo)}/src\n"
    place = repo.workspace("auth")
    shutil.rmtree(place / "src")
    os.symlink(tmp_path, place / "src")
    found = repo.lanes.evaluate_workspace("auth").evaluations[0]
    assert (found.passed, found.reason) == (False, "'src' leads out of the scratch workspace")
    (place / "src").unlink()
    found = repo.lanes.evaluate_workspace("auth").evaluations[0]
    assert (found.passed, found.reason) == (False, "there is no directory 'src'")
    assert runs(tmp_path, "ran") == 1
    assert attempt(repo, "auth/1").status == "accepted"


def test_a_bare_repository(make_repo: Callable[..., TestRepo]) -> None:
    """Gates judge there, too; the scratch workspace lies beside it."""
    from tests.support.gates import text_of

    repo = make_repo({"auth.py": "1\n", ".gitlanes.toml": text_of(gate("g", "pwd"))}, bare=True)
    repo.lanes.trust()
    repo.lane("auth", {"auth.py": "2\n"})
    made = repo.lanes.promote("auth")
    place = repo.path.with_name("repo.lanes") / "@gates-1"
    assert judged(repo, made.head)[0]["output"] == f"{place}\n"
