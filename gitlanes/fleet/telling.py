"""Speaking with an agent that is at work, and reading what it printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Negative, NotFound, Refused
from gitlanes.fleet import logs, observing, places, running, tmux
from gitlanes.models.fleet import LIVE, QUEUED, Attachment, Logged, Prompted, Run, RunOrder
from gitlanes.models.plain import replace
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_LINES = 50


def prompt(
    repo: LaneRepo, lane: str | None, text: str, *, settle: float = running.SETTLED
) -> Prompted:
    """Hand a prompt to the agent of a lane: it is typed into its terminal.

    An agent that has ended is started anew, to go on with what it did last. Raises Refused where
    an agent takes no prompts while it runs, or cannot be resumed, NotFound without one.
    """
    if not text or "\0" in text:
        raise BadValue("a prompt is text, without a NUL byte")
    place, found = _newest(repo, lane)
    order = place.order()
    if not found.live:
        again = RunOrder(
            text,
            program=found.program,
            agent=found.agent,
            model=found.model,
            batch=found.batch,
            tmux=order["tmux"],
            args=tuple(order["args"]),
            resume=True,
        )
        return Prompted(running.run(repo, found.lane, again, settle=settle), resumed=True)
    if not place.program().input:
        raise Refused(
            f"agent '{found.agent}' takes no prompts while it runs",
            hint=f"wait until it ends ('git lanes ps'): then 'git lanes prompt {found.lane}' "
            "goes on with it",
        )
    place.lay_down(text)
    return Prompted(found)


def attach(repo: LaneRepo, lane: str | None = None) -> Attachment:
    """Return what attaches a terminal to that of a lane's agent; raises Refused without one."""
    place, found = _newest(repo, lane)
    (now,) = observing.measured(repo, [(place, found)])
    if not now.live:
        raise Negative(
            f"agent '{now.agent}' in lane '{now.lane}' is {now.status}",
            hint=f"what it printed: git lanes logs {now.lane}",
        )
    there = tmux.sessions(now.socket, repo.environ) if now.session and now.socket else {}
    if now.status == QUEUED:
        raise Refused(
            f"agent '{now.agent}' in lane '{now.lane}' waits until another one has ended",
            hint="see 'git lanes ps'; lanes.maxAgents says how many work at a time",
        )
    if now.socket is None or now.pid not in there:
        raise Refused(
            f"agent '{now.agent}' in lane '{now.lane}' has no tmux session",
            hint=f"see 'git lanes logs {now.lane} --follow', speak with 'git lanes prompt'",
        )
    return Attachment(now, tmux.attaching(now.socket, there[now.pid][0]))


def logged(repo: LaneRepo, lane: str | None = None, *, count: int = _LINES) -> Logged:
    """Return the last lines that the newest agent of a lane printed; raises NotFound."""
    place, found = _newest(repo, lane)
    return Logged(found, tuple(logs.last_lines(place.log, count)))


def alive(repo: LaneRepo, run: Run) -> bool:
    """Say whether an agent is at work still."""
    place = places.Place(places.root(repo) / run.id)
    if place.deserted:
        observing.reconcile(repo)
    return place.state().get("status") in LIVE


def _newest(repo: LaneRepo, lane: str | None) -> tuple[places.Place, Run]:
    record = finding.lane_or_present(repo, lane).record
    observing.reconcile(repo)
    place = places.of_lane(repo, record.uuid)
    if place is None:
        raise NotFound(
            "agent of lane",
            record.name,
            hint=f"none was run here; what was done in it: git lanes history {record.name}",
        )
    return place, replace(observing.of(place), lane=record.name)
