"""A conflict as it is recorded: written when a sync stops, read by whoever goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gitlanes.combine.changes import Clash
from gitlanes.errors import CorruptRecord, Refused
from gitlanes.graph import contents
from gitlanes.graph.asking import touched
from gitlanes.graph.grounds import Basis, Onto
from gitlanes.graph.laying import Edits, Laid, Stop
from gitlanes.models.plain import plain
from gitlanes.models.records import CONFLICTED, LaneState
from gitlanes.models.results import CollidingPath, Touch
from gitlanes.models.sync import ConflictPath, Version
from gitlanes.store import journal
from gitlanes.store.validity import require_oids, require_uuid

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction

# The member of an entry's details that has a conflict in full.
DETAILS = "conflict"


class Stopped(NamedTuple):
    """A recorded conflict.

    ``onto`` are the lanes that the lane is laid on, ``ground`` is the commit
    below, ``head`` the lane's, ``commit`` the one that collides, ``files`` the commit with the
    markers, which stands on what is laid already.
    """

    onto: tuple[Onto, ...]
    ground: str
    head: str
    commit: str
    attempt: str | None
    files: str
    laid: tuple[Laid, ...]
    paths: tuple[ConflictPath, ...]
    strategy: str
    since: str


def written(
    tx: Transaction, basis: Basis, stop: Stop, laid: tuple[Laid, ...], strategy: str, tip: str
) -> tuple[Stopped, dict[str, Any]]:
    """Write the files with their markers on `tip`, and return what the entry says."""
    from gitlanes.git.trees import overlay

    repo, lane, case = tx.repo, basis.lane.record, stop.case
    told = touched(repo, basis, case.plan, stop.left, case.commit)
    labels = (f"lane {lane.name}", "base", f"lane {', '.join(basis.names)}")
    free = contents.free_name(repo, stop.tree, lane.name)
    displaced = contents.displaced(stop.left)
    edits: Edits = {}
    paths: list[ConflictPath] = []
    for clash, one in zip(stop.left, told, strict=True):
        beside = None
        if clash.kind != "content" or clash.path not in displaced:
            laid_out, beside = contents.laid_out(repo, clash, labels, free)
            edits |= laid_out
        paths.append(_path(clash, one, beside))
    who = repo.identity()
    text = f"conflict of lane {lane.name} with {', '.join(basis.names)}\n"
    tree = overlay(repo.objects, stop.tree, edits)
    files = repo.objects.write_commit(tree, [tip], text, author=who.author, committer=who.committer)
    stopped = Stopped(
        basis.onto,
        basis.ground,
        str(lane.head),
        case.commit,
        next((x.source.attempt for x in told if x.source and x.source.attempt), None),
        files,
        laid,
        tuple(paths),
        strategy,
        tx.time,
    )
    return stopped, {DETAILS: _body(stopped)}


def read(repo: LaneRepo, state: LaneState) -> Stopped:
    """Return the conflict of a lane; raises Refused where there is none, CorruptRecord."""
    lane = state.record
    if lane.status != CONFLICTED:
        raise Refused(f"lane '{lane.name}' has no conflict", hint="see 'git lanes conflict list'")
    entry = journal.read_entry(repo.refs, lane.conflict) if lane.conflict else None
    try:
        if entry is None:
            raise KeyError(DETAILS)
        return _stopped(entry.details[DETAILS], entry.time)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptRecord(
            f"the conflict of lane '{lane.name}' is damaged",
            hint=f"give it up: git lanes conflict abandon {lane.name}",
        ) from error


def _path(clash: Clash, told: CollidingPath, beside: bytes | None) -> ConflictPath:
    base, lane, parent = (Version(*x) if x else None for x in contents.versions(clash))
    return ConflictPath(clash.path, clash.kind, base, lane, parent, clash.other, beside, told)


def _body(stopped: Stopped) -> dict[str, Any]:
    body = plain(stopped._asdict(), absent=False)
    del body["since"]
    return {
        **body,
        "onto": [x._asdict() for x in stopped.onto],
        "laid": [_laid_body(x) for x in stopped.laid],
    }


def _laid_body(laid: Laid) -> dict[str, Any]:
    new: dict[str, Any] = {"new": laid.commit} if laid.commit else {}
    return {"old": laid.old, **new, **({"decided": True} if laid.decided else {})}


def _stopped(body: dict[str, Any], since: str) -> Stopped:
    laid = tuple(
        Laid(x["old"], "", x.get("new", ""), decided=x.get("decided") is True) for x in body["laid"]
    )
    onto = tuple(Onto(x["uuid"], x["lane"], x["head"]) for x in body["onto"])
    fixed = (body["ground"], body["head"], body["commit"], body["files"])
    require_oids(*fixed, *(x.old for x in laid), *(x.commit for x in laid if x.commit))
    require_oids(*(x.head for x in onto))
    require_uuid(*(x.uuid for x in onto))
    attempt, strategy = body.get("attempt"), str(body["strategy"])
    paths = tuple(map(_read_path, body["paths"]))
    ground, head, commit, files = fixed
    return Stopped(onto, ground, head, commit, attempt, files, laid, paths, strategy, since)


def _read_path(body: dict[str, Any]) -> ConflictPath:
    base, lane, parent = (_version(body.get(x)) for x in ("base", "lane", "parent"))
    other, beside = (_bytes(body.get(x)) for x in ("other", "beside"))
    path, told = body["path"].encode("utf-8", "surrogateescape"), body.get("collision")
    found = _collision(path, told) if told else None
    return ConflictPath(path, str(body["kind"]), base, lane, parent, other, beside, found)


def _version(body: dict[str, str] | None) -> Version | None:
    if body is None:
        return None
    require_oids(body["oid"])
    return Version(str(body["mode"]), body["oid"])


def _collision(path: bytes, body: dict[str, Any]) -> CollidingPath:
    source, target = (_touch(body.get(x)) for x in ("source", "target"))
    return CollidingPath(path, str(body["kind"]), source, target, _bytes(body.get("other")))


def _touch(body: dict[str, Any] | None) -> Touch | None:
    if body is None:
        return None
    known = {key: body.get(key) for key in ("mode", "oid", "attempt", "agent", "commit")}
    require_oids(known["commit"])
    return Touch(str(body["action"]), **known, moved_to=_bytes(body.get("moved_to")))


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogateescape")
