"""Patches of a lane, which `git am` takes whatever people have configured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import BadValue, Raced, Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

_OWN_WISHES = (
    *(("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"), ("diff.context", "0")),
    *(("format.coverLetter", "true"), ("format.useAutoBase", "true"), ("format.attach", "x")),
    *(("diff.external", "/bin/false"), ("diff.orderFile", "/nowhere"), ("color.ui", "always")),
    *(("diff.renames", "copies"), ("diff.ignoreSubmodules", "all")),
)


@pytest.fixture
def worked(repo: TestRepo) -> TestRepo:
    """A lane with two accepted attempts: text, bytes, other line ends, a file that goes."""
    place = repo.lane("auth")
    repo.write({"auth.py": "login\nm\u00f6re\n", "b": bytes(range(256)), "crlf": b"a\r\nb"}, place)
    repo.commit("auth", {}, "Fr\u00fchling")
    repo.commit("auth", {"src/app.py": None, "app2.py": "app\n"}, "Move")
    return repo


def applied(repo: TestRepo, patches: tuple[str, ...]) -> str:
    """Return the tree that `git am` makes of patches, on top of main."""
    repo.git("switch", "--quiet", "--force-create", "applied", "main")
    repo.git("am", "--quiet", "--keep-cr", *patches)
    tree = repo.rev("applied^{tree}")
    repo.git("switch", "--quiet", "main")
    return tree


def test_they_apply(worked: TestRepo, tmp_path: Path) -> None:
    """A commit each, with its message; what comes of them is the lane's own tree."""
    before = worked.refs()
    made = worked.lanes.format_patches("auth", directory=tmp_path / "p")
    assert [Path(x).name for x in made.patches] == ["0001-Fr-hling.patch", "0002-Move.patch"]
    assert (made.branch, worked.refs()) == (None, before)
    assert applied(worked, made.patches) == worked.rev("refs/lanes/head/auth^{tree}")
    told = worked.git("log", "-1", "--format=%s %(trailers:key=Change-Id,valueonly)", "applied")
    assert told.split() == ["Move", str(worked.lanes.show("auth/2").attempts[0].attempt.change_id)]


@pytest.mark.parametrize(("key", "value"), _OWN_WISHES)
def test_whatever_is_configured(worked: TestRepo, tmp_path: Path, key: str, value: str) -> None:
    """How people like their own diffs and patches does not change what is written."""
    worked.git("config", key, value)
    made = worked.lanes.format_patches("auth", directory=tmp_path / "p")
    worked.git("config", "--unset", key)
    assert applied(worked, made.patches) == worked.rev("refs/lanes/head/auth^{tree}")


def test_the_directory_is_where_one_stands(worked: TestRepo, cli: Cli) -> None:
    """A relative place is one in the present directory, and the paths told can be opened."""
    ran = cli("export", "auth", "--format-patch", "out", cwd=worked.path / "src")
    first = worked.path / "src/out/0001-Fr-hling.patch"
    assert ran.out.splitlines()[0] == str(first)
    assert first.exists()
    assert [x.name for x in worked.path.rglob("out")] == ["out"]


def test_what_cannot_be(worked: TestRepo, tmp_path: Path, cli: Cli) -> None:
    """No branches, no files of others, no lane that moved."""
    with pytest.raises(BadValue, match="patches are a commit each"):
        worked.lanes.format_patches("auth", directory=tmp_path / "p", form="as-is")
    with pytest.raises(Raced):
        worked.lanes.format_patches("auth", directory=tmp_path / "p", expect="0000")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/0001-mine.patch").write_text("mine")
    with pytest.raises(Refused, match="is not empty"):
        worked.lanes.format_patches("auth", directory=tmp_path / "full")
    assert cli("export", "auth", "--format-patch", "p", "--expect", "0000").code == 75


@pytest.mark.parametrize("cut", ["---", "--- a/x", "diff --git a/x b/x", "Index: x"])
def test_a_message_that_would_be_cut(worked: TestRepo, tmp_path: Path, cut: str) -> None:
    """A line that `git am` takes for the beginning of the change is told, nothing is written."""
    worked.commit("auth", {"auth.py": "z\n"}, f"Title\n\n{cut}\nmore")
    with pytest.raises(Refused, match="'git am' would cut the message of 'Title'"):
        worked.lanes.format_patches("auth", directory=tmp_path / "p")
    assert not (tmp_path / "p").exists()


def test_commits_that_change_nothing(repo: TestRepo) -> None:
    """There is no patch of them: git am would take none of all."""
    repo.git("switch", "--quiet", "--create", "feature")
    for number in (1, 2):
        repo.save({f"{number}.txt": "x\n"}, f"commit {number}")
        repo.git("commit", "--quiet", "--allow-empty", "--message=Trigger CI")
    tree = repo.rev("feature^{tree}")
    repo.git("switch", "--quiet", "main")
    repo.lanes.import_branch("feature")
    made = repo.lanes.format_patches("feature", directory=repo.path.with_name("patches"))
    assert [Path(x).name for x in made.patches] == ["0001-commit-1.patch", "0003-commit-2.patch"]
    assert set(repo.lanes.take_warnings()) == {
        "'Trigger CI' changes nothing: there is no patch of it"
    }
    assert len(list(repo.path.with_name("patches").iterdir())) == 2
    assert applied(repo, made.patches) == tree
