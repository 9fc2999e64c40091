"""Sweeps: credentials, plans, runs and their ledger, and what they learned of addresses."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from collector.store.schema.base import Id, metadata, moment, numbered, words

credential = Table(  # how to log in somewhere; what is secret is sealed and opened for a lease only
    "credential", metadata, numbered(),
    Column("uid", Text, nullable=False, unique=True), Column("name", Text, nullable=False, unique=True),
    words("kind"),  # snmp_community, snmp_user, ssh, redfish, nut
    words("scope"),  # JSON: where it may be sent: ranges, zones, vendors
    Column("sealed", LargeBinary, nullable=False), words("key_id"),
    moment("created_at"), words("created_by"), moment("changed_at"), moment("used_at", 0), moment("suspended_until", 0),
    words("suspended_why", ""),
)  # fmt: skip

sweep_plan = Table(
    "sweep_plan", metadata, numbered(),
    Column("uid", Text, nullable=False, unique=True), Column("name", Text, nullable=False, unique=True),
    words("zone", ""), words("settings"),  # JSON: ranges, exclusions, until, rate, blackout …
    words("schedule", ""),  # cron in the collector's time zone; empty: by hand only
    words("state", "active"), moment("created_at"), words("created_by"), moment("next_at", 0),
)  # fmt: skip

sweep = Table(
    "sweep", metadata, numbered(),
    Column("uid", Text, nullable=False, unique=True),
    Column("plan_id", Id, ForeignKey("sweep_plan.id")), Column("agent_id", Id, ForeignKey("agent.id")),
    words("zone", ""), words("settings"),  # as they were when it began
    words("state"),  # waiting, running, done, cancelled, failed
    words("reason", ""), words("asked_by"), moment("asked_at"), moment("started_at", 0), moment("ended_at", 0),
    words("cursor", ""), words("counts", "{}"),  # JSON: stage → targets that have come that far
    words("was_plan", ""),  # what its plan was called that was removed
    Index("ix_sweep_state", "state"), Index("ix_sweep_plan_id", "plan_id"),
)  # fmt: skip

sweep_target = Table(  # the why-not ledger: each target of each sweep ends in a row
    "sweep_target", metadata,
    Column("sweep_id", Id, ForeignKey("sweep.id"), primary_key=True), Column("address", Text, primary_key=True),
    words("stage"), words("cause", ""), words("detail", ""),  # cause empty: nothing failed
    words("credential", ""),  # uid; never the secret
    words("found", "{}"),  # JSON: class, type, vendor, model, serial, os, version, name
    moment("at"), Column("took_ms", Integer, nullable=False, server_default=text("0")),
    words("place", ""),  # sorts as the address does as a number
    Column("agent_id", Id),  # the probe that says so
    Index("ix_sweep_target_cause", "sweep_id", "cause"), Index("ix_sweep_target_place", "sweep_id", "place"),
)  # fmt: skip

known_device = Table(  # what sweeps learned of an address
    "known_device", metadata,
    Column("zone", Text, primary_key=True), Column("address", Text, primary_key=True),
    words("credential", ""), words("vendor", ""), words("dialect", ""),  # the last credential it took, and how
    words("stamps", ""),  # JSON of the probe's own
    moment("seen_at"), Index("ix_known_device_seen_at", "zone", "seen_at"),
)  # fmt: skip

pin = Table(  # the keys by which an address is known to be who it was
    "pin", metadata,
    Column("zone", Text, primary_key=True), Column("address", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # host_key, certificate, engine_id
    words("value", ""),  # empty: shown, and trusted by nobody yet
    words("pinned_by", ""), moment("pinned_at", 0),  # by empty: on first use
    words("seen", ""), moment("seen_at", 0),  # another one, shown since
)  # fmt: skip

refusal = Table(  # logins that count against an account
    "refusal", metadata,
    Column("credential", Text, primary_key=True), Column("zone", Text, primary_key=True),
    Column("address", Text, primary_key=True), moment("at"), Index("ix_refusal_at", "at"),
)  # fmt: skip
