"""Alerts: what each rule remembers of each CI, what held them back, and how they moved."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, false, text

from collector.store.schema.base import Id, metadata, moment, numbered, words


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text("0"))


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=false())


def _partial(name: str, column: str, condition: str) -> Index:
    return Index(name, column, sqlite_where=text(condition), postgresql_where=text(condition))


alert = Table(
    "alert", metadata,
    Column("rule", Text, primary_key=True), Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True),
    Column("instance", Text, primary_key=True),
    words("state"), words("outcome"), moment("since"), moment("changed_at"),
    words("evidence", "{}"), words("reason", ""),
    _count("episode"), _count("samples"), moment("seen_at", 0), moment("keep_until", 0), words("bits", ""),
    _flag("flapping"), words("suppressed", ""), words("held_by", ""),  # words with a blank between
    moment("look_at", 0), _flag("told"), words("lowered", ""),
    _flag("timed"),  # time alone can move it
    Index("ix_alert_ci_id", "ci_id"), _partial("ix_alert_timed", "ci_id", "timed"),
    _partial("ix_alert_look_at", "look_at", "look_at > 0"), _partial("ix_alert_state", "state", "state <> 'ok'"),
)  # fmt: skip

alert_move = Table(  # only added to, and taken away when it is old
    "alert_move", metadata, numbered(),
    words("rule"), Column("ci_id", Id, ForeignKey("ci.id"), nullable=False), words("instance"), moment("at"),
    words("state"), words("outcome"), words("severity", ""), words("evidence", "{}"), words("reason", ""),
    words("suppressed", ""), _count("episode"),
    Index("ix_alert_move_ci_id", "ci_id", "at"), Index("ix_alert_move_rule", "rule", "at"),
    Index("ix_alert_move_at", "at"),
)  # fmt: skip

alert_ack = Table(  # somebody has seen it; it is for that episode alone, and one stands at a time
    "alert_ack", metadata, numbered(),
    words("rule"), Column("ci_id", Id, ForeignKey("ci.id"), nullable=False), words("instance"), _count("episode"),
    moment("at"), words("who"), words("reason"), Column("ended_at", BigInteger), words("ended_by", ""),
    words("ended_why", ""),
    Index("ix_alert_ack_ci_id", "ci_id", "id"),
    Index(
        "uq_alert_ack_standing", "rule", "ci_id", "instance", unique=True, sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)  # fmt: skip

waiver = Table(  # problems somebody else has accepted for a while
    "waiver", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True),
    words("rule"), words("scope", ""), words("instance", ""), words("effect"), words("level", ""), words("reason"),
    words("risk"), words("ticket", ""), moment("starts"), moment("expires"), words("state"),
    words("requested_by"), moment("asked_at"), words("decided_by", ""), moment("decided_at", 0), words("note", ""),
    moment("matched_at", 0), moment("reminded_at", 0),
    Index("ix_waiver_state", "state", "expires"),
)  # fmt: skip

maintenance_window = Table(  # `recurrence`: empty, or JSON; `last_end`: when it is over for good
    "maintenance_window", metadata, numbered(),
    Column("uid", Text, nullable=False, unique=True), words("kind"), words("name"), words("reason", ""),
    Column("start", BigInteger, nullable=False), Column("end", BigInteger, nullable=False), words("recurrence", ""),
    words("selector"), words("created_by"), moment("created_at"), moment("ended_at", 0), moment("last_end"),
    Index("ix_maintenance_window_last_end", "last_end"),
)  # fmt: skip
