"""Trees, drawn with characters that every terminal has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def tree(names: Sequence[str], above: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """Return what is drawn before each name, and the name, each below the one above it."""
    below: dict[str | None, list[str]] = {}
    for name in names:
        below.setdefault(above[name], []).append(name)
    rows: list[tuple[str, str]] = []
    # A stack, for a chain of lanes may be longer than calls can be deep.
    todo = [("", "", x) for x in reversed(below.get(None, []))]
    while todo:
        before, indent, name = todo.pop()
        rows.append((before, name))
        children = below.get(name, [])
        drawn = [(f"{indent}|-- ", f"{indent}|   ", x) for x in children[:-1]]
        drawn += [(f"{indent}`-- ", f"{indent}    ", x) for x in children[-1:]]
        todo += reversed(drawn)
    return rows
