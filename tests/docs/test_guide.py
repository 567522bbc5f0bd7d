"""The pages with console sessions show what the commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.transcript import differences, hermetic, steps

_DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("guide.md", 20), ("fleet.md", 10)])
def test_what_is_shown_is_what_is_printed(name: str, least: int, tmp_path: Path) -> None:
    """Every command of the page is run, and prints what the page shows."""
    page = (_DOCS / name).read_text()
    assert len(steps(page)) > least
    found = differences(page, tmp_path, hermetic(tmp_path))
    assert [(step.command, now) for step, now in found] == []


def test_a_wrong_page_is_noticed(tmp_path: Path) -> None:
    """A line too few, a wrong word and a wrong exit code are differences; an id is none."""
    page = "```console\n$ echo 0123abcd; false\nfedcba98\n$ echo $?\n0\n$ seq 2\n1\n$ true\n```\n"
    found = differences(page, tmp_path, hermetic(tmp_path))
    assert [(step.command, now) for step, now in found] == [
        ("echo $?", "1\n"),
        ("seq 2", "1\n2\n"),
    ]
