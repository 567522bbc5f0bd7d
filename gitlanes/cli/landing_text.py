"""How landings read."""

from __future__ import annotations

from gitlanes.cli.errors import line
from gitlanes.cli.output import count, short
from gitlanes.models.results import Promotion
from gitlanes.models.workspaces import Following


def following_lines(following: Following | None) -> list[str]:
    """Say what became of the bound branch."""
    if following is None:
        return []
    if following.followed:
        return [f"branch {following.branch} follows"]
    paths = ", ".join(line(x.decode("utf-8", "surrogateescape")) for x in following.paths)
    where = f": {paths}" if paths else ""
    return [line(f"branch {following.branch} does not follow yet: {following.remains}{where}")]


def promotion_lines(promotion: Promotion) -> list[str]:
    """Say what landed, or what would."""
    lane, into = promotion.lane, promotion.into
    if promotion.dry_run:
        if promotion.collisions:
            paths = ", ".join(line(_text(x.path)) for x in promotion.collisions)
            return [f"{lane} would collide with {into} on {paths}"]
        if promotion.source in promotion.base:
            return [f"{lane} has nothing new for {into}"]
        landing = len(promotion.source_only) + len(promotion.forced)
        return [f"{lane} would land on {into}: {count(landing, 'file')}"]
    if promotion.proposed:
        attempt = promotion.proposed
        text = [line(f"proposed {attempt.id} {short(attempt.commit)} {attempt.title}")]
        return text + _agreements(promotion)
    ids = ", ".join(x.id for x in promotion.landed) or "nothing new to write"
    text = [f"promoted {lane} into {into} ({promotion.mode}): {ids} at {short(promotion.head)}"]
    return text + _agreements(promotion) + following_lines(promotion.following)


def _agreements(promotion: Promotion) -> list[str]:
    """Say where both sides touched the same paths, and how that was settled."""
    text = []
    if promotion.convergent:
        text.append(f"convergent: {count(len(promotion.convergent), 'file')} equal on both sides")
    return text + [f"forced: {line(_text(x.path))}" for x in promotion.forced]


def left_behind(promotion: Promotion) -> list[str]:
    """Say what of the source did not take part."""
    said = []
    if promotion.unsaved:
        paths = ", ".join(line(_text(x)) for x in promotion.unsaved[:10])
        more = "" if len(promotion.unsaved) <= 10 else f" and {len(promotion.unsaved) - 10} more"
        said.append(f"unsaved edits in {promotion.lane} stay behind: {paths}{more}")
    if promotion.open_attempts:
        said.append(f"open attempts stay behind: {', '.join(promotion.open_attempts)}")
    return said


def afterwards(promotion: Promotion) -> list[str]:
    """Say what became of earlier offers, and what is to be done with this one."""
    said = [f"superseded {x}" for x in promotion.superseded]
    if promotion.laid_again and not promotion.dry_run:
        ids = ", ".join(f"{old} as {new}" for old, new in promotion.laid_again.items())
        said.append(f"laid in another order: {ids}")
    if promotion.proposed:
        name = promotion.proposed.id
        said.append(f"hint: decide with 'git lanes accept {name}' or 'git lanes reject {name}'")
    return said


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
