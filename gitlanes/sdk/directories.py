"""The part of `gitlanes.Repo` that is about directories, and snapshots of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from gitlanes.errors import LanesError
from gitlanes.models.workspaces import (
    Claimed,
    Holdings,
    Kept,
    Moved,
    Pruned,
    Released,
    Snapshot,
    Workspace,
)
from gitlanes.sdk.offering import Path_
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.workspaces import (
    claims,
    finding,
    lifecycle,
    looking,
    pruning,
    removal,
    restoring,
    snapshots,
    switching,
    updating,
)


class Directories:
    """What can be done with workspaces; ``lane`` may be the id of a detached one where said."""

    _repo: LaneRepo

    def workspace(self, lane: str) -> Workspace:
        """Return the workspace of a lane, or of an id; raises NotFound."""
        return finding.named(self._repo, lane)

    def create_workspace(
        self,
        lane: str,
        *,
        path: Path_ | None = None,
        at: str | None = None,
        detached: bool = False,
        expect: str | None = None,
    ) -> Workspace:
        """Give an existing lane a workspace at its head, or at an older state of its history.

        A detached one is for looking only, at any state; there may be several.
        """
        place = Path(path) if path is not None else None
        verb = looking.look if detached else lifecycle.create
        return verb(self._repo, lane, path=place, at=at, expect=expect)

    def update_workspace(
        self, lane: str | None = None, *, to: str | None = None, expect: str | None = None
    ) -> Moved:
        """Bring the workspace of a lane or an id to the lane's head, or to a state; edits stay."""
        return updating.update(self._repo, lane, to=to, expect=expect)

    def switch_workspace(
        self,
        lane: str,
        *,
        workspace: str | None = None,
        force: bool = False,
        expect: str | None = None,
    ) -> Moved:
        """Hand the workspace of lane ``workspace``, or the present one, over to another lane."""
        return switching.switch(self._repo, lane, workspace=workspace, force=force, expect=expect)

    def restore(
        self, state: str, lane: str | None = None, *, force: bool = False, expect: str | None = None
    ) -> Moved:
        """Make the files of a workspace those of a state; with ``force`` snapshot them first."""
        return restoring.restore(self._repo, state, lane, force=force, expect=expect)

    def remove_workspace(
        self, lane: str, *, force: bool = False, expect: str | None = None
    ) -> Snapshot | None:
        """Remove the workspace of a lane, an id or an absolute path.

        Return the snapshot of unsaved work, if it had any.
        """
        return removal.remove(self._repo, lane, force=force, expect=expect).snapshot

    def snapshot(
        self, lane: str | None = None, *, reason: str | None = None, expect: str | None = None
    ) -> Snapshot:
        """Save a workspace's content under a ref; its tree is the world state's id."""
        with self._place_at(expect, lane):
            return snapshots.snapshot(self._repo, lane, reason=reason)

    @contextmanager
    def safely(
        self, reason: str, lane: str | None = None, *, expect: str | None = None
    ) -> Iterator[Snapshot | None]:
        """Save a workspace's unsaved work before the block; without any there is no snapshot.

        An exception goes on with a note, and one of ours with a hint and data, too: of the
        ``snapshot``, and of the command that will ``restore`` the files.
        """
        with self._place_at(expect, lane):
            place, saved = snapshots.save_unsaved(self._repo, lane, reason=reason)
        try:
            yield saved
        except BaseException as error:
            if saved is not None:
                _tell(error, saved, self._called(place))
            raise

    def snapshots(self, lane: str | None = None) -> list[Kept]:
        """Return the snapshots of a lane, or all."""
        return pruning.list_snapshots(self._repo, lane)

    def show_snapshot(self, snapshot: str) -> Kept:
        """Return a snapshot with the paths in which it differs from its base."""
        return pruning.show_snapshot(self._repo, snapshot)

    def prune_snapshots(
        self, *names: str, older_than: float | None = None, keep: int | None = None
    ) -> Pruned:
        """Remove old snapshots of lanes, or those named by their ids; see `pruning.select`."""
        chosen = pruning.select(self._repo, names, older_than=older_than, keep=keep)
        return pruning.prune(self._repo, chosen)

    def claim(
        self,
        lane: str | None = None,
        *,
        agent: str | None = None,
        pid: int | None = None,
        lease: float | None = None,
        force: bool = False,
        renew: bool = True,
        expect: str | None = None,
    ) -> Claimed:
        """Claim a workspace for an agent, or renew its claim; others are kept off.

        ``agent`` is who GITLANES_AGENT names unless told. The claim ends with process ``pid``
        if one is given, and after ``lease`` seconds (0 is never; without either
        ``lanes.lease`` is). Without ``renew`` the agent's own claim is refused, too.
        """
        return claims.claim(
            self._repo,
            lane,
            agent=agent,
            pid=pid,
            lease=lease,
            force=force,
            renew=renew,
            expect=expect,
        )

    def release(
        self,
        lane: str | None = None,
        *,
        agent: str | None = None,
        force: bool = False,
        expect: str | None = None,
    ) -> Released:
        """End the claim on a workspace; without one nothing happens."""
        return claims.release(self._repo, lane, agent=agent, force=force, expect=expect)

    def who(self, lane: str | None = None) -> Holdings:
        """Return who claims which workspace, and why a claim does not hold any more."""
        return claims.who(self._repo, lane)

    def _called(self, place: Workspace) -> str:
        """Return what a workspace is called now: its lane may have been renamed."""
        found = None
        with suppress(LanesError):
            found = self._repo.view.by_uuid(place.lane_uuid, place.lane)
        return found.record.name if found and not place.detached else place.id

    def _place_at(self, expect: str | None, lane: str | None) -> AbstractContextManager[None]:
        return expecting(self._repo, expect, lambda: finding.named(self._repo, lane).lane)


def _tell(error: BaseException, saved: Snapshot, workspace: str) -> None:
    """Say in an error where the files are that were there before."""
    command = f"git lanes restore {saved.id} {workspace} --force"
    error.add_note(f"unsaved work is in snapshot {saved.id}; get it back with '{command}'")
    if isinstance(error, LanesError) and "restore" not in error.data:  # the nearest block's
        error.hint = f"{error.hint}; get unsaved work back with '{command}'".removeprefix("; ")
        error.data |= {"snapshot": saved.id, "restore": command}
