"""A bar on stderr for work that takes more than a second, where somebody watches."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gitlanes import clock

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE = 1.0


class Bar:
    """Takes what verbs tell of their progress; shows nothing until a second has passed."""

    def __init__(self) -> None:
        self._what = ""
        self._began = 0.0
        self._shown: tuple[Progress, TaskID] | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        """Take note that `done` of `total` steps are done."""
        if what != self._what:
            self.stop()
            self._what, self._began = what, clock.now()
        if self._shown is None and clock.now() - self._began >= _PATIENCE and done < total:
            self._shown = _start(what, total)
        if self._shown is not None:
            bar, task = self._shown
            bar.update(task, completed=done, total=total, refresh=True)
        if done >= total:
            self.stop()

    def stop(self) -> None:
        """Take the bar away."""
        self._what = ""
        if self._shown is not None:
            self._shown[0].stop()
            self._shown = None


def _start(what: str, total: int) -> tuple[Progress, TaskID]:
    # Loading rich takes longer than most commands do.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from gitlanes.cli.terminal import present

    console = Console(file=sys.stderr, no_color=not present().error_colours)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=console, transient=True, auto_refresh=False)
    bar.start()
    return bar, bar.add_task(what, total=total)
