"""The part of `gitlanes.Repo` that is about gates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gitlanes.gates import recording, trust
from gitlanes.landing import evaluating
from gitlanes.models.gates import NO_WAIVER, Evaluated, Recorded, Trusted, Waiver
from gitlanes.models.notes import NO_JUDGEMENT, Judgement
from gitlanes.sdk.offering import lane_of
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo


class Gates:
    """What can be asked of gates; ``gates`` are names, none of them stands for all.

    It is the lane of the attempt that is to be at ``expect``.
    """

    _repo: LaneRepo

    def evaluate(
        self,
        attempt: str | None = None,
        *,
        gates: Iterable[str] = (),
        again: bool = False,
        expect: str | None = None,
    ) -> Evaluated:
        """Ask gates about an attempt as it would land now, and record what they say.

        Without ``again`` a tree that was judged before is not judged twice. A failure is part of
        the result. Raises Collision, Negative where no gates are configured.
        """
        questions = evaluating.Questions(tuple(gates), again)
        with expecting(self._repo, expect, lambda: lane_of(self._repo, attempt)):
            return evaluating.evaluate(self._repo, attempt, questions)

    def evaluate_and_decide(
        self,
        attempt: str | None = None,
        judgement: Judgement = NO_JUDGEMENT,
        *,
        gates: Iterable[str] = (),
        again: bool = False,
        waiver: Waiver = NO_WAIVER,
        expect: str | None = None,
    ) -> Evaluated:
        """Ask gates about an open attempt, and accept or reject it by what they say."""
        repo, questions = self._repo, evaluating.Questions(tuple(gates), again)
        with expecting(repo, expect, lambda: lane_of(repo, attempt)):
            return evaluating.evaluate_and_decide(repo, attempt, questions, judgement, waiver)

    def evaluate_workspace(
        self, lane: str | None = None, *, gates: Iterable[str] = (), again: bool = False
    ) -> Evaluated:
        """Ask gates about what a workspace holds now; nothing is recorded or decided."""
        questions = evaluating.Questions(tuple(gates), again)
        return evaluating.evaluate_workspace(self._repo, lane, questions)

    def record_evaluation(
        self,
        of: str,
        name: str,
        passed: bool,
        *,
        by: str | None = None,
        reason: str | None = None,
        data: Mapping[str, Any] | None = None,
        expect: str | None = None,
    ) -> Recorded:
        """Attach a judgement made elsewhere to an attempt or a commit; nothing is decided.

        ``expect`` is of the attempt's lane, or of the one that ``of`` names, else the present one.
        """
        repo = self._repo
        with expecting(repo, expect, lambda: lane_of(repo, of)):
            return recording.record_evaluation(
                repo, of, name, passed, by=by, reason=reason, data=data
            )

    def trusted(self, lane: str | None = None) -> Trusted:
        """Return what the team's file of a lane would run, and whether it may in this clone."""
        return trust.show(self._repo, lane)

    def trust(self, lane: str | None = None, *, text: str | None = None) -> Trusted:
        """Let it run; ``text`` is the SHA-256 of what was read, if that is to be certain."""
        return trust.trust(self._repo, lane, text=text)

    def distrust(self, lane: str | None = None) -> Trusted:
        """Take that back; raises Negative where it was not trusted."""
        return trust.revoke(self._repo, lane)
