"""OpenStack's Redfish emulator with its fake driver, over TLS, with a file of users: its configuration and command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.discovery.redfish.service import certificate

UUID, MAC = "7f1c0e52-3a6b-4d0c-9e57-2b8f9c11d2a4", "00:5c:52:31:3a:9c"
PROGRAM = Path(sys.executable).with_name("sushy-emulator")
USER, PASSWORD = "admin", "password"
CONFIGURATION = f"""
SUSHY_EMULATOR_AUTH_FILE = "{{folder}}/users"
SUSHY_EMULATOR_STATE_DIR = "{{folder}}"
SUSHY_EMULATOR_FAKE_DRIVER = True
SUSHY_EMULATOR_FEATURE_SET = "full"
SUSHY_EMULATOR_FAKE_SYSTEMS = [{{{{
    "uuid": "{UUID}", "name": "node-7", "power_state": "On", "external_notifier": False,
    "nics": [{{{{"mac": "{MAC}", "ip": "172.22.0.100"}}}}],
}}}}]
"""


def needed() -> None:
    """Skip where it is not installed."""
    pytest.importorskip("bcrypt", reason="bcrypt is not installed (a part of sushy-tools)")
    if not PROGRAM.exists():
        pytest.skip("sushy-emulator is not installed (of the development group)")


def configured(folder: Path, address: str, port: int) -> list[str]:
    """Write its files and return what starts it."""
    import bcrypt

    (folder / "users").write_text(f"{USER}:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}\n")
    (folder / "emulator.py").write_text(CONFIGURATION.format(folder=folder))
    shown, secret = certificate(folder, "bmc")
    return [str(PROGRAM), "--config", str(folder / "emulator.py"), "--fake", "-i", address, "-p", str(port),
            "--ssl-certificate", str(shown), "--ssl-key", str(secret)]  # fmt: skip
