"""Starting several agents at a time, each in a lane of its own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import LanesError, Negative, NotFound, Refused
from gitlanes.fleet import killing, naming, observing, places, programs, running
from gitlanes.fleet.making import Makers, Member
from gitlanes.lanes import lifecycle
from gitlanes.lanes.about import NO_ABOUT
from gitlanes.lanes.about import check as check_about
from gitlanes.models.batches import Fanned
from gitlanes.models.plain import plain, replace
from gitlanes.store import layout

if TYPE_CHECKING:
    from gitlanes.models.fleet import Run, RunOrder
    from gitlanes.store.lane_repo import LaneRepo


def fanout(
    repo: LaneRepo,
    number: int,
    prefix: str | None,
    order: RunOrder,
    *,
    agents: Sequence[str] = (),
    models: Sequence[str] = (),
    settle: float = running.SETTLED,
) -> Fanned:
    """Start a number of agents with one prompt, in lanes PREFIX-a, -b and so on.

    The prefix is made of the prompt unless told. ``agents`` and ``models`` are dealt in turn.
    Raises what `start` raises, and Refused where a lane of that name is there.
    """
    taken = {x.record.name.lower() for x in repo.view.lanes(deleted=True)}
    if prefix is None:
        prompt = programs.prompted(repo, None, order)
        prefix = naming.prefix_of(prompt, number, taken)
    names = naming.members(prefix, number)
    for name in names:
        state = repo.view.find(name)
        if state is not None and state.record.live:
            raise Refused(
                f"lane '{name}' exists already", hint="name another prefix for the new lanes"
            )
    dealt = [
        replace(
            order,
            program=agents[x % len(agents)] if agents else order.program,
            model=models[x % len(models)] if models else order.model,
        )
        for x in range(number)
    ]
    return start(repo, [Member(*x) for x in zip(names, dealt, strict=True)], settle=settle)


def start(repo: LaneRepo, members: Sequence[Member], *, settle: float = running.SETTLED) -> Fanned:
    """Start an agent in each lane; those that are not there are made, some at a time.

    Lanes in which an agent is at work are skipped. Where one cannot be started, its lane goes
    again, if it was made for that; the others go on. On Ctrl-C agents are ended and their lanes
    taken back; those that hold work are kept, and named.
    Raises, before anything is made, NotFound for programs that are not there, BadName, BadValue;
    and Negative where no agent could be started at all.
    """
    repo.view.require_adopted()
    batch = next((x.order.batch for x in members if x.order.batch), None) or ids.new_batch_id()
    check_about(NO_ABOUT, batch)
    _require_distinct([x.lane for x in members])
    observing.reconcile(repo)
    _require_quiet(repo, batch)
    checked = [_checked(repo, x.lane, replace(x.order, batch=batch)) for x in members]
    fanning = _Fanning(repo, checked, batch)
    try:
        fanning.make_lanes()
        fanning.start()
        started = observing.wait(repo, [*fanning.started], settle)
    except BaseException:
        fanning.take_back()
        raise
    return fanning.result(started)


def _require_distinct(names: Sequence[str]) -> None:
    twice = next((x for x in names if names.count(x) > 1), None)
    if twice is not None:
        raise Refused(f"lane '{twice}' is named twice", hint="one agent works in a lane at a time")


def _require_quiet(repo: LaneRepo, batch: str) -> None:
    """Raise Refused where agents of that batch are at work: what ends this one ends a batch."""
    busy = [run.lane for _, run in places.live(repo) if run.batch == batch]
    if busy:
        raise Refused(
            f"agents of batch '{batch}' are at work in {', '.join(busy)}",
            hint="leave --batch out, or name another one",
        )


def _checked(repo: LaneRepo, name: str, order: RunOrder) -> Member:
    """Return a member with its agent's id; raises for what cannot run, before anything does."""
    layout.check_lane_name(name)
    known = repo.view.find(name)
    lane = known.record if known is not None and known.record.live else None
    program = programs.chosen(repo, lane, order)
    values = {"prompt": programs.prompted(repo, lane, order), "agent": "", "prompt_file": ""}
    programs.argv(program, values | ({"model": order.model} if order.model else {}))
    return Member(name, replace(order, agent=order.agent or f"{program.name}@{name}"))


class _Fanning:
    """Several agents on their way: what was made for them, started, skipped, given up."""

    def __init__(self, repo: LaneRepo, members: Sequence[Member], batch: str):
        self._repo, self._members, self._batch = repo, members, batch
        self._made: list[str] = []
        self.started: list[str] = []
        self._skipped: dict[str, str] = {}
        self._failed: dict[str, LanesError] = {}

    def make_lanes(self) -> None:
        """Make the lanes that are not there, with their workspaces, some at a time."""
        new = [x for x in self._members if not self._is_there(x.lane)]
        makers = Makers(self._repo, new)
        self._made, self._failed = makers.made, makers.failed
        try:
            makers.run()
        finally:
            makers.stop()
            for name in makers.failed:
                self._unmake(name)

    def _is_there(self, name: str) -> bool:
        found = self._repo.view.find(name)
        return found is not None and found.record.live

    def start(self) -> None:
        """Start an agent in each lane that is there; one that is busy is skipped."""
        waiting = [x for x in self._members if x.lane not in self._failed]
        for name, order in self._repo.counted("starting agents", waiting):
            begun = replace(order, start=None, on=None) if name in self._made else order
            try:
                running.run(self._repo, name, begun, settle=0)
            except Refused as error:
                if "run" in error.data and name not in self._made:
                    self._skipped[name] = error.message
                else:
                    self._give_up(name, error)
            except LanesError as error:
                self._give_up(name, error)
            else:
                self.started.append(name)

    def _give_up(self, name: str, error: LanesError) -> None:
        self._failed[name] = error
        if name in self._made:
            self._made.remove(name)
            self._unmake(name)

    def take_back(self) -> None:
        """End what was started, and take away the lanes that were made and hold no work."""
        with suppress(NotFound):  # none is at work yet, or any more
            killing.kill(self._repo, batch=self._batch, force=True)
        for name in self._made:
            self._unmake(name)
        kept = [x.lane for x in self._members if self._is_ours(x.lane)]
        if kept:
            self._repo.warn(
                f"what agents did in {', '.join(kept)} is kept: "
                f"see it with 'git lanes compare {self._batch}', "
                f"clear it away with 'git lanes kill --batch {self._batch} --rm'"
            )

    def _is_ours(self, name: str) -> bool:
        """Say whether a lane is there that was made for this."""
        found = self._repo.view.find(name)
        return found is not None and found.record.live and found.record.batch == self._batch

    def _unmake(self, name: str) -> None:
        """Delete a lane that was made for nothing; work that is in it keeps it."""
        if not self._is_ours(name):
            return
        try:
            if self._repo.view.lane(name).record.next == 1:
                lifecycle.delete(self._repo, name)
        except LanesError as error:
            self._repo.warn(f"lane '{name}' stays: {error.message}")

    def result(self, runs: Sequence[Run]) -> Fanned:
        """Return what came of it; raises Negative where no agent was started."""
        failed = {name: error.message for name, error in self._failed.items()}
        found = Fanned(self._batch, tuple(runs), self._skipped, failed)
        if runs:
            return found
        why = next(iter((*failed.values(), *self._skipped.values())))
        hints = (x.hint for x in self._failed.values())
        raise Negative(
            f"no agent could be started: {why}",
            hint=next(hints, "they are at work in all of these lanes"),
            data={"fanned": plain(found)},
        )
