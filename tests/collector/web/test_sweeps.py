"""Pages of sweeps: what was found and what not, why, and what to do; under way, cancelled, once more."""

from __future__ import annotations

import pytest

from collector.web.catalogue import LANGUAGES, entries
from tests import swept
from tests.collector.web.sweeping import looked_at, vault
from tests.people import World
from tests.swept import Swept


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_empty_collector_teaches_what_to_do(empty_world: World, complete: None, language: str) -> None:
    async with await empty_world.person("network_admin", language=language) as client:
        plans, held = await looked_at(client, "/sweeps"), await looked_at(client, "/credentials")
    assert "/sweeps/plans/new" in plans.links
    assert entries(language)["sweeps.none.title"] in plans.text
    assert "/credentials/new?kind=snmp_community" in held.links


async def test_the_list_tells_next_run_last_run_and_coverage(world: World, made: Swept) -> None:
    async with await world.person("network_admin") as client:
        page = await looked_at(client, "/sweeps")
    assert {f"/sweeps/plans/{made.plan}", f"/sweeps/{made.sweep}", "/credentials"} <= set(page.links)
    assert "2 of 6" in page.text
    assert "10.20.0.0/24 and 1 more" in page.text


async def test_the_ledger_says_why_not_and_what_to_do_and_links_the_ci(world: World, made: Swept) -> None:
    async with await world.person("viewer") as client:
        page = await looked_at(client, f"/sweeps/{made.sweep}")
        silent = await looked_at(client, f"/sweeps/{made.sweep}?cause=no_answer")
        whole = await looked_at(client, f"/sweeps/{made.sweep}?cause=all")
    assert "Check community, views and permitted source addresses" in page.text
    assert "S5731-S48T4X" in page.text
    assert f"/cis/{world.estate.web.uid}" in page.links
    assert "10.20.0.10" not in page.text, "what is silent is not in the way"
    assert "10.20.0.10" in silent.text
    assert "Check community" not in silent.text
    assert f"/sweeps/{made.sweep}?cause=all&after=10.20.0.100#ledger" in whole.links
    assert f"/sweeps/{made.sweep}?cause=credential_refused#ledger" in page.links


async def test_a_page_of_the_ledger_follows_the_one_before(world: World, made: Swept) -> None:
    async with await world.person("viewer") as client:
        page = await looked_at(client, f"/sweeps/{made.sweep}?cause=all&after=10.20.0.54")
    assert "10.20.0.55" in page.text
    assert "10.20.0.53" not in page.text


async def test_a_sweep_that_runs_says_so_and_can_be_cancelled(world: World) -> None:
    async with world.store.write() as tx:
        begun = await swept.begin(tx, vault(world), world.clock())
    async with await world.person("network_admin") as client:
        html = (await client.get(f"/sweeps/{begun.sweep}")).text
        assert f'data-live="/api/v1/sweeps/{begun.sweep}/events"' in html
        assert 'class="live"' in html
        answer = await client.post(f"/sweeps/{begun.sweep}/cancel")
        assert answer.headers["location"] == f"/sweeps/{begun.sweep}"
        html = (await client.get(f"/sweeps/{begun.sweep}")).text
    assert "data-live" not in html
    assert "Cancelled" in html


async def test_the_failed_are_swept_again(world: World, made: Swept) -> None:
    async with await world.person("network_admin") as client:
        answer = await client.post(f"/sweeps/{made.sweep}/again")
        assert answer.status_code == 303
        page = await looked_at(client, answer.headers["location"])
        again = await client.post(f"/sweeps/{made.sweep}/again")
    assert "10.20.0.3-10.20.0.6" in page.text
    assert again.status_code == 400, "one of this plan waits already"


async def test_a_plan_that_is_sweeping_is_not_started_twice(world: World, made: Swept) -> None:
    async with await world.person("network_admin") as client:
        started = await client.post(f"/sweeps/plans/{made.plan}/start")
        assert started.headers["location"].startswith("/sweeps/")
        second = await client.post(f"/sweeps/plans/{made.plan}/start")
        assert second.headers["location"] == "/sweeps?busy=yes"
        assert "sweeping already" in (await looked_at(client, "/sweeps?busy=yes")).text


async def test_what_is_not_there_is_a_page_that_says_so(world: World) -> None:
    async with await world.person("network_admin") as client:
        for address in ("/sweeps/nope", "/sweeps/plans/nope", "/sweeps/plans/nope/remove", "/credentials/nope"):
            assert (await client.get(address)).status_code == 404, address
        assert (await client.post("/sweeps/nope/cancel")).status_code == 404
