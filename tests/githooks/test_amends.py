"""A commit keeps its Change-Id when git amends it, and an amend takes no other commit's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.githooks.conftest import HOOKS
from tests.support.repos import TestRepo

ID = "%(trailers:key=Change-Id,valueonly,separator=%x2C)"


@pytest.fixture
def stamped(make_repo: Callable[..., TestRepo], shell: tuple[str, ...]) -> TestRepo:
    """A repository without lanes, whose commit-msg hook runs under one shell."""
    repo = make_repo(adopted=False)
    hook = repo.path / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    program = subprocess.run(["which", shell[0]], capture_output=True, text=True, check=True)
    first = " ".join([program.stdout.strip(), *shell[1:]])
    hook.write_text((HOOKS / "commit-msg").read_text().replace("#!/bin/sh", f"#!{first}", 1))
    hook.chmod(0o755)
    return repo


def change(repo: TestRepo, revision: str = "HEAD") -> str:
    """Return the Change-Ids of a commit."""
    return repo.git("log", "-1", f"--format={ID}", revision)


def ids(repo: TestRepo) -> list[str]:
    """Return the Change-Ids of all commits, oldest first, but for the very first one's."""
    return repo.git("log", "--reverse", f"--format={ID}").splitlines()[1:]


def series(repo: TestRepo, count: int) -> list[str]:
    """Make commits of a file each; return their Change-Ids."""
    for number in range(1, count + 1):
        repo.save({f"f{number}": "x\n"}, f"c{number}")
    found = ids(repo)
    assert len(set(found)) == count
    return found


def edits(repo: TestRepo, script: str, name: str = "GIT_SEQUENCE_EDITOR") -> None:
    """Let an editor be that script for sed."""
    repo.environ[name] = f"sed -i -e '{script}'"


AMENDS = {
    "a message": ("commit", "--amend", "-m", "new"),
    "a message in one word": ("commit", "-qam", "new", "--amend"),
    "a long option": ("commit", "--message=new --no-amend", "--amend"),
    "a short form of it": ("commit", "--ame", "--mess", "new"),
    "settings before": ("-c", "core.abbrev=7", "commit", "--amend", "-m", "new"),
    "another directory": ("-C", ".", "commit", "--amend", "-m", "new"),
    "a file": ("commit", "--amend", "-F", "auth.py"),
    "no edit": ("commit", "--amend", "--no-edit"),
    "a path": ("commit", "--amend", "-m", "new", "--", "auth.py"),
    "an alias": ("again", "-m", "new"),
    "after all": ("commit", "--no-amend", "--amend", "-m", "new"),
}
NO_AMENDS = {
    "in a message": ("commit", "--allow-empty", "-m", "--amend"),
    "in words": ("commit", "--allow-empty", "-m", "words --amend words"),
    "in a word": ("commit", "--allow-empty", "--message=--amend"),
    "as a path": ("commit", "-m", "new", "--", "--amend"),
    "taken back": ("commit", "--allow-empty", "--amend", "--no-amend", "-m", "new"),
    "as an author": ("commit", "--allow-empty", "-m", "new", "--author", "--amend <a@b>"),
}


@pytest.mark.parametrize("case", AMENDS)
def test_an_amend_keeps_the_id(stamped: TestRepo, case: str) -> None:
    """However an amend is asked for, what it makes has the id of what it replaces."""
    stamped.git("config", "alias.again", "commit --amend --quiet")
    before = series(stamped, 2)
    stamped.write({"auth.py": "amended\n"})
    stamped.git(*AMENDS[case])
    assert ids(stamped) == before


@pytest.mark.parametrize("case", NO_AMENDS)
def test_another_commit_gets_another_id(stamped: TestRepo, case: str) -> None:
    """Words that only look like an amend give a new commit no other one's id."""
    (first,) = series(stamped, 1)
    stamped.write({"--amend": "x\n"})
    stamped.git("add", "--", "--amend")
    stamped.git(*NO_AMENDS[case])
    assert ids(stamped)[0] == first
    assert len(set(ids(stamped))) == 2


def test_an_id_taken_out_in_an_editor(stamped: TestRepo) -> None:
    """Who deletes the line makes another change of it, as with Gerrit."""
    (first,) = series(stamped, 1)
    edits(stamped, "/^Change-Id/d", "GIT_EDITOR")
    stamped.git("commit", "--amend", "--quiet")
    assert ids(stamped) not in ([first], [""])


def test_a_commit_without_an_id(stamped: TestRepo) -> None:
    """What had none gets one when it is amended."""
    stamped.git("commit", "--allow-empty", "--no-verify", "-m", "old")
    assert change(stamped) == ""
    stamped.git("commit", "--allow-empty", "--amend", "-m", "new")
    assert len(change(stamped)) == 41


