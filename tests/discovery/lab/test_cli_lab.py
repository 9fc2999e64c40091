"""`muster-discover lab` as a program: it serves until it is told to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from discovery.snmp import Community, Engine, Session, User
from tests.discovery.lab.asking import SYSTEM
from tests.discovery.lab.test_recorded import SNMPREC

PROGRAM = [sys.executable, "-c", "from discovery.cli import main; main()", "lab"]
CREDENTIALS = """credentials:
  - {id: roster, kind: snmp_community, community: roster, scope: {ranges: [127.64.0.0/16]}}
  - {id: audit, kind: snmp_user, user: auditor, auth: sha256, auth_secret: larch-cedar-4417, priv: aes128,
     priv_secret: birch-maple-9035, scope: {ranges: [127.64.0.0/16]}}
  - {id: shell, kind: ssh_password, user: auditor, password: larch-cedar-4417, scope: {ranges: [127.64.0.0/16]}}
"""
USER = User("auditor", "sha256", "larch-cedar-4417", "aes128", "birch-maple-9035")


@pytest.fixture
def started():
    """Start the program; what it started ends with the test, with status 0."""
    running = []

    def start(*words):
        process = subprocess.Popen([*PROGRAM, *words, "--port", "0", "--json"], stdout=subprocess.PIPE, text=True)
        running.append(process)
        devices = []
        while "port" not in (line := json.loads(process.stdout.readline())):
            devices.append(line)
        return devices, line

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        process.stdout.close()


async def asked(where, credential, address="127.64.0.1"):
    engine = Engine()
    try:
        return await Session(engine, (address, where["port"]), credential).get(f"{SYSTEM}5.0", f"{SYSTEM}1.0")
    finally:
        engine.close()


async def test_without_recordings_it_is_an_estate(started):
    devices, where = started("--devices", "12", "--lazy")
    assert [each["source"] for each in devices[:2]] == ["estate/bj-core-01", "estate/bj-acc-01"]
    assert where == {"devices": 12, "port": where["port"], "ssh_port": None}
    assert (await asked(where, Community("any")))[f"{SYSTEM}5.0"] == b"bj-core-01"


async def test_recordings_are_served_one_an_address(started, tmp_path):
    (tmp_path / "a.snmprec").write_bytes(SNMPREC)
    devices, where = started("--recordings", str(tmp_path), "--devices", "3", "--first", "127.64.7.1")
    assert [each["address"] for each in devices] == ["127.64.7.1", "127.64.7.2", "127.64.7.3"]
    assert (await asked(where, Community("any"), "127.64.7.3"))[f"{SYSTEM}1.0"] == b"a switch\r\n"


async def test_a_file_of_credentials_says_who_is_let_in(started, tmp_path):
    file = tmp_path / "credentials.yaml"
    file.write_text(CREDENTIALS)
    os.chmod(file, 0o600)
    _, where = started("--devices", "3", "--credentials", str(file), "--ssh-port", "0")
    assert where["ssh_port"]
    for credential in (Community("roster"), USER):
        assert (await asked(where, credential))[f"{SYSTEM}5.0"] == b"bj-core-01"


def run(*words):
    return subprocess.run([*PROGRAM, *words], capture_output=True, text=True, timeout=60)


async def test_a_command_reaches_a_running_lab(started, tmp_path):
    path = str(tmp_path / "lab.sock")
    _, where = started("--devices", "3", "--control", path)
    edit = {"do": "edit", "address": "127.64.0.1", "oid": f"{SYSTEM}5.0", "value": "renamed"}
    done = run("--control", path, "--do", json.dumps(edit))
    assert (done.returncode, json.loads(done.stdout)) == (0, {"ok": True, "result": None})
    assert (await asked(where, Community("any")))[f"{SYSTEM}5.0"] == b"renamed"
    assert run("--control", path, "--do", '{"do": "explode"}').returncode == 1


@pytest.mark.parametrize(("words", "why"), [
    (["--recordings", "/nonexistent"], "no recordings"), (["--first", "10.0.0.1"], "not enough addresses"),
    (["--do", "{}"], "needs --control"), (["--control", "/nonexistent/lab.sock", "--do", "{}"], "No such file"),
    (["--devices", "5001"], "1 to 5000"),
])  # fmt: skip
def test_what_cannot_be_served_is_said_in_a_line(words, why):
    done = run(*words)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr
