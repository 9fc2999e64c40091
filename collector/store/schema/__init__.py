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
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from collector.model import FOREVER
from collector.store.schema.alerting import alert as alert
from collector.store.schema.alerting import alert_move as alert_move
from collector.store.schema.alerting import maintenance_window as maintenance_window
from collector.store.schema.alerting import waiver as waiver
from collector.store.schema.base import OPEN, Id, metadata, moment, numbered, words
from collector.store.schema.delivering import channel as channel
from collector.store.schema.delivering import channel_health as channel_health
from collector.store.schema.delivering import correspondence as correspondence
from collector.store.schema.delivering import foreign_alert as foreign_alert
from collector.store.schema.delivering import outbox as outbox
from collector.store.schema.desk import incident as incident
from collector.store.schema.desk import incident_alarm as incident_alarm
from collector.store.schema.desk import incident_cause as incident_cause
from collector.store.schema.desk import incident_interval as incident_interval
from collector.store.schema.desk import incident_link as incident_link
from collector.store.schema.desk import incident_step as incident_step
from collector.store.schema.inspecting import inspection_answer as inspection_answer
from collector.store.schema.inspecting import inspection_ci as inspection_ci
from collector.store.schema.inspecting import inspection_line as inspection_line
from collector.store.schema.inspecting import inspection_note as inspection_note
from collector.store.schema.inspecting import inspection_photo as inspection_photo
from collector.store.schema.inspecting import inspection_plan as inspection_plan
from collector.store.schema.inspecting import inspection_plan_version as inspection_plan_version
from collector.store.schema.inspecting import inspection_run as inspection_run
from collector.store.schema.inspecting import inspection_seal as inspection_seal
from collector.store.schema.knowledge import knowledge_article as knowledge_article
from collector.store.schema.knowledge import knowledge_version as knowledge_version
from collector.store.schema.knowledge import knowledge_vote as knowledge_vote
from collector.store.schema.knowledge import knowledge_word as knowledge_word
from collector.store.schema.reaching import reach as reach
from collector.store.schema.reaching import reach_look as reach_look
from collector.store.schema.reaching import reach_move as reach_move
from collector.store.schema.reaching import reach_watch as reach_watch
from collector.store.schema.sampling import sample as sample
from collector.store.schema.sampling import series as series

# --- agents and what they sent

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

# --- CIs and identity

ci = Table(
    "ci", metadata, numbered(),
    Column("uid", Text, nullable=False, unique=True),
    words("ci_class"), words("ci_type"), words("name"), words("state"), words("environment", "production"),
    Column("label", Text, unique=True), moment("created_at"), words("arrival", ""),
    Column("merged_into", Id, ForeignKey("ci.id")),
    Index("ix_ci_ci_class_state", "ci_class", "state"), Index("ix_ci_name", "name"),
    Index("ix_ci_merged_into", "merged_into"),
)  # fmt: skip

identifier = Table(
    "identifier", metadata,
    Column("kind", Text, primary_key=True), Column("value", Text, primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    moment("first_at"), moment("last_at"), words("state", "live"),  # live, suspect, retired
    Index("ix_identifier_ci_id", "ci_id"), sqlite_with_rowid=False,
)  # fmt: skip

duplicate_case = Table(
    "duplicate_case", metadata, numbered(),
    words("kind"), words("why"), words("state", "open"), moment("opened_at"),
    Column("fingerprint", Text, nullable=False, unique=True),
    Column("decided_by", Text), Column("decided_at", BigInteger),
    words("decision", ""), words("reason", ""),  # same, apart, replaces, quarantine, clone; and what was said of it
    Column("ci_id", Id),  # which CI the observations that waited are; null: not known yet
)  # fmt: skip

duplicate_member = Table(
    "duplicate_member", metadata,
    Column("case_id", Id, ForeignKey("duplicate_case.id"), primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True), words("evidence"),
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
    Column("case_id", Id, ForeignKey("duplicate_case.id"), nullable=False), moment("at"),
)  # fmt: skip

merge = Table(  # `ci_id` is `into_id` until `undone_at`; what was moved for it, to be moved back
    "merge", metadata, numbered(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    Column("into_id", Id, ForeignKey("ci.id"), nullable=False),
    Column("case_id", Id, ForeignKey("duplicate_case.id")), moment("at"), words("who"), words("moved", "{}"),
    Column("undone_at", BigInteger), words("undone_by", ""),
    Index("ix_merge_ci_id", "ci_id"), Index("ix_merge_into_id", "into_id"),
)  # fmt: skip

apart = Table(  # people said that these two (a < b) are different things
    "apart", metadata,
    Column("a", Id, ForeignKey("ci.id"), primary_key=True), Column("b", Id, ForeignKey("ci.id"), primary_key=True),
    moment("at"), words("who"), Column("case_id", Id, ForeignKey("duplicate_case.id")), Index("ix_apart_b", "b"),
)  # fmt: skip

suspect = Table(  # identifiers in quarantine: they name nobody
    "suspect", metadata,
    Column("kind", Text, primary_key=True), Column("value", Text, primary_key=True),
    moment("at"), words("who"), words("why", ""),
)  # fmt: skip

source = Table(
    "source", metadata, numbered(),
    Column("code", Text, nullable=False, unique=True), words("kind"),
    Column("agent_id", Id, ForeignKey("agent.id")),
    Column("applied_id", Id, nullable=False, server_default=text("0")),  # last observation the pipeline has applied
    Column("applied_epoch", LargeBinary), Column("applied_seq", BigInteger, nullable=False, server_default=text("0")),
    Column("state_hash", LargeBinary),  # everything this source said last, in one hash
    moment("confirmed_at", 0),  # when it last said that nothing moved
)  # fmt: skip

subject_ci = Table(  # which CI a subject of a source is
    "subject_ci", metadata,
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True), Column("role", Text, primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False), words("matched_by"), moment("since"),
    Column("absences", Integer, nullable=False, server_default=text("0")),  # how often in a row it was not spoken of
    moment("absent_at", 0), Index("ix_subject_ci_ci_id", "ci_id"),
    Index("ix_subject_ci_absent", "source_id",
          sqlite_where=text("absences > 0"), postgresql_where=text("absences > 0")),
)  # fmt: skip

# --- who is there

presence = Table(  # a CI that was missed: collector/retirement.py
    "presence", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True, autoincrement=False),
    words("phase", "missed"),  # missed, gone, retired, back
    Column("misses", Integer, nullable=False), moment("first_at"), moment("last_at"),  # of those that count
    moment("seen_at", 0),  # when it was last seen before them
    moment("again_at", 0),  # when something answered for it since
    moment("retired_at", 0),
)  # fmt: skip

presence_run = Table(  # a look at many CIs, and whether its misses count
    "presence_run", metadata, numbered(),
    words("kind"), words("scope"),  # sweep and its plan's uid, or agents
    Column("reference", Text, nullable=False, unique=True),  # the sweep's uid
    moment("began_at"), moment("ended_at"), words("verdict"),  # counted, quarantined, believed
    Column("looked", Integer, nullable=False), Column("gone", Integer, nullable=False),
    Column("missed", Integer),  # null: what a person believes is not counted yet
    words("believed_by", ""), words("reason", ""),
    Index("ix_presence_run_scope", "scope", "ended_at"),
)  # fmt: skip

# --- the lanes

path = Table(
    "path", metadata, numbered(), words("section"), words("key"),
    UniqueConstraint("section", "key", name="uq_path_section_key"),
)  # fmt: skip

val = Table(
    "val", metadata, numbered(), Column("hash", LargeBinary, nullable=False, unique=True), words("text"),
)  # fmt: skip