def test_a_link_keeps_the_id(stamped: TestRepo) -> None:
    """With gerrit.reviewUrl the link of the new message has the id of the old one."""
    stamped.git("config", "gerrit.reviewUrl", "https://r.example")
    told = []
    for args in (["--allow-empty"], ["--allow-empty", "--amend"]):
        stamped.git("commit", *args, "-m", f"words {args}")
        told.append(stamped.git("log", "-1", "--format=%(trailers:key=Link,valueonly)"))
    assert told[0].startswith("https://r.example/id/I")
    assert told[0] == told[1]


@pytest.mark.parametrize("args", [("-m", "new"), ("--no-edit",)])
def test_a_commit_of_another_tool(stamped: TestRepo, args: tuple[str, ...]) -> None:
    """Amending a commit that has a change-id in its header, as jj writes it, adds none unasked."""
    data = stamped.git("cat-file", "commit", "HEAD")
    head, _, message = data.partition("\n\n")
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=stamped.path,
        env=stamped.environ,
        input=f"{head}\nchange-id {'k' * 32}\n\n{message}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    stamped.git("reset", "--quiet", "--hard", made.stdout.strip())
    stamped.git("commit", "--quiet", "--allow-empty", "--amend", *args)
    assert f"\nchange-id {'k' * 32}" in stamped.git("cat-file", "commit", "HEAD")
    assert change(stamped) == ""
    stamped.git("config", "gerrit.createChangeId", "always")
    stamped.git("commit", "--quiet", "--allow-empty", "--amend", *args)
    assert len(kept := change(stamped)) == 41
    stamped.git("commit", "--quiet", "--allow-empty", "--amend", "-m", "again")
    assert change(stamped) == kept
    stamped.git("config", "--unset", "gerrit.createChangeId")
    stamped.git("commit", "--allow-empty", "-m", "beside it")
    assert change(stamped) not in ("", kept)


def test_stops_of_a_rebase(stamped: TestRepo) -> None:
    """At stops to edit, and where messages are reworded, each commit keeps its own id."""
    first, second, third, fourth = series(stamped, 4)
    edits(stamped, "1s/pick/edit/;2s/pick/reword/;3s/pick/edit/")
    edits(stamped, "1s/^/new /", "GIT_EDITOR")
    stamped.git("rebase", "-i", "HEAD~4")
    stamped.git("commit", "--amend", "-m", "first")
    stamped.git("rebase", "--continue")
    stamped.git("commit", "--amend", "-m", "third")
    stamped.git("commit", "--allow-empty", "-m", "one more")
    stamped.git("rebase", "--continue")
    now = ids(stamped)
    assert [now[0], now[1], now[2], now[4]] == [first, second, third, fourth]
    assert now[3] not in (first, second, third, fourth)
    titles = stamped.git("log", "--reverse", "--format=%s").splitlines()[1:]
    assert titles == ["first", "new c2", "third", "one more", "c4"]


def test_a_split(stamped: TestRepo) -> None:
    """What a commit is split into are new changes, unless the user says otherwise."""
    first, second = series(stamped, 2)
    edits(stamped, "1s/pick/edit/")
    stamped.git("rebase", "-i", "HEAD~1")
    stamped.git("reset", "--quiet", "HEAD~1")
    stamped.save({"f2": "half\n"}, "half")
    stamped.save({"f2": "x\n"}, "whole")
    stamped.git("rebase", "--continue")
    assert ids(stamped)[0] == first
    assert len({*ids(stamped), second}) == 4


@pytest.mark.parametrize("word", ["fixup", "squash"])
def test_fixups_and_squashes(stamped: TestRepo, word: str) -> None:
    """A fixup leaves its target's id; of a squash, git's message has the ids of both."""
    first, second, third = series(stamped, 3)
    edits(stamped, f"2s/pick/{word}/")
    stamped.environ["GIT_EDITOR"] = "true"
    stamped.git("rebase", "-i", "HEAD~3")
    assert ids(stamped) == [first if word == "fixup" else second, third]
    assert first in stamped.git("log", "-1", "--format=%B", "HEAD~1")


def test_autosquash(stamped: TestRepo) -> None:
    """Commits that wait to be squashed have no id, and their target keeps its own."""
    first, second = series(stamped, 2)
    stamped.write({"f1": "y\n"})
    stamped.git("commit", "--quiet", "-a", "--fixup=HEAD~1")
    assert change(stamped) == ""
    stamped.environ["GIT_EDITOR"] = stamped.environ["GIT_SEQUENCE_EDITOR"] = "true"
    stamped.git("rebase", "-i", "--autosquash", "HEAD~3")
    assert ids(stamped) == [first, second]


