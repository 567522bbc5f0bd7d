"""Agents at work: what is ordered, and how it goes."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.plain import NOTHING, Model, Result

# Where runs are, in the directory of what only this machine knows.
RUNS = "runs"

QUEUED = "queued"
STARTING = "starting"
RUNNING = "running"
WAITING = "waiting"
IDLE = "idle"
FINISHED = "finished"
CRASHED = "crashed"
KILLED = "killed"
OVER_BUDGET = "over-budget"
# Of those that have not ended, and of those that have.
LIVE = (QUEUED, STARTING, RUNNING, WAITING, IDLE)
ENDED = (FINISHED, CRASHED, KILLED, OVER_BUDGET)

# How a program gets its prompt.
ARGUMENT, STDIN, TYPED, FILE, NONE = WAYS = ("argument", "stdin", "typed", "file", "none")


class Program(Model):
    """A program that works as an agent, as it is configured.

    ``args`` are its words; in them ``{prompt}``, ``{prompt_file}``, ``{model}`` and ``{agent}``
    stand for what is ordered, and a word that is ``{model}`` alone for ``model``, the words that
    choose one. ``prompt`` says how it gets the prompt, ``resume`` are the words that go on with
    what it did last in the same directory. ``usage`` is 'output' where its output tells what it
    took, ``input`` says whether it takes prompts while it runs. ``waiting`` are patterns of lines
    with which it waits for input. ``origin`` says who defined it.
    """

    name: str
    args: tuple[str, ...]
    prompt: str = ARGUMENT
    resume: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    env: dict[str, str] = NOTHING
    usage: str = "output"
    input: bool = True
    waiting: tuple[str, ...] = ()
    origin: str = "built in"


NO_PROGRAM = Program("", ())


class RunOrder(Model):
    """What to run in a lane.

    ``program`` names the definition, without it the one that is set or found by default; ``args``
    are further words for it, without a program the command to run. ``agent`` is the id that its
    work is recorded under (``PROGRAM@LANE``). A lane that is not there starts from ``start``, or
    follows ``on``. With ``quick`` nothing is set up in its workspace. Without ``tmux`` it runs
    detached. ``template`` names a prompt whose places ``fill`` fills. ``batch`` is an id that runs
    of one order share. ``resume`` goes on with the last one.
    """

    prompt: str = ""
    program: str | None = None
    agent: str | None = None
    model: str | None = None
    start: str | None = None
    on: str | None = None
    quick: bool = False
    tmux: bool = True
    batch: str | None = None
    args: tuple[str, ...] = ()
    template: str | None = None
    fill: dict[str, str] = NOTHING
    resume: bool = False


class Run(Result):
    """One agent at work in a lane, or how that ended.

    ``code`` is its exit code (negative: the signal). ``session`` is the name of its tmux session,
    None where it has none, ``socket`` the one of that server. ``pid`` is its supervisor's process,
    ``agent_pid`` its own. ``last`` is the last line that it printed, ``reason`` why it was ended,
    ``attempt`` what it left, ``snapshot`` where its unsaved work is. ``cost`` is what it told of
    its usage so far. ``cpu`` is a share of one core, ``memory`` counts bytes, ``changed`` files.
    """

    id: str
    lane: str
    status: str
    program: str
    agent: str
    batch: str | None = None
    model: str | None = None
    code: int | None = None
    started: str | None = None
    ended: str | None = None
    path: str | None = None
    log: str | None = None
    session: str | None = None
    socket: str | None = None
    pid: int | None = None
    agent_pid: int | None = None
    last: str = ""
    reason: str | None = None
    attempt: str | None = None
    snapshot: str | None = None
    cost: dict[str, Any] = NOTHING
    seconds: float | None = None
    cpu: float | None = None
    memory: int | None = None
    changed: int | None = None

    schema: ClassVar[str] = "run"

    @property
    def live(self) -> bool:
        """Say whether it has not ended."""
        return self.status in LIVE


class Runs(Result):
    """Several runs, with sums over each ``batch`` ('' for those without one)."""

    runs: tuple[Run, ...]
    totals: dict[str, dict[str, Any]] = NOTHING

    schema: ClassVar[str] = "runs"


class Prompted(Result):
    """A prompt that the agent of a lane was given; ``resumed`` says that it was started anew."""

    run: Run
    resumed: bool = False

    schema: ClassVar[str] = "prompted"


class Logged(Result):
    """The last lines that the agent of a lane printed."""

    run: Run
    lines: tuple[str, ...]

    schema: ClassVar[str] = "log"


class Attachment(Result):
    """How to attach to an agent's terminal: a command, as its words."""

    run: Run
    args: tuple[str, ...]

    schema: ClassVar[str] = "attachment"


class Killed(Result):
    """Agents that were stopped; ``archived`` are the lanes that were put away with it."""

    runs: tuple[Run, ...]
    archived: tuple[str, ...] = ()
    left: dict[str, str] = NOTHING

    schema: ClassVar[str] = "killed"
