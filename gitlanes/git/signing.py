"""Signed commits: by git itself, with whatever key and program the user has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import GitFailed, line
from gitlanes.git.process import Git, failure, run_within

if TYPE_CHECKING:
    from gitlanes.git.settings import Settings

# How long, in seconds, a person has to type a passphrase.
PATIENCE = 60.0

_IDENTITY = re.compile(rb"(?P<name>.*?) ?<(?P<mail>[^>]*)> (?P<date>\d+ [+-]\d+)")


def wanted(settings: Settings) -> bool:
    """Say whether commits are to be signed."""
    return settings.flag("commit.gpgSign", False)


def write_signed(
    git: Git, tree: str, parents: Sequence[str], message: bytes, author: bytes, committer: bytes
) -> str:
    """Write a commit with the user's signature and return its id; identities are raw lines.

    Git looks for a key's file from where `git` stands, as for 'git commit -S' from the top.
    Raises GitFailed where there is no signature, also for want of an answer in time.
    """
    for identity in (author, committer):
        if _IDENTITY.fullmatch(identity) is None:
            said = identity.decode("utf-8", "replace")[:100]
            raise GitFailed(
                f"a commit cannot be signed: git could not write its identity '{line(said)}'",
                hint="export with commit.gpgSign set to false",
            )
    above = [x for parent in parents for x in ("-p", parent)]
    environ = {**git.environ, **_of("AUTHOR", author), **_of("COMMITTER", committer)}
    runner = Git(git.git_dir, environ, git.work_tree)
    args = ("commit-tree", "-S", *above, tree)
    done = run_within(runner, args, message, PATIENCE)
    if done is None:
        raise GitFailed(
            f"no signature within {PATIENCE:g} seconds",
            hint="unlock the key first, as by 'git commit -S', or set commit.gpgSign to false",
        )
    if done.code:
        found = failure(args, done)
        raise GitFailed(
            f"a commit cannot be signed: {found.message.partition(': ')[2]}",
            hint="mend user.signingKey, or set commit.gpgSign to false",
        )
    return done.text


def _of(role: str, identity: bytes) -> dict[str, str]:
    found = _IDENTITY.fullmatch(identity)
    assert found is not None, "it was looked at before"
    said = {
        key: value.decode("utf-8", "surrogateescape") for key, value in found.groupdict().items()
    }
    return {
        f"GIT_{role}_NAME": said["name"],
        f"GIT_{role}_EMAIL": said["mail"],
        f"GIT_{role}_DATE": f"@{said['date']}",
    }