def conflict(repo: TestRepo, how: str) -> list[str]:
    """Stop a rebase at a conflict of its second commit; return the ids from before."""
    repo.save({"auth.py": "one\n"}, "one")
    repo.save({"auth.py": "two\n"}, "two")
    repo.save({"auth.py": "three\n"}, "three")
    before = ids(repo)
    edits(repo, f"2d;3s/pick/{how}/")
    repo.git("rebase", "-i", "HEAD~3", check=False)
    assert "UU auth.py" in repo.git("status", "--porcelain")
    repo.write({"auth.py": "solved\n"})
    repo.git("add", "auth.py")
    return before


@pytest.mark.parametrize("how", ["pick", "edit", "reword"])
def test_an_amend_at_a_conflict(stamped: TestRepo, how: str) -> None:
    """HEAD is another commit there: an amend by mistake takes no id from it."""
    before = conflict(stamped, how)
    done = subprocess.run(
        ["git", "commit", "--amend", "-m", "three, solved"],
        cwd=stamped.path,
        env=stamped.environ,
        capture_output=True,
        check=False,
    )
    if done.returncode:  # newer versions of git refuse it
        stamped.git("rebase", "--abort")
        assert ids(stamped) == before
    else:
        assert change(stamped) not in before
        assert len(change(stamped)) == 41


@pytest.mark.parametrize("how", ["pick", "fixup"])
def test_a_solved_conflict_goes_on(stamped: TestRepo, how: str) -> None:
    """Going on after a conflict leaves each commit its own id."""
    before = conflict(stamped, how)
    stamped.environ["GIT_EDITOR"] = "true"
    stamped.git("rebase", "--continue")
    assert ids(stamped) == ([before[0], before[2]] if how == "pick" else [before[0]])


def test_an_amend_after_a_solved_conflict(stamped: TestRepo) -> None:
    """Once the commit is made, HEAD is that one, and amending it is amending it."""
    before = conflict(stamped, "pick")
    stamped.environ["GIT_EDITOR"] = "true"
    stamped.git("commit", "--quiet")
    assert change(stamped) == before[2]
    stamped.git("commit", "--quiet", "--amend", "-m", "better")
    assert change(stamped) == before[2]
    stamped.git("rebase", "--continue")
    assert ids(stamped) == [before[0], before[2]]


def test_merges_and_reverts(stamped: TestRepo) -> None:
    """A merge and a revert are changes of their own."""
    (first,) = series(stamped, 1)
    stamped.git("switch", "--quiet", "--create", "side", "HEAD~1")
    stamped.save({"side": "x\n"}, "side")
    stamped.git("merge", "--quiet", "--no-edit", "main")
    merge = change(stamped)
    assert len(merge) == 41
    assert merge not in (first, change(stamped, "HEAD~1"))


@pytest.mark.parametrize("with_ps", [True, False])
def test_without_proc(stamped: TestRepo, tmp_path: Path, with_ps: bool) -> None:
    """Where processes are not files `ps` is asked; without it an amend is not recognised."""
    hook = stamped.path / ".git/hooks/commit-msg"
    hook.write_text(hook.read_text().replace("/proc/", "/no-proc/"))
    (first,) = series(stamped, 1)
    if not with_ps:
        programs = tmp_path / "programs"
        programs.mkdir()
        for place in stamped.environ["PATH"].split(os.pathsep):
            for program in Path(place).glob("*") if Path(place).is_dir() else ():
                if program.name != "ps" and not (programs / program.name).exists():
                    (programs / program.name).symlink_to(program)
        stamped.environ["PATH"] = str(programs)
    stamped.git("commit", "--allow-empty", "--amend", "-m", "new words")
    assert (change(stamped) == first) == with_ps
    now = change(stamped)
    stamped.git("commit", "--allow-empty", "-m", "words of an --amend")
    assert change(stamped) not in (first, now)


def test_a_hook_that_runs_the_hook(stamped: TestRepo) -> None:
    """Called from a script of a hook manager it finds the git that is at work all the same."""
    hook = stamped.path / ".git/hooks/commit-msg"
    hook.rename(hook.with_name("ours"))
    hook.write_text('#!/bin/sh\nsh -c "sh -e .git/hooks/theirs \\"\\$1\\"" x "$1"\n')
    hook.with_name("theirs").write_text('.git/hooks/ours "$1"\n')
    hook.chmod(0o755)
    before = series(stamped, 2)
    stamped.git("commit", "--amend", "-m", "new")
    assert ids(stamped) == before
