"""Every error a caller can meet, with its exit code, its data and a hint at the way out."""

from __future__ import annotations

from typing import Any

EXIT_NEGATIVE = 1
EXIT_TRY_AGAIN = 75
EXIT_REFUSED = 128
EXIT_USAGE = 129
EXIT_INTERRUPTED = 130


def line(text: str, limit: int | None = None) -> str:
    """Return text safe for a terminal: one line, nothing that moves a cursor, cut at `limit`."""
    text = text[: None if limit is None else limit + 1]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _escaped(c) for c in text)
    return text if limit is None or len(text) <= limit else text[: limit - 3] + "..."


def _escaped(character: str) -> str:
    """Return a character's escape; a byte that was no UTF-8 stands behind a surrogate."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class LanesError(Exception):
    """The root of the tree: one lower-case line, a hint, and data for programs.

    ``message`` names the thing; ``hint`` says what to do next ('' when there is nothing to
    do); ``data`` goes into the JSON form as it is.
    """

    exit_code = EXIT_REFUSED

    def __init__(self, message: str, *, hint: str = "", data: dict[str, Any] | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.data = data or {}

    @property
    def kind(self) -> str:
        """Return the stable name of this error in JSON: the class name in snake case."""
        name = type(self).__name__
        return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")

    def to_dict(self) -> dict[str, Any]:
        """Return the error as the command line prints it under ``--json``."""
        return {
            "schema": "gitlanes.error/1",
            "error": self.kind,
            "message": self.message,
            "hint": self.hint,
            "exit_code": self.exit_code,
            **self.data,
        }


class Refused(LanesError):
    """The request is clear, and doing it would lose or overwrite something."""


class BudgetExceeded(Refused):
    """A budget is used up; ``data['budget']`` has its scope, name, limit, maximum and use."""


class BadName(Refused):
    """A lane name that git, a file system or a reader could misunderstand."""


class BadValue(LanesError):
    """An option or argument that cannot be understood."""

    exit_code = EXIT_USAGE


class NotFound(LanesError):
    """No object of that name; ``nearest`` is the closest name that exists, if any is close."""

    def __init__(self, what: str, name: str, *, nearest: str | None = None, hint: str = ""):
        shown = f"did you mean '{nearest}'?" if nearest else hint
        super().__init__(f"{what} '{name}' not found", hint=shown, data={"nearest": nearest})
        self.nearest = nearest


class NotAdopted(LanesError):
    """The repository has no lanes yet."""


class NotARepository(LanesError):
    """There is no git repository here, or git refuses to open it."""


class Unsupported(LanesError):
    """The repository uses a format that gitlanes cannot work with."""


class GitFailed(LanesError):
    """A git command that should have worked did not."""


class EndpointFailed(LanesError):
    """A configured service on the network did not answer as it should."""


class CorruptRecord(LanesError):
    """A journal entry or note that does not say what the format asks for."""


class Negative(LanesError):
    """The answer is no: nothing is wrong with the request, and nothing moved."""

    exit_code = EXIT_NEGATIVE


class NothingToPropose(Negative):
    """The workspace holds nothing that its lane does not have already."""


class Collision(Negative):
    """Both sides touched a path; ``data['collisions']`` has each path with both sides."""


class GateFailed(Negative):
    """A required gate says no; ``data['gates']`` has each that failed, with its output's end."""


class SetupFailed(LanesError):
    """A workspace could not be set up; ``data['setup']`` has the command and its output's end."""


class Refuse(Refused):
    """What a listener of `gitlanes.hooks` raises to stop a verb."""


class Raced(LanesError):
    """Something else moved first; nothing changed, and repeating is safe."""

    exit_code = EXIT_TRY_AGAIN


class Locked(LanesError):
    """Another process holds the lock; ``holder`` tells which, where that is known."""

    exit_code = EXIT_TRY_AGAIN

    def __init__(self, message: str, *, holder: dict[str, Any] | None = None, hint: str = ""):
        super().__init__(message, hint=hint or "repeat the command", data={"holder": holder})
        self.holder = holder


class InternalError(LanesError):
    """Something that nobody foresaw: a fault of gitlanes."""


def as_lanes_error(error: Exception) -> LanesError:
    """Return any error in our form: the system's own refusals (no space, no permission), too."""
    if isinstance(error, LanesError):
        return error
    if not isinstance(error, OSError):
        return InternalError(
            f"internal error: {type(error).__name__}: {error}",
            hint="run it again with --debug, and report what it prints",
        )
    reason = (error.strerror or str(error)).lower()
    where = f" '{error.filename}'" if error.filename else ""
    return Refused(f"{reason}{where}", hint="nothing was changed halfway: mend that, then repeat")
