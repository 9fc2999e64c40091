"""Pages of credentials: sealed, never shown, refused with the reason, suspended and resumed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from collector.model import FOREVER
from collector.services import credential_alarms, credentials
from collector.store import credentials as kept
from collector.store import incidents, refusals
from collector.store.refusals import RefusalRow
from collector.web.catalogue import LANGUAGES, entries
from tests.collector.web.sweeping import COMMUNITY, looked_at, vault
from tests.people import World
from tests.swept import SECRET, Swept


async def _held(world: World) -> list[credentials.Credential]:
    async with world.store.read() as connection:
        return await credentials.listed(connection)


async def test_a_credential_is_sealed_shown_without_its_secret_and_removed_by_its_name(empty_world: World) -> None:
    async with await empty_world.person("network_admin") as client:
        answer = await client.post("/credentials", data=COMMUNITY)
        assert answer.headers["location"] == "/credentials?done=saved"
        (held,) = await _held(empty_world)
        for address in ("/credentials?done=saved", f"/credentials/{held.uid}", f"/credentials/{held.uid}/remove"):
            html = (await client.get(address)).text
            assert SECRET not in html
            assert "office" in html
        async with empty_world.store.read() as connection:
            row = await kept.find(connection, held.uid)
        assert row is not None
        assert SECRET.encode() not in row.sealed
        assert vault(empty_world).unseal(row) == {"community": SECRET}
        assert (await client.post(f"/credentials/{held.uid}/remove", data={"name": "x"})).status_code == 400
        await client.post(f"/credentials/{held.uid}/remove", data={"name": "office"})
    assert await _held(empty_world) == []


async def test_a_change_keeps_the_secret_unless_another_is_typed(empty_world: World) -> None:
    async with await empty_world.person("network_admin") as client:
        await client.post("/credentials", data=COMMUNITY)
        (held,) = await _held(empty_world)
        fresh = {"name": "office 2", "ranges": "10.2.0.0/16", "zones": "hq，dc", "silent": "yes", "community": ""}
        await client.post(f"/credentials/{held.uid}", data=fresh)
        (held,) = await _held(empty_world)
        assert (held.name, held.scope["zones"], held.scope["silent"]) == ("office 2", ["hq", "dc"], True)
        async with empty_world.store.read() as connection:
            row = await kept.find(connection, held.uid)
        assert row
        assert vault(empty_world).unseal(row) == {"community": SECRET}
        await client.post(f"/credentials/{held.uid}", data={**fresh, "community": "another"})
        async with empty_world.store.read() as connection:
            row = await kept.find(connection, held.uid)
        assert row
        assert vault(empty_world).unseal(row) == {"community": "another"}


USER = {"kind": "snmp_user", "name": "v3", "user": "muster", "auth": "sha256", "auth_key": SECRET, "priv": "aes128",
        "priv_key": SECRET, "ranges": "10.0.0.0/8"}  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({**COMMUNITY, "ranges": ""}, "Needed."),
        ({**COMMUNITY, "ranges": "10.1.0.0/16", "except": "10.0.0.0/8"}, "Nothing is left"),
        ({**COMMUNITY, "name": ""}, "Needed."),
        ({**COMMUNITY, "community": ""}, "Needed."),
        ({**USER, "auth_key": "short"}, "At least 8 characters."),
        ({**USER, "auth": "", "auth_key": ""}, "Privacy needs authentication."),
        ({**USER, "auth": "rot13"}, "One of those offered."),
        ({**USER, "kind": "ssh", "name": "s"}, "A password or a private key."),
        ({"kind": "ssh", "name": "s", "user": "u", "password": SECRET, "key": SECRET, "ranges": "10.0.0.1"},
         "A password or a private key."),
        ({"kind": "nut", "name": "s", "user": "", "password": SECRET, "ranges": "10.0.0.1"}, "Needed."),
    ],
)  # fmt: skip
async def test_a_credential_that_is_refused_says_why_and_forgets_the_secret(
    empty_world: World, sent: Mapping[str, str], says: str
) -> None:
    async with await empty_world.person("network_admin") as client:
        answer = await client.post("/credentials", data=dict(sent))
    assert answer.status_code == 400
    assert says in answer.text
    assert SECRET not in answer.text
    assert await _held(empty_world) == []


async def test_a_good_user_of_each_kind_is_sealed(empty_world: World) -> None:
    login = {"user": "u", "password": SECRET, "ranges": "10.0.0.0/8"}
    async with await empty_world.person("network_admin") as client:
        for sent in (USER, *({**login, "kind": kind, "name": kind} for kind in ("ssh", "redfish", "nut"))):
            assert (await client.post("/credentials", data=sent)).status_code == 303
    assert {each.kind for each in await _held(empty_world)} == {"snmp_user", "ssh", "redfish", "nut"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_suspended_credential_says_so_and_by_whom_it_was_refused_until_it_is_resumed(
    world: World, made: Swept, complete: None, language: str
) -> None:
    async with world.store.write() as tx:
        await kept.change(tx, made.credential, suspended_until=FOREVER, suspended_why="refused")
        await refusals.put(tx, [RefusalRow(made.credential, "", f"10.20.0.{at}", at) for at in range(5)])
        await credential_alarms.settle(tx, world.clock())
        (raised,) = await incidents.open_of_kind(tx, "credential")
    async with await world.person("network_admin", language=language) as client:
        page = await looked_at(client, f"/credentials/{made.credential}")
        assert "10.20.0.4" in page.text
        assert entries(language)["credentials.suspended"] in (await looked_at(client, "/credentials")).text
        told = await looked_at(client, f"/incidents/{raised.number}")
        assert f"/credentials/{made.credential}" in told.links
        assert "campus" in (await looked_at(client, "/incidents?kind=credential")).text
        assert (await client.get("/incidents.csv")).status_code == 200
        done = await client.post(f"/credentials/{made.credential}/resume")
        assert done.headers["location"] == "/credentials?done=resumed"
        assert "10.20.0.4" not in (await looked_at(client, f"/credentials/{made.credential}")).text
