"""`python -m gitlanes.cli.reference docs`: the parts of docs/ that the commands themselves say.

Between ``begin`` and ``end`` marks cli.md and git-lanes.1 are written anew; all else in them
is written by people.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from gitlanes.cli import markdown, roff
from gitlanes.cli.tree import verbs

_PARTS = re.compile(
    r"^(?P<mark>.*\bbegin (?P<name>\w+).*)\n(?:.*\n)*?(?=.*\bend (?P=name)\b)", re.M
)
_FILES = {"cli.md": markdown.parts, "git-lanes.1": roff.parts}


def renewed(name: str, text: str) -> str:
    """Return a file of docs/ with its generated parts as they are to be."""
    return _filled(text, _FILES[name](verbs()))


def _filled(text: str, parts: Mapping[str, str]) -> str:
    return _PARTS.sub(lambda x: f"{x['mark']}\n{parts[x['name']]}", text)


def main() -> None:
    """Write the generated parts of all files in the directory that is named."""
    for name in _FILES:
        path = Path(sys.argv[1], name)
        path.write_text(renewed(name, path.read_text()))


if __name__ == "__main__":
    main()
