"""Commands about tasks: add, list, show, edit, next, start, complete, check, release, abandon."""

from __future__ import annotations

import click

from gitlanes.cli.errors import details
from gitlanes.cli.main import HELP, Group
from gitlanes.cli.output import Output, command, count, short
from gitlanes.cli.task_text import HEADERS, ended_line, row, task_lines
from gitlanes.config.table import AGENT_VARIABLE
from gitlanes.models.plain import plain
from gitlanes.models.task_results import TaskStarted
from gitlanes.models.tasks import STATUSES

_AGENT = click.option("--agent", metavar="ID", help=f"Who one is; else {AGENT_VARIABLE} says it.")
_BY = click.option("--by", "--agent", envvar=AGENT_VARIABLE, metavar="ID", help="Who does it.")
_PID = click.option(
    "--pid", type=click.IntRange(1), metavar="N", help="The claim ends with process N."
)
_LEASE = click.option("--lease", metavar="DURATION", help="It ends after 90s, 30m, 8h; 0 is never.")
_FORCE = click.option("--force", is_flag=True, help="Whoever has it.")
_REASON = click.option("--reason", help="Why.")
_DESCRIPTION = click.option("--description", metavar="TEXT", help="What is to be done.")
_PRIORITY = click.option("--priority", type=int, metavar="N", help="Lower ones come first.")
_RETRIES = click.option(
    "--retries", type=click.IntRange(0), metavar="N", help="How often it may be started again."
)


@click.group("task", cls=Group, context_settings=HELP)
def task_command() -> None:
    """Hand work on a lane out to agents, each with a short-lived lane of its own.

    A TASK is named by its id, a beginning of it, or the lane in which it is worked on; inside that
    lane's workspace it may be left out.
    """


@command("add")
@click.argument("title")
@click.option("--lane", help="The lane that wants it; else the present one.")
@_DESCRIPTION
@_PRIORITY
@_RETRIES
@_BY
def add_task(
    out: Output,
    title: str,
    lane: str | None,
    description: str | None,
    priority: int | None,
    retries: int | None,
    by: str | None,
) -> None:
    """Add a task to a lane; it has no lane of its own until it is started.

    The priority is 100 unless told.
    """
    from gitlanes.tasks.adding import Wanted, add

    wanted = Wanted(title, description, priority, retries)
    with out.repository() as repo:
        made = add(repo, wanted, lane=lane, by=by)
    out.result(made, [made.id])
    out.say(f"added task {made.id} to lane {made.lane}")


@command("list", long=True)
@click.argument("lane", required=False)
@click.option("--nested", is_flag=True, help="And of the lanes that follow LANE.")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only these."
)
@click.option("--all", "every", is_flag=True, help="Completed and abandoned ones, too.")
@click.option("--agent", metavar="ID", help="Only those that this agent has.")
def list_tasks(
    out: Output,
    lane: str | None,
    nested: bool,
    statuses: tuple[str, ...],
    every: bool,
    agent: str | None,
) -> None:
    """List the tasks of LANE, or of all lanes: those to be done first before others."""
    from gitlanes.tasks.reading import list_tasks as verb

    wanted = STATUSES if every else statuses
    with out.repository() as repo:
        found = verb(repo, lane, nested=nested, statuses=wanted, agent=agent)
    if out.as_json:
        out.result(found)
    elif found.tasks:
        out.table(HEADERS, [row(x) for x in found.tasks])
    else:
        out.say("there are no such tasks")


@command("show")
@click.argument("task", required=False)
def show_task(out: Output, task: str | None) -> None:
    """Show TASK: what is wanted, who has it, and what became of it."""
    from gitlanes.tasks.reading import find

    with out.repository() as repo:
        found = find(repo, task)
    out.result(found, task_lines(found))


@command("edit")
@click.argument("task")
@click.option("--title", help="What it is called.")
@_DESCRIPTION
@_PRIORITY
@click.option(
    "--retries", type=click.IntRange(-1), metavar="N", help="How often again; -1: as needed."
)
@_BY
def edit_task(
    out: Output,
    task: str,
    title: str | None,
    description: str | None,
    priority: int | None,
    retries: int | None,
    by: str | None,
) -> None:
    """Change what is said of TASK; a description of '' takes it away."""
    from gitlanes.tasks.adding import Wanted, edit

    wanted = Wanted(title, description, priority, retries)
    with out.repository() as repo:
        made = edit(repo, task, wanted, by=by)
    out.result(made, task_lines(made))


