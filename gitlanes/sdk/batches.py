"""The part of `gitlanes.Repo` that is about batches: lanes for the same work, side by side."""

from __future__ import annotations

from collections.abc import Iterable

from gitlanes.fleet import comparing, entrants, picking
from gitlanes.models.batches import Comparison, Picked, PickRules
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo


class Batches:
    """Methods of `gitlanes.Repo`; ``into`` is the lane that one of a batch is to land on."""

    _repo: LaneRepo

    def compare(self, batch: str, *, into: str | None = None, patches: bool = False) -> Comparison:
        """Return what each lane of a batch would land, and what is known of it; no gate is run."""
        return comparing.compare(self._repo, batch, into=into, patches=patches)

    def pick(
        self,
        batch: str,
        lane: str | None = None,
        *,
        into: str | None = None,
        by: Iterable[str] = (),
        mode: str | None = None,
        rules: PickRules | None = None,
        auto: bool = False,
        agent: str | None = None,
        dry_run: bool = False,
        expect: str | None = None,
    ) -> Picked:
        """Land the best lane of a batch, or ``lane``, and turn the others down; all are kept.

        ``by`` are some of 'gates', 'cost', 'size', 'time' in their order. ``rules`` limit what may
        be picked, ``auto`` takes those of the target's ``[pick]``. It is the target that is to be
        at ``expect``. Raises Negative with each lane's reason where none can be picked.
        """
        repo = self._repo
        wish = picking.Wish(lane, into, tuple(by) or None, mode, rules, auto, agent, dry_run)
        with expecting(repo, expect, lambda: entrants.field(repo, batch, into).target.record.name):
            return picking.pick(repo, batch, wish)
