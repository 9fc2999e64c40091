"""Robots of DingTalk, WeCom and Feishu: signed posts, bounded in bytes; the answer's body says whether they were taken.

Each answers HTTP 200 with a code of its own: only 0 is well. Formats by the documentation of each for group robots
(DingTalk 自定义机器人接入, WeCom 群机器人配置说明, Feishu 自定义机器人使用指南). What comes from devices loses the
characters that mean something in a message: it is text, whatever it says.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from collector.clock import Clock
from collector.delivery import DeliveryFailed, Fate, Story
from collector.delivery.caller import Call, Caller
from collector.delivery.letter import MAX_LISTED, Letter, Line, compose
from collector.delivery.message import Voice
from collector.delivery.plain import plain
from collector.model import Delivery

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Robot:
    """What is particular to one product.

    `code`: where its answer has the code; `busy`: code → seconds it wants to be left alone; `never`: codes that speak
    of the message itself; every other one speaks of the robot (its token, its sign, its keywords), which people mend.
    """

    limit: int
    code: str
    busy: Mapping[int, float]
    never: frozenset[int]
    body: Callable[[Letter], Body]
    signed: Callable[[Body, str, int], tuple[Body, Mapping[str, str]]]
    token: str
    """The parameter of the address that names the robot; "": it stands in the path."""


class Chat:
    """A destination: one robot in one group."""

    alone = 1

    def __init__(self, robot: Robot, caller: Caller, secret: Mapping[str, str], voice: Voice, clock: Clock):
        self._robot, self._caller, self._secret = robot, caller, secret
        self._voice, self._clock = voice, clock

    async def __call__(self, delivery: Delivery) -> None:
        await self.send([Story(delivery, (delivery.event,), 0)])

    async def send(self, stories: Sequence[Story]) -> None:
        """Post one message; raise `DeliveryFailed`."""
        said, params = self._robot.signed(self._fitting(stories), self._secret.get("secret", ""), self._clock())
        token = self._secret["token"]
        named, path = ({self._robot.token: token}, "") if self._robot.token else ({}, "/" + token)
        heard = await self._caller.call(Call(path, value=said, params={**named, **params}))
        code = heard.value.get(self._robot.code) if isinstance(heard.value, Mapping) else None
        if code != 0 or isinstance(code, bool):
            raise self._refusal(code)

    async def aclose(self) -> None:
        await self._caller.aclose()

    def _fitting(self, stories: Sequence[Story]) -> Body:
        """Return the longest message within the limit: fewer incidents are listed, more are counted."""
        most = MAX_LISTED
        while True:
            body = self._robot.body(compose(stories, self._voice, most))
            if most == 0 or len(json.dumps(body, ensure_ascii=False).encode()) <= self._robot.limit:
                return body
            most = most * 3 // 4

    def _refusal(self, code: object) -> DeliveryFailed:
        if not isinstance(code, int):
            return DeliveryFailed(f"the answer holds no {self._robot.code}", Fate.UNKNOWN)
        fate = Fate.REJECTED if code in self._robot.never else Fate.RETRY
        return DeliveryFailed(f"{self._robot.code} {code}", fate, self._robot.busy.get(code, 0.0))


def _marked(letter: Letter) -> str:
    """Return a letter in the little Markdown these products share: a heading, lines, links of ours."""
    return "\n\n".join([f"**{plain(letter.heading)}**", *map(_line, letter.lines)])


def _line(line: Line) -> str:
    if not line.link:
        return plain(line.text)
    said = line.text.removesuffix(line.link)
    return plain(said) + line.link if said != line.text else f"[{plain(said)}]({line.link})"


def _dingtalk(letter: Letter) -> Body:
    return {"msgtype": "markdown", "markdown": {"title": plain(letter.heading)[:60], "text": _marked(letter)}}


def _wecom(letter: Letter) -> Body:
    return {"msgtype": "markdown", "markdown": {"content": _marked(letter)}}


def _feishu(letter: Letter) -> Body:
    rows = [
        [{"tag": "a", "text": plain(each.text.removesuffix(each.link)) or each.link, "href": each.link}]
        if each.link
        else [{"tag": "text", "text": plain(each.text)}]
        for each in letter.lines
    ]
    return {"msg_type": "post", "content": {"post": {"zh_cn": {"title": plain(letter.heading), "content": rows}}}}


def _dingtalk_signed(body: Body, secret: str, now: int) -> tuple[Body, Mapping[str, str]]:
    if not secret:
        return body, {}
    return body, {"timestamp": str(now), "sign": _mac(secret.encode(), f"{now}\n{secret}".encode())}


def _unsigned(body: Body, _secret: str, _now: int) -> tuple[Body, Mapping[str, str]]:
    return body, {}


def _feishu_signed(body: Body, secret: str, now: int) -> tuple[Body, Mapping[str, str]]:
    if not secret:
        return body, {}
    at = str(now // 1000)
    return {"timestamp": at, "sign": _mac(f"{at}\n{secret}".encode(), b""), **body}, {}


def _mac(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


ROBOTS: Final[Mapping[str, Robot]] = {
    "dingtalk": Robot(
        20_000, "errcode", {130101: 600.0, 410100: 600.0, -1: 5.0}, frozenset({460101, 400101, 400102, 40035}),
        _dingtalk, _dingtalk_signed, "access_token",
    ),
    "wecom": Robot(
        4_096, "errcode", {45009: 60.0, 45033: 60.0, -1: 5.0}, frozenset({40008, 40035, 44004, 45002, 45008}),
        _wecom, _unsigned, "key",
    ),
    "feishu": Robot(
        20_000, "code", {11232: 60.0, 9499: 60.0}, frozenset({9400, 19002, 11246}), _feishu, _feishu_signed, "",
    ),
}  # fmt: skip
"""Kind → its robot. The limit of WeCom is of its content; the whole body stays within it, too."""
