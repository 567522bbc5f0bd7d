"""The cache's file: its tables, how it is opened, and what its failures mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from gitlanes.errors import CorruptRecord, LanesError, Locked, Unsupported

# Goes up when the tables change: a file of another version is built anew.
VERSION = 1
# "git lanes" in four bytes: nobody else's database is taken for the cache.
_APPLICATION = 0x6C616E65
_PATIENCE = 10.0
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

# `entries.stamp` orders within a second as journal.stamp says, `seq` along a journal; `plain`
# says that it and all before it are of one lane, under a name that lives. `texts.facets` has a
# word for whatever else attempts are searched by, for then SQLite joins nothing. `facts` has
# 'odd' where commits' times go back along a journal, and 'flawed' where something could not be
# read.
_TABLES = """
CREATE TABLE journals (ref TEXT PRIMARY KEY, tip TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE notes (kind TEXT PRIMARY KEY, tree TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE facts (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY, oid TEXT NOT NULL, second INTEGER NOT NULL, stamp TEXT NOT NULL,
    time REAL NOT NULL, lane TEXT NOT NULL, plain INTEGER NOT NULL
);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, uuid TEXT NOT NULL, entry INTEGER NOT NULL, number INTEGER NOT NULL,
    lane TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, agent TEXT,
    made TEXT NOT NULL, change TEXT, title TEXT NOT NULL, reason TEXT NOT NULL, digest TEXT
);
CREATE TABLE tags (attempt INTEGER, tag TEXT, PRIMARY KEY (tag, attempt)) WITHOUT ROWID;
CREATE TABLE paths (attempt INTEGER PRIMARY KEY, paths BLOB NOT NULL);
CREATE TABLE vectors (
    model TEXT, digest TEXT, norm REAL, vector BLOB, PRIMARY KEY (model, digest)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE texts USING fts5 (
    title, prompt, message, reasons, tags, meta, facets,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
"""
# Made after a first filling: so it takes half the time.
_INDEXES = """
CREATE UNIQUE INDEX entry_of ON entries (oid);
CREATE INDEX by_time ON entries (time);
CREATE INDEX left_by ON attempts (entry);
CREATE INDEX in_order ON entries (second, stamp, seq);
CREATE UNIQUE INDEX attempt_of ON attempts (uuid);
CREATE INDEX made_by ON attempts (agent);
CREATE INDEX is_now ON attempts (status);
CREATE INDEX made_as ON attempts (made);
CREATE INDEX of_change ON attempts (change);
CREATE INDEX tagged ON tags (attempt);
"""


class Mismatch(sqlite3.DatabaseError):
    """The cache names what is not there: it is made anew, like any damaged one."""


class Database:
    """An open cache; ``sql`` is its connection, which commits only what is asked to."""

    def __init__(self, connection: sqlite3.Connection):
        self.sql = connection

    def close(self) -> None:
        """Close it; what is not committed is forgotten."""
        self.sql.close()

    def index(self) -> None:
        """Add the indexes to tables just filled."""
        self.sql.executescript(_INDEXES)

    def run(self, command: str, *given: Any) -> sqlite3.Cursor:
        """Run one command; ``given`` are its values."""
        return self.sql.execute(command, _storable(given))

    def run_each(self, command: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one command for each row of values."""
        self.sql.executemany(command, map(_storable, rows))

    def rows(self, question: str, *given: Any) -> list[Any]:
        """Return all rows of an answer."""
        return self.run(question, *given).fetchall()

    def facts(self) -> set[str]:
        """Return what is true of all that is in it."""
        return {name for (name,) in self.rows("SELECT name FROM facts")}

    def remember(self, command: str, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows that only save work later, where that can be done."""
        with suppress(sqlite3.OperationalError):
            self.sql.execute("BEGIN IMMEDIATE")
            try:
                self.run_each(command, rows)
            finally:
                self.sql.execute("COMMIT")

    def note(self, fact: str) -> None:
        """Keep a fact."""
        self.run("INSERT OR IGNORE INTO facts VALUES (?)", fact)

    def positions(self) -> dict[str, str]:
        """Return what it has seen: {ref: newest entry} and {kind: notes tree}, in one."""
        return dict(
            self.rows("SELECT ref, tip FROM journals UNION ALL SELECT kind, tree FROM notes")
        )


def _storable(values: Sequence[Any]) -> Sequence[Any]:
    """Return values as SQLite takes them: texts may have bytes in them that were no UTF-8."""
    if all(not isinstance(x, str) or x.isascii() for x in values):
        return values
    return [x.encode("utf-8", "replace").decode() if isinstance(x, str) else x for x in values]


def create(path: str) -> Database:
    """Make an empty cache, ':memory:' for one without a file; raises Unsupported."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # It is moved to its place only when it is whole, so nothing has to be undone.
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        connection.executescript("PRAGMA cache_size = -65536;" + _TABLES)
        connection.executescript(
            f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {VERSION};"
        )
    except sqlite3.Error as error:
        connection.close()
        raise explained(error) or error from error
    return Database(connection)


def open_file(path: str) -> Database | None:
    """Open the cache that is there; None if there is none of this version."""
    if not os.path.isfile(path):
        return None
    mode = "rw" if os.access(path, os.W_OK) and os.access(os.path.dirname(path), os.W_OK) else "ro"
    connection = sqlite3.connect(
        f"file:{quote(path)}?mode={mode}", uri=True, timeout=_PATIENCE, isolation_level=None
    )
    try:
        found = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        ]
    except BaseException:
        connection.close()
        raise
    if found != [_APPLICATION, VERSION]:
        connection.close()
        return None
    return Database(connection)


def explained(error: sqlite3.Error) -> LanesError | None:
    """Return what a person should know of a failure; None if the cache is only to be made anew."""
    if "no such module" in str(error):
        return Unsupported(
            "this Python's SQLite cannot search text: it has no FTS5",
            hint="use a Python whose sqlite3 has it; most have",
        )
    if getattr(error, "sqlite_errorcode", None) in _BUSY:
        return Locked("the search cache is busy", hint="wait for the other command, then repeat")
    return None


def broken(error: sqlite3.Error) -> CorruptRecord:
    """Return the error for a cache that fails even when it was made just now."""
    return CorruptRecord(f"the search cache fails: {error}", hint="delete 'search.db' and repeat")
