"""search, similar, blame and why at the command line."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.fixture
def story(repo: TestRepo, cli: Cli) -> TestRepo:
    """Lane auth: a rejected and an accepted attempt of one change, another one; squashed."""
    place = repo.lane("auth")

    def commit(verb: str, content: str, *options: str) -> None:
        repo.write({"f.txt": content, "docs/a.md": content}, place)
        assert cli(verb, "auth", *options).code == 0

    commit("propose", "one\n", "--prompt", "Add the login page\nwith tokens", "--agent", "claude")
    cli("reject", "auth/1", "--by", "ada", "--reason", "tests are missing")
    spent = ("--tokens-in", "10", "--tokens-out", "4", "--cost", "0.5")
    commit("commit", "one\ntwo\n", "--prompt", "Add the login page", "--agent", "claude", *spent)
    more = ("--tag", "ui", "--meta", "ticket=SHOP-42", "--agent", "gpt")
    commit("commit", "one\ntwo\nthree\n", "-m", "Sort pages\n\nBody of it.", *more)
    assert cli("promote", "auth", "--mode", "squash").code == 0
    return repo


def ids(ran: Ran) -> list[str]:
    """Return the attempts that were found."""
    assert ran.code == 0, ran.err
    return [x["attempt"]["id"] for x in ran.json["hits"]]


@pytest.mark.usefixtures("story")
def test_search_as_text(cli: Cli) -> None:
    """Each attempt is told with its title, agent, cost, and where the words stand."""
    ran = cli("search", "missing", "tests")
    assert ran == Ran(
        0,
        "attempt auth/1 (rejected)\n  Add the login page  [claude]\n  reasons: tests are missing\n",
        "",
    )
    assert cli("search", "nothing", "like", "it") == Ran(0, "", "no attempt has all these words\n")


FOUND: tuple[tuple[list[str], set[str]], ...] = (
    (["login", "--lane", "auth"], {"auth/1", "auth/2"}),
    (["logins", "page", "--agent", "claude"], {"auth/1", "auth/2"}),
    (["LOGIN", "--status", "rejected"], {"auth/1"}),
    (['"login page"', "--lane", "auth"], {"auth/1", "auth/2"}),
    (['"page login"'], set()),
    (["tok*"], {"auth/1"}),
    (["body"], {"auth/3"}),
    (["SHOP-42"], {"auth/3"}),
    (["ui", "--tag", "ui", "--lane", "auth"], {"auth/3"}),
    (["login", "--since", "2099-01-01"], set()),
    (["login", "--since", "1 hour ago", "--agent", "claude"], {"auth/1", "auth/2"}),
    (["login", "--path", "f.txt"], {"auth/1", "auth/2", "main/1"}),
    (["login", "--path", "docs"], {"auth/1", "auth/2", "main/1"}),
    (["login", "--path", "auth.py"], set()),
    (["page"], {"auth/1", "auth/2", "auth/3", "main/1"}),
)


@pytest.mark.usefixtures("story")
def test_what_is_found(cli: Cli) -> None:
    """Words in any form, phrases, beginnings, and every filter."""
    for query, found in FOUND * 2:  # changed paths are remembered from the first time
        assert set(ids(cli("search", "--json", *query))) == found, query


HOSTILE = (
    *('"', "\"\"\"login", "login AND", "NEAR(login page)", "title:login", "^login", "login*",
      "-login", "(login", "login OR", "{title} : login", "lo'gin", "login\0page", "* login"),
    "\udce9 login",
)  # fmt: skip


@pytest.mark.usefixtures("story")
def test_hostile_queries(cli: Cli) -> None:
    """What means something to SQLite is words, or no word at all; never its error."""
    for query in HOSTILE:
        ran = cli("search", "--json", "--", query)
        assert ran.code in (0, 129), ran.err
        if ran.code:
            assert ran.json["message"].startswith("there is no word to look for in ")


@pytest.mark.usefixtures("story")
def test_search_for_programs(cli: Cli) -> None:
    """JSON has marks as places in the text; `-z` has fields; a limit says that there is more."""
    (hit,) = cli("search", "token*", "--json").json["hits"]
    text, ((start, end),) = hit["passage"]["text"], hit["passage"]["marks"]
    assert (hit["passage"]["source"], text[start:end]) == ("prompt", "tokens")
    assert cli("search", "token*", "-z").out.split("\0")[:3] == ["auth/1", "rejected", "claude"]
    ran = cli("search", "page", "--limit", "1", "--json")
    assert (len(ran.json["hits"]), ran.json["more"]) == (1, True)
    assert cli("search", "page", "-n", "1").err.startswith("hint: more match")
    assert cli("search", "page", "--lane", "no").err == (
        "error: lane 'no' not found\nhint: see 'git lanes list'\n"
    )


def test_hostile_texts(repo: TestRepo, cli: Cli) -> None:
    """Nothing that an agent wrote moves the cursor, or pretends to be a mark."""
    repo.write({"a": "\x1b[2Jred\x07\n"}, repo.lane("auth"))
    prompt = "evil\x1b[2J \x02words\x03 in\u202e it"
    cli("commit", "auth", "--prompt", prompt, "--agent", "coder-1")
    for args in (("search", "words"), ("similar", "words"), ("blame", "a", "auth")):
        ran = cli(*args)
        assert ran.code == 0, ran.err
        assert all(x.isprintable() or x == "\n" for x in ran.out)
    (hit,) = cli("search", "words", "--json").json["hits"]
    assert hit["passage"]["text"].count("words") == 1


def test_words_without_spaces(repo: TestRepo, cli: Cli) -> None:
    """In scripts without spaces any run of characters is found, and shown as it was written."""
    repo.write({"a": "1\n"}, repo.lane("auth"))
    cli("commit", "auth", "--prompt", "四行目を追加する")
    assert cli("search", "追加").out.splitlines()[1] == "  四行目を追加する"
    assert ids(cli("search", "加追", "--json")) == []


@pytest.mark.usefixtures("story")
def test_similar_by_words(cli: Cli) -> None:
    """Without an endpoint words and their parts are compared, mistyped ones too; it says so."""
    ran = cli("similar", "lgoin pages", "--lane", "auth", "--agent", "claude")
    assert [x.split()[1] for x in ran.out.splitlines()[1:]] in (
        ["auth/1", "auth/2"],
        ["auth/2", "auth/1"],
    )
    assert ran.err == "compared by words; lanes.embeddingsUrl makes it by meaning\n"
    told = cli("similar", "sorting of pages", "--json").json
    assert (told["method"], told["model"]) == ("words", None)
    assert told["hits"][0]["attempt"]["id"] == "auth/3"
    assert cli("similar", " ").code == 129


class _Endpoint(BaseHTTPRequestHandler):
    """Answers as OpenAI does: the vector of a text says how often 'login' is in it, and 'sort'."""

    def do_POST(self) -> None:
        """Answer, or fail as the server was told to."""
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.asked.append((self.path, self.headers["Authorization"], body))
        rows = [
            {"index": at, "embedding": [1.0 * ("login" in text), 1.0 * ("ort" in text), 0.1]}
            for at, text in enumerate(body["input"])
        ]
        answer = server.answer if server.answer is not None else {"data": rows[::-1]}
        self.send_response(server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def endpoint(repo: TestRepo) -> Iterator[Any]:
    """Serve embeddings on this machine, and let the repository's configuration name it."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    server.asked, server.status, server.answer = [], 200, None
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    repo.git(
        "config", "lanes.embeddingsUrl", f"http://127.0.0.1:{server.server_port}/v1/embeddings"
    )
    repo.git("config", "lanes.embeddingsModel", "tiny")
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_similar_by_an_endpoint(story: TestRepo, cli: Cli) -> None:
    """The endpoint is asked once for each text, with the key from the named variable."""
    with endpoint(story) as server:
        story.git("config", "lanes.embeddingsKeyVariable", "MY_KEY")
        assert cli("similar", "sort").err == (
            "error: the environment has no 'MY_KEY'\n"
            "hint: lanes.embeddingsKeyVariable names the variable that has the key\n"
        )
        story.environ["MY_KEY"] = "secret-key"
        told = cli("similar", "how to sort", "--json").json
        assert (told["method"], told["model"]) == ("embeddings", "tiny")
        assert told["hits"][0]["attempt"]["id"] in ("auth/3", "main/1")
        assert {x[:2] for x in server.asked} == {("/v1/embeddings", "Bearer secret-key")}
        assert sorted(len(x[2]["input"]) for x in server.asked) == [1, 4]
        server.asked.clear()
        cli("similar", "login", "--json")
        assert [x[2]["input"] for x in server.asked] == [["login"]]
        (story.path / ".git/lanes/search.db").read_bytes().index(b"tiny")
        assert b"secret-key" not in (story.path / ".git/lanes/search.db").read_bytes()


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (401, None, "answered 401"),
        (302, None, "answered 302"),
        (200, b"not json", "did not answer with embeddings"),
        (200, {"data": []}, "did not answer with one embedding for each text"),
        (200, {"data": [{"index": 0, "embedding": ["x"]}]}, "did not answer with embeddings"),
        (200, b'{"data": [{"index": 0, "embedding": [NaN]}]}', "did not answer with one embed"),
    ],
)
def test_an_endpoint_that_fails(
    story: TestRepo, cli: Cli, status: int, answer: object, said: str
) -> None:
    """A refusal, a redirect and nonsense are one line each; nothing is sent elsewhere."""
    with endpoint(story) as server:
        server.status, server.answer = status, answer
        ran = cli("similar", "login")
        assert (ran.code, ran.out) == (128, "")
        assert said in ran.err.splitlines()[0]
        assert "Traceback" not in ran.err
        assert [x[0] for x in server.asked] == ["/v1/embeddings"]
    assert "cannot be asked" in cli("similar", "login").err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://host/x", "is no web address"),
        ("file:///etc/passwd", "is no web address"),
        ("http://user:pw@host/", "is no web address"),
        ("http://[", "is no web address"),
        ("http://example.invalid/v1", "would send the key unencrypted"),
    ],
)
def test_an_endpoint_of_no_use(story: TestRepo, cli: Cli, url: str, said: str) -> None:
    """Only web addresses are asked, and a key never goes over the network unencrypted."""
    story.git("config", "lanes.embeddingsUrl", url)
    assert cli("similar", "x").err.startswith("error: lanes.embeddingsModel is not set\n")
    story.git("config", "lanes.embeddingsModel", "m")
    story.git("config", "lanes.embeddingsKeyVariable", "MY_KEY")
    story.environ["MY_KEY"] = "k"
    ran = cli("similar", "x")
    assert (ran.code, said in ran.err) == (128, True)


