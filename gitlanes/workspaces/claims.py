"""Who works in a workspace: claimed by one agent at a time, kept in the workspace's own state.

A claim holds others off until it is released, its lease ends, or the process that it shares its
life with is gone. All of that is looked up, nothing is guessed from how old a claim is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING

from gitlanes import clock
from gitlanes.config import table
from gitlanes.errors import BadValue, Refused
from gitlanes.git import processes
from gitlanes.git.settings import as_seconds
from gitlanes.models.plain import plain, replace
from gitlanes.models.workspaces import Claimed, Holding, Holdings, Owner, Released, Workspace
from gitlanes.store.codec import check_agent
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.workspaces import capture, finding
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def claim(
    repo: LaneRepo,
    name: str | None = None,
    *,
    agent: str | None = None,
    pid: int | None = None,
    lease: float | None = None,
    force: bool = False,
    renew: bool = True,
    expect: str | None = None,
) -> Claimed:
    """Claim a lane's workspace for an agent, or renew the agent's claim.

    The claim ends with the process ``pid``, if one is given, and ``lease`` seconds from now: by
    default ``lanes.lease`` where no process is given, otherwise not by time; 0 is never. Raises
    Refused where somebody else has it, unless with ``force``, and without ``renew`` where the
    agent itself has; BadValue without an agent, Raced if the lane is not at ``expect``.
    """
    who = checked_name(agent or agent_of(repo.git.environ))
    repo.redactor.require_none(who, "an agent's id")
    workspace = _workspace(repo, name, expect)
    with capture.held(repo, workspace) as hold:
        before = _holding(workspace, hold.state.owner)
        held = before is not None and before.stale is None
        owner = before.owner if before and held else None
        if owner and not (owner.agent == who and renew) and not force:
            raise _claimed(workspace.id, owner, "take it over with --force")
        own = owner if owner and owner.agent == who else None
        made = new_owner(repo, who, pid, lease, own)
        hold.note(replace(hold.state, owner=made))
    return Claimed(workspace.id, workspace.path, made, own is not None, None if own else before)


def release(
    repo: LaneRepo,
    name: str | None = None,
    *,
    agent: str | None = None,
    force: bool = False,
    expect: str | None = None,
) -> Released:
    """End the claim on a lane's workspace; without one nothing happens.

    Raises Refused where it is somebody else's and holds still, unless with ``force``; Raced if
    the lane is not at ``expect``.
    """
    workspace = _workspace(repo, name, expect)
    with capture.held(repo, workspace) as hold:
        before = _holding(workspace, hold.state.owner)
        if before is not None and before.owner is not None:
            if not (before.stale or force or _is_own(repo, before.owner, agent)):
                raise _claimed(workspace.id, before.owner, "end it with --force")
            hold.note(replace(hold.state, owner=None))
    return Released(workspace.id, workspace.path, before)


def who(repo: LaneRepo, name: str | None = None) -> Holdings:
    """Return all workspaces, or a lane's one, with who claimed them; takes no lock."""
    repo.view.require_adopted()
    if name is not None:
        found = [finding.named(repo, name)]
    else:
        found = sorted(chain(finding.every(repo), finding.detached(repo)), key=lambda x: x.id)
    return Holdings(tuple(_holding(x, x.owner) or Holding(x.id, x.path, None) for x in found))


def require_own(
    repo: LaneRepo,
    state: states.WorkspaceState,
    *,
    agent: str | None = None,
    force: bool | None = None,
) -> None:
    """Raise Refused where a workspace is claimed by somebody else; asked under its lock.

    ``agent`` is who asks, else who GITLANES_AGENT names; without either the one in whose process
    the command runs. ``force`` goes on with a warning; None where the verb has no such option.
    """
    owner = state.owner
    if owner is None or stale_reason(owner) is not None or _is_own(repo, owner, agent):
        return
    name = state.detached or state.name
    if not force:
        known = agent or agent_of(repo.git.environ)
        own = "" if known else f"set {table.AGENT_VARIABLE} if that is you"
        raise _claimed(name, owner, own, "use --force" if force is not None else "")
    repo.warnings.append(f"{_said(name, owner)}; gone on by force")


