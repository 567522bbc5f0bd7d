"""Intents, costs and evaluations: records about commits, as lines of git notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from gitlanes import clock, ids
from gitlanes.errors import BadValue, NotFound, line
from gitlanes.models.notes import (
    AMOUNT_SOURCES,
    COVERAGES,
    Cost,
    Evaluation,
    Intent,
    Judgement,
    Notes,
)
from gitlanes.models.plain import plain, replace
from gitlanes.models.records import Attempt
from gitlanes.store import codec, layout
from gitlanes.store.validity import unsound_field

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction

_LONGEST = 200
_SCHEMAS = {"intents": "intent", "costs": "cost", "evaluations": "evaluation"}


def schema_of(kind: str) -> str:
    """Return what a record in notes of a kind is: 'intent', 'cost' or 'evaluation'."""
    return _SCHEMAS[kind]


def check(intent: Intent, cost: Cost) -> None:
    """Raise BadValue for what our own readers would skip once it is recorded."""
    kinds = (
        ("intent", _said(intent), "texts are str, tags and context lists of them, meta is a dict"),
        ("cost", _taken(cost), "an amount is text such as '0.42', and tokens are whole numbers"),
    )
    for kind, body, hint in kinds:
        _require_sound(kind, body, hint)
    _check_words(cost)


def _require_sound(kind: str, body: Mapping[str, Any], hint: str) -> None:
    known = {key: value for key, value in body.items() if value is not None}
    if (field := unsound_field(known)) is not None:
        shown = line(str(known[field]), 60)
        raise BadValue(f"bad {field} of {kind} '{shown}'", hint=hint)


def _check_words(cost: Cost) -> None:
    """Raise BadValue for a word that records do not have, and for usage without an end."""
    for field, words in (("amount_source", AMOUNT_SOURCES), ("coverage", COVERAGES)):
        said = getattr(cost, field)
        if said is not None and said not in words:
            shown = codec.one_line(said, 60)
            raise BadValue(f"bad {field} of cost '{shown}'", hint=f"one of {', '.join(words)}")
    for field in ("model", "provider", "currency", "agent", "stage"):
        if len(getattr(cost, field) or "") > _LONGEST:
            raise BadValue(f"{field} of cost is longer than {_LONGEST} characters")
    if cost.raw is not None:
        from gitlanes.usage.reading import MOST_RAW, usage_fits  # few bring their usage

        if not usage_fits(cost.raw):
            raise BadValue(
                f"raw usage of cost is more than {MOST_RAW} bytes of JSON", hint="leave it out"
            )


def add_intent(
    tx: Transaction, attempt: Attempt, intent: Intent, details: Mapping[str, Any] | None = None
) -> None:
    """Record why an attempt was made, on its commit; `details` are the verb's own fields."""
    said = _said(replace(intent, prompt=_stored_prompt(tx.repo, intent.prompt)))
    body = {**_about(tx, attempt), **said, **(details or {})}
    _add(tx, "intents", attempt.commit, body)


