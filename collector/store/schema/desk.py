"""Incidents and what happens to them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, text

from collector.store.schema.base import Id, metadata, moment, numbered, words

incident = Table(
    "incident", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True), words("cause_key"),
    Column("ci_id", Id, ForeignKey("ci.id")),  # null: it is about none, as a credential that devices refuse
    words("kind"), words("severity"), words("state"), words("title"), words("detail"),
    moment("opened_at"), Column("resolved_at", BigInteger),
    Index("ix_incident_ci_id", "ci_id", "opened_at"),
    Index("uq_incident_open_cause", "cause_key", unique=True,
          sqlite_where=text("resolved_at IS NULL"), postgresql_where=text("resolved_at IS NULL")),
)  # fmt: skip
