"""Which texts a person has read: nothing else of what the team's file names runs.

What it runs are gates, what sets workspaces up and is copied into them, and agents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.config.table import TEAM_FILE
from gitlanes.errors import Negative, Refused
from gitlanes.gates.definitions import rules_at
from gitlanes.models.gates import Rules, Trusted
from gitlanes.models.plain import replace
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.team import texts, trusted
from gitlanes.workspaces import intake

if TYPE_CHECKING:
    from gitlanes.models.records import Lane, LaneState
    from gitlanes.store.lane_repo import LaneRepo


def show(repo: LaneRepo, lane: str | None = None) -> Trusted:
    """Return what the texts of a lane's head would run; by default the adopted lane's.

    What people committed on its branch since counts, too. Nothing is written.
    """
    return _told(repo, intake.foreseen(repo, _lane(repo, lane)).record)


def trust(repo: LaneRepo, lane: str | None = None, *, text: str | None = None) -> Trusted:
    """Let the texts of a lane's head run what they name, in this clone.

    ``text`` is the SHA-256 of what was read; raises Refused if it is another one by now, and
    Negative where nothing is there that would run.
    """
    record = intake.catch_up(repo, _lane(repo, lane).record.name).record
    found = _told(repo, record)
    if not found.needed:
        raise Negative(
            f"'{TEAM_FILE}' in lane '{found.lane}' runs nothing", hint="there is nothing to trust"
        )
    if text is not None and text != found.text:
        raise Refused(
            f"'{TEAM_FILE}' in lane '{found.lane}' was changed meanwhile", hint="read it again"
        )
    trusted.trust(repo, texts.texts_at(repo, record).digests)
    return replace(found, trusted=True)


def revoke(repo: LaneRepo, lane: str | None = None) -> Trusted:
    """Take that back; raises Negative where the texts were not trusted."""
    record = intake.foreseen(repo, _lane(repo, lane)).record
    found = _told(repo, record)
    if not found.trusted:
        raise Negative(
            f"'{TEAM_FILE}' in lane '{found.lane}' is not trusted", hint="nothing was changed"
        )
    trusted.distrust(repo, texts.texts_at(repo, record).digests)
    return replace(found, trusted=False)


def require(repo: LaneRepo, rules: Rules) -> None:
    """Raise Refused unless the text that the rules come from is trusted."""
    if not rules.gates or trusted.are_trusted(repo, [rules.text]):
        return
    raise Refused(
        f"'{TEAM_FILE}' in lane '{rules.lane}' is not trusted yet, so its gates do not run",
        hint=f"read it, then: git lanes trust {rules.lane}",
        data={"lane": rules.lane, "commit": rules.commit, "text": rules.text},
    )


def _lane(repo: LaneRepo, name: str | None) -> LaneState:
    return repo.view.lane(name) if name is not None else require_adopted_lane(repo)


def _told(repo: LaneRepo, lane: Lane) -> Trusted:
    rules, found = rules_at(repo, lane), texts.texts_at(repo, lane)
    agents = found.agents().shown
    commands = (*((x.name, x.shown) for x in rules.gates), *found.ordered().shown, *agents)
    known = bool(found.digests) and trusted.are_trusted(repo, found.digests)
    return Trusted(rules.lane, rules.commit, found.known_by, known, commands)
