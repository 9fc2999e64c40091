"""The webhook against a real server: what it sends, what counts as taken, and what never does."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable

import pytest

from collector.delivery import BadDestination, DeliveryFailed
from collector.delivery.caller import checked_url
from collector.delivery.webhook import Webhook
from collector.model import Delivery
from tests.collector.delivery.receiver import Receiver
from tests.conftest import free_port

DELIVERY = Delivery("incident|INC-000001|opened", "webhook", {"event": "opened", "title": {"zh": "磁盘将满"}})


@pytest.fixture
async def webhook_to(receiver: Receiver) -> AsyncIterator[Callable[..., Webhook]]:
    made = []

    def make(url: str = "", secret: str = "", timeout_s: float = 5.0) -> Webhook:
        made.append(Webhook(url or receiver.url, secret, timeout_s))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_answer_means_taken(receiver: Receiver, webhook_to: Callable[..., Webhook], status: int) -> None:
    receiver.answers = [status]
    await webhook_to()(DELIVERY)
    [posted] = receiver.posted
    assert json.loads(posted.body) == {"event": "opened", "title": {"zh": "磁盘将满"}}
    assert posted.headers["Content-Type"] == "application/json"
    assert posted.headers["Idempotency-Key"] == "incident|INC-000001|opened"
    assert "X-Muster-Signature" not in posted.headers


async def test_with_a_secret_the_body_is_signed(receiver: Receiver, webhook_to: Callable[..., Webhook]) -> None:
    await webhook_to(secret="geheim")(DELIVERY)
    [posted] = receiver.posted
    expected = hmac.new(b"geheim", posted.body, hashlib.sha256).hexdigest()
    assert posted.headers["X-Muster-Signature"] == f"sha256={expected}"


@pytest.mark.parametrize("status", [301, 307, 400, 404, 409, 429, 500, 503])
async def test_any_other_answer_is_a_failure(
    receiver: Receiver, webhook_to: Callable[..., Webhook], status: int
) -> None:
    receiver.answers = [status]
    with pytest.raises(DeliveryFailed, match=f"HTTP status {status}"):
        await webhook_to()(DELIVERY)
    assert len(receiver.posted) == 1, "a redirect is not followed"


async def test_a_receiver_that_does_not_answer_is_given_up_in_time(
    receiver: Receiver, webhook_to: Callable[..., Webhook]
) -> None:
    receiver.answers = ["silent"]
    with pytest.raises(DeliveryFailed, match=r"no answer|Timeout"):
        await webhook_to(timeout_s=0.2)(DELIVERY)


async def test_a_receiver_that_closes_half_way_is_a_failure(
    receiver: Receiver, webhook_to: Callable[..., Webhook]
) -> None:
    receiver.answers = ["close"]
    with pytest.raises(DeliveryFailed, match="Error"):
        await webhook_to()(DELIVERY)


async def test_a_receiver_that_is_not_there_is_a_failure(webhook_to: Callable[..., Webhook]) -> None:
    with pytest.raises(DeliveryFailed, match="ConnectError"):
        await webhook_to(f"http://127.0.0.1:{free_port()}/x")(DELIVERY)


@pytest.mark.parametrize(
    "url",
    ["", "hooks.example.org/x", "ftp://example.org/", "file:///etc/passwd", "javascript:alert(1)", "http://", "http:///x",
     "http://example.org:99999/", "http://example.org:x/", "http://user:geheim@example.org/", "http://exa mple.org/",
     "http://example.org/\r\nX: y", "http://[::1", "http://example.org/路径"],
)  # fmt: skip
def test_a_url_that_cannot_be_posted_to_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadDestination) as caught:
        checked_url(url)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "https://hooks.example.org/a?b=c", "HTTPS://example.org"])
def test_a_plain_url_is_taken(url: str) -> None:
    assert checked_url(url) == url
