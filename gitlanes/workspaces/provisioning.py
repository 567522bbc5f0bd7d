"""Setting workspaces up as the team orders: files brought, ports leased, commands run.

What is ordered is read from the judge's head, and nothing of it happens until a person trusts
the text. That it is under way stands in the workspace's record, as all that it brings does,
before anything is there: so a kill leaves a workspace that the next command goes on with.
"""

from __future__ import annotations

import json
import os
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.config.table import TEAM_FILE
from gitlanes.errors import Negative, Refused, SetupFailed, line
from gitlanes.git import exclusions, index
from gitlanes.models.plain import replace
from gitlanes.models.provisioning import Command, Provision, Provisioned
from gitlanes.models.workspaces import Given, Workspace
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.team import running, texts, trusted
from gitlanes.workspaces import bringing, capture, claims, finding, ports
from gitlanes.workspaces.judges import judge_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlanes.models.records import Lane
    from gitlanes.store.lane_repo import LaneRepo

# What is kept of a failed command's output in the error, in bytes.
_TOLD = 8192


class Order(NamedTuple):
    """What is ordered for a lane's workspace, whether that is trusted, and whose text says it."""

    provision: Provision
    trusted: bool
    judge: str


def ordered(repo: LaneRepo, lane: Lane) -> Order | None:
    """Return what is ordered for a lane's workspaces, None for nothing.

    Raises Refused, with the file's line, where that cannot be understood.
    """
    found = texts.texts_at(repo, judge_within(repo, lane))
    provision = found.ordered() if found.digests else Provision()
    if not provision.shown:
        return None
    return Order(provision, trusted.are_trusted(repo, found.digests), found.lane)


def marked(repo: LaneRepo, lane: Lane) -> Given | None:
    """Return what the record of a workspace says that is about to be made: it is to be set up.

    None where nothing is ordered; where it is not trusted, there is a warning, too.
    """
    order = ordered(repo, lane)
    if order is None or order.trusted:
        return Given(begun=True) if order else None
    repo.warn(
        f"{_untrusted(order)}; read it, then: git lanes trust {order.judge} && "
        f"git lanes workspace provision {lane.name}"
    )
    return None


def provision(repo: LaneRepo, name: str | None = None, *, expect: str | None = None) -> Provisioned:
    """Set a lane's workspace up that was not, or not with all that is ordered now.

    What is there stays. Raises Raced if the lane is not at `expect`, Negative where nothing is
    ordered, Refused where it is not trusted, and SetupFailed.
    """
    check_expected(expect)
    workspace = finding.named(repo, name)
    if workspace.root or workspace.detached:
        raise Refused(
            f"workspace '{workspace.id}' is no lane's own directory",
            hint="only those are provisioned",
        )
    with capture.held(repo, workspace) as hold:
        lane = repo.view.by_uuid(workspace.lane_uuid, workspace.lane)
        require_commit(f"lane '{workspace.lane}'", lane.record.head if lane else None, expect)
        claims.require_own(repo, hold.state)
        order = _order_of(repo, hold.workspace)
        if order is None:
            raise Negative(
                f"nothing is ordered for workspace '{workspace.id}'",
                hint=f"see [workspace] of '{TEAM_FILE}'",
            )
        if not order.trusted:
            hint = f"read it, then: git lanes trust {order.judge}"
            raise Refused(_untrusted(order), hint=hint)
        return _Work(repo, hold, order.provision).done()


def provide(repo: LaneRepo, workspace: Workspace, *, timeout: float = 60) -> None:
    """Set up a workspace whose record says that it is to be; raises SetupFailed."""
    with capture.held(repo, workspace, timeout=timeout) as hold:
        if hold.state.given is None or not hold.state.given.begun:
            return
        order = _order_of(repo, hold.workspace)
        wanted = order.provision if order and order.trusted else Provision()
        _Work(repo, hold, wanted).done()


def _order_of(repo: LaneRepo, workspace: Workspace) -> Order | None:
    found = repo.view.by_uuid(workspace.lane_uuid, workspace.lane)
    return ordered(repo, found.record) if found is not None else None


def _untrusted(order: Order) -> str:
    what = f"'{TEAM_FILE}' in lane '{order.judge}' is not trusted yet"
    return f"{what}, so no workspace is set up by it"