section = Table(  # one confirmation a (CI, source, section); the body is the last complete one
    "section", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("status", SmallInteger, nullable=False), words("reason", ""),
    moment("last_try"), moment("last_ok", 0), Column("misses", Integer, nullable=False, server_default=text("0")),
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
        Column("vt", BigInteger, nullable=False, server_default=OPEN),
        Column("tf", BigInteger, nullable=False),
        Column("tt", BigInteger, nullable=False, server_default=OPEN),
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
    "value_lock", metadata, numbered(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    Column("path_id", Id, ForeignKey("path.id"), nullable=False),
    Column("val_id", Id, ForeignKey("val.id"), nullable=False),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),  # whose word it is
    moment("since"), moment("expires_at"), words("reason"), words("change", ""),
    Column("ended_at", BigInteger), words("ended_by", ""), words("ended_why", ""),  # expired, released, holder, ci …
    Index("ix_value_lock_ci_id", "ci_id"),
    Index("uq_value_lock_open", "ci_id", "path_id", unique=True,
          sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
)  # fmt: skip

relation = Table(
    "relation", metadata,
    Column("a", Id, ForeignKey("ci.id"), primary_key=True), Column("kind", Text, primary_key=True),
    Column("b", Id, ForeignKey("ci.id"), primary_key=True),
    Column("source_id", Id, ForeignKey("source.id"), primary_key=True),
    Column("vf", BigInteger, primary_key=True), Column("vt", BigInteger, nullable=False, server_default=OPEN),
    moment("lo"), Index("ix_relation_b", "b", "kind"),
)  # fmt: skip

# --- findings, alerts, incidents, outbox

finding = Table(
    "finding", metadata, numbered(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False),
    Column("source_id", Id, ForeignKey("source.id"), nullable=False),
    words("verdict"), moment("lo"), moment("hi"), moment("opened_at"), Column("closed_at", BigInteger),
    Column("due_at", BigInteger),  # when a clock of one of its items ends
    Column("waived_until", BigInteger), Column("resolved_by", Text), words("reason", ""),
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
    Column("field", Text, primary_key=True), Column("hi", BigInteger, primary_key=True), moment("lo"),
    Column("auth_val_id", Id, ForeignKey("val.id")), Column("old_val_id", Id, ForeignKey("val.id")),
    Column("new_val_id", Id, ForeignKey("val.id")), words("actor", ""),
    Column("claimed", Boolean, nullable=False, server_default=text("false")),
    words("verdict"), words("change", ""), words("flags", "[]"), words("refused", "[]"),  # collector/change/matching.py
    moment("late_ms", 0), Column("due_at", BigInteger), Column("closed_at", BigInteger),
    Index("ix_finding_item_path_id", "path_id"),
)  # fmt: skip

acceptance = Table(  # a person's word, or a change made afterwards, that an item is right as it is
    "acceptance", metadata,
    Column("finding_id", Id, ForeignKey("finding.id"), primary_key=True),
    Column("path_id", Id, ForeignKey("path.id"), primary_key=True),
    Column("field", Text, primary_key=True), Column("hi", BigInteger, primary_key=True),
    Column("new_val_id", Id, ForeignKey("val.id")), moment("at"), words("who"), words("reference", ""),
)  # fmt: skip

finding_mark = Table(  # who did what with a finding, and why: only added to
    "finding_mark", metadata, numbered(),
    Column("finding_id", Id, ForeignKey("finding.id"), nullable=False),
    moment("at"), words("who"), words("act"), words("reason", ""), Column("until", BigInteger), words("reference", ""),
    Index("ix_finding_mark_finding_id", "finding_id", "id"),
)  # fmt: skip

# --- sweeps

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

# --- events

event = Table(  # what devices said by themselves; those alike are one row with a count
    "event", metadata, numbered(),
    Column("ci_id", Id, ForeignKey("ci.id")),  # null: nobody knows yet what stands at the address
    words("zone", ""), words("address"), moment("at"), moment("until"), Column("count", BigInteger, nullable=False),
    words("kind"), words("severity"), words("object", ""), words("actor", ""), words("origin", ""),
    words("message", ""), words("source", ""), words("oid", ""), Column("authentic", Boolean, nullable=False),
    Column("observation_id", Id, nullable=False),
    Index("ix_event_ci_id_at", "ci_id", "at"), Index("ix_event_at", "at"),
    Index("ix_event_address", "zone", "address", "at"),
)  # fmt: skip

# --- changes

change_template = Table(  # standard work a supervisor approves once; never edited
    "change_template", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True),
    words("title"), words("text", ""), words("paths"),  # JSON: pairs of section and key
    words("proposed_by"), moment("proposed_at"), moment("until"),
    words("state", "proposed"),  # proposed, approved, refused, withdrawn
    words("decided_by", ""), moment("decided_at", 0), words("reason", ""),
)  # fmt: skip

change = Table(  # `version` grows with every write: who read an older one writes nothing
    "change", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True), Column("version", Integer, nullable=False),
    words("type"), words("state"), words("initiator"), moment("created_at"), moment("moved_at"),
    words("title"), words("reason"), words("implementer"), moment("requested_at"),
    Column("planned_at", BigInteger), Column("window_start", BigInteger), Column("window_end", BigInteger),
    words("plan_text", ""),  # the four of a plan: null while there is none
    Column("template_id", Id, ForeignKey("change_template.id")),
    Column("finished_at", BigInteger), Column("cancelled_at", BigInteger),
    words("origin", ""), words("reference", ""),  # of another system, and what it calls this
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
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False), words("section"), words("key", ""), words("field", ""),
    words("how"), words("value"),  # JSON
    Index("ix_change_line_ci_id", "ci_id"),
)  # fmt: skip

