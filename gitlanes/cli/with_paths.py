"""Commands that take paths after ``--``."""

from __future__ import annotations

import click


class WithPaths(click.Command):
    """A command whose words after ``--`` are paths, so that LANE before it may be left out."""

    KEY = "gitlanes.paths"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the paths aside and parse the rest."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[self.KEY] = args[at + 1 :]
            args = args[:at]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Name the paths in the usage line."""
        return [*super().collect_usage_pieces(ctx), "[-- PATHS...]"]
