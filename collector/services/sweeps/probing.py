"""Sweeps as probes see them: taken one at a time in each lane, told as they go, given back."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import COLLECTOR, recorded
from collector.security.vault import Vault
from collector.services import pins
from collector.services.sweeps import knowing, leasing, refusing, settings, watching
from collector.services.sweeps.lateness import BLACKOUT
from collector.services.sweeps.leasing import LEASE_S, first_use
from collector.services.sweeps.schedule import local_zone
from collector.services.sweeps.settings import Settings
from collector.services.sweeps.standing import STAGES, End, standing
from collector.store import probes, reach, sweep_targets, sweeps
from collector.store.sweep_targets import LedgerRow
from collector.store.sweeps import CANCELLED, DONE, FAILED, LANES, RUNNING, WAITING, WATCH, SweepRow
from wire.ranges import Ranges
from wire.sweep import BROKEN_OFF, LEASE_ENDED, MAX_FOUND_BYTES, Lease, Progress, SweepTask, TargetRow
from wire.sweep import CANCELLED as CANCELLED_THERE

log = structlog.get_logger(__name__)

MAX_DETAIL: Final = 300
_WHY: Final = {
    LEASE_ENDED: "its credentials were lent for long enough",
    CANCELLED_THERE: "its probe was told to stop, and then to go on",
}
_CAUSE: Final = re.compile(r"[a-z][a-z_]{0,39}|", re.ASCII)


async def waits(connection: AsyncConnection, zone: str, lanes: Collection[str] = LANES) -> bool:
    """Return whether a sweep waits for one of these lanes of a probe of `zone`; it spares a transaction of `take`."""
    return await sweeps.waits(connection, zone, lanes)


@dataclass(frozen=True, slots=True)
class Taker:
    """A probe as it asks for something to do: in which zone, and which of its lanes are free."""

    agent_id: int
    zone: str = ""
    lanes: Collection[str] = LANES


async def take(
    tx: AsyncConnection, vault: Vault, taker: Taker, now: int, wall: tzinfo | None = None
) -> SweepTask | None:
    """Return the next sweep for a probe, running from now on, with what it is lent; None: there is nothing to do.

    Only an agent that a person appointed for the zone is a probe of it, whatever the agent says of itself.
    A probe has one at a time in each lane, watches first. In one lane no two that share addresses run at once, and
    none begins in a blackout (by the clock of `wall`, the machine's time zone when None).
    """
    agent_id, zone = taker.agent_id, taker.zone
    if zone not in await probes.zones(tx, agent_id):
        log.debug("an agent asks for sweeps of a zone it is not appointed for", agent=agent_id, zone=zone)
        return None
    running = await sweeps.in_state(tx, RUNNING)
    taken = {row.lane for row in running if row.agent_id == agent_id}
    free = [lane for lane in LANES if lane in taker.lanes and lane not in taken]
    waiting = [row for row in await sweeps.in_state(tx, WAITING, zone) if row.lane in free]
    for row in sorted(waiting, key=lambda each: free.index(each.lane)):
        wanted = settings.stored(row.settings)
        targets = wanted.targets
        if await _is_closed(tx, row, wanted, now, wall) or any(targets & each for each in _busy(running, row)):
            continue
        lent = await leasing.lent(tx, vault, zone, targets, now, wanted.credential)
        leases = await leasing.localized(tx, zone, lent)
        known = await knowing.known(tx, zone, targets)
        refusals = () if wanted.credential else await refusing.past(tx, zone, targets, now)
        watch = await reach.watch_of(tx, row.id)
        if watch:
            leases, known, refusals = watching.lent(lent), watching.known(known), ()
        if await _begin(tx, row, agent_id, now):
            uids = list(dict.fromkeys(each.uid for each in leases))
            if watch is None or await watching.is_news(tx, watch, agent_id, uids):  # not again every minute
                await _tell(tx, row, uids, now)
            task = replace(_task(row, wanted), secrets_key=_secrets_key(vault, wanted, leases), watch=watch is not None)
            return replace(task, leases=leases, known=known, refusals=refusals, lease_s=LEASE_S)
    return None


def _busy(running: Iterable[SweepRow], row: SweepRow) -> Iterator[Ranges]:
    """Yield the addresses of each sweep that runs in the zone and the lane of another."""
    for each in running:
        if (each.zone, each.lane) == (row.zone, row.lane):
            yield settings.stored(each.settings).targets


async def progress(tx: AsyncConnection, agent_id: int, told: Progress, now: int, wall: tzinfo | None = None) -> bool:
    """Write what a probe tells of its sweep; return True when it is to stop.

    It stops when the sweep was cancelled, meets a blackout (then it waits, and goes on from its cursor), or is no
    longer this probe's. What another's probe says of a sweep is not heard, nor what one says that has been dismissed
    from the zone. Counts are taken from the rows.
    """
    row = await sweeps.find(tx, told.sweep_uid)
    if row is None or row.agent_id != agent_id or row.state not in (RUNNING, CANCELLED):
        return True
    if row.zone not in await probes.zones(tx, agent_id):
        await give_back(tx, row, "its probe is none of this zone any more")
        return True
    wanted = settings.stored(row.settings)
    rows = _believed(told.rows, wanted.targets, now)
    before: Mapping[str, End] = {}
    if row.lane != WATCH:
        before = await sweep_targets.ends_of(tx, row.id, [each.address for each in rows])
        await sweep_targets.put(tx, row.id, rows, agent_id)
        await _learn(tx, row.zone, told.rows, {each.address for each in rows}, now)
    await watching.note(tx, row, rows, agent_id)
    at = standing(row.counts)
    counts = at.moved(before.values(), ((each.stage, each.cause) for each in rows))
    heard = {"counts": replace(at, counts=counts, heard_at=now).text(), "cursor": _line(told.cursor) or row.cursor}
    await sweeps.change(tx, row.id, **heard)
    if row.state == CANCELLED:
        return True
    if told.ended:
        await _end(tx, row, told.failure, now)
        return False
    return await _is_closed(tx, row, wanted, now, wall)


async def _learn(
    tx: AsyncConnection, zone: str, rows: Iterable[TargetRow], believed: Collection[str], now: int
) -> None:
    """Keep what the rows of these addresses say of credentials, keys and tables."""
    plain = (replace(row, credential=_line(row.credential)[:64]) for row in rows if row.address in believed)
    told = list({row.address: row for row in plain}.values())
    scoped = await leasing.scopes(tx, zone) if any(row.learned or row.refused for row in told) else []
    await refusing.note(tx, zone, told, scoped, now)
    await knowing.learn(tx, zone, told, now)
    await pins.learn(tx, zone, told, first_use(scoped), now)


async def release(tx: AsyncConnection, agent_id: int, *holds: str) -> None:
    """Let what this probe was running wait again, from its cursor; but for the sweeps it says it `holds` (uids)."""
    for row in await sweeps.in_state(tx, RUNNING):
        if row.agent_id == agent_id and row.uid not in holds:
            await give_back(tx, row, "its probe began anew")


async def give_back(tx: AsyncConnection, row: SweepRow, why: str) -> None:
    """Let a running sweep wait again, for whoever takes it."""
    await sweeps.change(tx, row.id, (RUNNING,), state=WAITING, agent_id=None, reason=why)


async def _begin(tx: AsyncConnection, row: SweepRow, agent_id: int, now: int) -> bool:
    counts = replace(standing(row.counts), heard_at=now).text()
    started = row.started_at or now
    due = {"asked_at": now} if row.lane == WATCH and row.reason.startswith(BLACKOUT) else {}
    begun = {**due, "state": RUNNING, "agent_id": agent_id, "reason": "", "started_at": started, "counts": counts}
    return await sweeps.change(tx, row.id, (WAITING,), **begun)


async def _tell(tx: AsyncConnection, row: SweepRow, lent: Sequence[str], now: int) -> None:
    """Write down which probe has taken a sweep and what it is lent for it."""
    taken = await sweeps.find(tx, row.uid)
    agent = taken.agent_uid if taken else None
    async with recorded(tx, COLLECTOR, now) as act:
        act.tell("sweep.lend", f"sweep/{row.uid}", after={"agent": agent, "credentials": list(lent)})
    log.info("a sweep begins", sweep=row.uid, agent=agent, lent=lent)


async def _end(tx: AsyncConnection, row: SweepRow, failure: str, now: int) -> None:
    if failure in BROKEN_OFF:  # nothing failed
        await give_back(tx, row, _WHY[failure])
        return
    state = FAILED if failure else DONE
    await sweeps.change(tx, row.id, (RUNNING,), state=state, reason=_line(failure), ended_at=now)


async def _is_closed(tx: AsyncConnection, row: SweepRow, wanted: Settings, now: int, wall: tzinfo | None) -> bool:
    """Return whether a blackout is in force; the sweep then waits, and says until when."""
    ends = wanted.closed(datetime.fromtimestamp(now / 1000, wall or local_zone()))
    if ends is None:
        return False
    why = f"{BLACKOUT} {ends.isoformat(sep=' ', timespec='minutes')}"
    if (row.state, row.reason) != (WAITING, why):
        await sweeps.change(tx, row.id, (WAITING, RUNNING), state=WAITING, agent_id=None, reason=why)
    return True


def _task(row: SweepRow, wanted: Settings) -> SweepTask:
    seed = int.from_bytes(hashlib.sha256(row.uid.encode()).digest()[:4], "big")
    return SweepTask(
        row.uid, row.zone, wanted.ranges, wanted.exclusions, wanted.until, wanted.rate, wanted.timeout_ms,
        wanted.snmp_port, seed, row.cursor, ports=wanted.ports,
    )  # fmt: skip


def _secrets_key(vault: Vault, wanted: Settings, leases: Sequence[Lease]) -> bytes:
    """Return the key by which secrets in configurations are told apart, to who may read any.

    It is one for the whole installation, so that hashes can be compared over time and devices.
    """
    reads = wanted.until == "explore" and any(each.kind == "ssh" for each in leases)
    return vault.derived("secrets of configurations") if reads else b""


# --- what a probe says is not taken on trust


def _believed(rows: Iterable[TargetRow], targets: Ranges, now: int) -> list[LedgerRow]:
    """Return the rows that can be true of this sweep, one an address, the last one of each."""
    return list({row.address: row for row in _read(rows, targets, now)}.values())


def _read(rows: Iterable[TargetRow], targets: Ranges, now: int) -> Iterator[LedgerRow]:
    for row in rows:
        address = _address(row.address)
        if address is None or address not in targets or row.stage not in STAGES or not _CAUSE.fullmatch(row.cause):
            continue
        at = min(row.at_ms, now) if row.at_ms > 0 else now
        yield LedgerRow(
            address, row.stage, row.cause, _line(row.detail), _line(row.credential)[:64], _found(row.found_json), at,
            max(0, min(row.took_ms, 2**31 - 1)),
        )  # fmt: skip


def _address(text: str) -> str | None:
    """Return an address as it is written, so that one spelled otherwise is the same target."""
    if "%" in text:
        return None  # the zone of a link-local address may be any text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _found(text: str) -> str:
    """Return what was found as JSON of an object, an empty one for whatever else was said."""
    if len(text) > MAX_FOUND_BYTES:
        return "{}"
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return "{}"
    plain = said.items() if isinstance(said, dict) else ()
    return json.dumps({_line(name): _line(value) for name, value in plain if isinstance(value, str)})


def _line(text: str) -> str:
    """Return a text of a probe as one line that can be stored and shown."""
    plain = "".join(each if each.isprintable() else " " for each in text[: 4 * MAX_DETAIL])
    return " ".join(plain.split())[:MAX_DETAIL]
