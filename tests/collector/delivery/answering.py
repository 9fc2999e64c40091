"""A real HTTP server on loopback that plays an exchange: each request is checked, each answer is the next one."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request as it came in; `value`: its JSON, or its form as it was."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    value: Any


@dataclass
class Answering:
    """`answers`: (status, JSON, headers) from the front, one a request; 500 when there are none left."""

    answers: list[tuple[Any, ...]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        playing = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                playing.play(self)

            do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815  http.server looks for these names

            def log_message(self, format: str, *args: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def play(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        parts = urlsplit(request.path)
        is_json = "json" in (request.headers.get("Content-Type") or "")
        value = (
            json.loads(body) if is_json and body else {name: each[0] for name, each in parse_qs(body.decode()).items()}
        )
        query = {name: each[0] for name, each in parse_qs(parts.query).items()}
        self.asked.append(Asked(request.command, parts.path, query, dict(request.headers), value))
        status, said, *more = self.answers.pop(0) if self.answers else (500, {})
        content = b"" if status == 204 else json.dumps(said).encode()
        request.send_response(status)
        for name, header in (more[0] if more else {}).items():
            request.send_header(name, header)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
