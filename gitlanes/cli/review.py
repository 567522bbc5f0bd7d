"""Commands about reviews: what people decide on blocks, and what they need for that."""

from __future__ import annotations

import click

from gitlanes.cli.main import HELP
from gitlanes.cli.output import Output, command
from gitlanes.cli.stack_text import show_stack
from gitlanes.config.table import AGENT_VARIABLE
from gitlanes.errors import BadValue


@click.group("review", context_settings=HELP)
def review_command() -> None:
    """Review the blocks of stacks: request, approve, turn down.

    A BLOCK is named STACK/NUMBER, or LANE:STACK/NUMBER.
    """


def _verb(name: str, what: str, about: str, *, needs_text: bool = False) -> None:
    @command(name, help=about)
    @click.argument("blocks", nargs=-1, required=True, metavar="BLOCK...")
    @click.option("--by", envvar=AGENT_VARIABLE, metavar="ID", help="Who; else git's mail address.")
    @click.option("-m", "--message", "text", help="What is to be said with it.")
    def verb(out: Output, blocks: tuple[str, ...], by: str | None, text: str | None) -> None:
        _decide(out, blocks, what, by, text, needs_text)

    review_command.add_command(verb)


def _decide(
    out: Output,
    blocks: tuple[str, ...],
    what: str,
    by: str | None,
    text: str | None,
    needs_text: bool,
) -> None:
    from gitlanes.stacks.reviewing import decide

    if needs_text and not (text or "").strip():
        raise BadValue("there is nothing to note", hint="say it with -m")
    with out.repository() as repo:
        made = decide(repo, blocks, what, by=by, text=text)
    show_stack(out, made)


_verb("request", "review", "Ask for the review of BLOCKs.")
_verb("approve", "approved", "Approve BLOCKs: the very changes that they have now.")
_verb("request-changes", "changes-requested", "Say that BLOCKs need work first.")
_verb("reject", "rejected", "Turn BLOCKs down.")
_verb("abandon", "abandoned", "Give BLOCKs up.")
_verb("reopen", "reopened", "Make BLOCKs drafts again.")
_verb("note", "note", "Note something on BLOCKs.", needs_text=True)


@command("export", long=True)
@click.argument("name", metavar="STACK|BLOCK")
def export_review(out: Output, name: str) -> None:
    """Print what a reviewer needs, as Markdown: intent, cost, checks, tries turned down."""
    from gitlanes.cli.review_text import markdown
    from gitlanes.stacks.summary import summarize

    with out.repository() as repo:
        found = summarize(repo, name)
    out.result(found, list(markdown(found)))


review_command.add_command(export_review)
