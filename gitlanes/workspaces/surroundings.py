"""What a workspace's agents and commands get as their environment beside the usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.models.provisioning import Surroundings
from gitlanes.workspaces import finding, provisioning
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.models.workspaces import Workspace
    from gitlanes.store.lane_repo import LaneRepo


def environment(repo: LaneRepo, workspace: Workspace) -> dict[str, str]:
    """Return the variables of a lane's workspace: what the team's file says, and leased ports.

    Nothing of it where that text is not trusted. Raises Refused where it cannot be understood.
    """
    state = states.read(workspace.git_dir)
    lane = repo.view.by_uuid(workspace.lane_uuid, workspace.lane)
    if state is None or lane is None or workspace.root or workspace.detached:
        return {}
    order = provisioning.ordered(repo, lane.record)
    if order is None or not order.trusted:
        return {}
    return order.provision.variables(state.given.ports if state.given else {})


def of(repo: LaneRepo, name: str | None = None) -> Surroundings:
    """Return the variables of a lane's workspace, or of the present one."""
    workspace = finding.named(repo, name)
    if workspace.root or workspace.detached:
        raise Refused(
            f"workspace '{workspace.id}' is no lane's own directory",
            hint="only those have variables of their own",
        )
    return Surroundings(workspace.lane, workspace.path, environment(repo, workspace))