@command("next")
@click.option("--lane", help="Only of this lane.")
@click.option("--claim", is_flag=True, help="Take it: nobody else gets the same one.")
@click.option("-n", "number", type=click.IntRange(1), default=1, help="So many of them.")
@_AGENT
@_PID
@_LEASE
def next_task(
    out: Output,
    lane: str | None,
    claim: bool,
    number: int,
    agent: str | None,
    pid: int | None,
    lease: str | None,
) -> None:
    """Show the task to be done next: of the lowest priority, the oldest.

    With --claim it is the agent's, for lanes.lease (an hour unless set) where neither --pid nor
    --lease says how long. Tasks whose claim does not hold any more are ready, too.
    """
    from gitlanes.tasks import claiming

    with out.repository() as repo:
        if claim:
            seconds = _seconds(lease)
            found = claiming.claim(repo, number, lane=lane, agent=agent, pid=pid, lease=seconds)
        else:
            found = claiming.following(repo, number, lane=lane)
    if out.as_json:
        out.result(found)
    else:
        out.table(HEADERS, [row(x) for x in found.tasks])
    if claim:
        out.say(f"claimed {count(len(found.tasks), 'task')} for {found.tasks[0].agent}")


@command("start")
@click.argument("task")
@click.option("--lane", metavar="NAME", help="What its lane is called.")
@click.option("--no-workspace", is_flag=True, help="Make the lane alone.")
@click.option("--path", type=click.Path(), help="Where the workspace goes.")
@_AGENT
@_PID
@_LEASE
@click.option("--force", is_flag=True, help="Take it from whoever has it.")
def start_task(
    out: Output,
    task: str,
    lane: str | None,
    no_workspace: bool,
    path: str | None,
    agent: str | None,
    pid: int | None,
    lease: str | None,
    force: bool,
) -> None:
    """Begin TASK in a lane of its own, which follows the task's lane.

    One that was given back goes on where it was, on what landed since; where that collides, in a
    lane anew. Started again by who has it, its claim is renewed.
    """
    from gitlanes.cli.paths import directory
    from gitlanes.tasks.starting import Start, start

    how = Start(agent, lane, not no_workspace, directory(path), pid, _seconds(lease), force)
    with out.repository() as repo:
        made = start(repo, task, how)
    out.result(made, [_said(made)])
    if made.synced:
        out.say(f"its work was laid on {', '.join(made.synced.onto)}")


@command("complete")
@click.argument("task", required=False)
@click.option("-m", "--message", help="The merge's message; else the task's title.")
@click.option("--keep", is_flag=True, help="Do not archive its lane.")
@_BY
@click.option("--force", is_flag=True, help="Whoever has it.")
def complete_task(
    out: Output, task: str | None, message: str | None, keep: bool, by: str | None, force: bool
) -> None:
    """Merge TASK's work into its lane, and put the task's own lane away.

    Where both sides touched a path, the task is open again, nobody's, with its work as it is.
    """
    from gitlanes.tasks.ending import Completion, complete

    with out.repository() as repo:
        made = complete(repo, task, Completion(by, message, keep, force))
    out.result(made, [ended_line(made.task)])
    for name in made.archived:
        out.say(f"archived lane {name}")


@command("check")
@click.argument("task", required=False)
def check_task(out: Output, task: str | None) -> int:
    """Say whether completing TASK would land now; exit 1 if not."""
    from gitlanes.tasks.ending import check

    with out.repository() as repo:
        found = check(repo, task)
    said = "would land" if found.lands else "would not land"
    text = [f"task {found.task.id} {said} in {found.task.lane}"]
    text += [f"  {found.remains}"] if found.remains else []
    text += details({"collisions": plain(found.promotion.collisions)})
    out.result(found, text)
    return 0 if found.lands else 1


@command("release")
@click.argument("task", required=False)
@_REASON
@_BY
@_FORCE
def release_task(
    out: Output, task: str | None, reason: str | None, by: str | None, force: bool
) -> None:
    """Give TASK back: it is open again, and its lane with its work stays."""
    from gitlanes.tasks.claiming import release

    with out.repository() as repo:
        made = release(repo, task, by=by, reason=reason, force=force)
    out.result(made, [f"released task {made.id}"])
    if made.worker:
        out.say(f"its work stays in lane {made.worker}")


@command("abandon")
@click.argument("task")
@_REASON
@_BY
@_FORCE
def abandon_task(out: Output, task: str, reason: str | None, by: str | None, force: bool) -> None:
    """End TASK without landing it; its lane is abandoned, and keeps its work."""
    from gitlanes.tasks.ending import abandon

    with out.repository() as repo:
        made = abandon(repo, task, by=by, reason=reason, force=force)
    out.result(made, [ended_line(made)])


def _seconds(lease: str | None) -> float | None:
    from gitlanes.cli.options import milliseconds

    return None if lease is None else milliseconds(lease) / 1000


def _said(made: TaskStarted) -> str:
    task, lane = made.task, made.lane
    verb = "renewed claim on" if made.renewed else "started"
    where = f", workspace {made.path}" if made.path else ""
    return f"{verb} task {task.id} in lane {lane.name} at {short(lane.head)}{where}"


for _command in (
    *(add_task, list_tasks, show_task, edit_task, next_task, start_task, complete_task),
    *(check_task, release_task, abandon_task),
):
    task_command.add_command(_command)
