"""The page of other systems' alerts: the desk says which CI one is about, once or by a label."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from collector.store import schema
from tests.collector.api.test_inbound_api import alert, post, webhook
from tests.people import World

pytestmark = pytest.mark.usefixtures("complete")


async def test_line_one_says_which_ci_an_alert_is_about(world: World) -> None:
    source = await world.program("alert_source")
    hostile = "<script>alert(1)</script>"
    await post(source, webhook(alert("a", job="erp", host=hostile), alert("b", job="erp", host="pod-2")))
    async with await world.person("service_desk", name="ann") as ann:
        page = (await ann.get("/foreign-alerts?bound=unbound")).text
        assert "&lt;script&gt;alert(1)" in page
        assert hostile not in page
        assert "/foreign-alerts?bound=unbound" in (await ann.get("/incidents")).text
        async with world.store.read() as connection:
            number = (await connection.execute(select(schema.foreign_alert.c.id).limit(1))).scalar_one()
        at = f"/foreign-alerts/{number}"
        assert 'value="job"' in (await ann.get(at)).text
        nobody = await ann.post(at, data={"device": "no-such-thing", "label": ""})
        assert (nobody.status_code, "There is no such CI" in nobody.text) == (400, True)
        which = await ann.post(at, data={"device": "0", "label": "job"})
        assert (which.status_code, which.text.count('type="radio"') > 1) == (400, True)
        done = await ann.post(at, data={"ci": world.estate.web.uid, "label": "job"})
        assert (done.status_code, done.headers["location"]) == (303, f"{at}?done=2")
        assert "2 alerts are about that CI now" in (await ann.get(f"{at}?done=2")).text
        assert "job = erp" in (await ann.get("/foreign-alerts/labels")).text
        async with world.store.read() as connection:
            label = (await connection.execute(select(schema.foreign_binding.c.id))).scalar_one()
        assert (await ann.post(f"/foreign-alerts/labels/{label}/forget", data={})).status_code == 303
        assert "job = erp" not in (await ann.get("/foreign-alerts/labels")).text
        assert world.estate.web.name in (await ann.get("/foreign-alerts.csv")).text
    async with await world.person("viewer", language="zh-CN") as viewer:
        page = (await viewer.get(at)).text
        assert "外部告警" in page
        assert 'name="device"' not in page, "who only looks is offered nothing to do"
        assert (await viewer.post(at, data={"ci": world.estate.web.uid})).status_code == 403
        assert (await viewer.get("/foreign-alerts/99999")).status_code == 404


async def test_an_incident_shows_what_its_alert_says_and_leads_to_the_queue(world: World) -> None:
    source = await world.program("alert_source")
    told = alert("a", host=world.estate.web.name, instance="<b>9100</b>")
    await post(source, webhook(told, alert("b", host="pod-2"), truncatedAlerts=3))
    async with world.store.read() as connection:
        numbers = select(schema.incident.c.number).where(schema.incident.c.kind == "foreign_alert")
        shared, own = (await connection.execute(numbers.order_by(schema.incident.c.ci_id.is_not(None)))).scalars()
    async with await world.person("service_desk") as ann:
        page = (await ann.get(f"/incidents/{own}")).text
        for said in ("alertmanager · Down", "&lt;b&gt;9100&lt;/b&gt;", "http://prometheus.example.org/graph"):
            assert said in page
        assert "its message left out 3 more" in page
        assert "told of its alert, from alertmanager" in " ".join(page.split())
        assert "/foreign-alerts?bound=unbound&amp;q=Down" in (await ann.get(f"/incidents/{shared}")).text
