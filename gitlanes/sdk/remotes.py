"""The part of `gitlanes.Repo` that is about other clones."""

from __future__ import annotations

from gitlanes.exchange import cloning, pulling, pushing, standing
from gitlanes.models.lanes import Adopted
from gitlanes.models.remotes import Pulled, Pushed, RemoteStatus
from gitlanes.store.lane_repo import LaneRepo


class Remotes:
    """Methods of `gitlanes.Repo`; ``remote`` is one's name, the usual one by default."""

    _repo: LaneRepo

    def push(self, remote: str | None = None, *, purged: bool = False) -> Pushed:
        """Bring a remote to what is here: lanes, their records and notes; no branches.

        Lanes that diverged are left, and told of. With ``purged`` what was purged here takes the
        place of what the remote still has. Raises NotFound, Refused, GitFailed, Raced.
        """
        return pushing.push(self._repo, remote, purged=purged)

    def pull(self, remote: str | None = None) -> Pulled:
        """Fetch from a remote and take in what is new there; bound branches follow.

        Lanes that diverged are left as they are, and told of. Raises as `push`.
        """
        return pulling.pull(self._repo, remote)

    def fetch(self, remote: str | None = None) -> RemoteStatus:
        """Fetch what a remote has and return how all lanes stand to it; no lane changes."""
        return standing.fetch(self._repo, remote)

    def init_from_remote(self, remote: str | None = None) -> Adopted:
        """Adopt a clone with all lanes that a remote has; without any there, as `init` does."""
        return cloning.begin(self._repo, remote)[0]

    def remote_status(self, remote: str | None = None) -> RemoteStatus:
        """Return how all lanes stand to a remote's, as it was last fetched."""
        return standing.status(self._repo, remote)
