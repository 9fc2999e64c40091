"""PagerDuty's webhooks by HTTP: the signature logs in, and says nothing of what there is where it is wrong."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from tests.people import World

AT = "/api/v1/in/pagerduty"
PING = b'{"event": {"event_type": "pagey.ping"}}'
CHANNEL = {
    "kind": "pagerduty", "settings": {}, "language": "en",
    "secret": {"routing_key": "r" * 32, "webhook_secret": "larch-and-cedar"},
}  # fmt: skip


def signed(body: bytes) -> dict[str, str]:
    return {"X-PagerDuty-Signature": "v1=" + hmac.new(b"larch-and-cedar", body, hashlib.sha256).hexdigest()}


@pytest.fixture(autouse=True)
async def channel(world: World) -> None:
    answer = await (await world.program("incident_manager")).put("/api/v1/channels/pd", json=CHANNEL)
    assert answer.status_code == 200, answer.text


async def test_who_signs_needs_no_login(world: World) -> None:
    async with world.nobody() as client:
        answer = await client.post(f"{AT}/pd", content=PING, headers=signed(PING))
        assert (answer.status_code, answer.json()) == (202, {"changed": False})
        answer = await client.post(f"{AT}/pd", content=b"{", headers=signed(b"{"))
        assert answer.status_code == 400


async def test_a_wrong_signature_and_a_channel_there_is_not_are_the_same_answer(world: World) -> None:
    async with world.nobody() as client:
        answers = [
            await client.post(f"{AT}/{name}", content=PING, headers=headers)
            for name, headers in (("pd", {}), ("pd", signed(b"x")), ("nope", signed(PING)))
        ]
    assert {each.status_code for each in answers} == {401}
    assert len({each.json()["detail"] for each in answers}) == 1
