"""Another key put first takes over every secret there is, whatever it is of."""

from __future__ import annotations

from typing import Any

from collector.channel import Channel
from collector.delivery.kinds import checked
from collector.security.vault import Vault
from collector.services import credentials, rewrapping
from collector.services.channels import setup
from collector.services.credentials import NewCredential
from collector.store import channels, tickets
from collector.store import credentials as kept_credentials
from collector.store.engine import Store
from collector.store.tickets import SystemRow
from tests.acts import act

OLD, NEW = bytes(32), bytes([7]) * 32
SECRET = {"user": "muster", "password": "hard-to-guess"}
TOKEN = {"token": "hard-to-guess"}


async def sealed(store: Store) -> list[Any]:
    """Return all that is sealed, as it is kept."""
    async with store.read() as connection:
        return [
            *await kept_credentials.everyone(connection), *await tickets.everyone(connection),
            *await channels.everyone(connection),
        ]  # fmt: skip


async def test_a_new_key_takes_over_all_secrets_once_and_says_so(store: Store) -> None:
    old, both, new = Vault([OLD]), Vault([NEW, OLD]), Vault([NEW])
    async with store.write() as tx:
        lost = NewCredential("lost", "nut", {"ranges": ["10.0.0.0/8"]}, SECRET)
        await credentials.create(act(tx), Vault([bytes([1]) * 32]), lost)
        await credentials.create(act(tx), old, NewCredential("ups", "nut", {"ranges": ["10.0.0.0/8"]}, SECRET))
        await setup.write(tx, old, Channel("ops", "wecom", checked("wecom", {"url": "https://desk.example"})), TOKEN, 1)
        bound = ("ticket_system/snow", "servicenow", "https://snow.example")
        await tickets.save(tx, SystemRow("snow", *bound[1:], {}, *old.seal(*bound, SECRET)))
    before = await sealed(store)
    async with store.write() as tx:
        first, again = act(tx), act(tx)
        assert await rewrapping.rewrap(first, both) == 3
        assert await rewrapping.rewrap(again, both) == 0
    assert ([each.action for each in first.told], again.told) == (["vault.rewrap"], [])
    lost_row, *others = await sealed(store)
    assert lost_row == before[0], "its key may come back"
    assert [dict(new.unseal(each)) for each in others] == [SECRET, SECRET, TOKEN]
