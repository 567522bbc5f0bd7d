"""How batches of lanes read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.cli.landing_text import promotion_lines
from gitlanes.cli.told import cost_text, time_text

if TYPE_CHECKING:
    from gitlanes.models.batches import Entrant, Picked

HEADERS = ("LANE", "STANDING", "GATES", "FILES", "LINES", "OVERLAP", "COST", "TIME", "SUMMARY")


def cells_of(one: Entrant) -> tuple[str, ...]:
    """Return what is shown of a lane of a batch, in the order of the headers."""
    sizes = (str(len(one.paths)), f"+{one.added} -{one.removed}", str(len(one.overlap)))
    return (
        one.lane,
        one.standing + (", running" if one.running and one.standing != "running" else ""),
        _gates(one),
        *(sizes if one.paths else ("-", "-", "-")),
        cost_text(one.cost),
        time_text(one.seconds),
        one.title or "-",
    )


def _gates(one: Entrant) -> str:
    """Say what gates say: each that does not pass by its name, '?' where it was not asked."""
    if not one.gates:
        return "-"
    odd = [x.name + ("?" if x.passed is None else "!") for x in one.gates if not x.passed]
    return ", ".join(odd) or "pass"


def picked_lines(made: Picked) -> list[str]:
    """Say what was picked, and what became of the others."""
    verb = "would pick" if made.dry_run else "picked before:" if made.before else "picked"
    rows = [f"{verb} {made.winner}: {made.why}"]
    if made.tied:
        rows.append(f"as good: {', '.join(made.tied)}; taken by name")
    if made.promotion:
        rows += promotion_lines(made.promotion)
    if made.dry_run:
        rows += [f"not {x.lane}: {x.why or 'another is taken'}" for x in made.entrants[1:]]
    for one in made.turned:
        rows += [f"rejected {x}" for x in one.attempts]
        rows += [f"abandoned {one.lane}"] if one.abandoned else []
    return rows
