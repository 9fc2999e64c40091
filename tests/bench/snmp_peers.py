"""The same work by three SNMP clients: walks and gets of the responder, many at once, and what they cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from discovery.snmp import Community, Engine, Limits, Session

COLUMNS = tuple(f"1.3.6.1.2.1.2.2.1.{each}" for each in range(10, 18))
COLUMN = COLUMNS[0]
INSTANCE = f"{COLUMN}.7"
IN_FLIGHT = 64
AT_ONCE = 50
"""Repetitions of a GETBULK; ours starts at ten."""


@dataclass(frozen=True, slots=True)
class Spent:
    """So much was read, in seconds of processor time and of wall clock."""

    count: int
    cpu_s: float
    wall_s: float


async def _spent(work: Callable[[], Awaitable[int]]) -> Spent:
    cpu, wall = time.process_time(), time.perf_counter()
    count = await work()
    return Spent(count, time.process_time() - cpu, time.perf_counter() - wall)


def _address(at: int) -> str:
    return f"127.0.0.{at + 1}"


# --- ours


async def walk_ours(port: int, columns: tuple[str, ...]) -> Spent:
    """Read `columns` of each of many addresses to their end; every value is kept by its index."""
    engine = Engine(Limits(per_subnet=IN_FLIGHT))

    async def walk(at: int) -> int:
        answer = await Session(engine, (_address(at), port), Community("public")).walk(*columns)
        assert answer.failure is None, answer.failure
        return sum(map(len, answer.columns.values()))

    async def work() -> int:
        return sum(await asyncio.gather(*map(walk, range(IN_FLIGHT))))

    try:
        return await _spent(work)
    finally:
        engine.close()


async def get_ours(port: int, each: int) -> Spent:
    """Ask many addresses for one instance, `each` times one after the other."""
    engine = Engine(Limits(per_subnet=IN_FLIGHT))

    async def ask(at: int) -> int:
        session = Session(engine, (_address(at), port), Community("public"))
        for _ in range(each):
            assert await session.get(INSTANCE)
        return each

    async def work() -> int:
        return sum(await asyncio.gather(*map(ask, range(IN_FLIGHT))))

    try:
        return await _spent(work)
    finally:
        engine.close()


# --- gufo-snmp


async def walk_gufo(port: int, columns: tuple[str, ...]) -> Spent:
    """The same: it walks one column at a time."""
    from gufo.snmp.aio import SnmpSession

    async def walk(at: int) -> int:
        async with SnmpSession(_address(at), port, "public") as session:
            told = [{oid: value async for oid, value in session.getbulk(each, AT_ONCE)} for each in columns]
            return sum(map(len, told))

    async def work() -> int:
        return sum(await asyncio.gather(*map(walk, range(IN_FLIGHT))))

    return await _spent(work)


async def get_gufo(port: int, each: int) -> Spent:
    from gufo.snmp.aio import SnmpSession

    async def ask(at: int) -> int:
        async with SnmpSession(_address(at), port, "public") as session:
            for _ in range(each):
                assert await session.get(INSTANCE)
        return each

    async def work() -> int:
        return sum(await asyncio.gather(*map(ask, range(IN_FLIGHT))))

    return await _spent(work)


# --- pysnmp


async def walk_pysnmp(port: int, count: int) -> Spent:
    """Walk `count` rows of one column of one address."""
    from pysnmp.hlapi.v3arch.asyncio import (
        CommunityData,
        ContextData,
        ObjectIdentity,
        ObjectType,
        SnmpEngine,
        UdpTransportTarget,
        bulk_walk_cmd,
    )

    engine = SnmpEngine()
    target = await UdpTransportTarget.create((_address(0), port))
    asked = ObjectType(ObjectIdentity(COLUMN))

    async def work() -> int:
        found = 0
        walking = bulk_walk_cmd(
            engine, CommunityData("public"), target, ContextData(), 0, AT_ONCE, asked, lookupMib=False
        )
        async for error, _, _, told in walking:
            assert not error, error
            found += len(told)
            if found >= count:
                break
        return found

    try:
        return await _spent(work)
    finally:
        engine.close_dispatcher()
