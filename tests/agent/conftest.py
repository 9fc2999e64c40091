"""A small collector on loopback, and a folder for the agent's state."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.server import Collector


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    collector.start()
    yield collector
    collector.stop()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


class Relay:
    """Passes TCP on to a port and counts what the client sent, so a test can see that it said nothing."""

    def __init__(self, port: int) -> None:
        self._to, self.sent = port, bytearray()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", self._to))
            for source, sink, is_client in ((client, upstream, True), (upstream, client, False)):
                threading.Thread(target=self._pass_on, args=(source, sink, is_client), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, is_client: bool) -> None:
        try:
            while data := source.recv(65_536):
                if is_client:
                    self.sent += data
                sink.sendall(data)
        except OSError:
            pass
        for each in (source, sink):
            each.close()

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def relay(collector: Collector) -> Iterator[Relay]:
    relay = Relay(collector.enrol_port)
    yield relay
    relay.close()
