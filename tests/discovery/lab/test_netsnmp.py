"""The lab asked by net-snmp's own tools: another reading of the same standards."""

from __future__ import annotations

import asyncio
import shutil
import tempfile

import pytest

from tests.discovery.lab.asking import ACCESS, CORE, SYSTEM, USER, told

pytestmark = pytest.mark.skipif(
    shutil.which("snmpbulkwalk") is None, reason="snmpbulkwalk is not installed (Debian: apt-get install snmp)"
)
V3 = [
    "-v3",
    "-l",
    "authPriv",
    "-u",
    USER.name,
    "-a",
    "SHA-256",
    "-A",
    USER.auth_secret,
    "-x",
    "AES",
    "-X",
    USER.priv_secret,
]
WAYS = {"v1": ["-v1", "-c", "any"], "v2c": ["-v2c", "-c", "any"], "v3": V3}


async def run(tool, *words):
    """Run a tool of net-snmp, which wants a folder to keep things in; return its status and what it said of SNMP."""
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            tool, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={"MIBS": "", "PATH": "/usr/bin:/bin", "SNMP_PERSISTENT_DIR": folder},
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    said = [line for line in out.decode().splitlines(True) if not line.startswith("Created directory")]
    return process.returncode, "".join(said)


def instances(out):
    return [line.split(" ", 1)[0].removeprefix(".") for line in out.splitlines() if line.startswith(".1.")]


@pytest.mark.parametrize("way", WAYS)
async def test_a_get_tells_the_name(lab, way):
    status, out = await run("snmpget", *WAYS[way], "-On", f"{CORE}:{lab.port}", f"{SYSTEM}5.0")
    assert (status, out) == (0, f'.{SYSTEM}5.0 = STRING: "bj-core-01"\n')


@pytest.mark.parametrize("way", ["v2c", "v3"])
async def test_a_bulk_walk_tells_all_there_is(lab, way):
    status, out = await run("snmpbulkwalk", *WAYS[way], "-On", f"{ACCESS}:{lab.port}", "1.3.6.1.2.1")
    known = {each for each in told(lab.devices[ACCESS]) if each.startswith("1.3.6.1.2.1.")}
    assert status == 0
    assert len(instances(out)) == len(known)
    assert set(instances(out)) == known


async def test_a_walk_of_version_1_tells_all_but_what_it_cannot(lab):
    status, out = await run("snmpwalk", *WAYS["v1"], "-On", f"{ACCESS}:{lab.port}", "1.3.6.1.2.1")
    known = {
        each
        for each, value in told(lab.devices[ACCESS]).items()
        if each.startswith("1.3.6.1.2.1.") and value[0] != 0x46
    }
    assert status == 0
    assert set(instances(out)) == known


async def test_types_are_what_the_mibs_say(lab):
    asked = ["1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.2.1.5.5", "1.3.6.1.2.1.2.2.1.10.5",
             "1.3.6.1.2.1.31.1.1.1.6.5", "1.3.6.1.2.1.4.20.1.1.10.17.0.1"]  # fmt: skip
    _, out = await run("snmpget", *WAYS["v2c"], "-On", f"{CORE}:{lab.port}", *asked)
    kinds = [line.partition(" = ")[2].partition(":")[0] for line in out.splitlines()]
    assert kinds == ["OID", "Timeticks", "Gauge32", "Counter32", "Counter64", "IpAddress"]


async def test_a_wrong_key_is_not_let_in(lab):
    wrong = [*V3[:-5], "larch-cedar-0000", *V3[-4:]]
    status, out = await run("snmpget", *wrong, "-r0", "-t2", "-On", f"{CORE}:{lab.port}", f"{SYSTEM}5.0")
    assert status != 0
    assert "Authentication failure" in out


async def test_a_set_is_refused(lab):
    status, out = await run("snmpset", *WAYS["v2c"], f"{CORE}:{lab.port}", f"{SYSTEM}5.0", "s", "renamed")
    assert status != 0
    assert "notWritable" in out
