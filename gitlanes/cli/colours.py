"""What is coloured: words of status, headings, colliding paths, patches. Text comes escaped."""

from __future__ import annotations

import re

import click

# A name of a colour, or 'dim' and 'bold'; rich knows the same names.
STATUS = {
    "proposed": "yellow",
    "accepted": "green",
    "promoted": "green",
    "adopted": "green",
    "rejected": "red",
    "superseded": "dim",
    "unlanded": "yellow",
    "merged": "green",
    "paused": "cyan",
    "abandoned": "red",
    "conflicted": "red",
    "archived": "dim",
    "pruned": "dim",
    "deleted": "red",
    "stale": "red",
    "claimed": "cyan",
    "running": "green",
    "starting": "green",
    "waiting": "yellow",
    "idle": "yellow",
    "queued": "cyan",
    "crashed": "red",
    "killed": "red",
    "over-budget": "red",
}
_WORD = re.compile(rf"({'|'.join(STATUS)})(?= )")
_HEADING = re.compile(r"(attempt|lane|commit|operation|snapshot|promotion) \S+(?: \((\w+)\))?$")
_COLLISION = re.compile(r"(collision: )('.*?')(?=:| \(| and ')")
_FILE = re.compile(r"([AMD])(?=\t)")
_LETTERS = {"A": "green", "M": "yellow", "D": "red"}
_PATCH = (
    (("diff ", "index ", "--- ", "+++ ", "new file ", "deleted file ", "similarity "), "bold"),
    (("@@",), "cyan"),
    (("+",), "green"),
    (("-",), "red"),
)


def paint(text: str, colour: str | None) -> str:
    """Return text in that colour."""
    if colour is None:
        return text
    if colour in ("dim", "bold"):
        return click.style(text, **{colour: True})
    return click.style(text, fg=colour)


def painted(line: str) -> str:
    """Return a line of a result with its beginning in the colour that it deserves."""
    if match := _WORD.match(line):
        return paint(match[1], STATUS[match[1]]) + line[match.end() :]
    if match := _COLLISION.match(line):
        return match[1] + paint(match[2], "red") + line[match.end() :]
    if match := _FILE.match(line):
        return paint(match[1], _LETTERS[match[1]]) + line[match.end() :]
    if match := _HEADING.match(line):
        if match[2] not in STATUS:
            return paint(line, "yellow")
        return paint(line[: match.start(2)], "yellow") + paint(match[2], STATUS[match[2]]) + ")"
    return line


def painted_patch(line: str) -> str:
    """Return a line of a patch as git colours it."""
    return next((paint(line, colour) for marks, colour in _PATCH if line.startswith(marks)), line)
