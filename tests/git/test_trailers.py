"""Trailers against `git interpret-trailers`, and Change-Ids against Gerrit's way with it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlanes.errors import BadValue
from gitlanes.git.objects import ObjectStore
from gitlanes.git.process import Git
from gitlanes.git.trailers import (
    add_change_id,
    add_trailer,
    change_id_of,
    find_trailers,
    set_change_id,
    subject_of,
    without_trailer,
)

ID = "I" + "0123456789" * 4
OTHER = "I" + "abcdef0123" * 4
SOMEONE = b"T <t@example.com> 1700000000 +0000"

PLAIN = [
    "add a login form",
    "Bug: 12",
    "Reviewed-by : A <a@example.com>",
    "Key:value",
    "http://example.com/x",
    "not a key: at all",
    "Schlüssel: ä",
    "a\u2028b\x0bc: \x85",
    " folded",
    "\tfolded",
    "# heading",
    "---",
    "--- a/file",
    "Conflicts:",
    "# ------------------------ >8 ------------------------",
    "(cherry picked from commit 0123456789012345678901234567890123456789)",
    ":",
    "Empty:",
]
EXISTING = [f"Change-Id: {OTHER}", "Change-Id: TBD"]
# Git leaves blanks within and after a message where they are; ours end up at other places.
BLANK = ["   ", "\t"]
SIGNED = ["Signed-off-by: A <a@example.com>", "Signed-off-by: B <b@example.com>"]


def _messages(lines: Sequence[str]) -> st.SearchStrategy[str]:
    paragraph = st.lists(st.sampled_from(lines), min_size=1, max_size=4).map("\n".join)
    trailing = st.sampled_from(["", "\n", "\n\n"])
    texts = st.lists(paragraph, min_size=1, max_size=4).map("\n\n".join)
    return st.builds(lambda text, end: f"subject\n{text}{end}", texts, trailing) | st.builds(
        lambda text, end: f"subject\n\n{text}{end}", texts, trailing
    )


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    """Return git in an empty repository without any configuration."""
    place = tmp_path_factory.mktemp("trailers")
    environ = {"PATH": os.environ["PATH"], "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1"}
    Git(str(place), environ).run("init", "--bare", "-q")
    return Git(str(place), environ)


def _interpreted(git: Git, message: str, *args: str, config: Sequence[str] = ()) -> str:
    # As stored by git: its last line is a whole one.
    data = (message + "\n" * (not message.endswith("\n"))).encode()
    return git.run(*config, "interpret-trailers", "--no-divider", *args, input=data).out.decode()


def _settled(git: Git, message: str) -> str:
    """Return the message as git writes it back: it respells trailers, we leave them alone."""
    return _interpreted(git, message)


def _ended(message: str) -> str:
    return message.rstrip("\n") + "\n"


def _as_gerrit(git: Git, message: str) -> str:
    """Add the Change-Id as Gerrit's hook does: as a sign-off, before the first, a last one set."""
    if any(line.startswith("Change-Id: ") for line in _parsed(git, message)):
        return message
    guarded = _interpreted(git, message, "--trailer", "Signed-off-by: SENTINEL")
    trailer = f"Signed-off-by: Change-Id: {ID}"
    marked = _interpreted(git, guarded, "--trailer", trailer, config=["-c", "trailer.where=before"])
    marked = re.sub(r"(?m)^Signed-off-by: (Change-Id: )", r"\1", marked)
    return re.sub(r"(?m)^Signed-off-by: SENTINEL\n", "", marked)


def _parsed(git: Git, message: str) -> list[str]:
    return _interpreted(git, message, "--parse").split("\n")[:-1]


@settings(max_examples=60, deadline=None)
@given(_messages([*PLAIN, *EXISTING, *SIGNED, *BLANK]))
def test_trailers_are_those_that_git_finds(git: Git, message: str) -> None:
    """Keys and unfolded values are exactly those of git's own parser."""
    assert [f"{key}: {value}" for key, value in find_trailers(message)] == _parsed(git, message)


@settings(max_examples=60, deadline=None)
@given(_messages([*PLAIN, *EXISTING]))
def test_change_id_goes_where_git_puts_it(git: Git, message: str) -> None:
    """Without sign-offs a Change-Id lands where `git interpret-trailers` puts a trailer."""
    settled = _settled(git, message)
    args = ["--if-exists", "doNothing", "--trailer", f"Change-Id: {ID}"]
    assert add_change_id(settled, ID) == _ended(_interpreted(git, settled, *args))


