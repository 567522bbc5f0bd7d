"""Records to bytes and back, and what other versions and people wrote."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlanes import CorruptRecord, Unsupported
from gitlanes.models.plain import replace
from gitlanes.models.records import Attempt, Entry, Landed, Lane, RefChange
from gitlanes.store import codec

OID = "0" * 40

# A mark in a text is counted as a secret that was taken out of it.
texts = st.text(max_size=30).filter(lambda x: "[redacted: " not in x)
maybe = st.none() | texts
oids = st.text("0123456789abcdef", min_size=40, max_size=40)
names = st.from_regex(r"[a-z][a-z0-9_-]{0,8}z", fullmatch=True)
uuids = st.from_regex(r"[0-9a-f-]{1,36}", fullmatch=True)
numbers = st.integers(1, 10**9 - 1)
plains = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
unknown = st.dictionaries(st.text(string.ascii_uppercase, min_size=1), plains, max_size=3)
attempts = st.builds(
    Attempt,
    id=texts,
    lane=names,
    number=numbers,
    uuid=texts,
    kind=texts,
    status=st.sampled_from(("proposed", "accepted", "rejected", "superseded")),
    commit=oids,
    base=st.none() | oids,
    tree=oids,
    change_id=maybe,
    title=texts,
    agent=maybe,
    time=texts,
    whole=st.booleans(),
    landed=st.none() | oids,
    by=maybe,
    reason=maybe,
    decided=maybe,
    merged=st.dictionaries(texts, oids, max_size=2),
    extra=unknown,
).map(lambda x: replace(x, id=f"{x.lane}/{x.number}"))
landings = st.builds(
    Landed,
    st.lists(oids, min_size=1, max_size=3).map(tuple),
    st.none() | oids,
    st.none() | oids,
    unknown,
)
lanes = st.builds(
    Lane,
    name=names,
    uuid=uuids,
    status=texts,
    head=st.none() | oids,
    fork=st.none() | oids,
    created=texts,
    origin=st.none() | uuids,
    parent=st.none() | uuids,
    owner=maybe,
    next=numbers,
    open=st.lists(attempts, max_size=2).map(tuple),
    landed=st.dictionaries(texts, landings, max_size=2),
    change=maybe,
    branch=st.none() | names.map("refs/heads/".__add__),
    description=maybe,
    meta=st.dictionaries(texts, texts, max_size=2),
    mode=maybe,
    sparse=st.lists(names, max_size=2).map(tuple),
    run=st.fixed_dictionaries({}, optional={"id": texts, "agent": texts, "code": numbers}),
    extra=unknown,
)
changes = st.builds(RefChange, texts, st.none() | oids, st.none() | oids)
entries = st.builds(
    Entry,
    oid=st.just(OID),
    operation=texts,
    verb=texts,
    description=st.text(string.ascii_letters + " é☃", max_size=50).map(codec.one_line),
    actor=maybe,
    host=texts,
    time=texts,
    previous=st.lists(oids, max_size=2).map(tuple),
    refs=st.lists(changes, max_size=3, unique_by=lambda x: x.name).map(
        lambda found: tuple(sorted(found, key=lambda x: x.name))
    ),
    lanes=st.dictionaries(texts, texts, max_size=3),
    record=lanes,
    attempts=st.lists(attempts, max_size=2).map(tuple),
    details=st.dictionaries(texts, plains, max_size=3),
)


def entry(**fields: object) -> Entry:
    """Return a small entry."""
    lane = Lane("auth", "u", "active", OID, OID, "now", **fields)  # type: ignore[arg-type]
    return Entry(OID, "op", "new", "new lane", None, "host", "now", (), (), {"auth": "u"}, lane)


def with_body(message: str, **fields: object) -> bytes:
    """Return an entry's message with other fields in its body."""
    subject, _, text = message.partition("\n\n")
    return f"{subject}\n\n{json.dumps({**json.loads(text), **fields})}\n".encode()