def test_a_clone_directs_nothing(story: TestRepo, cli: Cli) -> None:
    """What the team's file says of an endpoint is not heard, nor is the environment."""
    story.write({".gitlanes.toml": '[lanes]\nembeddingsUrl = "http://127.0.0.1:9/"\n'})
    story.environ["GITLANES_EMBEDDINGS_URL"] = "http://127.0.0.1:9/"
    assert cli("similar", "login", "--json").json["method"] == "words"
    assert "embeddingsUrl" in cli("config", "--validate").out


def test_blame_as_a_table(story: TestRepo, cli: Cli) -> None:
    """Each line has its attempt, through a squash; what is not saved says so."""
    (story.path / "f.txt").write_text("one\ntwo\nthree\nfour\n")
    assert cli("blame", "f.txt").out.splitlines() == [
        "LINE  ATTEMPT  AGENT   COST                  WHY                 CONTENT",
        "1     auth/2   claude  10/4 tokens, 0.5 USD  Add the login page  one",
        "2     auth/2   claude  10/4 tokens, 0.5 USD  Add the login page  two",
        "3     auth/3   gpt     -                     Sort pages          three",
        "4     -        -       -                     (not saved)         four",
    ]
    rows = cli("blame", "f.txt", "main", "-L", "2,+1", "-z").out.split("\0")
    made = story.rev("refs/lanes/head/auth~1")
    assert rows == ["2", made, "auth/2", "claude", "two", ""]
    told = cli("blame", "f.txt", "main", "-L", "3,", "--json").json
    assert [x["commit"] for x in told["lines"]] == [story.rev("main")]
    assert told["origins"][told["lines"][0]["made"]]["attempt"] == "auth/3"
    people = cli("blame", "auth.py").out.splitlines()[1].split()
    assert people[:4] == ["1", story.rev("main~1")[:12], "Test", "Person"]


