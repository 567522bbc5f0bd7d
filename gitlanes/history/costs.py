"""What attempts took, summed by lane, agent, model, tag, day or change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, localcontext
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from gitlanes import clock
from gitlanes.errors import BadValue
from gitlanes.history.log import moment
from gitlanes.models.costs import CostReport, CostRow
from gitlanes.models.history import Told
from gitlanes.models.plain import Model
from gitlanes.models.records import ACCEPTED, COUNTERS, REJECTED, RENAMED, STATUSES, Attempt
from gitlanes.store import codec, journal, records
from gitlanes.store.spending import agent_of, date_of
from gitlanes.usage.sums import live, total

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

WAYS = ("lane", "agent", "model", "tag", "day", "change")
# Attempts whose notes are read at a time: enough to share directories.
_BATCH = 256
_PLACES = Decimal("0.000001")


class Wanted(Model):
    """Which costs: those recorded ``since`` a date as git understands it, of attempts that fit.

    ``lanes`` are names, ``tags`` such that an attempt has one of; without any it is all.
    """

    by: str = "lane"
    since: str | None = None
    status: str | None = None
    lanes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Line(Model):
    """A cost record with its attempt, and the name that its lane has now."""

    told: Told
    lane: str
    record: Mapping[str, Any]


def report(repo: LaneRepo, wanted: Wanted | None = None) -> CostReport:
    """Return the sums of all cost records, each counted once by its id, whatever carries it.

    Deleted lanes' are included. Raises BadValue for a way to group, a status or a date that
    there is not, NotFound for a lane.
    """
    wanted = wanted or Wanted()
    for said, known in ((wanted.by, WAYS), (wanted.status, (None, *STATUSES))):
        if said not in known:
            words = ", ".join(x for x in known if x)
            raise BadValue(f"unknown '{codec.one_line(str(said), 60)}'", hint=f"one of {words}")
    since = moment(repo, wanted.since) if wanted.since else None
    changes = set[str]()
    lines = list(_lines(repo, wanted, since, changes))
    accepted = changes & {str(x.told.attempt.change_id) for x in lines}
    spent = total(x.record for x in lines if x.told.attempt.change_id in accepted)
    return CostReport(
        wanted.by,
        tuple(_rows(lines, wanted.by)),
        total(x.record for x in lines),
        len(accepted),
        _shared(spent, len(accepted)) if accepted else {},
        total(x.record for x in lines if x.told.attempt.status == REJECTED),
    )


def _lines(
    repo: LaneRepo, wanted: Wanted, since: float | None, accepted: set[str]
) -> Iterator[Line]:
    """Yield the cost records of the attempts that fit; add the changes that are ``accepted``.

    An attempt laid again has none of its own: those of the one before count for its change.
    """
    lanes = dict.fromkeys(wanted.lanes) or [None]
    found = chain.from_iterable(_attempts(repo, x, since) for x in lanes)
    names = {x.record.uuid: x.record.name for x in _current(repo)}
    fitting = (x for x in found if wanted.status in (None, x[0].status))
    while batch := list(islice(fitting, _BATCH)):
        notes = records.read(repo, [attempt.commit for attempt, _ in batch])
        for attempt, uuid in batch:
            told = Told(attempt, notes[attempt.commit])
            if wanted.tags and not set(wanted.tags) & set(told.intent.get("tags", ())):
                continue
            if (attempt.status, attempt.kind) == (ACCEPTED, "work") and attempt.change_id:
                accepted.add(attempt.change_id)
            for record in live(told.notes.costs):
                own = record.get("attempt_uuid") == attempt.uuid
                if own and (since is None or _time(record) >= since):
                    yield Line(told, names.get(uuid, attempt.lane), record)


def _current(repo: LaneRepo) -> Iterable[Any]:
    return (x for x in repo.view.lanes(deleted=True) if x.record.status != RENAMED)


def _attempts(
    repo: LaneRepo, lane: str | None, since: float | None
) -> Iterator[tuple[Attempt, str]]:
    """Yield each attempt in its newest state, and its lane's uuid, as far back as is asked.

    Those of older entries that a cost was added to since are among them.
    """
    told: set[str] = set()
    named: dict[str, str] = {}
    uuid = None
    if lane is None:
        tips = journal.read_tips(repo.git, repo.warn)
        if not tips:
            repo.view.require_adopted()
    else:
        state = repo.view.find(lane)
        state = state if state and state.record.status != RENAMED else repo.view.lane(lane)
        tips, uuid = [state.tip], state.record.uuid
    for entry in journal.walk_all(repo.git, tips, repo.warn):
        if since is not None and clock.from_utc_text(entry.time) < since:
            break
        if uuid not in (None, entry.record.uuid):
            break  # an earlier lane of that name
        about = entry.details.get("cost")
        if isinstance(about, dict):
            named[str(about.get("attempt_uuid"))] = str(about.get("attempt"))
        for attempt in entry.attempts:
            if attempt.uuid not in told:
                told.add(attempt.uuid)
                yield attempt, entry.record.uuid
    for name in (named[x] for x in named.keys() - told):
        attempt, holder = repo.view.attempt_in(name)
        yield attempt, holder.record.uuid


def _rows(lines: Iterable[Line], by: str) -> Iterator[CostRow]:
    """Yield the groups by name, what is unknown last."""
    groups: dict[str | None, list[Line]] = {}
    for line in lines:
        for name in _names(line, by):
            groups.setdefault(name, []).append(line)
    for name in sorted(groups, key=lambda x: (x is None, x)):
        group = groups[name]
        attempts = {x.told.attempt.uuid for x in group}
        title = group[-1].told.attempt.title if by == "change" else None
        yield CostRow(name, total(x.record for x in group), len(attempts), title)


def _names(line: Line, by: str) -> tuple[str | None, ...]:
    told, record = line.told, line.record
    if by == "tag":
        return tuple(dict.fromkeys(told.intent.get("tags", ()))) or (None,)
    found = {
        "lane": line.lane,
        "agent": agent_of(record, told.attempt.agent),
        "model": record.get("model") or told.intent.get("model"),
        "day": date_of(record) or None,
        "change": told.attempt.change_id,
    }
    return (found[by],)


def _time(record: Mapping[str, Any]) -> float:
    try:
        return clock.from_utc_text(str(record.get("time", "")))
    except ValueError:
        return 0.0


def _shared(sums: dict[str, Any], number: int) -> dict[str, Any]:
    """Return sums for each of so many: whole numbers, and money to the millionth."""
    found: dict[str, Any] = {key: sums[key] // number for key in COUNTERS if key in sums}
    with localcontext(prec=200):
        amounts = {key: Decimal(x) / number for key, x in sums.get("amounts", {}).items()}
        rounded = {key: x.quantize(_PLACES) if x < 10**30 else x for key, x in amounts.items()}
    if rounded:
        found["amounts"] = {key: f"{x.normalize():f}" for key, x in rounded.items()}
    return found
