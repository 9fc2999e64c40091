"""Watches: the addresses sweeps know, asked again every minute whether anybody is there; what they say is told here.

A watch is one sweep of a zone that goes no further than signs of life and is begun again, as another, when it has
ended. It has a lane of its own in its probe and keeps the pace of the plans whose networks it asks, together with
whatever else is swept there. It asks only what plans cover, in their blackouts nothing, and keeps no ledger: what
answered is kept by address.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import reachability
from collector.services.sweeps import settings
from collector.services.sweeps.lateness import EVERY_MS
from collector.services.sweeps.settings import MAX_WINDOWS, Settings
from collector.services.sweeps.standing import Standing, is_alive
from collector.store import probe_lanes, reach, sweep_plans, sweeps
from collector.store.probe_lanes import WatchRow
from collector.store.reach import Look, Watch
from collector.store.sweep_plans import PlanRow
from collector.store.sweep_targets import LedgerRow
from collector.store.sweeps import CANCELLED, DONE, FAILED, WAITING, NewSweepRow, SweepRow
from wire.ranges import Ranges, ranges
from wire.sweep import MAX_RANGES, Known, Lease

log = structlog.get_logger(__name__)

ASKED_BY: Final = "watch"
ENDED: Final = (DONE, FAILED, CANCELLED)
RATE: Final = 500
"""Packets a second, as far as plans allow; more where a watch would take longer than half its minute."""
ASKS: Final = 3
"""Packets an address that answers costs: an echo, an engine probe, a community."""
SHARE: Final = 0.8
"""How much of the pace of a plan a watch may take in its network: what is explored there is to come to its end, too."""
NOT_LOOKED: Final = frozenset({"excluded", "blackout", "cancelled", "lease_ended", "internal"})
"""Causes with which an address was not looked at, or nothing is known of how that went."""
MOST_SIGNS: Final = 20


async def due(tx: AsyncConnection, now: int, looks_around: bool = True) -> int:
    """Begin the watches whose time has come, return how many; one that is under way is let be.

    A watch that could not begin in its time is late and not left out; times that passed meanwhile come to one.
    `looks_around`: also see whether there are zones that are not watched yet, which takes long in a large estate.
    """
    known = {row.zone: row for row in await probe_lanes.watches(tx)}
    over = [row for row in known.values() if row.state in ENDED and now - row.slot >= EVERY_MS]
    if not over and not looks_around:
        return 0
    wanted = await _wanted(tx)
    new = sorted(wanted.keys() - known.keys())
    for zone in new:
        await _first(tx, zone, wanted[zone], now)
    for row in over:  # where there is nothing to be watched any more it is seen again in a minute
        await _again(tx, row, wanted.get(row.zone), now - (now - row.slot) % EVERY_MS)
    return len(new) + sum(row.zone in wanted for row in over)


async def _wanted(tx: AsyncConnection) -> dict[str, str]:
    """Return zone → the settings of its watch, where a plan covers something that is known."""
    plans: dict[str, list[PlanRow]] = {}
    for each in await sweep_plans.everyone(tx):
        plans.setdefault(each.zone, []).append(each)
    there: dict[str, set[str]] = {}
    for _, (zone, address) in await reach.addresses(tx) if plans else ():
        there.setdefault(zone, set()).add(address)
    found = {zone: _settings(its, there[zone]) for zone, its in plans.items() if zone in there}
    return {zone: text for zone, text in found.items() if text}


def _settings(plans: Sequence[PlanRow], there: Collection[str]) -> str:
    """Return what a watch of these addresses is told, as far as plans cover them; "" when they cover none.

    The first plan says over which port SNMP is asked; no plan's blackout is broken.
    """
    said = [settings.stored(each.settings) for each in plans]
    covered = [each for each in said if each.targets]
    targets = _covered(ranges(there), covered)
    if not targets:
        return ""
    if len(targets.texts) > MAX_RANGES:
        log.warning("a zone is too scattered to be watched whole", ranges=len(targets.texts), watched=MAX_RANGES)
    windows = [one for each in plans for one in json.loads(each.settings).get("blackout") or ()]
    first: dict[str, Any] = {"snmp_port": covered[0].snmp_port, "ports": dict(covered[0].ports)}
    rate = _pace(targets, covered)
    text = {"ranges": list(targets.texts[:MAX_RANGES]), "until": "alive", "rate": rate, **first}
    return json.dumps({**text, "blackout": windows[:MAX_WINDOWS]}, ensure_ascii=False)


def _covered(there: Ranges, plans: Iterable[Settings]) -> Ranges:
    return ranges([text for each in plans for text in (there & each.targets).texts])


def _pace(targets: Ranges, plans: Iterable[Settings]) -> int:
    """Return the packets a second of a watch, at which no plan's network is asked faster than `SHARE` of its own pace.

    Addresses are asked in turns of their subnets, so a plan's share of what leaves is that of its subnets at first, and
    of its addresses on the whole.
    """
    subnets = len(targets.subnets)
    shares = [(each.rate * SHARE, targets & each.targets) for each in plans]
    most = (rate / max(its.size / targets.size, len(its.subnets) / subnets) for rate, its in shares if its)
    wanted = max(RATE, targets.size * ASKS * 2000 / EVERY_MS)
    return max(1, int(min(wanted, *most)))


async def _first(tx: AsyncConnection, zone: str, said: str, now: int) -> None:
    uid = str(uuid.uuid4())
    await sweeps.add(tx, NewSweepRow(uid, None, zone, said, ASKED_BY, now, _counts(said)))
    row = await sweeps.find(tx, uid)
    assert row is not None
    await reach.put_watch(tx, Watch(zone, row.id, now, ""))


async def _again(tx: AsyncConnection, row: WatchRow, said: str | None, slot: int) -> None:
    """Let a watch that has ended wait for its probe again, under another uid: late words of the last are not of it.

    `said`: its settings; None: there is nothing to be watched.
    """
    watch = await reach.watch_of(tx, row.sweep_id)
    assert watch is not None
    await reach.put_watch(tx, replace(watch, began_at=slot))
    if said is not None:
        anew = {"uid": str(uuid.uuid4()), "asked_at": row.slot + EVERY_MS, "state": WAITING, "cursor": "",
                "settings": said, "counts": _counts(said), "reason": "", "agent_id": None, "started_at": 0,
                "ended_at": 0}  # fmt: skip
        await sweeps.change(tx, row.sweep_id, ENDED, **anew)


def _counts(said: str) -> str:
    return Standing({"planned": settings.stored(said).targets.size}).text()


# --- what a probe is lent for it, and what it says


def lent(leases: Iterable[Lease]) -> tuple[Lease, ...]:
    """Return what a watch may be lent: communities, by which devices answer that answer to nothing else."""
    return tuple(each for each in leases if each.kind == "snmp_community")


def known(devices: Iterable[Known]) -> tuple[Known, ...]:
    """Return of what is known of addresses what helps to ask whether somebody is there."""
    return tuple(replace(each, stamps_json="", hashes={}) for each in devices)


async def is_news(tx: AsyncConnection, watch: Watch, agent_id: int, uids: Collection[str]) -> bool:
    """Return whether this probe is lent something else for this watch than last time; it is then kept in mind."""
    told = hashlib.sha256(json.dumps([agent_id, sorted(uids)]).encode()).hexdigest()[:16]
    if told == watch.lent:
        return False
    await reach.put_watch(tx, replace(watch, lent=told))
    return True


async def note(tx: AsyncConnection, row: SweepRow, rows: Sequence[LedgerRow], agent_id: int) -> None:
    """Keep what a sweep found of addresses, whether or not it is a watch: somebody answered, or nobody did.

    A sweep that tries one credential alone says nothing of those who do not take it.
    """
    if settings.stored(row.settings).credential:
        return
    told = {each.address: each for each in rows if each.cause not in NOT_LOOKED}
    before = await reach.looks_at(tx, row.zone, told)
    silent = {address for address, each in told.items() if address not in before and not _answers(each)}
    looks = (_look(row.zone, each, before.get(each.address), agent_id) for each in told.values()
             if each.address not in silent)  # fmt: skip
    await reach.put_looks(tx, list(looks))


def _answers(row: LedgerRow) -> bool:
    return is_alive(row.stage, row.cause)


def _look(zone: str, row: LedgerRow, before: Look | None, agent_id: int) -> Look:
    """Return what is known of an address after one row. Of who answers and does not say how, nothing is missed."""
    methods: Mapping[str, reachability.Method] = before.methods if before else {}
    signs = tuple(_signs(row.found))
    if signs or not _answers(row):
        methods = reachability.looked(methods, signs, row.at)
    else:
        methods = reachability.answered(methods, row.at)
    return Look(zone, row.address, agent_id, methods, max(row.at, before.looked_at if before else 0))


def _signs(found: str) -> Iterator[str]:
    """Yield the signs of life a row tells of."""
    said = json.loads(found).get("signs", "")
    yield from (each for each in str(said).split(",")[:MOST_SIGNS] if each)