@pytest.mark.parametrize("mode", ["merge", "replay"])
def test_blame_through_landings(repo: TestRepo, cli: Cli, mode: str) -> None:
    """A merge and a replay are looked through, too."""
    place = repo.lane("auth")
    repo.save({"other": "x\n"})
    repo.write({"f.txt": "one\n"}, place)
    cli("commit", "auth", "--prompt", "Begin", "--agent", "claude")
    assert cli("promote", "auth", "--mode", mode).code == 0
    (row,) = cli("blame", "f.txt").out.splitlines()[1:]
    assert row.split() == ["1", "auth/1", "claude", "-", "Begin", "one"]


@pytest.mark.parametrize("mode", ["replay", "squash"])
def test_a_cost_that_comes_after_the_landing(repo: TestRepo, cli: Cli, mode: str) -> None:
    """What brought the work on tells it as well, and so does what takes its place."""
    place = repo.lane("auth")
    repo.save({"other": "x\n"})
    repo.write({"f.txt": "one\n"}, place)
    cli("commit", "auth", "-m", "w", "--tokens-in", "5")
    assert cli("promote", "auth", "--mode", mode).code == 0
    name = cli("cost", "add", "auth/1", "--tokens-in", "100", "--json").json["id"]
    for more, told in ((), "105/? tokens"), (("--replace", name), "12/? tokens"):
        if more:
            assert cli("cost", "add", "auth/1", "--tokens-in", "7", *more).code == 0
        assert told in cli("blame", "f.txt").out
        assert f"  Cost:      {told}\n" in cli("show", "main/2").out
        assert cli("cost").err.splitlines()[0] == f"total: {told}"


