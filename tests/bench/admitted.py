"""Puts agents into a collector's data folder as if they had enrolled: distinct keys, certificates of its own CA."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from collector.clock import now
from collector.security import ca, certificates
from collector.security.ca import Authority
from collector.store import agents, schema
from collector.store.engine import insert, open_store, sqlite_url
from collector.store.migrate import migrate

LIFE_MS = 24 * 3_600_000


async def admit(data: Path, count: int, files: list[Path]) -> None:
    """Admit `count` agents, numbered from 1, and write their pairs to `files`, an equal share to each.

    A file is `{"root": PEM, "agents": [[number, key, chain], …]}`. `data` exists, and no collector runs on it.
    """
    store = open_store(sqlite_url(data / "muster.db"))
    await migrate(store)
    authority = ca.open_or_create(data)
    shares: list[list[tuple[int, str, str]]] = [[] for _ in files]
    rows, sources = [], []
    for number in range(1, count + 1):
        row, key, chain = _agent(authority, number)
        rows.append(row)
        sources.append({"code": f"agent/{row['uid']}", "kind": "agent", "agent_id": number})
        shares[number % len(files)].append((number, key, chain))
    async with store.write() as tx:
        await tx.execute(insert(tx, schema.agent), rows)
        await tx.execute(insert(tx, schema.source), sources)
        await agents.set_state(tx, str(rows[-1]["uid"]), agents.ACTIVE, "")  # a collector reads what has moved
    await store.close()
    for file, share in zip(files, shares, strict=True):
        file.write_text(json.dumps({"root": authority.root_pem.decode(), "agents": share}))


def _agent(authority: Authority, number: int) -> tuple[dict[str, object], str, str]:
    """Return the row of agent `number`, its key and its chain (PEM)."""
    key, uid = ec.generate_private_key(ec.SECP256R1()), f"simulated-{number:05d}"
    leaf = authority.issue(key.public_key(), uid, now(), LIFE_MS)
    row = {
        "id": number, "uid": uid, "instance_key": certificates.spki(key.public_key()), "enrolled_at": now(),
        "serial_current": leaf.serial, "certificate_until": leaf.valid_to, "hostname": f"host{number:05d}",
    }  # fmt: skip
    return row, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), leaf.chain.decode()
