"""Trailers of commit messages, read and added without a process.

What counts as a trailer block follows git's ``trailer.c`` and ``ignored_log_message_bytes`` in
``commit.c`` with git's default settings (separator ``:``, comment character ``#``) and
``--no-divider``. Where a Change-Id goes follows Gerrit's ``commit-msg`` hook. Unlike
``git interpret-trailers``, nothing else in a message is rewritten.
"""

from __future__ import annotations

import re

from gitlanes.errors import BadValue

# What git's isspace() knows; Python's own idea is wider.
_SPACE = " \t\r\n"

_GENERATED = ("Signed-off-by: ", "(cherry picked from commit ")
_SCISSORS = "# ------------------------ >8 ------------------------"
_TRAILER = re.compile(r"([A-Za-z0-9-]+)[ \t]*:(.*)", re.DOTALL)
_KEY = re.compile(r"[A-Za-z0-9-]+")
_SIGN_OFF = re.compile(r"signed-off-by[ \t]*:", re.IGNORECASE)
_CHANGE_ID = re.compile(r"I[0-9a-f]{40}")


def add_change_id(message: str, change_id: str) -> str:
    """Return the message with a Change-Id trailer, before the sign-offs of its trailer block.

    A message with a Change-Id trailer, valid or not, keeps it and gets no other. The result
    ends with one newline. Raises BadValue unless `change_id` is ``I`` and 40 hex digits.
    """
    _require_change_id(change_id)
    parts = _split(message)
    if not any(key.lower() == "change-id" for key, _ in _trailers(parts.block)):
        parts.insert_change_id(change_id)
    return parts.joined()


def set_change_id(message: str, change_id: str) -> str:
    """Return the message as `add_change_id` does, with that id in the place of any other."""
    _require_change_id(change_id)
    parts = _split(message)
    parts.block = _others(parts.block, "change-id")
    parts.insert_change_id(change_id)
    return parts.joined()


def add_trailer(message: str, key: str, value: str) -> str:
    """Return the message with one more trailer at the end of its trailer block.

    The result ends with one newline. Raises BadValue for a key that git would not read as
    one, and for a value that is empty or more than one line.
    """
    if not _KEY.fullmatch(key):
        raise BadValue(f"not a trailer key: '{key}'", hint="use letters, digits and dashes")
    trimmed = value.strip(_SPACE)
    if not trimmed or re.search(r"[\0\r\n]", trimmed):
        raise BadValue(f"the value of trailer '{key}' is not one line of text")
    parts = _split(message)
    parts.insert(len(parts.block), f"{key}: {trimmed}")
    return parts.joined()


def without_trailer(message: str, key: str) -> str:
    """Return the message without its trailers of that key, however spelled, folded lines included.

    The result ends with one newline. Lines outside the trailer block stay, whatever they say.
    """
    parts = _split(message)
    parts.block = _others(parts.block, key)
    return parts.joined()


def find_trailers(message: str) -> list[tuple[str, str]]:
    """Return the (key, value) of every trailer, folded values on one line.

    The same as ``git interpret-trailers --parse --no-divider``.
    """
    return _trailers(_split(message).block)


def change_id_of(message: str | bytes) -> str | None:
    """Return the last valid Change-Id of the trailer block, None if there is none."""
    values = (value for key, value in find_trailers(_text(message)) if key.lower() == "change-id")
    valid = [value for value in values if _CHANGE_ID.fullmatch(value)]
    return valid[-1] if valid else None


def subject_of(message: str | bytes) -> str:
    """Return the first paragraph on one line, as git's ``%s`` shows it."""
    lines = [line.rstrip(_SPACE) for line in _text(message).split("\n")]
    start = next((at for at, line in enumerate(lines) if line), len(lines))
    end = next((at for at in range(start, len(lines)) if not lines[at]), len(lines))
    return " ".join(lines[start:end])


def body_of(message: str | bytes) -> str:
    """Return what stands below the title, without the trailer block."""
    text = "\n".join(_split(_text(message)).text).strip()
    return text.partition("\n\n")[2].strip()


