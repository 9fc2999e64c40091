"""A real HTTP server on loopback that answers by a script of exchanges and remembers what it was asked.

The scripts in `exchanges/` are written from the vendors' public documentation of their interfaces; they were not
captured from a running system.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

FOLDER = Path(__file__).parent / "exchanges"


@dataclass
class Asked:
    """One request as it came in; `said`: what its address and its form say."""

    method: str
    path: str
    said: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class Turn:
    """An answer to requests of a path that say at least `said`. `once`: the first time only."""

    path: str
    body: Any
    said: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    once: bool = False

    def fits(self, asked: Asked) -> bool:
        return self.path == asked.path and all(_says(asked.said.get(name), part) for name, part in self.said.items())

    @property
    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()


def _says(said: str | None, part: str) -> bool:
    """Return whether a parameter is as the script has it; `~` before it: contains it."""
    return said is not None and (part[1:] in said if part.startswith("~") else said == part)


@dataclass
class Player:
    """Answers each request with the first turn that fits; 404 where none does."""

    turns: list[Turn] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        player = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                player.answer(self, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                player.answer(self, parse_qs(body))

            def log_message(self, format: str, *args: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def play(self, name: str) -> None:
        """Answer as the script `name` has it."""
        for each in json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")):
            self.turns.append(Turn(**each))

    def answer(self, request: BaseHTTPRequestHandler, form: Mapping[str, list[str]]) -> None:
        parts = urlsplit(request.path)
        said = {name: values[0] for name, values in {**parse_qs(parts.query), **form}.items()}
        asked = Asked(request.command, parts.path, said, dict(request.headers))
        self.asked.append(asked)
        turn = next((each for each in self.turns if each.fits(asked)), Turn("", ["nothing is here"], status=404))
        if turn.once:
            self.turns.remove(turn)
        raw = turn.raw
        try:
            request.send_response(turn.status)
            for name, value in {
                "Content-Type": "application/json", "Content-Length": str(len(raw)), **turn.headers,
            }.items():  # fmt: skip
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(raw)
        except OSError:
            request.close_connection = True  # the client had enough

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