def test_blame_by_change_id(repo: TestRepo, cli: Cli) -> None:
    """A commit that people carried elsewhere without its notes is known by its Change-Id."""
    repo.write({"f.txt": "one\n"}, repo.lane("auth"))
    cli("commit", "auth", "--prompt", "Begin", "--agent", "claude")
    repo.save({"other": "x\n"})
    repo.git("cherry-pick", "refs/lanes/head/auth")
    for _ in range(2):  # without the cache, and with it
        (row,) = cli("blame", "f.txt").out.splitlines()[1:]
        assert row.split() == ["1", "auth/1", "claude", "-", "Begin", "one"]
        cli("search", "begin")


@pytest.mark.parametrize(
    ("args", "code", "error"),
    [
        (("blame", "f.txt", "-L", "x"), 129, "error: bad lines 'x'"),
        (("blame", "f.txt", "-L", "3,2"), 129, "error: bad lines '3,2'"),
        (("blame", "f.txt", "-L", "9"), 129, "error: 'f.txt' has only 3 lines"),
        (("blame", "none"), 128, "error: path 'none' not found"),
        (("blame", "none", "main"), 128, "error: path 'main:none' not found"),
        (("blame", "docs", "main"), 128, "error: 'docs' is a directory in 'main'"),
        (("blame", "f.txt", "nobody"), 128, "error: state 'nobody' not found"),
        (("why", "nobody"), 128, "error: state 'nobody' not found"),
        (("why", "auth/99"), 128, "error: attempt 'auth/99' not found"),
        (("why", "I" + "0" * 40), 128, f"error: change 'I{'0' * 40}' not found"),
        (("why", "none:1"), 128, "error: path 'none' not found"),
        (("why", "f.txt:9"), 129, "error: 'f.txt' has only 3 lines"),
        (("why", "g.txt:1"), 1, "error: line 1 of 'g.txt' is not saved yet"),
    ],
)
def test_what_cannot_be_answered(
    story: TestRepo, cli: Cli, args: tuple[str, ...], code: int, error: str
) -> None:
    """Each refusal is one line that names the thing."""
    story.write({"g.txt": "new\n"})
    story.git("add", "g.txt")
    ran = cli(*args)
    assert (ran.code, ran.out, ran.err.splitlines()[0]) == (code, "", error)


