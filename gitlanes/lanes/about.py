"""What people say of a lane, and what its workspaces are limited to: checked, then recorded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import BadValue, NotFound, line
from gitlanes.models.plain import NOTHING, Model
from gitlanes.models.records import MODES
from gitlanes.store.validity import directory_fault, unsound_said

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# The record is written anew with each entry of the journal, and the description with it.
_MOST = 4000


class About(Model):
    """What a lane is said to be: in words, in metadata, and how it is to be promoted."""

    description: str | None = None
    meta: dict[str, str] = NOTHING
    mode: str | None = None


NO_ABOUT = About()


def check(about: About, batch: str | None = None) -> None:
    """Raise BadValue for what a record cannot hold: no text, too much of it, no known mode."""
    if batch is not None and not ids.BATCH_ID.fullmatch(batch):
        raise BadValue(
            f"bad batch '{line(batch, 60)}'",
            hint="use letters, digits, '.', '_' and '-', at most 64 of them",
        )
    fault = unsound_said(about.description, about.meta, about.mode)
    if fault is not None:
        raise BadValue(f"bad {fault} of a lane", hint="it is text; meta is a dict of texts")
    if "" in about.meta:
        raise BadValue("bad meta of a lane: a key is empty", hint="write it as KEY=VALUE")
    size = len(about.description or "") + sum(len(x) for pair in about.meta.items() for x in pair)
    if size > _MOST:
        raise BadValue(
            f"description and meta of a lane have {size} characters, more than {_MOST}",
            hint="put long texts into a file, and name that",
        )
    if about.mode is not None and about.mode not in MODES:
        shown = line(about.mode, 60)
        raise BadValue(f"unknown promotion mode '{shown}'", hint=f"one of {', '.join(MODES)}")


def directories(repo: LaneRepo, names: Sequence[str], commit: str) -> tuple[str, ...]:
    """Return sparse directories in their shortest form, each once.

    Raises BadValue for a name that can be none, NotFound for one that the commit does not have.
    """
    found = tuple(dict.fromkeys(_shortest(x) for x in names))
    tree = repo.objects.commit(commit).tree if found else ""
    for name in found:
        entry = repo.objects.entry(tree, os.fsencode(name))
        if entry is None or not entry[0].endswith("40000"):
            shown = line(name, 60)
            hint = "it is a file" if entry else f"look with: git ls-tree -d {commit[:12]}"
            raise NotFound("sparse directory", shown, hint=hint)
    return found


def _shortest(name: str) -> str:
    """Return a directory's name without the slash that a shell's completion puts behind it."""
    short = name.removesuffix("/") if name != "/" else name
    fault = directory_fault(short)
    if fault is None:
        try:
            os.fsencode(short)
            return short
        except UnicodeEncodeError:
            fault = "it has a character that no file name has"
    raise BadValue(
        f"bad sparse directory '{line(name, 60)}': {fault}",
        hint="name a directory from the top of the repository, such as src/api",
    )
