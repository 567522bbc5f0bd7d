"""Export: a lane as an ordinary branch, for CI and for review."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from gitlanes.errors import BadValue, Raced, Refused
from gitlanes.exchange import forms
from gitlanes.exchange.forms import Made
from gitlanes.git.refs import Mover, RefMove, move_refs
from gitlanes.models.exporting import AS_IS, FORMS, POLICIES, Exported
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import LaneState
from gitlanes.store import journal
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import branches, finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_TRIES = 3
# Places of a branch that are remembered: elsewhere it may be some exports behind.
KEPT = 8
# How the first line of a branch's reflog ends that an export made.
MADE = " to a new branch"


class Wish(Model):
    """In which ``form`` and with which ``trailers`` to export; None: as before, or as usual."""

    form: str | None = None
    trailers: str | None = None


AS_BEFORE = Wish()


def export(
    repo: LaneRepo,
    name: str | None = None,
    *,
    branch: str | None = None,
    wish: Wish = AS_BEFORE,
    expect: str | None = None,
    here: bool = True,
) -> Exported:
    """Put a branch at a lane's accepted work; it is made, fast-forwarded, or brought along.

    The branch is named as the lane unless told. As it is the work is the lane's own history;
    'linear' is a commit for each accepted one that has not landed, 'squash' one for all. The
    commits have the intents and costs of what they are. Exported again, the branch only goes
    forward, or from where an export left it. If not ``here``, it is only made ready to be sent
    elsewhere. Raises Refused where it has other commits, is checked out, or is that of a lane,
    Raced if the lane is not at `expect`.
    """
    check_expected(expect)
    check(wish)
    lane = finding.lane_or_present(repo, name).record.name
    short = lane if branch is None else branch
    ref = branches.checked(repo, short)
    for _ in range(_TRIES):
        state = repo.view.lane(lane)
        require_commit(f"lane '{lane}'", state.record.head, expect)
        before = state.record.exports.get(short, {})
        form, trailers = settled(repo, wish, before)
        made = forms.make(repo, state, form, trailers, next(iter(before.get("commits", ())), None))
        old = _record(repo, state, short, ref if here else None, made, form, trailers)
        if old is None:
            continue
        if here and old != made.tip:
            with closing(Mover(repo.git, message=said(lane, old))) as mover:
                move_refs(repo.git, [RefMove(ref, old or None, made.tip)], mover=mover)
        return Exported(lane, short, made.tip, old or None, form, made.base, made.commits)
    raise Raced(f"lane '{lane}' moves faster than it can be exported", hint="repeat the command")


def said(lane: str, old: str) -> str:
    """Return what a branch's reflog says of an export: whether that made the branch, too."""
    return f"lanes: export {lane}" + ("" if old else MADE)


def check(wish: Wish) -> None:
    """Raise BadValue for a form and a policy that there are not."""
    for said, known in ((wish.form, FORMS), (wish.trailers, POLICIES)):
        if said is not None and said not in known:
            raise BadValue(f"unknown '{said[:60]}'", hint=f"one of {', '.join(known)}")


def settled(repo: LaneRepo, wish: Wish, before: dict[str, Any]) -> tuple[str, str]:
    """Return form and trailers: those asked for, those of before, or the usual ones."""
    form = wish.form or before.get("form") or AS_IS
    usual = repo.settings.word("lanes.trailers", POLICIES[0], POLICIES)
    return form, wish.trailers or before.get("trailers") or usual


def _record(
    repo: LaneRepo,
    planned: LaneState,
    branch: str,
    ref: str | None,
    made: Made,
    form: str,
    trailers: str,
) -> str | None:
    """Write down where the branch is going, so that it can be told from other people's.

    Returns where it is now, '' if nowhere; None where the lane has moved on meanwhile.
    """
    name = planned.record.name
    with transaction(repo, "export") as tx:
        state = repo.view.lane(name)
        if state.record.head != planned.record.head or state.record.landed != planned.record.landed:
            return None
        old, use = finding.branch_use(repo, ref) if ref is not None else (None, "")
        before = state.record.exports.get(branch, {})
        known = list(before.get("commits", ()))
        commits = list(dict.fromkeys([made.tip, *known]))[:KEPT]
        now = {"form": form, "trailers": trailers, "commits": commits}
        if ref is not None and old != made.tip:
            if not use:
                branches.require_unowned(repo, ref, state.record.uuid if form == AS_IS else None)
            _require_free(repo, state, branch, old, use, made.tip)
        if now == before:
            return old or ""
        for commit, own in made.carries.items():
            for source in own:
                tx.carry_notes(source, commit)
        tx.description = f"export lane {name} to a branch"
        exports = {**state.record.exports, branch: now}
        new = [] if form == AS_IS else [made.tip]
        tx.lane(state, replace(state.record, exports=exports), parents=new)
    return old or ""


def require_possible(repo: LaneRepo, branch: str, start: str) -> None:
    """Raise Refused for a branch that no new lane can be exported to, if it begins at `start`."""
    ref = branches.checked(repo, branch)
    old, use = finding.branch_use(repo, ref)
    if not use:
        branches.require_unowned(repo, ref)
    _require_free(repo, None, branch, old, use, start, "--export")


def _require_free(
    repo: LaneRepo,
    state: LaneState | None,
    branch: str,
    old: str | None,
    use: str,
    new: str,
    option: str = "--branch",
) -> None:
    if use:
        raise Refused(
            f"branch '{branch}' is {use}",
            hint=f"choose another with {option}, or take that directory off it first",
        )
    if old is None or is_ancestor(repo, old, new):
        return
    if state is None or not was_left_at(repo, state, branch, old):
        raise Refused(
            f"branch '{branch}' has commits that the lane has not",
            hint=f"choose another branch with {option}",
        )


def was_left_at(repo: LaneRepo, state: LaneState, branch: str, commit: str) -> bool:
    """Say whether a lane was exported to a branch at a commit, now or at any time before."""
    uuid = state.record.uuid
    records = (x.record for x in journal.walk(repo.refs, state.tip))
    said = (x.exports.get(branch, {}) for x in records if x.uuid == uuid)
    return any(commit in x.get("commits", ()) for x in said)
