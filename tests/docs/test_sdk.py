"""What the pages show of Python runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repos import TestRepo

_ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


@pytest.mark.parametrize(("page", "least"), [("docs/sdk.md", 9), ("README.md", 2)])
def test_the_blocks_of_a_page_run(repo: TestRepo, page: str, least: int) -> None:
    """Each block runs after those before it, and what they assert holds."""
    blocks = _BLOCK.findall((_ROOT / page).read_text())
    assert len(blocks) >= least
    repo.save({"app.py": "app\n"})
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)],
        cwd=repo.path,
        env=repo.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    repo.fsck()
