"""Sessions with devices that mean well, and with those that do not."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import paramiko  # type: ignore[import-untyped]
import pytest

from discovery.credentials import Credential, Login
from discovery.explore.findings import Section
from discovery.failures import Failed
from discovery.fingerprint.ssh import ssh
from discovery.scope import scope_of
from discovery.secret import Secret
from discovery.ssh import Budget, Pool, Target, Wanted, visit
from discovery.ssh.platform import platforms
from tests.discovery.ssh.server import OTHER_KEY, PASSWORD, USER, Manner, device, login, serving
from wire.configuration import address
from wire.observation import Status

KEY = b"a key of the caller's own"
SHORT = Budget(seconds=4.0, login_seconds=3.0, octets=1024 * 1024, login_octets=128 * 1024)
OVER = 2.5
"""Seconds over its budget after which a session must be gone; the machine may be busy."""

IOS = "Building configuration...\n\nversion 15.2\nhostname sw1\ninterface Gi0/1\n description x\nend"
ANSWERS = {
    "terminal width 511": "", "terminal length 0": "",
    "show running-config": IOS, "show startup-config": "startup-config is not present",
}  # fmt: skip
HEALTHY = device("sw1#", ANSWERS)


async def captured(
    manner: Manner, key: paramiko.PKey | None = None, budget: Budget = SHORT, platform: str = "cisco_ios"
) -> list[Section]:
    pool = Pool(2)
    try:
        with serving(manner, *([key] if key else [])) as (_, target):
            return await visit(target, login(), Wanted(platforms()[platform], KEY, budget), pool)
    finally:
        pool.close()


# --- devices that mean well

LONG = Budget(seconds=40.0)


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        (HEALTHY, "plain"),
        (device("sw1#", ANSWERS, page=2), "pages whatever it is told"),
        (device("sw1#", ANSWERS, delay=0.6), "a prompt that takes its time"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_a_configuration_is_read(manner: Manner, why: str) -> None:
    [section] = await captured(manner, budget=LONG)
    assert (section.name, section.status, section.complete) == ("configuration", Status.OK, True), why
    assert isinstance(section.body, list)
    [row] = section.body
    assert row["kind"] == "running"
    assert row["text"] == "version 15.2\nhostname sw1\ninterface Gi0/1\n description x\nend\n"


QUIETING = {
    "set cli screen-width 511": "Screen width set to 511",
    "set cli complete-on-space off": "Disabling complete-on-space",
    "set cli screen-length 0": "Screen length set to 0",
    "terminal width 511": "Width set to 511 columns.",
    "terminal width 256": "",
    "terminal length 0": "Pagination disabled.",
    "terminal pager 0": "",
    "screen-length disable": "",
    "screen-length 0 temporary": "Info: The configuration takes effect on the current user terminal interface only.",
}
"""What drivers may say to a device before the first question: it holds for the session only."""


@pytest.mark.parametrize("name", [name for name, each in platforms().items() if each.shell])
async def test_every_driver_reads_both_configurations_and_writes_no_setting(name: str) -> None:
    platform = platforms()[name]
    prompt = {"huawei_vrp": "<sw1>", "hp_comware": "<sw1>", "juniper_junos": "adm@sw1> ", "fortinet_fortios": "FW-1 # "}
    last = {"huawei_vrp": "return", "hp_comware": "return", "cisco_asa": ": end"}.get(name, "end")
    said = QUIETING | dict.fromkeys(platform.commands.values(), f"hostname sw1\n{last}")
    typed: list[str] = []
    manner = device(prompt.get(name, "sw1#"), said, page=1, typed=typed)
    [section] = await captured(manner, budget=LONG, platform=name)
    assert section.complete
    assert [row["kind"] for row in section.body] == sorted(platform.commands)  # type: ignore[union-attr]
    commands = {each.strip() for each in typed} - {""}
    assert commands <= said.keys(), "nothing but commands that read, or that hold for this session"


async def test_a_device_that_runs_one_command_a_channel_needs_no_terminal() -> None:
    def manner(channel: paramiko.Channel, _: threading.Event) -> None:
        channel.sendall(b"# mar/02/2026 by RouterOS 6.49\n/system identity set name=RB-1\n")
        channel.send_exit_status(0)
        channel.shutdown_write()
        channel.close()

    [section] = await captured(manner, platform="mikrotik_routeros")
    text = "/system identity set name=RB-1\n"
    assert section.body == [{"kind": "running", "platform": "mikrotik_routeros", "text": text, "sha256": address(text)}]


async def test_a_key_of_ours_opens_what_its_passphrase_fits() -> None:
    private = paramiko.ECDSAKey.generate()
    text = io.StringIO()
    private.write_private_key(text, password="open sesame")
    pool = Pool(1)
    with serving(HEALTHY) as (server, target):
        server.keys.append(private)
        holds = Login(USER, Secret(text.getvalue()), Secret("open sesame"))
        wanted = Wanted(platforms()["cisco_ios"], KEY, LONG)
        credential = Credential("key", "ssh_key", holds, scope_of(["127.0.0.1"]))
        [section] = await visit(target, credential, wanted, pool)
        assert section.complete
        wrong = replace(credential, holds=replace(holds, passphrase=Secret("open barley")))
        with pytest.raises(Failed, match="no_credential: the private key"):
            await visit(target, wrong, wanted, pool)
    pool.close()


async def test_what_a_user_may_not_see_is_said_so_and_the_rest_is_kept() -> None:
    [section] = await captured(
        device("sw1>", ANSWERS | {"show startup-config": "% Authorization failed."}), budget=LONG
    )
    assert (section.status, section.complete, section.reason) == (Status.OK, False, "authorization")
    assert [row["kind"] for row in section.body] == ["running"]  # type: ignore[index]
    nothing = dict.fromkeys(ANSWERS, "% Authorization failed.") | {"terminal width 511": "", "terminal length 0": ""}
    [section] = await captured(device("sw1>", nothing), budget=LONG)
    assert (section.status, section.complete, section.body) == (Status.DENIED, False, [])


async def test_nothing_secret_is_logged_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = {"show running-config": IOS.replace("hostname sw1", "snmp-server community L0gCanary RO")}
    [section] = await captured(device("sw1#", ANSWERS | secret), budget=LONG)
    assert section.complete
    assert PASSWORD not in caplog.text
    assert "L0gCanary" not in caplog.text


# --- who is there


async def test_a_host_with_another_key_is_sent_no_password() -> None:
    pool = Pool(1)
    with serving(HEALTHY, OTHER_KEY) as (server, target):
        with pytest.raises(Failed, match="host_key_changed"):
            await visit(target, login(), Wanted(platforms()["cisco_ios"], KEY, SHORT), pool)
        assert server.passwords == []
        assert server.asked == 0
    pool.close()


async def test_a_host_with_another_kind_of_key_is_sent_no_password() -> None:
    pool = Pool(1)
    with serving(HEALTHY, paramiko.RSAKey.generate(2048)) as (server, target):
        with pytest.raises(Failed, match="host_key_changed"):
            await visit(target, login(), Wanted(platforms()["cisco_ios"], KEY, SHORT), pool)
        assert server.passwords == []
    pool.close()


async def test_a_host_without_a_pin_is_not_even_connected_to() -> None:
    pool = Pool(1)
    with serving(HEALTHY) as (server, target):
        unknown = replace(target, host_key="")
        with pytest.raises(Failed, match="unpinned"):
            await visit(unknown, login(), Wanted(platforms()["cisco_ios"], KEY, SHORT), pool)
        assert server.connections == 0
    pool.close()


async def test_the_key_read_without_a_credential_is_the_pin_that_lets_in() -> None:
    pool = Pool(1)
    with serving(HEALTHY) as (server, target):
        seen = await ssh(target.address, target.port, 5)
        assert server.passwords == []
        assert seen.host_key == target.host_key
        pinned = Target(target.address, seen.host_key or "", target.port)
        [section] = await visit(pinned, login(), Wanted(platforms()["cisco_ios"], KEY, LONG), pool)
        assert section.complete
        assert server.passwords == [PASSWORD]
    pool.close()


async def test_a_host_that_asks_for_the_password_in_a_dialogue_is_answered() -> None:
    pool = Pool(1)
    with serving(HEALTHY) as (server, target):
        server.dialogue = True
        [section] = await visit(target, login(), Wanted(platforms()["cisco_ios"], KEY, LONG), pool)
        assert section.complete
        with pytest.raises(Failed, match="login_refused"):
            await visit(target, login("wrong"), Wanted(platforms()["cisco_ios"], KEY, SHORT), pool)
        assert server.passwords == [PASSWORD, "wrong"]
    pool.close()


@pytest.mark.parametrize(
    ("questions", "more", "sent"),
    [
        ((("Password: ", False),), [("New password: ", False)], [PASSWORD, ""]),
        ((("Password: ", False), ("Token: ", False)), [], ["", ""]),
        ((("Say it aloud: ", True),), [], [""]),
    ],
)
async def test_a_dialogue_that_asks_for_anything_else_is_told_nothing(
    questions: tuple[tuple[str, bool], ...], more: list[tuple[str, bool]], sent: list[str]
) -> None:
    pool = Pool(1)
    with serving(HEALTHY) as (server, target):
        server.dialogue, server.questions, server.more = True, questions, more
        with pytest.raises(Failed, match="login_refused"):
            await visit(target, login(), Wanted(platforms()["cisco_ios"], KEY, SHORT), pool)
        assert server.passwords == sent
    pool.close()


async def test_a_key_goes_to_no_host_that_takes_none() -> None:
    pool, text = Pool(1), io.StringIO()
    paramiko.ECDSAKey.generate().write_private_key(text)
    with serving(HEALTHY) as (server, target):
        server.dialogue = True
        credential = Credential("key", "ssh_key", Login(USER, Secret(text.getvalue())), scope_of(["127.0.0.1"]))
        with pytest.raises(Failed, match="it takes keyboard-interactive"):
            await visit(target, credential, Wanted(platforms()["cisco_ios"], KEY, SHORT), pool)
        assert server.asked == 1
    pool.close()


async def test_a_wrong_password_is_sent_once() -> None:
    pool = Pool(1)
    with serving(HEALTHY) as (server, target):
        with pytest.raises(Failed, match="login_refused"):
            await visit(target, login("wrong"), Wanted(platforms()["cisco_ios"], KEY, SHORT), pool)
        assert server.passwords == ["wrong"]
    pool.close()


async def test_a_closed_port_refuses() -> None:
    with serving(HEALTHY) as (_, target):
        pass
    pool = Pool(1)
    with pytest.raises(Failed, match="refused"):
        await visit(target, login(), Wanted(platforms()["cisco_ios"], KEY, SHORT), pool)
    pool.close()


# --- devices that mean harm


def hang(channel: paramiko.Channel, ends: threading.Event) -> None:
    ends.wait(60)


def flood(channel: paramiko.Channel, ends: threading.Event) -> None:
    while not ends.is_set():
        channel.sendall(b"interface of no end\r\n" * 500)


def one_line(channel: paramiko.Channel, ends: threading.Event) -> None:
    while not ends.is_set():
        channel.sendall(b"x" * 8192)


def backspaces(channel: paramiko.Channel, ends: threading.Event) -> None:
    while not ends.is_set():
        channel.sendall(b"\b \b\x1b[9D\r" * 1024)


def any_key(channel: paramiko.Channel, ends: threading.Event) -> None:
    while not ends.is_set():
        channel.sendall(b"\r\nPress any key to continue")
        channel.recv(1024)


def after_login(then: Manner) -> Manner:
    """Behave until the configuration is asked for."""

    def manner(channel: paramiko.Channel, ends: threading.Event) -> None:
        device("sw1#", ANSWERS | {"show running-config": then})(channel, ends)

    return manner


def endless_pages(channel: paramiko.Channel, ends: threading.Event) -> None:
    while not ends.is_set():
        channel.sendall(b"\r\nvlan 1\r\n --More-- ")
        channel.recv(1)


def drip(channel: paramiko.Channel, ends: threading.Event) -> None:
    while not ends.wait(0.1):
        channel.sendall(b"x")


def half_a_line(channel: paramiko.Channel, ends: threading.Event) -> None:
    channel.sendall(b"version 15.2\r\nhostname s")
    channel.close()


def drop(channel: paramiko.Channel, ends: threading.Event) -> None:
    channel.sendall(b"version 15.2\r\nhostname s")
    channel.transport.close()


def cut_short(channel: paramiko.Channel, ends: threading.Event) -> None:
    channel.sendall(b"version 15.2\r\nhostname sw1\r\ninterface Gi0/1\r\n")


HOSTILE = {
    "hangs": (hang, "budget"), "floods": (flood, "budget"), "sends one line without end": (one_line, "budget"),
    "rubs out what it wrote": (backspaces, "budget"), "asks for a key again and again": (any_key, "budget"),
    "closes at once": (half_a_line, "timeout"), "drops the connection at once": (drop, "timeout"),
    "hangs after a command": (after_login(hang), "budget"), "floods after a command": (after_login(flood), "budget"),
    "pages without end": (after_login(endless_pages), "budget"), "drips": (after_login(drip), "budget"),
    "sends one line without end after a command": (after_login(one_line), "budget"),
    "rubs out after a command": (after_login(backspaces), "budget"),
    "closes midway": (after_login(half_a_line), "timeout"), "drops midway": (after_login(drop), "timeout"),
    "ends before the end": (after_login(cut_short), "unparsed"),
}  # fmt: skip


async def ending(manner: Manner, budget: Budget = SHORT) -> tuple[str, float]:
    """Return what a session with a device ends with, and after how many seconds."""
    began = time.monotonic()
    try:
        [section] = await captured(manner, budget=budget)
    except Failed as failed:
        return failed.cause, time.monotonic() - began
    assert not section.complete
    assert section.body == []
    return section.reason, time.monotonic() - began


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_device_that_means_harm_ends_within_its_budget(name: str) -> None:
    manner, cause = HOSTILE[name]
    found, seconds = await ending(manner, SHORT if cause == "budget" else LONG)
    assert found == cause
    assert seconds < SHORT.seconds + OVER


@pytest.mark.parametrize("manner", [half_a_line, drop], ids=["closes", "drops the connection"])
async def test_a_device_that_ends_before_it_has_agreed_to_a_shell_is_told_from_one_not_understood(
    manner: Manner,
) -> None:
    pool = Pool(1)
    with serving(manner) as (server, target):
        server.eager = True
        with pytest.raises(Failed, match="timeout"):
            await visit(target, login(), Wanted(platforms()["cisco_ios"], KEY, LONG), pool)
    pool.close()


@pytest.mark.parametrize("manner", [flood, one_line, after_login(flood)], ids=["lines", "one line", "after a command"])
async def test_a_flood_ends_by_its_octets_long_before_its_time(manner: Manner) -> None:
    plenty = replace(SHORT, seconds=60.0, login_seconds=60.0)
    cause, seconds = await ending(manner, plenty)
    assert cause == "budget"
    assert seconds < 15


async def test_a_command_that_is_cut_off_is_not_taken_for_whole() -> None:
    def manner(channel: paramiko.Channel, _: threading.Event) -> None:
        channel.sendall(b"/system identity set name=RB-1\n")
        time.sleep(0.3)
        channel.transport.close()

    [section] = await captured(manner, platform="mikrotik_routeros")
    assert (section.status, section.reason, section.body) == (Status.FAILED, "timeout", [])


async def test_nobody_asks_for_more_rights_than_the_user_has() -> None:
    typed: list[str] = []
    answers = QUIETING | {"show running-config": IOS, "show startup-config": IOS}
    [section] = await captured(device("sw1>", answers, typed=typed), budget=LONG, platform="ruijie_rgos")
    assert section.complete
    assert "enable" not in {each.strip() for each in typed}


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.transport.abort()


async def babbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while True:
            writer.write(b"no banner, only noise\r\n" * 100)
            await writer.drain()
    writer.transport.abort()


async def endless_banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.write(b"SSH-2.0-")
        while True:
            writer.write(b"x" * 1000)
            await writer.drain()
    writer.transport.abort()


@pytest.mark.parametrize("speaks", [silent, babbling, endless_banner])
async def test_a_server_that_never_says_who_it_is_ends_within_its_budget(
    speaks: Callable[..., Awaitable[None]],
) -> None:
    pool, began = Pool(1), time.monotonic()
    async with await asyncio.start_server(speaks, "127.0.0.1", 0) as server:
        target = Target("127.0.0.1", "ssh-ed25519 SHA256:x", server.sockets[0].getsockname()[1])
        with pytest.raises(Failed) as failed:
            await visit(target, login(), Wanted(platforms()["cisco_ios"], KEY, SHORT), pool)
        assert failed.value.cause in ("budget", "malformed", "timeout")
        assert time.monotonic() - began < SHORT.seconds + OVER
        await asyncio.sleep(0.3)  # the server notices that nobody is there any more
    pool.close()


async def test_hostile_devices_do_not_slow_a_healthy_one() -> None:
    pool = Pool(8)
    wanted = Wanted(platforms()["cisco_ios"], KEY, LONG)
    with serving(HEALTHY) as (_, healthy), serving(hang) as (_, hanging), serving(endless_pages) as (_, paging):
        alone = time.monotonic()
        await visit(healthy, login(), wanted, pool)
        alone = time.monotonic() - alone
        harm = [asyncio.create_task(visit(each, login(), wanted, pool)) for each in (hanging, paging) for _ in range(3)]
        await asyncio.sleep(1)
        began = time.monotonic()
        [section] = await visit(healthy, login(), wanted, pool)
        assert section.complete
        assert time.monotonic() - began < 2 * alone + 1
        for task in harm:
            task.cancel()
        ended = await asyncio.gather(*harm, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError | Failed) for each in ended)
    pool.close()


async def test_a_session_that_is_cancelled_frees_its_thread() -> None:
    pool = Pool(1)
    with serving(hang) as (_, hanging):
        task = asyncio.create_task(visit(hanging, login(), Wanted(platforms()["cisco_ios"], KEY, LONG), pool))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(50):
            if not any(each.name.startswith("paramiko") for each in threading.enumerate()):
                break
            await asyncio.sleep(0.1)
    with serving(HEALTHY) as (_, target):
        [section] = await visit(target, login(), Wanted(platforms()["cisco_ios"], KEY, LONG), pool)
        assert section.complete
    pool.close()
