"""Who audits reads whatever anybody may read, and changes nothing."""

from __future__ import annotations

import re

import httpx2
import pytest

from collector.api.access import conditions
from collector.api.app import API_ROUTERS, ROUTERS
from collector.security.roles import ROLES, Permission
from tests import swept
from tests.people import World
from tests.swept import SECRET

API = "/api/v1"
AUDITOR = ROLES["auditor"]
OF_THE_API = conditions(API_ROUTERS)
ASKED = {
    route: condition.permission
    for route, (condition,) in conditions(ROUTERS).items()
    if condition.permission is not None
}
READING = {route: permission for route, permission in ASKED.items() if route.startswith("GET ")}
WRITING = {route: permission for route, permission in ASKED.items() if not route.startswith("GET ")}

FORMS = {
    "/agents/{uid}/ban", "/arrivals/rules/new", "/arrivals/rules/{number}/edit",
    "/changes/new", "/changes/{number}/edit", "/channels/new", "/channels/{name}/remove",
    "/cis/new", "/cis/{uid}/lock", "/cis/{uid}/record", "/cis/{uid}/register", "/cis/{uid}/relate",
    "/credentials/new", "/credentials/{uid}/remove", "/findings/backtest", "/import", "/inspections/plans/new",
    "/inspections/plans/{number}/edit", "/inspections/runs/{number}/walk", "/knowledge/new",
    "/knowledge/{number}/edit", "/stocktakes/new", "/stocktakes/plans/new", "/stocktakes/plans/{number}/edit",
    "/stocktakes/{number}/walk", "/sweeps/plans/new", "/sweeps/plans/{uid}/remove",
}  # fmt: skip
"""Pages that only ask for something to be done: what they are about stands in the page beside them."""

OF_ONES_OWN = {
    "/help": "the form of a report, and what one reported oneself",
    "/help/{number}": "a report of one's own; the incident itself is read like any other",
    "/my/reports": "what one reported oneself",
}
"""Read by who reports → what it is."""

ALLOWED = {
    "POST /audit/verification": "asks whether the chain holds, with a head too long for an address; nothing is written",
    "POST /logout": "one's own session",
    "POST /settings/password": "one's own password",
    "POST /settings/sessions": "one's own sessions",
    "POST /settings/tokens": "one's own tokens",
    "POST /settings/tokens/{number}/revoke": "one's own tokens",
}
"""What is no reading by its method and open to who audits → why."""


def test_who_audits_may_read_all_that_anybody_may_but_forms_and_what_is_ones_own() -> None:
    kept_from = {route.removeprefix("GET ") for route, asked in READING.items() if asked not in AUDITOR}
    assert kept_from == FORMS | OF_ONES_OWN.keys()


def test_who_audits_may_send_nothing_that_changes_anything() -> None:
    assert {route for route, asked in WRITING.items() if asked in AUDITOR} == ALLOWED.keys()


def address(route: str) -> tuple[str, str]:
    method, _, path = route.partition(" ")
    return method, (API if route in OF_THE_API else "") + re.sub(r"\{[^}]+\}", "1", path)


async def test_every_writing_route_refuses_who_audits(world: World) -> None:
    async with await world.person("auditor") as client:
        asked = WRITING.keys() - ALLOWED.keys()
        assert [route for route in asked if (await client.request(*address(route))).status_code != 403] == []
    assert len(asked) > 150


async def test_every_list_and_page_opens_for_who_audits(world: World) -> None:
    plain = [route for route in READING if "{" not in route and READING[route] in AUDITOR]
    plain = [route for route in plain if not route.endswith("/events")]  # a stream has no end
    assert len(plain) > 60
    async with await world.person("auditor") as client:
        found = {route: await client.get(address(route)[1]) for route in plain}
    assert {route: answer.status_code for route, answer in found.items() if answer.status_code not in OPENED} == {}


OPENED = {200, 303, 422}
"""422: it wants to be asked something."""


@pytest.fixture
async def guarded(world: World) -> str:
    """Return the uid of a credential with a secret; a channel with one stands beside it, and a plan."""
    async with world.store.write() as tx:
        running = await swept.begin(tx, world.app.state.context.vault, world.clock())
    async with await world.program("incident_manager") as client:
        url, secret = "https://hooks.example.net/muster", {"secret": SECRET}
        said = {"kind": "webhook", "settings": {"url": url}, "secret": secret}
        assert (await client.put(f"{API}/channels/hooks", json=said)).status_code == 200
    return running.credential


def read_only(page: str) -> bool:
    """Return whether a page offers nothing to send but what is everybody's own."""
    forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"[^>]*>(\s*<fieldset[^>]* disabled>)?', page)
    return all(held or action in ("/logout", "/preferences") for action, held in forms)


async def test_who_audits_sees_credentials_keys_and_channels_without_their_secrets_or_buttons(
    world: World, guarded: str
) -> None:
    paths = ("/credentials", f"/credentials/{guarded}", "/pins", "/channels", "/channels/hooks", "/ticket-systems")
    async with await world.person("auditor") as client:
        told = [await client.get(API + path) for path in (*paths, f"/credentials/{guarded}/refusals")]
        pages = [await client.get(path) for path in (*paths[:-1], f"/credentials/{guarded}/test")]
        (plan,) = (await client.get(f"{API}/sweep-plans")).json()
        pages.append(await client.get(f"/sweeps/plans/{plan['id']}"))
    assert {answer.status_code for answer in (*told, *pages)} == {200}
    assert not [answer.url.path for answer in (*told, *pages) if SECRET in answer.text]
    assert [answer.url.path for answer in pages if not read_only(answer.text)] == []
    assert "hooks.example.net" in told[4].text


async def test_who_audits_reads_drafts_and_casts_no_vote(world: World) -> None:
    body = {"title": "UPS 电池更换", "problem": "电池老化", "solution": "更换电池", "category": ""}
    async with await world.program("knowledge_manager") as client:
        category = next(iter(world.app.state.context.service_desk.table.categories))
        made = await client.post(f"{API}/knowledge", json=body | {"category": category})
        assert made.status_code == 201, made.text
        number = made.json()["number"]
    async with await world.person("auditor") as client:
        assert (await client.get(f"{API}/knowledge/{number}")).status_code == 200
        assert (await votes(client, number)).status_code == 403
    async with await world.person("viewer") as client:
        assert (await client.get(f"{API}/knowledge/{number}")).status_code == 404
        assert (await votes(client, number)).status_code != 403


async def votes(client: httpx2.AsyncClient, number: str) -> httpx2.Response:
    return await client.post(f"{API}/knowledge/{number}/votes", json={"helpful": True})


def test_no_permission_to_write_is_called_one_to_read() -> None:
    assert {each for each in AUDITOR if not each.endswith(":read")} == {Permission.OWN}
