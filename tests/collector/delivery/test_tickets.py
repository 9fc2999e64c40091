"""Tickets of iTop, GLPI, ServiceNow and Jira: exchanges as their documentation has them.

iTop: Wiki "REST/JSON services"; GLPI: `apirest.md`; ServiceNow: Table API reference; Jira: REST API v3 (Cloud) and v2
(Data Center).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from collector.channel import Channel
from collector.delivery import DeliveryFailed, Fate
from collector.delivery.kinds import checked, make
from collector.delivery.ticket import CLOSED, OPEN, RESOLVED, Tickets
from collector.model import Delivery
from tests.collector.delivery.answering import Answering
from tests.collector.delivery.told import HOSTILE, NOW, delivery

KEY = "MUSTER-ab12-INC-000001"
LOGIN = {"user": "muster", "password": "geheim"}
SID = "9c573169c611228700193229fff72400"


def channel(kind: str, there: Answering, **settings: Any) -> Channel:
    return Channel("desk", kind, checked(kind, {"url": there.url, "mark": "ab12", **settings}), language="en")


def made(kind: str, there: Answering, secret: Mapping[str, str] = LOGIN, **settings: Any) -> Tickets:
    destination = make(channel(kind, there, **settings), secret, lambda: NOW)
    assert isinstance(destination, Tickets)
    return destination


async def deliver(destination: Tickets, told: Delivery) -> str:
    try:
        return await destination(told)
    finally:
        await destination.aclose()


def known(event: str, reference: str) -> Delivery:
    found = delivery(event=event)
    return Delivery(found.key, found.destination, found.payload, reference)


# --- ServiceNow


def snow(state: str = "1") -> dict[str, str]:
    return {"sys_id": SID, "number": "INC0010023", "state": state, "resolved_by.user_name": "beth",
            "assigned_to.user_name": ""}  # fmt: skip


async def test_servicenow_is_searched_by_correlation_id_before_an_incident_is_made(there: Answering) -> None:
    there.answers = [(200, {"result": []}), (201, {"result": snow()})]
    assert await deliver(made("servicenow", there), delivery()) == SID
    search, create = there.asked
    assert search.query["sysparm_query"].startswith(f"correlation_id={KEY}^")
    assert (create.method, create.path) == ("POST", "/api/now/table/incident")
    assert (create.value["correlation_id"], create.value["urgency"]) == (KEY, "1")
    assert create.headers["Authorization"].startswith("Basic ")


async def test_servicenow_that_has_one_already_gets_no_second(there: Answering) -> None:
    there.answers = [(200, {"result": [snow()]})]
    assert await deliver(made("servicenow", there), delivery()) == SID
    assert [each.method for each in there.asked] == ["GET"]


async def test_servicenow_is_resolved_once(there: Answering) -> None:
    there.answers = [(200, {"result": snow("2")}), (200, {"result": snow("6")})]
    await deliver(made("servicenow", there), known("resolved", SID))
    [_, patch] = there.asked
    assert (patch.method, patch.path) == ("PATCH", f"/api/now/table/incident/{SID}")
    assert (patch.value["state"], patch.value["close_code"]) == ("6", "Solved (Permanently)")
    there.answers = [(200, {"result": snow("7")})]
    await deliver(made("servicenow", there), known("resolved", SID))
    assert len(there.asked) == 3, "what is closed there is left alone"


async def test_servicenow_renders_no_markup_of_a_device(there: Answering) -> None:
    there.answers = [(200, {"result": []}), (201, {"result": snow()})]
    await deliver(made("servicenow", there), delivery(title=HOSTILE))
    assert not any(each in json.dumps(there.asked[1].value) for each in ("[code]", "<b>", "<script"))


# --- GLPI


async def test_glpi_opens_a_session_searches_the_title_and_makes_a_ticket(there: Answering) -> None:
    there.answers = [(200, {"session_token": "s1"}), (200, {"totalcount": 0, "count": 0}), (201, {"id": 15})]
    secret = {"token": "user-token", "app_token": "app"}
    assert await deliver(made("glpi", there, secret), delivery(title=HOSTILE)) == "15"
    login, search, create = there.asked
    assert (login.path, login.headers["Authorization"]) == ("/apirest.php/initSession", "user_token user-token")
    assert (search.query["criteria[0][value]"], search.headers["Session-Token"]) == (f"[{KEY}]", "s1")
    assert create.headers["App-Token"] == "app"
    said = create.value["input"]
    assert said["name"].startswith(f"[{KEY}] ")
    assert "<script" not in json.dumps(said)


async def test_glpi_begins_again_when_its_session_has_run_out(there: Answering) -> None:
    ticket = {"id": 15, "status": 2, "is_deleted": 0, "users_id_lastupdater": 7}
    there.answers = [
        (200, {"session_token": "s1"}), (401, ["ERROR_SESSION_TOKEN_INVALID", ""]), (200, {"session_token": "s2"}),
        (200, ticket), (201, {"id": 3}),
    ]  # fmt: skip
    await deliver(made("glpi", there), known("resolved", "15"))
    assert there.asked[-1].path == "/apirest.php/ITILSolution"
    assert there.asked[-1].value["input"]["items_id"] == 15
    assert there.asked[-1].headers["Session-Token"] == "s2"


async def test_glpi_that_does_a_part_is_no_success(there: Answering) -> None:
    there.answers = [(200, {"session_token": "s1"}), (200, {"data": []}), (207, [{"id": 1}, {"id": False}])]
    with pytest.raises(DeliveryFailed) as caught:
        await deliver(made("glpi", there), delivery())
    assert caught.value.fate is Fate.UNKNOWN


# --- iTop


def itop(status: str = "new") -> dict[str, Any]:
    fields = {"ref": "I-000123", "status": status, "agent_name": "Beth", "title": f"[{KEY}] x", "id": "123"}
    return {"code": 0, "message": "", "objects": {"Incident::123": {"code": 0, "key": "123", "fields": fields}}}


async def test_itop_is_searched_by_title_before_an_incident_is_made(there: Answering) -> None:
    there.answers = [(200, {"code": 0, "message": "Found: 0", "objects": None}), (200, itop())]
    assert await deliver(made("itop", there, organisation="O'Neill"), delivery(title=HOSTILE)) == "123"
    search, create = (json.loads(each.value["json_data"]) for each in there.asked)
    assert search["key"] == f"SELECT Incident WHERE title LIKE '[{KEY}]%'"
    assert create["operation"] == "core/create"
    assert create["fields"]["org_id"] == r"SELECT Organization WHERE name = 'O\'Neill'"
    assert create["fields"]["origin"] == "monitoring"
    assert "<script" not in json.dumps(create)
    assert there.asked[0].value["auth_user"] == "muster"


@pytest.mark.parametrize(("status", "stimulus"), [("new", "ev_autoresolve"), ("assigned", "ev_resolve")])
async def test_itop_is_resolved_as_its_state_allows(there: Answering, status: str, stimulus: str) -> None:
    there.answers = [(200, itop(status)), (200, itop("resolved"))]
    await deliver(made("itop", there, organisation="O"), known("resolved", "123"))
    asked = json.loads(there.asked[1].value["json_data"])
    assert (asked["operation"], asked["stimulus"]) == ("core/apply_stimulus", stimulus)


@pytest.mark.parametrize(("code", "fate"), [(1, Fate.RETRY), (100, Fate.UNKNOWN), (10, Fate.REJECTED)])
async def test_itop_answers_200_with_a_code(there: Answering, code: int, fate: Fate) -> None:
    there.answers = [(200, {"code": code, "message": "geheim"})]
    with pytest.raises(DeliveryFailed) as caught:
        await deliver(made("itop", there, organisation="O"), delivery())
    assert caught.value.fate is fate
    assert "geheim" not in str(caught.value)


# --- Jira


def issue(category: str = "new") -> dict[str, Any]:
    fields = {"status": {"statusCategory": {"key": category}}, "assignee": {"displayName": "Beth"}}
    return {"key": "OPS-7", "fields": fields}


async def test_jira_cloud_is_searched_by_label_and_takes_documents(there: Answering) -> None:
    there.answers = [(200, {"issues": []}), (201, {"id": "10", "key": "OPS-7"})]
    secret = {"user": "muster", "token": "t"}
    assert await deliver(made("jira", there, secret, project="OPS"), delivery()) == "OPS-7"
    search, create = there.asked
    assert search.path == "/rest/api/3/search/jql"
    assert f'labels = "{KEY}"' in search.query["jql"]
    assert create.value["fields"]["labels"] == [KEY]
    assert create.value["fields"]["description"]["type"] == "doc"


async def test_jira_data_center_takes_text_without_wiki_markup(there: Answering) -> None:
    there.answers = [(200, {"issues": []}), (201, {"id": "10", "key": "OPS-7"})]
    hostile = "{code}[x|http://evil.example]!image.png!"
    await deliver(made("jira", there, {"token": "t"}, project="OPS", version="2"), delivery(title=hostile))
    search, create = there.asked
    assert search.path == "/rest/api/2/search"
    assert not any(each in json.dumps(create.value["fields"]["description"]) for each in "{[!|")


async def test_jira_goes_by_the_transition_that_leads_to_done(there: Answering) -> None:
    offered = {"transitions": [
        {"id": "11", "name": "Start", "to": {"statusCategory": {"key": "indeterminate"}}},
        {"id": "31", "name": "Done", "to": {"statusCategory": {"key": "done"}}},
    ]}  # fmt: skip
    there.answers = [(200, issue("indeterminate")), (200, offered), (204, {}), (201, {})]
    await deliver(made("jira", there, {"token": "t"}, project="OPS"), known("resolved", "OPS-7"))
    assert there.asked[2].value == {"transition": {"id": "31"}}
    assert there.asked[3].path.endswith("/comment")


# --- all of them


async def test_of_two_that_were_made_all_the_same_the_younger_is_closed(there: Answering) -> None:
    twin = snow() | {"sys_id": "b" * 32, "number": "INC0010024"}
    there.answers = [(200, {"result": [snow(), twin]}), (200, {"result": twin})]
    assert await deliver(made("servicenow", there), delivery()) == SID
    assert there.asked[1].path.endswith("b" * 32)
    assert there.asked[1].value["state"] == "6"


async def test_what_brought_no_answer_is_left_time_before_it_is_searched_for(there: Answering) -> None:
    there.answers = [(200, {"result": []}), (500, {})]
    with pytest.raises(DeliveryFailed) as caught:
        await deliver(made("servicenow", there), delivery())
    assert (caught.value.fate, caught.value.after_s) == (Fate.UNKNOWN, 20)


@pytest.mark.parametrize(("state", "stand"), [("2", OPEN), ("6", RESOLVED), ("7", CLOSED)])
async def test_how_a_ticket_stands_is_told_with_who_has_it(there: Answering, state: str, stand: str) -> None:
    there.answers = [(200, {"result": snow(state)})]
    destination = made("servicenow", there)
    found = await destination.standing("INC-000001", SID)
    await destination.aclose()
    assert found is not None
    assert (found.stand, found.by, found.number) == (stand, "beth", "INC0010023")


@pytest.mark.parametrize("answer", [None, [], "x", {"result": {}}, {"result": [1]}, {"issues": 5}, {"code": "0"}])
@pytest.mark.parametrize("kind", ["servicenow", "jira", "itop", "glpi"])
async def test_an_answer_that_is_none_is_one_declared_error(there: Answering, kind: str, answer: Any) -> None:
    more = {"itop": {"organisation": "O"}, "jira": {"project": "OPS"}}.get(kind, {})
    there.answers = [(200, answer)] * 2
    with pytest.raises(DeliveryFailed):
        await deliver(made(kind, there, **more), delivery())
