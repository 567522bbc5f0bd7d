"""A lane's work as commits of an ordinary branch: as they are, one for each attempt, or one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gitlanes.errors import Collision, Negative, Refused
from gitlanes.git import signing
from gitlanes.git.raw import CommitObject, has_signature, parse_commit
from gitlanes.git.trailers import (
    add_change_id,
    add_trailer,
    change_id_of,
    subject_of,
    without_trailer,
)
from gitlanes.history.chains import Chains
from gitlanes.history.origins import makers
from gitlanes.landing import plans
from gitlanes.landing.bases import bases_for
from gitlanes.landing.landed_commits import brought, laid_again
from gitlanes.landing.plans import Landing
from gitlanes.lanes.targets import target_of
from gitlanes.models.exporting import AS_IS, ASSISTED, CO_AUTHORED, SQUASHED
from gitlanes.models.history import own_intents
from gitlanes.models.notes import Notes
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import NOT_LANDED, LaneState
from gitlanes.store import codec, records
from gitlanes.store.ancestry import deepened, independent, is_ancestor, merge_base

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Made(Model):
    """Commits on top of ``base``, oldest first, and ``{commit: those of the lane that it is}``.

    ``tip`` is the last one, or the base where there is nothing.
    """

    base: str | None
    commits: tuple[str, ...]
    carries: dict[str, tuple[str, ...]]

    @property
    def tip(self) -> str:
        """Return where the branch is to be."""
        return self.commits[-1] if self.commits else str(self.base)


def as_they_are(repo: LaneRepo, state: LaneState) -> Made:
    """Return the lane's own history."""
    del repo
    return Made(None, (str(state.record.head),), {})


def make(repo: LaneRepo, state: LaneState, form: str, trailers: str, before: str | None) -> Made:
    """Return the lane's work in a form, as far as it has not landed on its target.

    It stands on what the lane and its target have in common, so that it can be reviewed against
    that. Commits that people made stay what they are. The same work gives the same commits, and
    where `before` (an earlier export) has one that is the same but for its signature, that stays.
    Raises Negative without any work, Collision
    where the target, on which an earlier part was squashed, touched the same paths since, and
    GitFailed where commits cannot be signed.
    """
    if form == AS_IS:
        return as_they_are(repo, state)
    landing = _landing(repo, state)
    writer = _Writer(repo, landing, trailers, before)
    return writer.squashed() if form == SQUASHED else writer.linear()


def _landing(repo: LaneRepo, state: LaneState) -> Landing:
    """Return the lane's work planned onto where it leaves its target; nothing changes there."""
    try:
        target = target_of(repo, state, None)
    except Refused as refused:
        refused.hint = "export the lane's history with --as-is"
        raise
    bases = bases_for(repo, state, target)
    name, into = state.record.name, target.record.name
    if state.record.head in bases:
        raise Negative(
            f"nothing to export: '{into}' has all accepted work of '{name}'",
            hint="export the lane's history with --as-is",
        )
    start = _start(repo, state, target, bases)
    there = replace(target, record=replace(target.record, head=start))
    landing = plans.plan_from(repo, state, there, bases)
    if landing.plan.collisions:
        raise Collision(
            f"lane '{name}' cannot be exported on '{into}': both touched the same paths",
            hint="export the lane's history with --as-is",
            data=plans.refusal(plans.outcome(repo, landing, "replay")).data,
        )
    return landing


def _start(repo: LaneRepo, state: LaneState, target: LaneState, bases: Sequence[str]) -> str:
    """Return the newest commit of the target's that the lane's work stands on.

    Where that is several beside each other, only the target's head is sure to have them all.
    """
    head = str(target.record.head)
    there = [x for x in bases if is_ancestor(repo, x, head)]
    landed = state.record.landed.get(target.record.uuid, NOT_LANDED)
    if landed.at and landed.source not in there and is_ancestor(repo, landed.at, head):
        there.append(landed.at)
    if there:
        newest = independent(repo, there)
        return newest[0] if len(newest) == 1 else head
    found = merge_base(repo, str(state.record.head), head)
    if found is None:
        raise Refused(
            f"lanes '{state.record.name}' and '{target.record.name}' have no common history",
            hint=deepened(repo, "export the lane's history with --as-is"),
        )
    return found


