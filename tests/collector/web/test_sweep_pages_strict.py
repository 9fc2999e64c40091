"""Every page of sweeps, plans, credentials and keys: whole in each language, for those who may, no markup or secret."""

from __future__ import annotations

import pytest

from collector.services import sweeps
from collector.web import credential_form, plan_form
from collector.web.catalogue import LANGUAGES, entries
from discovery.failures import REMEDIES
from discovery.ledger import STAGES
from tests import swept
from tests.collector.web.reading import read
from tests.collector.web.sweeping import COMMUNITY, PLAN, pages, vault
from tests.collector.web.test_hostile import MARKUP, POLYGLOTS
from tests.people import World
from tests.swept import SECRET, Swept


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


async def test_who_only_reads_sees_sweeps_and_neither_buttons_nor_credentials(world: World, made: Swept) -> None:
    async with await world.person("viewer") as client:
        for address in ("/sweeps", f"/sweeps/{made.sweep}", f"/sweeps/plans/{made.plan}"):
            html = (await client.get(address)).text
            main = html.partition("<main")[2]
            assert main.count('method="post"') == main.count('<fieldset class="stack" disabled>')
            assert '<button class="button' not in main
            assert "/credentials" not in html
            assert "/sweeps/plans/new" not in html
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
