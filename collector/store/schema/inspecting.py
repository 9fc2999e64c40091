"""Periodic maintenance: plans with every version of them, their runs, what was checked, filled in and signed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from collector.store.schema.base import Id, metadata, moment, numbered, words

inspection_plan = Table(  # `body` of its newest version; `next_for`: the time it is due for next, 0: never
    "inspection_plan", metadata, numbered(), words("makes", "inspection"),  # what comes of it
    Column("number", Text, nullable=False, unique=True), Column("version", Integer, nullable=False), words("body"),
    words("state", "active"), words("made_by"), moment("made_at"), moment("next_for", 0),
    moment("next_at", 0),  # when the run for it is made
    Index("ix_inspection_plan_state_next_at", "state", "next_at"),
)  # fmt: skip

inspection_plan_version = Table(  # only added to: a run keeps the version it was made with
    "inspection_plan_version", metadata,
    Column("plan_id", Id, ForeignKey("inspection_plan.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False), words("body"), words("made_by"),
    moment("made_at"),
)  # fmt: skip

inspection_run = Table(  # one a plan, a time and a part of its scope; `digest`: of the report, once it is signed
    "inspection_run", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True),
    Column("plan_id", Id, ForeignKey("inspection_plan.id"), nullable=False),
    Column("version", Integer, nullable=False), words("title"),  # JSON: zh and en
    moment("scheduled_for"), moment("made_at"), moment("looked_at"), moment("due_at"),
    Column("missed", Integer, nullable=False),  # earlier times that passed while nothing ran
    Column("previous_id", Id, ForeignKey("inspection_run.id")), words("incident", ""), words("state", "open"),
    words("assignee", ""), words("deputy", ""), words("counts", "{}"),  # JSON
    words("signed_by", ""), Column("signed_at", BigInteger), words("reviewed_by", ""),
    Column("reviewed_at", BigInteger), words("digest", ""),
    Column("cancelled_at", BigInteger), words("cancelled_by", ""), words("cancel_reason", ""),  # not to be done
    Column("part", Integer, nullable=False, server_default="0"),  # of a scope too large for one report, from 0
    Index("uq_inspection_run_plan_id_scheduled_for", "plan_id", "scheduled_for", "part", unique=True),
    Index("ix_inspection_run_state_due_at", "state", "due_at"), Index("ix_inspection_run_made_at", "made_at"),
)  # fmt: skip

inspection_ci = Table(  # what was in scope, as the record had it then
    "inspection_ci", metadata,
    Column("run_id", Id, ForeignKey("inspection_run.id"), primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True), words("thing"),  # JSON
    Index("ix_inspection_ci_ci_id", "ci_id"),
)  # fmt: skip

inspection_line = Table(  # what a rule said of a CI, or of one instance of it
    "inspection_line", metadata,
    Column("run_id", Id, ForeignKey("inspection_run.id"), primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), primary_key=True), Column("rule", Text, primary_key=True),
    Column("instance", Text, primary_key=True), words("state"), words("reason", ""), words("severity", ""),
    words("evidence", "{}"), words("limits", "{}"),  # JSON
    moment("since", 0), moment("observed_at", 0), words("source", ""), words("incident", ""), words("standing", ""),
)  # fmt: skip

inspection_answer = Table(  # what people filled in: only added to, the last word on an item counts
    "inspection_answer", metadata, numbered(),
    Column("run_id", Id, ForeignKey("inspection_run.id"), nullable=False), words("item"), words("value", ""),
    words("note", ""), moment("at"), words("who"), words("key"),
    Index("uq_inspection_answer_key", "run_id", "key", unique=True),
)  # fmt: skip

inspection_photo = Table(
    "inspection_photo", metadata, numbered(),
    Column("run_id", Id, ForeignKey("inspection_run.id"), nullable=False), words("item"), words("sha256"),
    words("media_type"), Column("size", Integer, nullable=False), Column("content", LargeBinary, nullable=False),
    moment("at"), words("who"), Index("uq_inspection_photo_content", "run_id", "item", "sha256", unique=True),
)  # fmt: skip

inspection_note = Table(  # what was added after it was signed: only added to
    "inspection_note", metadata, numbered(),
    Column("run_id", Id, ForeignKey("inspection_run.id"), nullable=False), words("text"), moment("at"), words("who"),
    Index("ix_inspection_note_run_id", "run_id"),
)  # fmt: skip

inspection_seal = Table(  # the signed report: its canonical JSON, deflated
    "inspection_seal", metadata,
    Column("run_id", Id, ForeignKey("inspection_run.id"), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)  # fmt: skip

inspection_found = Table(  # what it found, by the key of the cause: with which incident, and whether it opened that
    "inspection_found", metadata,
    Column("run_id", Id, ForeignKey("inspection_run.id"), primary_key=True),
    Column("cause_key", Text, primary_key=True), words("incident"), Column("opened", Boolean, nullable=False),
)  # fmt: skip