def add_cost(
    tx: Transaction, attempt: Attempt, cost: Cost, details: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Record what an attempt took on its commit, and where it landed; return the record.

    ``details`` are the verb's own fields. Before a record is made of it, `cost` is known.
    """
    body = {**_about(tx, attempt), **_taken(cost), **(details or {}), "id": ids.new_id(clock.now())}
    tx.repo.redactor.require_none(cost.agent, "an agent's id")
    body = _cleaned(tx, {key: value for key, value in body.items() if value is not None})
    line = codec.encode_line(_SCHEMAS["costs"], body["id"], body)
    for commit in {attempt.commit, attempt.landed or attempt.commit}:
        tx.note("costs", commit, line)
    return body


def copy_cost(tx: Transaction, record: Mapping[str, Any], commit: str) -> None:
    """Let a cost record lie on a further commit, too: by its id it counts once."""
    tx.note("costs", commit, codec.encode_line(_SCHEMAS["costs"], record["id"], dict(record)))


def add_judgement(tx: Transaction, attempt: Attempt, passed: bool, judgement: Judgement) -> None:
    """Record a decision and the checks that it names, on the attempt's commit."""
    found = [Evaluation(name, ok, judgement.by) for name, ok in judgement.checks]
    if judgement.by or judgement.reason:
        found.append(Evaluation("decision", passed, judgement.by, judgement.reason))
    for evaluation in found:
        _add(tx, "evaluations", attempt.commit, {**_about(tx, attempt), **plain(evaluation)})


def add_evaluations(
    tx: Transaction, commit: str, found: Iterable[Evaluation], attempt: Attempt | None = None
) -> None:
    """Record what gates and other judges said, on a commit, which may be an attempt's."""
    told = list(found)
    if not told:
        return
    about = _about(tx, attempt) if attempt else _about_commit(tx, commit)
    for evaluation in told:
        _add(tx, "evaluations", commit, {**about, **plain(evaluation)})


def _about_commit(tx: Transaction, commit: str) -> dict[str, Any]:
    """Return what the newest intent on a commit says of its attempt, if there is one."""
    intents = read(tx.repo, [commit])[commit].intents
    known = intents[-1] if intents else {}
    kept = ("attempt", "attempt_uuid", "kind", "change_id")
    told = {key: known[key] for key in kept if isinstance(known.get(key), str)}
    return {**told, "operation": tx.operation, "time": tx.time}


def read(repo: LaneRepo, commits: Iterable[str]) -> dict[str, Notes]:
    """Return all records about these commits; every commit has an answer."""
    wanted = list(dict.fromkeys(commits))
    found = {
        kind: {commit: codec.decode_lines(b"\n".join(lines)) for commit, lines in notes.items()}
        for kind, notes in read_lines(repo, wanted).items()
    }
    return {
        commit: Notes(*(tuple(found[kind].get(commit, ())) for kind in _SCHEMAS))
        for commit in wanted
    }


def read_lines(
    repo: LaneRepo, commits: Iterable[str], kinds: Iterable[str] = tuple(_SCHEMAS)
) -> dict[str, dict[str, list[bytes]]]:
    """Return the raw lines about these commits, by kind and commit."""
    wanted = list(commits)
    found: dict[str, dict[str, list[bytes]]] = {}
    for kind in kinds:
        there, tree = repo.refs.targets([layout.NOTES[kind], layout.NOTES[kind] + "^{tree}"])
        if there and not tree:
            repo.warn(f"notes at '{layout.NOTES[kind]}' are damaged; see 'git lanes doctor'")
        notes = _notes(repo, kind, tree, wanted) if tree else {}
        found[kind] = {commit: data.splitlines() for commit, data in notes.items()}
    return found


def _notes(repo: LaneRepo, kind: str, tree: str, commits: list[str]) -> dict[str, bytes]:
    """Return the notes of these commits; those that cannot be read are only warned of."""
    from gitlanes.git.notes import read_notes

    try:
        return read_notes(repo.refs, tree, commits)
    except NotFound as error:
        repo.warn(
            f"notes at '{layout.NOTES[kind]}' are damaged: {error.message}; see 'git lanes doctor'"
        )
        if len(commits) == 1:
            return {}
        each = (_notes(repo, kind, tree, [commit]) for commit in commits)
        return {commit: data for notes in each for commit, data in notes.items()}


def _about(tx: Transaction, attempt: Attempt) -> dict[str, Any]:
    return {
        "attempt": attempt.id,
        "attempt_uuid": attempt.uuid,
        "kind": attempt.kind,
        "change_id": attempt.change_id,
        "operation": tx.operation,
        "time": tx.time,
    }


def _taken(cost: Cost) -> dict[str, Any]:
    body: dict[str, Any] = plain(cost)
    # As in an intent; readers skip a record whose agent is no object.
    body["agent"] = {"id": cost.agent} if cost.agent is not None else None
    return body


def _said(intent: Intent) -> dict[str, Any]:
    agent = {"id": intent.agent, "type": intent.agent_type, "version": intent.agent_version}
    known = {key: value for key, value in agent.items() if value is not None}
    return {
        "prompt": intent.prompt,
        "agent": known if any(known.values()) else None,
        "model": intent.model,
        "session": intent.session,
        "tags": plain(intent.tags) or None,
        "context": plain(intent.context) or None,
        "meta": plain(intent.meta) or None,
    }


def _add(tx: Transaction, kind: str, commit: str, body: dict[str, Any]) -> None:
    _require_sound(_SCHEMAS[kind], body, "texts are str, verdicts are bool, and counts are int")
    line_id = ids.new_id(clock.now())
    tx.note(kind, commit, codec.encode_line(_SCHEMAS[kind], line_id, _cleaned(tx, body)))


def _cleaned(tx: Transaction, body: dict[str, Any]) -> dict[str, Any]:
    return codec.clean_line(body, tx.repo.redactor.value)


def _stored_prompt(repo: LaneRepo, prompt: str | None) -> str | None:
    """Return what is stored of a prompt: it, less its secrets later on, its digest or nothing.

    A digest stays: a retry is asked for what was stored of the first try.
    """
    if prompt is None or repo.prompts in ("full", "redacted"):
        return prompt
    if repo.prompts == "none":
        return None
    if re.fullmatch("sha256:[0-9a-f]{64}", prompt):
        return prompt
    import hashlib  # few want digests

    return f"sha256:{hashlib.sha256(prompt.encode('utf-8', 'surrogatepass')).hexdigest()}"
