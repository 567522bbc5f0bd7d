"""What git notes tell about a commit: why it was made, what it took, what judges said.

Names follow OpenTelemetry's GenAI conventions where those have one: cache tokens are part of
the input tokens, times are milliseconds, amounts are decimal strings. Unknown is None here
and absent in the note, never 0.
"""

from __future__ import annotations

from typing import Any

from gitlanes.models.plain import NOTHING, Model
from gitlanes.models.records import COUNTERS


class Intent(Model):
    """Why an attempt was made, in the words of who asked for it."""

    prompt: str | None = None
    agent: str | None = None
    agent_type: str | None = None
    agent_version: str | None = None
    model: str | None = None
    session: str | None = None
    tags: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    meta: dict[str, str] = NOTHING


# Where an amount comes from: the agent or its provider said it, prices of ours, or it is part
# of what a subscription covers.
PROVIDER, LOCAL, SUBSCRIPTION = AMOUNT_SOURCES = ("provider", "local", "subscription")
# Whether a record covers all of what it is about, or some is known to be missing.
COMPLETE, PARTIAL = COVERAGES = ("complete", "partial")


class Cost(Model):
    """What an attempt took, or a stage of it that ``agent`` saw to.

    ``input_tokens`` includes what was read from and put into a cache, ``output_tokens`` the
    reasoning. ``amount`` is a decimal string in ``currency``, ``amount_source`` says whose
    figure that is: 'provider', 'local' or 'subscription'. ``coverage`` is 'complete' or
    'partial'. ``raw`` is the usage as the agent printed it.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    reasoning_output_tokens: int | None = None
    api_calls: int | None = None
    tool_calls: int | None = None
    retries: int | None = None
    wall_ms: int | None = None
    api_ms: int | None = None
    gate_ms: int | None = None
    model: str | None = None
    provider: str | None = None
    amount: str | None = None
    currency: str | None = None
    amount_source: str | None = None
    coverage: str | None = None
    agent: str | None = None
    stage: str | None = None
    raw: dict[str, Any] | None = None

    @property
    def known(self) -> bool:
        """Say whether anything is known that adds up."""
        return self.amount is not None or any(getattr(self, x) is not None for x in COUNTERS)


class Evaluation(Model):
    """What one judge said of a commit.

    What a gate said has the ``tree`` that it judged, the digest of the gate's ``definition``,
    and how its last try ended: ``exit_code`` (negative: the signal), ``output`` (its end; all of
    it has ``output_bytes`` and the SHA-256 ``output_digest``). ``tries`` counts the runs, and
    ``flaky`` says that a later one passed. ``cached`` is True where an earlier verdict on the
    same tree was taken. ``data`` is what the judge adds.
    """

    name: str
    passed: bool
    by: str | None = None
    reason: str | None = None
    tree: str | None = None
    definition: str | None = None
    required: bool | None = None
    exit_code: int | None = None
    timed_out: bool | None = None
    duration_ms: int | None = None
    output: str | None = None
    output_bytes: int | None = None
    output_digest: str | None = None
    tries: int | None = None
    flaky: bool | None = None
    cached: bool | None = None
    data: dict[str, Any] | None = None


class Judgement(Model):
    """Who decided on an attempt, why, and which checks they name: ``((name, passed), …)``."""

    by: str | None = None
    reason: str | None = None
    checks: tuple[tuple[str, bool], ...] = ()


NO_INTENT = Intent()
NO_COST = Cost()
NO_JUDGEMENT = Judgement()


class Notes(Model):
    """All records about one commit, as they are stored: plain dicts, oldest first."""

    intents: tuple[dict[str, Any], ...] = ()
    costs: tuple[dict[str, Any], ...] = ()
    evaluations: tuple[dict[str, Any], ...] = ()
