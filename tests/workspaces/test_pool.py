"""The warm pool: a directory that a lane has no use for becomes the next one's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gitlanes.errors import Refused
from gitlanes.store import pooled
from gitlanes.workspaces import finding, pool
from tests.support.repos import TestRepo

ORDERED = """[workspace]
copy = [".env"]
setup = [{args = ["sh", "-c", "mkdir out; date +%N >out/x"], makes = ["out"], inputs = ["lock"]}]
"""


@pytest.fixture
def kept(repo: TestRepo) -> TestRepo:
    """A repository that keeps one directory, and gives workspaces something."""
    repo.git("config", "lanes.pool", "1")
    (repo.path / ".git/info/exclude").write_text(".env\nout\nnotes\n")
    repo.save({".gitlanes.toml": ORDERED, "lock": "1\n"})
    repo.write({".env": "key\n"})
    repo.lanes.trust()
    return repo


def above(repo: TestRepo) -> Path:
    """Return where workspaces lie."""
    return repo.path.with_name("repo.lanes")


def test_a_directory_is_used_again(kept: TestRepo) -> None:
    """Only what differs is written; no secret and nothing untracked stays but what was made."""
    place = kept.lane("auth", {"new.py": "1\n", "auth.py": "other\n"})
    made = (place / "out/x").read_text()
    kept.write({"notes": "secret\n", "deep/a.pyc": "x\n", "out/cache": "x\n"}, place)
    untouched = (place / "src/app.py").stat()
    kept.lanes.delete("auth")
    assert os.listdir(above(kept)) == ["@pool-1"]
    waiting = above(kept) / "@pool-1"
    inside = {x for x in os.listdir(waiting) if x != ".git"}
    assert inside == {".gitlanes.toml", "auth.py", "lock", "new.py", "out", "src"}
    assert kept.lanes.doctor().sound
    with kept.inner() as inner:
        assert [*finding.linked(inner)] == []
    place = kept.lane("login")
    assert os.listdir(above(kept)) == ["login"]
    assert {x for x in os.listdir(place) if x != ".git"} == (inside - {"new.py"}) | {".env"}
    assert (place / "auth.py").read_text() == "login\n"
    assert (place / "out/x").read_text() == made
    now = (place / "src/app.py").stat()
    assert (now.st_ino, now.st_mtime_ns) == (untouched.st_ino, untouched.st_mtime_ns)
    assert kept.git("status", "--porcelain", cwd=place) == ""
    assert kept.lanes.status("login").unsaved == ()
    kept.commit("login", {"more.py": "1\n"})
    # What somebody did there meanwhile goes as well.
    kept.lanes.remove_workspace("login")
    kept.write({"auth.py": "torn\n", "left": "x\n"}, waiting)
    place = Path(kept.lanes.create_workspace("login").path)
    assert (place / "auth.py").read_text() == "login\n"
    assert not (place / "left").exists()
    # Another input makes what was made of no use.
    kept.lanes.archive("login")
    kept.save({"lock": "2\n"})
    assert (kept.lane("third") / "out/x").read_text() != made
    assert not (kept.workspace("third") / "out/cache").exists()
    kept.fsck()
    # One that git cannot move is no obstacle.
    kept.lanes.remove_workspace("third")
    with kept.inner() as inner:
        (tree,) = pool.free(inner)
    Path(tree.git_dir, "index").write_bytes(b"damaged")
    assert kept.lane("fourth").is_dir()
    assert sorted(os.listdir(above(kept))) == ["@pool-1", "fourth"]


def test_what_is_not_kept(kept: TestRepo) -> None:
    """Neither more than the limit, nor unsaved work, nor what git or a lane has apart there."""
    for name in ("one", "two", "three", "four"):
        kept.lane(name)
    kept.lanes.new("part", sparse=["src"])
    kept.lanes.remove_workspace("part")
    assert not (above(kept) / "@pool-1").exists()
    kept.write({"auth.py": "unsaved\n"}, kept.workspace("one"))
    with pytest.raises(Refused, match="1 unsaved file"):
        kept.lanes.remove_workspace("one")
    saved = kept.lanes.remove_workspace("one", force=True)
    assert saved is not None
    assert not (above(kept) / "@pool-1").exists()
    kept.lanes.remove_workspace("two")
    assert (above(kept) / "@pool-1").exists()
    kept.lanes.remove_workspace("three")
    assert sorted(os.listdir(above(kept))) == ["@pool-1", "four"]
    kept.lanes.new("detail", workspace=False)
    kept.lanes.create_workspace("detail", detached=True)  # takes none: it is for looking only
    assert (above(kept) / "@pool-1").exists()
    kept.lanes.distrust()
    place = kept.lane("untrusted")
    assert not (above(kept) / "@pool-1").exists()
    assert not (place / "out").exists()  # nobody vouches for it now


def test_who_works_there_still(kept: TestRepo) -> None:
    """A directory in which a process stands goes: it would write into what is another lane's."""
    place = kept.lane("auth")
    (place / "src/deep").mkdir()
    with subprocess.Popen(["cat"], cwd=place / "src/deep", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        kept.lanes.remove_workspace("auth")
        process.stdin.close()
    assert os.listdir(above(kept)) == []
    with subprocess.Popen(["cat"], cwd=kept.lane("login").parent, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        kept.lanes.remove_workspace("login")
        process.stdin.close()
    assert os.listdir(above(kept)) == ["@pool-1"]


def test_what_stands_in_the_way_of_a_move(kept: TestRepo) -> None:
    """One that a kill left without a lane, where a lane's is to be, makes way; others stay."""
    kept.lanes.remove_workspace(kept.lane("one").name)
    with kept.inner() as inner:
        (tree,) = pool.free(inner)
        os.rename(tree.path, above(kept) / "two")  # as a move that was cut short leaves it
        assert kept.lane("two").is_dir()
        assert pool.free(inner) == []
        assert not pooled.is_free(tree.git_dir)
    assert kept.git("worktree", "list").count("two") == 1
    kept.lanes.remove_workspace("two")
    with kept.inner() as inner:
        pool.drain(inner)
    assert os.listdir(above(kept)) == []
    assert len(kept.git("worktree", "list").splitlines()) == 1
