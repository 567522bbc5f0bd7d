"""Adopting a repository: its first lane, bound to the branch that people work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import Refused
from gitlanes.models.records import ACTIVE, Lane, LaneState
from gitlanes.store import layout
from gitlanes.store.transaction import transaction

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def adopt(repo: LaneRepo, name: str) -> tuple[LaneState, bool]:
    """Make the first lane, at the main work tree's branch; return it and whether it is new.

    A detached HEAD gives an unbound lane. Adopting again changes nothing. Raises Refused on
    a branch without commits, and among lanes of which none can be told to be the first.
    """
    layout.check_lane_name(name)
    if repo.view.has_lanes():
        return require_adopted_lane(repo), False
    branch = repo.git.run("symbolic-ref", "--quiet", "HEAD", check=False).text or None
    head = repo.refs.target("HEAD")
    if head is None:
        raise Refused(
            f"branch '{layout.short_branch(branch or 'HEAD')}' has no commits yet",
            hint="make a first commit, then run 'git lanes init' again",
        )
    with transaction(repo, "init") as tx:
        if repo.view.has_lanes():
            return require_adopted_lane(repo), False
        repo.objects.write("tree", b"")
        now = clock.now()
        record = Lane(
            name=name,
            uuid=ids.new_id(now),
            status=ACTIVE,
            head=head,
            fork=head,
            created=clock.utc_text(now),
            branch=branch,
            spent={"total": {}},
            extra={"adopted": True},
        )
        tx.description = f"adopt the repository as lane {name}"
        if branch:
            tx.move(layout.seen(name), repo.refs.target(layout.seen(name)), head)
        tx.lane(None, record, parents=[head])
    return repo.view.lane(name), True


def adopted_record(repo: LaneRepo) -> Lane | None:
    """Return the record of the lane that `adopt` made, or None; nothing is done about its head.

    It is where the repository's own matters are kept: the budgets of agents and days.
    """
    usual = repo.view.peek(layout.USUAL_NAME)
    if usual is not None and usual.record.live and usual.record.extra.get("adopted"):
        return usual.record  # without reading every lane
    marked = repo.view.lanes(where=lambda text: b'"adopted":true' in text)
    return next((x.record for x in marked if x.record.extra.get("adopted")), None)


def adopted_lane(repo: LaneRepo) -> LaneState | None:
    """Return the lane that `adopt` made: the default target of every promotion.

    None where there is none yet, or its journal cannot be read: no other lane stands in for it.
    """
    usual = repo.view.find(layout.USUAL_NAME)
    if usual is not None and usual.record.live and usual.record.extra.get("adopted"):
        return usual  # without reading every lane
    return next((x for x in repo.view.lanes() if x.record.extra.get("adopted")), None)


def require_adopted_lane(repo: LaneRepo, instead: str = "") -> LaneState:
    """Return the lane that `adopt` made; raises NotAdopted, and Refused if it cannot be read.

    The hint says what to do `instead` of mending it.
    """
    found = adopted_lane(repo)
    if found is None:
        repo.view.require_adopted()
        raise Refused(
            "the repository's own lane cannot be read", hint=f"{instead}see 'git lanes doctor'"
        )
    return found
