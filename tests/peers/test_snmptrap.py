"""Notifications of net-snmp's own senders, traps and informs of every version: heard, or refused and counted."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.discovery.receiver.listening import COMMUNITY, ELSEWHERE, said, user
from tests.discovery.receiver.process import run, started
from tests.discovery.snmp.combinations import AUTH_SECRET, AUTHS, PRIV_SECRET, PRIVS, user_name
from tests.discovery.snmp.notices import IF_INDEX, IF_NAME, LINK_DOWN
from wire.localized import localized_key

pytestmark = pytest.mark.skipif(not shutil.which("snmptrap"), reason="snmptrap is not installed (Debian: snmp)")
OURS, ANOTHER = "0x80000000010203", "0x80000000010204"
"""Engines of senders: one that is known by its engine ID, and one that is not it."""
LINK_UP = "1.3.6.1.6.3.1.1.5.4"
PATIENT, HASTY = ["-t", 10], ["-t", 1, "-r", 0]


async def test_traps_and_informs_of_net_snmp_are_heard_in_every_version() -> None:
    port = [f"{IF_INDEX}.3", "i", "3", f"{IF_NAME}.3", "s", "Gi1/0/3"]
    async with started() as process:
        peer, known = f"127.0.0.1:{process.traps}", ["-c", COMMUNITY]
        assert await run("snmptrap", "-v1", *known, peer, "1.3.6.1.4.1.318", "127.0.0.1", 6, 5, "") == 0
        assert await run("snmptrap", "-v2c", *known, peer, "", LINK_DOWN, *port) == 0
        assert await run("snmpinform", "-v2c", *known, *PATIENT, peer, "", LINK_UP, *port) == 0
        assert await run("snmpinform", "-v2c", "-c", "guessed", *HASTY, peer, "", LINK_DOWN) != 0
        await process.until(lambda: len(process.rows) == 3)
        await process.end()
    assert {(row["kind"], row.get("object")) for row in process.rows} == {
        ("ups_on_battery", None), ("link_down", "Gi1/0/3"), ("link_up", "Gi1/0/3"),
    }  # fmt: skip
    assert (process.counts["traps"], process.counts["informs"], process.counts["unknown_community"]) == (2, 1, 1)
    assert process.heads[0]["ready"]
    assert "ended" in process.heads[-1]
    assert COMMUNITY not in json.dumps(process.heads)


async def test_traps_of_v3_are_heard_with_every_algorithm_of_net_snmp() -> None:
    combinations = [(auth, priv) for auth in AUTHS for priv in (None, *PRIVS)]
    leases = [user(user_name(auth, priv), auth, priv or "") for auth, priv in combinations]
    async with started(leases=leases) as process:
        for auth, priv in combinations:
            secured = ["-l", "authPriv", "-x", PRIVS[priv], "-X", PRIV_SECRET] if priv else ["-l", "authNoPriv"]
            name = ["-u", user_name(auth, priv), "-a", AUTHS[auth], "-A", AUTH_SECRET]
            engine = f"0x8000000001020{combinations.index((auth, priv)):03x}"
            told = ["", LINK_DOWN, f"{IF_NAME}.3", "s", user_name(auth, priv)]
            code = await run("snmptrap", "-v3", "-e", engine, *name, *secured, f"127.0.0.1:{process.traps}", *told)
            assert code == 0, name
        await process.end()
    assert {row["object"] for row in process.rows} == {user_name(auth, priv) for auth, priv in combinations}
    assert all(row["authentic"] for row in process.rows)


async def test_informs_of_v3_find_our_engine_by_themselves_and_are_answered() -> None:
    async with started(leases=[user("ops", "sha256", "aes128"), user("open")]) as process:
        peer = f"127.0.0.1:{process.traps}"
        ops = ["-u", "ops", "-l", "authPriv", "-a", "SHA-256", "-A", AUTH_SECRET, "-x", "AES", "-X"]
        plain = ["-l", "noAuthNoPriv", "-u"]
        assert await run("snmpinform", "-v3", *ops, PRIV_SECRET, *PATIENT, peer, "", LINK_DOWN) == 0
        assert await run("snmpinform", "-v3", *plain, "open", *PATIENT, peer, "", LINK_DOWN) == 0
        assert await run("snmpinform", "-v3", *ops, "wrong-secret", *HASTY, peer, "", LINK_DOWN) != 0
        assert await run("snmpinform", "-v3", *plain, "nobody", *HASTY, peer, "", LINK_DOWN) != 0
        await process.end()
    assert [row["authentic"] for row in process.rows] == [True, False]
    assert process.counts["informs"] == 2
    assert process.counts["unknown_user"] == 1


def as_user(name: str, auth: str = AUTH_SECRET, level: str = "authPriv") -> list[object]:
    """Return what makes net-snmp speak as a user of SHA-256 and AES."""
    return ["-v3", "-u", name, "-l", level, "-a", "SHA-256", "-A", auth, "-x", "AES", "-X", PRIV_SECRET]


def pinned(name: str) -> dict[str, object]:
    """Return the lease of a user of one engine: its keys, and no secret they are made of."""
    lease, engine = user(name, "sha256", "aes128"), bytes.fromhex(OURS[2:])
    auth, priv = (localized_key("sha256", secret.encode(), engine).hex() for secret in (AUTH_SECRET, PRIV_SECRET))
    keys = {"auth_key": auth, "priv_key": priv[:32]}  # AES-128 takes the first 16 octets (RFC 3826 §1.2)
    return {**lease, "secret": {**lease["secret"], **keys, "engine_id": OURS[2:]}}


async def test_who_is_not_known_or_proves_nothing_is_refused_and_counted_by_cause() -> None:
    refused: list[tuple[str, str, list[object]]] = [
        ("unknown_community", "snmptrap", ["-v2c", "-c", "guessed"]),
        ("unknown_community", "snmptrap", ["-v2c", "-c", ELSEWHERE]),
        ("unknown_user", "snmptrap", ["-e", ANOTHER, *as_user("nobody")]),
        ("unknown_user", "snmptrap", ["-e", ANOTHER, *as_user("one-engine")]),
        ("not_authentic", "snmptrap", ["-e", ANOTHER, *as_user("ops", auth="guessed-secret")]),
        ("unsecured", "snmptrap", ["-e", ANOTHER, *as_user("ops", level="authNoPriv")]),
        ("engine_asked", "snmpinform", ["-e", ANOTHER, *as_user("ops"), *HASTY]),
    ]
    async with started(leases=[*said()["leases"], user("ops", "sha256", "aes128"), pinned("one-engine")]) as process:
        peer = f"127.0.0.1:{process.traps}"
        for cause, program, how in refused:
            code = await run(program, *how, peer, "", LINK_DOWN)
            assert (code == 0) == (program == "snmptrap"), cause  # nobody answers a trap
        assert await run("snmptrap", "-v1", "-c", "guessed", peer, "1.3.6.1.6.3.1.1.5", "127.0.0.1", 2, 0, "") == 0
        assert await run("snmptrap", "-e", OURS, *as_user("one-engine"), peer, "", LINK_UP) == 0
        await process.until(lambda: bool(process.rows))
        await process.end()
    assert [(row["kind"], row["authentic"]) for row in process.rows] == [("link_up", True)]
    causes = {name: number for name, number in process.counts.items() if name != "traps"}
    assert causes == {"unknown_community": 3, "unknown_user": 2, "not_authentic": 1, "unsecured": 1, "engine_asked": 1}
