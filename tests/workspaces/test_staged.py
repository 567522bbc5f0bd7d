"""What only the index has, neither HEAD nor the files: it stays staged, or a snapshot has it."""

from __future__ import annotations

from pathlib import Path

from tests.support.crashing import Crashes
from tests.support.repos import TestRepo


def stage(repo: TestRepo, place: Path) -> None:
    """Stage a new file that goes again, and of two others what the files have no more."""
    files = {"auth.py": (place / "auth.py").read_text(), "src/app.py": "edited\n"}
    repo.write({"auth.py": "staged\n", "src/app.py": "staged, too\n", "gone.txt": "gone\n"}, place)
    (place / "src/app.py").chmod(0o755)
    repo.git("add", "--all", cwd=place)
    (place / "src/app.py").chmod(0o644)
    repo.write({**files, "gone.txt": None}, place)


def staged(repo: TestRepo, place: Path) -> set[str]:
    """Return what is staged there beside HEAD: path, mode and content."""
    rows = repo.git("diff-index", "--cached", "--no-renames", "HEAD", cwd=place).splitlines()
    changes = (row.split() for row in rows)
    return {
        f"{path} {mode} {repo.git('cat-file', 'blob', x)}" for _, mode, _, x, _, path in changes
    }


ALL = {"auth.py 100644 staged", "src/app.py 100755 staged, too", "gone.txt 100644 gone"}


def test_it_stays_staged_where_head_goes_elsewhere(repo: TestRepo) -> None:
    """A rejection and a landing of a part move HEAD and leave what is staged."""
    place = repo.lane("auth")
    repo.propose("auth", {"auth.py": "offered\n", "other.txt": "other\n"})
    stage(repo, place)
    assert staged(repo, place) == ALL
    repo.lanes.reject("auth/1")
    assert repo.git("rev-parse", "HEAD", cwd=place) == repo.lanes.head("auth")
    assert staged(repo, place) == ALL
    assert (place / "auth.py").read_text() == "offered\n"
    repo.git("reset", "--quiet", "--hard", cwd=place)
    for name in ("one", "two"):
        repo.commit("auth", {f"{name}.txt": f"{name}\n"})
    stage(repo, place)
    repo.lanes.promote_stack(lane="auth", changes=["auth/3"])
    assert repo.git("rev-parse", "HEAD", cwd=place) == repo.lanes.head("auth")
    assert staged(repo, place) == ALL


def test_a_snapshot_has_it(repo: TestRepo) -> None:
    """`snapshot` keeps it beside the files; so does what removes a workspace."""
    place = repo.lane("auth")
    stage(repo, place)
    saved = [repo.lanes.snapshot("auth"), repo.lanes.snapshot("auth")]
    assert [x.id for x in saved] == ["auth/s1"] * 2
    stage(repo, place)
    repo.git("rm", "--quiet", "--cached", "--force", "gone.txt", cwd=place)
    removed = repo.lanes.remove_workspace("auth", force=True)
    assert removed is not None
    assert removed.id == "auth/s2"
    for found, gone in (("auth/s1", True), ("auth/s2", False)):
        kept = repo.lanes.show_snapshot(found)
        files = repo.files(f"{kept.commit}^2")
        assert (files["auth.py"], files["src/app.py"]) == ("staged", "staged, too")
        assert ("gone.txt" in files) == gone
        assert repo.files(kept.tree)["src/app.py"] == "edited"


def test_a_rejection_killed_before_head_moved(repo: TestRepo, tmp_path: Path) -> None:
    """The next command finishes it, and what was staged stays so."""
    place = repo.lane("auth")
    with Crashes(tmp_path / "crashes") as crashes:
        for number, step in enumerate(("git diff-index", "replace index.lock"), 1):
            repo.git("reset", "--quiet", "--hard", cwd=place)
            repo.propose("auth", {"auth.py": f"offer {number}\n"})
            stage(repo, place)
            reject = ("reject", f"auth/{number}")
            assert crashes.run(repo.path, repo.environ, *reject, before=step).killed
            assert repo.git("rev-parse", "HEAD", cwd=place) != repo.lanes.head("auth")
            repo.lanes.release("auth")
            assert repo.git("rev-parse", "HEAD", cwd=place) == repo.lanes.head("auth")
            assert staged(repo, place) == ALL
