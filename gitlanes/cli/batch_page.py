"""A batch as one page of HTML: nothing in it is loaded, nothing of it runs."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.cli.batch_text import HEADERS, cells_of
from gitlanes.cli.errors import line
from gitlanes.errors import BadValue
from gitlanes.git.replacing import replace_file

if TYPE_CHECKING:
    from gitlanes.models.batches import Comparison, Entrant

# Lines of a diff that are shown: more than a person reads.
_MOST = 5000

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em; color: #1c2024; background: #fff; }
table { border-collapse: collapse; margin: 1em 0 2em; }
th, td { text-align: left; padding: .3em .9em; border-bottom: 1px solid #d8dde2; }
.sides { display: flex; gap: 1em; overflow-x: auto; align-items: flex-start; }
.side { flex: 1 0 26em; max-width: 60em; }
pre { font: 12px/1.4 ui-monospace, monospace; background: #f6f8fa; padding: .8em; }
pre { overflow-x: auto; }
pre span { display: block; min-height: 1.4em; }
.new { background: #dafbe1; }
.old { background: #ffebe9; }
.at { color: #0550ae; }
.file { font-weight: bold; }
"""


def write(path: Path, made: Comparison) -> None:
    """Write the page in place of what is there; raises BadValue where that cannot be."""
    try:
        replace_file(path, page(made))
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise BadValue(f"cannot write '{path}': {said}") from error


def page(made: Comparison) -> str:
    """Return the page: a table of all lanes, then their diffs side by side."""
    title = _text(f"Batch {made.batch}")
    heads = "".join(f"<th>{x.capitalize()}</th>" for x in HEADERS)
    rows = "\n".join(_row(x) for x in made.entrants)
    sides = "\n".join(_side(x) for x in made.entrants if x.patch)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{title}</h1>
<p>To land on {_text(made.into)}, which is at {_text(made.head[:12])}.</p>
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
<div class="sides">
{sides}
</div>
</body>
</html>
"""


def _row(one: Entrant) -> str:
    name, *rest = map(_text, cells_of(one))
    cells = [f'<a href="#{name}">{name}</a>' if one.patch else name, *rest]
    if one.why:
        cells[1] += f"<br><small>{_text(one.why)}</small>"
    return "<tr>" + "".join(f"<td>{x}</td>" for x in cells) + "</tr>"


def _side(one: Entrant) -> str:
    who = " ".join(filter(None, (one.agent, one.model)))
    said = (one.title or "", who, *(one.summary or "").splitlines())
    told = "<br>".join(_text(x) for x in said if x)
    shown = "".join(_patch(one.patch or ""))
    name = _text(one.lane)
    inner = f"<h2>{name}</h2><p>{told}</p><pre>{shown}</pre>"
    return f'<section class="side" id="{name}">{inner}</section>'


def _patch(text: str) -> Iterator[str]:
    rows = text.removesuffix("\n").split("\n")
    for row in rows[:_MOST]:
        kind = next((name for start, name in _KINDS if row.startswith(start)), "same")
        yield f'<span class="{kind}">{_text(row.expandtabs())}</span>'
    if len(rows) > _MOST:
        yield f'<span class="at">and {len(rows) - _MOST} more lines</span>'


_KINDS = (
    *(("+++", "file"), ("---", "file"), ("diff ", "file"), ("@@", "at")),
    *(("+", "new"), ("-", "old")),
)


def _text(text: str) -> str:
    """Return text that is no markup, and has nothing in it that moves or hides other text."""
    return escape(line(text))
