"""A sweep that has run: a plan, its ledger with most ways a target can end, and the CI one of them became."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.vault import Vault
from collector.services import credentials, sweeps
from collector.services.credentials import NewCredential
from collector.services.sweeps import NewPlan, Taker
from collector.store import probes, schema
from tests.acts import act
from wire.sweep import Progress, TargetRow

SETTINGS: dict[str, Any] = {
    "ranges": ["10.20.0.0/24", "10.20.1.0/29"], "exclusions": ["10.20.0.250"], "until": "explore", "rate": 500,
    "timeout_ms": 0, "snmp_port": 161, "blackout": [{"from": "22:00", "to": "06:00", "days": ["mon", "fri"]}],
}  # fmt: skip
SECRET = "Sesame-7q!community"
SWITCH = {"class": "network", "type": "switch", "vendor": "Huawei", "model": "S5731-S48T4X", "os": "VRP",
          "version": "5.170", "serial": "2102353TESR0001", "name": "access-01"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Swept:
    """Ids of what was made."""

    plan: str
    sweep: str
    credential: str


async def agent_id(connection: AsyncConnection) -> int:
    """Return the id of some agent, to be the probe."""
    return int((await connection.execute(select(schema.agent.c.id).limit(1))).scalar_one())


async def uid_of(connection: AsyncConnection, agent: int) -> str:
    found = select(schema.agent.c.uid).where(schema.agent.c.id == agent)
    return str((await connection.execute(found)).scalar_one())


async def begin(tx: AsyncConnection, vault: Vault, now: int, poison: str = "") -> Swept:
    """Make a credential and a plan, and let its sweep be taken by a probe."""
    by = act(tx, "admin", now)
    made = NewCredential("campus" + poison[:40], "snmp_community", {"ranges": ["10.20.0.0/16"], "vendors": ["Huawei"]},
                         {"community": SECRET})  # fmt: skip
    credential = await credentials.create(by, vault, made)
    plan = await sweeps.create_plan(by, NewPlan("Campus" + poison[:40], "", SETTINGS, "0 2 * * *"))
    sweep = await sweeps.start(by, plan)
    probe = await agent_id(tx)
    await probes.appoint(tx, await uid_of(tx, probe), [""])
    task = await sweeps.take(tx, vault, Taker(probe), now)
    assert task is not None
    assert task.uid == sweep
    return Swept(plan, sweep, credential)


def rows(now: int, poison: str = "") -> tuple[TargetRow, ...]:
    """Return most ways a target can end."""
    found = {name: value + poison for name, value in SWITCH.items()}

    def row(last: int, stage: str, cause: str = "", detail: str = "", told: dict[str, str] | None = None) -> TargetRow:
        return TargetRow(f"10.20.0.{last}", stage, cause, detail + poison, "", json.dumps(told or {}), now, 40 + last)

    return (
        row(1, "explore", told=found), row(2, "explore", told={**found, "name": "access-02", "serial": "2102353T2"}),
        row(3, "authenticate", "credential_refused", "2 of 2"), row(4, "authenticate", "credential_refused"),
        row(5, "identify", "unknown_model", "1.3.6.1.4.1.99999.1"), row(6, "fingerprint", "timeout"),
        *(row(last, "sweep", "no_answer") for last in range(7, 150)),
    )  # fmt: skip


async def finish(tx: AsyncConnection, swept: Swept, now: int, poison: str = "") -> None:
    """Let the probe tell its ledger and end."""
    probe = await agent_id(tx)
    await sweeps.progress(tx, probe, Progress(swept.sweep, {}, rows(now, poison), "149", False, ""), now)
    await sweeps.progress(tx, probe, Progress(swept.sweep, {}, (), "149", True, ""), now)


async def bind(tx: AsyncConnection, ci_uid: str, address: str, now: int) -> None:
    """Let the CI be what a probe found at `address`."""
    from sqlalchemy import insert, select

    source = insert(schema.source).values(code=f"snmp//{address}", kind="snmp").returning(schema.source.c.id)
    source_id = (await tx.execute(source)).scalar_one()
    ci = (await tx.execute(select(schema.ci.c.id).where(schema.ci.c.uid == ci_uid))).scalar_one()
    values = {"source_id": source_id, "role": "host", "ci_id": ci, "matched_by": "serial", "since": now}
    await tx.execute(insert(schema.subject_ci).values(**values))
