"""Import: an ordinary branch as a lane, each of its commits an accepted attempt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitlanes.errors import BadName, BadValue, Negative, NotFound, Refused
from gitlanes.exchange import sides
from gitlanes.exchange.incoming import KIND, Incoming
from gitlanes.git import remotes
from gitlanes.models.importing import Imported
from gitlanes.models.records import LaneState
from gitlanes.store import codec, journal, layout
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.view import is_revision
from gitlanes.workspaces import binding, intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def import_branch(
    repo: LaneRepo,
    branch: str,
    *,
    lane: str | None = None,
    commits: str | None = None,
    other: str | None = None,
) -> Imported:
    """Make a branch a lane, or let the lane that was made of it, or exported to it, follow it.

    A new lane is named as the branch unless told, with '-' for '/'. Its attempts are the branch's
    commits along first parents since it left the adopted lane, or those of the range ``commits``
    (A..B): accepted, each under the Change-Id that it has. Where the lane went on, too, both are
    joined by paths. A branch that was rewritten takes the place of what the lane has, as long as
    that is the branch's alone. ``other`` is another repository's directory that the branch is in.
    The branch that a lane is bound to is taken in. Raises NotFound, Negative where there is nothing
    new, Collision where both touched a path, Refused for a rewritten branch that the lane built on,
    Raced where the lane moved meanwhile.
    """
    repo.view.require_adopted()
    branch = branch.removeprefix(layout.BRANCHES)
    if lane == "":
        raise BadName("empty lane name", hint="name the lane, or leave --lane out")
    if other is None and commits is None and (known := _bound(repo, branch)) is not None:
        if lane not in (None, known.record.name):
            raise Refused(
                f"branch '{branch}' is bound to lane '{known.record.name}'",
                hint="leave out --lane, or say which commits to import with --range A..B",
            )
        return _taken_in(repo, known, branch)
    tip = _fetched(repo, other, branch) if other is not None else _tip(repo, branch)
    start, tip = _range(repo, commits) if commits is not None else (None, tip)
    name = lane_for(repo, branch, lane, whole=False)
    layout.check_lane_name(name)
    made = Incoming(repo, branch, tip, start, name).run()
    if start is not None:
        _tell_of_below(repo, start, name)
    return made


def _tell_of_below(repo: LaneRepo, start: str, lane: str) -> None:
    """Warn of commits below a range that are in no other lane yet: they land with it."""
    into = require_adopted_lane(repo).record
    count = int(repo.git.run("rev-list", "--count", start, f"^{into.head}").text)
    if count:
        repo.warn(
            f"lane '{lane}' stands on {count} commit{'' if count == 1 else 's'} below that range "
            f"which '{into.name}' has not: it brings them along when it lands"
        )


def lane_for(repo: LaneRepo, branch: str, lane: str | None = None, *, whole: bool = True) -> str:
    """Return the name of the lane that follows a branch, or that would be made of it.

    Only a ``whole`` branch of this repository is taken into the lane that is bound to it.
    """
    branch = branch.removeprefix(layout.BRANCHES)
    if whole and lane is None and (bound := _bound(repo, branch)) is not None:
        return bound.record.name
    return lane or _home(repo, branch) or _name_of(branch)


def _home(repo: LaneRepo, branch: str) -> str | None:
    """Return the lane that was made of a branch, or else the one that was exported to it."""
    lanes = [x.record for x in repo.view.lanes()]
    made = [x.name for x in lanes if x.imported == branch]
    found = made or [x.name for x in lanes if branch in x.exports]
    if len(found) > 1 and (usual := _name_of(branch)) in found:
        return usual
    if len(found) > 1:
        raise Refused(
            f"branch '{codec.one_line(branch, 60)}' is that of lanes {', '.join(found)}",
            hint="say which one with --lane",
        )
    return found[0] if found else None


def _bound(repo: LaneRepo, branch: str) -> LaneState | None:
    """Return the lane that is bound to a branch."""
    ref = layout.branch(branch)
    return next((x for x in repo.view.lanes() if x.record.branch == ref), None)


def _taken_in(repo: LaneRepo, state: LaneState, branch: str) -> Imported:
    """Take in what people committed on a lane's own branch."""
    name, before = state.record.name, state.record.next
    intake.require_agreement(repo, name)
    after = repo.view.lane(name)
    entry = journal.read_entry(repo.refs, after.tip)
    made = tuple(x for x in entry.attempts if x.number >= before and x.kind == KIND)
    if not made:
        raise Negative(f"nothing to import: lane '{name}' has all of branch '{branch}'")
    binding.follow(repo, name)
    head = str(after.record.head)
    return Imported(name, branch, made[-1].commit, head, False, len(made), made)


def _tip(repo: LaneRepo, branch: str) -> str:
    """Return the commit that a branch, of a remote too, is at; raises NotFound."""
    if is_revision(branch):
        for name in (layout.branch(branch), layout.remote_branch(branch), branch):
            found = repo.refs.target(f"{name}^{{commit}}")
            if found is not None:
                return found
    raise NotFound("branch", codec.one_line(branch, 60), hint="see 'git branch --all'")


def _range(repo: LaneRepo, text: str) -> tuple[str, str]:
    """Return the ends of A..B; raises BadValue and NotFound, Refused where B is not on A."""
    one, dots, other = text.partition("..")
    if not dots or not one or not other or other.startswith("."):
        raise BadValue(f"'{codec.one_line(text, 60)}' is no range", hint="write it as A..B")
    start, tip = repo.view.commit_of(one), repo.view.commit_of(other)
    if not is_ancestor(repo, start, tip):
        raise Refused(
            f"'{codec.one_line(other, 60)}' does not stand on '{codec.one_line(one, 60)}'",
            hint="begin with one of its own first parents",
        )
    return start, tip


def _name_of(branch: str) -> str:
    """Return what a lane that is made of a branch is called."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", layout.shortest(branch)).strip("-.")
    try:
        layout.check_lane_name(name)
    except BadName as error:
        raise BadName(
            f"no lane can be named as branch '{codec.one_line(branch, 60)}'",
            hint="name it with --lane",
        ) from error
    return name


def _fetched(repo: LaneRepo, other: str, branch: str) -> str:
    """Fetch a branch of another repository, and return the commit that it is at.

    No ref keeps it until the lane does: git lets young objects be. Raises NotFound and GitFailed.
    """
    ref = layout.branch(branch)
    git = sides.network(repo)
    tip = remotes.at(git, other, ref)
    if tip is None:
        raise NotFound("branch", codec.one_line(branch, 60), hint=f"see 'git ls-remote {other}'")

    def tell(done: int, total: int) -> None:
        repo.progress(f"fetching {branch}", done, total)

    remotes.fetch_commit(git, other, tip, tell)
    return tip
