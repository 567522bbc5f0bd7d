"""How errors look on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitlanes.errors import LanesError, Refused


def line(text: str) -> str:
    """Return text safe for a terminal: one line, nothing that moves a cursor."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    """Return a character's escape; a byte that was no UTF-8 stands behind a surrogate."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def as_lanes_error(error: LanesError | OSError) -> LanesError:
    """Return the system's own refusals (no space, no permission) in our form."""
    if isinstance(error, LanesError):
        return error
    reason = (error.strerror or str(error)).lower()
    where = f" '{error.filename}'" if error.filename else ""
    return Refused(f"{reason}{where}", hint="nothing was changed halfway: mend that, then repeat")


def details(data: Mapping[str, Any]) -> list[str]:
    """Return what of an error's data people want to see: paths, and what gates printed."""
    rows = [_collision(x) for x in data.get("collisions", ())]
    rows += [row for x in data.get("gates", ()) for row in gate_lines(x)]
    return rows + [f"in the way: '{line(x)}'" for x in data.get("in_the_way", ())]


def gate_lines(found: Mapping[str, Any]) -> list[str]:
    """Return the end of what a failed gate printed, below its name."""
    printed = str(found.get("output") or "").splitlines()
    rows = printed[-_SHOWN:]
    cut = int(found.get("output_bytes") or 0) > len("\n".join(rows).encode()) + 1
    head = f"gate '{line(str(found.get('name')))}'"
    return [f"{head}{':' if rows else ''}", *(["  ..."] if cut and rows else []), *_indented(rows)]


# Lines of a gate's output.
_SHOWN = 20


def _indented(rows: list[str]) -> list[str]:
    return [f"  {line(row.expandtabs())}" for row in rows]


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
