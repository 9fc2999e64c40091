"""Credentials as people keep them: what is refused, in words, and that nothing secret comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from collector.security.vault import Vault
from collector.services import credentials, rewrapping
from collector.services.credentials import Credential, NewCredential, Refused
from collector.store import credentials as rows
from collector.store.engine import Store
from tests.acts import act

VAULT = Vault([bytes(32)])
SCOPE = {"ranges": ["10.1.0.0/16"], "zones": ["dmz"], "vendors": ["Cisco"]}
SECRET = {"user": "muster", "password": "hard-to-guess-7141"}
V3 = {"user": "muster", "auth": "sha256", "auth_key": "authkey-123", "priv": "aes128", "priv_key": "privkey-123"}


async def make(
    store: Store, name: str = "campus", kind: str = "ssh", scope: Mapping[str, Any] = SCOPE,
    secret: Mapping[str, str] = SECRET,
) -> str:  # fmt: skip
    async with store.write() as tx:
        return await credentials.create(act(tx), VAULT, NewCredential(name, kind, scope, secret))


async def listed(store: Store) -> list[Credential]:
    async with store.read() as connection:
        return await credentials.listed(connection)


async def unsealed(store: Store, uid: str, vault: Vault = VAULT) -> Mapping[str, str]:
    async with store.read() as connection:
        row = await rows.find(connection, uid)
        assert row
        return vault.unseal(row)


async def test_a_credential_is_listed_without_its_secret(sqlite_store: Store) -> None:
    uid = await make(sqlite_store)
    (found,) = await listed(sqlite_store)
    assert (found.uid, found.name, found.kind, found.created_by) == (uid, "campus", "ssh", "ada")
    assert found.scope == {**SCOPE, "except": []}
    assert "hard-to-guess" not in json.dumps(asdict(found)) + repr(found)
    assert await unsealed(sqlite_store, uid) == SECRET
    assert "hard-to-guess" not in repr(NewCredential("n", "ssh", SCOPE, SECRET))


async def test_nothing_secret_is_in_the_database(sqlite_store: Store) -> None:
    await make(sqlite_store)
    content = b"".join(each.read_bytes() for each in _files(sqlite_store))
    assert b"campus" in content
    assert b"hard-to-guess" not in content


def _files(store: Store) -> list[Path]:
    file = Path(store.url.database or "")
    return list(file.parent.glob(f"{file.name}*"))


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("snmp_community", {"community": "c0mmunity"}), ("snmp_user", V3), ("snmp_user", {"user": "open"}),
        ("snmp_user", {"user": "muster", "auth": "md5", "auth_key": "authkey-123"}), ("redfish", SECRET),
        ("ssh", {"user": "muster", "key": "-----BEGIN OPENSSH PRIVATE KEY-----"}), ("nut", SECRET),
    ],
)  # fmt: skip
async def test_every_kind_is_kept_as_it_was_given(sqlite_store: Store, kind: str, secret: dict[str, str]) -> None:
    assert await unsealed(sqlite_store, await make(sqlite_store, kind=kind, secret=secret)) == secret


@pytest.mark.parametrize(
    ("kind", "secret", "field"),
    [
        ("telnet", SECRET, "kind"), ("ssh", {"user": "muster"}, "password"),
        ("ssh", {**SECRET, "key": "k"}, "password"),
        ("ssh", {"password": "p"}, "user"), ("nut", {"user": "muster", "password": ""}, "password"),
        ("ssh", {**SECRET, "token": "t"}, "secret"), ("snmp_community", {"community": ""}, "community"),
        ("snmp_community", {"community": "c" * 256}, "community"),
        ("snmp_community", {"community": "a\0b"}, "community"),
        ("snmp_community", {"community": "a\ud800"}, "community"), ("snmp_user", {**V3, "auth": "blake2"}, "auth"),
        ("snmp_user", {**V3, "priv_key": "short"}, "priv_key"), ("snmp_user", {**V3, "auth_key": ""}, "auth_key"),
        ("snmp_user", {"user": "u", "priv": "des", "priv_key": "privkey-123"}, "auth"),
        ("snmp_user", {"user": "u" * 33}, "user"), ("redfish", {"user": "u", "password": "p" * 16_385}, "password"),
    ],
)  # fmt: skip
async def test_a_secret_of_another_form_is_refused_without_repeating_it(
    sqlite_store: Store, kind: str, secret: dict[str, str], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await make(sqlite_store, kind=kind, secret=secret)
    assert refused.value.field == field
    assert not any(value in str(refused.value) for value in secret.values() if len(value) > 3)
    assert await listed(sqlite_store) == []


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        ({}, "ranges"), ({"ranges": []}, "ranges"), ({"ranges": ["the campus"]}, "ranges"),
        ({"ranges": "10.0.0.0/8"}, "ranges"),
        ({"ranges": ["10.0.0.0/8"], "except": ["10.0.0.0/8"]}, "ranges"),
        ({"ranges": ["10.0.0.0/8"], "except": ["x"]}, "except"),
        ({"ranges": ["10.0.0.0/8"], "zones": ["a b"]}, "zones"),
        ({"ranges": ["10.0.0.0/8"], "vendors": [""]}, "vendors"),
        ({"ranges": ["10.0.0.0/8"], "hosts": []}, "scope"), ({"ranges": [10]}, "ranges"),
        ({"ranges": ["10.0.0.1"] * 1001}, "ranges"),
    ],
)  # fmt: skip
async def test_a_scope_that_names_no_range_is_refused(sqlite_store: Store, scope: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        await make(sqlite_store, scope=scope)
    assert refused.value.field == field


async def test_a_name_is_given_once_and_has_a_length(sqlite_store: Store) -> None:
    await make(sqlite_store)
    for name in ("campus", " campus ", "", "n" * 101, "two\nlines"):
        with pytest.raises(Refused) as refused:
            await make(sqlite_store, name)
        assert refused.value.field == "name"


async def test_a_change_of_scope_seals_anew_and_the_old_scope_no_longer_opens(sqlite_store: Store) -> None:
    uid = await make(sqlite_store)
    async with sqlite_store.write() as tx:
        before = await rows.find(tx, uid)
        assert before
        assert await credentials.change(act(tx, at=20), VAULT, uid, scope={"ranges": ["10.2.0.0/16"]}, name="other")
        after = await rows.find(tx, uid)
    assert after
    assert (after.name, after.changed_at, after.created_at) == ("other", 20, 10)
    assert before.scope != after.scope
    assert VAULT.unseal(after) == SECRET


async def test_a_new_secret_ends_a_suspension_and_the_same_one_does_not(sqlite_store: Store) -> None:
    uid = await make(sqlite_store)
    async with sqlite_store.write() as tx:
        await credentials.suspend(act(tx), uid, 99, "refused by 5 devices")
        await credentials.change(act(tx, at=20), VAULT, uid, name="campus")
    assert [each.suspended_until for each in await listed(sqlite_store)] == [99]
    async with sqlite_store.write() as tx:
        await credentials.change(act(tx, at=20), VAULT, uid, secret={"user": "muster", "password": "new"})
    (found,) = await listed(sqlite_store)
    assert (found.suspended_until, found.suspended_why) == (0, "")
    assert await unsealed(sqlite_store, uid) == {"user": "muster", "password": "new"}


async def test_what_no_longer_opens_wants_its_secret_again(sqlite_store: Store) -> None:
    uid, other = await make(sqlite_store), Vault([bytes(range(32))])
    async with sqlite_store.write() as tx:
        with pytest.raises(Refused, match="secret again"):
            await credentials.change(act(tx, at=20), other, uid, name="new")
        assert await credentials.change(act(tx, at=20), other, uid, secret=SECRET)
    assert await unsealed(sqlite_store, uid, other) == SECRET


async def test_a_new_key_takes_over_all_credentials_and_one_that_does_not_open_stays(sqlite_store: Store) -> None:
    uid, new = await make(sqlite_store), bytes(range(32))
    lost = await make(sqlite_store, "lost")
    async with sqlite_store.write() as tx:
        await rows.change(tx, lost, scope='{"ranges": ["0.0.0.0/0"]}')
        assert await rewrapping.rewrap(act(tx, at=30), Vault([new, bytes(32)])) == 1
        assert await rewrapping.rewrap(act(tx, at=40), Vault([new])) == 0
    assert await unsealed(sqlite_store, uid, Vault([new])) == SECRET
    assert len(await listed(sqlite_store)) == 2


async def test_what_is_not_there_is_neither_changed_nor_removed(sqlite_store: Store) -> None:
    async with sqlite_store.write() as tx:
        assert not await credentials.change(act(tx, at=1), VAULT, "gone", name="x")
        assert not await credentials.remove(act(tx), "gone")
        assert not await credentials.suspend(act(tx), "gone", 1, "")
    uid = await make(sqlite_store)
    async with sqlite_store.write() as tx:
        assert await credentials.remove(act(tx), uid)
    assert await listed(sqlite_store) == []
