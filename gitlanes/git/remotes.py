"""Other repositories: which there are, fetching from them, pushing to them.

By git's own commands, so that ssh, credentials and proxies are as the user has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from gitlanes import clock
from gitlanes.errors import GitFailed
from gitlanes.git.process import Completed, Git, attend, failure

Tell = Callable[[int, int], None]

# Another fetch moves the same refs: go on with what it leaves.
_TRIES = 5
_PAUSE = 0.1
_BUSY = re.compile(r"cannot lock ref|unable to create '.+\.lock'|unable to update local ref", re.I)

# What git says of a ref that somebody else moved meanwhile, here and on the server.
_RACE = re.compile(
    r"fetch first|non-fast-forward|stale info|needs force|already exists|atomic push fail(ed|ure)"
    r"|(atomic )?transaction failed|cannot lock ref.*|failed to (update|lock) ref.*"
    r"|reference already exists|incorrect old value provided|remote ref updated since checkout"
    r"|unable to lock|update aborted"
)
_ROW = re.compile(r"(.)\t(.*?):(\S+)\t(.*)")
# What a server's git says besides: how far it is, and that a hook declined.
_OF_GIT = r"[A-Z][a-z]+ [a-z]+: +\d|(error|fatal|warning|hint): "
_NOT_ATOMIC = "does not support --atomic"

# Whatever the user's own pushes and fetches bring along beside what they are told.
_ALONE = ("--no-recurse-submodules",)
_FETCH = (
    *("-c", "fetch.fsckObjects=true", "fetch", "--progress", "--prune", "--no-tags"),
    *("--no-prune-tags", "--no-write-fetch-head", "--no-auto-gc", "--refmap=", *_ALONE),
)


class Update(NamedTuple):
    """A ref to be moved on a server: to `commit` (None: away) from `old`, if that is to be so.

    Without `lease` it goes forward alone, and is made if it is not there.
    """

    ref: str
    commit: str | None
    old: str | None = None
    lease: bool = False


class Answer(NamedTuple):
    """What became of a push: `refused` is {ref: reason}, `raced` whether others were first.

    ``said`` is what the server, or a hook of it, said besides.
    """

    done: bool
    raced: bool = False
    refused: Mapping[str, str] = {}
    said: str = ""


def names(git: Git) -> list[str]:
    """Return the names of all remotes."""
    return git.run("remote").text.splitlines()


def url(git: Git, remote: str) -> str:
    """Return where a remote is, without any password in it."""
    found = git.run("remote", "get-url", "--", remote, check=False).text
    return re.sub(r"(?<=://)[^/@]*@", "", found)


def fetch(git: Git, remote: str, refspecs: Sequence[str], tell: Tell) -> None:
    """Fetch refs, and drop those that the remote has no more; raises GitFailed.

    Objects are checked before they are taken. Two at once are safe: git moves each ref for
    itself, and one that another fetch just moves is tried again.
    """
    for tries_left in reversed(range(_TRIES)):
        done = _talk(git, (*_FETCH, "--", remote, *refspecs), tell)
        if done.code == 0:
            return
        if not tries_left or not _BUSY.search(done.err.decode("utf-8", "replace")):
            raise _failed("fetch", remote, done)
        clock.sleep(_PAUSE)


def at(git: Git, place: str, ref: str, *, pushing: bool = False) -> str | None:
    """Return where a ref of another repository is, None where there is none; raises GitFailed.

    ``place`` is a remote's name, a URL or a directory. With ``pushing`` the ref is the one that
    a push moves: a remote may be pushed to at another place than it is fetched from.
    """
    where = place
    if pushing and place in names(git):
        where = git.run("remote", "get-url", "--push", "--", place).text
    done = git.run("ls-remote", "--", where, ref, check=False)
    if done.code:
        raise _failed("fetch", place, done)
    rows = (x.split("\t") for x in done.text.split("\n") if x)
    return next((oid for oid, name in rows if name == ref), None)


def fetch_commit(git: Git, place: str, oid: str, tell: Tell) -> None:
    """Fetch a commit that a ref of another repository is at, to no ref here; raises GitFailed."""
    done = _talk(git, (*_FETCH, "--", place, oid), tell)
    if done.code:
        raise _failed("fetch", place, done)


def push(
    git: Git, remote: str, updates: Iterable[Update], tracked: Sequence[str], tell: Tell
) -> Answer:
    """Move refs on a server, all or none if it can do that; raises GitFailed.

    ``tracked`` are refspecs of what is fetched: git keeps that up to date with what it pushed.
    """
    moves = list(updates)
    keep = [x for spec in tracked for x in ("-c", f"remote.{remote}.fetch={spec}")]
    if tracked or remote in names(git):  # a URL has no settings of its own
        keep += ["-c", f"remote.{remote}.mirror=false"]
    leases = [f"--force-with-lease={x.ref}:{x.old or ''}" for x in moves if x.lease]
    how = ("--porcelain", "--progress", "--no-follow-tags", *_ALONE, *leases)
    specs = [f"{x.commit or ''}:{x.ref}" for x in moves]
    done = _talk(git, (*keep, "push", "--atomic", *how, "--", remote, *specs), tell)
    if done.code and _NOT_ATOMIC in done.err.decode("utf-8", "replace"):
        done = _talk(git, (*keep, "push", *how, "--", remote, *specs), tell)
    if done.code == 0:
        return Answer(done=True)
    refused = _refusals(done)
    if not refused:
        raise _failed("push", remote, done)
    others = {ref: why for ref, why in refused.items() if not _RACE.fullmatch(why)}
    # Of all that was to move at once some refs were refused themselves.
    own = {ref: why for ref, why in others.items() if not why.startswith("atomic ")}
    said = "" if not others else _said(done.err.decode("utf-8", "replace"))
    return Answer(done=False, raced=not others, refused=own or others or refused, said=said)


def _said(text: str) -> str:
    """Return the first line of the server's that is neither about progress nor git's own."""
    rows = (
        x.removeprefix("remote: ").strip() for x in text.splitlines() if x.startswith("remote: ")
    )
    return next((x for x in rows if x and not re.match(_OF_GIT, x)), "")


def _refusals(done: Completed) -> dict[str, str]:
    """Return {ref: reason} of what a push did not move."""
    rows = (_ROW.fullmatch(x) for x in done.text.split("\n"))
    return {
        row[3]: row[4].partition("(")[2].removesuffix(")") or row[4]
        for row in rows
        if row and row[1] == "!"
    }


def _talk(git: Git, args: Sequence[str], tell: Tell) -> Completed:
    process = git.popen(*args)
    out, err = attend(process, tell)
    return Completed(process.returncode, out, err)


def _failed(what: str, remote: str, done: Completed) -> GitFailed:
    found = failure((what,), done)
    said = found.message.partition(": ")[2]
    return GitFailed(
        f"git cannot {what} {'from' if what == 'fetch' else 'to'} '{remote}': {said}",
        hint=f"see whether 'git ls-remote {remote}' works; nothing was changed here",
        data=found.data,
    )
