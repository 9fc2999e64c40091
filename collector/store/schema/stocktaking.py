"""Stock-takes with their photos, signatures that were drawn, and printed labels."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from collector.store.schema.base import Id, metadata, moment, numbered, words

stocktake = Table(  # `digest`: of the report, once it is closed; nothing of it is written after that
    "stocktake", metadata, numbered(),
    Column("number", Text, nullable=False, unique=True),
    words("kind"), words("title"), words("scope"), Column("blind", Boolean, nullable=False),
    words("opened_by"), moment("opened_at"), Column("closed_at", BigInteger), words("closed_by", ""), words("note", ""),
    words("digest", ""), Column("cancelled", Boolean, nullable=False, server_default=text("false")),  # by who closed it
    Index("ix_stocktake_closed_at", "closed_at"),
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

stocktake_lead = Table(  # what the end of one led to: of what is missing, and of what nobody knew (`item`: its text)
    "stocktake_lead", metadata,
    Column("stocktake_id", Id, ForeignKey("stocktake.id"), primary_key=True), Column("item", Text, primary_key=True),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False), Column("finding_id", Id, ForeignKey("finding.id")),
    words("incident", ""),
    Index("ix_stocktake_lead_ci_id", "ci_id"), Index("ix_stocktake_lead_finding_id", "finding_id"),
)  # fmt: skip

stocktake_due = Table(  # of one that came by a plan: which time it is, until when, and whose it is
    "stocktake_due", metadata,
    Column("stocktake_id", Id, ForeignKey("stocktake.id"), primary_key=True),
    Column("plan_id", Id, ForeignKey("inspection_plan.id"), nullable=False), moment("scheduled_for"), moment("due_at"),
    words("assignee"), words("deputy", ""), Column("missed", Integer, nullable=False), words("incident"),
    Index("uq_stocktake_due_plan_id_scheduled_for", "plan_id", "scheduled_for", unique=True),
    Index("ix_stocktake_due_due_at", "due_at"),
)  # fmt: skip

stocktake_photo = Table(  # `item`: the uid of a CI, or the text nobody knows
    "stocktake_photo", metadata, numbered(),
    Column("stocktake_id", Id, ForeignKey("stocktake.id"), nullable=False), words("item"), words("sha256"),
    words("media_type"), Column("size", Integer, nullable=False), Column("content", LargeBinary, nullable=False),
    moment("at"), words("who"),
    Index("uq_stocktake_photo_content", "stocktake_id", "item", "sha256", unique=True),
)  # fmt: skip

signature = Table(  # drawn by hand beside a name: the PNG, and of which report (its SHA-256) as what
    "signature", metadata, numbered(), words("subject"), words("role"), words("who"), moment("at"), words("digest"),
    words("sha256"), Column("content", LargeBinary, nullable=False),
    Index("uq_signature_subject", "subject", "role", unique=True),
)  # fmt: skip

label_print = Table(  # what the label of a CI said when it was printed: only added to
    "label_print", metadata, numbered(),
    Column("ci_id", Id, ForeignKey("ci.id"), nullable=False), words("text"),  # JSON
    words("format"), moment("at"), words("who"), Index("ix_label_print_ci_id", "ci_id", "id"),
)  # fmt: skip
