"""Fake keys of many vendors, put together at run time, so that no scanner finds them in here."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable

_ALNUM = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"


def keys(seed: int = 0) -> dict[str, str]:
    """Return {what it is: key}, other ones for each seed."""
    dice = random.Random(seed)

    def some(length: int, of: str = _ALNUM) -> str:
        return "".join(dice.choice(of) for _ in range(length))

    return {
        "aws id": "AK" + "IA" + some(16, string.ascii_uppercase + "234567"),
        "aws session id": "AS" + "IA" + some(16, string.ascii_uppercase + "234567"),
        "github classic": "gh" + "p_" + some(36),
        "github app": "gh" + "s_" + some(36),
        "github fine": "github" + "_pat_" + some(22) + "_" + some(59),
        "gitlab": "gl" + "pat-" + some(20),
        "slack bot": f"xo{'xb'}-{some(12, '123')}-{some(12, '456')}-{some(24)}",
        "slack app": f"xa{'pp'}-1-A{some(10, '123')}-{some(13, '456')}-{some(64, _HEX)}",
        "stripe": "sk_" + "live_" + some(24),
        "stripe long": "rk_" + "live_" + some(99),
        "google": "AI" + "za" + some(35, _ALNUM + "-_"),
        "google secret": "GOC" + "SPX-" + some(28, _ALNUM + "-_"),
        "openai old": "sk" + "-" + some(20) + "T3Blb" + "kFJ" + some(20),
        "openai": "sk" + "-proj-" + some(80, _ALNUM + "-_") + "A1",
        "anthropic": "sk" + "-ant-api03-" + some(90, _ALNUM + "-_") + "AA",
        "npm": "np" + "m_" + some(36),
        "pypi": "py" + "pi-AgEIcHlwaS5vcmc" + some(70, _ALNUM + "-_"),
        "azure storage": some(86) + "==",
        "azure client": some(3) + "8Q" + "~" + some(34, _ALNUM + "_~."),
        "jwt": _jwt(some),
        "twilio key": "S" + "K" + some(32, _HEX),
        "twilio account": "A" + "C" + some(32, _HEX),
        "sendgrid": "SG" + "." + some(22) + "." + some(43, _ALNUM + "-_"),
        "mailchimp": some(31, _HEX) + "7" + "-us" + "12",
        "hugging face": "hf" + "_" + some(34),
        "digitalocean": "do" + "p_v1_" + some(64, _HEX),
        "telegram": some(9, "123456789") + ":A" + "A" + some(33),
        "vault": "hv" + "s." + some(90),
        "age": "AGE-SECRET" + "-KEY-1" + some(58, string.ascii_uppercase + string.digits),
        "square": "sq0" + "csp-" + some(43),
        "discord": "M" + some(23) + "." + some(6) + "." + some(27),
        "supabase": "sb" + "p_" + some(40, _HEX),
        "new relic": "NR" + "AK-" + some(27, string.ascii_uppercase + string.digits),
        "doppler": "dp" + ".pt." + some(43),
        "planetscale": "pscale" + "_tkn_" + some(43),
        "figma": "fi" + "gd_" + some(40),
        "notion": "nt" + "n_" + some(46),
        "notion old": "secret" + "_" + some(43),
        "airtable": "pa" + "t" + some(14) + "." + some(64, _HEX),
        "netlify": "nf" + "p_" + some(36),
        "sentry": "sntr" + "ys_" + some(60),
        "terraform": some(14) + ".atlas" + "v1." + some(67),
        "nvidia": "nv" + "api-" + some(64),
        "tavily": "tv" + "ly-" + some(32),
        "langsmith": "ls" + "v2_pt_" + some(32, _HEX) + "_" + some(10, _HEX),
        "cerebras": "cs" + "k-" + some(48),
        "bitbucket": "AT" + "BB" + some(32),
        "pulumi": "pu" + "l-" + some(40, _HEX),
        "fly": "fm" + "2_" + some(90),
        "facebook": "EA" + "A" + some(99) + "7",
        "google refresh": "1/" + "/0" + some(60),
    }


def named(seed: int = 0) -> dict[str, tuple[str, str]]:
    """Return {what it is: (text, the secret in it)} for what only its place tells."""
    dice = random.Random(f"named {seed}")

    def some(length: int, of: str = _ALNUM) -> str:
        return "".join(dice.choice(of) for _ in range(length - 1)) + "7"

    found = {
        "password": ("password" + "={}", some(12)),
        "yaml": ("  db_password" + ": {}", some(10)),
        "api key": ("api_key" + ': "{}"', some(24)),
        "json": ('{{"client_secret"' + ': "{}"}}', some(32)),
        "environment": ("export PGPASSWORD" + "={}", some(9)),
        "option": ("tool --pass" + "word {} run", some(12)),
        "aws secret": ("aws_secret_access_key" + " = {}", some(40, _ALNUM + "/+")),
        "url": ("postgres://app:" + "{}@db.internal:5432/app", some(14)),
        "url with signs": ("https://me:" + "{}@host/path", some(9) + "!$x"),
        "bearer": ("Authorization: " + "Bearer {}", some(40)),
        "basic": ("Authorization: " + "Basic {}", base64.b64encode(some(18).encode()).decode()),
        "curl": ("curl -u bob:" + "{} https://host/", some(12)),
        "slack hook": (
            "https://hooks.sla" + "ck.com/services/{}",
            f"T{some(9)}/B{some(9)}/{some(24)}",
        ),
        "discord hook": ("https://discord.com/api/web" + "hooks/1234567890/{}", some(68)),
        "teams hook": ("https://x.webhook.office" + ".com/webhookb2/{}", some(60)),
        "netrc": ("machine host.net login me pass" + "word {}", some(14)),
        "xml": ("<db.pass" + "word>{}</db.password>", some(14)),
        "block": ("pass" + "word: |\n  {}", some(14)),
        "sshpass": ("sshpass" + " -p {} ssh me@host", some(9)),
        "azure key": ("AccountName=x;Account" + "Key={}", some(86) + "=="),
        "npmrc": ("//registry.npmjs.org/:_auth" + "Token={}", some(36)),
    }
    return {what: (text.format(secret), secret) for what, (text, secret) in found.items()}


def private_key(seed: int = 0, kind: str = "RSA ") -> tuple[str, list[str]]:
    """Return a key block, and the lines of it that are secret."""
    dice = random.Random(f"block {seed}")
    lines = ["".join(dice.choice(_ALNUM + "+/") for _ in range(64)) for _ in range(6)]
    label = f"{kind}PRIVATE" + " KEY-----"
    return "\n".join([f"-----BEGIN {label}", *lines, f"-----END {label}"]), lines


def _jwt(some: Callable[[int], str]) -> str:
    said = ({"alg": "HS256", "typ": "JWT"}, {"sub": "1234567890", "admin": True})
    parts = [base64.urlsafe_b64encode(json.dumps(x).encode()).decode() for x in said]
    return ".".join([*(x.rstrip("=") for x in parts), some(43)])


# What must come through byte for byte.
ORDINARY = """Fix the token refresh in src/auth/token_refresh.py, as tests/v2/test_tokens.py says
see 1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d, since 0123456
and task-01a1fd43-c67b-72f2-8868-c63266debdd7 or 01A1FD43-C67B-72F2-8868-C63266DEBDD7
Change-Id: I1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d
release v1.2.3-rc1+build.20261128, aGVsbG8gd29ybGQ=
sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
https://example.com/a/b?c=d#e ssh://git@host:22/x.git git@github.com:o/r.git http://localhost:8080/
def login(password: str, token: str | None = None, api_key=settings.API_KEY): ...
PASSWORD=$DB_PASSWORD token=${{ secrets.TOKEN }} secret=os.environ["SECRET"] pwd=/home/me/work
the secret: handle errors early; token: the parser's word; max_tokens=150000, input_tokens: 1200
rotate the aws key used since 1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d
aws keys are read in services/payments/internal/awskeyloader
password must be at least 8 characters, "password": "is wrong, try again"
a file starts with -----BEGIN PUBLIC KEY----- or with -----BEGIN CERTIFICATE-----
lanes sk-learn-pipeline-v2-refactoring-of-2026, hf_tokens and glpat-token-rotation-in-ci-2026
both --username and --password options or --token instead, f"password={password!r} token={0}:{1}"
the form is scheme://[user:passwd@]host and password=":****", see | token | string | required |
HTTPServerErrorHandlerFactory com.example.project.module.ClassNameThatIsVeryLong skip-this-test"""
