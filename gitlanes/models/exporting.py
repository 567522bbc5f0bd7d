"""What goes out of lanes into ordinary branches and patches."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Result

AS_IS, LINEAR, SQUASHED = FORMS = ("as-is", "linear", "squash")
NO_TRAILERS, ASSISTED, CO_AUTHORED = POLICIES = ("none", "assisted-by", "co-authored-by")


class Exported(Result):
    """A branch that has a lane's work; ``old`` is where it was, None if it was made.

    ``commits`` are those that the work is on top of ``base``, oldest first. ``branch`` is None
    where only ``patches`` were written; these are paths. ``repository`` is the other one that
    the branch is in, ``remote`` the remote that it was pushed to.
    """

    lane: str
    branch: str | None
    commit: str
    old: str | None
    form: str = AS_IS
    base: str | None = None
    commits: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    repository: str | None = None
    remote: str | None = None

    schema: ClassVar[str] = "export"
