"""Repositories whose adopted lane has gates, in a few words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gitlanes.workspaces import intake
from tests.support.repos import TestRepo

Table = Mapping[str, Any]


def gate(name: str, script: str, **more: Any) -> dict[str, Any]:
    """Return a gate that is a shell script."""
    return {"name": name, "args": ["sh", "-c", script], **more}


def text_of(*gates: Table, **sections: Table) -> str:
    """Return a team's file with these gates and sections."""
    rows: list[str] = []
    for section, table in sections.items():
        rows += [f"[{section}]", *_rows(table)]
    for table in gates:
        rows += ["[[gate]]", *_rows(table)]
    return "\n".join([*rows, ""])


def set_gates(repo: TestRepo, *gates: Table, trusted: bool = True, **sections: Table) -> None:
    """Let a person commit gates on the branch of lane main, and trust them."""
    repo.save({".gitlanes.toml": text_of(*gates, **sections)}, "gates")
    with repo.inner() as inner:
        intake.catch_up(inner, "main")
    if trusted and gates:
        repo.lanes.trust()


def _rows(table: Table) -> list[str]:
    return [f"{key} = {json.dumps(value)}" for key, value in table.items()]
