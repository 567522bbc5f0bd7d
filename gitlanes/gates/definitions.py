"""Which gates judge a candidate: read from the judge's head, never from what is judged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gitlanes.config.table import TEAM_FILE
from gitlanes.errors import Refused
from gitlanes.models.gates import Candidate, Gate, Rules
from gitlanes.models.records import Lane
from gitlanes.store.adopt import adopted_lane
from gitlanes.workspaces import intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_FILE = TEAM_FILE.encode()
_REGULAR = ("100644", "100755")


def rules_within(repo: LaneRepo, lane: Lane) -> Rules:
    """Return the rules for what is accepted within a lane.

    They are its parent's, else the adopted lane's: a lane could weaken its own.
    """
    return rules_at(repo, judge_within(repo, lane))


def judge_within(repo: LaneRepo, lane: Lane) -> Lane:
    """Return the lane whose head has the rules for what is accepted within a lane.

    What people committed on its branch since counts, too.
    """
    found = repo.view.by_uuid(lane.parent) if lane.parent else None
    if found is None or not found.record.live:
        found = adopted_lane(repo)
    if found is None or not found.record.live or not found.record.head:
        return lane
    own = found.record.uuid == lane.uuid
    return found.record if own else intake.foreseen(repo, found).record


def rules_at(repo: LaneRepo, lane: Lane) -> Rules:
    """Return the rules of a lane's head: for what is promoted into it.

    Raises Refused, with the file's line, where they cannot be understood.
    """
    commit = str(lane.head)
    data = text_at(repo, lane)
    if data is None:
        return Rules(lane.name, commit)
    from gitlanes.config import gates, layers  # most repositories have no such file

    found = gates.read(layers.parsed(data))
    if found.misfits:
        wrong = found.misfits[0]
        line = gates.line_of(data.decode("utf-8", "replace"), wrong)
        place = f"{TEAM_FILE}:{line}" if line else TEAM_FILE
        raise Refused(
            f"{place} in lane '{lane.name}': {wrong.where}: {wrong.problem}",
            hint=f"nothing lands until it is mended: commit it on the branch of '{lane.name}'",
            data={"lane": lane.name, "line": line, "key": wrong.where},
        )
    import hashlib  # 3 ms, for those who have gates alone

    text = hashlib.sha256(data).hexdigest()
    return Rules(lane.name, commit, text, found.gates, **found.settings)


def text_at(repo: LaneRepo, lane: Lane) -> bytes | None:
    """Return the team's file of a lane's head, None where there is none."""
    tree = repo.objects.commit(str(lane.head)).tree
    entry = repo.objects.entry(tree, _FILE)
    if entry is None:
        return None
    if entry[0] not in _REGULAR:
        raise Refused(
            f"'{TEAM_FILE}' in lane '{lane.name}' is no plain file",
            hint="put a plain file there: gates and policy are read from it",
        )
    return repo.objects.blob(entry[1])


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
