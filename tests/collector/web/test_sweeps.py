"""Pages of sweeps and credentials: what people see, type, are refused, and never see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from collector.model import FOREVER
from collector.security.vault import Vault
from collector.services import credential_alarms, credentials, sweeps
from collector.store import credentials as kept
from collector.store import incidents, pins, refusals
from collector.store.pins import PinRow
from collector.store.refusals import RefusalRow
from collector.web import credential_form, plan_form
from collector.web.catalogue import LANGUAGES, Texts, entries
from discovery.failures import REMEDIES
from discovery.ledger import STAGES
from tests import swept
from tests.collector.web.reading import Page, read
from tests.collector.web.test_hostile import MARKUP, POLYGLOTS
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


@pytest.fixture
async def made(world: World) -> Swept:
    """A sweep that has ended; web-01 is what stands at its first address."""
    async with world.store.write() as tx:
        begun = await swept.begin(tx, vault(world), world.clock())
        await swept.finish(tx, begun, world.clock())
        await swept.bind(tx, world.estate.web.uid, "10.20.0.1", world.clock())
    return begun


def pages(made: Swept) -> list[str]:
    return [
        "/sweeps", f"/sweeps/{made.sweep}", f"/sweeps/{made.sweep}?cause=all", f"/sweeps/{made.sweep}?cause=well",
        f"/sweeps/{made.sweep}?cause=no_answer&stage=sweep", f"/sweeps/{made.sweep}?cause=nonsense",
        "/sweeps/plans/new", f"/sweeps/plans/{made.plan}", f"/sweeps/plans/{made.plan}/remove", "/credentials",
        *(f"/credentials/new?kind={kind}" for kind in credential_form.KINDS), f"/credentials/{made.credential}",
        f"/credentials/{made.credential}/remove", "/pins", "/pins?state=changed", "/pins?state=nonsense&address=x",
    ]  # fmt: skip


async def _page(client: httpx2.AsyncClient, address: str) -> Page:
    answer = await client.get(address)
    assert answer.status_code == 200, address
    return read(answer.text)


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a text that does not exist be an error, where a page would show its key."""
    shown = Texts.__call__

    def strict(self: Texts, key: str, **values: Any) -> Any:
        assert key in entries(self.language), f"no text {key}"
        return shown(self, key, **values)

    monkeypatch.setattr(Texts, "__call__", strict)


# --- words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_has_a_name_and_a_remedy_in_every_language(language: str) -> None:
    for family in ("cause", "remedy"):
        keys = {key.partition(".")[2] for key in entries(language) if key.startswith(f"{family}.")}
        assert keys == set(REMEDIES)


def test_every_stage_kind_day_and_depth_has_a_word() -> None:
    words = entries("en")
    assert sweeps.STAGES == STAGES
    families = {"stage": STAGES, "credential_kind": credential_form.KINDS, "day": plan_form.DAYS,
                "until": plan_form.UNTIL, "count": ("sweep", "alive", "identified", "explore", "failed")}  # fmt: skip
    assert not [f"{name}.{word}" for name, some in families.items() for word in some if f"{name}.{word}" not in words]
    fields = {each.name for some in credential_form.FIELDS.values() for each in some}
    assert not [name for name in fields if f"credential.field.{name}" not in words]


# --- what is there


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_is_whole_strict_and_holds_no_secret(
    world: World, made: Swept, complete: None, language: str
) -> None:
    async with await world.person("network_admin", language=language) as client:
        for address in pages(made):
            answer = await client.get(address)
            assert answer.status_code == 200, address
            assert SECRET not in answer.text, address
            page = read(answer.text)
            assert page.all("h1"), address
            assert not page.inline
            assert not [name for each in page.elements for name in each.attributes if name.startswith(("on", "style"))]
            for form in answer.text.split("<form")[1:]:
                assert ('name="csrf"' in form) == ('method="post"' in form.partition(">")[0]), address


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_empty_collector_teaches_what_to_do(empty_world: World, complete: None, language: str) -> None:
    async with await empty_world.person("network_admin", language=language) as client:
        plans, held = await _page(client, "/sweeps"), await _page(client, "/credentials")
    assert "/sweeps/plans/new" in plans.links
    assert entries(language)["sweeps.none.title"] in plans.text
    assert "/credentials/new?kind=snmp_community" in held.links


