"""Which texts lose what: planted keys of all vendors, and what looks like them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlanes.errors import BadValue
from gitlanes.redaction.redactor import Redactor
from tests.support import planted

# How a key stands in what people and tools write.
FRAMES = ("{}", "use {} now", '"{}"', "key={}", "a\\n{}\\nb", "({}),", "x\n{}\ny", "%3D{}")


@pytest.fixture(scope="module")
def redactor(tmp_path_factory: pytest.TempPathFactory) -> Redactor:
    """A redactor, with the library's rules in a file of its own."""
    return Redactor(tmp_path_factory.mktemp("rules") / "rules.json")


def leaks(text: str, secret: str) -> bool:
    """Say whether a good part of a secret is in a text still."""
    return any(secret[at : at + 12] in text for at in range(max(len(secret) - 11, 1)))


@pytest.mark.parametrize("seed", range(3))
def test_no_planted_key_gets_through(redactor: Redactor, seed: int) -> None:
    """Keys of all vendors go, wherever in a text they stand, and what is around them stays."""
    for what, key in planted.keys(seed).items():
        for frame in FRAMES:
            said = redactor.text(frame.format(key))
            assert not leaks(said, key), (what, frame, said)
            begin, end = frame.split("{}")
            assert said.startswith(begin), (what, frame, said)
            assert said.endswith(end), (what, frame, said)
    for what, (text, secret) in planted.named(seed).items():
        said = redactor.text(f"run: {text}\nthen go on")
        assert not leaks(said, secret), (what, said)
        assert said.startswith(f"run: {text[: text.index(secret)]}["), (what, said)
        assert said.endswith("\nthen go on")


@pytest.mark.parametrize(
    "text",
    [
        "password=Xk9(aa7b",
        "password=$ecret99!x",
        "postgres://app:%40bc123xyz@host/db",
        "PASSWORD: S!lver-fish",
        "DB_PASSWORD=correcthorse",
        'passphrase: "correct horse battery"',
        "--token abcd1234efgh",
        "secret = '0123456789abcdef0123456789abcdef01234567'",
    ],
)
def test_passwords_of_any_kind_go(redactor: Redactor, text: str) -> None:
    """A value that a name tells of goes, whatever signs it begins with, be it like an id."""
    assert re.fullmatch(r"[^\[]+\[redacted: [a-z-]+\]['\"]?(@host/db)?", redactor.text(text))


@pytest.mark.parametrize(
    "text",
    [
        "password=${PASSWORD} token=$TOKEN secret=<secret> api_key={api_key} password=%(pass)s",
        "token = get_token() password=getpass.getpass() secret=os.environ['S'] token=self.token",
        "signing_key: keys/prod-v2/a1b2c3.pem private_key=~/.ssh/id_rsa",
        "https://user:password@example.com http://user:$PASS@host",
        "password=***** token=xxxxxxxx secret: string password: str password=changeme",
    ],
)
def test_what_only_stands_for_a_secret_stays(redactor: Redactor, text: str) -> None:
    """Variables, templates, calls, paths, types and stars are no secrets."""
    assert redactor.text(text) == text


def test_key_blocks_go_as_a_whole(redactor: Redactor) -> None:
    """A private key goes with all its lines: whole, escaped, or cut off at either end."""
    for kind in ("RSA ", "EC ", "OPENSSH ", ""):
        block, lines = planted.private_key(kind=kind)
        cut = block.splitlines()
        quoted = (block.replace("\n", f"\n{sign}") for sign in ("> ", "+", "-"))
        ends = ("\n".join(cut[:-2]), "\n> ".join(cut[:-2]), "\n".join(cut[2:]))
        for text in (block, repr(block), *quoted, *ends, f"a {block} b"):
            said = redactor.text(f"before\n{text}\nafter")
            assert not any(x in said for x in lines), (kind, said)
            assert said.startswith("before\n")
            assert text in ends[:2] or said.endswith("\nafter")
    public = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
    assert redactor.text(public) == public


