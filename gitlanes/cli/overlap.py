"""`git lanes overlap`."""

from __future__ import annotations

import click

from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command, count
from gitlanes.errors import EXIT_NEGATIVE
from gitlanes.models.overlap import Overlap, Pair, SharedPath

# Paths told of each pair unless all are wanted.
_SHOWN = 10


@command("overlap")
@click.argument("lanes", metavar="[LANE]...", nargs=-1)
def overlap_command(out: Output, lanes: tuple[str, ...]) -> int:
    """Say which lanes touch the same paths right now, unsaved work included; exit 1 if any do.

    With one LANE: it beside all others. With several: those among themselves. -v tells all
    paths.
    """
    from gitlanes.landing.overlap import overlap

    with out.repository(lenient=True) as repo:
        found = overlap(repo, lanes)
    if out.as_json:
        out.result(found)
    elif not found.pairs:
        out.line(f"no overlap among {count(len(found.lanes), 'lane')}")
    else:
        _matrix(out, found)
        for pair in found.pairs:
            for text in _pair(pair, everything=out.verbose):
                out.line(text)
    return EXIT_NEGATIVE if found.pairs else 0


def _matrix(out: Output, found: Overlap) -> None:
    """Print how many paths each two lanes share; lanes that share none are left out."""
    counts = {(x.a, x.b): len(x.paths) for x in found.pairs}
    counts |= {(b, a): number for (a, b), number in counts.items()}
    names = [x for x in found.lanes if any(x == a for a, _ in counts)]
    rows = [(a, *(str(counts.get((a, b), "-")) for b in names)) for a in names]
    out.table(("LANE", *names), rows)


def _pair(pair: Pair, *, everything: bool) -> list[str]:
    shown = pair.paths if everything else pair.paths[:_SHOWN]
    rows = ["", f"{pair.a} and {pair.b}: {count(len(pair.paths), 'path')}"]
    rows += [f"  {_told(x)}" for x in shown]
    if len(pair.paths) > len(shown):
        rows.append(f"  and {len(pair.paths) - len(shown)} more; -v tells all")
    return rows


def _told(shared: SharedPath) -> str:
    path = line(shared.path.decode("utf-8", "surrogateescape"))
    if shared.other is None:
        return path
    return f"{path} and {line(shared.other.decode('utf-8', 'surrogateescape'))} ({shared.kind})"