async def test_the_list_tells_next_run_last_run_and_coverage(world: World, made: Swept) -> None:
    async with await world.person("network_admin") as client:
        page = await _page(client, "/sweeps")
    assert {f"/sweeps/plans/{made.plan}", f"/sweeps/{made.sweep}", "/credentials"} <= set(page.links)
    assert "2 of 6" in page.text
    assert "10.20.0.0/24 and 1 more" in page.text


async def test_the_ledger_says_why_not_and_what_to_do_and_links_the_ci(world: World, made: Swept) -> None:
    async with await world.person("viewer") as client:
        page = await _page(client, f"/sweeps/{made.sweep}")
        silent = await _page(client, f"/sweeps/{made.sweep}?cause=no_answer")
        whole = await _page(client, f"/sweeps/{made.sweep}?cause=all")
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
        page = await _page(client, f"/sweeps/{made.sweep}?cause=all&after=10.20.0.54")
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
        page = await _page(client, answer.headers["location"])
        again = await client.post(f"/sweeps/{made.sweep}/again")
    assert "10.20.0.3-10.20.0.6" in page.text
    assert again.status_code == 400, "one of this plan waits already"


# --- the form of a plan


async def test_a_plan_is_made_listed_changed_and_removed_by_its_name(empty_world: World) -> None:
    async with await empty_world.person("network_admin") as client:
        assert (await client.post("/sweeps/plans", data=PLAN)).headers["location"] == "/sweeps"
        async with empty_world.store.read() as connection:
            (plan,) = await sweeps.plans(connection)
        assert plan.settings["ranges"] == ["10.1.0.0/24", "10.1.4.10-20"]
        assert plan.settings["blackout"] == [{"from": "22:00", "to": "06:00", "days": ["mon", "tue"]}]
        form = (await client.get(f"/sweeps/plans/{plan.uid}")).text
        assert 'value="22:00"' in form
        assert "10.1.4.10-20" in form
        moved = await client.post(f"/sweeps/plans/{plan.uid}", data={**PLAN, "name": "Offices", "schedule": ""})
        assert moved.status_code == 303
        assert "by hand only" in (await _page(client, "/sweeps")).text
        wrong = await client.post(f"/sweeps/plans/{plan.uid}/remove", data={"name": "Head office"})
        assert (wrong.status_code, "nothing was removed" in wrong.text) == (400, True)
        await client.post(f"/sweeps/plans/{plan.uid}/remove", data={"name": "Offices"})
        assert "No plan yet" in (await _page(client, "/sweeps")).text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": ""}, "Needed."),
        ({"name": "n" * 101}, "At most 100 characters."),
        ({"ranges": ""}, "Needed."),
        ({"ranges": "10.1.0.0/24\n10.1.0.0/99"}, "10.1.0.0/99 is no range"),
        ({"ranges": "2001:db8::/64"}, "IPv6 is swept by single addresses"),
        ({"ranges": "10.0.0.0/8"}, "more than a million"),
        ({"exclusions": "<b>"}, "&lt;b&gt; is no range"),
        ({"zone": "a b"}, "Letters, digits"),
        ({"until": "death"}, "One of those offered."),
        ({"rate": "0"}, "A whole number from 1 to 20000."),
        ({"rate": "١٢"}, "A whole number from 1 to 20000."),
        ({"timeout_ms": "9" * 40}, "A whole number from 0 to 30000."),
        ({"snmp_port": "x"}, "A whole number from 1 to 65535."),
        ({"ports": "ssh=2222, telnet=23"}, "Services and ports such as"),
        ({"ports": "ssh"}, "Services and ports such as"),
        ({"ports": "ssh=65536"}, "Services and ports such as"),
        ({"schedule": "every day"}, "five fields are expected"),
        ({"to0": ""}, "A time such as 22:00"),
        ({"from0": "25:00"}, "A time such as 22:00"),
    ],
)
async def test_a_plan_that_is_wrong_says_so_beside_the_field_and_keeps_what_was_typed(
    empty_world: World, change: Mapping[str, str], says: str
) -> None:
    async with await empty_world.person("network_admin") as client:
        answer = await client.post("/sweeps/plans", data={**PLAN, **change})
        assert answer.status_code == 400
        (name,) = change
        beside = answer.text.partition(f'name="{name}"')[2].partition("</section>")[0]
        assert says in beside or says in answer.text.partition('class="wrong"')[2]
        assert 'aria-invalid="true"' in answer.text
        if "name" not in change:
            assert 'value="Head office"' in answer.text
        async with empty_world.store.read() as connection:
            assert await sweeps.plans(connection) == []


