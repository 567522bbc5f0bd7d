"""Every setting that gitlanes knows, as data; none of them is anywhere else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from gitlanes.git.settings import as_count, as_flag, as_seconds, as_size

SIZE = "size"
COUNT = "count"
DURATION = "duration"
DIRECTORY = "directory"
PATTERNS = "patterns"
WORD = "word"
COLOUR = "colour"
PAGER = "pager"
TEXT = "text"
WORDS = "words"
FLAG = "flag"

TEAM_FILE = ".gitlanes.toml"
_ENVIRONMENT = "GITLANES_"
# Says who runs the command; no setting, for each process has its own.
AGENT_VARIABLE = "GITLANES_AGENT"
# Further ones that an agent gets, and what it started.
_TOLD = (AGENT_VARIABLE, "GITLANES_RUN", "GITLANES_LANE", "GITLANES_PROMPT_FILE")
_SECTION = "lanes."
LONGEST_LEASE = 366 * 86400.0


class Known(NamedTuple):
    """A setting: its key as people write it, its kind, its default and what it means.

    ``default`` has one value for each time that the setting may be given; ``most`` is the longest
    duration in seconds. A word is one of ``words``. What is in ``own``
    is for a person's own configuration alone; '!' stands for all patterns that begin so.
    """

    key: str
    kind: str
    default: tuple[str, ...]
    about: str
    most: float | None = None
    words: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        """Return the key as git's configuration compares it."""
        return self.key.lower()

    @property
    def name(self) -> str | None:
        """Return its name in the team's file, None where it is a person's own matter."""
        shared = self.key.startswith(_SECTION) and self.kind not in (TEXT, WORDS)
        return self.key.removeprefix(_SECTION) if shared else None

    @property
    def variable(self) -> str | None:
        """Return the environment variable that overrides it: GITLANES_LOCK_TIMEOUT."""
        if self.name is None:
            return None
        spelled = "".join(f"_{x}" if x.isupper() else x for x in self.name)
        return _ENVIRONMENT + spelled.upper()

    @property
    def misfit(self) -> str:
        """Say that something is of another kind."""
        return f"not a list of {self.kind}" if self.many else f"not a {self.kind}"

    @property
    def many(self) -> bool:
        """Say whether it may be given several times."""
        return self.kind in (PATTERNS, WORDS)


