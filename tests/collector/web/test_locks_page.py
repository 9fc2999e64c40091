"""The page on which a value is locked, and what of it the page of its CI shows."""

from __future__ import annotations

from collector.wording import time_text
from tests.estate import DAY
from tests.people import World

QUERY = {"section": "os", "key": "version"}


async def test_a_value_is_locked_and_released_from_its_page(world: World) -> None:
    path = f"/cis/{world.estate.web.uid}"
    async with await world.person("config_admin:server", name="ada") as client:
        assert "/lock?section=os" in (await client.get(f"{path}/why", params=QUERY)).text
        shown = (await client.get(f"{path}/lock", params=QUERY)).text
        assert 'name="until"' in shown
        form = {**QUERY, "until": time_text(world.clock() + DAY), "reason": "<b>misread</b>"}
        done = await client.post(f"{path}/lock", data=form)
        assert (done.status_code, done.headers["location"]) == (303, f"{path}#locks")
        page = (await client.get(path)).text
        assert "Locked values" in page
        assert "&lt;b&gt;misread&lt;/b&gt;" in page
        assert "Locked by hand/ada" in (await client.get(f"{path}/why", params=QUERY)).text
        done = await client.post(f"{path}/unlock", data={**QUERY, "reason": "repaired"})
        assert done.status_code == 303
        assert "Locked values" not in (await client.get(path)).text


async def test_what_is_refused_is_said_beside_its_field(world: World) -> None:
    path = f"/cis/{world.estate.web.uid}/lock"
    async with await world.person("config_admin:*") as client:
        answer = await client.post(path, data={**QUERY, "until": "", "reason": "r"})
        assert (answer.status_code, 'aria-invalid="true"' in answer.text) == (400, True)
        assert 'value="r"' in answer.text
        unknown = await client.post(path, data={**QUERY, "until": "", "reason": "r", "source": "snmp/none"})
        assert unknown.status_code == 404
    async with await world.person("config_admin:network", language="zh-CN") as client:
        answer = await client.post(path, data={**QUERY, "until": time_text(world.clock() + DAY), "reason": "r"})
        assert (answer.status_code, "该类配置项由其他管理员负责" in answer.text) == (400, True)
    async with await world.person("viewer") as client:
        assert (await client.get(path, params=QUERY)).status_code == 403
        assert "/lock?section" not in (await client.get(f"/cis/{world.estate.web.uid}/why", params=QUERY)).text


async def test_why_names_rank_rule_and_ages(world: World) -> None:
    async with await world.person("viewer") as client:
        text = (await client.get(f"/cis/{world.estate.web.uid}/why", params=QUERY)).text
    assert "rank 10, authoritative" in text
    assert "it sees the machine from within" in text
    assert "stale after 24 h, passed over after 2 d" in text or "stale after 1 d" in text
