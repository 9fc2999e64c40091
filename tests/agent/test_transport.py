"""What a failed call means, how long to wait, and that waiting agents do not come back all at once."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from agent import enrol, membership
from agent.transport import Backoff, CallFailed, Channel, Remedy
from tests.agent.server import Collector
from wire import codec
from wire.observation import CheckIn


@pytest.fixture
def channel(collector: Collector, state: Path) -> Iterator[Channel]:
    member = enrol.enrol(state, f"127.0.0.1:{collector.enrol_port}", collector.new_token())
    channel = Channel(member.data_target, member.root.encode(), *membership.read_pair(state, member.pair))
    yield channel
    channel.close()


def check_in(channel: Channel, timeout_s: float = 5.0) -> bytes:
    return channel.call(codec.AGENT_SERVICE, "CheckIn", codec.encode_check_in(CheckIn("0.1.0")), timeout_s)


def failure(collector: Collector, channel: Channel, status: Any, *metadata: tuple[str, str]) -> CallFailed:
    def fail(method: str, context: Any) -> None:
        context.set_trailing_metadata(metadata)
        context.abort(status, "because\nof this")

    collector.fault = fail
    with pytest.raises(CallFailed) as caught:
        check_in(channel)
    return caught.value


def test_a_call_brings_its_answer(channel: Channel) -> None:
    assert codec.decode_instructions(check_in(channel)).next_check_in_s == 5


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (grpc.StatusCode.UNAVAILABLE, Remedy.RETRY),
        (grpc.StatusCode.DEADLINE_EXCEEDED, Remedy.RETRY),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Remedy.RETRY),
        (grpc.StatusCode.CANCELLED, Remedy.RETRY),
        (grpc.StatusCode.UNAUTHENTICATED, Remedy.RECOVER),
        (grpc.StatusCode.PERMISSION_DENIED, Remedy.WAIT),
        (grpc.StatusCode.FAILED_PRECONDITION, Remedy.READ_THE_LOG),
        (grpc.StatusCode.UNIMPLEMENTED, Remedy.READ_THE_LOG),
    ],
)
def test_each_status_has_its_remedy(collector: Collector, channel: Channel, status: Any, remedy: Remedy) -> None:
    found = failure(collector, channel, status)
    assert (found.remedy, found.code, found.message) == (remedy, status.name, "because of this")
    assert found.retry_after_s is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("1500", 1.5), ("0", 0.0), ("99999999", 3_600.0), ("-1", None), ("x", None), ("9" * 40, None)],
)
def test_the_collector_may_say_when_to_come_back(
    collector: Collector, channel: Channel, value: str, seconds: float | None
) -> None:
    found = failure(collector, channel, grpc.StatusCode.RESOURCE_EXHAUSTED, ("retry-after-ms", value))
    assert found.retry_after_s == seconds


def test_every_call_has_a_deadline(collector: Collector, channel: Channel) -> None:
    collector.fault = lambda method, context: time.sleep(1.0)
    started = time.monotonic()
    with pytest.raises(CallFailed) as caught:
        check_in(channel, 0.3)
    assert caught.value.is_silence
    assert time.monotonic() - started < 0.9


def test_nobody_there_is_silence(state: Path, collector: Collector) -> None:
    channel = Channel("127.0.0.1:1", collector.authority.root_pem)
    with pytest.raises(CallFailed) as caught:
        check_in(channel)
    assert caught.value.is_silence
    channel.close()


def test_a_server_of_another_authority_never_hears_a_call(collector: Collector) -> None:
    other = Collector()
    channel = Channel(f"127.0.0.1:{collector.enrol_port}", other.authority.root_pem)
    with pytest.raises(CallFailed):
        channel.call(codec.ENROLMENT_SERVICE, "Begin", b"", 5.0)
    assert collector.calls == []
    channel.close()


def test_delays_grow_to_the_cap_and_start_over_after_a_success() -> None:
    backoff = Backoff(lambda: 0.999_999, base_s=1.0, cap_s=300.0)
    delays = [round(backoff.failed()) for _ in range(12)]
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]
    backoff.reset()
    assert round(backoff.failed()) == 2


def test_a_delay_is_never_nothing() -> None:
    assert Backoff(lambda: 0.0).failed() == Backoff.FLOOR_S


def test_a_thousand_agents_that_lost_their_collector_do_not_come_back_together() -> None:
    """After ten minutes of outage the first second sees about one in fifty, and all have tried within 100 s."""
    returned: dict[int, int] = {}
    for agent in range(1_000):
        backoff, now = Backoff(random.Random(agent).random), 0.0
        while now < 600:
            now += backoff.failed()
        returned[int(now - 600)] = returned.get(int(now - 600), 0) + 1
    assert max(returned) <= Backoff.CAP_S
    assert max(returned.values()) < 0.05 * 1_000
