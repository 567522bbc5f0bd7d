"""Records that others wrote into notes and journals: read past, or refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gitlanes import CorruptRecord
from gitlanes.models.plain import plain
from gitlanes.store import codec
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

WRONG: dict[str, list[Any]] = {
    "id": [5, None, ["x"], {}],
    "agent": [
        *("claude", ["claude"], None, 1),
        *({"id": 17}, {"id": None}, {"id": ["claude"]}, {"id": "claude", "type": 1}),
        *({"version": 4.5}, {"type": {}}),
    ],
    "meta": ["x", []],
    "tags": ["bug", {"bug": 1}, [1], [["bug"]], [None]],
    "context": ["x", {}, [{}]],
    "input_tokens": ["5", 1.5, [], None],
    "output_tokens": ["many", {}],
    "attempt": [1, ["auth/1"]],
    "kind": [1, ["replay"]],
    "prompt": [17, ["p"], {"text": "p"}, None],
    "model": [4, {}],
    "time": [1700000000],
    "replaces": [1, ["x"], {"id": "x"}],
    "name": [1, ["tests"]],
    "by": [1, {}],
    "reason": [1, []],
    "amount": [1, 0.5, "much", "", "-1", "NaN", "Infinity", "1E+5000", "1" * 5000, "1_0", "\u0661"],
    "currency": [1, ["USD"]],
}
CASES = [(field, value) for field, values in WRONG.items() for value in values]
ABOUT: dict[str, tuple[str, ...]] = {
    "intents": ("id", "agent", "meta", "tags", "context", "attempt", "kind", "prompt", "model"),
    "costs": ("id", "input_tokens", "output_tokens", "amount", "currency", "attempt", "replaces"),
    "evaluations": ("id", "name", "by", "reason", "time", "replaces"),
}


def line(field: str, value: Any) -> str:
    """Return a note's line with one field of the wrong type; it sorts after all others."""
    return json.dumps({"id": f"zz{field}", "schema": "gitlanes.intent/1", field: value})


@pytest.mark.parametrize(("field", "value"), CASES)
def test_a_line_with_a_field_of_the_wrong_type_is_skipped(field: str, value: Any) -> None:
    """Such a line is left out whole, and the sound one beside it is read."""
    sound = codec.encode_line("intent", "1", {"prompt": "p"})
    found = codec.decode_lines(sound + b"\n" + line(field, value).encode())
    assert [x["id"] for x in found] == ["1"]


@pytest.mark.parametrize("kind", ABOUT)
def test_readers_go_past_lines_of_the_wrong_types(repo: TestRepo, cli: Cli, kind: str) -> None:
    """History, show and the report of a collision say the same with such lines as without."""
    for name in ("auth", "other"):
        place = repo.lane(name)
        repo.write({"auth.py": f"{name}\n"}, place)
        said = ("-m", "x", "--agent", name, "--tag", "bug", "--cost", "0.5", "--tokens-in", "3")
        assert cli("propose", name, *said).code == 0
        assert cli("accept", f"{name}/1", "--by", "me", "--check", "tests=pass").code == 0
    head = repo.rev("refs/lanes/head/auth")
    readers = (
        ["history"],
        ["history", "--json"],
        ["history", "-v"],
        ["history", "--tag", "bug"],
        ["show", "auth"],
        ["show", "auth/1"],
        ["show", head],
        ["check", "other", "--into", "auth"],
    )
    before = [cli(*x) for x in readers]
    assert [x.code for x in before] == [0, 0, 0, 0, 0, 0, 0, 1]
    lines = [line(field, value) for field in ABOUT[kind] for value in WRONG[field]]
    repo.git("notes", f"--ref=lanes/{kind}", "append", "-m", "\n".join(lines), head)
    assert [cli(*x) for x in readers] == before


def rewritten(repo: TestRepo, **fields: Any) -> None:
    """Put an entry into the journal of auth whose attempts have other fields."""
    body = newest(repo, "auth")
    for attempt in (*body["attempts"], *body["record"]["open"]):
        attempt.update(fields)
    rewritten_body(repo, "auth", **body)


def rewritten_body(repo: TestRepo, lane: str, **members: Any) -> None:
    """Put an entry into a lane's journal that has other members than the newest one."""
    tip = repo.rev(f"refs/lanes/journal/{lane}")
    subject = repo.git("log", "-1", "--format=%s", tip)
    body = {**newest(repo, lane), **members}
    message = f"{subject}\n\n{json.dumps(body, sort_keys=True)}\n"
    tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    oid = repo.git("commit-tree", tree, "-p", tip, "-m", message)
    repo.git("update-ref", f"refs/lanes/journal/{lane}", oid)


def newest(repo: TestRepo, lane: str) -> Any:
    """Return the JSON object of a lane's newest entry."""
    text = repo.git("log", "-1", "--format=%B", f"refs/lanes/journal/{lane}")
    return json.loads(text.partition("\n\n")[2])


