"""The table at the end: what was measured, beside what, and whether the bar is met."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.kit.measuring import Row

_HEADS = ("work", "ours ms", "beside", "its ms", "ratio", "best", "bar", "met")
_RIGHT = {1, 3, 4, 5}


def lines(rows: Sequence[Row]) -> list[str]:
    """Return the table as aligned text."""
    cells = [_HEADS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [_line(row, widths) for row in cells]


def _cells(row: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "NO", None: "-"}[row.met]
    numbers = f"{row.ours_ms:.1f}", f"{row.git_ms:.1f}", f"{row.ratio:.2f}", f"{row.best:.2f}"
    return row.work, numbers[0], row.beside, *numbers[1:], row.bar, met


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if number in _RIGHT else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()