class _Parts:
    """The lines of a message: its text, its trailers, and the tail that git looks past."""

    def __init__(self, text: list[str], block: list[str], tail: list[str]):
        self.text, self.block, self.tail = text, block, tail

    def insert(self, at: int, line: str) -> None:
        """Put a line into the block; a new block is set off by a blank line."""
        if not self.block and self.text[-1].strip(_SPACE):
            self.text.append("")
        self.block.insert(at, line)

    def insert_change_id(self, change_id: str) -> None:
        """Put a Change-Id into the block, before its sign-offs."""
        signed = (at for at, line in enumerate(self.block) if _SIGN_OFF.match(line))
        self.insert(next(signed, len(self.block)), f"Change-Id: {change_id}")

    def joined(self) -> str:
        """Return the message."""
        lines = [*self.text, *self.block, *self.tail]
        while lines and not lines[-1].strip(_SPACE):
            lines.pop()
        return "\n".join([*lines, ""])


def _require_change_id(text: str) -> None:
    if not _CHANGE_ID.fullmatch(text):
        raise BadValue(f"not a change id: '{text}'", hint="it is an I and 40 hex digits")


def _text(message: str | bytes) -> str:
    return message.decode("utf-8", "surrogateescape") if isinstance(message, bytes) else message


def _split(message: str) -> _Parts:
    lines = message.split("\n")
    end = _end_of_log(lines)
    start = _start_of_block(lines[:end])
    return _Parts(lines[:start], lines[start:end], lines[end:])


def _end_of_log(lines: list[str]) -> int:
    """Return where trailing blank lines, comments and a list of conflicts start.

    The first line is never among them, whatever it looks like.
    """
    below = lines.index(_SCISSORS) if _SCISSORS in lines else len(lines)
    end = 1
    in_conflicts = False
    for at, line in enumerate(lines[1:below], start=1):
        if line == "Conflicts:":
            in_conflicts = True
        elif line and line[0] != "#" and not (in_conflicts and line[0] == "\t"):
            in_conflicts = False
            end = at + 1
    # Git takes these for part of the block, yet a trailer added after them would be a new one.
    while end > 1 and (lines[end - 1][:1] == "#" or not lines[end - 1].strip(_SPACE)):
        end -= 1
    return end


def _start_of_block(lines: list[str]) -> int:
    """Return where the last paragraph starts if it is a trailer block, else the end."""
    blank = (at for at in range(len(lines) - 1, -1, -1) if not lines[at].strip(_SPACE))
    start = next(blank, None)
    # Without a blank line it is the title, which never holds trailers.
    if start is None or not _is_block(lines[start + 1 :]):
        return len(lines)
    return start + 1


def _is_block(lines: list[str]) -> bool:
    """All lines are trailers, or a quarter with one among them that git itself writes."""
    trailers = others = folded = 0
    generated = False
    # From the end, as what an indented line belongs to is known at the line before it.
    for line in reversed(lines):
        if line.startswith(_GENERATED) or _TRAILER.match(line):
            generated = generated or line.startswith(_GENERATED)
            trailers, folded = trailers + 1, 0
        elif line[0] in _SPACE:
            folded += 1
        else:
            others, folded = others + folded + (not line.startswith("#")), 0
    others += folded
    return trailers > 0 and (not others or (generated and trailers * 3 >= others))


def _others(block: list[str], key: str) -> list[str]:
    """Return a trailer block's lines but for one key's trailers."""
    kept: list[str] = []
    going = False
    for line in block:
        match = _TRAILER.match(line)
        if line[0] not in _SPACE:
            going = match is not None and match[1].lower() == key.lower()
        if not going:
            kept.append(line)
    return kept


def _trailers(block: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, list[str]]] = []
    continues = False
    for line in block:
        if continues and line[0] in _SPACE:
            found[-1][1].append(line.lstrip(_SPACE))
            continue
        match = _TRAILER.match(line)
        continues = match is not None
        if match:
            found.append((match[1], [match[2]]))
    return [(key, " ".join(values).strip(_SPACE)) for key, values in found]
