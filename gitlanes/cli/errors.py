"""How errors look on a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gitlanes.errors import LanesError, Refused

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def line(text: str) -> str:
    """Return text safe for a terminal: one line, nothing that moves a cursor."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", text)


def as_lanes_error(error: LanesError | OSError) -> LanesError:
    """Return the system's own refusals (no space, no permission) in our form."""
    if isinstance(error, LanesError):
        return error
    reason = (error.strerror or str(error)).lower()
    where = f" '{error.filename}'" if error.filename else ""
    return Refused(f"{reason}{where}", hint="nothing was changed halfway: mend that, then repeat")


def details(data: Mapping[str, Any]) -> list[str]:
    """Return a line for each colliding path in an error's or a result's data."""
    return [_collision(x) for x in data.get("collisions", ())]


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
