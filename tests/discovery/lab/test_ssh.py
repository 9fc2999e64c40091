"""Logins at the lab, by netmiko as the probe's SSH uses it."""

from __future__ import annotations

import asyncio
import time

import netmiko
import paramiko
import pytest

from discovery.lab import Doors, Lab
from discovery.lab.commands import do
from discovery.lab.estate import estate
from discovery.lab.running import simulated

LOGIN = ("auditor", "larch-cedar-4417")
COMMANDS = {"huawei": "display current-configuration", "hp_comware": "display current-configuration",
            "cisco_ios": "show running-config", "ruijie_os": "show running-config"}  # fmt: skip
STYLES = {"huawei": "huawei", "hp_comware": "h3c", "cisco_ios": "cisco", "ruijie_os": "ruijie"}


@pytest.fixture
async def lab():
    async with Lab(simulated(estate(48)), Doors(login=LOGIN)) as opened:
        yield opened


def of_style(lab, style):
    return next(each for each in lab.devices.values() if each.configuration.get("style") == style)


def connection(lab, device, kind, password=LOGIN[1], **more):
    return netmiko.ConnectHandler(device_type=kind, host=device.address, port=lab.ssh_port, username=LOGIN[0],
                                  password=password, use_keys=False, allow_agent=False, **more)  # fmt: skip


def configuration(lab, device, kind):
    with connection(lab, device, kind) as opened:
        return opened.send_command(COMMANDS[kind], read_timeout=30)


@pytest.mark.parametrize("kind", COMMANDS)
async def test_the_configuration_is_read_whole(lab, kind):
    device = of_style(lab, STYLES[kind])
    told = await asyncio.to_thread(configuration, lab, device, kind)
    expected = [line.rstrip() for line in device.configuration["text"].splitlines() if line.strip()]
    assert [line.rstrip() for line in told.splitlines() if line.strip()] == expected


async def test_a_configuration_edited_on_command_reads_as_edited(lab):
    device = of_style(lab, "huawei")
    before = await asyncio.to_thread(configuration, lab, device, "huawei")
    do(lab.devices, {"do": "configure", "address": device.address, "old": "unicast-server 10.16.0.10",
                     "new": "unicast-server 10.99.9.9"})  # fmt: skip
    after = await asyncio.to_thread(configuration, lab, device, "huawei")
    changed = [pair for pair in zip(before.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]
    assert changed == [(" ntp-service unicast-server 10.16.0.10", " ntp-service unicast-server 10.99.9.9")]


async def test_pages_come_one_by_one(lab):
    def read():
        with paramiko.SSHClient() as client:
            client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
            client.connect(device.address, lab.ssh_port, *LOGIN, look_for_keys=False, allow_agent=False)
            shell = client.invoke_shell()
            shell.settimeout(10)
            shell.sendall(b"display current-configuration\r")
            pages, shown = 0, b""
            while b"\nreturn\r\n" not in shown:
                shown += shell.recv(65_535)
                if shown.endswith(b"---- More ----"):
                    pages, shown = pages + 1, shown[:-14]
                    shell.sendall(b" ")
            return pages

    device = of_style(lab, "huawei")
    lines = len(device.configuration["text"].splitlines())
    assert await asyncio.to_thread(read) == (lines - 1) // 24


async def test_a_slow_device_takes_its_time_before_a_prompt(lab):
    device = of_style(lab, "huawei")
    device.prompt_delay = 0.5

    def timed():
        with connection(lab, device, "huawei") as opened:
            begun = time.monotonic()
            told = opened.send_command("display version", read_timeout=30)
            return time.monotonic() - begun, told

    seconds, told = await asyncio.to_thread(timed)
    assert seconds >= 0.5
    assert "VRP" in told


async def test_a_wrong_password_is_refused(lab):
    with pytest.raises(netmiko.NetmikoAuthenticationException):
        await asyncio.to_thread(connection, lab, of_style(lab, "huawei"), "huawei", "guess")


def host_key(address, port):
    with paramiko.Transport((address, port)) as transport:
        transport.start_client(timeout=10)
        return transport.get_remote_server_key().get_fingerprint()


async def test_every_device_has_a_host_key_that_stays(lab):
    some = [each.address for each in lab.devices.values() if each.configuration][:3]
    first = [await asyncio.to_thread(host_key, each, lab.ssh_port) for each in some]
    assert len(set(first)) == 3
    assert await asyncio.to_thread(host_key, some[0], lab.ssh_port) == first[0]


async def test_what_has_no_login_hangs_up(lab):
    printer = next(each for each in lab.devices.values() if "-prn-" in each.source)
    with pytest.raises((paramiko.SSHException, EOFError, OSError)):
        await asyncio.to_thread(host_key, printer.address, lab.ssh_port)
