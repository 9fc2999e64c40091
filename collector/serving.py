"""The HTTP server, on a socket that was bound before anything else was opened."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from collector.starting import CannotStart


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; raise `CannotStart` when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"port {port} on {host} cannot be had: {error.strerror}; choose another with --http"
        ) from error
    return listener


class Serving:
    """Serves an application until it is stopped."""

    def __init__(self, app: FastAPI, http: socket.socket) -> None:
        config = uvicorn.Config(
            app, log_config=None, lifespan="off", access_log=False, server_header=False, timeout_graceful_shutdown=3,
            limit_concurrency=500, h11_max_incomplete_event_size=65_536,
        )  # fmt: skip
        self._server = _Quiet(config)
        self._http = http

    async def serve(self) -> None:
        await self._server.serve(sockets=[self._http])

    async def until_ready(self) -> None:
        while not self._server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
            await asyncio.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True


class _Quiet(uvicorn.Server):
    """Leaves signals to whoever composed it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
