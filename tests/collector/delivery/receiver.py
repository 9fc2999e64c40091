"""A real HTTP server on loopback that answers as it is told and remembers what it was sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Posted:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers` are taken from the front, one a request: a status, or "silent", "close"; 204 when there are none."""

    answers: list[int | str] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    silence_s: float = 3.0
    retry_after: str = ""

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posted.append(Posted(self.path, dict(self.headers), body))
                receiver.answer(self)

            def do_GET(self) -> None:
                receiver.posted.append(Posted("GET " + self.path, dict(self.headers), b""))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    @property
    def keys(self) -> list[str]:
        return [each.headers["Idempotency-Key"] for each in self.posted]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        told = self.answers.pop(0) if self.answers else 204
        if told == "silent":
            time.sleep(self.silence_s)
        elif told == "close":
            request.close_connection = True
        else:
            request.send_response(int(told))
            if 300 <= int(told) < 400:
                request.send_header("Location", self.url + "/elsewhere")
            if self.retry_after:
                request.send_header("Retry-After", self.retry_after)
            request.send_header("Content-Length", "0")
            request.end_headers()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
