"""Commands that ask about attempts: search, similar, blame, why."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gitlanes.cli import terminal
from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command, porcelain_option, short
from gitlanes.cli.paths import from_here
from gitlanes.cli.told import attempt_lines, brief_cost, cost_text
from gitlanes.errors import BadValue
from gitlanes.models.asking import Blame, BlamedLine, Hit, Origin, Passage, Why
from gitlanes.models.history import Told
from gitlanes.models.records import STATUSES

if TYPE_CHECKING:
    from gitlanes.history.search import Filter
    from gitlanes.store.lane_repo import LaneRepo

F = TypeVar("F", bound=Callable[..., Any])

_RANGE = re.compile(r"([1-9]\d{0,8})(?:,(?:([1-9]\d{0,8})|\+([1-9]\d{0,8}))?)?")
_AMONG = (
    click.option("--lane", help="Attempts of this lane alone."),
    click.option("--status", type=click.Choice(STATUSES)),
    click.option("--agent", metavar="ID", help="Attempts of this agent alone."),
    click.option("--tag", help="Attempts with this tag alone."),
    click.option("--path", help="Attempts that changed this file or directory alone."),
    click.option("--since", metavar="DATE", help="As git understands it: '2 days ago'."),
    click.option("-n", "--limit", type=click.IntRange(0), default=20, show_default=True),
)


def _among(function: F) -> F:
    """Add the options that `_filter` takes."""
    for option in reversed(_AMONG):
        function = option(function)
    return function


def _filter(repo: LaneRepo, given: dict[str, Any]) -> Filter:
    from gitlanes.history.search import Filter

    path = given.pop("path")
    return Filter(**given, path=from_here(repo, path) if path is not None else None)


@command("search", long=True)
@click.argument("query", nargs=-1, required=True)
@_among
@porcelain_option("Id, status, agent, commit and passage of each")
def search_command(out: Output, query: tuple[str, ...], porcelain: bool, **among: Any) -> None:
    """Find attempts by words in prompts, titles, messages, reasons, tags and metadata.

    All words have to be there, in any form; "a phrase" as it stands; a word that ends in '*'
    as the beginning of one. The best match comes first.
    """
    from gitlanes.history.search import search

    with out.repository() as repo:
        found = search(repo, " ".join(query), _filter(repo, among))
    if out.as_json:
        out.result(found)
        return
    if porcelain:
        out.fields((*_fields(x), x.passage.text if x.passage else "") for x in found.hits)
        return
    for hit in found.hits:
        _show(out, hit)
    if not found.hits:
        out.say("no attempt has all these words")
    if found.more:
        out.say("hint: more match; say more words, or see --limit and --since")


@command("similar", long=True)
@click.argument("query", nargs=-1, required=True)
@_among
@porcelain_option("Id, status, agent, commit and likeness of each")
def similar_command(out: Output, query: tuple[str, ...], porcelain: bool, **among: Any) -> None:
    """Find attempts that are like a text, the most alike first.

    By what it means, if git's configuration names an endpoint for embeddings
    (lanes.embeddingsUrl); else by the words and parts of words that both have.
    """
    from gitlanes.history.similar import similar

    with out.repository() as repo:
        found = similar(repo, " ".join(query), _filter(repo, among))
    if out.as_json:
        out.result(found)
        return
    if porcelain:
        out.fields((*_fields(x), f"{x.score:.4f}") for x in found.hits)
        return
    rows = [
        (f"{x.score:.2f}", x.attempt.id, x.attempt.status, x.told.agent or "-", _said(x.told))
        for x in found.hits
    ]
    if rows:
        out.table(("LIKE", "ATTEMPT", "STATUS", "AGENT", "WHY"), rows)
    else:
        out.say("no attempt is like that")
    if found.method == "words":
        out.say("compared by words; lanes.embeddingsUrl makes it by meaning")


def _fields(hit: Hit) -> tuple[str, ...]:
    attempt = hit.attempt
    return attempt.id, attempt.status, hit.told.agent or "", attempt.commit


def _said(told: Told) -> str:
    return told.asked or told.attempt.title


def _show(out: Output, hit: Hit) -> None:
    attempt = hit.attempt
    about = ", ".join(x for x in (hit.told.agent, brief_cost(hit.told)) if x and x != "-")
    out.line(f"attempt {attempt.id} ({attempt.status})")
    out.line(f"  {line(attempt.title)}" + (f"  [{line(about)}]" if about else ""))
    if hit.passage and hit.passage.text not in ("", attempt.title):
        out.line(f"  {hit.passage.source}: {_marked(hit.passage)}")


def _marked(passage: Passage) -> str:
    """Return a passage on one line, what matches in it bold where there are colours."""
    if not terminal.present().colours:
        return _flat(passage.text)
    from gitlanes.cli.colours import paint

    text, done = "", 0
    for start, end in passage.marks:
        text += _flat(passage.text[done:start]) + paint(_flat(passage.text[start:end]), "bold")
        done = end
    return text + _flat(passage.text[done:])


def _flat(text: str) -> str:
    return line(text.replace("\n", " "))


@command("blame", long=True)
@click.argument("path", type=click.Path())
@click.argument("state", required=False)
@click.option("-L", "--lines", metavar="A,B", help="Lines A to B alone; 'A,+N' are N lines.")
@porcelain_option("Number, commit, attempt, agent and content of each line")
def blame_command(
    out: Output, path: str, state: str | None, lines: str | None, porcelain: bool
) -> None:
    """Show the attempt, agent, prompt and cost behind each line of a file.

    PATH is from here. Without STATE it is the file as it is in this workspace, unsaved lines
    included. Promotions are looked through, squashed ones too.
    """
    from gitlanes.history.blame import blame

    wanted = _lines(lines) if lines is not None else None
    with out.repository() as repo:
        found = blame(repo, from_here(repo, path), state, lines=wanted)
    if out.as_json:
        out.result(found)
    elif porcelain:
        out.fields(_blamed_fields(found, x) for x in found.lines)
    elif found.lines:
        rows = [_blamed(found, x) for x in found.lines]
        out.table(("LINE", "ATTEMPT", "AGENT", "COST", "WHY", "CONTENT"), rows)


def _lines(text: str) -> tuple[int, int | None]:
    """Return (first, last) for ``3``, ``3,5``, ``3,+2`` and ``3,``; raises BadValue."""
    match = _RANGE.fullmatch(text)
    if match is None:
        raise BadValue(f"bad lines '{text[:60]}'", hint="write them as 3, 3,5 or 3,+2")
    first, last, count = (int(x) if x else None for x in match.groups())
    assert first is not None
    if count is not None:
        return first, first + count - 1
    if last is not None and last < first:
        raise BadValue(f"bad lines '{text[:60]}'", hint="the first comes before the last")
    return first, last if "," in text else first


def _blamed(found: Blame, row: BlamedLine) -> tuple[str, ...]:
    content = os.fsdecode(row.content).expandtabs().rstrip("\r")
    if row.made is None:
        return str(row.number), "-", "-", "-", "(not saved)", content
    origin = found.origins[row.made]
    agent = origin.agent or (origin.author if origin.attempt is None else "-")
    why = origin.prompt or origin.title
    cells = (_name(origin), agent, cost_text(origin.cost), _cut(why))
    return str(row.number), *cells, content


def _name(origin: Origin) -> str:
    if origin.attempt is None:
        return short(origin.commit)
    return " ".join((origin.attempt, *origin.others))


def _cut(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


def _blamed_fields(found: Blame, row: BlamedLine) -> tuple[str | bytes, ...]:
    origin = found.origins.get(row.made or "")
    attempt, agent = (origin.attempt, origin.agent) if origin else (None, None)
    return str(row.number), row.made or "", attempt or "", agent or "", row.content


@command("why", long=True)
@click.argument("asked", metavar="COMMIT|ATTEMPT|CHANGE|PATH:LINE")
@click.argument("state", required=False)
def why_command(out: Output, asked: str, state: str | None) -> None:
    """Show why a line, a commit or an attempt is as it is.

    The attempt behind it with its prompt, cost and evaluations; all attempts of the same
    change, rejected ones with the reasons; and the promotions that brought it here. PATH is
    from here; the line is one of this workspace's file, or of STATE's.
    """
    from gitlanes.history.why import why

    with out.repository() as repo:
        found = why(repo, asked, state, place=lambda text: from_here(repo, text))
    out.result(found, _why_lines(found))


def _why_lines(found: Why) -> list[str]:
    rows = []
    if found.line is not None and found.path is not None:
        content = os.fsdecode(found.line.content).strip()
        rows += [f"{line(os.fsdecode(found.path))}:{found.line.number}: {line(content)}", ""]
    origin = found.origin
    if found.attempt is None:
        rows.append(f"commit {origin.commit}")
        rows += [f"  {line(origin.author)}, {origin.time[:10]}: {line(origin.title)}"]
        return [*rows, "  no attempt is known behind it"]
    rows += attempt_lines(found.attempt)
    if origin.others:
        which = "or one of" if found.line else "with"
        rows += [f"{which}: {', '.join(map(line, origin.others))}", ""]
    if len(found.tried) > 1:
        rows.append(f"tried for {found.change_id}, the last first:")
        rows += [f"  {x}" for told in found.tried for x in _tried(told)]
    if found.landings:
        rows.append("brought on by:")
        for told in found.landings:
            rows.append(f"  {told.attempt.id} {line(told.attempt.title)}")
    if found.cost:
        rows.append(f"cost of all that: {cost_text(found.cost)}")
    return rows


def _tried(told: Told) -> list[str]:
    attempt = told.attempt
    by = f" by {attempt.superseded_by}" if attempt.superseded_by else ""
    row = f"{attempt.id} {attempt.status}{by}: {line(attempt.title)}"
    reasons = [str(x["reason"]) for x in told.notes.evaluations if x.get("reason")]
    reasons = list(dict.fromkeys([*([attempt.reason] if attempt.reason else []), *reasons]))
    who = f" ({line(attempt.by)})" if attempt.by else ""
    return [row, *(f"  {line(x)}{who}" for x in reasons)]