@settings(max_examples=60, deadline=None)
@given(_messages([*PLAIN, *EXISTING, *SIGNED, *SIGNED, *SIGNED]))
def test_change_id_goes_where_gerrit_puts_it(git: Git, message: str) -> None:
    """With sign-offs a Change-Id lands directly before the first, as Gerrit's hook has it."""
    settled = _settled(git, message)
    assert add_change_id(settled, ID) == _ended(_as_gerrit(git, settled))


@settings(max_examples=50, deadline=None)
@given(_messages([*PLAIN, *SIGNED]))
def test_a_trailer_is_appended_as_git_appends_it(git: Git, message: str) -> None:
    """Any other trailer goes to the end of the block, even where its twin is there already."""
    settled = _settled(git, message)
    args = ["--where", "end", "--if-exists", "add", "--trailer", "Follows: auth/3"]
    assert add_trailer(settled, "Follows", "auth/3") == _ended(_interpreted(git, settled, *args))


@settings(max_examples=50, deadline=None)
@given(_messages([*PLAIN, *EXISTING, *SIGNED, *BLANK]))
def test_an_added_change_id_is_found_and_nothing_else_changes(git: Git, message: str) -> None:
    """The lines of any message stay as they were, but for one more that both readers find."""
    result = add_change_id(message, ID)
    assert add_change_id(result, OTHER) == result
    assert len([line for line in _parsed(git, result) if line.startswith("Change-Id:")]) >= 1
    kept = [line for line in result.split("\n") if line.strip() and line != f"Change-Id: {ID}"]
    assert kept == [line for line in message.split("\n") if line.strip()]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*PLAIN, *BLANK, "", "", "trailing  \t", "\r"]), max_size=6))
def test_subject_is_gits_subject(git: Git, lines: list[str]) -> None:
    """The first paragraph is folded into one line as `git log --format=%s` folds it."""
    message = "\n".join(lines)
    store = ObjectStore(git.git_dir)
    head = {"author": SOMEONE, "committer": SOMEONE}
    commit = store.write_commit(store.write("tree", b""), [], message, **head)
    shown = git.run("log", "-1", "--format=%s", commit).out.decode().removesuffix("\n")
    assert subject_of(message) == subject_of(message.encode()) == shown


ADDED = [
    ("subject", "subject\n\n{}\n"),
    ("subject\n", "subject\n\n{}\n"),
    ("subject\n\nbody\n\n\n", "subject\n\nbody\n\n{}\n"),
    ("Bug: 1\n", "Bug: 1\n\n{}\n"),
    ("subject\n\nBug: 1\n", "subject\n\nBug: 1\n{}\n"),
    ("subject\n\nbody\n---\nmore\n", "subject\n\nbody\n---\nmore\n\n{}\n"),
    ("subject\n\nBug:1\n folded\n", "subject\n\nBug:1\n folded\n{}\n"),
    ("subject\n\nBug: 1\n  \n", "subject\n\nBug: 1\n{}\n"),
    ("subject\n\nsigned-off-by: A\nBug: 1\n", "subject\n\n{}\nsigned-off-by: A\nBug: 1\n"),
    ("s\n\na\nb\nc\nSigned-off-by: A\n", "s\n\na\nb\nc\n{}\nSigned-off-by: A\n"),
    ("s\n\na\nb\nc\nd\nSigned-off-by: A\n", "s\n\na\nb\nc\nd\nSigned-off-by: A\n\n{}\n"),
    (f"s\n\nBug: {ID}\n\nlast\n", f"s\n\nBug: {ID}\n\nlast\n\n{{}}\n"),
    (f"s\n\nChange-Id: {OTHER}\n\nlast\n", f"s\n\nChange-Id: {OTHER}\n\nlast\n\n{{}}\n"),
    ("s\n\nBug: 1\n\n# note\n", "s\n\nBug: 1\n{}\n\n# note\n"),
    ("s\n\nBug: 1\n# note\nKey: 2\n", "s\n\nBug: 1\n# note\nKey: 2\n{}\n"),
    ("s\n\nbody\n\nConflicts:\n\tfile\n", "s\n\nbody\n\n{}\n\nConflicts:\n\tfile\n"),
    ("s\r\n\r\nBug: 1\r\n", "s\r\n\r\nBug: 1\r\n{}\n"),
    ("", "\n{}\n"),
]


