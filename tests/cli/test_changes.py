"""Change-Ids through retries, rejections and landings; what supersedes what."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
GIVEN = "I" + "0123456789" * 4


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth."""
    return repo.lane("auth")


@pytest.fixture
def offer(repo: TestRepo, cli: Cli, place: Path) -> Callable[..., dict[str, Any]]:
    """Write content to auth.py and propose or commit it: ``offer("content", "--change", …)``."""

    def run(content: str, *options: str, verb: str = "propose") -> dict[str, Any]:
        repo.write({"auth.py": content}, place)
        done = cli(verb, "auth", "--json", "-m", "Edit", *options)
        assert done.code == 0, done.err
        return {**done.json["attempt"], "superseded": done.json["superseded"]}

    return run


Offer = Callable[..., dict[str, Any]]


def status_of(cli: Cli, attempt: str) -> str:
    """Return an attempt's status."""
    return str(cli("show", attempt, "--json").json["attempts"][0]["attempt"]["status"])


def trailers(repo: TestRepo, commit: str) -> list[str]:
    """Return a commit's trailers as git itself reads them."""
    return repo.git("log", "-1", "--format=%(trailers:only)", commit).strip().splitlines()


def test_each_attempt_has_a_change_id(repo: TestRepo, offer: Offer) -> None:
    """A commit's message ends in a Change-Id trailer that git reads."""
    made = offer("one\n")
    assert re.fullmatch("I[0-9a-f]{40}", made["change_id"])
    assert repo.git("log", "-1", "--format=%B", made["commit"]) == (
        f"Edit\n\nChange-Id: {made['change_id']}"
    )
    assert trailers(repo, made["commit"]) == [f"Change-Id: {made['change_id']}"]


def test_the_trailer_goes_before_sign_offs(repo: TestRepo, offer: Offer) -> None:
    """With other trailers, the Change-Id joins them as Gerrit's hook would do it."""
    message = "Edit\n\nWhy.\n\nFixes: 7\nSigned-off-by: A <a@b>"
    made = offer("one\n", "-m", message)
    assert trailers(repo, made["commit"]) == [
        "Fixes: 7",
        f"Change-Id: {made['change_id']}",
        "Signed-off-by: A <a@b>",
    ]


def test_after_a_rejection_the_change_goes_on(cli: Cli, offer: Offer) -> None:
    """The next proposal carries the rejected one's Change-Id, in a new attempt."""
    first = offer("one\n")
    cli("reject", "auth/1")
    second = offer("two\n")
    assert (second["id"], second["change_id"]) == ("auth/2", first["change_id"])
    assert (status_of(cli, "auth/1"), second["superseded"]) == ("rejected", [])


def test_after_a_rejection_a_new_change_on_request(cli: Cli, offer: Offer) -> None:
    """`--change new` starts another change, even after a rejection."""
    first = offer("one\n")
    cli("reject", "auth/1")
    assert offer("two\n", "--change", "new")["change_id"] != first["change_id"]


def test_an_acceptance_ends_the_change(offer: Offer) -> None:
    """After an acceptance the next proposal is another change."""
    first = offer("one\n", verb="commit")
    assert offer("two\n")["change_id"] != first["change_id"]


def test_a_change_id_can_be_given(repo: TestRepo, offer: Offer) -> None:
    """`--change I…` is the id, also where the message has another one."""
    made = offer("one\n", "--change", GIVEN, "-m", f"Edit\n\nChange-Id: I{'f' * 40}")
    assert made["change_id"] == GIVEN
    assert trailers(repo, made["commit"]) == [f"Change-Id: {GIVEN}"]


def test_a_message_can_bring_its_change_id(repo: TestRepo, offer: Offer) -> None:
    """A Change-Id in the message is kept, and no second one is added."""
    made = offer("one\n", "-m", f"Edit\n\nChange-Id: {GIVEN}")
    assert (made["change_id"], trailers(repo, made["commit"])) == (GIVEN, [f"Change-Id: {GIVEN}"])


