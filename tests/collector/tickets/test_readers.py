"""Each product read from its exchanges, which are written from the public documentation, not captured."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from collector.config import shipped_rules
from collector.tickets import BadAnswer, tables
from collector.tickets.exchange import Exchange
from collector.tickets.products import look
from collector.tickets.record import Approval, Pulled, Thing, Unread
from collector.tickets.system import Secret, System
from tests.collector.tickets.player import Player, Turn

WORDS = tables.load(shipped_rules() / "tickets.yaml")
LOGIN = Secret("muster", "geheim")
HOUR = 3_600_000
TEN = 1_795_701_600_000
"""2026-11-26T14:00:00Z, ten in the evening in Shanghai."""
Read = Callable[..., Awaitable[Pulled]]


@pytest.fixture
def read(player: Player) -> Read:
    async def read(kind: str, script: str = "", secret: Secret = LOGIN, **settings: object) -> Pulled:
        if script:
            player.play(script)
        system = System("there", kind, player.url, **settings)  # type: ignore[arg-type]
        async with Exchange(player.url) as exchange:
            return await look(system, WORDS, secret, exchange)

    return read


async def test_servicenow_its_changes_with_cis_and_approvals(read: Read, player: Player) -> None:
    pulled = await read("servicenow", "servicenow")
    first, second = pulled.records
    assert (first.reference, first.title, first.type, first.state) == ("CHG0030001", "Patch OpenSSL", "normal", "-2")
    assert first.reason == "CVE on the public web servers"
    assert first.text == "apt upgrade openssl\n\nrestore the snapshot"
    assert (first.initiator, first.implementer) == (("abel.tuter",), ("bow.ruggeri",))
    assert (first.start, first.end) == (TEN, TEN + 2 * HOUR)
    assert first.things == (Thing("srv1", "P1000479"), Thing("srv2", "", "SN-0002"))
    who = ("beth.anglin", "0f3b1f4c0a0a0b1500b54f7a41ed2c22")
    assert first.approvals == (Approval(who, True, "2026-11-25 08:01:02", "Looks fine"),)
    assert (second.things, second.start, second.initiator) == ((), None, ())
    assert [(each.granted, each.said) for each in second.approvals] == [(False, "Not in the freeze")]
    assert player.asked[0].headers["Authorization"].startswith("Basic ")


async def test_itop_its_changes_with_the_devices_they_name(read: Read) -> None:
    pulled = await read("itop", "itop", timezone="Asia/Shanghai")
    first, second = pulled.records
    assert (first.reference, first.type, first.state) == ("C-000005", "NormalChange", "approved")
    assert first.reason == "Version 15 is at its end.\n\nApproved budget."
    assert first.start == TEN, "its times are those of its server"
    assert first.things == (Thing("srv1", "A-77", "SN-0001"), Thing("srv3"))
    assert first.approvals == (
        Approval(("Marcel Proust",), True, "2026-11-24 09:00:00", "needed"),
        Approval(("Charles Dickens",), True, "2026-11-25 10:00:00"),
    )
    assert (second.type, second.end, second.approvals) == ("RoutineChange", None, ())


async def test_glpi_a_change_with_what_hangs_on_it(read: Read, player: Player) -> None:
    pulled = await read("glpi", "glpi", Secret(token="t0ken", app_token="app"), timezone="Asia/Shanghai")
    [change] = pulled.records
    assert (change.reference, change.title, change.type, change.state) == ("7", "交换机升级", "一般变更", "7")
    assert (change.reason, change.text) == ("固件有缺陷", "备份配置\n\n升级")
    assert (change.initiator, change.implementer) == (("wangfang",), ("liwei",))
    assert (change.start, change.end) == (TEN, TEN + HOUR), "from the first task to the last"
    assert change.things == (Thing("srv2", "ZC-0041", "SN-0002"),)
    assert change.approvals == (
        Approval(("zhaomin",), True, "2026-11-24 10:00:00", "同意"),
        Approval(("chenjing",), False, "2026-11-24 11:00:00", "封网期"),
    )
    assert player.asked[0].headers["Authorization"] == "user_token t0ken"
    assert {each.headers["Session-Token"] for each in player.asked[1:]} == {"83af7e620c83a50a18d3eac2f6ed05a3ca0bea62"}
    assert player.asked[-1].path == "/apirest.php/killSession"


async def test_jira_cloud_by_names_of_fields_page_by_page(read: Read) -> None:
    pulled = await read("jira", "jira_cloud", fields={"lines": ("Expected values",)})
    [change] = pulled.records
    assert (change.reference, change.type, change.state) == ("CHG-12", "Standard", "Awaiting implementation")
    assert change.reason == "It ends on Friday.\nAll clients notice."
    assert change.initiator == ("5b10a2844c20165700ede21g", "mia@example.com"), "never the name people give themselves"
    assert (change.start, change.end, change.text) == (TEN, TEN + HOUR, "Replace the file")
    assert change.things == (Thing("srv1"), Thing("srv2"))
    assert change.lines == "srv1:os:version=12.6\n:packages:openssl|amd64"
    approver = ("5b10a0effa615349cb016cd8", "will@example.com")
    assert change.approvals == (Approval(approver, True, "2026-11-24T06:00:00+0000", "Waiting for approval"),)
    why = "it names a CI by a number of its own only"
    assert pulled.unread == [Unread("CHG-13", why, "Affected hardware")]


async def test_jira_data_center_by_starts_and_logins(read: Read, player: Player) -> None:
    pulled = await read("jira", "jira_data_center", Secret(token="pat"), version="2")
    assert [each.reference for each in pulled.records] == ["CHG-12", "CHG-14"]
    first, second = pulled.records
    assert (first.initiator, first.things) == (("mia", "JIRAUSER1mia"), (Thing("srv1"), Thing("srv2")))
    assert [(each.who[0], each.granted) for each in first.approvals] == [("will", False)]
    assert second.approvals == (), "an issue that is no request of a desk has none"
    assert player.asked[0].headers["Authorization"] == "Bearer pat"


async def test_servicenow_is_read_page_by_page_to_its_end(read: Read, player: Player) -> None:
    rows = [{"sys_id": f"{at:032x}", "number": f"CHG{at:07}"} for at in range(120)]
    for start in (0, 50, 100):
        said, body = {"sysparm_offset": str(start)}, {"result": rows[start : start + 50]}
        player.turns.append(Turn("/api/now/table/change_request", body, said))
    player.turns += [Turn(f"/api/now/table/{each}", {"result": []}) for each in ("task_ci", "sysapproval_approver")]
    pulled = await read("servicenow")
    assert [each.reference for each in pulled.records] == [row["number"] for row in rows]


def _itop(numbers: range) -> dict[str, object]:
    objects = {
        f"Change::{at}": {"class": "NormalChange", "key": str(at), "fields": {"ref": f"C-{at}"}} for at in numbers
    }
    return {"code": 0, "objects": objects}


@pytest.mark.parametrize("knows_pages", [True, False])
async def test_itop_is_read_whole_whether_it_knows_pages_or_not(read: Read, player: Player, knows_pages: bool) -> None:
    pages = (range(100), range(100, 130)) if knows_pages else (range(130), range(130))
    for number, page in enumerate(pages, 1):
        said = {"json_data": f'~"page": {number}}}'}
        player.turns.append(Turn("/webservices/rest.php", _itop(page), said))
    assert len((await read("itop")).records) == 130


async def test_glpi_is_read_range_by_range_until_it_ends_or_is_too_old(read: Read, player: Player) -> None:
    def rows(first: int, count: int, year: int) -> list[dict[str, object]]:
        return [{"id": first + at, "name": "x", "date_mod": f"{year}-01-01 00:00:00"} for at in range(count)]

    player.turns += [
        Turn("/apirest.php/initSession", {"session_token": "s"}),
        Turn("/apirest.php/Change", rows(1, 100, 2099), {"range": "0-99"}, 206),
        Turn("/apirest.php/Change", rows(101, 100, 2020), {"range": "100-199"}, 206),
        *(
            Turn(f"/apirest.php/Change/{at}/{kind}", [])
            for at in range(1, 101)
            for kind in ("ChangeTask", "Change_User", "ChangeValidation", "Change_Item")
        ),
    ]
    assert len((await read("glpi")).records) == 100


async def test_glpi_a_range_beyond_the_end_is_the_end_and_any_other_400_is_not(read: Read, player: Player) -> None:
    beyond = ["ERROR_RANGE_EXCEED_TOTAL", "Provided range exceed total count of data: 0"]
    player.turns += [
        Turn("/apirest.php/initSession", {"session_token": "s"}),
        Turn("/apirest.php/Change", beyond, status=400, once=True),
        Turn("/apirest.php/Change", ["ERROR_SESSION_TOKEN_INVALID", "session_token seems invalid"], status=400),
    ]
    assert (await read("glpi")).records == []
    with pytest.raises(BadAnswer, match="it answers 400"):
        await read("glpi")


async def test_itop_says_200_and_means_no(read: Read, player: Player) -> None:
    with pytest.raises(BadAnswer, match="it refuses the login"):
        await read("itop", "itop", Secret("muster", "wrong"))
    player.turns[:] = [Turn("/webservices/rest.php", {"code": 100, "message": "Error: SELECT … password"})]
    with pytest.raises(BadAnswer, match="it failed itself") as error:
        await read("itop")
    assert "password" not in str(error.value)


async def test_a_device_glpi_does_not_show_leaves_its_change_unread(read: Read, player: Player) -> None:
    player.play("glpi")
    [gone] = [each for each in player.turns if each.path.endswith("NetworkEquipment/41")]
    gone.status, gone.body = 404, ["ERROR_ITEM_NOT_FOUND", "Item not found"]
    pulled = await read("glpi", "", Secret(token="t"))
    assert [(each.reference, each.field) for each in pulled.unread] == [("7", "Change_Item")]


def test_every_script_is_json_of_known_turns() -> None:
    folder = Path(__file__).parent / "exchanges"
    for file in folder.glob("*.json"):
        assert [Turn(**each) for each in json.loads(file.read_text(encoding="utf-8"))]
