"""The part of `gitlanes.Repo` that takes operations back."""

from __future__ import annotations

from gitlanes.models.undoing import Undone
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.undoing import undo


class Undoing:
    """Undo, redo, rollback."""

    _repo: LaneRepo

    def undo(
        self,
        operation: str | None = None,
        *,
        lane: str | None = None,
        cascade: bool = False,
        expect: str | None = None,
    ) -> Undone:
        """Take back one operation, by default the last that stands, or the last on ``lane``.

        With ``cascade`` later ones on its lanes are taken back, too. Undoing an undo is a redo.
        Raises Negative without one, Refused where later work or an edit is in the way, Collision.
        """
        return undo.undo(self._repo, operation, lane=lane, cascade=cascade, expect=expect)

    def redo(self, *, lane: str | None = None, expect: str | None = None) -> Undone:
        """Do again what the last undo or rollback took back; raises Negative without one."""
        return undo.redo(self._repo, lane=lane, expect=expect)

    def rollback(
        self,
        lane: str | None = None,
        *,
        steps: int | None = None,
        to: str | None = None,
        to_fork: bool = False,
        expect: str | None = None,
    ) -> Undone:
        """Take back the last operations that moved a lane's head, as one.

        They are so many ``steps``, those since operation ``to``, or all since the lane's fork.
        Raises Refused for more steps than there are, and for another lane's operation.
        """
        return undo.rollback(self._repo, lane, steps=steps, to=to, to_fork=to_fork, expect=expect)
