"""Which git processes run: asked only when a lock might be stale."""

from __future__ import annotations

from pathlib import Path


def any_git_process(common_dir: str) -> bool:
    """Say whether some git process, other than our own children, works in that repository.

    A process counts when it stands in the repository or a work tree of it, or names it in
    its arguments. One that may not be looked at counts, too.
    """
    import psutil  # 40 ms, and only recovery needs it

    places = [Path(common_dir), Path(common_dir).parent]
    own = {child.pid for child in psutil.Process().children(recursive=True)}
    for process in psutil.process_iter(["name", "cmdline", "cwd", "status"]):
        info = process.info
        if process.pid in own or not (info["name"] or "").startswith("git"):
            continue
        if info["status"] == psutil.STATUS_ZOMBIE:
            continue
        if info["cwd"] is None or _concerns(info["cwd"], info["cmdline"] or [], places):
            return True
    return False


def _concerns(directory: str, arguments: list[str], places: list[Path]) -> bool:
    if any(Path(directory).is_relative_to(place) for place in places):
        return True
    if any(str(places[0]) in argument for argument in arguments):
        return True
    pointer = Path(directory, ".git")
    return pointer.is_file() and str(places[0]) in pointer.read_text(errors="replace")
