"""The category of an incident: people read the desk's word in their language, programs get its code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collector.channel import Channel
from collector.delivery import Closing
from collector.delivery.kinds import KINDS, checked, make
from collector.delivery.mail import Mail
from collector.desk import table
from collector.workcalendar import Calendar
from tests.collector.delivery.answering import Answering
from tests.collector.delivery.test_tickets import itop, snow
from tests.collector.delivery.told import NOW, delivery, story

DESK = table.load(Path(__file__).parents[3] / "rules" / "desk.yaml", Calendar())
SORT = "security/login"
"""What a rule calls the sort of its alarms; the desk keeps it under `account`."""
WORDS = {"zh": "账号与权限", "en": "account and rights"}
SECRET = {"token": "t", "user": "muster", "password": "geheim", "routing_key": "integration"}
ASKED: dict[str, dict[str, str]] = {
    "jira": {"project": "OPS"}, "itop": {"organisation": "O"},
    "email": {"host": "127.0.0.1", "sender": "muster@example.org", "recipients": "desk@example.org"},
}  # fmt: skip
ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    "dingtalk": [(200, {"errcode": 0})], "wecom": [(200, {"errcode": 0})], "feishu": [(200, {"code": 0})],
    "alertmanager": [(200, {})], "pagerduty": [(202, {})], "webhook": [(204, {})],
    "servicenow": [(200, {"result": []}), (201, {"result": snow()})],
    "glpi": [(200, {"session_token": "s1"}), (200, {"totalcount": 0, "count": 0}), (201, {"id": 15})],
    "itop": [(200, {"code": 0, "message": "Found: 0", "objects": None}), (200, itop())],
    "jira": [(200, {"issues": []}), (201, {"id": "10", "key": "OPS-7"})],
}  # fmt: skip
SPOKEN = sorted(ANSWERS.keys() - {"pagerduty", "webhook"})


async def sent(kind: str, there: Answering, category: str, language: str = "en") -> Any:
    """Return what a channel of this kind posts last about an incident of `category`."""
    there.answers = list(ANSWERS[kind])
    settings = checked(kind, {"url": there.url, **ASKED.get(kind, {})})
    destination = make(Channel("x", kind, settings, language=language), SECRET, lambda: NOW, DESK)
    try:
        await destination(delivery(category=category))
    finally:
        assert isinstance(destination, Closing)
        await destination.aclose()
    return there.asked[-1].value


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("kind", SPOKEN)
async def test_people_read_the_word_of_a_category_in_their_language(there: Answering, kind: str, language: str) -> None:
    said = await sent(kind, there, SORT, language)
    if kind == "itop":  # a form that holds JSON
        said = json.loads(said["json_data"])
    assert WORDS[language] in json.dumps(said, ensure_ascii=False)


@pytest.mark.parametrize("language", WORDS)
def test_a_mail_says_the_word_in_its_text_and_in_its_html(language: str) -> None:
    channel = Channel("x", "email", checked("email", ASKED["email"]), language=language)
    mail = make(channel, {}, lambda: NOW, DESK)
    assert isinstance(mail, Mail)
    for kind in ("plain", "html"):
        part = mail.composed([story(category="account")]).get_body((kind,))
        assert part is not None
        assert WORDS[language] in part.get_content()


async def test_programs_get_the_code(there: Answering) -> None:
    [alert] = await sent("alertmanager", there, SORT)
    assert alert["labels"]["category"] == SORT
    assert (await sent("pagerduty", there, SORT))["payload"]["class"] == SORT
    assert (await sent("webhook", there, SORT))["incident"]["category"] == SORT


async def test_a_category_the_desk_has_forgotten_is_of_its_last_and_none_is_said_of_what_has_none(
    there: Answering,
) -> None:
    assert "类别：其他" in json.dumps(await sent("wecom", there, "disk", "zh"), ensure_ascii=False)
    assert "类别" not in json.dumps(await sent("wecom", there, "", "zh"), ensure_ascii=False)


def test_every_kind_of_channel_is_asked_here() -> None:
    assert ANSWERS.keys() | {"email"} == KINDS.keys()