@settings(max_examples=40, deadline=None)
@given(entries)
def test_entries_come_back_as_they_were(given_entry: Entry) -> None:
    """Whatever text an entry holds, what is read is what was written, and it is plain ASCII."""
    message = codec.encode_entry(given_entry)
    subject, _, body = message.partition("\n\n")
    assert "\n" not in subject
    assert body.isascii()
    assert body.count("\n") == 1
    assert codec.decode_entry(OID, message.encode()) == given_entry


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_a_subject_is_one_harmless_line(description: str) -> None:
    """A description with control characters or of any length is a short line in git's log."""
    subject = codec.encode_entry(replace(entry(), description=description)).partition("\n\n")[0]
    assert len(subject) <= 200
    assert not any(ord(x) < 32 or 127 <= ord(x) < 160 for x in subject)


def test_fields_of_a_newer_version_are_kept() -> None:
    """What an unknown version put into a lane's record is there when we write it again."""
    message = codec.encode_entry(entry())
    newer = {**json.loads(message.partition("\n\n")[2])["record"], "shiny": {"x": [1]}}
    read = codec.decode_entry(OID, with_body(message, record=newer))
    assert read.record.extra == {"shiny": {"x": [1]}}
    again = codec.encode_entry(read)
    assert json.loads(again.partition("\n\n")[2])["record"]["shiny"] == {"x": [1]}


def test_unknown_fields_elsewhere_do_no_harm() -> None:
    """Fields that a newer version adds to entries are read past."""
    attempt = Attempt(
        "auth/1", "auth", 1, "u", "work", "proposed", OID, None, OID, None, "t", None, "now"
    )
    message = codec.encode_entry(entry(open=(attempt,)))
    body = json.loads(message.partition("\n\n")[2])
    read = codec.decode_entry(OID, with_body(message, record=body["record"], shiny=1))
    assert read.record.open == (attempt,)


def test_fields_of_a_newer_version_are_kept_further_in() -> None:
    """The same in attempts that wait, in those that changed, and in what landed where."""
    attempt = Attempt(
        "auth/1", "auth", 1, "u", "work", "proposed", OID, None, OID, None, "t", None, "now"
    )
    known = replace(entry(open=(attempt,), landed={"v": Landed((OID,))}), attempts=(attempt,))
    body = json.loads(codec.encode_entry(known).partition("\n\n")[2])
    places = (body["attempts"][0], body["record"]["open"][0], body["record"]["landed"]["v"])
    for place in places:
        place["shiny"] = {"x": [1]}
    read = codec.decode_entry(OID, with_body(codec.encode_entry(known), **body))
    again = json.loads(codec.encode_entry(read).partition("\n\n")[2])
    assert (again["attempts"], again["record"]) == (body["attempts"], body["record"])


def test_what_a_lane_has_not_is_absent() -> None:
    """A lane that nobody said anything of has no members for that in its record."""
    record = json.loads(codec.encode_entry(entry()).partition("\n\n")[2])["record"]
    assert {"description", "meta", "mode", "sparse", "extra"} & record.keys() == set()


@pytest.mark.parametrize("run", [[], "x", {"id": 1}, {"code": "1"}, {"code": True}, {"agent": []}])
def test_what_ran_in_a_lane_is_checked(run: object) -> None:
    """What is no run is damage, and goes no further."""
    message = codec.encode_entry(entry())
    record = {**json.loads(message.partition("\n\n")[2])["record"], "run": run}
    with pytest.raises(CorruptRecord):
        codec.decode_entry(OID, with_body(message, record=record))


