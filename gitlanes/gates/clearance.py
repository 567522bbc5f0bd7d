"""What may land: asked within an operation, judged outside of it, then asked again.

An operation finds out under its lock which tree would stand in the lane. If that tree was not
judged yet, it is given up before anything is written, its gates run without any lock, and it
is begun anew. So what lands is what was judged, whatever happened meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from gitlanes.config.table import TEAM_FILE
from gitlanes.errors import GateFailed, Raced, Refused
from gitlanes.gates import definitions
from gitlanes.models.gates import CLEARED, NO_WAIVER, Candidate, Cleared, Rules, Waiver, passed
from gitlanes.models.notes import Evaluation
from gitlanes.models.plain import plain
from gitlanes.store import codec

if TYPE_CHECKING:
    from gitlanes.models.records import Lane
    from gitlanes.store.lane_repo import LaneRepo

T = TypeVar("T")

_TRIES = 3
# Names of what was waived, as records have them.
GATES, PROTECTED = "gates", "protected"


class Unjudged(Exception):
    """The operation needs a judgement first: nothing was written."""

    def __init__(self, candidate: Candidate):
        super().__init__(candidate.tree)
        self.candidate = candidate


class Clearance:
    """What was judged for one command, and what it lets pass.

    ``failed`` are the evaluations of the candidate that was turned down.
    """

    def __init__(self, repo: LaneRepo, waiver: Waiver = NO_WAIVER):
        self._repo = repo
        self._waiver = waiver
        self._judged: dict[tuple[str, str, str | None], tuple[Evaluation, ...]] = {}
        self.failed: tuple[Evaluation, ...] = ()
        self.wanted: Candidate | None = None

    def within(self, lane: Lane, tree: str) -> Cleared:
        """Return what to record of a tree that is accepted in a lane; raises as `require`."""
        return self._of(lane, definitions.rules_within(self._repo, lane), tree)

    def promoted(self, lane: Lane, tree: str) -> Cleared:
        """Return the same for a tree that is promoted into a lane."""
        return self._of(lane, definitions.rules_at(self._repo, lane), tree)

    def _of(self, lane: Lane, rules: Rules, tree: str) -> Cleared:
        store, head = self._repo.objects, str(lane.head)
        before = store.commit(head).tree
        name = TEAM_FILE.encode()
        if rules.text is None and store.entry(before, name) == store.entry(tree, name):
            return CLEARED  # there is nobody to ask, and nothing that needs to be
        from gitlanes.git.trees import changed_paths

        paths = tuple(changed_paths(store, self._repo.git, before, tree))
        return self.require(Candidate(tree, head, lane.name, paths, rules))

    def require(self, candidate: Candidate) -> Cleared:
        """Return what to record of a candidate that may land.

        Raises Unjudged, Refused for protected paths and where policy forbids what is waived.
        """
        waived = self._protected(candidate)
        rules = candidate.rules
        if self._waiver.no_gates and rules.forbid_no_gates:
            raise Refused(
                f"the policy of lane '{rules.lane}' forbids to leave out its gates",
                hint="repeat it without --no-gates",
                data={"lane": rules.lane},
            )
        if not definitions.gates_for(candidate):
            return Cleared(waived=waived)
        if self._waiver.no_gates:
            return Cleared(waived=(GATES, *waived))
        found = self._judged.get(_key(candidate))
        if found is None:
            from gitlanes.gates import trust  # most commits ask nobody

            trust.require(self._repo, rules)
            self.wanted = candidate
            raise Unjudged(candidate)
        return Cleared(found, waived)

    def _protected(self, candidate: Candidate) -> tuple[str, ...]:
        touched = definitions.protected(
            self._repo, candidate.rules, candidate.tree, candidate.paths
        )
        if not touched:
            return ()
        if self._waiver.allow_protected:
            return (PROTECTED,)
        names = [codec.one_line(str(plain(x)), 80) for x in touched[:5]]
        more = f" and {len(touched) - 5} more" if len(touched) > 5 else ""
        raise Refused(
            f"protected paths would change in lane '{candidate.lane}': {', '.join(names)}{more}",
            hint="if that is what you want, repeat it with --allow-protected",
            data={"protected": plain(touched), "lane": candidate.lane},
        )

    def judge(self, candidate: Candidate) -> None:
        """Run the gates of a candidate, holding no lock; raises GateFailed."""
        from gitlanes.gates import judging  # most commits ask nobody

        gates = definitions.gates_for(candidate)
        found = judging.judge(self._repo, candidate, gates)
        if not passed(gates, found):
            self.failed = found
            raise failure(found)
        for one in (x for x in found if not x.passed):
            self._repo.warn(f"gate '{one.name}' failed, and is optional: {said(one)}")
        self._judged[_key(candidate)] = found

    def settle(self, operation: Callable[[], T]) -> T:
        """Call an operation until what it needs is judged.

        Raises GateFailed, and Raced where the lane goes on faster than it can be judged.
        """
        for _ in range(_TRIES + 1):
            if self.wanted is not None:
                wanted, self.wanted = self.wanted, None
                self.judge(wanted)
            with suppress(Unjudged):
                return operation()
        raise Raced(
            f"the lane moved on {_TRIES} times while gates were running",
            hint="nothing changed; repeat the command",
        )


class JudgedAsItLands(Clearance):
    """Lets work into its own lane that was judged on top of the lane that it lands on next.

    ``text`` is that of the gates which judged it there: others are asked as ever.
    """

    def __init__(self, repo: LaneRepo, text: str | None, found: tuple[Evaluation, ...]):
        super().__init__(repo)
        self._text, self._found = text, found

    def require(self, candidate: Candidate) -> Cleared:
        """Return what was said of it there, where its own lane's gates are the same."""
        if candidate.rules.text != self._text:
            return super().require(candidate)
        return Cleared(self._found, self._protected(candidate))


def failure(found: tuple[Evaluation, ...]) -> GateFailed:
    """Return the error for what failed and was required."""
    failed = [x for x in found if not x.passed and x.required]
    names = ", ".join(f"'{x.name}'" for x in failed)
    many = "gates" if len(failed) > 1 else "gate"
    first = f": {said(failed[0])}" if len(failed) == 1 else ""
    return GateFailed(
        f"{many} {names} failed{first}",
        hint="mend what it says, then repeat",
        data={"gates": [plain(x, absent=False) for x in failed], "tree": failed[0].tree},
    )


def said(found: Evaluation) -> str:
    """Return why a gate failed, in one line."""
    return codec.one_line(found.reason or "it says no")


def _key(candidate: Candidate) -> tuple[str, str, str | None]:
    return candidate.tree, candidate.head, candidate.rules.text
