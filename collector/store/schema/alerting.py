"""Alerts: what each rule remembers of each CI."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from collector.store.schema.base import Id, metadata, moment, words

alert = Table(
    "alert", metadata,
    Column("rule", Text, primary_key=True), Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True),
    Column("instance", Text, primary_key=True),
    words("state"), words("outcome"), moment("since"), moment("changed_at"),
    words("evidence", "{}"), words("reason", ""),
    Index("ix_alert_ci_id", "ci_id"),
)  # fmt: skip
