"""The part of `gitlanes.Repo` that is about git's hooks and what they tell."""

from __future__ import annotations

from collections.abc import Iterable

from gitlanes.githooks import installing
from gitlanes.lanes import rewrites
from gitlanes.models.hooks import Hooks
from gitlanes.models.rewrites import Rewrite, Rewritten
from gitlanes.sdk.offering import lane_of
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo


class GitHooks:
    """Hooks that stamp Change-Ids, and commits that git rewrote."""

    _repo: LaneRepo

    def hook_status(self) -> Hooks:
        """Return how each of our hooks stands here."""
        return installing.status(self._repo)

    def hook_install(self, *, workspace_only: bool = False) -> Hooks:
        """Install our hooks; one that is there runs before ours.

        Where others manage the hooks the result says what to add to which file, unless the
        workspace alone is to have hooks, of its own. Raises Refused for one that was edited.
        """
        return installing.install(self._repo, workspace_only=workspace_only)

    def hook_uninstall(self) -> Hooks:
        """Take our hooks away and put back what was there; raises Refused, Negative."""
        return installing.uninstall(self._repo)

    def record_rewrites(
        self,
        pairs: Iterable[tuple[str, str | None]],
        how: str,
        *,
        lane: str | None = None,
        expect: str | None = None,
    ) -> Rewritten:
        """Record which commits became which, None for one that was dropped.

        ``how`` is 'amend' or 'rebase'. Unless told it is recorded in the lane of the branch or
        workspace that one stands in, else in those of the attempts. ``expect`` is of the lane that
        is named, else of the present one. Raises BadValue, NotFound.
        """
        with expecting(self._repo, expect, lambda: lane_of(self._repo, lane)):
            return rewrites.record(self._repo, pairs, how, lane=lane)

    def became(self, commit: str) -> tuple[Rewrite, ...]:
        """Return the rewrites that lead on from a commit, the nearest first; raises NotFound."""
        return rewrites.read(self._repo).became(self._repo.view.commit_of(commit))

    def was(self, commit: str) -> tuple[Rewrite, ...]:
        """Return the rewrites that lead back from a commit, the nearest first; raises NotFound."""
        return rewrites.read(self._repo).was(self._repo.view.commit_of(commit))
