"""The part of `gitlanes.Repo` that is about what workspaces are given."""

from __future__ import annotations

from gitlanes.models.provisioning import Provisioned
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.workspaces import provisioning, surroundings


class Giving:
    """Workspaces set up as the team's file orders."""

    _repo: LaneRepo

    def provision_workspace(
        self, lane: str | None = None, *, expect: str | None = None
    ) -> Provisioned:
        """Set a workspace up as far as it is not; see the command.

        Raises Negative where nothing is ordered, Refused where that is not trusted, SetupFailed.
        """
        return provisioning.provision(self._repo, lane, expect=expect)

    def workspace_environment(self, lane: str | None = None) -> dict[str, str]:
        """Return the variables that a workspace's agents get: the team's, and leased ports."""
        return dict(surroundings.of(self._repo, lane).variables)
