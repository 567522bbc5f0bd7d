"""The part of `gitlanes.Repo` that is about batches: lanes for the same work, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gitlanes.fleet import comparing, entrants, fanning, going, picking
from gitlanes.fleet.making import Member
from gitlanes.fleet.running import SETTLED
from gitlanes.models.batches import Comparison, Fanned, Gone, Picked, PickRules
from gitlanes.models.fleet import RunOrder
from gitlanes.models.plain import replace
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo


class Batches:
    """Methods of `gitlanes.Repo`; ``into`` is the lane that one of a batch is to land on."""

    _repo: LaneRepo

    def fanout(
        self,
        number: int,
        prompt: str = "",
        *,
        prefix: str | None = None,
        order: RunOrder | None = None,
        agents: Iterable[str] = (),
        models: Iterable[str] = (),
        settle: float = SETTLED,
    ) -> Fanned:
        """Start agents with one prompt, in lanes PREFIX-a, PREFIX-b and so on; see `RunOrder`.

        ``agents`` and ``models`` are dealt in turn. Raises Negative where none could be started.
        """
        order = order or RunOrder()
        order = replace(order, prompt=prompt or order.prompt)
        dealt = {"agents": tuple(agents), "models": tuple(models)}
        return fanning.fanout(self._repo, number, prefix, order, settle=settle, **dealt)

    def multi(
        self,
        tasks: Mapping[str, str | RunOrder],
        order: RunOrder | None = None,
        *,
        settle: float = SETTLED,
    ) -> Fanned:
        """Start an agent for each lane and prompt; lanes in which one is at work are skipped."""
        usual = order or RunOrder()
        members = [
            Member(lane, replace(usual, prompt=x) if isinstance(x, str) else x)
            for lane, x in tasks.items()
        ]
        return fanning.start(self._repo, members, settle=settle)

    def go(
        self,
        prompt: str = "",
        *,
        tries: int = 3,
        prefix: str | None = None,
        order: RunOrder | None = None,
        agents: Iterable[str] = (),
        models: Iterable[str] = (),
        into: str | None = None,
        by: Iterable[str] = (),
        rules: PickRules | None = None,
        auto: bool = False,
        branch: str | None = None,
        timeout: float | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Gone:
        """Have a prompt done several times, wait, pick the best, and put ``branch`` at its work.

        After ``timeout`` seconds those that are still at work are stopped. ``tell`` is called with
        what is done; all else is as in `fanout` and `pick`. Raises Negative if nothing is picked.
        """
        order = order or RunOrder()
        wish = picking.Wish(into=into, by=tuple(by) or None, rules=rules, auto=auto)
        wanted = going.Tries(
            replace(order, prompt=prompt or order.prompt),
            tries,
            prefix,
            tuple(agents),
            tuple(models),
            wish,
            branch,
            timeout,
        )
        return going.go(self._repo, wanted, tell)

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
