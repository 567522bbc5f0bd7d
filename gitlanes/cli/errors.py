"""How errors look on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitlanes.errors import line as line


def details(data: Mapping[str, Any]) -> list[str]:
    """Return a line for each path that collides, or is in the way, in an error's data."""
    rows = [_collision(x) for x in data.get("collisions", ())]
    return rows + [f"in the way: '{line(x)}'" for x in data.get("in_the_way", ())]


def _collision(found: dict[str, Any]) -> str:
    sides = [_side(name, found.get(name)) for name in ("source", "target")]
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
