"""Changes as people write and approve them, and how each went."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from collector.store.schema.base import Id, metadata, moment, numbered, words

change_template = Table(  # standard work a supervisor approves once; never edited
    "change_template", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True),
    words("title"), words("text", ""), words("paths"),  # JSON: pairs of section and key
    words("proposed_by"), moment("proposed_at"), moment("until"),
    words("state", "proposed"),  # proposed, approved, refused, withdrawn
    words("decided_by", ""), moment("decided_at", 0), words("reason", ""),
    words("withdrawn_by", ""), Column("withdrawn_at", BigInteger),  # beside the approval, which stands
)  # fmt: skip

change = Table(  # `version` grows with every write: who read an older one writes nothing
    "change", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True), Column("version", Integer, nullable=False),
    words("type"), words("state"), words("initiator"), moment("created_at"), moment("moved_at"),
    words("title"), words("reason"), words("implementer"), moment("requested_at"),
    Column("planned_at", BigInteger), Column("window_start", BigInteger), Column("window_end", BigInteger),
    words("plan_text", ""),  # the four of a plan: null while there is none
    Column("template_id", Id, ForeignKey("change_template.id")),
    Column("submitted_at", BigInteger), Column("finished_at", BigInteger), Column("cancelled_at", BigInteger),
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
