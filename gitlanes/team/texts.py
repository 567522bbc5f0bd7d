"""The texts by which a team has things run and copied, as they are at a lane's head."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitlanes.config.table import TEAM_FILE
from gitlanes.errors import Refused
from gitlanes.models.plain import replace

if TYPE_CHECKING:
    from gitlanes.config.agents import Read
    from gitlanes.config.gates import Misfit
    from gitlanes.models.provisioning import Provision
    from gitlanes.models.records import Lane
    from gitlanes.store.lane_repo import LaneRepo

# Other tools read it, too.
INCLUDE_FILE = ".worktreeinclude"
_REGULAR = ("100644", "100755")


class Texts(NamedTuple):
    """What the two files hold at a lane's head, None where one is not there."""

    lane: str
    commit: str
    team: bytes | None
    include: bytes | None

    @property
    def digests(self) -> tuple[str, ...]:
        """Return the SHA-256 of each: what is trusted."""
        return tuple(digest(x) for x in (self.team, self.include) if x is not None)

    @property
    def known_by(self) -> str | None:
        """Return what one text is known by, and both together; None where none is there."""
        both = self.digests
        return digest(" ".join(both).encode()) if len(both) > 1 else next(iter(both), None)

    def ordered(self) -> Provision:
        """Return what they order for workspaces; raises Refused with the line of what is wrong."""
        from gitlanes.config import layers, workspace  # most repositories have no such file

        found = workspace.read(layers.parsed(self.team)) if self.team else workspace.read({})
        if found.misfits:
            hint = f"no workspace is made until it is mended, on the branch of '{self.lane}'"
            raise misfit(self.lane, self.team or b"", found.misfits[0], hint)
        more = workspace.patterns(self.include or b"")
        return replace(found.ordered, copy=(*found.ordered.copy, *more)) if more else found.ordered

    def agents(self) -> Read:
        """Return the agents and prompts that they define, with all that is wrong there."""
        from gitlanes.config import agents, layers  # as above

        return agents.read(layers.parsed(self.team) if self.team else {})


def texts_at(repo: LaneRepo, lane: Lane) -> Texts:
    """Return the texts of a lane's head; what is no plain file is none, with a warning."""
    found: list[bytes | None] = []
    for name in (TEAM_FILE, INCLUDE_FILE):
        try:
            found.append(text_at(repo, lane, name))
        except Refused as error:
            repo.warn(error.message)
            found.append(None)
    return Texts(lane.name, str(lane.head), *found)


def text_at(repo: LaneRepo, lane: Lane, name: str = TEAM_FILE) -> bytes | None:
    """Return a file at the top of a lane's head, None where there is none.

    Raises Refused for what is no plain file.
    """
    tree = repo.objects.commit(str(lane.head)).tree
    entry = repo.objects.entry(tree, name.encode())
    if entry is None:
        return None
    if entry[0] not in _REGULAR:
        raise Refused(
            f"'{name}' in lane '{lane.name}' is no plain file",
            hint="put a plain file there: gates, policy and workspaces go by it",
        )
    return repo.objects.blob(entry[1])


def digest(text: bytes) -> str:
    """Return what a text is known by."""
    import hashlib  # 3 ms, for those who have such texts alone

    return hashlib.sha256(text).hexdigest()


def misfit(lane: str, text: bytes, wrong: Misfit, hint: str) -> Refused:
    """Return the error for what is wrong in a lane's team file, with its line."""
    from gitlanes.config.gates import line_of

    line = line_of(text.decode("utf-8", "replace"), wrong)
    place = f"{TEAM_FILE}:{line}" if line else TEAM_FILE
    return Refused(
        f"{place} in lane '{lane}': {wrong.where}: {wrong.problem}",
        hint=hint,
        data={"lane": lane, "line": line, "key": wrong.where},
    )
