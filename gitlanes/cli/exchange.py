"""Commands that exchange work with ordinary git: export, import."""

from __future__ import annotations

import os

import click

from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command, count, here, short
from gitlanes.cli.paths import directory
from gitlanes.errors import BadValue
from gitlanes.models.exporting import AS_IS, LINEAR, POLICIES, SQUASHED, Exported


@command("export")
@click.argument("lane", required=False)
@click.option("--branch", metavar="NAME", help="The branch; else named as the lane.")
@click.option("--as-is", "form", flag_value=AS_IS, help="The lane's own history: the first time.")
@click.option("--linear", "form", flag_value=LINEAR, help="A commit for each that has not landed.")
@click.option("--squash", "form", flag_value=SQUASHED, help="One commit for all of them.")
@click.option("--trailers", type=click.Choice(POLICIES), help="How commits name the agents.")
@click.option("--format-patch", "patches", metavar="DIR", type=click.Path(), help="Write patches.")
@click.option("--repo", "other", metavar="DIR", type=click.Path(), help="Into that repository.")
@click.option("--push", "remote", metavar="REMOTE", help="Push the branch there, too.")
@click.option("--stack", metavar="STACK", help="A branch for each block, NAME--1-title and on.")
@click.option("--gerrit", is_flag=True, help="Say how to push the stack to Gerrit.")
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def export_command(
    out: Output,
    lane: str | None,
    branch: str | None,
    form: str | None,
    trailers: str | None,
    patches: str | None,
    other: str | None,
    remote: str | None,
    stack: str | None,
    gerrit: bool,
    expect: str | None,
) -> None:
    """Put an ordinary branch at the accepted work of LANE, for CI and for review.

    Exported again, the branch goes along in the same form, unless somebody else moved it. With
    --repo it is made there and not here. With --stack each block that waits gets a branch, on that
    of the block before.
    """
    if stack is not None:
        _require_none(
            "a stack goes to branches here", form, trailers, patches, other, remote, expect
        )
        named = stack if lane is None or ":" in stack else f"{lane}:{stack}"
        _export_stack(out, named, branch, gerrit)
        return
    if gerrit:
        raise BadValue("only a stack goes to Gerrit", hint="name one with --stack")
    from gitlanes.exchange.exporting import Wish, export
    from gitlanes.exchange.patches import write_patches
    from gitlanes.exchange.sending import push, put_into
    from gitlanes.exchange.sides import choose

    if patches is not None:
        _require_none("patches go to no branch", branch, other, remote)
    wish = Wish(form, trailers)
    with out.repository() as repo:
        remote = None if remote is None else choose(repo, remote)
        if patches is None:
            here = other is None
            made = export(repo, lane, branch=branch, wish=wish, expect=expect, here=here)
            made = made if other is None else put_into(repo, made, _directory(other))
            made = made if remote is None else push(repo, made, remote)
        else:
            made = write_patches(repo, lane, _directory(patches), wish=wish, expect=expect)
    out.result(made, _lines(made))


@command("import")
@click.argument("branch")
@click.option("--lane", metavar="NAME", help="The lane; else named as the branch, '-' for '/'.")
@click.option("--range", "commits", metavar="A..B", help="These commits alone.")
@click.option("--repo", "other", type=click.Path(), help="Another repository that has the branch.")
def import_command(
    out: Output, branch: str, lane: str | None, commits: str | None, other: str | None
) -> None:
    """Make BRANCH a lane, or let the lane that was made of it, or exported to it, follow.

    Each of its commits becomes an accepted attempt, under the Change-Id that it has. Where the lane
    went on, too, both are joined, unless both touched a path. Of an imported branch that was
    rewritten, or went back here, the new commits take the place of the old ones, unless the lane
    has work of its own on them. A branch that a lane is bound to is taken in there.
    """
    from gitlanes.exchange.importing import import_branch

    with out.repository() as repo:
        place = None if other is None else _directory(other)
        made = import_branch(repo, branch, lane=lane, commits=commits, other=place)
    many = count(made.taken, "commit")
    said = f"new lane {made.lane}" if made.created else f"lane {made.lane}"
    text = [f"{said} at {short(made.head)}: {many} of branch {made.branch}"]
    if made.superseded:
        text.append(f"superseded {', '.join(made.superseded)}")
    out.result(made, [line(x) for x in text])
    if made.created:
        out.say(f"hint: give it a workspace with 'git lanes workspace create {made.lane}'")


def _require_none(why: str, *given: str | None) -> None:
    """Raise BadValue for options that would be passed over."""
    if any(x is not None for x in given):
        raise BadValue(why, hint="see 'git lanes export -h'; leave out what says otherwise")


def _directory(text: str) -> str:
    """Return a place by its full path: git stands somewhere else."""
    return os.path.join(here(), str(directory(text)))


def _lines(made: Exported) -> list[str]:
    if made.branch is None:
        return [line(x) for x in made.patches]
    said = "new branch" if made.old is None else "branch"
    many = f", {count(len(made.commits), 'commit')}" if made.form != AS_IS else ""
    where = f" in {made.repository}" if made.repository else ""
    rows = [f"{said} {made.branch} at {short(made.commit)}{many}{where}"]
    return [*map(line, rows), *([f"pushed to {made.remote}"] if made.remote else [])]


def _export_stack(out: Output, stack: str, prefix: str | None, gerrit: bool) -> None:
    from gitlanes.exchange.stack_branches import export_stack

    with out.repository() as repo:
        made = export_stack(repo, stack, prefix=prefix, gerrit=gerrit)
    text = [
        f"{'new branch' if x.old is None else 'branch'} {x.branch} at {short(x.commit)}"
        for x in made.branches
    ]
    out.result(made, text + [f"push it with: git push REMOTE {made.refspec}"] * gerrit)
