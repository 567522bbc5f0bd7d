"""Texts and tags of attempts, taken into the cache from their commits and the notes on those."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gitlanes.cache.texts import Subject, Texts, texts_of
from gitlanes.errors import NotFound
from gitlanes.git.notes import changed_notes
from gitlanes.store import codec, layout, records

if TYPE_CHECKING:
    from gitlanes.cache.database import Database
    from gitlanes.store.lane_repo import LaneRepo

# The notes that say something to be searched.
KINDS = ("intents", "evaluations")
# Attempts whose texts are read at a time.
_BATCH = 1000
_SUBJECT = "SELECT id, name, kind, made, title, reason, lane, status, agent FROM attempts"


def trees(repo: LaneRepo) -> dict[str, str]:
    """Return {kind: notes tree} as it is now."""
    found = repo.refs.targets([layout.NOTES[kind] + "^{tree}" for kind in KINDS])
    return {kind: tree for kind, tree in zip(KINDS, found, strict=True) if tree}


def take(
    repo: LaneRepo,
    db: Database,
    touched: Collection[int],
    now: Mapping[str, str],
    *,
    fresh: bool,
) -> None:
    """Take the texts of the attempts touched, and of those whose notes changed.

    What the notes trees `now` do not share with those that the cache has seen is looked at.
    """
    before = dict(db.rows("SELECT kind, tree FROM notes"))
    changed = set() if fresh else _changed(repo, before, now)
    subjects = [Subject(*x) for x in _rows(db, "made", changed)]
    subjects += [Subject(*x) for x in _rows(db, "id", touched)]
    # Neighbours share directories of the notes.
    wanted = sorted({x.key: x for x in subjects}.values(), key=lambda x: x.made)
    for start in range(0, len(wanted), _BATCH):
        repo.progress("reading prompts and reasons", start, len(wanted))
        _take_texts(repo, db, wanted[start : start + _BATCH], fresh=fresh)
    repo.progress("reading prompts and reasons", len(wanted), len(wanted))
    db.run("DELETE FROM notes")
    db.run_each("INSERT INTO notes VALUES (?, ?)", now.items())


def _changed(repo: LaneRepo, before: Mapping[str, str], now: Mapping[str, str]) -> set[str]:
    pairs = [(before.get(kind), now.get(kind)) for kind in KINDS]
    return {x for old, new in pairs if old != new for x in changed_notes(repo.refs, old, new)}


def _rows(db: Database, column: str, values: Collection[Any]) -> list[Any]:
    """Return the attempts that have one of these values; all if they are that many."""
    if len(values) > _BATCH:
        return [x for x in db.rows(_SUBJECT) if x[0 if column == "id" else 3] in values]
    marks = ", ".join("?" * len(values))
    return db.rows(f"{_SUBJECT} WHERE {column} IN ({marks})", *values)


def _take_texts(repo: LaneRepo, db: Database, subjects: Sequence[Subject], *, fresh: bool) -> None:
    commits = [x.made for x in subjects]
    content = _commits(repo, commits)
    lines = records.read_lines(repo, dict.fromkeys(commits), KINDS)
    texts, tags = [], []
    for subject in subjects:
        intents, evaluations = (
            codec.decode_lines(b"\n".join(lines[kind].get(subject.made, ()))) for kind in KINDS
        )
        found = texts_of(subject, content.get(subject.made), intents, evaluations)
        own = dict.fromkeys(tag for x in intents for tag in x.get("tags", ()))
        texts.append((subject.key, found, subject.facets(own)))
        tags += [(subject.key, tag) for tag in own]
    _write(db, texts, tags, fresh=fresh)


def _write(
    db: Database,
    texts: Sequence[tuple[int, Texts, str]],
    tags: Sequence[tuple[int, str]],
    *,
    fresh: bool,
) -> None:
    if not fresh:
        keys = [(key,) for key, _, _ in texts]
        db.run_each("DELETE FROM texts WHERE rowid = ?", keys)
        db.run_each("DELETE FROM tags WHERE attempt = ?", keys)
    marks = ", ".join("?" * (len(Texts._fields) + 2))
    columns = ", ".join(Texts._fields)
    db.run_each(
        f"INSERT INTO texts (rowid, {columns}, facets) VALUES ({marks})",
        [(key, *found, facets) for key, found, facets in texts],
    )
    db.run_each("INSERT OR IGNORE INTO tags VALUES (?, ?)", tags)
    db.run_each(
        "UPDATE attempts SET digest = ? WHERE id = ?", [(x.digest, key) for key, x, _ in texts]
    )


def _commits(repo: LaneRepo, commits: Sequence[str]) -> dict[str, bytes]:
    """Return the raw commits; those that are not there are left out: their notes speak on."""
    try:
        found = repo.refs.read_all(commits)
    except NotFound:
        answers = repo.refs.resolve_all(commits[:500])
        answers += repo.refs.resolve_all(commits[500:])
        return {commit: x[1] for commit, x in zip(commits, answers, strict=True) if x}
    return {
        commit: data
        for commit, (kind, data) in zip(commits, found, strict=True)
        if kind == "commit"
    }
