"""What is told to others, and how far it got."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from collector.store.schema.base import metadata, moment, numbered, words

outbox = Table(
    "outbox", metadata, numbered(),
    Column("key", Text, nullable=False, unique=True), words("destination"), words("payload"),
    words("state", "waiting"),  # waiting, sent, dead
    Column("attempts", Integer, nullable=False, server_default=text("0")), moment("next_at"), moment("created_at"),
    Column("sent_at", BigInteger), words("error", ""),
    Index("ix_outbox_state_next_at", "state", "next_at"),
)  # fmt: skip