def test_the_agents_own_commit_brings_its_change_id(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Where the agent's own commit has a Change-Id, as Gerrit's hook writes it, it is kept."""
    repo.write({"auth.py": "one\n"}, place)
    repo.git("commit", "--quiet", "-am", f"Own\n\nChange-Id: {GIVEN}", cwd=place)
    assert cli("propose", "auth", "--json").json["attempt"]["change_id"] == GIVEN


def test_an_accepted_change_is_followed(repo: TestRepo, offer: Offer) -> None:
    """A change that the lane has already gets a new id and a Follows trailer."""
    first = offer("one\n", verb="commit")
    second = offer("two\n", "--change", first["change_id"], verb="commit")
    assert second["change_id"] != first["change_id"]
    assert trailers(repo, second["commit"]) == [
        f"Follows: {first['change_id']}",
        f"Change-Id: {second['change_id']}",
    ]
    log = repo.git(
        "log", "--format=%(trailers:key=Change-Id,valueonly)", "main..refs/lanes/head/auth"
    )
    assert log.split() == [second["change_id"], first["change_id"]]


def test_a_whole_proposal_supersedes_the_open_one(cli: Cli, offer: Offer) -> None:
    """A second whole proposal replaces the open one under the same Change-Id."""
    first = offer("one\n")
    second = offer("two\n")
    assert second["superseded"] == ["auth/1"]
    assert second["change_id"] == first["change_id"]
    assert (status_of(cli, "auth/1"), status_of(cli, "auth/2")) == ("superseded", "proposed")
    assert cli("accept", "auth/1").err == (
        "error: auth/1 is superseded already by auth/2\n"
        "hint: look at what took its place: git lanes show auth/2\n"
    )


def test_superseding_is_said(repo: TestRepo, cli: Cli, place: Path, offer: Offer) -> None:
    """On stderr the verb names what it replaced, unless told to be quiet."""
    offer("one\n")
    repo.write({"auth.py": "two\n"}, place)
    assert cli("propose", "auth", "-m", "Edit").err == (
        "superseded auth/1\n"
        "hint: decide with 'git lanes accept auth/2' or 'git lanes reject auth/2'\n"
    )
    repo.write({"auth.py": "three\n"}, place)
    assert cli("propose", "auth", "-m", "Edit", "-q").err == ""


def test_a_new_change_stays_beside_the_open_one(cli: Cli, offer: Offer) -> None:
    """With `--change new` earlier proposals stay open."""
    offer("one\n")
    second = offer("two\n", "--change", "new")
    assert second["superseded"] == []
    assert (status_of(cli, "auth/1"), status_of(cli, "auth/2")) == ("proposed", "proposed")


def test_a_proposal_of_some_paths_stays_beside_the_open_one(
    repo: TestRepo, cli: Cli, place: Path, offer: Offer
) -> None:
    """A proposal limited to paths supersedes nothing and is another change."""
    first = offer("one\n")
    repo.write({"new.txt": "n\n"}, place)
    second = cli("propose", "auth", "--json", "-m", "part", "--", "new.txt").json
    assert second["superseded"] == []
    assert second["attempt"]["change_id"] != first["change_id"]
    assert status_of(cli, "auth/1") == "proposed"


def test_accepting_one_of_a_change_closes_its_rivals(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Two open attempts of one change: accepting one supersedes the other."""
    repo.write({"auth.py": "one\n", "new.txt": "n\n"}, place)
    for path in ("auth.py", "new.txt"):
        options = ("--change", GIVEN, "-m", "part", "--", path)
        assert cli("propose", "auth", *options).code == 0
    done = cli("accept", "auth/1", "--json")
    assert done.json["superseded"] == ["auth/2"]
    assert [status_of(cli, x) for x in ("auth/1", "auth/2")] == ["accepted", "superseded"]
    assert "new.txt" not in repo.files("refs/lanes/head/auth")


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
def test_change_ids_through_a_landing(repo: TestRepo, cli: Cli, offer: Offer, mode: str) -> None:
    """A merge landing has an id of its own, a squash the first's, a replay each one's."""
    ids = [offer(f"{number}\n", verb="commit")["change_id"] for number in range(3)]
    repo.save({"people.txt": "p\n"})
    done = cli("promote", "auth", "--mode", mode, "--json")
    landed = [x["change_id"] for x in done.json["landed"]]
    if mode == "replay":
        assert landed == ids
    elif mode == "squash":
        assert landed == ids[:1]
        notes = repo.git("notes", "--ref=lanes/intents", "show", "main")
        assert all(change in notes for change in ids)
    else:
        assert len(landed) == 1
        assert landed[0] not in ids
        log = repo.git("log", "--format=%(trailers:key=Change-Id,valueonly)", "main").split()
        assert log[0] == landed[0]
        assert set(ids) < set(log)


def test_show_a_change(cli: Cli, offer: Offer) -> None:
    """`show I…` tells all attempts of a change, newest first."""
    first = offer("one\n")
    cli("reject", "auth/1")
    offer("two\n")
    told = cli("show", first["change_id"], "--json").json
    assert told["kind"] == "change"
    assert [x["attempt"]["id"] for x in told["attempts"]] == ["auth/2", "auth/1"]