class _Writer:
    """Writes the commits of a landing for people who know nothing of lanes."""

    def __init__(self, repo: LaneRepo, landing: Landing, trailers: str, before: str | None):
        self._repo = repo
        self._landing = landing
        self._trailers = trailers
        self._start = landing.ends[1]
        self._signed = signing.wanted(repo.own_settings)
        known = _known(repo, before, self._start, signed=self._signed) if before else ()
        self._known = dict(known)
        own = landing.source.record
        self._chain = Chains(repo).of(own.uuid, own.name)

    def linear(self) -> Made:
        """Return one commit for each of the lane's own."""
        steps = list(self._steps())
        notes = records.read(self._repo, [oid for oid, _, _ in steps])
        if not steps:
            return self.squashed()
        # What came by no single commit is part of the last one.
        last, commit, _ = steps[-1]
        steps[-1] = (last, commit, str(self._landing.plan.tree))
        made: list[str] = []
        for oid, commit, tree in self._repo.counted("exporting commits", steps):
            parent = made[-1] if made else self._start
            made.append(self._laid(oid, commit, tree, parent, notes[oid]))
        carries: dict[str, tuple[str, ...]] = {
            x: (oid,) for x, (oid, _, _) in zip(made, steps, strict=True) if x != oid
        }
        return Made(self._start, tuple(made), carries)

    def _laid(self, oid: str, commit: CommitObject, tree: str, parent: str, notes: Notes) -> str:
        """Write one of the lane's commits on another parent; people's own stays where it stands."""
        if self._is_own(oid):
            text = self._text(commit.message.decode("utf-8", "surrogateescape"), [notes])
            return self._write(tree, parent, text.encode("utf-8", "surrogateescape"), commit)
        if (commit.parents, commit.tree) == ((parent,), tree):
            return oid
        return self._write(tree, parent, commit.message, commit)

    def _is_own(self, oid: str) -> bool:
        """Say whether the lane itself made a commit, and did not take it in from somebody."""
        made = self._chain.maker_of(oid) if self._chain else None
        return made is not None and made.attempt.kind != "import"

    def _steps(self) -> Iterator[tuple[str, CommitObject, str]]:
        """Yield each commit with its tree: its own, where the first one stands on the start."""
        store, landing = self._repo.objects, self._landing
        own = list(brought(self._repo, landing.source.record, landing.target.record, landing.bases))
        if own and store.tree_before(own[0][1]) == store.commit(self._start).tree:
            yield from ((oid, commit, commit.tree) for oid, commit in own)
        else:
            yield from laid_again(self._repo, landing)

    def squashed(self) -> Made:
        """Return one commit for all, under the first change's id."""
        source, target = self._landing.source.record, self._landing.target.record
        own = list(brought(self._repo, source, target, self._landing.bases))
        notes = records.read(self._repo, [oid for oid, _ in own])
        (oid, first), (_, last) = own[0], own[-1]
        text = self._titled(self._summary([commit for _, commit in own]))
        # Where there is none, the next export has to give it the same one.
        text = add_change_id(text, change_id_of(first.message) or f"I{oid}")
        text = self._text(text, [notes[oid] for oid, _ in own])
        message = text.encode("utf-8", "surrogateescape")
        commit = self._write(str(self._landing.plan.tree), self._start, message, last)
        return Made(self._start, (commit,), {commit: tuple(oid for oid, _ in own)})

    def _summary(self, commits: Sequence[CommitObject]) -> str:
        """Return a message for several commits: what the lane is for, or the first's subject."""
        if len(commits) == 1:
            return commits[0].message.decode("utf-8", "surrogateescape")
        about = (self._landing.source.record.description or "").strip()
        subjects = [subject_of(x.message) for x in commits]
        rest = "\n".join(f"* {x}" for x in subjects)
        return f"{about or f'{subjects[0]} (and {len(subjects) - 1} more)'}\n\n{rest}\n"

    def _titled(self, text: str) -> str:
        """Return a message with a subject: without one a trailer would be that."""
        name = self._landing.source.record.name
        return text if subject_of(text) else f"Work of lane {name}\n\n{text}"

    def _text(self, message: str, notes: Sequence[Notes]) -> str:
        """Return a message with the trailers that say where it comes from."""
        name = self._landing.source.record.name
        text = self._titled(self._repo.redactor.text(message))
        text = add_trailer(without_trailer(text, "Lane"), "Lane", name)
        for line in dict.fromkeys(x for one in notes for x in _agents(one, self._trailers)):
            text = add_trailer(text, *line)
        return text

    def _write(self, tree: str, parent: str, message: bytes, like: CommitObject) -> str:
        """Write a commit with another one's author and dates, or find it among the known.

        Who signs a commit is its committer.
        """
        known = self._known.get((tree, parent, like.author, _nameless(message)))
        if known is not None:
            return known
        if self._signed:
            date = like.committer[like.committer.rindex(b">") + 1 :]
            who = self._repo.identity().committer
            signer = who[: who.rindex(b">") + 1] + date
            git = self._repo.git.at(self._repo.git.git_dir, self._repo.place.work_tree)
            return signing.write_signed(git, tree, [parent], message, like.author, signer)
        return self._repo.objects.write_commit(
            tree, [parent], message, author=like.author, committer=like.committer
        )


# Tree, parent, author and message: what makes a commit the same, whoever signed it, and whatever
# the lane was called.
_Same = tuple[str, str, bytes, str]


def _known(repo: LaneRepo, tip: str, start: str, *, signed: bool) -> Iterator[tuple[_Same, str]]:
    """Yield the commits of an earlier export, and their ids; if need be only those signed."""
    rows = repo.git.run("rev-list", "--first-parent", tip, f"^{start}", check=False)
    for oid in rows.text.split():
        content = repo.objects.read(oid)[1]
        commit = parse_commit(content)
        if len(commit.parents) == 1 and (not signed or has_signature(content)):
            yield (commit.tree, commit.parents[0], commit.author, _nameless(commit.message)), oid


def _nameless(message: bytes) -> str:
    """Return a message without the lane's name: a rename makes no other commit of one."""
    return without_trailer(message.decode("utf-8", "surrogateescape"), "Lane")


def _agents(notes: Notes, policy: str) -> Iterator[tuple[str, str]]:
    """Yield the trailers that name the agents of a commit's work."""
    if policy not in (ASSISTED, CO_AUTHORED):
        return
    for name in makers(notes):
        said: dict[str, Any] = {}
        for one in own_intents(name, "work", notes.intents):
            said |= one
        agent = codec.one_line(str((said.get("agent") or {}).get("id") or ""), 100)
        if agent and policy == ASSISTED:
            model = codec.one_line(str(said.get("model") or ""), 100)
            yield "Assisted-by", f"{agent}:{model}" if model else agent
        elif agent:
            mail = re.sub(r"[^A-Za-z0-9.-]+", "-", agent).strip("-.") or "agent"
            yield "Co-authored-by", f"{re.sub(r'[<>]', '', agent)} <{mail}@agents.invalid>"
