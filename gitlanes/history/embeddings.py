"""Vectors from an endpoint that speaks OpenAI's embeddings protocol.

See https://platform.openai.com/docs/api-reference/embeddings. Where it is, and which variable
has its key, only git's configuration says: what comes with a clone must not send anybody's
prompts or keys anywhere.
"""

from __future__ import annotations

import ipaddress
import json
import math
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gitlanes.errors import EndpointFailed, Refused

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

URL = "lanes.embeddingsurl"
_MODEL = "lanes.embeddingsmodel"
_KEY = "lanes.embeddingskeyvariable"
_TIMEOUT = 60
_MOST_BYTES = 256 << 20
# Characters of a text that are sent: endpoints refuse what is longer than their models read.
_LONGEST = 8000
_HINT = "see 'git lanes config lanes.embeddingsUrl'; without it words are compared"


class Endpoint:
    """An endpoint with its model and key, as git's configuration has them."""

    AT_ONCE = 64

    def __init__(self, url: str, model: str, key: str | None):
        self.url = url
        self.model = model
        self._key = key

    @classmethod
    def of(cls, repo: LaneRepo) -> Endpoint | None:
        """Return the configured endpoint, None without one; raises Refused for one of no use."""
        settings = repo.own_settings
        url, model = settings.text(URL), settings.text(_MODEL)
        if not url:
            return None
        if not model:
            raise Refused(
                "lanes.embeddingsModel is not set", hint="lanes.embeddingsUrl needs a model"
            )
        variable = settings.text(_KEY)
        key = repo.git.environ.get(variable) if variable else None
        if variable and not key:
            raise Refused(
                f"the environment has no '{variable[:60]}'",
                hint="lanes.embeddingsKeyVariable names the variable that has the key",
            )
        _require_url(url, key)
        return cls(url, model, key)

    def vectors(self, texts: Sequence[str]) -> list[list[float]]:
        """Return the vectors of at most `AT_ONCE` texts; raises EndpointFailed."""
        body = {"model": self.model, "input": [x[:_LONGEST] or " " for x in texts]}
        answer = self._post(json.dumps(body).encode())
        try:
            rows = sorted(json.loads(answer)["data"], key=lambda x: int(x["index"]))
            found = [[float(x) for x in row["embedding"]] for row in rows]
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise self._failed("did not answer with embeddings") from error
        finite = all(math.isfinite(x) for vector in found for x in vector)
        if len(found) != len(texts) or len({len(x) for x in found}) > 1 or not finite:
            raise self._failed("did not answer with one embedding for each text")
        return found

    def _post(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self.url, body, headers, method="POST")
        try:
            with _OPENER.open(request, timeout=_TIMEOUT) as answer:
                data: bytes = answer.read(_MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            raise self._failed(f"answered {error.code}") from error
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise self._failed(f"cannot be asked: {reason}") from None
        if len(data) > _MOST_BYTES:
            raise self._failed("answered more than 256 MiB")
        return data

    def _failed(self, what: str) -> EndpointFailed:
        return EndpointFailed(f"embeddings endpoint '{self.url}' {what}", hint=_HINT)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the key and the prompts are for the configured place alone."""

    def redirect_request(self, *_: Any) -> None:
        """Let a redirect be the error that it is to us."""


_OPENER = urllib.request.build_opener(_NoRedirects)


def _require_url(url: str, key: str | None) -> None:
    """Raise Refused for what is no web address, and where the key would go unencrypted."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = None
    if not sound or not url.isascii() or not url.isprintable() or " " in url or "@" in parts.netloc:
        raise Refused(
            "lanes.embeddingsUrl is no web address",
            hint="it is like https://HOST/v1/embeddings, without a user or a key",
        )
    if key is not None and parts.scheme == "http" and not _is_here(str(parts.hostname)):
        raise Refused(
            "lanes.embeddingsUrl would send the key unencrypted", hint="use an https address"
        )


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
