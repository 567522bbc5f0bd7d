"""The environment that both sides run in."""

from __future__ import annotations

import os
from pathlib import Path

_CONFIG = """\
[user]
    name = Test Person
    email = person@example.com
[init]
    defaultBranch = main
[gc]
    auto = 0
[maintenance]
    auto = false
"""


# With these Python would compile our modules anew in every process, as after no installation.
_SLOWING = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPYCACHEPREFIX")


def hermetic(home: Path) -> dict[str, str]:
    """Return an environment without the machine's own git configuration."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "gitconfig"
    config.write_text(_CONFIG)
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GIT_") and key not in _SLOWING
    }
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "xdg"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
