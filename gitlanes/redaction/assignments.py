"""Secrets that nothing tells but the name that they are given to: password=…, "api_key": "…".

What follows such a name is often no secret but a word, a type, a path or a piece of a program,
so what it looks like decides, and how plainly the name says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from gitlanes.redaction.plain import is_wordy

_NAME = (
    r"passwords?|passwd|passphrase|pwd|secret|token|credentials?"
    r"|(?:api|access|account|auth|private|secret|shared[_-]?access|encryption|signing|master)"
    r"[_-]?key"
)
_IS_NAMED = rf"(?s:(?:.*[^A-Za-z0-9]|.*[a-z0-9](?=[A-Z]))?(?P<name>(?i:{_NAME})))"
_GIVEN = (
    rf"(?i)(?P<name>{_NAME})(?:\[\d*\])?\\?[\"'`]?(?P<sign>\s{{0,4}}(?::=|=>|={{1,3}}|:)\s{{0,4}})"
    r"(?:@|[|>]-?\s{1,40})?"
    r"(?:\\?(?P<quote>[\"'`])(?P<quoted>[^\"'`\r\n\\]{4,})|(?P<bare>[^\s\"'`,;&\\]{6,}))"
)
# On a command line, where a space is enough, unless it is only spoken of.
_SPOKEN = (
    r"(?:options?|flags?|arguments?|parameters?|params|switch(?:es)?|settings?|values?|prompts?"
    r"|instead|should|cannot|without|because|before|which|through)\b"
)
_OPTION = (
    rf"(?i)--[a-z-]*?(?P<name>{_NAME})\s+(?!{_SPOKEN})"
    rf"[\"']?(?P<bare>[^\s\"'`,;&\\-][^\s\"'`,;&\\]{{5,}})"
)
_HINTS = ("pass", "pwd", "secret", "token", "credential", "key")
# What programs and templates put in a secret's place.
_PLACEHOLDER = (
    r"(?i)\$(?:\w+\W?$|[{(])|<|\{+\s*[\w.]*(?:![rsa])?\s*\}*(?::?\{\w*\})?$"
    r"|%(?:\w+%|\(|s\b)|:?\*{2,}|\[[a-z_:. -]*\]?$|\("
    r"|\[redacted|\.{3}|x{3,}$|(?:your|change|example)[a-z_-]*\W?$|pass(?:w(?:or)?d)?$"
    r"|(?:none|null|nil|true|false|undefined|str|string|bytes|int|required|optional)\b"
)
# A name in a program, which may be called or have something in brackets.
_EXPRESSION = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\.\w+$|[(\[{<](?:$|.*[)\]}>]))"
_PATH = r"(?:~|\.{0,2}/|[A-Za-z]:\\)|[\w.-]+(?:/[\w.-]+)+\.\w{1,5}$"


def spans(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the kind and the place of each value that is a secret by the name before it."""
    if not _hinted(text):
        return
    for found in re.finditer(_GIVEN, text):
        part = "quoted" if found["quote"] else "bare"
        if is_secret(found["name"], found[part], bool(found["quote"]), found["sign"]):
            yield kind_of(found["name"]), *found.span(part)
    for found in re.finditer(_OPTION, text):
        if is_secret(found["name"], found["bare"], False, "="):
            yield kind_of(found["name"]), *found.span("bare")


def _hinted(text: str) -> bool:
    small = text.lower()
    return any(x in small for x in _HINTS)


def kind_of(name: str) -> str:
    """Return how a secret under that name is called: 'api-key' for 'API_KEY'."""
    return name.lower().replace("_", "-")


@lru_cache(maxsize=1024)
def named(key: str) -> str | None:
    """Return the name of a secret that a key ends in, None if it is none."""
    if not _hinted(key):
        return None
    found = re.fullmatch(_IS_NAMED, key[-100:])
    return found["name"] if found else None


def is_placeholder(value: str) -> bool:
    """Say whether a value only stands where a secret will be."""
    return re.match(_PLACEHOLDER, value) is not None


def is_secret(name: str, value: str, quoted: bool, sign: str) -> bool:
    """Say whether a value under that name is a secret."""
    if is_placeholder(value) or re.match(_PATH, value):
        return False
    plainly = name[:2].lower() in ("pa", "pw")  # a password may be any word
    spoken = " " in value.strip()
    if quoted:
        if spoken:
            return name.lower() == "passphrase"
        return plainly or not is_wordy(value) or any(x.isdigit() for x in value)
    if re.match(_EXPRESSION, value):
        return False
    numbered = any(x.isdigit() for x in value)
    if plainly:
        odd = re.search(r"[!@#%^&*~+].", value) is not None
        return numbered or odd or sign == "="
    if value.isdigit():
        return False
    return not is_wordy(value) or (numbered and "=" in sign)
