"""What is wrong in a repository, as `doctor` found it, and what became of it."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result

ERROR = "error"
WARNING = "warning"


class Finding(Model):
    """One thing that is wrong.

    ``check`` is the name of the check, ``what`` one line that says it, ``about`` the path, ref
    or lane concerned. ``mend`` says what helps: if ``fixable``, that is what `doctor --fix`
    does. ``done`` is what was done, ``left`` why it could not be; both None where nothing was
    tried.
    """

    check: str
    severity: str
    what: str
    about: str
    mend: str
    fixable: bool = False
    done: str | None = None
    left: str | None = None


class Diagnosis(Result):
    """All that was found, by the checks of these names; ``sound`` if nothing of it is left."""

    checks: tuple[str, ...]
    findings: tuple[Finding, ...]
    sound: bool

    schema: ClassVar[str] = "diagnosis"
