"""Which texts of ``.gitlanes.toml`` a person has read: nothing else of them runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.config.table import TEAM_FILE
from gitlanes.errors import Negative, Refused
from gitlanes.gates.definitions import rules_at
from gitlanes.git.replacing import replace_file
from gitlanes.models.gates import Rules, Trusted
from gitlanes.models.plain import replace
from gitlanes.store.adopt import adopted_lane
from gitlanes.store.transaction import locked
from gitlanes.workspaces import intake

if TYPE_CHECKING:
    from gitlanes.models.records import LaneState
    from gitlanes.store.lane_repo import LaneRepo

_FILE = "trusted"


def show(repo: LaneRepo, lane: str | None = None) -> Trusted:
    """Return what the team's file of a lane's head would run; by default the adopted lane's.

    What people committed on its branch since counts, too. Nothing is written.
    """
    found = repo.view.lane(lane) if lane is not None else _adopted(repo)
    return _told(repo, rules_at(repo, intake.foreseen(repo, found).record))


def trust(repo: LaneRepo, lane: str | None = None, *, text: str | None = None) -> Trusted:
    """Let the team's file of a lane's head run what it names, in this clone.

    ``text`` is the SHA-256 of what was read; raises Refused if it is another one by now, and
    Negative where nothing is there that would run.
    """
    found = repo.view.lane(lane) if lane is not None else _adopted(repo)
    rules = rules_at(repo, intake.catch_up(repo, found.record.name).record)
    if not rules.gates or rules.text is None:
        raise Negative(
            f"'{TEAM_FILE}' in lane '{rules.lane}' runs nothing", hint="there is nothing to trust"
        )
    if text is not None and text != rules.text:
        raise Refused(
            f"'{TEAM_FILE}' in lane '{rules.lane}' was changed meanwhile", hint="read it again"
        )
    _write(repo, add=rules.text)
    return _told(repo, rules)


def revoke(repo: LaneRepo, lane: str | None = None) -> Trusted:
    """Take that back; raises Negative where the text was not trusted."""
    found = show(repo, lane)
    if not found.trusted or found.text is None:
        raise Negative(
            f"'{TEAM_FILE}' in lane '{found.lane}' is not trusted", hint="nothing was changed"
        )
    _write(repo, drop=found.text)
    return replace(found, trusted=False)


def require(repo: LaneRepo, rules: Rules) -> None:
    """Raise Refused unless the text that the rules come from is trusted."""
    if not rules.gates or is_trusted(repo, rules.text):
        return
    raise Refused(
        f"'{TEAM_FILE}' in lane '{rules.lane}' is not trusted yet, so its gates do not run",
        hint=f"read it, then: git lanes trust {rules.lane}",
        data={"lane": rules.lane, "commit": rules.commit, "text": rules.text},
    )


def is_trusted(repo: LaneRepo, text: str | None) -> bool:
    """Say whether a text, by its SHA-256, may run what it names."""
    return text in _known(repo)


def _adopted(repo: LaneRepo) -> LaneState:
    repo.view.require_adopted()
    found = adopted_lane(repo)
    assert found is not None
    return found


def _told(repo: LaneRepo, rules: Rules) -> Trusted:
    commands = tuple((x.name, x.shown) for x in rules.gates)
    known = rules.text in _known(repo)
    return Trusted(rules.lane, rules.commit, rules.text, known, commands)


def _known(repo: LaneRepo) -> list[str]:
    try:
        return (repo.state_directory / _FILE).read_text("ascii", "replace").split()
    except FileNotFoundError:
        return []


def _write(repo: LaneRepo, *, add: str = "", drop: str = "") -> None:
    with locked(repo):
        kept = [x for x in _known(repo) if x not in (add, drop)]
        lines = [*kept, add] if add else kept
        replace_file(repo.state_directory / _FILE, "".join(f"{x}\n" for x in lines))
