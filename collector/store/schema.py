"""The tables. One schema for SQLite and PostgreSQL; times are epoch milliseconds, intervals half-open.

Values and paths are interned (`val`, `path`), so a row of history is a few integers.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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
    _text("failing_sections", "[]"), _text("state_reason", ""), _text("heard", "{}"),
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
    Index("ix_ci_merged_into", "merged_into"),
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
    _text("decision", ""), _text("reason", ""),  # same, apart, replaces, quarantine, clone; and what was said of it
    Column("ci_id", Id),  # which CI the observations that waited are; null: not known yet
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
    Column("source_id", Id),  # who speaks in it
    Column("overtaken", Boolean, nullable=False, server_default=text("false")),  # newer words of it are applied
    Index("ix_parked_case_id", "case_id"), Index("ix_parked_source_id", "source_id"),
)  # fmt: skip

held_source = Table(  # a source whose last word on its identity waits for a case: what follows waits behind it
    "held_source", metadata,
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True, autoincrement=False),
    Column("case_id", Id, ForeignKey("duplicate_case.id"), nullable=False),
)  # fmt: skip

frozen_ci = Table(  # a CI two things speak as: nothing is written of it until its case is decided
    "frozen_ci", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True, autoincrement=False),
    Column("case_id", Id, ForeignKey("duplicate_case.id"), nullable=False), _at("at"),
)  # fmt: skip

merge = Table(  # `ci_id` is `into_id` until `undone_at`; what was moved for it, to be moved back
    "merge", metadata, _id(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    Column("into_id", Id, ForeignKey("ci.id"), nullable=False),
    Column("case_id", Id, ForeignKey("duplicate_case.id")), _at("at"), _text("who"), _text("moved", "{}"),
    Column("undone_at", BigInteger), _text("undone_by", ""),
    Index("ix_merge_ci_id", "ci_id"), Index("ix_merge_into_id", "into_id"),
)  # fmt: skip

apart = Table(  # people said that these two (a < b) are different things
    "apart", metadata,
    Column("a", Id, ForeignKey("ci.id"), primary_key=True), Column("b", Id, ForeignKey("ci.id"), primary_key=True),
    _at("at"), _text("who"), Column("case_id", Id, ForeignKey("duplicate_case.id")), Index("ix_apart_b", "b"),
)  # fmt: skip

suspect = Table(  # identifiers in quarantine: they name nobody
    "suspect", metadata,
    Column("kind", Text, primary_key=True), Column("value", Text, primary_key=True),
    _at("at"), _text("who"), _text("why", ""),
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
    Column("absences", Integer, nullable=False, server_default=text("0")),  # how often in a row it was not spoken of
    _at("absent_at", 0), Index("ix_subject_ci_ci_id", "ci_id"),
    Index("ix_subject_ci_absent", "source_id",
          sqlite_where=text("absences > 0"), postgresql_where=text("absences > 0")),
)  # fmt: skip

# --- who is there

presence = Table(  # a CI that was missed: collector/retirement.py
    "presence", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True, autoincrement=False),
    _text("phase", "missed"),  # missed, gone, retired, back
    Column("misses", Integer, nullable=False), _at("first_at"), _at("last_at"),  # of those that count
    _at("seen_at", 0),  # when it was last seen before them
    _at("again_at", 0),  # when something answered for it since
    _at("retired_at", 0),
)  # fmt: skip

presence_run = Table(  # a look at many CIs, and whether its misses count
    "presence_run", metadata, _id(),
    _text("kind"), _text("scope"),  # sweep and its plan's uid, or agents
    Column("reference", Text, nullable=False, unique=True),  # the sweep's uid
    _at("began_at"), _at("ended_at"), _text("verdict"),  # counted, quarantined, believed
    Column("looked", Integer, nullable=False), Column("gone", Integer, nullable=False),
    Column("missed", Integer),  # null: what a person believes is not counted yet
    _text("believed_by", ""), _text("reason", ""),
    Index("ix_presence_run_scope", "scope", "ended_at"),
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
    Column("cause", Text, nullable=False),  # first, world, revision
    Column("gone_lo", BigInteger),  # these three of how it went, where nothing follows
    Column("gone_cause", Text),
    Column("gone_tf", BigInteger),
    key=("source_id",),
)
fact = _lane(
    "fact",
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    Column("why", Text, nullable=False),  # rank, takeover, rule, lock
    Column("gone_tf", BigInteger),  # when its end was recorded, where nothing follows
)
auth = _lane(
    "auth",
    Column("basis", Text, nullable=False),  # arrival, change, request, emergency, accepted, correction
    Column("ref", Text, nullable=False),
    Column("gone_tf", BigInteger),  # as that of a fact
)
Index("ix_fact_current", fact.c.path_id, fact.c.val_id, fact.c.ci_id,
      sqlite_where=fact.c.vt == FOREVER, postgresql_where=fact.c.vt == FOREVER)  # fmt: skip

contender = Table(  # who has a say where several sources speak of one value: what time alone can move
    "contender", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True), Column("section", Text, primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("due_at", BigInteger),  # when to look again, were it not heard until then; null: never
    Column("heard_at", BigInteger),  # it was passed over for its silence: when it was last heard
    Index("ix_contender_due_at", "due_at",
          sqlite_where=text("due_at IS NOT NULL"), postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_contender_heard_at", "source_id",
          sqlite_where=text("heard_at IS NOT NULL"), postgresql_where=text("heard_at IS NOT NULL")),
    sqlite_with_rowid=False,
)  # fmt: skip

value_lock = Table(  # a value somebody holds in its place, until a day
    "value_lock", metadata, _id(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    Column("path_id", Id, ForeignKey("path.id"), nullable=False),
    Column("val_id", Id, ForeignKey("val.id"), nullable=False),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),  # whose word it is
    _at("since"), _at("expires_at"), _text("reason"), _text("change", ""),
    Column("ended_at", BigInteger), _text("ended_by", ""), _text("ended_why", ""),  # expired, released, holder, ci …
    Index("ix_value_lock_ci_id", "ci_id"),
    Index("uq_value_lock_open", "ci_id", "path_id", unique=True,
          sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
)  # fmt: skip

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
    Column("due_at", BigInteger),  # when a clock of one of its items ends
    Column("waived_until", BigInteger), Column("resolved_by", Text), _text("reason", ""),
    Index("ix_finding_ci_id", "ci_id", "opened_at"),
    Index("ix_finding_ci_id_hi", "ci_id", "hi"),
    Index("ix_finding_due_at", "due_at",
          sqlite_where=text("due_at IS NOT NULL"), postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_finding_open", "ci_id",
          sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
)  # fmt: skip

finding_item = Table(  # one thing that moved, told from others at its path by when it was first seen new
    "finding_item", metadata,
    Column("finding_id", Id, ForeignKey("finding.id"), primary_key=True),
    Column("path_id", Id, ForeignKey("path.id"), primary_key=True),
    Column("field", Text, primary_key=True), Column("hi", BigInteger, primary_key=True), _at("lo"),
    Column("auth_val_id", Id, ForeignKey("val.id")), Column("old_val_id", Id, ForeignKey("val.id")),
    Column("new_val_id", Id, ForeignKey("val.id")), _text("actor", ""),
    Column("claimed", Boolean, nullable=False, server_default=text("false")),
    _text("verdict"), _text("change", ""), _text("flags", "[]"), _text("refused", "[]"),  # collector/change/matching.py
    _at("late_ms", 0), Column("due_at", BigInteger), Column("closed_at", BigInteger),
    Index("ix_finding_item_path_id", "path_id"),
)  # fmt: skip

acceptance = Table(  # a person's word, or a change made afterwards, that an item is right as it is
    "acceptance", metadata,
    Column("finding_id", Id, ForeignKey("finding.id"), primary_key=True),
    Column("path_id", Id, ForeignKey("path.id"), primary_key=True),
    Column("field", Text, primary_key=True), Column("hi", BigInteger, primary_key=True),
    Column("new_val_id", Id, ForeignKey("val.id")), _at("at"), _text("who"), _text("reference", ""),
)  # fmt: skip

finding_mark = Table(  # who did what with a finding, and why: only added to
    "finding_mark", metadata, _id(),
    Column("finding_id", Id, ForeignKey("finding.id"), nullable=False),
    _at("at"), _text("who"), _text("act"), _text("reason", ""), Column("until", BigInteger), _text("reference", ""),
    Index("ix_finding_mark_finding_id", "finding_id", "id"),
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
    Column("ci_id", Id, ForeignKey("ci.id")),  # null: it is about none, as a credential that devices refuse
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

# --- sweeps

credential = Table(  # how to log in somewhere; what is secret is sealed and opened for a lease only
    "credential", metadata, _id(),
    Column("uid", Text, nullable=False, unique=True), Column("name", Text, nullable=False, unique=True),
    _text("kind"),  # snmp_community, snmp_user, ssh, redfish, nut
    _text("scope"),  # JSON: where it may be sent: ranges, zones, vendors
    Column("sealed", LargeBinary, nullable=False), _text("key_id"),
    _at("created_at"), _text("created_by"), _at("changed_at"), _at("used_at", 0), _at("suspended_until", 0),
    _text("suspended_why", ""),
)  # fmt: skip

sweep_plan = Table(
    "sweep_plan", metadata, _id(),
    Column("uid", Text, nullable=False, unique=True), Column("name", Text, nullable=False, unique=True),
    _text("zone", ""), _text("settings"),  # JSON: ranges, exclusions, until, rate, blackout …
    _text("schedule", ""),  # cron in the collector's time zone; empty: by hand only
    _text("state", "active"), _at("created_at"), _text("created_by"), _at("next_at", 0),
)  # fmt: skip

sweep = Table(
    "sweep", metadata, _id(),
    Column("uid", Text, nullable=False, unique=True),
    Column("plan_id", Id, ForeignKey("sweep_plan.id")), Column("agent_id", Id, ForeignKey("agent.id")),
    _text("zone", ""), _text("settings"),  # as they were when it began
    _text("state"),  # waiting, running, done, cancelled, failed
    _text("reason", ""), _text("asked_by"), _at("asked_at"), _at("started_at", 0), _at("ended_at", 0),
    _text("cursor", ""), _text("counts", "{}"),  # JSON: stage → targets that have come that far
    Index("ix_sweep_state", "state"), Index("ix_sweep_plan_id", "plan_id"),
)  # fmt: skip

sweep_target = Table(  # the why-not ledger: each target of each sweep ends in a row
    "sweep_target", metadata,
    Column("sweep_id", Id, ForeignKey("sweep.id"), primary_key=True), Column("address", Text, primary_key=True),
    _text("stage"), _text("cause", ""), _text("detail", ""),  # cause empty: nothing failed
    _text("credential", ""),  # uid; never the secret
    _text("found", "{}"),  # JSON: class, type, vendor, model, serial, os, version, name
    _at("at"), Column("took_ms", Integer, nullable=False, server_default=text("0")),
    _text("place", ""),  # sorts as the address does as a number
    Column("agent_id", Id),  # the probe that says so
    Index("ix_sweep_target_cause", "sweep_id", "cause"), Index("ix_sweep_target_place", "sweep_id", "place"),
)  # fmt: skip

known_device = Table(  # what sweeps learned of an address
    "known_device", metadata,
    Column("zone", Text, primary_key=True), Column("address", Text, primary_key=True),
    _text("credential", ""), _text("vendor", ""), _text("dialect", ""),  # the last credential it took, and how
    _text("stamps", ""),  # JSON of the probe's own
    _at("seen_at"), Index("ix_known_device_seen_at", "zone", "seen_at"),
)  # fmt: skip

pin = Table(  # the keys by which an address is known to be who it was
    "pin", metadata,
    Column("zone", Text, primary_key=True), Column("address", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # host_key, certificate, engine_id
    _text("value", ""),  # empty: shown, and trusted by nobody yet
    _text("pinned_by", ""), _at("pinned_at", 0),  # by empty: on first use
    _text("seen", ""), _at("seen_at", 0),  # another one, shown since
)  # fmt: skip

refusal = Table(  # logins that count against an account
    "refusal", metadata,
    Column("credential", Text, primary_key=True), Column("zone", Text, primary_key=True),
    Column("address", Text, primary_key=True), _at("at"), Index("ix_refusal_at", "at"),
)  # fmt: skip

# --- events

event = Table(  # what devices said by themselves; those alike are one row with a count
    "event", metadata, _id(),
    Column("ci_id", Id, ForeignKey("ci.id")),  # null: nobody knows yet what stands at the address
    _text("zone", ""), _text("address"), _at("at"), _at("until"), Column("count", BigInteger, nullable=False),
    _text("kind"), _text("severity"), _text("object", ""), _text("actor", ""), _text("origin", ""),
    _text("message", ""), _text("source", ""), _text("oid", ""), Column("authentic", Boolean, nullable=False),
    Column("observation_id", Id, nullable=False),
    Index("ix_event_ci_id_at", "ci_id", "at"), Index("ix_event_at", "at"),
    Index("ix_event_address", "zone", "address", "at"),
)  # fmt: skip

# --- changes

change_template = Table(  # standard work a supervisor approves once; never edited
    "change_template", metadata, _id(),
    Column("number", Text, nullable=False, unique=True),
    _text("title"), _text("text", ""), _text("paths"),  # JSON: pairs of section and key
    _text("proposed_by"), _at("proposed_at"), _at("until"),
    _text("state", "proposed"),  # proposed, approved, refused, withdrawn
    _text("decided_by", ""), _at("decided_at", 0), _text("reason", ""),
)  # fmt: skip

change = Table(  # `version` grows with every write: who read an older one writes nothing
    "change", metadata, _id(),
    Column("number", Text, nullable=False, unique=True), Column("version", Integer, nullable=False),
    _text("type"), _text("state"), _text("initiator"), _at("created_at"), _at("moved_at"),
    _text("title"), _text("reason"), _text("implementer"), _at("requested_at"),
    Column("planned_at", BigInteger), Column("window_start", BigInteger), Column("window_end", BigInteger),
    _text("plan_text", ""),  # the four of a plan: null while there is none
    Column("template_id", Id, ForeignKey("change_template.id")),
    Column("finished_at", BigInteger), Column("cancelled_at", BigInteger),
    _text("origin", ""), _text("reference", ""),  # of another system, and what it calls this
    Column("finding_id", Id, ForeignKey("finding.id")),  # made from this finding
    Index("ix_change_window", "window_end", "window_start"), Index("ix_change_state", "state"),
    Index("ix_change_moved_at", "moved_at"),
    Index("uq_change_reference", "origin", "reference", unique=True,
          sqlite_where=text("origin <> ''"), postgresql_where=text("origin <> ''")),
)  # fmt: skip

change_ci = Table(  # what was asked for
    "change_ci", metadata,
    Column("change_id", Id, ForeignKey("change.id"), primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True), Index("ix_change_ci_ci_id", "ci_id"),
)  # fmt: skip

change_line = Table(  # what the plan says will move, in its order
    "change_line", metadata,
    Column("change_id", Id, ForeignKey("change.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False), _text("section"), _text("key", ""), _text("field", ""),
    _text("how"), _text("value"),  # JSON
    Index("ix_change_line_ci_id", "ci_id"),
)  # fmt: skip

change_word = Table(  # approvals and refusals: only added to
    "change_word", metadata,
    Column("change_id", Id, ForeignKey("change.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    _text("stage"), _text("role"), _text("who"), _at("at"), _text("content_hash"),
    Column("granted", Boolean, nullable=False), _text("reason", ""),
)  # fmt: skip

change_task = Table(  # work of helpers
    "change_task", metadata,
    Column("change_id", Id, ForeignKey("change.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    _text("text"), _text("assignee"), Column("done_at", BigInteger), Index("ix_change_task_assignee", "assignee"),
)  # fmt: skip

change_decision = Table(  # what a person said of a line no observation could verify
    "change_decision", metadata,
    Column("change_id", Id, ForeignKey("change.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    _text("state"), _text("who"), _at("at"), _text("reason"),
)  # fmt: skip

change_trail = Table(  # who did what when: only added to
    "change_trail", metadata, _id(),
    Column("change_id", Id, ForeignKey("change.id"), nullable=False),
    _at("at"), _text("who"), _text("act"), _text("state"), _text("detail", ""),
    Index("ix_change_trail_change_id", "change_id", "id"),
)  # fmt: skip

freeze = Table(
    "freeze", metadata, _id(),
    Column("uid", Text, nullable=False, unique=True), _text("name"), _at("start"), _at("end"),
    _text("ci_classes", "[]"), _text("created_by"), _at("created_at"), Index("ix_freeze_end", "end"),
)  # fmt: skip

# --- stock-takes and labels

stocktake = Table(  # `digest`: of the report, once it is closed; nothing of it is written after that
    "stocktake", metadata, _id(),
    Column("number", Text, nullable=False, unique=True),
    _text("kind"), _text("title"), _text("scope"), Column("blind", Boolean, nullable=False),
    _text("opened_by"), _at("opened_at"), Column("closed_at", BigInteger), _text("closed_by", ""), _text("note", ""),
    _text("digest", ""), Index("ix_stocktake_closed_at", "closed_at"),
)  # fmt: skip

stocktake_person = Table(  # who counts
    "stocktake_person", metadata,
    Column("stocktake_id", Id, ForeignKey("stocktake.id"), primary_key=True),
    Column("account", Text, primary_key=True), Index("ix_stocktake_person_account", "account"),
)  # fmt: skip

stocktake_line = Table(  # what was to be there when it was opened, as the record had it then
    "stocktake_line", metadata,
    Column("stocktake_id", Id, ForeignKey("stocktake.id"), primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True), _text("thing"),  # JSON
    _at("last_seen", 0), _text("plugged", ""), Index("ix_stocktake_line_ci_id", "ci_id"),
)  # fmt: skip

stocktake_mark = Table(  # what people said: only added to
    "stocktake_mark", metadata, _id(),
    Column("stocktake_id", Id, ForeignKey("stocktake.id"), nullable=False),
    Column("ci_id", Id, ForeignKey("ci.id")), _text("thing", ""),  # JSON; both empty: nobody knows it
    _text("outcome"), _at("at"), _text("who"), _text("place", ""), _text("seen", ""), _text("note", ""), _text("key"),
    Index("uq_stocktake_mark_key", "stocktake_id", "key", unique=True), Index("ix_stocktake_mark_ci_id", "ci_id"),
)  # fmt: skip

stocktake_change = Table(  # which change was proposed for what had moved
    "stocktake_change", metadata,
    Column("stocktake_id", Id, ForeignKey("stocktake.id"), primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True), _text("number"),
)  # fmt: skip

label_print = Table(  # what the label of a CI said when it was printed: only added to
    "label_print", metadata, _id(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False), _text("text"),  # JSON
    _text("format"), _at("at"), _text("who"), Index("ix_label_print_ci_id", "ci_id", "id"),
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

# --- the audit log

audit = Table(  # hash-chained: collector/security/chain.py
    "audit", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _at("at"), _text("actor"), _text("origin"), _text("action"), _text("object"), _text("details"),
    Column("prev", LargeBinary, nullable=False), Column("hash", LargeBinary, nullable=False, unique=True),
    Index("ix_audit_at", "at"), Index("ix_audit_object", "object", "seq"),
)  # fmt: skip

audit_mark = Table(  # where the chain begins, and its head; who appends holds the head
    "audit_mark", metadata, Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False), Column("hash", LargeBinary, nullable=False), _at("at"),
)  # fmt: skip

document = Table(  # a text of many lines, once however often it is held; `packed`: zlib
    "document", metadata,
    Column("sha256", Text, primary_key=True), Column("size", BigInteger, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)  # fmt: skip

setting = Table(
    "setting", metadata, Column("name", Text, primary_key=True), _text("value"),
)  # fmt: skip
