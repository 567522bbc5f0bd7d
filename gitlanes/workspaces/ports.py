"""Ports that workspaces have for their own: no two on this user's machine have the same.

Each workspace's own record says which it has. Beside them all leases are in one file of the
user's, and there one that no workspace's record confirms is none any more: so a port is given
back with its workspace, whatever became of that.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.errors import CorruptRecord, Refused
from gitlanes.git import locks
from gitlanes.git.replacing import replace_file
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Below those that systems give to outgoing connections.
FIRST, LAST = 20000, 29999
_FILE = "ports.json"


@contextmanager
def leased(repo: LaneRepo, git_dir: str, names: Sequence[str]) -> Iterator[dict[str, int]]:
    """Yield a port for each variable; what the workspace has already, it keeps.

    The block writes them into the workspace's record: until then nobody else gets them. Raises
    Refused where all are taken.
    """
    state = states.read(git_dir)
    present = state.given.ports if state and state.given else {}
    kept = {name: present[name] for name in names if name in present}
    if len(kept) == len(names):
        yield kept
        return
    directory = _directory(repo)
    with locks.hold(directory / "ports.lock", "the ports of this machine", timeout=60):
        others = {port: place for port, place in _known(directory) if _has(place, port)}
        free = _free({*others, *kept.values()}, git_dir)
        found = {name: kept[name] if name in kept else next(free) for name in names}
        rows = {**others, **dict.fromkeys(found.values(), git_dir)}
        text = json.dumps({str(port): place for port, place in sorted(rows.items())})
        replace_file(directory / _FILE, text)
        yield found


def _directory(repo: LaneRepo) -> Path:
    """Return where all repositories of the user look; where there is none, this one's own place."""
    environ = repo.environ
    home = environ.get("XDG_STATE_HOME") or os.path.join(environ.get("HOME", ""), ".local/state")
    directory = Path(home, "gitlanes")
    with suppress(OSError):
        if directory.is_absolute():
            directory.mkdir(parents=True, exist_ok=True)
            if os.access(directory, os.W_OK):
                return directory
    return repo.state_directory


def _known(directory: Path) -> list[tuple[int, str]]:
    try:
        found = json.loads((directory / _FILE).read_bytes())
        return [(int(port), str(place)) for port, place in found.items()]
    except (FileNotFoundError, ValueError, AttributeError):
        return []  # what workspaces have, their records say: at worst it cannot be bound


def _has(git_dir: str, port: int) -> bool:
    """Say whether that workspace is there and has the port."""
    with suppress(CorruptRecord):
        state = states.read(git_dir)
        return state is not None and state.given is not None and port in state.given.ports.values()
    return True


def _free(taken: set[int], git_dir: str) -> Iterator[int]:
    """Yield ports that nobody has, beginning at another one for each workspace."""
    import zlib  # hardly ever needed

    many = LAST - FIRST + 1
    begin = zlib.crc32(os.fsencode(git_dir)) % many
    for step in range(many):
        port = FIRST + (begin + step) % many
        if port not in taken and _can_be_bound(port):
            yield port
    raise Refused(
        f"no port from {FIRST} to {LAST} is free", hint="remove workspaces that nobody needs"
    )


def _can_be_bound(port: int) -> bool:
    """Say whether a server could listen there now, on all addresses of either kind."""
    for family, address in ((socket.AF_INET, ""), (socket.AF_INET6, "::")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as one:
                if family == socket.AF_INET6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.bind((address, port))
        except OSError as error:
            import errno  # hardly ever needed

            if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                return False
    return True
