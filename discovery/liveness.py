"""Who is there: ICMP echo, the SNMPv3 engine probe and TCP connects, none of which shows a credential.

A community goes along only for addresses inside its scope, and to silent ones only where its scope says so. On
loopback silence cannot be told from absence (`limits.Profile`), so there every address in scope may be asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from discovery.credentials import Community, Credential
from discovery.echo import echo
from discovery.knock import Pace, knock
from discovery.limits import Limits, Profile
from discovery.snmp import Alive, CommunityQuestion, Engine, EngineQuestion, sweep
from discovery.snmp import Community as SnmpCommunity
from discovery.snmp.peer import Peer
from discovery.snmp.target import Target


@dataclass(slots=True)
class Life:
    """An address and what it answered.

    `signs`: icmp, snmp, tcp/PORT; empty when it stayed silent. `target` keeps what its SNMP engine said.
    `accepted`: the credential it answered to, `refused`: the ids of those it did not.
    """

    address: str
    signs: tuple[str, ...] = ()
    target: Target | None = None
    accepted: Credential | None = None
    refused: tuple[str, ...] = ()

    def shows(self, sign: str) -> None:
        if sign not in self.signs:
            self.signs = (*self.signs, sign)

    @property
    def peer(self) -> Peer | None:
        """Its SNMPv3 engine."""
        return self.target.peer if self.target else None


Offers = Callable[[str], Sequence[Credential]]
"""Returns the communities an address may be asked with before it has shown any sign of life."""


@dataclass(frozen=True, slots=True)
class Means:
    """With what signs of life are looked for. `is_answered`: whether an address was heard over SNMP a moment ago."""

    engine: Engine
    limits: Limits
    profile: Profile
    offers: Offers
    is_answered: Callable[[str], bool] = lambda _: False


async def look(hosts: Sequence[str], means: Means, ready: Callable[[Life], None]) -> list[Life]:
    """Return what every host answered, in order; `ready` is called at once for those that accepted a community."""
    round_ = _Round(hosts, means, ready)
    await round_.run()
    return list(round_.lives.values())


class _Round:
    def __init__(self, hosts: Sequence[str], means: Means, ready: Callable[[Life], None]) -> None:
        self.lives = {host: Life(host) for host in hosts}
        self._means, self._ready = means, ready
        self._unheard = [host for host in hosts if not self._is_heard(host)]
        self._offers = {host: offers for host in self._unheard if (offers := means.offers(host))}

    def _is_heard(self, host: str) -> bool:
        """Return whether a host need not be asked over SNMP, for it has answered there just now."""
        heard = self._means.is_answered(host)
        if heard:
            self.lives[host].shows("snmp")
        return heard

    async def run(self) -> None:
        means, distant = self._means, [host for host in self.lives if not self._means.profile.is_deaf(host)]
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask(self._unheard, EngineQuestion(), self._engine))
            group.create_task(echo(distant, self._echoed, means.engine.bucket, means.limits.taps))
            group.create_task(self._offer(0))
        silent = [host for host in distant if not self.lives[host].signs]
        pace = Pace(means.limits.connections, means.engine.bucket)
        await knock(silent, means.profile.knock, self._knocked, pace, means.limits.timeout)
        for turn in range(1, max(map(len, self._offers.values()), default=0)):
            await self._offer(turn)

    async def _offer(self, turn: int) -> None:
        """Ask each host that has not accepted one yet with the community whose turn it is."""
        asked: dict[str, tuple[Credential, list[str]]] = {}
        for host, offers in self._offers.items():
            if turn < len(offers) and self.lives[host].accepted is None:
                asked.setdefault(offers[turn].id, (offers[turn], []))[1].append(host)
        async with asyncio.TaskGroup() as group:
            for credential, hosts in asked.values():
                group.create_task(self._ask_with(credential, hosts))

    async def _ask_with(self, credential: Credential, hosts: list[str]) -> None:
        def accepted(alive: Alive) -> None:
            life = self._life(alive, "snmp")
            life.accepted = credential
            self._ready(life)

        holds = credential.holds
        assert isinstance(holds, Community), "only communities are offered"
        question = CommunityQuestion(SnmpCommunity(holds.name.reveal(), holds.version or 2))
        await self._ask(hosts, question, accepted)
        for host in hosts:
            if self.lives[host].accepted is None:
                self.lives[host].refused += (credential.id,)

    async def _ask(
        self, hosts: list[str], question: EngineQuestion | CommunityQuestion, found: Callable[[Alive], None]
    ) -> None:
        means = self._means
        await sweep(means.engine, hosts, question, found, means.profile.port, means.limits.taps)

    # --- answers

    def _life(self, alive: Alive, sign: str) -> Life:
        life = self.lives[alive.target.address[0]]
        life.shows(sign)
        life.target = alive.target
        return life

    def _engine(self, alive: Alive) -> None:
        self._life(alive, "snmp")

    def _echoed(self, host: str) -> None:
        self.lives[host].shows("icmp")

    def _knocked(self, host: str, port: int, _: bool) -> None:
        self.lives[host].shows(f"tcp/{port}")