def test_ordinary_text_stays_byte_for_byte(redactor: Redactor) -> None:
    """Ids, paths, addresses, versions, digests and programs that speak of secrets stay."""
    for line in (*planted.ORDINARY.splitlines(), planted.ORDINARY):
        assert redactor.text(line) == line


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(alphabet=st.characters(codec="utf-8"), max_size=30),
            st.from_regex(
                r"\A[0-9a-f]{40}\Z|\AI[0-9a-f]{40}\Z|\A[a-z]{1,9}(/[a-z_]{1,12}){1,5}\.py\Z"
            ),
            st.uuids().map(str),
            st.sampled_from(sorted(planted.keys().values())),
            st.sampled_from([text for text, _ in planted.named().values()]),
        ),
        max_size=8,
    )
)
def test_once_is_enough(redactor: Redactor, parts: list[str]) -> None:
    """What was redacted stays as it is when it is redacted again."""
    once = redactor.text(" ".join(parts))
    assert redactor.text(once) == once


@settings(max_examples=60, deadline=None)
@given(st.lists(st.from_regex(r"\A[A-Z]?[a-z]{1,14}[.,]?\Z"), max_size=40))
def test_words_stay(redactor: Redactor, words: list[str]) -> None:
    """Prose is never changed."""
    text = " ".join(words)
    assert redactor.text(text) == text


def test_values_by_their_keys(redactor: Redactor) -> None:
    """In JSON a key tells, too; numbers, ids and what is spared stay, and keys are looked at."""
    key = planted.keys()["github classic"]
    given_ = {
        "meta": {"API_TOKEN": "abc123def456", "dbPassword": "hunter", "token_type": "bearer"},
        "id": key,
        "list": [key, 7, None, True, ["x", {"password": ""}]],
        "max_tokens": 1000,
        key: "x",
    }
    assert redactor.value(given_, ("id",)) == {
        "meta": {
            "API_TOKEN": "[redacted: token]",
            "dbPassword": "[redacted: password]",
            "token_type": "bearer",
        },
        "id": key,
        "list": ["[redacted: github-token]", 7, None, True, ["x", {"password": ""}]],
        "max_tokens": 1000,
        "[redacted: github-token]": "x",
    }
    assert redactor.value({"data": {"id": key}}, ("id",)) == {
        "data": {"id": "[redacted: github-token]"}
    }


def test_a_name_with_a_secret_is_refused(redactor: Redactor) -> None:
    """What is compared cannot be redacted, so it is not taken."""
    redactor.require_none("claude-1", "an agent's id")
    with pytest.raises(BadValue, match="an agent's id looks like a secret"):
        redactor.require_none(planted.keys()["openai"], "an agent's id")


def test_the_end_of_an_output_cuts_no_key(redactor: Redactor) -> None:
    """Where only the end of an output is kept, no part of a key is at its beginning."""
    key = planted.keys()["github classic"]
    output = f"start\nexport GH={key}\n".encode() + b"-" * 80
    for most in range(81, 140):
        assert not leaks(redactor.end(output, most), key[20:])
    assert redactor.end(b"a\xff plain end", 7) == "ain end"


def test_full_leaves_everything(tmp_path: Path) -> None:
    """Where all is to be stored, nothing is looked at, and no rules are read."""
    redactor = Redactor(tmp_path / "rules.json", on=False)
    for key in planted.keys().values():
        assert redactor.value({"password": key}) == {"password": key}
        assert redactor.text(key) == key
    assert not redactor.found
    assert not (tmp_path / "rules.json").exists()


def test_the_rules_of_the_library_are_kept(tmp_path: Path) -> None:
    """They are read from the library once; a file that is none of this library's is made anew."""
    file, key = tmp_path / "rules.json", planted.keys()["square"]
    for spoiled in (None, "", "{", "[]", '{"library": "another", "rules": []}'):
        if spoiled is not None:
            file.write_text(spoiled)
        assert Redactor(file).text(key) == "[redacted: square-oauth-secret]"
        assert json.loads(file.read_bytes())["rules"]
    kept = json.loads(file.read_bytes())
    file.write_text(json.dumps({**kept, "rules": [["mine", "sq0[a-z]+-.*", re.I]]}))
    assert Redactor(file).text(key) == "[redacted: mine]"


@pytest.mark.parametrize(
    "part",
    [
        "eyJ",
        "artifact ",
        "://a:",
        "password=a",
        "a",
        "A/",
        "aws key ",
        "sk-",
        'token: "',
        "curl -u ",
    ],
)
def test_no_text_takes_long(redactor: Redactor, part: str) -> None:
    """A text made to be slow takes no more than seconds."""
    redactor.text((part * 20000)[:60000])
