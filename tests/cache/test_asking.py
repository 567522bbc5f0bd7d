"""The cache: as new as the refs, disposable, made anew when it is damaged."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from gitlanes import Intent, Judgement, LanesError, Unsupported
from gitlanes.cache import database
from tests.support.cli import spawn_cli
from tests.support.repos import TestRepo


def cache_of(repo: TestRepo) -> Path:
    """Return where the cache is."""
    return repo.path / ".git/lanes/search.db"


def found(repo: TestRepo, query: str, **among: object) -> list[str]:
    """Return the ids of the attempts that a search finds."""
    return [x.attempt.id for x in repo.lanes.search(query, **among).hits]  # type: ignore[arg-type]


def dump(path: Path) -> list[object]:
    """Return what a cache says of entries, attempts, tags and texts, whatever their keys are."""
    with closing(sqlite3.connect(path)) as db:
        return [
            sorted(map(repr, db.execute(query).fetchall()))
            for query in (
                "SELECT oid, second, stamp, lane, plain FROM entries",
                "SELECT uuid, status, digest, oid FROM attempts JOIN entries ON seq = entry",
                "SELECT a.uuid, t.tag FROM tags t JOIN attempts a ON a.id = t.attempt",
                "SELECT a.uuid, t.* FROM texts t JOIN attempts a ON a.id = t.rowid",
                "SELECT * FROM journals",
                "SELECT * FROM notes",
                "SELECT * FROM facts",
            )
        ]


def story(repo: TestRepo) -> None:
    """Let lane auth offer, reject and accept work, a cache asked after each step."""
    place = repo.lane("auth")
    for number in range(4):
        repo.write({"auth.py": f"{number}\n"}, place)
        made = repo.lanes.propose("auth", intent=Intent(prompt=f"step {number}", tags=("t",)))
        assert found(repo, f"step {number}")
        judge = repo.lanes.reject if number % 2 else repo.lanes.accept
        judge(made.attempt.id, Judgement(by="ada", reason=f"because {number}"))
        assert made.attempt.id in found(repo, f"because {number}")


def test_going_on_is_the_same_as_beginning_anew(repo: TestRepo) -> None:
    """A cache that was brought up to date holds what one built from nothing does."""
    story(repo)
    repo.lanes.promote("auth", mode="squash")
    repo.lanes.rename("auth", "login")
    assert found(repo, "step 3")
    before = dump(cache_of(repo))
    cache_of(repo).unlink()
    assert found(repo, "step 3")
    assert dump(cache_of(repo)) == before


@pytest.mark.parametrize("harm", ["gone", "garbage", "cut", "other version", "lying"])
def test_a_damaged_cache_is_made_anew(repo: TestRepo, harm: str) -> None:
    """Whatever happened to the file, the answer is the same, and the file is whole again."""
    story(repo)
    wanted, path = found(repo, "step"), cache_of(repo)
    repo.lanes.close()
    before = dump(path)
    content = path.read_bytes()
    if harm == "gone":
        path.unlink()
    elif harm == "garbage":
        path.write_bytes(os.urandom(len(content)))
    elif harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "other version":
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version = 99")
    else:
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE attempts SET uuid = 'x' || uuid")
            db.commit()
    assert found(repo, "step") == wanted
    assert dump(path) == before


def test_journals_that_do_not_go_on(repo: TestRepo) -> None:
    """After a journal was moved back or deleted, nothing of what it had is found."""
    story(repo)
    journal = "refs/lanes/journal/auth"
    older = repo.git("log", "--first-parent", "--format=%H", "--skip=2", "-1", journal)
    assert found(repo, '"step 3"') == ["auth/4"]
    repo.git("update-ref", journal, older)
    assert found(repo, '"step 3"') == []
    assert found(repo, '"step 2"') == ["auth/3"]
    repo.git("update-ref", "-d", journal)
    assert found(repo, '"step 2"') == []


def test_notes_that_changed_alone(repo: TestRepo) -> None:
    """A note that came, or went, without any operation is noticed."""
    story(repo)
    commit = repo.lanes.show("auth/1").attempts[0].attempt.commit
    line = (
        '{"attempt":"auth/1","id":"zz","kind":"work","prompt":"an afterthought",'
        '"schema":"gitlanes.intent/1","tags":["late"]}'
    )
    repo.git("notes", "--ref=lanes/intents", "append", "-m", line, commit)
    assert found(repo, "afterthought") == ["auth/1"]
    assert found(repo, "afterthought", tag="late") == ["auth/1"]
    repo.git("notes", "--ref=lanes/intents", "remove", commit)
    assert found(repo, "afterthought") == []


def test_a_repository_that_cannot_be_written(repo: TestRepo) -> None:
    """Without a place for the file the answer comes from memory, and nothing is left behind."""
    story(repo)
    wanted = found(repo, "step")
    cache_of(repo).unlink()
    (repo.path / ".git/lanes/search.lock").unlink()
    # A directory in the lock's place: nobody can lock it, root neither.
    (repo.path / ".git/lanes/search.lock").mkdir()
    assert found(repo, "step") == wanted
    assert not cache_of(repo).exists()


def test_many_at_once(repo: TestRepo) -> None:
    """Processes that search while the cache is built, and while lanes move, all get answers."""
    story(repo)
    cache_of(repo).unlink()
    with ThreadPoolExecutor(8) as pool:
        runs = [
            pool.submit(spawn_cli, repo.path, repo.environ, "search", "step", "-z")
            for _ in range(8)
        ]
        for number in range(3):
            repo.commit("auth", {"auth.py": f"more {number}\n"}, f"step more {number}")
        ran = [x.result() for x in runs]
    assert [(x.code, x.err) for x in ran] == [(0, "")] * 8
    assert all(x.out.count("auth/") >= 4 for x in ran)
    assert len(found(repo, "step")) == 7
    with closing(sqlite3.connect(cache_of(repo))) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_killed_builder_leaves_nothing_in_the_way(repo: TestRepo) -> None:
    """A process killed at its work harms neither the cache nor the next one."""
    story(repo)
    wanted = found(repo, "step")
    for wait in (0.15, 0.2, 0.25, 0.3):
        cache_of(repo).unlink(missing_ok=True)
        with subprocess.Popen(
            ["timeout", "-s", "KILL", str(wait), "python3", "-m", "gitlanes", "search", "step"],
            cwd=repo.path,
            env=repo.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ):
            pass
        assert found(repo, "step") == wanted


def test_a_damaged_journal_is_named_each_time(repo: TestRepo) -> None:
    """What cannot be read is left out, with a warning at every search, until it is mended."""
    story(repo)
    repo.work("ui", {"ui.py": "1\n"})
    good = repo.rev("refs/lanes/journal/auth")
    empty = repo.git("hash-object", "-t", "tree", "-w", "/dev/null")
    bad = repo.git("commit-tree", "-p", good, "-m", "no entry", empty)
    repo.git("update-ref", "refs/lanes/journal/auth", bad)
    for _ in range(2):
        assert "ui/1" in found(repo, "work")
        assert any("damaged" in x for x in repo.lanes.take_warnings())
    repo.git("update-ref", "refs/lanes/journal/auth", good)
    assert len(found(repo, "step")) == 4
    assert repo.lanes.take_warnings() == []


def test_without_fts5() -> None:
    """A SQLite without the module that is needed is named, with the way out."""
    with closing(sqlite3.connect(":memory:")) as db, pytest.raises(sqlite3.Error) as raised:
        db.execute("CREATE VIRTUAL TABLE x USING fts99 (y)")
    known = database.explained(raised.value)
    assert isinstance(known, Unsupported)
    assert "FTS5" in known.message
    assert isinstance(known, LanesError)


def test_deleting_it_loses_nothing(repo: TestRepo) -> None:
    """Without `.git/lanes` all goes on."""
    story(repo)
    wanted = found(repo, "step")
    repo.lanes.close()
    for path in (repo.path / ".git/lanes").iterdir():
        path.unlink()
    (repo.path / ".git/lanes").rmdir()
    assert found(repo, "step") == wanted
    repo.fsck()


def test_texts_that_are_no_utf8(repo: TestRepo) -> None:
    """A byte that was none stands as a question mark; all else is found beside it."""
    odd = b"caf\xe9".decode("utf-8", "surrogateescape")
    repo.lanes.new("auth", workspace=False)
    repo.lanes.put_file("auth", "1.txt", b"1\n", message="Add one")
    repo.lanes.put_file("auth", "2.txt", b"2\n", message=f"Add {odd}", intent=Intent(tags=(odd,)))
    assert found(repo, "one") == ["auth/1"]
    assert found(repo, odd) == ["auth/2"]
    assert found(repo, "add", tag=odd) == ["auth/2"]
    assert found(repo, "add", tag="other") == []
    assert {x.attempt.id for x in repo.lanes.similar("Add one").hits} >= {"auth/1"}
