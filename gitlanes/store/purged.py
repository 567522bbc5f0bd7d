"""What a purge left in journals and notes: each thing written anew names what it was.

A clone that still has the old one is neither taken in nor overwritten without a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.models.records import Entry

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Begins the last line of the message of a commit of notes that was written anew.
WAS = "Purged-From: "
_WAS = re.compile(rf"^{WAS}([0-9a-f]{{40}})$", re.MULTILINE)


class Held(NamedTuple):
    """Who still has what the other one purged; ``more`` says that the remote went on there."""

    here: bool
    there: bool
    more: bool

    @property
    def replaceable(self) -> bool:
        """Say whether the remote has nothing but what was purged here."""
        return self.there and not self.here and not self.more

    @property
    def any(self) -> bool:
        """Say whether anybody has."""
        return self.here or self.there


def from_of(message: str) -> str | None:
    """Return what a commit of notes was before it was written anew, None of others."""
    found = _WAS.findall(message)
    return found[-1] if found else None


def in_journals(ours: Sequence[Entry], theirs: Sequence[Entry]) -> Held:
    """Return who still has what the other side wrote anew, of the entries that each has alone."""
    return _held({x.oid: x.was for x in ours}, {x.oid: x.was for x in theirs})


def in_notes(repo: LaneRepo, ours: str, theirs: str) -> Held:
    """Return the same of two commits of notes that both went on."""
    return _held(_beyond(repo, ours, theirs), _beyond(repo, theirs, ours))


def _held(ours: dict[str, str | None], theirs: dict[str, str | None]) -> Held:
    own, foreign = ({x for x in side.values() if x} for side in (ours, theirs))
    both = own & foreign  # each without another secret
    here, there = ours.keys() & foreign, theirs.keys() & own
    return Held(bool(here or both), bool(there or both), bool(theirs.keys() - own))


def _beyond(repo: LaneRepo, tip: str, known: str) -> dict[str, str | None]:
    rows = repo.git.run("log", "--format=%H%n%B%x00", tip, f"^{known}", "--").out.split(b"\0\n")
    parts = (x.decode("utf-8", "replace").partition("\n") for x in rows if x.strip(b"\n\0"))
    return {oid.strip(): from_of(message) for oid, _, message in parts}
