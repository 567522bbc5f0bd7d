"""A review summary as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitlanes.cli.errors import line
from gitlanes.cli.output import short
from gitlanes.cli.told import cost_text
from gitlanes.models.stacks import BlockSummary, ChangeSummary, ReviewSummary

# What Markdown could take for its own, or a browser for a tag.
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~!])")


def markdown(summary: ReviewSummary) -> Iterator[str]:
    """Yield the lines of a summary; what others wrote is shown as it is, and does nothing."""
    yield f"# Stack {_text(summary.stack)} into {_text(summary.into or '?')}"
    for block in summary.blocks:
        yield ""
        yield from _block(block)


def _block(block: BlockSummary) -> Iterator[str]:
    yield f"## {block.number}. {_text(block.title)}"
    yield ""
    rereview = ", needs rereview" if block.needs_rereview else ""
    yield f"Status: {block.status}{rereview}"
    for approval in block.approvals:
        commits = ", ".join(short(x) for x in approval.commits)
        yield f"- approved by {_text(approval.by)} at {approval.time}: {commits}"
    for remark in block.remarks:
        said = f": {_text(remark.text)}" if remark.text else ""
        yield f"- {remark.status or 'note'} by {_text(remark.by)} at {remark.time}{said}"
    if block.description:
        yield ""
        yield from (_text(x) for x in block.description.splitlines())
    for change in block.changes:
        yield ""
        yield from _change(change)


def _change(change: ChangeSummary) -> Iterator[str]:
    yield f"### {_text(change.title)}"
    yield ""
    facts = {
        "Change": change.change_id,
        "Attempt": change.attempt,
        "Commit": change.commit,
        "Agent": change.agent,
        "Model": change.model,
        "Cost": cost_text(change.cost) if change.cost else None,
        "Checks": ", ".join(_check(x) for x in change.gates),
    }
    yield from (f"- {key}: {_text(str(x))}" for key, x in facts.items() if x)
    for one in change.rejected:
        by = f" by {_text(one['by'])}" if one.get("by") else ""
        why = f": {_text(one['reason'])}" if one.get("reason") else ""
        yield f"- rejected before: {_text(one['attempt'])}{by}{why}"
    if change.prompt:
        yield ""
        yield from (f"> {_text(x)}".rstrip() for x in change.prompt.splitlines())


def _check(gate: dict[str, Any]) -> str:
    return f"{gate.get('name')} {'passed' if gate.get('passed') else 'failed'}"


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", line(text))
