"""No secret is in the repository, by whatever text it came; what is left out is counted, told."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitlanes import AgentSession, Cost, GateFailed, Intent, Judgement
from tests.support import planted
from tests.support.cli import Ran, spawn_cli
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def secrets(seed: int) -> dict[str, str]:
    """Return {secret: text with it}."""
    found = {key: key for key in planted.keys(seed).values()}
    return found | {secret: text for text, secret in planted.named(seed).values()}


def stored(repo: TestRepo) -> bytes:
    """Return all objects of a repository, and all that lies beside them in its git directory."""
    return b"\n".join([objects(repo), *beside(repo.path / ".git")])


def objects(repo: TestRepo) -> bytes:
    """Return the content of all objects of a repository."""
    return os.fsencode(repo.git("cat-file", "--batch-all-objects", "--batch"))


def beside(git_dir: Path) -> Iterator[bytes]:
    """Yield the content of files of a git directory that are no objects."""
    for path in git_dir.rglob("*"):
        if path.is_file() and path.relative_to(git_dir).parts[0] != "objects":
            yield path.read_bytes()


def notes(repo: TestRepo, kind: str, commit: str) -> list[dict[str, Any]]:
    """Return the records of one kind about a commit."""
    shown = repo.git("notes", f"--ref=lanes/{kind}", "show", commit)
    return [json.loads(x) for x in shown.splitlines()]


def plant_all(repo: TestRepo, texts: list[str]) -> None:
    """Put these texts into everything that a verb records."""
    lanes, text = repo.lanes, "\n".join(texts)
    meta = {f"n{number}": x for number, x in enumerate(texts)}
    place = repo.lane("auth")
    lanes.edit("auth", description=text[:1900], meta={"note": text[-1900:]})
    intent = Intent(text, "claude", context=tuple(texts), tags=tuple(texts[:3]), meta=meta)
    repo.write({"auth.py": "1\n"}, place)
    usage = Cost(api_calls=1, stage=texts[0], raw={"said": text[:3000]})
    first = lanes.propose("auth", message=text, intent=intent, cost=usage).attempt
    repo.write({"auth.py": "2\n"}, place)
    other = Intent(texts[-1], session=texts[1], model=texts[2], agent_version=texts[3])
    lanes.propose("auth", intent=other)
    lanes.reject("auth/2", Judgement("reviewer", text))
    repo.write({"auth.py": "3\n"}, place)
    made = lanes.commit("auth", message=f"{'x ' * 90}{texts[0]} {texts[1]}")
    lanes.record_evaluation(made.attempt.id, "judge", True, reason=text, data={"id": texts, **meta})
    lanes.amend("auth", message=text, intent=intent)
    lanes.add_cost(first.id, Cost(api_calls=2, stage=texts[3], raw={"x": texts[4]}))
    lanes.promote("auth", into="main", mode="squash", message=text)
    repo.lane("other", {"src/app.py": "1\n"})
    lanes.promote("other", into="main", message=text, propose=True)
    lanes.accept("main/2", Judgement(reason=text))


@pytest.mark.parametrize("half", [0, 1])
def test_no_secret_is_in_the_repository(repo: TestRepo, half: int) -> None:
    """Prompts, reasons, metadata, messages, descriptions, usage: none of them stores a key."""
    there = dict(list(secrets(half).items())[half::2])
    plant_all(repo, list(there.values()))
    content = stored(repo)
    assert [key for key in there if key.encode() in content] == []
    assert content.count(b"[redacted: ") > 300
    told = repo.lanes.take_warnings()
    assert re.fullmatch(r"\d+ secrets were redacted before recording: .+", told[0])
    repo.lanes.edit("other", description="nothing to hide")
    assert repo.lanes.take_warnings() == []
    repo.fsck()


def test_key_blocks_do_not_get_in(repo: TestRepo) -> None:
    """A private key in a prompt, a message and a reason leaves no line of it behind."""
    block, lines = planted.private_key()
    repo.lane("auth", {"auth.py": "1\n"})
    repo.write({"auth.py": "2\n"}, repo.workspace("auth"))
    made = repo.lanes.propose("auth", message=f"Use it\n\n{block}", intent=Intent(block))
    repo.lanes.reject(made.attempt.id, Judgement(reason=block))
    content = stored(repo)
    assert [x for x in lines if x.encode() in content] == []


def test_what_gates_print_is_redacted(repo: TestRepo) -> None:
    """Output, in notes and in the cache of verdicts, has no key, nor has the reason of a gate."""
    keys = list(planted.keys().values())
    (repo.path.parent / "keys").write_text("\n".join(keys))
    said = f"cat {repo.path.parent}/keys; seq 900"
    set_gates(repo, gate("fine", f"{said} 902"), gate("bad", f"{said} 990; ! test -e bad"))
    repo.lane("auth", {"auth.py": "1\n"})
    repo.write({"auth.py": "2\n", "bad": ""}, repo.workspace("auth"))
    with pytest.raises(GateFailed):
        repo.lanes.commit("auth")
    content = stored(repo)
    assert [key for key in keys if key.encode() in content] == []
    assert list((repo.path / ".git/lanes/verdicts").rglob("*"))
    found = notes(repo, "evaluations", repo.lanes.show("auth/2").attempts[0].attempt.commit)
    (bad,) = [x for x in found if x["name"] == "bad"]
    assert bad["redacted"] == bad["output"].count("[redacted: ") > 20


def test_ordinary_texts_are_stored_byte_for_byte(repo: TestRepo) -> None:
    """Ids, paths and versions survive in notes and in the message; nothing is counted."""
    repo.lane("auth")
    repo.write({"auth.py": "1\n"}, repo.workspace("auth"))
    text = planted.ORDINARY.replace("Change-Id:", "Change:")
    made = repo.lanes.commit("auth", message=text, intent=Intent(text, meta={"m": text}))
    commit = str(made.attempt.landed)
    (intent,) = notes(repo, "intents", commit)
    assert (intent["prompt"], intent["meta"]["m"]) == (text, text)
    assert repo.git("log", "-1", "--format=%B", commit).startswith(f"{text}\n\nChange-Id: I")
    assert "redacted" not in intent
    assert "redacted" not in repo.git("cat-file", "commit", "refs/lanes/journal/auth")
    assert repo.lanes.take_warnings() == []


def test_it_is_counted_and_told(repo: TestRepo, cli: Cli) -> None:
    """One line on stderr says what was found; note and entry have the number."""
    key, other = (planted.keys()[x] for x in ("aws id", "gitlab"))
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    done = cli("commit", "auth", "-m", f"Use {key}", "--prompt", f"Use {key} or {key} or {other}")
    assert (done.code, done.err) == (
        0,
        "warning: 2 secrets were redacted before recording: aws-access-key, gitlab-token\n",
    )
    (intent,) = notes(repo, "intents", repo.lanes.head("auth"))
    assert (intent["redacted"], intent["prompt"]) == (
        3,
        "Use [redacted: aws-access-key] or [redacted: aws-access-key] or [redacted: gitlab-token]",
    )
    entry = json.loads(repo.git("log", "-1", "--format=%b", "refs/lanes/journal/auth"))
    assert entry["redacted"] == 1
    assert entry["attempts"][0]["title"] == "Use [redacted: aws-access-key]"
    for what, command in (
        ("an agent's id", ("propose", "auth", "--agent", key)),
        ("an agent's id", ("workspace", "claim", "auth", "--agent", key)),
        ("a lane's name", ("new", key)),
        ("a lane's name", ("rename", "auth", key)),
        ("the name", ("budget", "set", "--agent", key, "--max-cost", "1")),
    ):
        refused = cli(*command)
        assert refused.code == 129
        assert refused.err == f"error: {what} looks like a secret\nhint: use another one\n"


@pytest.mark.parametrize("mode", ["full", "digest", "none"])
def test_what_is_stored_of_prompts(repo: TestRepo, mode: str) -> None:
    """Full is as it was; a digest tells that it was the same; none leaves no word of it."""
    key = planted.keys()["openai"]
    prompt = f"Mend the sign-in\nwith {key}"
    repo.git("config", "lanes.prompts", mode)
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    with repo.open() as lanes:
        made = lanes.commit("auth", intent=Intent(prompt, meta={"k": key}))
    (intent,) = notes(repo, "intents", str(made.attempt.landed))
    digest = f"sha256:{hashlib.sha256(prompt.encode()).hexdigest()}"
    assert intent.get("prompt") == {"full": prompt, "digest": digest, "none": None}[mode]
    title = {"full": "Mend the sign-in"}.get(mode, "Work in lane auth")
    assert made.attempt.title == title
    assert intent["meta"]["k"] == (key if mode == "full" else "[redacted: openai-key]")
    assert (b"Mend the sign" in stored(repo)) == (mode == "full")
    with AgentSession(repo.path, agent_id="a", lane="auth", environ=repo.environ) as session:
        with session.work(prompt) as w:
            (w.path / "auth.py").write_text("2\n")
        session.reject(str(w.attempt and w.attempt.id), "no")
        with session.retry() as again:
            (again.path / "auth.py").write_text("3\n")
        told = [x.intent.get("prompt") for x in session.history("auth")]
    assert told == [intent.get("prompt")] * 3


def test_who_decides_what_is_stored(repo: TestRepo, cli: Cli) -> None:
    """A clone's own file can ask for less, not for more; what is no such word stores nothing."""
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    repo.write({".gitlanes.toml": '[lanes]\nprompts = "full"\n'})
    refused = cli("propose", "auth")
    assert refused.code == 128
    assert refused.err.splitlines()[0] == (
        "error: .gitlanes.toml: lanes.prompts: 'full' is everybody's own decision: "
        "set it in git's configuration"
    )
    repo.write({".gitlanes.toml": '[lanes]\nprompts = "none"\n'})
    assert cli("commit", "auth", "--prompt", "words").code == 0
    assert "prompt" not in notes(repo, "intents", repo.lanes.head("auth"))[0]
    repo.git("config", "lanes.prompts", "al")
    refused = cli("commit", "auth", "--amend", "-m", "x")
    assert refused.err.splitlines()[0] == (
        "error: lanes.prompts is 'al', not one of full, redacted, digest, none"
    )
    set_ = cli("config", "lanes.prompts", "some")
    assert set_.code == 129
    assert "'some' is none of full, redacted, digest, none" in set_.err


