"""How agents at work look: on any terminal, and where something of them is missing."""

from __future__ import annotations

import pytest
from rich.console import Console

from gitlanes.cli.fleet_text import picture
from gitlanes.models.fleet import Run, Runs
from tests.support.agents import Fleet


@pytest.mark.parametrize(("width", "grouped"), [(50, False), (80, True), (140, False)])
def test_each_has_one_line_on_any_terminal(width: int, grouped: bool) -> None:
    """Lanes are whole, the last line is cut, the agent goes first, what has no room is counted."""
    lanes = [f"a-lane-with-a-longer-name-{x}" for x in range(12)]
    runs = tuple(
        Run(x, x, "running", "claude", f"claude@{x}", "b1", last="at work " * 30, seconds=3.0)
        for x in lanes
    )
    sums = {"runs": 12, "statuses": {"running": 12}, "seconds": 36, "changed": 0, "cost": {}}
    found = Runs(runs, {"b1": sums})
    console = Console(width=width, height=10)
    with console.capture() as captured:
        console.print(picture(found, grouped, width, 10), end="")
    rows = captured.get().rstrip("\n").splitlines()
    assert len(rows) <= 10
    assert len(cells := [x for x in rows if "a-lane" in x]) == (3 if grouped else 5)
    assert [x.split()[0] for x in cells] == lanes[: len(cells)]
    assert rows[-1].split() == ["…", str(12 - len(cells)), "more"]
    assert all(len(x.rstrip()) <= width for x in rows)
    assert any("AGENT" in x for x in rows) == (width == 140)
    assert all("…" in x for x in cells)


@pytest.mark.slow
def test_one_whose_directory_is_gone(fleet: Fleet) -> None:
    """The others are shown as they are; of that one it is told what cannot be seen."""
    for lane in ("here", "gone"):
        fleet.start(lane, "sleeper")
        fleet.until(lane, lambda x: x.last == "sleeping")
    there = fleet.repo.workspace("gone")
    away = there.rename(there.with_name("away"))
    with fleet.repo.open() as lanes:
        changed = {x.lane: x.changed for x in lanes.runs()}
        warnings = lanes.take_warnings()
    away.rename(there)
    assert changed == {"here": 1, "gone": None}
    assert ["lane 'gone'" in x for x in warnings] == [True]
