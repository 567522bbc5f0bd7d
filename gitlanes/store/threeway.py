"""What becomes of a value that one or both of two sides changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

Value = TypeVar("Value")


def either(base: Value, ours: Value, theirs: Value) -> Value:
    """Return what one side changed; theirs if both did."""
    return ours if theirs == base else theirs


def each(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Any:
    """Return a dict whose members are taken one by one; None stands for one that is not there."""
    keys = dict.fromkeys((*theirs, *ours))
    found = {key: either(base.get(key), ours.get(key), theirs.get(key)) for key in keys}
    return {key: value for key, value in found.items() if value is not None}


def listed(
    base: Sequence[Value], ours: Sequence[Value], theirs: Sequence[Value]
) -> tuple[Value, ...]:
    """Return a list without what either side took away, and with what either added at its end.

    Its order is that of the side that changed it, theirs if both did.
    """
    if theirs == base:
        return tuple(ours)
    kept = [x for x in theirs if x in ours or x not in base]
    return tuple(dict.fromkeys((*kept, *(x for x in ours if x not in base))))
