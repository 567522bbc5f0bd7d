"""Which candidate is best: by criteria in their order, and within the limits of rules."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from gitlanes.errors import BadValue, line
from gitlanes.gates.definitions import matching
from gitlanes.models.batches import CRITERIA, Entrant, PickRules
from gitlanes.usage.sums import in_digits

# Whether something is unknown, and else how much it is: the unknown is behind all that is known.
Key = tuple[tuple[bool, Decimal], ...]

_NONE = (True, Decimal(0))


def check(by: Sequence[str]) -> None:
    """Raise BadValue for a criterion that there is not, and for none."""
    odd = next((x for x in by if x not in CRITERIA), None)
    if odd is not None or not by:
        shown = f"unknown criterion '{line(odd, 60)}'" if odd is not None else "no criterion"
        raise BadValue(shown, hint=f"some of {', '.join(CRITERIA)}, with commas between them")


def ranked(entrants: Sequence[Entrant], by: Sequence[str]) -> list[Entrant]:
    """Return candidates with the best one first; those that are equally good by their names."""
    return sorted(entrants, key=lambda x: (key(x, by, entrants), x.lane))


def key(entrant: Entrant, by: Sequence[str], among: Sequence[Entrant]) -> Key:
    """Return what an entrant is sorted by among others, the lower the better."""
    ways = {
        "gates": _of_gates(entrant),
        "cost": _of_cost(entrant, among),
        "size": (False, Decimal(entrant.lines)),
        "time": _known(entrant.seconds),
    }
    return tuple(ways[x] for x in by)


def _known(number: float | None) -> tuple[bool, Decimal]:
    return _NONE if number is None else (False, Decimal(str(number)))


def _of_gates(entrant: Entrant) -> tuple[bool, Decimal]:
    """Count the optional gates that say no: candidates pass the required ones."""
    return False, Decimal(sum(1 for x in entrant.gates if not x.passed))


def _of_cost(entrant: Entrant, among: Sequence[Entrant]) -> tuple[bool, Decimal]:
    """Return the money where all is in one currency; where nobody tells of money, the tokens."""
    currencies = {name for x in among for name in x.cost.get("amounts", {})}
    if len(currencies) > 1:
        return _NONE
    if currencies:
        amount = entrant.cost.get("amounts", {}).get(*currencies)
        return _NONE if amount is None else (False, Decimal(amount))
    tokens = [entrant.cost.get(x) for x in ("input_tokens", "output_tokens")]
    known = [x for x in tokens if x is not None]
    return (False, Decimal(sum(known))) if known else _NONE


def misfit(entrant: Entrant, rules: PickRules) -> str | None:
    """Return why a candidate may not be picked by rules, None if it may."""
    faults = (
        _too_much("changes", len(entrant.paths), rules.most_files, "files"),
        _too_much("changes", entrant.lines, rules.most_lines, "lines"),
        _too_slow(entrant, rules),
        _too_dear(entrant, rules),
        _outside(entrant, rules),
        _unasked(entrant, rules),
    )
    return next(filter(None, faults), None)


def _too_much(verb: str, number: int, most: int | None, unit: str) -> str | None:
    return None if most is None or number <= most else f"it {verb} {number} {unit}, not {most}"


def _too_slow(entrant: Entrant, rules: PickRules) -> str | None:
    if rules.most_seconds is None:
        return None
    if entrant.seconds is None:
        return "how long it took is unknown"
    return _too_much("took", round(entrant.seconds), round(rules.most_seconds), "seconds")


def _too_dear(entrant: Entrant, rules: PickRules) -> str | None:
    """Say whether it cost too much: what is unknown, or in another currency, may have."""
    if rules.most_cost is None:
        return None
    amounts = entrant.cost.get("amounts", {})
    if [*amounts] != [rules.currency]:
        return f"what it cost in {rules.currency} is unknown"
    spent, most = Decimal(amounts[rules.currency]), Decimal(rules.most_cost)
    if spent <= most:
        return None
    return f"it cost {in_digits(spent)} {rules.currency}, not {in_digits(most)}"


def _outside(entrant: Entrant, rules: PickRules) -> str | None:
    if not rules.paths:
        return None
    inside = set(matching(rules.paths, entrant.paths))
    odd = next((x for x in entrant.paths if x not in inside), None)
    return None if odd is None else f"it touches {odd.decode('utf-8', 'surrogateescape')}"


def _unasked(entrant: Entrant, rules: PickRules) -> str | None:
    passed = {x.name for x in entrant.gates if x.passed}
    odd = next((x for x in rules.gates if x not in passed), None)
    return None if odd is None else f"gate '{odd}' does not say that it is good"
