"""Builds an estate straight in the tables: hosts with history, findings, incidents, for tests of what reads them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER
from collector.store import heads, schema
from collector.store.engine import insert
from wire import sections
from wire.observation import Status

NOW = 1_795_600_000_000
"""2026-11-25T09:46:40Z: the present of tests."""
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Seeded:
    """A CI of the estate, and the source that speaks of it."""

    id: int
    uid: str
    name: str
    source_id: int
    agent_uid: str = ""


class Estate:
    """Writes rows as the pipeline leaves them; `now` is the present of whoever looks at them."""

    def __init__(self, connection: AsyncConnection, now: int = NOW) -> None:
        self.connection = connection
        self.now = now
        self._count = 0

    async def _add(self, table: Any, **values: Any) -> int:
        row = await self.connection.execute(insert(self.connection, table).values(**values))
        key = row.inserted_primary_key
        return int(key[0]) if key and isinstance(key[0], int) else 0

    def _uid(self, name: str) -> str:
        self._count += 1
        return hashlib.sha256(f"{name}/{self._count}".encode()).hexdigest()[:16]

    async def agent(self, hostname: str, **more: Any) -> tuple[int, str]:
        """Enrol an agent; return its id and uid."""
        uid = self._uid(hostname)
        told = {
            "instance_key": hashlib.sha256(uid.encode()).digest(),
            "enrolled_at": self.now - 40 * DAY,
            "address": f"10.20.0.{self._count % 250 + 1}",
            "certificate_until": self.now + 17 * HOUR,
            "last_seen": self.now - 20_000,
            "version": "0.1.0",
            "rss_bytes": 31_000_000,
            "cpu_ms": 84_000,
        }
        return await self._add(schema.agent, uid=uid, hostname=hostname, **(told | more)), uid

    async def source(self, code: str, agent_id: int | None = None, confirmed_at: int = 0) -> int:
        kind = code.partition("/")[0]
        return await self._add(schema.source, code=code, kind=kind, agent_id=agent_id, confirmed_at=confirmed_at)

    async def ci(self, name: str, ci_class: str, ci_type: str, source_id: int, **more: Any) -> Seeded:
        """Add a CI that `source_id` speaks of under `role` (default host)."""
        uid = self._uid(name)
        role = more.pop("role", "host")
        told = {"state": "active", "created_at": self.now - 40 * DAY} | more
        ci_id = await self._add(schema.ci, uid=uid, ci_class=ci_class, ci_type=ci_type, name=name, **told)
        await heads.keep(self.connection, [ci_id], told["created_at"], told["created_at"])
        await self._add(
            schema.subject_ci,
            source_id=source_id,
            role=role,
            ci_id=ci_id,
            matched_by="serial",
            since=told["created_at"],
        )
        return Seeded(ci_id, uid, name, source_id)

    async def host(self, name: str, ci_class: str = "server", ci_type: str = "pc_server", **more: Any) -> Seeded:
        """Add a host with an agent on it that was heard 20 s ago."""
        agent_id, agent_uid = await self.agent(name, **more.pop("agent", {}))
        source_id = await self.source(f"agent/{agent_uid}", agent_id, confirmed_at=self.now - 20_000)
        host = await self.ci(name, ci_class, ci_type, source_id, **more)
        return Seeded(host.id, host.uid, host.name, source_id, agent_uid)

    async def identify(self, ci: Seeded, kind: str, value: str) -> None:
        await self._add(
            schema.identifier, kind=kind, value=value, ci_id=ci.id, source_id=ci.source_id,
            first_at=self.now - 40 * DAY, last_at=self.now,
        )  # fmt: skip

    async def say(self, ci: Seeded, name: str, body: Any, at: int | None = None) -> None:
        """The source says section `name` is `body` since `at`: the lanes move, the section is confirmed."""
        at = self.now - 40 * DAY if at is None else at
        shape = sections.shape_of(name)
        arranged = sections.arrange(shape, body)
        if name != "health":
            await self._move(ci, name, _entries(shape, arranged), at)
        await self._confirm(ci, name, Status.EMPTY if not body else Status.OK, at, sections.canonical(arranged))

    async def fail(self, ci: Seeded, name: str, status: Status, reason: str) -> None:
        await self._confirm(ci, name, status, self.now - 20_000, b"", reason)

    async def _confirm(self, ci: Seeded, name: str, status: Status, at: int, body: bytes, reason: str = "") -> None:
        table = schema.section
        await self.connection.execute(
            table.delete().where(table.c.ci_id == ci.id, table.c.source_id == ci.source_id, table.c.name == name)
        )
        last_ok = (self.now - 20_000) if status.speaks else 0
        await self._add(
            table, ci_id=ci.id, source_id=ci.source_id, name=name, status=int(status), reason=reason,
            last_try=self.now - 20_000, last_ok=last_ok, revision=1, hash=sections.digest(body), body=body or None,
        )  # fmt: skip

    async def _move(self, ci: Seeded, name: str, entries: Mapping[str, Any], at: int) -> None:
        known = await self._standing(ci, name)
        for key, (path_id, val_id) in known.items():
            if key not in entries or await self.value(entries[key]) != val_id:
                await self._end(ci, path_id, at)
        for key, value in entries.items():
            val_id = await self.value(value)
            if known.get(key, (0, 0))[1] != val_id:
                await self._begin(ci, await self.path(name, key), val_id, at, arrival=not known)

    async def _standing(self, ci: Seeded, name: str) -> dict[str, tuple[int, int]]:
        fact, path = schema.fact, schema.path
        rows = await self.connection.execute(
            select(path.c.key, fact.c.path_id, fact.c.val_id)
            .join(path, path.c.id == fact.c.path_id)
            .where(fact.c.ci_id == ci.id, path.c.section == name, fact.c.vt == FOREVER, fact.c.tt == FOREVER)
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    async def _begin(self, ci: Seeded, path_id: int, val_id: int, at: int, *, arrival: bool) -> None:
        row = {"ci_id": ci.id, "path_id": path_id, "val_id": val_id, "vf": at, "tf": at}
        await self._add(schema.fact, **row, source_id=ci.source_id, why="rank")
        await self._add(
            schema.claim, **row, source_id=ci.source_id, lo=at - 15 * MINUTE, observation_id=1, cause="world"
        )
        if arrival:
            await self._add(schema.auth, **row, basis="arrival", ref="")

    async def _end(self, ci: Seeded, path_id: int, at: int) -> None:
        for table in (schema.fact, schema.claim):
            standing = (table.c.ci_id == ci.id) & (table.c.path_id == path_id) & (table.c.vt == FOREVER)
            await self.connection.execute(table.update().where(standing).values(vt=at))

    async def path(self, section: str, key: str) -> int:
        table = schema.path
        await self.connection.execute(
            insert(self.connection, table).values(section=section, key=key).on_conflict_do_nothing()
        )
        found = select(table.c.id).where(table.c.section == section, table.c.key == key)
        return int((await self.connection.execute(found)).scalar_one())

    async def value(self, value: Any) -> int:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).digest()
        table = schema.val
        await self.connection.execute(
            insert(self.connection, table).values(hash=digest, text=text).on_conflict_do_nothing()
        )
        return int((await self.connection.execute(select(table.c.id).where(table.c.hash == digest))).scalar_one())

    async def relate(self, a: Seeded, kind: str, b: Seeded) -> None:
        at = self.now - 40 * DAY
        await self._add(schema.relation, a=a.id, kind=kind, b=b.id, source_id=a.source_id, vf=at, lo=at, tf=at)

    async def finding(self, ci: Seeded, items: list[tuple[str, str, Any, Any]], at: int, **more: Any) -> int:
        """Open a finding of items (section, key, old, new) that moved within the 15 minutes before `at`."""
        lo = at - 15 * MINUTE
        told = {"verdict": "unapproved", "opened_at": at} | more
        number = await self._add(schema.finding, ci_id=ci.id, source_id=ci.source_id, lo=lo, hi=at, **told)
        for section, key, old, new in items:
            old_id = None if old is None else await self.value(old)
            new_id = None if new is None else await self.value(new)
            await self._add(
                schema.finding_item, finding_id=number, path_id=await self.path(section, key), field="",
                source_id=ci.source_id, auth_val_id=old_id, old_val_id=old_id, new_val_id=new_id, lo=lo, hi=at,
                verdict=told["verdict"], closed_at=told.get("closed_at"),
            )  # fmt: skip
        return number

    async def also_shown(self, finding: int, code: str) -> None:
        """Let another source show what a finding holds."""
        other = await self._add(schema.source, code=code, kind=code.partition("/")[0])
        its = select(schema.finding_item).where(schema.finding_item.c.finding_id == finding)
        rows = [{**row, "source_id": other} for row in (await self.connection.execute(its)).mappings()]
        await self.connection.execute(insert(self.connection, schema.finding_item), rows)

    async def incident(self, ci: Seeded, number: str, cause: str, title: Mapping[str, str], **more: Any) -> int:
        told = {"severity": "warning", "state": "new", "opened_at": self.now - HOUR, "detail": {}} | more
        told["detail"] = json.dumps(told["detail"])
        return await self._add(
            schema.incident, number=number, cause_key=cause, ci_id=ci.id, title=json.dumps(title), **told
        )

    async def deliver(self, number: str, what: str, **more: Any) -> None:
        key, destination = f"incident|{number}|{what}", "webhook"
        told = {"created_at": self.now - HOUR, "next_at": self.now - HOUR} | more
        await self._add(schema.outbox, key=f"{key}@{destination}", destination=destination, payload="{}", **told)

    async def alert(self, ci: Seeded, rule: str, outcome: str, instance: str = "", **more: Any) -> None:
        state = "firing" if outcome == "PROBLEM" else "ok"
        told = {"state": state, "since": self.now - 2 * HOUR, "changed_at": self.now - 2 * HOUR, "evidence": {}} | more
        told |= {"told": told["state"] == "firing", "episode": int(told["state"] == "firing")}
        told["evidence"] = json.dumps(told["evidence"])
        await self._add(schema.alert, rule=rule, ci_id=ci.id, instance=instance, outcome=outcome, **told)

    async def case(self, kind: str, why: str, *members: Seeded) -> int:
        number = await self._add(
            schema.duplicate_case, kind=kind, why=why, opened_at=self.now - HOUR, fingerprint=self._uid(why)
        )
        for each in members:
            await self._add(schema.duplicate_member, case_id=number, ci_id=each.id, evidence=f"serial of {each.name}")
        return number


def _entries(shape: sections.Shape, body: Any) -> dict[str, Any]:
    if isinstance(body, dict):
        return dict(body)
    return {
        sections.row_key(shape, row): {name: value for name, value in row.items() if name not in shape.key}
        for row in body
    }


GIB = 1024**3


def _sections(name: str, at: int) -> dict[str, Any]:
    """What an ordinary Debian server says of itself; `at` tells hosts apart."""
    return {
        "hardware": {"vendor": "Dell Inc.", "model": "PowerEdge R640", "serial": f"7XK9Q{at:02d}",
                     "uuid": f"4c4c4544-0058-4b10-8039-b7c04f51{at:04d}", "chassis_type": "rack_mount_chassis",
                     "bios_vendor": "Dell Inc.", "bios_version": "2.21.2", "bios_date": "02/19/2024"},
        "os": {"family": "linux", "id": "debian", "name": "Debian GNU/Linux 12 (bookworm)", "version": "12",
               "codename": "bookworm", "kernel": "6.1.0-28-amd64", "architecture": "x86_64", "hostname": name,
               "domain": "example.test", "timezone": "Asia/Shanghai"},
        "cpu": {"model": "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", "vendor": "GenuineIntel", "sockets": 2,
                "cores": 40, "threads": 80, "max_mhz": 3900},
        "memory": {"total_bytes": 256 * GIB, "swap_bytes": 8 * GIB},
        "disks": [{"name": f"wwn-0x5000c500a1b2c3{at:02d}", "device": "sda", "vendor": "SEAGATE", "model": "ST1200",
                   "serial": f"WFK0{at:02d}", "size_bytes": 1_200_243_695_616, "rotational": True, "transport": "sas",
                   "health": "passed"}],
        "filesystems": [
            {"mount": "/", "device": "/dev/sda2", "type": "ext4", "size_bytes": 100 * GIB, "readonly": False,
             "options": ["relatime"]},
            {"mount": "/var", "device": "/dev/sda3", "type": "xfs", "size_bytes": 800 * GIB, "readonly": False}],
        "interfaces": [
            {"name": "eno1", "mac": f"f4:02:70:aa:00:{at:02x}", "addresses": [f"10.20.0.{10 + at}/24"], "mtu": 1500,
             "speed_mbps": 10_000, "duplex": "full", "state": "up", "kind": "ethernet", "driver": "ixgbe"},
            {"name": "lo", "addresses": ["127.0.0.1/8"], "kind": "loopback", "state": "unknown", "mtu": 65536}],
        "packages": [
            {"name": each, "arch": "amd64", "version": version, "manager": "dpkg"}
            for each, version in (("openssl", "3.0.15-1~deb12u1"), ("openssh-server", "1:9.2p1-2+deb12u3"),
                                  ("nginx", "1.22.1-9"), ("curl", "7.88.1-10+deb12u8"), ("bash", "5.2.15-2+b7"))],
        "services": [{"name": "nginx.service", "enabled": "enabled", "state": "running", "description": "A web server"},
                     {"name": "ssh.service", "enabled": "enabled", "state": "running"}],
        "listening_ports": [{"protocol": "tcp", "address": "0.0.0.0", "port": 443, "process": "nginx",
                             "executable": "/usr/sbin/nginx", "unit": "nginx.service", "user": "root"},
                            {"protocol": "tcp", "address": "::", "port": 22, "process": "sshd", "user": "root"}],
        "users": [{"name": "root", "uid": 0, "gid": 0, "home": "/root", "shell": "/bin/bash", "can_log_in": True},
                  {"name": "deploy", "uid": 1000, "gid": 1000, "home": "/home/deploy", "shell": "/bin/bash"}],
        "certificates": [{"path": "/etc/ssl/site.pem", "fingerprint": hashlib.sha256(name.encode()).hexdigest(),
                          "subject": f"CN={name}.example.test", "issuer": "CN=Example CA", "serial": "03a1",
                          "names": [f"{name}.example.test"], "not_before": "2026-01-05T00:00:00Z",
                          "not_after": "2026-12-09T23:59:59Z"}],
        "ntp": {"service": "chronyd", "servers": ["ntp1.example.test", "ntp2.example.test"]},
        "dns": {"servers": ["10.20.0.2", "10.20.0.3"], "search": ["example.test"]},
        "virtualization": {"hypervisor": "none", "role": "none"},
        "health": [{"metric": "load1", "instance": "", "value": 0.42},
                   {"metric": "memory_used_ratio", "instance": "", "value": 0.37},
                   {"metric": "filesystem_used_ratio", "instance": "/", "value": 0.61},
                   {"metric": "filesystem_used_ratio", "instance": "/var", "value": 0.93}],
    }  # fmt: skip


async def furnish(estate: Estate, host: Seeded, number: int) -> None:
    """Let the agent of `host` say what an ordinary server says."""
    for name, body in _sections(host.name, number).items():
        await estate.say(host, name, body)
    await estate.identify(host, "serial", f"7XK9Q{number:02d}")
    await estate.identify(host, "mac", f"f4:02:70:aa:00:{number:02x}")


@dataclass(frozen=True, slots=True)
class Standard:
    """The estate most tests look at."""

    web: Seeded
    db: Seeded
    laptop: Seeded
    web_os: Seeded
    postgres: Seeded
    finding: int


async def standard(connection: AsyncConnection, now: int = NOW) -> Standard:
    """Two servers and a laptop; one upgrade without cover, one disk nearly full, one doubt about identity."""
    estate = Estate(connection, now)
    web = await estate.host("web-01")
    await furnish(estate, web, 1)
    db = await estate.host("db-01", ci_type="virtual_machine")
    await furnish(estate, db, 2)
    laptop = await estate.host("pc-zhang", "pc", "laptop", agent={"last_seen": now - DAY})
    await furnish(estate, laptop, 3)
    await estate.fail(laptop, "memory_modules", Status.DENIED, "needs root")
    web_os = await estate.ci("Debian GNU/Linux 12", "system_software", "os", web.source_id, role="os")
    await estate.relate(web_os, "installed_on", web)
    postgres = await estate.ci(
        "PostgreSQL 15", "system_software", "database", db.source_id, role="software:postgresql|5432"
    )
    await estate.say(postgres, "software", {"product": "postgresql", "version": "15.8", "instance": "5432"})
    await estate.relate(postgres, "runs_on", db)
    moved = await _upgrade(estate, web)
    await _troubles(estate, web, db, laptop)
    return Standard(web, db, laptop, web_os, postgres, moved)


async def _upgrade(estate: Estate, web: Seeded) -> int:
    at = estate.now - 3 * HOUR
    packages = _sections(web.name, 1)["packages"]
    packages[0] = packages[0] | {"version": "3.0.16-1~deb12u1"}
    await estate.say(
        web, "packages", [*packages, {"name": "telnetd", "arch": "amd64", "version": "0.17", "manager": "dpkg"}], at
    )
    old = {"version": "3.0.15-1~deb12u1", "manager": "dpkg"}
    return await estate.finding(
        web,
        [("packages", "openssl|amd64", old, old | {"version": "3.0.16-1~deb12u1"}),
         ("packages", "telnetd|amd64", None, {"version": "0.17", "manager": "dpkg"})],
        at,
    )  # fmt: skip


async def _troubles(estate: Estate, web: Seeded, db: Seeded, laptop: Seeded) -> None:
    full = {"zh": "web-01 的文件系统 /var 已用 93%", "en": "File system /var of web-01 is 93% full"}
    disk = {"fs.instance": "/var", "fs.value": 0.93, "severity": "critical"}
    detail = {"rule": "SRV-DISK-001", "instance": "/var", "evidence": disk, "category": "server/storage",
              "rule_title": {"zh": "文件系统将满", "en": "File system nearly full"},
              "runbook": {"zh": "找出占用空间的目录。", "en": "Find what takes the space."}}  # fmt: skip
    cause = f"rule|SRV-DISK-001|{web.uid}|/var"
    await estate.incident(web, "INC-000001", cause, full, kind="alert", severity="critical", detail=detail)
    what = "web-01: packages.openssl|amd64, packages.telnetd|amd64"
    drifted = {"zh": f"非授权变更：{what}", "en": f"Unapproved change on {what}"}
    about = {"finding": 1, "items": [], "more": 0}
    await estate.incident(web, "INC-000002", "finding|1", drifted, kind="unapproved_change", detail=about)
    gone = {"resolved_at": estate.now - HOUR, "state": "resolved", "opened_at": estate.now - DAY, "kind": "alert"}
    clock = {"zh": "db-01 的时钟未同步", "en": "The clock of db-01 is not synchronised"}
    await estate.incident(db, "INC-000003", f"rule|SRV-NTP-001|{db.uid}|", clock, **gone)
    await estate.deliver("INC-000001", "opened", state="sent", attempts=1, sent_at=estate.now - HOUR + 900)
    await estate.alert(web, "SRV-DISK-001", "PROBLEM", "/var", evidence=disk)
    await estate.alert(web, "SRV-DISK-001", "PASS", "/")
    await estate.alert(db, "SRV-NTP-001", "PASS")
    await estate.alert(laptop, "SRV-NTP-001", "UNKNOWN", reason="stale: ntp")
    await estate.case("clone", "two agents report one serial", web, db)
