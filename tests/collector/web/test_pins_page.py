"""Keys of devices: changed ones are looked at, and accepted or forgotten."""

from __future__ import annotations

from collector.store import pins
from collector.store.pins import PinRow
from tests.collector.web.sweeping import looked_at
from tests.people import World

OLD, NEW = (f"ssh-rsa SHA256:{letter * 43}" for letter in "ab")


async def test_a_changed_key_is_looked_at_and_accepted_or_forgotten(world: World, complete: None) -> None:
    async with world.store.write() as tx:
        changed = PinRow("", "10.1.0.1", "host_key", OLD, "", 5, NEW, 6)
        await pins.put(tx, [changed, PinRow("", "10.1.0.2", "host_key", OLD)])
    async with await world.person("network_admin") as client:
        page = await looked_at(client, "/pins")
        assert OLD in page.text
        assert NEW in page.text
        assert "10.1.0.2" not in (await looked_at(client, "/pins?state=changed")).text
        key = {"zone": "", "address": "10.1.0.1", "kind": "host_key"}
        bad = await client.post("/pins/accept", data={**key, "value": "nonsense"})
        assert bad.headers["location"] == "/pins?done=refused"
        good = await client.post("/pins/accept", data={**key, "value": NEW})
        assert good.headers["location"] == "/pins?done=accepted"
        assert "Trusted from now on." in (await looked_at(client, "/pins?done=accepted")).text
        assert (await client.post("/pins/forget", data={**key, "kind": "nonsense"})).status_code == 303
        async with world.store.read() as connection:
            found = await pins.find(connection, ("", "10.1.0.1", "host_key"))
        assert found
        assert (found.value, found.state) == (NEW, "pinned")
        await client.post("/pins/forget", data=key)
        assert "10.1.0.1" not in (await looked_at(client, "/pins")).text


async def test_keys_are_shown_in_parts(world: World) -> None:
    async with world.store.write() as tx:
        await pins.put(tx, [PinRow("", f"10.1.{at >> 8}.{at & 255:03}", "host_key", OLD) for at in range(130)])
    async with await world.person("network_admin") as client:
        page = await looked_at(client, "/pins")
        (more,) = [each for each in page.links if each.startswith("/pins?") and "address=" in each]
        rest = await looked_at(client, more)
    assert ("10.1.0.129" in page.text, "10.1.0.129" in rest.text, "10.1.0.000" in rest.text) == (False, True, False)