async def test_a_plan_shows_all_its_blackouts_and_room_for_one_more_and_saving_drops_none(empty_world: World) -> None:
    times = {f"{end}{at}": f"{at + (end == 'to'):02}:00" for at in range(7) for end in ("from", "to")}
    async with await empty_world.person("network_admin") as client:
        await client.post("/sweeps/plans", data={**PLAN, **times})
        async with empty_world.store.read() as connection:
            (plan,) = await sweeps.plans(connection)
        assert len(plan.settings["blackout"]) == 7
        page = await _page(client, f"/sweeps/plans/{plan.uid}")
        timed = [each.attributes for each in page.all("input") if each.attributes.get("type") == "time"]
        fields = {each["name"]: each.get("value", "") for each in timed}
        assert sorted(name for name in fields if name.startswith("from")) == [f"from{at}" for at in range(8)]
        await client.post(f"/sweeps/plans/{plan.uid}", data={**PLAN, **fields})
        async with empty_world.store.read() as connection:
            (after,) = await sweeps.plans(connection)
    assert [each["from"] for each in after.settings["blackout"]] == [each["from"] for each in plan.settings["blackout"]]


async def test_more_blackouts_than_a_plan_may_have_are_refused_and_kept_in_the_form(empty_world: World) -> None:
    times = {f"{end}{at}": "01:00" for at in range(51) for end in ("from", "to")}
    async with await empty_world.person("network_admin") as client:
        answer = await client.post("/sweeps/plans", data={**PLAN, **times})
    assert answer.status_code == 400
    assert 'name="from50"' in answer.text


async def test_a_name_is_taken_once(world: World, made: Swept) -> None:
    async with await world.person("network_admin") as client:
        answer = await client.post("/sweeps/plans", data={**PLAN, "name": "Campus"})
    assert (answer.status_code, "This name is taken." in answer.text) == (400, True)


async def test_a_plan_that_is_sweeping_is_not_started_twice(world: World, made: Swept) -> None:
    async with await world.person("network_admin") as client:
        started = await client.post(f"/sweeps/plans/{made.plan}/start")
        assert started.headers["location"].startswith("/sweeps/")
        second = await client.post(f"/sweeps/plans/{made.plan}/start")
        assert second.headers["location"] == "/sweeps?busy=yes"
        assert "sweeping already" in (await _page(client, "/sweeps?busy=yes")).text


# --- credentials


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


# --- who may, and what is hostile


async def test_who_only_reads_sees_sweeps_and_neither_buttons_nor_credentials(world: World, made: Swept) -> None:
    async with await world.person("viewer") as client:
        for address in ("/sweeps", f"/sweeps/{made.sweep}"):
            html = (await client.get(address)).text
            main = html.partition("<main")[2]
            assert 'method="post"' not in main
            assert "/credentials" not in html
            assert "/sweeps/plans/" not in html
        for address in ("/credentials", f"/credentials/{made.credential}", "/sweeps/plans/new"):
            assert (await client.get(address)).status_code == 403
        assert (await client.post(f"/sweeps/plans/{made.plan}/start")).status_code == 403
    async with await world.person("system_admin") as client:
        assert (await client.get("/sweeps")).status_code == 403


@pytest.mark.parametrize("poison", POLYGLOTS, ids=range(len(POLYGLOTS)))
async def test_no_text_of_a_device_becomes_markup(world: World, poison: str) -> None:
    async with world.store.write() as tx:
        begun = await swept.begin(tx, vault(world), world.clock())
        await swept.finish(tx, begun, world.clock(), poison)
    async with await world.person("network_admin") as client:
        for address in pages(begun):
            answer = await client.get(address)
            assert answer.status_code == 200, address
            page = read(answer.text)
            for mark in MARKUP[:-1]:
                assert mark not in answer.text, (address, mark)
            assert not page.all("img")
            assert not page.inline
            assert not [link for link in page.links if not link.startswith(("/", "#"))], address
            assert not [name for each in page.elements for name in each.attributes if name.startswith("on")]


