"""A sweep and its credential on the pages, and what people type into their forms."""

from __future__ import annotations

import httpx2

from collector.security.vault import Vault
from collector.web import credential_form
from tests.collector.web.reading import Page, read
from tests.people import World
from tests.swept import SECRET, Swept

PLAN = {
    "name": "Head office", "zone": "", "ranges": "10.1.0.0/24\n10.1.4.10-20", "exclusions": "10.1.0.9",
    "until": "identify", "rate": "200", "timeout_ms": "0", "snmp_port": "161", "schedule": "0 2 * * *",
    "from0": "22:00", "to0": "06:00", "days0": ["mon", "tue"],
}  # fmt: skip
COMMUNITY = {"kind": "snmp_community", "name": "office", "community": SECRET, "ranges": "10.1.0.0/16"}


def vault(world: World) -> Vault:
    found: Vault = world.app.state.context.vault
    return found


def pages(made: Swept) -> list[str]:
    return [
        "/sweeps", f"/sweeps/{made.sweep}", f"/sweeps/{made.sweep}?cause=all", f"/sweeps/{made.sweep}?cause=well",
        f"/sweeps/{made.sweep}?cause=no_answer&stage=sweep", f"/sweeps/{made.sweep}?cause=nonsense",
        "/sweeps/plans/new", f"/sweeps/plans/{made.plan}", f"/sweeps/plans/{made.plan}/remove", "/credentials",
        *(f"/credentials/new?kind={kind}" for kind in credential_form.KINDS), f"/credentials/{made.credential}",
        f"/credentials/{made.credential}/remove", "/pins", "/pins?state=changed", "/pins?state=nonsense&address=x",
    ]  # fmt: skip


async def looked_at(client: httpx2.AsyncClient, address: str) -> Page:
    answer = await client.get(address)
    assert answer.status_code == 200, address
    return read(answer.text)
