"""Which gates judge a candidate: read from the judge's head, never from what is judged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gitlanes.config.table import TEAM_FILE
from gitlanes.models.gates import Candidate, Gate, Rules
from gitlanes.models.records import Lane
from gitlanes.team import texts
from gitlanes.workspaces.judges import judge_within

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_FILE = TEAM_FILE.encode()


def rules_within(repo: LaneRepo, lane: Lane) -> Rules:
    """Return the rules for what is accepted within a lane: those of its judge."""
    return rules_at(repo, judge_within(repo, lane))


def rules_at(repo: LaneRepo, lane: Lane) -> Rules:
    """Return the rules of a lane's head: for what is promoted into it.

    Raises Refused, with the file's line, where they cannot be understood.
    """
    commit = str(lane.head)
    data = texts.text_at(repo, lane)
    if data is None:
        return Rules(lane.name, commit)
    from gitlanes.config import gates, layers  # most repositories have no such file

    found = gates.read(layers.parsed(data))
    if found.misfits:
        hint = f"nothing lands until it is mended: commit it on the branch of '{lane.name}'"
        raise texts.misfit(lane.name, data, found.misfits[0], hint)
    return Rules(lane.name, commit, texts.digest(data), found.gates, **found.settings)


def gates_for(candidate: Candidate) -> tuple[Gate, ...]:
    """Return the gates that a candidate concerns: none where it changes nothing."""
    if not candidate.paths:
        return ()
    return tuple(
        x for x in candidate.rules.gates if not x.paths or matching(x.paths, candidate.paths)
    )


def protected(repo: LaneRepo, rules: Rules, tree: str, paths: Iterable[bytes]) -> list[bytes]:
    """Return the protected ones among the paths that a candidate changes.

    Taking what the judge has there already is no edit of it. What differs from a protected path
    only in case would take its place on some file systems, so it is protected, too.
    """
    touched = list(paths)
    folded = [_folded(x) for x in touched]
    same = {x for x in folded if x == _FILE or x.startswith(_FILE + b"/")}
    found = set(matching(rules.protected, touched) if rules.protected else ())
    if rules.protected:
        same.update(matching([x.casefold() for x in rules.protected], folded))
    found.update(x for x, name in zip(touched, folded, strict=True) if name in same)
    if not found:
        return []
    store = repo.objects
    judge = store.commit(rules.commit).tree
    return [x for x in touched if x in found and store.entry(tree, x) != store.entry(judge, x)]


def _folded(path: bytes) -> bytes:
    return os.fsencode(os.fsdecode(path).casefold())


def matching(patterns: Sequence[str], paths: Sequence[bytes]) -> list[bytes]:
    """Return the paths that patterns in gitignore's syntax match.

    One that they say nothing of may be a link or a submodule: then it is asked for as a directory.
    """
    from pathspec import GitIgnoreSpec  # 20 ms, and only those who limit by paths need it

    spec = GitIgnoreSpec.from_lines(patterns)

    def fits(name: str) -> bool:
        said = spec.check_file(name).include
        return spec.match_file(f"{name}/") if said is None else said

    return [x for x in paths if fits(os.fsdecode(x))]
