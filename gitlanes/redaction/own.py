"""Rules of ours for what the library misses, or finds in part: tokens, key blocks, addresses.

Each has words of which one stands in every match, so that a text without them costs nothing
but the looking.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# The beginning of a token: behind no letter or digit, but for an escape as in "\nsk-" or "%3Dsk-".
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))"
# Lines of a key, the last one of any length; possessive, for a long text may hold many of them.
# Each may begin as in a quotation or a diff.
_BREAK = r"(?:\s|\\[nr])++(?:(?:[>|#]|-(?!-)) {0,2})?"
_LINES = rf"(?:[A-Za-z0-9+/=]{{16,}}+{_BREAK})*+[A-Za-z0-9+/=]*+"
_HEADERS = r"(?:[A-Za-z-]+: [^\n]*\n\s*)*"
# A key is shorter than this; what is longer stands between two that were cut off.
_BLOCK = r"[\s\S]{0,20000}?"
_LABEL = r"(?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
# Tokens that begin with their service's own word, and that word.
_SERVICES = {
    "sbp_": r"[0-9a-f]{40}",
    "NRAK-": r"[A-Z0-9]{27}",
    "dp.": r"(?:pt|st|ct|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,}",
    "pscale_": r"(?:tkn|pw|oauth)_[A-Za-z0-9_=.-]{32,}",
    "figd_": r"[A-Za-z0-9_-]{38,}",
    "ntn_": r"[A-Za-z0-9]{40,}",
    "secret_": r"[A-Za-z0-9]{43}(?![A-Za-z0-9])",
    "pat": r"[A-Za-z0-9]{14}\.[0-9a-f]{64}",
    "fm": r"[12][ar]?_[A-Za-z0-9+/=_-]{60,}",
    "nf": r"[pcoub]_[A-Za-z0-9_]{36,}",
    "sntry": r"[su]_[A-Za-z0-9+/=_-]{40,}",
    "nvapi-": r"[A-Za-z0-9_-]{60,}",
    "tvly-": r"(?:dev-|prod-)?[A-Za-z0-9]{32,}",
    "lsv2_": r"(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
    "csk-": r"[a-z0-9A-Z]{40,}",
    "ATBB": r"[A-Za-z0-9]{28,}",
    "pul-": r"[0-9a-f]{40}",
    "dt0c01.": r"[A-Z0-9]{24}\.[A-Z0-9]{64}",
    "EAA": r"(?=[A-Za-z]{0,60}\d)[A-Za-z0-9]{80,}",
    "1//0": r"[A-Za-z0-9_-]{40,}",
}
_SERVICE = "|".join(re.escape(word) + said for word, said in _SERVICES.items())


class Own(NamedTuple):
    """A rule: one of ``words`` stands in each match; the secret is its first group, or all."""

    kind: str
    words: tuple[str, ...]
    said: str

    def pattern(self) -> re.Pattern[str]:
        """Return the rule's pattern, compiled when it is needed first."""
        return re.compile(self.said)