@pytest.mark.parametrize("poison", POLYGLOTS, ids=range(len(POLYGLOTS)))
async def test_no_question_and_no_form_becomes_markup(world: World, made: Swept, poison: str) -> None:
    async with await world.person("network_admin") as client:
        for name in ("cause", "stage", "after"):
            answer = await client.get(f"/sweeps/{made.sweep}", params={name: poison})
            assert answer.status_code == 200
            assert not [mark for mark in MARKUP[:-1] if mark in answer.text], name
        for path, sent in (("/sweeps/plans", PLAN), ("/credentials", COMMUNITY)):
            answer = await client.post(path, data=dict.fromkeys(sent, poison) | {"kind": "ssh"})
            assert answer.status_code == 400
            assert not [mark for mark in MARKUP[:-1] if mark in answer.text], path


async def test_what_is_not_there_is_a_page_that_says_so(world: World) -> None:
    async with await world.person("network_admin") as client:
        for address in ("/sweeps/nope", "/sweeps/plans/nope", "/sweeps/plans/nope/remove", "/credentials/nope"):
            assert (await client.get(address)).status_code == 404, address
        assert (await client.post("/sweeps/nope/cancel")).status_code == 404


# --- keys, and credentials that are refused

OLD, NEW = (f"ssh-rsa SHA256:{letter * 43}" for letter in "ab")


async def test_a_changed_key_is_looked_at_and_accepted_or_forgotten(world: World, complete: None) -> None:
    async with world.store.write() as tx:
        changed = PinRow("", "10.1.0.1", "host_key", OLD, "", 5, NEW, 6)
        await pins.put(tx, [changed, PinRow("", "10.1.0.2", "host_key", OLD)])
    async with await world.person("network_admin") as client:
        page = await _page(client, "/pins")
        assert OLD in page.text
        assert NEW in page.text
        assert "10.1.0.2" not in (await _page(client, "/pins?state=changed")).text
        key = {"zone": "", "address": "10.1.0.1", "kind": "host_key"}
        bad = await client.post("/pins/accept", data={**key, "value": "nonsense"})
        assert bad.headers["location"] == "/pins?done=refused"
        good = await client.post("/pins/accept", data={**key, "value": NEW})
        assert good.headers["location"] == "/pins?done=accepted"
        assert "Trusted from now on." in (await _page(client, "/pins?done=accepted")).text
        assert (await client.post("/pins/forget", data={**key, "kind": "nonsense"})).status_code == 303
        async with world.store.read() as connection:
            found = await pins.find(connection, ("", "10.1.0.1", "host_key"))
        assert found
        assert (found.value, found.state) == (NEW, "pinned")
        await client.post("/pins/forget", data=key)
        assert "10.1.0.1" not in (await _page(client, "/pins")).text


async def test_keys_are_shown_in_parts(world: World) -> None:
    async with world.store.write() as tx:
        await pins.put(tx, [PinRow("", f"10.1.{at >> 8}.{at & 255:03}", "host_key", OLD) for at in range(130)])
    async with await world.person("network_admin") as client:
        page = await _page(client, "/pins")
        (more,) = [each for each in page.links if each.startswith("/pins?") and "address=" in each]
        rest = await _page(client, more)
    assert ("10.1.0.129" in page.text, "10.1.0.129" in rest.text, "10.1.0.000" in rest.text) == (False, True, False)


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
        page = await _page(client, f"/credentials/{made.credential}")
        assert "10.20.0.4" in page.text
        assert entries(language)["credentials.suspended"] in (await _page(client, "/credentials")).text
        told = await _page(client, f"/incidents/{raised.number}")
        assert f"/credentials/{made.credential}" in told.links
        assert "campus" in (await _page(client, "/incidents?kind=credential")).text
        assert (await client.get("/incidents.csv")).status_code == 200
        done = await client.post(f"/credentials/{made.credential}/resume")
        assert done.headers["location"] == "/credentials?done=resumed"
        assert "10.20.0.4" not in (await _page(client, f"/credentials/{made.credential}")).text


async def test_ports_of_services_are_typed_as_one_line_and_come_back_so(empty_world: World) -> None:
    async with await empty_world.person("network_admin") as client:
        await client.post("/sweeps/plans", data={**PLAN, "ports": "ssh = 2222，redfish=8443"})
        async with empty_world.store.read() as connection:
            (plan,) = await sweeps.plans(connection)
        assert plan.settings["ports"] == {"ssh": 2222, "redfish": 8443}
        assert 'value="ssh=2222, redfish=8443"' in (await client.get(f"/sweeps/plans/{plan.uid}")).text
