"""The lanes of a batch side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.fleet import entrants
from gitlanes.history import diff
from gitlanes.models.batches import Comparison, Entrant
from gitlanes.models.plain import replace

if TYPE_CHECKING:
    from gitlanes.fleet.entrants import Contender, Field
    from gitlanes.store.lane_repo import LaneRepo


def compare(
    repo: LaneRepo, batch: str, *, into: str | None = None, patches: bool = False
) -> Comparison:
    """Return what each lane of a batch would land, and what is known of it; nothing moves.

    No gate is run: what it said of that tree before is told. With ``patches`` there is git's own
    rendering of what each changes. Raises NotFound, Refused where the lanes are to land on
    several.
    """
    field = entrants.field(repo, batch, into)
    found = [_with_patch(repo, field, x) if patches else x.entrant for x in field.contenders]
    record = field.target.record
    return Comparison(batch, record.name, str(record.head), tuple(found))


def _with_patch(repo: LaneRepo, field: Field, contender: Contender) -> Entrant:
    """Return the entrant with the text of what it would change in the target, or changed at all."""
    entrant = contender.entrant
    if entrant.tree is not None:
        ends = (str(field.target.record.head), entrant.tree)
    elif entrant.commit is not None:
        ends = (str(contender.state.record.fork), entrant.commit)
    else:
        return entrant
    return replace(entrant, patch=diff.diff(repo, *ends, rendering=diff.PATCH).text)