# In this order: what is longer, or says more, goes first.
RULES = (
    # Whole blocks, blocks that are cut off at their end, and what is left of one cut at its start.
    Own("private-key", ("PRIVATE KEY",), rf"-----BEGIN {_LABEL}{_BLOCK}-----END {_LABEL}"),
    Own(
        "private-key",
        ("PRIVATE KEY",),
        rf"-----BEGIN {_LABEL}(?:{_BREAK})?{_HEADERS}(?=[A-Za-z0-9+/=]{{16}}){_LINES}",
    ),
    Own(
        "private-key",
        ("PRIVATE KEY",),
        rf"(?m:^|(?<=\\n))(?=[A-Za-z0-9+/=]){_LINES}(?:{_BREAK})?-----END {_LABEL}",
    ),
    Own(
        "private-key",
        ("PuTTY-User-Key-File-",),
        rf"PuTTY-User-Key-File-\d: (?:{_BLOCK}Private-MAC: [0-9a-f]+|[\s\S]*)",
    ),
    Own("age-secret-key", ("AGE-SECRET-KEY-1",), r"AGE-SECRET-KEY-1[0-9A-Z]{40,}"),
    Own("url-password", ("://",), r"://[^\s/:@\"'<>]*:([^\s/@\"'<>]+)@"),
    Own(
        "basic-auth",
        ("curl ",),
        r"curl [^\n]{0,300}?(?:-u|--user)[ =]?[\"']?[^\s:\"']+:([^\s\"']+)",
    ),
    Own(
        "authorization",
        ("uthorization", "UTHORIZATION"),
        r"[Aa](?:uthorization|UTHORIZATION)[\"']?\s*[:=]\s*\\?[\"']?"
        r"(?:[Bb]asic|[Bb]earer|BASIC|BEARER|[Tt]oken)\s+([A-Za-z0-9._~+/=-]{8,})",
    ),
    Own(
        "bearer-token",
        ("earer ", "EARER "),
        r"\b(?:[Bb]earer|BEARER) +((?=[A-Za-z._~+/=-]{0,40}\d)[A-Za-z0-9._~+/=-]{20,})",
    ),
    Own(
        "password",
        ("sshpass ", "docker login "),
        r"(?:sshpass|docker login)[^\n]{0,200}? -p ?[\"']?([^\s\"']{4,})",
    ),
    Own("password", ("machine ",), r"machine \S+\s+login \S+\s+password (\S{4,})"),
    Own("password", ("assword>",), r"<[\w.:-]*[Pp]assword>([^<>\s]{4,})</"),
    # AWS: ids of keys, beginnings by what they are of.
    Own(
        "aws-access-key",
        ("AKIA", "ASIA", "ABIA", "ACCA", "A3T"),
        r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    ),
    Own("github-token", ("github_pat_",), r"github_pat_[A-Za-z0-9_]{22,}"),
    Own(
        "github-token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        r"gh[pousr]_[A-Za-z0-9_.-]{30,}",
    ),
    Own(
        "gitlab-token",
        ("gl", "GR1348941"),
        rf"{_START}(?:gl(?:pat|ptt|dt|rt|rtr|cbt|ft|ffct|imt|agent|soat|oas)-[A-Za-z0-9_.-]{{20,}}"
        r"|GR1348941[A-Za-z0-9_-]{20,})",
    ),
    Own("slack-token", ("xox", "xapp-"), rf"{_START}(?:xox[a-z]|xapp)[-.][A-Za-z0-9.-]{{10,}}"),
    Own(
        "slack-webhook",
        ("hooks.slack.com",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/_-]{20,})",
    ),
    Own("discord-webhook", ("/api/webhooks/",), r"/api/webhooks/\d+/([A-Za-z0-9_-]{50,})"),
    Own("teams-webhook", (".office.com/webhook",), r"\.office\.com/webhook\w*/([^\s\"'<>]{16,})"),
    Own("terraform-token", (".atlasv1.",), r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}"),
    Own("service-token", tuple(_SERVICES), rf"{_START}(?:{_SERVICE})"),
    Own("stripe-key", ("k_live_", "k_test_"), rf"{_START}[sr]k_(?:live|test)_[A-Za-z0-9]{{16,}}"),
    Own("webhook-secret", ("whsec_",), r"whsec_[A-Za-z0-9+/=]{24,}"),
    Own("anthropic-key", ("sk-ant-",), rf"{_START}sk-ant-[A-Za-z0-9_-]{{20,}}"),
    Own(
        "openai-key",
        ("sk-",),
        rf"{_START}sk-(?=[a-z_-]{{0,40}}[A-Z0-9])[A-Za-z0-9_-]{{20,}}",
    ),
    Own("google-key", ("AIza",), r"AIza[A-Za-z0-9_-]{30,}"),
    Own("google-secret", ("GOCSPX-", "ya29."), r"(?:GOCSPX-|ya29\.)[A-Za-z0-9_-]{20,}"),
    Own("npm-token", ("npm_",), rf"{_START}npm_[A-Za-z0-9]{{36,}}"),
    Own("pypi-token", ("pypi-Ag",), r"pypi-Ag[A-Za-z0-9_-]{40,}"),
    Own("rubygems-key", ("rubygems_",), r"rubygems_[0-9a-f]{48}"),
    Own("docker-token", ("dckr_",), r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    Own("sendgrid-key", ("SG.",), rf"{_START}SG\.[A-Za-z0-9_-]{{16,}}\.[A-Za-z0-9_-]{{16,}}"),
    Own("mailgun-key", ("key-",), rf"{_START}key-[0-9a-f]{{32}}(?![A-Za-z0-9])"),
    Own("artifactory-token", ("AKC",), rf"{_START}AKC[A-Za-z0-9]{{10,200}}(?![A-Za-z0-9])"),
    Own(
        "artifactory-password",
        ("rtifactory", "jfrog", "ARTIFACTORY", "JFROG"),
        rf"{_START}AP[0-9A-F](?=[A-Za-z]{{0,30}}\d)[A-Za-z0-9]{{8,200}}(?![A-Za-z0-9])",
    ),
    # Digests of package managers look the same.
    Own(
        "azure-storage-key",
        ("==",),
        rf"(?<!sha512-)(?<!sha512:){_START}[A-Za-z0-9+/]{{86}}==(?![A-Za-z0-9])",
    ),
    Own("azure-secret", ("8Q~",), r"[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{30,}"),
    Own("azure-signature", ("sig=",), r"[?&]sig=([A-Za-z0-9%+/=]{30,})"),
    Own("digitalocean-token", ("_v1_",), r"do[oprt]_v1_[0-9a-f]{64}"),
    Own("databricks-token", ("dapi",), rf"{_START}dapi[0-9a-f]{{32}}(?:-\d)?"),
    Own("huggingface-token", ("hf_",), rf"{_START}hf_[A-Za-z0-9]{{30,}}"),
    Own("shopify-token", ("shp",), r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    Own("telegram-token", (":AA",), r"(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{32,}"),
    Own(
        "discord-bot-token",
        (".",),
        rf"{_START}[MNO](?=[A-Za-z_-]{{0,22}}\d)[A-Za-z0-9_-]{{23,27}}"
        r"\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}",
    ),
    Own("vault-token", ("hvs.", "hvb.", "hvr."), rf"{_START}hv[sbr]\.[A-Za-z0-9_-]{{24,}}"),
    Own("grafana-token", ("glsa_", "glc_"), rf"{_START}gl(?:sa|c)_[A-Za-z0-9+/=_]{{32,}}"),
    Own("linear-key", ("lin_",), r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    Own("groq-key", ("gsk_",), rf"{_START}gsk_[A-Za-z0-9]{{40,}}"),
    Own("xai-key", ("xai-",), rf"{_START}xai-[A-Za-z0-9]{{60,}}"),
    Own("perplexity-key", ("pplx-",), rf"{_START}pplx-[A-Za-z0-9]{{40,}}"),
    Own("replicate-token", ("r8_",), rf"{_START}r8_[A-Za-z0-9]{{30,}}"),
    Own("postman-key", ("PMAK-",), r"PMAK-[0-9a-f]{20,}-[0-9a-f]{30,}"),
    Own("atlassian-token", ("ATATT", "ATCTT"), r"AT[AC]TT3[A-Za-z0-9_=-]{30,}"),
)

# All words: without any of them in a text no rule is asked.
WORDS = tuple(dict.fromkeys(word for rule in RULES for word in rule.words))
