"""Changing what is said of a lane."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gitlanes.errors import Negative
from gitlanes.lanes import about
from gitlanes.lanes.about import NO_ABOUT, About
from gitlanes.models.lanes import Edited
from gitlanes.models.plain import replace
from gitlanes.models.records import Lane
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def edit(
    repo: LaneRepo,
    lane: str | None = None,
    new: About = NO_ABOUT,
    *,
    unset_meta: Collection[str] = (),
    unset_mode: bool = False,
    expect: str | None = None,
) -> Edited:
    """Change a lane's description, metadata and preferred promotion mode, as far as given.

    Without a name it is the lane in whose workspace one stands. An empty description takes it
    away; metadata is added key by key. Raises Negative where the lane is like that already,
    BadValue for what cannot be recorded, Raced if the lane is not at `expect`.
    """
    check_expected(expect)
    about.check(new)
    name = finding.lane_or_present(repo, lane).record.name
    with transaction(repo, "edit") as tx:
        state = repo.view.lane(name)
        require_commit(f"lane '{name}'", state.record.head, expect)
        edited = _edited(state.record, new, unset_meta, unset_mode=unset_mode)
        about.check(About(edited.description, edited.meta))
        changed = tuple(x for x in About.fields if getattr(edited, x) != getattr(state.record, x))
        if not changed:
            raise Negative(
                f"nothing to edit: lane '{name}' is like that already",
                hint=f"see 'git lanes show {name}'",
            )
        tx.description = f"edit lane {name}: {', '.join(changed)}"
        tx.lane(state, edited)
    return Edited(edited, changed)


def _edited(lane: Lane, new: About, unset_meta: Collection[str], *, unset_mode: bool) -> Lane:
    kept = {key: value for key, value in lane.meta.items() if key not in unset_meta}
    description = lane.description if new.description is None else new.description
    return replace(
        lane,
        description=description or None,
        meta={**kept, **new.meta},
        mode=None if unset_mode else new.mode or lane.mode,
    )
