"""How much random tests do."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def many(usual: int) -> int:
    """Return a number of examples: as many times the usual one as GITLANES_TEST_TIMES says."""
    return usual * int(os.environ.get("GITLANES_TEST_TIMES", "1"))


def tell(stories: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    """Run so many stories of so many steps."""
    run_state_machine_as_test(
        stories,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.reuse, Phase.generate),  # a story made shorter takes minutes
        ),
    )
