"""Comparing the lanes of a batch: what each would land, what is known of it, why it would not."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gitlanes import BadValue, Judgement, NotFound, Refused
from gitlanes.cli.batch_text import HEADERS
from gitlanes.fleet import entrants
from gitlanes.models.batches import Entrant
from tests.fleet.batches import BATCH, offer
from tests.support.cli import Ran
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def by_lane(repo: TestRepo) -> dict[str, Entrant]:
    """Return the batch's lanes as they are compared."""
    return {x.lane: x for x in repo.lanes.compare(BATCH).entrants}


def test_every_standing(repo: TestRepo, cli: Cli) -> None:
    """Open and accepted work, what collides, is unchanged, turned down, given up or landed."""
    set_gates(repo, gate("tests", "true"), gate("lint", "false", paths=["*.py"]))
    offer(repo, "open", "1\n2\n", cost="0.42", wall_ms=185_000)
    offer(repo, "done", "1\n", accept=True)
    offer(repo, "late", "late\n", path="auth.py")
    offer(repo, "same", "common\n", path="auth.py")
    repo.lanes.new("idle", workspace=False, batch=BATCH)
    repo.lanes.reject(offer(repo, "poor", "1\n"), Judgement(reason="too short"))
    offer(repo, "gone", "1\n")
    repo.lanes.abandon("gone", reason="no time")
    offer(repo, "shut", "x\n", path=".gitlanes.toml")
    repo.lanes.promote("done")
    repo.lanes.new("other", workspace=False, batch="b2")
    repo.save({"auth.py": "common\n", "new.txt": "x\n"})
    refs = repo.refs()
    found = by_lane(repo)
    assert repo.refs() == refs, "comparing moves nothing"
    standings = {name: x.standing for name, x in found.items()}
    assert standings == {
        "open": "collides",
        "done": "landed",
        "late": "collides",
        "same": "unchanged",
        "idle": "unchanged",
        "poor": "rejected",
        "gone": "abandoned",
        "shut": "protected",
    }
    assert found["late"].collisions == found["late"].overlap == (b"auth.py",)
    assert (found["same"].why, found["same"].tree) == ("main has all of it by now", None)
    assert found["late"].why == "main changed the same paths: auth.py"
    assert (found["poor"].why, found["gone"].why) == ("too short", "no time")
    assert str(found["shut"].why).startswith("protected paths would change")
    assert not any(x.tree for x in found.values() if x.standing != "protected")
    ran = cli("compare", BATCH)
    assert ran.code == 1, "none of them would land"
    assert "poor: too short\n" in ran.err


def test_numbers_and_verdicts(repo: TestRepo, cli: Cli) -> None:
    """Lines, files, cost of all attempts, time and gates, of what would land."""
    set_gates(repo, gate("tests", "true"), gate("lint", "false", paths=["*.py"]))
    repo.lanes.reject(offer(repo, "a", "0\n", cost="1", wall_ms=1000))
    last = offer(repo, "a", "1\n2\n", cost="0.42", wall_ms=184_000)
    offer(repo, "b", "login\nlogout\n", path="auth.py", accept=False)
    repo.lanes.evaluate(last)
    repo.save({"new.txt": "x\n"})
    found = by_lane(repo)
    one, other = found["a"], found["b"]
    assert (one.attempt, one.open, one.paths, one.added, one.removed) == (
        *(last, True, (b"work.txt",), 2, 0),
    )
    assert (one.cost["amounts"], one.seconds) == ({"USD": "1.42"}, 185.0)
    assert [(x.name, x.passed) for x in one.gates] == [("tests", None)], "main went on since"
    assert [(x.name, x.passed) for x in other.gates] == [("tests", None), ("lint", None)]
    tree = repo.files(str(one.tree))
    assert (tree["new.txt"], tree["work.txt"]) == ("x", "1\n2")
    ran = cli("compare", BATCH)
    assert ran.code == 0
    head, row, _ = ran.out.splitlines()
    assert tuple(head.split()) == HEADERS
    assert re.split("  +", row) == [
        *("a", "ready", "tests?", "1", "+2 -0", "0", "1.42 USD", "3m05s", "work of a"),
    ]
    said = cli("compare", BATCH, "--json").json
    assert (said["schema"], said["batch"], said["into"]) == ("gitlanes.comparison/1", BATCH, "main")
    assert [x["lane"] for x in said["entrants"]] == ["a", "b"]


def test_open_work_on_open_work(repo: TestRepo) -> None:
    """The newest open attempt counts with those that it stands on, laid on the lane's head."""
    repo.lane("a")
    repo.propose("a", {"one.txt": "1\n"})
    repo.write({"two.txt": "2\n"}, repo.workspace("a"))
    repo.lanes.propose("a", message="two", on="a/1")
    with repo.inner() as inner:
        state = inner.view.lane("a")
        work = entrants.with_open(inner, state)
        assert [x.id for x in entrants.to_accept(state.record)] == ["a/1", "a/2"]
        assert {"one.txt", "two.txt"} <= repo.files(str(work.record.head)).keys()


def test_what_is_refused(repo: TestRepo, cli: Cli) -> None:
    """An unknown batch, one whose lanes go to several targets, and an id that can be none."""
    repo.work("dev")
    for name, on in (("a", "main"), ("b", "dev")):
        repo.lanes.new(name, on=on, workspace=False, batch=BATCH)
    with pytest.raises(NotFound, match="batch 'b0' not found") as error:
        repo.lanes.compare("b0")
    assert error.value.hint == "there are: b1"
    with pytest.raises(Refused, match="are to land on several: dev, main"):
        repo.lanes.compare(BATCH)
    assert repo.lanes.compare(BATCH, into="dev").into == "dev"
    for odd in ("", "a b", "x" * 65, "-a", "a\n"):
        with pytest.raises(BadValue, match="bad batch"):
            repo.lanes.new("c", batch=odd)
    assert cli("new", "c", "--batch", "a/b").code == 129
    assert cli("new", "c", "--batch", "other", "--no-workspace", "--json").json["lane"][
        "batch"
    ] == ("other")


class _Page(HTMLParser):
    """Collects the tags and the text of a page, and what stands in attributes."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag with its attributes."""
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.said += data


def test_the_page(repo: TestRepo, cli: Cli, tmp_path: Path) -> None:
    """It has each diff, runs and loads nothing, and takes no word of an agent's for markup."""
    evil = '<script>alert(1)</script> & "quotes" \x1b[31m\u202e'
    repo.lanes.new("a", workspace=False, batch=BATCH)
    repo.lanes.put_file("a", "<img src=x>.txt", f"{evil}\n".encode(), accept=False, message=evil)
    offer(repo, "b", "plain\n")
    page = tmp_path / "page.html"
    assert cli("compare", BATCH, "--html", str(page)).code == 0
    text = page.read_text()
    found = _Page(text)
    assert not found.tags & {"script", "img", "iframe", "link", "object", "form"}
    names = {"lang", "charset", "name", "content", "http-equiv", "id", "class", "href"}
    assert found.names <= names
    assert "http://" not in text
    assert "https://" not in text
    assert '<script>alert(1)</script> & "quotes" \\x1b[31m\\u202e' in found.said
    assert "+plain" in found.said
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.count("<section") == 2
    assert cli("compare", BATCH, "--html", str(tmp_path / "no/page.html")).code == 129
