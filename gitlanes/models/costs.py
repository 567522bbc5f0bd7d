"""What is told of costs and budgets."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.plain import Model, Result
from gitlanes.models.records import Attempt


class CostAdded(Result):
    """A cost recorded on an attempt; ``id`` names the record, ``replaces`` the one before it."""

    attempt: Attempt
    id: str
    record: dict[str, Any]
    replaces: str | None = None

    schema: ClassVar[str] = "cost-added"


class CostRow(Model):
    """The costs of one lane, agent, model, tag, day or change.

    ``name`` is None where records do not say. ``attempts`` are those with a cost.
    """

    name: str | None
    cost: dict[str, Any]
    attempts: int
    title: str | None = None


class CostReport(Result):
    """What attempts took: sums by the names of cost records, ``amounts`` by currency.

    ``total`` has each record once; rows by tag may share some. ``accepted_changes`` counts the
    changes of which an attempt was accepted; ``per_accepted_change`` is what their attempts
    took, the rejected ones too, for each. ``rejected`` is what rejected attempts took.
    """

    by: str
    rows: tuple[CostRow, ...]
    total: dict[str, Any]
    accepted_changes: int
    per_accepted_change: dict[str, Any]
    rejected: dict[str, Any]

    schema: ClassVar[str] = "costs"


class Limits(Model):
    """What may be used; None is unlimited, or left as it is where a budget is changed.

    ``wall_ms`` is in milliseconds, ``amount`` a decimal string in ``currency``, ``alert`` the
    percentage of a limit from which on there are warnings.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    api_calls: int | None = None
    wall_ms: int | None = None
    amount: str | None = None
    currency: str | None = None
    alert: int | None = None

    def given(self) -> dict[str, Any]:
        """Return those that are not None."""
        return {key: value for key, value in self.__dict__.items() if value is not None}


NO_LIMITS = Limits()


class Standing(Model):
    """A budget and what was used of it.

    ``scope`` is 'lane', 'agent' or 'day', ``name`` which one. ``limits``, ``used``, ``left`` and
    ``percent`` are by limit: 'input_tokens', 'output_tokens', 'api_calls', 'wall_ms', 'amount'
    (in ``currency``). ``alert`` is the percentage from which on there are ``warnings``;
    ``exceeded`` names the limits that are reached.
    """

    scope: str
    name: str
    limits: dict[str, Any]
    used: dict[str, Any]
    left: dict[str, Any]
    percent: dict[str, int]
    currency: str
    alert: int | None = None
    warnings: tuple[str, ...] = ()
    exceeded: tuple[str, ...] = ()


class Budgets(Result):
    """Budgets as they stand; ``exceeded`` says whether any is used up."""

    budgets: tuple[Standing, ...]
    exceeded: bool

    schema: ClassVar[str] = "budgets"
