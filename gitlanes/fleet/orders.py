"""What several agents are to do, as it is written down: on the command line or in a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from gitlanes.errors import BadValue, line
from gitlanes.fleet.making import Member
from gitlanes.models.fleet import RunOrder
from gitlanes.models.plain import replace

_KEYS = {"agent": "program", "model": "model", "from": "start", "on": "on", "agent_id": "agent"}
_HEADING = re.compile(r"(##?)[ \t]+(.*?)[ \t]*#*[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HINT = "it has a lane and a prompt for each task: see docs/fleet.md"


def of_words(words: Iterable[str], order: RunOrder) -> list[Member]:
    """Return what ``LANE:PROMPT`` ask for; raises BadValue."""
    found = []
    for word in words:
        lane, colon, prompt = word.partition(":")
        if not colon or not lane or not prompt.strip():
            shown = line(word, 60)
            raise BadValue(f"'{shown}' is no task", hint="write it as LANE:PROMPT, in quotes")
        found.append(Member(lane, replace(order, prompt=prompt)))
    return found


def of_file(name: str, text: str, order: RunOrder) -> list[Member]:
    """Return what a file of tasks asks for, by the end of its name: TOML, JSON or Markdown.

    Raises BadValue with the number of the task that cannot be understood.
    """
    if name.endswith((".md", ".markdown")):
        tables: Any = _of_markdown(text)
    elif name.endswith(".json"):
        tables = _loaded(name, text, json.loads)
    elif name.endswith(".toml"):
        import tomllib  # few bring such a file

        tables = _loaded(name, text, tomllib.loads)
    else:
        raise BadValue(
            f"'{line(name, 60)}' is no file of tasks", hint="end it in .toml, .json, .md"
        )
    tables = tables.get("task", tables.get("tasks")) if isinstance(tables, dict) else tables
    if not isinstance(tables, list) or not tables:
        raise BadValue(f"no tasks are in '{line(name, 60)}'", hint=_HINT)
    return [_member(name, number, x, order) for number, x in enumerate(tables, 1)]


def _loaded(name: str, text: str, load: Any) -> Any:
    try:
        return load(text)
    except (ValueError, RecursionError) as error:
        said = str(error)[:1].lower() + str(error)[1:]
        raise BadValue(f"cannot read '{line(name, 60)}': {line(said, 200)}") from error


def _member(name: str, number: int, table: Any, order: RunOrder) -> Member:
    fault = _fault(table)
    if fault is not None:
        raise BadValue(f"task {number} in '{line(name, 60)}': {line(fault, 200)}", hint=_HINT)
    given = {field: table[key] for key, field in _KEYS.items() if key in table}
    return Member(table["lane"], replace(order, prompt=table["prompt"], **given))


def _fault(table: Any) -> str | None:
    if not isinstance(table, dict):
        return "it is no table"
    known = {"lane", "prompt", *_KEYS}
    if odd := next((x for x in table if x not in known), None):
        return f"unknown setting '{odd}'"
    if missing := next((x for x in ("lane", "prompt") if not table.get(x)), None):
        return f"it has no {missing}"
    odd = next((key for key, x in table.items() if not isinstance(x, str)), None)
    return None if odd is None else f"{odd} is no text"


def _of_markdown(text: str) -> list[dict[str, str]]:
    """Return a task for each ``## LANE``: what is below it is the prompt, further headings too.

    What is between fences is text, whatever it looks like.
    """
    found: list[tuple[str, list[str]]] = []
    fence, inside = "", False
    for row in text.splitlines():
        heading = None if fence else _HEADING.fullmatch(row)
        if heading is not None:
            inside = heading[1] == "##"  # what is below a title is about all of them
            found += [(heading[2], [])] if inside else []
            continue
        if mark := _FENCE.match(row):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        if inside:
            found[-1][1].append(row)
    return [{"lane": lane, "prompt": "\n".join(rows).strip()} for lane, rows in found]
