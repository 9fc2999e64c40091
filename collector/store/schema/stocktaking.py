"""Stock-takes and printed labels."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text

from collector.store.schema.base import Id, metadata, moment, numbered, words

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
