"""What is recorded passes here: secrets in texts become marks that say what stood there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitlanes.errors import BadValue
from gitlanes.redaction import assignments, own, plain

if TYPE_CHECKING:
    from gitlanes.redaction.library import Rule

_MARK = "[redacted: {}]"
_MARKS = r"\[redacted: [a-z0-9-]+\]"
# Rules of the library that know a secret by its length alone: it has to stand by itself.
_WEAK = ("twilio-api-key", "mailchimp-access-key")
_EDGES = " \t\r\n=:\"'"
# Under these keys others keep what they like, under any keys.
_FREE = ("meta", "data", "raw")
# The shortest group that is a secret, and not its beginning.
_SHORTEST = 16
# What the digests of package managers begin with; the same as a key otherwise.
_DIGEST = r"sha\d{3}[-:]$"

# Texts without a secret that are remembered, and how long they may be: an operation writes the
# same names, ids and keys many times.
_KNOWN, _SHORT = 2_000, 200

Found = tuple[str, int, int]


class Redactor:
    """Takes secrets out of texts and of what holds texts.

    ``on`` is False where everything is to be stored as it is. ``file`` is where the library's
    patterns are kept. ``found`` has what was taken out, and its kind.
    """

    def __init__(self, file: Path, *, on: bool = True):
        self.on = on
        self.found: dict[str, str] = {}
        self._clean: set[str] = set()
        self._file = file

    def text(self, text: str) -> str:
        """Return a text with its secrets replaced."""
        if not self.on or len(text) < 5 or text in self._clean:
            return text
        clean = text
        for look in (_by_own_rules, assignments.spans, self._by_library):
            clean = self._without(clean, look)
        if clean == text and len(text) <= _SHORT:
            if len(self._clean) >= _KNOWN:
                self._clean.clear()
            self._clean.add(text)
        return clean

    def end(self, text: bytes, most: int) -> str:
        """Return the end of what was printed, `most` bytes, with no secret cut in two."""
        end = text[-most:].decode("utf-8", "replace")
        clean = self.text(whole := text.decode("utf-8", "replace"))
        return end if clean == whole else clean.encode()[-most:].decode("utf-8", "replace")

    def value(self, value: Any, spare: Collection[str] = ()) -> Any:
        """Return what JSON holds with the secrets in its texts replaced, keys included.

        What stands under the keys in `spare` is left as it is.
        """
        if not self.on:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                key if key in spare else self.text(key): (
                    x if key in spare else self._under(key, x, spare)
                )
                for key, x in value.items()
            }
        if isinstance(value, tuple | list):
            return [self.value(x, spare) for x in value]
        return value

    def require_none(self, text: str | None, what: str) -> None:
        """Raise BadValue where a name has a secret in it: it is compared, so it has to stay."""
        if text is not None and self.text(text) != text:
            raise BadValue(f"{what} looks like a secret", hint="use another one")

    def _under(self, key: str, value: Any, spare: Collection[str]) -> Any:
        name = assignments.named(key) if isinstance(value, str) else None
        if name and len(value) > 3 and assignments.is_secret(name, value, True, "="):
            kind = assignments.kind_of(name)
            return self.text(value) if re.search(_MARKS, value) else self._mark(kind, value)
        return self.value(value, () if key in _FREE else spare)

    def _without(self, text: str, look: Callable[[str], Iterator[Found]]) -> str:
        parts, end = [], 0
        marks = [x.span() for x in re.finditer(_MARKS, text)] if "[redacted: " in text else []
        for kind, start, stop in sorted(look(text), key=lambda x: (x[1], -x[2])):
            if start >= end and not any(a < stop and start < b for a, b in marks):
                parts += [text[end:start], self._mark(kind, text[start:stop])]
                end = stop
        return "".join([*parts, text[end:]]) if parts else text

    def _mark(self, kind: str, secret: str) -> str:
        self.found[secret] = kind
        return _MARK.format(kind)

    @cached_property
    def _library(self) -> list[Rule]:
        from gitlanes.redaction import library  # most texts have nothing for it

        return library.rules(self._file)

    def _by_library(self, text: str) -> Iterator[Found]:
        """Yield what the library's rules find, where the text has anything for them."""
        if not plain.has_dense(text):
            return
        ids = plain.spans(text)
        for rule in self._library:
            for match in rule.pattern.finditer(text):
                start, stop = _secret_in(match)
                plainly = plain.is_wordy(text[start:stop]) or _is_digest(text, start)
                if plainly or any(start < end and begin < stop for begin, end in ids):
                    continue
                if rule.kind not in _WEAK or _stands_alone(text, start, stop):
                    yield rule.kind, start, stop


def _by_own_rules(text: str) -> Iterator[Found]:
    if not any(map(text.__contains__, own.WORDS)):
        return
    for rule in own.RULES:
        if any(x in text for x in rule.words):
            pattern = rule.pattern()
            for match in pattern.finditer(text):
                start, stop = match.span(1 if pattern.groups else 0)
                # A token that is told by itself is random; what stands at its place is not always.
                spare = assignments.is_placeholder if pattern.groups else plain.is_wordy
                if not spare(text[start:stop]):
                    yield rule.kind, start, stop


def _secret_in(match: re.Match[str]) -> tuple[int, int]:
    """Return the place of the secret in what a rule of the library matched."""
    groups = (n for n in range(1, match.re.groups + 1) if match[n] and len(match[n]) >= _SHORTEST)
    start, stop = match.span(next(groups, 0))
    said = match.string[start:stop]
    return start + len(said) - len(said.lstrip(_EDGES)), stop - len(said) + len(said.rstrip(_EDGES))


def _is_digest(text: str, start: int) -> bool:
    return re.search(_DIGEST, text[max(start - 8, 0) : start]) is not None


def _stands_alone(text: str, start: int, stop: int) -> bool:
    before, after = text[max(start - 3, 0) : start], text[stop : stop + 1]
    escaped = before[-2:] in ("\\n", "\\r", "\\t") or before[:1] == "%"
    return (escaped or not before[-1:].isalnum()) and not after.isalnum()
