"""An account is tried no oftener than its budget allows, whatever happens beside."""

from __future__ import annotations

import asyncio
import random

import pytest

from discovery.breaker import Breaker, Failure
from discovery.failures import Failed


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Service:
    """Something with accounts: takes a while, and says no to whom it says no."""

    def __init__(self, cause: str | None, seconds: float = 0.01) -> None:
        self.cause, self.seconds = cause, seconds
        self.tries = self.now = self.most = 0

    async def login(self) -> str:
        self.tries += 1
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        if self.cause:
            raise Failed(self.cause)
        return "in"


async def many(breaker: Breaker, service: Service, count: int, credential: str = "a") -> list[str]:
    async def one(number: int) -> str:
        try:
            return await breaker.guard(credential, f"10.0.{number >> 8}.{number & 255}", service.login)
        except Failed as failed:
            return failed.cause

    return await asyncio.gather(*(one(number) for number in range(count)))


async def test_a_wrong_password_is_tried_five_times_however_many_devices_are_asked_at_once() -> None:
    service = Service("login_refused")
    told = await many(Breaker(), service, 1000)
    assert service.tries == 5
    assert (told.count("login_refused"), told.count("budget_of_account")) == (5, 995)


async def test_a_right_password_goes_everywhere_at_once_as_soon_as_it_was_accepted() -> None:
    service = Service(None)
    assert await many(Breaker(), service, 500) == ["in"] * 500
    assert service.most > 100


async def test_silence_counts_against_nobody() -> None:
    service = Service("timeout")
    assert await many(Breaker(), service, 60) == ["timeout"] * 60
    assert service.most <= 5


async def test_a_suspension_ends_with_its_window_and_each_account_has_its_own() -> None:
    clock, service = Clock(), Service("login_refused")
    breaker = Breaker(limit=3, window=600, clock=clock)
    await many(breaker, service, 10)
    assert breaker.suspended("a")
    assert not breaker.suspended("b")
    clock.now += 599
    assert breaker.suspended("a")
    clock.now += 1
    assert not breaker.suspended("a")


async def test_an_account_rests_where_it_was_refused_and_that_is_remembered() -> None:
    clock, service = Clock(), Service("login_refused")
    first = Breaker(clock=clock)
    await many(first, service, 1)
    assert first.failures == [Failure("a", "10.0.0.0", clock.now)]
    later = Breaker(past=first.failures, clock=clock)
    clock.now += 86_399
    assert await many(later, service, 1) == ["budget_of_account"]
    clock.now += 1
    assert await many(later, service, 1) == ["login_refused"]


async def test_who_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    breaker, service = Breaker(limit=2), Service("timeout", seconds=0.02)
    waiting = [asyncio.create_task(breaker.guard("a", f"10.0.0.{number}", service.login)) for number in range(60)]
    await asyncio.sleep(0.03)
    given_up = random.Random(4).sample(waiting, 30)
    for task in given_up:
        task.cancel()
    async with asyncio.timeout(10):
        told = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(each, asyncio.CancelledError) for each in told) == len([t for t in given_up if t.cancelled()])
    assert sum(isinstance(each, Failed) for each in told) >= 30


async def test_what_is_raised_is_raised_on() -> None:
    async def broken() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await Breaker().guard("a", "10.0.0.1", broken)
