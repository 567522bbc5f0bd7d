"""How errors look on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitlanes.errors import line as line


def details(data: Mapping[str, Any], source: str = "source", target: str = "target") -> list[str]:
    """Return what of an error's data people want to see: paths, and what gates printed."""
    names = {"source": source, "target": target}
    rows = [_collision(x, names) for x in data.get("collisions", ())]
    rows += [row for x in data.get("gates", ()) for row in gate_lines(x)]
    told = (x for x in data.get("entrants", ()) if x["why"])
    rows += [f"{line(x['lane'])}: {line(x['why'])}" for x in told]
    rows += _indented(list(data.get("output", ())))
    rows += _setup_lines(data["setup"]) if data.get("setup") else []
    return rows + [f"in the way: '{line(x)}'" for x in data.get("in_the_way", ())]


def gate_lines(found: Mapping[str, Any]) -> list[str]:
    """Return the end of what a failed gate printed, below its name."""
    return _printed(f"gate '{line(str(found.get('name')))}'", found)


def _setup_lines(found: Mapping[str, Any]) -> list[str]:
    """Return the end of what a command that sets up a workspace printed."""
    return _printed(f"'{line(str(found.get('command')))}'", found)


def _printed(head: str, found: Mapping[str, Any]) -> list[str]:
    printed = str(found.get("output") or "").splitlines()
    rows = printed[-_SHOWN:]
    cut = int(found.get("output_bytes") or 0) > len("\n".join(rows).encode()) + 1
    return [f"{head}{':' if rows else ''}", *(["  ..."] if cut and rows else []), *_indented(rows)]


# Lines of a gate's output.
_SHOWN = 20


def _indented(rows: list[str]) -> list[str]:
    return [f"  {line(row.expandtabs())}" for row in rows]


def _collision(found: dict[str, Any], names: Mapping[str, str]) -> str:
    sides = [_side(name, found.get(side)) for side, name in names.items()]
    other = f" and '{line(found['other'])}'" if found.get("other") else ""
    kind = "" if found["kind"] == "content" else f" ({found['kind']})"
    said = "; ".join(x for x in sides if x)
    return f"collision: '{line(found['path'])}'{other}{kind}: {said}"


def _side(name: str, touch: dict[str, Any] | None) -> str:
    if touch is None:
        return ""
    said = f"{name} {touch['action']} it"
    if touch.get("attempt"):
        said += f" in {line(touch['attempt'])}"
    if touch.get("agent"):
        said += f" by {line(touch['agent'])}"
    if touch.get("commit") and not touch.get("attempt"):
        said += f" in {touch['commit'][:12]}"
    if touch.get("moved_to"):
        said += f" (moved to '{line(touch['moved_to'])}')"
    return said