def test_paths_with_anything_in_them(repo: TestRepo, cli: Cli) -> None:
    """A path of bytes, quotes, colons and line breaks is blamed, and shown safely."""
    name = 'a "b":\n\u00e9\t1'
    repo.write({name: "one\n"}, repo.lane("auth"))
    cli("commit", "auth", "--prompt", "Begin")
    cli("promote", "auth", "--mode", "squash")
    assert cli("blame", name).out.splitlines()[1].split()[1] == "auth/1"
    ran = cli("why", f"{name}:1")
    assert (ran.code, ran.out.splitlines()[0]) == (0, 'a "b":\\x0aé\\x091:1: one')


@pytest.mark.usefixtures("story")
def test_why_tells_the_whole_chain(story: TestRepo, cli: Cli) -> None:
    """A line leads to its attempt, to what was rejected before and why, and to its landing."""
    said = cli("why", "f.txt:2").out
    assert said.startswith("f.txt:2: two\n\nattempt auth/2 (accepted)\n")
    assert said.endswith(
        "  auth/2 accepted: Add the login page\n"
        "  auth/1 rejected: Add the login page\n"
        "    tests are missing (ada)\n"
        "brought on by:\n"
        "  main/1 Add the login page (and 1 more)\n"
        "cost of all that: 10/4 tokens, 0.5 USD\n"
    )
    told = cli("why", "f.txt:2", "--json").json
    assert [x["attempt"]["id"] for x in told["tried"]] == ["auth/2", "auth/1"]
    assert [x["attempt"]["id"] for x in told["landings"]] == ["main/1"]
    for asked in ("auth/2", told["change_id"], told["origin"]["commit"]):
        again = cli("why", asked, "--json").json
        assert {**again, "asked": 0, "path": 0, "line": 0} == {
            **told, "asked": 0, "path": 0, "line": 0,
        }  # fmt: skip
    whole = cli("why", "main").out
    assert "with: auth/2" in whole
    assert cli("why", "main~1").out.endswith("  no attempt is known behind it\n")
    assert story.rev("main") == cli("blame", "f.txt", "--json").json["lines"][0]["commit"]


def test_why_through_several_lanes(repo: TestRepo, cli: Cli) -> None:
    """Each promotion that brought the work on is told, the nearest first."""
    repo.lane("trunk")
    repo.lanes.new("auth", start="trunk")
    repo.write({"f.txt": "one\n"}, repo.workspace("auth"))
    cli("commit", "auth", "--prompt", "Begin")
    cli("promote", "auth", "--into", "trunk", "--mode", "replay")
    repo.commit("auth", {"g.txt": "later\n"})
    cli("promote", "auth", "--into", "trunk")
    cli("promote", "trunk", "--into", "main")
    found = [x["attempt"]["id"] for x in cli("why", "auth/1", "--json").json["landings"]]
    assert found == ["trunk/1", "main/1"]
