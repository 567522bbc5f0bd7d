"""Asking the cache, which is brought up to date first, or built, or built for once in memory."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from gitlanes.cache import database, notes
from gitlanes.cache.database import Database
from gitlanes.cache.journals import FLAWED, Journals, MovedAside
from gitlanes.errors import Refused
from gitlanes.git.locks import hold
from gitlanes.store import journal, layout

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

T = TypeVar("T")
Question = Callable[[Database], T]
_NAME = "search.db"
_LOCK = "search.lock"


def ask(repo: LaneRepo, question: Question[T]) -> T:
    """Return what the question finds in a cache as new as the refs are now.

    A damaged one is made anew. Where nothing can be written it is made in memory. Raises
    NotAdopted, Unsupported without FTS5, Locked while another process builds for too long.
    """
    last: sqlite3.Error | None = None
    for way in (_kept, _anew, _in_memory):
        try:
            with closing(way(repo, _positions(repo))) as db:
                return question(db)
        except sqlite3.DatabaseError as error:
            if (known := database.explained(error)) is not None:
                raise known from error
            last = error
        except (_Unwritable, OSError):
            continue
    assert last is not None
    raise database.broken(last)


def ask_present(repo: LaneRepo, question: Question[T]) -> T | None:
    """Return what the question finds if there is a cache that is whole; None without one.

    It is brought up to date, but not built: for questions that can be answered without it.
    """
    if not os.path.isfile(_path(repo)):
        return None
    try:
        with closing(_kept(repo, _positions(repo), build=False)) as db:
            return question(db)
    except (sqlite3.Error, _Unwritable, OSError):
        return None


class _Unwritable(Exception):
    """The cache cannot be kept in its place, or must not be built there now."""


def _path(repo: LaneRepo) -> str:
    return str(repo.state_directory / _NAME)


def drop(repo: LaneRepo) -> None:
    """Delete the cache, which is made anew when somebody asks."""
    for path in repo.state_directory.glob(f"{_NAME}*"):
        path.unlink(missing_ok=True)


def _positions(repo: LaneRepo) -> dict[str, str]:
    """Return {journal: newest entry} and {kind: notes tree} as they are now."""
    tips = journal.tips_by_ref(repo.git, repo.warn)
    if not tips:
        repo.view.require_adopted()
    return {**tips, **notes.trees(repo)}


def _kept(repo: LaneRepo, now: Mapping[str, str], *, build: bool = True) -> Database:
    """Return the cache that is there, with what is new in it; or else a new one."""
    db = database.open_file(_path(repo))
    if db is not None and _is_new(db, now):
        return db
    if db is not None:
        db.close()
        with _alone(repo), suppress(MovedAside):
            # Another process may have brought it up to date, or made it anew, meanwhile.
            return _brought_up(repo, _positions(repo))
    if not build:
        raise _Unwritable
    return _anew(repo)


def _is_new(db: Database, now: Mapping[str, str]) -> bool:
    return _checked(db, lambda: db.positions() == now and FLAWED not in db.facts())


def _checked(db: Database, work: Callable[[], T]) -> T:
    """Do some work with an open cache, which is closed if it fails."""
    try:
        return work()
    except BaseException:
        db.close()
        raise


def _brought_up(repo: LaneRepo, now: Mapping[str, str]) -> Database:
    """Return the cache with all that is new in it; raises MovedAside where it must be made anew."""
    db = database.open_file(_path(repo))
    if db is None:
        raise MovedAside
    if not _is_new(db, now):
        _checked(db, lambda: _bring_up(repo, db, now))
    return db


def _bring_up(repo: LaneRepo, db: Database, now: Mapping[str, str]) -> None:
    """Take what is new, all of it or nothing."""
    if FLAWED in db.facts():
        raise MovedAside
    db.sql.execute("BEGIN IMMEDIATE")
    try:
        _feed(repo, db, now, fresh=False)
        db.sql.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            db.sql.execute("ROLLBACK")
        raise


def _feed(repo: LaneRepo, db: Database, now: Mapping[str, str], *, fresh: bool) -> None:
    journals = Journals(repo, db, fresh=fresh)
    tips = {ref: tip for ref, tip in now.items() if ref.startswith(layout.JOURNALS)}
    warned = len(repo.warnings)
    (journals.take_all if fresh else journals.take_new)(tips)
    trees = {kind: now[kind] for kind in notes.KINDS if kind in now}
    notes.take(repo, db, journals.touched, trees, fresh=fresh)
    if len(repo.warnings) > warned:
        db.note(FLAWED)


def _anew(repo: LaneRepo, _: object = None) -> Database:
    """Return a cache built from nothing and kept in its place."""
    path, before = _path(repo), _number(_path(repo))
    with _alone(repo):
        if _number(path) != before:  # another process was first
            with suppress(MovedAside):
                return _brought_up(repo, _positions(repo))
        with suppress(FileNotFoundError):
            os.unlink(path + ".new")
        with closing(database.create(path + ".new")) as db:
            _fill(repo, db, _positions(repo))
            _take_over_vectors(db, path)
        _store(path + ".new")
        os.replace(path + ".new", path)
        found = database.open_file(path)
    if found is None:
        raise _Unwritable
    return found


def _number(path: str) -> int | None:
    """Return what tells a file from another one of its name, None without one."""
    try:
        return os.stat(path).st_ino
    except OSError:
        return None


def _in_memory(repo: LaneRepo, now: Mapping[str, str]) -> Database:
    """Return a cache built for this process alone."""
    db = database.create(":memory:")
    _fill(repo, db, now)
    return db


def _fill(repo: LaneRepo, db: Database, now: Mapping[str, str]) -> None:
    db.sql.execute("BEGIN")
    _feed(repo, db, now, fresh=True)
    db.sql.execute("COMMIT")
    db.index()


def _take_over_vectors(db: Database, path: str) -> None:
    """Keep the vectors of the cache that was there: somebody may have paid for them."""
    with suppress(sqlite3.Error):
        db.sql.execute("ATTACH ? AS old", (path,))
        db.sql.execute("INSERT INTO vectors SELECT * FROM old.vectors")


def _store(path: str) -> None:
    """Have a file's content on the disk before anything names it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(repo: LaneRepo) -> Iterator[None]:
    """Keep other writers of the cache out; readers need no lock."""
    directory = repo.state_directory
    with ExitStack() as stack:
        try:
            directory.mkdir(exist_ok=True)
            timeout = repo.settings.seconds("lanes.lockTimeout", 60)
            stack.enter_context(hold(directory / _LOCK, "the search cache", timeout=timeout))
        except (Refused, OSError) as error:
            raise _Unwritable from error
        yield
