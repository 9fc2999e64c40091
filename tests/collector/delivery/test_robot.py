"""Robots of DingTalk, WeCom and Feishu: formats, signatures, limits, and what the code in an answer means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from collector.delivery import DeliveryFailed, Fate
from collector.delivery.caller import Caller
from collector.delivery.message import Voice
from collector.delivery.robot import ROBOTS, Chat
from tests.collector.delivery.answering import Answering
from tests.collector.delivery.told import HOSTILE, NOW, delivery, story

SECRET = {"token": "tok-en", "secret": "geheim"}
VOICE = Voice("zh", "https://muster.example.org")
CODES = {"dingtalk": "errcode", "wecom": "errcode", "feishu": "code"}
Make = Callable[[str], Chat]


@pytest.fixture
async def chat(there: Answering) -> AsyncIterator[Make]:
    made: list[Chat] = []

    def make(kind: str) -> Chat:
        made.append(Chat(ROBOTS[kind], Caller(there.url), SECRET, VOICE, lambda: NOW))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()


def text_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


async def test_dingtalk_is_signed_in_the_address(there: Answering, chat: Make) -> None:
    there.answers = [(200, {"errcode": 0, "errmsg": "ok"})]
    await chat("dingtalk")(delivery())
    [asked] = there.asked
    expected = base64.b64encode(hmac.new(b"geheim", f"{NOW}\ngeheim".encode(), hashlib.sha256).digest()).decode()
    assert asked.query == {"access_token": "tok-en", "timestamp": str(NOW), "sign": expected}
    assert asked.value["msgtype"] == "markdown"
    assert "INC-000001" in asked.value["markdown"]["text"]
    assert "https://muster.example.org/incidents/INC-000001" in asked.value["markdown"]["text"]


async def test_wecom_has_its_key_in_the_address(there: Answering, chat: Make) -> None:
    there.answers = [(200, {"errcode": 0, "errmsg": "ok"})]
    await chat("wecom")(delivery())
    [asked] = there.asked
    assert asked.query == {"key": "tok-en"}
    assert asked.value["msgtype"] == "markdown"


async def test_feishu_is_signed_in_the_body(there: Answering, chat: Make) -> None:
    there.answers = [(200, {"code": 0, "msg": "success"})]
    await chat("feishu")(delivery())
    [asked] = there.asked
    key = f"{NOW // 1000}\ngeheim".encode()
    assert asked.path == "/tok-en"
    assert asked.value["timestamp"] == str(NOW // 1000)
    assert asked.value["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    assert asked.value["msg_type"] == "post"


@pytest.mark.parametrize(
    ("kind", "code", "fate", "after_s"),
    [
        ("dingtalk", 130101, Fate.RETRY, 600), ("dingtalk", 310000, Fate.RETRY, 0),
        ("dingtalk", 460101, Fate.REJECTED, 0), ("wecom", 45009, Fate.RETRY, 60), ("wecom", 93000, Fate.RETRY, 0),
        ("feishu", 11232, Fate.RETRY, 60), ("feishu", 19021, Fate.RETRY, 0), ("feishu", 9499, Fate.RETRY, 60),
    ],
)  # fmt: skip
async def test_200_with_a_code_is_a_failure(
    there: Answering, chat: Make, kind: str, code: int, fate: Fate, after_s: float
) -> None:
    there.answers = [(200, {CODES[kind]: code, "errmsg": "tok-en"})]
    with pytest.raises(DeliveryFailed, match=str(code)) as caught:
        await chat(kind)(delivery())
    assert (caught.value.fate, caught.value.after_s) == (fate, after_s)
    assert "tok-en" not in str(caught.value)


@pytest.mark.parametrize("kind", ROBOTS)
@pytest.mark.parametrize("answer", [{}, [], {"errcode": None, "code": None}, {"errcode": False, "code": False}])
async def test_an_answer_without_a_code_is_no_success(there: Answering, chat: Make, kind: str, answer: Any) -> None:
    there.answers = [(200, answer)]
    with pytest.raises(DeliveryFailed):
        await chat(kind)(delivery())


@pytest.mark.parametrize("kind", ROBOTS)
async def test_no_failure_tells_the_address_that_holds_the_token(there: Answering, chat: Make, kind: str) -> None:
    there.answers = [(500, {})]
    with pytest.raises(DeliveryFailed) as caught:
        await chat(kind)(delivery())
    assert "tok-en" not in repr(caught.value)


@pytest.mark.parametrize("kind", ROBOTS)
async def test_a_storm_is_one_message_within_the_limit_that_counts_the_rest(
    there: Answering, chat: Make, kind: str
) -> None:
    there.answers = [(200, {CODES[kind]: 0})]
    await chat(kind).send([story(f"INC-{number:06d}", title="磁盘将满" * 30) for number in range(5_000)])
    [asked] = there.asked
    said = text_of(asked.value)
    assert len(said.encode()) <= ROBOTS[kind].limit + 200, "the signature aside"
    assert "5000 个事件" in said
    listed = said.count("INC-")
    assert 0 < listed <= 2 * 200, "named once, and in its link"
    assert "未列出" in said


@pytest.mark.parametrize("kind", ROBOTS)
@pytest.mark.parametrize("count", [1, 2])
async def test_a_hostile_title_stays_text(there: Answering, chat: Make, kind: str, count: int) -> None:
    there.answers = [(200, {CODES[kind]: 0})]
    await chat(kind).send([story(f"INC-{number:06d}", title=HOSTILE) for number in range(count)])
    said = text_of(there.asked[0].value).replace("https://muster.example.org", "")
    for forbidden in ("](http://evil", "<at", "<script", "@all", "**bold", "://evil", "[code]"):
        assert forbidden not in said
    assert "evil.example" in said, "it is shown, not dropped"


async def test_what_was_over_before_anybody_was_told_is_one_line(there: Answering, chat: Make) -> None:
    there.answers = [(200, {"errcode": 0})]
    await chat("dingtalk").send([story("INC-000001", "opened", "resolved")])
    assert "已自行恢复，历时 40 s" in text_of(there.asked[0].value)
