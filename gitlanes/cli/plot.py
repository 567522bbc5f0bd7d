"""Bars of numbers: in a terminal or a pipe, or as an SVG file."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

from gitlanes.cli.errors import line
from gitlanes.errors import Refused

# (name, number, the number as people read it)
Bar = tuple[str, Decimal, str]

_EIGHTHS = " ▏▎▍▌▋▊▉"
_ROW, _LABEL, _BAR, _VALUE = 24, 220, 420, 160
_LONGEST_NAME = 32


def bars(rows: Sequence[Bar], width: int) -> list[str]:
    """Return a line for each row, at most `width` columns wide, longest bar for the most."""
    names = [_short(line(name)) for name, _, _ in rows]
    label = max(map(len, names), default=0)
    value = max((len(x) for _, _, x in rows), default=0)
    room = max(4, width - label - value - 4)
    most = max((x for _, x, _ in rows), default=Decimal(0))
    return [
        f"{name:<{label}}  {_bar(number, most, room):<{room}}  {said}".rstrip()
        for name, (_, number, said) in zip(names, rows, strict=True)
    ]


def _bar(number: Decimal, most: Decimal, room: int) -> str:
    eighths = int(number * room * 8 / most) if most else 0
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def write_svg(path: Path, title: str, rows: Sequence[Bar]) -> None:
    """Write a bar chart; raises Refused if the file cannot be written."""
    try:
        path.write_text(svg(title, rows), encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Refused(f"cannot write '{path}': {reason}", hint="name another file") from error


def svg(title: str, rows: Sequence[Bar]) -> str:
    """Return a bar chart as SVG 1.1: a title, and name, bar and number of each row."""
    most = max((x for _, x, _ in rows), default=Decimal(0))
    width, height = _LABEL + _BAR + _VALUE, _ROW * (len(rows) + 2)
    size = f'width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        f"<title>{_text(title)}</title>",
        f'<rect {size} fill="#fff"/>',
        _label(12, _ROW, title, ' font-weight="bold"'),
    ]
    for place, (name, number, said) in enumerate(rows, 1):
        top = _ROW * place + _ROW // 2
        length = round(float(number * _BAR / most), 1) if most else 0.0
        bar = f'x="{_LABEL}" y="{top + 4}" width="{length}" height="{_ROW - 8}"'
        parts += [
            _label(_LABEL - 8, top + 15, _short(name), ' text-anchor="end"'),
            f'<rect {bar} fill="#3b6ea5"/>',
            _label(_LABEL + length + 8, top + 15, said),
        ]
    return "\n".join([*parts, "</svg>", ""])


def _label(x: float, y: int, said: str, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y}" fill="#222"{more}>{_text(said)}</text>'


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _text(name: str) -> str:
    """Return text for XML: its marks escaped, and control characters that it may not hold."""
    return escape(line(name))