def stale_reason(owner: Owner) -> str | None:
    """Return why a claim holds nobody off any more, None while it does.

    A process is looked for only where it can be seen: on the same host, in the same boot, with
    the same numbering. Elsewhere the lease alone decides.
    """
    if owner.until is not None and clock.now() >= clock.from_utc_text(owner.until):
        return f"its lease ended at {_moment(owner.until)}"
    if owner.host != os.uname().nodename:
        return None
    boot = processes.boot_id()
    if boot and owner.boot and boot != owner.boot:
        return "the machine was started anew since"
    if owner.pid is None or owner.space != processes.pid_space():
        return None
    started = processes.start_of(owner.pid)
    if started is None:
        return f"its process {owner.pid} has ended"
    if started and owner.started and started != owner.started:
        return f"its process {owner.pid} has ended, and another has that number now"
    return None


def agent_of(environ: Mapping[str, str]) -> str | None:
    """Return who the environment says that one is."""
    return environ.get(table.AGENT_VARIABLE) or None


def new_owner(
    repo: LaneRepo, agent: str, pid: int | None, lease: float | None, own: Owner | None
) -> Owner:
    """Return a new claim, or the agent's `own` one renewed, with the process that it had.

    It ends as `claim` says. Raises BadValue for a process that is none, or too long a lease.
    """
    now = clock.now()
    process = pid if pid is not None or own is None else own.pid
    if lease is None:
        lease = _usual_lease(repo) if process is None else 0
    started = processes.start_of(process) if process is not None and process > 0 else None
    if process is not None and started is None:
        raise BadValue(f"there is no process {process}", hint="name one that runs, as in --pid $$")
    return Owner(
        agent=agent,
        since=own.since if own else clock.utc_text(now),
        until=_end(now, lease),
        host=os.uname().nodename,
        boot=processes.boot_id(),
        space=processes.pid_space(),
        pid=process,
        started=started or None,
    )


def _usual_lease(repo: LaneRepo) -> float:
    (usual,) = table.BY_NAME["lease"].default
    return repo.settings.seconds("lanes.lease", as_seconds(usual) or 0)


def _end(now: float, lease: float) -> str | None:
    if lease == 0:
        return None
    if 0 < lease <= table.LONGEST_LEASE:
        return clock.utc_text(now + lease)
    raise BadValue(f"bad lease of {lease:g} seconds", hint="give at most a year; 0 is for ever")


def _workspace(repo: LaneRepo, name: str | None, expect: str | None) -> Workspace:
    check_expected(expect)
    found = finding.named(repo, name)
    if expect is not None:
        require_commit(f"lane '{found.lane}'", repo.view.lane(found.lane).record.head, expect)
    return found


def _holding(workspace: Workspace, owner: Owner | None) -> Holding | None:
    if owner is None:
        return None
    return Holding(workspace.id, workspace.path, owner, stale_reason(owner))


def _is_own(repo: LaneRepo, owner: Owner, agent: str | None) -> bool:
    """Say whether a claim that holds is that of whoever asks."""
    named = agent or agent_of(repo.git.environ)
    if named is not None:
        return named == owner.agent
    if owner.pid is None or owner.host != os.uname().nodename:
        return False
    if owner.space != processes.pid_space():
        return False
    return owner.pid in (os.getpid(), *processes.ancestors(os.getpid()))


def checked_name(agent: str | None) -> str:
    """Return an agent's id under which something may be claimed; raises BadValue."""
    if not agent:
        raise BadValue(
            "a claim needs an agent's id", hint=f"use --agent ID, or set {table.AGENT_VARIABLE}"
        )
    return check_agent(agent)


def _claimed(name: str, owner: Owner, *ways: str) -> Refused:
    """Return the error for a claim that holds; `ways` are those out besides its release."""
    release = f"its holder ends that with 'git lanes workspace release {name}'"
    return Refused(
        _said(name, owner),
        hint=", or ".join(filter(None, (release, *ways))),
        data={"lane": name, "holder": plain(owner)},
    )


def _said(name: str, owner: Owner) -> str:
    what = f"workspace '{name}'" if "@" in name else f"workspace of lane '{name}'"
    return said(what, owner)


def said(what: str, owner: Owner) -> str:
    """Return a line that says who has claimed a thing, since when, and how long that holds."""
    about = [f"process {owner.pid}"] if owner.pid is not None else []
    about += [f"on {owner.host}"] if owner.host != os.uname().nodename else []
    about += [f"until {_moment(owner.until)}"] if owner.until else []
    more = f" ({', '.join(about)})" if about else ""
    return f"{what} is claimed by '{owner.agent}' since {_moment(owner.since)}{more}"


def _moment(text: str) -> str:
    """Return a time to the second."""
    return f"{text[:19]}Z"
