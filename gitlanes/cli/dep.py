"""Commands about lanes that follow lanes: dep add, remove, list, graph."""

from __future__ import annotations

from collections.abc import Sequence

import click

from gitlanes.cli.drawing import tree
from gitlanes.cli.errors import line
from gitlanes.cli.main import HELP, Group
from gitlanes.cli.output import Output, command, short
from gitlanes.cli.task_text import show_tasks
from gitlanes.models.graph import Followed, Graph, Node

_ON = click.option(
    "--on", multiple=True, required=True, metavar="LANE", help="The lane to follow; repeatable."
)
_EXPECT = click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")


@click.group("dep", cls=Group, context_settings=HELP)
def dep_command() -> None:
    """Say which lanes follow which: what they are promoted into, and brought up to."""


@command("add")
@click.argument("lane", required=False)
@_ON
@_EXPECT
def add_dependency(out: Output, lane: str | None, on: tuple[str, ...], expect: str | None) -> None:
    """Let LANE follow other lanes; the first that it follows is what it is promoted into.

    LANE may be left out inside its workspace.
    """
    from gitlanes.graph.dependencies import add

    with out.repository() as repo:
        made = add(repo, lane, on, expect=expect)
    out.result(made, [_said(made)])


@command("remove")
@click.argument("lane", required=False)
@_ON
@_EXPECT
def remove_dependency(
    out: Output, lane: str | None, on: tuple[str, ...], expect: str | None
) -> None:
    """Let LANE go on without a lane that it follows.

    LANE may be left out inside its workspace.
    """
    from gitlanes.graph.dependencies import remove

    with out.repository() as repo:
        made = remove(repo, lane, on, expect=expect)
    out.result(made, [_said(made)])


@command("list")
@click.argument("lane", required=False)
def list_dependencies(out: Output, lane: str | None) -> None:
    """List the lanes that LANE follows, and those that follow it.

    LANE may be left out inside its workspace.
    """
    from gitlanes.graph.dependencies import relatives

    with out.repository() as repo:
        found = relatives(repo, lane)
    if out.as_json:
        out.result(found)
        return
    rows = [("follows", *_row(x)) for x in found.parents]
    rows += [("followed by", *_row(x)) for x in found.dependants]
    if rows:
        out.table((found.lane, "LANE", "STATE", "HEAD", "OPEN"), rows)
    else:
        out.say(f"lane {found.lane} follows no other, and no other follows it")


@command("graph", long=True)
@click.option("--dot", is_flag=True, help="Print it for Graphviz.")
def show_graph(out: Output, dot: bool) -> None:
    """Draw the lanes that follow others: each below the one that it is promoted into.

    The tasks that have not ended are listed below it.
    """
    from gitlanes.graph.dependencies import graph

    with out.repository() as repo:
        found = graph(repo)
    if out.as_json or dot:
        out.result(found, _dot(found))
    elif found.lanes:
        names = {x.name for x in found.lanes}
        above = {x.name: next((y for y in x.parents if y in names), None) for x in found.lanes}
        drawn = tree([x.name for x in found.lanes], above)
        nodes = {x.name: x for x in found.lanes}
        rows = [
            (f"{before}{name}", *_row(nodes[name])[1:], _also(nodes[name]))
            for before, name in drawn
        ]
        out.table(("LANE", "STATE", "HEAD", "OPEN", "FOLLOWS ALSO"), rows)
        show_tasks(out, found.lanes)
    else:
        out.say("no lane follows another")


def _said(made: Followed) -> str:
    return f"lane {made.lane.name} follows {', '.join(made.parents) or 'no other'}"


def _row(node: Node) -> tuple[str, str, str, str]:
    head = short(node.head) if node.head else "-"
    return line(node.name), node.status, head, ", ".join(node.open) or "-"


def _also(node: Node) -> str:
    return ", ".join(line(x) for x in node.parents[1:]) or "-"


def _dot(found: Graph) -> Sequence[str]:
    """Return the graph in Graphviz's language; names of lanes need no more than quotes there."""
    rows = [f'  "{x.name}" [label="{x.name}\\n{x.status}"];' for x in found.lanes]
    edges = [f'  "{x.name}" -> "{y}";' for x in found.lanes for y in x.parents]
    return ["digraph lanes {", *map(line, rows + edges), "}"]


for _command in (add_dependency, remove_dependency, list_dependencies, show_graph):
    dep_command.add_command(_command)