@pytest.mark.parametrize("schema", ["gitlanes.entry/2", "gitlanes.entry/99"])
def test_a_newer_format_is_refused(schema: str) -> None:
    """An entry in a format to come is not guessed at: the error says to upgrade."""
    message = with_body(codec.encode_entry(entry()), schema=schema)
    with pytest.raises(Unsupported, match=schema) as refused:
        codec.decode_entry(OID, message)
    assert "upgrade" in refused.value.hint


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"just words",
        b"words\n\nmore words",
        b"x\n\n[]",
        b"x\n\n{}",
        b"x\n\n\xff\xfe",
        b"x\n\n1",
    ],
)
def test_a_damaged_entry_is_named(message: bytes) -> None:
    """What is no entry is an error with the commit's id, and never a traceback."""
    with pytest.raises(CorruptRecord, match=OID[:12]):
        codec.decode_entry(OID, message)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "../evil"),
        ("uuid", "a\nb"),
        ("head", "--upload-pack=evil"),
        ("fork", "main"),
        ("branch", "refs/heads/a\nb"),
        ("branch", "HEAD"),
        ("landed", {"u": {"bases": ["-x"]}}),
        ("open", [{"id": "auth/1"}]),
        ("description", ["x"]),
        ("meta", {"a": 1}),
        ("meta", ["a"]),
        ("mode", 1),
        ("sparse", ["../x"]),
        ("sparse", ["/x"]),
        ("sparse", ["a\nb"]),
        ("sparse", [1]),
        ("sparse", 5),
    ],
)
def test_a_record_that_is_not_what_it_claims_is_refused(field: str, value: object) -> None:
    """What goes into git's arguments or into paths is checked when it is read."""
    message = codec.encode_entry(entry())
    body = {**json.loads(message.partition("\n\n")[2])["record"], field: value}
    with pytest.raises(CorruptRecord):
        codec.decode_entry(OID, with_body(message, record=body))


@given(unknown, st.text(string.hexdigits, min_size=1))
def test_note_lines_come_back_as_they_were(body: dict[str, object], line_id: str) -> None:
    """A record is one line of ASCII with its schema and id; None is absent."""
    line = codec.encode_line("intent", line_id, {**body, "unknown": None})
    assert b"\n" not in line
    assert codec.decode_lines(line) == [{**body, "schema": "gitlanes.intent/1", "id": line_id}]


def test_a_record_replaces_another_by_id() -> None:
    """A correction names the line that it replaces; the order is by id, whatever the file's."""
    lines = [
        codec.encode_line("cost", "3", {"replaces": "1", "input_tokens": 5}),
        codec.encode_line("cost", "2", {"input_tokens": 2}),
        codec.encode_line("cost", "1", {"input_tokens": 1}),
    ]
    found = codec.decode_lines(b"\n".join(lines))
    assert [x["id"] for x in found] == ["2", "3"]


def test_a_correction_of_a_correction() -> None:
    """Only the last of a chain of corrections counts."""
    lines = [
        codec.encode_line("cost", "1", {}),
        codec.encode_line("cost", "2", {"replaces": "1"}),
        codec.encode_line("cost", "3", {"replaces": "2"}),
    ]
    assert [x["id"] for x in codec.decode_lines(b"\n".join(lines))] == ["3"]


def test_what_people_write_into_notes_is_read_past() -> None:
    """Lines that are no records, or have no id, neither break reading nor show up."""
    record = codec.encode_line("intent", "1", {"prompt": "p"})
    data = b"\n".join([b"looks good to me", b"", b"[1]", b'{"no": "id"}', b'{"id": 5}', record])
    assert [x["prompt"] for x in codec.decode_lines(data)] == ["p"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", '[1, {"a": -1e999}]'])
def test_what_json_has_no_number_for(number: str) -> None:
    """No record has such a number, for what is told of it would be no JSON to others."""
    sound = codec.encode_line("intent", "1", {"prompt": "p"})
    odd = f'{{"id":"2","schema":"gitlanes.intent/1","number":{number}}}'.encode()
    assert [x["id"] for x in codec.decode_lines(sound + b"\n" + odd)] == ["1"]
    message = codec.encode_entry(entry()).replace('"details":{', f'"details":{{"x":{number},')
    with pytest.raises(CorruptRecord):
        codec.decode_entry(OID, message.encode())


def test_a_verdict_without_a_name() -> None:
    """An evaluation that does not say of what it is one is left out."""
    lines = [
        codec.encode_line("evaluation", "1", {"passed": False}),
        codec.encode_line("evaluation", "2", {"name": "tests", "passed": True}),
        codec.encode_line("cost", "3", {}),
    ]
    assert [x["id"] for x in codec.decode_lines(b"\n".join(lines))] == ["2", "3"]
