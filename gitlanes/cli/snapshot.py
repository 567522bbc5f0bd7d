"""Commands about snapshots: save, list, show, prune."""

from __future__ import annotations

import os

import click

from gitlanes.cli.errors import line
from gitlanes.cli.main import HELP, Group
from gitlanes.cli.output import Output, command, confirm, count, porcelain_option, short

_REASON = ("-m", "--message")


class Saving(Group):
    """A group that saves where no command of its own is named, as in ``snapshot auth``."""

    @property
    def usual(self) -> click.Command:
        """The command that it runs then."""
        return save_snapshot

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command's name before what it is to be given."""
        words = [x for last, x in zip(["", *args], args, strict=False) if last not in _REASON]
        first = next((x for x in words if not x.startswith("-")), None)
        if first is None and {"-h", "--help"} & set(args):
            return super().parse_args(ctx, args)
        if first is None or first not in self.commands:
            return super().parse_args(ctx, [str(self.usual.name), *args])
        rest = list(args)
        rest.remove(first)
        return super().parse_args(ctx, [first, *rest])


@click.group("snapshot", cls=Saving, context_settings=HELP)
def snapshot_command() -> None:
    """Save a workspace's content; list, show and prune what was saved.

    Without a command it saves: 'git lanes snapshot [LANE]'.
    """


@command("save")
@click.argument("lane", required=False)
@click.option(*_REASON, "reason", metavar="REASON", help="Why: shown by list and show.")
def save_snapshot(out: Output, lane: str | None, reason: str | None) -> None:
    """Save a workspace's content under a ref and print the world state's id, a git tree."""
    from gitlanes.workspaces.snapshots import snapshot

    with out.repository(lenient=True) as repo:
        saved = snapshot(repo, lane, reason=reason)
    out.result(saved, [saved.tree])
    out.say(f"snapshot {saved.id}")
    out.say_skipped(saved)


@command("list")
@click.argument("lane", required=False)
@porcelain_option("Id, time, tree and base of each")
def list_saved(out: Output, lane: str | None, porcelain: bool) -> None:
    """List the snapshots of LANE, or all; of each lane the oldest first."""
    from gitlanes.workspaces.pruning import list_snapshots

    with out.repository() as repo:
        found = list_snapshots(repo, lane)
    if porcelain:
        out.fields((x.id, x.time, x.tree, x.base or "") for x in found)
    elif out.as_json:
        out.results("gitlanes.snapshots/1", "snapshots", found, ())
    else:
        rows = [
            (x.id, f"{x.time[:19]}Z", short(x.tree), short(x.base), line(x.reason or "", 60))
            for x in found
        ]
        out.table(("SNAPSHOT", "TIME", "TREE", "BASE", "REASON"), rows)


@command("show")
@click.argument("snapshot")
def show_saved(out: Output, snapshot: str) -> None:
    """Show SNAPSHOT (as in auth/s3): when and why, and which files differ from its base."""
    from gitlanes.workspaces.pruning import show_snapshot

    with out.repository() as repo:
        found = show_snapshot(repo, snapshot)
    about = {"Time": found.time, "Tree": found.tree, "Base": found.base, "Index": found.staged}
    about["Reason"] = found.reason
    rows = [f"snapshot {found.id}"]
    rows += [f"  {key + ':':<8}{line(value)}" for key, value in about.items() if value]
    letters = {"added": "A", "modified": "M", "deleted": "D"}
    rows += [f"{letters[action]}\t{line(os.fsdecode(path))}" for action, path in found.files]
    out.result(found, rows)


@command("prune")
@click.argument("names", metavar="[LANE|SNAPSHOT]...", nargs=-1)
@click.option("--older-than", metavar="DURATION", help="Those older than 30d, 12h.")
@click.option("--keep", type=click.IntRange(0), metavar="N", help="All but the N newest of a lane.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune_saved(
    out: Output, names: tuple[str, ...], older_than: str | None, keep: int | None, yes: bool
) -> None:
    """Remove snapshots: old ones of lanes (of all by default), or those named by their ids.

    None younger than a day goes unless it is named.
    """
    from gitlanes.cli.options import milliseconds
    from gitlanes.workspaces.pruning import prune, select

    seconds = None if older_than is None else milliseconds(older_than) / 1000
    with out.repository() as repo:
        chosen = select(repo, names, older_than=seconds, keep=keep)
        if chosen:
            confirm(
                f"remove {count(len(chosen), 'snapshot')} for good?", yes, "nothing was removed"
            )
        gone = prune(repo, chosen)
    out.result(gone, [f"removed snapshot {x.id}" for x in gone.snapshots])
    if not gone.snapshots:
        out.say("no snapshot to remove")


for _command in (save_snapshot, list_saved, show_saved, prune_saved):
    snapshot_command.add_command(_command)
