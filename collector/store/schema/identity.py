"""CIs, what names them, who speaks as them, and doubts about it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from collector.store.schema.base import Id, metadata, moment, numbered, words

ci = Table(
    "ci", metadata, numbered(),
    Column("uid", Text, nullable=False, unique=True),
    words("ci_class"), words("ci_type"), words("name"), words("state"), words("environment", "production"),
    Column("label", Text, unique=True), moment("created_at"), words("arrival", ""),
    Column("merged_into", Id, ForeignKey("ci.id")),
    Index("ix_ci_ci_class_state", "ci_class", "state"), Index("ix_ci_name", "name"),
    Index("ix_ci_merged_into", "merged_into"),
)  # fmt: skip

ci_head = Table(  # how a CI stood from `vf` on until the next, as it was recorded at `tf`
    "ci_head", metadata,
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True),
    Column("vf", BigInteger, primary_key=True), Column("tf", BigInteger, primary_key=True),
    words("ci_class"), words("ci_type"), words("name"), words("state"), words("environment"), Column("label", Text),
    sqlite_with_rowid=False,
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
