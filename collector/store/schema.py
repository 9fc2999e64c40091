"""The tables. One schema for SQLite and PostgreSQL; times are epoch milliseconds, intervals half-open.

Values and paths are interned (`val`, `path`), so a row of history is a few integers.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from collector.model import FOREVER

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite only numbers rows by itself in a column declared INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")
_OPEN = text(str(FOREVER))


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def _text(name: str, default: str | None = None) -> Column[str]:
    if default is None:
        return Column(name, Text, nullable=False)
    return Column(name, Text, nullable=False, server_default=default)


def _at(name: str, default: int | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=None if default is None else text(str(default)))


# --- agents and what they sent

agent = Table(
    "agent", metadata, _id(),
    Column("uid", Text, nullable=False, unique=True),
    _text("hostname", ""), _text("state", "active"),  # active, banned, retired
    Column("instance_key", LargeBinary, nullable=False, unique=True),
    Column("join_counter", Integer, nullable=False, server_default=text("0")),
    Column("token_id", LargeBinary), _at("enrolled_at"), _text("address", ""),
    Column("serial_current", Text), Column("serial_next", Text), _at("certificate_until", 0),
    _at("last_seen", 0), _text("version", ""), _at("clock_offset_ms", 0),
    _at("spool_depth", 0), _at("dropped_total", 0), _at("rss_bytes", 0), _at("cpu_ms", 0),
    _text("failing_sections", "[]"), _text("state_reason", ""),
)  # fmt: skip

enrol_token = Table(
    "enrol_token", metadata,
    Column("id", LargeBinary, primary_key=True),  # 8 bytes; the secret is derived from it, never stored
    _at("created_at"), _at("expires_at"), _text("created_by"), _text("note", ""),
    Column("uses_left", Integer, nullable=False),
)  # fmt: skip

token_use = Table(
    "token_use", metadata,
    Column("token_id", LargeBinary, ForeignKey("enrol_token.id"), primary_key=True),
    Column("instance_key", LargeBinary, primary_key=True), _at("used_at"),
)  # fmt: skip

observation = Table(
    "observation", metadata, _id(),
    Column("agent_id", Id, ForeignKey("agent.id"), nullable=False),
    Column("epoch", LargeBinary, nullable=False),
    Column("seq", BigInteger, nullable=False),
    _at("received_at"), Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("agent_id", "epoch", "seq", name="uq_observation_agent_id_epoch_seq"),
)  # fmt: skip
Index("ix_observation_agent_id_id", observation.c.agent_id, observation.c.id)

rejected_observation = Table(  # stored and acknowledged, yet not to be opened: kept with the reason
    "rejected_observation", metadata,
    Column("observation_id", Id, ForeignKey("observation.id"), primary_key=True, autoincrement=False),
    _text("reason"), _at("at"),
)  # fmt: skip

drop_record = Table(  # what an agent's spool had to give up, told once per (agent, epoch, first_seq, last_seq)
    "drop_record", metadata,
    Column("agent_id", Id, ForeignKey("agent.id"), primary_key=True),
    Column("epoch", LargeBinary, primary_key=True),
    Column("first_seq", BigInteger, primary_key=True), Column("last_seq", BigInteger, primary_key=True),
    Column("count", BigInteger, nullable=False), _text("reason"), _at("told_at"),
)  # fmt: skip

# --- CIs and identity

ci = Table(
    "ci", metadata, _id(),
    Column("uid", Text, nullable=False, unique=True),
    _text("ci_class"), _text("ci_type"), _text("name"), _text("state"), _text("environment", "production"),
    Column("label", Text, unique=True), _at("created_at"), _text("arrival", ""),
    Column("merged_into", Id, ForeignKey("ci.id")),
    Index("ix_ci_ci_class_state", "ci_class", "state"), Index("ix_ci_name", "name"),
)  # fmt: skip

identifier = Table(
    "identifier", metadata,
    Column("kind", Text, primary_key=True), Column("value", Text, primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    _at("first_at"), _at("last_at"), _text("state", "live"),  # live, suspect, retired
    Index("ix_identifier_ci_id", "ci_id"), sqlite_with_rowid=False,
)  # fmt: skip

duplicate_case = Table(
    "duplicate_case", metadata, _id(),
    _text("kind"), _text("why"), _text("state", "open"), _at("opened_at"),
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("decided_by", Text), Column("decided_at", BigInteger),
)  # fmt: skip

duplicate_member = Table(
    "duplicate_member", metadata,
    Column("case_id", Id, ForeignKey("duplicate_case.id"), primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True), _text("evidence"),
)  # fmt: skip

parked = Table(  # observations that wait for a case
    "parked", metadata,
    Column("observation_id", Id, ForeignKey("observation.id"), primary_key=True, autoincrement=False),
    Column("role", Text, primary_key=True),
    Column("case_id", Id, ForeignKey("duplicate_case.id"), nullable=False),
)  # fmt: skip

source = Table(
    "source", metadata, _id(),
    Column("code", Text, nullable=False, unique=True), _text("kind"),
    Column("agent_id", Id, ForeignKey("agent.id")),
    Column("applied_id", Id, nullable=False, server_default=text("0")),  # last observation the pipeline has applied
    Column("applied_epoch", LargeBinary), Column("applied_seq", BigInteger, nullable=False, server_default=text("0")),
    Column("state_hash", LargeBinary),  # everything this source said last, in one hash
    _at("confirmed_at", 0),  # when it last said that nothing moved
)  # fmt: skip

subject_ci = Table(  # which CI a subject of a source is
    "subject_ci", metadata,
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True), Column("role", Text, primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False), _text("matched_by"), _at("since"),
    Index("ix_subject_ci_ci_id", "ci_id"),
)  # fmt: skip

# --- the lanes

path = Table(
    "path", metadata, _id(), _text("section"), _text("key"),
    UniqueConstraint("section", "key", name="uq_path_section_key"),
)  # fmt: skip

val = Table(
    "val", metadata, _id(), Column("hash", LargeBinary, nullable=False, unique=True), _text("text"),
)  # fmt: skip

section = Table(  # one confirmation a (CI, source, section); the body is the last complete one
    "section", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("status", SmallInteger, nullable=False), _text("reason", ""),
    _at("last_try"), _at("last_ok", 0), Column("misses", Integer, nullable=False, server_default=text("0")),
    Column("revision", Integer, nullable=False), Column("hash", LargeBinary, nullable=False),
    Column("body", LargeBinary), sqlite_with_rowid=False,
)  # fmt: skip


def _lane(name: str, *own: Column[object], key: tuple[str, ...] = ()) -> Table:
    """A lane: value intervals in valid time [vf, vt) and in recorded time [tf, tt)."""
    keyed = ("ci_id", "path_id", *key, "vf", "tf")
    columns: list[Column[object]] = [
        Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
        Column("path_id", Id, ForeignKey("path.id"), nullable=False),
        Column("vf", BigInteger, nullable=False),
        Column("vt", BigInteger, nullable=False, server_default=_OPEN),
        Column("tf", BigInteger, nullable=False),
        Column("tt", BigInteger, nullable=False, server_default=_OPEN),
        Column("val_id", Id, ForeignKey("val.id")),  # null: absent
        *own,
    ]
    for column in columns:
        column.primary_key = column.name in keyed
    return Table(name, metadata, *sorted(columns, key=lambda c: keyed.index(c.name) if c.name in keyed else 99),
                 sqlite_with_rowid=False)  # fmt: skip


claim = _lane(
    "claim",
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("lo", BigInteger, nullable=False),  # when this lane last confirmed the value before
    Column("observation_id", Id, nullable=False),
    Column("cause", Text, nullable=False),  # world, revision, correction
    key=("source_id",),
)
fact = _lane(
    "fact",
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("why", Text, nullable=False),  # rank, takeover, rule, lock
)
auth = _lane(
    "auth",
    Column("basis", Text, nullable=False),  # arrival, change, request, emergency, accepted, correction
    Column("ref", Text, nullable=False),
)
Index("ix_fact_current", fact.c.path_id, fact.c.val_id, fact.c.ci_id,
      sqlite_where=fact.c.vt == FOREVER, postgresql_where=fact.c.vt == FOREVER)  # fmt: skip

relation = Table(
    "relation", metadata,
    Column("a", Id, ForeignKey("ci.id"), primary_key=True), Column("kind", Text, primary_key=True),
    Column("b", Id, ForeignKey("ci.id"), primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("vf", BigInteger, primary_key=True), Column("vt", BigInteger, nullable=False, server_default=_OPEN),
    _at("lo"), Index("ix_relation_b", "b", "kind"),
)  # fmt: skip

# --- findings, alerts, incidents, outbox

finding = Table(
    "finding", metadata, _id(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    _text("verdict"), _at("lo"), _at("hi"), _at("opened_at"), Column("closed_at", BigInteger),
    Column("resolved_by", Text), _text("reason", ""),
    Index("ix_finding_ci_id", "ci_id", "opened_at"),
    Index("ix_finding_open", "ci_id",
          sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
)  # fmt: skip

finding_item = Table(
    "finding_item", metadata,
    Column("finding_id", Id, ForeignKey("finding.id"), primary_key=True),
    Column("path_id", Id, ForeignKey("path.id"), primary_key=True),
    Column("auth_val_id", Id, ForeignKey("val.id")), Column("old_val_id", Id, ForeignKey("val.id")),
    Column("new_val_id", Id, ForeignKey("val.id")), _at("lo"), _at("hi"),
    _text("state", "open"), Column("observation_id", Id, nullable=False),
    Index("ix_finding_item_path_id", "path_id"),
)  # fmt: skip

alert = Table(
    "alert", metadata,
    Column("rule", Text, primary_key=True), Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True),
    Column("instance", Text, primary_key=True),
    _text("state"), _text("outcome"), _at("since"), _at("changed_at"), _text("evidence", "{}"), _text("reason", ""),
    Index("ix_alert_ci_id", "ci_id"),
)  # fmt: skip

incident = Table(
    "incident", metadata, _id(),
    Column("number", Text, nullable=False, unique=True), _text("cause_key"),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    _text("kind"), _text("severity"), _text("state"), _text("title"), _text("detail"),
    _at("opened_at"), Column("resolved_at", BigInteger),
    Index("ix_incident_ci_id", "ci_id", "opened_at"),
    Index("uq_incident_open_cause", "cause_key", unique=True,
          sqlite_where=text("resolved_at IS NULL"), postgresql_where=text("resolved_at IS NULL")),
)  # fmt: skip

outbox = Table(
    "outbox", metadata, _id(),
    Column("key", Text, nullable=False, unique=True), _text("destination"), _text("payload"),
    _text("state", "waiting"),  # waiting, sent, dead
    Column("attempts", Integer, nullable=False, server_default=text("0")), _at("next_at"), _at("created_at"),
    Column("sent_at", BigInteger), _text("error", ""),
    Index("ix_outbox_state_next_at", "state", "next_at"),
)  # fmt: skip

# --- people

account = Table(
    "account", metadata, _id(),
    Column("name", Text, nullable=False, unique=True), _text("password_hash", ""), _text("roles", "[]"),
    _text("state", "active"), _text("language", ""), _text("theme", ""), _at("created_at"),
    Column("failures", Integer, nullable=False, server_default=text("0")), _at("locked_until", 0),
)  # fmt: skip

session = Table(
    "session", metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    _at("created_at"), _at("used_at"), _text("csrf"), _text("address", ""),
    Index("ix_session_account_id", "account_id"),
)  # fmt: skip

login_link = Table(  # one use each
    "login_link", metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    _at("expires_at"), Column("used_at", BigInteger),
)  # fmt: skip

api_token = Table(
    "api_token", metadata, _id(),
    Column("key_hash", LargeBinary, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    _text("name"), _at("created_at"), _at("expires_at"), _at("used_at", 0), Column("revoked_at", BigInteger),
)  # fmt: skip

setting = Table(
    "setting", metadata, Column("name", Text, primary_key=True), _text("value"),
)  # fmt: skip
