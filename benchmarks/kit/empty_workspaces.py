"""Many workspaces at once, without their files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gitlanes.models.records import Lane
from gitlanes.workspaces import state as states
from tests.support.repos import TestRepo


def plant(repo: TestRepo, lanes: Iterable[Lane]) -> None:
    """Give every lane a workspace whose files are not written.

    The few files are those that `git worktree add --no-checkout --detach --lock` leaves, and
    gitlanes' own state beside them.
    """
    common = Path(repo.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    for lane in lanes:
        where = repo.path.with_name("many.lanes") / lane.name
        git_dir = common / "worktrees" / lane.name
        where.mkdir(parents=True)
        git_dir.mkdir(parents=True)
        (where / ".git").write_text(f"gitdir: {git_dir}\n")
        (git_dir / "gitdir").write_text(f"{where / '.git'}\n")
        (git_dir / "commondir").write_text("../..\n")
        (git_dir / "HEAD").write_text(f"{lane.head}\n")
        (git_dir / "locked").write_text(f"workspace of lane {lane.name}\n")
        state = states.WorkspaceState(lane.uuid, lane.name, lane.head, lane.head)
        states.write(str(git_dir), state)
