"""The conversation with another system: patience, bounds, and one declared error that holds no secret."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.tickets import BadAnswer
from collector.tickets import exchange as exchanges
from collector.tickets.exchange import Ask, BadUrl, Exchange, checked_url, parsed
from tests.collector.tickets.player import Player, Turn
from tests.conftest import free_port

SECRET = "s3cr3t-of-the-realm"


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
async def exchange(player: Player, waited: list[float]) -> AsyncIterator[Exchange]:
    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async with Exchange(player.url, sleep=sleep, timeout_s=5.0) as made:
        made.auth = ("muster", SECRET)
        yield made


async def asked(exchange: Exchange) -> object:
    return (await exchange.ask(Ask("x", {"token": SECRET}))).value


async def test_a_busy_system_is_asked_again_when_it_says(
    exchange: Exchange, player: Player, waited: list[float]
) -> None:
    player.turns += [
        Turn("/x", {}, status=429, headers={"Retry-After": "7"}, once=True),
        Turn("/x", {}, status=503, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, once=True),
        Turn("/x", {}, status=429, headers={"Retry-After": "86400"}, once=True),
        Turn("/x", {"well": True}),
    ]
    assert await asked(exchange) == {"well": True}
    assert waited == [7.0, 4.0, 60.0], "as it says in seconds; longer each time where it does not; a minute at most"


async def test_a_system_that_stays_busy_is_left(exchange: Exchange, player: Player, waited: list[float]) -> None:
    player.turns.append(Turn("/x", {}, status=429))
    with pytest.raises(BadAnswer, match="it answers 429, and did so 4 times"):
        await asked(exchange)
    assert len(player.asked) == 4
    assert waited == [1.0, 4.0, 16.0]


@pytest.mark.parametrize(
    ("turn", "why"),
    [
        (Turn("/x", ["no"], status=401), "it refuses the login"),
        (Turn("/x", ["no"], status=403), "it refuses the login, or what it may read"),
        (Turn("/x", ["no"], status=404), "nothing at this path"),
        (Turn("/x", ["no"], status=500), "it answers 500"),
        (Turn("/x", b"", status=302, headers={"Location": "http://192.0.2.1/steal"}), "it answers 302"),
        (Turn("/x", b'{"result": [{"a": 1}, {"b"'), "damaged or cut off"),
        (Turn("/x", b"\xff\xfe{}"), "damaged or cut off"),
        (Turn("/x", b'{"a": NaN}'), "damaged or cut off"),
        (Turn("/x", b'{"a": ' + b"1" * 10_000 + b"}"), "damaged or cut off"),
        (Turn("/x", b"[" * 100_000), "damaged or cut off"),
        (Turn("/x", b"[" * 200 + b"]" * 200), "damaged or cut off"),
        (Turn("/x", b""), "damaged or cut off"),
        (Turn("/x", b"<html>log in</html>", headers={"Content-Type": "text/html"}), "such as a page to log in"),
        (Turn("/x", b" " * 50_000_000), "more than 8388608 bytes"),
        (Turn("/x", gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}), "more than 8388608 bytes"),
        (Turn("/x", b"{}", headers={"Content-Length": "100"}), "RemoteProtocolError|no answer within"),
        (Turn("/x", b"not gzip", headers={"Content-Encoding": "gzip"}), "DecodingError"),
    ],
    ids=lambda value: value.replace(" ", "-")[:30] if isinstance(value, str) else "",
)
async def test_what_is_no_answer_is_one_declared_error_without_the_secret(
    exchange: Exchange, player: Player, turn: Turn, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    player.turns.append(turn)
    with pytest.raises(BadAnswer, match=why) as error:
        async with asyncio.timeout(20):
            await asked(exchange)
    assert SECRET not in str(error.value)
    assert len(player.asked) == 1, "no redirect is followed"


async def test_nobody_there_is_the_same_error() -> None:
    async with Exchange(f"http://127.0.0.1:{free_port()}") as exchange:
        with pytest.raises(BadAnswer, match="x: ConnectError"):
            await asked(exchange)


async def test_a_pull_asks_a_bounded_number_of_times(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "MAX_REQUESTS", 3)
    player.turns.append(Turn("/x", {}))
    async with Exchange(player.url) as exchange:
        for _ in range(3):
            await asked(exchange)
        with pytest.raises(BadAnswer, match="more than 3 requests"):
            await asked(exchange)


async def test_an_authority_that_is_no_certificate_is_said(player: Player) -> None:
    with pytest.raises(BadAnswer, match="not PEM"):
        Exchange(player.url, ca="-----BEGIN nonsense-----")


@pytest.mark.parametrize(
    "url",
    [
        "", "itop.example", "ftp://itop.example", "https://", "https://itop.example:0", "https://itop.example:x",
        "https://u:p@itop.example", "https://itop.example/?a=1", "https://itop.example/#x", "https://itop.example/\n",
        "https://itöp.example", "http://itop.example", "https://" + "x" * 600,
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadUrl) as error:
        checked_url(url)
    assert len(url) <= 8 or url not in str(error.value)


def test_http_goes_only_where_somebody_says_so() -> None:
    assert checked_url("https://itop.example/sub") == "https://itop.example/sub"
    assert checked_url("http://itop.example", unencrypted=True) == "http://itop.example"


@given(st.binary(max_size=300) | st.text(alphabet='{}[]":,0123456789ntrue\\', max_size=200).map(str.encode))
def test_any_bytes_are_json_or_a_value_error(body: bytes) -> None:
    try:
        parsed(body)
    except ValueError:
        return
