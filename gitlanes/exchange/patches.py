"""A lane's work as patches that `git am` applies, whatever the configuration on either side."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Refused
from gitlanes.exchange import forms
from gitlanes.exchange.exporting import AS_BEFORE, Wish, check, settled
from gitlanes.git.trailers import subject_of
from gitlanes.models.exporting import AS_IS, LINEAR, Exported
from gitlanes.models.plain import replace
from gitlanes.store import codec
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What people may have set for themselves, and `git am` elsewhere cannot take.
_SHAPE = (
    *(
        "--src-prefix=a/",
        "--dst-prefix=b/",
        "--no-relative",
        "--unified=3",
        "--inter-hunk-context=0",
    ),
    *("--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color"),
    *("--ignore-submodules=none", "--submodule=short", "--no-attach", "--no-cover-letter"),
    *("--no-base", "-O/dev/null"),
)
# Where `git am` ends a message: what follows would be taken for the change.
_BREAK = re.compile(rb"^(---[ \t]*$|--- \S|diff -|Index: )", re.MULTILINE)


def write_patches(
    repo: LaneRepo,
    name: str | None,
    directory: str,
    *,
    wish: Wish = AS_BEFORE,
    expect: str | None = None,
) -> Exported:
    """Write a lane's work that has not landed as patches for 'git am', one for each commit.

    No branch is made. ``directory`` is a full path. Raises Negative without any work, Refused where
    something is in the directory already and for a message that `git am` would cut, Raced if the
    lane is not at `expect`, GitFailed where a file cannot be written.
    """
    check_expected(expect)
    check(wish)
    state = finding.lane_or_present(repo, name)
    require_commit(f"lane '{state.record.name}'", state.record.head, expect)
    form, trailers = settled(repo, replace(wish, form=wish.form or LINEAR), {})
    if form == AS_IS:
        raise BadValue("patches are a commit each", hint="use --linear or --squash")
    _require_empty(directory)
    made = forms.make(repo, state, form, trailers, None)
    _require_whole(repo, made.commits)
    said = repo.git.run("format-patch", *_SHAPE, "-o", directory, f"{made.base}..{made.tip}").text
    written = _without_empty(repo, said.split("\n"), made.commits)
    return Exported(
        *(state.record.name, None, made.tip, None, form, made.base, made.commits), patches=written
    )


def _require_empty(directory: str) -> None:
    """Refuse a directory whose files would be mixed with the patches, or overwritten."""
    if os.path.isdir(directory) and os.listdir(directory):
        shown = codec.one_line(directory, 100)
        raise Refused(f"directory '{shown}' is not empty", hint="name a new one for the patches")


def _without_empty(
    repo: LaneRepo, written: Sequence[str], commits: Sequence[str]
) -> tuple[str, ...]:
    """Return the patches that change something; git writes an empty file for any other commit.

    `git am` takes none of them all beside such a file.
    """
    kept = []
    for path, oid in zip(written, commits, strict=True):
        if os.path.getsize(path):
            kept.append(path)
            continue
        os.unlink(path)
        title = codec.one_line(subject_of(repo.objects.commit(oid).message), 60)
        repo.warn(f"'{title}' changes nothing: there is no patch of it")
    return tuple(kept)


def _require_whole(repo: LaneRepo, commits: Sequence[str]) -> None:
    for oid in commits:
        message = repo.objects.commit(oid).message
        if found := _BREAK.search(message):
            shown = codec.one_line(found[0].decode("utf-8", "replace"), 40)
            title = codec.one_line(message.decode("utf-8", "replace").partition("\n")[0], 60)
            raise Refused(
                f"'git am' would cut the message of '{title}' at its line '{shown}'",
                hint="reword it (git lanes commit --amend-of), or export a branch",
            )
