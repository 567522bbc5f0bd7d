"""Tasks at the command line: what is printed, and nothing of others moves the cursor."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.cli import Ran

Cli = Callable[..., Ran]


def test_what_is_printed(cli: Cli) -> None:
    """Ids go to stdout, chatter to stderr; texts of others are shown as they are safe."""
    made = cli("task", "add", "Draw it", "--description", "a\n\x1b[31mred", "--retries", "0")
    task = made.out.strip()
    assert made.err == f"added task {task} to lane main\n"
    assert cli("tasks", "list", "--agent", "nobody").err == "there are no such tasks\n"
    cli("task", "start", task, "--agent", "\u0430gent", "--lane", "draw", "--lease", "0")
    told = f"\ntasks of main:\n  {task} (started, \u0430gent) in draw: Draw it\n"
    assert told in cli("status").out
    assert f"  task:    {task} (started): Draw it\n" in cli("show", "main").out
    shown = cli("task", "show", "draw").out
    assert shown.startswith(f"task {task} of lane main (started)\n  Draw it\n  priority: 100\n")
    assert "  claim:    until released\n" in shown
    assert "  started:  1 of 1\n" in shown
    assert "  about:    a\n  about:    \\x1b[31mred\n" in shown
    checked = cli("task", "check", task)
    assert checked.code == 1
    assert checked.out == (
        f"task {task} would not land in main\n  nothing to complete: lane 'draw' has no work\n"
    )
    given = cli("task", "release", task)
    assert (given.out, given.err) == (
        f"released task {task}\n",
        "its work stays in lane draw\n",
    )
    assert (
        f"{task}  main  100       open, started too often  -      draw  Draw it"
        in cli("task", "list").out
    )
    assert cli("task", "next").code == 1
    gone = cli("task", "abandon", task, "--reason", "x\ry")
    assert gone.out == f"abandoned task {task}: x\\x0dy\n"
    assert cli("task", "list").out == ""
