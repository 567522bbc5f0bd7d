"""The commits that an agent made itself: journals keep them, and journals travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.workspaces import snapshots

if TYPE_CHECKING:
    from gitlanes.models.workspaces import Capture
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.workspaces.capture import Held


def kept(repo: LaneRepo, captured: Capture) -> tuple[str, ...]:
    """Return the commit that an entry keeps them by: none where a message has a secret in it."""
    messages = (repo.objects.commit(x).message.decode("utf-8", "replace") for x in captured.own)
    return () if any(repo.redactor.text(x) != x for x in messages) else captured.own[-1:]


def save(repo: LaneRepo, hold: Held, captured: Capture) -> None:
    """Keep those with a secret in a snapshot, which stays in this clone."""
    if captured.own and not kept(repo, captured):
        made = snapshots.keep(repo, hold, captured.tree, reason="commits with secrets in messages")
        repo.warn(f"commits with a secret in their messages are kept in snapshot {made.id} alone")
