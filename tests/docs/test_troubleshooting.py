"""The troubleshooting page quotes messages that the program has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_QUOTED = re.compile(r"^\| `([^`]+)`", re.M)


def _texts() -> Iterator[str]:
    """Yield every text of the program, without the values that go into it."""
    for file in (_ROOT / "gitlanes").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(x.value) for x in node.values if isinstance(x, ast.Constant))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _pattern(message: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, message.split("…"))))


def test_messages_are_those_of_the_program() -> None:
    """Each quoted message is in the program, but for the names and numbers in it."""
    quoted = _QUOTED.findall((_ROOT / "docs" / "troubleshooting.md").read_text())
    assert len(quoted) > 30
    texts = list(_texts())
    assert [x for x in quoted if not any(map(_pattern(x).search, texts))] == []
