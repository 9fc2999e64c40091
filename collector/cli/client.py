"""Talks to the collector on this machine: address and token stand in its data folder, for its owner only."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer

LOCAL_FILE = "local.json"

Data = Annotated[Path, typer.Option("--data", envvar="MUSTER_DATA", help="The collector's data folder.")]
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

    def __init__(self, data: Path) -> None:
        try:
            local = json.loads((data / LOCAL_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CollectorUnreachable(
                f"no collector has run with the data folder {data} (start one with ./muster up)"
            ) from error
        self._http = httpx2.Client(
            base_url=local["url"], headers={"Authorization": f"Bearer {local['token']}"}, timeout=30.0, trust_env=False
        )

    @property
    def url(self) -> str:
        return str(self._http.base_url).rstrip("/")

    def get(self, path: str, **query: Any) -> Any:
        return self._answer("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Any = None) -> Any:
        return self._answer("POST", path, json=body or {})

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
            response = self._http.request(method, f"/api/v1/{path}", **options)
        except httpx2.HTTPError as error:
            raise CollectorUnreachable(f"no collector answers at {self._http.base_url}: is it running?") from error
        if response.status_code >= 400:
            raise Refused(_problem(response))
        return response.json() if response.content else None


def _problem(response: httpx2.Response) -> str:
    try:
        problem = response.json()
        return str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError):
        return f"the collector answered {response.status_code}"


def write_local(data: Path, url: str, token: str) -> None:
    """Leave address and token for the commands on this machine; only the owner may read them."""
    file = data / LOCAL_FILE
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump({"url": url, "token": token}, out)
    fresh.replace(file)


def read_local_token(data: Path) -> str | None:
    """Return the token left there before, None when there is none that can be read."""
    try:
        return str(json.loads((data / LOCAL_FILE).read_text(encoding="utf-8"))["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
