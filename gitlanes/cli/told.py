"""How attempts read, with their intent and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitlanes.cli.errors import gate_lines, line
from gitlanes.models.history import Told


def brief_cost(told: Told) -> str:
    """Return tokens in and out, and money, summed over what was recorded."""
    from gitlanes.usage.sums import total

    return cost_text(total(told.notes.costs))


def cost_text(cost: Mapping[str, Any]) -> str:
    """Return sums of cost as people read them: ``1200/340 tokens, 0.5 USD``."""
    parts = []
    tokens = [cost.get(key) for key in ("input_tokens", "output_tokens")]
    if any(x is not None for x in tokens):
        parts.append("/".join("?" if x is None else f"{x}" for x in tokens) + " tokens")
    parts += [f"{amount} {name}".strip() for name, amount in cost.get("amounts", {}).items()]
    return ", ".join(parts) or "-"


def attempt_lines(told: Told) -> list[str]:
    """Return an attempt with everything that is recorded about it."""
    attempt, intent = told.attempt, told.intent
    by = f" by {attempt.superseded_by}" if attempt.superseded_by else ""
    rows = [f"attempt {attempt.id} ({attempt.status}{by})"]
    agent: dict[str, Any] = intent.get("agent") or {}
    fields = {
        "Commit": attempt.commit,
        "Landed": attempt.landed if attempt.landed != attempt.commit else None,
        "Change-Id": attempt.change_id,
        "On": attempt.on,
        "Agent": " ".join(str(agent[x]) for x in ("id", "type", "version") if x in agent),
        "Model": intent.get("model"),
        "Tags": ", ".join(intent.get("tags", ())),
        "Proposed": attempt.time,
        "Decided": attempt.decided,
        "By": attempt.by,
        "Reason": attempt.reason,
        "Waived": ", ".join(attempt.waived or ()),
        "Cost": brief_cost(told) if told.notes.costs else None,
    }
    rows += [f"  {key + ':':<11}{line(str(value))}" for key, value in fields.items() if value]
    for judged in told.notes.evaluations:
        verdict = "pass" if judged.get("passed") else "fail"
        verdict += " (flaky)" if judged.get("flaky") else ""
        why = judged.get("reason")
        reason = f": {line(why)}" if why and why != attempt.reason else ""
        rows.append(f"  {'Check:':<11}{line(str(judged.get('name')))} {verdict}{reason}")
        if not judged.get("passed"):
            rows += [f"  {'':<11}{x}" for x in gate_lines(judged)[1:]]
    rows += ["", f"    {line(attempt.title)}", ""]
    prompt = intent.get("prompt")
    if prompt and prompt.strip() != attempt.title:
        rows += [*(f"    > {line(x)}" for x in prompt.splitlines()), ""]
    return rows


def time_text(seconds: float | None) -> str:
    """Return a duration as people read it: ``42s``, ``3m05s``, ``1h12m``."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"