def test_readers_and_plain_prompts_do_without_the_library(repo: TestRepo) -> None:
    """Neither lists nor a commit with an ordinary prompt imports it, nor makes its file."""
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    loud = {**repo.environ, "PYTHONPROFILEIMPORTTIME": "1"}
    for args in (
        ("list",),
        ("commit", "auth", "-m", "Fix x", "--prompt", "Fix the login of 2 users"),
    ):
        done = spawn_cli(repo.path, loud, *args)
        assert done.code == 0
        assert "gitlanes" in done.err
        assert "detect_secrets" not in done.err
        assert ("gitlanes.redaction" in done.err) == (args[0] == "commit")
    assert not (repo.path / ".git/lanes/secret-rules.json").exists()


def test_the_words_of_a_cache_are_redacted_ones(repo: TestRepo) -> None:
    """What search finds was read from notes: a key is not among its words."""
    key = planted.keys()["github classic"]
    repo.write({"auth.py": "1\n"}, repo.lane("auth"))
    repo.lanes.commit("auth", intent=Intent(f"Use pomegranate {key}"))
    assert len(repo.lanes.search("pomegranate").hits) == 1
    assert key.encode() not in stored(repo)


def test_commits_of_people_stay_as_they_are(repo: TestRepo) -> None:
    """A key in the subject of a person's commit is in that commit alone, not in a part either.

    The lane's journal has its title, and squash and replay carry its message on.
    """
    key = planted.keys()["github classic"]
    for mode in ("squash", "replay"):
        repo.work(mode)
    repo.save({"auth.py": "1\n"}, f"{'words ' * 10}{key} and {'more ' * 30}")
    repo.save({"auth.py": "2\n"}, f"{'words ' * 31}{key}")
    for mode in ("squash", "replay"):
        repo.lanes.promote("main", into=mode, mode=mode)
    content = objects(repo)
    assert content.count(key.encode()) == 2
    assert content.count(key[:10].encode()) == 2
    assert b"[redacted: github-token]" in content


@pytest.mark.parametrize("way", ["commit", "propose", "amend"])
def test_commits_of_the_agent_s_own(repo: TestRepo, way: str) -> None:
    """What travels has nothing of a secret in their messages; here a snapshot keeps them."""
    (secret,) = list(planted.keys(3).values())[:1]
    place = repo.lane("auth", {"auth.py": "1\n"})
    repo.write({"new.py": "1\n"}, place)
    repo.git("add", "new.py", cwd=place)
    repo.git("commit", "--quiet", "-m", f"work with {secret}", cwd=place)
    own = repo.git("rev-parse", "HEAD", cwd=place)
    getattr(repo.lanes, way)("auth")
    travels = ("refs/lanes/head", "refs/lanes/journal", "refs/notes/lanes", "refs/heads")
    refs = repo.git("for-each-ref", "--format=%(refname)", *travels).splitlines()
    assert secret not in repo.git("log", "--format=%B", *refs)
    assert repo.rev("refs/lanes/snapshots/auth/1^") == own
    assert any("snapshot auth/s1 alone" in x for x in repo.lanes.take_warnings())
