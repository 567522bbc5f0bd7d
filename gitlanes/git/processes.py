"""Which processes run: git's, asked when a lock might be stale, and those that claim something."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

# Commands that take no lock on anything, our own helpers and ourselves (`git lanes`) among them.
_READING = frozenset(
    ("cat-file", "diff-tree", "for-each-ref", "lanes", "log", "ls-files", "rev-list", "rev-parse")
)
# Git's own options that take the next argument.
_WITH_VALUE = frozenset(("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path"))


def any_git_process(common_dir: str) -> bool:
    """Say whether some git process, other than our own children, works in that repository.

    A process counts when it stands in the repository or a work tree of it, or names it in
    its arguments, unless its command takes no locks. One that may not be looked at counts, too.
    """
    from pathlib import Path  # 3 ms, as many as listings have left

    import psutil  # 40 ms, and only recovery needs it

    places = [Path(common_dir), Path(common_dir).parent]
    own = {child.pid for child in psutil.Process().children(recursive=True)}
    for process in psutil.process_iter(["name", "cmdline", "status"]):
        info = process.info
        if process.pid in own or not _takes_locks(info["name"] or "", info["cmdline"] or []):
            continue
        if info["status"] == psutil.STATUS_ZOMBIE:
            continue
        try:
            directory = Path(process.cwd())
        except (psutil.NoSuchProcess, FileNotFoundError):  # it has ended, or is about to have
            continue
        except psutil.AccessDenied:
            return True
        if _concerns(directory, info["cmdline"] or [], places):
            return True
    return False


def _takes_locks(name: str, arguments: Sequence[str]) -> bool:
    if name != "git" and not (name.startswith("git-") and name != "git-lanes"):
        return False
    words = iter(arguments[1:])
    for word in words:
        if word == "--no-optional-locks":
            return False
        if word in _WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word not in _READING
    return True


def _concerns(directory: Path, arguments: list[str], places: list[Path]) -> bool:
    if any(directory.is_relative_to(place) for place in places):
        return True
    if any(str(places[0]) in argument for argument in arguments):
        return True
    pointer = directory / ".git"
    return pointer.is_file() and str(places[0]) in pointer.read_text(errors="replace")


def any_inside(directory: str) -> bool:
    """Say whether a process stands in a directory or below it; some may not be looked at."""
    top = os.path.realpath(directory)
    return any(place == top or place.startswith(top + os.sep) for place in _standing())


def _standing() -> Iterator[str]:
    """Yield the present directory of each process."""
    if not os.path.isdir("/proc/self"):
        yield from _standing_elsewhere()
        return
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            yield os.readlink(f"/proc/{name}/cwd")


def _standing_elsewhere() -> Iterator[str]:
    import psutil  # 40 ms, and Linux tells for nothing

    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"]:
            yield process.info["cwd"]


def start_of(pid: int) -> str | None:
    """Return a mark of when a process began, '' where that cannot be seen, None without one.

    Among the processes that ever have that number until the next boot, only one has the mark.
    It does not depend on the wall clock, which may be set meanwhile. One that has ended and
    was not waited for is none any more.
    """
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except PermissionError:
        pass  # it is there, and somebody else's
    fields = _kernel_fields(pid)
    if fields is None:
        return _start_elsewhere(pid)
    state, ticks = fields[0], fields[19]
    return None if state in ("Z", "X") else ticks


def ancestors(pid: int) -> Iterator[int]:
    """Yield the numbers of a process's parent, its parent, and so on."""
    seen = {0, pid}
    while (above := _parent(pid)) not in seen:
        yield above
        seen.add(above)
        pid = above


def boot_id() -> str | None:
    """Return what tells this boot of the machine from all others, None where nothing does."""
    return _line("/proc/sys/kernel/random/boot_id")


def pid_space() -> str | None:
    """Return the name of what numbers processes here: a container has its own."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


def _parent(pid: int) -> int:
    """Return a process's parent, 0 where there is none or it cannot be seen."""
    fields = _kernel_fields(pid)
    if fields is not None:
        return int(fields[1])
    import psutil  # 40 ms, and Linux tells for nothing

    try:
        return int(psutil.Process(pid).ppid())
    except psutil.Error:
        return 0


def _start_elsewhere(pid: int) -> str | None:
    import psutil  # 40 ms, and Linux tells for nothing

    try:
        process = psutil.Process(pid)
        ended = process.status() == psutil.STATUS_ZOMBIE
        return None if ended else repr(process.create_time())
    except psutil.NoSuchProcess:
        return None if not psutil.pid_exists(pid) else ""
    except psutil.Error:
        return ""


def _kernel_fields(pid: int) -> list[str] | None:
    """Return what Linux tells of a process after its name, from its state on, or None."""
    said = _line(f"/proc/{pid}/stat")
    return said.rpartition(")")[2].split() if said else None


def _line(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return None


class Use(NamedTuple):
    """What a process and its descendants use: seconds of the processor, bytes of memory."""

    seconds: float
    memory: int

    def share(self, elapsed: float | None) -> float | None:
        """Return the share of one core that they had of some seconds, in percent."""
        return round(100 * self.seconds / elapsed, 1) if elapsed else None


def usage(roots: Collection[int]) -> dict[int, Use]:
    """Return what each process uses together with its descendants; one that ended is left out.

    All processes are looked at once, however many are asked for.
    """
    if not roots:
        return {}
    known = dict(_uses())
    sums = {root: Use(0.0, 0) for root in roots if root in known}
    for pid, (_, use) in known.items():
        above, seen = pid, set()
        while above in known and above not in sums and above not in seen:
            seen.add(above)
            above = known[above][0]
        if above in sums:
            sums[above] = Use(sums[above].seconds + use.seconds, sums[above].memory + use.memory)
    return sums


def _uses() -> Iterator[tuple[int, tuple[int, Use]]]:
    """Yield (id, (parent, what it uses alone, ended children included)) of all processes."""
    if not os.path.isdir("/proc/self"):
        yield from _uses_elsewhere()
        return
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for name in filter(str.isdigit, os.listdir("/proc")):
        fields = _kernel_fields(int(name))
        if fields:
            used = sum(int(x) for x in fields[11:15]) / ticks
            yield int(name), (int(fields[1]), Use(used, int(fields[21]) * page))


def _uses_elsewhere() -> Iterator[tuple[int, tuple[int, Use]]]:
    import psutil  # 40 ms, and Linux tells for nothing

    for process in psutil.process_iter(["ppid", "cpu_times", "memory_info"]):
        times, memory = process.info["cpu_times"], process.info["memory_info"]
        if times and memory:
            use = Use(times.user + times.system, memory.rss)
            yield process.pid, (process.info["ppid"] or 0, use)