class _Work:
    """One workspace that is held, and what it is to be given."""

    def __init__(self, repo: LaneRepo, hold: capture.Held, wanted: Provision):
        self._repo, self._hold, self._wanted = repo, hold, wanted
        self._before = hold.state.given or Given()
        self._top = os.fsencode(hold.workspace.path)
        root = repo.root()
        self._root = os.fsencode(root[1]) if root else None
        self._git = finding.git_in(repo, hold.workspace)
        self._total = len(wanted.setup)
        self._copied: dict[str, str] = {}
        self._ran: list[str] = []
        self._kept: list[str] = []

    def done(self) -> Provisioned:
        """Give the workspace all of it; raises SetupFailed, and the mark stays."""
        copies, links, clones = self._copies(), self._links(), self._clones()
        self._note(copies, links, clones)
        copied, linked, cloned = (
            self._bring(bringing.copy, copies),
            self._bring(bringing.link, links),
            self._bring(bringing.clone, clones),
        )
        self._end(self._set_up())
        here, given = self._hold.workspace, self._hold.state.given or Given()
        commands = (tuple(self._ran), tuple(self._kept))
        said = (len(copied), linked, cloned, *commands, dict(given.ports))
        return Provisioned(here.lane, here.path, *said)

    def _copies(self) -> list[bytes]:
        if self._root is None or not self._wanted.copy:
            return []
        git = self._repo.git.at(self._repo.place.common_dir, os.fsdecode(self._root))
        found = exclusions.untracked_files(git, self._wanted.copy)
        tracked = self._tracked(found)
        usable = (x for x in found if x not in tracked)
        return [x for x in usable if self._may(x, "copied", os.path.isfile)]

    def _links(self) -> list[bytes]:
        return self._named(self._wanted.link, "linked", os.path.isdir)

    def _clones(self) -> list[bytes]:
        return self._named(self._wanted.clone, "cloned", os.path.lexists)

    def _named(self, paths: Sequence[str], what: str, fits: _Fits) -> list[bytes]:
        names = [os.fsencode(x) for x in paths] if self._root is not None else []
        tracked = self._tracked(names)
        for path in tracked:
            self._leave(path, what, "the lane has files there")
        return [x for x in names if x not in tracked and self._may(x, what, fits)]

    def _may(self, path: bytes, what: str, fits: _Fits) -> bool:
        """Say whether a path can be brought, or was; no link is followed on either side."""
        assert self._root is not None
        source, target = os.path.join(self._root, path), os.path.join(self._top, path)
        why = bringing.hindrance(self._root, path) or bringing.hindrance(self._top, path)
        if why is None and os.path.islink(source):
            why = "it is a link"
        if why is None and not fits(source):
            why = "it is not in the repository's directory"
        if why is not None:
            self._leave(path, what, why)
            return False
        return not os.path.lexists(target) or os.fsdecode(path) in self._before.brought

    def _leave(self, path: bytes, what: str, why: str) -> None:
        self._repo.warn(f"'{line(os.fsdecode(path), 200)}' is not {what}: {line(why, 200)}")

    def _tracked(self, paths: Sequence[bytes]) -> set[bytes]:
        """Return which of these the workspace's index has, or something in them."""
        own = os.path.join(self._hold.git_dir, "index")
        known = index.staged_entries(self._git, own, list(paths)) if paths else {}
        above = {x for path in known for x in exclusions.up_from(path)}
        return above.intersection(paths)

    def _note(self, copies: list[bytes], links: list[bytes], clones: list[bytes]) -> None:
        """Note in the workspace's record what is about to come, before it does."""
        root, before = self._root or b"", self._before
        known = {
            os.fsdecode(x): before.copies.get(os.fsdecode(x))
            or bringing.digest(os.path.join(root, x))
            or ""
            for x in copies
        }
        made = {path: before.made.get(path, "") for x in self._wanted.setup for path in x.makes}
        with ports.leased(self._repo, self._hold.git_dir, self._wanted.ports) as found:
            given = Given(
                begun=True,
                copies={**before.copies, **known},
                links=_joined(before.links, links),
                clones=_joined(before.clones, clones),
                made={**before.made, **made},
                ports=found,
            )
            self._hold.note(replace(self._hold.state, given=given))

    def _bring(self, how: _How, paths: Sequence[bytes]) -> tuple[str, ...]:
        """Bring what is not there yet; return what that was."""
        done = []
        for path in paths:
            source, target = os.path.join(self._root or b"", path), os.path.join(self._top, path)
            if not os.path.lexists(target):
                self._repo.progress(f"bringing {line(os.fsdecode(path), 60)}", 0, 1)
                try:
                    how(source, target)
                except OSError as error:  # a full disk, or what may not be read
                    raise self._not_brought(path, error) from error
                done.append(os.fsdecode(path))
                if how is bringing.copy:
                    self._copied[os.fsdecode(path)] = bringing.digest(target) or ""
        return tuple(done)

    def _not_brought(self, path: bytes, error: OSError) -> SetupFailed:
        why = (error.strerror or str(error)).lower()
        return SetupFailed(
            f"workspace '{self._hold.workspace.id}' could not be set up: "
            f"'{line(os.fsdecode(path), 200)}': {why}",
            hint="mend that in the repository's own directory, then repeat the command",
        )

    def _set_up(self) -> dict[str, str]:
        """Run the commands that have to; return what was made, and of what."""
        made: dict[str, str] = {}
        wanted = {path for x in self._wanted.setup for path in x.makes}
        for path in [x for x in self._before.made if x not in wanted]:
            self._discard(path)
        for command in self._wanted.setup:
            key = self._key(command)
            if command.makes and all(self._is_made(x, key) for x in command.makes):
                self._kept.append(command.shown)
            else:
                for path in command.makes:
                    if self._before.made.get(path):
                        self._discard(path)
                self._run(command)
            made |= {x: key for x in command.makes if self._is_there(x)}
        return made

    def _is_made(self, path: str, key: str) -> bool:
        return self._before.made.get(path) == key and self._is_there(path)

    def _key(self, command: Command) -> str:
        """Return a digest of a command and of the files that are its inputs."""
        inputs = [(x, bringing.digest(self._place(x))) for x in command.inputs]
        return texts.digest(json.dumps([command.args, inputs]).encode())

    def _is_there(self, path: str) -> bool:
        return os.path.lexists(self._place(path))

    def _place(self, path: str) -> bytes:
        return os.path.join(self._top, os.fsencode(path))

    def _discard(self, path: str) -> None:
        """Delete what a command made of other inputs; what the lane has there stays."""
        name = os.fsencode(path)
        if bringing.hindrance(self._top, name) is None and not self._tracked([name]):
            bringing.discard(self._place(path))

    def _run(self, command: Command) -> None:
        """Run a command; raises SetupFailed with the end of what it printed."""
        beat = partial(
            self._repo.progress,
            f"running {line(command.shown, 60)}",
            len(self._ran) + len(self._kept),
            self._total,
        )
        given = self._hold.state.given or Given()
        usual = running.environment(self._repo.environ, ())
        environ = {**usual, **self._wanted.variables(given.ports)}
        keep, path = (self._hold.lock,), self._hold.workspace.path
        order = running.Order(command.args, path, environ, self._wanted.timeout, keep)
        ran = running.run(order, Event(), beat)
        if ran.code != 0:
            raise self._failed(command, ran)
        self._ran.append(command.shown)

    def _failed(self, command: Command, ran: running.Ran) -> SetupFailed:
        why = f"exit code {ran.code}"
        if ran.fault or ran.timed_out:
            why = ran.fault or f"not done after {self._wanted.timeout:g} s"
        said = (ran.head + ran.tail)[-_TOLD:].decode("utf-8", "replace")
        shown = line(command.shown, 200)
        return SetupFailed(
            f"workspace '{self._hold.workspace.id}' could not be set up: '{shown}': {why}",
            hint=f"see [workspace] of '{TEAM_FILE}'",
            data={
                "setup": {
                    "command": command.shown,
                    "code": ran.code,
                    "output": said,
                    "output_bytes": ran.size,
                }
            },
        )

    def _end(self, made: dict[str, str]) -> None:
        """Take the mark away; what is not there counts as never brought."""
        given = self._hold.state.given or Given()
        copies = {**given.copies, **self._copied}
        done = Given(
            copies={path: known for path, known in copies.items() if self._is_there(path)},
            links=tuple(filter(self._is_there, given.links)),
            clones=tuple(filter(self._is_there, given.clones)),
            made=made,
            ports=given.ports,
        )
        now = done if done != Given() else None
        self._hold.note(replace(self._hold.state, given=now))


def _joined(before: Sequence[str], now: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*before, *map(os.fsdecode, now)]))


if TYPE_CHECKING:
    from collections.abc import Callable

    _Fits = Callable[[bytes], bool]
    _How = Callable[[bytes, bytes], None]
