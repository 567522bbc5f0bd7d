"""Asking an agent about colliding paths: whose work both sides are, and each path once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, line
from gitlanes.git.trailers import subject_of
from gitlanes.graph import agents, contents
from gitlanes.models.plain import replace
from gitlanes.models.sync import LANE, PARENT, SYNONYMS, Question, Resolution, Side
from gitlanes.store import codec, records
from gitlanes.store.attribution import colliding_paths

if TYPE_CHECKING:
    from gitlanes.combine.changes import Clash, Plan
    from gitlanes.graph.grounds import Basis
    from gitlanes.graph.laying import Case
    from gitlanes.models.results import CollidingPath
    from gitlanes.store.lane_repo import LaneRepo

Handler = Callable[[Question], Resolution | str | bytes | None]


class Agent:
    """Asks the configured command, or a handler, and remembers what it said."""

    def __init__(self, repo: LaneRepo, handler: Handler | None):
        self._repo = repo
        self._answer = handler or partial(agents.ask, repo, agents.command_of(repo))
        self._known: dict[tuple[str, Clash], Resolution] = {}

    def about(self, basis: Basis) -> Callable[[Case, Clash, int, int], Resolution]:
        """Return what asks about the paths of one sync."""
        return partial(self.ask, basis)

    def ask(self, basis: Basis, case: Case, clash: Clash, index: int, total: int) -> Resolution:
        """Return what becomes of a path; nothing is asked twice."""
        key = (case.commit, clash)
        if key not in self._known:
            question = self._question(basis, case, clash, index, total)
            self._known[key] = _taken(self._answer(question))
        return self._known[key]

    def _question(self, basis: Basis, case: Case, clash: Clash, index: int, total: int) -> Question:
        repo = self._repo
        (told,) = touched(repo, basis, case.plan, [clash], case.commit)
        mine, theirs = sides(repo, case.commit, [told])
        found = contents.versions(clash)
        base, lane, parent = (repo.objects.blob(x[1]) if x else None for x in found)
        return Question(
            basis.lane.record.name,
            basis.names,
            mine.attempt,
            clash.path,
            index,
            total,
            *(base, lane, parent),
            mine=mine,
            theirs=theirs[0] if theirs else Side(None, None, None, None, None),
        )


def _taken(answer: Resolution | str | bytes | None) -> Resolution:
    """Return what a handler said; raises BadValue for what it cannot mean."""
    found = answer if isinstance(answer, Resolution) else Resolution(answer)  # type: ignore[arg-type]
    if isinstance(found.content, str):
        found = Resolution(found.content.encode("utf-8", "surrogateescape"), found.take)
    if found.take is not None:
        side = SYNONYMS.get(found.take, found.take)
        if side not in (LANE, PARENT):
            raise BadValue(
                f"a conflict handler takes '{line(str(side), 60)}'",
                hint=f"take '{LANE}' or '{PARENT}'",
            )
        found = replace(found, take=side)
    if found.content is None or isinstance(found.content, bytes):
        return found
    raise BadValue(
        f"a conflict handler answered with {type(found.content).__name__}",
        hint="answer with text, bytes, a Resolution, or None",
    )


def touched(
    repo: LaneRepo, basis: Basis, plan: Plan, clashes: Sequence[Clash], commit: str
) -> tuple[CollidingPath, ...]:
    """Return the clashes with whose work both sides are."""
    below = repo.objects.commit(commit).parents[:1]
    return colliding_paths(repo, plan, clashes, below, (commit, basis.ground))


def sides(
    repo: LaneRepo, commit: str, paths: Sequence[CollidingPath]
) -> tuple[Side, tuple[Side, ...]]:
    """Return whose work the lane's commit is, and whose the parent's changes of these paths."""
    others = [x.target.commit for x in paths if x.target and x.target.commit]
    wanted = list(dict.fromkeys((commit, *others)))
    notes = records.read(repo, wanted)

    def side(of: str) -> Side:
        said = notes[of].intents[-1] if notes[of].intents else {}
        prompt, agent = said.get("prompt"), (said.get("agent") or {}).get("id")
        title = codec.one_line(subject_of(repo.objects.commit(of).message))
        return Side(said.get("attempt"), agent, of, prompt, title)

    return side(commit), tuple(side(x) for x in wanted[1:])