KNOWN = (
    Known(
        "lanes.workspaceRoot",
        DIRECTORY,
        (),
        "where workspaces are made, relative to the repository's own directory; "
        "<repository>.lanes beside it unless set",
    ),
    Known("lanes.lockTimeout", DURATION, ("60",), "how long to wait for a lock"),
    Known(
        "lanes.exclude",
        PATTERNS,
        (
            *("node_modules", "bower_components", "__pycache__", "*.pyc", "*.pyo"),
            *(".venv", ".tox", ".nox", ".pytest_cache", ".mypy_cache", ".ruff_cache"),
            *(".DS_Store", "Thumbs.db"),
        ),
        "untracked files that are never taken in, in gitignore's syntax; each layer adds to those "
        "below it, and an empty one forgets all before it",
    ),
    Known(
        "lanes.maxBlobSize",
        SIZE,
        ("100m",),
        "size of the largest file that may be new or changed; 0 is any size",
    ),
    Known(
        "lanes.secretFiles",
        PATTERNS,
        (
            *(".env*", "!.env*.example", "!.env*.sample", "!.env*.template", "!.env*.dist"),
            *("*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx"),
            *(
                "*.ppk",
                "id_rsa",
                "id_dsa",
                "id_ecdsa",
                "id_ed25519",
                "id_ecdsa_sk",
                "id_ed25519_sk",
            ),
            *(".netrc", "_netrc", ".pgpass", ".my.cnf", ".git-credentials", ".htpasswd", ".pypirc"),
            *("**/.aws/credentials", "**/.docker/config.json", "**/.kube/config", ".vault-token"),
            *("credentials.json", "client_secret*.json", "service-account*.json"),
        ),
        "untracked files with secrets that are never taken in, given as lanes.exclude is; each is "
        "told of, and the team's file can only add to them",
        own=("", "!"),
    ),
    Known(
        "lanes.prompts",
        WORD,
        ("redacted",),
        "what is stored of texts: redacted without the secrets in them, full as they are, and of "
        "prompts digest a SHA-256 alone or none nothing; full not in the team's file",
        words=("full", "redacted", "digest", "none"),
        own=("full",),
    ),
    Known(
        "lanes.trailers",
        WORD,
        ("none",),
        "how exported commits name the agents: none, assisted-by or co-authored-by",
        words=("none", "assisted-by", "co-authored-by"),
    ),
    Known(
        "lanes.autoExport",
        FLAG,
        ("false",),
        "whether the branches that a lane was exported to go along when work lands in it",
    ),
    Known(
        "lanes.autoCascade",
        FLAG,
        ("false",),
        "whether the lanes that follow a lane are synced when a promotion lands in it",
    ),
    Known(
        "lanes.conflictAgent",
        WORDS,
        (),
        "the command that 'sync --strategy agent' asks, one word each time it is given, an empty "
        "one forgetting those before it; in git's own configuration alone",
    ),
    Known(
        "lanes.archiveOnMerge",
        FLAG,
        ("false",),
        "whether a lane is archived as soon as all of its work has landed where it lands",
    ),
    Known(
        "lanes.archiveOnAbandon",
        FLAG,
        ("false",),
        "whether a lane is archived as soon as it is abandoned, unsaved work in a snapshot",
    ),
    Known(
        "lanes.retention",
        DURATION,
        ("30d",),
        "how long 'gc' leaves merged and abandoned lanes alone before it archives them, and "
        "archived ones before their branches, workspaces and snapshots go",
    ),
    Known(
        "lanes.gcExports",
        FLAG,
        ("true",),
        "whether 'gc' deletes the branches that an archived lane was exported to",
    ),
    Known(
        "lanes.gcWorkspaces",
        FLAG,
        ("true",),
        "whether 'gc' removes workspaces: of lanes that it archives, and those of gates",
    ),
    Known(
        "lanes.pool",
        COUNT,
        ("0",),
        "how many directories of workspaces that are removed, clean, are kept for the next lanes; "
        "0 keeps none",
    ),
    Known(
        "lanes.recoverOnStart",
        FLAG,
        ("true",),
        "whether commands that only read finish an operation that was interrupted; those that "
        "write always do",
    ),
    Known(
        "lanes.lease",
        DURATION,
        ("1h",),
        "how long a claim without a process holds unless told; 0 is until it is released",
        LONGEST_LEASE,
    ),
    Known(
        "lanes.embeddingsUrl",
        TEXT,
        (),
        "where 'similar' gets vectors from, as OpenAI's /v1/embeddings answers; in git's own "
        "configuration alone: prompts of all attempts are sent there",
    ),
    Known("lanes.embeddingsModel", TEXT, (), "the model that it is asked for"),
    Known(
        "lanes.embeddingsKeyVariable",
        TEXT,
        (),
        "name of the environment variable that has its key",
    ),
    Known(
        "lanes.remote",
        TEXT,
        (),
        "the remote that 'push', 'pull' and 'fetch' mean; else that of the branch that the first "
        "lane is bound to, else origin, else the only one",
    ),
    Known(
        "lanes.eventPrefix",
        TEXT,
        (),
        "what goes before the names of events, such as 'gitlanes.', where they are sent on",
    ),
    Known(
        "lanes.eventCommand",
        WORDS,
        (),
        "the command that 'events --deliver' sends each event to, as JSON on its standard input; "
        "one word each time it is given, in git's own configuration alone",
    ),
    Known(
        "lanes.maxAgents",
        COUNT,
        ("0",),
        "how many agents work at a time, more wait as queued; 0 is any number",
    ),
    Known(
        "lanes.whenAgentEnds",
        WORD,
        ("evaluate",),
        "what becomes of the work of an agent that finished: evaluate proposes it and asks the "
        "gates, propose leaves them, commit accepts it if they let it, snapshot only saves it",
        words=("evaluate", "propose", "commit", "snapshot"),
    ),
    Known(
        "lanes.defaultAgent",
        TEXT,
        (),
        "the agent that 'run' starts where none is named; else the first that is on PATH",
    ),
    Known("color.lanes", COLOUR, ("auto",), "colours: auto, always or never; else color.ui"),
    Known(
        "pager.lanes",
        PAGER,
        ("true",),
        "whether long output goes through git's pager, or a command that it goes through; "
        "pager.lanes.<command> in git's configuration says so for one command",
    ),
)
BY_KEY = {x.plain: x for x in KNOWN}
BY_NAME = {x.name: x for x in KNOWN if x.name is not None}
BY_VARIABLE = {x.variable: x for x in KNOWN if x.variable is not None}


def is_variable(name: str) -> bool:
    """Say whether an environment variable looks like that of a setting."""
    return name.startswith(_ENVIRONMENT) and name not in _TOLD


def in_force(values: Sequence[str]) -> slice:
    """Return which values of a setting that adds up count: an empty one forgets those before it."""
    empty = [i for i, value in enumerate(values) if not value]
    return slice(empty[-1] + 1 if empty else 0, None)


def fault(known: Known, value: str) -> str | None:
    """Return what is wrong with a value, None if it can be taken."""
    if known.kind == SIZE and (as_size(value) is None or value.startswith("-")):
        return f"'{value}' is not a size: write it as 500k, 100m or 2g"
    if known.kind == COUNT and as_count(value) is None:
        return f"'{value}' is not a count: write a whole number"
    if known.kind == DURATION and as_seconds(value) is None:
        return f"'{value}' is not a duration: write it as 90s, 5m or 1h30m"
    if known.most is not None and (as_seconds(value) or 0) > known.most:
        return f"'{value}' is more than a year"
    if known.kind == COLOUR and value not in ("auto", "always", "never") and as_flag(value) is None:
        return f"'{value}' is none of auto, always, never"
    if known.kind == FLAG and as_flag(value) is None:
        return f"'{value}' is neither true nor false"
    if known.words and value not in known.words:
        return f"'{value}' is none of {', '.join(known.words)}"
    if "\0" in value or (known.kind == DIRECTORY and not value):
        return "it is no path" if known.kind == DIRECTORY else "it has a NUL byte"
    return None


def team_fault(known: Known, value: str) -> str | None:
    """Return what is wrong with a value in the team's file, whose author may be a stranger.

    A directory is one in the repository, or beside it: a clone decides about no other place.
    """
    if known.kind == DIRECTORY:
        up = os.path.normpath(value).split(os.sep)[:2]
        if value.startswith(("~", os.sep)) or up == [os.pardir, os.pardir]:
            return f"'{value}' is neither in the repository nor beside it"
    if value in known.own or (value.startswith("!") and "!" in known.own):
        return f"'{value}' is everybody's own decision: set it in git's configuration"
    return fault(known, value)
