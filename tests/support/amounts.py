"""How much the random tests that are marked slow do."""

from __future__ import annotations

import os


def many(usual: int) -> int:
    """Return a number of examples: as many times the usual one as GITLANES_TEST_TIMES says."""
    return usual * int(os.environ.get("GITLANES_TEST_TIMES", "1"))
