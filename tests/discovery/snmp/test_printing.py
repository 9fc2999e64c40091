"""What `muster-discover walk` prints, against net-snmp's own snmpbulkwalk."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import pytest
import typer
from typer.testing import CliRunner

from discovery.asking import Address, Oid
from discovery.cli.walk import walk
from discovery.snmp.ber import encode_oid
from discovery.snmp.printing import json_line, line

NAME = encode_oid("1.3.6.1.2.1.1.6.0")

app = typer.Typer()
app.command()(walk)

ROOTS = ("1.3.6.1.2.1.1", "1.3.6.1.2.1.2", "1.3.6.1.2.1.4.20", ".1.3.6.1.2.1.25.3.2", "1.3.6.1.2.1.1.5.0")
MOVING = re.compile(r"= (Counter|Gauge|Timeticks)")


@pytest.mark.parametrize(
    ("tag", "value", "expected"),
    [
        (0x02, -7, "INTEGER: -7"),
        (0x04, b"", '""'),
        (0x04, b'rack "7" \\ left', r'STRING: "rack \"7\" \\ left"'),
        (0x04, b"\x1b[2Jgone", "Hex-STRING: 1B 5B 32 4A 67 6F 6E 65 "),
        (0x06, Oid("1.3.6.1.4.1.9.1.1"), "OID: .1.3.6.1.4.1.9.1.1"),
        (0x40, Address(b"\xc0\x00\x02\x07"), "IpAddress: 192.0.2.7"),
        (0x43, 8_640_001, "Timeticks: (8640001) 1 day, 0:00:00.01"),
        (0x43, 20_000_000, "Timeticks: (20000000) 2 days, 7:33:20.00"),
        (0x46, 1 << 63, "Counter64: 9223372036854775808"),
    ],
)
def test_a_variable_is_printed_as_net_snmp_does(tag, value, expected):
    assert line((NAME, tag, value)) == f".1.3.6.1.2.1.1.6.0 = {expected}"


def test_octets_that_are_no_text_are_hexadecimal_in_json():
    assert json.loads(json_line((NAME, 0x04, b"\x00\xff"))) == {
        "oid": "1.3.6.1.2.1.1.6.0", "type": "Hex-STRING", "value": "00ff",
    }  # fmt: skip


def ours(port: int, *more: str) -> list[str]:
    told = CliRunner().invoke(app, ["127.0.0.1", "--port", str(port), "--community", "roster", *more])
    assert told.exit_code == 0, told.output
    return told.stdout.splitlines()


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("root", ROOTS)
def test_a_walk_reads_as_that_of_net_snmp(snmpd, root, version):
    program = shutil.which("snmpwalk")
    if program is None:
        pytest.skip("snmpwalk is not installed (Debian: apt-get install snmp)")
    command = [
        program,
        "-m",
        "",
        "-v",
        "1" if version == "1" else "2c",
        "-c",
        "roster",
        "-On",
        f"127.0.0.1:{snmpd}",
        root,
    ]
    theirs = subprocess.run(command, env={**os.environ, "MIBS": ""}, capture_output=True, text=True, check=True)
    expected = [each for each in theirs.stdout.splitlines() if not each.startswith("End of MIB")]
    found = ours(snmpd, root, "--version", version)
    assert len(found) >= 1
    assert still(found) == still(expected)


def still(lines: list[str]) -> list[str]:
    """Return the lines, without the values that change by themselves."""
    return [MOVING.split(each)[0] for each in lines]


def test_a_walk_as_json_is_one_object_a_line(snmpd):
    told = [json.loads(each) for each in ours(snmpd, "1.3.6.1.2.1.1.5", "--json")]
    assert told == [{"oid": "1.3.6.1.2.1.1.5.0", "type": "STRING", "value": "sw-lab-07"}]


def test_what_goes_wrong_is_one_line_with_its_remedy():
    told = CliRunner().invoke(app, ["127.0.0.300", "1.3.6"])
    assert told.exit_code == 2
    assert told.stderr.startswith("muster-discover: '127.0.0.300'")
