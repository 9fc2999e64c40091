"""Who has failed too often: a budget per credential, and one wrong try per credential and device.

While nothing proves that a credential is right, no more of its tries are on their way than its budget has left: it
never fails more often than that, however many devices are asked at once. Once it was accepted somewhere, it is right,
and only what is refused after that counts.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from discovery.failures import Failed

WRONG: Final = frozenset({"wrong_auth", "wrong_priv", "login_refused"})
"""What a lock-out counts. A user that is not there cannot be locked, and a community has no account."""

MANY: Final = 1 << 30
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Failure:
    """A refused try: whose, where, and when (seconds since 1970)."""

    credential: str
    address: str
    at: float


@dataclass(slots=True)
class _Account:
    wrong: deque[float] = field(default_factory=deque)
    on_their_way: int = 0
    proven: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)


class Breaker:
    """`limit` failures within `window` seconds suspend a credential; on one device it rests for `rest` seconds."""

    def __init__(
        self, limit: int = 5, window: float = 600, rest: float = 86_400, past: Iterable[Failure] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._limit, self._window, self._rest, self._clock = limit, window, rest, clock
        self._accounts: defaultdict[str, _Account] = defaultdict(_Account)
        self._last: dict[tuple[str, str], float] = {}
        self._fresh: defaultdict[str, list[str]] = defaultdict(list)
        for each in sorted(past, key=lambda failure: failure.at):
            self._note(each)

    @property
    def failures(self) -> list[Failure]:
        """What a later sweep should know."""
        return [Failure(credential, address, at) for (credential, address), at in self._last.items()]

    def refused_by(self, address: str) -> tuple[str, ...]:
        """Return the credentials an address has refused since this breaker began."""
        return tuple(self._fresh.get(address, ()))

    def suspended(self, credential: str) -> bool:
        wrong = self._accounts[credential].wrong
        while wrong and wrong[0] <= self._clock() - self._window:
            wrong.popleft()
        return len(wrong) >= self._limit

    async def guard(self, credential: str, address: str, attempt: Callable[[], Awaitable[Found]]) -> Found:
        """Return what `attempt` returns. Raises what it raises, or Failed when it may not be made now."""
        if self._clock() - self._last.get((credential, address), float("-inf")) < self._rest:
            raise Failed("budget_of_account", "refused by this device not long ago")
        account = self._accounts[credential]
        await self._turn(credential, account)
        try:
            found = await attempt()
        except Failed as failed:
            if failed.cause in WRONG:
                self._note(Failure(credential, address, self._clock()))
                self._fresh[address].append(credential)
            raise
        else:
            account.proven = True
            return found
        finally:
            account.on_their_way -= 1
            async with account.changed:
                settled = account.proven or self.suspended(credential)
                account.changed.notify(MANY if settled else 1)

    async def _turn(self, credential: str, account: _Account) -> None:
        async with account.changed:
            while not self.suspended(credential):
                if account.proven or account.on_their_way + len(account.wrong) < self._limit:
                    account.on_their_way += 1
                    return
                try:
                    await account.changed.wait()
                except asyncio.CancelledError:
                    account.changed.notify()  # the turn may have been this one's
                    raise
        raise Failed("budget_of_account", f"{self._limit} failures within {self._window:g} s")

    def _note(self, failure: Failure) -> None:
        self._accounts[failure.credential].wrong.append(failure.at)
        self._last[failure.credential, failure.address] = failure.at
