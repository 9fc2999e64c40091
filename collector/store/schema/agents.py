"""Agents, how they joined, and what they sent."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from collector.store.schema.base import Id, metadata, moment, numbered, words

agent = Table(
    "agent", metadata, numbered(),
    Column("uid", Text, nullable=False, unique=True),
    words("hostname", ""), words("state", "active"),  # active, banned, retired
    Column("instance_key", LargeBinary, nullable=False, unique=True),
    Column("join_counter", Integer, nullable=False, server_default=text("0")),
    Column("token_id", LargeBinary), moment("enrolled_at"), words("address", ""),
    Column("serial_current", Text), Column("serial_next", Text), moment("certificate_until", 0),
    moment("last_seen", 0), words("version", ""), moment("clock_offset_ms", 0),
    moment("spool_depth", 0), moment("dropped_total", 0), moment("rss_bytes", 0), moment("cpu_ms", 0),
    words("failing_sections", "[]"), words("state_reason", ""), words("heard", "{}"),
    moment("look_asked_at", 0),  # when a whole inventory was last asked for
)  # fmt: skip

enrol_token = Table(
    "enrol_token", metadata,
    Column("id", LargeBinary, primary_key=True),  # 8 bytes; the secret is derived from it, never stored
    moment("created_at"), moment("expires_at"), words("created_by"), words("note", ""),
    Column("uses_left", Integer, nullable=False),
)  # fmt: skip

token_use = Table(
    "token_use", metadata,
    Column("token_id", LargeBinary, ForeignKey("enrol_token.id"), primary_key=True),
    Column("instance_key", LargeBinary, primary_key=True), moment("used_at"),
)  # fmt: skip

observation = Table(
    "observation", metadata, numbered(),
    Column("agent_id", Id, ForeignKey("agent.id"), nullable=False),
    Column("epoch", LargeBinary, nullable=False),
    Column("seq", BigInteger, nullable=False),
    moment("received_at"), Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("agent_id", "epoch", "seq", name="uq_observation_agent_id_epoch_seq"),
)  # fmt: skip
Index("ix_observation_agent_id_id", observation.c.agent_id, observation.c.id)

rejected_observation = Table(  # stored and acknowledged, yet not to be opened: kept with the reason
    "rejected_observation", metadata,
    Column("observation_id", Id, ForeignKey("observation.id"), primary_key=True, autoincrement=False),
    words("reason"), moment("at"),
)  # fmt: skip

drop_record = Table(  # what an agent's spool had to give up, told once per (agent, epoch, first_seq, last_seq)
    "drop_record", metadata,
    Column("agent_id", Id, ForeignKey("agent.id"), primary_key=True),
    Column("epoch", LargeBinary, primary_key=True),
    Column("first_seq", BigInteger, primary_key=True), Column("last_seq", BigInteger, primary_key=True),
    Column("count", BigInteger, nullable=False), words("reason"), moment("told_at"),
)  # fmt: skip
