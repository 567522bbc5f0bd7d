"""The process that sees to one agent: its terminal, its log, its budget, its end.

It runs in the agent's tmux pane, or detached. What it knows of the agent is in the run's
directory; prompts for the agent, and the wish to end it, come from there and as signals.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from gitlanes import clock
from gitlanes.config import layers
from gitlanes.errors import LanesError, Locked, NotFound, Raced, as_lanes_error
from gitlanes.fleet import (
    ending,
    logs,
    metering,
    places,
    programs,
    queueing,
    recording,
    spawning,
    tmux,
)
from gitlanes.fleet.relay import Relay
from gitlanes.fleet.screen import Screen
from gitlanes.git import families, processes
from gitlanes.git.process import elsewhere
from gitlanes.models.fleet import (
    CRASHED,
    FINISHED,
    KILLED,
    OVER_BUDGET,
    RUNNING,
    STARTING,
    STDIN,
    TYPED,
)
from gitlanes.models.notes import Cost
from gitlanes.models.plain import plain, replace
from gitlanes.models.records import Lane
from gitlanes.review import budgets
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.workspaces import claims, finding, surroundings

# Seconds: until a look at what is new, between two notes, between two looks at the budget, after
# which budgets are read anew, and that an agent has to end when it is asked to.
_GLANCE, _NOTE, _COUNT, _BUDGETS, GRACE = 0.15, 0.5, 0.5, 15.0, 5.0
# How often it is tried to keep the work, where others have the lock or were first.
_TRIES = 20
_SIZE = (50, 200)
# What is said of a terminal that is not the agent's.
_FOREIGN = ("TMUX", "TMUX_PANE", "LINES", "COLUMNS", "TERM_PROGRAM", "STY")


class Supervisor:
    """One agent from its start to the record of its end."""

    def __init__(self, place: places.Place, *, pane: bool):
        self.place = place
        self.order = place.order()
        self.program = place.program()
        self.environ = place.take_environment()
        self.pane = pane
        self.prompt = place.asked
        self.wish: str | None = None
        self.reason: str | None = None
        self.forced = False
        self._judging = False
        self._since = clock.monotonic()
        self._noted = self._counted = self._asked = 0.0
        self._known: dict[str, Any] = {}
        self._standings: tuple[Any, ...] = ()

    def repository(self) -> LaneRepo:
        """Open the repository that the agent works in, as its orderer would."""
        return LaneRepo.open(self.order["top"], elsewhere(self.environ))

    def run(self) -> None:
        """See to it all."""
        for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
            signal.signal(one, self._asked_to_end)
        try:
            self._begin()
        except (LanesError, OSError) as error:
            self._failed(as_lanes_error(error).message)
            return
        code = self._attend()
        self._end(code)

    def _asked_to_end(self, number: int, _: object) -> None:
        if self._judging:
            self._judging = False
            raise KeyboardInterrupt  # gates end surely then
        self.wish = self.wish or KILLED
        if number == signal.SIGHUP:
            self.reason = self.reason or "its terminal was closed"
        self.forced = self.forced or number == signal.SIGUSR1

    def _begin(self) -> None:
        """Claim the workspace, record the start, and start the agent."""
        order, place = self.order, self.place
        place.write(status=STARTING, pid=os.getpid(), **_where(os.getpid(), "mark"))
        with self.repository() as repo:
            started = recording.began(repo, place.id, order)
            lane = self._read_budgets(repo)
            workspace = finding.require_workspace(repo, lane)
            given = surroundings.environment(repo, workspace)
            claims.claim(repo, lane.name, agent=order["agent"], pid=os.getpid())
        path, environ = workspace.path, self._environment(given)
        self._directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        words = programs.argv(self.program, self._values())
        program, size = self.program, _SIZE
        if self.pane:
            with suppress(OSError):
                columns, rows = os.get_terminal_size(0)
                size = (rows, columns)
        piped = program.prompt == STDIN
        self.spawned = spawning.agent(words, path, environ, size, piped=piped)
        self.relay = Relay(
            self.spawned,
            Screen(clock.monotonic(), program.waiting, input=program.input),
            metering.Meter(program.usage == "output"),
            logs.Log(place.log),
            pane=self.pane,
            stdin=self.prompt.encode("utf-8", "surrogateescape") if piped else b"",
        )
        if program.prompt == TYPED and self.prompt:
            self.relay.keyboard.type(self.prompt)
        pid = self.spawned.process.pid
        self._note(
            status=RUNNING, started=started, agent_pid=pid, **_where(pid, "agent_mark"), force=True
        )

    def _values(self) -> dict[str, str]:
        order = self.order
        values = {"prompt": self.prompt, "prompt_file": str(self.place.prompt)}
        values["agent"] = order["agent"]
        return {**values, **({"model": order["model"]} if order["model"] else {})}

    def _environment(self, given: Mapping[str, str]) -> dict[str, str]:
        kept = {x: y for x, y in elsewhere(self.environ).items() if x not in _FOREIGN}
        return {
            **kept,
            "TERM": tmux.TERMINAL if self.pane else "xterm-256color",
            **given,
            **self.program.env,
            "GITLANES_AGENT": self.order["agent"],
            "GITLANES_LANE": self.order["lane"],
            "GITLANES_PROMPT_FILE": str(self.place.prompt),
            spawning.MARK: self.place.id,
        }

    def _failed(self, why: str) -> None:
        """Note that the agent could not be started, with all that has to be kept even so."""
        how = {"status": CRASHED, "reason": why}
        with suppress(LanesError, OSError), self.repository() as repo:
            recording.ended(repo, self.place.id, self.order, how)
            ending.release(repo, self.order)
        self.place.write(**how, ended=clock.utc_text(clock.now()))
        self._next()

    def _attend(self) -> int:
        """Carry everything to and fro until the agent has ended; return its exit code."""
        process, mark = self.spawned.process, (spawning.MARK, self.place.id)
        asked = looked = 0.0
        while process.poll() is None:
            self.relay.carry(_GLANCE)
            now = clock.monotonic()
            if now - looked < _GLANCE and not self.wish:
                continue
            looked = now
            for text in self.place.take_prompts():
                self.relay.keyboard.type(text)
            self._count(now)
            if not os.fstat(self._directory).st_nlink and not self.wish:
                self.wish, self.reason = KILLED, "its workspace was removed"
            if self.wish and not asked:
                asked = now
                families.ask(process.pid, mark)
            if self.wish and (self.forced or now - asked > GRACE):
                break
            self._note(status=self.relay.screen.status(now), last=self.relay.screen.last)
        families.end(process.pid, mark)
        code = process.wait()
        self.relay.close()
        return code

    def _count(self, now: float) -> None:
        """End the agent where it comes to a budget."""
        if now - self._counted < _COUNT or self.wish:
            return
        self._counted = now
        if self._standings and now - self._asked > _BUDGETS:
            with suppress(LanesError, OSError), self.repository() as repo:
                self._read_budgets(repo)
        if self._standings:
            cost = metering.priced(self.relay.meter.cost(), self.order["model"], self._team_file)
            over = metering.exceeded(self._standings, cost, self._wall())
            if over:
                self.wish, self.reason = OVER_BUDGET, over

    def _read_budgets(self, repo: LaneRepo) -> Lane:
        """Read how budgets stand, and return the lane; raises NotFound where that is gone."""
        self._asked = clock.monotonic()
        root = repo.root()
        self._team_file = layers.team_file(root[1] if root else None)
        found = recording.lane_of(repo, self.order)
        if found is None:
            raise NotFound("lane", self.order["lane"])
        standings = budgets.budget_left(repo, found.record.name, self.order["agent"])
        self._standings = tuple(x for x in standings if x.limits)
        return found.record

    def _wall(self) -> int:
        return round(1000 * (clock.monotonic() - self._since))

    def _note(self, *, force: bool = False, **changes: Any) -> None:
        """Note how it goes: what is new at once, all else from time to time."""
        now = clock.monotonic()
        status = changes.get("status")
        turned = status is not None and status != self._known.get("status")
        if not force and not turned and now - self._noted < _NOTE:
            return
        changes["cost"] = plain(replace(self.relay.meter.cost(), raw=None), absent=False)
        if force or any(self._known.get(key) != x for key, x in changes.items()):
            self._known |= changes
            self.place.write(**changes)
        self._noted = now

    def _end(self, code: int) -> None:
        """Keep the agent's work, record how it ended, and let those that wait begin."""
        cost = replace(self.relay.meter.whole(), wall_ms=self._wall())
        status = self.wish or (FINISHED if code >= 0 else CRASHED)
        reason = self.reason
        if reason is None and self.wish is None and code:
            reason = f"exit code {code}" if code > 0 else f"signal {-code}"
        if reason is None and status == KILLED:
            reason = f"{ending.STOPPED}it was asked to end"
        how = {"status": status, "code": code, "reason": reason}
        noted: dict[str, Any] = {"cost": plain(cost, absent=False), "last": self.relay.screen.last}
        self.place.write(ending=how, code=code, reason=reason, **noted)
        for _ in range(_TRIES):
            try:
                noted = self._settled(how, cost)
            except (Locked, Raced):
                clock.sleep(_NOTE)
                continue
            except (LanesError, OSError) as error:
                noted = {"problem": as_lanes_error(error).message}
            noted["ended"] = noted.get("ended") or clock.utc_text(clock.now())
            self.place.write(**how, **noted)
            break  # else whoever looks next goes on with it
        self._next()

    def _settled(self, how: dict[str, Any], cost: Cost) -> dict[str, Any]:
        run, order = self.place.id, self.order
        with self.repository() as repo:
            noted = ending.settle(repo, run, order, how, self.place.asked, cost, self._stoppable)
            ending.release(repo, order)
            return {**noted, "warnings": repo.warnings}

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """Let whoever wants to end the agent end what is done in the block."""
        self._judging = True
        try:
            yield
        finally:
            self._judging = False

    def _next(self) -> None:
        with suppress(LanesError, OSError), self.repository() as repo:
            queueing.start_waiting(repo)


def _where(pid: int, mark: str) -> dict[str, Any]:
    """Return what tells a process from all others that may have its number."""
    return {
        mark: processes.start_of(pid),
        "host": os.uname().nodename,
        "boot": processes.boot_id(),
        "space": processes.pid_space(),
    }
