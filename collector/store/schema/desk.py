"""Incidents, what they are made of, what happens to them at the desk, and the problems behind them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from collector.store.schema.base import Id, metadata, moment, numbered, words

_OPEN = text("resolved_at IS NULL")
_PRESENT = text("ended_at IS NULL")
_STANDING = text("closed_at IS NULL")
_RUNNING = text("wake_at IS NOT NULL")


def _number(name: str, default: int = 0) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text(str(default)))


def _of() -> Column[int]:
    return Column("incident_id", Id, ForeignKey("incident.id"), nullable=False)


incident = Table(
    "incident", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True), words("cause_key"),
    Column("ci_id", Id, ForeignKey("ci.id")),  # null: it is about none, as a credential that devices refuse
    words("kind"), words("severity"), words("state"), words("title"), words("detail"),
    moment("opened_at"), Column("resolved_at", BigInteger),
    # what it is made of
    _number("causes"), _number("victims"), Column("recovered_at", BigInteger),  # its causes went under somebody's hands
    _number("reopened"), words("recurs", ""),  # the number of the one before it, when that is too long ago to reopen
    # what the desk says of it
    words("source", "monitoring"), words("category", ""), words("impact", ""), words("urgency", ""),
    words("priority", "P3"), words("reckoning", "{}"),  # how impact and priority were come to
    Column("major", Boolean, nullable=False, server_default=text("false")),
    words("description", ""), words("contact", ""), words("affected", ""), words("place", ""),
    # with whom it is
    _number("line", 1), words("assignee", ""), words("reporter", ""), words("pending_reason", ""),
    # how it ends
    words("resolution", ""), words("vendor_resolution", ""), words("resolution_code", ""),
    Column("score", Integer), words("score_comment", ""), Column("closed_at", BigInteger),
    words("parent", ""), words("merged_into", ""),  # numbers of incidents
    words("also_reported", "[]"),  # names: whose reports were merged into it
    Column("due_at", BigInteger),  # until when it is planned to be done, whatever its priority promises
    # its clocks: null when they stand still or have ended
    Column("response_due_at", BigInteger), Column("resolution_due_at", BigInteger), Column("wake_at", BigInteger),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Index("ix_incident_ci_id", "ci_id", "opened_at"), Index("ix_incident_cause_key", "cause_key", "resolved_at"),
    Index("ix_incident_parent", "parent"), Index("ix_incident_merged_into", "merged_into"),
    Index("ix_incident_reporter", "reporter", "id"),
    Index("ix_incident_wake_at", "wake_at", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    Index("uq_incident_open_cause", "cause_key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
)  # fmt: skip

incident_cause = Table(  # every cause an incident has had, from `since`; one open row a key
    "incident_cause", metadata, numbered(), _of(), words("cause_key"),
    Column("ci_id", Id, ForeignKey("ci.id")), words("role"), words("title"), words("severity"),
    moment("since"), Column("ended_at", BigInteger),
    Index("ix_incident_cause_incident_id", "incident_id", "ended_at"),
    Index("ix_incident_cause_ci_id", "ci_id", sqlite_where=_PRESENT, postgresql_where=_PRESENT),
    Index("uq_incident_cause_open", "cause_key", unique=True, sqlite_where=_PRESENT, postgresql_where=_PRESENT),
)  # fmt: skip

incident_interval = Table(  # how long it was in which state, with which line: only added to, the last one is open
    "incident_interval", metadata, numbered(), _of(), words("state"), words("reason", ""),
    _number("line", 1), words("assignee", ""), moment("since"), Column("until", BigInteger),
    Index("ix_incident_interval_incident_id", "incident_id", "id"),
)  # fmt: skip

incident_step = Table(  # what was done, by whom: only added to
    "incident_step", metadata, numbered(), _of(), moment("at"), words("who"), words("act"),
    words("comment", ""), words("detail", "{}"), Index("ix_incident_step_incident_id", "incident_id", "id"),
)  # fmt: skip

incident_alarm = Table(  # a clock passed a threshold: once, however often somebody looks
    "incident_alarm", metadata, Column("incident_id", Id, ForeignKey("incident.id"), primary_key=True),
    Column("clock", Text, primary_key=True), Column("percent", Integer, primary_key=True, autoincrement=False),
    moment("at"),
)  # fmt: skip

incident_link = Table(  # what it has to do with: ci, change, finding, request, knowledge, incident
    "incident_link", metadata, Column("incident_id", Id, ForeignKey("incident.id"), primary_key=True),
    Column("kind", Text, primary_key=True), Column("reference", Text, primary_key=True),
    moment("at"), words("who"), Index("ix_incident_link_reference", "reference", "kind"),
)  # fmt: skip

problem = Table(  # why the same comes back: proposed by the collector or raised by a person, at most one open a key
    "problem", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True), words("cause_key"), Column("ci_id", Id, ForeignKey("ci.id")),
    words("state"), words("title"), words("owner", ""),  # title: JSON, by language
    words("cause", ""), words("workaround", ""), words("solution", ""),
    moment("raised_at"), words("raised_by"), _number("occurrences"),  # in the 30 days before it was raised
    Column("decided_at", BigInteger), words("decided_by", ""), words("reason", ""),  # why it was declined
    Column("resolved_at", BigInteger), Column("closed_at", BigInteger),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Index("ix_problem_state", "state", "id"), Index("ix_problem_cause_key", "cause_key", "id"),
    Index("uq_problem_standing", "cause_key", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
)  # fmt: skip

problem_incident = Table(  # the incidents of a problem
    "problem_incident", metadata, Column("problem_id", Id, ForeignKey("problem.id"), primary_key=True),
    Column("incident_id", Id, ForeignKey("incident.id"), primary_key=True), moment("at"), words("who"),
    Index("ix_problem_incident_incident_id", "incident_id"),
)  # fmt: skip

problem_step = Table(  # what was done, by whom: only added to
    "problem_step", metadata, numbered(), Column("problem_id", Id, ForeignKey("problem.id"), nullable=False),
    moment("at"), words("who"), words("act"), words("comment", ""), Index("ix_problem_step_problem_id", "problem_id"),
)  # fmt: skip