@pytest.mark.parametrize(("message", "expected"), ADDED)
def test_change_id_is_placed(message: str, expected: str) -> None:
    """A Change-Id goes into the trailer block before sign-offs, or into a new last paragraph."""
    assert add_change_id(message, ID) == expected.format(f"Change-Id: {ID}")


@pytest.mark.parametrize("line", [f"Change-Id: {OTHER}", f"change-id:{OTHER}", "Change-Id: TBD"])
def test_an_existing_change_id_stays_alone(line: str) -> None:
    """A Change-Id trailer in any spelling, even an invalid one, is neither changed nor doubled."""
    message = f"subject\n\n{line}\nSigned-off-by: A\n"
    assert add_change_id(message, ID) == message


IDS = [
    (f"s\n\nChange-Id: {ID}\n", ID),
    (f"s\n\nChange-Id: {ID}\nChange-Id: {OTHER}\nChange-Id: I12\n", OTHER),
    (f"s\n\nchange-id : {ID}\n", ID),
    (f"s\n\nChange-Id:\n  {ID}\n", ID),
    (f"s\n\nChange-Id: {ID} x\n", None),
    (f"s\n\nChange-Id: {ID.upper()[:-1]}F\n", None),
    (f"s\n\nChange-Id: {ID}\n\nthe end\n", None),
    (f"s\nChange-Id: {ID}\n", None),
    ("", None),
]


@pytest.mark.parametrize(("message", "expected"), IDS)
def test_change_id_is_read(message: str, expected: str | None) -> None:
    """The last valid Change-Id of the trailer block counts; elsewhere in the text it is prose."""
    assert change_id_of(message) == change_id_of(message.encode()) == expected


def test_messages_need_not_be_utf_8() -> None:
    """Bytes in another encoding are read all the same."""
    message = b"gr\xfc\xdfe\n\nChange-Id: " + ID.encode()
    assert change_id_of(message) == ID
    assert subject_of(message).encode("utf-8", "surrogateescape") == b"gr\xfc\xdfe"


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "a\n\nSigned-off-by: B", "a\rb", "a\0b"])
def test_a_value_cannot_bring_lines(value: str) -> None:
    """A value that is empty or would be more than one line is refused."""
    with pytest.raises(BadValue, match="not one line of text"):
        add_trailer("subject\n", "Follows", value)


@pytest.mark.parametrize("key", ["", "a b", "a:", "a\nb", "ä", " a", "a "])
def test_a_key_is_one_that_git_reads(key: str) -> None:
    """A key with anything but letters, digits and dashes is refused."""
    with pytest.raises(BadValue, match="not a trailer key"):
        add_trailer("subject\n", key, "value")


@pytest.mark.parametrize("change_id", ["", ID[:-1], ID + "\n", OTHER.upper(), f"{ID}\nBug: 1"])
def test_a_change_id_has_its_form(change_id: str) -> None:
    """Anything but an I and 40 lower-case hex digits is refused as a Change-Id."""
    with pytest.raises(BadValue, match="not a change id"):
        add_change_id("subject\n", change_id)


# Git looks past a last line 'Conflicts:', so what comes after it must not change.
REMOVABLE = [x for x in (*PLAIN, *EXISTING, *SIGNED) if x != "Conflicts:"]


@given(_messages(REMOVABLE))
def test_taking_a_trailer_out(message: str) -> None:
    """Only that key's trailers go: all others are found as before, if there are any."""
    without = without_trailer(message, "change-ID")
    others = [x for x in find_trailers(message) if x[0].lower() != "change-id"]
    if others:
        assert find_trailers(without) == others
    if others == find_trailers(message):
        assert without == _ended(message)


@given(_messages(REMOVABLE))
def test_setting_a_change_id(message: str) -> None:
    """Afterwards that is the one Change-Id, and every other trailer is there still."""
    found = find_trailers(set_change_id(message, ID))
    others = [x for x in find_trailers(message) if x[0].lower() != "change-id"]
    assert [x for x in found if x[0].lower() != "change-id"] == others
    assert [x for x in found if x[0].lower() == "change-id"] == [("Change-Id", ID)]
