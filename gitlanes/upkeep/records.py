"""Checks of what is stored: journals, notes, snapshots, objects."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from gitlanes import ids
from gitlanes.errors import LanesError, Unsupported
from gitlanes.git.notes import list_notes
from gitlanes.git.refs import list_refs
from gitlanes.models.health import WARNING
from gitlanes.store import codec, journal, layout
from gitlanes.upkeep.survey import Problem, Survey, problem

_AT_ONCE = 500


def journals(survey: Survey) -> Iterator[Problem]:
    """Find journals with an entry that cannot be read."""
    sound, damaged = survey.journals
    for ref, error in damaged:
        if not isinstance(error, Unsupported):
            yield problem(error.message, ref, _restored(error.hint, ref))
    for newest in sound:
        try:
            for _ in journal.walk(survey.repo.refs, newest.oid):
                pass
        except LanesError as error:
            name = newest.record.name
            yield problem(f"journal of lane '{name}': {error.message}", name, error.hint)


def formats(survey: Survey) -> Iterator[Problem]:
    """Find journals whose newest entry is of a format that this version does not know."""
    for ref, error in survey.journals[1]:
        if isinstance(error, Unsupported):
            lane = ref.removeprefix(layout.JOURNALS)
            yield problem(f"lane '{lane}': {error.message}", ref, error.hint)


def _restored(hint: str, ref: str) -> str:
    return f"{hint}; then {layout.how_to_find_journal(ref.removeprefix(layout.JOURNALS))}"


def notes(survey: Survey) -> Iterator[Problem]:
    """Find notes that cannot be read, and lines in them that should be records and are none."""
    for kind, name in layout.NOTES.items():
        try:
            tip = survey.repo.refs.target(name)
            tree = survey.repo.refs.commit(tip).tree if tip else None
            yield from _unsound_notes(survey, f"lanes/{kind}", tree) if tree else ()
        except (LanesError, ValueError) as error:
            said = error.message if isinstance(error, LanesError) else "it is no notes tree"
            yield problem(
                f"'{name}' cannot be read: {said}", name, "run 'git fsck', then get it anew"
            )


def _unsound_notes(survey: Survey, short: str, tree: str) -> Iterator[Problem]:
    reader = survey.repo.refs
    found = list(list_notes(reader, tree))
    for start in range(0, len(found), _AT_ONCE):
        some = found[start : start + _AT_ONCE]
        blobs = reader.read_all([blob for _, blob in some])
        for (commit, _), (_, data) in zip(some, blobs, strict=True):
            wrong = sum(map(_is_damaged, data.splitlines()))
            if wrong:
                lines = "a damaged line" if wrong == 1 else f"{wrong} damaged lines"
                yield problem(
                    f"note of commit {commit[:12]} in '{short}' has {lines}, which readers skip",
                    commit,
                    f"mend it by hand with: git notes --ref={short} edit {commit[:12]}",
                    severity=WARNING,
                )


def _is_damaged(line: bytes) -> bool:
    """Say whether a line begins as our records do and is none: people may add others."""
    return line.lstrip().startswith(b"{") and not codec.decode_lines(line)


def snapshots(survey: Survey) -> Iterator[Problem]:
    """Find refs among the snapshots that belong to no lane, or hold nothing."""
    names = {lane.name for lane in survey.lanes}
    names |= survey.unreadable
    for row in list_refs(survey.repo.git, [layout.SNAPSHOTS], "refname tree"):
        ref, tree = map(os.fsdecode, row)
        lane, _, number = ref.removeprefix(layout.SNAPSHOTS).rpartition("/")
        if not ids.SNAPSHOT_ID.fullmatch(f"{lane}/s{number}"):
            what = f"'{ref}' is no snapshot of a lane"
        elif not tree:
            what = f"'{ref}' holds no files"
        elif lane not in names:
            what = f"snapshot '{ref}' is of a lane that is not known here"
        else:
            continue
        hint = f"look at it with 'git show {ref}'; if it is of no use: git update-ref -d {ref}"
        yield problem(what, ref, hint, severity=WARNING)


def objects(survey: Survey, *, full: bool = False) -> Iterator[Problem]:
    """Ask git whether objects are missing or broken; with `full`, read the content of each."""
    how = () if full else ("--connectivity-only",)
    done = survey.repo.git.run(
        "fsck", "--strict", "--no-dangling", "--no-progress", *how, check=False, own_group=True
    )
    if done.code == 0:
        return
    lines = os.fsdecode(done.err + done.out).splitlines()
    said = [x for x in lines if x and not x.startswith(("notice:", "hint:"))]
    first = re.sub(r"^(fatal|error|warning): ", "", said[0]) if said else f"exit code {done.code}"
    rest = f" (and more: {len(said)} lines)" if len(said) > 1 else ""
    yield problem(
        f"git fsck says: {first}{rest}",
        survey.repo.place.common_dir,
        "run 'git fsck --strict', and get what is missing from another clone with "
        "'git fetch --refetch'",
    )
