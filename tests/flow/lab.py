"""`muster-discover lab` as a program: a few devices on loopback addresses that one community reads."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMUNITY = "larch-and-cedar"
USER, PASSWORD = "inspector", "spruce-and-willow"


class Lab:
    """Runs until `close`. `addresses` in order, `port` of SNMP, `ssh_port` of those that are network gear."""

    def __init__(self, folder: Path, first: str, devices: int) -> None:
        credentials = folder / "lab.yaml"
        credentials.write_text(json.dumps({"credentials": [
            {"id": "all", "kind": "snmp_community", "community": COMMUNITY, "scope": {"ranges": ["127.0.0.0/8"]}},
            {"id": "in", "kind": "ssh_password", "user": USER, "password": PASSWORD,
             "scope": {"ranges": ["127.0.0.0/8"]}},
        ]}))  # fmt: skip
        credentials.chmod(0o600)
        self._control = folder / "lab.sock"
        program = [sys.executable, "-c", "from discovery.cli import main; main()", "lab"]
        words = ["--devices", str(devices), "--first", first, "--port", "0", "--credentials", str(credentials),
                 "--ssh-port", "0", "--control", str(self._control), "--json"]  # fmt: skip
        self._popen = subprocess.Popen([*program, *words], stdout=subprocess.PIPE, text=True)
        self.addresses: list[str] = []
        try:
            self.port = self._await_start()
        except ValueError:
            self.close()
            raise

    def _await_start(self) -> int:
        """Return the port once it answers; raise ValueError when it has ended instead."""
        assert self._popen.stdout is not None
        while "port" not in (line := json.loads(self._popen.stdout.readline())):
            self.addresses.append(line["address"])
        self.ssh_port = int(line["ssh_port"])
        return int(line["port"])

    def do(self, **command: Any) -> None:
        """Send the lab a command, as `muster-discover lab --do` does."""
        from discovery.lab.control import tell

        assert tell(self._control, json.dumps(command))["ok"]

    def asked(self) -> dict[str, int]:
        """Return how many questions each address was asked so far."""
        from discovery.lab.control import tell

        told = tell(self._control, json.dumps({"do": "status", "address": "*"}))["result"]
        return {address: each["asked"] for address, each in told.items()}

    def close(self) -> None:
        self._popen.send_signal(signal.SIGTERM)
        self._popen.wait(20)
        assert self._popen.stdout is not None
        self._popen.stdout.close()