PROMOTION: dict[str, Any] = {
    "lane": "auth",
    "lane_uuid": "0-1",
    "mode": "merge",
    "source": "a" * 40,
    "base": ["b" * 40],
    "forced": [],
}
ODD_PROMOTIONS: list[dict[str, Any]] = [
    {"lane": "../x"},
    {"lane": None},
    {"lane_uuid": "a/b"},
    {"mode": ["merge"]},
    {"source": "--output=x"},
    {"source": None},
    {"base": []},
    {"base": ["main"]},
    {"base": None},
    {"forced": None},
    {"forced": ["auth.py"]},
    {"forced": [{"path": 1}]},
    {"forced": [{"path": "a", "other": []}]},
    {"forced": [{"path": "a", "target": "b"}]},
]
ODD_ATTEMPTS: list[dict[str, Any]] = [
    {"status": "odd"},
    {"status": ""},
    {"status": "Accepted"},
    {"status": None},
    {"status": ["accepted"]},
    {"id": "../auth/1"},
    {"id": "auth/01"},
    {"id": "auth/2"},
    {"id": "auth/s1"},
    {"id": "auth/1\n"},
    {"id": "--all/1"},
    {"id": "a\x1b[31m/1"},
    {"id": 1},
    {"number": 2},
    {"number": "1 "},
    {"commit": "--output=x"},
    {"commit": "main"},
    {"tree": "HEAD^{tree}"},
    {"base": "a" * 39},
    {"promotion": {}},
    {"promotion": "auth"},
    *({"promotion": {**PROMOTION, **x}} for x in ODD_PROMOTIONS),
]


@pytest.mark.parametrize("fields", ODD_ATTEMPTS, ids=json.dumps)
def test_an_attempt_that_is_not_what_it_claims(
    repo: TestRepo, cli: Cli, fields: dict[str, Any]
) -> None:
    """A journal with an odd id or status is refused as damaged, and left out of lists by name."""
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "a\n"})
    rewritten(repo, **fields)
    before = repo.refs()
    for args in (("list",), ("history",)):
        done = cli(*args)
        assert done.code == 0, args
        assert done.err.startswith("warning: ")
        assert " is damaged: " in done.err
        assert done.err.count("\n") == 1
        assert "\x1b" not in done.err + done.out
    for words in (("show", "auth"), ("show", "auth/1"), ("accept", "auth/1")):
        done = cli(*words)
        assert (done.code, done.out) == (128, ""), words
        assert done.err.startswith("error: journal entry ")
        assert " is damaged: " in done.err.splitlines()[0]
        assert done.err.count("\n") == 2
        assert "\x1b" not in done.err
    assert repo.refs() == before


def test_a_rewritten_entry_that_is_sound_is_read(repo: TestRepo, cli: Cli) -> None:
    """What makes an entry damaged is its content: the same with a good status is taken."""
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "a\n"})
    rewritten(repo, status="rejected")
    assert cli("show", "auth/1").out.startswith("attempt auth/1 (rejected)\n")


@pytest.mark.parametrize(
    "details",
    [[], "x", {"promotion": 1}, {"promotion": {}}, {"promotion": {**PROMOTION, "base": 1}}],
)
def test_odd_details_of_a_promotion_are_read_past(
    repo: TestRepo, cli: Cli, details: object
) -> None:
    """Where an entry's details say nothing sound of a promotion, none is told of."""
    repo.work("auth", {"auth.py": "a\n"})
    cli("promote", "auth")
    rewritten_body(repo, "main", details=details)
    assert cli("trace", "main").out.splitlines()[1].startswith("main/1 ")
    assert cli("history", "--from", "auth", "--json").json["attempts"] == []


def test_a_promotion_of_an_unknown_mode(repo: TestRepo, cli: Cli) -> None:
    """What a newer version proposed is read, and not landed."""
    repo.work("auth", {"auth.py": "a\n"})
    cli("promote", "auth", "--propose")
    offered = repo.lanes.lane("main").open[0]
    told = [{**plain(offered), "promotion": {**(offered.promotion or {}), "mode": "weave"}}]
    with repo.inner() as inner:
        record = codec.decode_entry("", inner.refs.commit(inner.view.lane("main").tip).message)
    body = {**codec._lane_body(record.record), "open": told}
    rewritten_body(repo, "main", attempts=told, record=body)
    assert cli("accept", "main/1") == Ran(
        128,
        "",
        "error: main/1 is a promotion of an unknown mode\n"
        "hint: it was proposed by a newer gitlanes: upgrade yours\n",
    )


def test_an_odd_attempt_is_a_corrupt_record(repo: TestRepo) -> None:
    """Through the SDK it is CorruptRecord."""
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "a\n"})
    rewritten(repo, status="odd")
    with pytest.raises(CorruptRecord, match="no known status"):
        repo.lanes.history("auth")


def test_an_agent_with_fields_that_nobody_reads_is_read() -> None:
    """What a newer version tells of an agent does not make its line unsound."""
    known = codec.encode_line("intent", "1", {"agent": {"id": "claude", "effort": 3}})
    assert codec.decode_lines(known)[0]["agent"] == {"id": "claude", "effort": 3}


def test_a_collision_with_an_agent_that_is_no_text(repo: TestRepo, cli: Cli) -> None:
    """A colliding promote beside such a line is a collision, by nobody known."""
    repo.work("other", {"auth.py": "o\n"})
    repo.work("auth", {"auth.py": "a\n"})
    assert cli("promote", "other").code == 0
    head = repo.rev("refs/lanes/head/auth")
    body = {"id": "zz", "schema": "gitlanes.intent/1", "attempt": "auth/1", "agent": {"id": 17}}
    repo.git("notes", "--ref=lanes/intents", "add", "--force", "-m", json.dumps(body), head)
    done = cli("promote", "auth")
    assert (done.code, done.err.count("collision: 'auth.py'")) == (1, 1)