change_word = Table(  # approvals and refusals: only added to
    "change_word", metadata,
    Column("change_id", Id, ForeignKey("change.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    words("stage"), words("role"), words("who"), moment("at"), words("content_hash"),
    Column("granted", Boolean, nullable=False), words("reason", ""),
)  # fmt: skip

change_task = Table(  # work of helpers
    "change_task", metadata,
    Column("change_id", Id, ForeignKey("change.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    words("text"), words("assignee"), Column("done_at", BigInteger), Index("ix_change_task_assignee", "assignee"),
)  # fmt: skip

change_decision = Table(  # what a person said of a line no observation could verify
    "change_decision", metadata,
    Column("change_id", Id, ForeignKey("change.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    words("state"), words("who"), moment("at"), words("reason"),
)  # fmt: skip

change_trail = Table(  # who did what when: only added to
    "change_trail", metadata, numbered(),
    Column("change_id", Id, ForeignKey("change.id"), nullable=False),
    moment("at"), words("who"), words("act"), words("state"), words("detail", ""),
    Index("ix_change_trail_change_id", "change_id", "id"),
)  # fmt: skip

freeze = Table(
    "freeze", metadata, numbered(),
    Column("uid", Text, nullable=False, unique=True), words("name"), moment("start"), moment("end"),
    words("ci_classes", "[]"), words("created_by"), moment("created_at"), Index("ix_freeze_end", "end"),
)  # fmt: skip

# --- stock-takes and labels

stocktake = Table(  # `digest`: of the report, once it is closed; nothing of it is written after that
    "stocktake", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True),
    words("kind"), words("title"), words("scope"), Column("blind", Boolean, nullable=False),
    words("opened_by"), moment("opened_at"), Column("closed_at", BigInteger), words("closed_by", ""), words("note", ""),
    words("digest", ""), Index("ix_stocktake_closed_at", "closed_at"),
)  # fmt: skip

stocktake_person = Table(  # who counts
    "stocktake_person", metadata,
    Column("stocktake_id", Id, ForeignKey("stocktake.id"), primary_key=True),
    Column("account", Text, primary_key=True), Index("ix_stocktake_person_account", "account"),
)  # fmt: skip

stocktake_line = Table(  # what was to be there when it was opened, as the record had it then
    "stocktake_line", metadata,
    Column("stocktake_id", Id, ForeignKey("stocktake.id"), primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True), words("thing"),  # JSON
    moment("last_seen", 0), words("plugged", ""), Index("ix_stocktake_line_ci_id", "ci_id"),
)  # fmt: skip

stocktake_mark = Table(  # what people said: only added to
    "stocktake_mark", metadata, numbered(),
    Column("stocktake_id", Id, ForeignKey("stocktake.id"), nullable=False),
    Column("ci_id", Id, ForeignKey("ci.id")), words("thing", ""),  # JSON; both empty: nobody knows it
    words("outcome"), moment("at"), words("who"), words("place", ""), words("seen", ""), words("note", ""),
    words("key"),
    Index("uq_stocktake_mark_key", "stocktake_id", "key", unique=True), Index("ix_stocktake_mark_ci_id", "ci_id"),
)  # fmt: skip

stocktake_change = Table(  # which change was proposed for what had moved
    "stocktake_change", metadata,
    Column("stocktake_id", Id, ForeignKey("stocktake.id"), primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True), words("number"),
)  # fmt: skip

label_print = Table(  # what the label of a CI said when it was printed: only added to
    "label_print", metadata, numbered(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False), words("text"),  # JSON
    words("format"), moment("at"), words("who"), Index("ix_label_print_ci_id", "ci_id", "id"),
)  # fmt: skip

# --- people

account = Table(
    "account", metadata, numbered(),
    Column("name", Text, nullable=False, unique=True), words("password_hash", ""), words("roles", "[]"),
    words("state", "active"), words("language", ""), words("theme", ""), moment("created_at"),
    Column("failures", Integer, nullable=False, server_default=text("0")), moment("locked_until", 0),
)  # fmt: skip

session = Table(
    "session", metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    moment("created_at"), moment("used_at"), words("csrf"), words("address", ""),
    Index("ix_session_account_id", "account_id"),
)  # fmt: skip

login_link = Table(  # one use each
    "login_link", metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    moment("expires_at"), Column("used_at", BigInteger),
)  # fmt: skip

api_token = Table(
    "api_token", metadata, numbered(),
    Column("key_hash", LargeBinary, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    words("name"), moment("created_at"), moment("expires_at"), moment("used_at", 0), Column("revoked_at", BigInteger),
)  # fmt: skip

# --- the audit log

audit = Table(  # hash-chained: collector/security/chain.py
    "audit", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    moment("at"), words("actor"), words("origin"), words("action"), words("object"), words("details"),
    Column("prev", LargeBinary, nullable=False), Column("hash", LargeBinary, nullable=False, unique=True),
    Index("ix_audit_at", "at"), Index("ix_audit_object", "object", "seq"),
)  # fmt: skip

audit_mark = Table(  # where the chain begins, and its head; who appends holds the head
    "audit_mark", metadata, Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False), Column("hash", LargeBinary, nullable=False), moment("at"),
)  # fmt: skip

document = Table(  # a text of many lines, once however often it is held; `packed`: zlib
    "document", metadata,
    Column("sha256", Text, primary_key=True), Column("size", BigInteger, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)  # fmt: skip

setting = Table(
    "setting", metadata, Column("name", Text, primary_key=True), words("value"),
)  # fmt: skip
