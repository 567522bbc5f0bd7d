"""Claims as they are stored: who holds a workspace or a task, and for how long."""

from __future__ import annotations

from typing import Any

from gitlanes import clock
from gitlanes.models.workspaces import Owner


def owner_of(body: dict[str, Any] | None) -> Owner | None:
    """Return who holds a claim, None without one; raises ValueError for what is no claim.

    Members that only a newer version knows are passed over.
    """
    if not body:
        return None
    known = {key: body[key] for key in Owner.fields if key in body}
    owner = Owner(**{"until": None, **known})
    texts = (owner.agent, owner.since, owner.host, owner.until or "")
    if not all(isinstance(x, str) for x in texts) or not isinstance(owner.pid, int | None):
        raise ValueError("a claim that nobody can have made")
    for time in filter(None, (owner.since, owner.until)):
        clock.from_utc_text(time)
    return owner
