"""Talks to the collector on this machine: address and token stand in its data folder, for its owner only."""

from __future__ import annotations

import json
import os
import time
import uuid
import weakref
from pathlib import Path
from typing import IO, Annotated, Any

import httpx2
import typer

LOCAL_FILE = "local.json"
TOKEN, AUDITOR_TOKEN = "token", "auditor_token"
"""Two, because nobody who administers reads the audit log; who owns the data folder owns both."""
WAITED_S = {TOKEN: 30.0, AUDITOR_TOKEN: 600.0}
"""To check millions of rows takes its time."""
AGAIN_S = (0.5, 1.0, 2.0, 4.0)
"""Pauses before what broke off is asked again, under its key."""

Data = Annotated[Path, typer.Option("--data", envvar="MUSTER_DATA", help="The collector's data folder.")]
AsOf = Annotated[str | None, typer.Option("--at", help="As it stood at this moment, RFC 3339.")]
KnownAt = Annotated[str | None, typer.Option("--known-at", help="As far as it was known at this moment, RFC 3339.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def default_data() -> Path:
    """Return where `up` puts its data when nothing else is said."""
    return Path("var")


class CollectorUnreachable(Exception):
    """No collector answers."""

    exit_code = 6


class Refused(Exception):
    """The collector answered that it will not."""

    exit_code = 7


class Client:
    """The REST API of one collector."""

    def __init__(self, data: Path, token: str = TOKEN) -> None:
        """Speak with one of the tokens that were left for this machine's owner."""
        try:
            local = json.loads((data / LOCAL_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CollectorUnreachable(
                f"no collector has run with the data folder {data} (start one with ./muster up)"
            ) from error
        self._http = httpx2.Client(
            base_url=local["url"], headers={"Authorization": f"Bearer {local.get(token, '')}"}, trust_env=False,
            timeout=WAITED_S[token],
        )  # fmt: skip
        weakref.finalize(self, self._http.close)

    @property
    def url(self) -> str:
        return str(self._http.base_url).rstrip("/")

    def get(self, path: str, **query: Any) -> Any:
        return self._answer("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Any = None) -> Any:
        return self._answer("POST", path, json=body or {})

    def post_and_wait(self, path: str, body: Any = None) -> Any:
        """Post what takes its time."""
        return self._answer("POST", path, json=body or {}, timeout=WAITED_S[AUDITOR_TOKEN])

    def send(self, path: str, file: Path, **query: Any) -> Any:
        """Send a whole file, piece by piece."""
        try:
            with file.open("rb") as opened:
                return self._answer("POST", path, params=query, content=opened, timeout=WAITED_S[AUDITOR_TOKEN])
        except OSError as error:
            raise Refused(f"{file}: {error.strerror}") from error

    def post_form(self, path: str, fields: dict[str, str], photo: Path | None = None) -> Any:
        """Post a form, with a photo where there is one."""
        try:
            files = {"photo": (photo.name, photo.read_bytes())} if photo else None
        except OSError as error:
            raise Refused(f"{photo}: {error.strerror}") from error
        return self._answer("POST", path, data=fields, files=files)

    def download(self, path: str, out: IO[bytes], body: Any = None, **query: Any) -> None:
        """Write what is answered to `out`, piece by piece; with a body it is posted."""
        given = {name: value for name, value in query.items() if value is not None}
        try:
            with self._http.stream(
                "GET" if body is None else "POST", f"/api/v1/{path}", params=given, json=body,
                timeout=WAITED_S[AUDITOR_TOKEN],
            ) as answer:  # fmt: skip
                if answer.status_code >= 400:
                    answer.read()
                    raise Refused(_problem(answer))
                for piece in answer.iter_bytes():
                    out.write(piece)
        except httpx2.HTTPError as error:
            raise CollectorUnreachable(f"{self.url} did not answer to the end: {error}") from error

    def put(self, path: str, body: Any) -> None:
        self._answer("PUT", path, json=body)

    def delete(self, path: str) -> None:
        self._answer("DELETE", path)

    def pages(self, path: str, limit: int, **query: Any) -> list[Any]:
        """Return up to `limit` items, following cursors."""
        items: list[Any] = []
        cursor = None
        while len(items) < limit:
            page = self.get(path, cursor=cursor, limit=min(200, limit - len(items)), **query)
            items += page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                break
        return items

    def _answer(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._asked(method, f"/api/v1/{path}", **options)
        except httpx2.HTTPError as error:
            raise CollectorUnreachable(f"no collector answers at {self._http.base_url}: is it running?") from error
        if response.status_code >= 400:
            raise Refused(_problem(response))
        if response.headers.get("content-type", "").startswith("text/plain"):
            return response.text
        return response.json() if response.content else None

    def _asked(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Return the answer. What is posted has a key, so where the connection breaks off it can be asked again.

        A file is sent once: it is read while it is sent.
        """
        request = self._http.build_request(method, path, **options)
        if method != "POST" or "content" in options:
            return self._http.send(request)
        request.headers["Idempotency-Key"] = uuid.uuid4().hex
        try:
            return self._http.send(request)
        except _BROKEN_OFF as error:
            return self._asked_again(request, error)

    def _asked_again(self, request: httpx2.Request, error: httpx2.HTTPError) -> httpx2.Response:
        for pause_s in AGAIN_S:
            time.sleep(pause_s)
            try:
                return self._http.send(request)
            except (*_BROKEN_OFF, httpx2.ConnectError) as another:  # it may be starting anew
                error = another
        raise error


_BROKEN_OFF = (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError)


def _problem(response: httpx2.Response) -> str:
    try:
        problem = response.json()
        return str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError):
        return f"the collector answered {response.status_code}"


def write_local(data: Path, url: str, token: str, auditor_token: str = "") -> None:
    """Leave address and tokens for the commands on this machine; only the owner may read them."""
    file = data / LOCAL_FILE
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump({"url": url, TOKEN: token, AUDITOR_TOKEN: auditor_token}, out)
    fresh.replace(file)


def read_local_token(data: Path, name: str = TOKEN) -> str | None:
    """Return the token left there before, None when there is none that can be read."""
    try:
        return str(json.loads((data / LOCAL_FILE).read_text(encoding="utf-8"))[name])
    except (OSError, ValueError, KeyError, TypeError):
        return None
